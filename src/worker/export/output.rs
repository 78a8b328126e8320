//! What goes from the reader to the packers: batches of rendered files, and where they go.
//!
//! The reader and those who render beside it (`copies`) fill them; which files there are is decided there.

use crossbeam_channel::{Receiver, Sender};

use super::pulse::Pulse;
use super::spool::Spool;
use super::tally::Tick;
use crate::archive::{Bundle, Place};
use crate::error::{Error, Kind, Result};

/// Files and directories, and bytes of their text, that go to a packer together.
const BATCH_ENTRIES: usize = 256;
const BATCH_BYTES: usize = 128 << 10;

/// What was rendered, for one packer.
#[derive(Default)]
pub(in super::super) struct Batch {
    /// Counted from 0: the order of writing.
    pub(super) number: u64,
    pub(super) bundle: Bundle,
    /// What is in it.
    pub(super) ticks: Vec<Tick>,
    pub(super) items: i64,
}

impl Batch {
    /// Empties it for the next use; its buffers stay.
    pub(super) fn begin(&mut self, number: u64) {
        self.bundle.clear();
        self.ticks.clear();
        (self.number, self.items) = (number, 0);
    }
}

/// Where batches go. There are only so many, which the writer gives back: that bounds the memory, and makes the reader wait
/// for whoever is behind.
pub(super) struct Output<'a> {
    free: Receiver<Batch>,
    batches: Sender<Batch>,
    pub(super) pulse: &'a Pulse,
    /// The one that is being filled.
    pub(super) batch: Batch,
}

impl<'a> Output<'a> {
    /// Begins with `batch`, whatever it held before.
    pub(super) fn new(mut batch: Batch, free: Receiver<Batch>, batches: Sender<Batch>, pulse: &'a Pulse) -> Self {
        batch.begin(0);
        Self { free, batches, pulse, batch }
    }

    /// Hands the batch on if it is full. Between files, or pieces of them.
    pub(super) fn next(&mut self) -> Result<()> {
        let bundle = &self.batch.bundle;
        if bundle.entries() >= BATCH_ENTRIES || bundle.bytes() >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        self.pulse.check()?;
        // When nobody takes them any more, somebody behind has failed and says why.
        let ended = || Error::new(Kind::Internal, "the writing of the archive ended before the reading");
        let next = self.batch.number + 1;
        self.batches.send(std::mem::take(&mut self.batch)).map_err(|_| ended())?;
        self.batch = self.free.recv().map_err(|_| ended())?;
        self.batch.begin(next);
        Ok(())
    }

    /// Hands the last batch on.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.batch.bundle.is_empty() {
            return Ok(());
        }
        self.pulse.check()?;
        let ended = |_| Error::new(Kind::Internal, "the writing of the archive ended before the reading");
        self.batches.send(std::mem::take(&mut self.batch)).map_err(ended)
    }

    pub(super) fn directory(&mut self, path: &str) -> Result<()> {
        self.batch.bundle.directory(path);
        self.next()
    }

    pub(super) fn text(&mut self, path: &str, place: Place, text: &[u8]) -> Result<()> {
        self.batch.bundle.add(path, place, text);
        self.next()
    }

    /// A text, or a piece of one whose pieces come between others.
    pub(super) fn aside(&mut self, path: &str, place: Place, text: &[u8]) -> Result<()> {
        self.batch.bundle.add_aside(path, place, text);
        self.next()
    }

    /// A file whose text waits in a spool, with an end.
    pub(super) fn spooled(&mut self, path: &str, begin: Vec<u8>, spool: Spool, end: Vec<u8>) -> Result<()> {
        let mut begin = Some(begin);
        spool.read(&mut |text, last| {
            let first = begin.take();
            let place = Place { first: first.is_some(), last };
            let mut whole = first.unwrap_or_default();
            whole.extend(text);
            if last {
                whole.extend_from_slice(&end);
            }
            self.text(path, place, &whole)
        })
    }
}

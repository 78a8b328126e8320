//! What goes from the reader to the packers: batches of rendered files, and where they go.
//!
//! The reader and those who render beside it (`copies`) fill them; which files there are is decided there.

use crossbeam_channel::{Receiver, Sender};

use super::heartbeat::Heartbeat;
use super::reconciliation::Tick;
use crate::archive::formats::Sink;
use crate::archive::{Bundle, ChunkPosition, Spool};
use crate::error::{Error, Kind, Result};

/// Files and directories, and bytes of their text, that go to a packer together.
const BATCH_ENTRIES: usize = 256;
const BATCH_BYTES: usize = 128 << 10;

/// What was rendered, for one packer.
#[derive(Default)]
pub(in crate::exports) struct Batch {
    /// Counted from 0: the order of writing.
    pub(super) number: u64,
    pub(super) bundle: Bundle,
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
    pub(super) heartbeat: &'a Heartbeat,
    /// The one that is being filled.
    pub(super) batch: Batch,
}

impl<'a> Output<'a> {
    /// Begins with `batch`, whatever it held before.
    pub(super) fn new(
        mut batch: Batch,
        free: Receiver<Batch>,
        batches: Sender<Batch>,
        heartbeat: &'a Heartbeat,
    ) -> Self {
        batch.begin(0);
        Self { free, batches, heartbeat, batch }
    }

    /// Hands the batch on if it is full. Between files, or chunks of them.
    pub(super) fn next(&mut self) -> Result<()> {
        let bundle = &self.batch.bundle;
        if bundle.entries() >= BATCH_ENTRIES || bundle.bytes() >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    /// Within a file: if the batch is full, hands on what comes before the file, so that no batch holds much more than one
    /// long chunk.
    pub(super) fn make_room(&mut self) -> Result<()> {
        let bundle = &self.batch.bundle;
        if bundle.is_empty() || bundle.bytes() < BATCH_BYTES {
            return Ok(());
        }
        let mut next = self.free(self.batch.number + 1)?;
        next.bundle.take_open(&mut self.batch.bundle);
        self.hand_on(next)
    }

    fn send(&mut self) -> Result<()> {
        let number = self.batch.number + 1;
        self.hand_on(Batch::default())?;
        self.batch = self.free(number)?;
        Ok(())
    }

    /// A batch to fill, as soon as one is free.
    fn free(&self, number: u64) -> Result<Batch> {
        self.heartbeat.check()?;
        let mut batch = self.free.recv().map_err(|_| ended())?;
        batch.begin(number);
        Ok(batch)
    }

    fn hand_on(&mut self, next: Batch) -> Result<()> {
        self.heartbeat.check()?;
        self.batches.send(std::mem::replace(&mut self.batch, next)).map_err(|_| ended())
    }

    /// Hands the last batch on.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.batch.bundle.is_empty() {
            return Ok(());
        }
        self.hand_on(Batch::default())
    }

    /// A file whose text waits in a spool, with an end.
    pub(super) fn spooled(&mut self, path: &str, begin: Vec<u8>, spool: Spool, end: Vec<u8>) -> Result<()> {
        let mut begin = Some(begin);
        spool.read(&mut |text, last| {
            let first = begin.take();
            let place = ChunkPosition { first: first.is_some(), last };
            let mut whole = first.unwrap_or_default();
            whole.extend(text);
            if last {
                whole.extend_from_slice(&end);
            }
            self.text(path, place, &whole)
        })
    }
}

impl Sink for Output<'_> {
    fn directory(&mut self, path: &str) -> Result<()> {
        self.batch.bundle.directory(path);
        self.next()
    }

    fn text(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<()> {
        self.batch.bundle.add(path, place, text);
        self.next()
    }

    fn aside(&mut self, path: &str, place: ChunkPosition, text: &[u8]) -> Result<()> {
        self.batch.bundle.add_aside(path, place, text);
        self.next()
    }
}

/// When nobody takes batches any more, somebody behind has failed and says why.
fn ended() -> Error {
    Error::new(Kind::Internal, "the writing of the archive ended before the reading")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn a_long_file_does_not_share_a_full_batch() {
        let ((free, given), (batches, sent)) = (bounded(9), bounded(9));
        for _ in 0..9 {
            free.send(Batch::default()).unwrap();
        }
        let heartbeat = Heartbeat::default();
        let mut output = Output::new(Batch::default(), given, batches, &heartbeat);
        output.text("short", ChunkPosition::WHOLE, &[b'a'; BATCH_BYTES - 1]).unwrap();
        output.batch.items = 3;
        output.batch.bundle.begin(format_args!("long"));
        for _ in 0..4 {
            output.make_room().unwrap();
            output.batch.bundle.text().extend([b'b'; BATCH_BYTES / 2]);
        }
        output.batch.bundle.end(ChunkPosition::WHOLE);
        output.finish().unwrap();
        drop(output);
        let sent: Vec<_> = sent.iter().map(|batch| (batch.number, batch.items, batch.bundle.bytes())).collect();
        assert_eq!(sent, [(0, 3, BATCH_BYTES - 1), (1, 0, 2 * BATCH_BYTES)]);
    }
}

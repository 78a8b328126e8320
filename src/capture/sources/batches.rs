//! Between reading and recording: what a reader finds goes in chunks to a thread of its own, which records it, so that the
//! file is read while the database works. One chunk is on its way, so memory does not grow with the file.
//!
//! Here lives how much is recorded in one transaction. `import` calls this; what becomes of each fact, `capture::ingest` decides.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::summary::ImportSummary;
use super::{FilePlace, Finding, Sink};
use crate::capture::ingest::{Recordable, Recorder};
use crate::clock::Clock;
use crate::db::{Bulk, Store, Tx};
use crate::error::{Error, Kind, Result};
use crate::identity::rows::sources;
use crate::model::{AccountId, SourceKey};

/// Findings after which a chunk goes if the writer has nothing to do.
const SMALL: usize = 500;
/// Findings of one chunk at most: while the writer is busy, chunks grow, and large ones are recorded faster.
const FINDINGS: usize = 4_000;
/// Bytes of text after which a chunk is full.
const BYTES: usize = 2 * 1024 * 1024;
/// How long one transaction should take, its commit included. Long, because what many facts change together is written once;
/// but as long as it takes, nobody else writes.
const TRANSACTION: Duration = Duration::from_millis(500);
/// Facts are gathered for one transaction at least so long, however slow its commit.
const SHORTEST: Duration = Duration::from_millis(200);
/// How often a batch is recorded again that the database could not take for a reason that passes.
const ATTEMPTS: u32 = 5;
/// How long an open transaction waits for a reader who has nothing to say, such as one of standard input.
const PATIENCE: Duration = Duration::from_millis(20);

type Chunk<F> = Vec<(FilePlace, Finding<F>)>;

enum Message<F> {
    Chunk(Chunk<F>),
    /// The reader came to its end.
    End,
}

/// Where the facts go, and how.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) account: AccountId,
    pub(super) source: SourceKey<'a>,
    /// All or nothing, in one transaction.
    pub(super) strict: bool,
    /// Called when another one who records is waited for, longer than a moment.
    pub(super) waits: &'a (dyn Fn() + Sync),
}

/// Records what `read` finds.
pub(super) fn record<F: Recordable + Send>(
    target: Target<'_>,
    progress: &mut dyn FnMut(u64, u64),
    read: impl FnOnce(&mut dyn Sink<F>) -> Result<()>,
) -> Result<ImportSummary> {
    let (sender, chunks) = sync_channel(1);
    thread::scope(|scope| {
        let writer =
            scope.spawn(move || target.store.bulk(target.waits, |bulk| Writer::new(target, bulk, chunks)?.write()));
        let mut sink = ChunkSink { sender, chunk: Vec::new(), bytes: 0, progress };
        let read = read(&mut sink);
        // What was read before the archive became unreadable is recorded, unless all of it is asked for.
        let sent = sink.send().and_then(|()| if read.is_ok() { sink.end() } else { Ok(()) });
        drop(sink);
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // If the writer gave up, then that is why nothing could be sent.
        let summary = written?;
        read.and(sent).map(|()| summary)
    })
}

/// Gathers findings into chunks.
struct ChunkSink<'a, F> {
    sender: SyncSender<Message<F>>,
    chunk: Chunk<F>,
    bytes: usize,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl<F> ChunkSink<'_, F> {
    /// Sends the chunk, and waits until it is taken.
    fn send(&mut self) -> Result<()> {
        let chunk = self.take();
        if chunk.is_empty() { Ok(()) } else { self.sender.send(Message::Chunk(chunk)).map_err(|_| stopped()) }
    }

    /// Sends the chunk if it is taken at once.
    fn offer(&mut self) -> Result<()> {
        let (bytes, chunk) = (self.bytes, self.take());
        match self.sender.try_send(Message::Chunk(chunk)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Message::Chunk(chunk))) => {
                (self.chunk, self.bytes) = (chunk, bytes);
                Ok(())
            }
            Err(_) => Err(stopped()),
        }
    }

    fn take(&mut self) -> Chunk<F> {
        self.bytes = 0;
        std::mem::take(&mut self.chunk)
    }

    fn end(&mut self) -> Result<()> {
        self.sender.send(Message::End).map_err(|_| stopped())
    }
}

/// The writer has given up; its own error is the one that is found.
fn stopped() -> Error {
    Error::internal("The import has stopped.", "what has been read can no longer be recorded")
}

impl<F: Recordable> Sink<F> for ChunkSink<'_, F> {
    fn finding(&mut self, place: &FilePlace, finding: Finding<F>) -> Result<()> {
        self.bytes += bytes(&finding);
        self.chunk.push((place.clone(), finding));
        if self.chunk.len() >= FINDINGS || self.bytes >= BYTES {
            self.send()
        } else if self.chunk.len().is_multiple_of(SMALL) {
            self.offer()
        } else {
            Ok(())
        }
    }

    fn progress(&mut self, done: u64, total: u64) {
        (self.progress)(done, total);
    }
}

/// Bytes of what may be long.
fn bytes<F: Recordable>(finding: &Finding<F>) -> usize {
    match finding {
        Finding::Fact(fact) => fact
            .fact_ref()
            .content()
            .map_or(0, |content| [&content.title, &content.text].into_iter().flatten().map(String::len).sum()),
        Finding::Problem(text) | Finding::Note(text) => text.len(),
    }
}

/// Records chunks.
struct Writer<'a, 'b, F> {
    target: Target<'a>,
    bulk: &'a mut Bulk<'b>,
    chunks: Receiver<Message<F>>,
    recorder: Recorder,
    summary: ImportSummary,
}

impl<'a, 'b, F: Recordable> Writer<'a, 'b, F> {
    fn new(target: Target<'a>, bulk: &'a mut Bulk<'b>, chunks: Receiver<Message<F>>) -> Result<Self> {
        let recorder = bulk.write(|tx| Recorder::new(tx, target.account, target.source, target.clock.now()))?;
        Ok(Self { target, bulk, chunks, recorder, summary: ImportSummary::default() })
    }

    fn write(mut self) -> Result<ImportSummary> {
        if self.target.strict {
            self.write_all_or_nothing()?
        } else {
            self.write_in_batches()?
        }
        Ok(self.summary)
    }

    /// In transactions that take about as long as they should.
    fn write_in_batches(&mut self) -> Result<()> {
        let Self { target, bulk, chunks, recorder, summary } = self;
        let mut gather = TRANSACTION;
        while let Ok(Message::Chunk(first)) = chunks.recv() {
            let mut batch = vec![first];
            let before = summary.clone();
            let mut attempts = 0;
            let gathered = loop {
                let gathered = bulk.write(|tx| {
                    begin(tx, recorder, target)?;
                    let begun = Instant::now();
                    for chunk in &batch {
                        record_chunk(tx, recorder, summary, chunk)?;
                    }
                    // What is tried again has been gathered already.
                    while attempts == 0
                        && let Some(chunk) = next_within(chunks, gather.saturating_sub(begun.elapsed()))
                    {
                        batch.push(chunk);
                        if let Some(chunk) = batch.last() {
                            record_chunk(tx, recorder, summary, chunk)?;
                        }
                    }
                    Ok(Instant::now())
                });
                match gathered {
                    // Two that record about the same people may have stood in each other's way.
                    Err(error) if error.is_transient() && attempts < ATTEMPTS => {
                        tracing::info!(cause = %error.causes(), "a batch is recorded again");
                        attempts += 1;
                        summary.clone_from(&before);
                    }
                    gathered => break gathered?,
                }
            };
            recorder.committed();
            // The next commit will take about as long.
            gather = TRANSACTION.saturating_sub(gathered.elapsed()).clamp(SHORTEST, TRANSACTION);
        }
        Ok(())
    }

    fn write_all_or_nothing(&mut self) -> Result<()> {
        let Self { target, bulk, chunks, recorder, summary } = self;
        let mut complete = false;
        let written = bulk.write(|tx| {
            begin(tx, recorder, target)?;
            while let Ok(message) = chunks.recv() {
                match message {
                    Message::Chunk(chunk) => record_chunk(tx, recorder, summary, &chunk)?,
                    Message::End => complete = true,
                }
            }
            if complete && !summary.has_problems() {
                return Ok(());
            }
            Err(Error::new(Kind::Invalid, "Nothing was imported, because something was refused."))
        });
        match written {
            Err(error) if error.kind() == Kind::Invalid => summary.counts.clear(),
            other => {
                other?;
                recorder.committed();
            }
        }
        Ok(())
    }
}

/// The next chunk, if it comes within the time.
fn next_within<F>(chunks: &Receiver<Message<F>>, time: Duration) -> Option<Chunk<F>> {
    if time.is_zero() {
        return None;
    }
    match chunks.recv_timeout(time.min(PATIENCE)) {
        Ok(Message::Chunk(chunk)) => Some(chunk),
        Ok(Message::End) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

/// Begins a transaction's recording, when it is its turn.
fn begin(tx: &mut Tx<'_>, recorder: &mut Recorder, target: &Target<'_>) -> Result<()> {
    sources::wait_for_turn(tx, recorder.source(), target.waits)?;
    recorder.begin(tx, target.clock.now())
}

fn record_chunk<F: Recordable>(
    tx: &mut Tx<'_>,
    recorder: &mut Recorder,
    summary: &mut ImportSummary,
    chunk: &[(FilePlace, Finding<F>)],
) -> Result<()> {
    let facts = chunk.iter().filter_map(|(_, finding)| match finding {
        Finding::Fact(fact) => Some(fact),
        Finding::Problem(_) | Finding::Note(_) => None,
    });
    let mut outcomes = recorder.record(tx, facts)?.into_iter().enumerate();
    let mut doubts = recorder.take_doubts().into_iter().peekable();
    for (place, finding) in chunk {
        match finding {
            Finding::Fact(fact) => {
                if let Some((number, outcome)) = outcomes.next() {
                    summary.count(place, fact.fact_ref(), outcome);
                    while let Some((_, doubt)) = doubts.next_if(|(of, _)| *of <= number) {
                        summary.doubt(place, doubt);
                    }
                }
            }
            Finding::Problem(reason) => summary.problem(place, reason),
            Finding::Note(text) => summary.note(place, text),
        }
    }
    Ok(())
}

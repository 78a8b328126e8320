//! Builds one part: read and render › compress › write as threads connected by bounded channels, then the check, and the way
//! into its place.
//!
//! The reader fills one batch after the other; the writer gives each back when it is written. There are only so many, so
//! memory is bounded whoever is slow. Packers finish in any order; the writer puts batches back into theirs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::heartbeat::Heartbeat;
use super::output::{Batch, Output};
use super::read::{Others, PartSource};
use super::reconciliation::{self, Sums, Written};
use super::yielding::Yield;
use super::{ExportWorker, disk, plan, records};
use crate::archive::manifest::Header;
use crate::archive::{self, Packer, PartWriter, formats};
use crate::error::{Context, Error, Kind, Result};
use crate::exports::contents::Reader;
use crate::exports::evidence::{self, TakenCut};
use crate::exports::queue::{self, Claim, PartJob};
use crate::exports::rows::part_jobs::Built;
use crate::exports::rules::requests as rules;
use crate::model::ExportRequest;
use crate::{jobs, numbers};

/// Batches in the pipeline for each packer, beside the one that is being filled: one that it packs, one that waits for it, one
/// that waits to be written.
const BATCHES_PER_PACKER: usize = 3;
/// Bytes that a batch may hold to be kept for the next part: a single item can be much larger than what is usual.
const KEPT: usize = 8 << 20;

/// A part that lies in the work folder, checked.
pub(super) struct Finished {
    pub(super) path: PathBuf,
    /// About it; it has no storage key yet.
    pub(super) built: Built,
}

impl ExportWorker {
    pub(super) fn part(&self, claim: &Claim, job: &PartJob, heartbeat: &Heartbeat) -> Result<Built> {
        let id = claim.request.id;
        // Somebody may have taken it for a folder of temporary files that can be removed.
        crate::blobs::create_private_dir(&self.work_folder)?;
        let folder = self.folder_of(&claim.key);
        fs::create_dir(&folder).context(|| format!("making the folder {}", folder.display()))?;
        let others = Others {
            built: if job.number == 1 { queue::built_parts(&self.store, id)? } else { Vec::new() },
            counts: &|number| queue::built_counts(&self.store, id, number),
        };
        let finished = self.build(&claim.request, job, &others, &folder, heartbeat)?;
        heartbeat.check()?;
        let storage_key = rules::storage_key(claim.request.id, &claim.key, job.number);
        // The part may be hours of work: a store that is away for minutes must not cost it.
        jobs::persist(self.patience, "a finished part", &|| heartbeat.check().is_ok(), &mut || {
            self.blobs.bring(&finished.path, &storage_key, &finished.built.sha256, &|| heartbeat.check())
        })?;
        Ok(Built { storage_key, ..finished.built })
    }

    /// Builds a part in `folder` and checks it.
    pub(super) fn build(
        &self,
        request: &ExportRequest,
        job: &PartJob,
        others: &Others<'_>,
        folder: &Path,
        heartbeat: &Heartbeat,
    ) -> Result<Finished> {
        let formats = formats::chosen(formats::ALL, &request.formats)?;
        disk::check_space(folder, job.plan.items(), &formats, self.keep_free)?;
        let cut = evidence::find(&self.store, request)?;
        let mut reader = plan::reader(&self.store, request, &cut);
        let header = header(request, &cut);
        let mut part = PartWriter::create(folder, &records::top_folder(&header), header.cut)?;
        let source = PartSource { request, formats: &formats, header: &header, job, others, folder };
        let Written { slice, kinds } = self.pipe(&source, &mut reader, &mut part, heartbeat)?;
        reconciliation::reconcile(&job.plan, &slice, request.time_zone, &mut reader)?;
        let counts = (!slice.counts_as(&job.plan)).then(|| slice.to_text());
        let items = slice.items();
        // What comes now takes long, and needs neither.
        drop((slice, reader));
        let number = numbers::exact(job.number)?;
        let sums = others.built.iter().map(|other| (records::sums_file(other.number), other.sums_sha256.clone()));
        let sums: Vec<_> = sums.collect();
        let part = part.finish(number, &sums, &self.key, &records::comment(&header, number))?;
        let mut turns = Yield::default();
        let checked = archive::check(&part, &mut || {
            turns.yield_if_due();
            heartbeat.check()
        })?;
        let built = Built {
            number: job.number,
            items: numbers::exact(items)?,
            counts,
            kinds: kinds.to_text(),
            storage_key: String::new(),
            size: numbers::exact(checked.size)?,
            sha256: checked.sha256,
            sums_sha256: part.sums_sha256,
        };
        Ok(Finished { path: part.path, built })
    }

    /// Reads, packs and writes what a part holds; gives what was written, counted.
    fn pipe(
        &self,
        source: &PartSource<'_>,
        reader: &mut Reader,
        part: &mut PartWriter,
        heartbeat: &Heartbeat,
    ) -> Result<Written> {
        let batches = self.packers * BATCHES_PER_PACKER;
        // All of them come back, with the one that the reader begins with.
        let (give_back, free) = bounded(batches + 1);
        for _ in 0..batches {
            give_back.send(self.batches.take()).context(|| "filling a channel".to_owned())?;
        }
        let (to_packers, to_pack) = bounded(batches);
        let (to_writer, packed) = bounded(batches);
        let spare = free.clone();
        let written = thread::scope(|scope| {
            let mut output = Output::new(self.batches.take(), free, to_packers, heartbeat);
            let reading = scope.spawn(move || source.read(reader, &mut output));
            for _ in 0..self.packers {
                let (to_pack, to_writer) = (to_pack.clone(), to_writer.clone());
                scope.spawn(move || {
                    let mut packer = self.compressors.take();
                    pack(&mut packer, &to_pack, &to_writer);
                    self.compressors.give(packer);
                });
            }
            // The last packer ends the writing, and a writer that fails ends all others.
            drop((to_pack, to_writer));
            let written = write(&packed, &give_back, part, heartbeat);
            drop((packed, give_back));
            let read =
                reading.join().unwrap_or_else(|_| Err(Error::new(Kind::Internal, "the reader met a fault of ours")));
            let written = written?;
            if read? != Sums::from(&written.slice) {
                return Err(Error::conflict(
                    "The check of completeness failed: not all that was read was written. Retry.",
                ));
            }
            Ok(written)
        });
        for batch in spare.try_iter().filter(|batch| batch.bundle.room() <= KEPT) {
            self.batches.give(batch);
        }
        written
    }
}

/// What the manifest says of the request.
pub(super) fn header(request: &ExportRequest, cut: &TakenCut) -> Header {
    let range = rules::range(request);
    records::header(request, &range, cut)
}

fn pack(packer: &mut Packer, to_pack: &Receiver<Batch>, to_writer: &Sender<Result<Batch>>) {
    let mut turns = Yield::default();
    while let Ok(mut batch) = to_pack.recv() {
        let packed = packer.pack(&mut batch.bundle, &mut || turns.yield_if_due()).map(|()| batch);
        // A writer that is gone has failed and says why.
        if to_writer.send(packed).is_err() {
            return;
        }
    }
}

/// Writes what the packers give, in the order of reading, until they have ended.
fn write(
    packed: &Receiver<Result<Batch>>,
    give_back: &Sender<Batch>,
    part: &mut PartWriter,
    heartbeat: &Heartbeat,
) -> Result<Written> {
    let (mut written, mut early, mut next) = (Written::default(), BTreeMap::new(), 0);
    while let Ok(packed) = packed.recv() {
        let packed = packed?;
        early.insert(packed.number, packed);
        while let Some(batch) = early.remove(&next) {
            heartbeat.check()?;
            part.write(&batch.bundle)?;
            for tick in &batch.ticks {
                written.count(*tick);
            }
            heartbeat.add(batch.items);
            next += 1;
            // A reader that has ended needs no more.
            let _ = give_back.send(batch);
        }
    }
    Ok(written)
}

/// The key of the claim that a storage key names.
pub(in crate::exports) fn claim_key(storage_key: &str) -> Option<&str> {
    storage_key.split('-').nth(2)
}

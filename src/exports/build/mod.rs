//! The building of exports, one job at a time, from claim to end: a plan, or a part (C1–C7 as the archive shows
//! them).
//!
//! Here is what surrounds the work: the claim with its `heartbeat`, the end, failures and who is informed of them. The work itself:
//!
//! | Step | Where | What |
//! |---|---|---|
//! | plan | `plan` | takes the cut, counts, divides into parts |
//! | read, render | `read`, `ahead` | reads a part's conversations and items in order, and turns them into text |
//! | copy | `copies` | adds other formats for reading, where the request asks for them |
//! | compress | `pipeline` | compresses the text, unpacks it again, compares and hashes it, on all cores |
//! | write | `pipeline` | puts it into the `.zip` in order |
//! | check | `pipeline` | compares counts with the plan, and reads the finished file back once |
//!
//! Read, compress and write are threads connected by bounded channels (`pipeline`).

mod again;
mod ahead;
mod copies;
pub(super) mod disk;
mod heartbeat;
mod object_pool;
mod output;
mod pipeline;
mod plan;
mod read;
mod reconciliation;
mod records;
mod yielding;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::again::Rebuilt;
use self::heartbeat::{Heartbeat, INTERVAL, Interruption};
use self::object_pool::ObjectPool;
use self::output::Batch;
pub(super) use self::pipeline::claim_key;
use super::evidence;
use super::queue::{self, Claim, HandedIn, Release, Task, WorkPolicy};
use super::rows::part_jobs::Built;
use super::rules::parts::Limits;
use crate::archive::Packer;
use crate::archive::sign::SigningKey;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Store;
use crate::error::{Error, Kind, Result};
use crate::jobs::attempts::{Failure, Trouble};
use crate::jobs::lease::Settled;
use crate::jobs::{self, Stop};
use crate::model::RequestId;
use crate::numbers;

/// What an export fails with when it runs into a fault of ours.
const FAULT: &str = "The export ran into a fault of ours.";
const NOT_OURS: &str = "export was cancelled or failed, or another worker has taken the work up";

/// Works on exports: plans and builds them, and clears away what is over. Clones do the same work side by side.
#[derive(Clone)]
pub struct ExportWorker {
    pub(super) store: Store,
    pub(super) blobs: Blobs,
    pub(super) clock: Clock,
    policy: WorkPolicy,
    patience: Duration,
    limits: Limits,
    /// Threads that compress for one part.
    packers: usize,
    batches: ObjectPool<Batch>,
    compressors: ObjectPool<Packer>,
    /// There are pages beside it, which come first.
    background: bool,
    keep_free: u64,
    pub(super) work_folder: PathBuf,
    key: Arc<SigningKey>,
}

impl ExportWorker {
    /// As the settings say. It waits for `patience` for a database that has gone away.
    ///
    /// # Errors
    /// When the data folder can't be written.
    pub fn new(
        settings: &Settings,
        store: Store,
        blobs: Blobs,
        key: SigningKey,
        clock: Clock,
        patience: Duration,
    ) -> Result<Self> {
        let exports = &settings.exports;
        let work_folder = settings.data_dir.join("tmp");
        crate::blobs::create_private_dir(&work_folder)?;
        let lease = chrono::TimeDelta::seconds(exports.lease_seconds.into());
        Ok(Self {
            store,
            blobs,
            clock,
            policy: WorkPolicy { lease, attempts: exports.attempts, keep_days: exports.keep_days },
            patience,
            limits: Limits { entries: numbers::exact(exports.part_entries)?, bytes: exports.part_bytes.as_u64() },
            packers: packers(exports.workers),
            batches: ObjectPool::default(),
            compressors: ObjectPool::default(),
            background: false,
            keep_free: exports.keep_free.as_u64(),
            work_folder,
            key: Arc::new(key),
        })
    }

    /// The same, which waits only so long for a database that has gone away.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, for one who builds exports beside pages.
    #[must_use]
    pub fn in_the_background(self) -> Self {
        Self { background: true, ..self }
    }

    /// The public half of the key that signs archives, as `minisign -P` takes it.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.key.public().line()
    }

    pub(super) fn folder_of(&self, key: &str) -> PathBuf {
        Path::join(&self.work_folder, key)
    }

    /// Does the job that has waited longest, if there is one; only of the request `only` if one is given. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the database fails; a failure of the export itself is recorded with it.
    pub fn next(&self, only: Option<RequestId>, stop: &Stop) -> Result<bool> {
        self.discard()?;
        let Some(claim) = queue::claim(&self.store, &self.policy, only, self.clock.now())? else {
            return Ok(false);
        };
        self.work_on(claim, stop)?;
        Ok(true)
    }

    /// Removes the finished parts of exports that were cancelled or have failed.
    ///
    /// # Errors
    /// When the database or the data folder fails; what stays then is swept up.
    pub fn discard(&self) -> Result<()> {
        for key in queue::discard(&self.store)? {
            self.blobs.delete(&key)?;
        }
        Ok(())
    }

    fn work_on(&self, mut claim: Claim, stop: &Stop) -> Result<()> {
        let part = match &claim.task {
            Task::Plan => None,
            Task::Part(job) => Some(job.number),
        };
        let span = tracing::info_span!("export", request = claim.request.id, account = claim.request.account_id, part);
        let _entered = span.enter();
        tracing::info!(attempt = claim.attempts, "work on an export begins");
        let began = Instant::now();
        let folder = self.folder_of(&claim.key);
        let heartbeat = Heartbeat::default();
        if stop.is_asked() {
            heartbeat.interrupt(Interruption::Stopping);
        }
        let held = claim.clone();
        let work = || {
            let _entered = span.enter();
            if self.background {
                yielding::step_back();
            }
            self.run(&mut claim, &heartbeat)
        };
        // The heart beats here, at full priority: however busy the machine is, the lease must not run out meanwhile.
        let outcome = jobs::work_with_heartbeat(INTERVAL, work, &mut || heartbeat.beat(self, &held, stop))
            .unwrap_or_else(|| Err(Error::new(Kind::Internal, FAULT)));
        // Before the end is noted: on a full disk, the database needs the room.
        if let Err(error) = fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(cause = %error, "temporary files were left behind; they will be swept up");
        }
        let seconds = began.elapsed().as_secs_f64();
        match (outcome, heartbeat.interruption()) {
            (Ok(None), _) => {
                tracing::info!(seconds, "export planned");
                Ok(())
            }
            (Ok(Some(built)), _) => match self.hand_in(&claim, &built, stop) {
                Ok(HandedIn::Lost) => {
                    tracing::info!("{NOT_OURS}");
                    self.blobs.delete(&built.storage_key)
                }
                Ok(HandedIn::Noted) => {
                    tracing::info!(items = built.items, bytes = built.size, seconds, "part built");
                    Ok(())
                }
                Ok(HandedIn::Completed) => {
                    tracing::info!(items = built.items, bytes = built.size, seconds, "export completed");
                    Ok(())
                }
                // While nobody knows whether it was noted, its bytes stay; the sweeper will know.
                Err(error) => match self.fail(&claim, &error, stop)? {
                    true => self.blobs.delete(&built.storage_key),
                    false => Ok(()),
                },
            },
            (Err(_), Some(Interruption::Lost)) => {
                tracing::info!("{NOT_OURS}");
                Ok(())
            }
            (Err(_), Some(Interruption::Stopping)) => {
                tracing::info!("work on an export goes back into the queue: this process stops");
                queue::release(&self.store, &claim, Release::Stopping).map(drop)
            }
            (Err(error), None) => self.fail(&claim, &error, stop).map(drop),
        }
    }

    /// Does the task; gives the part, if it was one, checked and in its place.
    fn run(&self, claim: &mut Claim, heartbeat: &Heartbeat) -> Result<Option<Built>> {
        heartbeat.check()?;
        match claim.task.clone() {
            Task::Plan => self.plan(claim, heartbeat).map(|()| None),
            Task::Part(job) => self.part(claim, &job, heartbeat).map(Some),
        }
    }

    /// A part may be hours of work: a database that is away for minutes must not cost it.
    fn hand_in(&self, claim: &Claim, built: &Built, stop: &Stop) -> Result<HandedIn> {
        let count = match &claim.task {
            Task::Plan => 0,
            Task::Part(job) => job.count,
        };
        let top = records::top_folder(&pipeline::header(&claim.request, &evidence::find(&self.store, &claim.request)?));
        let file_name = |number| records::part_file(&top, number, count);
        jobs::persist(self.patience, "the end of a part", &|| !stop.is_asked(), &mut || {
            queue::hand_in(&self.store, claim, &self.policy, built, &file_name, self.clock.now())
        })
    }

    /// Ends in failure what will fail again, and puts off what may pass. Returns whether the work was still ours.
    fn fail(&self, claim: &Claim, error: &Error, stop: &Stop) -> Result<bool> {
        let failure = failure(claim.request.id, error);
        let settled = jobs::persist(self.patience, "a failure", &|| !stop.is_asked(), &mut || {
            queue::settle(&self.store, claim, &self.policy, &failure, self.clock.now())
        });
        match settled {
            // Its files may have been cleared away under it: no failure, then.
            Ok(Settled::Lost) => tracing::info!("{NOT_OURS}"),
            _ => tracing::error!(cause = %error.causes(), "export failed: {error}"),
        }
        settled.map(|settled| settled != Settled::Lost)
    }
}

/// Whether an error that an export has met is worth another try, and what its administrator reads of it.
fn failure(export: RequestId, error: &Error) -> Failure<String> {
    let disk = disk::trouble(error);
    // A count that does not agree does not pass by itself, nor does what is the matter with a disk.
    let trouble = match (disk, error.kind()) {
        (Some(_), _) | (None, Kind::Conflict) => Trouble::Lasting,
        _ if error.is_transient() => Trouble::Passing,
        _ => Trouble::Unknown,
    };
    let why = match (disk, error.kind()) {
        (Some(reason), _) => reason.to_owned(),
        (None, Kind::Unavailable | Kind::Conflict) => error.message().to_owned(),
        _ => format!(
            "Something went wrong on the server. Retry; if it fails again, ask the server's operator to look into the log \
             for export {export}."
        ),
    };
    Failure { trouble, why }
}

/// All cores work when as many parts are built at the same time as may be.
fn packers(workers: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.div_ceil(workers.max(1))
}

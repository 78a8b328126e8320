//! The workers: they build archives, send mail, and clear away what has expired or was left behind.
//!
//! Here lives the carrying out of queued work; what may be claimed and what follows from its end is decided by `domain`.
//! [`Worker`] does one thing at a time and is what tests drive; [`pool`] runs it in threads beside the web server, and the
//! command line runs it for one export.

mod disk;
mod export;
mod mail;
mod object_pool;
pub mod pool;
mod stop;
mod sweep;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use export::Batch;
pub use export::Rebuilt;
use object_pool::ObjectPool;
pub use stop::Stop;

use crate::archive::Packer;
use crate::archive::sign::SigningKey;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::{PublicAddress, Settings};
use crate::domain::rules::parts::Limits;
use crate::domain::work::WorkPolicy;
use crate::error::Result;
use crate::mail::transport::Transport;
use crate::numbers;
use crate::patience::Patience;
use crate::store::Store;

/// How long a database that has gone away is waited for, to be told of work that may have taken an hour.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a worker needs. Clones do the same work side by side.
#[derive(Clone)]
pub struct Worker {
    store: Store,
    blobs: Blobs,
    clock: Clock,
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
    work_folder: PathBuf,
    key: Arc<SigningKey>,
    transport: Transport,
    sender: lettre::message::Mailbox,
    public_address: PublicAddress,
}

impl Worker {
    /// A worker as the settings say.
    ///
    /// # Errors
    /// When the data folder can't be written, or the transport of mail can't be made.
    pub fn new(settings: &Settings, store: Store, blobs: Blobs, key: SigningKey, clock: Clock) -> Result<Self> {
        let transport = Transport::from_settings(settings)?;
        let exports = &settings.exports;
        let work_folder = settings.data_dir.join("tmp");
        crate::blobs::create_private_dir(&work_folder)?;
        let lease = chrono::TimeDelta::seconds(exports.lease_seconds.into());
        Ok(Self {
            store,
            blobs,
            clock,
            policy: WorkPolicy { lease, attempts: exports.attempts, keep_days: exports.keep_days },
            patience: PATIENCE,
            limits: Limits { entries: numbers::exact(exports.part_entries)?, bytes: exports.part_bytes.as_u64() },
            packers: packers(exports.workers),
            batches: ObjectPool::default(),
            compressors: ObjectPool::default(),
            background: false,
            keep_free: exports.keep_free.as_u64(),
            work_folder,
            key: Arc::new(key),
            transport,
            sender: settings.mail.from.clone(),
            public_address: settings.public_address(),
        })
    }

    /// The same worker with another transport of mail: tests look into its memory.
    #[must_use]
    pub fn with_transport(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// The same worker, which waits only so long for a database that has gone away: tests don't have as long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same worker, for one who builds exports beside pages.
    fn in_the_background(self) -> Self {
        Self { background: true, ..self }
    }

    /// Does all that is queued, and returns when nothing is: how tests drive the queue.
    ///
    /// # Errors
    /// When the database fails.
    pub fn run_pending(&self) -> Result<()> {
        let stop = Stop::default();
        while self.export_next(None, &stop)? || self.mail_next()? {}
        Ok(())
    }

    /// The public half of the key that signs archives, as `minisign -P` takes it.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.key.public().line()
    }

    /// Tells the database something, and again while that meets what may pass and `goes_on`: what was done must not be lost to
    /// a moment in which nobody could be told.
    fn persist<T>(&self, what: &str, goes_on: &dyn Fn() -> bool, tell: &mut dyn FnMut() -> Result<T>) -> Result<T> {
        let mut patience = Patience::of(self.patience);
        loop {
            let told = tell();
            let Err(error) = &told else { return told };
            let Some(wait) = patience.wait_after(error).filter(|_| goes_on()) else { return told };
            tracing::warn!(cause = %error.causes(), "{what} could not be noted yet: {error}");
            thread::sleep(wait);
        }
    }

    fn folder_of(&self, key: &str) -> PathBuf {
        Path::join(&self.work_folder, key)
    }
}

/// All cores work when as many parts are built at the same time as may be.
fn packers(workers: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.div_ceil(workers.max(1))
}

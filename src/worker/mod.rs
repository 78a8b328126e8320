//! The workers: they build archives, send mail, and clear away what has expired or was left behind.
//!
//! Here is only who does what, and in which thread: exports are worked on by [`ExportWorker`], mails by [`MailWorker`]. [`Worker`] does
//! one thing at a time and is what tests drive; [`pool`] runs it in threads beside the web server, and the command line runs it for
//! one export.

pub mod pool;

use std::time::Duration;

use crate::archive::sign::SigningKey;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Store;
use crate::error::Result;
use crate::exports::build::ExportWorker;
use crate::exports::mails::MailWorker;
use crate::jobs::Stop;
use crate::mail::transport::Transport;

/// How long a database that has gone away is waited for, to record work that may have taken an hour.
const PATIENCE: Duration = Duration::from_secs(300);

/// All kinds of work. Clones do the same work side by side.
#[derive(Clone)]
pub struct Worker {
    /// Builds, checks and clears away archives.
    pub exports: ExportWorker,
    /// Sends mail.
    pub mails: MailWorker,
}

impl Worker {
    /// A worker as the settings say.
    ///
    /// # Errors
    /// When the data folder can't be written, or the transport of mail can't be made.
    pub fn new(settings: &Settings, store: Store, blobs: Blobs, key: SigningKey, clock: Clock) -> Result<Self> {
        let mails = MailWorker::new(settings, store.clone(), clock.clone(), PATIENCE)?;
        Ok(Self { exports: ExportWorker::new(settings, store, blobs, key, clock, PATIENCE)?, mails })
    }

    /// The same worker with another transport of mail: tests look into its memory.
    #[must_use]
    pub fn with_transport(self, transport: Transport) -> Self {
        Self { mails: self.mails.with_transport(transport), ..self }
    }

    /// The same worker, which waits only so long for a database that has gone away: tests don't have as long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { exports: self.exports.with_patience(patience), mails: self.mails.with_patience(patience) }
    }

    /// Does all that is queued, and returns when nothing is: how tests drive the queue.
    pub fn run_pending(&self) -> Result<()> {
        let stop = Stop::default();
        while self.exports.next(None, &stop)? || self.mails.next()? {}
        Ok(())
    }
}

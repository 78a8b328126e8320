//! The heartbeat of a job: it prolongs the lease, reports the progress, and finds out whether the work should stop.

use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::ExportWorker;
use crate::error::{Error, Result};
use crate::exports::queue::{self, Claim};
use crate::jobs::Stop;

/// How often the database is informed, and so how soon a cancelled export ends.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// Why a job was left before its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Interruption {
    /// The export was cancelled or failed, or another worker has taken the work up.
    Lost,
    /// This process stops.
    Stopping,
}

/// How far a job is, and whether it should go on: shared by all threads that are at it.
#[derive(Default)]
pub(super) struct Heartbeat {
    done: AtomicI64,
    interruption: OnceLock<Interruption>,
}

impl Heartbeat {
    /// So many more items are done.
    pub(super) fn add(&self, items: i64) {
        self.done.fetch_add(items, Ordering::Relaxed);
    }

    /// Items done.
    pub(super) fn done(&self) -> i64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn interruption(&self) -> Option<Interruption> {
        self.interruption.get().copied()
    }

    /// Ends the work if it should not go on.
    pub(super) fn check(&self) -> Result<()> {
        match self.interruption() {
            None => Ok(()),
            Some(why) => Err(self.interrupt(why)),
        }
    }

    pub(super) fn interrupt(&self, why: Interruption) -> Error {
        // The first reason stands.
        let _ = self.interruption.set(why);
        Error::conflict("The export was interrupted.")
    }

    /// Prolongs the lease and reports the progress, whatever the work is busy with, and learns that it was cancelled, taken up by
    /// another worker, or that this process stops.
    pub(super) fn beat(&self, worker: &ExportWorker, claim: &Claim, stop: &Stop) -> ControlFlow<()> {
        if stop.is_asked() {
            self.interrupt(Interruption::Stopping);
            return ControlFlow::Break(());
        }
        match queue::heartbeat(&worker.store, claim, &worker.policy, self.done()) {
            Ok(true) => {}
            Ok(false) => {
                self.interrupt(Interruption::Lost);
                return ControlFlow::Break(());
            }
            // The lease outlasts a database that is busy for a while, and another beat follows.
            Err(error) => tracing::warn!(cause = %error.causes(), "the progress could not be reported: {error}"),
        }
        ControlFlow::Continue(())
    }
}

//! Clearing away: archives whose time is over (B6), what a killed process left behind, and, into quarantine, archives that
//! nobody knows.

use std::path::Path;
use std::{fs, io};

use super::build::{ExportWorker, claim_key};
use super::queue;
use super::rules::requests as rules;
use crate::error::{Context, Result};

impl ExportWorker {
    /// Erases what has expired, puts in quarantine what belongs to nothing, and ends old sessions. What can't be removed is reported in the
    /// log and tried again by the next sweep; it keeps nothing else from being removed.
    ///
    /// # Errors
    /// When the database or the data folder fails.
    pub fn sweep(&self) -> Result<()> {
        // What is erased and moved follows from what the database says: it must be the one that was opened.
        self.store.check()?;
        // Nor does anything happen with the archives of another installation, or while theirs do not answer.
        match self.blobs.check(true) {
            Err(away) if away.is_transient() => tracing::error!(cause = %away.causes(), "{away}"),
            checked => checked.and_then(|()| self.sweep_archives())?,
        }
        queue::tidy(&self.store, self.clock.now())
    }

    fn sweep_archives(&self) -> Result<()> {
        for (request, keys) in queue::expire(&self.store, self.clock.now())? {
            if keys.iter().all(|key| succeeded(self.blobs.delete(key))) {
                queue::erased(&self.store, request, self.clock.now())?;
                tracing::info!(request, "export expired and erased");
            }
        }
        self.sweep_left_overs()?;
        self.blobs.tidy()
    }

    /// Temporary files of workers that are gone were never part of anything, and are removed. A finished archive was completed
    /// once, if not in this database, then perhaps in a newer one of which this is an older copy: it is never removed
    /// because it is not known, but moved into quarantine.
    fn sweep_left_overs(&self) -> Result<()> {
        // The order matters: what is looked at first may end or complete while we look, but nothing that was there
        // already becomes held again under the same key. Names that are not ours are left alone.
        crate::blobs::create_private_dir(&self.work_folder)?;
        let folders = crate::blobs::list_names(&self.work_folder)?;
        let (archives, quarantined) = (self.blobs.list()?, self.blobs.list_quarantined()?);
        let held = queue::held_keys(&self.store)?;
        let kept = queue::storage_keys(&self.store)?;
        for name in folders.iter().filter(|name| rules::is_claim_key(name) && !held.contains(*name)) {
            let path = self.folder_of(name);
            if succeeded(remove(&path).context(|| format!("The left-over {} stays.", path.display()))) {
                tracing::info!(left_over = name, "temporary files of a worker that is gone were removed");
            }
        }
        for name in &folders {
            if self
                .sweep_again(name)
                .inspect_err(|error| tracing::error!(cause = %error.causes(), "{error}"))
                .unwrap_or(false)
            {
                tracing::info!(left_over = name, "temporary files of a process that is gone were removed");
            }
        }
        // Known again, as when the newer database was restored after all.
        for file in quarantined.iter().filter(|file| kept.contains(&file.name) && !archives.contains(&file.name)) {
            if succeeded(self.blobs.take_back(&file.name)) {
                tracing::info!(file = file.name, bytes = file.size, "an archive was taken back from quarantine");
            }
        }
        let is_unknown = |key: &String| {
            claim_key(key).is_some_and(|claim| rules::is_claim_key(claim) && !held.contains(claim))
                && !kept.contains(key)
        };
        let unknown: Vec<String> = archives.into_iter().filter(is_unknown).collect();
        self.quarantine(&unknown)
    }

    /// Moves archives that this database does not know into quarantine, and says how many and how large they are.
    fn quarantine(&self, unknown: &[String]) -> Result<()> {
        // No export to come may bear the number of one that was.
        if let Some(last) = unknown.iter().filter_map(|key| rules::number_in_key(key)).max() {
            queue::reserve_numbers(&self.store, last)?;
        }
        let (mut files, mut bytes) = (0_u64, 0);
        for key in unknown {
            match self.blobs.quarantine(key) {
                Ok(None) => {}
                Ok(Some(size)) => {
                    tracing::info!(
                        file = key,
                        bytes = size,
                        "an archive that belongs to no export was put in quarantine"
                    );
                    files += 1;
                    bytes += size;
                }
                Err(error) => tracing::error!(cause = %error.causes(), "{error}"),
            }
        }
        if files > 0 {
            tracing::warn!(
                files,
                bytes,
                "archives that this database does not know were put in quarantine, and none was erased: was an older copy \
                 of the database restored? “archives list” tells what they are, “archives adopt” takes them in"
            );
        }
        Ok(())
    }
}

/// Removes a folder, unless whoever has made it has just done so: a worker that learns that its export was cancelled.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Whether it succeeded; a failure is logged.
fn succeeded(outcome: Result<()>) -> bool {
    outcome.inspect_err(|error| tracing::error!(cause = %error.causes(), "{error}")).is_ok()
}

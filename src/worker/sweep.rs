//! Clearing away: archives whose time is over (B6), and what a killed process left behind.

use std::path::Path;
use std::{fs, io};

use super::Worker;
use super::export::claim_key;
use crate::domain::work;
use crate::error::{Context, Result};

impl Worker {
    /// Erases what has expired, removes what belongs to nothing, and ends old sessions. What can't be removed is told in the
    /// log and tried again by the next sweep; it keeps nothing else from being removed.
    ///
    /// # Errors
    /// When the database or the data folder fails.
    pub fn sweep(&self) -> Result<()> {
        for (request, keys) in work::expire(&self.store, self.clock.now())? {
            if keys.iter().all(|key| told(self.blobs.delete(key))) {
                work::erased(&self.store, request, self.clock.now())?;
                tracing::info!(request, "export expired and erased");
            }
        }
        self.sweep_left_overs()?;
        work::tidy(&self.store, self.clock.now())
    }

    fn sweep_left_overs(&self) -> Result<()> {
        // The order matters: what is looked at first may end or complete while we look, but nothing that was there
        // already becomes held again under the same key. Names that are not ours are left alone.
        crate::blobs::create_private_dir(&self.work_folder)?;
        let folders = crate::blobs::list_names(&self.work_folder)?;
        let archives = self.blobs.list()?;
        let held = work::held_keys(&self.store)?;
        let kept = work::storage_keys(&self.store)?;
        for name in folders.iter().filter(|name| is_claim_key(name) && !held.contains(*name)) {
            let path = self.folder_of(name);
            if told(remove(&path).context(|| format!("The left-over {} stays.", path.display()))) {
                tracing::info!(left_over = name, "temporary files of a worker that is gone were removed");
            }
        }
        for key in archives {
            let Some(claim) = claim_key(&key).filter(|claim| is_claim_key(claim)) else { continue };
            if !held.contains(claim) && !kept.contains(&key) && told(self.blobs.delete(&key)) {
                tracing::info!(left_over = key, "an archive that belongs to no export was removed");
            }
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

fn is_claim_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it succeeded; a failure is told in the log.
fn told(outcome: Result<()>) -> bool {
    outcome.inspect_err(|error| tracing::error!(cause = %error.causes(), "{error}")).is_ok()
}

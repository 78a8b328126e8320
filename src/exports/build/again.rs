//! Builds an archive again, for the operator: an export is a function of its request and its cut, so the same version of this
//! program and the same key give the same bytes, except for what has been erased since (C4 goes before C7).
//!
//! Nothing is changed in the database, and nothing of the archive that is kept, unless files of it are missing or damaged and
//! the operator wants them back.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::heartbeat::{Heartbeat, Interruption};
use super::read::Others;
use super::{ExportWorker, pipeline, plan, records};
use crate::audit::Actor;
use crate::error::{Context, Error, Kind, Result};
use crate::exports::archives::{self, Broken};
use crate::exports::queue::PartJob;
use crate::exports::rows::part_jobs::Built;
use crate::exports::rules::requests as rules;
use crate::exports::rules::slices::Slice;
use crate::exports::{evidence, requests};
use crate::identity::commands;
use crate::jobs::Stop;
use crate::model::{ExportRequest, Part, RequestId};
use crate::numbers;

/// How often the progress is reported, and a stop is heeded.
const LOOK: Duration = Duration::from_millis(200);

const STOPPED: &str = "Stopped. What was put back until then stays; the rest is still missing.";

/// Folders among the temporary files in which archives are built that are to be put back.
const AGAIN: &str = "again-";
/// A file in such a folder that its process holds.
const HELD: &str = "held";
/// A folder younger than this may not be held yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A part that was built again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rebuilt {
    /// Where it lies now.
    pub path: PathBuf,
    /// SHA-256 of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Whether it is the same, byte for byte, as when the export was completed.
    pub same: bool,
}

impl ExportWorker {
    /// Builds the archive of a completed export again, into `folder`, where none of its files may lie yet. `progress` is called
    /// the items done.
    ///
    /// # Errors
    /// [`Kind::NotFound`] and [`Kind::Conflict`] with the reason if there is no such export, it was never completed, or a file
    /// of it is there already; [`Kind::Unavailable`] after `stop`; otherwise when it can't be built.
    pub fn rebuild(
        &self,
        id: RequestId,
        folder: &Path,
        stop: &Stop,
        progress: &(dyn Fn(i64) + Sync),
    ) -> Result<Vec<Rebuilt>> {
        let (request, before, limits) = self.store.read(|c| requests::completed(c, id))?;
        let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(folder);
        let unfinished = unfinished.context(|| format!("making a folder in {}", folder.display()))?;
        let (heartbeat, ended) = (Heartbeat::default(), Stop::default());
        let top = records::top_folder(&pipeline::header(&request, &evidence::find(&self.store, &request)?));
        let built = thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.wait(LOOK) {
                    progress(heartbeat.done());
                    if stop.is_asked() {
                        heartbeat.interrupt(Interruption::Stopping);
                    }
                }
            });
            let mut plans = Vec::new();
            let divided = plan::divide(
                &self.store,
                &request,
                limits,
                &mut |_, slice| {
                    plans.push(slice.to_text());
                    Ok(())
                },
                &|| heartbeat.check(),
            );
            let built = divided.and_then(|()| self.build_all(&request, &plans, unfinished.path(), &heartbeat));
            ended.ask();
            built
        });
        let built = built.map_err(|error| match heartbeat.interruption() {
            Some(_) => Error::new(Kind::Unavailable, "Stopped. Nothing was written."),
            None => error,
        })?;
        let count = numbers::exact(built.len())?;
        let as_many = before.len() == built.len();
        let mut rebuilt = Vec::with_capacity(built.len());
        for (file, part) in built {
            let path = folder.join(records::part_file(&top, part.number, count));
            let file = tempfile::TempPath::try_from_path(&file).context(|| format!("reading {}", file.display()))?;
            file.persist_noclobber(&path).map_err(|lost| match lost.error.kind() {
                ErrorKind::AlreadyExists => {
                    Error::conflict(format!("{} is there already, and is not overwritten.", path.display()))
                }
                _ => Error::internal(format!("writing {}", path.display()), lost.error),
            })?;
            let same = before.iter().any(|(number, sha256)| *number == part.number && *sha256 == part.sha256);
            rebuilt.push(Rebuilt { path, sha256: part.sha256, same: same && as_many });
        }
        Ok(rebuilt)
    }

    /// Builds the archive of a completed export again, and puts its files where some are missing or damaged, if they are the same as
    /// when it was completed; otherwise nothing is changed. Gives the parts that were put back.
    ///
    /// # Errors
    /// Those of [`ExportWorker::rebuild`]; [`Kind::Conflict`] if nothing is missing, the export can't be downloaded any more, or what
    /// was built is not the same.
    pub fn restore(&self, id: RequestId, stop: &Stop, progress: &(dyn Fn(i64) + Sync)) -> Result<Vec<Part>> {
        let now = self.clock.now();
        let (request, ..) = self.store.read(|c| requests::completed(c, id))?;
        if !rules::is_available(request.status, request.expires_at, now) {
            return Err(Error::conflict(format!(
                "Export {id} has expired or was deleted, so its files belong nowhere. Without --restore it is built again into \
                 a folder of yours."
            )));
        }
        let broken = self.store.read(|c| archives::broken_now(c, &self.blobs, Some(&[id]), now))?;
        if broken.is_empty() {
            return Err(Error::conflict(format!("Export {id} has all its files, so there is nothing to put back.")));
        }
        crate::blobs::create_private_dir(&self.work_folder)?;
        let folder = tempfile::Builder::new().prefix(AGAIN).tempdir_in(&self.work_folder);
        let folder = folder.context(|| format!("making a folder in {}", self.work_folder.display()))?;
        // For as long as it is held, no sweep takes this for a left-over.
        let held = File::create(folder.path().join(HELD)).and_then(|file| file.lock().map(|()| file));
        let _held = held.context(|| format!("holding the folder {}", folder.path().display()))?;
        let rebuilt = self.rebuild(id, folder.path(), stop, progress)?;
        if !rebuilt.iter().all(|part| part.same) {
            return Err(Error::conflict(
                "What was built is not the same as when the export was completed, so nothing was put back. Content may have \
                 been erased since (items deleted while capture was off), the signing key may be another, or it was made by \
                 another version of this program. Request the export again.",
            ));
        }
        let mut restored = Vec::with_capacity(broken.len());
        for Broken { kept, .. } in broken {
            let same = rebuilt.iter().find(|part| part.sha256 == kept.part.sha256);
            let same = same.ok_or_else(|| Error::new(Kind::Internal, "A part was not built again."))?;
            let goes_on = || if stop.is_asked() { Err(Error::new(Kind::Unavailable, STOPPED)) } else { Ok(()) };
            self.blobs.bring(&same.path, &kept.storage_key, &kept.part.sha256, &goes_on)?;
            restored.push(kept.part);
        }
        commands::run(
            &self.store,
            Actor::Operator,
            &requests::NoteHandling { export: id, handling: requests::Handling::Restored { parts: restored.len() } },
            self.clock.now(),
        )?;
        Ok(restored)
    }

    /// Removes what a process has left that was killed while it put files back.
    pub(in crate::exports) fn sweep_again(&self, name: &str) -> Result<bool> {
        if !name.starts_with(AGAIN) {
            return Ok(false);
        }
        let path = self.work_folder.join(name);
        let is_held = File::open(path.join(HELD)).is_ok_and(|file| file.try_lock().is_err());
        // One that was just made has no file yet by which it is held.
        let age = std::fs::metadata(&path).and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        if is_held || age.is_none_or(|age| age < YOUNG) {
            return Ok(false);
        }
        std::fs::remove_dir_all(&path).context(|| format!("The left-over {} stays.", path.display()))?;
        Ok(true)
    }

    /// Builds each part in a folder of its own, part 1 last; gives them in order.
    fn build_all(
        &self,
        request: &ExportRequest,
        plans: &[String],
        folder: &Path,
        heartbeat: &Heartbeat,
    ) -> Result<Vec<(PathBuf, Built)>> {
        let count = numbers::exact(plans.len())?;
        let mut done: Vec<(PathBuf, Built)> = Vec::with_capacity(plans.len());
        for (number, plan) in (1..).zip(plans).skip(1).chain((1..).zip(plans).take(1)) {
            let folder = folder.join(number.to_string());
            std::fs::create_dir(&folder).context(|| format!("making the folder {}", folder.display()))?;
            let others = Others {
                built: if number == 1 { done.iter().map(|(_, built)| built.clone()).collect() } else { Vec::new() },
                counts: &|number| {
                    let built = done.iter().map(|(_, built)| built).find(|built| built.number == number);
                    let planned = (1..).zip(plans).find(|(planned, _)| *planned == number);
                    match (built, planned) {
                        (Some(built), Some((_, plan))) => Slice::parse(built.counts.as_ref().unwrap_or(plan)),
                        _ => Err(Error::new(Kind::Internal, format!("part {number} is not built yet"))),
                    }
                },
            };
            let job = PartJob { number, count, plan: Slice::parse(plan)? };
            let finished = self.build(request, &job, &others, &folder, heartbeat)?;
            done.push((finished.path, finished.built));
        }
        done.rotate_right(1);
        Ok(done)
    }
}

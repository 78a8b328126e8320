//! Builds an archive again, for the operator: an export is a function of its request and its cut, so the same version of this
//! program and the same key give the same bytes, except for what has been erased since (C4 goes before C7).
//!
//! Nothing is changed in the database, and nothing of the archive that is kept.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::super::{Stop, Worker};
use super::pulse::{Interruption, Pulse};
use super::read::Others;
use super::{build, plan, records};
use crate::domain::evidence;
use crate::domain::requests;
use crate::domain::rules::slices::Slice;
use crate::domain::work::Piece;
use crate::error::{Context, Error, Kind, Result};
use crate::model::{ExportRequest, RequestId};
use crate::numbers;
use crate::store::pieces::Built;

/// How often the progress is told, and a stop is heeded.
const LOOK: Duration = Duration::from_millis(200);

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

impl Worker {
    /// Builds the archive of a completed export again, into `folder`, where none of its files may lie yet. `progress` is told
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
        let (pulse, ended) = (Pulse::default(), Stop::default());
        let top = records::top_folder(&build::header(&request, &evidence::find(&self.store, &request)?));
        let built = thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.wait(LOOK) {
                    progress(pulse.done());
                    if stop.is_asked() {
                        pulse.interrupt(Interruption::Stopping);
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
                &|| pulse.check(),
            );
            let built = divided.and_then(|()| self.build_all(&request, &plans, unfinished.path(), &pulse));
            ended.ask();
            built
        });
        let built = built.map_err(|error| match pulse.interruption() {
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

    /// Builds each part in a folder of its own, part 1 last; gives them in order.
    fn build_all(
        &self,
        request: &ExportRequest,
        plans: &[String],
        folder: &Path,
        pulse: &Pulse,
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
            let piece = Piece { number, count, plan: Slice::parse(plan)? };
            let finished = self.build(request, &piece, &others, &folder, pulse)?;
            done.push((finished.path, finished.built));
        }
        done.rotate_right(1);
        Ok(done)
    }
}

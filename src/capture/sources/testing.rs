//! What the readers' tests share: a sink that keeps everything, small archives, and the real ones.

use std::path::{Path, PathBuf};

use super::{Finding, Place, Sink};
use crate::error::Result;
use crate::model::Recording;

/// Keeps what a reader finds.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) findings: Vec<(Place, Finding)>,
    pub(super) progress: (u64, u64),
}

impl Sink for Kept {
    fn finding(&mut self, place: &Place, finding: Finding) -> Result<()> {
        self.findings.push((place.clone(), finding));
        Ok(())
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.progress = (done, total);
    }
}

/// A reader of one of the formats.
pub(super) type Reader = fn(&Path, &mut dyn Sink) -> Result<()>;

impl Kept {
    /// What `reader` finds at `path`.
    pub(super) fn from(reader: Reader, path: &Path) -> Result<Self> {
        let mut kept = Self::default();
        reader(path, &mut kept).map(|()| kept)
    }

    /// Everything recorded, in order.
    pub(super) fn recordings<'a>(&'a self) -> Vec<&'a Recording> {
        let recording = |(_, finding): &'a (Place, Finding)| match finding {
            Finding::Recording(recording) => Some(recording),
            Finding::Problem(_) | Finding::Note(_) => None,
        };
        self.findings.iter().filter_map(recording).collect()
    }

    /// How many recordings are such.
    pub(super) fn count(&self, such: impl Fn(&Recording) -> bool) -> usize {
        self.recordings().into_iter().filter(|recording| such(recording)).count()
    }

    /// Problems and notes, one a line, with their places.
    pub(super) fn told(&self) -> String {
        let line = |(place, finding): &(Place, Finding)| {
            let place = place.line.map_or(place.file.clone(), |line| format!("{}:{line}", place.file));
            match finding {
                Finding::Recording(_) => None,
                Finding::Problem(reason) => Some(format!("{place} ! {reason}\n")),
                Finding::Note(text) => Some(format!("{place} · {text}\n")),
            }
        };
        self.findings.iter().filter_map(line).collect()
    }
}

/// The folder of real archives; none when it is not there, which is said, and fails where `CI=true`.
pub(super) fn corpora() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let folder = std::env::var_os("CORPORA_DIR").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the real archives are missing: {}", folder.display());
    #[expect(clippy::print_stderr, reason = "whoever runs the tests must know that this one did not run")]
    {
        eprintln!("not run: the real archives are missing ({}); set CORPORA_DIR", folder.display());
    }
    None
}

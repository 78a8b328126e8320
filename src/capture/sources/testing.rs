//! What the readers' tests share: a sink that keeps everything, small archives, and the real ones.

use std::path::{Path, PathBuf};

use super::{FilePlace, Finding, Sink};
use crate::error::Result;
use crate::model::Fact;

/// Keeps what a reader finds.
pub(super) struct Kept<F = Fact> {
    pub(super) findings: Vec<(FilePlace, Finding<F>)>,
    pub(super) progress: (u64, u64),
}

impl<F> Sink<F> for Kept<F> {
    fn finding(&mut self, place: &FilePlace, finding: Finding<F>) -> Result<()> {
        self.findings.push((place.clone(), finding));
        Ok(())
    }

    fn progress(&mut self, done: u64, total: u64) {
        self.progress = (done, total);
    }
}

/// A reader of one of the formats.
pub(super) type Reader<F> = fn(&Path, &mut dyn Sink<F>) -> Result<()>;

impl<F> Kept<F> {
    /// What `reader` finds at `path`.
    pub(super) fn from(reader: Reader<F>, path: &Path) -> Result<Self> {
        let mut kept = Self { findings: Vec::new(), progress: (0, 0) };
        reader(path, &mut kept).map(|()| kept)
    }

    /// Everything recorded, in order.
    pub(super) fn facts<'a>(&'a self) -> Vec<&'a F> {
        let fact = |(_, finding): &'a (FilePlace, Finding<F>)| match finding {
            Finding::Fact(fact) => Some(fact),
            Finding::Problem(_) | Finding::Note(_) => None,
        };
        self.findings.iter().filter_map(fact).collect()
    }

    /// How many facts are such.
    pub(super) fn count(&self, such: impl Fn(&F) -> bool) -> usize {
        self.facts().into_iter().filter(|fact| such(fact)).count()
    }

    /// Problems and notes, one a line, with their places.
    pub(super) fn text(&self) -> String {
        let line = |(place, finding): &(FilePlace, Finding<F>)| {
            let place = place.line.map_or(place.file.clone(), |line| format!("{}:{line}", place.file));
            match finding {
                Finding::Fact(_) => None,
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

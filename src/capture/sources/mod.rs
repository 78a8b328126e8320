//! Translators from other systems' archives into [`Fact`]s: what an archive says, bit by bit, with the place where it says it. Only
//! events, our own format, may also be what the operator says.
//!
//! Here lives the reading of foreign formats, one `read` function for each, and the import that passes what they find on to be
//! ingested. Nothing here decides what may be recorded: `capture::ingest` does. The command line and the demo call this.

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::model::Fact;

mod batches;
mod cards;
pub mod events;
mod import;
mod lines;
pub mod mattermost;
pub mod slack;
mod summary;

pub use import::{Import, ImportFormat, import, import_in_turn, record_all};
pub use summary::{ImportSummary, OutcomeCount, Subject};

/// Where in an archive something stands.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct FilePlace {
    /// Path of the file within the archive; the name of the file itself when that is all there is.
    pub file: String,
    /// Line counted from 1, where the format or its parser gives it.
    pub line: Option<u64>,
}

/// What a reader finds, in the order in which it must be recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding<F = Fact> {
    /// A fact to record.
    Fact(F),
    /// Something malformed: refused by name, line and reason, and listed in the summary.
    Problem(String),
    /// Recorded as well as can be, but the operator should know: listed in the summary.
    Note(String),
}

/// Receives what a reader finds: facts of the type that says what may be reported. An error ends the reading.
pub trait Sink<F = Fact> {
    /// Takes the next finding, found at `place`.
    ///
    /// # Errors
    /// Whatever ends the import: the store failed, or a strict import met its first problem.
    fn finding(&mut self, place: &FilePlace, finding: Finding<F>) -> Result<()>;

    /// Called now and then: how many of the archive's bytes have been read. A `total` of 0 is one that nobody knows, as
    /// of standard input.
    fn progress(&mut self, done: u64, total: u64);

    /// Takes a fact to record.
    ///
    /// # Errors
    /// As [`Sink::finding`].
    fn record(&mut self, place: &FilePlace, fact: F) -> Result<()> {
        self.finding(place, Finding::Fact(fact))
    }

    /// Takes something malformed.
    ///
    /// # Errors
    /// As [`Sink::finding`].
    fn problem(&mut self, place: &FilePlace, reason: String) -> Result<()> {
        self.finding(place, Finding::Problem(reason))
    }

    /// Takes something that the operator should know.
    ///
    /// # Errors
    /// As [`Sink::finding`].
    fn note(&mut self, place: &FilePlace, text: String) -> Result<()> {
        self.finding(place, Finding::Note(text))
    }
}

impl FilePlace {
    /// A file as a whole.
    fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None }
    }

    /// A line of this file.
    fn line(&self, line: u64) -> Self {
        Self { file: self.file.clone(), line: Some(line) }
    }
}

/// Why JSON could not be read, without the position, which the place gives.
fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) if error.column() > 0 => format!("{reason} (column {})", error.column()),
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// The failure to open or read the archive itself.
fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let shown = path.display();
    match cause.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(format!("There is no file or folder “{shown}”.")),
        _ => Error::new(Kind::Invalid, format!("“{shown}” could not be read: {cause}.")).because(cause),
    }
}

/// The name by which places call the file at `path`.
fn file_name(path: &Path) -> String {
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod testing;

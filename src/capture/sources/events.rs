//! Our own format: one event a line, JSON (`docs/recording.md`). Other systems are connected through it.
//!
//! Here lives the reading of it, from a file or line by line. The shapes of the lines, and who may say what, are `wire`'s. `import`
//! reads files; whoever receives lines in another way gives each to [`parse`], and may keep its text meanwhile: it means the same
//! whenever it is parsed.

use std::path::Path;

use super::lines::{self, LineReader};
use super::{FilePlace, Sink, json_reason};
use crate::error::Result;

mod wire;

pub use wire::Speech;

/// What one line says, of somebody who may say this: [`crate::model::Fact`]s a connector, [`crate::model::OperatorFact`]s the operator.
///
/// # Errors
/// The reason why the line can't be understood, or is not this speaker's to say.
pub fn parse<F: Speech>(line: &[u8]) -> std::result::Result<F, String> {
    serde_json::from_slice(line).map_err(|error| json_reason(&error)).and_then(F::said)
}

/// Reads events from a file, from every `*.jsonl` of a folder by name, or from standard input (`-`).
///
/// # Errors
/// When `path` can't be read, and what the sink returns. A malformed line is a problem given to the sink, no error.
pub fn read<F: Speech>(path: &Path, sink: &mut dyn Sink<F>) -> Result<()> {
    lines::read(path, &mut Events, sink)
}

struct Events;

impl<F: Speech> LineReader<F> for Events {
    fn line(&mut self, place: &FilePlace, line: &[u8], sink: &mut dyn Sink<F>) -> Result<()> {
        match parse(line) {
            Ok(fact) => sink.record(place, fact),
            Err(reason) => sink.problem(place, reason),
        }
    }
}

#[cfg(test)]
mod tests;

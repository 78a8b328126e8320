//! Our own format: one [`Recording`] a line (`docs/recording.md`). Other systems are connected through it.
//!
//! Here lives nothing but serde: the shapes are those of the vocabulary.

use std::path::Path;

use super::lines::{self, LineReader};
use super::{Place, Sink, json_reason};
use crate::error::Result;
use crate::model::Recording;

/// Reads events from a file, from every `*.jsonl` of a folder by name, or from standard input (`-`).
///
/// # Errors
/// When `path` can't be read, and what the sink returns. A malformed line is a problem told to the sink, no error.
pub fn read(path: &Path, sink: &mut dyn Sink) -> Result<()> {
    lines::read(path, &mut Events, sink)
}

struct Events;

impl LineReader for Events {
    fn line(&mut self, place: &Place, line: &[u8], sink: &mut dyn Sink) -> Result<()> {
        match serde_json::from_slice::<Recording>(line) {
            Ok(recording) => sink.record(place, recording),
            Err(error) => sink.problem(place, json_reason(&error)),
        }
    }
}

#[cfg(test)]
mod tests;

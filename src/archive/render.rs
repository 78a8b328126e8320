//! The text of an archive's files: JSON arrays with one record on each line, so that grep, jq and a diff work, and the
//! manifest.
//!
//! Everything is written into a buffer of the caller, chunk by chunk, so that no file need ever be held as a whole.

use serde::Serialize;

use super::manifest::{FolderCount, Manifest};
use crate::error::{Context, Result};

/// Bytes of a file's text from which on a new chunk of it is begun.
pub const CHUNK: usize = 1 << 20;

/// Begins an array.
pub fn begin(text: &mut Vec<u8>) {
    text.extend_from_slice(b"[\n");
}

/// Adds a record to an array, which is its `first` or not.
///
/// # Errors
/// When a record can't be written as JSON.
pub fn record(text: &mut Vec<u8>, first: bool, record: &impl Serialize) -> Result<()> {
    if !first {
        text.extend_from_slice(b",\n");
    }
    serde_json::to_writer(text, record).context(|| "turning a record into JSON".into())
}

/// Ends an array. One without records looks no different.
pub fn end(text: &mut Vec<u8>, empty: bool) {
    text.extend_from_slice(if empty { b"]\n" } else { b"\n]\n" });
}

/// A small object that is read as a whole, also by people.
///
/// # Errors
/// When it can't be written as JSON.
pub fn object(text: &mut Vec<u8>, object: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut *text, object).context(|| "writing the manifest".into())?;
    text.push(b'\n');
    Ok(())
}

/// The manifest up to its counts, which follow one on each line, by [`manifest_count`], and then [`manifest_end`].
///
/// # Errors
/// When it can't be written as JSON.
pub fn manifest_begin(text: &mut Vec<u8>, manifest: &Manifest) -> Result<()> {
    object(text, manifest)?;
    // The counts come last and are empty: `[]\n}\n` ends it.
    text.truncate(text.len().saturating_sub(b"]\n}\n".len()));
    Ok(())
}

/// Adds the counts of a conversation, the `first` or not.
///
/// # Errors
/// When they can't be written as JSON.
pub fn manifest_count(text: &mut Vec<u8>, first: bool, count: &FolderCount) -> Result<()> {
    text.extend_from_slice(if first { b"\n    " } else { b",\n    " });
    serde_json::to_writer(text, count).context(|| "writing the manifest".into())
}

/// Ends the manifest.
pub fn manifest_end(text: &mut Vec<u8>, empty: bool) {
    text.extend_from_slice(if empty { b"]\n}\n" } else { b"\n  ]\n}\n" });
}

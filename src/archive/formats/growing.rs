//! A file that grows with what is read, for formats whose files come between those of others.

use super::Sink;
use crate::archive::ChunkPosition;
use crate::error::Result;

/// Bytes from which on they are handed on as a chunk.
const CHUNK: usize = 256 << 10;

/// A file that grows with what is read.
#[derive(Default)]
pub struct Growing {
    /// Empty while there is none.
    path: String,
    given: bool,
    /// What has not been handed on yet.
    pub text: Vec<u8>,
}

impl Growing {
    /// Whether a file has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.path.is_empty()
    }

    /// Begins a file, when the one before has ended.
    pub fn begin(&mut self, path: String) -> &mut Vec<u8> {
        (self.path, self.given) = (path, false);
        &mut self.text
    }

    /// Hands on what there is, if it is much, or if it is the last.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn give(&mut self, last: bool, sink: &mut dyn Sink) -> Result<()> {
        if !self.is_open() || (!last && self.text.len() < CHUNK) {
            return Ok(());
        }
        sink.aside(&self.path, ChunkPosition { first: !self.given, last }, &self.text)?;
        self.given = true;
        self.text.clear();
        if last {
            self.path.clear();
        }
        Ok(())
    }
}

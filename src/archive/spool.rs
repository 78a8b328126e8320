//! Text that is written down in one pass and needed afterwards, such as the lists: it waits in a file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use crate::error::{Context, Result};

/// Bytes of a spool that are handed on at a time.
const CHUNK: u64 = 256 << 10;

/// A temporary file without a name: it is gone whatever happens.
pub struct Spool {
    file: BufWriter<File>,
    /// How often something was added.
    pub lines: u64,
}

impl Spool {
    /// An empty one, in `folder`.
    ///
    /// # Errors
    /// When the file can't be made, written, or read back; so with the others.
    pub fn create(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).context(|| format!("making a file in {}", folder.display()))?;
        Ok(Self { file: BufWriter::new(file), lines: 0 })
    }

    /// Adds a line, or what is one for the caller.
    ///
    /// # Errors
    /// As above.
    pub fn add(&mut self, text: &[u8]) -> Result<()> {
        self.lines += 1;
        self.file.write_all(text).context(|| "writing down the lists".to_owned())
    }

    /// The text from its beginning.
    ///
    /// # Errors
    /// As above.
    pub fn reader(self) -> Result<BufReader<File>> {
        let doing = || "reading back the lists".to_owned();
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        file.rewind().context(doing)?;
        Ok(BufReader::new(file))
    }

    /// Gives the text in chunks, each with whether it is the last. An empty text is one chunk.
    ///
    /// # Errors
    /// As above; those of `take`.
    pub fn read(self, take: &mut dyn FnMut(Vec<u8>, bool) -> Result<()>) -> Result<()> {
        let doing = || "reading back the lists".to_owned();
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        let mut left = file.stream_position().context(doing)?;
        file.rewind().context(doing)?;
        loop {
            let mut text = Vec::new();
            let chunk = left.min(CHUNK);
            (&mut file).take(chunk).read_to_end(&mut text).context(doing)?;
            left -= chunk;
            take(text, left == 0)?;
            if left == 0 {
                return Ok(());
            }
        }
    }
}

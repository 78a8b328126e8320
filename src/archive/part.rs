//! One part: packed files on their way into a `.zip`, with the list of their check sums and its signature.
//!
//! What goes into which part, and what the files say, is decided before; here nothing is known but paths and bytes. The
//! list of check sums waits in a file of its own, so that memory does not grow with the number of files.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

use super::container::{ContainerWriter, Facts, Method};
use super::names;
use super::pack::{Bundle, Hash, Packed, Packer, Place};
use super::sign::{Prehash, SigningKey};
use crate::error::{Context, Error, Kind, Result};
use crate::keys::{hex, hex_digits};
use crate::model::Timestamp;

/// Bytes of the check sums that are packed at a time.
const PIECE: u64 = 256 << 10;
/// Bytes of a file whose pieces wait aside that are held in memory: more wait on the disk.
const ASIDE: usize = 256 << 10;

/// A part being written.
pub struct PartWriter {
    top: String,
    container: ContainerWriter,
    sums: BufWriter<File>,
    /// The file whose pieces come, with its hashes so far.
    open: Option<Open>,
    /// Files whose pieces come between other files, and what has come of them. There are few at a time.
    aside: Vec<(Open, SpooledTempFile)>,
    /// Files that are whole, but wait for the end of the one whose pieces come.
    whole: Vec<Whole>,
    /// For what waits aside.
    folder: PathBuf,
}

/// A file whose bytes wait aside.
struct Whole {
    path: String,
    facts: Facts,
    hash: Hash,
    bytes: SpooledTempFile,
}

/// A file of which not all pieces have come.
struct Open {
    path: String,
    crc: crc32fast::Hasher,
    hash: Sha256,
    compressed: u64,
    size: u64,
}

impl Open {
    fn new(path: &str) -> Self {
        Self { path: path.to_owned(), crc: crc32fast::Hasher::new(), hash: Sha256::new(), compressed: 0, size: 0 }
    }

    /// The next piece.
    fn add(&mut self, bytes: &[u8], raw: &[u8]) {
        self.crc.update(raw);
        self.hash.update(raw);
        self.compressed += bytes.len() as u64;
        self.size += raw.len() as u64;
    }

    /// Its path, facts and hash, when all have come.
    fn end(self) -> (String, Facts, Hash) {
        let Self { path, crc, hash, compressed, size } = self;
        let facts = Facts { method: Method::Deflated, crc: crc.finalize(), compressed, size };
        (path, facts, hash.finalize().into())
    }
}

/// A part that is written but not yet checked.
#[derive(Debug)]
pub struct WrittenPart {
    /// Where it lies.
    pub path: PathBuf,
    /// Of its list of check sums, lower-case hexadecimal.
    pub sums_sha256: String,
    pub(super) top: String,
    /// The check sums as they were written, against which it is read back.
    pub(super) sums: File,
    /// Those of them that are of other parts' files.
    pub(super) others: usize,
}

impl PartWriter {
    /// Begins a part as a file in `folder`; everything in it lies below `top` and is dated `at`.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the folder can't be written to. In this and all other methods a full disk is found as an
    /// [`std::io::Error`] among the causes; [`Kind::Conflict`] if a `.zip` that every program opens can't hold it.
    pub fn create(folder: &Path, top: &str, at: Timestamp) -> Result<Self> {
        let container = ContainerWriter::create(folder.join("part.zip"), top, at)?;
        let sums = tempfile::tempfile_in(folder).context(|| format!("making a file in {}", folder.display()))?;
        let (top, sums, folder) = (top.to_owned(), BufWriter::new(sums), folder.to_owned());
        Ok(Self { top, container, sums, open: None, aside: Vec::new(), whole: Vec::new(), folder })
    }

    /// Writes what was packed, after what was written before.
    ///
    /// # Errors
    /// [`Kind::Internal`] if it can't be written, or pieces of a file are out of order.
    pub fn write(&mut self, bundle: &Bundle) -> Result<()> {
        bundle.each(&mut |path, packed| match packed {
            Packed::Directory => self.container.directory(path),
            Packed::File { facts, hash, data } => self.file(path, facts, &hash, data),
            Packed::Piece { place, data, text } => self.piece(path, place, data, text),
            Packed::Aside { place, data, text } => self.put_aside(path, place, data, text),
        })
    }

    fn file(&mut self, path: &str, facts: Facts, hash: &Hash, bytes: &[u8]) -> Result<()> {
        if self.open.is_none() {
            self.container.file(path, &facts, bytes)?;
            return self.note(path, hash);
        }
        let mut aside = SpooledTempFile::new_in(ASIDE, &self.folder);
        aside.write_all(bytes).context(|| format!("putting {path} aside"))?;
        self.whole.push(Whole { path: path.to_owned(), facts, hash: *hash, bytes: aside });
        Ok(())
    }

    /// Writes what has waited aside, unless a file is still open.
    fn write_whole(&mut self) -> Result<()> {
        if self.open.is_some() || self.whole.is_empty() {
            return Ok(());
        }
        for Whole { path, facts, hash, mut bytes } in std::mem::take(&mut self.whole) {
            bytes.rewind().context(|| format!("reading {path} back"))?;
            self.container.copy(&path, &facts, &mut bytes)?;
            self.note(&path, &hash)?;
        }
        Ok(())
    }

    fn piece(&mut self, path: &str, place: Place, bytes: &[u8], raw: &[u8]) -> Result<()> {
        if place.first {
            self.container.begin(path)?;
            self.open = Some(Open::new(path));
        }
        let open = self.open.as_mut().filter(|open| open.path == path).ok_or_else(out_of_order)?;
        self.container.append(bytes)?;
        open.add(bytes, raw);
        if place.last
            && let Some(open) = self.open.take()
        {
            let (path, facts, hash) = open.end();
            self.container.end(&facts)?;
            self.note(&path, &hash)?;
        }
        self.write_whole()
    }

    fn put_aside(&mut self, path: &str, place: Place, bytes: &[u8], raw: &[u8]) -> Result<()> {
        if place.first {
            self.aside.push((Open::new(path), SpooledTempFile::new_in(ASIDE, &self.folder)));
        }
        let index = self.aside.iter().position(|(open, _)| open.path == path).ok_or_else(out_of_order)?;
        let (open, file) = self.aside.get_mut(index).ok_or_else(out_of_order)?;
        file.write_all(bytes).context(|| format!("putting {path} aside"))?;
        open.add(bytes, raw);
        if place.last {
            let (open, bytes) = self.aside.swap_remove(index);
            let (path, facts, hash) = open.end();
            self.whole.push(Whole { path, facts, hash, bytes });
        }
        self.write_whole()
    }

    fn note(&mut self, path: &str, hash: &Hash) -> Result<()> {
        self.note_hex(path, &hex_digits(hash))
    }

    fn note_hex(&mut self, path: &str, hash: &[u8]) -> Result<()> {
        let mut line = || {
            for text in [hash, b"  ", path.as_bytes(), b"\n"] {
                self.sums.write_all(text)?;
            }
            Ok::<_, io::Error>(())
        };
        line().context(|| "listing the check sums".into())
    }

    /// Ends the part with its check sums and their signature, which also says `comment`, and makes it durable. `others` are
    /// files of other parts for which this one's check sums vouch: path and SHA-256.
    ///
    /// # Errors
    /// [`Kind::Internal`] if it can't be written, or a file has not ended.
    pub fn finish(
        mut self,
        number: u32,
        others: &[(String, String)],
        key: &SigningKey,
        comment: &str,
    ) -> Result<WrittenPart> {
        let doing = || "listing the check sums".to_owned();
        if self.open.is_some() || !self.aside.is_empty() {
            return Err(out_of_order());
        }
        for (path, hash) in others {
            self.note_hex(path, hash.as_bytes())?;
        }
        self.sums.flush().context(doing)?;
        let mut sums = self.sums.get_ref().try_clone().context(doing)?;
        // Not among its own check sums: those written from here on are read over.
        let listed = sums.stream_position().context(doing)?;
        sums.rewind().context(doing)?;
        let name = names::sums_file(number);
        let (mut packer, mut bundle, mut hash) = (Packer::for_sums(), Bundle::default(), Sha256::new());
        let mut text = Vec::new();
        let (mut reader, mut left, mut first) = (BufReader::new(&sums), listed, true);
        let mut signed = Prehash::new();
        loop {
            text.clear();
            reader.by_ref().take(left.min(PIECE)).read_to_end(&mut text).context(doing)?;
            left -= text.len() as u64;
            hash.update(&text);
            signed.update(&text);
            bundle.clear();
            bundle.add(&name, Place { first, last: left == 0 }, &text);
            packer.pack(&mut bundle, &mut || {})?;
            self.write(&bundle)?;
            first = false;
            if left == 0 {
                break;
            }
        }
        bundle.clear();
        let signature = key.sign_hashed(signed, comment)?;
        bundle.add(&format!("{name}.minisig"), Place::WHOLE, signature.as_bytes());
        packer.pack(&mut bundle, &mut || {})?;
        self.write(&bundle)?;
        self.sums.flush().context(doing)?;
        let path = self.container.finish()?;
        let mut sums = self.sums.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        sums.rewind().context(doing)?;
        Ok(WrittenPart { path, sums_sha256: hex(&hash.finalize()), top: self.top, sums, others: others.len() })
    }
}

#[cfg(test)]
impl WrittenPart {
    /// For another check.
    pub(super) fn rewind(&mut self) -> io::Result<()> {
        self.sums.rewind()
    }
}

fn out_of_order() -> Error {
    Error::new(Kind::Internal, "the files of the archive were handed over out of order")
}

//! One part: packed files on their way into a `.zip`, with the list of their check sums and its signature.
//!
//! What goes into which part, and what the files say, is decided before; here nothing is known but paths and bytes. The
//! list of check sums waits in a file of its own, so that memory does not grow with the number of files. What comes back from
//! there is compared with what went in; what comes back of files that waited aside, when the part is read back.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use blake2::Digest;
use tempfile::SpooledTempFile;

use super::container::{ContainerWriter, EntryInfo, Method};
use super::names;
use super::pack::{Bundle, Chunk, ChunkPosition, Packed, Packer};
use super::sign::{Prehash, SigningKey};
use crate::error::{Context, Error, Kind, Result};
use crate::keys::{hex, hex_digits};
use crate::model::Timestamp;
use crate::sums::{Quick, QuickStream, Sha256, Sha256Stream};

/// Bytes of the check sums that are packed at a time.
const STRETCH: u64 = 256 << 10;
/// Bytes of a file whose chunks wait aside that are held in memory: more wait on the disk.
const ASIDE: usize = 256 << 10;

/// A part being written.
pub struct PartWriter {
    container: ContainerWriter,
    /// Until they are written themselves.
    sums: Option<Sums>,
    /// Of the file that was written last.
    last: Sha256,
    /// The file whose chunks come, with its hashes so far.
    open: Option<Open>,
    /// Files whose chunks come between other files, and what has come of them. There are few at a time.
    aside: Vec<(Open, SpooledTempFile)>,
    /// Files that are whole, but wait for the end of the one whose chunks come.
    whole: Vec<SpooledFile>,
    /// For what waits aside.
    folder: PathBuf,
}

/// The list of check sums, in a file of its own.
struct Sums {
    file: BufWriter<File>,
    bytes: u64,
    /// Of all that went into it.
    seal: QuickStream,
}

impl Sums {
    fn note(&mut self, path: &str, hash: &[u8]) -> io::Result<()> {
        for text in [hash, b"  ", path.as_bytes(), b"\n"] {
            self.seal.update(text);
            self.file.write_all(text)?;
            self.bytes += text.len() as u64;
        }
        Ok(())
    }

    /// Hands over what went in, in stretches, with whether it is the last; compares all of it.
    fn read(self, take: &mut dyn FnMut(&[u8], bool) -> Result<()>) -> Result<()> {
        let doing = || "listing the check sums".to_owned();
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        file.rewind().context(doing)?;
        let (mut left, mut text, mut found) = (self.bytes, Vec::new(), QuickStream::default());
        loop {
            text.clear();
            let stretch = left.min(STRETCH);
            Read::by_ref(&mut file).take(stretch).read_to_end(&mut text).context(doing)?;
            found.update(&text);
            left -= stretch;
            if left == 0 {
                break;
            }
            take(&text, false)?;
        }
        if found.finish() != self.seal.finish() {
            return Err(Error::new(Kind::Internal, "the list of check sums is not what was put into it"));
        }
        take(&text, true)
    }
}

/// A file whose bytes wait aside.
struct SpooledFile {
    path: String,
    about: About,
    bytes: SpooledTempFile,
}

/// What is said of a file once all of it has come.
struct About {
    facts: EntryInfo,
    hash: Sha256,
    /// Of its packed bytes.
    seal: Quick,
}

/// A file of which not all chunks have come.
struct Open {
    path: String,
    crc: crc32fast::Hasher,
    hash: Sha256Stream,
    seal: QuickStream,
    compressed: u64,
    size: u64,
}

impl Open {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            crc: crc32fast::Hasher::new(),
            hash: Sha256Stream::default(),
            seal: QuickStream::default(),
            compressed: 0,
            size: 0,
        }
    }

    /// The next chunk, which was compared where it was packed, and must still be the same.
    fn add(&mut self, chunk: &Chunk<'_>) -> Result<()> {
        let Some(crc) = chunk.crc() else {
            return Err(Error::new(Kind::Internal, format!("{} has changed since it was packed", self.path)));
        };
        self.crc.combine(&crc);
        self.hash.update(chunk.text);
        self.seal.update(chunk.data);
        self.compressed += chunk.data.len() as u64;
        self.size += chunk.text.len() as u64;
        Ok(())
    }

    /// Its path and what is said of it, when all have come.
    fn end(self) -> (String, About) {
        let Self { path, crc, hash, seal, compressed, size } = self;
        let facts = EntryInfo { method: Method::Deflated, crc: crc.finalize(), compressed, size };
        (path, About { facts, hash: hash.finish(), seal: seal.finish() })
    }
}

/// A part that is written but not yet checked.
#[derive(Debug)]
pub struct WrittenPart {
    /// Where it lies.
    pub path: PathBuf,
    /// Of its list of check sums, lower-case hexadecimal.
    pub sums_sha256: String,
    /// Of all that was written, against which it is read back.
    pub(super) seal: Quick,
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
        Ok(Self {
            container,
            sums: Some(Sums { file: BufWriter::new(sums), bytes: 0, seal: QuickStream::default() }),
            last: Sha256::default(),
            open: None,
            aside: Vec::new(),
            whole: Vec::new(),
            folder: folder.to_owned(),
        })
    }

    /// Writes what was packed, after what was written before.
    ///
    /// # Errors
    /// [`Kind::Internal`] if it can't be written, or chunks of a file are out of order.
    pub fn write(&mut self, bundle: &Bundle) -> Result<()> {
        bundle.each(&mut |path, packed| match packed {
            Packed::Directory => self.container.directory(path),
            Packed::File { facts, hash, seal, data } => self.file(path, About { facts, hash, seal }, data),
            Packed::Chunk(chunk) => self.chunk(path, &chunk),
            Packed::Aside(chunk) => self.put_aside(path, &chunk),
        })
    }

    fn file(&mut self, path: &str, about: About, bytes: &[u8]) -> Result<()> {
        if self.open.is_none() {
            self.container.file(path, &about.facts, about.seal, bytes)?;
            return self.note(path, &about.hash);
        }
        let mut aside = SpooledTempFile::new_in(ASIDE, &self.folder);
        aside.write_all(bytes).context(|| format!("putting {path} aside"))?;
        self.whole.push(SpooledFile { path: path.to_owned(), about, bytes: aside });
        Ok(())
    }

    /// Writes what has waited aside, unless a file is still open.
    fn write_whole(&mut self) -> Result<()> {
        if self.open.is_some() || self.whole.is_empty() {
            return Ok(());
        }
        for SpooledFile { path, about, mut bytes } in std::mem::take(&mut self.whole) {
            bytes.rewind().context(|| format!("reading {path} back"))?;
            self.container.copy(&path, &about.facts, about.seal, &mut bytes)?;
            self.note(&path, &about.hash)?;
        }
        Ok(())
    }

    fn chunk(&mut self, path: &str, chunk: &Chunk<'_>) -> Result<()> {
        if chunk.place.first {
            self.container.begin(path)?;
            self.open = Some(Open::new(path));
        }
        let open = self.open.as_mut().filter(|open| open.path == path).ok_or_else(out_of_order)?;
        open.add(chunk)?;
        self.container.append(chunk.data)?;
        if chunk.place.last
            && let Some(open) = self.open.take()
        {
            let (path, about) = open.end();
            self.container.end(&about.facts, about.seal)?;
            self.note(&path, &about.hash)?;
        }
        self.write_whole()
    }

    fn put_aside(&mut self, path: &str, chunk: &Chunk<'_>) -> Result<()> {
        if chunk.place.first {
            self.aside.push((Open::new(path), SpooledTempFile::new_in(ASIDE, &self.folder)));
        }
        let index = self.aside.iter().position(|(open, _)| open.path == path).ok_or_else(out_of_order)?;
        let (open, file) = self.aside.get_mut(index).ok_or_else(out_of_order)?;
        open.add(chunk)?;
        file.write_all(chunk.data).context(|| format!("putting {path} aside"))?;
        if chunk.place.last {
            let (open, bytes) = self.aside.swap_remove(index);
            let (path, about) = open.end();
            self.whole.push(SpooledFile { path, about, bytes });
        }
        self.write_whole()
    }

    fn note(&mut self, path: &str, hash: &Sha256) -> Result<()> {
        self.last = *hash;
        self.note_hex(path, &hex_digits(hash))
    }

    fn note_hex(&mut self, path: &str, hash: &[u8]) -> Result<()> {
        self.sums.as_mut().map_or(Ok(()), |sums| sums.note(path, hash)).context(|| "listing the check sums".into())
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
        if self.open.is_some() || !self.aside.is_empty() {
            return Err(out_of_order());
        }
        for (path, hash) in others {
            self.note_hex(path, hash.as_bytes())?;
        }
        let name = names::sums_file(number);
        let (mut packer, mut bundle) = (Packer::for_sums(), Bundle::default());
        let (mut first, mut signed) = (true, Prehash::new());
        // From here on nothing is noted: the list is not among its own check sums.
        let sums = self.sums.take().ok_or_else(out_of_order)?;
        sums.read(&mut |text, last| {
            signed.update(text);
            bundle.clear();
            bundle.add(&name, ChunkPosition { first, last }, text);
            first = false;
            packer.pack(&mut bundle, &mut || {})?;
            self.write(&bundle)
        })?;
        let sums_sha256 = hex(&self.last);
        bundle.clear();
        let signature = key.sign_hashed(signed, comment)?;
        bundle.add(&format!("{name}.minisig"), ChunkPosition::WHOLE, signature.as_bytes());
        packer.pack(&mut bundle, &mut || {})?;
        self.write(&bundle)?;
        let (path, seal) = self.container.finish()?;
        Ok(WrittenPart { path, sums_sha256, seal })
    }
}

fn out_of_order() -> Error {
    Error::new(Kind::Internal, "the files of the archive were handed over out of order")
}

#[cfg(test)]
pub(super) use damage::turn;

/// For damaging what waits on the disk.
#[cfg(test)]
mod damage {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::SeekFrom;

    use super::*;

    impl PartWriter {
        pub(in crate::archive) fn container(&mut self) -> &mut ContainerWriter {
            &mut self.container
        }

        /// Turns a bit of the list of check sums: `at` counts from its beginning, or, below zero, from its end.
        pub(in crate::archive) fn damage_sums(&mut self, at: i64) {
            let file = &mut self.sums.as_mut().unwrap().file;
            file.flush().unwrap();
            let at = u64::try_from(at).map_or(SeekFrom::End(at), SeekFrom::Start);
            turn(file.get_mut(), at);
        }

        /// Turns a bit of whichever file waits.
        pub(in crate::archive) fn damage_aside(&mut self, at: u64) {
            let chunks = self.aside.iter_mut().map(|(_, bytes)| bytes);
            let bytes = chunks.chain(self.whole.iter_mut().map(|whole| &mut whole.bytes)).next();
            turn(bytes.unwrap(), SeekFrom::Start(at));
        }
    }

    /// Turns a bit of a file that is written from its end.
    pub(in crate::archive) fn turn(file: &mut (impl Read + Write + Seek), at: SeekFrom) {
        let at = file.seek(at).unwrap();
        let mut byte = [0];
        file.read_exact(&mut byte).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&byte.map(|byte| byte ^ 1)).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
    }
}

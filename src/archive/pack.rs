//! Compression and hashing: what becomes of rendered files before they are written ([`crate::archive::part`]).
//!
//! What was packed is unpacked again and compared with the text at once, while both are in the processor's cache. All that is
//! said of a file from then on is taken from what came out: its check sum, CRC and length. The packed bytes go along with a quick
//! check sum, their seal, by which they are found again in the finished part ([`crate::archive::check()`]).
//!
//! A [`Bundle`] takes in the text of files as they are rendered, and keeps its buffers for the next ones: an archive is made
//! without asking the system for memory again and again. A [`Packer`] belongs to one thread and keeps its compressors,
//! because a fresh one costs more than most files do. The same text gives the same bundle.

use std::fmt::{self, Write as _};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use libdeflater::{CompressionLvl, Compressor, Decompressor};

use super::container::{EntryInfo, Method};
use crate::error::{Context, Error, Kind, Result};
use crate::sums::{self, Quick, Sha256};

/// The level for most bytes.
const LEVEL: u8 = 6;
/// Files up to this many bytes are compressed at [`SMALL_LEVEL`]: they become half a percent larger, in three quarters of the
/// time. Longer ones would become larger by several percent (`cargo bench --bench functions -- "compress an entry"`).
const SMALL: usize = 4 << 10;
const SMALL_LEVEL: u8 = 1;
/// The level for check sums: half of what stands there can't be compressed, so that trying harder gains two percent in twice
/// the time.
const SUMS_LEVEL: u8 = 2;
/// Room for what a compressor puts out that does not know how much it will be.
const ROOM: usize = 1 << 16;
/// Room for unpacked text that is kept for the next files: a single one can be much larger than what is usual.
const KEPT: usize = 1 << 20;
/// What a chunk ends with that is not the last of its file: an empty block, which begins and ends on a byte (RFC 1951, 3.2.4).
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];

/// Where a chunk stands in its file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChunkPosition {
    pub first: bool,
    pub last: bool,
}

impl ChunkPosition {
    /// The whole file in one chunk.
    pub const WHOLE: Self = Self { first: true, last: true };
}

/// Something of an archive in a bundle: so many bytes of its paths are the path below the top folder.
struct Entry {
    path: usize,
    content: Content,
}

enum Content {
    Directory,
    /// A file or a chunk of one: so many bytes of the text, and of the data once it is packed.
    File {
        place: ChunkPosition,
        /// Its chunks come between those of others.
        aside: bool,
        text: usize,
        data: usize,
        /// Once it is packed.
        made: Option<Made>,
    },
}

/// What came out when packed bytes were unpacked again, and was the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    facts: EntryInfo,
    /// Of a whole file. Whoever writes a file in chunks hashes the whole.
    hash: Option<Sha256>,
    /// Of the packed bytes.
    pub(super) seal: Quick,
}

/// Files and directories, in the order in which they are to be written: rendered, and then packed.
#[derive(Default)]
pub struct Bundle {
    entries: Vec<Entry>,
    paths: String,
    text: Vec<u8>,
    /// What was packed, as far as `packed` says; the rest is room that need not be cleared again.
    data: Vec<u8>,
    packed: usize,
    /// Where the path and the text begin of the file that is being rendered.
    open: (usize, usize),
}

/// What a bundle holds, packed.
pub(super) enum Packed<'a> {
    Directory,
    /// A whole file.
    File {
        facts: EntryInfo,
        hash: Sha256,
        seal: Quick,
        data: &'a [u8],
    },
    /// A chunk of a file that is too large to be held at once.
    Chunk(Chunk<'a>),
    /// A chunk of a file whose chunks come between other files and their chunks.
    Aside(Chunk<'a>),
}

/// A chunk of a file; with its text, for whoever hashes the whole.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub(super) place: ChunkPosition,
    facts: EntryInfo,
    seal: Quick,
    pub(super) data: &'a [u8],
    pub(super) text: &'a [u8],
}

impl Chunk<'_> {
    /// The CRC of its text, if text and data still are what they were when they were packed and compared.
    pub(super) fn crc(&self) -> Option<crc32fast::Hasher> {
        let mut crc = crc32fast::Hasher::new();
        crc.update(self.text);
        let found = (crc.clone().finalize(), sums::quick(self.data));
        (found == (self.facts.crc, self.seal)).then_some(crc)
    }
}

impl Bundle {
    /// Empties it; its buffers stay.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.paths.clear();
        self.text.clear();
        self.packed = 0;
        self.open = (0, 0);
    }

    /// Bytes that its buffers have room for, about.
    #[must_use]
    pub fn room(&self) -> usize {
        self.text.capacity() + self.data.capacity() + self.paths.capacity()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Files, chunks and directories in it.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of text in it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Adds the directory `path` (below the top folder; empty for the top folder itself).
    pub fn directory(&mut self, path: &str) {
        self.paths.push_str(path);
        self.entries.push(Entry { path: path.len(), content: Content::Directory });
    }

    /// Begins a file, or the next chunk of one, whose text then goes into [`Bundle::text`] until [`Bundle::end`].
    pub fn begin(&mut self, path: fmt::Arguments<'_>) {
        self.open = (self.paths.len(), self.text.len());
        // Writing into a text does not fail.
        let _infallible = self.paths.write_fmt(path);
    }

    /// Takes what was begun last over from another, which keeps the rest. For an empty one.
    pub fn take_open(&mut self, other: &mut Self) {
        let (path, text) = other.open;
        self.open = (self.paths.len(), self.text.len());
        self.paths.push_str(other.paths.get(path..).unwrap_or_default());
        self.text.extend_from_slice(other.text.get(text..).unwrap_or_default());
        other.paths.truncate(path);
        other.text.truncate(text);
    }

    /// Takes the text of what was begun last.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Bytes of text of what was begun last.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.text.len() - self.open.1
    }

    /// Ends what was begun last.
    pub fn end(&mut self, place: ChunkPosition) {
        self.end_as(place, false);
    }

    fn end_as(&mut self, place: ChunkPosition, aside: bool) {
        let (path, text) = self.open;
        let (path, text) = (self.paths.len() - path, self.text.len() - text);
        self.entries.push(Entry { path, content: Content::File { place, aside, text, data: 0, made: None } });
        self.open = (self.paths.len(), self.text.len());
    }

    /// Adds a file, or the next chunk of one, whose text is at hand.
    pub fn add(&mut self, path: &str, place: ChunkPosition, text: &[u8]) {
        self.begin(format_args!("{path}"));
        self.text.extend_from_slice(text);
        self.end(place);
    }

    /// Adds a file, or the next chunk of one whose chunks come between other files and their chunks: it waits aside until it is
    /// whole.
    pub fn add_aside(&mut self, path: &str, place: ChunkPosition, text: &[u8]) {
        self.begin(format_args!("{path}"));
        self.text.extend_from_slice(text);
        self.end_as(place, true);
    }

    /// Gives what was packed, in order.
    pub(super) fn each(&self, take: &mut dyn FnMut(&str, Packed<'_>) -> Result<()>) -> Result<()> {
        let (mut paths, mut texts, mut all) = (self.paths.as_str(), self.text.as_slice(), self.data.as_slice());
        let unpacked = || Error::new(Kind::Internal, "files of the archive were to be written before they were packed");
        for entry in &self.entries {
            let (path, rest) = paths.split_at_checked(entry.path).ok_or_else(unpacked)?;
            paths = rest;
            let Content::File { place, aside, text, data, made } = &entry.content else {
                take(path, Packed::Directory)?;
                continue;
            };
            let text = texts.split_off(..*text).ok_or_else(unpacked)?;
            let data = all.split_off(..*data).ok_or_else(unpacked)?;
            let Made { facts, hash, seal } = made.ok_or_else(unpacked)?;
            let chunk = || Chunk { place: *place, facts, seal, data, text };
            take(
                path,
                match hash {
                    Some(hash) => Packed::File { facts, hash, seal, data },
                    None if *aside => Packed::Aside(chunk()),
                    None => Packed::Chunk(chunk()),
                },
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl Bundle {
    /// All that was packed.
    pub(super) fn packed(&self) -> &[u8] {
        self.data.get(..self.packed).unwrap_or_default()
    }

    /// What was packed, and the text, for damaging them.
    pub(super) fn buffers(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.data, &mut self.text)
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle").field("entries", &self.entries.len()).field("bytes", &self.text.len()).finish()
    }
}

/// The level at which a whole file of so many bytes is compressed.
#[must_use]
pub const fn level(bytes: usize) -> u8 {
    if bytes <= SMALL { SMALL_LEVEL } else { LEVEL }
}

/// Compresses, compares and hashes.
pub struct Packer {
    /// Made when they are first needed: each holds some hundred kilobytes.
    small: Option<Compressor>,
    whole: Option<Compressor>,
    chunks: Compress,
    proof: Proof,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            small: None,
            whole: None,
            chunks: Compress::new(Compression::new(u32::from(LEVEL)), false),
            proof: Proof::default(),
        }
    }
}

impl Packer {
    /// For lists of check sums.
    pub(super) fn for_sums() -> Self {
        Self { chunks: Compress::new(Compression::new(SUMS_LEVEL.into()), false), ..Self::default() }
    }

    /// Packs what was rendered into a bundle, and compares it. `between` is called between two files.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the compressor fails, or what it packed is not the text.
    pub fn pack(&mut self, bundle: &mut Bundle, between: &mut dyn FnMut()) -> Result<()> {
        let Bundle { entries, paths, text: all, data: out, packed, .. } = bundle;
        let (mut paths, mut texts) = (paths.as_str(), all.as_slice());
        *packed = 0;
        for entry in entries {
            let (path, rest) = paths.split_at_checked(entry.path).unwrap_or_default();
            paths = rest;
            let Content::File { place, text, data, made, .. } = &mut entry.content else { continue };
            let raw = texts.split_off(..*text).unwrap_or_default();
            let (method, bytes) = if *place == ChunkPosition::WHOLE {
                self.pack_whole(out, *packed, raw)?
            } else {
                (Method::Deflated, self.pack_chunk(out, *packed, raw, place.last)?)
            };
            let bytes = out.get(*packed..*packed + bytes).unwrap_or_default();
            let proved = if *place == ChunkPosition::WHOLE {
                self.proof.whole(method, bytes, raw)
            } else {
                self.proof.chunk(bytes, raw, place.last)
            };
            *made = Some(proved.ok_or_else(|| {
                Error::new(Kind::Internal, format!("{path} was packed wrongly: it does not unpack to its text"))
            })?);
            *data = bytes.len();
            *packed += *data;
            between();
        }
        self.proof.shrink();
        Ok(())
    }

    fn pack_whole(&mut self, out: &mut Vec<u8>, at: usize, raw: &[u8]) -> Result<(Method, usize)> {
        let level = level(raw.len());
        let compressor = if level == SMALL_LEVEL { &mut self.small } else { &mut self.whole };
        let compressor =
            compressor.get_or_insert_with(|| Compressor::new(CompressionLvl::new(level.into()).unwrap_or_default()));
        let room = room(out, at, compressor.deflate_compress_bound(raw.len()));
        let length = compressor.deflate_compress(raw, room).context(|| "compressing a file of the archive".into())?;
        if length < raw.len() {
            return Ok((Method::Deflated, length));
        }
        for (place, byte) in room.iter_mut().zip(raw) {
            *place = *byte;
        }
        Ok((Method::Stored, raw.len()))
    }

    /// Chunks can be put together, because each but the last ends on a byte without ending the stream, and none looks back
    /// into the one before: so they can be packed side by side.
    fn pack_chunk(&mut self, out: &mut Vec<u8>, at: usize, raw: &[u8], last: bool) -> Result<usize> {
        self.chunks.reset();
        let flush = if last { FlushCompress::Finish } else { FlushCompress::Full };
        let (mut rest, mut length) = (raw, 0);
        loop {
            let room = room(out, at + length, raw.len() / 2 + ROOM);
            let before = (self.chunks.total_in(), self.chunks.total_out());
            let status =
                self.chunks.compress(rest, room, flush).context(|| "compressing a file of the archive".into())?;
            let moved = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
            let written = moved(self.chunks.total_out(), before.1);
            rest = rest.get(moved(self.chunks.total_in(), before.0)..).unwrap_or_default();
            let to_spare = written < room.len();
            length += written;
            match status {
                Status::StreamEnd => return Ok(length),
                // All is flushed once there was room to spare.
                Status::Ok | Status::BufError if !last && rest.is_empty() && to_spare => return Ok(length),
                Status::BufError if to_spare => {
                    return Err(Error::new(Kind::Internal, "the compressor of the archive made no progress"));
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }
}

/// At least so many bytes from `at` on, whatever they hold.
fn room(out: &mut Vec<u8>, at: usize, bytes: usize) -> &mut [u8] {
    if out.len() < at + bytes {
        out.resize(at + bytes, 0);
    }
    out.get_mut(at..).unwrap_or_default()
}

/// Unpacks what was packed, and compares it with the text.
///
/// The comparison comes last: whatever happened to the packed bytes, to what they were unpacked to or to the text since it
/// was packed, one of the two sums is of something else, or the two texts differ.
pub(super) struct Proof {
    inflate: Decompressor,
    /// Made when it is first needed.
    chunks: Option<Decompress>,
    unpacked: Vec<u8>,
}

impl Default for Proof {
    fn default() -> Self {
        Self { inflate: Decompressor::new(), chunks: None, unpacked: Vec::new() }
    }
}

impl Proof {
    /// What came out of a whole file, if it is the text.
    pub(super) fn whole(&mut self, method: Method, data: &[u8], raw: &[u8]) -> Option<Made> {
        let seal = sums::quick(data);
        let unpacked = match method {
            Method::Stored => data,
            Method::Deflated => {
                let room = room(&mut self.unpacked, 0, raw.len()).get_mut(..raw.len())?;
                let length = self.inflate.deflate_decompress(data, room).ok()?;
                room.get(..length)?
            }
        };
        let hash = Some(sums::sha256(unpacked));
        Some(Made { facts: compared(method, data, unpacked, raw)?, hash, seal })
    }

    /// What came out of a chunk, if it is the text and the next chunk can follow.
    pub(super) fn chunk(&mut self, data: &[u8], raw: &[u8], last: bool) -> Option<Made> {
        let seal = sums::quick(data);
        let inflate = self.chunks.get_or_insert_with(|| Decompress::new(false));
        inflate.reset(false);
        // With a byte to spare: all that was packed is read, also what stands behind the text.
        let room = room(&mut self.unpacked, 0, raw.len() + 1);
        let status = inflate.decompress(data, room, FlushDecompress::None).ok()?;
        let all_read = inflate.total_in() == data.len() as u64;
        let ended = if last { status == Status::StreamEnd } else { status == Status::Ok && data.ends_with(&FLUSHED) };
        let unpacked = room.get(..usize::try_from(inflate.total_out()).ok()?)?;
        let facts = compared(Method::Deflated, data, unpacked, raw)?;
        (all_read && ended).then_some(Made { facts, hash: None, seal })
    }

    /// Gives back what is much more than usual.
    fn shrink(&mut self) {
        if self.unpacked.len() > KEPT {
            self.unpacked = Vec::new();
        }
    }
}

/// What is to be said of an entry, if what came out of it is its text.
fn compared(method: Method, data: &[u8], unpacked: &[u8], raw: &[u8]) -> Option<EntryInfo> {
    let (crc, size) = (crc32fast::hash(unpacked), unpacked.len() as u64);
    let facts = EntryInfo { method, crc, compressed: data.len() as u64, size };
    (unpacked == raw).then_some(facts)
}

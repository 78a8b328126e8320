//! Reads a finished part back from where it lies and compares every entry with what was written: name, CRC, length and
//! SHA-256.
//!
//! A part counts as complete only after this (the worker's last step). Without the list of what was written, `verify` is
//! the judge.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;
use libdeflater::Decompressor;
use sha2::{Digest, Sha256};

use super::container::{ContainerReader, Facts, Method};
use super::part::WrittenPart;
use crate::error::{Context, Error, Kind, Result};
use crate::keys::{hex, hex_digits};

/// Files up to this size are read at once, which is quicker.
const AT_ONCE: u64 = 1 << 20;

/// A part that holds what was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// Bytes of the whole file.
    pub size: u64,
    /// SHA-256 of the whole file, lower-case hexadecimal.
    pub sha256: String,
}

/// Compares a part with what was written into it. `heartbeat` is asked regularly; its error ends the check.
///
/// # Errors
/// [`Kind::Internal`] with the first difference; the heartbeat's error.
pub fn check(part: &mut WrittenPart, heartbeat: &mut dyn FnMut() -> Result<()>) -> Result<Checked> {
    let WrittenPart { path, top, sums, others, .. } = part;
    let label = path.display().to_string();
    let doing = || format!("reading back {label}");
    let differs = |name: &str| Error::new(Kind::Internal, format!("{name} in {label} is not what was written"));
    let hashing = |file| BufReader::with_capacity(1 << 16, Hashing::new(file));
    let mut container = ContainerReader::open(path, hashing)?;
    let mut sums = Sums { file: BufReader::new(sums), line: Vec::new() };
    let (mut contents, mut name) = (Contents::default(), String::new());
    while let Some(facts) = container.next(path, &mut name)? {
        heartbeat()?;
        let short = name.strip_prefix(top.as_str()).and_then(|name| name.strip_prefix('/'));
        let short = short.ok_or_else(|| differs(&name))?;
        let found = contents.read(container.bytes(), &facts).context(|| format!("reading back {short}"))?;
        if found.crc != facts.crc || found.size != facts.size {
            return Err(differs(short));
        }
        if short.is_empty() || short.ends_with('/') {
            continue;
        }
        let (mut hash, mut path) = sums.next().context(doing)?.ok_or_else(|| differs(short))?;
        // The check sums of other parts' files stand before those of the check sums themselves.
        while *others > 0 && path != short.as_bytes() {
            *others -= 1;
            (hash, path) = sums.next().context(doing)?.ok_or_else(|| differs(short))?;
        }
        if path != short.as_bytes() || hash != hex_digits(&found.hash) {
            return Err(differs(short));
        }
    }
    if let Some((_, missing)) = sums.next().context(doing)? {
        return Err(differs(&String::from_utf8_lossy(missing)));
    }
    let whole = container.finish(path)?.into_inner();
    Ok(Checked { size: whole.size, sha256: hex(&whole.hash.finalize()) })
}

/// The check sums as they were written.
struct Sums<R> {
    file: R,
    line: Vec<u8>,
}

impl<R: BufRead> Sums<R> {
    /// The next line: the hash in hexadecimal and the path.
    fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line)?;
        let Some(line) = self.line.strip_suffix(b"\n") else { return Ok(None) };
        match line.split_at_checked(64) {
            Some((hash, rest)) => Ok(Some((hash, rest.strip_prefix(b"  ").unwrap_or_default()))),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// What an entry's bytes turned out to be.
struct Found {
    crc: u32,
    size: u64,
    hash: [u8; 32],
}

/// Unpacks entries; keeps what it needs for that.
struct Contents {
    packed: Vec<u8>,
    unpacked: Vec<u8>,
    inflate: Decompressor,
}

impl Default for Contents {
    fn default() -> Self {
        Self { packed: Vec::new(), unpacked: Vec::new(), inflate: Decompressor::new() }
    }
}

impl Contents {
    fn read(&mut self, reader: &mut impl BufRead, facts: &Facts) -> io::Result<Found> {
        if facts.method == Method::Deflated && facts.size.max(facts.compressed) > AT_ONCE {
            let mut packed = reader.take(facts.compressed);
            let found = digest(&mut DeflateDecoder::new(&mut packed))?;
            return if packed.limit() == 0 { Ok(found) } else { Err(io::ErrorKind::InvalidData.into()) };
        }
        if facts.method == Method::Stored {
            return digest(&mut reader.take(facts.compressed));
        }
        // Both are small.
        let room = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        self.packed.resize(room(facts.compressed), 0);
        self.unpacked.resize(room(facts.size), 0);
        reader.read_exact(&mut self.packed)?;
        let size = self.inflate.deflate_decompress(&self.packed, &mut self.unpacked).map_err(io::Error::other)? as u64;
        Ok(Found { crc: crc32fast::hash(&self.unpacked), size, hash: Sha256::digest(&self.unpacked).into() })
    }
}

/// What everything is that `reader` gives.
fn digest(reader: &mut impl Read) -> io::Result<Found> {
    let mut buffer = vec![0; 1 << 16];
    let (mut crc, mut size, mut hash) = (crc32fast::Hasher::new(), 0, Sha256::new());
    loop {
        let read = reader.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(Found { crc: crc.finalize(), size, hash: hash.finalize().into() });
        };
        crc.update(bytes);
        hash.update(bytes);
        size += read as u64;
    }
}

/// Hashes what passes through.
struct Hashing {
    file: File,
    size: u64,
    hash: Sha256,
}

impl Hashing {
    fn new(file: File) -> Self {
        Self { file, size: 0, hash: Sha256::new() }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.size += read as u64;
        Ok(read)
    }
}

//! Reads a finished part back from where it lies and compares it with what was written; its SHA-256 is made of what was read.
//!
//! A part counts as complete only after this (the worker's last step). That each file is what its check sum says is proved in
//! steps, each where its bytes are at hand, and each begins with what the one before has proved:
//!
//! | Step | What it proves |
//! |---|---|
//! | pack ([`crate::archive::pack`]) | the packed bytes unpack to the text, byte for byte; CRC, length and SHA-256 are of what came out; the seal is of the packed bytes |
//! | write ([`crate::archive::part`], [`crate::archive::container`]) | a chunk still is what it was when it was packed; the list of check sums holds what was noted; the seal of the part is made of the seals of the packed bytes and of the headers as they are handed over |
//! | read back (here) | all bytes that lie there are those that were sealed, and directory and entries agree; so the SHA-256 made of them is that of what was packed |
//!
//! So no text need be unpacked and hashed again. Without the seal, which nobody keeps, `verify` is the judge.

use std::io::BufReader;

use super::container::ContainerReader;
use super::part::WrittenPart;
use crate::error::{Error, Kind, Result};
use crate::keys::hex;
use crate::sums::Hashing;

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
/// [`Kind::Internal`] if anything differs; the heartbeat's error.
pub fn check(part: &WrittenPart, heartbeat: &mut dyn FnMut() -> Result<()>) -> Result<Checked> {
    let WrittenPart { path, seal, .. } = part;
    let hashing = |file| BufReader::with_capacity(1 << 16, Hashing::new(file));
    let mut container = ContainerReader::open(path, hashing)?;
    while container.next(path)? {
        heartbeat()?;
    }
    let (whole, found) = container.finish(path)?;
    if found != *seal {
        return Err(Error::new(Kind::Internal, format!("{} is not what was written", path.display())));
    }
    let (size, sha256) = whole.into_inner().finish();
    Ok(Checked { size, sha256: hex(&sha256) })
}

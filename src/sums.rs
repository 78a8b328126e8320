//! Check sums: SHA-256, which archives, pages and tags show, and a quick one that never leaves the process.
//!
//! Here is how they are made, of bytes at hand or of a stream. What is hashed, and what it proves, is decided by those who
//! call: the archive (`archive`), sessions (`identity`), tags and addresses (`http`). [`crate::keys`] writes them as text.

use std::fmt;
use std::io::{self, Read};

use ring::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use twox_hash::XxHash3_128;

/// A SHA-256.
pub type Sha256 = [u8; SHA256_OUTPUT_LEN];

/// The SHA-256 of bytes at hand.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256 {
    array(digest::digest(&SHA256, bytes))
}

/// Both are of the one length, which the type holds.
fn array(digest: digest::Digest) -> Sha256 {
    let mut sum = [0; SHA256_OUTPUT_LEN];
    for (place, byte) in sum.iter_mut().zip(digest.as_ref()) {
        *place = *byte;
    }
    sum
}

/// The SHA-256 of bytes that come one after the other.
#[derive(Clone)]
pub struct Sha256Stream(digest::Context);

impl Sha256Stream {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The SHA-256 of all that came.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        array(self.0.finish())
    }
}

impl Default for Sha256Stream {
    fn default() -> Self {
        Self(digest::Context::new(&SHA256))
    }
}

impl fmt::Debug for Sha256Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256Stream(…)")
    }
}

/// Takes the SHA-256 of what is read through it.
#[derive(Debug)]
pub struct Hashing<R> {
    reader: R,
    size: u64,
    hash: Sha256Stream,
}

impl<R> Hashing<R> {
    /// Of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self { reader, size: 0, hash: Sha256Stream::default() }
    }

    /// How many bytes were read, and their SHA-256.
    #[must_use]
    pub fn finish(self) -> (u64, Sha256) {
        (self.size, self.hash.finish())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        self.size += read as u64;
        Ok(read)
    }
}

/// A quick check sum (XXH3, 128 bits), with which a process finds again what it has written. No accident makes two texts of
/// the same one; a person can, so that it is neither stored nor shown to anyone.
pub type Quick = u128;

/// The quick check sum of bytes at hand.
#[must_use]
pub fn quick(bytes: &[u8]) -> Quick {
    XxHash3_128::oneshot(bytes)
}

/// The quick check sum of bytes that come one after the other.
#[derive(Clone)]
pub struct QuickStream(XxHash3_128);

impl QuickStream {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The check sum of all that came.
    #[must_use]
    pub fn finish(self) -> Quick {
        self.0.finish_128()
    }
}

impl Default for QuickStream {
    fn default() -> Self {
        Self(XxHash3_128::new())
    }
}

impl fmt::Debug for QuickStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuickStream(…)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::keys::hex;

    /// FIPS 180-2, appendix B.
    #[test]
    fn sha_256_is_the_standards() {
        let long = "a".repeat(1_000_000);
        for (text, sum) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (&long, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ] {
            assert_eq!(hex(&sha256(text.as_bytes())), sum);
        }
    }

    proptest! {
        /// Wherever the stream is cut, and however it is read.
        #[test]
        fn a_streams_sum_is_that_of_its_bytes(chunks in proptest::collection::vec(any::<Vec<u8>>(), 0..9)) {
            let whole = chunks.concat();
            let (mut sha, mut fast) = (Sha256Stream::default(), QuickStream::default());
            for chunk in &chunks {
                sha.update(chunk);
                fast.update(chunk);
            }
            prop_assert_eq!((sha.finish(), fast.finish()), (sha256(&whole), quick(&whole)));
            let mut reader = Hashing::new(whole.as_slice());
            io::copy(&mut reader, &mut io::sink()).unwrap();
            prop_assert_eq!(reader.finish(), (whole.len() as u64, sha256(&whole)));
        }
    }
}

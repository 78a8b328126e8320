//! An object as a file that can be read: fetched in windows, each a request of its own, so that memory is bounded and a reader who
//! takes hours holds no connection that the store would end meanwhile.
//!
//! [`crate::blobs::bucket`] opens it.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;

use super::bucket::Bucket;

/// The first window of one who jumps to a place: of most, only a little is read.
const FIRST: u64 = 256 << 10;
/// The largest: each after the other is twice as long, so that a whole archive takes few requests.
const LARGEST: u64 = 16 << 20;
/// Whoever jumps forward by no more than this gets there by reading.
const SKIP: u64 = 128 << 10;

/// An object that is being read.
pub struct Object {
    bucket: Bucket,
    path: Path,
    size: u64,
    tag: Option<String>,
    /// What is read next.
    at: u64,
    /// Bytes that have arrived, and where they begin.
    chunk: Bytes,
    chunk_at: u64,
    window: Option<Window>,
    next_length: u64,
    patient: bool,
}

/// What is being fetched.
struct Window {
    bytes: BoxStream<'static, object_store::Result<Bytes>>,
    /// Where its next bytes lie, and where it ends.
    at: u64,
    end: u64,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("path", &self.path).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Object {
    pub(super) fn new(bucket: Bucket, path: Path, size: u64, tag: Option<String>) -> Self {
        let (chunk, chunk_at, window) = (Bytes::new(), 0, None);
        Self { bucket, path, size, tag, at: 0, chunk, chunk_at, window, next_length: FIRST, patient: false }
    }

    /// For one who works, and nobody waits.
    pub(super) fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What has arrived from the place that is read next.
    fn arrived(&self) -> Option<Bytes> {
        let from = usize::try_from(self.at.checked_sub(self.chunk_at)?).ok()?;
        (from < self.chunk.len()).then(|| self.chunk.slice(from..))
    }

    /// Waits for bytes of the place that is read next.
    fn fetch(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(arrived) = self.arrived() {
                return Ok(arrived);
            }
            let mut window = match self.window.take() {
                Some(window) if window.leads_to(self.at) => window,
                left => self.open(left.is_some_and(|window| window.at == self.at))?,
            };
            let next = self.bucket.wait(async { window.bytes.next().await }).map_err(io::Error::other)?;
            match next {
                Some(Ok(bytes)) => {
                    (self.chunk_at, self.chunk) = (window.at, bytes);
                    window.at += self.chunk.len() as u64;
                    self.window = Some(window);
                }
                Some(Err(error)) => return Err(io::Error::other(self.bucket.trouble(error))),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Asks for the window that begins at the place that is read next.
    fn open(&mut self, goes_on: bool) -> io::Result<Window> {
        self.next_length = if goes_on { LARGEST.min(self.next_length * 2) } else { FIRST };
        let (at, end) = (self.at, self.size.min(self.at.saturating_add(self.next_length)));
        let got = self.bucket.get(&self.path, at..end, self.patient).map_err(io::Error::other)?;
        if got.meta.size != self.size || got.meta.e_tag != self.tag {
            return Err(io::Error::other("the object was replaced while it was read"));
        }
        Ok(Window { bytes: got.into_stream(), at, end })
    }
}

impl Window {
    fn leads_to(&self, place: u64) -> bool {
        self.at < self.end && (self.at..self.end).contains(&place) && place - self.at <= SKIP
    }
}

impl Read for Object {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.size {
            return Ok(0);
        }
        let bytes = self.fetch()?;
        let count = (&*bytes).read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Object {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

//! The `.zip` format, as far as an archive needs it: entries that are compressed already, written one after the other, and
//! read back in the same order.
//!
//! Written by hand, because the `zip` crate makes a compressor for each entry and keeps every entry in memory, which costs
//! an archive of many small files most of its time and memory (`docs/performance.md` compares them). What it writes is read
//! by `zip` in `verify`, and by six other programs in the tests. Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12
//! and 4.3.16; no Zip64, no data descriptors, no extra fields.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{Datelike, Timelike};
use zip::DateTime;

use crate::error::{Context, Error, Kind, Result};
use crate::model::Timestamp;
use crate::numbers;
use crate::sums::{self, Quick, QuickStream};

/// The most that a `.zip` without Zip64 can hold, with which old unzip programs stop.
pub(super) const MAX_BYTES: u64 = u32::MAX as u64 - 1;
const MAX_ENTRIES: u32 = u16::MAX as u32 - 1;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Deflate and directories.
const VERSION: u16 = 20;
/// Made by that version on Unix, so that permissions are understood.
const MADE_BY: u16 = (3 << 8) | VERSION;
/// The name is UTF-8.
const UTF8: u16 = 1 << 11;
/// CRC and sizes stand behind the entry.
const BEHIND: u16 = 1 << 3;
const DIRECTORY: u32 = (0o040_755 << 16) | 0x10;
const REGULAR: u32 = 0o100_644 << 16;

/// How an entry's bytes are held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Method {
    Stored,
    /// RFC 1951.
    Deflated,
}

impl Method {
    const fn code(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// What the headers say of an entry beside its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct EntryInfo {
    pub(super) method: Method,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
}

impl EntryInfo {
    const EMPTY: Self = Self { method: Method::Stored, crc: 0, compressed: 0, size: 0 };
}

/// Writes a `.zip`. Its directory waits in a file of its own until the end, so that no entry stays in memory.
pub(super) struct ContainerWriter {
    path: PathBuf,
    /// The top folder with its `/`, below which every entry lies.
    top: String,
    file: BufWriter<File>,
    position: u64,
    directory: BufWriter<File>,
    directory_bytes: u64,
    directory_seal: QuickStream,
    seal: Seal,
    entries: u32,
    /// Date and time of every entry.
    time: (u16, u16),
    /// An entry whose bytes come one after the other, and where it begins.
    open: Option<(String, u64)>,
    /// For headers, one after the other.
    header: Vec<u8>,
}

impl ContainerWriter {
    /// Begins a `.zip` at `path`, every entry below the folder `top` and dated `at`.
    pub(super) fn create(path: PathBuf, top: &str, at: Timestamp) -> Result<Self> {
        let doing = || format!("creating {}", path.display());
        let file = BufWriter::with_capacity(1 << 18, File::create_new(&path).context(doing)?);
        let folder = path.parent().unwrap_or(Path::new("."));
        let directory = BufWriter::new(tempfile::tempfile_in(folder).context(doing)?);
        let time = entry_time(at);
        let time = (time.datepart(), time.timepart());
        Ok(Self {
            path,
            top: format!("{top}/"),
            file,
            position: 0,
            directory,
            directory_bytes: 0,
            directory_seal: QuickStream::default(),
            seal: Seal::default(),
            entries: 0,
            time,
            open: None,
            header: Vec::new(),
        })
    }

    /// Adds the directory `name`; without a name, the top folder itself.
    pub(super) fn directory(&mut self, name: &str) -> Result<()> {
        let (offset, end) = (self.position, if name.is_empty() { "" } else { "/" });
        self.local(name, end, &EntryInfo::EMPTY)?;
        self.list(name, end, &EntryInfo::EMPTY, (offset, sums::quick(b"")))
    }

    /// Adds a file whose bytes are at hand. Here and in what follows, `seal` is the quick check sum of its bytes, which was
    /// made where they were.
    pub(super) fn file(&mut self, name: &str, facts: &EntryInfo, seal: Quick, bytes: &[u8]) -> Result<()> {
        let offset = self.position;
        self.local(name, "", facts)?;
        self.write(bytes)?;
        self.list(name, "", facts, (offset, seal))
    }

    /// Adds a file whose bytes `reader` gives, as many as `facts` says.
    pub(super) fn copy(&mut self, name: &str, facts: &EntryInfo, seal: Quick, reader: &mut impl Read) -> Result<()> {
        let offset = self.position;
        self.local(name, "", facts)?;
        let copied = io::copy(reader, &mut self.file).context(|| format!("writing {name} to the archive"))?;
        if copied != facts.compressed {
            return Err(Error::new(Kind::Internal, format!("{name} is not as long as it was")));
        }
        self.position += copied;
        self.list(name, "", facts, (offset, seal))
    }

    /// Begins a file whose bytes are too many to be at hand.
    pub(super) fn begin(&mut self, name: &str) -> Result<()> {
        self.open = Some((name.to_owned(), self.position));
        // The header's place; the facts follow.
        self.local(name, "", &EntryInfo { method: Method::Deflated, ..EntryInfo::EMPTY })
    }

    /// The next bytes of the file begun last.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)
    }

    /// Ends the file begun last.
    pub(super) fn end(&mut self, facts: &EntryInfo, seal: Quick) -> Result<()> {
        let Some((name, offset)) = self.open.take() else {
            return Err(Error::new(Kind::Internal, "a file of the archive was ended before it was begun"));
        };
        let end = self.position;
        let doing = || format!("writing {name} to the archive");
        self.file.seek(SeekFrom::Start(offset)).context(doing)?;
        self.position = offset;
        self.local(&name, "", facts)?;
        self.file.seek(SeekFrom::Start(end)).context(doing)?;
        self.position = end;
        self.list(&name, "", facts, (offset, seal))
    }

    /// Writes the directory and makes the file durable. Gives its path and its seal.
    pub(super) fn finish(mut self) -> Result<(PathBuf, Quick)> {
        let doing = || format!("finishing {}", self.path.display());
        let offset = field(self.position, &self.path)?;
        let size = field(self.directory_bytes, &self.path)?;
        let mut directory = self.directory.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        directory.rewind().context(doing)?;
        io::copy(&mut directory, &mut self.file).context(doing)?;
        let entries = numbers::exact::<_, u16>(self.entries)?.to_le_bytes();
        let mut end = Vec::with_capacity(22);
        end.extend(END.to_le_bytes());
        end.extend([0; 4]);
        end.extend(entries);
        end.extend(entries);
        end.extend(size.to_le_bytes());
        end.extend(offset.to_le_bytes());
        end.extend([0; 2]);
        self.directory_seal.update(&end);
        self.file.write_all(&end).context(doing)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error).context(doing)?;
        file.sync_all().context(doing)?;
        Ok((self.path, self.seal.finish(self.directory_seal.finish())))
    }

    /// The header before the entry's bytes. `end` follows its name.
    fn local(&mut self, name: &str, end: &str, facts: &EntryInfo) -> Result<()> {
        self.header.clear();
        self.header.extend(LOCAL.to_le_bytes());
        self.common(name, end, facts)?;
        self.name(name, end);
        self.position += self.header.len() as u64;
        self.file.write_all(&self.header).context(|| format!("writing {}", self.path.display()))
    }

    /// What both headers of an entry say alike, up to the lengths of name and extra field.
    fn common(&mut self, name: &str, end: &str, facts: &EntryInfo) -> Result<()> {
        let (top, header) = (&self.top, &mut self.header);
        let flags = if top.is_ascii() && name.is_ascii() { 0 } else { UTF8 };
        for number in [VERSION, flags, facts.method.code(), self.time.1, self.time.0] {
            header.extend(number.to_le_bytes());
        }
        header.extend(facts.crc.to_le_bytes());
        header.extend(field(facts.compressed, &self.path)?.to_le_bytes());
        header.extend(field(facts.size, &self.path)?.to_le_bytes());
        let length: u16 = numbers::exact(top.len() + name.len() + end.len())?;
        header.extend(length.to_le_bytes());
        header.extend([0; 2]);
        Ok(())
    }

    fn name(&mut self, name: &str, end: &str) {
        for text in [&self.top, name, end] {
            self.header.extend(text.as_bytes());
        }
    }

    /// Seals the entry whose header was the last, and lists it in the directory: where it begins, and the seal of its bytes.
    fn list(&mut self, name: &str, end: &str, facts: &EntryInfo, (offset, seal): (u64, Quick)) -> Result<()> {
        self.seal.entry(&[self.header.as_slice()], seal);
        let is_directory = end == "/" || name.is_empty();
        self.header.clear();
        self.header.extend(CENTRAL.to_le_bytes());
        self.header.extend(MADE_BY.to_le_bytes());
        self.common(name, end, facts)?;
        self.header.extend([0; 6]);
        self.header.extend(if is_directory { DIRECTORY } else { REGULAR }.to_le_bytes());
        self.header.extend(field(offset, &self.path)?.to_le_bytes());
        self.name(name, end);
        self.directory_seal.update(&self.header);
        self.directory.write_all(&self.header).context(|| format!("listing {name} in the archive"))?;
        self.directory_bytes += self.header.len() as u64;
        self.entries += 1;
        if self.entries > MAX_ENTRIES || self.position + self.directory_bytes > MAX_BYTES {
            return Err(too_large(&self.path));
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.position += bytes.len() as u64;
        self.file.write_all(bytes).context(|| format!("writing {}", self.path.display()))
    }
}

#[cfg(test)]
impl ContainerWriter {
    /// Turns a bit of the directory, while it waits.
    pub(super) fn damage_directory(&mut self, at: u64) {
        assert!(self.directory.flush().is_ok());
        crate::archive::part::turn(self.directory.get_mut(), SeekFrom::Start(at));
    }
}

/// A number as a zip without Zip64 can hold it.
fn field(number: u64, path: &Path) -> Result<u32> {
    u32::try_from(number).ok().filter(|_| number <= MAX_BYTES).ok_or_else(|| too_large(path))
}

fn too_large(path: &Path) -> Error {
    Error::conflict(
        "A part of the archive, or a file in it, would be larger than 4 GiB, with which many unzip programs can't deal. \
         Request fewer days at a time.",
    )
    .because(format!("{} is full", path.display()))
}

/// The instant in UTC, as far as a zip can hold it: even seconds of the years 1980 to 2107.
fn entry_time(at: Timestamp) -> DateTime {
    let at = at.to_utc().naive_utc();
    let (Ok(year), date, time) = (u16::try_from(at.year()), at.date(), at.time()) else { return DateTime::default() };
    let byte = |number: u32| u8::try_from(number).unwrap_or_default();
    match year {
        ..1980 => DateTime::default(),
        1980..=2107 => DateTime::from_date_and_time(
            year,
            byte(date.month()),
            byte(date.day()),
            byte(time.hour()),
            byte(time.minute()),
            byte(time.second()),
        )
        .unwrap_or_default(),
        _ => DateTime::from_date_and_time(2107, 12, 31, 23, 59, 58).unwrap_or_default(),
    }
}

/// The quick check sum of a whole `.zip`: of the header of each entry and the check sum of its bytes, in their order, and of the
/// check sum of what follows them. Of the bytes only check sums are needed, which are made as soon as there are bytes, by
/// whoever packs them.
#[derive(Default)]
struct Seal(QuickStream);

impl Seal {
    fn entry(&mut self, header: &[&[u8]], bytes: Quick) {
        for chunk in header {
            self.0.update(chunk);
        }
        self.0.update(&bytes.to_le_bytes());
    }

    fn finish(mut self, rest: Quick) -> Quick {
        self.0.update(&rest.to_le_bytes());
        self.0.finish()
    }
}

/// Reads a `.zip` written by [`ContainerWriter`] from beginning to end, directory and entries side by side. A directory that
/// does not agree with the entries is an error; whether both are as they were written, its seal shows.
pub(super) struct ContainerReader<R> {
    /// The whole file, read once, in order.
    file: R,
    position: u64,
    directory: BufReader<File>,
    directory_offset: u64,
    left: u16,
    name: Vec<u8>,
    local_name: Vec<u8>,
    seal: Seal,
}

impl<R: BufRead> ContainerReader<R> {
    /// Opens the `.zip` at `path`; `reader` makes of it what is read once, in order.
    pub(super) fn open(path: &Path, reader: impl FnOnce(File) -> R) -> Result<Self> {
        let doing = || format!("reading back {}", path.display());
        let mut directory = File::open(path).context(doing)?;
        let length = directory.metadata().context(doing)?.len();
        directory.seek(SeekFrom::Start(length.saturating_sub(22))).context(doing)?;
        let mut end = [0; 22];
        directory.read_exact(&mut end).context(doing)?;
        let mut end = Fields(&end);
        let (signature, zero, disk, entries) = (end.u32(), end.u32(), end.u16(), end.u16());
        let (size, offset, comment) = (end.u32(), end.u32(), end.u16());
        let whole = u64::from(size) + u64::from(offset) + 22 == length;
        if signature != END || zero != 0 || disk != entries || comment != 0 || !whole {
            return Err(damaged(path, "its end"));
        }
        directory.seek(SeekFrom::Start(offset.into())).context(doing)?;
        Ok(Self {
            file: reader(File::open(path).context(doing)?),
            position: 0,
            directory: BufReader::new(directory),
            directory_offset: offset.into(),
            left: entries,
            name: Vec::new(),
            local_name: Vec::new(),
            seal: Seal::default(),
        })
    }

    /// Reads the next entry; returns whether there was one.
    pub(super) fn next(&mut self, path: &Path) -> Result<bool> {
        let doing = || format!("reading back {}", path.display());
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let mut central = [0; 46];
        self.directory.read_exact(&mut central).context(doing)?;
        let mut fields = Fields(&central);
        let (signature, made_by) = (fields.u32(), fields.u16());
        let common = fields.common();
        let (rest, attributes, offset) = (fields.take::<6>(), fields.u32(), fields.u32());
        self.name.resize(common.name.into(), 0);
        self.directory.read_exact(&mut self.name).context(doing)?;
        let mut local = [0; 30];
        self.file.read_exact(&mut local).context(doing)?;
        let mut fields = Fields(&local);
        let (local_signature, local_common) = (fields.u32(), fields.common());
        self.local_name.resize(self.name.len(), 0);
        self.file.read_exact(&mut self.local_name).context(doing)?;
        let headers = signature == CENTRAL && local_signature == LOCAL && made_by == MADE_BY && rest == [0; 6];
        let right_kind = attributes == if self.name.ends_with(b"/") { DIRECTORY } else { REGULAR };
        let same = common == local_common && self.name == self.local_name && u64::from(offset) == self.position;
        let Some(facts) = common.facts().filter(|_| headers && right_kind && same) else {
            return Err(damaged(path, &String::from_utf8_lossy(&self.name)));
        };
        let bytes = quick_of(&mut self.file, facts.compressed).context(doing)?;
        self.seal.entry(&[local.as_slice(), self.local_name.as_slice()], bytes);
        self.position += (local.len() + self.name.len()) as u64 + facts.compressed;
        Ok(true)
    }

    /// Reads what follows the entries; gives back what was read from, and the seal of what was read.
    pub(super) fn finish(mut self, path: &Path) -> Result<(R, Quick)> {
        if self.position != self.directory_offset {
            return Err(damaged(path, "its directory"));
        }
        let rest = quick_of(&mut self.file, u64::MAX).context(|| format!("reading back {}", path.display()))?;
        Ok((self.file, self.seal.finish(rest)))
    }
}

/// The quick check sum of the next so many bytes, or of as many as there are.
fn quick_of(reader: &mut impl BufRead, bytes: u64) -> io::Result<Quick> {
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    if let Some(all) = reader.fill_buf()?.get(..left) {
        let sum = sums::quick(all);
        reader.consume(left);
        return Ok(sum);
    }
    let mut sum = QuickStream::default();
    loop {
        let some = reader.fill_buf()?;
        let some = some.get(..left).unwrap_or(some);
        if some.is_empty() {
            return Ok(sum.finish());
        }
        sum.update(some);
        let length = some.len();
        reader.consume(length);
        left -= length;
    }
}

/// Whether what stands before an entry agrees with what the directory says of it, given where each begins: name, flags,
/// method, and CRC and sizes unless these stand behind the entry. Some programs go by the one, some by the other. For any
/// `.zip`, also one that was packed anew.
pub(super) fn headers_agree(file: &mut (impl Read + Seek), local: u64, central: u64) -> io::Result<bool> {
    let (mut before, mut listed) = ([0; 30], [0; 46]);
    file.seek(SeekFrom::Start(central))?;
    file.read_exact(&mut listed)?;
    let mut fields = Fields(&listed);
    let (listed_signature, _made_by, listed) = (fields.u32(), fields.u16(), fields.common());
    let mut listed_name = vec![0; listed.name.into()];
    file.read_exact(&mut listed_name)?;
    file.seek(SeekFrom::Start(local))?;
    file.read_exact(&mut before)?;
    let mut fields = Fields(&before);
    let (signature, before) = (fields.u32(), fields.common());
    let mut name = vec![0; before.name.into()];
    file.read_exact(&mut name)?;
    let sizes = |common: &Common| (common.crc, common.compressed, common.size);
    let behind = before.flags() & BEHIND != 0;
    Ok((signature, listed_signature) == (LOCAL, CENTRAL)
        && (before.flags(), before.method) == (listed.flags(), listed.method)
        && (behind || sizes(&before) == sizes(&listed))
        && name == listed_name)
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::new(Kind::Internal, format!("{} is not as it was written: {what}", path.display()))
}

/// The numbers of a header, one after the other.
struct Fields<'a>(&'a [u8]);

/// What both headers of an entry say alike.
#[derive(Eq, PartialEq)]
struct Common {
    versions: [u8; 4],
    method: u16,
    time: [u8; 4],
    crc: u32,
    compressed: u32,
    size: u32,
    name: u16,
    extra: u16,
}

impl Common {
    const fn flags(&self) -> u16 {
        let [_, _, flags @ ..] = self.versions;
        u16::from_le_bytes(flags)
    }

    fn facts(&self) -> Option<EntryInfo> {
        let method = match self.method {
            0 => Method::Stored,
            8 => Method::Deflated,
            _ => return None,
        };
        (self.extra == 0).then_some(EntryInfo {
            method,
            crc: self.crc,
            compressed: self.compressed.into(),
            size: self.size.into(),
        })
    }
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((bytes, rest)) = self.0.split_first_chunk() else { return [0; N] };
        self.0 = rest;
        *bytes
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn common(&mut self) -> Common {
        Common {
            versions: self.take(),
            method: self.u16(),
            time: self.take(),
            crc: self.u32(),
            compressed: self.u32(),
            size: self.u32(),
            name: self.u16(),
            extra: self.u16(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_times_fit_into_a_zip() {
        let time = |text: &str| entry_time(text.parse().unwrap_or_default()).to_string();
        assert_eq!(time("2026-03-01T10:11:13.5Z"), "2026-03-01 10:11:12");
        assert_eq!(time("1970-01-01T00:00:00Z"), "1980-01-01 00:00:00");
        assert_eq!(time("9999-01-01T00:00:00Z"), "2107-12-31 23:59:58");
    }
}

//! JSON Lines as they come: a file, a folder of them, or standard input; one line in memory at a time.
//!
//! Here lives the cutting into lines and the position of each. What a line means is the caller's: the events
//! and the Mattermost reader.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{FilePlace, Sink, file_name, unreadable};
use crate::error::{Error, Kind, Result};

/// Bytes of the longest line that is read: memory must not grow with what a file holds.
const LONGEST_LINE: usize = 16 * 1024 * 1024;
/// Lines between two calls of [`Sink::progress`].
const PROGRESS_EVERY: u64 = 500;

/// Understands one line, which is never blank.
pub(super) trait LineReader<F> {
    /// Takes the line at `place`.
    fn line(&mut self, place: &FilePlace, line: &[u8], sink: &mut dyn Sink<F>) -> Result<()>;
}

/// Gives every line of what lies at `path` to `reader`: a file, all `*.jsonl` of a folder by name, or `-` for standard
/// input.
pub(super) fn read<F>(path: &Path, reader: &mut dyn LineReader<F>, sink: &mut dyn Sink<F>) -> Result<()> {
    if path == Path::new("-") {
        let place = FilePlace::file(file_name(path));
        return Pass { path, done: 0, total: 0 }.read(&place, io::stdin().lock(), reader, sink);
    }
    let about = path.metadata().map_err(|cause| unreadable(path, cause))?;
    let files = if about.is_dir() { folder(path, sink)? } else { vec![path.to_owned()] };
    let total = files.iter().filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
    let mut done = 0;
    for file in files {
        let open = File::open(&file).map_err(|cause| unreadable(&file, cause))?;
        let mut pass = Pass { path: &file, done, total };
        pass.read(&FilePlace::file(file_name(&file)), BufReader::new(open), reader, sink)?;
        done = pass.done;
    }
    Ok(())
}

/// The `*.jsonl` of a folder by name; whatever else lies there is reported.
fn folder<F>(path: &Path, sink: &mut dyn Sink<F>) -> Result<Vec<PathBuf>> {
    let mut all = path
        .read_dir()
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>())
        .map_err(|cause| unreadable(path, cause))?;
    all.sort();
    let (files, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|file| file.is_file() && file.extension().is_some_and(|end| end == "jsonl"));
    for other in others {
        sink.note(&FilePlace::file(file_name(&other)), "not read: its name does not end in .jsonl".to_owned())?;
    }
    if files.is_empty() {
        let message = format!("There is no file in “{}” whose name ends in .jsonl.", path.display());
        return Err(Error::new(Kind::Invalid, message));
    }
    Ok(files)
}

/// One file on its way through a reader.
struct Pass<'a> {
    path: &'a Path,
    done: u64,
    total: u64,
}

impl Pass<'_> {
    fn read<F>(
        &mut self,
        file: &FilePlace,
        mut input: impl BufRead,
        reader: &mut dyn LineReader<F>,
        sink: &mut dyn Sink<F>,
    ) -> Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            let length = self.next(&mut input, &mut line).map_err(|cause| unreadable(self.path, cause))?;
            if length == 0 {
                break;
            }
            self.done = self.done.saturating_add(length);
            if number % PROGRESS_EVERY == 0 {
                sink.progress(self.done, self.total);
            }
            if number == 1 {
                if line.starts_with(b"PK\x03\x04") {
                    let message = format!("“{}” is a zip: unpack it and name the .jsonl inside.", self.path.display());
                    return Err(Error::new(Kind::Invalid, message));
                }
                if line.contains(&0) || (std::str::from_utf8(&line).is_err() && !line.starts_with(b"{")) {
                    let message = format!("“{}” is no text, so it holds no JSON Lines.", self.path.display());
                    return Err(Error::new(Kind::Invalid, message));
                }
                if line.starts_with("\u{feff}".as_bytes()) {
                    line.drain(..'\u{feff}'.len_utf8());
                }
            }
            let place = file.line(number);
            if line.len() > LONGEST_LINE {
                let limit = LONGEST_LINE / 1024 / 1024;
                sink.problem(&place, format!("the line is longer than {limit} MiB"))?;
                line = Vec::new();
            } else if !line.trim_ascii().is_empty() {
                reader.line(&place, line.trim_ascii(), sink)?;
            }
        }
        sink.progress(self.done, self.total);
        Ok(())
    }

    /// Reads the next line into `line`, of one that is too long only a little more than may be. Returns the bytes that
    /// it has, its end included; 0 at the end.
    fn next(&self, input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
        line.clear();
        let mut length = input.by_ref().take(LONGEST_LINE as u64 + 2).read_until(b'\n', line)? as u64;
        if line.len() > LONGEST_LINE && !line.ends_with(b"\n") {
            length += skip_line(input)?;
        }
        Ok(length)
    }
}

/// Reads up to the end of the line without keeping it.
fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(buffer.len());
        input.consume(used);
        skipped += used as u64;
        if end.is_some() || used == 0 {
            return Ok(skipped);
        }
    }
}

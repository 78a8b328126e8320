//! The files of a Slack export, be it a zip or a folder, by their names within the export.
//!
//! Here lives access to the bytes; nothing is ever unpacked to disk. What the files mean is for the modules beside this.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::capture::sources::{FilePlace, Sink, file_name, unreadable};
use crate::error::{Error, Kind, Result};

/// Bytes of the largest file that is read: a day of the busiest channel stays far below.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;
/// Folders within folders that are looked into.
const DEEPEST: usize = 4;

/// One readable file of an export.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Entry {
    /// Path within the export; `/` separates folders.
    pub(super) name: String,
    /// Bytes, once unpacked.
    pub(super) size: u64,
    /// Its number within the zip; 0 in a folder.
    index: usize,
}

/// Where the bytes are.
pub(super) enum ExportFiles {
    Folder(PathBuf),
    Zip(Box<ZipArchive<BufReader<File>>>),
}

/// Opens an export and lists its readable files by name; what else it holds is reported to `sink`.
pub(super) fn open(path: &Path, sink: &mut dyn Sink) -> Result<(ExportFiles, Vec<Entry>)> {
    let mut entries = Vec::new();
    if path == Path::new("-") {
        // A zip is read from its end.
        let mut file = tempfile::tempfile().map_err(|cause| unreadable(path, cause))?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(|cause| unreadable(path, cause))?;
        return open_zip(path, file, entries, sink);
    }
    if path.metadata().map_err(|cause| unreadable(path, cause))?.is_dir() {
        // The people and the channels are in these two; an export that was unpacked with its outer folder has them in it.
        let root = only_folder(path).unwrap_or_else(|| path.to_owned());
        list_folder(&root, "", DEEPEST, &mut entries, sink)?;
        entries.sort();
        return Ok((ExportFiles::Folder(root), entries));
    }
    let file = File::open(path).map_err(|cause| unreadable(path, cause))?;
    open_zip(path, file, entries, sink)
}

fn open_zip(
    path: &Path,
    file: File,
    mut entries: Vec<Entry>,
    sink: &mut dyn Sink,
) -> Result<(ExportFiles, Vec<Entry>)> {
    let zip = ZipArchive::new(BufReader::new(file)).map_err(|cause| {
        let message = format!("“{}” is not a zip, or a damaged one: fetch it again.", file_name(path));
        Error::new(Kind::Invalid, message).because(cause)
    })?;
    list_zip(path, &zip, &mut entries, sink)?;
    entries.sort();
    strip_outer_folder(&mut entries);
    Ok((ExportFiles::Zip(Box::new(zip)), entries))
}

impl ExportFiles {
    /// The bytes of one of the files, or why it can't be read.
    pub(super) fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, String> {
        match self {
            Self::Folder(root) => limited(File::open(root.join(&entry.name)).map_err(|cause| cause.to_string())?),
            Self::Zip(zip) => limited(zip.by_index(entry.index).map_err(|cause| cause.to_string())?),
        }
    }
}

fn limited(input: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    input.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|cause| format!("it can't be read: {cause}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MiB", LARGEST_FILE / 1024 / 1024));
    }
    Ok(bytes)
}

fn list_zip(
    path: &Path,
    zip: &ZipArchive<BufReader<File>>,
    entries: &mut Vec<Entry>,
    sink: &mut dyn Sink,
) -> Result<()> {
    if zip.has_duplicate_names() {
        let place = FilePlace::file(file_name(path));
        sink.problem(&place, "the zip holds several files of the same name; only one of each was read".to_owned())?;
    }
    for index in 0..zip.len() {
        let Ok(about) = zip.by_index_data(index) else { continue };
        // Slack writes UTF-8 without always saying so; anything else is shown as well as can be.
        let name = String::from_utf8_lossy(about.name_raw()).into_owned();
        if about.encrypted() {
            let message = format!("“{}” is protected by a password: unpack it and name the folder.", path.display());
            return Err(Error::new(Kind::Invalid, message));
        }
        if name.split(['/', '\\']).any(|step| step == "..") || name.starts_with('/') {
            sink.problem(&FilePlace::file(name), "not read: its name leads out of the archive".to_owned())?;
        } else if about.is_symlink() {
            sink.problem(&FilePlace::file(name), "not read: it is a symbolic link".to_owned())?;
        } else if !about.is_dir() {
            entries.push(Entry { name, size: about.size(), index });
        }
    }
    Ok(())
}

fn list_folder(folder: &Path, prefix: &str, depth: usize, entries: &mut Vec<Entry>, sink: &mut dyn Sink) -> Result<()> {
    for found in folder.read_dir().map_err(|cause| unreadable(folder, cause))? {
        let found = found.map_err(|cause| unreadable(folder, cause))?;
        let Ok(step) = found.file_name().into_string() else {
            let place = FilePlace::file(format!("{prefix}{}", found.file_name().to_string_lossy()));
            sink.problem(&place, "not read: its name is not UTF-8".to_owned())?;
            continue;
        };
        let name = format!("{prefix}{step}");
        let about = found.metadata().map_err(|cause| unreadable(&found.path(), cause))?;
        if about.is_dir() && depth > 0 {
            list_folder(&found.path(), &format!("{name}/"), depth - 1, entries, sink)?;
        } else if about.is_file() {
            entries.push(Entry { name, size: about.len(), index: 0 });
        } else {
            let what = if about.is_dir() { "it is too deep within the folders" } else { "it is no ordinary file" };
            sink.problem(&FilePlace::file(name), format!("not read: {what}"))?;
        }
    }
    Ok(())
}

/// Whether a file of this name marks the top of an export.
fn marks_top(name: &str) -> bool {
    matches!(name, "users.json" | "channels.json")
}

/// The one folder within `path` that is the export, when `path` itself is not.
fn only_folder(path: &Path) -> Option<PathBuf> {
    let is_top = |folder: &Path| ["users.json", "channels.json"].iter().any(|name| folder.join(name).is_file());
    if is_top(path) {
        return None;
    }
    let mut tops = path.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path())).filter(|inner| is_top(inner));
    let top = tops.next()?;
    tops.next().is_none().then_some(top)
}

/// Zips made by hand often hold one folder around everything: names go on from within it.
fn strip_outer_folder(entries: &mut [Entry]) {
    if entries.iter().any(|entry| marks_top(&entry.name)) {
        return;
    }
    let outer = entries.iter().find_map(|entry| {
        let (folder, name) = entry.name.split_once('/')?;
        (marks_top(name) && !folder.starts_with("__MACOSX")).then(|| format!("{folder}/"))
    });
    let Some(outer) = outer else { return };
    for entry in entries {
        if let Some(inner) = entry.name.strip_prefix(&outer) {
            entry.name = inner.to_owned();
        }
    }
}

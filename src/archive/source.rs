//! Where `verify` reads from: a part's `.zip`, or a folder into which parts were unpacked. Nothing is ever extracted.
//!
//! Both come from strangers: names are checked, links are not followed, and reading is bounded by whoever reads. A source that
//! is not being read is but its path: of a large archive, one part at a time is open.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::container::headers_agree;
use crate::error::{Context, Result};

/// A part's `.zip` or an unpacked folder.
pub(super) enum Source {
    Zip { path: PathBuf, top: String },
    Folder { root: PathBuf },
}

/// A source that is being read.
pub(super) enum Opened<'a> {
    Zip { top: &'a str, zip: Box<ZipArchive<BufReader<File>>> },
    Folder { root: &'a Path },
}

/// What is done with the name of a file, below the top folder.
pub(super) type TakeName<'a> = dyn FnMut(&str) + 'a;

impl Source {
    /// Finds what is at `path`, and gives the names of its files to `take`; what is wrong with names goes to `problem`.
    pub(super) fn find(path: &Path, problem: &mut dyn FnMut(String), take: &mut TakeName<'_>) -> Result<Self> {
        if path.is_dir() {
            let root = root_of(path)?;
            walk(&root, problem, take)?;
            return Ok(Self::Folder { root });
        }
        let label = path.display();
        let mut zip = open_zip(path)?;
        if zip.has_duplicate_names() {
            problem(format!("{label}: two entries have the same name"));
        }
        if zip.has_overlapping_entries().context(|| format!("opening {label}"))? {
            problem(format!("{label}: entries overlap, as in a zip bomb"));
        }
        let top = list(&mut zip, &label.to_string(), problem, take)?;
        compare_headers(&mut zip, path, problem)?;
        Ok(Self::Zip { path: path.to_owned(), top })
    }

    /// Opens it for reading.
    pub(super) fn open(&self) -> Result<Opened<'_>> {
        Ok(match self {
            Self::Zip { path, top } => Opened::Zip { top, zip: Box::new(open_zip(path)?) },
            Self::Folder { root } => Opened::Folder { root },
        })
    }
}

impl Opened<'_> {
    /// Gives the names of its files once more.
    pub(super) fn files(&mut self, take: &mut TakeName<'_>) -> Result<()> {
        match self {
            Self::Zip { top, zip } => list(zip, top, &mut drop, take).map(drop),
            Self::Folder { root } => walk(root, &mut drop, take),
        }
    }

    /// Opens the file `name` (below the top folder) for streaming.
    pub(super) fn read(&mut self, name: &str) -> Result<Box<dyn Read + '_>> {
        let doing = || format!("opening {name}");
        match self {
            Self::Zip { top, zip } => Ok(Box::new(zip.by_name(&format!("{top}/{name}")).context(doing)?)),
            Self::Folder { root } => Ok(Box::new(File::open(root.join(name)).context(doing)?)),
        }
    }
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let doing = || format!("opening {}", path.display());
    ZipArchive::new(BufReader::new(File::open(path).context(doing)?)).context(doing)
}

/// Gives the names of the files below the top folder, and that folder's own.
fn list(
    zip: &mut ZipArchive<BufReader<File>>,
    label: &str,
    problem: &mut dyn FnMut(String),
    take: &mut TakeName<'_>,
) -> Result<String> {
    let doing = || format!("opening {label}");
    let mut top = None;
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).context(doing)?;
        let name = entry.name().context(doing)?;
        let bare = name.strip_suffix('/').unwrap_or(&name);
        let (folder, rest) = bare.split_once('/').unwrap_or((bare, ""));
        let stray = top.get_or_insert_with(|| folder.to_owned()) != folder || (rest.is_empty() && !entry.is_dir());
        if !is_safe(bare) || entry.is_symlink() {
            problem(format!("{label}: the name or kind of “{}” is unsafe", name.escape_debug()));
        } else if stray {
            problem(format!("{label}: “{name}” is outside the one top folder"));
        } else if !entry.is_dir() {
            take(rest);
        }
    }
    Ok(top.unwrap_or_default())
}

/// What stands before each file must say the same of it as the directory at the end, by which it is read here.
fn compare_headers(zip: &mut ZipArchive<BufReader<File>>, path: &Path, problem: &mut dyn FnMut(String)) -> Result<()> {
    let label = path.display();
    let doing = || format!("opening {label}");
    let mut file = File::open(path).context(doing)?;
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).context(doing)?;
        if !headers_agree(&mut file, entry.header_start(), entry.central_header_start()).unwrap_or(false) {
            let name = String::from_utf8_lossy(entry.name_raw()).escape_debug().to_string();
            problem(format!("{label}: “{name}” is another file where it lies than in the directory of the zip"));
        }
    }
    Ok(())
}

/// The top folder: `path` itself, or the folder in which only it lies.
fn root_of(path: &Path) -> Result<PathBuf> {
    if path.join("SHA256SUMS").exists() {
        return Ok(path.to_owned());
    }
    let inner = std::fs::read_dir(path).context(|| format!("opening {}", path.display()))?;
    let inner: Vec<_> = inner.filter_map(|entry| entry.ok().map(|entry| entry.path())).take(2).collect();
    match inner.as_slice() {
        [only] if only.is_dir() => Ok(only.clone()),
        _ => Ok(path.to_owned()),
    }
}

/// Gives the names of the files below `root`.
fn walk(root: &Path, problem: &mut dyn FnMut(String), take: &mut TakeName<'_>) -> Result<()> {
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        let doing = || format!("reading the folder {}", folder.display());
        for entry in std::fs::read_dir(&folder).context(doing)? {
            let entry = entry.context(doing)?;
            let (path, kind) = (entry.path(), entry.file_type().context(doing)?);
            let name = path.strip_prefix(root).ok().and_then(Path::to_str).filter(|name| is_safe(name));
            match name {
                _ if kind.is_dir() => waiting.push(path),
                Some(name) if kind.is_file() => take(name),
                _ => problem(format!("{}: the name or kind of this file is unsafe", path.display())),
            }
        }
    }
    Ok(())
}

/// A relative path that stays where it is on every system.
fn is_safe(name: &str) -> bool {
    !name.contains(['\\', ':'])
        && !name.contains(char::is_control)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

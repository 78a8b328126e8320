//! Where `verify` reads from: a part's `.zip`, or a folder into which parts were unpacked. Nothing is ever extracted.
//!
//! Both come from strangers: names are checked, links are not followed, and reading is bounded by whoever reads.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::error::{Context, Result};

/// A part's `.zip` or an unpacked folder.
pub(super) enum Source {
    Zip { top: String, zip: Box<ZipArchive<BufReader<File>>> },
    Folder { root: PathBuf },
}

impl Source {
    /// Opens `path`; problems of its names go to `problem`.
    pub(super) fn open(path: &Path, problem: &mut dyn FnMut(String)) -> Result<(Self, Vec<String>)> {
        if path.is_dir() { open_folder(path, problem) } else { open_zip(path, problem) }
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

fn open_zip(path: &Path, problem: &mut dyn FnMut(String)) -> Result<(Source, Vec<String>)> {
    let label = path.display();
    let doing = || format!("opening {label}");
    let mut zip = ZipArchive::new(BufReader::new(File::open(path).context(doing)?)).context(doing)?;
    if zip.has_duplicate_names() {
        problem(format!("{label}: two entries have the same name"));
    }
    if zip.has_overlapping_entries().context(doing)? {
        problem(format!("{label}: entries overlap, as in a zip bomb"));
    }
    let mut top = None;
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).context(doing)?;
        let name = entry.name().context(doing)?.into_owned();
        let bare = name.strip_suffix('/').unwrap_or(&name);
        let (folder, rest) = bare.split_once('/').unwrap_or((bare, ""));
        let stray = top.get_or_insert_with(|| folder.to_owned()) != folder || (rest.is_empty() && !entry.is_dir());
        if !is_safe(bare) || entry.is_symlink() {
            problem(format!("{label}: the name or kind of “{}” is unsafe", name.escape_debug()));
        } else if stray {
            problem(format!("{label}: “{name}” is outside the one top folder"));
        } else if !entry.is_dir() {
            files.push(rest.to_owned());
        }
    }
    Ok((Source::Zip { top: top.unwrap_or_default(), zip: Box::new(zip) }, files))
}

/// Accepts the top folder itself, or the folder in which only it lies.
fn open_folder(path: &Path, problem: &mut dyn FnMut(String)) -> Result<(Source, Vec<String>)> {
    let mut root = path.to_owned();
    if !root.join("SHA256SUMS").exists() {
        let inner = std::fs::read_dir(path).context(|| format!("opening {}", path.display()))?;
        let inner: Vec<_> = inner.filter_map(|entry| entry.ok().map(|entry| entry.path())).take(2).collect();
        if let [only] = inner.as_slice()
            && only.is_dir()
        {
            root.clone_from(only);
        }
    }
    let mut files = Vec::new();
    let mut waiting = vec![root.clone()];
    while let Some(folder) = waiting.pop() {
        let doing = || format!("reading the folder {}", folder.display());
        for entry in std::fs::read_dir(&folder).context(doing)? {
            let entry = entry.context(doing)?;
            let (path, kind) = (entry.path(), entry.file_type().context(doing)?);
            let name = path.strip_prefix(&root).ok().and_then(Path::to_str).filter(|name| is_safe(name));
            match name {
                _ if kind.is_dir() => waiting.push(path),
                Some(name) if kind.is_file() => files.push(name.to_owned()),
                _ => problem(format!("{}: the name or kind of this file is unsafe", path.display())),
            }
        }
    }
    Ok((Source::Folder { root }, files))
}

/// A relative path that stays where it is on every system.
fn is_safe(name: &str) -> bool {
    !name.contains(['\\', ':'])
        && !name.contains(char::is_control)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

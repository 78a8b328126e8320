//! A folder of finished archives, the embedded default; and beside it, in quarantine, those that no database has asked for.
//!
//! Ours rather than `object_store::local`: a part is taken over by renaming it, where that would write its gigabytes once more;
//! what is made can be read by its owner only; and a volume that is not mounted any more is found out. [`crate::blobs::Blobs`] calls
//! this.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Condition, GoesOn, Quarantined, Stored, create_private_dir, is_key, list_names};
use crate::error::{Context, Result};
use crate::sums::Hashing;

/// The folder of what no database has asked for.
const QUARANTINE: &str = "quarantine";
/// Begins the name of what is being copied into the folder.
const UNFINISHED: &str = ".unfinished-";
/// The file that names the installation whose archives these are, where the operator has chosen the folder.
const INSTALLATION: &str = ".installation";
/// No copy takes so long.
const LEFT_OVER: Duration = Duration::from_secs(24 * 3600);

/// A folder of finished archives. A file is either complete or not there.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
    quarantine: PathBuf,
    /// The installation, if a file in the folder is to name it: the data folder names its own.
    installation: Option<String>,
    /// The disk on which the folder lay when it was opened: where its volume was mounted and is not any more, an empty folder of
    /// another disk comes to light.
    disk: Option<u64>,
}

impl Folder {
    /// The store in this folder, for one who only looks: nothing is made. Its quarantine lies beside it, or, if the operator has
    /// chosen it for an installation, within, on the same disk whatever is mounted there.
    pub(super) fn existing(root: &Path, installation: Option<String>) -> Self {
        let quarantine = match installation {
            Some(_) => root.join(QUARANTINE),
            None => root.with_file_name(QUARANTINE),
        };
        Self { root: root.to_owned(), quarantine, installation, disk: disk_of(root) }
    }

    /// The same, made if it is not there.
    pub(super) fn made(self) -> Result<Self> {
        create_private_dir(&self.root)?;
        Ok(Self { disk: disk_of(&self.root), ..self })
    }

    /// Makes sure that it is there, and belongs to this installation.
    pub(super) fn check(&self, make: bool) -> Result<()> {
        self.check_disk().context(|| self.is_another())?;
        let Some(installation) = &self.installation else { return Ok(()) };
        match fs::read_to_string(self.root.join(INSTALLATION)) {
            Ok(text) if text.trim() == installation => Ok(()),
            Ok(_) => Err(crate::blobs::of_another(&self.root.display().to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if make {
                    self.take_over()
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(error).context(|| format!("The folder {} can't be read.", self.root.display())),
        }
    }

    /// Writes into the folder that it is this installation's.
    pub(super) fn take_over(&self) -> Result<()> {
        let Some(installation) = &self.installation else { return Ok(()) };
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.root)?;
            file.write_all(format!("{installation}\n").as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(self.root.join(INSTALLATION))?;
            File::open(&self.root)?.sync_all()
        };
        write().context(|| format!("The folder {} can't be written.", self.root.display()))
    }

    /// Refuses a folder that comes to light where the archives' was.
    fn check_disk(&self) -> io::Result<()> {
        if self.disk.is_some() && disk_of(&self.root).is_some_and(|disk| Some(disk) != self.disk) {
            return Err(io::Error::other(
                "it lies on another disk than when it was opened: is a volume not mounted any more?",
            ));
        }
        Ok(())
    }

    fn is_another(&self) -> String {
        format!("The folder {} is not the one of the archives.", self.root.display())
    }

    /// Takes over a finished file. It was compared with what was packed before it came here, and is on the disk when this returns.
    pub(super) fn bring(&self, file: &Path, key: &str, _: &str, _: GoesOn<'_>) -> Result<()> {
        let bring = || -> io::Result<()> {
            self.check_disk()?;
            let to = self.path(key)?;
            File::open(file)?.sync_all()?;
            match fs::rename(file, &to) {
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => self.copy_in(file, &to)?,
                renamed => renamed?,
            }
            File::open(&self.root)?.sync_all()
        };
        bring().context(|| format!("The finished archive can't be moved into {}.", self.root.display()))
    }

    /// From another file system. What arrived is read back and compared.
    fn copy_in(&self, file: &Path, to: &Path) -> io::Result<()> {
        let mut copy = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.root)?;
        let mut from = Hashing::new(File::open(file)?);
        io::copy(&mut from, &mut copy)?;
        copy.as_file().sync_all()?;
        let mut arrived = Hashing::new(copy.reopen()?);
        io::copy(&mut arrived, &mut io::sink())?;
        if from.finish() != arrived.finish() {
            return Err(io::Error::other("the copy is not the same as what was copied"));
        }
        copy.persist(to)?;
        fs::remove_file(file)
    }

    /// Opens the bytes kept under a key; none if there are none.
    ///
    /// # Errors
    /// When they are there but can't be opened.
    pub(super) fn find(&self, key: &str) -> Result<Option<Stored>> {
        match self.path(key).and_then(File::open).and_then(Stored::of_file) {
            Ok(stored) => Ok(Some(stored)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context(|| format!("The archive {key} can't be opened.")),
        }
    }

    /// The path of the file itself.
    pub(super) fn location(&self, key: &str) -> Option<PathBuf> {
        self.path(key).ok()
    }

    /// Erases the bytes kept under a key, if there are any, also where they lie in quarantine.
    ///
    /// # Errors
    /// When they are there and can't be erased.
    pub(super) fn delete(&self, key: &str) -> Result<()> {
        for path in [self.path(key), self.quarantined_path(key)] {
            match path.and_then(fs::remove_file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).context(|| format!("The archive {key} can't be erased."));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What became of the bytes kept under these keys, of which there should be so many. One that can't be looked at counts as
    /// missing, and the log says why.
    pub(super) fn conditions(&self, wanted: &[(&str, i64)]) -> Result<Vec<Condition>> {
        let look = |(key, size): &(&str, i64)| {
            self.condition(key, *size).unwrap_or_else(|error| {
                tracing::error!(cause = %error.causes(), file = key, "{error}");
                Condition::Missing
            })
        };
        Ok(wanted.iter().map(look).collect())
    }

    fn condition(&self, key: &str, size: i64) -> Result<Condition> {
        match self.path(key).and_then(fs::metadata) {
            Ok(found) => Ok(Condition::of(Some(found.len()), size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Condition::Missing),
            Err(error) => Err(error).context(|| format!("The archive {key} can't be looked at.")),
        }
    }

    /// Moves the bytes kept under a key into quarantine; returns how many they are. None if they are gone.
    ///
    /// # Errors
    /// When they can't be moved; they then lie where they lay.
    pub(super) fn quarantine(&self, key: &str) -> Result<Option<u64>> {
        create_private_dir(&self.quarantine)?;
        let doing = || format!("The archive {key} can't be moved into {}.", self.quarantine.display());
        let (from, to) = (self.path(key).context(doing)?, self.quarantined_path(key).context(doing)?);
        let size = match fs::metadata(&from) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(doing),
        };
        self.rename(&from, &to).context(doing)?;
        Ok(Some(size))
    }

    /// Moves what lies in quarantine under this key back to where it is kept, unless something lies there.
    ///
    /// # Errors
    /// When it can't be moved; it then lies where it lay.
    pub(super) fn take_back(&self, key: &str) -> Result<()> {
        let doing = || format!("{key} can't be moved from {} to {}.", self.quarantine.display(), self.root.display());
        let (from, to) = (self.quarantined_path(key).context(doing)?, self.path(key).context(doing)?);
        self.rename(&from, &to).context(doing)
    }

    /// Moves a file whose name then stays what it is, also when the power fails. What lies there already is not replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if to.try_exists()? {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        fs::rename(from, to)?;
        File::open(&self.quarantine)?.sync_all()?;
        File::open(&self.root)?.sync_all()
    }

    /// What lies in quarantine, by name. Files whose names are none of ours are left out: nobody put them there for us.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub(super) fn list_quarantined(&self) -> Result<Vec<Quarantined>> {
        let read = || -> io::Result<Vec<Quarantined>> {
            let mut found = Vec::new();
            for entry in fs::read_dir(&self.quarantine)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                match entry.metadata() {
                    Ok(metadata) if metadata.is_file() && is_key(&name) => {
                        found.push(Quarantined { name, size: metadata.len() });
                    }
                    // Another process has just taken it back or erased it.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            found.sort();
            Ok(found)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.context(|| format!("The folder {} can't be read.", self.quarantine.display())),
        }
    }

    /// Where a file in quarantine lies, for one who reads it.
    pub(super) fn quarantined_location(&self, key: &str) -> Result<PathBuf> {
        self.quarantined_path(key).context(|| format!("{key} is no name of ours."))
    }

    /// Opens a file in quarantine.
    pub(super) fn open_quarantined(&self, key: &str) -> Result<Stored> {
        let open = self.quarantined_path(key).and_then(File::open).and_then(Stored::of_file);
        open.context(|| format!("{key} can't be opened."))
    }

    /// Erases a file in quarantine.
    ///
    /// # Errors
    /// When it is not there or can't be erased.
    pub(super) fn delete_quarantined(&self, key: &str) -> Result<()> {
        self.quarantined_path(key).and_then(fs::remove_file).context(|| format!("{key} can't be erased."))
    }

    /// The keys of all that is kept.
    pub(super) fn list(&self) -> Result<Vec<String>> {
        self.check_disk().context(|| self.is_another())?;
        let mut names = list_names(&self.root)?;
        if self.installation.is_some() {
            names.retain(|name| is_key(name) && name != QUARANTINE);
        }
        Ok(names)
    }

    /// Removes what a process has left that was killed while it copied.
    pub(super) fn tidy(&self) -> Result<()> {
        remove_left_overs(&self.root, UNFINISHED)
    }

    fn path(&self, key: &str) -> io::Result<PathBuf> {
        within(&self.root, key)
    }

    fn quarantined_path(&self, key: &str) -> io::Result<PathBuf> {
        within(&self.quarantine, key)
    }
}

/// Removes files from a folder whose names begin so and that are so old that nobody writes them any more.
pub(super) fn remove_left_overs(folder: &Path, prefix: &str) -> Result<()> {
    for name in list_names(folder)?.iter().filter(|name| name.starts_with(prefix)) {
        let path = folder.join(name);
        let age = fs::metadata(&path).and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > LEFT_OVER) {
            fs::remove_file(&path).context(|| format!("The left-over {} stays.", path.display()))?;
            tracing::info!(left_over = name, "what a process that is gone had not finished copying was removed");
        }
    }
    Ok(())
}

/// The disk on which a folder lies; none if it is not there, or the system does not say.
fn disk_of(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    return fs::metadata(folder).ok().map(|found| std::os::unix::fs::MetadataExt::dev(&found));
    #[cfg(not(unix))]
    return None;
}

/// Keys are names of ours; anything else would lead out of the folder.
fn within(folder: &Path, key: &str) -> io::Result<PathBuf> {
    if is_key(key) { Ok(folder.join(key)) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "no such key")) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn open(root: &Path) -> Folder {
        Folder::existing(root, None).made().unwrap()
    }

    #[test]
    fn files_arrive_whole_and_are_erased() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = open(&folder.path().join("archives"));
        let file = folder.path().join("new.zip");
        fs::write(&file, "PK").unwrap();
        blobs.bring(&file, "7-a.zip", "", &|| Ok(())).unwrap();
        assert!(!file.exists() && blobs.find("7-a.zip").unwrap().is_some());
        assert_eq!(blobs.list().unwrap(), ["7-a.zip"]);
        blobs.delete("7-a.zip").unwrap();
        blobs.delete("7-a.zip").unwrap();
        assert!(blobs.find("7-a.zip").unwrap().is_none());
    }

    #[test]
    fn files_go_into_quarantine_and_come_back_and_replace_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = open(&folder.path().join("archives"));
        let keep = |text: &str| fs::write(folder.path().join("archives/7-a.zip"), text).unwrap();
        assert_eq!((blobs.list_quarantined().unwrap(), blobs.quarantine("7-a.zip").unwrap()), (vec![], None));
        keep("PK");
        assert_eq!(blobs.quarantine("7-a.zip").unwrap(), Some(2));
        assert!(blobs.find("7-a.zip").unwrap().is_none());
        assert_eq!(blobs.list_quarantined().unwrap(), [Quarantined { name: "7-a.zip".to_owned(), size: 2 }]);
        keep("another");
        assert!(blobs.quarantine("7-a.zip").is_err() && blobs.take_back("7-a.zip").is_err());
        assert_eq!(fs::read_to_string(folder.path().join("archives/7-a.zip")).unwrap(), "another");
        fs::remove_file(folder.path().join("archives/7-a.zip")).unwrap();
        blobs.take_back("7-a.zip").unwrap();
        assert_eq!((blobs.list().unwrap(), blobs.list_quarantined().unwrap()), (vec!["7-a.zip".to_owned()], vec![]));
        blobs.quarantine("7-a.zip").unwrap();
        blobs.delete("7-a.zip").unwrap();
        assert_eq!(blobs.list_quarantined().unwrap(), [], "what is to be erased is erased wherever it lies");
    }

    #[test]
    fn what_is_kept_is_whole_missing_or_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = open(&folder.path().join("archives"));
        assert_eq!(blobs.condition("7-a.zip", 2).unwrap(), Condition::Missing);
        fs::write(folder.path().join("archives/7-a.zip"), "PK").unwrap();
        assert_eq!(blobs.condition("7-a.zip", 2).unwrap(), Condition::Whole);
        assert_eq!(blobs.condition("7-a.zip", 3).unwrap(), Condition::Damaged(2));
        assert_eq!(blobs.condition("7-a.zip", -1).unwrap(), Condition::Damaged(2));
    }

    #[test]
    fn keys_never_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = open(folder.path());
        for key in ["", "..", "../x", "/etc/passwd", "a/b", ".hidden"] {
            assert!(blobs.location(key).is_none(), "{key}");
            assert!(blobs.find(key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_folder_that_was_chosen_belongs_to_one_installation() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Folder::existing(folder.path(), Some(name.to_owned())).made().unwrap();
        let (ours, theirs) = (open("ours"), open("theirs"));
        assert!(ours.check(false).is_ok() && ours.check(true).is_ok());
        assert!(theirs.check(true).unwrap_err().message().contains("belongs to another"));
        fs::write(folder.path().join("7-a.zip"), "PK").unwrap();
        assert_eq!(ours.quarantine("7-a.zip").unwrap(), Some(2));
        assert_eq!((ours.list().unwrap(), ours.list_quarantined().unwrap().len()), (vec![], 1));
        theirs.take_over().unwrap();
        assert!(theirs.check(false).is_ok() && ours.check(true).is_err());
    }

    #[test]
    fn from_another_disk_files_are_copied_and_compared() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = open(&folder.path().join("archives"));
        let file = folder.path().join("new.zip");
        fs::write(&file, "PK").unwrap();
        blobs.copy_in(&file, &blobs.path("7-a.zip").unwrap()).unwrap();
        assert!(!file.exists());
        assert_eq!(fs::read(folder.path().join("archives/7-a.zip")).unwrap(), b"PK");
        assert_eq!(blobs.list().unwrap(), ["7-a.zip"], "nothing is left beside it");
    }
}

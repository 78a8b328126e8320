//! Where the bytes of finished archives are kept: a folder of the data folder, the embedded default; and beside it, in
//! quarantine, those that no database has asked for.
//!
//! Here live keys, atomic arrival, opening, the way into quarantine and back, and erasing. What a key belongs to, and until
//! when, is the database's business. The worker brings, quarantines and erases, the web opens, the operator adopts.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};

/// A folder of finished archives. A file is either complete or not there.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: PathBuf,
    quarantine: PathBuf,
    /// The disk on which the folder lay when it was opened: where its volume was mounted and is not any more, an empty folder of
    /// another disk comes to light.
    disk: Option<u64>,
}

/// What became of the bytes that ought to be kept under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// They are there, as many as there should be.
    Whole,
    /// They are not there.
    Missing,
    /// So many are there, which are not as many as there should be.
    Damaged(u64),
}

/// A file in quarantine.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quarantined {
    /// Its name, which is the key under which it was kept.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

impl Blobs {
    /// The store in this folder, made if it is not there. Its quarantine lies beside it, and is made when it is needed.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(root: &Path) -> Result<Self> {
        create_private_dir(root)?;
        Ok(Self::existing(root))
    }

    /// The store in this folder, for one who only looks: nothing is made.
    #[must_use]
    pub fn existing(root: &Path) -> Self {
        Self { root: root.to_owned(), quarantine: root.with_file_name("quarantine"), disk: disk_of(root) }
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

    /// Takes over a finished file, which must lie in the same file system. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the file can't be moved; it then lies where it lay.
    pub fn bring(&self, file: &Path, key: &str) -> Result<()> {
        let bring = || -> io::Result<()> {
            self.check_disk()?;
            File::open(file)?.sync_all()?;
            fs::rename(file, self.path(key)?)?;
            File::open(&self.root)?.sync_all()
        };
        bring().context(|| format!("The finished archive can't be moved into {}.", self.root.display()))
    }

    /// Opens the bytes kept under a key; none if there are none.
    ///
    /// # Errors
    /// When they are there but can't be opened.
    pub fn find(&self, key: &str) -> Result<Option<File>> {
        match self.path(key).and_then(File::open) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context(|| format!("The archive {key} can't be opened.")),
        }
    }

    /// Copies the bytes kept under a key to a new file that only its owner can read. It is either complete or not there.
    ///
    /// # Errors
    /// When there are none, they can't be written there, or the file is there already.
    pub fn copy(&self, key: &str, to: &Path) -> Result<()> {
        let copy = || -> io::Result<()> {
            // Under another name first: whatever breaks off, no half archive bears its name.
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder)?;
            io::copy(&mut File::open(self.path(key)?)?, &mut file)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(to)?;
            Ok(())
        };
        copy().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::conflict(format!("{} is there already, and is not overwritten.", to.display()))
            }
            _ => Error::internal(format!("The archive can't be copied to {}.", to.display()), error),
        })
    }

    /// The path of the file itself, for the operator's eyes.
    #[must_use]
    pub fn location(&self, key: &str) -> Option<PathBuf> {
        self.path(key).ok()
    }

    /// Erases the bytes kept under a key, if there are any, also where they lie in quarantine.
    ///
    /// # Errors
    /// When they are there and can't be erased.
    pub fn delete(&self, key: &str) -> Result<()> {
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

    /// What became of the bytes kept under a key, of which there should be `size`.
    ///
    /// # Errors
    /// When nobody can tell, as when the folder can't be read.
    pub fn condition(&self, key: &str, size: i64) -> Result<Condition> {
        match self.path(key).and_then(fs::metadata) {
            Ok(found) if u64::try_from(size) == Ok(found.len()) => Ok(Condition::Whole),
            Ok(found) => Ok(Condition::Damaged(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Condition::Missing),
            Err(error) => Err(error).context(|| format!("The archive {key} can't be looked at.")),
        }
    }

    /// Moves the bytes kept under a key into quarantine; tells how many they are. None if they are gone.
    ///
    /// # Errors
    /// When they can't be moved; they then lie where they lay.
    pub fn quarantine(&self, key: &str) -> Result<Option<u64>> {
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
    pub fn take_back(&self, key: &str) -> Result<()> {
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
    pub fn list_quarantined(&self) -> Result<Vec<Quarantined>> {
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
    #[must_use]
    pub fn quarantined_location(&self, key: &str) -> Option<PathBuf> {
        self.quarantined_path(key).ok()
    }

    /// Erases a file in quarantine.
    ///
    /// # Errors
    /// When it is not there or can't be erased.
    pub fn delete_quarantined(&self, key: &str) -> Result<()> {
        self.quarantined_path(key).and_then(fs::remove_file).context(|| format!("{key} can't be erased."))
    }

    /// The keys of all that is kept.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn list(&self) -> Result<Vec<String>> {
        self.check_disk().context(|| format!("The folder {} is not the one of the archives.", self.root.display()))?;
        list_names(&self.root)
    }

    fn path(&self, key: &str) -> io::Result<PathBuf> {
        within(&self.root, key)
    }

    fn quarantined_path(&self, key: &str) -> io::Result<PathBuf> {
        within(&self.quarantine, key)
    }
}

/// The disk on which a folder lies; none if it is not there, or the system does not tell.
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

fn is_key(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Makes a folder that only its owner can open, if it is not there.
///
/// # Errors
/// When it can't be made.
pub fn create_private_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).context(|| format!("The folder {} can't be made.", path.display()))
}

/// Names of what lies in a folder.
///
/// # Errors
/// When the folder can't be read.
pub fn list_names(folder: &Path) -> Result<Vec<String>> {
    let read = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    read().context(|| format!("The folder {} can't be read.", folder.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn files_arrive_whole_and_are_erased() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("archives")).unwrap();
        let file = folder.path().join("new.zip");
        fs::write(&file, "PK").unwrap();
        blobs.bring(&file, "7-a.zip").unwrap();
        assert!(!file.exists() && blobs.find("7-a.zip").unwrap().is_some());
        assert_eq!(blobs.list().unwrap(), ["7-a.zip"]);
        blobs.delete("7-a.zip").unwrap();
        blobs.delete("7-a.zip").unwrap();
        assert!(blobs.find("7-a.zip").unwrap().is_none());
    }

    #[test]
    fn files_go_into_quarantine_and_come_back_and_replace_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("archives")).unwrap();
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
        let blobs = Blobs::open(&folder.path().join("archives")).unwrap();
        assert_eq!(blobs.condition("7-a.zip", 2).unwrap(), Condition::Missing);
        fs::write(folder.path().join("archives/7-a.zip"), "PK").unwrap();
        assert_eq!(blobs.condition("7-a.zip", 2).unwrap(), Condition::Whole);
        assert_eq!(blobs.condition("7-a.zip", 3).unwrap(), Condition::Damaged(2));
        assert_eq!(blobs.condition("7-a.zip", -1).unwrap(), Condition::Damaged(2));
    }

    #[test]
    fn keys_never_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        for key in ["", "..", "../x", "/etc/passwd", "a/b", ".hidden"] {
            assert!(blobs.location(key).is_none(), "{key}");
            assert!(blobs.find(key).is_err(), "{key}");
        }
    }
}

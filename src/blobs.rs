//! Where the bytes of finished archives are kept: a folder of the data folder, the embedded default.
//!
//! Here live keys, atomic arrival, opening and erasing. What a key belongs to, and until when, is the database's business.
//! The worker brings and erases, the web opens.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};

/// A folder of finished archives. A file is either complete or not there.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    /// The store in this folder, made if it is not there.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn open(root: &Path) -> Result<Self> {
        create_private_dir(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Takes over a finished file, which must lie in the same file system. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the file can't be moved; it then lies where it lay.
    pub fn bring(&self, file: &Path, key: &str) -> Result<()> {
        let bring = || -> io::Result<()> {
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

    /// Erases the bytes kept under a key, if there are any.
    ///
    /// # Errors
    /// When they are there and can't be erased.
    pub fn delete(&self, key: &str) -> Result<()> {
        match self.path(key).and_then(fs::remove_file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).context(|| format!("The archive {key} can't be erased."))
            }
            _ => Ok(()),
        }
    }

    /// The keys of all that is kept.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn list(&self) -> Result<Vec<String>> {
        list_names(&self.root)
    }

    /// Keys are names of ours; anything else would lead out of the folder.
    fn path(&self, key: &str) -> io::Result<PathBuf> {
        let plain = !key.is_empty()
            && !key.starts_with('.')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if plain { Ok(self.root.join(key)) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "no such key")) }
    }
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
    fn keys_never_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        for key in ["", "..", "../x", "/etc/passwd", "a/b", ".hidden"] {
            assert!(blobs.location(key).is_none(), "{key}");
            assert!(blobs.find(key).is_err(), "{key}");
        }
    }
}

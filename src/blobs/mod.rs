//! Where the bytes of finished archives are kept: a folder, the embedded default, or a bucket of an object store; and in
//! quarantine, those that no database has asked for.
//!
//! Here live keys, arrival as a whole, opening, the way into quarantine and back, and erasing, the same for both kinds
//! (`folder`, `bucket`). What a key belongs to, and until when, is the database's business. The worker brings, quarantines
//! and erases, the web opens, the operator adopts. All of it waits for the disk or the network, so nothing of it may be called
//! where pages are served without `http::blocking`; what is asynchronous about an object store stays in `bucket`.

mod bucket;
mod folder;
mod glances;
mod reading;
mod runtime;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use self::bucket::Bucket;
use self::folder::Folder;
use self::reading::Object;
pub use self::runtime::use_ring;
use crate::config::{ArchivesUrl, Settings};
use crate::error::{Context, Error, Result};

/// Fails when the work is not wanted any more.
pub type GoesOn<'a> = &'a dyn Fn() -> Result<()>;

/// Begins the name of a file that was fetched from an object store to be read by its path.
const FETCHED: &str = "fetched-";

/// The store of finished archives. What is kept under a key is either complete or not there.
#[derive(Clone, Debug)]
pub struct Blobs {
    kind: Kind,
    /// Where files are fetched to.
    scratch: PathBuf,
}

#[derive(Clone, Debug)]
enum Kind {
    Folder(Folder),
    Bucket(Bucket),
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

impl Condition {
    /// What it is if so many bytes are there, and ought to be `size`.
    #[must_use]
    pub fn of(found: Option<u64>, size: i64) -> Self {
        match found {
            None => Self::Missing,
            Some(found) if u64::try_from(size) == Ok(found) => Self::Whole,
            Some(found) => Self::Damaged(found),
        }
    }
}

/// A file in quarantine.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quarantined {
    /// Its name, which is the key under which it was kept.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// Kept bytes that are being read.
#[derive(Debug)]
pub enum Stored {
    /// From a folder.
    File(File, u64),
    /// From an object store.
    Object(Box<Object>),
}

impl Stored {
    fn of_file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self::File(file, size))
    }

    /// How many bytes there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Object(object) => object.size(),
        }
    }
}

impl Read for Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.read(buffer),
            Self::Object(object) => object.read(buffer),
        }
    }
}

impl Seek for Stored {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file, _) => file.seek(to),
            Self::Object(object) => object.seek(to),
        }
    }
}

/// A kept file that can be read by its path, for as long as this is held.
#[derive(Debug)]
pub enum Local {
    /// Where it is kept.
    InPlace(PathBuf),
    /// A copy.
    Fetched(TempPath),
}

impl Local {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::InPlace(path) => path,
            Self::Fetched(path) => path,
        }
    }
}

/// Does the same with either kind.
macro_rules! either {
    ($self:expr, $store:ident => $work:expr) => {
        match &$self.kind {
            Kind::Folder($store) => $work,
            Kind::Bucket($store) => $work,
        }
    };
}

impl Blobs {
    /// The store that the settings say, of the installation of this name. A folder is made if it is not there. An object store
    /// need not be reachable: [`Blobs::check`] asks it.
    ///
    /// # Errors
    /// When the folder can't be made, or there is nothing by which an object store would know us.
    pub fn open(settings: &Settings, installation: &str) -> Result<Self> {
        let blobs = Self::existing(settings, installation)?;
        if let Kind::Folder(folder) = blobs.kind {
            return Ok(Self { kind: Kind::Folder(folder.made()?), ..blobs });
        }
        Ok(blobs)
    }

    /// The store that the settings say, for one who only looks: nothing is made.
    ///
    /// # Errors
    /// When there is nothing by which an object store would know us.
    pub fn existing(settings: &Settings, installation: &str) -> Result<Self> {
        let kind = match settings.archives_url() {
            ArchivesUrl::Folder(root) => {
                let chosen = settings.archives.has_url().then(|| installation.to_owned());
                Kind::Folder(Folder::existing(&root, chosen))
            }
            ArchivesUrl::S3 { bucket, prefix } => {
                Kind::Bucket(Bucket::new(&bucket, &prefix, &settings.archives.s3, installation)?)
            }
        };
        Ok(Self { kind, scratch: settings.data_dir.join("tmp") })
    }

    /// Makes sure that the store answers, and that it is this installation's; one that is nobody's becomes ours, if `make` says
    /// so.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](crate::error::Kind::Unavailable) when it does not answer;
    /// [`Kind::Conflict`](crate::error::Kind::Conflict) when it belongs to another.
    pub fn check(&self, make: bool) -> Result<()> {
        either!(self, store => store.check(make))
    }

    /// Makes the store this installation's, whoever's it was: the operator has said so.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn take_over(&self) -> Result<()> {
        either!(self, store => store.take_over())
    }

    /// Takes over a finished file with this SHA-256, of the same bytes as whatever may lie under the key. When this returns,
    /// they are kept, whoever loses power: on the disk, or, at an object store, read back and compared. The file may be gone
    /// then.
    ///
    /// # Errors
    /// When that can't be done, or `goes_on` fails. The file then lies where it lay.
    pub fn bring(&self, file: &Path, key: &str, sha256: &str, goes_on: GoesOn<'_>) -> Result<()> {
        either!(self, store => store.bring(file, key, sha256, goes_on))
    }

    /// Opens the bytes kept under a key; none if there are none.
    ///
    /// # Errors
    /// When they are there but can't be opened, or that can't be found out.
    pub fn find(&self, key: &str) -> Result<Option<Stored>> {
        either!(self, store => store.find(key))
    }

    /// Copies the bytes kept under a key to a new file that only its owner can read. It is either complete or not there.
    ///
    /// # Errors
    /// When there are none, they can't be written there, or the file is there already.
    pub fn copy(&self, key: &str, to: &Path) -> Result<()> {
        let doing = || format!("The archive can't be copied to {}.", to.display());
        let mut stored = self.find(key)?.ok_or("it is not there").context(doing)?;
        let mut copy = || -> io::Result<()> {
            // Under another name first: whatever breaks off, no half archive bears its name.
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder)?;
            io::copy(&mut stored, &mut file)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(to)?;
            Ok(())
        };
        copy().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::conflict(format!("{} is there already, and is not overwritten.", to.display()))
            }
            _ => Error::internal(doing(), error),
        })
    }

    /// The path of the file itself, if it lies in a folder.
    #[must_use]
    pub fn location(&self, key: &str) -> Option<PathBuf> {
        match &self.kind {
            Kind::Folder(folder) => folder.location(key),
            Kind::Bucket(_) => None,
        }
    }

    /// Erases the bytes kept under a key, if there are any, also where they lie in quarantine.
    ///
    /// # Errors
    /// When they are there and can't be erased.
    pub fn delete(&self, key: &str) -> Result<()> {
        either!(self, store => store.delete(key))
    }

    /// What became of the bytes kept under these keys, of which there should be so many, as of now.
    ///
    /// # Errors
    /// When an object store does not answer. What can't be looked at in a folder counts as missing, and the log says why.
    pub fn conditions(&self, wanted: &[(&str, i64)]) -> Result<Vec<Condition>> {
        either!(self, store => store.conditions(wanted))
    }

    /// What became of the bytes kept under a key, of which there should be `size`, as of now.
    ///
    /// # Errors
    /// As [`Blobs::conditions`].
    pub fn condition(&self, key: &str, size: i64) -> Result<Condition> {
        Ok(self.conditions(&[(key, size)])?.first().copied().unwrap_or(Condition::Missing))
    }

    /// What is known of the bytes kept under a key, of which there should be `size`: for pages, which wait for no network. What
    /// an object store has lost is known within a minute, and none is known while it does not answer.
    #[must_use]
    pub fn glance(&self, key: &str, size: i64) -> Option<Condition> {
        match &self.kind {
            Kind::Folder(_) => self.condition(key, size).ok(),
            Kind::Bucket(bucket) => bucket.glance(key, size),
        }
    }

    /// Moves the bytes kept under a key into quarantine; returns how many they are. None if they are gone.
    ///
    /// # Errors
    /// When they can't be moved; they then lie where they lay.
    pub fn quarantine(&self, key: &str) -> Result<Option<u64>> {
        either!(self, store => store.quarantine(key))
    }

    /// Moves what lies in quarantine under this key back to where it is kept, unless something lies there.
    ///
    /// # Errors
    /// When it can't be moved; it then lies where it lay.
    pub fn take_back(&self, key: &str) -> Result<()> {
        either!(self, store => store.take_back(key))
    }

    /// What lies in quarantine, by name. Files whose names are none of ours are left out: nobody put them there for us.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn list_quarantined(&self) -> Result<Vec<Quarantined>> {
        either!(self, store => store.list_quarantined())
    }

    /// Opens a file in quarantine.
    ///
    /// # Errors
    /// When it is not there or can't be opened.
    pub fn open_quarantined(&self, key: &str) -> Result<Stored> {
        either!(self, store => store.open_quarantined(key))
    }

    /// A file in quarantine, for one who reads it by its path, here and there. One in an object store is fetched.
    ///
    /// # Errors
    /// When it is not there, or can't be fetched.
    pub fn local_quarantined(&self, key: &str) -> Result<Local> {
        if let Kind::Folder(folder) = &self.kind {
            return folder.quarantined_location(key).map(Local::InPlace);
        }
        let mut stored = self.open_quarantined(key)?;
        create_private_dir(&self.scratch)?;
        let mut fetch = || -> io::Result<TempPath> {
            let mut file = tempfile::Builder::new().prefix(FETCHED).tempfile_in(&self.scratch)?;
            io::copy(&mut stored, &mut file)?;
            Ok(file.into_temp_path())
        };
        fetch().map(Local::Fetched).context(|| format!("{key} can't be fetched to {}.", self.scratch.display()))
    }

    /// Erases a file in quarantine.
    ///
    /// # Errors
    /// When it is not there or can't be erased.
    pub fn delete_quarantined(&self, key: &str) -> Result<()> {
        either!(self, store => store.delete_quarantined(key))
    }

    /// The keys of all that is kept.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn list(&self) -> Result<Vec<String>> {
        either!(self, store => store.list())
    }

    /// Removes what processes have left here that were killed while they copied.
    ///
    /// # Errors
    /// When a folder can't be read.
    pub fn tidy(&self) -> Result<()> {
        if let Kind::Folder(folder) = &self.kind {
            folder.tidy()?;
        }
        folder::remove_left_overs(&self.scratch, FETCHED)
    }
}

fn of_another(place: &str) -> Error {
    Error::conflict(format!(
        "The store of archives {place} belongs to another installation. Check `archives.url`. If this one is meant to take it \
         over, run “compliance-exports migrate --accept-folder”: what this database does not know among the archives is put in \
         quarantine, and nothing is erased."
    ))
}

/// Keys are names of ours; anything else would lead out of the folder.
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

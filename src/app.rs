//! Puts the house together: data folder, database, keys, archives. The command line and the tests open it, then take from
//! it a worker, and the state of the web server. Whose the data folder is, and which database belongs to it, is decided by
//! [`folder`].

pub mod folder;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::TryRng;

use self::folder::Folder;
use crate::archive::sign::{PublicKey, SigningKey};
use crate::blobs::{self, Blobs};
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Settings};
use crate::db::{PoolOptions, Store, installation};
use crate::error::{Context, Error, Result};
use crate::http::State;
use crate::worker::Worker;

/// Folder of keys within the data folder.
const KEYS: &str = "keys";

/// All that a command needs.
#[derive(Clone, Debug)]
pub struct App {
    /// What the operator has chosen.
    pub settings: Settings,
    /// The database, with its tables up to date.
    pub store: Store,
    /// Finished archives.
    pub blobs: Blobs,
    /// What time it is.
    pub clock: Clock,
    /// With which anyone checks the archives.
    pub public_key: PublicKey,
}

impl App {
    /// Opens the house: makes what is missing, and brings the tables up to date.
    ///
    /// # Errors
    /// When the data folder is another user's, or not the one of this database; when it can't be written or the database
    /// can't be opened, saying which.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self> {
        Self::make(settings, clock, Folder::Known)
    }

    /// The same, for an operator who says that this data folder takes the place of the one that the database had.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_with_another_folder(settings: Settings, clock: Clock) -> Result<Self> {
        Self::make(settings, clock, Folder::Another)
    }

    fn make(settings: Settings, clock: Clock, which: Folder) -> Result<Self> {
        folder::check_owner(&settings)?;
        blobs::create_private_dir(&settings.data_dir)?;
        blobs::create_private_dir(&settings.data_dir.join(KEYS))?;
        let url = settings.database_url();
        if let DatabaseUrl::Sqlite(path) = &url
            && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            blobs::create_private_dir(folder)?;
        }
        let options = pool_options(&settings, settings.database.pool_size);
        let store = Store::open(&url, options)?.with_clock(clock.clone());
        for migration in store.migrate()? {
            tracing::info!(migration, "tables brought up to date");
        }
        let public_key = folder::tie(&settings, &store, which)?;
        let blobs = Blobs::open(&settings, &name_of(&store)?)?;
        if which == Folder::Another {
            blobs.take_over()?;
        }
        Ok(Self { settings, store, blobs, clock, public_key })
    }

    /// Opens the house for one who only looks: nothing is made or brought up to date.
    ///
    /// # Errors
    /// When there is no such house yet, and as [`App::open`].
    pub fn open_to_look(settings: Settings, clock: Clock) -> Result<Self> {
        let url = settings.database_url();
        if let DatabaseUrl::Sqlite(path) = &url
            && !path.exists()
        {
            return Err(Error::not_found(format!(
                "There is no database {}. Check `data_dir` and `database.url`; the first start of the server makes it.",
                path.display()
            )));
        }
        if !settings.data_dir.is_dir() {
            return Err(Error::not_found(format!(
                "There is no data folder {}. Check `data_dir`; the first start of the server makes it.",
                settings.data_dir.display()
            )));
        }
        folder::check_owner(&settings)?;
        let store = Store::open_existing(&url, pool_options(&settings, settings.database.pool_size))?;
        store.check_version()?;
        let public_key = folder::check_tied(&settings, &store)?;
        let blobs = Blobs::existing(&settings, &name_of(&store)?)?;
        Ok(Self { settings, store, blobs, clock, public_key })
    }

    /// A worker, with connections of its own, so that exports never wait for pages nor pages for exports.
    ///
    /// # Errors
    /// When the signing key can't be read or made, or the transport of mail can't be set up.
    pub fn worker(&self) -> Result<Worker> {
        // Each export reads in one thread, writes in another and reports its progress from a third; mail and sweeping come
        // beside.
        let threads =
            u32::try_from(self.settings.exports.workers).unwrap_or(u32::MAX).saturating_mul(3).saturating_add(2);
        let options = pool_options(&self.settings, threads);
        let store = self.store.with_connections(options)?.with_clock(self.clock.clone());
        let key = SigningKey::load(&signing_key_file(&self.settings))?;
        Worker::new(&self.settings, store, self.blobs.clone(), key, self.clock.clone())
    }

    /// What the web server's handlers share.
    #[must_use]
    pub fn state(&self) -> State {
        State::new(&self.settings, self.store.clone(), self.blobs.clone(), self.clock.clone(), self.public_key.clone())
    }

    /// The key that signs cookies, made at the first start.
    ///
    /// # Errors
    /// When its file can't be read or made.
    pub fn cookie_key(&self) -> Result<Vec<u8>> {
        let path = self.settings.data_dir.join(KEYS).join("cookies.key");
        match fs::read(&path) {
            Ok(key) => return Ok(key),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(|| format!("{} can't be read.", path.display())),
        }
        let mut key = vec![0; 64];
        rand::rngs::SysRng.try_fill_bytes(&mut key).context(|| "The system gives no random numbers.".to_owned())?;
        write_private(&self.settings.data_dir.join(KEYS), &path, &key)?;
        // Another process may have been quicker.
        fs::read(&path).context(|| format!("{} can't be read.", path.display()))
    }
}

/// The name of the installation whose database this is, which a store of archives bears as well.
fn name_of(store: &Store) -> Result<String> {
    let known = store.read(installation::find)?;
    known.map(|known| known.id).ok_or_else(|| Error::conflict("This database has never been served."))
}

fn pool_options(settings: &Settings, size: u32) -> PoolOptions {
    let busy_timeout = Duration::from_millis(settings.database.busy_timeout_ms.into());
    PoolOptions { size, busy_timeout, ..PoolOptions::default() }
}

/// Where the key lies that signs archives.
#[must_use]
pub fn signing_key_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join(KEYS).join("archives.key")
}

/// Writes a file that only its owner can read, unless it is there.
fn write_private(folder: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        // A temporary file is made readable for its owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            written => Ok(written.map(drop)?),
        }
    };
    write().context(|| format!("{} can't be written.", path.display()))
}

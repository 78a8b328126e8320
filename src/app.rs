//! Puts the house together: data folder, database, keys, archives. The command line and the tests open it, then take from
//! it a worker, and the state of the web server.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::TryRng;

use crate::archive::sign::{PublicKey, SigningKey};
use crate::blobs::{self, Blobs};
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Settings};
use crate::error::{Context, Error, Result};
use crate::keys;
use crate::store::{self, PoolOptions, Store};
use crate::web::State;
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
    /// When the data folder can't be written or the database can't be opened, saying which.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self> {
        blobs::create_private_dir(&settings.data_dir)?;
        blobs::create_private_dir(&settings.data_dir.join(KEYS))?;
        let url = settings.database_url();
        if let DatabaseUrl::Sqlite(path) = &url
            && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            blobs::create_private_dir(folder)?;
        }
        if let DatabaseUrl::Sqlite(path) = &url {
            create_private_file(path)?;
        }
        let options = PoolOptions {
            size: settings.database.pool_size,
            busy_timeout: Duration::from_millis(settings.database.busy_timeout_ms.into()),
            ..PoolOptions::default()
        };
        let store = Store::open(&url, options)?.with_clock(clock.clone());
        for migration in store.migrate()? {
            tracing::info!(migration, "tables brought up to date");
        }
        let blobs = Blobs::open(&settings.data_dir.join("archives"))?;
        check_folder_belongs(&settings, &store)?;
        let public_key = SigningKey::load_or_create(&signing_key_file(&settings))?.public();
        Ok(Self { settings, store, blobs, clock, public_key })
    }

    /// A worker, with connections of its own, so that exports never wait for pages nor pages for exports.
    ///
    /// # Errors
    /// When the signing key can't be read or made, or the transport of mail can't be set up.
    pub fn worker(&self) -> Result<Worker> {
        // Each export reads in one thread, writes in another and tells its progress from a third; mail and sweeping come
        // beside.
        let threads =
            u32::try_from(self.settings.exports.workers).unwrap_or(u32::MAX).saturating_mul(3).saturating_add(2);
        let options = PoolOptions {
            size: threads,
            busy_timeout: Duration::from_millis(self.settings.database.busy_timeout_ms.into()),
            ..PoolOptions::default()
        };
        let store = Store::open(&self.settings.database_url(), options)?.with_clock(self.clock.clone());
        let key = SigningKey::load_or_create(&signing_key_file(&self.settings))?;
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

/// Refuses a data folder of another database: the sweeper would take its archives for left-overs and erase them.
fn check_folder_belongs(settings: &Settings, store: &Store) -> Result<()> {
    let id = store.write(|c| store::installation::find_or_create(c, &keys::new_key()))?;
    let path = settings.data_dir.join("installation");
    match fs::read_to_string(&path) {
        Ok(known) if known.trim() == id => Ok(()),
        Ok(_) => Err(Error::conflict(format!(
            "The data folder {} belongs to another database than {}. Check `data_dir` and `database.url`. If this \
             database is meant to take over the folder, with an empty folder “archives”, remove {} first.",
            settings.data_dir.display(),
            settings.database_url(),
            path.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            write_private(&settings.data_dir, &path, format!("{id}\n").as_bytes())
        }
        Err(error) => Err(error).context(|| format!("{} can't be read.", path.display())),
    }
}

/// Where the key lies that signs archives.
#[must_use]
pub fn signing_key_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join(KEYS).join("archives.key")
}

/// Makes an empty file that only its owner can read, if there is none; the folder may be one that others can open.
fn create_private_file(path: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).context(|| format!("The file {} can't be made.", path.display()))
        }
        _ => Ok(()),
    }
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

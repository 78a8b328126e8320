//! The data folder: whose it is, which database belongs to it, and with which key that database's archives are signed.
//!
//! A folder and its database name one another: the file `installation` names the database and the folder, the database names
//! the folder and the key. Whichever of them is exchanged for another, by a typing error or a volume that is not mounted, is
//! refused before anything happens with it: otherwise another key would sign, and archives would lie in two places. A folder
//! that is moved takes its file along, and several processes with one PostgreSQL share one folder.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{signing_key_file, write_private};
use crate::archive::sign::{PublicKey, SigningKey};
use crate::config::{DatabaseUrl, Settings};
use crate::db::Store;
use crate::db::installation::{self, Installation};
use crate::error::{Context, Error, Kind, Result};
use crate::keys;

/// Which data folder is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Folder {
    /// The one that the database has, or its first.
    Known,
    /// Another one, in the place of that; the operator has said so.
    Another,
}

/// What the file in the folder says.
#[derive(Clone, Debug, Eq, PartialEq)]
struct FolderIds {
    database: String,
    folder: String,
}

impl FolderIds {
    fn new(database: &str) -> Self {
        Self { database: database.to_owned(), folder: keys::new_key() }
    }

    fn text(&self) -> String {
        format!("{}\n{}\n", self.database, self.folder)
    }

    fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(|| format!("{} can't be read.", path.display())),
        };
        let mut lines = text.lines().map(|line| line.trim().to_owned());
        match (lines.next(), lines.next()) {
            (Some(database), Some(folder)) if !database.is_empty() && !folder.is_empty() => {
                Ok(Some(Self { database, folder }))
            }
            _ => Err(Error::new(
                Kind::Internal,
                format!(
                    "{} is damaged: it ought to name the database and the data folder. Put it back from a backup, or, if you \
                     know that this folder belongs to the database, remove it and run “compliance-exports migrate \
                     --accept-folder”.",
                    path.display()
                ),
            )),
        }
    }
}

fn file_of(settings: &Settings) -> PathBuf {
    settings.data_dir.join("installation")
}

/// Ties folder, database and key together at their first start, and makes sure at every other that they are those. Gives the
/// public half of the key.
///
/// # Errors
/// [`Kind::Conflict`] with what is the matter and what to do.
pub(super) fn tie(settings: &Settings, store: &Store, which: Folder) -> Result<PublicKey> {
    let path = file_of(settings);
    if which == Folder::Another {
        return accept(settings, store, &path);
    }
    let (known, ids) = (store.read(installation::find)?, FolderIds::read(&path)?);
    let known = match (known, ids) {
        (Some(known), ids) => {
            check(settings, &known, ids.as_ref())?;
            known
        }
        (None, Some(_)) if signing_key_file(settings).exists() => return Err(of_another_database(settings)),
        // A first start, or one that was broken off before the database had its name.
        (None, ids) => {
            let made = ids.is_none();
            if made {
                write_private(&settings.data_dir, &path, FolderIds::new(&keys::new_key()).text().as_bytes())?;
            }
            // Another process that starts with this folder at the same time may have been quicker.
            let ids = FolderIds::read(&path)?.ok_or_else(|| Error::new(Kind::Internal, "The data folder is gone."))?;
            let known = store.write(|tx| installation::find_or_create(tx, &ids.database, &ids.folder))?;
            let checked = check(settings, &known, Some(&ids));
            if checked.is_err() && made {
                // One with another folder was quicker: this folder stays as it was.
                fs::remove_file(&path).context(|| format!("{} can't be removed.", path.display()))?;
            }
            checked?;
            known
        }
    };
    let key_file = signing_key_file(settings);
    if let Some(expected) = &known.signing_key {
        return load_key(&key_file, expected);
    }
    let key = SigningKey::load_or_create(&key_file)?.public();
    store.write(|tx| installation::update_signing_key(tx, &key.line()))?;
    Ok(key)
}

/// Makes sure that folder, database and key are those that belong together; makes nothing.
///
/// # Errors
/// As [`tie`].
pub(super) fn check_tied(settings: &Settings, store: &Store) -> Result<PublicKey> {
    let (known, ids) = (store.read(installation::find)?, FolderIds::read(&file_of(settings))?);
    let known = known.ok_or_else(|| {
        Error::conflict("This database has never been served. “compliance-exports migrate” or “serve” begins with it.")
    })?;
    check(settings, &known, ids.as_ref())?;
    let key_file = signing_key_file(settings);
    match &known.signing_key {
        Some(expected) => load_key(&key_file, expected),
        None => Ok(SigningKey::load(&key_file)?.public()),
    }
}

fn check(settings: &Settings, known: &Installation, ids: Option<&FolderIds>) -> Result<()> {
    let (folder, url) = (settings.data_dir.display(), settings.database_url());
    match ids {
        Some(ids) if ids.database != known.id => Err(of_another_database(settings)),
        Some(ids) if known.folder.as_ref() == Some(&ids.folder) => Ok(()),
        ids => {
            let is = if ids.is_some() { "which is another one" } else { "which it has never had" };
            Err(Error::conflict(format!(
                "The database {url} has another data folder than {folder}, {is}: its archives and the key that signs them \
                 lie in the other. Is a volume not mounted, or `data_dir` mistyped? If that folder is lost for good, put what \
                 there is of it (keys, archives) into {folder}, and run “compliance-exports migrate --accept-folder”."
            )))
        }
    }
}

fn of_another_database(settings: &Settings) -> Error {
    Error::conflict(format!(
        "The data folder {} belongs to another database than {}. Check `data_dir` and `database.url`. If this database is meant \
         to take over the folder, run “compliance-exports migrate --accept-folder”: what it does not know among the archives \
         is put in quarantine, and nothing is erased.",
        settings.data_dir.display(),
        settings.database_url(),
    ))
}

fn load_key(path: &Path, expected: &str) -> Result<PublicKey> {
    let what_to_do = "Put it back from a backup. To go on with another one, run “compliance-exports migrate \
                      --accept-folder”; the new key then has to be made known to those who check archives.";
    if !path.exists() {
        return Err(Error::conflict(format!(
            "The key that signs archives is missing: {}. Its public half is {expected}. {what_to_do}",
            path.display()
        )));
    }
    let key = SigningKey::load(path)?.public();
    if key.line() == expected {
        return Ok(key);
    }
    Err(Error::conflict(format!(
        "{} is another key ({}) than the one that signs the archives of this database ({expected}). {what_to_do}",
        path.display(),
        key.line()
    )))
}

/// Makes this folder the one of the database, with the key that lies in it, or a new one.
fn accept(settings: &Settings, store: &Store, path: &Path) -> Result<PublicKey> {
    let ids = FolderIds::new(&keys::new_key());
    let known = store.write(|tx| installation::find_or_create(tx, &ids.database, &ids.folder))?;
    let ids = FolderIds { database: known.id, ..ids };
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&settings.data_dir)?;
        file.write_all(ids.text().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    let key = SigningKey::load_or_create(&signing_key_file(settings))?.public();
    write().context(|| format!("{} can't be written.", path.display()))?;
    store.write(|tx| {
        installation::update_folder(tx, &ids.folder)?;
        installation::update_signing_key(tx, &key.line())
    })?;
    tracing::warn!(
        folder = %settings.data_dir.display(),
        signing_key = key.line(),
        "the operator has given the database another data folder"
    );
    Ok(key)
}

/// Refuses to work in a data folder, or with a database file, that belongs to another user: what this process would leave there
/// the server could not change any more.
///
/// # Errors
/// [`Kind::Forbidden`] with the command that does it as the right user.
#[cfg(unix)]
pub fn check_owner(settings: &Settings) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let ours = rustix::process::geteuid().as_raw();
    let mut paths = vec![settings.data_dir.clone()];
    if let DatabaseUrl::Sqlite(path) = settings.database_url() {
        paths.push(path);
    }
    for path in paths {
        let owner = match fs::metadata(&path) {
            Ok(found) => found.uid(),
            // It is made, or another step says why it can't be.
            Err(_) => continue,
        };
        if owner == ours {
            continue;
        }
        let user = |uid: u32| name_of(uid).unwrap_or_else(|| format!("#{uid}"));
        let (their, our) = (user(owner), user(ours));
        return Err(Error::forbidden(format!(
            "{} belongs to the user {their} ({owner}), and this command runs as {our} ({ours}): what it wrote there the server \
             could not change. Nothing was done. Run it as that user: sudo -u '{their}' compliance-exports …, or, as root, \
             runuser -u '{their}' -- compliance-exports …",
            path.display(),
        )));
    }
    Ok(())
}

/// Other systems have no such owner.
#[cfg(not(unix))]
pub fn check_owner(_: &Settings) -> Result<()> {
    Ok(())
}

/// What a user is called, if the system's own list says.
#[cfg(unix)]
fn name_of(uid: u32) -> Option<String> {
    let list = fs::read_to_string("/etc/passwd").ok()?;
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == uid).then(|| name.to_owned())
    })
}

//! Whether the database is still the one that was opened. SQLite writes on into a file that was removed or replaced, and reads
//! what it remembers of one that was overwritten; whoever asks gets answers, and everything is lost.
//!
//! [`Watch`] looks at the file whenever a connection is taken: a call to the system, and no more. It never opens the file:
//! closing it again would end the locks that SQLite holds on it. What only the content shows is asked by
//! [`Store::check`], for the health check and each sweep.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::schema::installation;
use super::{Conn, Store};
use crate::error::{Context, Error, Kind, Result};

/// How often the check of the database also writes.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// What is known of the database that was opened.
#[derive(Debug)]
pub(crate) struct Watch {
    /// SQLite's file; PostgreSQL looks after its own.
    file: Option<File>,
    /// The most that `installation.beats` has held: a database that holds less is an older copy.
    beats: AtomicI64,
    /// When the check last wrote.
    wrote: Mutex<Option<Instant>>,
    /// What was found out, and does not pass.
    lost: OnceLock<&'static str>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// Device and number on it.
    identity: (u64, u64),
    /// Its length never shrinks, unless somebody compacts the database.
    length: AtomicU64,
}

/// What a look at the file has found.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// Nothing unusual.
    Fine,
    /// It is shorter than it was: compacted, or cut off.
    Shrunk,
}

impl Watch {
    /// Of a database that is no file.
    pub(crate) fn nothing() -> Self {
        Self { file: None, beats: AtomicI64::new(0), wrote: Mutex::default(), lost: OnceLock::new() }
    }

    /// Of SQLite's file, as it is now.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn file(path: &Path) -> Result<Self> {
        let doing = || format!("The database file {} can't be looked at.", path.display());
        // The folder in which a relative path starts never changes, but the path may lead over links: as it is given.
        let found = std::fs::metadata(path).context(doing)?;
        let file = File { path: path.to_owned(), identity: identity(&found), length: AtomicU64::new(found.len()) };
        Ok(Self { file: Some(file), ..Self::nothing() })
    }

    /// Looks at the file.
    pub(crate) fn look(&self) -> Result<Look> {
        if let Some(lost) = self.lost.get() {
            return Err(not_the_same(lost, "found out earlier"));
        }
        let Some(file) = &self.file else { return Ok(Look::Fine) };
        // Before the look: what another measures meanwhile may well be longer.
        let before = file.length.load(Ordering::SeqCst);
        let found = match std::fs::metadata(&file.path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(not_the_same("the file is not there any more", file.path.display()));
            }
            Err(error) => return Err(not_the_same("the file can't be looked at", error)),
        };
        if identity(&found) != file.identity {
            return Err(not_the_same("another file lies in its place", file.path.display()));
        }
        if found.len() < before {
            return Ok(Look::Shrunk);
        }
        file.length.fetch_max(found.len(), Ordering::SeqCst);
        Ok(Look::Fine)
    }

    /// Notes what does not pass.
    fn lose(&self, why: &'static str, cause: impl fmt::Display) -> Error {
        let _known = self.lost.set(why);
        not_the_same(why, cause)
    }

    fn length(&self) -> Result<u64> {
        let Some(file) = &self.file else { return Ok(0) };
        let found = std::fs::metadata(&file.path);
        found.map(|found| found.len()).map_err(|error| not_the_same("the file can't be looked at", error))
    }

    fn accept_length(&self, length: u64) {
        if let Some(file) = &self.file {
            file.length.store(length, Ordering::SeqCst);
        }
    }
}

fn not_the_same(why: &str, cause: impl fmt::Display) -> Error {
    Error::new(
        Kind::Unavailable,
        "The server's database is not the one that it has opened. Nothing can be read or changed until its operator has put \
         that right and started the server again.",
    )
    .because(format!("{why} ({cause})"))
}

#[cfg(unix)]
fn identity(found: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

/// Other systems do not let go of a file that is open.
#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

#[derive(QueryableByName)]
struct Pages {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bytes: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    quick_check: String,
}

impl Store {
    /// Whether the database is still the one that was opened, as far as its file shows.
    pub(crate) fn look(&self) -> Result<()> {
        match self.watch.look()? {
            Look::Fine => Ok(()),
            Look::Shrunk => self.check_shrunk(),
        }
    }

    /// Whether a file that has become shorter is whole: somebody has compacted it, or it was cut off.
    fn check_shrunk(&self) -> Result<()> {
        if self.watch.length()? == 0 {
            return Err(self.watch.lose("the file was emptied", "no byte is left"));
        }
        let checked = self.apart(|c| {
            let pages = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";
            let pages: Pages = diesel::sql_query(pages).get_result(c)?;
            find_beats(c)?;
            let length = self.watch.length()?;
            if u64::try_from(pages.bytes).is_ok_and(|bytes| bytes <= length) {
                return Ok((length, true));
            }
            // The pages that the file lacks may stand in the log, since it was compacted: only a look at all of them shows.
            let found: Found = diesel::sql_query("PRAGMA quick_check(1)").get_result(c)?;
            Ok((length, found.quick_check == "ok"))
        });
        match checked {
            Ok((length, true)) => {
                self.watch.accept_length(length);
                Ok(())
            }
            Ok((length, false)) => Err(self.watch.lose("the file was cut off", format!("{length} bytes are left"))),
            Err(error) if is_damage(&error) => {
                Err(self.watch.lose("the file was cut off or overwritten", error.causes()))
            }
            // Nobody knows yet: whoever comes next looks again.
            Err(error) => Err(error),
        }
    }

    /// Whether the database answers, takes changes, and is not an older copy of what it was: for the health check and each
    /// sweep. It looks with a connection of its own, which remembers nothing, and writes every ten seconds at most.
    ///
    /// # Errors
    /// When it does not. One that is busy with another's change is no failure.
    pub fn check(&self) -> Result<()> {
        // One whose connections are all taken answers nobody either.
        self.read(|c| Ok(c.batch_execute("SELECT 1")?))?;
        let due = {
            let mut wrote = self.watch.wrote.lock().unwrap_or_else(PoisonError::into_inner);
            let due = wrote.is_none_or(|at| at.elapsed() >= WRITE_EVERY);
            if due {
                *wrote = Some(Instant::now());
            }
            due
        };
        let seen = self.watch.beats.load(Ordering::SeqCst);
        let found_beats = self.apart(|c| {
            let found = find_beats(c)?;
            let beats = found.unwrap_or(0);
            if found.is_none() || beats < seen || !due {
                return Ok(beats);
            }
            match beat(c) {
                // Whoever changes something now shows that it can be changed.
                Err(error) if error.is_transient() => Ok(beats),
                beaten => beaten,
            }
        });
        match found_beats {
            Ok(beats) if beats < seen => {
                Err(self.watch.lose("it holds less than it did: an older copy was put in its place", beats))
            }
            Ok(beats) => {
                self.watch.beats.fetch_max(beats, Ordering::SeqCst);
                Ok(())
            }
            Err(error) if is_damage(&error) => {
                Err(self.watch.lose("the file was overwritten or is damaged", error.causes()))
            }
            Err(error) => Err(error),
        }
    }
}

/// What SQLite says of a file that was overwritten or cut off. It has no other name for it than these words, and finds no
/// table in a file that is empty.
fn is_damage(error: &Error) -> bool {
    ["not a database", "malformed", "no such table"].iter().any(|words| error.causes().contains(words))
}

fn find_beats(c: &mut Conn) -> Result<Option<i64>> {
    Ok(installation::table.select(installation::beats).first(c).optional()?)
}

/// Counts one more; waits for nobody.
fn beat(c: &mut Conn) -> Result<i64> {
    let wait = match c {
        Conn::Sqlite(_) => "PRAGMA busy_timeout = 0",
        Conn::Postgres(_) => "SET lock_timeout = 100",
    };
    c.batch_execute(wait)?;
    let beats = diesel::update(installation::table).set(installation::beats.eq(installation::beats + 1));
    Ok(beats.returning(installation::beats).get_result(c)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write;

    use super::*;

    /// Several look while the file grows: one that has measured it just before another must not take that for a loss.
    #[test]
    fn a_file_that_grows_is_never_called_shorter_by_those_who_look_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growing.db");
        std::fs::write(&path, b"x").unwrap();
        let watch = Watch::file(&path).unwrap();
        let grown = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !grown.load(Ordering::SeqCst) {
                        assert_eq!(watch.look().unwrap(), Look::Fine);
                    }
                });
            }
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            for _ in 0..50_000 {
                file.write_all(b"x").unwrap();
            }
            grown.store(true, Ordering::SeqCst);
        });
    }
}

//! Connections of either database, their pool and their transactions: all that differs between SQLite and PostgreSQL.
//!
//! Queries do not live here. `domain` and `worker` hold a [`Store`] and pass its [`Conn`] to this crate's verbs.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{Pool, PooledConnection, R2D2Connection};
use diesel::{Connection as _, PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::watch::Watch;
use crate::config::DatabaseUrl;
use crate::error::{Context, Error, Kind, Result};

pub(super) const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A connection to either database; every verb of the store takes one.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded default.
    Sqlite(SqliteConnection),
    /// At scale.
    Postgres(PgConnection),
}

/// Runs one expression on the connection within, for the few statements that the two-in-one connection can't express
/// (`ON CONFLICT`, batch inserts).
macro_rules! on_either {
    ($connection:expr, $inner:ident => $query:expr) => {
        match $connection {
            $crate::store::Conn::Sqlite($inner) => $query,
            $crate::store::Conn::Postgres($inner) => $query,
        }
    };
}
pub(super) use on_either;

/// How many connections, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// Connections at most.
    pub size: u32,
    /// How long a statement waits for another writer.
    pub busy_timeout: Duration,
    /// How long a caller waits for a connection to become free before it is told that the server is busy.
    pub checkout_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { size: 10, busy_timeout: Duration::from_secs(10), checkout_timeout: Duration::from_secs(5) }
    }
}

struct Manager {
    url: DatabaseUrl,
    busy_timeout: Duration,
}

impl Manager {
    fn open(&self) -> Result<Conn, diesel::r2d2::Error> {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        match &self.url {
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url.expose()).map_err(ConnectionError)?;
                let wait = format!("SET lock_timeout = {}", self.busy_timeout.as_millis());
                connection.batch_execute(&wait).map_err(QueryError)?;
                Ok(Conn::Postgres(connection))
            }
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&existing_file(path)).map_err(ConnectionError)?;
                // The wait first: switching to WAL is itself a write. secure_delete: what C4 erases is overwritten.
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
                         PRAGMA secure_delete = ON;",
                        self.busy_timeout.as_millis()
                    ))
                    .map_err(QueryError)?;
                Ok(Conn::Sqlite(connection))
            }
        }
    }
}

/// The address of a file that SQLite is to open and never to make: of one that was removed, an empty one would take the place.
fn existing_file(path: &Path) -> String {
    let path = path.display().to_string();
    format!("file:{}?mode=rw", path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

impl diesel::r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.open()
    }

    fn is_valid(&self, connection: &mut Conn) -> Result<(), Self::Error> {
        connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut Conn) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

/// How often one who waits for another writer of SQLite looks whether it is done. SQLite itself would soon look ten times a
/// second only, and one who records a lot in a row would get in between nearly every time.
const LOOK: Duration = Duration::from_millis(2);
/// What one who records a lot leaves to others between two transactions: time for several of them to look and to write.
const GAP: Duration = Duration::from_millis(10);

/// What SQLite does for one who records a lot. Many conversations touch many pages of the indexes: 64 MiB hold them. The log
/// is brought to the disk and written back between two transactions rather than at the end of each, when nobody else waits
/// for it.
const RECORDS_A_LOT: &str = "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = NORMAL;";
/// What it does otherwise: its own defaults.
const RECORDS_LITTLE: &str = "PRAGMA cache_size = -2000; PRAGMA wal_autocheckpoint = 1000; PRAGMA synchronous = FULL;";

/// The database with its pool. Clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool<Manager>,
    url: DatabaseUrl,
    busy_timeout: Duration,
    pub(super) watch: Arc<Watch>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database; an SQLite file that only its owner can read is made if there is none.
    ///
    /// # Errors
    /// When the database can't be reached, saying which.
    pub fn open(url: &DatabaseUrl, options: PoolOptions) -> Result<Self> {
        if let DatabaseUrl::Sqlite(path) = url {
            create_private_file(path)?;
        }
        Self::open_existing(url, options)
    }

    /// Opens a database that is there.
    ///
    /// # Errors
    /// When it is not, or can't be reached, saying which.
    pub fn open_existing(url: &DatabaseUrl, options: PoolOptions) -> Result<Self> {
        let watch = match url {
            DatabaseUrl::Sqlite(path) => Watch::file(path)?,
            DatabaseUrl::Postgres(_) => Watch::nothing(),
        };
        Self::connect(url, options, Arc::new(watch))
    }

    /// The same database with connections of its own. What either finds out about its file, both know.
    ///
    /// # Errors
    /// When the database can't be reached, saying which.
    pub fn with_connections(&self, options: PoolOptions) -> Result<Self> {
        Self::connect(&self.url, options, Arc::clone(&self.watch))
    }

    fn connect(url: &DatabaseUrl, options: PoolOptions, watch: Arc<Watch>) -> Result<Self> {
        let manager = Manager { url: url.clone(), busy_timeout: options.busy_timeout };
        // Once by hand: r2d2 would retry in silence until its time-out and lose the cause.
        let first = manager.open();
        first.map(drop).context(|| format!("The database {url} can't be opened."))?;
        let pool = Pool::builder()
            .max_size(options.size)
            .min_idle(Some(0))
            .connection_timeout(options.checkout_timeout)
            .build(manager)
            .context(|| format!("The pool of connections to {url} can't be made."))?;
        Ok(Self { pool, url: url.clone(), busy_timeout: options.busy_timeout, watch })
    }

    /// Brings the tables up to this version's.
    ///
    /// # Errors
    /// When a newer version of the program has changed them. When a migration fails; the database then is as the last one
    /// that succeeded left it.
    pub fn migrate(&self) -> Result<Vec<String>> {
        self.refuse_newer()?;
        let mut connection = self.connection()?;
        let done = match &mut *connection {
            Conn::Sqlite(inner) => inner.run_pending_migrations(SQLITE_MIGRATIONS).map(|v| names(&v)),
            Conn::Postgres(inner) => {
                // Several processes may start at once: the first migrates, the others wait for it.
                inner
                    .batch_execute("SELECT pg_advisory_lock(7246553)")
                    .and_then(|()| inner.batch_execute("SET client_min_messages TO WARNING"))?;
                let done = inner.run_pending_migrations(POSTGRES_MIGRATIONS).map(|v| names(&v));
                inner.batch_execute("SELECT pg_advisory_unlock(7246553)")?;
                done
            }
        };
        done.context(|| format!("The tables of {} can't be brought up to date.", self.url))
    }

    /// Runs `work` with a connection, each query for itself.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut *self.connection()?)
    }

    /// Runs `work` within one transaction: all of it happens, or, when it returns an error, nothing.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn write<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.write_on(&mut *self.connection()?, work)
    }

    /// Runs `work` with a connection that it keeps for many transactions in a row, and that is fitted for recording a lot.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn bulk<T>(&self, work: impl FnOnce(&mut Bulk<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection()?;
        if let Conn::Sqlite(inner) = &mut *connection {
            inner.batch_execute(RECORDS_A_LOT)?;
        }
        let mut bulk = Bulk { store: self, connection: &mut connection, wrote: false };
        let done = work(&mut bulk);
        let written_back = bulk.write_back();
        if let Conn::Sqlite(inner) = &mut *connection {
            inner.batch_execute(RECORDS_LITTLE)?;
        }
        done.and_then(|value| written_back.map(|()| value))
    }

    fn write_on<T>(&self, connection: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        match connection {
            Conn::Sqlite(inner) => self.begin_writing(inner)?,
            Conn::Postgres(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN")?,
        }
        let done = finish(connection, work)?;
        // Nobody is told that something was done which went into a file that is not the database any more.
        self.look()?;
        Ok(done)
    }

    /// A deferred transaction that turns into a writing one fails at once when another writes, whatever the busy timeout:
    /// begins as a writer.
    fn begin_writing(&self, connection: &mut SqliteConnection) -> Result<()> {
        let begun = Instant::now();
        connection.batch_execute("PRAGMA busy_timeout = 0")?;
        let result = loop {
            match AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE").map_err(Error::from) {
                Err(error) if error.kind() == Kind::Unavailable && begun.elapsed() < self.busy_timeout => {
                    std::thread::sleep(LOOK);
                }
                result => break result,
            }
        };
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", self.busy_timeout.as_millis()))?;
        result
    }

    /// Runs `work` on one state of the database: what others commit meanwhile does not show. Writes nothing.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn snapshot<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        snapshot(&mut *self.connection()?, work)
    }

    /// A connection for many looks in a row.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] when none becomes free.
    pub fn reading(&self) -> Result<Reading> {
        self.connection().map(Reading)
    }

    /// Writes SQLite's log back into its file and empties it, so that what was erased is not found there either.
    ///
    /// # Errors
    /// When the database fails.
    pub fn empty_log(&self) -> Result<()> {
        self.read(|c| match c {
            Conn::Sqlite(inner) => Ok(inner.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?),
            Conn::Postgres(_) => Ok(()),
        })
    }

    /// Runs `work` with a connection of its own, which remembers nothing of what others have read.
    pub(super) fn apart<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let manager = Manager { url: self.url.clone(), busy_timeout: self.busy_timeout };
        let mut connection = manager.open().map_err(|cause| match cause {
            diesel::r2d2::Error::QueryError(cause) => Error::from(cause),
            cause => Error::new(Kind::Unavailable, "The database can't be reached.").because(cause),
        })?;
        work(&mut connection)
    }

    fn connection(&self) -> Result<PooledConnection<Manager>> {
        self.look()?;
        self.pool.get().map_err(|cause| {
            Error::new(Kind::Unavailable, "The server is busy. Please try again in a moment.")
                .transient()
                .because(cause)
        })
    }
}

/// A connection that one reader keeps for many looks in a row. What SQLite holds of the tables in memory, it holds for each
/// connection: a reader that took another for each look would fill them all, and find little of it again. It is given back
/// when the reader has ended.
pub struct Reading(PooledConnection<Manager>);

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reading").finish_non_exhaustive()
    }
}

impl Reading {
    /// As [`Store::read`].
    ///
    /// # Errors
    /// What `work` returns.
    pub fn read<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut self.0)
    }

    /// As [`Store::snapshot`].
    ///
    /// # Errors
    /// What `work` returns.
    pub fn snapshot<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        snapshot(&mut self.0, work)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Conn::Sqlite(inner) = &mut *self.0
            && let Err(error) = inner.batch_execute("PRAGMA shrink_memory")
        {
            tracing::warn!(cause = %error, "memory of the database was not given back");
        }
    }
}

/// A connection for recording a lot (see [`Store::bulk`]).
pub struct Bulk<'a> {
    store: &'a Store,
    connection: &'a mut Conn,
    wrote: bool,
}

impl Bulk<'_> {
    /// As [`Store::write`], after a gap since the last time in which others get to write: SQLite has one writer at a time,
    /// and no queue for those who wait.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn write<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        if std::mem::replace(&mut self.wrote, true) {
            let begun = Instant::now();
            self.write_back()?;
            if let Conn::Sqlite(_) = self.connection {
                std::thread::sleep(GAP.saturating_sub(begun.elapsed()));
            }
        }
        self.store.write_on(self.connection, work)
    }

    fn write_back(&mut self) -> Result<()> {
        match self.connection {
            Conn::Sqlite(inner) => Ok(inner.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?),
            Conn::Postgres(_) => Ok(()),
        }
    }
}

/// Runs `work` on one state of the database.
fn snapshot<T>(connection: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match connection {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN")?,
        Conn::Postgres(inner) => {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            AnsiTransactionManager::begin_transaction_sql(inner, begin)?;
        }
    }
    finish(connection, work)
}

/// Runs `work` and ends the transaction that has begun: with a commit, or, if `work` fails, as if nothing had been.
fn finish<T>(connection: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match work(connection) {
        Ok(value) => {
            <Conn as TransactionManager<Conn>>::commit_transaction(connection)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) = <Conn as TransactionManager<Conn>>::rollback_transaction(connection) {
                tracing::warn!(cause = %rollback, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

fn names(versions: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// Makes an empty file that only its owner can read, if there is none; the folder may be one that others can open.
fn create_private_file(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
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

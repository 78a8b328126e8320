//! Connections of either database, their pool and their transactions: all that differs between SQLite and PostgreSQL.
//!
//! Queries do not live here. Features hold a [`Store`] and pass its [`Conn`] to this crate's verbs.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{Pool, PooledConnection, R2D2Connection};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Tx;
use super::postgres::PgConnection;
use super::watch::Watch;
use crate::clock::Clock;
use crate::config::DatabaseUrl;
use crate::error::{Context, Error, Kind, Result};
use crate::model::Timestamp;
use crate::patience::Patience;

pub(crate) const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// PostgreSQL's advisory lock of whoever migrates.
const MIGRATES: i64 = 7_246_553;

/// A connection to either database; every verb of the store takes one.
#[derive(diesel::MultiConnection)]
#[expect(clippy::large_enum_variant, reason = "there are a few of them, and they live for long")]
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
            $crate::db::Conn::Sqlite($inner) => $query,
            $crate::db::Conn::Postgres($inner) => $query,
        }
    };
}
pub(crate) use on_either;

/// How many connections, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// Connections at most.
    pub size: u32,
    /// How long a statement waits for another writer.
    pub busy_timeout: Duration,
    /// How long a caller waits for a connection to become free before it gets the answer that the server is busy.
    pub checkout_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { size: 10, busy_timeout: Duration::from_secs(10), checkout_timeout: Duration::from_secs(5) }
    }
}

struct Manager {
    url: DatabaseUrl,
    /// How long a statement waits for another writer; without end if it does not fit the databases' numbers.
    busy_timeout: Duration,
}

impl Manager {
    fn open(&self) -> Result<Conn, diesel::r2d2::Error> {
        use diesel::r2d2::Error::{ConnectionError, QueryError};
        match &self.url {
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url.expose()).map_err(ConnectionError)?;
                // Zero is without end.
                let wait = i32::try_from(self.busy_timeout.as_millis()).unwrap_or(0);
                let wait = format!("SET TIME ZONE 'UTC'; SET lock_timeout = {wait}");
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
                        i32::try_from(self.busy_timeout.as_millis()).unwrap_or(i32::MAX)
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
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(2);
/// Whoever waits so long wants to know why.
const A_MOMENT: Duration = Duration::from_secs(1);
/// What one who records a lot leaves to others between two transactions: time for several of them to look and to write.
const GAP: Duration = Duration::from_millis(10);

/// How long a reader of an export waits for a database that has gone away: it may have read for an hour.
const READERS_PATIENCE: Duration = Duration::from_secs(300);

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
    clock: Clock,
    pub(crate) watch: Arc<Watch>,
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
        let (url, busy_timeout) = (url.clone(), options.busy_timeout);
        Ok(Self { pool, url, busy_timeout, clock: Clock::default(), watch })
    }

    /// The same store, whose time stands where `clock` stands, if that is a fixed one.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The instant by which leases and waits run: that of the database's machine, which all processes share, whatever their
    /// own clocks say. A fixed clock stands for it in tests.
    pub fn time(&self, c: &mut Conn) -> Result<Timestamp> {
        if let Some(instant) = self.clock.standing() {
            return Ok(instant);
        }
        match c {
            // The database is on this machine.
            Conn::Sqlite(_) => Ok(Clock::default().now()),
            Conn::Postgres(inner) => {
                let micros = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
                let micros = diesel::dsl::sql::<diesel::sql_types::BigInt>(micros);
                crate::db::instant(diesel::select(micros).get_result(inner)?)
            }
        }
    }

    /// Brings the tables up to this version's, on a connection of its own: all migrations that are missing, or none. Several
    /// processes may start at once: the first migrates, and the others wait for it, however long that takes.
    ///
    /// # Errors
    /// When a newer version of the program has changed them. When a migration fails; the database then is as it was.
    pub fn migrate(&self) -> Result<Vec<String>> {
        self.refuse_newer()?;
        let waits = Manager { url: self.url.clone(), busy_timeout: Duration::MAX };
        let migrated = waits.open().map_err(Into::into).and_then(|mut connection| migrate(&mut connection));
        migrated.context(|| format!("The tables of {} can't be brought up to date.", self.url))
    }

    /// Runs `work` on one state of the database: what others commit meanwhile does not show, so that rights and what they guard
    /// belong together (A5). Writes nothing.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        snapshot(&mut *self.connection()?, work)
    }

    /// Runs a statement for itself, which spares PostgreSQL the two more that a transaction takes. What needs several statements
    /// is for [`Store::read`].
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn statement<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut *self.connection()?)
    }

    /// Runs `work` within one transaction: all of it happens, or, when it returns an error, nothing. What may pass (a deadlock, a
    /// connection that is lost) is repeated, for as long as a statement may wait for another writer, but only if nothing of it
    /// has happened: not when nobody knows whether the commit went through.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn write<T>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut patience = Patience::of(self.busy_timeout);
        loop {
            let written = self.write_on(&mut *self.connection()?, None, &mut work);
            let Err(Broken { error, undone }) = written else { return written.map_err(Error::from) };
            let Some(wait) = patience.wait_after(&error).filter(|_| undone) else { return Err(error) };
            tracing::debug!(cause = %error.causes(), "a transaction is repeated: {error}");
            std::thread::sleep(wait);
        }
    }

    /// Runs `work` with a connection that it keeps for many transactions in a row, and that is fitted for recording a lot. It
    /// waits for other writers for as long as they take; `waits` is called when that is longer than a moment.
    ///
    /// # Errors
    /// What `work` returns, or [`Kind::Unavailable`] when no connection becomes free.
    pub fn bulk<T>(&self, waits: &dyn Fn(), work: impl FnOnce(&mut Bulk<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.connection()?;
        match &mut *connection {
            Conn::Sqlite(inner) => inner.batch_execute(RECORDS_A_LOT)?,
            Conn::Postgres(inner) => inner.batch_execute("SET lock_timeout = 0")?,
        }
        let mut bulk = Bulk { store: self, connection: &mut connection, wrote: false, waits };
        let done = work(&mut bulk);
        let written_back = bulk.write_back();
        match &mut *connection {
            Conn::Sqlite(inner) => inner.batch_execute(RECORDS_LITTLE)?,
            Conn::Postgres(inner) => {
                inner.batch_execute(&format!("SET lock_timeout = {}", self.busy_timeout.as_millis()))?;
            }
        }
        done.and_then(|value| written_back.map(|()| value))
    }

    fn write_on<T>(
        &self,
        connection: &mut Conn,
        waits: Option<&dyn Fn()>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T, Broken> {
        let begun = match connection {
            Conn::Sqlite(inner) => self.begin_writing(inner, waits),
            Conn::Postgres(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN").map_err(Error::from),
        };
        begun.map_err(|error| Broken { error, undone: true })?;
        let done = finish(connection, |connection| work(&mut Tx::new(connection)))?;
        // Nothing is reported as done which went into a file that is not the database any more.
        self.look().map_err(|error| Broken { error, undone: false })?;
        Ok(done)
    }

    /// A deferred transaction that turns into a writing one fails at once when another writes, whatever the busy timeout:
    /// begins as a writer. With somebody to report to, it waits for as long as it takes.
    fn begin_writing(&self, connection: &mut SqliteConnection, waits: Option<&dyn Fn()>) -> Result<()> {
        let mut waiting = Waiting::new(waits);
        connection.batch_execute("PRAGMA busy_timeout = 0")?;
        let result = loop {
            match AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE").map_err(Error::from) {
                Err(error) if error.is_transient() && waiting.lasts(self.busy_timeout) => {
                    std::thread::sleep(LOCK_POLL);
                }
                result => break result,
            }
        };
        connection.batch_execute(&format!("PRAGMA busy_timeout = {}", self.busy_timeout.as_millis()))?;
        result
    }

    /// A reader that looks many times in a row.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading { store: self.clone(), connection: None }
    }

    /// Writes SQLite's log back into its file and empties it, so that what was erased is not found there either.
    pub fn empty_log(&self) -> Result<()> {
        self.statement(|c| match c {
            // It holds up whoever writes while it waits for those who read, who may wait for a writer themselves. So it waits
            // for a moment only: another sweep follows.
            Conn::Sqlite(inner) => Ok(inner.batch_execute(&format!(
                "PRAGMA busy_timeout = 100; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = {}",
                self.busy_timeout.as_millis()
            ))?),
            Conn::Postgres(_) => Ok(()),
        })
    }

    /// Runs `work` with a connection of its own, which remembers nothing of what others have read.
    pub(crate) fn apart<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
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

/// How long somebody waits for others: those who have somebody to report to wait for as long as it takes, and say so once.
pub(crate) struct Waiting<'a> {
    begun: Instant,
    waits: Option<&'a dyn Fn()>,
    reported: bool,
}

impl<'a> Waiting<'a> {
    pub(crate) fn new(waits: Option<&'a dyn Fn()>) -> Self {
        Self { begun: Instant::now(), waits, reported: false }
    }

    /// Whether to go on waiting.
    pub(crate) fn lasts(&mut self, limit: Duration) -> bool {
        let waited = self.begun.elapsed();
        let Some(waits) = self.waits else { return waited < limit };
        if waited >= A_MOMENT && !std::mem::replace(&mut self.reported, true) {
            waits();
        }
        true
    }
}

/// A reader that keeps its connection for many looks in a row. What SQLite holds of the tables in memory, it holds for each
/// connection: a reader that took another for each look would fill them all, and find little of it again. It is given back
/// when the reader has ended. One that is lost is replaced, and the look repeated, for some minutes: a reader may have read
/// for an hour, which a database that starts again must not cost.
pub struct Reading {
    store: Store,
    connection: Option<PooledConnection<Manager>>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

impl Reading {
    /// Runs a statement for itself, as [`Store::statement`] does.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn statement<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        let mut patience = Patience::of(READERS_PATIENCE);
        loop {
            let looked = match &mut self.connection {
                Some(connection) => work(connection),
                none => self.store.connection().and_then(|connection| work(none.insert(connection))),
            };
            let Err(error) = looked else { return looked };
            let Some(wait) = patience.wait_after(&error) else { return Err(error) };
            tracing::warn!(cause = %error.causes(), "a look at the database is repeated: {error}");
            self.connection = None;
            std::thread::sleep(wait);
        }
    }

    /// Runs `work` on one state of the database, as [`Store::read`] does.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn read<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        self.statement(|c| snapshot(c, &mut work))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Conn::Sqlite(inner) = &mut **connection
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
    waits: &'a dyn Fn(),
}

impl Bulk<'_> {
    /// As [`Store::write`], after a gap since the last time in which others get to write: SQLite has one writer at a time,
    /// and no queue for those who wait.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn write<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        if std::mem::replace(&mut self.wrote, true) {
            let begun = Instant::now();
            self.write_back()?;
            if let Conn::Sqlite(_) = self.connection {
                std::thread::sleep(GAP.saturating_sub(begun.elapsed()));
            }
        }
        Ok(self.store.write_on(self.connection, Some(self.waits), work)?)
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
    Ok(finish(connection, work)?)
}

/// A transaction that did not end with a commit that we know of.
struct Broken {
    error: Error,
    /// Nothing of it has happened.
    undone: bool,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        broken.error
    }
}

/// Runs `work` and ends the transaction that has begun: with a commit, or, if `work` fails, as if nothing had been.
fn finish<T>(connection: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T, Broken> {
    match work(connection) {
        Ok(value) => match <Conn as TransactionManager<Conn>>::commit_transaction(connection) {
            Ok(()) => Ok(value),
            // It may have gone through, and only its answer been lost.
            Err(error) => Err(Broken { error: error.into(), undone: false }),
        },
        Err(error) => {
            if let Err(rollback) = <Conn as TransactionManager<Conn>>::rollback_transaction(connection) {
                tracing::warn!(cause = %rollback, "a transaction could not be rolled back");
            }
            Err(Broken { error, undone: true })
        }
    }
}

/// Migrates within one transaction that nobody else can begin meanwhile.
fn migrate(connection: &mut Conn) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    match connection {
        Conn::Sqlite(inner) => {
            // Whoever writes holds all others up, also those who have nothing to bring up to date: they only look.
            if !inner.has_pending_migration(SQLITE_MIGRATIONS)? {
                return Ok(Vec::new());
            }
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?;
        }
        Conn::Postgres(inner) => {
            inner.batch_execute("SET client_min_messages TO WARNING")?;
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN")?;
            inner.batch_execute(&format!("SELECT pg_advisory_xact_lock({MIGRATES})"))?;
        }
    }
    let done = match connection {
        Conn::Sqlite(inner) => inner.run_pending_migrations(SQLITE_MIGRATIONS).map(|done| names(&done)),
        Conn::Postgres(inner) => inner.run_pending_migrations(POSTGRES_MIGRATIONS).map(|done| names(&done)),
    }?;
    <Conn as TransactionManager<Conn>>::commit_transaction(connection)?;
    Ok(done)
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

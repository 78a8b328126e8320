//! Diesel's connection to PostgreSQL, over the pure-Rust client `postgres`, with TLS by rustls: it needs no library and no
//! header of the machine on which it is built.
//!
//! Here live the connection, its prepared statements, and what its errors are called; `tls` reads how an address wants to be
//! encrypted, `row` hands values over. `connection` makes one; verbs of
//! the store name its type where a statement is PostgreSQL's own. Diesel's own connection links
//! libpq, which needs OpenSSL for TLS; that of diesel-async hides the SQLSTATE, by which `failure` distinguishes errors.

mod row;
mod tls;

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::connection::statement_cache::{MaybeCached, PrepareForCache, StatementCache};
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DefaultLoadingMode, DynInstrumentation,
    Instrumentation, InstrumentationEvent, LoadConnection, MultiConnectionHelper, SimpleConnection, StrQueryHelper,
    TransactionManager as _,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::pg::{GetPgMetadataCache, Pg, PgMetadataCache, PgMetadataLookup, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::r2d2::R2D2Connection;
use diesel::result::{ConnectionError, ConnectionResult, DatabaseErrorKind, Error, QueryResult};
use diesel::sql_types::TypeMetadata;
use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type};
use postgres::{Client, Statement};
use row::PgRow;

/// A connection that was used so recently is not asked whether it still stands before it is used again.
const FRESH: Duration = Duration::from_secs(1);

/// A connection to PostgreSQL.
pub struct PgConnection {
    /// There until the connection is dropped.
    client: Option<Client>,
    statements: StatementCache<Pg, Statement>,
    transactions: AnsiTransactionManager,
    /// A statement of the open transaction has failed: PostgreSQL would roll back at a commit, and call that a success.
    aborted: bool,
    metadata: PgMetadataCache,
    instrumentation: DynInstrumentation,
    used: Instant,
}

impl PgConnection {
    /// What the outcome of a statement means for the transaction that it was in.
    fn settle<T>(&mut self, outcome: QueryResult<T>) -> QueryResult<T> {
        if outcome.is_err() {
            if self.client.as_ref().is_none_or(Client::is_closed) {
                AnsiTransactionManager::transaction_manager_status_mut(self).set_in_error();
            } else {
                self.aborted = self.depth().is_ok_and(|depth| depth.is_some());
            }
        }
        outcome
    }

    /// How many transactions are open within one another.
    fn depth(&mut self) -> QueryResult<Option<NonZeroU32>> {
        AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth()
    }

    /// Runs `work` with the statement of a query, which is prepared once, and the query's values.
    fn run<T, R>(
        &mut self,
        source: &T,
        work: impl FnOnce(&mut Client, &Statement, &[&(dyn ToSql + Sync)]) -> Result<R, postgres::Error>,
    ) -> QueryResult<R>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let query = diesel::debug_query::<Pg, _>(source);
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&query));
        let outcome = self.prepare_and(source, work);
        let outcome = self.settle(outcome);
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, outcome.as_ref().err()));
        outcome
    }

    fn prepare_and<T, R>(
        &mut self,
        source: &T,
        work: impl FnOnce(&mut Client, &Statement, &[&(dyn ToSql + Sync)]) -> Result<R, postgres::Error>,
    ) -> QueryResult<R>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let mut binds = RawBytesBindCollector::<Pg>::new();
        source.collect_binds(&mut binds, self, &Pg)?;
        let client = usable(&mut self.client, &mut self.used)?;
        let (types, instrumentation) = (&binds.metadata, &mut *self.instrumentation);
        let cached = self.statements.cached_statement(source, &Pg, types, client, prepare, instrumentation)?;
        // A handle, counted by reference.
        let statement = match cached {
            MaybeCached::CannotCache(statement) => statement,
            MaybeCached::Cached(statement) => statement.clone(),
            _ => return Err(Error::QueryBuilderError("a statement that is kept in an unknown way".into())),
        };
        let values: Vec<Value> = binds.binds.into_iter().map(Value).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        work(usable(&mut self.client, &mut self.used)?, &statement, &values).map_err(|error| diesel_error(&error))
    }

    fn execute_text(&mut self, sql: &str) -> QueryResult<()> {
        let ends = sql.starts_with("ROLLBACK");
        if std::mem::take(&mut self.aborted) && !ends {
            self.aborted = true;
            if sql == "COMMIT" {
                let message = "a statement of this transaction has failed, so it can't be committed";
                return Err(refused(&SqlState::IN_FAILED_SQL_TRANSACTION, message));
            }
        }
        usable(&mut self.client, &mut self.used)?.batch_execute(sql).map_err(|error| diesel_error(&error))
    }
}

fn usable<'a>(client: &'a mut Option<Client>, used: &mut Instant) -> QueryResult<&'a mut Client> {
    *used = Instant::now();
    client.as_mut().ok_or_else(|| lost("the connection has been closed".to_owned()))
}

fn prepare(client: &mut Client, sql: &str, _: PrepareForCache, types: &[PgTypeMetadata]) -> QueryResult<Statement> {
    let types = types.iter().map(type_of).collect::<QueryResult<Vec<_>>>()?;
    client.prepare_typed(sql, &types).map_err(|error| diesel_error(&error))
}

/// The tables have built-in types only, whose numbers are known without asking the server.
fn type_of(metadata: &PgTypeMetadata) -> QueryResult<Type> {
    let oid = metadata.oid().map_err(|error| Error::SerializationError(Box::new(error)))?;
    Type::from_oid(oid).ok_or_else(|| Error::SerializationError(format!("{oid} is no built-in type").into()))
}

/// A value as Diesel has written it for PostgreSQL.
#[derive(Debug)]
struct Value(Option<Vec<u8>>);

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    /// Diesel has checked the types when the program was compiled.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(ty, out)
    }
}

/// An error as Diesel knows it. The SQLSTATE stands before the server's words, which may be in any language.
fn diesel_error(error: &postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => refused(answer.code(), answer.message()),
        None => lost(whole(error)),
    }
}

fn refused(code: &SqlState, message: &str) -> Error {
    let kind = match *code {
        SqlState::UNIQUE_VIOLATION => DatabaseErrorKind::UniqueViolation,
        SqlState::FOREIGN_KEY_VIOLATION => DatabaseErrorKind::ForeignKeyViolation,
        SqlState::NOT_NULL_VIOLATION => DatabaseErrorKind::NotNullViolation,
        SqlState::CHECK_VIOLATION => DatabaseErrorKind::CheckViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => DatabaseErrorKind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    };
    Error::DatabaseError(kind, Box::new(format!("[{}] {message}", code.code())))
}

/// No answer came: the connection is lost, or what came is no answer.
fn lost(message: String) -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message))
}

/// The SQLSTATE of an error of PostgreSQL, as [`diesel_error`] writes it.
pub(super) fn sqlstate(message: &str) -> Option<&str> {
    let (code, _) = message.strip_prefix('[')?.split_once(']')?;
    (code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())).then_some(code)
}

/// An error with its causes, which the client does not print.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

impl SimpleConnection for PgConnection {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        let query = StrQueryHelper::new(sql);
        self.instrumentation.on_connection_event(InstrumentationEvent::start_query(&query));
        let outcome = self.execute_text(sql);
        let outcome = self.settle(outcome);
        self.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, outcome.as_ref().err()));
        outcome
    }
}

impl ConnectionSealed for PgConnection {}

impl Connection for PgConnection {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    fn establish(address: &str) -> ConnectionResult<Self> {
        let client = tls::connect(address).map_err(ConnectionError::BadConnection)?;
        Ok(Self {
            client: Some(client),
            statements: StatementCache::new(),
            transactions: AnsiTransactionManager::default(),
            aborted: false,
            metadata: PgMetadataCache::new(),
            instrumentation: DynInstrumentation::default_instrumentation(),
            used: Instant::now(),
        })
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let rows = self.run(source, |client, statement, values| client.execute(statement, values))?;
        usize::try_from(rows).map_err(|error| Error::DeserializationError(Box::new(error)))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.instrumentation = instrumentation.into();
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.statements.set_cache_size(size);
    }
}

impl LoadConnection<DefaultLoadingMode> for PgConnection {
    type Cursor<'conn, 'query> =
        std::iter::Map<std::vec::IntoIter<postgres::Row>, fn(postgres::Row) -> QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        let rows = self.run(&source, |client, statement, values| client.query(statement, values))?;
        let row: fn(postgres::Row) -> QueryResult<PgRow> = |row| Ok(PgRow(row));
        Ok(rows.into_iter().map(row))
    }
}

impl GetPgMetadataCache for PgConnection {
    fn get_metadata_cache(&mut self) -> &mut PgMetadataCache {
        &mut self.metadata
    }
}

impl MultiConnectionHelper for PgConnection {
    fn to_any<'a>(lookup: &mut <Self::Backend as TypeMetadata>::MetadataLookup) -> &mut (dyn std::any::Any + 'a) {
        lookup.as_any()
    }

    fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut <Self::Backend as TypeMetadata>::MetadataLookup> {
        lookup.downcast_mut::<Self>().map(|connection| connection as &mut dyn PgMetadataLookup)
    }
}

impl MigrationConnection for PgConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        diesel::sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}

impl R2D2Connection for PgConnection {
    fn ping(&mut self) -> QueryResult<()> {
        if self.used.elapsed() < FRESH { Ok(()) } else { self.batch_execute("") }
    }

    fn is_broken(&mut self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed) || !matches!(self.depth(), Ok(None))
    }
}

impl Drop for PgConnection {
    /// The client says goodbye to the server, and waits for that: which a thread that runs asynchronous tasks must not do.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            std::thread::spawn(move || drop(client));
        }
    }
}

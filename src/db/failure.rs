//! What a failure of the database means: what the client is answered, and whether the same transaction is worth another try.
//!
//! The only place that looks into the database's own errors. Every verb of the store returns [`Error`] through here.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::postgres;
use crate::error::{Error, Kind};

/// What is the matter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Failure {
    /// Another transaction holds what this one wants, or this one was ended for another's sake.
    Busy,
    /// The server has ended the connection, or can't be reached.
    Lost,
    /// No room on the disk.
    DiskFull,
    /// The database can't be written to.
    ReadOnly,
    /// Everything else.
    Other,
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match classify(&error) {
            Failure::Busy => Self::new(Kind::Unavailable, "The database is busy. Please try again in a moment.")
                .transient()
                .because(error),
            Failure::Lost => {
                Self::new(Kind::Unavailable, "The connection to the database was lost. Please try again in a moment.")
                    .transient()
                    .because(error)
            }
            Failure::DiskFull => {
                Self::new(Kind::Unavailable, "The server's disk is full. Please ask its operator to free some space.")
                    .because(error)
            }
            Failure::ReadOnly => {
                Self::new(Kind::Unavailable, "The server can't write to its database. Please ask its operator.")
                    .because(error)
            }
            Failure::Other => Self::internal("The database refused a query.", error),
        }
    }
}

fn classify(error: &DieselError) -> Failure {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Failure::Lost,
        DieselError::DatabaseError(_, information) => {
            let message = information.message();
            postgres::sqlstate(message).map_or_else(|| of_sqlite(message), of_postgres)
        }
        // What was wrong before is what matters.
        DieselError::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error),
        DieselError::BrokenTransactionManager => Failure::Lost,
        _ => Failure::Other,
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>): never by words, which may be in any language.
fn of_postgres(sqlstate: &str) -> Failure {
    match sqlstate {
        // Serialisation failure, deadlock, a lock that was not to be had in time.
        "40001" | "40P01" | "55P03" => Failure::Busy,
        // The server shuts down, has crashed, starts, or has no place for another connection.
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" => Failure::Lost,
        "53100" => Failure::DiskFull,
        "25006" => Failure::ReadOnly,
        _ if sqlstate.starts_with("08") => Failure::Lost,
        _ => Failure::Other,
    }
}

/// Diesel hands SQLite's words on and keeps its codes to itself; to ask for them would take unsafe code. The words are those of
/// `sqlite3ErrStr` in the very SQLite that is built in, always in English: a test brings each of them about.
fn of_sqlite(message: &str) -> Failure {
    match message {
        "database is locked" | "database table is locked" | "database schema is locked" => Failure::Busy,
        "database or disk is full" => Failure::DiskFull,
        "attempt to write a readonly database" => Failure::ReadOnly,
        _ if message.starts_with("database table is locked") || message.starts_with("database schema is locked") => {
            Failure::Busy
        }
        _ => Failure::Other,
    }
}

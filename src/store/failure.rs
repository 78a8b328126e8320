//! What a failure of the database means: what the client is told, and whether the same transaction is worth another try.
//!
//! The only place that looks into the database's own errors. Every verb of the store returns [`Error`] through here.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

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
    let DieselError::DatabaseError(kind, information) = error else { return Failure::Other };
    match kind {
        DatabaseErrorKind::SerializationFailure => Failure::Busy,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Failure::Lost,
        DatabaseErrorKind::ReadOnlyTransaction => Failure::ReadOnly,
        _ => by_message(&**information),
    }
}

fn by_message(information: &dyn DatabaseErrorInformation) -> Failure {
    let text = information.message();
    let is = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if is(&["database is locked", "database table is locked", "lock timeout", "deadlock detected"]) {
        Failure::Busy
    } else if is(&["terminating connection", "the database system is", "server closed the connection"]) {
        Failure::Lost
    } else if is(&["disk is full", "No space left"]) {
        Failure::DiskFull
    } else if is(&["readonly database"]) {
        Failure::ReadOnly
    } else {
        Failure::Other
    }
}

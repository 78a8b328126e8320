//! The database. Diesel and SQL are known here, in the `rows` of features and jobs, and in `audit`.
//!
//! Here live connections, their pool, transactions and the schema. The verbs on rows (find, create, update, delete) live with their
//! feature, in its `rows`; features compose them within [`Store::read`] and [`Store::write`]. No rule lives here. SQLite and
//! PostgreSQL share every query; where they differ, `connection` knows.

pub(crate) mod connection;
pub mod cuts;
mod failure;
pub mod installation;
pub mod postgres;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod tx;
pub(crate) mod versions;
mod watch;

use crate::error::Error;
use crate::model::Timestamp;
pub use connection::{Bulk, Conn, PoolOptions, Reading, Store};
pub use tx::Tx;

/// The message of an error about a row that this version can't read.
pub const UNREADABLE: &str = "The database holds a value that this version does not know.";

/// A wait that is over whatever the clock says.
pub(crate) const AT_ONCE: i64 = 0;

/// A column that ought to hold what we wrote there.
pub(crate) fn instant(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_micros(micros).map_err(|error| Error::internal(UNREADABLE, error))
}

/// A pattern for `LIKE` that fits every text with this one in it.
pub(crate) fn with_in_it(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

pub(crate) fn instant_opt(micros: Option<i64>) -> Result<Option<Timestamp>, Error> {
    micros.map(instant).transpose()
}

/// A column that ought to hold a name of one of our enums, or another text that parses.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Error>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Error::internal(UNREADABLE, format!("“{text}”: {error}")))
}

//! The database: the only place that knows Diesel and SQL.
//!
//! Here live the tables, the pool, and small verbs on rows (find, create, update, delete) in a module for each subject.
//! No rule lives here: who may do what, and what follows from it, is decided by `domain`, `importers` and `worker`, which
//! compose these verbs within [`Store::read`] and [`Store::write`]. SQLite and PostgreSQL share every query; where they
//! differ, `connection` knows.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod capture;
mod connection;
pub mod conversations;
pub mod cuts;
pub mod downloads;
pub mod exports;
mod failure;
pub mod installation;
pub mod items;
pub mod ledger;
pub mod mails;
pub mod part_jobs;
pub mod participants;
pub mod postgres;
mod schema;
pub mod sessions;
pub mod sources;
pub mod summaries;
#[cfg(test)]
mod tests;
pub mod users;
mod versions;
pub mod volume;
mod watch;

pub use connection::{Bulk, Conn, PoolOptions, Reading, Store};

use crate::error::Error;
use crate::model::Timestamp;

/// The message of an error about a row that this version can't read.
pub const UNREADABLE: &str = "The database holds a value that this version does not know.";

/// The present by [`Store::time`], for those who look whether a wait is over.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The present.
    pub now: Timestamp,
    /// The end of the longest wait that begins now. One that ends later was noted before the clock was put back.
    pub latest: Timestamp,
}

/// A wait that is over whatever the clock says.
const AT_ONCE: i64 = 0;

/// A wait that is over, or that nobody has begun since the clock was put back.
macro_rules! over {
    ($column:expr, $due:expr) => {
        ($column.le($due.now.micros()).or($column.gt($due.latest.micros())))
    };
}
use over;

/// A column that ought to hold what we wrote there.
fn instant(micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_micros(micros).map_err(|error| Error::internal(UNREADABLE, error))
}

/// A pattern for `LIKE` that fits every text with this one in it.
fn with_in_it(text: &str) -> String {
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

fn instant_opt(micros: Option<i64>) -> Result<Option<Timestamp>, Error> {
    micros.map(instant).transpose()
}

/// A column that ought to hold a name of one of our enums, or another text that parses.
fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Error>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Error::internal(UNREADABLE, format!("“{text}”: {error}")))
}

//! Which versions of the tables this program knows, and which the database has.

use std::collections::BTreeSet;

use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::connection::SQLITE_MIGRATIONS;
use super::{Conn, Store};
use crate::error::{Error, Result};

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// The migrations that this program knows; both databases have the same.
fn known() -> Result<BTreeSet<String>> {
    let migrations = MigrationSource::<Sqlite>::migrations(&SQLITE_MIGRATIONS);
    let migrations = migrations.map_err(|error| Error::internal("looking at the program's own migrations", error))?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

#[derive(QueryableByName)]
struct Tables {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// The migrations that a database has had; none if it has no tables yet.
fn applied(c: &mut Conn) -> Result<BTreeSet<String>> {
    // A query of a table that is not there would fail, as one of a damaged database does.
    let tables: Tables = diesel::sql_query(match c {
        Conn::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
        Conn::Postgres(_) => {
            "SELECT count(*) AS count FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        }
    })
    .get_result(c)?;
    if tables.count == 0 {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<Applied> = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(c)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

impl Store {
    /// Refuses a database that a newer version of the program has changed: what it means by its tables nobody here knows.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] with what to do.
    pub(crate) fn refuse_newer(&self) -> Result<()> {
        let (known, applied) = (known()?, self.read(applied)?);
        let newer: Vec<&str> = applied.difference(&known).map(String::as_str).collect();
        if newer.is_empty() {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "A newer version of this program has changed the tables of this database ({}, of which this version, {}, knows \
             nothing). Start that version, or restore a copy of the database from before the upgrade.",
            newer.join(", "),
            env!("CARGO_PKG_VERSION")
        )))
    }

    /// Refuses a database whose tables are not this version's, for one who only looks and changes nothing.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] with what to do.
    pub fn check_version(&self) -> Result<()> {
        self.refuse_newer()?;
        let (known, applied) = (known()?, self.read(applied)?);
        if known == applied {
            return Ok(());
        }
        Err(Error::conflict(
            "The tables of this database are not up to date. “compliance-exports migrate” brings them up to date, and so does \
             “serve”.",
        ))
    }
}

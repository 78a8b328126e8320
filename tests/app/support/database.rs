//! A database for each test: an SQLite file, or a database of its own on the PostgreSQL server that
//! `TEST_DATABASE_URL` names.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use compliance_exports::config::DatabaseUrl;
use compliance_exports::db::postgres::PgConnection;
use diesel::Connection;
use diesel::connection::SimpleConnection;

/// A database that goes away with its test.
pub struct Database {
    pub url: DatabaseUrl,
    /// Server and name of a PostgreSQL database.
    postgres: Option<(String, String)>,
}

impl Database {
    pub fn create(folder: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            return Self { url: DatabaseUrl::Sqlite(folder.join("test.db")), postgres: None };
        };
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        run(&server, &format!("CREATE DATABASE {name}"));
        let base = server.rsplit_once('/').expect("an address with a database").0;
        let url = format!("{base}/{name}").parse().expect("an address");
        Self { url, postgres: Some((server, name)) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres {
            run(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn run(server: &str, sql: &str) {
    let mut connection = PgConnection::establish(server).expect("the PostgreSQL server of TEST_DATABASE_URL");
    connection.batch_execute(sql).expect("a statement that works");
}

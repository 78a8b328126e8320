//! A program's binary, driven by its commands as an operator does: also that of another version, so that both are measured
//! alike.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::{Connection, OpenFlags};

use super::measure::{self, Ran};
use super::support::corpus::ACCOUNT;
use super::support::stage::{ADMINISTRATOR, PASSWORD};

/// The binary of this version.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_compliance-exports");

/// Where an installation keeps its tables.
pub enum Database {
    /// In its data folder.
    Sqlite,
    /// In a new database of this PostgreSQL server: the address that the bench itself takes, and the one that is told to the
    /// program, which may lead there by a longer way.
    Postgres { direct: url::Url, told: url::Url },
}

/// A binary with a data folder and a database of its own; its account has the feature on and an administrator with access.
pub struct Installation {
    binary: PathBuf,
    folder: PathBuf,
    database: Database,
}

/// An export that was asked for by command.
pub struct Exported {
    /// From being taken up to being completed, as the database tells.
    pub seconds: f64,
    /// The command as a whole, which also copies the archive.
    pub ran: Ran,
    pub parts: Vec<PathBuf>,
}

impl Installation {
    /// Makes it in a new folder; on PostgreSQL also a database, which has the folder's name.
    pub fn make(binary: &Path, folder: PathBuf, database: Database) -> Self {
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.join("data")).unwrap();
        let mut settings = String::new();
        if let Database::Postgres { direct, told } = &database {
            let name = folder.file_name().unwrap().to_str().unwrap();
            psql(direct, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            psql(direct, &format!("CREATE DATABASE {name}"));
            let mut told = told.clone();
            told.set_path(name);
            settings = format!("[database]\nurl = \"{told}\"\n");
        }
        fs::write(folder.join("settings.toml"), settings).unwrap();
        fs::write(folder.join("password"), PASSWORD).unwrap();
        let made = Self { binary: binary.to_owned(), folder, database };
        made.run(&["account", "create", ACCOUNT, "--include-exports"]);
        let person = ["--account", ACCOUNT, "--email", ADMINISTRATOR];
        made.run(&[["user", "create", "--name", "Astrid Vane", "--admin"].as_slice(), &person].concat());
        made.run(&[["exports", "on"].as_slice(), &person].concat());
        made
    }

    /// Records a file of events.
    pub fn import(&self, events: &Path) -> Ran {
        self.run(&["import", "events", "--account", ACCOUNT, events.to_str().unwrap()])
    }

    /// Requests an export of these days and waits for it.
    pub fn export(&self, first_day: &str, last_day: &str) -> Exported {
        let output = self.folder.join("archive");
        if output.exists() {
            fs::remove_dir_all(&output).unwrap();
        }
        fs::create_dir(&output).unwrap();
        let asked = ["export", "--account", ACCOUNT, "--email", ADMINISTRATOR, "--from", first_day, "--to", last_day];
        let ran = self.run(&[asked.as_slice(), &["--output", output.to_str().unwrap()]].concat());
        let mut parts: Vec<_> = fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path()).collect();
        parts.sort();
        Exported { seconds: self.last_export(), ran, parts }
    }

    /// Checks parts; gives what the program says of them.
    pub fn verify(&self, parts: &[PathBuf]) -> String {
        let parts: Vec<_> = parts.iter().map(|part| part.to_str().unwrap()).collect();
        self.run(&[["verify"].as_slice(), &parts].concat());
        fs::read_to_string(self.folder.join("out")).unwrap().lines().next().unwrap().to_owned()
    }

    /// Runs a command, which must succeed.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(self.folder.join("settings.toml"));
        command.arg("--data-dir").arg(self.folder.join("data")).current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COMPLIANCE_EXPORTS_") {
                command.env_remove(name);
            }
        }
        let file = |name| File::create(self.folder.join(name)).unwrap();
        command.stdin(File::open(self.folder.join("password")).unwrap()).stdout(file("out")).stderr(file("log"));
        measure::try_run(&mut command).unwrap_or_else(|failed| {
            let told = ["out", "log"].map(|name| fs::read_to_string(self.folder.join(name)).unwrap_or_default());
            panic!("{failed}: {}", told.concat())
        })
    }

    /// How long the newest export took, in seconds.
    fn last_export(&self) -> f64 {
        let sql = "SELECT finished_at - started_at FROM export_requests ORDER BY id DESC LIMIT 1";
        let micros: i64 = match &self.database {
            Database::Sqlite => {
                let path = self.folder.join("data/compliance-exports.db");
                let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
                db.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Database::Postgres { direct, .. } => {
                let mut own = direct.clone();
                own.set_path(self.folder.file_name().unwrap().to_str().unwrap());
                psql(&own, sql).trim().parse().unwrap()
            }
        };
        micros as f64 / 1e6
    }
}

/// Runs a statement with PostgreSQL's own program; gives what it prints.
fn psql(server: &url::Url, sql: &str) -> String {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql, server.as_str()]);
    // Not that there was no database to drop.
    command.env("PGOPTIONS", "-c client_min_messages=warning");
    let output = command.stderr(Stdio::inherit()).output().expect("psql, which comes with PostgreSQL");
    assert!(output.status.success(), "{sql}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

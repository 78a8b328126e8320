//! Settings: what an operator can choose, each with a default that works.
//!
//! Here live the [`Settings`] and their meaning; `layers` puts file, environment and flags on top of one another, `values`
//! holds the types that refuse what can't be meant, `checks` what only several settings together can show. The command
//! line loads them once at start and hands them down; nothing here is global, and nothing here logs. Every failure is an
//! [`Error`](crate::error::Error) of kind `Invalid` that names the setting and its place.
//!
//! `docs/configuration.md` and `compliance-exports.example.toml` describe every setting; a test holds them to this file.

mod checks;
mod layers;
mod values;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use serde::Deserialize;
use values::{between, filter, mailbox, socket_address};

pub use layers::Overrides;
pub use values::{ArchivesUrl, ByteSize, DatabaseUrl, Endpoint, PublicAddress, Secret};

/// Everything that an operator can choose.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Settings {
    /// Folder of everything that the server keeps: database, archives, signing key, mails written as files. Relative paths
    /// here and below start at the folder in which the program is started.
    pub data_dir: PathBuf,
    /// Where people reach the server; [`Settings::public_address`] returns it also when it is not set.
    #[serde(rename = "public_address")]
    chosen_public_address: Option<PublicAddress>,
    pub server: Server,
    pub database: Database,
    /// The building and keeping of archives.
    pub exports: Exports,
    /// Where finished archives are kept.
    pub archives: Archives,
    /// How mails leave.
    pub mail: Mail,
    /// The program's log.
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Server {
    /// Where the server listens; port 0 takes a free one.
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Threads that answer requests.
    #[serde(deserialize_with = "between::<_, _, 1, 256>")]
    pub workers: usize,
    /// Whether a reverse proxy stands in front: only then is `X-Forwarded-For` believed.
    pub behind_proxy: bool,
    /// Hours after which a session must be renewed by signing in.
    #[serde(deserialize_with = "between::<_, _, 1, 720>")]
    pub session_hours: u32,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Database {
    /// Which database; [`Settings::database_url`] returns it also when it is not set.
    #[serde(rename = "url")]
    chosen_url: Option<DatabaseUrl>,
    /// Connections kept open for the pages.
    #[serde(deserialize_with = "between::<_, _, 1, 1000>")]
    pub pool_size: u32,
    /// Milliseconds that a statement waits for another writer (SQLite).
    #[serde(deserialize_with = "between::<_, _, 100, 600_000>")]
    pub busy_timeout_ms: u32,
}

/// The building and keeping of archives.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Exports {
    /// Archives built at the same time by this process.
    #[serde(deserialize_with = "between::<_, _, 1, 64>")]
    pub workers: usize,
    /// Requests of one account that may be queued or in progress (B2).
    #[serde(deserialize_with = "between::<_, _, 1, 100>")]
    pub max_open_per_account: u32,
    /// Days for which a completed export can be downloaded (B6).
    #[serde(deserialize_with = "between::<_, _, 1, 3650>")]
    pub keep_days: u32,
    /// How often an export is begun before it fails (B3).
    #[serde(deserialize_with = "between::<_, _, 1, 20>")]
    pub attempts: u32,
    /// Seconds after which a silent worker is taken for dead (B3).
    #[serde(deserialize_with = "between::<_, _, 5, 3600>")]
    pub lease_seconds: u32,
    /// Most entries of one part.
    #[serde(deserialize_with = "between::<_, _, 16, 65_534>")]
    pub part_entries: u32,
    /// Most bytes of one part.
    #[serde(deserialize_with = "ByteSize::between_64_kib_and_3_gib")]
    pub part_bytes: ByteSize,
    /// Bytes of the disk that an export leaves free.
    pub keep_free: ByteSize,
}

/// Where finished archives are kept.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Archives {
    /// A folder or a bucket; [`Settings::archives_url`] returns it also when it is not set.
    #[serde(rename = "url")]
    chosen_url: Option<ArchivesUrl>,
    /// The object store that has the bucket.
    pub s3: S3,
}

/// An object store that speaks S3.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct S3 {
    /// Where it is reached; Amazon's if it is not set.
    pub endpoint: Option<Endpoint>,
    pub region: String,
    /// Whether the bucket is named in the path of an address, or else in its host.
    pub path_style: bool,
    /// Whether an endpoint on another machine may be without TLS.
    pub allow_http: bool,
    /// Who we are; without it, the environment says so, or the machine.
    pub access_key_id: Option<String>,
    /// The secret that belongs to it. Once loaded, it is here also if it stood in `secret_access_key_file`.
    pub secret_access_key: Option<Secret>,
    /// File that holds the secret instead.
    pub secret_access_key_file: Option<PathBuf>,
    /// Seconds to wait for each answer.
    #[serde(deserialize_with = "between::<_, _, 1, 240>")]
    pub timeout_seconds: u32,
}

/// How mails leave.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Mail {
    /// By SMTP, or as files in the data folder.
    pub transport: MailTransport,
    /// The sender.
    #[serde(deserialize_with = "mailbox")]
    pub from: Mailbox,
    /// The server that takes the mails.
    pub smtp: Smtp,
}

/// How mails leave.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// One `.eml` file for each mail, in [`Settings::mail_dir`].
    Files,
    /// By SMTP.
    Smtp,
}

/// The server that takes the mails.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Smtp {
    /// Its name, which its certificate must bear.
    pub host: Option<String>,
    /// Its port; [`Smtp::port`] returns it also when it is not set.
    #[serde(rename = "port", deserialize_with = "values::some_port")]
    chosen_port: Option<u16>,
    /// How the conversation is encrypted.
    pub tls: SmtpTls,
    /// User name; without it nothing is said about who we are.
    pub username: Option<String>,
    /// Password. Once loaded, it is here also if it stood in `password_file`.
    pub password: Option<Secret>,
    /// File that holds the password instead.
    pub password_file: Option<PathBuf>,
    /// PEM file of certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Seconds to wait for each answer.
    #[serde(deserialize_with = "between::<_, _, 1, 120>")]
    pub timeout_seconds: u32,
}

/// How the conversation with the mail server is encrypted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Begins in the clear and is encrypted before anything is said; never falls back.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// In the clear.
    None,
}

/// The program's log.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, expecting = "a group of settings")]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events are logged, in the syntax of `tracing_subscriber::EnvFilter`.
    #[serde(deserialize_with = "filter")]
    pub filter: String,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Settings {
    /// Where people reach the server: what was chosen, otherwise the address where it listens, as seen from this machine.
    ///
    /// With port 0, put the bound address into `server.listen` before asking.
    #[must_use]
    pub fn public_address(&self) -> PublicAddress {
        self.chosen_public_address.clone().unwrap_or_else(|| PublicAddress::of(reachable(self.server.listen)))
    }

    /// Whether somebody chose where people reach the server.
    #[must_use]
    pub fn has_public_address(&self) -> bool {
        self.chosen_public_address.is_some()
    }

    /// The database: what was chosen, otherwise a SQLite file in the data folder.
    #[must_use]
    pub fn database_url(&self) -> DatabaseUrl {
        let default = || DatabaseUrl::Sqlite(self.data_dir.join("compliance-exports.db"));
        self.database.chosen_url.clone().unwrap_or_else(default)
    }

    /// Puts another database in the place of the chosen one; tests give each server one of its own.
    pub fn set_database_url(&mut self, url: DatabaseUrl) {
        self.database.chosen_url = Some(url);
    }

    /// Where finished archives are kept: what was chosen, otherwise a folder in the data folder.
    #[must_use]
    pub fn archives_url(&self) -> ArchivesUrl {
        let default = || ArchivesUrl::Folder(self.data_dir.join("archives"));
        self.archives.chosen_url.clone().unwrap_or_else(default)
    }

    /// Folder of the mails that are written as files.
    #[must_use]
    pub fn mail_dir(&self) -> PathBuf {
        self.data_dir.join("mail")
    }
}

impl Archives {
    /// Whether somebody chose where archives are kept.
    #[must_use]
    pub fn has_url(&self) -> bool {
        self.chosen_url.is_some()
    }

    /// Puts another store in the place of the chosen one; tests give each server one of its own.
    pub fn set_url(&mut self, url: ArchivesUrl) {
        self.chosen_url = Some(url);
    }
}

impl S3 {
    /// The address under which a bucket is reached; none if it is Amazon's.
    #[must_use]
    pub fn endpoint_of(&self, bucket: &str) -> Option<String> {
        let endpoint = self.endpoint.as_ref()?;
        Some(if self.path_style { endpoint.to_string() } else { endpoint.with_bucket(bucket) })
    }

    /// Whether nothing is encrypted on the way.
    #[must_use]
    pub fn is_http(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| !endpoint.is_https())
    }

    /// Time to wait for each answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }
}

impl Smtp {
    /// The port: what was chosen, otherwise the one that is usual for the encryption.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.chosen_port.unwrap_or(match self.tls {
            SmtpTls::StartTls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        })
    }

    /// Time to wait for each answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }
}

/// "Any address of this machine" is nowhere to point a browser at: its own loopback address is.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            chosen_public_address: None,
            server: Server::default(),
            database: Database::default(),
            exports: Exports::default(),
            archives: Archives::default(),
            mail: Mail::default(),
            log: Log::default(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self { listen, workers: 4, behind_proxy: false, session_hours: 12 }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { chosen_url: None, pool_size: 10, busy_timeout_ms: 5000 }
    }
}

impl Default for Exports {
    fn default() -> Self {
        Self {
            workers: 2,
            max_open_per_account: 2,
            keep_days: 30,
            attempts: 3,
            lease_seconds: 30,
            part_entries: 65_534,
            part_bytes: ByteSize::gib(2),
            keep_free: ByteSize::mib(256),
        }
    }
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".to_owned(),
            path_style: true,
            allow_http: false,
            access_key_id: None,
            secret_access_key: None,
            secret_access_key_file: None,
            timeout_seconds: 30,
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { transport: MailTransport::Files, from: values::default_sender(), smtp: Smtp::default() }
    }
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: None,
            chosen_port: None,
            tls: SmtpTls::StartTls,
            username: None,
            password: None,
            password_file: None,
            ca_file: None,
            timeout_seconds: 30,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

//! Types of settings that refuse what can't be meant, and that never show a secret.
//!
//! They are read from text or numbers by serde, so that a refusal carries the place of the value that caused it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;
use serde::de::{Deserialize, Deserializer, Error as _};
use url::{Host, Url};

/// A text that is never shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // By way of a value, because serde's own message would quote a password that is not a text.
        match toml::Value::deserialize(from)? {
            toml::Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("is not a text in quotation marks (the value is not shown)")),
        }
    }
}

/// A number of bytes, written as `268435456` or `"256 MiB"`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ByteSize(u64);

impl ByteSize {
    /// So many bytes.
    #[must_use]
    pub const fn bytes(count: u64) -> Self {
        Self(count)
    }

    pub(super) const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    pub(super) const fn gib(count: u64) -> Self {
        Self(count << 30)
    }

    /// In bytes.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// For the size of a part: every unzip program opens less than 4 GiB, and the last day file begun needs room.
    pub(super) fn between_64_kib_and_3_gib<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let size = Self::deserialize(from)?;
        if (64 << 10..=3 << 30).contains(&size.0) {
            Ok(size)
        } else {
            Err(D::Error::custom("must be at least 64 KiB and at most 3 GiB, so that every unzip program opens a part"))
        }
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unclear = || format!("`{text}` is not a size: write bytes, or a whole number with KiB, MiB, GiB or TiB");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(unclear)?;
        let shift = match unit.trim() {
            "" | "B" => 0,
            "KiB" => 10,
            "MiB" => 20,
            "GiB" => 30,
            "TiB" => 40,
            _ => return Err(unclear()),
        };
        let count: u64 = number.parse().map_err(|_| unclear())?;
        count.checked_mul(1 << shift).map(Self).ok_or_else(|| format!("`{text}` is too large"))
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(from)? {
            toml::Value::Integer(bytes) => {
                u64::try_from(bytes).map(Self).map_err(|_| D::Error::custom("a size can't be negative"))
            }
            toml::Value::String(text) => text.parse().map_err(D::Error::custom),
            other => Err(D::Error::custom(format!("is a {}, not a size such as \"256 MiB\"", other.type_str()))),
        }
    }
}

#[derive(Clone, Eq, PartialEq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Secret),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// No message quotes more than the scheme, because the rest may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        const KNOWN: &str = "write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE";
        match text.split_once(':') {
            Some(("sqlite", "" | "//")) => Err(format!("names no file: {KNOWN}")),
            Some(("sqlite", ":memory:")) => {
                Err(format!("a database in memory would be lost, and different for each connection: {KNOWN}"))
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into())),
            Some(("postgres" | "postgresql", _)) => {
                let url = Url::parse(text).map_err(|why| format!("is not a PostgreSQL address ({why}): {KNOWN}"))?;
                match url.path().trim_matches('/') {
                    "" => Err(format!("names no database: {KNOWN}")),
                    _ => Ok(Self::Postgres(Secret::new(text))),
                }
            }
            Some((scheme, _)) => Err(format!("unknown kind of database `{scheme}`: {KNOWN}")),
            None => Err(format!("does not say which kind of database: {KNOWN}")),
        }
    }
}

/// Shows where the database is, never its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(secret) => match Url::parse(secret.expose()) {
                // A password can stand before the host and, for libpq, in the query too: neither is shown.
                Ok(url) => {
                    let host = url.host_str().unwrap_or_default();
                    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                    write!(f, "postgres://{host}{port}{}", url.path())
                }
                Err(_) => f.write_str("postgres://(not shown)"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Secret::deserialize(from)?.expose().parse().map_err(D::Error::custom)
    }
}

/// Where finished archives are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ArchivesUrl {
    Folder(PathBuf),
    /// A bucket of an object store, and what all names in it begin with.
    S3 {
        bucket: String,
        /// Names without a slash at either end, parted by slashes; may be empty.
        prefix: String,
    },
}

impl FromStr for ArchivesUrl {
    type Err = String;

    /// No message quotes what stands before the host, which might be a password.
    fn from_str(text: &str) -> Result<Self, String> {
        const KNOWN: &str = "write the path of a folder, or s3://BUCKET/PREFIX";
        let Some(rest) = text.strip_prefix("s3://") else {
            return match text.split_once("://") {
                Some((scheme, _)) => Err(format!("unknown kind of store `{scheme}`: {KNOWN}")),
                None if text.is_empty() => Err(format!("names no folder: {KNOWN}")),
                None => Ok(Self::Folder(text.into())),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_name = |name: &str| {
            !matches!(name, "" | "." | "..")
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if !is_name(bucket) {
            return Err(format!("names no bucket: {KNOWN}; passwords have settings of their own"));
        }
        if !prefix.is_empty() && !prefix.split('/').all(is_name) {
            return Err(format!(
                "has a prefix of other than letters, digits, `-`, `_`, `.` and single slashes: {KNOWN}"
            ));
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl<'de> Deserialize<'de> for ArchivesUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Where an object store is reached: scheme, host and port, nothing more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint(PublicAddress);

impl Endpoint {
    /// Whether it is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.is_https()
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.is_loopback()
    }

    /// The address whose host begins with the name of a bucket.
    pub(super) fn with_bucket(&self, bucket: &str) -> String {
        self.to_string().replacen("://", &format!("://{bucket}."), 1)
    }
}

/// Without a slash at the end.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|why: String| why.replace("exports.example.com", "s3.example.com"))
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Where people reach the server: scheme, host and port, nothing more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicAddress(Url);

impl PublicAddress {
    /// The address of a server that is reached directly.
    pub(super) fn of(address: SocketAddr) -> Self {
        let url = Url::parse(&format!("http://{address}/"));
        #[expect(clippy::expect_used, reason = "a socket address is a host and a port")]
        Self(url.expect("a socket address makes an address"))
    }

    /// The address of a page; `path` begins with `/`.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Whether cookies can be kept to encrypted connections.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it leads nowhere from any other machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => is_localhost(name),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

/// Without a slash at the end, so that paths can follow.
impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for PublicAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "write it like https://exports.example.com";
        let url = Url::parse(text).map_err(|why| format!("`{text}` is not an address ({why}): {wanted}"))?;
        let refuse = |why: &str| Err(format!("`{text}` {why}: {wanted}"));
        // First, because all other refusals quote the address.
        if !url.username().is_empty() || url.password().is_some() {
            Err(format!("holds a user name or a password: {wanted}"))
        } else if !matches!(url.scheme(), "http" | "https") {
            refuse("is neither http nor https")
        } else if url.path() != "/" {
            refuse("holds a path, and the server answers only at the top")
        } else if url.query().is_some() || url.fragment().is_some() {
            refuse("holds more than a host and a port")
        } else {
            Ok(Self(url))
        }
    }
}

impl<'de> Deserialize<'de> for PublicAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Whether `host` is this machine itself.
pub(super) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// A whole number from `MIN` to `MAX`, which must fit into `T`.
pub(super) fn between<'de, D, T, const MIN: i64, const MAX: i64>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    let number = i64::deserialize(from)?;
    let refused = || D::Error::custom(format!("must be from {MIN} to {MAX}, and is {number}"));
    if (MIN..=MAX).contains(&number) { T::try_from(number).map_err(|_| refused()) } else { Err(refused()) }
}

pub(super) fn some_port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    between::<_, _, 1, 65_535>(from).map(Some)
}

pub(super) fn socket_address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let refused = || D::Error::custom(format!("`{text}` is not ADDRESS:PORT, such as 127.0.0.1:8080 or [::]:8080"));
    text.parse().map_err(|_| refused())
}

pub(super) fn mailbox<'de, D: Deserializer<'de>>(from: D) -> Result<Mailbox, D::Error> {
    let text = String::deserialize(from)?;
    let refused =
        |why| D::Error::custom(format!("`{text}` is not a sender such as Exports <no-reply@example.com>: {why}"));
    text.parse().map_err(refused)
}

pub(super) fn filter<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match tracing_subscriber::EnvFilter::try_new(&text) {
        Ok(_) => Ok(text),
        Err(why) => {
            Err(D::Error::custom(format!("`{text}` is not a log filter such as info,compliance_exports=debug: {why}")))
        }
    }
}

/// The sender as long as nobody chose one: good enough for mails that are written as files.
pub(super) fn default_sender() -> Mailbox {
    let sender = "Compliance Exports <no-reply@localhost>".parse();
    #[expect(clippy::expect_used, reason = "a constant, parsed in a test")]
    sender.expect("the default sender is an address")
}

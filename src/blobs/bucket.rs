//! A bucket of an object store that speaks S3, and in it, below a prefix: `archives/`, `quarantine/` and `installation`, which
//! names whose they are.
//!
//! What arrived is read back and compared with the SHA-256 that the check of the finished part returned. That proves it for every
//! store: check sums that a store keeps of an upload in chunks are sums of the chunks' sums, and some stores pass over them. They are
//! sent all the same, so that a chunk that was damaged on its way is refused and sent again.
//!
//! Everything here waits for the network. Workers have patience, because a part may be hours of work; pages have little.
//! [`crate::blobs::Blobs`] calls this.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, RetryConfig, WriteMultipart,
};

use super::glances::Glances;
use super::reading::Object;
use super::runtime::{Runtime, use_ring};
use super::{Condition, GoesOn, Quarantined, Stored, is_key};
use crate::config::S3;
use crate::error::{Context, Error, Kind, Result};
use crate::keys;
use crate::sums::Hashing;

/// Bytes that are sent at a time. S3 takes no smaller ones than 5 MiB, and at most 10,000: more than the largest part.
const UPLOAD_CHUNK: usize = 8 << 20;
/// Chunks on their way at the same time. With the one that is being read from the disk, each worker holds 24 MiB.
const ON_THE_WAY: usize = 2;
/// How long a connection may take to be made: longer, and there is nobody.
const CONNECT: Duration = Duration::from_secs(5);
/// How long whoever works repeats a request; the caller may repeat the whole. Less than the five minutes for which a signed
/// request holds.
const PATIENT: Duration = Duration::from_secs(120);
/// How long somebody who looks at a page waits.
const BRISK: Duration = Duration::from_secs(10);
/// How long a store may take to copy the largest part: 4 GiB at 10 MB/s.
const COPY: Duration = Duration::from_secs(420);
/// Bytes that are hashed at a time.
const CHUNK: usize = 256 << 10;
/// Objects that are looked at at the same time.
const AT_ONCE: usize = 16;

/// Variables of the environment that say who we are, as every program that speaks S3 reads them.
const VARIABLES: [&str; 9] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// A bucket. Clones are the same.
#[derive(Clone)]
pub(super) struct Bucket(Arc<Inner>);

struct Inner {
    runtime: Runtime,
    /// For work.
    patient: AmazonS3,
    /// For pages.
    brisk: AmazonS3,
    /// For what the store does by itself, and says nothing meanwhile.
    copier: AmazonS3,
    /// `s3://bucket/prefix`, for the operator.
    url: String,
    prefix: Path,
    installation: String,
    glances: Glances,
    /// It did not answer when it was last asked for a page.
    is_away: AtomicBool,
}

/// Only where it is: what lies within knows secrets.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({})", self.0.url)
    }
}

/// Where a key is kept.
#[derive(Clone, Copy)]
enum Area {
    Archives,
    Quarantine,
}

impl Area {
    fn name(self) -> &'static str {
        match self {
            Self::Archives => "archives",
            Self::Quarantine => "quarantine",
        }
    }
}

impl Bucket {
    /// Connects to nothing yet.
    pub(super) fn new(bucket: &str, prefix: &str, settings: &S3, installation: &str) -> Result<Self> {
        use_ring();
        let url = match prefix {
            "" => format!("s3://{bucket}"),
            _ => format!("s3://{bucket}/{prefix}"),
        };
        let build = |max_retries, retry_timeout, read_timeout| {
            let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries, retry_timeout };
            let options = ClientOptions::new()
                .with_connect_timeout(CONNECT)
                // Each chunk of an answer must come in time, however many there are.
                .with_timeout_disabled()
                .with_read_timeout(read_timeout)
                .with_allow_http(settings.is_http());
            let builder = builder(bucket, settings)?.with_retry(retry).with_client_options(options);
            builder.build().map_err(|cause| {
                Error::new(Kind::Invalid, format!("The settings of the archives' store {url} can't be used."))
                    .because(cause)
            })
        };
        let (patient, brisk) = (build(10, PATIENT, settings.timeout())?, build(2, BRISK / 2, settings.timeout())?);
        let copier = build(2, PATIENT, COPY)?;
        Ok(Self(Arc::new(Inner {
            runtime: Runtime::start()?,
            patient,
            brisk,
            copier,
            prefix: Path::from(prefix),
            installation: installation.to_owned(),
            glances: Glances::default(),
            is_away: AtomicBool::new(false),
            url,
        })))
    }

    /// Waits for what has bounds of its own.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.0.runtime.wait(&|| Ok(()), work)
    }

    /// Waits, but not longer than somebody who looks at a page.
    fn brisk<T>(&self, work: impl Future<Output = object_store::Result<T>>) -> Result<object_store::Result<T>> {
        self.wait(async { tokio::time::timeout(BRISK, work).await })?.map_err(|late| self.away(late))
    }

    /// In words for whoever reads it: what is the matter with which store, and what to do. All of it may pass.
    pub(super) fn trouble(&self, error: object_store::Error) -> Error {
        let (url, cause) = (&self.0.url, error.to_string());
        let message = match refusal(&error, &cause) {
            Some(Refusal::Unknown) => format!(
                "The store of archives, {url}, refuses this server. Ask its operator to look at the credentials, and at what \
                 they allow there: to read, write, list and delete."
            ),
            Some(Refusal::NotThere) => format!(
                "The store of archives, {url}, has no such bucket or object. Ask the server's operator to look at \
                 `archives.url` and `archives.s3.endpoint`."
            ),
            None => return self.away(cause),
        };
        Error::new(Kind::Unavailable, message).because(cause).transient()
    }

    fn away(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let url = &self.0.url;
        Error::new(
            Kind::Unavailable,
            format!(
                "The store of archives, {url}, does not answer as it should. Nothing is lost: try again in some minutes. If it \
                 stays so, ask the server's operator to look at the log."
            ),
        )
        .because(cause)
        .transient()
    }

    fn path(&self, place: Area, key: &str) -> Result<Path> {
        if !is_key(key) {
            return Err(Error::internal(format!("The archive {key} can't be looked for."), "no such key"));
        }
        Ok(self.folder(place).join(key))
    }

    fn folder(&self, place: Area) -> Path {
        self.0.prefix.clone().join(place.name())
    }

    fn marker(&self) -> Path {
        self.0.prefix.clone().join("installation")
    }

    /// Makes sure that the bucket answers and is this installation's.
    pub(super) fn check(&self, make: bool) -> Result<()> {
        let marker = self.marker();
        let mut owner = self.owner(&marker)?;
        if owner.is_none() && make {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let text = self.0.installation.clone();
            match self.brisk(self.0.brisk.put_opts(&marker, text.into(), options))? {
                // Another process of ours, or of another installation, may have been quicker.
                Ok(_) | Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {}
                Err(error) => return Err(self.trouble(error)),
            }
            owner = self.owner(&marker)?;
        }
        match owner {
            Some(owner) if owner.trim() != self.0.installation => Err(crate::blobs::of_another(&self.0.url)),
            _ => Ok(()),
        }
    }

    fn owner(&self, marker: &Path) -> Result<Option<String>> {
        let read = async {
            let got = self.0.brisk.get(marker).await?;
            got.bytes().await
        };
        match self.brisk(read)? {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(object_store::Error::NotFound { .. }) => self.confirm().map(|()| None),
            Err(error) => Err(self.trouble(error)),
        }
    }

    pub(super) fn take_over(&self) -> Result<()> {
        let marker = self.marker();
        self.work(&|| Ok(()), self.0.patient.put(&marker, self.0.installation.clone().into())).map(drop)
    }

    /// Waits for what a worker does.
    fn work<T>(&self, goes_on: GoesOn<'_>, work: impl Future<Output = object_store::Result<T>>) -> Result<T> {
        self.0.runtime.wait(goes_on, work)?.map_err(|error| self.trouble(error))
    }

    /// A bucket that is not there says of each object that it is not there: whoever gets that answer has to ask for the bucket.
    fn confirm(&self) -> Result<()> {
        let mut list = self.0.brisk.list(Some(&self.0.prefix));
        match self.brisk(async { list.next().await.transpose() })? {
            Ok(_) => Ok(()),
            Err(error) => Err(self.trouble(error)),
        }
    }

    async fn head(&self, path: &Path) -> object_store::Result<Option<ObjectMeta>> {
        match self.0.brisk.head(path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What lies there, if anything does.
    fn look(&self, path: &Path) -> Result<Option<ObjectMeta>> {
        match self.brisk(self.head(path))? {
            Ok(None) => self.confirm().map(|()| None),
            Ok(found) => Ok(found),
            Err(error) => Err(self.trouble(error)),
        }
    }

    /// Asks for bytes, of which only the first need have arrived when this returns.
    pub(super) fn get(&self, path: &Path, range: Range<u64>, patient: bool) -> Result<GetResult> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        if patient {
            return self.work(&|| Ok(()), self.0.patient.get_opts(path, options));
        }
        self.brisk(self.0.brisk.get_opts(path, options))?.map_err(|error| self.trouble(error))
    }

    /// Puts a file there in chunks, and compares what arrived.
    pub(super) fn bring(&self, file: &FilePath, key: &str, sha256: &str, goes_on: GoesOn<'_>) -> Result<()> {
        let path = self.path(Area::Archives, key)?;
        self.put(file, &path, goes_on)?;
        let arrived = self.arrived(&path, goes_on)?;
        if arrived.1 != sha256 {
            self.erase(&path)?;
            let cause = format!("{path} has the SHA-256 {}, not {sha256}", arrived.1);
            return Err(self.away(cause));
        }
        self.0.glances.note(key, Some(arrived.0));
        Ok(())
    }

    fn put(&self, file: &FilePath, path: &Path, goes_on: GoesOn<'_>) -> Result<()> {
        let doing = || format!("The finished archive {} can't be read.", file.display());
        let mut from = File::open(file).context(doing)?;
        let upload = self.work(goes_on, self.0.patient.put_multipart(path))?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, UPLOAD_CHUNK);
        let sent = loop {
            let mut chunk = Vec::with_capacity(UPLOAD_CHUNK);
            if let Err(error) = from.by_ref().take(UPLOAD_CHUNK as u64).read_to_end(&mut chunk).context(doing) {
                break Err(error);
            }
            // After the last, all have to arrive.
            let (is_last, beside) = if chunk.len() < UPLOAD_CHUNK { (true, 1) } else { (false, ON_THE_WAY) };
            let send = async {
                if !chunk.is_empty() {
                    upload.put(Bytes::from(chunk));
                }
                upload.wait_for_capacity(beside).await
            };
            match self.work(goes_on, send) {
                Ok(()) if is_last => break Ok(()),
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        match sent {
            // Whether it still is wanted is asked again when it is complete.
            Ok(()) => self.work(&|| Ok(()), upload.finish()).map(drop),
            Err(error) => {
                self.abort(upload);
                Err(error)
            }
        }
    }

    /// Takes the chunks back. What is left where that fails, the bucket's own rules clear away (docs/operation.md).
    fn abort(&self, upload: WriteMultipart) {
        if let Err(error) = self.brisk(upload.abort()).and_then(|done| done.map_err(|error| self.trouble(error))) {
            tracing::warn!(cause = %error.causes(), "chunks of an upload that was broken off stay in {}", self.0.url);
        }
    }

    /// How many bytes there are, and their SHA-256, as read from there.
    fn arrived(&self, path: &Path, goes_on: GoesOn<'_>) -> Result<(u64, String)> {
        let Some(meta) = self.look(path)? else {
            return Err(self.away(format!("{path} is not there after it was put")));
        };
        let object = Object::new(self.clone(), path.clone(), meta.size, meta.e_tag).patient();
        self.hash(object, goes_on)
    }

    fn hash(&self, object: Object, goes_on: GoesOn<'_>) -> Result<(u64, String)> {
        let (mut from, mut chunk) = (Hashing::new(object), vec![0; CHUNK]);
        loop {
            goes_on()?;
            match from.read(&mut chunk) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(self.away(error)),
            }
        }
        let (size, hash) = from.finish();
        Ok((size, keys::hex(&hash)))
    }

    /// Opens the bytes kept under a key; none if there are none.
    pub(super) fn find(&self, key: &str) -> Result<Option<Stored>> {
        let path = self.path(Area::Archives, key)?;
        let found = self.look(&path)?;
        self.0.glances.note(key, found.as_ref().map(|meta| meta.size));
        Ok(found.map(|meta| self.opened(path, meta)))
    }

    /// Opens a file in quarantine.
    pub(super) fn open_quarantined(&self, key: &str) -> Result<Stored> {
        let path = self.path(Area::Quarantine, key)?;
        match self.look(&path)? {
            Some(meta) => Ok(self.opened(path, meta)),
            None => Err(Error::internal(format!("{key} can't be opened."), "it is not there")),
        }
    }

    fn opened(&self, path: Path, meta: ObjectMeta) -> Stored {
        Stored::Object(Box::new(Object::new(self.clone(), path, meta.size, meta.e_tag)))
    }

    /// Erases an object, if it is there.
    fn erase(&self, path: &Path) -> Result<()> {
        match self.brisk(self.0.brisk.delete(path))? {
            Ok(()) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => self.confirm(),
            Err(error) => Err(self.trouble(error)),
        }
    }

    /// Erases the bytes kept under a key, if there are any, also where they lie in quarantine.
    pub(super) fn delete(&self, key: &str) -> Result<()> {
        self.erase(&self.path(Area::Archives, key)?)?;
        self.0.glances.note(key, None);
        self.erase(&self.path(Area::Quarantine, key)?)
    }

    /// Erases a file in quarantine.
    pub(super) fn delete_quarantined(&self, key: &str) -> Result<()> {
        self.erase(&self.path(Area::Quarantine, key)?)
    }

    /// What became of the bytes kept under these keys, of which there should be so many.
    pub(super) fn conditions(&self, wanted: &[(&str, i64)]) -> Result<Vec<Condition>> {
        let paths = wanted.iter().map(|(key, size)| Ok((*key, *size, self.path(Area::Archives, key)?)));
        let paths: Vec<_> = paths.collect::<Result<_>>()?;
        let look = |(key, size, path): (&str, i64, Path)| {
            let key = key.to_owned();
            async move {
                let found = tokio::time::timeout(BRISK, self.head(&path)).await.map_err(|late| self.away(late))?;
                let found = found.map_err(|error| self.trouble(error))?.map(|meta| meta.size);
                Ok::<_, Error>((key, found, size))
            }
        };
        let found: Vec<_> = self.wait(stream::iter(paths).map(look).buffered(AT_ONCE).try_collect())??;
        if found.iter().any(|(_, found, _)| found.is_none()) {
            self.confirm()?;
        }
        for (key, found, _) in &found {
            self.0.glances.note(key, *found);
        }
        Ok(found.into_iter().map(|(_, found, size)| Condition::of(found, size)).collect())
    }

    /// What is known, without waiting for anything.
    pub(super) fn glance(&self, key: &str, size: i64) -> Option<Condition> {
        let (known, ask) = self.0.glances.of(key);
        if ask {
            let (bucket, key) = (self.clone(), key.to_owned());
            self.0.runtime.spawn(async move { bucket.glance_again(&key).await });
        }
        known.map(|found| Condition::of(found, size))
    }

    async fn glance_again(&self, key: &str) {
        let _turn = self.0.glances.turn().await;
        let found = match self.path(Area::Archives, key) {
            Ok(path) => tokio::time::timeout(BRISK, self.head_of_bucket(&path)).await,
            Err(_) => return,
        };
        let (found, error) = match found {
            Ok(Ok(found)) => (Some(found), None),
            Ok(Err(error)) => (None, Some(self.trouble(error))),
            Err(late) => (None, Some(self.away(late))),
        };
        self.0.glances.answered(key, found);
        // Logged once, and once when it is over: every look at a page finds out.
        match (self.0.is_away.swap(error.is_some(), Ordering::Relaxed), error) {
            (false, Some(error)) => {
                tracing::error!(cause = %error.causes(), "pages can't tell whether archives are there: {error}");
            }
            (true, None) => tracing::info!("the store of archives, {}, answers again", self.0.url),
            _ => {}
        }
    }

    /// The size of an object; none if it is not there, but its bucket is.
    async fn head_of_bucket(&self, path: &Path) -> object_store::Result<Option<u64>> {
        let found = self.head(path).await?;
        if found.is_none() {
            self.0.brisk.list(Some(&self.0.prefix)).next().await.transpose()?;
        }
        Ok(found.map(|meta| meta.size))
    }

    /// Moves the bytes kept under a key into quarantine; returns how many they are. None if they are gone.
    pub(super) fn quarantine(&self, key: &str) -> Result<Option<u64>> {
        let (from, to) = (self.path(Area::Archives, key)?, self.path(Area::Quarantine, key)?);
        let Some(meta) = self.look(&from)? else { return Ok(None) };
        self.rename(&from, &to, &meta)?;
        self.0.glances.note(key, None);
        Ok(Some(meta.size))
    }

    /// Moves what lies in quarantine under this key back to where it is kept, unless something else lies there.
    pub(super) fn take_back(&self, key: &str) -> Result<()> {
        let (from, to) = (self.path(Area::Quarantine, key)?, self.path(Area::Archives, key)?);
        let doing = || format!("{key} can't be moved from {from} to {to} in {}.", self.0.url);
        let meta = self.look(&from)?.ok_or("it is not there").context(doing)?;
        self.rename(&from, &to, &meta)?;
        self.0.glances.note(key, Some(meta.size));
        Ok(())
    }

    /// Copies, within the store, and erases what was copied: S3 has no other way. Whoever dies between the two is followed by one
    /// who finds the same bytes in both places. Other bytes are not replaced.
    fn rename(&self, from: &Path, to: &Path, meta: &ObjectMeta) -> Result<()> {
        match self.look(to)? {
            None => self.work(&|| Ok(()), self.0.copier.copy(from, to))?,
            Some(there) => {
                let hash = |path: &Path, meta: &ObjectMeta| {
                    let object = Object::new(self.clone(), path.clone(), meta.size, meta.e_tag.clone());
                    self.hash(object.patient(), &|| Ok(()))
                };
                if there.size != meta.size || hash(from, meta)? != hash(to, &there)? {
                    let doing = format!("{from} can't be moved to {to} in {}.", self.0.url);
                    return Err(Error::internal(doing, io::Error::from(io::ErrorKind::AlreadyExists)));
                }
            }
        }
        match self.look(to)? {
            Some(copied) if copied.size == meta.size => self.erase(from),
            _ => Err(self.away(format!("the copy {to} is not as large as {from}"))),
        }
    }

    /// What lies in quarantine, by name.
    pub(super) fn list_quarantined(&self) -> Result<Vec<Quarantined>> {
        let found = self.list_place(Area::Quarantine)?.into_iter().map(|(name, size)| Quarantined { name, size });
        let mut found: Vec<_> = found.collect();
        found.sort();
        Ok(found)
    }

    /// The keys of all that is kept.
    pub(super) fn list(&self) -> Result<Vec<String>> {
        Ok(self.list_place(Area::Archives)?.into_iter().map(|(name, _)| name).collect())
    }

    /// Names of ours, and sizes.
    fn list_place(&self, place: Area) -> Result<Vec<(String, u64)>> {
        let folder = self.folder(place);
        let ours = |meta: ObjectMeta| {
            let mut rest = meta.location.prefix_match(&folder)?;
            let name = rest.next()?.as_ref().to_owned();
            (rest.next().is_none() && is_key(&name)).then_some((name, meta.size))
        };
        let list = self.0.patient.list(Some(&folder));
        let list = list.try_filter_map(|meta| std::future::ready(Ok(ours(meta)))).try_collect();
        self.work(&|| Ok(()), list)
    }
}

/// Why a store that answers does not do what it is asked.
enum Refusal {
    /// It does not know us, or we may not.
    Unknown,
    /// There is no such bucket or object.
    NotThere,
}

fn refusal(error: &object_store::Error, cause: &str) -> Option<Refusal> {
    use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
    // The crate distinguishes kinds of refusal, but for those of a list, which it gives in words only.
    let says = |status: u16| cause.contains(&format!("status code: {status}"));
    match error {
        PermissionDenied { .. } | Unauthenticated { .. } => Some(Refusal::Unknown),
        NotFound { .. } => Some(Refusal::NotThere),
        _ if says(401) || says(403) => Some(Refusal::Unknown),
        _ if says(404) => Some(Refusal::NotThere),
        _ => None,
    }
}

/// Without what is said of time.
fn builder(bucket: &str, settings: &S3) -> Result<AmazonS3Builder> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.region)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_checksum_algorithm(Checksum::SHA256)
        // One by one is the verb that every store knows.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = settings.endpoint_of(bucket) {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(id), Some(secret)) = (&settings.access_key_id, &settings.secret_access_key) {
        return Ok(builder.with_access_key_id(id).with_secret_access_key(secret.expose()));
    }
    let mut from_environment = false;
    for name in VARIABLES {
        if let (Ok(value), Ok(key)) = (std::env::var(name), name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>()) {
            builder = builder.with_config(key, value);
            from_environment = true;
        }
    }
    if !from_environment && settings.endpoint.is_some() {
        return Err(Error::new(
            Kind::Invalid,
            "Nothing says who this server is to the store of archives: set `archives.s3.access_key_id` and \
             `archives.s3.secret_access_key_file`, or the environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        ));
    }
    // At Amazon, the machine itself may have a role.
    Ok(builder)
}

//! The bucket: S3-compatible storage behind the folder of files, and the only door to it.
//!
//! An object is a whole file, named by its hash in the node's own folder; the tree of hashes is made from it where it is
//! needed. Beside them lies `node`, which says whose folder it is. What comes from there is never believed: pieces are
//! proved as those of a peer are.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, fs};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use majlis_protocol::blob::{self, ReadAt, Size};
use majlis_protocol::body::BlobId;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, Error, ObjectStore as _, ObjectStoreExt as _, RetryConfig, WriteMultipart,
};
use parking_lot::Mutex;
use reqwest::{Url, redirect};
use tokio::io::AsyncReadExt as _;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::{BlobsConfig, BucketError};

/// What says whose folder it is: a device's key.
const OWNER: &str = "node";
/// Bytes of that at most.
const MAX_OWNER: u64 = 1024;
/// Bytes that are read at once, and kept for who reads on: a peer asks for an eighth of that.
const CHUNK: u64 = 1024 * 1024;
/// Such stretches that are kept.
const CHUNKS: usize = 32;
/// Readings under way at most. Who wants what is being read waits for it.
const READS: usize = 16;
/// Who may wait for readings, of all that ask for pieces: more are told to ask elsewhere, or all threads would be waiting.
const WAITING: usize = 128;
/// A reading may take so long: whoever has asked for a piece waits a little longer than that.
const READ_LIMIT: Duration = Duration::from_secs(15);
/// While nobody has answered so long ago, no further reading is tried.
const AWAY: Duration = Duration::from_secs(5);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// An answer may keep one waiting so long, from when the question was begun: a part of a file may go up slowly.
const ANSWER_LIMIT: Duration = Duration::from_mins(2);
/// A file goes up in parts of so many bytes, or larger ones where there would be too many of them.
const PART: u64 = 8 * 1024 * 1024;
const MAX_PARTS: u64 = 9_000;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 2;

/// What was done with the bucket since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Files put there.
    pub stored: AtomicU64,
    /// Files removed.
    pub removed: AtomicU64,
    /// Bytes read for pieces.
    pub read: AtomicU64,
    /// What was asked of it in vain.
    pub failed: AtomicU64,
}

/// Names of the environment's, and lines of the file that may stand for it.
const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";

/// Files in a bucket and their lengths, as the storage tells of them.
pub type Stored<'a> = BoxStream<'a, Result<(BlobId, u64), BucketError>>;

/// One node's folder in a bucket.
pub struct Bucket {
    /// None where there are no keys: a command that asks nothing of the bucket needs none.
    store: Result<AmazonS3, BucketError>,
    folder: Key,
    place: String,
    runtime: Handle,
    chunks: Mutex<VecDeque<((BlobId, u64), Bytes)>>,
    reads: [Mutex<()>; READS],
    /// How many wait for these, or read.
    waiting: AtomicUsize,
    /// Why it could not be had lately, and since when no more.
    trouble: Mutex<Option<(BucketError, Instant)>>,
    /// Told when there is something to be put there or removed.
    pub stirred: Notify,
    /// What was done.
    pub counts: Counts,
}

impl Bucket {
    /// The bucket that is set, where one is; nobody is asked yet. Has to be called within a runtime.
    pub fn open(config: &BlobsConfig, home: &Path) -> Result<Option<Arc<Self>>, BucketError> {
        if config.bucket.is_empty() {
            return Ok(None);
        }
        let wrong = |what: String| BucketError::Setting(what);
        let folder = Key::parse(config.prefix.trim_matches('/'))
            .map_err(|_| wrong(format!("blobs.prefix {:?} is no folder", config.prefix)))?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_retry(RetryConfig { max_retries: 1, retry_timeout: READ_LIMIT, ..RetryConfig::default() });
        let mut at = format!("Amazon, {}", config.region);
        let mut is_near = false;
        if !config.endpoint.is_empty() {
            (builder, is_near) = with_endpoint(builder, config)?;
            config.endpoint.trim_end_matches('/').clone_into(&mut at);
        }
        let store = Keys::find(config, home).and_then(|keys| {
            let builder = builder
                .with_access_key_id(keys.id.as_str())
                .with_secret_access_key(keys.secret.as_str())
                .with_http_connector(Connector { is_near });
            let builder = match &keys.token {
                Some(token) => builder.with_token(token.as_str()),
                None => builder,
            };
            builder.build().map_err(|error| wrong(error.to_string()))
        });
        let runtime = Handle::try_current().map_err(|error| wrong(error.to_string()))?;
        let place = format!("the bucket {}/{folder} at {at}", config.bucket);
        Ok(Some(Arc::new(Self {
            store,
            folder,
            place,
            runtime,
            chunks: Mutex::default(),
            reads: <[Mutex<()>; READS]>::default(),
            waiting: AtomicUsize::new(0),
            trouble: Mutex::default(),
            stirred: Notify::new(),
            counts: Counts::default(),
        })))
    }

    /// Which it is, for people.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Why it cannot be had just now, as far as is known.
    pub fn trouble(&self) -> Option<BucketError> {
        self.trouble.lock().as_ref().map(|(error, _)| error.clone())
    }

    fn store(&self) -> Result<&AmazonS3, BucketError> {
        self.store.as_ref().map_err(Clone::clone)
    }

    fn key(&self, name: &str) -> Key {
        self.folder.clone().join(name)
    }

    fn key_of(&self, blob: &BlobId) -> Key {
        self.key(&blob.to_string())
    }

    /// What an error means. The storage's own words are left out: they repeat how the request was signed.
    fn means(&self, error: &Error) -> BucketError {
        let text = error.to_string();
        let status = text.split("status code: ").nth(1).map_or("", |rest| rest.get(..3).unwrap_or_default());
        match (error, status) {
            (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) | (_, "401" | "403") => {
                BucketError::Refused(self.place.clone())
            }
            (Error::NotFound { .. }, _) | (_, "404") => BucketError::NoBucket(self.place.clone()),
            (_, "") => BucketError::Away(self.place.clone(), "it does not answer".to_owned()),
            _ => BucketError::Away(self.place.clone(), format!("it answers with an error, {status}")),
        }
    }

    /// Notes how asking has gone.
    fn noted<T>(&self, result: Result<T, BucketError>) -> Result<T, BucketError> {
        match &result {
            Ok(_) => *self.trouble.lock() = None,
            Err(error) => {
                self.counts.failed.fetch_add(1, Relaxed);
                tracing::debug!(%error, "the bucket was asked in vain");
                let is_of_bucket =
                    !matches!(error, BucketError::Gone(..) | BucketError::Spoilt(..) | BucketError::Busy(_));
                if is_of_bucket {
                    *self.trouble.lock() = Some((error.clone(), Instant::now()));
                }
            }
        }
        result
    }

    /// Makes the folder this node's, if it is nobody's, or `take` is set. Shows that the bucket can be had.
    pub async fn claim(&self, node: &str, take: bool) -> Result<(), BucketError> {
        let owner = self.owner().await;
        let claimed = async {
            match owner? {
                Some(owner) if owner == node => Ok(()),
                Some(owner) if !take => Err(BucketError::Foreign(self.place.clone(), owner)),
                _ => {
                    // Whoever may not list it could never take it over.
                    if let Some(Err(error)) = self.store()?.list(Some(&self.folder)).next().await {
                        return Err(self.means(&error));
                    }
                    let put = self.store()?.put(&self.key(OWNER), node.to_owned().into()).await;
                    put.map(drop).map_err(|error| self.means(&error))
                }
            }
        };
        self.noted(claimed.await)
    }

    async fn owner(&self) -> Result<Option<String>, BucketError> {
        let store = self.store()?;
        let read = async {
            let got = store.get(&self.key(OWNER)).await?;
            // Its length before any of it is read.
            if got.meta.size > MAX_OWNER { Ok(None) } else { got.bytes().await.map(Some) }
        };
        match read.await {
            Ok(Some(bytes)) => {
                // It is shown to people.
                let text = String::from_utf8_lossy(&bytes);
                Ok(Some(text.chars().filter(char::is_ascii_graphic).collect()))
            }
            Ok(None) => Ok(Some("of which it is not said who it is".to_owned())),
            Err(Error::NotFound { source, .. }) if !source.to_string().contains("NoSuchBucket") => Ok(None),
            Err(error) => Err(self.means(&error)),
        }
    }

    /// Puts a file there, if it is not, and reads all of it back: only then is it safe there.
    pub async fn keep(&self, blob: &BlobId, size: u64, path: &Path) -> Result<(), BucketError> {
        let key = self.key_of(blob);
        let known = self.store()?.head(&key).await;
        // It was put there before, and the node was ended before that was noted.
        if known.is_ok_and(|known| known.size == size) && self.check(blob, size, io::sink()).await.is_ok() {
            return Ok(());
        }
        self.noted(self.put(&key, size, path).await)?;
        self.check(blob, size, io::sink()).await?;
        self.counts.stored.fetch_add(1, Relaxed);
        Ok(())
    }

    async fn put(&self, key: &Key, size: u64, path: &Path) -> Result<(), BucketError> {
        let unread = |error: io::Error| BucketError::Unread(error.to_string());
        if size <= PART {
            let bytes = tokio::fs::read(path).await.map_err(unread)?;
            let put = self.store()?.put(key, bytes.into()).await;
            return put.map(drop).map_err(|error| self.means(&error));
        }
        let mut file = tokio::fs::File::open(path).await.map_err(unread)?;
        let parts = self.store()?.put_multipart(key).await.map_err(|error| self.means(&error))?;
        let part = PART.max(size / MAX_PARTS);
        let mut parts = WriteMultipart::new_with_chunk_size(parts, part as usize);
        let written = async {
            loop {
                let mut bytes = Vec::new();
                if (&mut file).take(CHUNK).read_to_end(&mut bytes).await.map_err(unread)? == 0 {
                    return Ok(());
                }
                parts.wait_for_capacity(PARTS_AT_ONCE).await.map_err(|error| self.means(&error))?;
                parts.put(bytes.into());
            }
        };
        match written.await {
            Ok(()) => parts.finish().await.map(drop).map_err(|error| self.means(&error)),
            Err(error) => {
                // If it cannot be told so, what has gone up stays until the storage tidies up.
                let _ = parts.abort().await;
                Err(error)
            }
        }
    }

    /// Reads a file as a whole: it has to have this length and hash. Its tree of hashes is written.
    pub async fn check(
        &self,
        blob: &BlobId,
        size: u64,
        mut tree: impl io::Write + Send + 'static,
    ) -> Result<(), BucketError> {
        let gone = |error: &Error| match self.means(error) {
            BucketError::NoBucket(place) => BucketError::Gone(place, *blob),
            other => other,
        };
        let checked = async {
            let got = self.store()?.get(&self.key_of(blob)).await.map_err(|error| gone(&error))?;
            let spoilt = || BucketError::Spoilt(self.place.clone(), *blob);
            if got.meta.size != size {
                return Err(spoilt());
            }
            let mut stream = got.into_stream();
            let (pieces, come) = tokio::sync::mpsc::channel::<Bytes>(4);
            let hashed = tokio::task::spawn_blocking(move || {
                let hash = blob::hash(Coming { come, now: Bytes::new() }, size, &mut tree)?;
                tree.flush().map(|()| hash)
            });
            while let Some(bytes) = stream.next().await {
                let bytes = bytes.map_err(|error| self.means(&error))?;
                if pieces.send(bytes).await.is_err() {
                    break;
                }
            }
            drop(pieces);
            match hashed.await {
                Ok(Ok(hash)) if hash == *blob => Ok(()),
                _ => Err(spoilt()),
            }
        };
        self.noted(checked.await)
    }

    /// Removes a file; one that is not there is removed too.
    pub async fn remove(&self, blob: &BlobId) -> Result<(), BucketError> {
        self.chunks.lock().retain(|((of, _), _)| of != blob);
        let removed = match self.store()?.delete(&self.key_of(blob)).await {
            Ok(()) => Ok(()),
            Err(Error::NotFound { source, .. }) if !source.to_string().contains("NoSuchBucket") => Ok(()),
            Err(error) => Err(self.means(&error)),
        };
        self.noted(removed)?;
        self.counts.removed.fetch_add(1, Relaxed);
        Ok(())
    }

    /// All files that are there, and their lengths.
    pub fn all(&self) -> Result<Stored<'_>, BucketError> {
        let objects = self.store()?.list(Some(&self.folder));
        let files = objects.filter_map(|object| {
            std::future::ready(match object {
                // Whatever else lies there is no file of ours.
                Ok(object) => file_of(&object.location).map(|blob| Ok((blob, object.size))),
                Err(error) => Some(Err(self.means(&error))),
            })
        });
        Ok(files.boxed())
    }

    /// The stretch of a file that holds these bytes. Blocks; not to be called on an async thread.
    pub(super) fn read(&self, blob: &BlobId, size: u64, range: Range<u64>) -> Result<Window, BucketError> {
        let (first, last) = (range.start / CHUNK, range.end.saturating_sub(1) / CHUNK);
        let read = (first..=last).map(|number| self.chunk(blob, size, number));
        let bytes: Result<Vec<Bytes>, BucketError> = if self.waiting.fetch_add(1, Relaxed) < WAITING {
            read.collect()
        } else {
            self.noted(Err(BucketError::Busy(self.place.clone())))
        };
        self.waiting.fetch_sub(1, Relaxed);
        let bytes = bytes?;
        let bytes = if let [only] = &bytes[..] { only.clone() } else { bytes.concat().into() };
        Ok(Window { start: first * CHUNK, size, bytes })
    }

    fn chunk(&self, blob: &BlobId, size: u64, number: u64) -> Result<Bytes, BucketError> {
        let lane = usize::from(blob.0[0]).wrapping_add(number as usize) % READS;
        let _turn = self.reads.get(lane).map(Mutex::lock);
        let key = (*blob, number);
        if let Some((_, known)) = self.chunks.lock().iter().find(|(known, _)| *known == key) {
            return Ok(known.clone());
        }
        if let Some((error, since)) = &*self.trouble.lock()
            && since.elapsed() < AWAY
        {
            return Err(error.clone());
        }
        let store = self.store()?;
        let range = number * CHUNK..((number + 1) * CHUNK).min(size);
        let (length, at) = (range.end - range.start, self.key_of(blob));
        let reading = async { tokio::time::timeout(READ_LIMIT, store.get_range(&at, range)).await };
        let read = match self.runtime.block_on(reading) {
            Ok(Ok(bytes)) if bytes.len() as u64 == length => Ok(bytes),
            Ok(Ok(_)) => Err(BucketError::Spoilt(self.place.clone(), *blob)),
            Ok(Err(error)) => Err(match self.means(&error) {
                BucketError::NoBucket(place) => BucketError::Gone(place, *blob),
                other => other,
            }),
            Err(_) => Err(BucketError::Away(self.place.clone(), "it is too slow".to_owned())),
        };
        let bytes = self.noted(read)?;
        self.counts.read.fetch_add(length, Relaxed);
        let mut chunks = self.chunks.lock();
        if chunks.len() >= CHUNKS {
            chunks.pop_front();
        }
        chunks.push_back((key, bytes.clone()));
        Ok(bytes)
    }

    /// What was read of a file was not that file's: it is not to be read again.
    pub(super) fn spoilt(&self, blob: &BlobId) -> BucketError {
        self.chunks.lock().retain(|((of, _), _)| of != blob);
        self.counts.failed.fetch_add(1, Relaxed);
        BucketError::Spoilt(self.place.clone(), *blob)
    }
}

fn file_of(key: &Key) -> Option<BlobId> {
    key.filename()?.parse().ok()
}

/// A stretch of a file, at its place.
pub(super) struct Window {
    start: u64,
    size: u64,
    bytes: Bytes,
}

impl ReadAt for Window {
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = position.checked_sub(self.start).and_then(|from| self.bytes.get(from as usize..));
        let mut from: &[u8] = from.ok_or(io::ErrorKind::UnexpectedEof)?;
        io::Read::read(&mut from, buffer)
    }
}

impl Size for Window {
    fn size(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.size))
    }
}

/// Bytes that come from a task, for who reads them and blocks.
struct Coming {
    come: tokio::sync::mpsc::Receiver<Bytes>,
    now: Bytes,
}

impl io::Read for Coming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.come.blocking_recv() {
                Some(bytes) => self.now = bytes,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.now.len());
        buffer[..count].copy_from_slice(&self.now.split_to(count));
        Ok(count)
    }
}

fn with_endpoint(
    builder: AmazonS3Builder,
    config: &BlobsConfig,
) -> Result<(AmazonS3Builder, bool), BucketError> {
    let wrong = |why: &str| BucketError::Setting(format!("blobs.endpoint {:?} {why}", config.endpoint));
    let url =
        Url::parse(&config.endpoint).map_err(|_| wrong("is no address such as https://s3.example.org"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BucketError::Setting("blobs.endpoint holds a password, which everyone would see".into()));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_near = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_near || config.plain_http => {}
        "http" => return Err(wrong("is without encryption and on another machine (plain_http allows that)")),
        _ => return Err(wrong("begins with neither https:// nor http://")),
    }
    let endpoint = config.endpoint.trim_end_matches('/');
    Ok((builder.with_endpoint(endpoint).with_allow_http(url.scheme() == "http"), is_near))
}

/// Makes the client by which the storage is asked.
#[derive(Debug)]
struct Connector {
    /// It is on this machine: no proxy leads there.
    is_near: bool,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        // Fails where there is one already, which is as good.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(ANSWER_LIMIT)
            .redirect(redirect::Policy::none());
        let client = if self.is_near { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| Error::Generic { store: "S3", source: error.into() })?;
        Ok(HttpClient::new(client))
    }
}

/// The keys to the bucket.
struct Keys {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

impl Keys {
    fn find(config: &BlobsConfig, home: &Path) -> Result<Self, BucketError> {
        let text = match config.credentials.as_str() {
            "" => None,
            file => Some(read_private(&home.join(file))?),
        };
        let find = |name: &str| match &text {
            None => env::var(name).ok().filter(|value| !value.is_empty()).map(Zeroizing::new),
            Some(text) => {
                let lines = text.lines().filter_map(|line| line.trim().split_once('='));
                let mut named = lines.filter(|(key, _)| key.trim() == name);
                named.next().map(|(_, value)| Zeroizing::new(value.trim().trim_matches('"').to_owned()))
            }
        };
        let missing = |name: &str| match config.credentials.as_str() {
            "" => BucketError::Setting(format!("{name} is not in the environment")),
            file => BucketError::Setting(format!("{file} has no line {name}=…")),
        };
        let id = find(KEY).ok_or_else(|| missing(KEY))?;
        let secret = find(SECRET).ok_or_else(|| missing(SECRET))?;
        Ok(Self { id, secret, token: find(TOKEN) })
    }
}

fn read_private(path: &Path) -> Result<Zeroizing<String>, BucketError> {
    let wrong = |why: &dyn std::fmt::Display| {
        BucketError::Setting(format!("the file {} of blobs.credentials {why}", path.display()))
    };
    let cannot = |error: io::Error| wrong(&format!("cannot be read: {error}"));
    if fs::metadata(path).map_err(cannot)?.permissions().mode() & 0o077 != 0 {
        return Err(wrong(&"may be read by others; `chmod 600` makes it yours"));
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(cannot)
}

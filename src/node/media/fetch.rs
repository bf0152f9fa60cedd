//! Fetching: pieces of a file asked of all who may have it, each a few at once, until all are there. What has gone to the
//! bucket alone is read from there first.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt as _};
use majlis_protocol::blob::Span;
use majlis_protocol::body::BlobId;
use majlis_protocol::sync::{BlobWant, SessionId};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::{Media, Named};
use crate::blobs::{BlobError, Download, Owner};
use crate::node::{Failure, Local, Node, blocking};

/// How long a piece may take.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// A piece that comes sooner lets one more be under way.
const QUICK: Duration = Duration::from_millis(500);
/// Pieces of one file under way in one session: at first, and at most. Others share the session.
const FIRST: usize = 2;
const MOST: usize = 5;
/// Pieces that are read from the bucket at once.
const READERS: usize = 4;
/// A file of which something has come is waited for where one who gave it has not said that it has no more, as that one may
/// be about to come by another way: a carried connection ends after so many bytes, a router gets another address. Longer
/// than it takes to notice that a connection is dead.
const RETURN: Duration = Duration::from_mins(2);
/// How often it is looked for more sources and told how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// A question for a piece that the driver is to put, and where the answer goes: nothing where the session has ended, or
/// is full and owes an answer for too long.
pub struct Asked {
    /// Of whom.
    pub session: SessionId,
    /// What is wanted.
    pub want: BlobWant,
    /// Where the piece goes.
    pub answer: oneshot::Sender<Bytes>,
}

/// Who may have a file: peers that share the account whose entry names it, or are of that account.
pub struct Sources {
    /// With whom.
    pub sessions: Vec<SessionId>,
    /// Whether more are about to come: the node has just started, or somebody has just connected.
    pub may_grow: bool,
}

/// The turn to fetch a file.
struct Turn<'a> {
    under_way: &'a UnderWay,
    blob: BlobId,
    done: watch::Sender<u64>,
}

/// Files that are being fetched, and how many bytes of each are there.
pub(super) type UnderWay = Mutex<HashMap<BlobId, watch::Receiver<u64>>>;

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.blob);
    }
}

impl Media {
    /// The turn to fetch a file, or how far whoever has it is.
    fn begin(&self, blob: BlobId) -> Result<Turn<'_>, watch::Receiver<u64>> {
        let mut under_way = self.under_way.lock();
        if let Some(other) = under_way.get(&blob) {
            return Err(other.clone());
        }
        let (done, progress) = watch::channel(0);
        under_way.insert(blob, progress);
        Ok(Turn { under_way: &self.under_way, blob, done })
    }
}

/// What is left to be asked for.
struct Work {
    named: Named,
    download: Download,
    spans: Mutex<VecDeque<Span>>,
}

/// How a source came to its end.
enum End {
    /// Nothing was left to ask it for.
    Done,
    /// It does not have the file.
    Useless,
    /// It is gone, or too slow.
    Silent,
    /// Our disk.
    Failed(BlobError),
    /// The bucket does not give it.
    NotStored(BlobError),
}

impl Work {
    fn take(&self) -> Option<Span> {
        self.spans.lock().pop_front()
    }

    fn give_back(&self, spans: impl IntoIterator<Item = Span>) {
        self.spans.lock().extend(spans);
    }
}

impl Node {
    /// Fetches a file to this disk, from the bucket or from whoever is connected and has it. `progress` is told how many
    /// bytes are there, several times a second, and says whether to go on. For so long as `wait` it is waited for those
    /// who are about to come.
    pub(in crate::node) async fn fetch(
        self: &Arc<Self>,
        named: Named,
        wait: Duration,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<(), Failure> {
        while !self.blobs()?.get(&named.blob).is_some_and(|held| held.local) {
            match self.media.begin(named.blob) {
                Ok(turn) => {
                    return self
                        .fetch_now(named, wait, |done| {
                            turn.done.send_replace(done);
                            progress(done)
                        })
                        .await;
                }
                // Somebody fetches it already: that is followed to its end.
                Err(mut other) => {
                    while other.changed().await.is_ok() {
                        if !progress(*other.borrow_and_update()) {
                            return Err(broken_off(&named));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn fetch_now(
        self: &Arc<Self>,
        named: Named,
        wait: Duration,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<(), Failure> {
        let blobs = self.blobs()?;
        let is_stored = blobs.get(&named.blob).is_some_and(|held| held.stored && held.size == named.size)
            && !blobs.doubted().contains(&named.blob);
        self.check_room(named.size)?;
        let download = blocking(move || Ok(blobs.download(&named.blob, named.size)?)).await?;
        let spans = Mutex::new(download.missing().into());
        let work = Arc::new(Work { named, download, spans });
        let (mut lanes, mut busy, mut useless) = (JoinSet::new(), HashMap::new(), HashSet::new());
        let (mut readers, mut not_stored) = (if is_stored { READERS } else { 0 }, None);
        let mut goes_on = true;
        for _ in 0..readers {
            lanes.spawn(Arc::clone(self).read_from_bucket(Arc::clone(&work)));
        }
        let (mut before, mut came, mut is_gone) = (work.download.done(), None, false);
        let (begun, mut may_grow) = (Instant::now(), false);
        loop {
            let done = work.download.done();
            if done != before {
                (before, came) = (done, Some(Instant::now()));
            }
            if !progress(done) {
                // What is under way comes yet.
                goes_on = false;
                work.spans.lock().clear();
            }
            let is_wanting = !work.spans.lock().is_empty();
            if is_wanting && readers == 0 {
                let account = named.entry.account;
                let sources = self.ask(|answer| Local::FileSources { account, answer }).await;
                // That nobody else can be asked is not the reason.
                let sources = sources.map_err(|error| not_stored.take().map_or(error, Failure::from))?;
                may_grow = sources.may_grow && begun.elapsed() < wait;
                for session in sources.sessions {
                    if !useless.contains(&session) && !busy.values().any(|known| *known == session) {
                        let lane = lanes.spawn(Arc::clone(self).pull(session, Arc::clone(&work)));
                        busy.insert(lane.id(), session);
                    }
                }
            }
            if lanes.is_empty() {
                let may_return = is_gone && came.is_some_and(|at: Instant| at.elapsed() < RETURN);
                if !is_wanting || !(may_return || may_grow) || not_stored.is_some() {
                    break;
                }
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let Ok(Some(ended)) = tokio::time::timeout(LOOK, lanes.join_next_with_id()).await else {
                continue;
            };
            let (lane, end) = match ended {
                Ok((lane, end)) => (lane, end),
                // A lane that was broken off has given nothing back: its pieces are found missing at the end.
                Err(error) => (error.id(), End::Useless),
            };
            let session = busy.remove(&lane);
            readers -= usize::from(session.is_none());
            is_gone |= matches!(end, End::Silent);
            match end {
                End::Done => {}
                End::Useless | End::Silent => useless.extend(session),
                End::Failed(error) => return Err(error.into()),
                End::NotStored(error) => not_stored = Some(error),
            }
        }
        let missing = named.size - work.download.done();
        let Some(Work { download, .. }) = Arc::into_inner(work).filter(|_| missing == 0) else {
            if missing < named.size {
                // What has come takes room as well.
                let node = Arc::clone(self);
                blocking(move || node.make_room(node.media.quota)).await?;
            }
            return Err(match not_stored {
                Some(error) => error.into(),
                None if !goes_on => broken_off(&named),
                None => nobody(&named, missing),
            });
        };
        let owner = if named.entry.account == self.keys.account { Owner::Me } else { Owner::Others };
        let node = Arc::clone(self);
        blocking(move || {
            download.finish(owner)?;
            node.pins.file_came(&named.entry.account, named.blob, named.size);
            node.make_room(node.media.quota)
        })
        .await?;
        progress(named.size);
        Ok(())
    }

    fn check_room(&self, size: u64) -> Result<(), Failure> {
        let free = self.store.free_bytes()?;
        if free < size.saturating_add(self.media.min_free) {
            return Err(Failure::new(
                format!("the disk has no room for a file of {size} bytes: {free} are free"),
                "Make room on the disk; `majlis storage` says what takes it.",
            ));
        }
        Ok(())
    }

    /// Asks one peer for pieces as long as there are any to ask for.
    async fn pull(self: Arc<Self>, session: SessionId, work: Arc<Work>) -> End {
        let named = work.named;
        let mut open = FuturesUnordered::new();
        let mut asked: HashSet<Span> = HashSet::new();
        let mut window = FIRST;
        loop {
            while open.len() < window
                && let Some(span) = work.take()
            {
                asked.insert(span);
                let node = Arc::clone(&self);
                open.push(async move {
                    let since = Instant::now();
                    (span, node.ask_piece(session, &want(&named, span)).await, since.elapsed())
                });
            }
            let Some((span, piece, took)) = open.next().await else { return End::Done };
            let taken = match piece {
                Some(piece) if !piece.is_empty() => {
                    let work = Arc::clone(&work);
                    let add = tokio::task::spawn_blocking(move || work.download.add(span, &piece));
                    add.await.unwrap_or(Err(BlobError::Unfit(named.blob, "the node is stopping")))
                }
                other => {
                    work.give_back(asked);
                    return if other.is_some() { End::Useless } else { End::Silent };
                }
            };
            match taken {
                Ok(()) => {
                    asked.remove(&span);
                    window = if took < QUICK { (window + 1).min(MOST) } else { FIRST };
                }
                Err(BlobError::Mismatch(blob)) => {
                    tracing::info!(%blob, session, "a peer has given something else for a file");
                    work.give_back(asked);
                    self.tell(Local::Misled(session)).await;
                    return End::Useless;
                }
                Err(error) => {
                    work.give_back(asked);
                    return End::Failed(error);
                }
            }
        }
    }

    /// Reads pieces from the bucket as long as there are any to read.
    async fn read_from_bucket(self: Arc<Self>, work: Arc<Work>) -> End {
        while let Some(span) = work.take() {
            let (reading, blobs) = (Arc::clone(&work), self.blobs());
            let read = tokio::task::spawn_blocking(move || {
                let Named { blob, size, .. } = reading.named;
                let Ok(blobs) = blobs else { return Ok(false) };
                let Some(piece) = blobs.piece(&blob, size, span)? else { return Ok(false) };
                reading.download.add(span, &piece).map(|()| true)
            });
            let read = read.await.unwrap_or(Ok(false));
            if !matches!(read, Ok(true)) {
                work.give_back([span]);
            }
            match read {
                Ok(true) => {}
                Ok(false) => return End::Useless,
                Err(error @ BlobError::Bucket(_)) => return End::NotStored(error),
                Err(error) => return End::Failed(error),
            }
        }
        End::Done
    }

    async fn ask_piece(&self, session: SessionId, want: &BlobWant) -> Option<Bytes> {
        let (answer, piece) = oneshot::channel();
        self.tell(Local::AskPiece(Asked { session, want: *want, answer })).await;
        tokio::time::timeout(PATIENCE, piece).await.ok()?.ok()
    }
}

fn want(named: &Named, span: Span) -> BlobWant {
    BlobWant { entry: named.entry.id, blob: named.blob, size: named.size, span }
}

fn broken_off(named: &Named) -> Failure {
    Failure::new(
        format!("the file {} comes too slowly, and others wait", named.blob),
        "It is gone on with in its turn; what has come is kept.",
    )
}

fn nobody(named: &Named, missing: u64) -> Failure {
    let what =
        if missing == named.size { "it".to_owned() } else { format!("the last {missing} bytes of it") };
    Failure::new(
        format!("nobody who is connected has {what}: {}", named.blob),
        "Try again when its author or someone who has it is online; what has come is kept.",
    )
}

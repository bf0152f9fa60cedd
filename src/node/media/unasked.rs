//! What is fetched unasked: previews, and files below a size, of posts and profiles of the accounts that are held.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis_protocol::body::{BlobId, Body};
use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, Entry, Kind};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinError, JoinSet};

use super::{AT_ONCE, Named, attachments, body};
use crate::node::watch::News;
use crate::node::{Failure, Node, blocking};

/// Files that wait to be fetched at most; the ones that came first go first.
const MAX_WANTED: usize = 4_096;
/// Posts that are looked through for missing files at the start, and when some news were missed.
const LOOK_BACK: usize = 500;
/// How long to wait before a file is tried again that nobody had: at first, and at most. Who has just posted may not
/// have its own post stored yet; who holds a post may be about to fetch its files.
const SOON: Duration = Duration::from_millis(500);
const AT_LAST: Duration = Duration::from_mins(2);
/// So often it is looked whether an entry counts by now: about two minutes.
const MAX_UNNAMED: u32 = 8;
/// Bytes of a preview at most.
const MAX_PREVIEW: u64 = 1 << 20;
/// For how long a file is fetched where others wait. Who gives slowly keeps nobody from coming.
const TURN: Duration = Duration::from_mins(1);

/// A file that is wanted.
#[derive(Clone, Copy)]
pub(super) struct Want {
    named: Named,
    /// How often it was tried.
    tries: u32,
    /// Not before then.
    due: Option<Instant>,
}

impl Want {
    pub(super) fn new(named: Named) -> Self {
        Self { named, tries: 0, due: None }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| due <= now)
    }
}

/// A file that is on its way, and counted so where its account is held for others.
struct Expected {
    node: Arc<Node>,
    blob: BlobId,
}

impl Drop for Expected {
    fn drop(&mut self) {
        // Nothing, if it has come.
        self.node.pins.give_up_file(&self.blob);
    }
}

/// Files that are wanted, by when they came to be.
#[derive(Default)]
pub(in crate::node) struct Wanted {
    queue: BTreeMap<u64, Want>,
    known: BTreeMap<BlobId, u64>,
    next: u64,
}

impl Wanted {
    pub(super) fn add(&mut self, want: Want) {
        if self.known.contains_key(&want.named.blob) {
            return;
        }
        self.next += 1;
        self.queue.insert(self.next, want);
        self.known.insert(want.named.blob, self.next);
        if self.queue.len() > MAX_WANTED
            && let Some((_, want)) = self.queue.pop_first()
        {
            self.known.remove(&want.named.blob);
        }
    }

    /// Takes one out that is due: of an account of which fewest are under way, what was tried least, and of that the
    /// latest.
    fn take(&mut self, now: Instant, under_way: impl Fn(&AccountId) -> usize) -> Option<Want> {
        let due = self.queue.iter().rev().filter(|(_, want)| want.is_due(now));
        let (number, _) = due.min_by_key(|(_, want)| (under_way(&want.named.entry.account), want.tries))?;
        let number = *number;
        let want = self.queue.remove(&number)?;
        self.known.remove(&want.named.blob);
        Some(want)
    }

    /// Whether any waits for nothing but its turn.
    fn any_due(&self, now: Instant) -> bool {
        self.queue.values().any(|want| want.is_due(now))
    }

    /// Puts one back that was tried in vain.
    fn put_back(&mut self, want: Want, now: Instant) {
        let pause = SOON.saturating_mul(2_u32.saturating_pow(want.tries)).min(AT_LAST);
        self.add(Want { tries: want.tries + 1, due: Some(now + pause), ..want });
    }

    /// When the first is due of those that wait.
    fn due(&self) -> Option<Instant> {
        self.queue.values().map(|want| want.due).min().flatten()
    }

    /// Whoever has come may have any of them.
    fn try_all(&mut self) {
        for want in self.queue.values_mut() {
            want.due = None;
        }
    }
}

/// Ends the fetching when it is dropped.
pub struct Fetching(tokio::task::JoinHandle<()>);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Node {
    /// Fetches what is wanted unasked, as long as the node runs.
    pub fn start_fetching(self: &Arc<Self>) -> Fetching {
        Fetching(tokio::spawn(fetching(Arc::clone(self))))
    }

    /// Notes what an entry names and is not here.
    fn want_files(&self, entry: &Entry) -> Result<(), Failure> {
        let account = entry.header.account;
        if !matches!(entry.header.kind, Kind::POST | Kind::EDIT | Kind::PROFILE)
            || self.peers.reason(&account).is_none()
        {
            return Ok(());
        }
        let Some(body) = body(entry) else { return Ok(()) };
        let previews = previews(&body);
        let (blobs, is_own) = (self.blobs()?, account == self.keys.account);
        for named in super::files(entry) {
            let below = if previews.contains(&named.blob) { MAX_PREVIEW } else { self.media.fetch_below };
            // What is held for others is to be had here as a whole, as far as there is room for it.
            let is_taken = match self.pins.takes_file(&account, named.size) {
                Some(true) => true,
                Some(false) if self.peers.reason(&account) == Some(Reason::Pinned) => false,
                _ => is_own || named.size <= below,
            };
            if is_taken && blobs.get(&named.blob).is_none() {
                self.media.wanted.lock().add(Want::new(named));
            }
        }
        Ok(())
    }

    /// Fetches a file if the entry that names it counts, and an account that is held for others has room for it by now:
    /// whether that is so. An entry that was pushed a moment ago may not be stored yet; one that was taken back, perhaps
    /// before it came, has nothing to bring with it.
    async fn fetch_unasked(self: &Arc<Self>, named: Named) -> Result<bool, Failure> {
        let reader = Arc::clone(self);
        let counts = blocking(move || Ok(reader.store.effective_entry(&named.entry.id)?.is_some())).await?;
        if !counts {
            return Ok(false);
        }
        let account = &named.entry.account;
        let expected = self.pins.expect_file(account, named.blob, named.size);
        if matches!(expected, Some((false, _))) && self.peers.reason(account) == Some(Reason::Pinned) {
            return Ok(false);
        }
        let is_counted = matches!(expected, Some((_, true)));
        let _expected = is_counted.then(|| Expected { node: Arc::clone(self), blob: named.blob });
        let begun = Instant::now();
        let goes_on = |_| begun.elapsed() < TURN || !self.media.wanted.lock().any_due(Instant::now());
        // Whoever comes later has it tried anew.
        self.fetch(named, Duration::ZERO, goes_on).await?;
        Ok(true)
    }

    /// Looks through the newest posts and all profiles for files that are missing, the oldest first.
    fn want_newest(&self) -> Result<(), Failure> {
        let interests = self.peers.interests();
        let accounts: Vec<_> = interests.iter().map(|(account, _)| *account).collect();
        for profile in self.store.latest_of_each(&accounts, Kind::PROFILE)?.into_iter().flatten() {
            self.want_files(&profile.entry)?;
        }
        let kinds = [Kind::POST, Kind::EDIT];
        let newest = self.store.timeline(Some(&accounts), &kinds, None, LOOK_BACK)?;
        let others = self.blobs()?.size_of_others().saturating_sub(self.pins.file_bytes());
        let mut room = self.media.quota.saturating_sub(others);
        for stored in newest.iter().rev() {
            // What would only push out what is here is left to be asked for.
            let size: u64 = super::files(&stored.entry).iter().map(|named| named.size).sum();
            if size <= room {
                room -= size;
                self.want_files(&stored.entry)?;
            }
        }
        Ok(())
    }
}

/// The previews among the files that a body names.
fn previews(body: &Body) -> Vec<BlobId> {
    attachments(body).into_iter().filter_map(|file| Some(file.preview.as_ref()?.blob)).collect()
}

async fn fetching(node: Arc<Node>) {
    let mut news = node.crier.listen();
    let mut under_way = JoinSet::new();
    let mut whose = HashMap::new();
    look_back(&node).await;
    loop {
        while under_way.len() < AT_ONCE {
            let of = |account: &AccountId| whose.values().filter(|busy| *busy == account).count();
            let Some(want) = node.media.wanted.lock().take(Instant::now(), of) else { break };
            let node = Arc::clone(&node);
            let fetch = under_way.spawn(async move { (want, node.fetch_unasked(want.named).await) });
            whose.insert(fetch.id(), want.named.entry.account);
        }
        let due = node.media.wanted.lock().due().filter(|_| under_way.len() < AT_ONCE);
        let due = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = under_way.join_next_with_id() => {
                whose.remove(&done.as_ref().map_or_else(JoinError::id, |(id, _)| *id));
                match done.map(|(_, done)| done) {
                    Ok((want, Ok(false))) if want.tries < MAX_UNNAMED => {
                        node.media.wanted.lock().put_back(want, Instant::now());
                    }
                    Ok((want, Err(error))) => {
                        tracing::debug!(%error, "a file could not be fetched yet");
                        node.media.wanted.lock().put_back(want, Instant::now());
                    }
                    _ => {}
                }
            }
            () = node.media.met.notified() => node.media.wanted.lock().try_all(),
            () = due => {}
            heard = news.recv() => match heard {
                Ok(News::Entries(entries)) => {
                    let node = Arc::clone(&node);
                    let noted = blocking(move || entries.iter().try_for_each(|entry| node.want_files(entry)));
                    if let Err(error) = noted.await {
                        tracing::warn!(%error, "which files are missing could not be noted");
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => look_back(&node).await,
                Err(RecvError::Closed) => return,
            },
        }
    }
}

async fn look_back(node: &Arc<Node>) {
    let reader = Arc::clone(node);
    if let Err(error) = blocking(move || reader.want_newest()).await {
        tracing::warn!(%error, "which files are missing could not be found out");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use majlis_protocol::EntryId;
    use majlis_protocol::body::EntryRef;

    use super::*;

    #[test]
    fn whose_files_come_slowly_keeps_nobody_elses_waiting() {
        let (slow, quick, now) = (AccountId([1; 32]), AccountId([2; 32]), Instant::now());
        let want = |account, number| {
            let entry = EntryRef { account, id: EntryId::ZERO };
            Want::new(Named { entry, blob: BlobId([number; 32]), size: 1 })
        };
        let mut wanted = Wanted::default();
        wanted.add(want(quick, 1));
        for number in 2..10 {
            wanted.add(want(slow, number));
        }
        let mut busy: Vec<AccountId> = Vec::new();
        for expected in [slow, quick, slow] {
            let of = |account: &AccountId| busy.iter().filter(|other| *other == account).count();
            let taken = wanted.take(now, of).unwrap();
            assert_eq!(taken.named.entry.account, expected);
            busy.push(expected);
        }
        // What was broken off for others waits, and then behind those that have not had their turn.
        let none = |_: &AccountId| 0;
        let first = wanted.take(now, none).unwrap();
        wanted.put_back(first, now);
        assert!(wanted.any_due(now));
        let later = now + AT_LAST;
        let order: Vec<_> =
            std::iter::from_fn(|| wanted.take(later, none)).map(|want| want.named.blob).collect();
        assert_eq!(order.last(), Some(&first.named.blob));
        assert!(
            order.windows(2).all(|two| two[0].0[0] > two[1].0[0] || two[1] == first.named.blob),
            "{order:?}"
        );
        assert!(!wanted.any_due(later));
    }
}

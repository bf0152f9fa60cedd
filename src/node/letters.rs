//! Letters: what the owner says to someone who does not follow them is handed to that person's node, and what
//! strangers say to the owner is taken in here, within bounds.
//!
//! A letter to be handed over is a setting, `outbox/`, the account, the entry's id; so it waits, over restarts too,
//! until a node of the account is met. What strangers hand over lies in the log like everything else, and `taken/`
//! counts it by account. Whether its author is known is asked when it is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::body::{Body, Delete, Edit, Post};
use majlis_protocol::entry::Header;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::limits::MAX_DELIVERIES;
use majlis_protocol::sync::{SessionId, Verdict};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId, Verified};

use super::api::{FilterContext, PostView};
use super::watch::News;
use super::{Failure, Local, Node, blocking, now_ms};
use crate::store::Batch;

const OUTBOX: &[u8] = b"outbox/";
const TAKEN: &[u8] = b"taken/";
/// Letters that wait at most; the oldest go first.
const MAX_WAITING: usize = 4_096;
/// Entries taken of a stranger, of one whom the owner has accepted, and of all together.
const MAX_OF_ONE: u64 = 32;
const MAX_OF_ACCEPTED: u64 = 1_024;
const MAX_OF_ALL: u64 = 4_096;
/// Requests that are shown.
const MAX_SHOWN: usize = 1_000;

/// A letter: an entry, and the document that lists its device.
pub(crate) type Letter = (Arc<VerifiedId>, Verified<Entry>);

fn outbox_key(account: &AccountId, entry: &EntryId) -> Vec<u8> {
    [OUTBOX, &account.0, &entry.0].concat()
}

/// Whether a document lets an entry's device sign entries of its kind.
pub(super) fn lists(document: &VerifiedId, header: &Header) -> bool {
    let speaks = |device: &majlis_protocol::identity::Device| {
        device.key == header.device && device.ended.is_none() && device.scope & header.kind.scope_bit() != 0
    };
    document.account() == header.account && document.doc().devices.iter().any(speaks)
}

fn body(entry: &Entry) -> Option<Body> {
    Body::decode(entry.header.kind, entry.body()?).ok()?
}

impl Node {
    /// Whom an entry is for: those that it addresses, or that the post addressed which it changes or takes back.
    fn addressees(&self, entry: &Entry) -> Result<BTreeSet<AccountId>, Failure> {
        let Some(body) = body(entry) else { return Ok(BTreeSet::new()) };
        let mut accounts: BTreeSet<_> = body.addressed().into_iter().collect();
        if let Body::Edit(Edit { target, .. }) | Body::Delete(Delete { target }) = &body
            && let Some(target) = self.store.entry(target)?
        {
            accounts.extend(self::body(&target.entry).iter().flat_map(Body::addressed));
        }
        accounts.retain(|account| *account != entry.header.account && !self.is_blocked(account));
        Ok(accounts)
    }

    /// Notes own entries that are for others. Called before they are committed, as a Delete makes its target silent.
    pub(super) fn address(&self, entries: &[Verified<Entry>]) -> Result<BTreeSet<AccountId>, Failure> {
        let (mut rows, mut all) = (Vec::new(), BTreeSet::new());
        for entry in entries.iter().filter(|entry| entry.header.log_id.class() == LogId::PUBLIC) {
            for account in self.addressees(entry)? {
                let when = entry.header.timestamp.to_be_bytes().to_vec();
                rows.push((outbox_key(&account, &entry.id), Some(when)));
                all.insert(account);
            }
        }
        if rows.is_empty() {
            return Ok(all);
        }
        let mut waiting = self.store.settings(OUTBOX)?;
        let too_many = (waiting.len() + rows.len()).saturating_sub(MAX_WAITING);
        if too_many > 0 {
            waiting.sort_unstable_by(|one, other| one.1.cmp(&other.1));
            rows.extend(waiting.into_iter().take(too_many).map(|(key, _)| (key, None)));
        }
        self.store.set_settings(rows)?;
        Ok(all)
    }

    /// The letters that wait for an account, the oldest first, as many as may be handed over at once.
    fn letters_for(&self, account: &AccountId) -> Result<Vec<Letter>, Failure> {
        let mut waiting = self.store.settings(&[OUTBOX, &account.0].concat())?;
        waiting.sort_unstable_by(|one, other| one.1.cmp(&other.1));
        let document = {
            let replica = self.store.replica();
            replica.account(&self.keys.account).and_then(|own| own.register().current().cloned())
        };
        let Some(document) = document else { return Ok(Vec::new()) };
        let (mut letters, mut gone) = (Vec::new(), Vec::new());
        for (key, _) in waiting {
            if letters.len() == MAX_DELIVERIES {
                break;
            }
            let id = key.last_chunk::<32>().map(|id| EntryId(*id));
            // One that is acknowledged and on its way into the store follows once it is there.
            let Some(stored) = id.map(|id| self.store.entry(&id)).transpose()?.flatten() else { continue };
            match Some(stored.entry).filter(|entry| entry.body().is_some()) {
                Some(entry) => match majlis_protocol::entry::verify(entry, &self.store.keys()) {
                    Ok(entry) => letters.push((Arc::clone(&document), entry)),
                    Err(error) => tracing::warn!(%error, "a letter does not verify"),
                },
                // It was taken back before it could be handed over.
                None => gone.push((key, None)),
            }
        }
        if !gone.is_empty() {
            self.store.set_settings(gone)?;
        }
        Ok(letters)
    }

    /// Has the letters that wait for an account handed to a node of it.
    pub(super) async fn hand_over(self: &Arc<Self>, session: SessionId, account: AccountId) {
        let node = Arc::clone(self);
        match blocking(move || node.letters_for(&account)).await {
            Ok(letters) if letters.is_empty() => {}
            Ok(letters) => self.tell(Local::HandOver { session, letters }).await,
            Err(error) => tracing::warn!(%error, "letters could not be read"),
        }
    }

    /// Letters have come to an account, or are not wanted there: they wait no longer.
    pub(super) async fn handed_over(self: &Arc<Self>, account: AccountId, entries: Vec<EntryId>) {
        let node = Arc::clone(self);
        let rows: Vec<_> = entries.iter().map(|entry| (outbox_key(&account, entry), None)).collect();
        let done = blocking(move || Ok(node.store.set_settings(rows)?)).await;
        if let Err(error) = done {
            tracing::warn!(%error, "letters that were handed over could not be crossed off");
        }
    }

    /// Whether what someone says is shown unasked: the owner follows them, has accepted them, or follows someone who
    /// follows them.
    pub(super) fn is_known(&self, account: &AccountId) -> Result<bool, Failure> {
        if self.follow_reason(account).is_some() || self.is_accepted(account) {
            return Ok(true);
        }
        let followers = self.store.followers(account)?;
        Ok(followers.iter().any(|follower| {
            follower.account != self.keys.account && self.follow_reason(&follower.account).is_some()
        }))
    }

    /// Whether a post is something that a stranger says to the owner, which waits for a decision.
    pub(super) fn waits(&self, account: &AccountId, said: &Post) -> Result<bool, Failure> {
        let me = self.keys.account;
        let is_for_me = *account != me && Body::Post(said.clone()).addressed().contains(&me);
        Ok(is_for_me && !self.is_known(account)?)
    }

    /// Takes in what someone hands over, if it is for the owner, who wants it, and there is room. Where the disk fails,
    /// the letter waits with its author.
    pub(super) async fn receive(self: &Arc<Self>, (document, entry): Letter) -> Verdict {
        let (node, account) = (Arc::clone(self), entry.header.account);
        let letter: Arc<[_]> = Arc::new([entry.clone()]);
        let entries = Arc::clone(&letter);
        let taken = blocking(move || {
            // One at a time, so that the count is right.
            let _turn = node.receiving.lock();
            if !node.wants(&document, &entry)? {
                return Ok(None);
            }
            let (now_ms, identities) = (now_ms(), vec![document]);
            let batch = Batch { now_ms, scattered: true, identities, entries, ..Batch::default() };
            let committed = node.store.commit_blocking(batch)?;
            if committed.added + committed.duplicates == 0 {
                return Ok(None);
            }
            if committed.added > 0 && node.peers.reason(&account).is_none() {
                let (of_one, _) = node.taken(&account)?;
                let row = ([TAKEN, &account.0].concat(), Some((of_one + 1).to_be_bytes().to_vec()));
                node.store.set_settings(vec![row])?;
            }
            Ok(Some((node.is_known(&account)?, committed)))
        });
        match taken.await {
            Ok(Some((is_known, committed))) => {
                let (changed, identities) = (committed.changed, committed.identities_changed);
                self.tell(Local::Committed { changed, identities }).await;
                if is_known {
                    self.crier.call(News::Entries(Arc::clone(&letter)));
                }
                self.crier.call(News::Stored(letter));
                if is_known { Verdict::Accepted } else { Verdict::Queued }
            }
            Ok(None) => Verdict::Refused,
            Err(error) => {
                tracing::warn!(%error, "a letter could not be taken in");
                Verdict::Later
            }
        }
    }

    fn wants(&self, document: &VerifiedId, entry: &Entry) -> Result<bool, Failure> {
        let header = &entry.header;
        let fits = lists(document, header)
            && header.account != self.keys.account
            && header.log_id.class() == LogId::PUBLIC
            && entry.body().is_some();
        if !fits || self.is_blocked(&header.account) {
            return Ok(false);
        }
        let is_for_me = match body(entry) {
            // It changes or takes back something that was handed over before.
            Some(Body::Edit(Edit { target, .. }) | Body::Delete(Delete { target })) => {
                let of_author = |held: &Entry| held.header.account == header.account && held.body().is_some();
                self.store.entry(&target)?.is_some_and(|held| of_author(&held.entry))
            }
            Some(body) => body.addressed().contains(&self.keys.account),
            None => false,
        };
        if !is_for_me {
            return Ok(false);
        }
        // A Delete makes room: there is one for each entry that is held, as then its payload is gone.
        if header.kind == Kind::DELETE || self.peers.reason(&header.account).is_some() {
            return Ok(true);
        }
        let (of_one, of_all) = self.taken(&header.account)?;
        let most = if self.is_accepted(&header.account) { MAX_OF_ACCEPTED } else { MAX_OF_ONE };
        Ok(of_one < most && of_all < MAX_OF_ALL)
    }

    /// Entries that were taken of a stranger, and of all.
    fn taken(&self, account: &AccountId) -> Result<(u64, u64), Failure> {
        let (mut of_one, mut of_all) = (0, 0);
        for (key, value) in self.store.settings(TAKEN)? {
            let count = value.try_into().map_or(0, u64::from_be_bytes);
            of_all += count;
            if key.ends_with(&account.0) {
                of_one = count;
            }
        }
        Ok((of_one, of_all))
    }

    /// What strangers have said to the owner that waits for a decision: the latest arrival first.
    pub(super) fn requests(&self) -> Result<Vec<PostView>, Failure> {
        let sieve = self.sieve(FilterContext::Notifications);
        let mut views = Vec::new();
        for notice in self.store.notices(&self.keys.account, 0, None, MAX_SHOWN)? {
            let account = &notice.stored.entry.header.account;
            if !self.is_known(account)? && !sieve.hides_account(account) {
                views.extend(self.post_view(&notice.stored)?);
            }
        }
        Ok(views)
    }

    /// Forgets all that a stranger has handed over.
    pub(super) fn forget_stranger(&self, account: &AccountId) -> Result<(), Failure> {
        self.forget_account(account)?;
        Ok(self.store.set_setting(&[TAKEN, &account.0].concat(), None)?)
    }

    /// Accepts the author of such a post, or forgets all that they have handed over; who it is.
    pub(super) async fn decide(self: &Arc<Self>, target: &str, accept: bool) -> Result<AccountId, Failure> {
        let (post, _, _) = self.held_post(target)?;
        if self.is_known(&post.account)? {
            return Err(Failure::new(
                "what this account says is shown already",
                "`majlis mute` or `majlis block` keep it out; `majlis requests` lists what waits.",
            ));
        }
        if !accept && self.pins.holds(&post.account) {
            return Err(Failure::new(
                "this account is held for others, so what it has said stays here",
                "`majlis mute` keeps it out of sight; `majlis pin remove` holds it no longer.",
            ));
        }
        if accept {
            self.accept(&post.account).await?;
        } else {
            let node = Arc::clone(self);
            blocking(move || node.forget_stranger(&post.account)).await?;
        }
        Ok(post.account)
    }
}

//! Notifications: what others have said and done that concerns the owner, by arrival; and which of it was read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use majlis_protocol::body::Body;
use majlis_protocol::sealed::{ItemValue, PrivateItem};
use majlis_protocol::{AccountId, Entry, EntryId, Kind};

use super::api::{FilterContext, NotificationKind, NotificationView, NotificationsView, PostView};
use super::sift::Sieve;
use super::view::{post, rfc3339};
use super::{Failure, Node, now_ms};
use crate::store::{Notice, Relation, Stored, Subject};

const NOTIFY: &str = "notify";
/// The name of their reading position.
const NOTIFICATIONS: &str = "notifications";
/// Notices that are looked at together.
const STEP: usize = 64;
/// Unread notifications are counted up to here.
const MAX_COUNTED: usize = 1_000;

/// What an entry means to the owner, and the post that it is about.
struct Meaning {
    kind: NotificationKind,
    post: Option<EntryId>,
    /// The emoji of a reaction.
    emoji: Option<String>,
}

impl Meaning {
    /// What it means where its author is not known: that they follow is told, what is said waits for a decision, and
    /// nothing else is told.
    fn of_stranger(self, kind: Kind) -> Option<Self> {
        match kind {
            Kind::FOLLOW => Some(self),
            Kind::POST => Some(Self { kind: NotificationKind::Request, ..self }),
            _ => None,
        }
    }
}

/// What is known while many notices are looked at: much of it is the same for several.
struct Look<'a> {
    node: &'a Node,
    sieve: Sieve,
    known: HashMap<AccountId, bool>,
    /// Strangers who were told of. Of each only the latest post is told: however much they say, there is one decision to
    /// be made.
    strangers: BTreeSet<AccountId>,
    /// The entries that are in force.
    in_force: HashMap<Register, BTreeSet<EntryId>>,
}

/// Of which entries the latest of each account are in force.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Register {
    Reactions(EntryId),
    Reposts(EntryId),
    Followers,
}

impl<'a> Look<'a> {
    fn new(node: &'a Node) -> Self {
        let sieve = node.sieve(FilterContext::Notifications);
        let (known, strangers, in_force) = (HashMap::new(), BTreeSet::new(), HashMap::new());
        Self { node, sieve, known, strangers, in_force }
    }

    fn is_known(&mut self, account: &AccountId) -> Result<bool, Failure> {
        if let Some(known) = self.known.get(account) {
            return Ok(*known);
        }
        let known = self.node.is_known(account)?;
        self.known.insert(*account, known);
        Ok(known)
    }

    fn is_in_force(&mut self, register: Register, entry: &EntryId) -> Result<bool, Failure> {
        if let Some(ids) = self.in_force.get(&register) {
            return Ok(ids.contains(entry));
        }
        let store = &self.node.store;
        let ids: BTreeSet<EntryId> = match register {
            Register::Reactions(post) => store.reactions(&post)?.iter().map(|known| known.id).collect(),
            Register::Reposts(post) => store.reposts(&post)?.iter().map(|known| known.id).collect(),
            Register::Followers => {
                store.followers(&self.node.keys.account)?.iter().map(|known| known.id).collect()
            }
        };
        let counts = ids.contains(entry);
        self.in_force.insert(register, ids);
        Ok(counts)
    }

    /// What a notice tells, if it tells something.
    fn telling(&mut self, notice: &Notice) -> Result<Option<Meaning>, Failure> {
        let entry = &notice.stored.entry;
        let account = entry.header.account;
        if self.strangers.contains(&account) || self.sieve.hides_account(&account) {
            return Ok(None);
        }
        let Some(mut meaning) = self.meaning(entry)? else { return Ok(None) };
        if !self.is_known(&account)? {
            let Some(asks) = meaning.of_stranger(entry.header.kind) else { return Ok(None) };
            meaning = asks;
        }
        Ok(Some(meaning).filter(|meaning| !self.node.is_off(meaning.kind)))
    }

    /// The post that is told of, where there is one. False where nothing of it is to be seen.
    fn shows(&self, meaning: &Meaning, post: &mut Option<PostView>) -> Result<bool, Failure> {
        let Some(id) = meaning.post else { return Ok(true) };
        let stored = self.node.store.entry(&id)?;
        let mut view = stored.map(|stored| self.node.post_view(&stored)).transpose()?.flatten();
        if let Some(view) = &mut view {
            let Some(filtered) = self.sieve.sift(view) else { return Ok(false) };
            view.filtered = filtered;
        }
        *post = view;
        Ok(true)
    }

    /// Notes that a stranger was told of.
    fn told(&mut self, meaning: &Meaning, account: AccountId) {
        if meaning.kind == NotificationKind::Request {
            self.strangers.insert(account);
        }
    }

    /// Whether a notice is told.
    fn counts(&mut self, notice: &Notice) -> Result<bool, Failure> {
        let Some(meaning) = self.telling(notice)? else { return Ok(false) };
        if self.sieve.reads_posts() && !self.shows(&meaning, &mut None)? {
            return Ok(false);
        }
        self.told(&meaning, notice.stored.entry.header.account);
        Ok(true)
    }

    fn notification(&mut self, notice: &Notice, read: u64) -> Result<Option<NotificationView>, Failure> {
        let entry = &notice.stored.entry;
        let account = entry.header.account;
        let Some(meaning) = self.telling(notice)? else { return Ok(None) };
        let mut post = None;
        if !self.shows(&meaning, &mut post)? {
            return Ok(None);
        }
        self.told(&meaning, account);
        Ok(Some(NotificationView {
            id: entry.id.to_string(),
            kind: meaning.kind,
            account: account.to_string(),
            name: self.node.profile_of(&account)?.name,
            petname: self.node.petname(&account),
            created_at: rfc3339(notice.arrived_ms),
            unread: notice.arrived_ms > read,
            emoji: meaning.emoji,
            post,
        }))
    }

    /// What an entry means to the owner, if it still does: a reaction that was ended says nothing any more.
    fn meaning(&mut self, entry: &Entry) -> Result<Option<Meaning>, Failure> {
        let (me, author) = (self.node.keys.account, entry.header.account);
        let Some(Ok(Some(body))) = entry.body().map(|body| Body::decode(entry.header.kind, body)) else {
            return Ok(None);
        };
        let is_mine = |account: AccountId| account == me;
        let about = |kind, post| Some(Meaning { kind, post, emoji: None });
        Ok(match body {
            Body::Post(post) if post.reply_to.is_some_and(|parent| is_mine(parent.account)) => {
                about(NotificationKind::Reply, Some(entry.id))
            }
            Body::Post(post) if post.quote.is_some_and(|quoted| is_mine(quoted.account)) => {
                about(NotificationKind::Quote, Some(entry.id))
            }
            Body::Post(post) if post.content.mentions.contains(&me) => {
                about(NotificationKind::Mention, Some(entry.id))
            }
            Body::Edit(edit) => {
                // Who was addressed before is not told again; who is addressed no longer is not told.
                let target = self.node.store.entry(&edit.target)?;
                let said = target.as_ref().and_then(|target| post(&target.entry));
                let last = self.node.store.edits(&author, &edit.target)?.pop();
                let is_new = said.is_some_and(|said| !said.content.mentions.contains(&me))
                    && last.is_some_and(|last| last.entry.id == entry.id);
                if is_new { about(NotificationKind::Mention, Some(edit.target)) } else { None }
            }
            Body::Reaction(reaction) => {
                let kind = NotificationKind::Reaction;
                let emoji = Some(reaction.emoji);
                let post = Some(reaction.target.id);
                self.is_in_force(Register::Reactions(reaction.target.id), &entry.id)?.then_some(Meaning {
                    kind,
                    post,
                    emoji,
                })
            }
            Body::Repost(repost) => {
                let counts = self.is_in_force(Register::Reposts(repost.target.id), &entry.id)?;
                if counts { about(NotificationKind::Repost, Some(repost.target.id)) } else { None }
            }
            Body::Follow(_) => {
                let counts = self.is_in_force(Register::Followers, &entry.id)?;
                if counts { about(NotificationKind::Follow, None) } else { None }
            }
            _ => None,
        })
    }
}

impl Node {
    fn is_off(&self, kind: NotificationKind) -> bool {
        self.private(NOTIFY, kind.name().as_bytes()).is_some()
    }

    /// Notifications, the latest arrival first, and how many of all are unread.
    pub(super) fn notifications(
        &self,
        limit: usize,
        unread_only: bool,
    ) -> Result<(Vec<NotificationView>, NotificationsView), Failure> {
        let read = self.read_up_to(NOTIFICATIONS).map_or(0, |read| read.at);
        let shown = self.notify(limit, if unread_only { read } else { 0 }, read)?;
        Ok((shown, NotificationsView { unread: self.count_after(read)? }))
    }

    fn notify(&self, limit: usize, after_ms: u64, read: u64) -> Result<Vec<NotificationView>, Failure> {
        let mut found = self.polls_ended(after_ms, read)?;
        let mut look = Look::new(self);
        let (mut told, mut before) = (0, None);
        'all: while told < limit {
            let notices = self.store.notices(&self.keys.account, after_ms, before, STEP)?;
            for notice in &notices {
                if told == limit {
                    break 'all;
                }
                if let Some(view) = look.notification(notice, read)? {
                    told += 1;
                    found.push((notice.arrived_ms, view));
                }
            }
            match notices.last() {
                Some(last) if notices.len() == STEP => {
                    before = Some((last.arrived_ms, last.stored.entry.id));
                }
                _ => break,
            }
        }
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        found.truncate(limit);
        Ok(found.into_iter().map(|(_, view)| view).collect())
    }

    /// How many there are after a time, up to [`MAX_COUNTED`].
    fn count_after(&self, read: u64) -> Result<u64, Failure> {
        let mut count = 0;
        if !self.is_off(NotificationKind::Poll) {
            count += self.ended()?.iter().filter(|(end, _)| *end > read).count();
        }
        let mut look = Look::new(self);
        let mut before = None;
        while count < MAX_COUNTED {
            let notices = self.store.notices(&self.keys.account, read, before, MAX_COUNTED)?;
            for notice in &notices {
                count += usize::from(look.counts(notice)?);
            }
            match notices.last() {
                Some(last) if notices.len() == MAX_COUNTED => {
                    before = Some((last.arrived_ms, last.stored.entry.id));
                }
                _ => break,
            }
        }
        Ok(count.min(MAX_COUNTED) as u64)
    }

    /// Polls of the owner's, and those in which the owner has voted, that have ended: when, and which.
    fn ended(&self) -> Result<Vec<(u64, Stored)>, Failure> {
        let now = now_ms();
        Ok(self.polls()?.into_iter().filter(|(end, _)| *end <= now).collect())
    }

    /// The same with those that go on, as far as they are to end: when they do, and which.
    fn polls(&self) -> Result<Vec<(u64, Stored)>, Failure> {
        let me = Subject::Account(self.keys.account);
        let mut ids: BTreeSet<EntryId> =
            self.store.about(&me, Relation::Poll)?.into_iter().map(|stored| stored.entry.id).collect();
        for stored in self.store.about(&me, Relation::Voter)? {
            if let Some(Ok(Some(Body::Vote(vote)))) =
                stored.entry.body().map(|body| Body::decode(stored.entry.header.kind, body))
            {
                ids.insert(vote.target.id);
            }
        }
        let mut found = Vec::new();
        for id in ids {
            let Some(stored) = self.store.effective_entry(&id)? else { continue };
            let end = post(&stored.entry).and_then(|said| said.content.poll?.closes_at);
            found.extend(end.map(|end| (end, stored)));
        }
        Ok(found)
    }

    /// What an entry that has come tells the owner, as the list of notifications does.
    pub(super) fn told(&self, entries: &[&Entry]) -> Result<Vec<NotificationView>, Failure> {
        let me = self.keys.account;
        let read = self.read_up_to(NOTIFICATIONS).map_or(0, |read| read.at);
        let mut look = Look::new(self);
        let mut found = Vec::new();
        for entry in entries.iter().filter(|entry| entry.header.account != me) {
            if let Some(notice) = self.store.notice(&me, entry)? {
                found.extend(look.notification(&notice, read)?);
            }
        }
        Ok(found)
    }

    /// The polls that have ended after a time, as the list of notifications tells it.
    pub(super) fn told_of_polls(&self, after_ms: u64) -> Result<Vec<NotificationView>, Failure> {
        let read = self.read_up_to(NOTIFICATIONS).map_or(0, |read| read.at);
        Ok(self.polls_ended(after_ms, read)?.into_iter().map(|(_, view)| view).collect())
    }

    /// When the next of the polls ends of which the owner is told.
    pub(super) fn next_poll_end(&self) -> Result<Option<u64>, Failure> {
        let now = now_ms();
        Ok(self.polls()?.into_iter().map(|(end, _)| end).filter(|end| *end > now).min())
    }

    fn polls_ended(&self, after_ms: u64, read: u64) -> Result<Vec<(u64, NotificationView)>, Failure> {
        let mut found = Vec::new();
        if self.is_off(NotificationKind::Poll) {
            return Ok(found);
        }
        for (end, stored) in self.ended()?.into_iter().filter(|(end, _)| *end > after_ms) {
            let account = stored.entry.header.account;
            let view = NotificationView {
                id: stored.entry.id.to_string(),
                kind: NotificationKind::Poll,
                account: account.to_string(),
                name: self.profile_of(&account)?.name,
                petname: self.petname(&account),
                created_at: rfc3339(end),
                unread: end > read,
                emoji: None,
                post: self.post_view(&stored)?,
            };
            found.push((end, view));
        }
        Ok(found)
    }

    /// Marks all that has come so far as read.
    pub(super) async fn mark_notifications_read(self: &Arc<Self>) -> Result<(), Failure> {
        let newest = self.store.notices(&self.keys.account, 0, None, 1)?;
        let come = newest.into_iter().map(|notice| (notice.arrived_ms, notice.stored.entry.id));
        let ended = self.ended()?.into_iter().map(|(end, stored)| (end, stored.entry.id));
        match come.chain(ended).max() {
            Some(newest) => self.mark_read(NOTIFICATIONS, newest).await,
            None => Ok(()),
        }
    }

    /// Switches a kind of notification on or off.
    pub(super) async fn set_notify(
        self: &Arc<Self>,
        kind: NotificationKind,
        on: bool,
    ) -> Result<(), Failure> {
        if self.is_off(kind) != on {
            return Ok(());
        }
        let value = if on { None } else { Some(ItemValue::default().encode()?) };
        let key = kind.name().as_bytes().to_vec();
        self.set_private(PrivateItem { collection: NOTIFY.to_owned(), key, value }).await
    }
}

//! Notifications: what others have said and done that concerns the owner, by arrival; and which of it was read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use majlis_protocol::body::Body;
use majlis_protocol::sealed::{ItemValue, PrivateItem};
use majlis_protocol::{AccountId, Entry, EntryId, Kind};

use super::api::{
    Arrival, FilterContext, NotificationKind, NotificationView, NotificationsPage, NotificationsView,
    PostView,
};
use super::follows::parse_account;
use super::posts::find;
use super::sift::Sieve;
use super::view::{post, rfc3339};
use super::{Failure, Node, now_ms};
use crate::store::{Notice, Position, Relation, Stored, Subject};

const NOTIFY: &str = "notify";
/// The name of their reading position.
pub(super) const NOTIFICATIONS: &str = "notifications";
/// The name of the position up to which they are off the list.
const CLEARED: &str = "cleared";
/// Those that are off the list alone.
const DISMISS: &str = "dismiss";
/// In their keys stands behind the id of a poll's post that its end is meant.
const POLL_END: u8 = 1;
/// The highest id there is.
const LAST: EntryId = EntryId([u8::MAX; 32]);
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
    /// What came from here on was not looked at, and strangers may have been told of there.
    from: Option<Position>,
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
    fn new(node: &'a Node, from: Option<Position>) -> Self {
        let sieve = node.sieve(FilterContext::Notifications);
        let (known, strangers, in_force) = (HashMap::new(), BTreeSet::new(), HashMap::new());
        Self { node, sieve, known, strangers, from, in_force }
    }

    /// Finds the strangers who were told of above where the look begins.
    fn look_above(&mut self) -> Result<(), Failure> {
        let Some(from) = self.from.take() else { return Ok(()) };
        let (me, mut before) = (self.node.keys.account, None);
        loop {
            let notices = self.node.store.notices(&me, from.0.saturating_sub(1), before, STEP)?;
            for notice in notices.iter().filter(|notice| place(notice) >= from) {
                let header = &notice.stored.entry.header;
                if header.kind == Kind::POST && !self.is_known(&header.account)? {
                    self.strangers.insert(header.account);
                }
            }
            match notices.last() {
                Some(last) if notices.len() == STEP => before = Some(place(last)),
                _ => return Ok(()),
            }
        }
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
        if self.sieve.hides_account(&account) {
            return Ok(None);
        }
        let Some(mut meaning) = self.meaning(entry)? else { return Ok(None) };
        if !self.is_known(&account)? {
            let Some(asks) = meaning.of_stranger(entry.header.kind) else { return Ok(None) };
            if asks.kind == NotificationKind::Request {
                self.look_above()?;
                if self.strangers.contains(&account) {
                    return Ok(None);
                }
            }
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

    /// What a notice tells, if it is told and not off the list.
    fn told_by(&mut self, notice: &Notice) -> Result<Option<Meaning>, Failure> {
        let Some(meaning) = self.telling(notice)? else { return Ok(None) };
        if self.sieve.reads_posts() && !self.shows(&meaning, &mut None)? {
            return Ok(None);
        }
        self.told(&meaning, notice.stored.entry.header.account);
        Ok(Some(meaning).filter(|_| !self.node.is_dismissed(&notice.stored.entry.id, false)))
    }

    fn view(
        &self,
        notice: &Notice,
        meaning: Meaning,
        read: u64,
    ) -> Result<Option<NotificationView>, Failure> {
        let entry = &notice.stored.entry;
        let account = entry.header.account;
        let mut post = None;
        if !self.shows(&meaning, &mut post)? {
            return Ok(None);
        }
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

/// Something for a page, before a view is made of it.
enum Told {
    Notice(Notice, Meaning),
    /// A post whose poll has ended.
    Poll(Stored),
}

/// Between which places something is looked for.
struct Range {
    /// Later than this.
    after: Position,
    before: Option<Position>,
    only: Option<Position>,
}

impl Range {
    fn holds(&self, at: Position) -> bool {
        at > self.after
            && self.before.is_none_or(|before| at < before)
            && self.only.is_none_or(|only| at == only)
    }
}

fn place(notice: &Notice) -> Position {
    (notice.arrived_ms, notice.stored.entry.id)
}

/// The key under which something is off the list.
fn dismissed(entry: &EntryId, poll: bool) -> Vec<u8> {
    [entry.0.as_slice(), if poll { &[POLL_END] } else { &[] }].concat()
}

impl Node {
    fn is_off(&self, kind: NotificationKind) -> bool {
        self.private(NOTIFY, kind.name().as_bytes()).is_some()
    }

    /// A page of notifications, the latest arrival first, and if that is asked how many of all are unread.
    pub(super) fn notifications(
        &self,
        page: &NotificationsPage,
    ) -> Result<(Vec<NotificationView>, Option<NotificationsView>), Failure> {
        let read = self.read_up_to(NOTIFICATIONS).map_or(0, |read| read.at);
        let shown = if page.limit == 0 { Vec::new() } else { self.notify(page, read)? };
        let count = page.count.then(|| self.count_after(read)).transpose()?;
        Ok((shown, count.map(|unread| NotificationsView { unread })))
    }

    /// What is on a page. Of what is not on it no view is made.
    fn notify(&self, page: &NotificationsPage, read: u64) -> Result<Vec<NotificationView>, Failure> {
        let range = self.range(page, read)?;
        let account = page.account.as_deref().map(parse_account).transpose()?;
        let wanted = |kind: NotificationKind, author: &AccountId| {
            (page.kinds.is_empty() || page.kinds.contains(&kind))
                && account.is_none_or(|account| account == *author)
        };
        let mut look = Look::new(self, range.before);
        let mut found: Vec<(Position, Told)> = Vec::new();
        if !self.is_off(NotificationKind::Poll) {
            for (end, stored) in self.ended()? {
                let at = (end, stored.entry.id);
                let is_wanted = wanted(NotificationKind::Poll, &stored.entry.header.account);
                if range.holds(at) && is_wanted && !self.is_dismissed(&at.1, true) {
                    found.push((at, Told::Poll(stored)));
                }
            }
        }
        let (mut told, mut before) = (0, range.before);
        'all: loop {
            let notices =
                self.store.notices(&self.keys.account, range.after.0.saturating_sub(1), before, STEP)?;
            let last = notices.last().map(place).filter(|_| notices.len() == STEP);
            for notice in notices {
                if told == page.limit && !page.earliest {
                    break 'all;
                }
                if let Some(meaning) = look.told_by(&notice)?
                    && range.holds(place(&notice))
                    && wanted(meaning.kind, &notice.stored.entry.header.account)
                {
                    told += 1;
                    found.push((place(&notice), Told::Notice(notice, meaning)));
                }
            }
            match last {
                Some(last) => before = Some(last),
                None => break,
            }
        }
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        if page.earliest {
            found.drain(..found.len().saturating_sub(page.limit));
        }
        found.truncate(page.limit);
        let mut views = Vec::with_capacity(found.len());
        for ((at, _), told) in found {
            views.extend(match told {
                Told::Notice(notice, meaning) => look.view(&notice, meaning, read)?,
                Told::Poll(stored) => Some(self.poll_ended(at, &stored, read)?),
            });
        }
        Ok(views)
    }

    /// Between which places what is asked for has come.
    fn range(&self, page: &NotificationsPage, read: u64) -> Result<Range, Failure> {
        let at = |arrival: &Arrival| -> Result<Position, Failure> {
            Ok((arrival.at, arrival.id.as_deref().map(find).transpose()?.unwrap_or(EntryId::ZERO)))
        };
        let only = page.only.as_ref().map(at).transpose()?;
        let mut before = page.before.as_ref().map(at).transpose()?;
        let mut after =
            self.cleared().max(page.after.as_ref().map(at).transpose()?.unwrap_or((0, EntryId::ZERO)));
        if page.unread {
            after = after.max((read, LAST));
        }
        if let Some((at, _)) = only {
            before = Some((at + 1, EntryId::ZERO));
            after = after.max((at.saturating_sub(1), LAST));
        }
        Ok(Range { after, before, only })
    }

    /// How many there are after a time, up to [`MAX_COUNTED`].
    fn count_after(&self, read: u64) -> Result<u64, Failure> {
        let mut count = 0;
        let after = self.cleared().max((read, LAST));
        if !self.is_off(NotificationKind::Poll) {
            let ended = self.ended()?.into_iter().map(|(end, stored)| (end, stored.entry.id));
            count += ended.filter(|at| *at > after && !self.is_dismissed(&at.1, true)).count();
        }
        let mut look = Look::new(self, None);
        let mut before = None;
        while count < MAX_COUNTED {
            let notices =
                self.store.notices(&self.keys.account, after.0.saturating_sub(1), before, MAX_COUNTED)?;
            for notice in notices.iter().filter(|notice| place(notice) > after) {
                count += usize::from(look.told_by(notice)?.is_some());
            }
            match notices.last() {
                Some(last) if notices.len() == MAX_COUNTED => before = Some(place(last)),
                _ => break,
            }
        }
        Ok(count.min(MAX_COUNTED) as u64)
    }

    /// Where the latest is that is off the list with all before it.
    fn cleared(&self) -> Position {
        self.read_up_to(CLEARED).map_or((0, EntryId::ZERO), |read| read.position())
    }

    fn is_dismissed(&self, entry: &EntryId, poll: bool) -> bool {
        self.private(DISMISS, &dismissed(entry, poll)).is_some()
    }

    /// Takes what an entry tells off the list, or that the poll of a post has ended.
    pub(super) async fn dismiss(self: &Arc<Self>, entry: &str, poll: bool) -> Result<(), Failure> {
        self.keep(DISMISS, dismissed(&find(entry)?, poll), Some(Self::set_now())).await
    }

    /// Takes all that has come so far off the list.
    pub(super) async fn clear_notifications(self: &Arc<Self>) -> Result<(), Failure> {
        self.mark_notifications_read().await?;
        match self.newest_notification()? {
            Some(newest) => self.mark_read(CLEARED, newest).await,
            None => Ok(()),
        }
    }

    /// Polls of the owner's, and those in which the owner has voted, that have ended: when, and which. In the millisecond
    /// of its end a poll still takes votes.
    fn ended(&self) -> Result<Vec<(u64, Stored)>, Failure> {
        let now = now_ms();
        Ok(self.polls()?.into_iter().filter(|(end, _)| *end < now).collect())
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
        let mut look = Look::new(self, None);
        let mut found = Vec::new();
        for entry in entries.iter().filter(|entry| entry.header.account != me) {
            if let Some(notice) = self.store.notice(&me, entry)?
                && let Some(meaning) = look.told_by(&notice)?
            {
                found.extend(look.view(&notice, meaning, read)?);
            }
        }
        Ok(found)
    }

    /// The polls that have ended after a time, as the list of notifications tells it.
    pub(super) fn told_of_polls(&self, after_ms: u64) -> Result<Vec<NotificationView>, Failure> {
        let read = self.read_up_to(NOTIFICATIONS).map_or(0, |read| read.at);
        if self.is_off(NotificationKind::Poll) {
            return Ok(Vec::new());
        }
        let ended = self.ended()?.into_iter().filter(|(end, _)| *end > after_ms);
        ended.map(|(end, stored)| self.poll_ended(end, &stored, read)).collect()
    }

    /// When the next of the polls has ended of which the owner is told.
    pub(super) fn next_poll_end(&self) -> Result<Option<u64>, Failure> {
        let now = now_ms();
        Ok(self.polls()?.into_iter().map(|(end, _)| end.saturating_add(1)).filter(|over| *over > now).min())
    }

    /// Tells that a poll has ended.
    fn poll_ended(&self, end: u64, stored: &Stored, read: u64) -> Result<NotificationView, Failure> {
        let account = stored.entry.header.account;
        Ok(NotificationView {
            id: stored.entry.id.to_string(),
            kind: NotificationKind::Poll,
            account: account.to_string(),
            name: self.profile_of(&account)?.name,
            petname: self.petname(&account),
            created_at: rfc3339(end),
            unread: end > read,
            emoji: None,
            post: self.post_view(stored)?,
        })
    }

    /// Where the latest is of all that has come so far.
    fn newest_notification(&self) -> Result<Option<Position>, Failure> {
        let newest = self.store.notices(&self.keys.account, 0, None, 1)?;
        let ended = self.ended()?.into_iter().map(|(end, stored)| (end, stored.entry.id));
        Ok(newest.iter().map(place).chain(ended).max())
    }

    /// Marks all that has come so far as read.
    pub(super) async fn mark_notifications_read(self: &Arc<Self>) -> Result<(), Failure> {
        match self.newest_notification()? {
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

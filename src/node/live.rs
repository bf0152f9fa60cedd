//! What comes by itself: each thing that the store has taken in, as the timelines and notifications show it that
//! somebody follows. It is looked at once, however many follow, in a task of its own: nobody's looking slows down what
//! the node does, and whoever is too slow for it misses something that the timelines have.
//!
//! What arrives late is told too, as nothing else says that it is there: its place in a timeline is below what was seen
//! already. But years of someone's posts, which come when one begins to follow them, are for the timeline alone: of what
//! is older than [`LATE_MS`], [`LATE_AT_ONCE`] are told at once, the newest, and then [`LATE_A_SECOND`].

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis_protocol::body::Body;
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId, Verified};
use tokio::sync::broadcast::{self, error::RecvError};

use super::api::{Feed, NotificationView, PostView, Visibility};
use super::feeds::{Page, kinds};
use super::watch::News;
use super::{Failure, Node, blocking, now_ms};
use crate::store::{Relation, Stored, Subject, fold_tag};

/// What was signed so long ago is late, in milliseconds.
const LATE_MS: u64 = 10 * 60 * 1_000;
/// Late entries that are told at once.
const LATE_AT_ONCE: f64 = 200.0;
/// Late entries that are told a second, after that.
const LATE_A_SECOND: f64 = 2.0;
/// Entries that are remembered as told: two peers may bring the same one.
const MAX_TOLD: usize = 4_096;
/// The end of a poll is looked for anew after this time, as the machine's clock may have been set.
const MAX_SLEEP: Duration = Duration::from_mins(1);

/// A timeline that somebody follows as it grows, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// The timeline: bookmarks and favourites do not grow by what comes.
    pub feed: Feed,
    /// Whose posts.
    pub whose: Whose,
    /// Only posts with files.
    pub only_media: bool,
}

/// Whose posts are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Anybody's.
    All,
    /// The owner's.
    Own,
    /// Other people's.
    Others,
}

impl Channel {
    /// All of a timeline.
    pub fn of(feed: Feed) -> Self {
        Self { feed, whose: Whose::All, only_media: false }
    }
}

/// What somebody follows.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Timelines.
    pub channels: Vec<Channel>,
    /// Notifications.
    pub notifications: bool,
    /// Anything else that is told.
    pub any: bool,
}

/// Something that has come.
#[derive(Clone, Debug)]
pub enum Coming {
    /// A post, or a repost of one, on timelines that show it.
    Post {
        /// As it is shown on each of these.
        view: Box<PostView>,
        /// It was there before, and says something else now.
        is_edit: bool,
        /// Which timelines.
        channels: Vec<Channel>,
    },
    /// Something with this number was taken back.
    Gone(u64),
    /// Something that concerns the owner.
    Notification(Box<NotificationView>),
    /// The owner has other filters.
    Filters,
}

/// What comes from the time on when this was made.
pub struct Live {
    node: Arc<Node>,
    news: broadcast::Receiver<News>,
    told: Told,
    late: Late,
    /// Up to which end polls that have ended were told, and when the next one has ended.
    polls: (u64, Option<u64>),
}

impl Node {
    /// What comes from now on.
    pub fn coming(self: &Arc<Self>) -> Live {
        let polls = (now_ms(), None);
        let (node, news) = (Arc::clone(self), self.crier.listen());
        Live { node, news, told: Told::default(), late: Late::new(Instant::now()), polls }
    }
}

impl Live {
    /// What has come next, as far as it is wanted when it has; it may be nothing. None once the node is gone. What was
    /// under way is lost where this is broken off.
    pub async fn next(&mut self, wanted: impl Fn() -> Wanted) -> Option<Vec<Coming>> {
        if self.polls.1.is_none() {
            self.find_next_poll().await;
        }
        let left = self.polls.1.map_or(u64::MAX, |end| end.saturating_sub(now_ms()));
        tokio::select! {
            news = self.news.recv() => match news {
                Ok(News::Stored(entries)) => Some(self.stored(&entries, wanted()).await),
                Ok(News::Filters) => Some(vec![Coming::Filters]),
                Ok(_) => Some(Vec::new()),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "streams were too slow for what came; the timelines have it");
                    Some(Vec::new())
                }
                Err(RecvError::Closed) => None,
            },
            () = tokio::time::sleep(Duration::from_millis(left).min(MAX_SLEEP)) => Some(self.polls_ended().await),
        }
    }

    async fn find_next_poll(&mut self) {
        let node = Arc::clone(&self.node);
        // Looked for again after the longest sleep, where there is none.
        let never = now_ms() + MAX_SLEEP.as_millis() as u64;
        let next = blocking(move || node.next_poll_end()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "when the next poll ends could not be read");
            None
        });
        self.polls.1 = Some(next.unwrap_or(never).min(never));
    }

    async fn polls_ended(&mut self) -> Vec<Coming> {
        let (node, after, now) = (Arc::clone(&self.node), self.polls.0, now_ms());
        // One that ends in this millisecond has not ended.
        self.polls = (now.saturating_sub(1).max(after), None);
        let ended = blocking(move || node.told_of_polls(after)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "which polls have ended could not be read");
            Vec::new()
        });
        ended.into_iter().map(|view| Coming::Notification(Box::new(view))).collect()
    }

    async fn stored(&mut self, entries: &Arc<[Verified<Entry>]>, wanted: Wanted) -> Vec<Coming> {
        let me = self.node.account();
        let has_poll = |entry: &Entry| [Kind::POST, Kind::VOTE].contains(&entry.header.kind);
        if entries.iter().any(|entry| entry.header.account == me && has_poll(entry)) {
            self.polls.1 = None;
        }
        if !wanted.any {
            return Vec::new();
        }
        let now = now_ms();
        let is_late = move |entry: &Entry| entry.header.timestamp + LATE_MS < now;
        let counts = |entry: &&Verified<Entry>| {
            entry.header.log_id.class() == LogId::PUBLIC && !entry.header.is_inert()
        };
        let fresh: Vec<_> =
            entries.iter().filter(counts).filter(|entry| self.told.is_new(&entry.id)).collect();
        // The newest of what is late: a batch is in the order in which it was signed.
        let late = fresh.iter().filter(|entry| is_late(entry)).count();
        let mut over = late.saturating_sub(self.late.left(Instant::now()));
        let mut chosen: Vec<Verified<Entry>> = Vec::new();
        for entry in fresh {
            if is_late(entry) && over > 0 {
                over -= 1;
            } else {
                chosen.push(entry.clone());
            }
        }
        if chosen.is_empty() {
            return Vec::new();
        }
        let node = Arc::clone(&self.node);
        let looked = blocking(move || {
            let (mut told, mut growing) = (Vec::new(), Growing::new(&node, &wanted));
            let mut late = 0;
            for entry in &chosen {
                let before = told.len();
                growing.look(entry, &mut told)?;
                late += usize::from(told.len() > before && is_late(entry));
            }
            Ok((told, late))
        });
        let (told, late) = looked.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what has come could not be read for streams");
            (Vec::new(), 0)
        });
        self.late.take(late);
        told
    }
}

/// The timelines that are followed, as they are now.
struct Growing<'a> {
    node: &'a Node,
    pages: Vec<Growth<'a>>,
    notifications: bool,
}

/// Timelines that show a post in the same way, if they show it.
struct Growth<'a> {
    /// One of them stands for all.
    feed: Feed,
    page: Page<'a>,
    /// With whose posts each is made, where not with all.
    channels: Vec<(Channel, Option<BTreeSet<AccountId>>)>,
}

/// The timeline that stands for those that have the same filters and rules.
fn like(feed: &Feed) -> Feed {
    match feed {
        Feed::Tag(_) => Feed::All,
        Feed::List(_) => Feed::List(String::new()),
        other => other.clone(),
    }
}

impl<'a> Growing<'a> {
    fn new(node: &'a Node, wanted: &Wanted) -> Self {
        let mut pages: Vec<Growth<'a>> = Vec::new();
        for channel in &wanted.channels {
            // A list that is gone shows nothing.
            let authors = node.authors(&channel.feed).unwrap_or_else(|_| Some(BTreeSet::new()));
            let (feed, followed) = (like(&channel.feed), (channel.clone(), authors));
            if let Some(growth) = pages.iter_mut().find(|growth| growth.feed == feed) {
                growth.channels.push(followed);
            } else {
                let page = node.page(&feed);
                pages.push(Growth { feed, page, channels: vec![followed] });
            }
        }
        Self { node, pages, notifications: wanted.notifications }
    }

    /// What an entry that is stored means to those who follow.
    fn look(&mut self, entry: &Entry, told: &mut Vec<Coming>) -> Result<(), Failure> {
        let Some(Ok(Some(body))) = entry.body().map(|body| Body::decode(entry.header.kind, body)) else {
            return Ok(());
        };
        match &body {
            Body::Post(_) => {
                self.shown(&entry.id, false, told)?;
                // Whoever has shown it before it was here shows it now.
                for repost in self.node.store.reposts(&entry.id)?.into_iter().filter(|repost| repost.value) {
                    self.shown(&repost.id, false, told)?;
                }
            }
            Body::Repost(repost) if repost.on => self.shown(&entry.id, false, told)?,
            Body::Repost(repost) => self.ended(entry, &repost.target.id, told)?,
            Body::Edit(edit) => {
                let last = self.node.store.edits(&entry.header.account, &edit.target)?.pop();
                if last.is_some_and(|last| last.entry.id == entry.id) {
                    self.shown(&edit.target, true, told)?;
                }
            }
            Body::Delete(delete) => self.gone(entry, &delete.target, told)?,
            _ => {}
        }
        if self.notifications {
            let concerning = self.node.told(&[entry])?;
            told.extend(concerning.into_iter().map(|view| Coming::Notification(Box::new(view))));
        }
        Ok(())
    }

    /// A post or repost on the timelines that show it.
    fn shown(&mut self, id: &EntryId, is_edit: bool, told: &mut Vec<Coming>) -> Result<(), Failure> {
        let Some(stored) = self.node.store.effective_entry(id)? else { return Ok(()) };
        let from = told.len();
        for growth in &mut self.pages {
            let Some((view, channels)) = growth.shown(self.node, &stored)? else { continue };
            // Most often it is shown everywhere in the same way: what filters have found is told apart by where it is.
            let same = told.iter_mut().skip(from).find_map(|known| match known {
                Coming::Post { view: known, channels, .. } if known.filtered == view.filtered => {
                    Some(channels)
                }
                _ => None,
            });
            match same {
                Some(known) => known.extend(channels),
                None => told.push(Coming::Post { view: Box::new(view), is_edit, channels }),
            }
        }
        Ok(())
    }

    /// An entry was taken back, if its author did it; the reposts of a post go with it.
    fn gone(&self, delete: &Entry, target: &EntryId, told: &mut Vec<Coming>) -> Result<(), Failure> {
        let store = &self.node.store;
        let Some(known) = store.entry(target)? else { return Ok(()) };
        if known.entry.header.account != delete.header.account || store.effective_entry(target)?.is_some() {
            return Ok(());
        }
        told.extend(self.node.number_given(target)?.map(Coming::Gone));
        for repost in store.reposts(target)?.into_iter().filter(|repost| repost.value) {
            told.extend(self.node.number_given(&repost.id)?.map(Coming::Gone));
        }
        Ok(())
    }

    /// Someone shows a post no longer: what had shown it is gone.
    fn ended(&self, repost: &Entry, target: &EntryId, told: &mut Vec<Coming>) -> Result<(), Failure> {
        let store = &self.node.store;
        if !store.reposts(target)?.iter().any(|known| known.id == repost.id) {
            return Ok(());
        }
        let all = store.about(&Subject::Entry(*target), Relation::Repost)?;
        let mut before = all.iter().map(|stored| &stored.entry);
        let is_before =
            |entry: &&Entry| entry.header.account == repost.header.account && entry.id != repost.id;
        if let Some(last) = before.rfind(is_before) {
            told.extend(self.node.number_given(&last.id)?.map(Coming::Gone));
        }
        Ok(())
    }
}

impl Growth<'_> {
    /// How a post or repost is shown, and on which of these.
    fn shown(&mut self, node: &Node, stored: &Stored) -> Result<Option<(PostView, Vec<Channel>)>, Failure> {
        let (account, kind) = (stored.entry.header.account, stored.entry.header.kind);
        let mut channels = self.channels.iter().filter(|(channel, authors)| {
            kinds(&channel.feed).contains(&kind)
                && authors.as_ref().is_none_or(|authors| authors.contains(&account))
        });
        let mut channels: Vec<&Channel> = channels.by_ref().map(|(channel, _)| channel).collect();
        if channels.is_empty() {
            return Ok(None);
        }
        let Some(view) = self.page.newest(stored)? else { return Ok(None) };
        let tags: BTreeSet<String> = view.tags.iter().map(|tag| fold_tag(tag)).collect();
        let is_own = account == node.account();
        channels.retain(|channel| {
            let has_tag =
                |tag: &String| view.visibility == Visibility::Public && tags.contains(&fold_tag(tag));
            let is_whose = match channel.whose {
                Whose::All => true,
                Whose::Own => is_own,
                Whose::Others => !is_own,
            };
            let is_there = if let Feed::Tag(tag) = &channel.feed { has_tag(tag) } else { true };
            is_whose && is_there && (!channel.only_media || !view.attachments.is_empty())
        });
        let channels: Vec<Channel> = channels.into_iter().cloned().collect();
        Ok((!channels.is_empty()).then_some((view, channels)))
    }
}

/// Entries that were told last.
#[derive(Default)]
struct Told {
    ids: HashSet<EntryId>,
    order: VecDeque<EntryId>,
}

impl Told {
    /// Whether it was not told before. From now on it was.
    fn is_new(&mut self, id: &EntryId) -> bool {
        if !self.ids.insert(*id) {
            return false;
        }
        self.order.push_back(*id);
        if self.order.len() > MAX_TOLD
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

/// How much of what is late may be told.
struct Late {
    left: f64,
    at: Instant,
}

impl Late {
    fn new(now: Instant) -> Self {
        Self { left: LATE_AT_ONCE, at: now }
    }

    /// How many may be told now.
    fn left(&mut self, now: Instant) -> usize {
        let more = LATE_A_SECOND * now.saturating_duration_since(self.at).as_secs_f64();
        (self.left, self.at) = ((self.left + more).min(LATE_AT_ONCE), now);
        self.left as usize
    }

    fn take(&mut self, count: usize) {
        self.left = (self.left - count as f64).max(0.0);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]
mod tests {
    use majlis_protocol::body::{Content, Post};

    use super::*;
    use crate::blobs::BlobsConfig;
    use crate::node::NodeConfig;
    use crate::store::StoreConfig;

    #[test]
    fn of_a_long_past_the_newest_is_told() {
        let home = tempfile::tempdir().unwrap();
        let (node, _) =
            Node::open(home.path(), &StoreConfig::default(), &NodeConfig::default(), &BlobsConfig::default())
                .unwrap();
        let mut live = node.coming();
        let begin = now_ms() - 24 * 60 * 60 * 1_000;
        let post = |n: u64| {
            let content = Content { text: format!("قديم {n}"), ..Content::default() };
            (Body::Post(Post { content, ..Post::default() }), begin + n)
        };
        let home_and_all = || Wanted {
            channels: vec![Channel::of(Feed::Home), Channel::of(Feed::All)],
            notifications: true,
            any: true,
        };
        // What opens and closes a node may wait for the disk, and so is outside.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let texts = runtime.block_on(async {
            node.publish(LogId::PUBLIC, (0..300).map(post).collect()).await.unwrap();
            node.publish(LogId::PUBLIC, vec![(post(300).0, now_ms())]).await.unwrap();
            let mut texts = Vec::new();
            while texts.last().is_none_or(|text| text != "قديم 300") {
                for one in live.next(home_and_all).await.unwrap() {
                    let Coming::Post { view, is_edit: false, channels } = one else { panic!("{one:?}") };
                    assert_eq!(channels.len(), 2, "told once for all timelines");
                    texts.push(view.text);
                }
            }
            texts
        });
        let expected: Vec<_> = (100..=300).map(|n| format!("قديم {n}")).collect();
        assert_eq!(texts, expected);
        node.close().unwrap();
    }

    #[test]
    fn late_entries_are_told_within_bounds() {
        let begun = Instant::now();
        let mut late = Late::new(begun);
        assert_eq!(late.left(begun), 200);
        late.take(200);
        assert_eq!(late.left(begun), 0);
        assert_eq!(late.left(begun + Duration::from_secs(5)), 10);
        assert_eq!(late.left(begun + Duration::from_hours(1)), 200, "what was not used is not saved up");
    }

    #[test]
    fn an_entry_is_told_once() {
        let mut told = Told::default();
        let id =
            |n: usize| EntryId([(n / 256) as u8, (n % 256) as u8].repeat(16).try_into().unwrap_or([0; 32]));
        assert!(told.is_new(&id(1)) && !told.is_new(&id(1)));
        for n in 2..2 + MAX_TOLD {
            assert!(told.is_new(&id(n)));
        }
        assert!(told.is_new(&id(1)), "so much is remembered and no more");
        assert_eq!((told.ids.len(), told.order.len()), (MAX_TOLD, MAX_TOLD));
    }
}

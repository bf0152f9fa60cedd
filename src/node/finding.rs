//! Full-text search. The index follows the log like a view, in files of its own beside the database, and is made anew
//! from it where it is missing or damaged.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use majlis_protocol::body::{Body, Visibility};
use majlis_protocol::{AccountId, EntryId, LogId};
use parking_lot::Mutex;

use super::api::{FilterContext, PostView, SearchQuery, TagView};
use super::compose::time;
use super::follows::parse_account;
use super::view::post;
use super::{Failure, Node};
use crate::search::{Document, Search, SearchError, Wanted};
use crate::store::fold_tag;

pub(super) const FOLDER: &str = "search";
/// How often a running node looks whether there is something new.
const INTERVAL: Duration = Duration::from_millis(400);
/// Entries that come in such a time while the node catches up: then it waits.
const BUSY: u64 = 1_000;
/// So many such times have to be quiet at first, and after the node was busy.
const QUIET: u32 = 4;
/// The priority of what goes last.
const LAST: i32 = 19;
/// Of its time, as long as there is more, it rests so many times what it works.
const REST: u32 = 2;
/// Of the posts that are found some are not shown, so more are looked for.
const MORE: usize = 4;

/// Steps of the log that are taken in before they are committed.
const STEPS: usize = 32;

/// How far the index has come.
struct State {
    /// Up to which chunk of the log.
    mark: u64,
    /// Steps that are not committed.
    pending: usize,
}

/// The index, once it is open.
#[derive(Default)]
pub(super) struct Finder(Mutex<Option<(Search, State)>>);

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        Self::new(
            error.to_string(),
            "Stop the node and remove the folder `search` in its home: it is made anew.",
        )
    }
}

impl Node {
    fn has_index(&self) -> bool {
        self.home.join(FOLDER).exists()
    }

    /// Lets go of the index.
    pub(super) fn close_search(&self) {
        *self.finder.0.lock() = None;
    }

    /// Does something with the index, which is opened at first.
    fn with_search<T>(
        &self,
        work: impl FnOnce(&Search, &mut State) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut finder = self.finder.0.lock();
        let open = if let Some(open) = finder.take() {
            open
        } else {
            let (search, mark) = Search::open(&self.home.join(FOLDER), &self.store.name()?)?;
            (search, State { mark, pending: 0 })
        };
        let (search, state) = finder.insert(open);
        work(search, state)
    }

    /// Takes in some of what the index lacks; whether there is more.
    fn index_some(&self) -> Result<bool, Failure> {
        self.with_search(|search, state| {
            let changes = self.store.changes(state.mark)?;
            for entry in &changes.entries {
                let account = entry.header.account;
                match entry.body().map(|body| Body::decode(entry.header.kind, body)) {
                    Some(Ok(Some(Body::Post(_)))) => self.index_post(search, &account, &entry.id)?,
                    Some(Ok(Some(Body::Edit(edit)))) => self.index_post(search, &account, &edit.target)?,
                    Some(Ok(Some(Body::Delete(delete)))) => search.forget(&account.0, &delete.target.0)?,
                    _ => {}
                }
            }
            // A commit costs much more than a post, so there are few as long as there is more.
            if changes.next != state.mark {
                state.mark = changes.next;
                state.pending += 1;
            }
            if state.pending > 0 && (!changes.more || state.pending >= STEPS) {
                search.commit(&self.store.name()?, state.mark)?;
                state.pending = 0;
            }
            Ok(changes.more)
        })
    }

    /// A post as it stands now. Others' unlisted posts are not found.
    fn index_post(&self, search: &Search, account: &AccountId, id: &EntryId) -> Result<(), Failure> {
        let Some(stored) = self.store.entry(id)? else { return Ok(()) };
        let header = &stored.entry.header;
        let Some(said) = post(&stored.entry) else { return Ok(()) };
        let is_listed = said.visibility == Visibility::Public || *account == self.keys.account;
        if header.account != *account || header.log_id.class() != LogId::PUBLIC || !is_listed {
            return Ok(());
        }
        let content = self.content_in_force(&stored, &said)?;
        Ok(search.put(&Document {
            id: id.0,
            author: account.0,
            text: format!("{}\n{}", content.content_warning, content.text),
            language: content.language,
            tags: content.tags.iter().map(|tag| fold_tag(tag)).collect(),
            display_ms: stored.display_ms,
            has_media: !content.attachments.is_empty(),
        })?)
    }

    /// Lets the index follow the log on a thread of its own, until what is given is dropped. Everything else goes first.
    pub fn start_finding(self: &Arc<Self>) -> Result<mpsc::Sender<()>, Failure> {
        let (running, stopped) = mpsc::channel();
        let node = Arc::clone(self);
        std::thread::Builder::new()
            .name("search".into())
            .spawn(move || node.keep_finding(&stopped))
            .map_err(|error| {
                Failure::new(format!("cannot start a thread: {error}"), "Close other programs and try again.")
            })?;
        Ok(running)
    }

    fn keep_finding(&self, stopped: &mpsc::Receiver<()>) {
        // The index's own threads inherit it. Where threads have no priority of their own it stays as it is.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LAST);
        let (mut seen, mut quiet, mut pause) = (0, 0, INTERVAL);
        // It ends when the sender is dropped.
        while stopped.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
            pause = INTERVAL;
            let before = std::mem::replace(&mut seen, self.store.metrics().entries.load(Ordering::Relaxed));
            quiet = if seen - before > BUSY { 0 } else { quiet + 1 };
            if quiet < QUIET {
                continue;
            }
            let started = Instant::now();
            match self.index_some() {
                Ok(true) => pause = started.elapsed() * REST,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the search index cannot follow the log"),
            }
        }
    }

    /// Forgets all of an account, in the index too.
    pub(super) fn forget_account(&self, account: &AccountId) -> Result<(), Failure> {
        let files = self.files_only_of(account)?;
        self.store.forget_account(account)?;
        self.collect(&files)?;
        if !self.has_index() {
            return Ok(());
        }
        self.with_search(|search, state| {
            search.forget_author(&account.0);
            Ok(search.commit(&self.store.name()?, state.mark)?)
        })
    }

    /// Forgets posts of an account whose words are no longer here.
    pub(super) fn forget_found(&self, account: &AccountId, posts: &[EntryId]) -> Result<(), Failure> {
        if posts.is_empty() || !self.has_index() {
            return Ok(());
        }
        self.with_search(|search, state| {
            for post in posts {
                search.forget(&account.0, &post.0)?;
            }
            Ok(search.commit(&self.store.name()?, state.mark)?)
        })
    }

    /// Makes sure that no word is left of what was taken back.
    pub(super) fn compact_found(&self) -> Result<(), Failure> {
        if !self.has_index() {
            return Ok(());
        }
        while self.index_some()? {}
        self.with_search(|search, _| Ok(search.compact()?))
    }

    /// The tags of posts held here that begin so, folded, in alphabetical order.
    pub(super) fn tags(&self, start: &str, limit: usize) -> Result<Vec<TagView>, Failure> {
        while self.index_some()? {}
        let found = self.with_search(|search, _| Ok(search.tags(&fold_tag(start), limit)?))?;
        Ok(found.iter().filter_map(|tag| self.tag(tag).ok()).collect())
    }

    /// Finds posts, the newest first.
    pub(super) fn search(&self, query: &SearchQuery) -> Result<Vec<PostView>, Failure> {
        while self.index_some()? {}
        let wanted = Wanted {
            text: query.text.clone(),
            author: query.from.as_deref().map(parse_account).transpose()?.map(|account| account.0),
            tag: query.tag.as_deref().map(fold_tag),
            language: query.lang.clone(),
            since_ms: query.since.as_deref().map(time).transpose()?,
            has_media: query.media,
        };
        let sieve = self.sieve(FilterContext::Public);
        let found =
            self.with_search(|search, _| Ok(search.find(&wanted, query.limit.saturating_mul(MORE))?))?;
        let mut views = Vec::new();
        for id in found {
            if views.len() == query.limit {
                break;
            }
            let Some(stored) = self.store.effective_entry(&EntryId(id))? else { continue };
            let Some(said) = post(&stored.entry) else { continue };
            if self.waits(&stored.entry.header.account, &said)? {
                continue;
            }
            let Some(mut view) = self.post_view(&stored)? else { continue };
            if let Some(filtered) = sieve.sift(&view) {
                view.filtered = filtered;
                views.push(view);
            }
        }
        Ok(views)
    }
}

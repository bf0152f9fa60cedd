//! Watching a running node. What happens is passed on as it is; a watcher makes of it what people see in its own
//! task, so that nobody's looking slows down what the node does.

use std::collections::HashMap;
use std::sync::Arc;

use majlis_protocol::{AccountId, Entry, Kind, Verified};
use tokio::sync::broadcast::{self, error::RecvError};

use super::api::PostView;
use super::view::{Author, post, profile};
use super::{Node, now_ms};

/// News that a slow watcher may be behind before it misses some. Of entries it is told twice, of a frame's worth each time.
const QUEUE: usize = 2_048;
/// Authors that a watcher keeps at hand.
const MAX_AUTHORS: usize = 16_384;

/// What a running node tells those who watch it.
#[derive(Clone, Debug)]
pub enum NodeEvent {
    /// A post was verified.
    Post(Box<PostView>),
    /// A peer came or went.
    Peer {
        /// Transport identity.
        peer_id: String,
        /// Whether it is here now.
        connected: bool,
        /// The account that it has proved.
        account: Option<String>,
    },
    /// Nothing more is to be had from this peer now.
    Synced {
        /// Transport identity.
        peer_id: String,
    },
    /// The watcher was too slow: this many pieces of news have passed it by.
    Missed(u64),
}

/// What happens in a node.
#[derive(Clone)]
pub(super) enum News {
    /// These were verified.
    Entries(Arc<[Verified<Entry>]>),
    /// These are in the store.
    Stored(Arc<[Verified<Entry>]>),
    /// The owner has other filters.
    Filters,
    /// See [`NodeEvent::Peer`].
    Peer { peer_id: String, connected: bool, account: Option<AccountId> },
    /// See [`NodeEvent::Synced`].
    Synced { peer_id: String },
}

/// Where news is called out.
pub(super) struct Crier(broadcast::Sender<News>);

impl Default for Crier {
    fn default() -> Self {
        Self(broadcast::channel(QUEUE).0)
    }
}

impl Crier {
    /// What is called out from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }

    /// Tells whoever watches.
    pub fn call(&self, news: News) {
        // Fails only where nobody watches.
        let _ = self.0.send(news);
    }
}

/// What happens in a node from the time on when this was made.
pub struct Watch {
    node: Arc<Node>,
    news: broadcast::Receiver<News>,
    /// The last news of entries, and how many of them have been looked at.
    entries: (Arc<[Verified<Entry>]>, usize),
    /// What stands beside authors' posts, and when it was taken on.
    authors: HashMap<AccountId, (u64, Author)>,
    posts: bool,
}

impl Node {
    /// What happens from now on.
    pub fn watch(self: &Arc<Self>) -> Watch {
        Watch {
            node: Arc::clone(self),
            news: self.crier.listen(),
            entries: (Arc::new([]), 0),
            authors: HashMap::new(),
            posts: true,
        }
    }
}

impl Watch {
    /// The same without posts.
    pub fn without_posts(self) -> Self {
        Self { posts: false, ..self }
    }

    /// The next event; none once the node is gone.
    pub async fn next(&mut self) -> Option<NodeEvent> {
        loop {
            let (entries, seen) = (Arc::clone(&self.entries.0), self.entries.1);
            if let Some(entry) = entries.get(seen) {
                self.entries.1 += 1;
                if let Some(view) = self.view(entry) {
                    return Some(NodeEvent::Post(Box::new(view)));
                }
                continue;
            }
            match self.news.recv().await {
                Ok(News::Entries(entries)) if self.posts => self.entries = (entries, 0),
                Ok(News::Entries(_) | News::Stored(_) | News::Filters) => {}
                Ok(News::Peer { peer_id, connected, account }) => {
                    let account = account.map(|account| account.to_string());
                    return Some(NodeEvent::Peer { peer_id, connected, account });
                }
                Ok(News::Synced { peer_id }) => return Some(NodeEvent::Synced { peer_id }),
                Err(RecvError::Lagged(missed)) => return Some(NodeEvent::Missed(missed)),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn view(&mut self, entry: &Entry) -> Option<PostView> {
        let header = &entry.header;
        let (node, account) = (&self.node, header.account);
        if let Some(profile) = profile(entry)
            && let Some(known) = self.authors.get_mut(&account)
            && known.0 <= header.timestamp
        {
            *known = (header.timestamp, profile.into());
        }
        if header.kind != Kind::POST || header.is_inert() {
            return None;
        }
        let post = post(entry)?;
        if self.authors.len() >= MAX_AUTHORS {
            self.authors.clear();
        }
        let (_, author) = self.authors.entry(account).or_insert_with(|| node.author_so_far(&account));
        let content = post.content.clone();
        Some(node.view(entry, author.clone(), &post, content, header.timestamp.min(now_ms())))
    }
}

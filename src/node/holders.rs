//! Who holds the owner's posts, as far as they have said so.

use std::collections::HashMap;
use std::sync::Arc;

use majlis_protocol::{EntryId, Kind, LogId, LogKey};

use super::api::{HolderView, HostState, PeerView};
use super::view::rfc3339;
use super::{Failure, Local, Node, blocking};

/// What a node holds of the owner's posts.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    posts: u64,
    /// When the latest of them was written, and which it is.
    latest: Option<(u64, EntryId)>,
}

impl Node {
    /// The nodes that have said which of the owner's posts they hold, and those that were asked to hold the account; those
    /// that hold most first. Of whom a node is is only known while it is connected, as it proves that anew each time.
    pub async fn holders(self: &Arc<Self>) -> Result<Vec<HolderView>, Failure> {
        let connected = if self.is_running() { self.ask(Local::Peers).await? } else { Vec::new() };
        let reader = Arc::clone(self);
        let (mut held, of) = blocking(move || reader.held_posts()).await?;
        let hosts: HashMap<String, HostState> =
            self.pins.hosts().into_iter().map(|host| (host.peer_id, host.state)).collect();
        for host in hosts.keys() {
            held.entry(host.clone()).or_default();
        }
        let mut holders: Vec<HolderView> = held
            .into_iter()
            .map(|(peer_id, held)| {
                let peer = connected.iter().find(|peer| peer.peer_id == peer_id);
                let account = peer.and_then(|peer: &PeerView| peer.account.clone());
                HolderView {
                    account,
                    connected: peer.is_some(),
                    posts: held.posts,
                    of,
                    up_to: held.latest.map(|(_, id)| id.to_string()),
                    up_to_at: held.latest.map(|(when, _)| rfc3339(when)),
                    host: hosts.get(&peer_id).copied(),
                    peer_id,
                }
            })
            .collect();
        holders.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.peer_id.cmp(&b.peer_id)));
        Ok(holders)
    }

    /// What of the owner's posts lies within what each node has said that it holds, and how many there are; nodes without
    /// any are left out.
    fn held_posts(&self) -> Result<(HashMap<String, Held>, u64), Failure> {
        let mut posts: HashMap<LogKey, Vec<(u64, u64, EntryId)>> = HashMap::new();
        let mut of = 0;
        for post in self.store.effective(&self.keys.account, LogId::PUBLIC, Kind::POST)? {
            of += 1;
            let header = &post.header;
            posts.entry(header.log()).or_default().push((header.seq, header.timestamp, post.id));
        }
        let mut held: HashMap<String, Held> = HashMap::new();
        for (log, posts) in &posts {
            for (peer, (low, top)) in self.peers.spans(log) {
                for (_, when, id) in posts.iter().filter(|(seq, ..)| (low..=top).contains(seq)) {
                    let held = held.entry(peer.clone()).or_default();
                    held.posts += 1;
                    held.latest = held.latest.max(Some((*when, *id)));
                }
            }
        }
        Ok((held, of))
    }
}

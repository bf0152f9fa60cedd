//! Who holds the owner's posts, as far as they have said so.

use std::collections::HashMap;
use std::sync::Arc;

use majlis_protocol::{Kind, LogId, LogKey};

use super::api::{HolderView, PeerView};
use super::{Failure, Local, Node, blocking};

impl Node {
    /// The nodes that have said which of the owner's posts they hold, those that hold most first. Of whom a node is is
    /// only known while it is connected, as it proves that anew each time.
    pub async fn holders(self: &Arc<Self>) -> Result<Vec<HolderView>, Failure> {
        let connected = self.ask(Local::Peers).await?;
        let reader = Arc::clone(self);
        let held = blocking(move || reader.held_posts()).await?;
        let mut holders: Vec<HolderView> = held
            .into_iter()
            .map(|(peer_id, posts)| {
                let peer = connected.iter().find(|peer| peer.peer_id == peer_id);
                let account = peer.and_then(|peer: &PeerView| peer.account.clone());
                HolderView { account, connected: peer.is_some(), peer_id, posts }
            })
            .collect();
        holders.sort_by(|a, b| b.posts.cmp(&a.posts).then_with(|| a.peer_id.cmp(&b.peer_id)));
        Ok(holders)
    }

    /// How many of the owner's posts lie within what each node has said that it holds; nodes without any are left out.
    fn held_posts(&self) -> Result<HashMap<String, u64>, Failure> {
        let mut posts: HashMap<LogKey, Vec<u64>> = HashMap::new();
        for post in self.store.effective(&self.keys.account, LogId::PUBLIC, Kind::POST)? {
            posts.entry(post.header.log()).or_default().push(post.header.seq);
        }
        let mut held: HashMap<String, u64> = HashMap::new();
        for (log, seqs) in &posts {
            for (peer, (low, top)) in self.peers.spans(log) {
                let within = seqs.iter().filter(|seq| (low..=top).contains(seq)).count() as u64;
                if within > 0 {
                    *held.entry(peer).or_default() += within;
                }
            }
        }
        Ok(held)
    }
}

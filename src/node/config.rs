//! What the owner may set about the node itself.

use serde::{Deserialize, Serialize};

use crate::net::Hearsay;

/// Settings of the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeConfig {
    /// Peers found on the local network that are kept connected at most.
    pub max_lan_peers: usize,
    /// Which of this node's addresses are signed into your public log, where followers find you again after they
    /// have changed, and strangers read them too. "public": those that all of the internet can reach; "all": those of
    /// private networks and of this machine as well; "off": none, and what was published is taken back. Addresses in
    /// the logs of those whom you follow are dialled by the same measure, with "off" as with "public".
    pub hints: HintScope,
    /// How long these addresses have to stay the same before they are published, in milliseconds.
    pub hints_settle_ms: u64,
    /// Be named to others, and found in the table, as a holder of the accounts that you have pinned and, to their other
    /// followers who ask, of those that you follow publicly. For a machine that is often on.
    pub seed: bool,
    /// Bytes that others' pictures, sound and video may take. What was not looked at for longest goes first; your own,
    /// and those of posts that you have bookmarked, never go.
    pub media_quota: u64,
    /// Others' files up to this many bytes are fetched unasked; of larger ones a small picture is.
    pub media_fetch_below: u64,
    /// Posts of others that are older than so many days are removed, 0: none. Neither this nor what follows removes your
    /// own posts, those that you have bookmarked, or accounts that you have pinned.
    pub keep_days: u64,
    /// Of each other account so many posts are kept, the latest; 0: all.
    pub keep_posts: u64,
    /// Of each other account so many bytes of posts are kept, the latest; 0: all.
    pub keep_bytes: u64,
    /// Of all others' posts so many bytes are kept, the latest; 0: all.
    pub keep_bytes_of_all: u64,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            max_lan_peers: 64,
            hints: HintScope::Public,
            hints_settle_ms: 5_000,
            seed: false,
            media_quota: 5_000_000_000,
            media_fetch_below: 2_000_000,
            keep_days: 0,
            keep_posts: 0,
            keep_bytes: 0,
            keep_bytes_of_all: 0,
        }
    }
}

impl HintScope {
    /// What this means for what others say of where somebody is.
    pub fn hearsay(self) -> Hearsay {
        Hearsay { nearby: self == Self::All }
    }
}

/// See [`NodeConfig::hints`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HintScope {
    /// Addresses that everyone can reach.
    Public,
    /// Addresses in private networks and on this machine too.
    All,
    /// None.
    Off,
}

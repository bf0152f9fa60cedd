//! What the owner may set about the node itself.

use std::collections::BTreeSet;

use majlis_protocol::AccountId;
use serde::{Deserialize, Serialize};

use super::Failure;
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
    /// For whom this node holds accounts, so that others find them while their owners sleep, when they ask with
    /// `majlis pin ask`. "off": nobody; "invited": those in `pin_accounts` and on the list of `majlis pin allow`, and who
    /// has a token of `majlis pin token`; "followed": these, and those whom you follow publicly. What is held already is
    /// held on until its time is over or `majlis pin remove`. `majlis run --host` means "invited" where this is "off", and
    /// sets `seed` and `relay` too.
    pub pin_offer: PinOffer,
    /// Keys of accounts that are held when they ask.
    pub pin_accounts: Vec<String>,
    /// So many accounts are held at most because they have asked; 10000 with `majlis run --host`, if this is not set.
    pub pin_accounts_max: usize,
    /// Bytes that the posts and files of each account that is held for others may take. When they do, no more is taken
    /// of it, and what is here is served on.
    pub pin_quota: u64,
    /// Bytes that all of these together may take.
    pub pin_quota_of_all: u64,
    /// Days for which an account is held after it has last asked; it goes when the node has been at work for a week more,
    /// as a clock may be wrong.
    pub pin_days: u64,
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
            pin_offer: PinOffer::Off,
            pin_accounts: Vec::new(),
            pin_accounts_max: 1_000,
            pin_quota: 1_000_000_000,
            pin_quota_of_all: 20_000_000_000,
            pin_days: 90,
        }
    }
}

impl HintScope {
    /// What this means for what others say of where somebody is.
    pub fn hearsay(self) -> Hearsay {
        Hearsay { nearby: self == Self::All }
    }
}

impl NodeConfig {
    /// The accounts that are held when they ask.
    pub(super) fn listed(&self) -> Result<BTreeSet<AccountId>, Failure> {
        let parse = |key: &String| {
            key.parse().map_err(|error: majlis_protocol::text::TextError| {
                Failure::new(
                    format!("node.pin_accounts has {key:?}: {error}"),
                    "Correct it; `majlis config` shows where it is set. A key looks like did:key:z6Mk….",
                )
            })
        };
        self.pin_accounts.iter().map(parse).collect()
    }
}

/// See [`NodeConfig::pin_offer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PinOffer {
    /// For nobody.
    Off,
    /// For those on the list, and who has a token.
    Invited,
    /// And for those whom the owner follows publicly.
    Followed,
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

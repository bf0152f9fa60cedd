//! What the node says of itself: who it is, how it is, and whom it is connected with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pins::HostState;

pub use crate::net::Reached;

/// Who the owner is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdView {
    /// `did:key:…` of the account.
    pub account: String,
    /// `did:key:…` of this device.
    pub device: String,
    /// The transport identity.
    pub peer_id: String,
    /// Addresses at which the node listens or last listened, with `/p2p/…`.
    pub addresses: Vec<String>,
    /// A link for those who want to follow.
    pub invite: String,
    /// All devices of the account that are known, `did:key:…`.
    pub devices: Vec<String>,
    /// The home directory.
    pub home: String,
    /// Whether the recovery phrase is still kept, to be written down.
    pub phrase_unconfirmed: bool,
}

/// How the node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusView {
    /// Whether it is running, or the home was opened by the command itself.
    pub running: bool,
    /// `did:key:…` of the account.
    pub account: String,
    /// The transport identity.
    pub peer_id: String,
    /// Listen addresses.
    pub addresses: Vec<String>,
    /// How others come to it, where it runs: `directly`, `carried` by another node, only from `nearby`, or from `nowhere`.
    pub reached: Option<Reached>,
    /// Where it runs, how many nodes it knows through which others are found by their key alone; none where it takes no
    /// part in that.
    pub neighbours: Option<usize>,
    /// Days by which this machine's clock is ahead of most of those of connected nodes; negative where it is behind. 0
    /// where they agree, or none is connected.
    #[serde(default)]
    pub clock_ahead_days: i64,
    /// Connected peers with a session.
    pub peers: usize,
    /// Followed accounts.
    pub following: usize,
    /// Accounts that are held so that others find them.
    #[serde(default)]
    pub held_for_others: usize,
    /// Nodes that hold the owner's account because they were asked.
    #[serde(default)]
    pub hosts: usize,
    /// Accounts of which something is held.
    pub accounts: usize,
    /// Entries held.
    pub entries: u64,
    /// Bytes that the home takes on disk.
    pub disk_bytes: u64,
    /// Bytes free on its disk.
    pub free_bytes: u64,
    /// Whether everything that connected peers have is held here.
    pub synced: bool,
    /// Seconds since the node started; 0 when it is not running.
    pub uptime: u64,
    /// How it stands with the bucket for files, where one is set and the node runs.
    pub bucket: Option<BucketView>,
    /// What a node that runs counts, by name: what is held of each kind now, and what has happened since its start.
    pub counts: BTreeMap<String, u64>,
    /// Where apps and browsers find it.
    #[serde(flatten)]
    pub door: DoorView,
}

/// The bucket in which files lie.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BucketView {
    /// Which it is.
    pub place: String,
    /// Why it could not be had when it was last asked, and what to do.
    pub trouble: Option<String>,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of these files that are on this disk as well.
    pub local_bytes: u64,
    /// Files on this disk alone: they wait to go there, or stay as only a draft names them.
    pub waiting_files: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
    /// Files that wait to be removed there.
    pub to_remove: u64,
    /// Files put there since the start.
    pub stored: u64,
    /// Files removed there since the start.
    pub removed: u64,
    /// Bytes read there since the start, for pieces.
    pub read_bytes: u64,
    /// What was asked of it in vain since the start.
    pub failed: u64,
}

/// Where apps and browsers find a node that runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DoorView {
    /// `http://127.0.0.1:7411`, if it is open.
    pub http: Option<String>,
    /// `https://192.0.2.7:7443`, if it is open with encryption.
    pub https: Option<String>,
    /// SHA-256 of the certificate there, `AB:CD:…`.
    pub fingerprint: Option<String>,
}

/// A connected peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PeerView {
    /// The transport identity.
    pub peer_id: String,
    /// Its address.
    pub address: String,
    /// `in` or `out`.
    pub direction: String,
    /// Accounts that both hold.
    pub accounts_shared: usize,
    /// The account that it has proved, `did:key:…`.
    pub account: Option<String>,
    /// Whether nothing more is to be had from it now.
    pub synced: bool,
}

/// A node that has said that it holds posts of the owner's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HolderView {
    /// The account that it has proved, `did:key:…`; known only while it is connected.
    pub account: Option<String>,
    /// The transport identity.
    pub peer_id: String,
    /// Whether it is connected.
    pub connected: bool,
    /// How many of the posts it has said that it holds.
    pub posts: u64,
    /// How many there are.
    pub of: u64,
    /// The latest of those that it holds: an entry id, and when it was written, RFC 3339. None where it holds none.
    pub up_to: Option<String>,
    /// See `up_to`.
    pub up_to_at: Option<String>,
    /// How it stands with this node, where it was asked to hold the account.
    pub host: Option<HostState>,
}

/// Connected peers have nothing new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyncedView {
    /// Connected peers.
    pub peers: usize,
    /// Milliseconds that it took.
    pub elapsed_ms: u64,
}

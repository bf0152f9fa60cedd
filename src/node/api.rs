//! What can be asked of a node, and what it answers: one list for the command line with and without a running
//! node, and for every later door. [`execute`](super::execute) does the work.

use serde::{Deserialize, Serialize};

/// A question or an order. Text forms (`did:key:…`, entry ids, invites) are parsed where it is carried out, so
/// that a wrong one gets the same message at every door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Who the owner is. Answers [`Reply::Id`].
    Id,
    /// How the node is. Answers [`Reply::Status`].
    Status,
    /// Connected peers. Answers [`Reply::Peer`] each. Needs the running node.
    Peers,
    /// Connects to an address and keeps the peer as a friend. Answers [`Reply::Peer`]. Needs the running node.
    Connect {
        /// A multiaddr, with or without `/p2p/…`.
        address: String,
    },
    /// Waits until connected peers have nothing new. Needs the running node. Answers [`Reply::Synced`].
    Sync {
        /// Seconds to wait at most.
        timeout: u64,
    },
    /// Signs and keeps posts, acknowledged together. Answers [`Reply::Posted`] each, in order.
    Post {
        /// The posts.
        posts: Vec<NewPost>,
    },
    /// Takes an entry back. Answers [`Reply::Deleted`].
    Delete {
        /// An entry id or a post link.
        id: String,
        /// Remove the bytes here at once.
        now: bool,
    },
    /// Follows. Answers [`Reply::Followed`].
    Follow {
        /// A key or an invite.
        target: String,
        /// Tell nobody.
        private: bool,
    },
    /// Stops following. Answers [`Reply::Unfollowed`].
    Unfollow {
        /// A key.
        account: String,
    },
    /// Whom the owner follows. Answers [`Reply::Followed`] each.
    Following,
    /// Newest posts first. Answers [`Reply::Post`] each; with `watch` goes on with new ones as they come.
    Timeline {
        /// At most this many.
        limit: usize,
        /// Only of this account.
        account: Option<String>,
        /// Go on with what comes. Needs the running node.
        watch: bool,
    },
    /// One post. Answers [`Reply::Post`].
    Show {
        /// An entry id or a post link.
        id: String,
    },
    /// Shows the owner's profile, or sets what is given. Answers [`Reply::Profile`].
    Profile {
        /// A new display name.
        name: Option<String>,
        /// A new biography.
        bio: Option<String>,
    },
    /// The recovery phrase, while it is still kept. Answers [`Reply::Phrase`].
    RecoveryShow,
    /// The phrase has been written down: removes it. Answers [`Reply::Done`].
    RecoveryConfirm,
    /// Ends the account. Answers [`Reply::Done`].
    AccountEnd {
        /// The recovery phrase, where it is no longer kept.
        phrase: Option<String>,
    },
    /// Writes entries and identities into a file. Answers [`Reply::Carried`], after [`Reply::Progress`].
    Export {
        /// Absolute path of the file, which must not exist.
        file: String,
        /// Only of this account.
        account: Option<String>,
        /// Only posts signed since then, milliseconds since 1970.
        since: Option<u64>,
    },
    /// Takes such a file in. Answers [`Reply::Carried`], after [`Reply::Progress`].
    Import {
        /// Absolute path of the file.
        file: String,
    },
    /// Re-checks everything stored. Answers [`Reply::Bad`] each and [`Reply::Verified`].
    Verify,
}

impl Request {
    /// Whether only a running node can do it.
    pub fn needs_running_node(&self) -> bool {
        matches!(
            self,
            Self::Peers | Self::Connect { .. } | Self::Sync { .. } | Self::Timeline { watch: true, .. }
        )
    }

    /// Whether it may be broken off at any point, when whoever asked is gone: it changes nothing that is kept.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Id
            | Self::Status
            | Self::Peers
            | Self::Sync { .. }
            | Self::Following
            | Self::Timeline { .. }
            | Self::Show { .. }
            | Self::RecoveryShow
            | Self::Export { .. }
            | Self::Verify => true,
            Self::Profile { name, bio } => name.is_none() && bio.is_none(),
            Self::Connect { .. }
            | Self::Post { .. }
            | Self::Delete { .. }
            | Self::Follow { .. }
            | Self::Unfollow { .. }
            | Self::RecoveryConfirm
            | Self::AccountEnd { .. }
            | Self::Import { .. } => false,
        }
    }
}

/// A post to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewPost {
    /// What it says.
    pub text: String,
    /// BCP 47 language tag.
    #[serde(default)]
    pub lang: Option<String>,
}

/// One answer. As JSON each is a flat object; people are shown the same in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Who the owner is.
    Id(IdView),
    /// How the node is.
    Status(StatusView),
    /// A connected peer.
    Peer(PeerView),
    /// Connected peers have nothing new.
    Synced(SyncedView),
    /// A post was signed and kept.
    Posted(PostedView),
    /// An entry was taken back.
    Deleted(EntryView),
    /// A followed account.
    Followed(FollowView),
    /// No longer followed.
    Unfollowed(AccountView),
    /// A post.
    Post(PostView),
    /// A profile.
    Profile(ProfileView),
    /// The recovery phrase.
    Phrase(PhraseView),
    /// What an export or import has done.
    Carried(CarriedView),
    /// Something stored is not what it should be.
    Bad(BadView),
    /// What a verification has found.
    Verified(VerifiedView),
    /// Long work goes on.
    Progress(ProgressView),
    /// It is done; a sentence for people.
    Done(DoneView),
}

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
    /// Connected peers with a session.
    pub peers: usize,
    /// Followed accounts.
    pub following: usize,
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

/// Connected peers have nothing new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SyncedView {
    /// Connected peers.
    pub peers: usize,
    /// Milliseconds that it took.
    pub elapsed_ms: u64,
}

/// A post was signed and kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostedView {
    /// Its entry id.
    pub id: String,
    /// `did:key:…` of the account.
    pub account: String,
    /// Position in the device's log.
    pub seq: u64,
    /// RFC 3339.
    pub created_at: String,
}

/// Names an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryView {
    /// Its entry id.
    pub id: String,
}

/// Names an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountView {
    /// `did:key:…`.
    pub account: String,
}

/// A followed account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowView {
    /// `did:key:…`.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// Posts held.
    pub posts: u64,
    /// Newest entry of each of its logs.
    pub head: Vec<HeadView>,
    /// RFC 3339; none if it was never synced.
    pub last_synced: Option<String>,
    /// Whether nobody is told.
    pub private: bool,
}

/// The newest entry of a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeadView {
    /// `did:key:…` of the device.
    pub device: String,
    /// The log's id, 16 hexadecimal digits.
    pub log_id: String,
    /// Its sequence number.
    pub seq: u64,
}

/// A post.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostView {
    /// Its entry id.
    pub id: String,
    /// `did:key:…` of its author.
    pub account: String,
    /// The author's display name; empty while unknown.
    pub name: String,
    /// What it says, in its latest edit; empty if taken back.
    pub text: String,
    /// BCP 47 language tag.
    pub lang: Option<String>,
    /// RFC 3339: the display time.
    pub created_at: String,
    /// Whether it was taken back by its author.
    pub deleted: bool,
    /// Own posts: how many other nodes have said that they hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_by: Option<u64>,
}

/// A profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProfileView {
    /// `did:key:…`.
    pub account: String,
    /// Display name.
    pub name: String,
    /// Biography.
    pub bio: String,
}

/// The recovery phrase.
#[derive(Clone, Serialize, Deserialize)]
pub struct PhraseView {
    /// 24 words.
    pub phrase: String,
}

impl std::fmt::Debug for PhraseView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhraseView(…)")
    }
}

/// What an export or import has done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedView {
    /// Entries written, or taken in for the first time.
    pub entries: u64,
    /// Accounts touched.
    pub accounts: u64,
    /// Entries refused on import: forged, of unknown devices, or void.
    pub refused: u64,
}

/// Something stored is not what it should be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BadView {
    /// `did:key:…` of the account.
    pub account: String,
    /// Position in its log.
    pub seq: u64,
    /// What is wrong.
    pub why: String,
}

/// What a verification has found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifiedView {
    /// Entries checked.
    pub entries: u64,
    /// Logs checked.
    pub logs: u64,
    /// How many are bad.
    pub bad: u64,
    /// Entries that were lost with the end of the database and are not back. Said once.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Long work goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProgressView {
    /// How much is done.
    pub done: u64,
    /// Of how much, where that is known.
    pub total: Option<u64>,
}

/// It is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DoneView {
    /// A sentence for people.
    pub message: String,
}

/// Why a request could not be carried out: what was wrong, and what to do next.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What was wrong and where.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Whether the request itself was malformed (exit code 2).
    pub usage: bool,
}

impl Failure {
    /// The request could not be carried out.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), usage: false }
    }

    /// The request itself was malformed.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), usage: true }
    }
}

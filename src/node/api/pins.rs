//! Accounts that are held for others, and nodes that hold the owner's.

use serde::{Deserialize, Serialize};

/// What is asked about them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "pin", rename_all = "snake_case")]
pub enum PinRequest {
    /// Holds an account and all that it posts. Answers [`Reply::Pin`](super::Reply::Pin).
    Add {
        /// A key.
        account: String,
        /// Bytes that it may take; none: as it is set.
        quota: Option<u64>,
    },
    /// Holds it no longer. Answers [`Reply::Done`](super::Reply::Done).
    Remove {
        /// A key.
        account: String,
    },
    /// What is held. Answers [`Reply::Pin`](super::Reply::Pin) each.
    List,
    /// Asks another node to hold the owner's account. Answers [`Reply::Host`](super::Reply::Host).
    Ask {
        /// A multiaddr that names its peer, an invite, or the id of a peer that is known.
        host: String,
        /// What its owner has given out for that.
        token: Option<String>,
    },
    /// Nodes that were asked. Answers [`Reply::Host`](super::Reply::Host) each.
    Hosts,
    /// Has one of them hold the account no longer. Answers [`Reply::Done`](super::Reply::Done).
    Withdraw {
        /// Its peer id, or the beginning of it.
        host: String,
    },
    /// Who holds the owner's posts, asked or not. Answers [`Reply::Holder`](super::Reply::Holder) each.
    Holders,
    /// Accounts that are held when they ask, or no longer; with none: which. Answers
    /// [`Reply::Person`](super::Reply::Person) each.
    Allow {
        /// A key.
        account: Option<String>,
        /// Whether it is.
        on: bool,
    },
    /// Makes a token for people who are to be held. Answers [`Reply::PinToken`](super::Reply::PinToken).
    NewToken {
        /// How many accounts it lets in.
        uses: u64,
        /// Bytes that each may take; none: as it is set.
        quota: Option<u64>,
        /// RFC 3339: until when it holds.
        expires: Option<String>,
    },
    /// The tokens there are. Answers [`Reply::PinToken`](super::Reply::PinToken) each.
    Tokens,
    /// Ends one: it lets nobody in any more. Answers [`Reply::Done`](super::Reply::Done).
    RevokeToken {
        /// Its id.
        id: String,
    },
}

impl PinRequest {
    /// Whether it changes nothing that is kept.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::List | Self::Hosts | Self::Holders | Self::Tokens | Self::Allow { account: None, .. } => {
                true
            }
            Self::Add { .. }
            | Self::Remove { .. }
            | Self::Ask { .. }
            | Self::Withdraw { .. }
            | Self::Allow { .. }
            | Self::NewToken { .. }
            | Self::RevokeToken { .. } => false,
        }
    }
}

/// An account that is held for others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinView {
    /// `did:key:…`.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// The owner of this node wants it held.
    pub own: bool,
    /// Its owner has asked for it.
    pub asked: bool,
    /// RFC 3339: when it is let go unless it asks again; none where the owner of this node wants it held.
    pub until: Option<String>,
    /// Bytes that it may take.
    pub quota: u64,
    /// Bytes of its posts, and of their files, that are here.
    pub used: u64,
    /// Posts held.
    pub posts: u64,
    /// No more of it is taken.
    pub full: bool,
}

/// How it stands with a node that was asked to hold the owner's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// It has not answered yet.
    Asked,
    /// It holds the account.
    Held,
    /// It holds the account and takes no more of it.
    Full,
    /// It does not.
    Refused,
    /// It did, and no longer does.
    Ended,
    /// It is to be told that it need not any more.
    Withdrawing,
}

/// A node that was asked to hold the owner's account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostView {
    /// The transport identity.
    pub peer_id: String,
    /// How it stands.
    pub state: HostState,
    /// Why it does not hold it, in plain words.
    pub why: Option<String>,
    /// RFC 3339: until when it holds it without being asked again.
    pub until: Option<String>,
    /// Bytes that the account may take there.
    pub quota: u64,
    /// Bytes that it takes there, as far as the host has said.
    pub used: u64,
    /// Where it says it is found, with `/p2p/…`.
    pub addresses: Vec<String>,
}

/// A token for people who are to be held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinTokenView {
    /// What names it here.
    pub id: String,
    /// The token itself, when it is made and never again.
    pub token: Option<String>,
    /// How many accounts it still lets in.
    pub uses: u64,
    /// Bytes that each may take; none: as it is set.
    pub quota: Option<u64>,
    /// RFC 3339: until when it holds.
    pub expires: Option<String>,
}

/// What has been asked of this node since it started, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCounts {
    /// Times that an account was taken, or its time made longer.
    pub held: u64,
    /// Times that one was refused.
    pub refused: u64,
    /// Times that a token did not hold.
    pub bad_tokens: u64,
    /// Accounts let go because their time was over.
    pub expired: u64,
    /// Entries not taken because an account had used up its room.
    pub dropped: u64,
}

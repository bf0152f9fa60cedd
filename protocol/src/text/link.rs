//! `majlis:` links: to a post, and to an account with the peers that hold it.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{TextError, bare_key};
use crate::body::EntryRef;
use crate::ids::{AccountId, EntryId};
use crate::limits::{MAX_ADDRESSES, MAX_URL};

const SCHEME: &str = "majlis:";
const PEER: &str = "peer";
/// What is escaped in the value of a parameter: all but unreserved characters and the `/` and `:` of addresses,
/// which RFC 3986 lets stand in a query.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// `majlis:z6Mk…/b…`: a link to a post.
impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", bare_key(&self.account.0), self.id)
    }
}

/// A post as a person names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its link, which says whose it is: it can be fetched.
    Link(EntryRef),
    /// By its id alone: it has to be known here.
    Id(EntryId),
}

/// A link `majlis:z6Mk…/b…` or an id `b…`.
impl FromStr for Target {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let Some(link) = text.strip_prefix(SCHEME) else {
            return text.parse().map(Self::Id).map_err(|_| TextError::TargetForm);
        };
        let (account, id) = link.split_once('/').ok_or(TextError::TargetForm)?;
        Ok(Self::Link(EntryRef { account: account.parse()?, id: id.parse()? }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(link) => link.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// An account, and where it can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    account: AccountId,
    peers: Vec<String>,
}

impl Invite {
    /// An invite to `account` by way of `peers`: multiaddrs in text, each ending in `/p2p/` and a peer id.
    ///
    /// Errors: [`Address`](TextError::Address), [`TooManyPeers`](TextError::TooManyPeers).
    pub fn new(account: AccountId, peers: Vec<String>) -> Result<Self, TextError> {
        if peers.len() > MAX_ADDRESSES {
            return Err(TextError::TooManyPeers);
        }
        if peers.iter().all(|peer| is_address(peer)) {
            Ok(Self { account, peers })
        } else {
            Err(TextError::Address)
        }
    }

    /// Whom to follow.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Where to dial: multiaddrs in text, each ending in `/p2p/` and a peer id. Only their shape is checked.
    pub fn peers(&self) -> &[String] {
        &self.peers
    }
}

/// Whether `text` looks like a multiaddr of graphic ASCII that ends in `/p2p/` and a peer id.
fn is_address(text: &str) -> bool {
    text.len() <= MAX_URL
        && text.starts_with('/')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text
            .rsplit_once("/p2p/")
            .is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `majlis:z6Mk…?peer=…&peer=…`.
impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", bare_key(&self.account.0))?;
        for (at, peer) in self.peers.iter().enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            write!(f, "{mark}{PEER}={}", utf8_percent_encode(peer, ESCAPED))?;
        }
        Ok(())
    }
}

/// An invite, with or without peers; or an account alone, `did:key:z6Mk…` or `z6Mk…`. Parameters other than
/// `peer` are passed over.
impl FromStr for Invite {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let Some(link) = text.strip_prefix(SCHEME) else {
            return Self::new(text.parse()?, Vec::new());
        };
        let (account, query) = link.split_once('?').unwrap_or((link, ""));
        if account.contains('/') {
            return Err(TextError::InvitesPost);
        }
        let account = account.parse()?;
        let peers = query
            .split('&')
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| *name == PEER)
            .take(MAX_ADDRESSES + 1)
            .map(|(_, value)| percent_decode_str(value).decode_utf8().map(Into::into))
            .collect::<Result<_, _>>()
            .map_err(|_| TextError::Address)?;
        Self::new(account, peers)
    }
}

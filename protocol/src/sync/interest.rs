//! What a node follows and holds, and the tags under which it lets a peer discover common ground.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::context;
use crate::ids::AccountId;
use crate::limits::MAX_STRANGER_TAGS;

use super::session::{Offered, Session};

/// Why an account is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is the owner's.
    Own,
    /// The owner follows it and says so.
    Public,
    /// Held for others to find while its owner sleeps.
    Pinned,
    /// The owner follows it and tells nobody but itself.
    Private,
}

/// One account that a node holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Why.
    pub reason: Reason,
    /// The node's interest counter when it was added, so that a peer met before is offered only what is new.
    pub since: u64,
}

/// All accounts that a node holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interests {
    accounts: BTreeMap<AccountId, Interest>,
    /// Grows with every change.
    pub generation: u64,
}

impl Interests {
    /// Adds or changes one.
    pub fn insert(&mut self, account: AccountId, reason: Reason) {
        if self.reason(&account) != Some(reason) {
            self.generation += 1;
            self.accounts.insert(account, Interest { reason, since: self.generation });
        }
    }

    /// Puts one back as it was remembered, with its counter.
    pub fn restore(&mut self, account: AccountId, interest: Interest) {
        self.generation = self.generation.max(interest.since);
        self.accounts.insert(account, interest);
    }

    /// Takes one away.
    pub fn remove(&mut self, account: &AccountId) {
        if self.accounts.remove(account).is_some() {
            self.generation += 1;
        }
    }

    /// An account, if it is held.
    pub fn get(&self, account: &AccountId) -> Option<&Interest> {
        self.accounts.get(account)
    }

    /// Why an account is held, if it is.
    pub fn reason(&self, account: &AccountId) -> Option<Reason> {
        self.accounts.get(account).map(|interest| interest.reason)
    }

    /// Whether whoever proves an account is a friend: it is the owner's or followed. That it is held for others makes
    /// nobody a friend.
    pub fn befriends(&self, account: &AccountId) -> bool {
        self.reason(account).is_some_and(|reason| reason != Reason::Pinned)
    }

    /// All, in order of account.
    pub fn iter(&self) -> impl Iterator<Item = (&AccountId, &Interest)> {
        self.accounts.iter()
    }

    /// Whether the peer of this session may learn that an account is held here.
    pub(super) fn may_tell(&self, session: &Session, account: &AccountId) -> bool {
        match self.reason(account) {
            None => false,
            Some(Reason::Private) => session.proved == Some(*account),
            Some(Reason::Own | Reason::Public | Reason::Pinned) => true,
        }
    }

    /// Accounts that this session's peer may be offered and has not been: to a stranger at most 32 in all, the one that it
    /// has proved first, for which a place is kept, then own accounts and those that are `sought` from it; a private
    /// follow to nobody but the followed account itself.
    pub(super) fn to_offer(&self, session: &Session, sought: &BTreeSet<AccountId>) -> Vec<AccountId> {
        let mut accounts: Vec<_> = self
            .accounts
            .iter()
            .filter(|(account, interest)| {
                // Whether a private follow was offered before depends on who the peer proved to be, and a stranger was
                // shown a part of them.
                (interest.since > session.floor
                    || interest.reason == Reason::Private
                    || sought.contains(*account))
                    && !session.offered.contains(*account)
                    && !session.by_account.contains_key(*account)
                    && self.may_tell(session, account)
            })
            .collect();
        let is_own = |interest: &Interest| interest.reason == Reason::Own;
        // Whoever has asked to be held is to learn that it is, whatever else it was shown.
        let is_theirs = |account: &AccountId| session.proved == Some(*account);
        accounts.sort_by_key(|(account, interest)| {
            (!is_theirs(account), !is_own(interest), !sought.contains(*account), interest.reason, **account)
        });
        if !session.friend {
            // One place is kept for that.
            let offered = session.proved.is_some_and(|account| session.offered.contains(&account));
            let kept = !offered && accounts.first().is_none_or(|(account, _)| !is_theirs(account));
            let places = MAX_STRANGER_TAGS - usize::from(kept);
            accounts.truncate(places.saturating_sub(session.tags_shown));
        }
        accounts.into_iter().map(|(account, _)| *account).collect()
    }

    /// Tags, under the peer's salt, of the accounts that the peer may learn are held here.
    pub(super) fn matchable(&self, session: &Session, salt: &[u8; 32]) -> HashMap<[u8; 8], AccountId> {
        self.accounts
            .keys()
            .filter(|account| self.may_tell(session, account))
            .map(|account| (session.tag(salt, account), *account))
            .collect()
    }
}

/// The tag of an account between two peers: keyed by the offerer's salt, so that tags of different sessions
/// cannot be compared, and unguessable for accounts that one does not know.
pub(super) fn tag(salt: &[u8; 32], one: &[u8], other: &[u8], account: &AccountId) -> [u8; 8] {
    let (lower, higher) = if one < other { (one, other) } else { (other, one) };
    let mut hasher = blake3::Hasher::new_keyed(salt);
    hasher.update(context::OFFER.as_bytes());
    hasher.update(&[lower.len() as u8]);
    hasher.update(lower);
    hasher.update(&[higher.len() as u8]);
    hasher.update(higher);
    hasher.update(&account.0);
    let hash = hasher.finalize();
    std::array::from_fn(|index| hash.as_bytes()[index])
}

/// Pads a list of tags to a power of two with tags that mean nothing and shuffles it. Deterministic in the
/// salt, which is random.
pub(super) fn pad_and_shuffle(salt: &[u8; 32], round: u64, accounts: &mut Vec<Offered>) {
    accounts.resize(accounts.len().next_power_of_two(), Offered::Padding);
    let mut random =
        blake3::Hasher::new_keyed(salt).update(b"shuffle").update(&round.to_be_bytes()).finalize_xof();
    for upper in (1..accounts.len()).rev() {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        accounts.swap(upper, (u64::from_be_bytes(bytes) % (upper as u64 + 1)) as usize);
    }
}

/// A tag that means nothing, for padding.
pub(super) fn padding_tag(salt: &[u8; 32], round: u64, index: usize) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_keyed(salt);
    hasher.update(b"padding").update(&round.to_be_bytes()).update(&(index as u64).to_be_bytes());
    let hash = hasher.finalize();
    std::array::from_fn(|index| hash.as_bytes()[index])
}

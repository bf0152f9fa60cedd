//! Presence: accounts that this node holds so that others find them while their owners sleep, and nodes that hold the
//! owner's.
//!
//! An account is held because this node's owner has said so, or because its own owner has asked and fits what is
//! offered ([`policy`]); then only for a time, which each meeting makes longer. What it takes is counted as it comes
//! ([`ledger`]): beyond its room no more is taken, and what is here is served on. [`asks`] is the other side.
//!
//! Everything here is in memory and small; [`disk`] keeps it.

mod asks;
mod disk;
mod host;
mod keep;
mod ledger;
mod manage;
mod policy;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use majlis_protocol::body::{BlobId, Holder};
use majlis_protocol::sync::{PinAnswer, PinAsk, PinVerdict};
use majlis_protocol::{AccountId, Kind};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use self::asks::Asks;
use self::disk::Part;
use self::ledger::Ledger;
use self::tokens::Token;
use super::api::{HostView, PinCounts};
use super::config::{HintScope, NodeConfig, PinOffer};
use super::{Failure, now_ms};
use crate::store::Store;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// An account that is held for others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pin {
    /// This node's owner wants it.
    own: bool,
    /// Its own owner has asked, and until when it is held for that: in milliseconds since 1970.
    until: Option<u64>,
    /// Bytes that it may take; none: as it is set.
    quota: Option<u64>,
    /// For how long this node has been at work since that end, in milliseconds.
    #[serde(default)]
    overdue: u64,
}

#[derive(Default)]
struct State {
    pins: BTreeMap<AccountId, Pin>,
    /// How many of them are held because they have asked.
    asked: usize,
    tokens: BTreeMap<String, Token>,
    allowed: BTreeSet<AccountId>,
    asks: Asks,
    /// What differs from what is on the disk.
    changed: BTreeSet<Part>,
    ledger: Ledger,
    counts: PinCounts,
    /// So many are not found here by their key alone.
    unnamed: u64,
}

impl State {
    /// Holds an account so, or no longer.
    fn set_pin(&mut self, account: &AccountId, pin: Option<Pin>) {
        let has_asked = |pin: &Pin| pin.until.is_some();
        self.asked += usize::from(pin.as_ref().is_some_and(has_asked));
        let before = match pin {
            Some(pin) => self.pins.insert(*account, pin),
            None => self.pins.remove(account),
        };
        self.asked -= usize::from(before.as_ref().is_some_and(has_asked));
    }
}

/// What was decided about an account that has asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decided {
    verdict: PinVerdict,
    /// It was not held before.
    is_new: bool,
}

/// How much is held for others, and how much may be: accounts, and bytes.
pub(super) struct Room {
    pub accounts: u64,
    pub asked: u64,
    pub asked_max: u64,
    pub full: u64,
    pub bytes: u64,
    pub file_bytes: u64,
    pub quota: u64,
    pub unnamed: u64,
}

/// What is held for others, and by others.
pub(super) struct Pins {
    state: Mutex<State>,
    /// Whose turn it is to write.
    writing: Mutex<()>,
    /// Told when a node that was asked has answered.
    answered: Notify,
    offer: PinOffer,
    listed: BTreeSet<AccountId>,
    quota: u64,
    quota_of_all: u64,
    max: usize,
    lease: u64,
    hints: HintScope,
}

impl Pins {
    pub(super) fn load(store: &Store, config: &NodeConfig) -> Result<Self, Failure> {
        Ok(Self {
            state: Mutex::new(disk::load(store)?),
            writing: Mutex::default(),
            answered: Notify::new(),
            offer: config.pin_offer,
            listed: config.listed()?,
            quota: config.pin_quota,
            quota_of_all: config.pin_quota_of_all,
            max: config.pin_accounts_max,
            lease: config.pin_days.max(1).saturating_mul(DAY),
            hints: config.hints,
        })
    }

    /// Whether an account is held for others.
    pub(super) fn holds(&self, account: &AccountId) -> bool {
        self.state.lock().pins.contains_key(account)
    }

    /// Whether it is held only because its owner has asked.
    pub(super) fn is_guest(&self, account: &AccountId) -> bool {
        self.state.lock().pins.get(account).is_some_and(|pin| !pin.own)
    }

    /// All that are held for others.
    pub(super) fn accounts(&self) -> Vec<AccountId> {
        self.state.lock().pins.keys().copied().collect()
    }

    /// How many accounts are held for others, and how many nodes hold the owner's because they were asked.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        let places = state.asks.places(now_ms(), HintScope::All);
        (state.pins.len(), places.iter().filter(|holder| !holder.addresses.is_empty()).count())
    }

    /// How much is held for others, and how much may be.
    pub(super) fn room(&self) -> Room {
        let state = self.state.lock();
        Room {
            accounts: state.pins.len() as u64,
            asked: state.asked as u64,
            asked_max: self.max as u64,
            full: state.ledger.full().len() as u64,
            bytes: state.ledger.total(),
            file_bytes: state.ledger.file_bytes(),
            quota: self.quota_of_all,
            unnamed: state.unnamed,
        }
    }

    /// So many accounts are too many to be found here by their key alone.
    pub(super) fn set_unnamed(&self, count: usize) {
        self.state.lock().unnamed = count as u64;
    }

    /// What has been asked of this node since it started.
    pub(super) fn asked_so_far(&self) -> PinCounts {
        self.state.lock().counts
    }

    fn quota_of(&self, pin: &Pin) -> u64 {
        pin.quota.unwrap_or(self.quota)
    }

    /// What an account that has asked is told, `known` being what else is known of it: when what has changed by it is
    /// [written down](Self::flush).
    fn decide(&self, account: &AccountId, token: &[u8], known: policy::Case, now: u64) -> Decided {
        let mut state = self.state.lock();
        let state = &mut *state;
        let before = state.pins.get(account).cloned();
        let shown = super::apps::secrets::hash_of(token);
        // All of them, so that the time that it takes does not tell which it is.
        let found = state.tokens.iter().fold(None, |found, (id, known)| {
            let is_it = known.is(&shown) & !known.is_over(now);
            if is_it { Some(id.clone()) } else { found }
        });
        let case = policy::Case {
            held: before.as_ref().is_some_and(|pin| pin.until.is_some()),
            listed: self.listed.contains(account) || state.allowed.contains(account),
            token: (!token.is_empty()).then_some(found.is_some()),
            room: state.asked < self.max && state.ledger.total() < self.quota_of_all,
            ..known
        };
        let verdict = policy::decide(self.offer, case);
        if verdict != PinVerdict::Held {
            state.counts.refused += 1;
            state.counts.bad_tokens += u64::from(verdict == PinVerdict::BadToken);
            return Decided { verdict, is_new: false };
        }
        state.counts.held += 1;
        let is_new = before.is_none();
        let mut pin = before.unwrap_or_default();
        let until = now.saturating_add(self.lease);
        let needs_none = case.held || case.listed || (self.offer == PinOffer::Followed && case.followed);
        if let Some(id) = found.filter(|_| !needs_none)
            && let Some(token) = state.tokens.get_mut(&id)
        {
            token.uses -= 1;
            pin.quota = token.quota.or(pin.quota);
            state.changed.insert(Part::Token(id));
        }
        // A day less after a crash is nothing; a write at each meeting is. What a clock that was wrong has said goes.
        if pin.overdue > 0 || pin.until.is_none_or(|known| until.abs_diff(known) > DAY) {
            (pin.until, pin.overdue) = (Some(until), 0);
            state.set_pin(account, Some(pin));
            state.changed.insert(Part::Pin(*account));
        }
        Decided { verdict, is_new }
    }

    /// What an account is told that is held because it has asked; none if it is not.
    fn standing(&self, account: &AccountId, addresses: Vec<Vec<u8>>, now: u64) -> Option<PinAnswer> {
        let state = self.state.lock();
        let pin = state.pins.get(account)?;
        Some(PinAnswer {
            full: state.ledger.is_full(account),
            seconds: pin.until?.saturating_sub(now) / 1_000,
            quota: self.quota_of(pin),
            used: state.ledger.used(account),
            addresses: addresses.into_iter().map(Into::into).collect(),
            ..PinAnswer::no(PinVerdict::Held)
        })
    }

    /// Ends what an account has asked for (`own`: also what this node's owner wants); whether it is held no longer.
    fn release(&self, account: &AccountId, own: bool) -> bool {
        let mut state = self.state.lock();
        let Some(pin) = state.pins.get(account) else { return false };
        let pin = Pin { own: pin.own && !own, until: None, overdue: 0, quota: pin.quota };
        let is_over = !pin.own;
        state.set_pin(account, Some(pin).filter(|_| !is_over));
        if is_over {
            state.ledger.remove(account);
        }
        state.changed.insert(Part::Pin(*account));
        is_over
    }

    /// Counts entries that are about to be stored, each with its account, kind and size; which of them are taken, and
    /// the accounts that have become full by it. Of `followed` accounts all is taken.
    pub(super) fn admit(
        &self,
        entries: impl Iterator<Item = (AccountId, Kind, u64)>,
        followed: impl Fn(&AccountId) -> bool,
    ) -> (Vec<bool>, BTreeSet<AccountId>) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let mut full = BTreeSet::new();
        let taken = entries.map(|(account, kind, bytes)| {
            let Some(pin) = state.pins.get(&account) else { return true };
            let fits = state.ledger.fits(&account, bytes, self.quota_of(pin), self.quota_of_all);
            let is_taken = fits || kind == Kind::DELETE || followed(&account);
            if is_taken {
                state.ledger.add(&account, bytes);
            } else {
                state.counts.dropped += 1;
            }
            if !fits && !followed(&account) && state.ledger.fill(&account, bytes) {
                full.insert(account);
            }
            is_taken
        });
        (taken.collect(), full)
    }

    /// Entries that were counted are stored, or were not after all.
    pub(super) fn settle(&self, entries: impl Iterator<Item = (AccountId, u64)>, stored: bool) {
        let mut state = self.state.lock();
        for (account, bytes) in entries {
            state.ledger.settle(&account, bytes, stored);
        }
    }

    /// Whether nothing is held for others, so that nothing is counted.
    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().pins.is_empty()
    }

    /// Accounts of which no more is taken.
    pub(super) fn full(&self) -> Vec<AccountId> {
        self.state.lock().ledger.full()
    }

    /// Whether a file of an account that is held for others fits its room; none where it is not.
    pub(super) fn takes_file(&self, account: &AccountId, bytes: u64) -> Option<bool> {
        let state = self.state.lock();
        let pin = state.pins.get(account)?;
        Some(state.ledger.fits(account, bytes, self.quota_of(pin), self.quota_of_all))
    }

    /// Counts a file that is going to be fetched as if it were here; whether there is room for it, and whether it is to
    /// be [given up](Self::give_up_file) if it does not come. None where the account is not held for others.
    pub(super) fn expect_file(&self, account: &AccountId, blob: BlobId, bytes: u64) -> Option<(bool, bool)> {
        let mut state = self.state.lock();
        let state = &mut *state;
        let pin = state.pins.get(account)?;
        if state.ledger.counts_file(&blob) {
            return Some((true, false));
        }
        let fits = state.ledger.fits(account, bytes, self.quota_of(pin), self.quota_of_all);
        Some((fits, fits && state.ledger.expect_file(account, blob, bytes)))
    }

    /// A file that was expected is not fetched any more.
    pub(super) fn give_up_file(&self, blob: &BlobId) {
        self.state.lock().ledger.give_up_file(blob);
    }

    /// Whether it was looked which files of these accounts are here.
    pub(super) fn knows_files(&self) -> bool {
        let state = self.state.lock();
        state.pins.is_empty() || state.ledger.knows_files()
    }

    /// Counts a file that has come.
    pub(super) fn file_came(&self, account: &AccountId, blob: BlobId, bytes: u64) {
        let mut state = self.state.lock();
        if state.pins.contains_key(account) {
            state.ledger.add_file(account, blob, bytes);
        }
    }

    /// Files of accounts that are held for others, which stay.
    pub(super) fn files(&self) -> HashSet<BlobId> {
        self.state.lock().ledger.files().collect()
    }

    /// Bytes of these files, and of those that are on their way.
    pub(super) fn file_bytes(&self) -> u64 {
        self.state.lock().ledger.file_bytes()
    }

    /// What a peer is to be asked, now that it is met or the owner has spoken.
    pub(super) fn ask_of(&self, peer: &str) -> Option<PinAsk> {
        self.state.lock().asks.put(peer, now_ms())
    }

    /// Takes in what a peer says of holding the owner's account. It is written down a little later.
    pub(super) fn answered(&self, peer: &str, answer: &PinAnswer) {
        let mut state = self.state.lock();
        if state.asks.answered(peer, answer, now_ms()) {
            state.changed.insert(Part::Ask(peer.to_owned()));
            self.answered.notify_waiters();
        }
    }

    /// Where the owner's hints are to name nodes that were asked: see [`Asks::places`].
    pub(super) fn places(&self, scope: HintScope) -> Vec<Holder> {
        self.state.lock().asks.places(now_ms(), scope)
    }

    /// The owner's hints are as these places say.
    pub(super) fn published(&self, places: &[Holder]) {
        let mut state = self.state.lock();
        let forgotten = state.asks.published(places);
        state.changed.extend(forgotten.into_iter().map(Part::Ask));
    }

    /// Nodes that were asked.
    pub(super) fn hosts(&self) -> Vec<HostView> {
        self.state.lock().asks.views(now_ms())
    }
}

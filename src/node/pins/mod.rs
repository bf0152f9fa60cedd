//! Presence: accounts that this node holds so that others find them while their owners sleep, and nodes that hold the
//! owner's.
//!
//! An account is held because this node's owner has said so, or because its own owner has asked and fits what is
//! offered ([`policy`]); then only for a time, which each meeting makes longer. What it takes is counted as it comes
//! ([`ledger`]): beyond its room no more is taken, and what is here is served on. [`asks`] is the other side.
//!
//! Everything here is in memory and small; what is to be kept is a setting each: `pin/` and an account, `pin-token/`
//! and its id, `pin-allow/` and an account, `pin-ask/` and a peer.

mod asks;
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

use self::asks::Asks;
use self::ledger::Ledger;
use self::tokens::Token;
use super::api::{HostView, PinCounts};
use super::config::{HintScope, NodeConfig, PinOffer};
use super::{Failure, now_ms};
use crate::store::Store;

const PIN: &[u8] = b"pin/";
const TOKEN: &[u8] = b"pin-token/";
const ALLOW: &[u8] = b"pin-allow/";
const ASK: &[u8] = b"pin-ask/";

const MINUTE: u64 = 60 * 1000;
const DAY: u64 = 24 * 60 * MINUTE;
/// Tokens that did not hold after which nobody's is looked at for the rest of the minute.
const MAX_WRONG: u64 = 60;

/// An account that is held for others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pin {
    /// This node's owner wants it.
    own: bool,
    /// Its own owner has asked, and until when it is held for that: in milliseconds since 1970.
    until: Option<u64>,
    /// Bytes that it may take; none: as it is set.
    quota: Option<u64>,
}

#[derive(Default)]
struct State {
    pins: BTreeMap<AccountId, Pin>,
    /// How many of them are held because they have asked.
    asked: usize,
    tokens: BTreeMap<String, Token>,
    allowed: BTreeSet<AccountId>,
    asks: Asks,
    /// Asks that differ from what is on disk.
    changed: BTreeSet<String>,
    ledger: Ledger,
    counts: PinCounts,
    /// The minute, and how many tokens did not hold in it.
    wrong: (u64, u64),
}

/// What was decided about an account that has asked, and what of it is to be written down.
struct Decided {
    verdict: PinVerdict,
    /// It was not held before, or no longer is.
    changes: bool,
    rows: Vec<Row>,
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
}

/// What is held for others, and by others.
pub(super) struct Pins {
    state: Mutex<State>,
    offer: PinOffer,
    listed: BTreeSet<AccountId>,
    quota: u64,
    quota_of_all: u64,
    max: usize,
    lease: u64,
    hints: HintScope,
}

/// A setting to be written, or removed.
type Row = (Vec<u8>, Option<Vec<u8>>);

fn row<T: Serialize>(prefix: &[u8], name: &[u8], value: Option<&T>) -> Result<Row, Failure> {
    let value = value.map(serde_json::to_vec).transpose().map_err(|error| {
        Failure::new(
            format!("cannot write down what is held for others: {error}"),
            "This is a fault of Majlis; please report it.",
        )
    })?;
    Ok(([prefix, name].concat(), value))
}

/// What the store has under a prefix, by what follows that. What cannot be read is passed over.
fn read<K: Ord, T: for<'a> Deserialize<'a>>(
    store: &Store,
    prefix: &[u8],
    name: impl Fn(&[u8]) -> Option<K>,
) -> Result<BTreeMap<K, T>, Failure> {
    let rows = store.settings(prefix)?.into_iter();
    let read = rows.filter_map(|(key, value)| {
        Some((name(key.get(prefix.len()..)?)?, serde_json::from_slice(&value).ok()?))
    });
    Ok(read.collect())
}

fn account(name: &[u8]) -> Option<AccountId> {
    name.try_into().ok().map(AccountId)
}

fn text(name: &[u8]) -> Option<String> {
    String::from_utf8(name.to_vec()).ok()
}

impl Pins {
    pub(super) fn load(store: &Store, config: &NodeConfig) -> Result<Self, Failure> {
        let pins: BTreeMap<AccountId, Pin> = read(store, PIN, account)?;
        let asked = pins.values().filter(|pin| pin.until.is_some()).count();
        let state = State {
            pins,
            asked,
            tokens: read(store, TOKEN, text)?,
            allowed: read::<_, ()>(store, ALLOW, account)?.into_keys().collect(),
            asks: Asks(read(store, ASK, text)?),
            ..State::default()
        };
        Ok(Self {
            state: Mutex::new(state),
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
        }
    }

    /// What has been asked of this node since it started.
    pub(super) fn asked_so_far(&self) -> PinCounts {
        self.state.lock().counts
    }

    fn quota_of(&self, pin: &Pin) -> u64 {
        pin.quota.unwrap_or(self.quota)
    }

    /// What an account that has asked is told, `known` being what else is known of it; and what is to be written down
    /// before it is told.
    fn decide(
        &self,
        account: &AccountId,
        token: &[u8],
        known: policy::Case,
        now: u64,
    ) -> Result<Decided, Failure> {
        let mut state = self.state.lock();
        let state = &mut *state;
        let no = |verdict| Ok(Decided { verdict, changes: false, rows: Vec::new() });
        if state.wrong.0 != now / MINUTE {
            state.wrong = (now / MINUTE, 0);
        }
        let before = state.pins.get(account).cloned();
        let held = before.as_ref().is_some_and(|pin| pin.until.is_some());
        if !token.is_empty() && !held && state.wrong.1 >= MAX_WRONG {
            state.counts.put_off += 1;
            return no(PinVerdict::Later);
        }
        let shown = super::apps::secrets::hash_of(token);
        // All of them, so that the time that it takes does not tell which it is.
        let found = state.tokens.iter().fold(None, |found, (id, known)| {
            let is_it = known.is(&shown) & !known.is_over(now);
            if is_it { Some(id.clone()) } else { found }
        });
        let case = policy::Case {
            held,
            listed: self.listed.contains(account) || state.allowed.contains(account),
            token: (!token.is_empty()).then_some(found.is_some()),
            room: state.asked < self.max && state.ledger.total() < self.quota_of_all,
            ..known
        };
        let verdict = policy::decide(self.offer, case);
        if verdict != PinVerdict::Held {
            state.counts.refused += 1;
            if verdict == PinVerdict::BadToken {
                state.counts.bad_tokens += 1;
                state.wrong.1 += 1;
            }
            return no(verdict);
        }
        state.counts.held += 1;
        let mut pin = before.clone().unwrap_or_default();
        let until = now.saturating_add(self.lease);
        let mut rows = Vec::new();
        let needs_none = case.held || case.listed || (self.offer == PinOffer::Followed && case.followed);
        if let Some(id) = found.filter(|_| !needs_none)
            && let Some(token) = state.tokens.get_mut(&id)
        {
            token.uses -= 1;
            pin.quota = token.quota.or(pin.quota);
            rows.push(row(TOKEN, id.as_bytes(), Some(&*token))?);
        }
        // A day less after a crash is nothing; a write at each meeting is.
        if pin.until.is_none_or(|known| until.saturating_sub(known) > DAY) {
            state.asked += usize::from(pin.until.is_none());
            pin.until = Some(until);
            rows.push(row(PIN, &account.0, Some(&pin))?);
            state.pins.insert(*account, pin);
        }
        Ok(Decided { verdict, changes: before.is_none(), rows })
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

    /// Ends what an account has asked for (`own`: also what this node's owner wants); whether it is held no longer, and
    /// what is to be written down.
    fn release(&self, account: &AccountId, own: bool) -> Result<(bool, Vec<Row>), Failure> {
        let mut state = self.state.lock();
        let Some(pin) = state.pins.get_mut(account) else { return Ok((false, Vec::new())) };
        let had_asked = pin.until.take().is_some();
        pin.own &= !own;
        let left = pin.own.then(|| pin.clone());
        let rows = vec![row(PIN, &account.0, left.as_ref())?];
        state.asked -= usize::from(had_asked);
        if left.is_none() {
            state.pins.remove(account);
            state.ledger.remove(account);
        }
        Ok((left.is_none(), rows))
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

    /// Counts a file that has come.
    pub(super) fn file_came(&self, account: &AccountId, blob: BlobId, bytes: u64) {
        let mut state = self.state.lock();
        if state.pins.contains_key(account) {
            state.ledger.add_file(account, blob, bytes);
        }
    }

    /// Files of accounts that are held for others, which stay, and their bytes.
    pub(super) fn files(&self) -> HashSet<BlobId> {
        self.state.lock().ledger.files().collect()
    }

    /// Bytes of these files.
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
            state.changed.insert(peer.to_owned());
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
        state.changed.extend(forgotten);
    }

    /// Nodes that were asked.
    pub(super) fn hosts(&self) -> Vec<HostView> {
        self.state.lock().asks.views(now_ms())
    }

    /// Writes down what has changed of asks. Waits for the disk.
    pub(super) fn flush(&self, store: &Store) -> Result<(), Failure> {
        let rows = {
            let mut state = self.state.lock();
            let changed = std::mem::take(&mut state.changed);
            let row = |peer: &String| row(ASK, peer.as_bytes(), state.asks.0.get(peer));
            changed.iter().map(row).collect::<Result<Vec<_>, _>>()?
        };
        if rows.is_empty() { Ok(()) } else { Ok(store.set_settings(rows)?) }
    }
}

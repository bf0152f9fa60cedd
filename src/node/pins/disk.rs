//! What is kept of it on the disk: a setting each, `pin/` and an account, `pin-token/` and its id, `pin-allow/` and an
//! account, `pin-ask/` and a peer.
//!
//! Whoever changes something notes what, under the same lock, and then has all that was noted written. It is written as
//! it is by then, by one at a time, so that what came later is never overwritten by what came before; what could not be
//! written stays noted, and is tried again with the next change or within seconds.

use std::collections::BTreeMap;

use majlis_protocol::AccountId;
use serde::{Deserialize, Serialize};

use super::{Pins, State};
use crate::node::Failure;
use crate::store::Store;

const PIN: &[u8] = b"pin/";
const TOKEN: &[u8] = b"pin-token/";
const ALLOW: &[u8] = b"pin-allow/";
const ASK: &[u8] = b"pin-ask/";

/// A part of the state that is a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// An account that is held for others.
    Pin(AccountId),
    /// A token, by its id.
    Token(String),
    /// An account that may ask.
    Allow(AccountId),
    /// A peer that was asked.
    Ask(String),
}

impl Part {
    /// The part that a setting is, if it is one.
    fn of(name: &[u8]) -> Option<Self> {
        let account = |name: &[u8]| name.try_into().ok().map(AccountId);
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).ok();
        if let Some(name) = name.strip_prefix(PIN) {
            return account(name).map(Self::Pin);
        }
        if let Some(name) = name.strip_prefix(TOKEN) {
            return text(name).map(Self::Token);
        }
        if let Some(name) = name.strip_prefix(ALLOW) {
            return account(name).map(Self::Allow);
        }
        text(name.strip_prefix(ASK)?).map(Self::Ask)
    }

    /// The name of its setting.
    pub(super) fn name(&self) -> Vec<u8> {
        match self {
            Self::Pin(account) => [PIN, &account.0].concat(),
            Self::Token(id) => [TOKEN, id.as_bytes()].concat(),
            Self::Allow(account) => [ALLOW, &account.0].concat(),
            Self::Ask(peer) => [ASK, peer.as_bytes()].concat(),
        }
    }
}

fn json<T: Serialize>(value: Option<&T>) -> Result<Option<Vec<u8>>, Failure> {
    value.map(serde_json::to_vec).transpose().map_err(|error| {
        Failure::new(
            format!("cannot write down what is held for others: {error}"),
            "This is a fault of Majlis; please report it.",
        )
    })
}

fn read<T: for<'a> Deserialize<'a>>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

impl State {
    /// A part as the store keeps it; none if there is no such, so that it is to be removed.
    fn value(&self, part: &Part) -> Result<Option<Vec<u8>>, Failure> {
        match part {
            Part::Pin(account) => json(self.pins.get(account)),
            Part::Token(id) => json(self.tokens.get(id)),
            Part::Allow(account) => json(self.allowed.contains(account).then_some(&())),
            Part::Ask(peer) => json(self.asks.0.get(peer)),
        }
    }

    /// Takes over what a setting says; which part that is. What cannot be read is passed over.
    pub(super) fn take(&mut self, name: &[u8], value: &[u8]) -> Option<Part> {
        let part = Part::of(name)?;
        match &part {
            Part::Pin(account) => {
                self.set_pin(account, Some(read(value)?));
            }
            Part::Token(id) => {
                self.tokens.insert(id.clone(), read(value)?);
            }
            Part::Allow(account) => {
                read::<()>(value)?;
                self.allowed.insert(*account);
            }
            Part::Ask(peer) => {
                self.asks.0.insert(peer.clone(), read(value)?);
            }
        }
        Some(part)
    }

    /// All of it.
    fn parts(&self) -> Vec<Part> {
        let pins = self.pins.keys().copied().map(Part::Pin);
        let tokens = self.tokens.keys().cloned().map(Part::Token);
        let allowed = self.allowed.iter().copied().map(Part::Allow);
        let asks = self.asks.0.keys().cloned().map(Part::Ask);
        pins.chain(tokens).chain(allowed).chain(asks).collect()
    }
}

/// What the store has.
pub(super) fn load(store: &Store) -> Result<State, Failure> {
    let mut state = State::default();
    for prefix in [PIN, TOKEN, ALLOW, ASK] {
        for (name, value) in store.settings(prefix)? {
            state.take(&name, &value);
        }
    }
    Ok(state)
}

impl Pins {
    /// Writes down what has changed. Waits for the disk.
    pub(in crate::node) fn flush(&self, store: &Store) -> Result<(), Failure> {
        let _turn = self.writing.lock();
        let (changed, rows) = {
            let mut state = self.state.lock();
            let row = |part: &Part| Ok((part.name(), state.value(part)?));
            let rows = state.changed.iter().map(row).collect::<Result<Vec<_>, Failure>>()?;
            (std::mem::take(&mut state.changed), rows)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let written = store.set_settings(rows);
        if written.is_err() {
            self.state.lock().changed.extend(changed);
        }
        Ok(written?)
    }

    /// All of it as it is written down, by names, for a backup.
    pub(in crate::node) fn kept(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Failure> {
        let state = self.state.lock();
        let mut kept = BTreeMap::new();
        for part in state.parts() {
            kept.extend(state.value(&part)?.map(|value| (part.name(), value)));
        }
        Ok(kept)
    }

    /// Takes over what a backup says. It is written down with the next [`flush`](Self::flush).
    pub(in crate::node) fn take_kept(&self, name: &[u8], value: &[u8]) {
        let mut state = self.state.lock();
        let part = state.take(name, value);
        state.changed.extend(part);
    }
}

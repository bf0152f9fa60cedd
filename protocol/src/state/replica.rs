//! The replica: per account its identity register and its logs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::Kind;
use crate::identity::{Outcome, Register, VerifiedId};
use crate::ids::{AccountId, DeviceId, EntryId, LogId, LogKey};

use super::fork::Proof;
use super::runs::{Overlap, Run, Runs};

/// Which logs a peer may be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Public logs.
    Public,
    /// Also the logs for the owner's own devices: only for a proven device of the same account.
    OwnDevices,
}

impl Visibility {
    /// Whether a log of this class is told.
    pub fn shows(self, class: u8) -> bool {
        class == LogId::PUBLIC || (class == LogId::OWN_DEVICES && self == Self::OwnDevices)
    }
}

/// How far a log counts: the fork rule (spec chapter 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// All of it.
    All,
    /// What lies below the seal.
    Below(u64),
    /// The closed entry and its ancestors through held headers.
    Through(u64, EntryId),
    /// None of it: the device is unknown, or ended without closing the log, or the account is frozen.
    Nothing,
}

impl Limit {
    /// The lowest sequence number above the limit, where runs are kept apart.
    pub fn cut(self) -> Option<u64> {
        match self {
            Self::Below(seal) => Some(seal),
            Self::Through(seq, _) => seq.checked_add(1),
            Self::All | Self::Nothing => None,
        }
    }
}

/// Whether an existing entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Effective,
    /// Its device is not listed in the identity known here: it may be once a newer one arrives.
    UnknownDevice,
    /// The fork rule, an ended device or a frozen account voids it.
    Void,
    /// Its device may not sign this kind.
    OutOfScope,
}

/// One log: what is held of it, and the proof that it was forked.
#[derive(Clone, Debug, Default)]
pub struct Log {
    runs: Runs,
    proof: Option<Arc<Proof>>,
}

impl Log {
    /// Everything held, void or not.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The proof with the lowest sequence number.
    pub fn proof(&self) -> Option<&Arc<Proof>> {
        self.proof.as_ref()
    }

    /// Entries from here on are void unless the owner closed the log: the lowest proven fork.
    pub fn seal(&self) -> Option<u64> {
        self.proof.as_ref().map(|proof| proof.seq())
    }

    /// The runs that count under `limit`, highest first, as they are kept.
    pub fn admissible(&self, limit: Limit) -> impl Iterator<Item = &Run> {
        let (held, chain) = match limit {
            Limit::Through(seq, id) => (None, self.runs.chain(seq, id)),
            _ => (Some(self.runs.iter()), Vec::new()),
        };
        let held = held.into_iter().flatten().filter(move |run| match limit {
            Limit::All => true,
            Limit::Below(seal) => run.top < seal,
            Limit::Through(..) | Limit::Nothing => false,
        });
        held.chain(chain)
    }

    /// The same as intervals, highest first: runs that are kept apart only because the log branches there are
    /// one.
    pub fn intervals(&self, limit: Limit) -> Vec<Run> {
        let mut intervals: Vec<Run> = self.admissible(limit).copied().collect();
        if matches!(limit, Limit::Through(..))
            && let (Some(top), Some(low)) = (intervals.first(), intervals.last())
        {
            intervals = vec![Run { low: low.low, low_backlink: low.low_backlink, ..*top }];
        }
        intervals
    }
}

/// What a peer is told of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Which log.
    pub key: LogKey,
    /// The lowest proven fork.
    pub seal: Option<u64>,
    /// What is held and counts, highest first.
    pub runs: Vec<Run>,
}

/// A run that crosses a limit and has to be split; whoever holds the entries knows the id at `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The log.
    pub log: LogKey,
    /// The run's top.
    pub top_id: EntryId,
    /// Where its lower part is to end.
    pub seq: u64,
}

/// One account as known here.
#[derive(Default)]
pub struct Account {
    register: Register,
    logs: BTreeMap<(DeviceId, LogId), Log>,
}

impl Account {
    /// Its identity documents.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// Its logs, in order of device and log id.
    pub fn logs(&self) -> impl Iterator<Item = (DeviceId, LogId, &Log)> {
        self.logs.iter().map(|((device, log_id), log)| (*device, *log_id, log))
    }

    /// One of its logs.
    pub fn log(&self, device: DeviceId, log_id: LogId) -> Option<&Log> {
        self.logs.get(&(device, log_id))
    }

    /// How far the given log counts, whether or not anything of it is held.
    pub fn limit(&self, device: DeviceId, log_id: LogId) -> Limit {
        if self.register.frozen().is_some() {
            return Limit::Nothing;
        }
        let Some(current) = self.register.current() else { return Limit::Nothing };
        let Some(listed) = current.doc().devices.iter().find(|listed| listed.key == device) else {
            return Limit::Nothing;
        };
        if let Some(closed) = listed.closed.iter().find(|closed| closed.log_id == log_id) {
            return Limit::Through(closed.seq, closed.id);
        }
        if listed.ended.is_some() {
            return Limit::Nothing;
        }
        match self.log(device, log_id).and_then(Log::seal) {
            Some(seal) => Limit::Below(seal),
            None => Limit::All,
        }
    }

    /// Whether `device` is listed in the current identity document.
    pub fn lists(&self, device: DeviceId) -> bool {
        self.register
            .current()
            .is_some_and(|current| current.doc().devices.iter().any(|listed| listed.key == device))
    }

    /// Whether an entry of kind `kind` counts which lies at `seq` in the held run that ends in `top_id`.
    pub fn standing(&self, device: DeviceId, log_id: LogId, run: &Run, kind: Kind) -> Standing {
        if !self.lists(device) {
            return Standing::UnknownDevice;
        }
        let limit = self.limit(device, log_id);
        let admitted = self
            .log(device, log_id)
            .is_some_and(|log| log.admissible(limit).any(|admissible| admissible == run));
        if !admitted {
            return Standing::Void;
        }
        let scope = self.register.current().and_then(|current| {
            current.doc().devices.iter().find(|listed| listed.key == device).map(|listed| listed.scope)
        });
        if scope.is_some_and(|scope| scope & kind.scope_bit() != 0) {
            Standing::Effective
        } else {
            Standing::OutOfScope
        }
    }

    /// What a peer may be told of the logs, in order of device and log id. Logs of which nothing counts are
    /// told only if they are sealed.
    pub fn rows(&self, sees: Visibility) -> impl Iterator<Item = LogRow> {
        let account = self.register.account();
        self.logs.iter().filter(move |((_, log_id), _)| sees.shows(log_id.class())).filter_map(
            move |((device, log_id), log)| {
                let runs = log.intervals(self.limit(*device, *log_id));
                let key = LogKey { account: account?, device: *device, log_id: *log_id };
                (log.proof.is_some() || !runs.is_empty()).then(|| LogRow { key, seal: log.seal(), runs })
            },
        )
    }
}

/// All accounts known here.
#[derive(Default)]
pub struct Replica {
    accounts: HashMap<AccountId, Account>,
}

impl Replica {
    /// One account.
    pub fn account(&self, account: &AccountId) -> Option<&Account> {
        self.accounts.get(account)
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, &Account)> {
        self.accounts.iter()
    }

    /// One log of one account.
    pub fn log(&self, key: &LogKey) -> Option<&Log> {
        self.account(&key.account)?.log(key.device, key.log_id)
    }

    /// Whether and how far a log counts.
    pub fn limit(&self, key: &LogKey) -> Limit {
        self.account(&key.account).map_or(Limit::Nothing, |account| account.limit(key.device, key.log_id))
    }

    /// Takes an identity document in and lets runs join that the fork rule no longer keeps apart. Afterwards
    /// the caller answers [`cuts`](Self::cuts).
    pub fn insert_identity(&mut self, doc: Arc<VerifiedId>) -> Outcome {
        let account = self.accounts.entry(doc.account()).or_default();
        let outcome = account.register.insert(doc);
        let keys: Vec<_> = account.logs.keys().copied().collect();
        for key in keys {
            let cut = account.limit(key.0, key.1).cut();
            if let Some(log) = account.logs.get_mut(&key) {
                log.runs.join(cut);
            }
        }
        outcome
    }

    /// Takes a fork proof in; true if it lowers the seal. Afterwards the caller answers [`cuts`](Self::cuts).
    pub fn insert_proof(&mut self, proof: Arc<Proof>) -> bool {
        let key = proof.log();
        let account = self.accounts.entry(key.account).or_default();
        let log = account.logs.entry((key.device, key.log_id)).or_default();
        if log.seal().is_some_and(|seal| seal <= proof.seq()) {
            return false;
        }
        log.proof = Some(proof);
        let cut = account.limit(key.device, key.log_id).cut();
        if let Some(log) = account.logs.get_mut(&(key.device, key.log_id)) {
            log.runs.join(cut);
        }
        true
    }

    /// Takes in a run of which no entry is held; says where it overlaps held runs with other ids, which is a
    /// fork to be proven from the two entries. Afterwards the caller answers [`cuts`](Self::cuts).
    pub fn insert_run(&mut self, key: &LogKey, run: Run) -> Option<Overlap> {
        let account = self.accounts.entry(key.account).or_default();
        let cut = account.limit(key.device, key.log_id).cut();
        account.logs.entry((key.device, key.log_id)).or_default().runs.insert(run, cut)
    }

    /// Runs of an account that cross a limit, or out of whose middle another branch may grow. For each the caller
    /// finds the id of that run's entry at `seq` and calls [`split`](Self::split).
    pub fn cuts(&self, account: &AccountId) -> Vec<Cut> {
        let Some(known) = self.account(account) else { return Vec::new() };
        let mut cuts = Vec::new();
        for (device, log_id, log) in known.logs() {
            let key = LogKey { account: *account, device, log_id };
            if let Some(cut) = known.limit(device, log_id).cut() {
                let crossing = log.runs.iter().filter(|run| run.low < cut && cut <= run.top);
                cuts.extend(crossing.map(|run| Cut { log: key, top_id: run.top_id, seq: cut - 1 }));
            }
            cuts.extend(log.runs.branches().map(|(top_id, seq)| Cut { log: key, top_id, seq }));
        }
        cuts
    }

    /// Splits a run where [`cuts`](Self::cuts) asked; `id` is its entry at `cut.seq`. Nothing happens where that
    /// entry turns out to have one successor and no limit passes above it.
    pub fn split(&mut self, cut: &Cut, id: EntryId) {
        let limit = self.limit(&cut.log).cut();
        let Some(log) = self.log_mut(&cut.log) else { return };
        let above = cut.seq.saturating_add(1);
        if limit == Some(above) || log.runs.iter().any(|run| run.low == above && run.low_backlink == id) {
            log.runs.split(cut.top_id, cut.seq, id);
        }
    }

    /// Forgets runs whose entries were removed from storage.
    pub fn remove_runs(&mut self, key: &LogKey, gone: impl Fn(&Run) -> bool) {
        if let Some(log) = self.log_mut(key) {
            log.runs.remove(gone);
        }
    }

    /// Forgets an account and everything of it, as after an unfollow.
    pub fn remove_account(&mut self, account: &AccountId) {
        self.accounts.remove(account);
    }

    fn log_mut(&mut self, key: &LogKey) -> Option<&mut Log> {
        self.accounts.get_mut(&key.account)?.logs.get_mut(&(key.device, key.log_id))
    }
}

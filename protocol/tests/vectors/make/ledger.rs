//! A store in memory: keeps entries, proves forks, and answers the cuts that a replica asks for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use majlis_protocol::body::Body;
use majlis_protocol::entry::{Entry, Kind, Verified};
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::ids::{AccountId, EntryId, LogKey};
use majlis_protocol::state::{Proof, Replica, Run, Standing};

/// Entries by id, and what is known of their logs.
#[derive(Default)]
pub struct Ledger {
    /// What is known.
    pub replica: Replica,
    entries: HashMap<EntryId, Verified<Entry>>,
}

impl Ledger {
    /// All of it at once, in this order.
    pub fn of(documents: &[VerifiedId], entries: &[Verified<Entry>], proofs: &[Proof]) -> Self {
        let mut ledger = Self::default();
        for document in documents {
            ledger.identity(Arc::new(document.clone()));
        }
        for proof in proofs {
            ledger.proof(Arc::new(proof.clone()));
        }
        for entry in entries {
            ledger.entry(entry.clone());
        }
        ledger
    }

    /// Takes a document in.
    pub fn identity(&mut self, document: Arc<VerifiedId>) {
        let account = document.account();
        self.replica.insert_identity(document);
        self.answer_cuts(&account);
    }

    /// Takes a proof in.
    pub fn proof(&mut self, proof: Arc<Proof>) {
        let account = proof.log().account;
        self.replica.insert_proof(proof);
        self.answer_cuts(&account);
    }

    /// Takes an entry in; true if it was not there.
    pub fn entry(&mut self, entry: Verified<Entry>) -> bool {
        if self.entries.contains_key(&entry.id) {
            return false;
        }
        let (log, seq) = (entry.header.log(), entry.header.seq);
        let run = Run { low: seq, top: seq, low_backlink: entry.header.backlink, top_id: entry.id };
        let twin = self.at(&log, seq).find(|held| held.id != entry.id).cloned();
        self.entries.insert(entry.id, entry.clone());
        let overlap = self.replica.insert_run(&log, run);
        assert_eq!(overlap.is_some(), twin.is_some(), "a fork shows as an overlap");
        if let Some(twin) = twin {
            self.proof(Arc::new(Proof::new(entry, twin).unwrap()));
        }
        self.answer_cuts(&log.account);
        true
    }

    /// The entries at one place.
    pub fn at(&self, log: &LogKey, seq: u64) -> impl Iterator<Item = &Verified<Entry>> {
        self.entries.values().filter(move |entry| entry.header.log() == *log && entry.header.seq == seq)
    }

    fn answer_cuts(&mut self, account: &AccountId) {
        loop {
            let before: usize = self.pieces(account);
            for cut in self.replica.cuts(account) {
                if let Some(id) = self.below(cut.top_id, cut.seq) {
                    self.replica.split(&cut, id);
                }
            }
            if self.pieces(account) == before {
                return;
            }
        }
    }

    fn pieces(&self, account: &AccountId) -> usize {
        self.replica
            .account(account)
            .map_or(0, |known| known.logs().map(|(_, _, log)| log.runs().len()).sum())
    }

    /// The entry at `seq` on the way down from `top`.
    pub fn below(&self, top: EntryId, seq: u64) -> Option<EntryId> {
        let mut entry = self.entries.get(&top)?;
        while entry.header.seq > seq {
            entry = self.entries.get(&entry.header.backlink)?;
        }
        Some(entry.id)
    }

    /// Whether an entry counts.
    pub fn standing(&self, entry: &Entry) -> Standing {
        let (log, seq) = (entry.header.log(), entry.header.seq);
        let Some(account) = self.replica.account(&log.account) else { return Standing::UnknownDevice };
        let runs = self.replica.log(&log).into_iter().flat_map(|log| log.runs().iter());
        let run =
            runs.filter(|run| run.covers(seq)).find(|run| self.below(run.top_id, seq) == Some(entry.id));
        account.standing(log.device, log.log_id, run.unwrap(), entry.header.kind)
    }

    /// For each entry that an effective Delete of its own account names, the Delete with the lowest id.
    pub fn deleted(&self) -> BTreeMap<EntryId, EntryId> {
        let mut deleted = BTreeMap::new();
        let mut marks: Vec<_> =
            self.entries.values().filter(|entry| entry.header.kind == Kind::DELETE).collect();
        marks.sort_by_key(|mark| mark.id);
        for mark in marks {
            let body = mark.body().and_then(|body| Body::decode(Kind::DELETE, body).ok().flatten());
            let (Some(Body::Delete(delete)), Standing::Effective, false) =
                (body, self.standing(mark), mark.header.is_inert())
            else {
                continue;
            };
            if self
                .entries
                .get(&delete.target)
                .is_some_and(|target| target.header.account == mark.header.account)
            {
                deleted.entry(delete.target).or_insert(mark.id);
            }
        }
        deleted
    }

    /// The profile that counts: of the effective ones, the one with the highest timestamp, then id.
    pub fn profile(&self, account: &AccountId) -> Option<EntryId> {
        let of_account = self.entries.values().filter(|entry| entry.header.account == *account);
        let profiles =
            of_account.filter(|entry| entry.header.kind == Kind::PROFILE && !entry.header.is_inert());
        let counting = profiles.filter(|entry| self.standing(entry) == Standing::Effective);
        counting.map(|entry| (entry.header.timestamp, entry.id)).max().map(|(_, id)| id)
    }
}

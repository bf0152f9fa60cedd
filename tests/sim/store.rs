//! What `src/store` does with verified things, in memory: dedupe, admission, runs, forks, cuts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use majlis_protocol::identity::{Outcome, VerifiedId};
use majlis_protocol::limits::{MAX_LOG_RUNS, MAX_LOGS_PER_DEVICE, MAX_PACK_ENTRIES, PACK_BYTES};
use majlis_protocol::state::{Proof, Replica, Run};
use majlis_protocol::sync::Frame;
use majlis_protocol::sync::Wish;
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::{AccountId, Entry, EntryId, LogKey, Verified};

#[derive(Default)]
pub struct Store {
    pub replica: Replica,
    entries: HashMap<EntryId, Verified<Entry>>,
    places: BTreeMap<(LogKey, u64), Vec<EntryId>>,
    pub refused: usize,
}

/// What a commit changed.
#[derive(Default)]
pub struct Changed {
    pub logs: BTreeSet<LogKey>,
    pub accounts: BTreeSet<AccountId>,
}

impl Store {
    /// Commits a batch as the writer does: identities, then proofs, then entries.
    pub fn commit(
        &mut self,
        entries: Vec<Verified<Entry>>,
        identities: Vec<Arc<VerifiedId>>,
        proofs: Vec<Arc<Proof>>,
    ) -> Changed {
        let mut changed = Changed::default();
        let mut touched = BTreeSet::new();
        for doc in identities {
            let account = doc.account();
            touched.insert(account);
            if matches!(self.replica.insert_identity(doc), Outcome::Current | Outcome::Frozen) {
                changed.accounts.insert(account);
            }
        }
        for proof in proofs {
            let log = proof.log();
            touched.insert(log.account);
            if self.replica.insert_proof(proof) {
                changed.logs.insert(log);
            }
        }
        for (log, run) in self.stage(entries) {
            touched.insert(log.account);
            changed.logs.insert(log);
            if let Some(overlap) = self.replica.insert_run(&log, run)
                && let Some(proof) = self.proof_at(&log, overlap.seq)
            {
                self.replica.insert_proof(proof);
            }
        }
        for account in touched {
            self.answer_cuts(&account);
        }
        changed
    }

    /// Keeps what is new and admitted; gives the runs that it makes.
    fn stage(&mut self, entries: Vec<Verified<Entry>>) -> Vec<(LogKey, Run)> {
        let mut runs: Vec<(LogKey, Run)> = Vec::new();
        for entry in entries {
            let log = entry.header.log();
            if self.entries.contains_key(&entry.id) {
                continue;
            }
            let seq = entry.header.seq;
            let extends = runs.last().is_some_and(|(last, run)| {
                *last == log && run.top + 1 == seq && run.top_id == entry.header.backlink
            });
            if !extends && !self.admits(&log, &entry, &runs) {
                self.refused += 1;
                continue;
            }
            if extends {
                if let Some((_, run)) = runs.last_mut() {
                    (run.top, run.top_id) = (seq, entry.id);
                }
            } else {
                let (low_backlink, top_id) = (entry.header.backlink, entry.id);
                runs.push((log, Run { low: seq, top: seq, low_backlink, top_id }));
            }
            self.places.entry((log, seq)).or_default().push(entry.id);
            self.entries.insert(entry.id, entry);
        }
        runs
    }

    fn admits(&self, log: &LogKey, entry: &Entry, staged: &[(LogKey, Run)]) -> bool {
        let Some(account) = self.replica.account(&log.account) else { return false };
        if !account.lists(log.device) {
            return false;
        }
        let links = |run: &Run| {
            (run.top + 1 == entry.header.seq && run.top_id == entry.header.backlink)
                || (run.low == entry.header.seq + 1 && run.low_backlink == entry.id)
        };
        if let Some(held) = account.log(log.device, log.log_id) {
            let new = staged.iter().filter(|(key, _)| key == log).count();
            return held.runs().len() + new < MAX_LOG_RUNS || held.runs().iter().any(links);
        }
        let held = account.logs().filter(|(device, ..)| *device == log.device).map(|(_, id, _)| id);
        let new = staged.iter().filter(|(key, _)| key.device == log.device).map(|(key, _)| key.log_id);
        let logs: BTreeSet<_> = held.chain(new).collect();
        logs.contains(&log.log_id) || logs.len() < MAX_LOGS_PER_DEVICE
    }

    fn proof_at(&self, log: &LogKey, seq: u64) -> Option<Arc<Proof>> {
        let mut ids = self.places.get(&(*log, seq))?.clone();
        ids.sort_unstable();
        let (one, other) = (self.entries.get(ids.first()?)?, self.entries.get(ids.get(1)?)?);
        Proof::new(one.clone(), other.clone()).ok().map(Arc::new)
    }

    fn answer_cuts(&mut self, account: &AccountId) {
        for cut in self.replica.cuts(account) {
            if let Some(id) = self.ancestor(cut.top_id, cut.seq) {
                self.replica.split(&cut, id);
            }
        }
    }

    fn ancestor(&self, from: EntryId, seq: u64) -> Option<EntryId> {
        let mut entry = self.entries.get(&from)?;
        while entry.header.seq > seq {
            entry = self.entries.get(&entry.header.backlink)?;
        }
        (entry.header.seq == seq).then_some(entry.id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Verified<Entry>> {
        self.entries.values()
    }

    /// Ids of what counts of an account, in order.
    pub fn counting(&self, account: &AccountId) -> BTreeSet<EntryId> {
        let mut ids = BTreeSet::new();
        let Some(known) = self.replica.account(account) else { return ids };
        for (device, log_id, log) in known.logs() {
            for run in log.intervals(known.limit(device, log_id)) {
                let mut next = self.entries.get(&run.top_id);
                while let Some(entry) = next {
                    ids.insert(entry.id);
                    next = (entry.header.seq > run.low)
                        .then(|| self.entries.get(&entry.header.backlink))
                        .flatten();
                }
            }
        }
        ids
    }

    /// One pack for a wish, newest first: `hi` down to `lo`, as far as it is linked and a pack goes.
    fn pack(&self, wish: &Wish) -> Vec<Verified<Entry>> {
        let Some(log) = self.replica.log(&wish.log) else { return Vec::new() };
        let intervals = log.intervals(self.replica.limit(&wish.log));
        let run = intervals.iter().find(|run| run.low <= wish.hi && wish.lo <= run.top);
        let mut pack = Vec::new();
        let Some(run) = run else { return pack };
        let mut next = self.ancestor(run.top_id, wish.hi.min(run.top)).and_then(|id| self.entries.get(&id));
        let mut bytes = 0;
        while let Some(entry) = next
            && entry.header.seq >= wish.lo
            && pack.len() < MAX_PACK_ENTRIES
            && bytes < PACK_BYTES
        {
            bytes += entry.header.payload_len as usize;
            pack.push(entry.clone());
            next = (entry.header.seq > run.low).then(|| self.entries.get(&entry.header.backlink)).flatten();
        }
        pack.reverse();
        pack
    }

    /// Answers wishes: CHUNK frames with their costs, and the wants that found nothing. `twist` is what a node
    /// that is not honest does to each entry.
    pub fn serve_with(&self, wishes: &[Wish], twist: impl Fn(&mut Entry)) -> (Vec<(Frame, u64)>, Vec<u64>) {
        let (mut frames, mut missing) = (Vec::new(), Vec::new());
        let mut builder = Builder::default();
        for wish in wishes {
            let mut pack: Vec<Entry> = self.pack(wish).into_iter().map(Verified::into_inner).collect();
            pack.iter_mut().for_each(&twist);
            if pack.is_empty() {
                missing.push(wish.wid);
                continue;
            }
            let size = pack.iter().map(Entry::logical_size).sum();
            if builder.overflows(size) {
                frames.extend(builder.finish());
            }
            builder.add(&Address::Wanted(wish.wid), &pack);
        }
        frames.extend(builder.finish());
        (frames, missing)
    }
}

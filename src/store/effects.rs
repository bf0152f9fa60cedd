//! What new facts do to what is stored: forks found are proven, runs are split where the fork rule cuts them,
//! and entries are taken back or restored.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use majlis_protocol::state::{Account, Cut, Limit, Log, Proof, Replica, Standing};
use majlis_protocol::{AccountId, EntryId, KeyCache, Kind, LogKey, Payload};
use sled::IVec;

use super::db::{key, prefix};
use super::error::StoreError;
use super::log::rows::State;
use super::log::{Conflict, Index, damaged_chunk, encode_proof, proof_key};
use super::plan::{Plan, pending_key};
use super::views;

/// The Delete by which an entry of `kind` is to be without its payload: the effective one with the lowest id, or
/// the document that ended the account and asked for erasure.
pub fn desired(
    index: &Index,
    replica: &Replica,
    log: &LogKey,
    target: &EntryId,
    kind: Kind,
) -> Result<Option<EntryId>, StoreError> {
    let Some(account) = replica.account(&log.account) else { return Ok(None) };
    if let Some(by) = erased(account) {
        return Ok(Some(by));
    }
    // A Delete cannot be taken back: nodes that have seen what it names and nodes that have not would part for
    // ever.
    if kind == Kind::DELETE || !index.marked.contains(&target.prefix()) {
        return Ok(None);
    }
    for row in index.db()?.scan(&key(prefix::MARK, &[&log.account.0, &target.0])) {
        let Some(by) = row?.0.get(65..).and_then(|id| id.try_into().ok()).map(EntryId) else { continue };
        let Some(place) = index.locate(&by)? else { continue };
        if place.key.account == log.account
            && index.standing(replica, &place, Kind::DELETE)? == Standing::Effective
        {
            return Ok(Some(by));
        }
    }
    Ok(None)
}

/// The document by which an account has ended and asked for the erasure of all it published.
pub fn erased(account: &Account) -> Option<EntryId> {
    account
        .register()
        .current()
        .filter(|current| current.doc().ended.is_some_and(|ended| ended.erase))
        .map(|current| current.id())
}

/// Proves the forks that new runs have shown; returns the proofs that lower a seal.
pub fn prove(
    index: &Index,
    replica: &mut Replica,
    conflicts: &[Conflict],
) -> Result<Vec<Arc<Proof>>, StoreError> {
    let mut proofs = Vec::new();
    for Conflict { key, seq } in conflicts {
        if replica.log(key).and_then(Log::seal).is_some_and(|seal| seal <= *seq) {
            continue;
        }
        let mut entries = index.all_at(key, *seq)?;
        entries.sort_by_key(|entry| entry.id);
        entries.dedup_by_key(|entry| entry.id);
        entries.truncate(2);
        let cache = KeyCache::default();
        // What comes out of the database is verified anew before it becomes a proof.
        let mut verified =
            majlis_protocol::entry::verify_all(entries, &cache).into_iter().filter_map(Result::ok);
        if let (Some(one), Some(other)) = (verified.next(), verified.next())
            && let Ok(proof) = Proof::new(one, other)
        {
            let proof = Arc::new(proof);
            if replica.insert_proof(Arc::clone(&proof)) {
                proofs.push(proof);
            }
        }
    }
    Ok(proofs)
}

/// Splits the runs of an account that cross a limit or out of which another branch grows. A split can show
/// further ones, so it goes on until nothing changes.
pub fn answer_cuts(index: &Index, replica: &mut Replica, account: &AccountId) -> Result<(), StoreError> {
    let count = |replica: &Replica| {
        replica
            .account(account)
            .map_or(0, |known| known.logs().map(|(_, _, log)| log.runs().len()).sum::<usize>())
    };
    loop {
        let before = count(replica);
        for cut in replica.cuts(account) {
            if let Some(id) = cut_id(index, replica, &cut)? {
                replica.split(&cut, id);
            }
        }
        if count(replica) == before {
            return Ok(());
        }
    }
}

fn cut_id(index: &Index, replica: &Replica, cut: &Cut) -> Result<Option<EntryId>, StoreError> {
    let (Some(known), Some(log)) = (replica.log(&cut.log), index.directory.log_of(&cut.log)) else {
        return Ok(None);
    };
    let run = known.runs().iter().find(|run| run.top_id == cut.top_id && run.covers(cut.seq));
    let Some(run) = run else { return Ok(None) };
    let chunk = index.in_run(log, run, cut.seq)?.and_then(|place| index.directory.chunk(place));
    chunk.map(|meta| index.id_at(meta, cut.seq)).transpose()
}

/// What has to be looked at again.
#[derive(Default)]
pub struct Review {
    /// Entries that a Delete names.
    pub targets: Vec<(AccountId, EntryId)>,
    /// Accounts whose every mark may have come to count or ceased to.
    pub accounts: HashSet<AccountId>,
    /// Accounts whose every entry is looked at: they asked for erasure, or no longer do.
    pub sweeps: HashSet<AccountId>,
    /// Proofs to be written.
    pub proofs: Vec<Arc<Proof>>,
}

impl Review {
    /// Adds the accounts of logs that are closed, sealed or ended: there, an entry that arrives can make others
    /// count.
    pub fn add_limited(&mut self, replica: &Replica, changed: impl Iterator<Item = LogKey>) {
        for log in changed {
            if replica.limit(&log) != Limit::All {
                self.accounts.insert(log.account);
            }
        }
    }

    /// Plans what follows. Payloads that are taken back are kept apart until `purge_after`.
    pub fn plan(&self, index: &Index, replica: &Replica, purge_after: u64) -> Result<Plan, StoreError> {
        let mut plan = Plan::new(index);
        for proof in &self.proofs {
            plan.put(proof_key(&proof.log()), encode_proof(proof));
        }
        let mut targets = self.targets.clone();
        for account in &self.accounts {
            for row in index.db()?.scan(&key(prefix::MARK, &[&account.0])) {
                if let Some(target) = row?.0.get(33..).and_then(|rest| rest.first_chunk::<32>()) {
                    targets.push((*account, EntryId(*target)));
                }
            }
        }
        let mut chunks: HashMap<u32, Vec<usize>> = HashMap::new();
        for (account, target) in &targets {
            plan.delete(pending_key(&account.0, &target.0));
            if let Some(place) = index.locate(target)?
                && place.key.account == *account
            {
                chunks.entry(place.chunk).or_default().push(place.at);
            }
        }
        for account in &self.sweeps {
            for (_, log) in index.directory.logs().filter(|(_, log)| log.key.account == *account) {
                for place in &log.chunks {
                    if let Some(meta) = index.directory.chunk(*place) {
                        chunks.insert(*place, (0..usize::from(meta.count)).collect());
                    }
                }
            }
        }
        for (place, at) in chunks {
            review_chunk(index, replica, &mut plan, place, &at, purge_after)?;
        }
        Ok(plan)
    }
}

/// Takes back or restores the named entries of one chunk.
fn review_chunk(
    index: &Index,
    replica: &Replica,
    plan: &mut Plan,
    place: u32,
    positions: &[usize],
    purge_after: u64,
) -> Result<(), StoreError> {
    let Some(meta) = index.directory.chunk(place) else { return Ok(()) };
    let Some(log) = index.directory.log(meta.log) else { return Ok(()) };
    let row = index.row(meta)?;
    let columns = row.columns().ok_or_else(|| damaged_chunk(meta))?;
    let mut changes = Vec::new();
    for at in positions {
        let (Some(id), Some(kind)) = (row.id(*at), columns.kind(*at)) else { continue };
        let by = desired(index, replica, &log.key, &id, kind)?;
        match (columns.state(*at), by) {
            (Some(State::Held | State::Missing), Some(by)) => changes.push((*at, id, Some(by))),
            (Some(State::Deleted), None) => changes.push((*at, id, None)),
            _ => {}
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let mut items = row.items(&log.key).ok_or_else(|| damaged_chunk(meta))?;
    let mut restored = false;
    for (at, id, by) in changes {
        let Some(item) = items.get_mut(at) else { continue };
        if by.is_some() {
            views::unlist(plan, &item.entry);
        }
        let payload = &mut item.entry.to_mut().payload;
        let grace = grace_key(&id);
        if let Some(by) = by {
            if let Payload::Held(bytes) = payload {
                plan.put(grace, grace_row(purge_after, bytes));
            }
            *payload = Payload::Deleted(by);
        } else {
            restored = true;
            *payload = match index.db()?.get(&grace)? {
                Some(row) => Payload::Held(row.get(8..).unwrap_or_default().to_vec().into()),
                None => Payload::Missing,
            };
            plan.delete(grace);
        }
    }
    plan.rewrite_chunk(place, meta, &row, &items, restored)
}

/// Key of a payload that can still be restored.
pub fn grace_key(id: &EntryId) -> Vec<u8> {
    key(prefix::GRACE, &[&id.0])
}

fn grace_row(purge_after: u64, payload: &[u8]) -> IVec {
    [purge_after.to_be_bytes().as_slice(), payload].concat().into()
}

//! Erasure. The database keeps old bytes in its file after a row is overwritten, so what is erased is gone for
//! certain only once everything else has been copied into a fresh database that takes the old one's place; the
//! journal is written anew likewise.

use hashbrown::{HashMap, HashSet};
use majlis_protocol::state::{Limit, Replica};
use majlis_protocol::{AccountId, Entry, EntryId, Payload};
use sled::Batch;

use super::db::{APPLIED, Database, RESIDUE, key, prefix};
use super::effects::grace_key;
use super::error::StoreError;
use super::home::{discard, restrict, sync_dir};
use super::log::{Index, damaged_chunk, log_bytes, log_key, proof_key};
use super::plan::Plan;
use super::views;
use super::writer::{Shared, execute};

/// Bytes copied in one transaction of a compaction, and rows removed at once.
const STEP_BYTES: usize = 4 * 1024 * 1024;
const STEP_CHUNKS: usize = 64;
/// Bytes after which a compaction has certainly gone on to another leaf: see [`Database::cool`].
const LEAF_BYTES: usize = 128 * 1024;

/// What a purge has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// Payloads that had been taken back and are gone now.
    pub erased: usize,
    /// Payloads of voided entries that are gone now.
    pub voided: usize,
    /// Payloads removed from the journal.
    pub journal: usize,
    /// Databases set aside as damaged, removed because they may hold what was erased.
    pub set_aside: usize,
    /// Whether the database was copied into a fresh one.
    pub compacted: bool,
}

/// Erases what is due, and `forced` before its time; compacts if anything was erased.
pub fn purge(shared: &Shared, now_ms: u64, forced: &[EntryId]) -> Result<PurgeReport, StoreError> {
    let mut report = PurgeReport::default();
    let forced: HashSet<&[u8]> = forced.iter().map(|id| id.0.as_slice()).collect();
    let plan = {
        let owners = shared.owners.read();
        let replica = shared.replica.read();
        let index = shared.index.read();
        let mut plan = Plan::new(&index);
        for row in index.db()?.scan(&[prefix::GRACE]) {
            let (row_key, value) = row?;
            let due = value.first_chunk::<8>().is_none_or(|due| u64::from_be_bytes(*due) <= now_ms);
            let is_forced = row_key.get(1..).is_some_and(|id| forced.contains(id));
            if due || is_forced {
                plan.delete(row_key);
                report.erased += 1;
            }
        }
        report.voided = purge_void(shared, &owners, &replica, &index, &mut plan, now_ms)?;
        if report.erased + report.voided > 0 {
            plan.put(RESIDUE, &[]);
        }
        plan
    };
    execute(shared, plan, |_, _| Ok(()))?;
    let residue = shared.index.read().db()?.get(RESIDUE)?.is_some();
    if residue {
        report.journal = compact_journal(shared)?;
        for aside in shared.home.set_aside_before()? {
            discard(&aside)?;
            report.set_aside += 1;
        }
        compact(shared)?;
        report.compacted = true;
    }
    Ok(report)
}

/// Stretches of logs that a fork or an ended device has voided lose their payloads after the same grace, counted
/// from the first purge that sees them void. The owner's own are kept: they can be posted anew.
fn purge_void(
    shared: &Shared,
    owners: &HashSet<AccountId>,
    replica: &Replica,
    index: &Index,
    plan: &mut Plan,
    now_ms: u64,
) -> Result<usize, StoreError> {
    let db = index.db()?;
    let mut known: HashMap<Vec<u8>, u64> = HashMap::new();
    for row in db.scan(&[prefix::VOID]) {
        let (row_key, value) = row?;
        let since = value.as_ref().try_into().map_or(0, u64::from_be_bytes);
        known.insert(row_key.to_vec(), since);
    }
    let mut gone = 0;
    for (account_id, account) in replica.accounts().filter(|(id, _)| !owners.contains(*id)) {
        for (device, log_id, log) in account.logs().filter(|(device, _, _)| account.lists(*device)) {
            let limit = account.limit(device, log_id);
            if limit == Limit::All {
                continue;
            }
            let log_key = majlis_protocol::LogKey { account: *account_id, device, log_id };
            let Some(chunks) = index.directory.log_of(&log_key) else { continue };
            let counting: Vec<_> = log.admissible(limit).collect();
            for run in log.runs().iter().filter(|run| !counting.contains(run)) {
                let row_key = key(prefix::VOID, &[&log_bytes(&log_key), &run.top_id.0]);
                let Some(since) = known.remove(&row_key) else {
                    plan.put(row_key, now_ms.to_be_bytes().as_slice());
                    continue;
                };
                if now_ms < since.saturating_add(shared.config.erase_after_ms) {
                    continue;
                }
                for place in &chunks.chunks {
                    gone += void_chunk(index, plan, chunks, *place, run)?;
                }
            }
        }
    }
    // What is no longer void, or no longer held, need not be remembered.
    for row_key in known.into_keys() {
        plan.delete(row_key);
    }
    Ok(gone)
}

/// Removes the payloads of a chunk that lies wholly in a void run. A chunk that also holds entries that count
/// is kept: the fork rule cuts within 64 entries of it.
fn void_chunk(
    index: &Index,
    plan: &mut Plan,
    log: &super::log::directory::LogChunks,
    place: u32,
    run: &majlis_protocol::state::Run,
) -> Result<usize, StoreError> {
    let Some(meta) = index.directory.chunk(place) else { return Ok(0) };
    let overlaps = meta.low <= run.top && run.low <= meta.top();
    if !overlaps || index.in_run(log, run, meta.top().min(run.top))? != Some(place) {
        return Ok(0);
    }
    let row = index.row(meta)?;
    let mut items = row.items(&log.key).ok_or_else(|| damaged_chunk(meta))?;
    let mut gone = 0;
    for item in &mut items {
        if run.covers(item.entry.header.seq)
            && let Payload::Held(_) = item.entry.payload
        {
            views::unlist(plan, &item.entry);
            item.entry.to_mut().payload = Payload::Missing;
            gone += 1;
        }
    }
    if gone > 0 {
        plan.rewrite_chunk(place, meta, &row, &items, false)?;
    }
    Ok(gone)
}

/// Removes from the journal the payloads that the database has erased.
fn compact_journal(shared: &Shared) -> Result<usize, StoreError> {
    let index = shared.index.read();
    let erased = |entry: &Entry| {
        let held = index.entry(&entry.id).ok()??;
        let Payload::Deleted(by) = held.entry.payload else { return None };
        index.db().ok()?.get(&grace_key(&entry.id)).ok()?.is_none().then_some(by)
    };
    shared.journal.lock().compact(erased)
}

/// Copies the database into a fresh one and puts that in its place. A crash at any point leaves either the old
/// or the new: see [`Home::settle_compaction`](super::home::Home::settle_compaction).
fn compact(shared: &Shared) -> Result<(), StoreError> {
    let home = &shared.home;
    discard(&home.db_new())?;
    {
        let index = shared.index.read();
        let old = index.db()?;
        let (free, size) = (home.free()?, old.size());
        if free < size {
            return Err(StoreError::DiskNearlyFull { free, floor: size });
        }
        let new = Database::open(&home.db_new(), shared.config.cache_bytes)?;
        new.continue_from(old.applied());
        copy(old, &new)?;
    }
    restrict(&home.db_new())?;
    sync_dir(&home.db_new())?;
    home.rename(&home.db_new(), &home.db_ready())?;
    let mut index = shared.index.write();
    index.replace_db(None);
    home.settle_compaction()?;
    index.replace_db(Some(Database::open(&home.db(), shared.config.cache_bytes)?));
    restrict(&home.db())
}

fn copy(old: &Database, new: &Database) -> Result<(), StoreError> {
    let (mut batch, mut bytes, mut on_leaf) = (Batch::default(), 0, 0);
    let mut leaves = Vec::new();
    for row in old.scan(&[]) {
        let (row_key, value) = row?;
        // Transactions are counted on.
        if [RESIDUE, APPLIED].contains(&row_key.as_ref()) {
            continue;
        }
        let size = row_key.len() + value.len();
        bytes += size;
        on_leaf += size;
        if on_leaf >= LEAF_BYTES {
            on_leaf = 0;
            old.cool(&row_key)?;
            leaves.push(row_key.clone());
        }
        batch.insert(row_key, value);
        if bytes >= STEP_BYTES {
            new.apply(&std::mem::take(&mut batch))?;
            // What sled has flushed it can write over: without this the copy is larger than the original.
            new.sync()?;
            for row_key in leaves.drain(..) {
                new.cool(&row_key)?;
            }
            bytes = 0;
        }
    }
    new.apply(&batch)?;
    new.sync()
}

/// Removes everything of an account; returns how many entries went. The disk is freed by the next purge.
pub fn forget(shared: &Shared, account: &AccountId) -> Result<usize, StoreError> {
    shared.replica.write().remove_account(account);
    shared.index.read().forget_heads(account);
    let logs: Vec<_> = {
        let index = shared.index.read();
        let logs = index.directory.logs().filter(|(_, log)| log.key.account == *account);
        logs.map(|(number, log)| (number, log.key)).collect()
    };
    let mut gone = 0;
    for (_, log) in &logs {
        loop {
            let plan = {
                let index = shared.index.read();
                let mut plan = Plan::new(&index);
                let chunks = index.directory.log_of(log).map(|log| log.chunks.as_slice()).unwrap_or_default();
                for place in chunks.iter().rev().take(STEP_CHUNKS) {
                    let Some(meta) = index.directory.chunk(*place) else { continue };
                    let row = index.row(meta)?;
                    for item in row.items(log).ok_or_else(|| damaged_chunk(meta))? {
                        plan.delete(grace_key(&item.entry.id));
                        views::unlist(&mut plan, &item.entry);
                    }
                    gone += row.len();
                    plan.remove_chunk(*place, meta, &row);
                }
                plan
            };
            if plan.is_empty() {
                break;
            }
            execute(shared, plan, |_, _| Ok(()))?;
        }
    }
    let plan = {
        let index = shared.index.read();
        let db = index.db()?;
        let mut plan = Plan::new(&index);
        for (number, log) in &logs {
            plan.delete(log_key(*number));
            plan.delete(proof_key(log));
        }
        let kept = [prefix::IDENTITY, prefix::PROOF, prefix::MARK, prefix::VOID]
            .map(|kind| key(kind, &[&account.0]));
        for from in kept {
            for row in db.scan(&from) {
                plan.delete(row?.0);
            }
        }
        plan.put(RESIDUE, &[]);
        plan
    };
    execute(shared, plan, |_, _| Ok(()))?;
    shared.tally.expect_nothing();
    let mut index = shared.index.write();
    for (number, _) in logs {
        index.directory.remove_log(number);
    }
    Ok(gone)
}

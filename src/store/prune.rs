//! Pruning: what others said long ago makes room. The entries stay in their logs, so that what is held is still one
//! stretch and is not pulled again; what they say goes, and whoever asks for it is sent elsewhere.

use std::collections::HashSet;

use majlis_protocol::limits::{HEADER_FIXED, SIGNATURE};
use majlis_protocol::{AccountId, EntryId, Kind, LogId, LogKey, Payload};

use super::db::RESIDUE;
use super::error::StoreError;
use super::log::rows::{HAS_MISSING, State};
use super::log::{Index, damaged_chunk};
use super::plan::Plan;
use super::views;
use super::writer::{Shared, execute};

/// What is pruned: what people say and show. What they do with it is small, and counts; deletions, profiles and the like
/// say what is in force.
const PRUNED: [Kind; 3] = [Kind::POST, Kind::EDIT, Kind::REPOST];
/// Chunks that one call looks through at most.
const STEP: usize = 64;

/// An entry that could be pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its id.
    pub id: EntryId,
    /// Post, edit or repost.
    pub kind: Kind,
    /// When it is shown to have been written, in milliseconds since 1970.
    pub display_ms: u64,
    /// Bytes of its payload.
    pub bytes: u64,
}

/// What a call has pruned.
#[derive(Debug, Default)]
pub struct Pruned {
    /// The posts among it.
    pub posts: Vec<EntryId>,
    /// Payloads that are gone.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Where to go on; none at the end.
    pub next: Option<u64>,
}

/// Bytes of the entries of some logs: headers, and the payloads that are held. Only rows from which payloads are gone
/// are read for it.
pub fn size_of(index: &Index, logs: &[LogKey]) -> Result<u64, StoreError> {
    let mut size = 0;
    let chunks = logs.iter().filter_map(|log| index.directory.log_of(log)).flat_map(|log| &log.chunks);
    for meta in chunks.filter_map(|place| index.directory.chunk(*place)) {
        size += u64::from(meta.count) * (HEADER_FIXED + SIGNATURE) as u64;
        if meta.flags & HAS_MISSING == 0 {
            size += u64::from(meta.bytes);
            continue;
        }
        let row = index.row(meta)?;
        let columns = row.columns().ok_or_else(|| damaged_chunk(meta))?;
        let held = (0..row.len()).filter(|at| columns.state(*at) == Some(State::Held));
        size += held.map(|at| u64::from(columns.payload_len(at))).sum::<u64>();
    }
    Ok(size)
}

/// Everything of an account that could be pruned, in no order.
pub fn weigh(index: &Index, account: &AccountId, mut each: impl FnMut(Weight)) -> Result<(), StoreError> {
    let logs = index
        .directory
        .logs()
        .map(|(_, log)| log)
        .filter(|log| is_public(&log.key.account, account, log.key.log_id));
    for log in logs {
        for place in &log.chunks {
            let Some(meta) = index.directory.chunk(*place) else { continue };
            let row = index.row(meta)?;
            let columns = row.columns().ok_or_else(|| damaged_chunk(meta))?;
            if !columns.holds_any(&PRUNED) {
                continue;
            }
            for at in (0..row.len()).filter(|at| columns.state(*at) == Some(State::Held)) {
                let (Some(id), Some(kind)) = (row.id(at), columns.kind(at)) else { continue };
                if PRUNED.contains(&kind) {
                    let bytes = u64::from(columns.payload_len(at));
                    each(Weight { id, kind, display_ms: columns.display(at), bytes });
                }
            }
        }
    }
    Ok(())
}

fn is_public(owner: &AccountId, account: &AccountId, log_id: LogId) -> bool {
    owner == account && log_id.class() == LogId::PUBLIC
}

/// Prunes what an account said before a time, but not what is named in `keep`: some chunks, from one with a number on.
/// The owner's own is never pruned. The disk is freed by the next purge.
pub fn prune(
    shared: &Shared,
    account: &AccountId,
    before_ms: u64,
    keep: &HashSet<EntryId>,
    from: u64,
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned::default();
    if shared.owners.read().contains(account) {
        return Ok(pruned);
    }
    let plan = {
        let index = shared.index.read();
        let mut plan = Plan::new(&index);
        let logs = index
            .directory
            .logs()
            .map(|(_, log)| log)
            .filter(|log| is_public(&log.key.account, account, log.key.log_id));
        let mut chunks: Vec<_> = logs
            .flat_map(|log| log.chunks.iter().map(|place| (*place, log.key)))
            .filter_map(|(place, key)| Some((index.directory.chunk(place)?.no, place, key)))
            .filter(|(no, ..)| *no >= from)
            .collect();
        chunks.sort_unstable_by_key(|(no, ..)| *no);
        pruned.next = chunks.get(STEP).map(|(no, ..)| *no);
        for (_, place, key) in chunks.into_iter().take(STEP) {
            let Some(meta) = index.directory.chunk(place).filter(|meta| meta.min_display < before_ms) else {
                continue;
            };
            let row = index.row(meta)?;
            let mut items = row.items(&key).ok_or_else(|| damaged_chunk(meta))?;
            let before = pruned.entries;
            for item in &mut items {
                let header = &item.entry.header;
                let fits = PRUNED.contains(&header.kind)
                    && item.display() < before_ms
                    && !keep.contains(&item.entry.id);
                if !fits || !matches!(item.entry.payload, Payload::Held(_)) {
                    continue;
                }
                pruned.entries += 1;
                pruned.bytes += u64::from(header.payload_len);
                if header.kind == Kind::POST {
                    pruned.posts.push(item.entry.id);
                }
                views::unlist(&mut plan, &item.entry);
                item.entry.to_mut().payload = Payload::Missing;
            }
            if pruned.entries > before {
                plan.rewrite_chunk(place, meta, &row, &items, false)?;
            }
        }
        if pruned.entries > 0 {
            plan.put(RESIDUE, &[]);
        }
        plan
    };
    execute(shared, plan, |_, _| Ok(()))?;
    Ok(pruned)
}

//! Staging: from verified batches to a plan. Reads the index and the replica and changes neither.

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use majlis_protocol::body::Body;
use majlis_protocol::identity::{Outcome, Register, VerifiedId};
use majlis_protocol::ids::LogId;
use majlis_protocol::limits::{MAX_LOG_RUNS, MAX_LOGS_PER_DEVICE};
use majlis_protocol::state::{Proof, Replica, Run};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, Kind, LogKey, Payload, Verified};

use super::db::{key, prefix};
use super::effects::desired;
use super::error::StoreError;
use super::log::read::fits;
use super::log::rows::{HAS_MISSING, Item, State};
use super::log::{Index, damaged_chunk, encode_proof, identity_key, proof_key};
use super::plan::{Plan, pending_key};

/// Verified things to be stored together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The time, in milliseconds since 1970: entries from later than this are shown as from now.
    pub now_ms: u64,
    /// Whether it comes from the owner's hand: it goes first, and no limit refuses it.
    pub own: bool,
    /// Whether its entries come one by one and not as a log: it may then be in more pieces than sync keeps.
    pub scattered: bool,
    /// Identity documents. They are taken in before the entries.
    pub identities: Vec<Arc<VerifiedId>>,
    /// Fork proofs.
    pub proofs: Vec<Arc<Proof>>,
    /// Entries of any logs, in any order; shared with whoever else is told of them.
    pub entries: Arc<[Verified<Entry>]>,
}

impl Batch {
    /// Bytes of entries as the log counts them.
    pub fn size(&self) -> usize {
        self.entries.iter().map(|entry| entry.logical_size()).sum::<usize>() + 512 * self.identities.len()
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// Entries that are new, or whose payload is.
    pub added: usize,
    /// How many of each account.
    pub added_of: Vec<(AccountId, usize)>,
    /// Their bytes.
    pub bytes: u64,
    /// Entries that were held already.
    pub duplicates: usize,
    /// Entries and proofs of devices that are not listed, or beyond a limit.
    pub refused: usize,
    /// Logs that have grown.
    pub changed: Vec<LogKey>,
    /// Accounts whose identity has changed.
    pub identities_changed: Vec<AccountId>,
    /// Proofs that lower a seal: given, or found in the batch's entries.
    pub new_proofs: Vec<Arc<Proof>>,
}

/// A plan and what it means for the replica.
pub struct Staged {
    /// The transaction.
    pub plan: Plan,
    /// Runs of new entries.
    pub runs: Vec<(LogKey, Run, usize)>,
    /// Documents that change a register.
    pub identities: Vec<Arc<VerifiedId>>,
    /// Proofs that lower a seal.
    pub proofs: Vec<Arc<Proof>>,
    /// Entries that a new Delete names.
    pub targets: Vec<(AccountId, EntryId)>,
    /// One for each batch.
    pub outcomes: Vec<Committed>,
}

struct Stage<'a> {
    index: &'a Index,
    replica: &'a Replica,
    owners: &'a HashSet<AccountId>,
    registers: HashMap<AccountId, Register>,
    /// Logs that the plan adds, by device.
    new_logs: HashMap<(AccountId, DeviceId), usize>,
    out: Staged,
}

/// What is held of an entry that comes in.
enum Holding {
    Nothing,
    /// All but its payload, in this chunk.
    Header(u32),
    All,
}

/// One entry on its way in: which batch, and what is to be stored.
struct Incoming<'a> {
    batch: usize,
    /// Whether it may be a piece of its log beyond the limit.
    apart: bool,
    item: Item<'a>,
}

/// Plans the batches as one transaction.
pub fn stage(
    index: &Index,
    replica: &Replica,
    owners: &HashSet<AccountId>,
    batches: &[Batch],
) -> Result<Staged, StoreError> {
    let out = Staged {
        plan: Plan::new(index),
        runs: Vec::new(),
        identities: Vec::new(),
        proofs: Vec::new(),
        targets: Vec::new(),
        outcomes: vec![Committed::default(); batches.len()],
    };
    let mut stage =
        Stage { index, replica, owners, registers: HashMap::new(), new_logs: HashMap::new(), out };
    for (number, batch) in batches.iter().enumerate() {
        for doc in &batch.identities {
            stage.identity(number, doc);
        }
    }
    stage.put_identities();
    for (number, batch) in batches.iter().enumerate() {
        for proof in &batch.proofs {
            stage.proof(number, batch.own, proof);
        }
    }
    stage.entries(batches)?;
    Ok(stage.out)
}

impl<'a> Stage<'a> {
    fn identity(&mut self, number: usize, doc: &Arc<VerifiedId>) {
        let account = doc.account();
        let replica = self.replica;
        let register = self.registers.entry(account).or_insert_with(|| {
            replica.account(&account).map(|account| account.register().clone()).unwrap_or_default()
        });
        if let Outcome::Current | Outcome::Frozen = register.insert(Arc::clone(doc)) {
            self.out.identities.push(Arc::clone(doc));
            if let Some(outcome) = self.out.outcomes.get_mut(number)
                && !outcome.identities_changed.contains(&account)
            {
                outcome.identities_changed.push(account);
            }
        }
    }

    /// Writes what the registers keep and takes away what they no longer do.
    fn put_identities(&mut self) {
        for (account, register) in &self.registers {
            let known = self.replica.account(account);
            let before: Vec<_> = known.iter().flat_map(|known| known.register().docs()).collect();
            for doc in register.docs().filter(|doc| !before.iter().any(|old| old.id() == doc.id())) {
                self.out.plan.put(identity_key(account, &doc.id()), doc.entry().encode());
            }
            for old in before.iter().filter(|old| !register.docs().any(|doc| doc.id() == old.id())) {
                self.out.plan.delete(identity_key(account, &old.id()));
            }
        }
    }

    /// Whether the account's identity, as it will be, lists the device.
    fn lists(&self, account: &AccountId, device: DeviceId) -> bool {
        match self.registers.get(account) {
            Some(register) => register.current().is_some_and(|doc| doc.device(device).is_some()),
            None => self.replica.account(account).is_some_and(|account| account.lists(device)),
        }
    }

    /// Whether anything of a log may be taken: its device is listed and has not too many logs.
    fn admits(&mut self, log: &LogKey, own: bool) -> bool {
        if log.log_id.class() == LogId::IDENTITY_CLASS || !self.lists(&log.account, log.device) {
            return false;
        }
        if self.replica.log(log).is_some() {
            return true;
        }
        let held = self
            .replica
            .account(&log.account)
            .map_or(0, |account| account.logs().filter(|(device, _, _)| *device == log.device).count());
        let added = self.new_logs.entry((log.account, log.device)).or_default();
        if !own && held + *added >= MAX_LOGS_PER_DEVICE {
            return false;
        }
        *added += 1;
        true
    }

    fn proof(&mut self, number: usize, own: bool, proof: &Arc<Proof>) {
        let log = proof.log();
        let own = own || self.owners.contains(&log.account);
        let staged = self.out.proofs.iter().filter(|staged| staged.log() == log).map(|proof| proof.seq());
        let seal = staged.chain(self.replica.log(&log).and_then(majlis_protocol::state::Log::seal)).min();
        if seal.is_some_and(|seal| seal <= proof.seq()) {
            return;
        }
        let admitted = self.admits(&log, own);
        let Some(outcome) = self.out.outcomes.get_mut(number) else { return };
        if admitted {
            self.out.plan.put(proof_key(&log), encode_proof(proof));
            self.out.proofs.push(Arc::clone(proof));
            outcome.new_proofs.push(Arc::clone(proof));
        } else {
            outcome.refused += 1;
        }
    }

    fn entries(&mut self, batches: &'a [Batch]) -> Result<(), StoreError> {
        let mut order: Vec<(usize, &Batch, &Verified<Entry>)> = batches
            .iter()
            .enumerate()
            .flat_map(|(number, batch)| batch.entries.iter().map(move |entry| (number, batch, entry)))
            .collect();
        // Of the same entry with and without its payload, the one with it comes first.
        order.sort_by(|(_, _, a), (_, _, b)| {
            let (x, y) = (&a.header, &b.header);
            (x.account, x.device, x.log_id, x.seq, a.id, !held(a)).cmp(&(
                y.account,
                y.device,
                y.log_id,
                y.seq,
                b.id,
                !held(b),
            ))
        });
        let logs = order.chunk_by(|(_, _, a), (_, _, b)| {
            let (x, y) = (&a.header, &b.header);
            x.seq <= y.seq && x.log_id == y.log_id && x.device == y.device && x.account == y.account
        });
        for entries in logs {
            self.log(entries)?;
        }
        Ok(())
    }

    /// Takes in the entries of one log, ascending.
    fn log(&mut self, entries: &[(usize, &'a Batch, &'a Verified<Entry>)]) -> Result<(), StoreError> {
        let Some((_, _, first)) = entries.first() else { return Ok(()) };
        let log = first.header.log();
        let own = self.owners.contains(&log.account) || entries.iter().any(|(_, batch, _)| batch.own);
        if !self.admits(&log, own) {
            for (number, _, _) in entries {
                self.outcome(*number, |outcome| outcome.refused += 1);
            }
            return Ok(());
        }
        let mut fills: HashMap<u32, Vec<Incoming<'a>>> = HashMap::new();
        let mut chains: Vec<Vec<Incoming<'a>>> = Vec::new();
        // Of each chain its top, which the next entry may link to. A second one to link to it begins a chain.
        let mut tops: HashMap<(EntryId, u64), usize> = HashMap::new();
        let mut last = None;
        for (number, batch, entry) in entries {
            if last.replace(entry.id) == Some(entry.id) {
                self.outcome(*number, |outcome| outcome.duplicates += 1);
                continue;
            }
            let incoming = self.incoming(&log, *number, own, batch, entry)?;
            match self.holding(entry)? {
                Holding::Nothing => {}
                Holding::Header(chunk) if held(&incoming.item.entry) => {
                    fills.entry(chunk).or_default().push(incoming);
                    continue;
                }
                Holding::Header(_) | Holding::All => {
                    self.outcome(*number, |outcome| outcome.duplicates += 1);
                    continue;
                }
            }
            let header = &entry.header;
            let chain = tops.remove(&(header.backlink, header.seq - 1)).filter(|_| header.seq > 1);
            let chain = chain.unwrap_or_else(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
            tops.insert((entry.id, header.seq), chain);
            if let Some(chain) = chains.get_mut(chain) {
                chain.push(incoming);
            }
        }
        let mut taken = HashSet::new();
        for (chunk, incoming) in fills {
            taken.insert(chunk);
            self.fill(&log, chunk, &incoming)?;
        }
        let mut apart = 0;
        for chain in chains {
            self.chain(&log, chain, &mut taken, &mut apart)?;
        }
        Ok(())
    }

    fn outcome(&mut self, number: usize, change: impl FnOnce(&mut Committed)) {
        if let Some(outcome) = self.out.outcomes.get_mut(number) {
            change(outcome);
        }
    }

    /// What is to be stored of an entry: one that has been taken back leaves its payload behind.
    fn incoming(
        &mut self,
        log: &LogKey,
        number: usize,
        own: bool,
        batch: &Batch,
        entry: &'a Verified<Entry>,
    ) -> Result<Incoming<'a>, StoreError> {
        let mut stored: Cow<'a, Entry> = Cow::Borrowed(entry);
        if let Some(by) = desired(self.index, self.replica, log, &entry.id, entry.header.kind)? {
            stored.to_mut().payload = Payload::Deleted(by);
        } else if let Payload::Deleted(_) = entry.payload {
            // What a peer says of a deletion is not believed: its Delete comes by itself.
            if !own {
                stored.to_mut().payload = Payload::Missing;
            }
        }
        let first_seen = (entry.header.timestamp > batch.now_ms).then_some(batch.now_ms);
        let apart = own || batch.scattered;
        Ok(Incoming { batch: number, apart, item: Item { entry: stored, first_seen } })
    }

    fn holding(&self, entry: &Entry) -> Result<Holding, StoreError> {
        let Some(place) = self.index.locate(&entry.id)? else { return Ok(Holding::Nothing) };
        let Some(meta) = self.index.directory.chunk(place.chunk) else { return Ok(Holding::All) };
        if meta.flags & HAS_MISSING == 0 {
            return Ok(Holding::All);
        }
        let columns = place.row.columns().ok_or_else(|| damaged_chunk(meta))?;
        let lacks = columns.state(place.at) == Some(State::Missing);
        Ok(if lacks { Holding::Header(place.chunk) } else { Holding::All })
    }

    /// Counts an entry as stored, and notes what it takes back.
    fn stored(&mut self, log: &LogKey, incoming: &Incoming<'_>) {
        let entry = &incoming.item.entry;
        self.outcome(incoming.batch, |outcome| {
            outcome.added += 1;
            match outcome.added_of.last_mut() {
                Some((account, added)) if *account == log.account => *added += 1,
                _ => outcome.added_of.push((log.account, 1)),
            }
            outcome.bytes += entry.logical_size() as u64;
            if outcome.changed.last() != Some(log) {
                outcome.changed.push(*log);
            }
        });
        if entry.header.kind == Kind::DELETE
            && !entry.header.is_inert()
            && let Some(Ok(Some(Body::Delete(delete)))) =
                entry.body().map(|body| Body::decode(Kind::DELETE, body))
        {
            let (account, target) = (&log.account.0, &delete.target.0);
            self.out.plan.put(key(prefix::MARK, &[account, target, &entry.id.0]), &[]);
            self.out.plan.put(pending_key(account, target), &[]);
            self.out.plan.mark(delete.target.prefix());
            self.out.targets.push((log.account, delete.target));
        }
    }

    /// Puts payloads into a chunk that lacked them.
    fn fill(&mut self, log: &LogKey, chunk: u32, incoming: &[Incoming<'_>]) -> Result<(), StoreError> {
        let Some(meta) = self.index.directory.chunk(chunk) else { return Ok(()) };
        let row = self.index.row(meta)?;
        let mut items = row.items(log).ok_or_else(|| damaged_chunk(meta))?;
        for new in incoming {
            if let Some(item) = items.iter_mut().find(|item| item.entry.id == new.item.entry.id) {
                item.entry.to_mut().payload = new.item.entry.payload.clone();
                self.stored(log, new);
            }
        }
        self.out.plan.rewrite_chunk(chunk, meta, &row, &items, true)
    }

    /// Stores linked entries, joined with small chunks below and above them.
    fn chain(
        &mut self,
        log: &LogKey,
        chain: Vec<Incoming<'a>>,
        taken: &mut HashSet<u32>,
        apart: &mut usize,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return Ok(()) };
        let run = Run {
            low: first.item.entry.header.seq,
            top: last.item.entry.header.seq,
            low_backlink: first.item.entry.header.backlink,
            top_id: last.item.entry.id,
        };
        let number = first.batch;
        if !first.apart && !self.has_room(log, &run, apart) {
            for incoming in &chain {
                self.outcome(incoming.batch, |outcome| outcome.refused += 1);
            }
            return Ok(());
        }
        for incoming in &chain {
            self.stored(log, incoming);
        }
        let mut rows: Vec<Vec<Item<'a>>> = Vec::new();
        let mut bytes = 0;
        for Incoming { item, .. } in chain {
            let size = item.entry.header.payload_len as usize;
            match rows.last_mut() {
                Some(row) if fits(row.len(), bytes, 1, size) => row.push(item),
                _ => {
                    bytes = 0;
                    rows.push(vec![item]);
                }
            }
            bytes += size;
        }
        if let Some(row) = rows.first_mut() {
            self.join_below(log, row, taken)?;
        }
        if let Some(row) = rows.last_mut() {
            self.join_above(log, row, taken)?;
        }
        let log_number = self.out.plan.log_number(self.index, log);
        for row in &rows {
            self.out.plan.add_chunk(log_number, row)?;
        }
        self.out.runs.push((*log, run, number));
        Ok(())
    }

    /// Whether another run may be kept: one that joins none held counts against the limit.
    fn has_room(&self, log: &LogKey, run: &Run, apart: &mut usize) -> bool {
        let held = self.replica.log(log).map(majlis_protocol::state::Log::runs);
        let joins = held.into_iter().flat_map(majlis_protocol::state::Runs::iter).any(|held| {
            (held.top_id == run.low_backlink && held.top + 1 == run.low)
                || (held.low_backlink == run.top_id && held.low == run.top + 1)
        });
        if joins {
            return true;
        }
        *apart += 1;
        held.map_or(0, majlis_protocol::state::Runs::len) + *apart <= MAX_LOG_RUNS
    }

    /// Like a binary counter: the chunk below is taken in as long as it is no larger than what takes it in, so
    /// that posts arriving one by one are each rewritten a few times and end in full rows.
    fn join_below(
        &mut self,
        log: &LogKey,
        row: &mut Vec<Item<'a>>,
        taken: &mut HashSet<u32>,
    ) -> Result<(), StoreError> {
        let Some(chunks) = self.index.directory.log_of(log) else { return Ok(()) };
        while let Some(first) = row.first() {
            let header = &first.entry.header;
            let Some(seq) = header.seq.checked_sub(1) else { break };
            let below = self.index.directory.covering(chunks, seq).find(|(place, meta)| {
                meta.top() == seq && meta.top_id == header.backlink && !taken.contains(place)
            });
            let Some((place, meta)) = below.filter(|(_, meta)| joins(meta, row)) else { break };
            let old = self.index.row(meta)?;
            let items = old.items(log).ok_or_else(|| damaged_chunk(meta))?;
            row.splice(0..0, items);
            taken.insert(place);
            self.out.plan.remove_chunk(place, meta, &old);
        }
        Ok(())
    }

    fn join_above(
        &mut self,
        log: &LogKey,
        row: &mut Vec<Item<'a>>,
        taken: &mut HashSet<u32>,
    ) -> Result<(), StoreError> {
        let Some(chunks) = self.index.directory.log_of(log) else { return Ok(()) };
        while let Some(last) = row.last() {
            let (seq, id) = (last.entry.header.seq + 1, last.entry.id);
            let above = self
                .index
                .directory
                .starting(chunks, seq)
                .find(|(place, meta)| meta.low_backlink == id && !taken.contains(place));
            let Some((place, meta)) = above.filter(|(_, meta)| joins(meta, row)) else { break };
            let old = self.index.row(meta)?;
            row.extend(old.items(log).ok_or_else(|| damaged_chunk(meta))?);
            taken.insert(place);
            self.out.plan.remove_chunk(place, meta, &old);
        }
        Ok(())
    }
}

fn joins(meta: &super::log::rows::ChunkMeta, row: &[Item<'_>]) -> bool {
    let bytes = row.iter().map(|item| item.entry.header.payload_len as usize).sum();
    usize::from(meta.count) <= row.len()
        && fits(row.len(), bytes, usize::from(meta.count), meta.bytes as usize)
}

fn held(entry: &Entry) -> bool {
    matches!(entry.payload, Payload::Held(_))
}

//! Opening: reading the database, or setting it aside and starting afresh, and completing it from the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hashbrown::HashSet;
use majlis_protocol::entry::verify_all;
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, Entry, EntryId, KeyCache, Kind};
use parking_lot::{Mutex, RwLock};

use super::commit::Batch;
use super::config::StoreConfig;
use super::db::{Database, guarded, key, prefix};
use super::effects::{self, Review};
use super::error::StoreError;
use super::home::{Home, restrict};
use super::journal::{Found, Journal};
use super::log::{self, Index};
use super::tally::{Count, Tally};
use super::views::Views;
use super::writer::{self, Metrics, Queue, Shared};

/// Bytes of journal entries put into the database as one.
const REFILL: usize = 4 * 1024 * 1024;

/// What was noticed while opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The home is a copy, or was moved here from another machine or disk.
    pub copied_home: bool,
    /// The journal is gone while a database is there, or is damaged before its end.
    pub journal_damaged: bool,
    /// Bytes of a record cut off the journal's end: it was being written when the power went, and had not been
    /// acknowledged.
    pub torn_bytes: u64,
    /// Where a damaged database was moved. A fresh one was made; others' posts come back from peers.
    pub set_aside: Option<PathBuf>,
    /// Own entries that were put into the database from the journal.
    pub recovered: usize,
    /// Own entries in the journal that the database refuses, because their device is not in the identity.
    pub unrecovered: usize,
    /// Rows of the database that did not decode and were passed over.
    pub bad_rows: usize,
    /// The end of the database was damaged and is gone: how many entries that were held are not, after own ones
    /// were put back. 0 where only settings and the like were there.
    pub lost: Option<u64>,
}

impl OpenReport {
    /// Whether the owner's logs may have gone on elsewhere or further than is known here.
    fn ends_logs(&self) -> bool {
        self.copied_home || self.journal_damaged
    }
}

/// Opens everything but the writer's thread.
pub fn open(path: &Path, config: StoreConfig) -> Result<(Shared, OpenReport), StoreError> {
    let had_db = path.join("db").exists();
    let had_journal = path.join("journal").exists();
    let (home, copied_home) = Home::open(path)?;
    let (mut journal, found) = Journal::open(&home.journal())?;
    let mut report = OpenReport {
        copied_home,
        journal_damaged: found.damaged > 0 || (had_db && !had_journal),
        torn_bytes: found.torn,
        ..OpenReport::default()
    };
    if report.ends_logs() {
        journal.append_break()?;
    }
    // Only now: whatever stops this before, the next start notices the copy as well.
    if copied_home {
        home.mark_instance()?;
    }
    let tally = Tally::open(&home.tally())?;
    let suspect = home.is_suspect() && home.db().exists();
    let mut shared = Shared {
        home,
        config,
        queue: Queue::default(),
        journal: Mutex::new(journal),
        owners: RwLock::new(found.entries.iter().map(|entry| entry.header.account).collect()),
        replica: RwLock::default(),
        index: RwLock::default(),
        tally,
        views: Views::default(),
        keys: KeyCache::default(),
        metrics: Metrics::default(),
    };
    let filled = if suspect {
        Err(StoreError::damaged("the last run found rows that are missing or wrong"))
    } else {
        fill(&mut shared, &found, &mut report)
    };
    match filled {
        Err(error) if is_damage(&error) => {
            *shared.replica.get_mut() = Replica::default();
            *shared.index.get_mut() = Index::default();
            let aside = shared.home.set_aside(now())?;
            tracing::error!(%error, aside = %aside.display(), "the database is damaged; it was set aside");
            shared.home.clear_suspicion()?;
            report = OpenReport { set_aside: Some(aside), recovered: 0, unrecovered: 0, ..report };
            fill(&mut shared, &found, &mut report)?;
        }
        filled => filled?,
    }
    Ok((shared, report))
}

/// Reads the database, does what a crash left undone, and adds what only the journal has.
fn fill(shared: &mut Shared, found: &Found, report: &mut OpenReport) -> Result<(), StoreError> {
    let dir = shared.home.db();
    let db = Database::open(&dir, shared.config.cache_bytes)?;
    restrict(&dir)?;
    let (name, applied) = (db.name()?, db.applied());
    let loaded = guarded("read", || {
        shared.views.start(&db)?;
        log::load(db, &shared.keys)
    })?;
    report.bad_rows = loaded.bad_rows;
    *shared.replica.get_mut() = loaded.replica;
    *shared.index.get_mut() = loaded.index;
    // The newest chunks may have been removed since, and a number that a view has gone past is not given again.
    let directory = &mut shared.index.get_mut().directory;
    directory.reserve(shared.views.seen());
    shared.views.opened(directory.next_chunk);
    let lost = {
        let index = shared.index.read();
        let lost = shared.tally.lacks(name, Count { applied, ..writer::count(&index)? });
        let name = name.map_or_else(|| index.db()?.give_name(), Ok)?;
        shared.tally.begin(name, lost);
        lost
    };
    guarded("complete", || {
        settle(shared, &loaded.conflicts)?;
        refill(shared, found, report)
    })?;
    if lost {
        let index = shared.index.read();
        index.db()?.sync()?;
        writer::note(shared, &index);
        let missing = shared.tally.missing();
        tracing::warn!(missing, "the end of the database was damaged and is gone");
        report.lost = Some(missing);
    }
    Ok(())
}

/// Whether an error at open means that the database is beyond reading. A full or unreadable disk does not.
fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Database { source: sled::Error::Io(source), .. } => {
            matches!(source.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData)
        }
        StoreError::Damaged { .. } | StoreError::Database { .. } => true,
        _ => false,
    }
}

/// Does what a crash may have left undone: proofs of forks, cuts, and entries to be taken back.
fn settle(shared: &Shared, conflicts: &[log::Conflict]) -> Result<(), StoreError> {
    let mut review = Review::default();
    {
        let mut replica = shared.replica.write();
        let index = shared.index.read();
        review.proofs = effects::prove(&index, &mut replica, conflicts)?;
        review.accounts.extend(review.proofs.iter().map(|proof| proof.log().account));
        let accounts: Vec<AccountId> = replica.accounts().map(|(id, _)| *id).collect();
        for account in &accounts {
            effects::answer_cuts(&index, &mut replica, account)?;
        }
        for row in index.db()?.scan(&key(prefix::META, &[b"p"])) {
            let (row_key, _) = row?;
            let ids = row_key.get(2..).and_then(|rest| rest.split_first_chunk::<32>());
            if let Some((account, target)) = ids
                && let Ok(target) = target.try_into()
            {
                review.targets.push((AccountId(*account), EntryId(target)));
            }
        }
    }
    writer::follow_up(shared, &review, now())
}

/// Milliseconds since 1970, by this machine's clock.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64)
}

/// Puts what the journal has and the database lacks into the database.
fn refill(shared: &Shared, found: &Found, report: &mut OpenReport) -> Result<(), StoreError> {
    let cache = shared.keys.clone();
    let (identities, entries): (Vec<&Entry>, Vec<&Entry>) =
        found.entries.iter().partition(|entry| entry.header.kind == Kind::IDENTITY);
    let identities: Vec<_> = verify_all(identities.into_iter().cloned().collect(), &cache)
        .into_iter()
        .filter_map(|entry| log::identity(entry.ok()?, &cache).map(Arc::new))
        .collect();
    let now_ms = now();
    let batch = Batch { now_ms, own: true, identities, ..Batch::default() };
    writer::commit(shared, &[batch])?;
    let mut missing = Vec::new();
    {
        let index = shared.index.read();
        let mut seen = HashSet::new();
        for entry in entries {
            if seen.insert(entry.id) && !index.holds(&entry.id)? {
                missing.push(entry.clone());
            }
        }
    }
    while !missing.is_empty() {
        let mut bytes = 0;
        let count = missing.iter().take_while(|entry| {
            bytes += entry.logical_size();
            bytes <= REFILL
        });
        let rest = missing.split_off(count.count().max(1));
        let entries = verify_all(std::mem::replace(&mut missing, rest), &cache);
        let entries: Vec<_> = entries.into_iter().filter_map(Result::ok).collect();
        let batch = Batch { now_ms, own: true, entries: entries.into(), ..Batch::default() };
        for outcome in writer::commit(shared, &[batch])? {
            report.recovered += outcome.added;
            report.unrecovered += outcome.refused;
        }
    }
    Ok(())
}

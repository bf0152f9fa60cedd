//! The store: the only door to sled.
//!
//! | who | owns |
//! |---|---|
//! | `home` | the directory: its lock, format, instance marker, and the swap of databases |
//! | `journal` | the owner's own entries, synced before they are acknowledged |
//! | `writer` | the one thread that changes the database; group commit |
//! | `commit`, `plan`, `effects` | from verified batches to one transaction, and what follows from it |
//! | `log` | chunk rows, the chunk directory and the id table |
//! | `views` | what is derived from the log, each with a watermark |
//! | `tally` | how far the database had come, noted beside it, so that a loss shows |
//! | `timeline`, `class`, `prune`, `purge`, `check`, `export` | what their names say |
//!
//! **Life.** [`Store::open`] takes the home's lock, finishes a compaction that was cut off, reads everything but the
//! posts, sets a damaged database aside, and completes the database from the journal. [`Store::close`], or
//! dropping the last handle, ends the writer.
//!
//! **Guarantees.** Only verified things come in. A commit is answered when it is on disk, and survives kill and
//! power cut as a whole. An own entry is safe once [`Store::append_own`] has returned. What is held is the same
//! whatever the order of arrival. The log is the truth: whether an entry counts is asked of the [`Replica`], of
//! which the only copy is here.
//!
//! **Threads.** All functions block for the disk; asynchronous callers use a blocking thread, or await what
//! [`Store::commit`] gives. A guard from [`Store::replica`] may be held while calling reading functions, not while
//! waiting for a commit.

mod check;
mod class;
mod commit;
mod config;
mod db;
mod effects;
mod error;
mod export;
mod home;
mod journal;
mod log;
mod open;
mod plan;
mod prune;
mod purge;
mod tally;
mod timeline;
mod views;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use majlis_protocol::body::Poll;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::state::{Account, Replica};
use majlis_protocol::{AccountId, Entry, EntryId, KeyCache, Kind, LogKey, Verified};
use parking_lot::{Mutex, RwLockReadGuard};
use tokio::sync::oneshot;

pub use check::{Bad, CheckReport};
pub use commit::{Batch, Committed};
pub use config::StoreConfig;
pub use error::StoreError;
pub use export::{Export, Exported};
pub use journal::OwnTail;
pub use log::read::{Stored, StoredPack};
pub use open::OpenReport;
pub use prune::{Pruned, Weight};
pub use purge::PurgeReport;
pub use timeline::Position;
pub use views::{Changes, Notice, Relation, Response, Subject, fold_tag};
pub use writer::Metrics;

use db::{key, prefix};
use log::Index;
use log::read::Want;
use writer::{Shared, Task};

/// The store. Clones share it; the last one dropped closes it.
#[derive(Clone)]
pub struct Store {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// A setting's name and value.
pub type Setting = (Vec<u8>, Vec<u8>);

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Accounts known.
    pub accounts: usize,
    /// Logs of which something is held.
    pub logs: usize,
    /// Entries held.
    pub entries: usize,
    /// Rows they are in.
    pub chunks: usize,
    /// Bytes of memory that finding them takes.
    pub index_bytes: usize,
    /// Bytes of the database on disk.
    pub db_bytes: u64,
    /// Bytes of the journal on disk.
    pub journal_bytes: u64,
    /// Bytes free on the disk.
    pub free_bytes: u64,
}

impl Store {
    /// Opens the store in `home`, which is made if it does not exist.
    pub fn open(home: &Path, config: StoreConfig) -> Result<(Self, OpenReport), StoreError> {
        let (shared, report) = open::open(home, config)?;
        let shared = Arc::new(shared);
        let writer = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || writer::run(&shared))
                .map_err(|source| StoreError::io("start the writer of", home, source))?
        };
        let handle = Handle { shared, writer: Mutex::new(Some(writer)) };
        Ok((Self { handle: Arc::new(handle) }, report))
    }

    /// Closes a home that nobody has open: from then on only a copy of it can be opened, so that it goes on in one place
    /// alone; or takes that back.
    pub fn set_moved(home: &Path, moved: bool) -> Result<(), StoreError> {
        home::Home::set_moved(home, moved)
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// Stores a batch. What is given resolves when it is on disk. Others' batches are refused with
    /// [`StoreError::Busy`] when too much waits and [`StoreError::DiskNearlyFull`] below the floor.
    pub fn commit(&self, batch: Batch) -> oneshot::Receiver<Result<Committed, StoreError>> {
        let (done, receiver) = oneshot::channel();
        let shared = self.shared();
        if batch.own {
            // On a closed store the sender is dropped with the task, which the receiver reads as closed.
            let _ = shared.queue.push(Task::Commit(batch, done));
        } else if let Err((error, done)) = shared.queue.offer(batch, done, shared.config.queue_bytes) {
            if matches!(error, StoreError::Busy) {
                shared.metrics.busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            // The receiver is in our hand, so this cannot fail.
            let _ = done.send(Err(error));
        }
        receiver
    }

    /// [`commit`](Self::commit), waited for. Not to be called on a thread that runs asynchronous tasks.
    pub fn commit_blocking(&self, batch: Batch) -> Result<Committed, StoreError> {
        self.commit(batch).blocking_recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Acknowledges own entries: they are in the journal and synced when this returns, and are put into the log
    /// at the next start if they do not get there before. Then commit them with [`Batch::own`].
    pub fn append_own(&self, entries: &[Verified<Entry>]) -> Result<(), StoreError> {
        self.shared().journal.lock().append(entries)?;
        self.shared().owners.write().extend(entries.iter().map(|entry| entry.header.account));
        Ok(())
    }

    /// Acknowledges an own identity document, as [`append_own`](Self::append_own) does entries: without it, own
    /// entries could not be put back into a fresh database.
    pub fn append_own_identity(&self, doc: &VerifiedId) -> Result<(), StoreError> {
        self.append_own(std::slice::from_ref(doc.entry()))
    }

    /// The highest entry of the own log of a class that was last written to.
    pub fn own_tail(&self, class: u8) -> Option<OwnTail> {
        self.shared().journal.lock().tail(class)
    }

    /// What is known of keys, shared with whoever verifies: those of stored identities have been checked.
    pub fn keys(&self) -> KeyCache {
        self.shared().keys.clone()
    }

    /// Accounts, logs and runs. The guard may be held while reading from the store on the same thread.
    pub fn replica(&self) -> RwLockReadGuard<'_, Replica> {
        self.shared().replica.read_recursive()
    }

    /// The entry with this id, whether or not it counts.
    pub fn entry(&self, id: &EntryId) -> Result<Option<Stored>, StoreError> {
        self.shared().index.read().entry(id)
    }

    /// Whether all of some linked entries are held, with their payloads. For those that are in a chunk where some
    /// payload is missing the answer is no.
    pub fn holds_linked(&self, linked: &[Entry]) -> Result<bool, StoreError> {
        self.shared().index.read().holds_linked(linked)
    }

    /// The entry that counts at `seq` of a log.
    pub fn entry_at(&self, key: &LogKey, seq: u64) -> Result<Option<Stored>, StoreError> {
        let replica = self.replica();
        self.shared().index.read().entry_at(&replica, key, seq)
    }

    /// The payload of an entry that has been taken back, as long as it can still be restored: for proven devices of
    /// the same account, and for nobody else.
    pub fn taken_back(&self, id: &EntryId) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.shared().index.read().db()?.get(&effects::grace_key(id))?;
        Ok(row.and_then(|row| row.get(8..).map(<[u8]>::to_vec)))
    }

    /// What counts of a log from `hi` down to `lo`, in packs, the newest first: at least one if there is any,
    /// more as long as neither bound is crossed.
    pub fn read_range(
        &self,
        key: &LogKey,
        hi: u64,
        lo: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<Vec<StoredPack>, StoreError> {
        let replica = self.replica();
        self.shared().index.read().read_range(&replica, key, (hi, lo), max_entries, max_bytes, Want::Full)
    }

    /// [`read_range`](Self::read_range) with headers only.
    pub fn header_range(
        &self,
        key: &LogKey,
        hi: u64,
        lo: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<Vec<StoredPack>, StoreError> {
        let replica = self.replica();
        self.shared().index.read().read_range(&replica, key, (hi, lo), max_entries, max_bytes, Want::Headers)
    }

    /// The newest entries of some kinds that count, of `accounts` or of all, before a position: by display time,
    /// then id.
    pub fn timeline(
        &self,
        accounts: Option<&[AccountId]>,
        kinds: &[Kind],
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let replica = self.replica();
        timeline::timeline(&self.shared().index.read(), &replica, accounts, kinds, before, limit)
    }

    /// How many entries of a kind count of an account and are held.
    pub fn count(&self, account: &AccountId, kind: Kind) -> Result<u64, StoreError> {
        let replica = self.replica();
        timeline::count(&self.shared().index.read(), &replica, account, kind)
    }

    /// Everything of a kind in an account's logs of a class that is effective and whose payload is held, in no
    /// order.
    pub fn effective(&self, account: &AccountId, class: u8, kind: Kind) -> Result<Vec<Entry>, StoreError> {
        let replica = self.replica();
        class::effective(&self.shared().index.read(), &replica, account, class, kind)
    }

    /// The profile or hints in force for an account.
    pub fn latest(&self, account: &AccountId, kind: Kind) -> Result<Option<Stored>, StoreError> {
        self.follow_log()?;
        self.latest_so_far(account, kind)
    }

    /// The same as far as the views have come, without waiting for the writer.
    pub fn latest_so_far(&self, account: &AccountId, kind: Kind) -> Result<Option<Stored>, StoreError> {
        let replica = self.replica();
        views::latest(&self.shared().index.read(), &replica, account, kind)
    }

    /// [`latest`](Self::latest) of each of several accounts, in their order.
    pub fn latest_of_each(
        &self,
        accounts: &[AccountId],
        kind: Kind,
    ) -> Result<Vec<Option<Stored>>, StoreError> {
        self.follow_log()?;
        let latest = |account| {
            // The locks are taken anew for each, so that the writer need not wait for all.
            let replica = self.replica();
            views::latest(&self.shared().index.read(), &replica, account, kind)
        };
        accounts.iter().map(latest).collect()
    }

    /// Whom an account publicly follows (true) or has ceased to follow (false), ascending.
    pub fn follows(&self, account: &AccountId) -> Result<Vec<(AccountId, bool)>, StoreError> {
        self.viewed(|index, replica| views::follows(index, replica, account))
    }

    /// The edits of a post that count, the one in force last.
    pub fn edits(&self, account: &AccountId, target: &EntryId) -> Result<Vec<Stored>, StoreError> {
        self.viewed(|index, replica| views::history(index, replica, account, target))
    }

    /// Reactions to a post, those that were ended included: the emoji, and whether it is there.
    pub fn reactions(&self, post: &EntryId) -> Result<Vec<Response<(String, bool)>>, StoreError> {
        self.viewed(|index, replica| views::reactions(index, replica, post))
    }

    /// Reposts of a post, those that were ended included: whether it is shown.
    pub fn reposts(&self, post: &EntryId) -> Result<Vec<Response<bool>>, StoreError> {
        self.viewed(|index, replica| views::reposts(index, replica, post))
    }

    /// Votes in a post's poll that count: the choices.
    pub fn votes(&self, post: &EntryId, poll: &Poll) -> Result<Vec<Response<Vec<u8>>>, StoreError> {
        self.viewed(|index, replica| views::votes(index, replica, post, poll))
    }

    /// Who follows an account publicly.
    pub fn followers(&self, account: &AccountId) -> Result<Vec<Response<bool>>, StoreError> {
        self.viewed(|index, replica| views::followers(index, replica, account))
    }

    /// The entries that point at something so, and count; ascending by (timestamp, id).
    pub fn about(&self, subject: &Subject, relation: Relation) -> Result<Vec<Stored>, StoreError> {
        self.viewed(|index, replica| views::about(index, replica, subject, relation))
    }

    /// What an entry tells an account, if it concerns it and counts.
    pub fn notice(&self, account: &AccountId, entry: &Entry) -> Result<Option<Notice>, StoreError> {
        self.viewed(|index, replica| views::notice(index, replica, account, entry))
    }

    /// What concerns an owner of this home and came after a time: the latest arrival first, at most `limit`, from
    /// before a notice, which is named by its arrival and id.
    pub fn notices(
        &self,
        account: &AccountId,
        after_ms: u64,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        self.viewed(|index, replica| views::notices(index, replica, account, after_ms, before, limit))
    }

    /// The newest of them before a (timestamp, id), descending.
    pub fn newest_about(
        &self,
        subject: &Subject,
        relation: Relation,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.viewed(|index, replica| views::newest_about(index, replica, subject, relation, before, limit))
    }

    /// What has come since a mark, which is 0 at first; for those who follow the log from outside.
    pub fn changes(&self, mark: u64) -> Result<Changes, StoreError> {
        self.viewed(|index, _| views::changes(index, mark))
    }

    /// The name of the database: marks of one mean nothing in another.
    pub fn name(&self) -> Result<String, StoreError> {
        let name = self.shared().index.read().db()?.name()?;
        Ok(data_encoding::HEXLOWER.encode(&name.unwrap_or_default()))
    }

    /// The entry with this id, if it counts and its payload is held.
    pub fn effective_entry(&self, id: &EntryId) -> Result<Option<Stored>, StoreError> {
        let replica = self.replica();
        views::effective(&self.shared().index.read(), &replica, id)
    }

    /// Reads from views that have seen all that was committed before.
    fn viewed<T>(
        &self,
        read: impl FnOnce(&Index, &Replica) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.follow_log()?;
        let replica = self.replica();
        read(&self.shared().index.read(), &replica)
    }

    /// Waits until the views have seen all that was committed before this call.
    fn follow_log(&self) -> Result<(), StoreError> {
        let current = {
            let index = self.shared().index.read();
            self.shared().views.are_current(&index)
        };
        if current { Ok(()) } else { self.ask(Task::Views) }
    }

    fn ask<T>(
        &self,
        task: impl FnOnce(mpsc::SyncSender<Result<T, StoreError>>) -> Task,
    ) -> Result<T, StoreError> {
        let (done, answer) = mpsc::sync_channel(1);
        self.shared().queue.push(task(done))?;
        answer.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// A setting of an upper floor.
    pub fn setting(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let index = self.shared().index.read();
        Ok(index.db()?.get(&key(prefix::SETTING, &[name]))?.map(|value| value.to_vec()))
    }

    /// Writes or removes a setting; it is on disk when this returns.
    pub fn set_setting(&self, name: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        self.set_settings(vec![(name.to_vec(), value.map(<[u8]>::to_vec))])
    }

    /// Writes or removes several settings as one.
    pub fn set_settings(&self, rows: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), StoreError> {
        self.ask(|done| Task::Settings(rows, done))
    }

    /// All settings whose names begin so, ascending by name.
    pub fn settings(&self, from: &[u8]) -> Result<Vec<Setting>, StoreError> {
        let index = self.shared().index.read();
        let rows = index.db()?.scan(&key(prefix::SETTING, &[from]));
        rows.map(|row| row.map(|(name, value)| (name.get(1..).unwrap_or_default().to_vec(), value.to_vec())))
            .collect()
    }

    /// Erases the payloads that were taken back and whose grace has passed, and those of `forced` at once; then
    /// copies the database and the journal so that no byte of them is left in any file.
    pub fn purge(&self, now_ms: u64, forced: &[EntryId]) -> Result<PurgeReport, StoreError> {
        self.ask(|done| Task::Purge(now_ms, forced.to_vec(), done))
    }

    /// Everything of an account that could be pruned, in no order: posts, edits and reposts that are held.
    pub fn weigh(&self, account: &AccountId, each: impl FnMut(Weight)) -> Result<(), StoreError> {
        prune::weigh(&self.shared().index.read(), account, each)
    }

    /// Bytes of all entries of an account, headers and the payloads that are held; its identity documents aside.
    pub fn size_of(&self, account: &AccountId) -> Result<u64, StoreError> {
        let logs: Vec<LogKey> = {
            let replica = self.replica();
            let logs = replica.account(account).into_iter().flat_map(Account::logs);
            logs.map(|(device, log_id, _)| LogKey { account: *account, device, log_id }).collect()
        };
        prune::size_of(&self.shared().index.read(), &logs)
    }

    /// Removes what an account said before a time, but not what is to be kept: a step of the work, which is done when
    /// nothing is left to go on `from`, 0 at first. The owner's own is never removed. The disk is freed by the next
    /// [`purge`](Self::purge).
    pub fn prune(
        &self,
        account: &AccountId,
        before_ms: u64,
        keep: &Arc<HashSet<EntryId>>,
        from: u64,
    ) -> Result<Pruned, StoreError> {
        self.ask(|done| Task::Prune { account: *account, before_ms, keep: Arc::clone(keep), from, done })
    }

    /// Reads every row again and verifies it. If anything is wrong the next start sets the database aside and
    /// rebuilds it. Says as well what was lost earlier and is not back; once it has said so, that is known.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let shared = self.shared();
        let mut report = writer::watched(shared, check::check(&shared.index))?;
        report.missing = shared.tally.missing();
        shared.tally.expect_nothing();
        if !report.bad.is_empty() {
            shared.home.suspect()?;
        }
        Ok(report)
    }

    /// Everything that counts of `accounts`: of each its identity, its proofs, and its packs from the oldest on,
    /// leaving out packs whose posts are all from before `since_ms`.
    pub fn export(&self, accounts: &[AccountId], since_ms: u64) -> Result<Export, StoreError> {
        Export::new(&self.handle.shared, accounts, since_ms)
    }

    /// Removes everything of an account; returns how many entries went.
    pub fn forget_account(&self, account: &AccountId) -> Result<usize, StoreError> {
        self.ask(|done| Task::Forget(*account, done))
    }

    /// How much there is.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let accounts = self.replica().accounts().count();
        let index = self.shared().index.read();
        Ok(Stats {
            accounts,
            logs: index.directory.logs().count(),
            entries: index.ids.len(),
            chunks: index.directory.len(),
            index_bytes: index.ids.memory() + index.directory.memory(),
            db_bytes: index.db()?.size(),
            journal_bytes: self.shared().journal.lock().size(),
            free_bytes: self.free_bytes()?,
        })
    }

    /// Bytes free on the disk.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        self.shared().home.free()
    }

    /// Counters since the store was opened.
    pub fn metrics(&self) -> &Metrics {
        &self.shared().metrics
    }

    /// Does what waits, makes it last, and ends. Later calls say that the store is closed.
    pub fn close(&self) {
        self.handle.close();
    }
}

impl Handle {
    fn close(&self) {
        self.shared.queue.close();
        if let Some(writer) = self.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer has failed; posts of one's own are safe in the journal");
        }
        self.shared.index.write().replace_db(None);
        self.shared.home.release();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

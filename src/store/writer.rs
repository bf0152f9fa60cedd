//! The writer: the one thread that changes the database.
//!
//! It takes what is queued, the owner's own first, commits it as one transaction, syncs once, brings index and
//! replica up to date, and only then answers. While nothing is queued it lets the views follow.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use hashbrown::HashSet;
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, EntryId, KeyCache};
use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::oneshot;

use super::commit::{self, Batch, Committed, Staged};
use super::config::StoreConfig;
use super::db::{self, guarded, prefix};
use super::effects::{self, Review};
use super::error::StoreError;
use super::home::Home;
use super::journal::Journal;
use super::log::{Conflict, Index};
use super::plan::Plan;
use super::prune::{self, Pruned};
use super::purge::{self, PurgeReport};
use super::tally::{Count, Tally};
use super::views::Views;

/// Bytes of entries that one commit gathers from the queue.
const GATHER: usize = 4 * 1024 * 1024;

/// What the store's handle and its writer share. Locks are taken in the order of the fields.
pub struct Shared {
    /// The home directory and its lock.
    pub home: Home,
    /// Settings.
    pub config: StoreConfig,
    /// What is waiting for the writer.
    pub queue: Queue,
    /// The owner's entries.
    pub journal: Mutex<Journal>,
    /// Accounts that the journal has entries of: no limit refuses theirs.
    pub owners: RwLock<HashSet<AccountId>>,
    /// Accounts, logs, runs.
    pub replica: RwLock<Replica>,
    /// What finds entries.
    pub index: RwLock<Index>,
    /// How far the database has come.
    pub tally: Tally,
    /// How far the views have come.
    pub views: Views,
    /// What is known of keys: those of stored identities have been checked.
    pub keys: KeyCache,
    /// What has happened so far.
    pub metrics: Metrics,
}

/// Counters since the store was opened.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Transactions.
    pub commits: AtomicU64,
    /// Entries stored.
    pub entries: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    /// Entries that were held already.
    pub duplicates: AtomicU64,
    /// Entries refused: devices not listed, limits.
    pub refused: AtomicU64,
    /// Batches refused because too much was waiting.
    pub busy: AtomicU64,
    /// Batches refused because the disk was nearly full.
    pub disk_full: AtomicU64,
}

type Reply<T> = mpsc::SyncSender<Result<T, StoreError>>;

/// Something for the writer to do.
pub enum Task {
    /// Store a batch.
    Commit(Batch, oneshot::Sender<Result<Committed, StoreError>>),
    /// Write or remove settings.
    Settings(Vec<(Vec<u8>, Option<Vec<u8>>)>, Reply<()>),
    /// Let the views catch up.
    Views(Reply<()>),
    /// Erase and compact: the time, and payloads to be erased before their time.
    Purge(u64, Vec<EntryId>, Reply<PurgeReport>),
    /// Remove everything of an account.
    Forget(AccountId, Reply<usize>),
    /// Remove what an account said before a time: a step.
    Prune {
        account: AccountId,
        before_ms: u64,
        keep: Arc<std::collections::HashSet<EntryId>>,
        from: u64,
        done: Reply<Pruned>,
    },
}

/// What waits for the writer. Bounded for others' batches; the owner's own are few and in the journal already.
#[derive(Default)]
pub struct Queue {
    state: Mutex<Waiting>,
    ready: Condvar,
}

#[derive(Default)]
struct Waiting {
    own: VecDeque<Task>,
    others: VecDeque<(Batch, oneshot::Sender<Result<Committed, StoreError>>)>,
    /// Bytes in `others`.
    bytes: usize,
    closed: bool,
}

impl Queue {
    /// Queues a batch of others' entries unless too much waits already.
    pub fn offer(
        &self,
        batch: Batch,
        done: oneshot::Sender<Result<Committed, StoreError>>,
        room: usize,
    ) -> Result<(), (StoreError, oneshot::Sender<Result<Committed, StoreError>>)> {
        let size = batch.size();
        let mut state = self.state.lock();
        if state.closed {
            return Err((StoreError::Closed, done));
        }
        if state.bytes > 0 && state.bytes + size > room {
            return Err((StoreError::Busy, done));
        }
        state.bytes += size;
        state.others.push_back((batch, done));
        self.ready.notify_one();
        Ok(())
    }

    /// Queues something that goes before others' entries.
    pub fn push(&self, task: Task) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        state.own.push_back(task);
        self.ready.notify_one();
        Ok(())
    }

    /// Takes nothing more in; the writer ends once it has done what waits.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.ready.notify_all();
    }

    /// Takes nothing more in and answers all that waits with an error.
    fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        // Dropping a task drops its reply's sender, which the one who waits reads as closed.
        state.own.clear();
        state.others.clear();
    }

    /// The next work; waits for some unless `idle` is something to do meanwhile.
    fn next(&self, may_wait: bool) -> Next {
        let mut state = self.state.lock();
        loop {
            let mut commits = Vec::new();
            let mut bytes = 0;
            while bytes < GATHER {
                match state.own.pop_front() {
                    Some(Task::Commit(batch, done)) => {
                        bytes += batch.size();
                        commits.push((batch, done));
                    }
                    Some(task) if commits.is_empty() => return Next::Task(task),
                    Some(task) => {
                        state.own.push_front(task);
                        return Next::Commits(commits);
                    }
                    None => break,
                }
            }
            while bytes < GATHER
                && let Some((batch, done)) = state.others.pop_front()
            {
                let size = batch.size();
                state.bytes -= size;
                bytes += size;
                commits.push((batch, done));
            }
            if !commits.is_empty() {
                return Next::Commits(commits);
            }
            if state.closed {
                return Next::Closed;
            }
            if !may_wait {
                return Next::Idle;
            }
            self.ready.wait(&mut state);
        }
    }
}

enum Next {
    Commits(Vec<(Batch, oneshot::Sender<Result<Committed, StoreError>>)>),
    Task(Task),
    Idle,
    Closed,
}

/// Passes a result on; a damaged row makes the next start set the database aside.
pub fn watched<T>(shared: &Shared, result: Result<T, StoreError>) -> Result<T, StoreError> {
    if let Err(StoreError::Damaged { .. }) = &result
        && let Err(error) = shared.home.suspect()
    {
        tracing::warn!(%error, "cannot note that the database is damaged");
    }
    result
}

/// The writer's life.
pub fn run(shared: &Shared) {
    let mut behind = true;
    loop {
        match shared.queue.next(!behind) {
            Next::Commits(commits) => {
                answer_commits(shared, commits);
                behind = true;
            }
            Next::Task(task) => {
                do_task(shared, task);
                behind = true;
            }
            Next::Idle => {
                behind = match guarded("follow the log", || shared.views.step(shared)) {
                    Ok(more) => more,
                    Err(error) => {
                        tracing::warn!(%error, "the views cannot follow the log");
                        false
                    }
                };
            }
            Next::Closed => break,
        }
    }
    if let Ok(db) = shared.index.read().db()
        && let Err(error) = db.sync()
    {
        tracing::warn!(%error, "the last sync failed; posts of one's own are safe in the journal");
        return;
    }
    note(shared, &shared.index.read());
    shared.tally.sync();
}

/// How far the database has come.
pub fn count(index: &Index) -> Result<Count, StoreError> {
    let applied = index.db()?.applied();
    Ok(Count { applied, entries: index.ids.len() as u64, chunks: index.directory.len() as u64 })
}

/// Notes how far the database has come. To be called after a sync, by the writer.
pub fn note(shared: &Shared, index: &Index) {
    // Without a database there is nothing to be said of it.
    if let Ok(count) = count(index) {
        shared.tally.note(count);
    }
}

fn do_task(shared: &Shared, task: Task) {
    // Whoever asked may have gone; nobody is left to be told then.
    match task {
        Task::Commit(batch, done) => answer_commits(shared, vec![(batch, done)]),
        Task::Settings(rows, done) => {
            let _ = done.send(guarded("write settings", || settings(shared, rows)));
        }
        Task::Views(done) => {
            let _ = done.send(guarded("follow the log", || {
                while shared.views.step(shared)? {}
                Ok(())
            }));
        }
        Task::Purge(now, forced, done) => {
            let _ = done.send(watched(shared, guarded("purge", || purge::purge(shared, now, &forced))));
        }
        Task::Prune { account, before_ms, keep, from, done } => {
            let prune = || prune::prune(shared, &account, before_ms, &keep, from);
            let _ = done.send(watched(shared, guarded("prune an account", prune)));
        }
        Task::Forget(account, done) => {
            let _ =
                done.send(watched(shared, guarded("forget an account", || purge::forget(shared, &account))));
        }
    }
}

fn settings(shared: &Shared, rows: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), StoreError> {
    let index = shared.index.read();
    let mut plan = Plan::new(&index);
    for (name, value) in rows {
        let key = db::key(prefix::SETTING, &[&name]);
        match value {
            Some(value) => plan.put(key, value),
            None => plan.delete(key),
        }
    }
    let db = index.db()?;
    db.apply(plan.batch())?;
    db.sync()?;
    note(shared, &index);
    Ok(())
}

fn answer_commits(shared: &Shared, commits: Vec<(Batch, oneshot::Sender<Result<Committed, StoreError>>)>) {
    let full = disk_full(shared);
    let (mut batches, mut replies) = (Vec::new(), Vec::new());
    for (batch, done) in commits {
        match &full {
            Some(error) if !batch.own => {
                shared.metrics.disk_full.fetch_add(1, Ordering::Relaxed);
                let _ = done.send(Err(error.clone()));
            }
            _ => {
                batches.push(batch);
                replies.push(done);
            }
        }
    }
    if batches.is_empty() {
        return;
    }
    match watched(shared, guarded("commit", || commit(shared, &batches))) {
        Ok(outcomes) => {
            for (done, outcome) in replies.into_iter().zip(outcomes) {
                let _ = done.send(Ok(outcome));
            }
        }
        Err(error) => {
            tracing::error!(%error, "a commit failed");
            for done in replies {
                let _ = done.send(Err(error.clone()));
            }
            // After sled has failed to write, what it holds in memory is no longer what is on disk.
            if !matches!(error, StoreError::Damaged { .. }) {
                shared.queue.abandon();
            }
        }
    }
}

fn disk_full(shared: &Shared) -> Option<StoreError> {
    let floor = shared.config.min_free;
    match shared.home.free() {
        Ok(free) if free < floor => Some(StoreError::DiskNearlyFull { free, floor }),
        Ok(_) => None,
        Err(error) => Some(error),
    }
}

/// Writes a plan and brings the index to it. `with` changes the replica under the same locks.
pub fn execute<T>(
    shared: &Shared,
    plan: Plan,
    with: impl FnOnce(&mut Replica, &Index) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let is_new = !plan.is_empty();
    if is_new {
        plan.fade(&mut shared.index.write());
        let index = shared.index.read();
        let db = index.db()?;
        db.apply(plan.batch())?;
        db.sync()?;
        shared.metrics.commits.fetch_add(1, Ordering::Relaxed);
    }
    let mut replica = shared.replica.write();
    let mut index = shared.index.write();
    plan.settle(&mut index);
    if is_new {
        note(shared, &index);
    }
    with(&mut replica, &index)
}

/// Commits batches as one; returns what became of each.
pub fn commit(shared: &Shared, batches: &[Batch]) -> Result<Vec<Committed>, StoreError> {
    let staged = {
        let owners = shared.owners.read();
        let replica = shared.replica.read();
        let index = shared.index.read();
        commit::stage(&index, &replica, &owners, batches)?
    };
    let Staged { plan, runs, identities, proofs, targets, mut outcomes } = staged;
    let mut review = Review { targets, ..Review::default() };
    let mut found = Vec::new();
    execute(shared, plan, |replica, index| {
        let erased = |replica: &Replica, account: &AccountId| {
            replica.account(account).is_some_and(|account| effects::erased(account).is_some())
        };
        for doc in identities {
            let account = doc.account();
            let before = erased(replica, &account);
            replica.insert_identity(doc);
            if before || erased(replica, &account) {
                review.sweeps.insert(account);
            }
            review.accounts.insert(account);
        }
        for proof in proofs {
            review.accounts.insert(proof.log().account);
            replica.insert_proof(proof);
        }
        let mut conflicts = Vec::new();
        for (key, run, batch) in &runs {
            if let Some(overlap) = replica.insert_run(key, *run) {
                conflicts.push((*batch, Conflict { key: *key, seq: overlap.seq }));
            }
        }
        for (batch, conflict) in conflicts {
            for proof in effects::prove(index, replica, &[conflict])? {
                review.accounts.insert(proof.log().account);
                review.proofs.push(Arc::clone(&proof));
                found.push((batch, proof));
            }
        }
        let mut touched: HashSet<AccountId> = review.accounts.clone();
        touched.extend(runs.iter().map(|(key, _, _)| key.account));
        for account in &touched {
            effects::answer_cuts(index, replica, account)?;
            index.forget_heads(account);
        }
        review.add_limited(replica, runs.iter().map(|(key, _, _)| *key));
        Ok(())
    })?;
    for (batch, proof) in found {
        if let Some(outcome) = outcomes.get_mut(batch) {
            outcome.new_proofs.push(proof);
        }
    }
    let now = batches.iter().map(|batch| batch.now_ms).max().unwrap_or(0);
    follow_up(shared, &review, now)?;
    for outcome in &outcomes {
        shared.metrics.entries.fetch_add(outcome.added as u64, Ordering::Relaxed);
        shared.metrics.bytes.fetch_add(outcome.bytes, Ordering::Relaxed);
        shared.metrics.duplicates.fetch_add(outcome.duplicates as u64, Ordering::Relaxed);
        shared.metrics.refused.fetch_add(outcome.refused as u64, Ordering::Relaxed);
    }
    Ok(outcomes)
}

/// Writes what follows from changed facts.
pub fn follow_up(shared: &Shared, review: &Review, now_ms: u64) -> Result<(), StoreError> {
    let purge_after = now_ms.saturating_add(shared.config.erase_after_ms);
    let plan = {
        let replica = shared.replica.read();
        let index = shared.index.read();
        review.plan(&index, &replica, purge_after)?
    };
    if plan.is_empty() {
        return Ok(());
    }
    execute(shared, plan, |_, _| Ok(()))
}

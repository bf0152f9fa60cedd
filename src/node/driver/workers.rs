//! Threads for what costs time: checking signatures, and reading and coding what peers want.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use majlis_protocol::Entry;
use majlis_protocol::keys::KeyCache;
use majlis_protocol::limits::{MAX_PACK_ENTRIES, PACK_BYTES};
use majlis_protocol::sync::chunk::{Address, Builder, Groups, verify_frames};
use majlis_protocol::sync::{Frame, Input, SessionId, Wish};
use tokio::sync::mpsc;

use super::Finished;
use crate::node::Failure;
use crate::store::Store;

/// Jobs that wait for a worker.
pub(super) const QUEUE: usize = 128;
/// No further frame joins a batch that has this many signatures: larger batches cost less each. Counted in
/// signatures, since a live post is a frame of its own and a frame of history holds 64.
const BATCH: usize = 1_024;

pub(super) enum Job {
    Check(u64, Groups<Entry>),
    Serve(SessionId, Vec<Wish>),
}

pub(super) struct Workers {
    checks: SyncSender<(u64, Groups<Entry>)>,
    serves: SyncSender<(SessionId, Vec<Wish>)>,
}

impl Workers {
    pub fn start(store: Store, finished: mpsc::Sender<Finished>) -> Result<Self, Failure> {
        let (checks, check_queue) = sync_channel(QUEUE);
        let (serves, serve_queue) = sync_channel(QUEUE);
        let no_thread = |error: std::io::Error| {
            Failure::new(format!("cannot start a thread: {error}"), "Close other programs and try again.")
        };
        let (results, keys) = (finished.clone(), store.keys());
        std::thread::Builder::new()
            .name("verify".into())
            .spawn(move || verify(&check_queue, &keys, &results))
            .map_err(no_thread)?;
        std::thread::Builder::new()
            .name("serve".into())
            .spawn(move || serve(&store, &serve_queue, &finished))
            .map_err(no_thread)?;
        Ok(Self { checks, serves })
    }

    /// Gives a job to its thread, or gives it back if that thread's queue is full.
    pub fn give(&self, job: Job) -> Result<(), Job> {
        match job {
            Job::Check(ticket, groups) => match self.checks.try_send((ticket, groups)) {
                Err(TrySendError::Full((ticket, groups))) => Err(Job::Check(ticket, groups)),
                // A thread that is gone is a node that is stopping.
                Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            },
            Job::Serve(id, wishes) => match self.serves.try_send((id, wishes)) {
                Err(TrySendError::Full((id, wishes))) => Err(Job::Serve(id, wishes)),
                Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            },
        }
    }
}

fn verify(jobs: &Receiver<(u64, Groups<Entry>)>, keys: &KeyCache, finished: &mpsc::Sender<Finished>) {
    while let Ok(first) = jobs.recv() {
        let mut signatures = count(&first.1);
        let mut batch = vec![first];
        while signatures < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            signatures += count(&next.1);
            batch.push(next);
        }
        let (tickets, frames): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        for (ticket, result) in tickets.into_iter().zip(verify_frames(frames, keys)) {
            if finished.blocking_send(Finished::Job(Input::Checked(ticket, result))).is_err() {
                return;
            }
        }
    }
}

fn count(groups: &Groups<Entry>) -> usize {
    groups.iter().map(|(_, _, entries)| entries.len()).sum()
}

fn serve(store: &Store, jobs: &Receiver<(SessionId, Vec<Wish>)>, finished: &mpsc::Sender<Finished>) {
    while let Ok((id, wishes)) = jobs.recv() {
        let (frames, missing) = read(store, &wishes);
        if finished.blocking_send(Finished::Job(Input::Served(id, frames, missing))).is_err() {
            return;
        }
    }
}

/// Reads what is wanted: one pack a want, the newest that is held of its range.
fn read(store: &Store, wishes: &[Wish]) -> (Vec<(Frame, u64)>, Vec<u64>) {
    let mut builder = Builder::default();
    let mut frames = Vec::new();
    let mut missing = Vec::new();
    for wish in wishes {
        let packs = if wish.headers {
            store.header_range(&wish.log, wish.hi, wish.lo, MAX_PACK_ENTRIES, PACK_BYTES)
        } else {
            store.read_range(&wish.log, wish.hi, wish.lo, MAX_PACK_ENTRIES, PACK_BYTES)
        };
        let packs = packs.unwrap_or_else(|error| {
            tracing::warn!(%error, "what a peer wanted could not be read");
            Vec::new()
        });
        let Some(newest) = packs.into_iter().next() else {
            missing.push(wish.wid);
            continue;
        };
        if builder.overflows(newest.soft.len() + newest.hard.len()) {
            frames.extend(builder.finish());
        }
        builder.add_coded(&Address::Wanted(wish.wid), &newest.soft, &newest.hard);
    }
    frames.extend(builder.finish());
    (frames, missing)
}

//! Export: everything that counts of some accounts, in an order in which another store can take it in.

use std::collections::VecDeque;
use std::sync::Arc;

use majlis_protocol::identity::VerifiedId;
use majlis_protocol::state::{Proof, Replica};
use majlis_protocol::{AccountId, LogKey};
use parking_lot::RwLock;

use super::error::StoreError;
use super::log::Index;
use super::log::read::{StoredPack, Want};

/// One piece of an export.
#[derive(Clone, Debug)]
pub enum Exported {
    /// An identity document; before all else of its account.
    Identity(Arc<VerifiedId>),
    /// A fork proof.
    Proof(Arc<Proof>),
    /// Entries of a log, ascending from pack to pack.
    Pack(LogKey, StoredPack),
}

enum Step {
    Ready(Exported),
    Read(LogKey, u64, u64),
}

/// Lists what there is; packs are read as the iterator is pulled.
pub struct Export {
    steps: VecDeque<Step>,
    shared: Arc<super::writer::Shared>,
}

impl Export {
    /// Of these accounts, entries shown as written at `since_ms` or later, to whole packs.
    pub(super) fn new(
        shared: &Arc<super::writer::Shared>,
        accounts: &[AccountId],
        since_ms: u64,
    ) -> Result<Self, StoreError> {
        let replica = shared.replica.read_recursive();
        let index = shared.index.read();
        let mut steps = Vec::new();
        for id in accounts {
            list(&index, &replica, id, since_ms, &mut steps)?;
        }
        Ok(Self { steps: steps.into(), shared: Arc::clone(shared) })
    }
}

fn list(
    index: &Index,
    replica: &Replica,
    id: &AccountId,
    since_ms: u64,
    steps: &mut Vec<Step>,
) -> Result<(), StoreError> {
    let Some(account) = replica.account(id) else { return Ok(()) };
    steps.extend(account.register().docs().map(|doc| Step::Ready(Exported::Identity(Arc::clone(doc)))));
    for (device, log_id, known) in account.logs() {
        steps.extend(known.proof().map(|proof| Step::Ready(Exported::Proof(Arc::clone(proof)))));
        let key = LogKey { account: *id, device, log_id };
        let Some(log) = index.directory.log_of(&key) else { continue };
        for run in known.admissible(account.limit(device, log_id)) {
            let from = steps.len();
            let mut hi = run.top;
            let mut chunk = index.in_run(log, run, hi)?;
            while let Some(meta) = chunk.and_then(|chunk| index.directory.chunk(chunk)) {
                if meta.max_display >= since_ms {
                    steps.push(Step::Read(key, hi, meta.low.max(run.low)));
                }
                if meta.low <= run.low {
                    break;
                }
                hi = meta.low - 1;
                chunk = index.below(log, meta)?;
            }
            steps[from..].reverse();
        }
    }
    Ok(())
}

/// The packs of a stretch, read under the locks of the moment.
fn read(
    replica: &RwLock<Replica>,
    index: &RwLock<Index>,
    key: &LogKey,
    range: (u64, u64),
) -> Result<Vec<StoredPack>, StoreError> {
    let replica = replica.read_recursive();
    index.read().read_range(&replica, key, range, usize::MAX, usize::MAX, Want::Full)
}

impl Iterator for Export {
    type Item = Result<Exported, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.steps.pop_front()? {
                Step::Ready(piece) => return Some(Ok(piece)),
                Step::Read(key, hi, lo) => {
                    match read(&self.shared.replica, &self.shared.index, &key, (hi, lo)) {
                        // Newest first as read, so the oldest ends in front. A row that was split since it was
                        // listed gives several, one that no longer counts gives none.
                        Ok(packs) => {
                            for pack in packs {
                                self.steps.push_front(Step::Ready(Exported::Pack(key, pack)));
                            }
                        }
                        Err(error) => return Some(Err(error)),
                    }
                }
            }
        }
    }
}

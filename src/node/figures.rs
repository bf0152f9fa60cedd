//! What is counted, in one list: for `majlis status --json`, and for whoever watches the node at `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Failure, Node};
use crate::blobs::Owner;

/// A number that a running node can tell of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is called: `pins_refused`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Whether it only grows as long as the node runs.
    pub grows: bool,
    /// As of now.
    pub value: u64,
}

fn now(name: &'static str, help: &'static str, value: u64) -> Figure {
    Figure { name, help, grows: false, value }
}

fn so_far(name: &'static str, help: &'static str, value: u64) -> Figure {
    Figure { name, help, grows: true, value }
}

impl Node {
    /// All figures of a node that runs; of one that does not, none. Blocks on the disk.
    pub fn figures(self: &Arc<Self>) -> Result<Vec<Figure>, Failure> {
        let Some(network) = self.network.lock().clone().filter(|_| self.is_running()) else {
            return Ok(Vec::new());
        };
        let mut all = self.figures_of_files()?;
        all.extend(self.pins.figures());
        all.extend(self.figures_of_store());
        all.extend(network.read().into_iter().map(|(name, help, value)| so_far(name, help, value)));
        Ok(all)
    }

    fn figures_of_files(&self) -> Result<Vec<Figure>, Failure> {
        let (mut own, mut others) = ((0, 0), (0, 0));
        for (_, held) in self.blobs()?.all() {
            let sum = if held.owner == Owner::Me { &mut own } else { &mut others };
            *sum = (sum.0 + 1, sum.1 + held.size);
        }
        let mut all = vec![
            now("files_own", "Files of the owner's posts", own.0),
            now("files_own_bytes", "Their bytes", own.1),
            now("files_others", "Files of others' posts", others.0),
            now("files_others_bytes", "Their bytes", others.1),
        ];
        if let Some(bucket) = self.bucket_view() {
            all.extend([
                now(
                    "bucket_away",
                    "Whether the bucket was asked in vain last",
                    u64::from(bucket.trouble.is_some()),
                ),
                now("bucket_files", "Files in the bucket", bucket.files),
                now("bucket_bytes", "Their bytes", bucket.bytes),
                now(
                    "bucket_local_bytes",
                    "Bytes of these files that are on this disk as well",
                    bucket.local_bytes,
                ),
                now("bucket_waiting", "Files on this disk alone", bucket.waiting_files),
                now("bucket_waiting_bytes", "Their bytes", bucket.waiting_bytes),
                now("bucket_to_remove", "Files that wait to be removed there", bucket.to_remove),
                so_far("bucket_stored", "Files put there", bucket.stored),
                so_far("bucket_removed", "Files removed there", bucket.removed),
                so_far("bucket_read_bytes", "Bytes read there for pieces", bucket.read_bytes),
                so_far("bucket_failed", "What was asked of it in vain", bucket.failed),
            ]);
        }
        Ok(all)
    }

    fn figures_of_store(&self) -> Vec<Figure> {
        let store = self.store.metrics();
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        vec![
            so_far("store_commits", "Transactions", read(&store.commits)),
            so_far("store_entries", "Entries stored", read(&store.entries)),
            so_far("store_entry_bytes", "Their bytes", read(&store.bytes)),
            so_far("store_duplicates", "Entries that were held already", read(&store.duplicates)),
            so_far("store_refused", "Entries refused: devices not listed, limits", read(&store.refused)),
            so_far("store_busy", "Batches refused because too much was waiting", read(&store.busy)),
            so_far(
                "store_disk_full",
                "Batches refused because the disk was nearly full",
                read(&store.disk_full),
            ),
        ]
    }
}

impl super::pins::Pins {
    fn figures(&self) -> Vec<Figure> {
        let (counts, room) = (self.asked_so_far(), self.room());
        vec![
            now("pins", "Accounts held for others", room.accounts),
            now("pins_full", "Accounts of which no more is taken", room.full),
            now("pins_bytes", "Bytes that accounts held for others take, with their files", room.bytes),
            now("pins_file_bytes", "Bytes of these that are files", room.file_bytes),
            now("pins_quota_bytes", "Bytes that all of them together may take", room.quota),
            now("pins_asked", "Accounts held because they have asked", room.asked),
            now("pins_asked_max", "So many may be", room.asked_max),
            now(
                "pins_unnamed",
                "Accounts that are too many to be found here by their key alone",
                room.unnamed,
            ),
            so_far("pins_held", "Times that an account was taken, or its time made longer", counts.held),
            so_far("pins_refused", "Times that one was refused", counts.refused),
            so_far("pins_bad_tokens", "Times that a token did not hold", counts.bad_tokens),
            so_far("pins_expired", "Accounts let go because their time was over", counts.expired),
            so_far(
                "pins_dropped",
                "Entries not taken of accounts that had used up their room",
                counts.dropped,
            ),
        ]
    }
}

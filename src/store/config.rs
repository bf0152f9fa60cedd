//! What can be set about storage. The daemon's configuration file holds these fields under `[store]`.

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Memory for pages of the database, in bytes. More makes reading old posts faster.
    pub cache_bytes: u64,
    /// Free space on the disk, in bytes, below which others' posts are no longer taken. One's own always are.
    pub min_free: u64,
    /// How long the bytes of a deleted post are kept so that a stolen device's deletions can be taken back, in
    /// milliseconds. 0 erases them at the next purge.
    pub erase_after_ms: u64,
    /// Bytes of others' entries that may wait for the disk before further ones are refused as busy.
    pub queue_bytes: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            cache_bytes: 16 * 1024 * 1024,
            min_free: 200_000_000,
            erase_after_ms: 24 * 60 * 60 * 1000,
            queue_bytes: 16 * 1024 * 1024,
        }
    }
}

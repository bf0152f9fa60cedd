//! Where an entry is: a table from the first eight bytes of its id to its chunk. Twelve bytes an entry; a hit is
//! confirmed in the chunk's row, so that ids which share their first bytes do no harm.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use hashbrown::HashTable;

#[derive(Clone, Copy)]
struct Slot {
    prefix: [u8; 8],
    chunk: u32,
}

/// The table. Ids are hashes already; they are only mixed with a number of this process's own, so that nobody
/// can grind ids into one bucket.
pub struct IdTable {
    slots: HashTable<Slot>,
    secret: u64,
}

impl Default for IdTable {
    fn default() -> Self {
        Self { slots: HashTable::new(), secret: RandomState::new().build_hasher().finish() }
    }
}

fn mix(secret: u64, prefix: [u8; 8]) -> u64 {
    let product = u128::from(u64::from_le_bytes(prefix) ^ secret) * u128::from(secret | 1);
    (product as u64) ^ ((product >> 64) as u64)
}

impl IdTable {
    /// How many entries are held.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Makes room.
    pub fn reserve(&mut self, more: usize) {
        let secret = self.secret;
        self.slots.reserve(more, |slot| mix(secret, slot.prefix));
    }

    /// Adds an entry.
    pub fn insert(&mut self, prefix: [u8; 8], chunk: u32) {
        let secret = self.secret;
        self.slots
            .insert_unique(mix(secret, prefix), Slot { prefix, chunk }, |slot| mix(secret, slot.prefix));
    }

    /// Takes an entry of a chunk away.
    pub fn remove(&mut self, prefix: [u8; 8], chunk: u32) {
        let found = self
            .slots
            .find_entry(mix(self.secret, prefix), |slot| slot.prefix == prefix && slot.chunk == chunk);
        if let Ok(found) = found {
            found.remove();
        }
    }

    /// Chunks that may hold an entry whose id begins so; nearly always none or one.
    pub fn find(&self, prefix: [u8; 8]) -> impl Iterator<Item = u32> {
        self.slots
            .iter_hash(mix(self.secret, prefix))
            .filter(move |slot| slot.prefix == prefix)
            .map(|slot| slot.chunk)
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.slots.allocation_size()
    }
}

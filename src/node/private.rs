//! What the owner keeps to themself: registers that the account's own devices share, each item sealed to them in
//! the log of class 1 (spec chapter 9). They are opened into memory; nothing of them is written down in clear.

use std::sync::Arc;

use majlis_protocol::body::Body;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::sealed::{ItemError, Place, PrivateItem, Registers, recipients};
use majlis_protocol::{Kind, LogId};
use parking_lot::RwLock;
use zeroize::Zeroizing;

use super::filters::FILTER;
use super::keys::{Keys, random};
use super::watch::News;
use super::{Failure, Node, blocking, now_ms};

/// The registers, and whose turn it is to change them.
pub(super) struct Private {
    registers: RwLock<Registers>,
    /// Held from the choice of a timestamp until the store has the entry, so that of two changes the later is the
    /// higher, and what is read from the store meanwhile lacks nothing.
    turn: tokio::sync::Mutex<()>,
}

impl Private {
    pub(super) fn new(keys: &Keys) -> Self {
        Self { registers: RwLock::new(Registers::new(keys.exchange())), turn: tokio::sync::Mutex::default() }
    }
}

impl From<ItemError> for Failure {
    fn from(error: ItemError) -> Self {
        Self::new(
            format!("this cannot be sealed for your devices: {error}"),
            "Make it shorter, or end a device that is no longer used.",
        )
    }
}

impl Node {
    /// Reads the registers from the store. Blocks on the disk.
    pub(super) fn read_private(&self) -> Result<(), Failure> {
        let account = self.keys.account;
        let entries = self.store.effective(&account, LogId::OWN_DEVICES, Kind::SEALED)?;
        let readers = {
            let replica = self.store.replica();
            let current = replica.account(&account).and_then(|known| known.register().current());
            current.map(|document: &Arc<VerifiedId>| recipients(document.doc())).unwrap_or_default()
        };
        self.private.registers.write().read(&entries, readers);
        Ok(())
    }

    /// The value of a register, if it is set.
    pub(super) fn private(&self, collection: &str, key: &[u8]) -> Option<Vec<u8>> {
        self.private.registers.read().get(collection, key).map(<[u8]>::to_vec)
    }

    /// When a register was last set or removed.
    pub(super) fn private_changed_at(&self, collection: &str, key: &[u8]) -> Option<u64> {
        self.private.registers.read().changed_at(collection, key)
    }

    /// Keys and values of the registers of a collection that are set, ascending by key.
    pub(super) fn private_items(&self, collection: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let registers = self.private.registers.read();
        registers.collection(collection).map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    /// All registers that are set, with the timestamps at which they were.
    pub(super) fn every_private_item(&self) -> Vec<(PrivateItem, u64)> {
        self.private.registers.read().items().collect()
    }

    /// Sets registers as of the given times: what was set later on another device stays.
    pub(super) async fn put_private_items(
        self: &Arc<Self>,
        items: Vec<(PrivateItem, u64)>,
    ) -> Result<(), Failure> {
        let _turn = self.private.turn.lock().await;
        // For whom they are to be sealed may have come just now.
        let node = Arc::clone(self);
        blocking(move || node.read_private()).await?;
        self.write_private(items).await
    }

    /// Sets a register, or removes it where the item has no value. It is in the journal when this returns.
    pub(super) async fn set_private(self: &Arc<Self>, item: PrivateItem) -> Result<(), Failure> {
        let _turn = self.private.turn.lock().await;
        let time = self.private.registers.read().time_for(&item, now_ms());
        self.write_private(vec![(item, time)]).await
    }

    /// Takes in what other devices have written, and repeats what a device that was listed since cannot read.
    pub async fn refresh_private(self: &Arc<Self>) -> Result<(), Failure> {
        let _turn = self.private.turn.lock().await;
        let node = Arc::clone(self);
        let filters = self.private_items(FILTER);
        blocking(move || node.read_private()).await?;
        if self.private_items(FILTER) != filters {
            self.crier.call(News::Filters);
        }
        let missed = self.private.registers.read().to_repeat();
        if missed.is_empty() || self.may_sign().is_err() {
            return Ok(());
        }
        tracing::debug!(count = missed.len(), "private items are sealed anew for all devices");
        self.write_private(missed).await
    }

    /// Seals, journals and commits items. Whoever calls this has the turn.
    async fn write_private(self: &Arc<Self>, items: Vec<(PrivateItem, u64)>) -> Result<(), Failure> {
        self.may_sign()?;
        let node = Arc::clone(self);
        let is_of_filters = items.iter().any(|(item, _)| item.collection == FILTER);
        let bodies = blocking(move || node.seal(&items)).await?;
        let entries = self.publish(LogId::OWN_DEVICES, bodies).await?;
        {
            let mut registers = self.private.registers.write();
            for entry in &*entries {
                registers.add(entry);
            }
        }
        if is_of_filters {
            self.crier.call(News::Filters);
        }
        Ok(())
    }

    fn seal(&self, items: &[(PrivateItem, u64)]) -> Result<Vec<(Body, u64)>, Failure> {
        let place =
            Place { account: self.keys.account, device: self.keys.device_id(), class: LogId::OWN_DEVICES };
        let registers = self.private.registers.read();
        let seal = |(item, time): &(PrivateItem, u64)| {
            let sealed = registers.seal(&place, item, &Zeroizing::new(random()?))?;
            Ok((Body::Sealed(sealed), *time))
        };
        items.iter().map(seal).collect()
    }
}

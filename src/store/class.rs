//! Everything of one kind in an account's logs of one class, as far as it counts.

use majlis_protocol::pack::{self, Reader};
use majlis_protocol::state::{Replica, Standing};
use majlis_protocol::{AccountId, Entry, Kind, LogKey};

use super::error::StoreError;
use super::log::Index;
use super::log::read::{StoredPack, Want};

/// Entries that are effective and whose payload is held, in no order.
pub fn effective(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
    class: u8,
    kind: Kind,
) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    let Some(known) = replica.account(account) else { return Ok(found) };
    for (device, log_id, log) in known.logs().filter(|(_, log_id, _)| log_id.class() == class) {
        let counts = |run| known.standing(device, log_id, run, kind) == Standing::Effective;
        if !log.runs().iter().any(counts) {
            continue;
        }
        let key = LogKey { account: *account, device, log_id };
        let whole = (u64::MAX, 1);
        for pack in index.read_range(replica, &key, whole, usize::MAX, usize::MAX, Want::Full)? {
            let entries = decode(key, &pack)?.into_iter();
            found.extend(entries.filter(|entry| entry.header.kind == kind && entry.body().is_some()));
        }
    }
    Ok(found)
}

fn decode(key: LogKey, pack: &StoredPack) -> Result<Vec<Entry>, StoreError> {
    let (mut soft, mut hard) = (Reader::new(pack.soft.clone()), Reader::new(pack.hard.clone()));
    pack::read(key, &mut soft, &mut hard).map_err(|error| StoreError::damaged(error.to_string()))
}

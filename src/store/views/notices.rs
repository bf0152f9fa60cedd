//! Notices: what others have said and done that concerns an owner of this home, with when it arrived here: what a
//! friend wrote offline is news on the day it comes. A row's key is the account, timestamp and id; its value when
//! it came, in milliseconds since 1970.

use hashbrown::HashSet;
use majlis_protocol::body::Body;
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId};

use super::{View, effective, view_key};
use crate::store::error::StoreError;
use crate::store::log::Index;
use crate::store::log::read::Stored;
use crate::store::timeline::Position;

const NUMBER: u8 = 3;

/// The view.
pub struct Notices;

impl View for Notices {
    fn number(&self) -> u8 {
        NUMBER
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::POST, Kind::EDIT, Kind::REACTION, Kind::REPOST, Kind::FOLLOW]
    }

    fn rows(&self, entry: &Entry) -> Vec<Vec<u8>> {
        let header = &entry.header;
        let Some(Ok(Some(body))) = entry.body().map(|body| Body::decode(header.kind, body)) else {
            return Vec::new();
        };
        if header.log_id.class() != LogId::PUBLIC {
            return Vec::new();
        }
        // That something has ended concerns nobody.
        let is_on = match &body {
            Body::Reaction(reaction) => reaction.on,
            Body::Repost(repost) => repost.on,
            Body::Follow(follow) => follow.on,
            _ => true,
        };
        let concerned = body.addressed().into_iter().filter(|account| is_on && *account != header.account);
        concerned
            .map(|account| [account.0.as_slice(), &header.timestamp.to_be_bytes(), &entry.id.0].concat())
            .collect()
    }

    fn is_stamped(&self) -> bool {
        true
    }

    fn admits(&self, owners: &HashSet<AccountId>, row: &[u8]) -> bool {
        row.first_chunk::<32>().is_some_and(|account| owners.contains(&AccountId(*account)))
    }
}

/// Something that concerns an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When it came here, in milliseconds since 1970.
    pub arrived_ms: u64,
    /// The entry.
    pub stored: Stored,
}

/// What an entry tells an account, if it concerns it and counts.
pub fn notice(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
    entry: &Entry,
) -> Result<Option<Notice>, StoreError> {
    let place = [account.0.as_slice(), &entry.header.timestamp.to_be_bytes(), &entry.id.0].concat();
    let arrived = index.db()?.get(&view_key(NUMBER, &place))?;
    let Some(arrived_ms) = arrived.and_then(|row| row.as_ref().try_into().ok()).map(u64::from_be_bytes)
    else {
        return Ok(None);
    };
    Ok(effective(index, replica, &entry.id)?.map(|stored| Notice { arrived_ms, stored }))
}

/// What concerns an account, came after a time and before another notice, and counts: the latest arrival first, at most
/// `limit`.
pub fn notices(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
    after_ms: u64,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Notice>, StoreError> {
    let from = view_key(NUMBER, &account.0);
    let mut rows = Vec::new();
    for row in index.db()?.scan(&from) {
        let (row_key, value) = row?;
        let id = row_key.split_last_chunk::<32>().map(|(_, id)| EntryId(*id));
        let arrived = value.as_ref().try_into().ok().map(u64::from_be_bytes);
        if let (Some(id), Some(arrived)) = (id, arrived)
            && arrived > after_ms
            && before.is_none_or(|before| (arrived, id) < before)
        {
            rows.push((arrived, id));
        }
    }
    rows.sort_unstable_by(|one, other| other.cmp(one));
    let mut found = Vec::new();
    for (arrived_ms, id) in rows {
        if found.len() == limit {
            break;
        }
        if let Some(stored) = effective(index, replica, &id)? {
            found.push(Notice { arrived_ms, stored });
        }
    }
    Ok(found)
}

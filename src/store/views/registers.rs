//! Registers: what of several entries is in force, being the one with the highest (timestamp, id). Every
//! candidate has a row, because the highest may cease to count.
//!
//! Keys, each followed by timestamp and id: 0, account, kind (profile, hints); 1, account, followed account;
//! 2, account, edited post.

use majlis_protocol::body::{Body, Follow};
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, Entry, EntryId, Kind};

use super::{View, effective, view_key};
use crate::store::error::StoreError;
use crate::store::log::Index;
use crate::store::log::read::Stored;

const NUMBER: u8 = 1;
const LATEST: u8 = 0;
const FOLLOW: u8 = 1;
const EDIT: u8 = 2;

/// The view.
pub struct Registers;

impl View for Registers {
    fn number(&self) -> u8 {
        NUMBER
    }

    fn version(&self) -> u32 {
        2
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::PROFILE, Kind::HINTS, Kind::FOLLOW, Kind::EDIT]
    }

    fn rows(&self, entry: &Entry) -> Vec<Vec<u8>> {
        let header = &entry.header;
        let Some(Ok(Some(body))) = entry.body().map(|body| Body::decode(header.kind, body)) else {
            return Vec::new();
        };
        let (register, of): (u8, &[u8]) = match &body {
            Body::Profile(_) | Body::Hints(_) => (LATEST, &[header.kind.0]),
            Body::Follow(follow) => (FOLLOW, &follow.account.0),
            Body::Edit(edit) => (EDIT, &edit.target.0),
            _ => return Vec::new(),
        };
        let account = &header.account.0;
        vec![[&[register], account.as_slice(), of, &header.timestamp.to_be_bytes(), &entry.id.0].concat()]
    }
}

/// The ids that the rows with this prefix end in, lowest (timestamp, id) first; with them what stands between
/// the prefix and the timestamp.
fn candidates(index: &Index, parts: &[&[u8]]) -> Result<Vec<(Vec<u8>, EntryId)>, StoreError> {
    let from = view_key(NUMBER, &parts.concat());
    let mut found = Vec::new();
    for row in index.db()?.scan(&from) {
        let (row_key, _) = row?;
        if let Some((rest, id)) = row_key.get(from.len()..).and_then(|rest| rest.split_last_chunk::<32>()) {
            found.push((rest.get(..rest.len().saturating_sub(8)).unwrap_or_default().to_vec(), EntryId(*id)));
        }
    }
    Ok(found)
}

/// The entry of `kind` (profile or hints) in force for an account.
pub fn latest(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
    kind: Kind,
) -> Result<Option<Stored>, StoreError> {
    for (_, id) in candidates(index, &[&[LATEST], &account.0, &[kind.0]])?.iter().rev() {
        if let Some(stored) = effective(index, replica, id)? {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Whom an account says it follows, and whom it says it no longer does; ascending by account.
pub fn follows(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
) -> Result<Vec<(AccountId, bool)>, StoreError> {
    let mut found: Vec<(AccountId, bool)> = Vec::new();
    // From the highest down: of each followed account the first that counts decides.
    for (followed, id) in candidates(index, &[&[FOLLOW], &account.0])?.iter().rev() {
        let Some(followed) = followed.as_slice().try_into().ok().map(AccountId) else { continue };
        if found.last().is_some_and(|(last, _)| *last == followed) {
            continue;
        }
        let Some(stored) = effective(index, replica, id)? else { continue };
        if let Some(Ok(Some(Body::Follow(Follow { on, .. })))) =
            stored.entry.body().map(|body| Body::decode(Kind::FOLLOW, body))
        {
            found.push((followed, on));
        }
    }
    found.reverse();
    Ok(found)
}

/// The edits of a post by its author that count, the one in force last.
pub fn history(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
    target: &EntryId,
) -> Result<Vec<Stored>, StoreError> {
    let mut edits = Vec::new();
    for (_, id) in candidates(index, &[&[EDIT], &account.0, &target.0])? {
        edits.extend(effective(index, replica, &id)?);
    }
    Ok(edits)
}

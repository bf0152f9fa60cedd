//! Names under which the nodes that hold an account are found by those who know nothing but the account.

use crate::context;
use crate::ids::AccountId;

/// Milliseconds of a day.
pub const DAY_MS: u64 = 86_400_000;

/// The key of an account's holders in a distributed hash table on one day, counted from 1970 in UTC. Whoever keeps a
/// part of the table cannot tell the account from it, nor that it is the same on another day, unless they know the
/// account and look for it.
pub fn provider_key(account: &AccountId, day: u64) -> [u8; 32] {
    context::hash(context::PROVIDER, &[&day.to_be_bytes(), &account.0])
}

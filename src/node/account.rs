//! An account with all that stands beside it: how much there is of it, and how the owner stands to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis_protocol::state::Visibility;
use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, Kind};
use parking_lot::Mutex;

use super::api::{AccountCard, Muted, RelationView};
use super::follows::parse_account;
use super::view::rfc3339;
use super::{Failure, Node, blocking};

/// Accounts whose posts are counted.
const MAX_COUNTED: usize = 16_384;
/// Who has more posts than this is not counted anew for each entry, but after a while.
const MANY: u64 = 10_000;
const WHILE: Duration = Duration::from_mins(10);

/// A count of posts.
struct Count {
    /// The entries that were there then.
    entries: u64,
    posts: u64,
    since: Instant,
}

/// How many posts accounts have, as they were counted.
#[derive(Default)]
pub(super) struct Counted(Mutex<HashMap<AccountId, Count>>);

impl Node {
    /// How many posts are held of an account that has so many entries.
    fn count_posts(&self, account: &AccountId, entries: u64) -> Result<u64, Failure> {
        if let Some(known) = self.counted.0.lock().get(account)
            && (known.entries == entries || (known.posts > MANY && known.since.elapsed() < WHILE))
        {
            return Ok(known.posts);
        }
        let posts = self.store.count(account, Kind::POST)?;
        let mut counted = self.counted.0.lock();
        if counted.len() >= MAX_COUNTED {
            counted.clear();
        }
        counted.insert(*account, Count { entries, posts, since: Instant::now() });
        Ok(posts)
    }

    /// Accounts as each is shown alone.
    pub(super) fn account_cards(&self, accounts: &[AccountId]) -> Result<Vec<AccountCard>, Failure> {
        // Looked through once for all of them.
        let mutes = self.mutes().into_iter();
        let muted = mutes
            .filter_map(|mute| match mute.muted {
                Muted::Account(account) => Some(account),
                _ => None,
            })
            .collect();
        accounts.iter().map(|account| self.account_card(account, &muted)).collect()
    }

    fn account_card(&self, account: &AccountId, muted: &HashSet<String>) -> Result<AccountCard, Failure> {
        let (entries, created) = {
            let replica = self.store.replica();
            let known = replica.account(account);
            let rows = known.into_iter().flat_map(|known| known.rows(Visibility::Public));
            let entries = rows
                .flat_map(|row| row.runs.iter().map(|run| run.top - run.low + 1).collect::<Vec<_>>())
                .sum();
            let current = known.and_then(|known| known.register().current());
            (entries, current.map_or(0, |document| document.entry().header.timestamp))
        };
        let latest = self.store.timeline(Some(&[*account]), &[Kind::POST], None, 1)?;
        let follows = self.store.follows(account)?;
        Ok(AccountCard {
            profile: self.profile_view(account)?,
            posts: self.count_posts(account, entries)?,
            followers: self.store.followers(account)?.iter().filter(|follower| follower.value).count() as u64,
            following: follows.iter().filter(|(_, on)| *on).count() as u64,
            created_at: rfc3339(created),
            last_post_at: latest.first().map(|stored| rfc3339(stored.display_ms)),
            relation: self.relation(account, &follows, muted),
        })
    }

    /// What accounts are shown as: the owner's own names for them, or those of their profiles, empty where none is
    /// known; in order.
    pub async fn shown_names(self: &Arc<Self>, accounts: Vec<String>) -> Result<Vec<String>, Failure> {
        let node = Arc::clone(self);
        blocking(move || {
            let name = |account: &String| {
                let account = parse_account(account)?;
                Ok(match node.petname(&account) {
                    Some(petname) => petname,
                    None => node.profile_of(&account)?.name,
                })
            };
            accounts.iter().map(name).collect()
        })
        .await
    }

    /// How the owner stands to an account.
    fn relation(
        &self,
        account: &AccountId,
        follows: &[(AccountId, bool)],
        muted: &HashSet<String>,
    ) -> RelationView {
        let me = self.keys.account;
        let reason = self.follow_reason(account);
        RelationView {
            own: *account == me,
            following: matches!(reason, Some(Reason::Public | Reason::Private)),
            private: reason == Some(Reason::Private),
            followed_by: follows.contains(&(me, true)),
            blocking: self.is_blocked(account),
            muting: muted.contains(&account.to_string()),
            endorsed: self.is_endorsed(account),
        }
    }
}

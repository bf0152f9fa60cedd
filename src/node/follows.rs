//! Whom the owner follows, and from it what the node holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use majlis_protocol::body::{Body, Follow};
use majlis_protocol::sealed::PrivateItem;
use majlis_protocol::state::Visibility;
use majlis_protocol::sync::Reason;
use majlis_protocol::text::Invite;
use majlis_protocol::{AccountId, Kind, LogId};

use super::api::{FollowView, HeadView};
use super::view::rfc3339;
use super::{Failure, Local, Node};
use crate::store::{Relation, Subject};

/// The collection of private follows, by account.
const COLLECTION: &str = "follow";
/// The value of a private follow: a map of which no key is defined yet.
const FOLLOWED: &[u8] = &[0xa0];

fn private_follow(account: &AccountId, on: bool) -> PrivateItem {
    let value = on.then(|| FOLLOWED.to_vec());
    PrivateItem { collection: COLLECTION.to_owned(), key: account.0.to_vec(), value }
}

/// A key in any of its text forms.
pub(super) fn parse_account(text: &str) -> Result<AccountId, Failure> {
    text.parse().map_err(|error: majlis_protocol::text::TextError| {
        Failure::usage(
            error.to_string(),
            "A key looks like did:key:z6Mk…; `majlis following` lists those known.",
        )
    })
}

impl Node {
    /// Follows a key or an invite. A public follow is an entry in the public log; a private one is an item that
    /// only the owner's devices can read. Of the two one is set, and the new one before the old one goes.
    pub(super) async fn follow(self: &Arc<Self>, target: &str, private: bool) -> Result<FollowView, Failure> {
        let invite: Invite = target.parse().map_err(|error: majlis_protocol::text::TextError| {
            Failure::usage(
                error.to_string(),
                "Ask for the link that `majlis id` prints, or for the account's key.",
            )
        })?;
        let account = invite.account();
        if account == self.keys.account {
            return Err(Failure::usage("this is your own account", "Follow someone else's key or invite."));
        }
        if self.is_blocked(&account) {
            return Err(Failure::new("this account is blocked", "End that first: `majlis block KEY --off`."));
        }
        if private {
            self.set_private_follow(&account, true).await?;
            self.set_public_follow(&account, false).await?;
        } else {
            self.set_public_follow(&account, true).await?;
            self.set_private_follow(&account, false).await?;
        }
        for address in invite.peers() {
            let (peer, addresses) = self.peers.invite_address(address, &account)?;
            self.tell(Local::Befriend { peer, addresses }).await;
        }
        self.refresh_interests()?;
        self.tell(Local::Interests).await;
        self.follow_view(&account, private)
    }

    /// Stops following; what was held of the account is forgotten, unless it is held for others, and it is on no list
    /// any more.
    pub(super) async fn unfollow(self: &Arc<Self>, account: &AccountId) -> Result<(), Failure> {
        if !self.follows(account)? {
            return Err(Failure::new(
                "this account is not followed",
                "`majlis following` lists those who are.",
            ));
        }
        self.take_off_lists(account).await?;
        self.set_private_follow(account, false).await?;
        self.set_public_follow(account, false).await?;
        self.refresh_interests()?;
        self.tell(Local::Interests).await;
        if self.peers.reason(account).is_some() {
            // It is held for others.
            return Ok(());
        }
        let (node, account) = (Arc::clone(self), *account);
        super::blocking(move || node.forget_account(&account)).await?;
        Ok(())
    }

    /// Whether an account is followed, for all to see or not.
    pub(super) fn follows(&self, account: &AccountId) -> Result<bool, Failure> {
        Ok(self.follows_privately(account) || self.follows_publicly(account)?)
    }

    fn follows_publicly(&self, account: &AccountId) -> Result<bool, Failure> {
        Ok(self.store.follows(&self.keys.account)?.contains(&(*account, true)))
    }

    pub(super) fn follows_privately(&self, account: &AccountId) -> bool {
        self.private(COLLECTION, &account.0).is_some()
    }

    /// Writes a public follow or its end, where that changes anything.
    async fn set_public_follow(self: &Arc<Self>, account: &AccountId, on: bool) -> Result<(), Failure> {
        if self.follows_publicly(account)? != on {
            let known = self.store.about(&Subject::Account(*account), Relation::Follow)?;
            let own = known.iter().filter(|stored| stored.entry.header.account == self.keys.account);
            let before = own.map(|stored| stored.entry.header.timestamp).max().unwrap_or(0);
            let follow = Body::Follow(Follow { account: *account, on });
            self.publish(LogId::PUBLIC, vec![(follow, self.register_time(before))]).await?;
        }
        Ok(())
    }

    /// Writes a private follow or its end, where that changes anything.
    async fn set_private_follow(self: &Arc<Self>, account: &AccountId, on: bool) -> Result<(), Failure> {
        if self.follows_privately(account) != on {
            self.set_private(private_follow(account, on)).await?;
        }
        Ok(())
    }

    /// Works out what the node holds: the own account, public follows from the log, private ones from the
    /// registers.
    pub(super) fn refresh_interests(&self) -> Result<(), Failure> {
        // One at a time, so that the last to be done has seen everything.
        let _turn = self.refreshing.lock();
        // What is put in later goes before.
        let mut wanted = BTreeMap::new();
        let follows = self.store.follows(&self.keys.account)?;
        wanted
            .extend(follows.into_iter().filter(|(_, on)| *on).map(|(account, _)| (account, Reason::Public)));
        let private = self.private_items(COLLECTION).into_iter();
        let private = private.filter_map(|(key, _)| key.try_into().ok()).map(AccountId);
        wanted.extend(private.map(|account| (account, Reason::Private)));
        for account in self.pins.accounts() {
            // Who is followed in private and held for others is held for others, which is no secret.
            let reason = wanted.entry(account).or_insert(Reason::Pinned);
            if *reason == Reason::Private {
                *reason = Reason::Pinned;
            }
        }
        wanted.insert(self.keys.account, Reason::Own);
        self.peers.set_interests(&wanted.into_iter().collect::<Vec<_>>());
        self.part();
        self.peers.flush(&self.store)
    }

    /// Keeps no connections any more to the nodes of those who are followed no longer or are blocked.
    pub(super) fn part(&self) {
        let followed = self.at_heart().into_iter().map(|(account, _)| account).collect();
        self.peers.part(&followed, &self.blocked().into_iter().collect());
    }

    /// Whether a peer is known to be of an account that is blocked: nothing is dialled to reach it.
    pub(super) fn is_barred(&self, peer: &str) -> bool {
        self.peers.account_of(peer).is_some_and(|account| self.is_blocked(&account))
    }

    /// The same for one account that is held for others, or no longer: what that takes does not grow with how many are.
    pub(super) fn refresh_interest(&self, account: &AccountId) -> Result<(), Failure> {
        let _turn = self.refreshing.lock();
        let held = self.pins.holds(account);
        let reason = match self.follow_reason(account) {
            Some(Reason::Private) if held => Some(Reason::Pinned),
            None => held.then_some(Reason::Pinned),
            followed => followed,
        };
        self.peers.set_interest(account, reason);
        self.peers.flush(&self.store)
    }

    /// Why the owner wants an account here for themself: it is theirs or followed. That it is held for others does not
    /// count.
    pub(super) fn follow_reason(&self, account: &AccountId) -> Option<Reason> {
        match self.peers.reason(account) {
            Some(Reason::Own) => Some(Reason::Own),
            Some(Reason::Public) => Some(Reason::Public),
            _ => self.follows_privately(account).then_some(Reason::Private),
        }
    }

    /// The accounts that the owner wants here for themself, and why.
    pub(super) fn at_heart(&self) -> Vec<(AccountId, Reason)> {
        let interests = self.peers.interests();
        let all = interests.iter().map(|(account, _)| *account);
        all.filter_map(|account| Some((account, self.follow_reason(&account)?))).collect()
    }

    /// Whom the owner follows.
    pub(super) fn following(&self) -> Result<Vec<FollowView>, Failure> {
        let followed = self.at_heart().into_iter().filter(|(_, reason)| *reason != Reason::Own);
        followed.map(|(account, reason)| self.follow_view(&account, reason == Reason::Private)).collect()
    }

    fn follow_view(&self, account: &AccountId, private: bool) -> Result<FollowView, Failure> {
        let head = {
            let replica = self.store.replica();
            let rows = replica.account(account).into_iter().flat_map(|known| known.rows(Visibility::Public));
            rows.filter_map(|row| {
                let top = row.runs.first()?.top;
                let log_id = format!("{:016x}", row.key.log_id.0);
                Some(HeadView { device: row.key.device.to_string(), log_id, seq: top })
            })
            .collect()
        };
        Ok(FollowView {
            account: account.to_string(),
            name: self.profile_of(account)?.name,
            posts: self.store.count(account, Kind::POST)?,
            head,
            last_synced: self.peers.last_synced(account).map(rfc3339),
            private,
        })
    }
}

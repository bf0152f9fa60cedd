//! Whom the owner follows, and from it what the node holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::body::{Body, Follow};
use majlis_protocol::state::Visibility;
use majlis_protocol::sync::Reason;
use majlis_protocol::text::Invite;
use majlis_protocol::{AccountId, Kind};

use super::api::{FollowView, HeadView};
use super::view::rfc3339;
use super::{Failure, Local, Node};

const PRIVATE: &[u8] = b"private-follow/";

fn private_key(account: &AccountId) -> Vec<u8> {
    [PRIVATE, &account.0].concat()
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
    /// Follows a key or an invite. A public follow is an entry in the own log; a private one stays here.
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
        let was_public = self.follows_publicly(&account)?;
        if private {
            self.store.set_setting(&private_key(&account), Some(b"1"))?;
        }
        if was_public == private {
            self.publish(vec![(
                Body::Follow(Follow { account, on: !private }),
                self.register_time(Kind::FOLLOW)?,
            )])
            .await?;
        }
        if !private {
            self.store.set_setting(&private_key(&account), None)?;
        }
        for address in invite.peers() {
            let (peer, addresses) = self.peers.name_address(address)?;
            self.tell(Local::Befriend { peer, addresses }).await;
        }
        self.refresh_interests()?;
        self.tell(Local::Interests).await;
        self.follow_view(&account, private)
    }

    /// Stops following; what was held of the account is forgotten.
    pub(super) async fn unfollow(self: &Arc<Self>, account: &AccountId) -> Result<(), Failure> {
        let public = self.follows_publicly(account)?;
        let private = self.store.setting(&private_key(account))?.is_some();
        if !public && !private {
            return Err(Failure::new(
                "this account is not followed",
                "`majlis following` lists those who are.",
            ));
        }
        self.store.set_setting(&private_key(account), None)?;
        if public {
            let follow = Follow { account: *account, on: false };
            self.publish(vec![(Body::Follow(follow), self.register_time(Kind::FOLLOW)?)]).await?;
        }
        self.refresh_interests()?;
        self.tell(Local::Interests).await;
        let (store, account) = (self.store.clone(), *account);
        super::blocking(move || Ok(store.forget_account(&account)?)).await?;
        Ok(())
    }

    fn follows_publicly(&self, account: &AccountId) -> Result<bool, Failure> {
        Ok(self.store.follows(&self.keys.account)?.contains(&(*account, true)))
    }

    /// Works out what the node holds: the own account, public follows from the log, private ones from here.
    pub(super) fn refresh_interests(&self) -> Result<(), Failure> {
        let mut wanted = vec![(self.keys.account, Reason::Own)];
        for (key, _) in self.store.settings(PRIVATE)? {
            if let Ok(account) = <[u8; 32]>::try_from(&key[PRIVATE.len()..]) {
                wanted.push((AccountId(account), Reason::Private));
            }
        }
        let follows = self.store.follows(&self.keys.account)?;
        let private: BTreeSet<_> = wanted.iter().map(|(account, _)| *account).collect();
        let public = follows.into_iter().filter(|(account, on)| *on && !private.contains(account));
        wanted.extend(public.map(|(account, _)| (account, Reason::Public)));
        self.peers.set_interests(&wanted);
        self.peers.flush(&self.store)
    }

    /// Whom the owner follows.
    pub(super) fn following(&self) -> Result<Vec<FollowView>, Failure> {
        let interests = self.peers.interests();
        interests
            .iter()
            .filter(|(_, interest)| matches!(interest.reason, Reason::Public | Reason::Private))
            .map(|(account, interest)| self.follow_view(account, interest.reason == Reason::Private))
            .collect()
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
            posts: self.store.timeline(Some(&[*account]), None, usize::MAX)?.len() as u64,
            head,
            last_synced: self.peers.last_synced(account).map(rfc3339),
            private,
        })
    }
}

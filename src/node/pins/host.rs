//! Accounts whose owners ask that they be held here.

use std::sync::Arc;

use majlis_protocol::sync::{PinAnswer, PinAsk, PinVerdict, Reason};
use majlis_protocol::{AccountId, Entry, Verified};

use super::policy::Case;
use crate::net::Multiaddr;
use crate::node::api::PinCounts;
use crate::node::hints::own_places;
use crate::node::{Failure, Local, Node, blocking, now_ms};

impl Node {
    /// Where this node says that it is found, as it would sign it into its owner's log.
    pub(in crate::node) fn places(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let me = self.keys.peer_id()?;
        let listen = self.peers.addresses().listen;
        let own = listen.iter().filter_map(|address| address.parse::<Multiaddr>().ok());
        Ok(own_places(own, &me, self.pins.hints))
    }

    /// Decides about what a peer asks that has proved to be of this account.
    pub(in crate::node) async fn answer_pin(self: &Arc<Self>, account: AccountId, ask: PinAsk) -> PinAnswer {
        let answer = match ask {
            PinAsk::Hold(token) => self.host(account, token.to_vec()).await,
            PinAsk::Release => self.unhost(account, false).await.map(|_| PinAnswer::no(PinVerdict::Released)),
        };
        answer.unwrap_or_else(|error| {
            tracing::warn!(%error, %account, "it could not be decided whether an account is held");
            PinAnswer::no(PinVerdict::Later)
        })
    }

    async fn host(self: &Arc<Self>, account: AccountId, token: Vec<u8>) -> Result<PinAnswer, Failure> {
        if account == self.keys.account {
            // One's own devices hold the account anyway, for as long as they are.
            let addresses = self.places()?.into_iter().map(Into::into).collect();
            return Ok(PinAnswer {
                seconds: self.pins.lease / 1_000,
                addresses,
                ..PinAnswer::no(PinVerdict::Held)
            });
        }
        let node = Arc::clone(self);
        let (verdict, is_new) = blocking(move || {
            let known = Case {
                blocked: node.is_blocked(&account),
                followed: node.peers.reason(&account) == Some(Reason::Public),
                ..Case::default()
            };
            let decided = node.pins.decide(&account, &token, known, now_ms());
            if decided.is_new {
                node.recount(&account)?;
                node.hold_or_not(&account)?;
            }
            // Also what could not be written when it was decided before: nobody is told that is not on the disk.
            node.pins.flush(&node.store)?;
            Ok((decided.verdict, decided.is_new))
        })
        .await?;
        if is_new {
            tracing::info!(%account, "an account is held because its owner has asked");
            self.tell(Local::Interests).await;
        }
        if verdict != PinVerdict::Held {
            return Ok(PinAnswer::no(verdict));
        }
        let standing = self.pins.standing(&account, self.places()?, now_ms());
        Ok(standing.unwrap_or_else(|| PinAnswer::no(PinVerdict::Released)))
    }

    /// Holds an account no longer because it has asked (`own`: nor because this node's owner wants it). Where it is not
    /// followed either, what is here of it goes. Whether it was held.
    pub(in crate::node) async fn unhost(
        self: &Arc<Self>,
        account: AccountId,
        own: bool,
    ) -> Result<bool, Failure> {
        let node = Arc::clone(self);
        let (held, goes) = blocking(move || {
            let held = node.pins.holds(&account);
            let is_over = node.pins.release(&account, own);
            let written = node.pins.flush(&node.store);
            if is_over {
                node.hold_or_not(&account)?;
            }
            written?;
            Ok((held, is_over && node.peers.reason(&account).is_none()))
        })
        .await?;
        if held {
            self.tell(Local::PinNews(Some(account))).await;
            self.tell(Local::Full { account, full: false }).await;
            self.tell(Local::Interests).await;
        }
        if goes {
            let node = Arc::clone(self);
            blocking(move || node.forget_account(&account)).await?;
        }
        Ok(held)
    }

    /// What has been asked of this node since it started, and what became of it.
    pub fn pin_counts(&self) -> PinCounts {
        self.pins.asked_so_far()
    }

    /// What a peer of this account is told of how it is held, unasked; none if it never has asked.
    pub(in crate::node) fn pin_news(&self, account: &AccountId, gone: bool) -> Option<PinAnswer> {
        let places = self.places().unwrap_or_default();
        let news = self.pins.standing(account, places, now_ms());
        news.or_else(|| (gone && !self.pins.holds(account)).then(|| PinAnswer::no(PinVerdict::Released)))
    }

    /// What was let through is stored, or was not after all.
    pub(in crate::node) fn settle(&self, entries: &[Verified<Entry>], stored: bool) {
        if !entries.is_empty() && !self.pins.is_empty() {
            let sizes = entries.iter().map(|entry| (entry.header.account, entry.logical_size() as u64));
            self.pins.settle(sizes, stored);
        }
    }

    /// Leaves out of what is about to be stored what accounts have no room for; the accounts that have become full by
    /// it.
    pub(in crate::node) fn admit(&self, entries: &mut Vec<Verified<Entry>>) -> Vec<AccountId> {
        if entries.is_empty() || self.pins.is_empty() {
            return Vec::new();
        }
        let sizes = entries.iter().map(|entry| {
            let header = &entry.header;
            (header.account, header.kind, entry.logical_size() as u64)
        });
        let followed = |account: &AccountId| self.peers.reason(account) != Some(Reason::Pinned);
        let (taken, full) = self.pins.admit(sizes, followed);
        let mut taken = taken.into_iter();
        entries.retain(|_| taken.next().unwrap_or(true));
        full.into_iter().collect()
    }
}

//! Accounts that are held for others: what the driver does about them.

use std::sync::Arc;

use majlis_protocol::sync::{Input, SessionId};
use majlis_protocol::{AccountId, Entry, Verified};

use super::Driver;

impl Driver {
    /// Leaves out what there is no room for, and has no more of it sent.
    pub(super) fn admit(&mut self, entries: &mut Vec<Verified<Entry>>) {
        for account in self.node.admit(entries) {
            tracing::info!(%account, "an account that is held for others has used up its room");
            self.input(Input::Full(account, true));
            tokio::spawn(Arc::clone(&self.node).look_at_full(account));
        }
    }

    /// Asks a peer what it is to be asked about holding the owner's account, if anything.
    pub(super) fn ask_pin(&mut self, session: SessionId) {
        let Some(link) = self.links.get(&session) else { return };
        if let Some(ask) = self.node.pins.ask_of(&link.name) {
            self.input(Input::AskPin(session, ask));
        }
    }

    pub(super) fn ask_pin_of(&mut self, peer: &str) {
        let sessions = self.links.iter().filter(|(_, link)| link.name == peer);
        for session in sessions.map(|(session, _)| *session).collect::<Vec<_>>() {
            self.ask_pin(session);
        }
    }

    /// Tells those nodes that are connected how their owner's account is held: one account's, or all.
    pub(super) fn tell_pinned(&mut self, only: Option<AccountId>) {
        let news: Vec<_> = self
            .links
            .iter()
            .filter_map(|(session, link)| {
                let account = link.account.filter(|account| only.is_none_or(|only| only == *account))?;
                Some((*session, self.node.pin_news(&account, only.is_some())?))
            })
            .collect();
        for (session, answer) in news {
            self.input(Input::TellPinned(session, answer));
        }
    }
}

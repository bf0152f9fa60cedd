//! Handing over: an entry for the peer's owner, whose account the peer does not share.

use std::sync::Arc;

use bytes::Bytes;

use crate::entry::{Entry, Verified, verify};
use crate::identity::VerifiedId;
use crate::ids::{AccountId, EntryId};
use crate::limits::{DELIVERIES_A_MINUTE, MAX_DELIVERIES};

use super::chunk::blame;
use super::frame::{CloseCode, Verdict};
use super::machine::{Event, Output, Replicator, SessionId};
use super::message::Message;
use super::session::Stage;

const MINUTE: u64 = 60_000;

impl Replicator {
    /// Whether an entry of an account can be handed to a peer now: it takes entries, and does not share that account,
    /// as it then has the entry anyway.
    fn may_deliver(&self, session: SessionId, author: &AccountId) -> bool {
        self.takes_deliveries(session)
            && self.sessions.get(&session).is_some_and(|session| !session.by_account.contains_key(author))
    }

    /// Whether entries can be handed to the peer of a session now: it is live, has proved whose it is, has room, and has
    /// not asked for them later.
    pub fn takes_deliveries(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| {
            session.stage == Stage::Live
                && session.proved.is_some()
                && session.deliveries_out.len() < MAX_DELIVERIES
                && session.deliver_again.is_none()
        })
    }

    /// Whether entries were handed to the peer of a session that it has not answered.
    pub fn is_delivering(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| !session.deliveries_out.is_empty())
    }

    /// Says so when the time is over for which a peer has asked to be handed nothing.
    pub(super) fn resume_deliveries(&mut self, id: SessionId) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.deliver_again.take_if(|due| *due <= now).is_some() {
            self.emit(Output::Event(Event::DeliverAgain(id)));
        }
    }

    pub(super) fn deliver(&mut self, id: SessionId, document: &Arc<VerifiedId>, entry: &Verified<Entry>) {
        if !self.may_deliver(id, &entry.header.account) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.deliveries_out.insert(entry.id) {
            let document = document.entry().encode().into();
            self.send(id, &Message::Deliver { document, entry: entry.encode().into() });
        }
    }

    pub(super) fn delivery_answered(&mut self, id: SessionId, entry: EntryId, verdict: Verdict) {
        let again = self.now + MINUTE;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // An answer that nothing waits for says nothing.
        if session.deliveries_out.remove(&entry) {
            if verdict == Verdict::Later {
                // The minute in which it was too much is over then, whenever it began.
                session.deliver_again = Some(again);
            }
            self.emit(Output::Event(Event::Status(id, entry, verdict)));
        }
    }

    /// Takes an entry that the peer hands over. One that comes too fast is not looked at; its author keeps it.
    pub(super) fn delivered(
        &mut self,
        id: SessionId,
        document: &Bytes,
        entry: &Bytes,
    ) -> Result<(), CloseCode> {
        let entry = Entry::decode(entry).map_err(|_| CloseCode::Decode)?;
        let minute = self.now / MINUTE;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if session.deliveries_in.len() >= MAX_DELIVERIES {
            return Err(CloseCode::Limit);
        }
        if session.deliveries.0 != minute {
            session.deliveries = (minute, 0);
        }
        session.deliveries.1 += 1;
        if session.deliveries.1 > DELIVERIES_A_MINUTE || session.deliveries_in.contains(&entry.id) {
            self.send(id, &Message::Status(entry.id, Verdict::Later));
            return Ok(());
        }
        let document = self.read_document(document)?;
        let entry = Box::new(verify(entry, &self.settings.keys).map_err(blame)?);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.deliveries_in.insert(entry.id);
        }
        self.emit(Output::Delivered { session: id, document, entry });
        Ok(())
    }

    pub(super) fn answer_delivery(&mut self, id: SessionId, entry: EntryId, verdict: Verdict) {
        if self.sessions.get_mut(&id).is_some_and(|session| session.deliveries_in.remove(&entry)) {
            self.send(id, &Message::Status(entry, verdict));
        }
    }
}

//! Conversations: posts by whoever, asked of peers when someone reads a thread. They are shown, not replicated.

use std::sync::Arc;

use bytes::Bytes;

use crate::entry::Entry;
use crate::identity::VerifiedId;
use crate::ids::EntryId;
use crate::limits::{MAX_FRAME, MAX_REFERRED, MAX_REFS};

use super::frame::CloseCode;
use super::machine::{Output, Replicator, SessionId};
use super::message::Message;
use super::session::Stage;

/// Bytes of posts in an answer, so that its frame has room for the lengths.
const ROOM: usize = MAX_FRAME - 2 * 1024;

impl Replicator {
    pub(super) fn refer(&mut self, id: SessionId, number: u64, root: EntryId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.stage == Stage::Live
            && session.refs_out.len() < MAX_REFS
            && session.refs_out.insert(number)
        {
            self.send(id, &Message::Refs { number, root });
        }
    }

    /// Whether an answer of this number is awaited from the peer of a session.
    pub fn is_asking(&self, session: SessionId, number: u64) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.refs_out.contains(&number))
    }

    pub(super) fn referred(&mut self, id: SessionId, number: u64, total: u64, posts: Vec<(Bytes, Bytes)>) {
        // An answer that nothing waits for says nothing.
        if self.sessions.get_mut(&id).is_some_and(|session| session.refs_out.remove(&number)) {
            self.emit(Output::Referred(id, number, total, posts));
        }
    }

    pub(super) fn refs(&mut self, id: SessionId, number: u64, root: EntryId) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if session.refs_in.len() >= MAX_REFS || !session.refs_in.insert(number) {
            return Err(CloseCode::Limit);
        }
        session.questions.push_back(Output::Refs(id, number, root));
        self.read_asked(id);
        Ok(())
    }

    pub(super) fn referring(
        &mut self,
        id: SessionId,
        number: u64,
        total: u64,
        posts: &[(Arc<VerifiedId>, Entry)],
    ) {
        if !self.sessions.get_mut(&id).is_some_and(|session| session.refs_in.remove(&number)) {
            return;
        }
        let (mut given, mut bytes) = (Vec::new(), 0);
        for (document, entry) in posts.iter().take(MAX_REFERRED) {
            let (document, entry) = (document.entry().encode(), entry.encode());
            // A length takes three bytes at most.
            bytes += document.len() + entry.len() + 6;
            if bytes > ROOM {
                break;
            }
            given.push((document.into(), entry.into()));
        }
        self.send(id, &Message::Referred { number, total, posts: given });
        self.has_read(id);
    }
}

//! Files: pieces asked of peers and given to them.

use bytes::Bytes;

use crate::blob::Span;
use crate::body::BlobId;
use crate::ids::EntryId;
use crate::limits::{MAX_BLOB_GROUPS, MAX_BLOB_WANTS};

use super::frame::CloseCode;
use super::machine::{Output, Replicator, SessionId};
use super::message::Message;
use super::session::Stage;

/// A piece of a file that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobWant {
    /// The entry whose body names the file: who does not hold it does not say whether the file is there.
    pub entry: EntryId,
    /// The file.
    pub blob: BlobId,
    /// Its length as the body has it; a file of another length is another file.
    pub size: u64,
    /// Which part of it.
    pub span: Span,
}

impl Replicator {
    /// Asks the peer of a session for a piece, if there is room ([`Self::has_blob_room`]).
    pub(super) fn ask_blob(&mut self, id: SessionId, number: u64, want: BlobWant) {
        if self.has_blob_room(id)
            && self.sessions.get_mut(&id).is_some_and(|session| session.blobs_out.insert(number))
        {
            self.send(id, &Message::BlobWant { number, want });
        }
    }

    /// Whether the peer of a session can be asked for one more piece.
    pub fn has_blob_room(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.stage == Stage::Live && session.blobs_out.len() < MAX_BLOB_WANTS)
    }

    pub(super) fn blob(&mut self, id: SessionId, number: u64, piece: Bytes) {
        // An answer that nothing waits for says nothing.
        if self.sessions.get_mut(&id).is_some_and(|session| session.blobs_out.remove(&number)) {
            self.emit(Output::Blob(id, number, piece));
        }
    }

    pub(super) fn blob_wanted(
        &mut self,
        id: SessionId,
        number: u64,
        want: BlobWant,
    ) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let fits = (1..=MAX_BLOB_GROUPS).contains(&want.span.count);
        if !fits || session.blobs_in.len() >= MAX_BLOB_WANTS || !session.blobs_in.insert(number) {
            return Err(CloseCode::Limit);
        }
        session.questions.push_back(Output::BlobWanted(id, number, want));
        self.read_asked(id);
        Ok(())
    }

    pub(super) fn give_blob(&mut self, id: SessionId, number: u64, piece: Bytes) {
        if self.sessions.get_mut(&id).is_some_and(|session| session.blobs_in.remove(&number)) {
            self.send(id, &Message::Blob { number, piece });
            self.has_read(id);
        }
    }
}

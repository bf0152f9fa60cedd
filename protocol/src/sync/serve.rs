//! What a peer asked for: wants are queued, served as far as credit goes, and always answered.

use crate::ids::{AccountId, LogKey};
use crate::limits::{
    ANSWER_BURST, MAX_IDENTITY_WISHES, MAX_JOB_WISHES, MAX_OUTSTANDING, MAX_PACK_ENTRIES, MAX_SERVING,
    ROWS_FRAME,
};
use crate::state::{Account, Replica};

use super::frame::{CloseCode, Frame};
use super::gossip::{rows_of, rows_size};
use super::interest::Reason;
use super::machine::{Output, Replicator, SessionId};
use super::message::{Ask, Message};
use super::session::{Stage, Wish};

impl Replicator {
    pub(super) fn want(&mut self, id: SessionId, asks: &[Ask]) -> Result<(), CloseCode> {
        let mut refused = Vec::new();
        for ask in asks {
            let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
            match *ask {
                Ask::Range { wid, handle, hi, lo, headers } => {
                    let log = session.handles.get(&handle).copied();
                    let log = log.filter(|log| {
                        session.by_account.contains_key(&log.account)
                            && session.sees(&log.account, &self.settings.account).shows(log.log_id.class())
                            && self.interests.reason(&log.account) != Some(Reason::Private)
                    });
                    match log {
                        Some(_) if session.wishes.len() >= 2 * MAX_OUTSTANDING => {
                            return Err(CloseCode::Limit);
                        }
                        Some(log) => session.wishes.push_back(Wish { wid, log, hi, lo, headers }),
                        None => refused.push(wid),
                    }
                }
                Ask::Identity(_) if session.identity_wishes.len() >= MAX_IDENTITY_WISHES => {
                    return Err(CloseCode::Limit);
                }
                Ask::Identity(account) => session.identity_wishes.push_back(account),
                Ask::Proof(handle) => session.proofs_due.extend(session.handles.get(&handle)),
            }
        }
        if !refused.is_empty() {
            self.send(id, &Message::None(refused));
        }
        self.serve(id);
        Ok(())
    }

    /// Sends what is built and starts further serve jobs, while the peer has credit and the queue has room. A
    /// job has as many wants as may fill one CHUNK.
    pub(super) fn serve(&mut self, id: SessionId) {
        loop {
            let Some(session) = self.sessions.get_mut(&id) else { return };
            if session.credit_out <= 0 || session.congested {
                return;
            }
            if let Some((frame, cost)) = session.ready.pop_front() {
                session.credit_out = session.credit_out.saturating_sub_unsigned(cost);
                self.emit(Output::Send(id, frame));
                continue;
            }
            if session.wishes.is_empty() || session.serving >= MAX_SERVING {
                return;
            }
            let mut wishes = Vec::new();
            let mut entries = 0;
            while let Some(wish) = session.wishes.front() {
                entries += (wish.hi - wish.lo).saturating_add(1).min(MAX_PACK_ENTRIES as u64);
                let full = entries > MAX_PACK_ENTRIES as u64 || wishes.len() >= MAX_JOB_WISHES;
                if full && !wishes.is_empty() {
                    break;
                }
                wishes.extend(session.wishes.pop_front());
            }
            session.serving += 1;
            self.emit(Output::Serve(id, wishes));
        }
    }

    /// Has what the peer asks for read, a few at a time and none while it does not take what is sent: an answer that is
    /// read is in memory until it is gone.
    pub(super) fn read_asked(&mut self, id: SessionId) {
        while let Some(session) = self.sessions.get_mut(&id)
            && !session.congested
            && session.reading < MAX_SERVING
            && let Some(question) = session.questions.pop_front()
        {
            session.reading += 1;
            self.emit(question);
        }
    }

    /// Something that was asked for has been read.
    pub(super) fn has_read(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.reading = session.reading.saturating_sub(1);
        }
        self.read_asked(id);
    }

    pub(super) fn served(&mut self, id: SessionId, frames: Vec<(Frame, u64)>, missing: Vec<u64>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.serving = session.serving.saturating_sub(1);
        session.ready.extend(frames);
        if !missing.is_empty() {
            self.send(id, &Message::None(missing));
        }
        self.serve(id);
    }

    /// Sends what was asked for besides entries, a burst at a time: rows, identity documents, proofs. They are
    /// queued by name, so that asking twice costs nothing.
    pub(super) fn answer(&mut self, id: SessionId, replica: &Replica) {
        let mut room = ANSWER_BURST;
        let Some(session) = self.sessions.get(&id) else { return };
        if session.congested {
            return;
        }
        self.answer_rows(id, &mut room, replica);
        while let Some(session) = self.sessions.get_mut(&id)
            && room > 0
            && let Some(account) = session.identity_wishes.pop_front()
        {
            self.send_identities(id, account, &mut room, replica);
        }
        while let Some(session) = self.sessions.get_mut(&id)
            && room > 0
            && let Some(log) = session.proofs_due.pop_first()
        {
            self.send_proof(id, &log, &mut room, replica);
        }
    }

    /// Tells what is held of the accounts in the queue, in frames of moderate size.
    fn answer_rows(&mut self, id: SessionId, room: &mut usize, replica: &Replica) {
        let own = self.settings.account;
        let mut sends = Vec::new();
        let mut frames = [(Vec::new(), 0), (Vec::new(), 0)];
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.stage != Stage::Live {
            return;
        }
        while *room > 0
            && let Some((account, answer)) = session.rows_due.pop_first()
        {
            let rows = rows_of(session, (&own, &self.full), &account, None, replica);
            let Some(rows) = rows else { continue };
            if answer {
                session.rows_awaited.insert(account);
            }
            let bytes = rows_size(&rows);
            *room = room.saturating_sub(bytes);
            let (frame, size) = &mut frames[usize::from(answer)];
            *size += bytes;
            frame.push(rows);
            if *size > ROWS_FRAME {
                *size = 0;
                sends.push(Message::Rows { answer, accounts: std::mem::take(frame) });
            }
        }
        for (answer, (accounts, _)) in [false, true].into_iter().zip(frames) {
            if !accounts.is_empty() {
                sends.push(Message::Rows { answer, accounts });
            }
        }
        for message in sends {
            self.send(id, &message);
        }
    }

    fn send_identities(&mut self, id: SessionId, account: AccountId, room: &mut usize, replica: &Replica) {
        let Some(session) = self.sessions.get(&id) else { return };
        let seeded = self.interests.reason(&account).is_some_and(|reason| reason != Reason::Private);
        let register = replica.account(&account).map(Account::register);
        let documents: Vec<_> = register
            .filter(|_| seeded || session.by_account.contains_key(&account))
            .into_iter()
            .flat_map(crate::identity::Register::docs)
            .map(|document| bytes::Bytes::from(document.entry().encode()))
            .collect();
        *room = room.saturating_sub(64 + documents.iter().map(bytes::Bytes::len).sum::<usize>());
        self.send(id, &Message::Identities(documents));
    }

    fn send_proof(&mut self, id: SessionId, log: &LogKey, room: &mut usize, replica: &Replica) {
        let Some(session) = self.sessions.get(&id) else { return };
        let told = session.by_account.contains_key(&log.account)
            && session.sees(&log.account, &self.settings.account).shows(log.log_id.class());
        if let Some(proof) = replica.log(log).and_then(|log| log.proof()).filter(|_| told) {
            let [one, other] = proof.headers();
            let message = Message::Proof(one.signed_header().into(), other.signed_header().into());
            *room = room.saturating_sub(1_024);
            self.send(id, &message);
        }
    }
}

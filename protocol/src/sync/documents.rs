//! Who the peer is, and identity documents: PROVE, IDDOC, and which documents are asked of whom.

use std::sync::Arc;

use bytes::Bytes;

use crate::context;
use crate::entry::{Entry, verify};
use crate::identity::{IdDoc, Register, VerifiedId};
use crate::ids::{AccountId, DeviceId};
use crate::keys;
use crate::limits::{MAX_IDENTITY_ASKS, WANT_TIMEOUT};
use crate::state::{Account, Replica, Salts};

use super::frame::CloseCode;
use super::machine::{Event, Output, Replicator, SessionId, Ticket};
use super::message::{Ask, Message, Proving, RowsOf};
use super::session::{Claim, Session, Stage};

/// What a device signs to prove itself: both peer ids, both salts, the role and the account, so that it proves
/// nothing in any other session or direction.
fn proof_message(session: &Session, salts: &Salts, by_dialer: bool, account: &AccountId) -> Vec<u8> {
    let mine = (session.me.as_slice(), session.peer.as_slice());
    let (dialer, listener) = if session.dialer { mine } else { (mine.1, mine.0) };
    context::message(
        context::PROVE,
        &[
            &[dialer.len() as u8],
            dialer,
            &[listener.len() as u8],
            listener,
            &salts.dialer,
            &salts.listener,
            &[u8::from(by_dialer)],
            &account.0,
        ],
    )
}

/// What ROWS tells of a register: root index, version and first eight bytes of the id of the highest document.
/// Of a frozen account the bytes are those of both documents' ids, combined by exclusive or.
pub(super) fn identity_row(register: &Register) -> Option<(u8, u64, [u8; 8])> {
    let current = register.current()?;
    let prefix = match register.frozen() {
        None => current.id().prefix(),
        Some([one, other]) => {
            let (one, other) =
                (u64::from_be_bytes(one.id().prefix()), u64::from_be_bytes(other.id().prefix()));
            (one ^ other).to_be_bytes()
        }
    };
    Some((current.k(), current.version(), prefix))
}

/// Whether what a peer says that it holds would tell something new.
fn is_news(claim: &Claim, register: Option<&Register>) -> bool {
    let (k, version, prefix, frozen) = *claim;
    let Some((register, ours)) = register.and_then(|register| Some((register, identity_row(register)?)))
    else {
        return true;
    };
    match (frozen, register.frozen().is_some()) {
        (true, false) => true,
        (true, true) => prefix != ours.2,
        // The peer asks for ours, and then both know as much.
        (false, true) => (k, version) > (ours.0, ours.1),
        (false, false) => {
            (k, version) > (ours.0, ours.1) || ((k, version) == (ours.0, ours.1) && prefix < ours.2)
        }
    }
}

impl Replicator {
    /// Proves who this side is, once a session, as soon as a document lists this device: a device that was just
    /// restored first has to learn of the others.
    pub(super) fn send_prove(&mut self, id: SessionId, replica: &Replica) {
        let (account, device) = (self.settings.account, DeviceId(self.settings.device.public()));
        let current = replica.account(&account).and_then(|known| known.register().current());
        let Some(current) = current.filter(|current| current.device(device).is_some()) else { return };
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.proof_sent) else { return };
        let Some(salts) = session.salts else { return };
        session.proof_sent = true;
        let message = proof_message(session, &salts, session.dialer, &account);
        let prove = Proving {
            account,
            device,
            identity: current.id(),
            signature: self.settings.device.sign(&message),
        };
        self.send(id, &Message::Prove(Box::new(prove)));
    }

    pub(super) fn read_document(&mut self, bytes: &Bytes) -> Result<Arc<VerifiedId>, CloseCode> {
        let entry = Entry::decode(bytes).map_err(|_| CloseCode::Decode)?;
        let entry = verify(entry, &self.settings.keys).map_err(|_| CloseCode::BadProof)?;
        IdDoc::verify(entry, &self.settings.keys).map(Arc::new).map_err(|_| CloseCode::BadProof)
    }

    pub(super) fn prove(
        &mut self,
        id: SessionId,
        prove: Box<Proving>,
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if std::mem::replace(&mut session.proving, true) {
            return Err(CloseCode::Decode);
        }
        let register = replica.account(&prove.account).map(Account::register);
        let named = register.filter(|register| register.docs().any(|doc| doc.id() == prove.identity));
        let Some(document) = named.and_then(Register::current).cloned() else {
            // The document may be older or newer than what is known here: the peer's has to be seen.
            let account = prove.account;
            session.pending_proof = Some(prove);
            session.identities_asked.push_back((account, self.now + WANT_TIMEOUT));
            self.send(id, &Message::Want(vec![Ask::Identity(account)]));
            return Ok(());
        };
        self.finish_prove(id, &prove, &document, replica)
    }

    fn finish_prove(
        &mut self,
        id: SessionId,
        prove: &Proving,
        document: &VerifiedId,
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let own = self.settings.account;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(salts) = session.salts else { return Err(CloseCode::Decode) };
        let message = proof_message(session, &salts, !session.dialer, &prove.account);
        if !keys::verify(&prove.device.0, &prove.signature, &message) {
            return Err(CloseCode::BadProof);
        }
        let dialer = session.dialer;
        let frozen = replica.account(&prove.account).is_some_and(|known| known.register().frozen().is_some());
        // An ended or unknown device is nobody's, and so is any of a frozen account: it is served as a stranger.
        let speaks = document.device(prove.device).is_some_and(|device| device.ended.is_none()) && !frozen;
        if speaks {
            session.proved = Some(prove.account);
            session.proved_device = Some(prove.device);
            session.matchable = None;
            if !session.friend && self.interests.befriends(&prove.account) {
                session.friend = true;
                if session.memory.as_ref().is_some_and(|memory| !memory.friend) {
                    session.floor = 0;
                }
            }
            self.emit(Output::Event(Event::Proved(id, prove.account)));
        }
        self.resume_pin(id);
        if !dialer {
            self.send_prove(id, replica);
        }
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        let live = session.stage == Stage::Live;
        if live {
            self.withdraw_gone(id);
        }
        if live || (dialer && self.sessions.get(&id).is_some_and(|session| !session.offers.is_empty())) {
            self.offer_more(id);
        }
        // From here on a device of the same account is told of the logs for own devices too. The dialer is the
        // second to know the other, so its ROWS find a peer that will answer in full.
        if speaks && prove.account == own && dialer {
            self.ask_rows(id, &[own]);
        }
        Ok(())
    }

    /// Takes note of the identity document that a peer says it holds.
    pub(super) fn compare_identity(
        &mut self,
        id: SessionId,
        account: AccountId,
        rows: &RowsOf,
        replica: &Replica,
    ) {
        let Some((k, version, prefix)) = rows.identity else { return };
        let claim = (k, version, prefix, rows.frozen);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if is_news(&claim, replica.account(&account).map(Account::register)) {
            session.claims.insert(account, claim);
        } else {
            session.claims.remove(&account);
        }
    }

    /// Asks for identity documents that peers say they have and that are newer than those held here: one peer
    /// at a time for each, and few at a time of each peer.
    pub(super) fn pull_identities(&mut self, replica: &Replica) {
        let now = self.now;
        let mut sends = Vec::new();
        for (id, session) in &mut self.sessions {
            let room = MAX_IDENTITY_ASKS.saturating_sub(session.identities_asked.len());
            if session.claims.is_empty() || room == 0 {
                continue;
            }
            let held = |account: &AccountId| replica.account(account).map(Account::register);
            session.claims.retain(|account, claim| is_news(claim, held(account)));
            let asked = &mut self.identities_asked;
            let free: Vec<_> = session
                .claims
                .keys()
                .filter(|account| !asked.contains_key(*account))
                .take(room)
                .copied()
                .collect();
            let mut asks = Vec::new();
            for account in free {
                asked.insert(account, (*id, now + WANT_TIMEOUT));
                session.identities_asked.push_back((account, now + WANT_TIMEOUT));
                asks.push(Ask::Identity(account));
            }
            if !asks.is_empty() {
                sends.push((*id, Message::Want(asks)));
            }
        }
        for (id, message) in sends {
            self.send(id, &message);
        }
    }

    /// Every IDDOC answers the oldest ask; an empty one says that there is none.
    pub(super) fn identities(
        &mut self,
        id: SessionId,
        documents: &[Bytes],
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let (account, _) = session.identities_asked.pop_front().ok_or(CloseCode::Limit)?;
        session.claims.remove(&account);
        // One that was given is being stored; nobody else is asked meanwhile.
        if documents.is_empty() {
            self.identities_asked.remove(&account);
        }
        if documents.len() > 2 {
            return Err(CloseCode::Limit);
        }
        let mut taken = Vec::with_capacity(documents.len());
        for bytes in documents {
            let document = self.read_document(bytes)?;
            if document.account() != account {
                return Err(CloseCode::Decode);
            }
            taken.push(document);
        }
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let waiting = session.pending_proof.take_if(|prove| prove.account == account);
        self.take_documents(id, taken.clone());
        if let Some(prove) = waiting {
            let held = replica.account(&account).map(Account::register);
            let known = held.and_then(Register::current).cloned();
            let highest = taken.into_iter().chain(known).max_by_key(|document| document.key());
            if let Some(document) = highest {
                self.finish_prove(id, &prove, &document, replica)?;
            }
            self.resume_pin(id);
        }
        Ok(())
    }

    /// Stores the documents of accounts that are held here.
    fn take_documents(&mut self, id: SessionId, mut identities: Vec<Arc<VerifiedId>>) {
        identities.retain(|document| self.interests.reason(&document.account()).is_some());
        if !identities.is_empty() {
            let ticket = self.ticket(Ticket::of(id));
            let (entries, proofs) = (Vec::new(), Vec::new());
            self.emit(Output::Store { ticket, entries, identities, proofs, live: false });
        }
    }

    /// Gives up on documents that were not sent in time; their answers are still owed, and taken.
    pub(super) fn drop_late_identities(&mut self) {
        let now = self.now;
        self.identities_asked.retain(|_, (_, deadline)| *deadline > now);
        for session in self.sessions.values_mut() {
            let late = session.identities_asked.iter().filter(|(_, deadline)| *deadline <= now);
            let late: Vec<_> = late.map(|(account, _)| *account).collect();
            for account in late {
                session.claims.remove(&account);
            }
        }
    }

    /// A new document is held: what peers have of the account may count now, they are told of it, and sessions
    /// of devices that it ends are over.
    pub(super) fn identity_changed(&mut self, account: &AccountId, replica: &Replica) {
        let listed = |device: &DeviceId| {
            replica.account(account).is_some_and(|known| {
                let current = known.register().current();
                current
                    .and_then(|current| current.device(*device))
                    .is_some_and(|device| device.ended.is_none())
            })
        };
        self.identities_asked.remove(account);
        let mut ended = Vec::new();
        for (id, session) in &mut self.sessions {
            let logs: Vec<_> = session.rows.keys().filter(|log| log.account == *account).copied().collect();
            for log in logs {
                session.enqueue(log);
            }
            if session.by_account.contains_key(account) {
                session.dirty_accounts.insert(*account);
            }
            if session.proved == Some(*account) && !session.proved_device.as_ref().is_some_and(listed) {
                ended.push(*id);
            }
        }
        for id in ended {
            self.close(id, CloseCode::Bye);
        }
        if *account == self.settings.account {
            self.prove_late(replica);
        }
    }

    /// Sends the PROVE of sessions that began before this device was listed.
    fn prove_late(&mut self, replica: &Replica) {
        let turn = |session: &Session| session.dialer || (session.proving && session.pending_proof.is_none());
        let due: Vec<_> =
            self.sessions.iter().filter(|(_, session)| turn(session)).map(|(id, _)| *id).collect();
        for id in due {
            self.send_prove(id, replica);
        }
    }
}

//! Presence: a node asks its peer to hold and serve its owner's account while it is away, and the peer says whether it
//! does. The account is not named: it is the one that the asker has proved, so nobody can ask for another's.

use bytes::Bytes;

use crate::ids::AccountId;
use crate::limits::{MAX_ADDRESSES, MAX_PIN_TOKEN, MAX_PINS, MAX_URL, PINS_A_MINUTE};
use crate::pack::{Reader, put_varint};

use super::frame::{CloseCode, DecodeError};
use super::machine::{Event, Output, Replicator, SessionId};
use super::message::{Message, put_bytes, read_bytes, read_flag};
use super::session::Stage;

const MINUTE: u64 = 60_000;

/// The body of PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinAsk {
    /// To hold the account, or to go on holding it; with what the host's owner has given out for that, or nothing.
    Hold(Bytes),
    /// To hold it no longer.
    Release,
}

/// What a host says of an account that it was asked to hold. Numbers are wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PinVerdict {
    /// It is held.
    Held = 0,
    /// This node holds accounts for nobody, or not for this one.
    NotOffered = 1,
    /// Only those that were invited are held: a token is needed.
    NotInvited = 2,
    /// The token does not hold, or no longer.
    BadToken = 3,
    /// There is no room for another account.
    NoRoom = 4,
    /// The asker has not proved to be a device of an account.
    NotProven = 5,
    /// It was not looked at now: too much was asked.
    Later = 6,
    /// It was held and no longer is.
    Released = 7,
}

impl PinVerdict {
    /// From its number on the wire; unknown numbers read as `NotOffered`.
    pub fn from_wire(code: u8) -> Self {
        [
            Self::Held,
            Self::NotOffered,
            Self::NotInvited,
            Self::BadToken,
            Self::NoRoom,
            Self::NotProven,
            Self::Later,
            Self::Released,
        ]
        .get(usize::from(code))
        .copied()
        .unwrap_or(Self::NotOffered)
    }
}

/// The body of PINNED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinAnswer {
    /// Whether the account is held.
    pub verdict: PinVerdict,
    /// It is held, and no more of it is taken.
    pub full: bool,
    /// For how many seconds from now it is held without being asked again.
    pub seconds: u64,
    /// Bytes that it may take.
    pub quota: u64,
    /// Bytes that it takes.
    pub used: u64,
    /// Where others find the host: binary multiaddrs, without its peer id.
    pub addresses: Vec<Bytes>,
}

impl PinAnswer {
    /// That it is not held.
    pub fn no(verdict: PinVerdict) -> Self {
        Self { verdict, full: false, seconds: 0, quota: 0, used: 0, addresses: Vec::new() }
    }
}

pub(super) fn put_ask(out: &mut Vec<u8>, ask: &PinAsk) {
    match ask {
        PinAsk::Hold(token) => {
            out.push(1);
            out.extend_from_slice(token);
        }
        PinAsk::Release => out.push(0),
    }
}

pub(super) fn read_ask(body: &mut Reader) -> Result<PinAsk, DecodeError> {
    if !read_flag(body)? {
        return Ok(PinAsk::Release);
    }
    if body.len() > MAX_PIN_TOKEN {
        return Err(DecodeError::Limit);
    }
    Ok(PinAsk::Hold(body.slice(body.len())?))
}

pub(super) fn put_answer(out: &mut Vec<u8>, answer: &PinAnswer) {
    out.push(answer.verdict as u8);
    out.push(u8::from(answer.full));
    for value in [answer.seconds, answer.quota, answer.used] {
        put_varint(out, value);
    }
    for address in &answer.addresses {
        put_bytes(out, address);
    }
}

pub(super) fn read_answer(body: &mut Reader) -> Result<PinAnswer, DecodeError> {
    let (verdict, full) = (PinVerdict::from_wire(body.byte()?), read_flag(body)?);
    let (seconds, quota, used) = (body.varint()?, body.varint()?, body.varint()?);
    let mut addresses = Vec::new();
    while !body.is_empty() {
        if addresses.len() == MAX_ADDRESSES {
            return Err(DecodeError::Limit);
        }
        addresses.push(read_bytes(body, MAX_URL)?);
    }
    Ok(PinAnswer { verdict, full, seconds, quota, used, addresses })
}

impl Replicator {
    /// Asks the peer of a session, as soon as both may: it is live, this side has proved whose it is, and what was
    /// asked before is answered. What is asked meanwhile takes the place of what waits.
    pub(super) fn ask_pin(&mut self, id: SessionId, ask: PinAsk) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pin_due = Some(ask);
            self.send_pin(id);
        }
    }

    pub(super) fn send_pin(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let is_ready = session.stage == Stage::Live && session.proof_sent && !session.pin_out;
        if let Some(ask) = session.pin_due.take_if(|_| is_ready) {
            session.pin_out = true;
            self.send(id, &Message::Pin(ask));
        }
    }

    /// The peer asks. One whose proof is still being looked at waits for that.
    pub(super) fn pin_asked(&mut self, id: SessionId, ask: PinAsk) -> Result<(), CloseCode> {
        let minute = self.now / MINUTE;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if session.pins_in >= MAX_PINS || session.pin_waits.is_some() {
            return Err(CloseCode::Limit);
        }
        if session.pins.0 != minute {
            session.pins = (minute, 0);
        }
        session.pins.1 += 1;
        if session.pins.1 > PINS_A_MINUTE {
            self.send(id, &Message::Pinned(PinAnswer::no(PinVerdict::Later)));
        } else if session.pending_proof.is_some() {
            session.pin_waits = Some(ask);
        } else {
            self.take_pin(id, ask);
        }
        Ok(())
    }

    /// Has what waited for the peer's proof decided.
    pub(super) fn resume_pin(&mut self, id: SessionId) {
        if let Some(ask) = self.sessions.get_mut(&id).and_then(|session| session.pin_waits.take()) {
            self.take_pin(id, ask);
        }
    }

    fn take_pin(&mut self, id: SessionId, ask: PinAsk) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.proved {
            Some(account) => {
                session.pins_in += 1;
                self.emit(Output::PinAsked(id, account, ask));
            }
            None => self.send(id, &Message::Pinned(PinAnswer::no(PinVerdict::NotProven))),
        }
    }

    /// Tells the peer how it stands with its account: in answer to what it asked, or because that has changed.
    pub(super) fn tell_pinned(&mut self, id: SessionId, answer: PinAnswer) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.stage == Stage::Live) else {
            return;
        };
        session.pins_in = session.pins_in.saturating_sub(1);
        self.send(id, &Message::Pinned(answer));
    }

    pub(super) fn pinned(&mut self, id: SessionId, answer: PinAnswer) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pin_out = false;
            self.emit(Output::Event(Event::Pinned(id, answer)));
            self.send_pin(id);
        }
    }

    /// No more is taken of an account, or is again. Whoever shares it is told by HEAD, and what was passed over
    /// meanwhile is wanted once there is room.
    pub(super) fn set_full(&mut self, account: AccountId, full: bool) {
        let changed = if full { self.full.insert(account) } else { self.full.remove(&account) };
        if !changed {
            return;
        }
        for session in self.sessions.values_mut() {
            if !session.by_account.contains_key(&account) {
                continue;
            }
            session.dirty_accounts.insert(account);
            let mut logs = Vec::new();
            for (log, peer) in session.rows.iter_mut().filter(|(log, _)| log.account == account) {
                peer.absent.clear();
                peer.pieces = 0;
                logs.push(*log);
            }
            for log in logs.into_iter().filter(|_| !full) {
                session.enqueue(log);
            }
        }
    }
}

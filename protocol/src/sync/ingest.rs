//! Entries that come in: the gate before the signature check, and the batches on their way to the disk.

use crate::Kind;
use crate::entry::{Entry, Invalid, Payload, Verified};
use crate::ids::{AccountId, EntryId, LogKey};
use crate::limits::MAX_RUNS;
use crate::state::{Account, Limit, Replica};

use super::chunk::{Address, Chunk, Groups, blame};
use super::frame::{CloseCode, DecodeError, Frame};
use super::machine::{Output, Replicator, SessionId, Ticket};
use super::message::Message;
use super::wants::{admits, missing};

/// A want that a CHUNK answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub log: LogKey,
    pub wid: u64,
    /// Highest and lowest sequence number that came.
    pub came: (u64, u64),
}

impl Replicator {
    pub(super) fn chunk(&mut self, id: SessionId, frame: Frame, replica: &Replica) -> Result<(), CloseCode> {
        let chunk = Chunk::decode(frame.body)?;
        let cost = chunk.cost;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        // A sender with any credit left may overdraw it by one frame.
        if session.is_starved(self.settings.credit) {
            return Err(CloseCode::Credit);
        }
        session.credit_used += cost;
        let groups = chunk.groups(|address| match address {
            Address::Wanted(wid) => {
                let wanted = session.outstanding.get(wid).or_else(|| session.late.get(wid));
                wanted.map(|wanted| wanted.log).ok_or(DecodeError::Limit)
            }
            Address::Pushed(number, log) => session
                .numbers
                .get(number)
                .copied()
                .and_then(|account| session.resolve_log(account, log))
                .ok_or(DecodeError::Limit),
        })?;
        // The ticket knows what this frame holds of the node, so that a fault in a later group gives all of it back.
        let ticket = self.ticket(Ticket { cost, ..Ticket::of(id) });
        match self.gate(id, ticket, groups, replica) {
            Ok(groups) if groups.is_empty() => self.end_ticket(ticket, replica),
            Ok(groups) => self.emit(Output::Check(ticket, groups)),
            Err(code) => {
                self.drop_ticket(ticket);
                return Err(code);
            }
        }
        Ok(())
    }

    /// The gate before the signature check: what is not shared, not visible, of an unlisted device, void or held
    /// already is dropped here. Returns what is left; what is answered and pushed by it is put on the ticket.
    fn gate(
        &mut self,
        id: SessionId,
        ticket: u64,
        groups: Groups<Entry>,
        replica: &Replica,
    ) -> Result<Groups<Entry>, CloseCode> {
        let mut kept = Vec::with_capacity(groups.len());
        for (address, log, mut entries) in groups {
            if let Address::Wanted(wid) = address {
                let answered = self.answered(id, wid, &entries, replica)?;
                if let Some(ticket) = self.tickets.get_mut(&ticket) {
                    ticket.wids.extend(answered);
                }
            }
            if !self.passes(id, &log, &mut entries, replica) {
                continue;
            }
            if matches!(address, Address::Pushed(..)) {
                let held = replica.log(&log);
                let before = entries.len();
                entries.retain(|entry| {
                    !self.in_flight.contains(&entry.id)
                        && held.is_none_or(|held| held.runs().covering(entry.header.seq).is_none())
                });
                self.in_flight.extend(entries.iter().map(|entry| entry.id));
                if let Some(ticket) = self.tickets.get_mut(&ticket) {
                    ticket.pushed.extend(entries.iter().map(|entry| entry.id));
                }
                if entries.is_empty() && before > 0 {
                    self.ask_lazy(id, log);
                }
            }
            if !entries.is_empty() {
                kept.push((address, log, entries));
            }
        }
        Ok(kept)
    }

    /// Takes a want's answer: entries of the range wanted, from the top of it down if the peer has them.
    fn answered(
        &mut self,
        id: SessionId,
        wid: u64,
        entries: &[Entry],
        replica: &Replica,
    ) -> Result<Option<Answered>, CloseCode> {
        let wanted = self.take_want(id, wid).ok_or(CloseCode::Limit)?;
        let (Some(low), Some(top)) = (entries.first(), entries.last()) else { return Ok(None) };
        let came = (top.header.seq, low.header.seq);
        if came.1 < wanted.lo || came.0 > wanted.hi {
            return Err(CloseCode::Decode);
        }
        if came.0 < wanted.hi {
            self.mark_absent(id, &wanted.log, (wanted.hi, came.0 + 1), replica);
        }
        self.assigned.arrived(&wanted.log, id, wid);
        Ok(Some(Answered { log: wanted.log, wid, came }))
    }

    /// Whether a log's entries may come from this peer at all; leaves those that may count.
    fn passes(&mut self, id: SessionId, log: &LogKey, entries: &mut Vec<Entry>, replica: &Replica) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        let shared = session.by_account.contains_key(&log.account)
            && session.sees(&log.account, &self.settings.account).shows(log.log_id.class());
        let account = replica.account(&log.account).filter(|account| account.lists(log.device));
        let Some(account) = account.filter(|_| shared && admits(replica, log)) else { return false };
        if self.full.contains(&log.account) {
            // What its author takes back goes also where no more is taken, as long as it tears the log into few pieces.
            let pieces = replica.log(log).map_or(0, |held| held.runs().len());
            entries.retain(|entry| entry.header.kind == Kind::DELETE && pieces < MAX_RUNS);
        }
        let limit = account.limit(log.device, log.log_id);
        entries.retain(|entry| {
            let counts = match limit {
                Limit::All => true,
                Limit::Below(seal) => entry.header.seq < seal,
                Limit::Through(seq, _) => entry.header.seq <= seq,
                Limit::Nothing => false,
            };
            // A header alone would stand in the way of the entry that others may still have.
            counts && entry.payload != Payload::Missing
        });
        true
    }

    fn ask_lazy(&mut self, id: SessionId, log: LogKey) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(handle) = session.handle_of.get(&log).copied()
            && session.lazy_in.insert(log)
        {
            self.send(id, &Message::Mode { handle, eager: false });
        }
    }

    pub(super) fn checked(
        &mut self,
        ticket: u64,
        result: Result<Groups<Verified<Entry>>, Invalid>,
        replica: &Replica,
    ) {
        match result {
            Ok(groups) => self.accept(ticket, groups, replica),
            Err(error) => {
                if let Some(id) = self.drop_ticket(ticket) {
                    self.close(id, blame(error));
                }
            }
        }
    }

    /// Verified entries: forwarded where they were pushed, and stored.
    fn accept(&mut self, ticket: u64, groups: Groups<Verified<Entry>>, replica: &Replica) {
        let Some(from) = self.tickets.get(&ticket).map(|ticket: &Ticket| ticket.session) else { return };
        let mut entries = Vec::new();
        let mut live = false;
        for (address, _, group) in groups {
            if matches!(address, Address::Pushed(..)) {
                live = true;
                if let Some(session) = self.sessions.get_mut(&from) {
                    session.has_pushed(&group);
                }
                self.forward(Some(from), &group, replica);
            }
            entries.extend(group);
        }
        let (identities, proofs) = (Vec::new(), Vec::new());
        self.emit(Output::Store { ticket, entries, identities, proofs, live });
    }

    pub(super) fn committed(
        &mut self,
        tickets: &[u64],
        changed: &[LogKey],
        identities: &[AccountId],
        replica: &Replica,
    ) {
        for ticket in tickets {
            self.end_ticket(*ticket, replica);
        }
        let mut changed = changed.to_vec();
        for account in identities {
            self.identity_changed(account, replica);
            // A document that closes or opens logs changes how much of them counts.
            let logs = replica.account(account).into_iter().flat_map(Account::logs);
            changed.extend(logs.map(|(device, log_id, _)| LogKey { account: *account, device, log_id }));
        }
        self.changed(&changed, replica);
    }

    pub(super) fn ticket(&mut self, ticket: Ticket) -> u64 {
        let name = self.next_ticket;
        self.next_ticket += 1;
        if let Some(session) = self.sessions.get_mut(&ticket.session) {
            session.jobs += 1;
        }
        self.tickets.insert(name, ticket);
        name
    }

    /// Ends a batch that was committed. What came and was not taken is not asked of this peer again.
    fn end_ticket(&mut self, ticket: u64, replica: &Replica) {
        let Some(Ticket { session, wids, .. }) = self.tickets.get(&ticket) else { return };
        let (session, wids) = (*session, wids.clone());
        for Answered { log, came, .. } in wids {
            self.refused(session, &log, came, replica);
        }
        self.drop_ticket(ticket);
    }

    /// Ends a batch: its credit is given back, and what it was to bring and did not is wanted again.
    pub(super) fn drop_ticket(&mut self, ticket: u64) -> Option<SessionId> {
        let ticket = self.tickets.remove(&ticket)?;
        for id in &ticket.pushed {
            self.in_flight.remove(id);
        }
        if let Some(log) = &ticket.sealing {
            self.sealing.remove(log);
        }
        for Answered { log, wid, .. } in &ticket.wids {
            self.assigned.release(log, ticket.session, *wid);
            self.offer_to_others(*log);
        }
        let session = self.sessions.get_mut(&ticket.session)?;
        session.jobs = session.jobs.saturating_sub(1);
        session.credit_due += ticket.cost;
        if session.credit_due * 8 >= self.settings.credit {
            self.give_credit(ticket.session);
        }
        Some(ticket.session)
    }

    /// What came and is missing still was not taken here; this peer would only send the same again.
    fn refused(&mut self, id: SessionId, log: &LogKey, (hi, lo): (u64, u64), replica: &Replica) {
        let Some(peer) = self.sessions.get(&id).and_then(|session| session.rows.get(log)) else { return };
        let inside: Vec<_> = missing(replica, log, peer)
            .into_iter()
            .filter(|(top, low)| *low <= hi && lo <= *top)
            .map(|(top, low)| (top.min(hi), low.max(lo)))
            .collect();
        for range in inside {
            self.mark_absent(id, log, range, replica);
        }
    }

    pub(super) fn give_credit(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let due = std::mem::take(&mut session.credit_due);
        session.credit_used = session.credit_used.saturating_sub(due);
        if due > 0 {
            self.send(id, &Message::Credit(due));
        }
    }
}

impl Ticket {
    /// A batch that costs no credit and answers no want.
    pub(super) fn of(session: SessionId) -> Self {
        Self { session, cost: 0, wids: Vec::new(), pushed: Vec::<EntryId>::new(), sealing: None }
    }
}

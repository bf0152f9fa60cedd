//! What is missing, who has it, and who was asked: one table for the whole node, so that nothing is pulled twice.

use std::collections::{BTreeSet, HashMap};

use crate::ids::LogKey;
use crate::limits::{
    HEAD_GRACE, MAX_LOG_WANTS, MAX_LOGS_PER_DEVICE, MAX_PACK_ENTRIES, MAX_PEER_LOGS, MAX_RUNS, WANT_TIMEOUT,
};
use crate::state::{Limit, Log, Replica, Run};

use super::frame::CloseCode;
use super::machine::{Event, Output, Replicator, SessionId};
use super::message::{Ask, Message, Row, RowRun, RowsOf};
use super::session::{Outstanding, PeerLog, Session, Stage};

#[derive(Clone, Copy, Debug)]
struct Assigned {
    hi: u64,
    lo: u64,
    session: SessionId,
    wid: u64,
    /// None once the answer has arrived and is being checked and committed.
    deadline: Option<u64>,
}

/// Which ranges were asked of whom.
#[derive(Default)]
pub(super) struct Assignments(HashMap<LogKey, Vec<Assigned>>);

impl Assignments {
    fn of(&self, log: &LogKey) -> &[Assigned] {
        self.0.get(log).map_or(&[], Vec::as_slice)
    }

    /// How many ranges are out.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    fn assign(&mut self, log: LogKey, assigned: Assigned) {
        self.0.entry(log).or_default().push(assigned);
    }

    /// The answer is here: it no longer runs out of time.
    pub fn arrived(&mut self, log: &LogKey, session: SessionId, wid: u64) {
        let assigned = self.0.get_mut(log).into_iter().flatten();
        for assigned in assigned.filter(|assigned| (assigned.session, assigned.wid) == (session, wid)) {
            assigned.deadline = None;
        }
    }

    pub fn release(&mut self, log: &LogKey, session: SessionId, wid: u64) {
        self.retain(log, |assigned| (assigned.session, assigned.wid) != (session, wid));
    }

    fn retain(&mut self, log: &LogKey, keep: impl Fn(&Assigned) -> bool) {
        if let Some(list) = self.0.get_mut(log) {
            list.retain(keep);
            if list.is_empty() {
                self.0.remove(log);
            }
        }
    }

    /// Takes back what a lost session had not delivered; returns its logs.
    pub fn release_session(&mut self, session: SessionId) -> Vec<LogKey> {
        let waiting = |assigned: &Assigned| assigned.session == session && assigned.deadline.is_some();
        let logs: Vec<_> =
            self.0.iter().filter(|(_, list)| list.iter().any(waiting)).map(|(log, _)| *log).collect();
        for log in &logs {
            self.retain(log, |assigned| !waiting(assigned));
        }
        logs
    }

    /// Takes back what was not answered in time. A session that cannot answer because our own disk holds it up
    /// (`held_up`) is given more time.
    pub fn overdue(&mut self, now: u64, held_up: &BTreeSet<SessionId>) -> Vec<(LogKey, SessionId, u64)> {
        let mut overdue = Vec::new();
        for (log, list) in &mut self.0 {
            for late in list.iter_mut().filter(|late| late.deadline.is_some_and(|deadline| deadline <= now)) {
                if held_up.contains(&late.session) {
                    late.deadline = Some(now + WANT_TIMEOUT);
                } else {
                    overdue.push((*log, late.session, late.wid));
                }
            }
        }
        for (log, session, wid) in &overdue {
            self.release(log, *session, *wid);
        }
        overdue
    }
}

/// Whether entries of this log are taken: of a device's logs only so many are kept.
pub(super) fn admits(replica: &Replica, log: &LogKey) -> bool {
    let Some(account) = replica.account(&log.account) else { return true };
    account.log(log.device, log.log_id).is_some()
        || account.logs().filter(|(device, ..)| *device == log.device).count() < MAX_LOGS_PER_DEVICE
}

/// Takes `[lo, hi]` out of every range.
fn subtract(ranges: &mut Vec<(u64, u64)>, hi: u64, lo: u64) {
    let mut left = Vec::with_capacity(ranges.len() + 1);
    for &(range_hi, range_lo) in ranges.iter() {
        if hi < range_lo || range_hi < lo {
            left.push((range_hi, range_lo));
            continue;
        }
        if range_hi > hi {
            left.push((range_hi, hi + 1));
        }
        if range_lo < lo {
            left.push((lo - 1, range_lo));
        }
    }
    *ranges = left;
}

/// What the peer has of `log` that counts and is not held here: ranges (highest, lowest), highest first.
pub(super) fn missing(replica: &Replica, log: &LogKey, peer: &PeerLog) -> Vec<(u64, u64)> {
    let limit = replica.limit(log);
    let mut ranges: Vec<_> = peer
        .runs
        .iter()
        .filter_map(|run| {
            let hi = match limit {
                Limit::All => run.top,
                Limit::Below(seal) => run.top.min(seal - 1),
                Limit::Through(seq, _) => run.top.min(seq),
                Limit::Nothing => return None,
            };
            (hi >= run.low).then_some((hi, run.low))
        })
        .collect();
    for (hi, lo) in &peer.absent {
        subtract(&mut ranges, *hi, *lo);
    }
    let Some(held) = replica.log(log) else { return newest_first(ranges) };
    let counting = held.intervals(limit);
    for run in &counting {
        subtract(&mut ranges, run.top, run.low);
    }
    if let Limit::Through(seq, _) = limit {
        let counts_not = ranges.clone();
        for run in held.runs().iter() {
            subtract(&mut ranges, run.top, run.low);
        }
        // What is held below a closed entry may be its ancestors or another branch. One pack at a time tells.
        let next = counting.last().map_or(seq, |run| run.low - 1);
        if ranges.is_empty()
            && let Some((_, lo)) = counts_not.iter().find(|(hi, lo)| *lo <= next && next <= *hi)
        {
            ranges.push((next, (*lo).max(next.saturating_sub(MAX_PACK_ENTRIES as u64 - 1))));
        }
    }
    newest_first(ranges)
}

fn newest_first(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable_by(|a, b| b.cmp(a));
    ranges
}

/// A range whose entries decide whether the log was forked: where the peer's top has another id than the entry
/// held here, or where a held run does not link to the one below it.
fn suspicious(held: &[Run], peer: &[RowRun]) -> Option<(u64, u64)> {
    let span = |hi: u64| (hi, hi.saturating_sub(MAX_PACK_ENTRIES as u64 - 1).max(1));
    let differing = peer
        .iter()
        .find(|run| held.iter().any(|held| held.top == run.top && held.top_id.prefix() != run.tag));
    if let Some(run) = differing {
        let (hi, lo) = span(run.top);
        return Some((hi, lo.max(run.low)));
    }
    held.iter()
        .filter(|upper| upper.low > 1)
        .filter(|upper| held.iter().any(|below| below.covers(upper.low - 1) && !upper.follows(below)))
        .map(|upper| upper.low - 1)
        .find_map(|seq| {
            let run = peer.iter().find(|run| run.low <= seq && seq <= run.top)?;
            let (hi, lo) = span(seq);
            Some((hi, lo.max(run.low)))
        })
}

impl Replicator {
    /// Takes rows in: from ROWS (`answer` says whether ours are asked for) or from HEAD.
    pub(super) fn rows(
        &mut self,
        id: SessionId,
        accounts: Vec<RowsOf>,
        answer: Option<bool>,
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let now = self.now;
        for mut rows in accounts {
            let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
            let account = *session.numbers.get(&rows.number).ok_or(CloseCode::Limit)?;
            let mut logs = Vec::with_capacity(rows.logs.len());
            for row in std::mem::take(&mut rows.logs) {
                logs.push((session.resolve_log(account, &row.log).ok_or(CloseCode::Limit)?, row));
            }
            if !session.by_account.contains_key(&account) {
                continue;
            }
            match answer {
                Some(true) => {
                    session.rows_due.entry(account).or_insert(false);
                }
                Some(false) => {
                    session.rows_awaited.remove(&account);
                    session.answered = now;
                }
                None => {}
            }
            if let Some(session) = self.sessions.get_mut(&id) {
                if rows.full {
                    session.full_there.insert(account);
                } else {
                    session.full_there.remove(&account);
                }
            }
            self.compare_identity(id, account, &rows, replica);
            for (log, row) in logs {
                self.row(id, log, row, answer.is_some(), replica);
            }
        }
        Ok(())
    }

    fn row(&mut self, id: SessionId, log: LogKey, row: Row, at_once: bool, replica: &Replica) {
        let own = self.settings.account;
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.sees(&log.account, &own).shows(log.log_id.class())
            || (session.rows.len() >= MAX_PEER_LOGS && !session.rows.contains_key(&log))
        {
            return;
        }
        let ours = replica.log(&log).and_then(Log::seal);
        match (row.seal, ours) {
            (Some(_), None) => self.ask_proof(id, log),
            (Some(theirs), Some(ours)) if theirs < ours => self.ask_proof(id, log),
            (theirs, Some(ours)) if theirs.is_none_or(|theirs| ours < theirs) => {
                session.proofs_due.insert(log);
            }
            _ => {}
        }
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let peer = PeerLog { runs: row.runs, seal: row.seal, ..PeerLog::default() };
        let gap =
            missing(replica, &log, &peer).iter().fold(0u64, |sum, (hi, lo)| sum.saturating_add(hi - lo + 1));
        if at_once || gap == 0 || gap > MAX_PACK_ENTRIES as u64 {
            session.enqueue(log);
        } else {
            session.grace.entry(log).or_insert(now + HEAD_GRACE);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.rows.insert(log, peer);
        }
        self.tell_holder(id, &log, replica);
    }

    /// Says what the peer has told that it holds of a log of the owner's. Of a log that is not known here, which a peer
    /// may have invented, nothing is said before it is.
    pub(super) fn tell_holder(&mut self, id: SessionId, log: &LogKey, replica: &Replica) {
        if log.account != self.settings.account || replica.log(log).is_none() {
            return;
        }
        let told = self.sessions.get(&id).and_then(|session| session.rows.get(log));
        let holds = told.into_iter().flat_map(|peer| &peer.runs);
        let holds: Vec<_> =
            holds.map(|run| Event::Holds { session: id, log: *log, low: run.low, top: run.top }).collect();
        for event in holds {
            self.emit(Output::Event(event));
        }
    }

    fn ask_proof(&mut self, id: SessionId, log: LogKey) {
        let deadline = self.now + WANT_TIMEOUT;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(handle) = session.handle_of.get(&log).copied()
            && session.proofs_asked.insert(log, deadline).is_none()
        {
            self.send(id, &Message::Want(vec![Ask::Proof(handle)]));
        }
    }

    /// HEADs that no push has satisfied in time are pulled, and pushes are asked for again.
    pub(super) fn due_heads(&mut self, id: SessionId, replica: &Replica) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let due: Vec<_> = session.grace.iter().filter(|(_, due)| **due <= now).map(|(log, _)| *log).collect();
        for log in due {
            let Some(session) = self.sessions.get_mut(&id) else { return };
            session.grace.remove(&log);
            let still = session.rows.get(&log).is_some_and(|peer| !missing(replica, &log, peer).is_empty());
            if still {
                session.enqueue(log);
                if session.lazy_in.remove(&log)
                    && let Some(handle) = session.handle_of.get(&log).copied()
                {
                    self.send(id, &Message::Mode { handle, eager: true });
                }
            }
        }
    }

    /// Sends wants as far as each session may have more outstanding: one pack a want, newest first, logs in
    /// turn. Of several peers the one that has least to do comes first, and those that have left wants
    /// unanswered last.
    pub(super) fn pull(&mut self, replica: &Replica) {
        let now = self.now;
        let Self { sessions, assigned, full, .. } = self;
        let mut order: Vec<_> = sessions
            .iter()
            .filter(|(_, session)| !session.pending.is_empty() && session.stage == Stage::Live)
            .map(|(id, session)| (session.timeouts, session.outstanding.len(), *id))
            .collect();
        order.sort_unstable();
        let mut sends = Vec::new();
        for (.., id) in order {
            let Some(session) = sessions.get_mut(&id) else { continue };
            let mut asks = Vec::new();
            while session.outstanding.len() < session.window {
                let Some(log) = session.pending.pop_front() else { break };
                session.is_pending.remove(&log);
                if !full.contains(&log.account) {
                    asks.extend(next_want(id, session, assigned, log, now, replica));
                }
            }
            if !asks.is_empty() {
                sends.push((id, Message::Want(asks)));
            }
        }
        for (id, message) in sends {
            self.send(id, &message);
        }
    }

    pub(super) fn none(&mut self, id: SessionId, wids: &[u64], replica: &Replica) {
        for wid in wids {
            let Some(wanted) = self.take_want(id, *wid) else { continue };
            self.mark_absent(id, &wanted.log, (wanted.hi, wanted.lo), replica);
            self.assigned.release(&wanted.log, id, *wid);
            self.offer_to_others(wanted.log);
        }
    }

    /// The want that a peer answers, in time or late; how quick it was decides how many may be outstanding.
    pub(super) fn take_want(&mut self, id: SessionId, wid: u64) -> Option<Outstanding> {
        let now = self.now;
        let session = self.sessions.get_mut(&id)?;
        if let Some(wanted) = session.outstanding.remove(&wid) {
            session.answered_in(now.saturating_sub(wanted.sent));
            return Some(wanted);
        }
        session.late.remove(&wid)
    }

    /// A range that this peer does not have after all. A row that is wrong too often is forgotten.
    pub(super) fn mark_absent(
        &mut self,
        id: SessionId,
        log: &LogKey,
        (hi, lo): (u64, u64),
        replica: &Replica,
    ) {
        let pieces = replica.log(log).map_or(0, |held| held.runs().len());
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(peer) = session.rows.get_mut(log)
            && !peer.mark_absent(hi, lo, pieces)
        {
            session.rows.remove(log);
        }
    }

    /// What was not answered in time is asked of others.
    pub(super) fn drop_late_wants(&mut self, replica: &Replica) {
        let held_up =
            self.sessions.iter().filter(|(_, session)| session.is_starved(self.settings.credit / 2));
        let held_up = held_up.map(|(id, _)| *id).collect();
        for (log, id, wid) in self.assigned.overdue(self.now, &held_up) {
            if let Some(session) = self.sessions.get_mut(&id)
                && let Some(wanted) = session.outstanding.remove(&wid)
            {
                session.late.insert(wid, wanted);
                session.timeouts += 1;
                session.window = (session.window / 2).max(1);
                self.mark_absent(id, &log, (wanted.hi, wanted.lo), replica);
            }
            self.offer_to_others(log);
        }
    }

    /// Puts a log into the queue of every session whose peer has something of it.
    pub(super) fn offer_to_others(&mut self, log: LogKey) {
        for session in self.sessions.values_mut() {
            if session.rows.contains_key(&log) {
                session.enqueue(log);
            }
        }
    }
}

fn next_want(
    id: SessionId,
    session: &mut Session,
    assigned: &mut Assignments,
    log: LogKey,
    now: u64,
    replica: &Replica,
) -> Option<Ask> {
    if !session.by_account.contains_key(&log.account) || !admits(replica, &log) {
        return None;
    }
    let peer = session.rows.get(&log)?;
    let out = assigned.of(&log);
    // What is given back puts the log in the queue again.
    if out.len() >= MAX_LOG_WANTS {
        return None;
    }
    let held = replica.log(&log).map(|held| held.intervals(replica.limit(&log))).unwrap_or_default();
    let runs = &peer.runs[..peer.runs.len().min(MAX_RUNS)];
    let evidence = suspicious(&held, runs).filter(|(hi, _)| !session.compared.contains(&(log, *hi)));
    let (hi, lo) = if let Some((hi, lo)) = evidence {
        if session.compared.len() >= MAX_PEER_LOGS {
            session.compared.clear();
        }
        session.compared.insert((log, hi));
        session.enqueue(log);
        (hi, lo)
    } else {
        let mut ranges = missing(replica, &log, peer);
        for taken in out {
            subtract(&mut ranges, taken.hi, taken.lo);
        }
        let (hi, lo) = ranges.first().copied()?;
        let span_lo = lo.max(hi.saturating_sub(MAX_PACK_ENTRIES as u64 - 1));
        if span_lo > lo || ranges.len() > 1 {
            session.enqueue(log);
        }
        (hi, span_lo)
    };
    let handle = *session.handle_of.get(&log)?;
    let wid = session.next_wid;
    session.next_wid += 1;
    session.outstanding.insert(wid, Outstanding { log, hi, lo, sent: now });
    assigned.assign(log, Assigned { hi, lo, session: id, wid, deadline: Some(now + WANT_TIMEOUT) });
    Some(Ask::Range { wid, handle, hi, lo, headers: false })
}

//! Live gossip, level-triggered: HEAD tells what changed, pushes only make it faster.

use std::collections::HashSet;

use bytes::Bytes;

use crate::entry::{Entry, verify};
use crate::ids::{AccountId, LogKey};
use crate::limits::{AUDIT_INTERVAL, HEAD_INTERVAL, MAX_RUNS, ROWS_FRAME};
use crate::state::{Fingerprint, Log, Proof, Replica};
use crate::{Kind, Verified};

use super::chunk::{Address, Builder};
use super::documents::identity_row;
use super::frame::CloseCode;
use super::interest::Reason;
use super::machine::{Output, Replicator, SessionId, Ticket};
use super::message::{Message, Row, RowRun, RowsOf};
use super::session::{Session, Stage};
use super::wants::admits;

/// What is held of `account`, as this peer may see it: all logs, or the one given.
pub(super) fn rows_of(
    session: &mut Session,
    (own, full): (&AccountId, &HashSet<AccountId>),
    account: &AccountId,
    only: Option<&[LogKey]>,
    replica: &Replica,
) -> Option<RowsOf> {
    let number = *session.by_account.get(account)?;
    let sees = session.sees(account, own);
    let known = replica.account(account);
    let identity = known.and_then(|known| identity_row(known.register()));
    let frozen = known.is_some_and(|known| known.register().frozen().is_some());
    let logs = known
        .into_iter()
        .flat_map(|known| known.rows(sees))
        .filter(|row| only.is_none_or(|only| only.contains(&row.key)))
        .filter_map(|row| {
            let log = session.name_log(row.key)?;
            let runs = row.runs.iter().take(MAX_RUNS);
            let runs = runs.map(|run| RowRun { top: run.top, tag: run.top_id.prefix(), low: run.low });
            Some(Row { log, seal: row.seal, runs: runs.collect() })
        })
        .collect();
    Some(RowsOf { number, identity, frozen, full: full.contains(account), logs })
}

/// Bytes that the rows of an account take at most in a frame.
pub(super) fn rows_size(rows: &RowsOf) -> usize {
    32 + rows.logs.iter().map(|row| 64 + 28 * row.runs.len()).sum::<usize>()
}

impl Replicator {
    /// Own entries, acknowledged by the journal: pushed to everyone who shares the account.
    pub(super) fn publish(&mut self, entries: &[Verified<Entry>]) {
        self.push(None, entries, None);
    }

    /// Others' entries, verified a moment ago: pushed on to links that are eager and do not have them.
    pub(super) fn forward(
        &mut self,
        from: Option<SessionId>,
        entries: &[Verified<Entry>],
        replica: &Replica,
    ) {
        self.push(from, entries, Some(replica));
    }

    fn push(&mut self, from: Option<SessionId>, entries: &[Verified<Entry>], others: Option<&Replica>) {
        let own = self.settings.account;
        let mut sends = Vec::new();
        for (&id, session) in &mut self.sessions {
            if Some(id) == from || session.stage != Stage::Live {
                continue;
            }
            let mut builder = Builder::default();
            let mut rest: &[Verified<Entry>] = entries;
            while let Some(first) = rest.first() {
                let log = first.header.log();
                let same = rest.iter().take_while(|entry| entry.header.log() == log).count();
                let (mut group, after) = rest.split_at(same);
                rest = after;
                let Some(number) = session.by_account.get(&log.account).copied() else { continue };
                let unwelcome = session.lazy_out.contains(&log)
                    || first.header.kind == Kind::IDENTITY
                    || (session.full_there.contains(&log.account) && first.header.kind != Kind::DELETE)
                    || !session.sees(&log.account, &own).shows(log.log_id.class())
                    || self.interests.reason(&log.account) == Some(Reason::Private)
                    || (others.is_some()
                        && session.rows.get(&log).is_some_and(|peer| {
                            peer.runs
                                .iter()
                                .any(|run| run.low <= first.header.seq && first.header.seq <= run.top)
                        }));
                while !unwelcome && !group.is_empty() && session.credit_out > 0 && !session.congested {
                    let Some(name) = session.name_log(log) else { break };
                    let address = Address::Pushed(number, name);
                    let fitting = fitting(group);
                    let size: usize = group[..fitting].iter().map(|entry| entry.logical_size()).sum();
                    if builder.overflows(size) {
                        flush(session, id, &mut builder, &mut sends);
                    }
                    let taken = builder.add(&address, &group[..fitting]);
                    group = &group[taken.max(1)..];
                }
            }
            flush(session, id, &mut builder, &mut sends);
        }
        for send in sends {
            self.emit(send);
        }
    }

    /// Logs have changed here: each peer is told by its next HEAD, unless it said itself that it holds as much.
    pub(super) fn changed(&mut self, changed: &[LogKey], replica: &Replica) {
        let own = self.settings.account;
        for log in changed {
            let held = replica.log(log);
            let seal = held.and_then(Log::seal);
            let pieces = held.map_or(0, |held| held.runs().len());
            let ours = held.map(|held| held.intervals(replica.limit(log))).unwrap_or_default();
            for session in self.sessions.values_mut() {
                if !session.by_account.contains_key(&log.account)
                    || !session.sees(&log.account, &own).shows(log.log_id.class())
                {
                    continue;
                }
                let told = session.rows.get(log).filter(|peer| peer.seal == seal);
                let has_it = told.is_some_and(|peer| ours.iter().all(|run| peer.has(run)));
                if let Some(peer) = session.rows.get_mut(log)
                    && pieces < peer.pieces
                {
                    peer.absent.clear();
                    peer.pieces = 0;
                }
                // The author's own node wants to know who holds its posts.
                if !has_it || session.proved == Some(log.account) {
                    session.dirty.insert(*log);
                }
                if session.rows.contains_key(log) {
                    session.enqueue(*log);
                }
            }
            // Rows of a log of the owner's may have come before the log itself.
            if log.account == own {
                for id in self.sessions.keys().copied().collect::<Vec<_>>() {
                    self.tell_holder(id, log, replica);
                }
            }
        }
    }

    pub(super) fn flush_head(&mut self, id: SessionId, replica: &Replica) {
        let own = self.settings.account;
        let now = self.now;
        let mut sends = Vec::new();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.stage != Stage::Live || session.congested || now < session.last_head + HEAD_INTERVAL {
            return;
        }
        let logs = std::mem::take(&mut session.dirty);
        let mut accounts = std::mem::take(&mut session.dirty_accounts);
        if logs.is_empty() && accounts.is_empty() {
            return;
        }
        session.last_head = now;
        accounts.extend(logs.iter().map(|log| log.account));
        let mut frame = Vec::new();
        let mut size = 0;
        for account in accounts {
            let only: Vec<_> = logs.iter().filter(|log| log.account == account).copied().collect();
            let rows = rows_of(session, (&own, &self.full), &account, Some(&only), replica);
            let Some(rows) = rows else { continue };
            size += rows_size(&rows);
            frame.push(rows);
            if size > ROWS_FRAME {
                size = 0;
                sends.push(Message::Head(std::mem::take(&mut frame)));
            }
        }
        if !frame.is_empty() {
            sends.push(Message::Head(frame));
        }
        for message in sends {
            self.send(id, &message);
        }
    }

    pub(super) fn mode(&mut self, id: SessionId, handle: u64, eager: bool) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let log = session.handles.get(&handle).copied().ok_or(CloseCode::Limit)?;
        if eager {
            session.lazy_out.remove(&log);
        } else {
            session.lazy_out.insert(log);
        }
        Ok(())
    }

    /// Unequal twice in a row: everything shared is compared again. One that comes too soon is not looked at, as that
    /// costs far more than sending it.
    pub(super) fn audit(&mut self, id: SessionId, theirs: Fingerprint, replica: &Replica) {
        let (own, now) = (self.settings.account, self.now);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if now < session.audited_at + AUDIT_INTERVAL / 2 {
            return;
        }
        session.audited_at = now;
        let ours = session.list_fingerprint(replica, &own);
        if ours.is_some_and(|ours| ours.matches(theirs)) {
            session.audits_failed = 0;
            return;
        }
        session.audits_failed += 1;
        if session.audits_failed >= 2 {
            session.audits_failed = 0;
            let accounts: Vec<_> = session.by_account.keys().copied().collect();
            self.ask_rows(id, &accounts);
        }
    }

    /// Tells the peer what is held of `accounts` and asks for the same in return.
    pub(super) fn ask_rows(&mut self, id: SessionId, accounts: &[AccountId]) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.expect_answer(now);
        for account in accounts.iter().filter(|account| session.by_account.contains_key(*account)) {
            session.rows_due.insert(*account, true);
        }
    }

    /// A proof is stored if its device is one of the account's: anyone can fork logs of a key of his own. One that would
    /// not be stored, or that tells nothing new, is dropped before its signatures are looked at.
    pub(super) fn proof(
        &mut self,
        id: SessionId,
        one: &Bytes,
        other: &Bytes,
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let read = |bytes: &Bytes| Entry::decode_header(bytes).map_err(|_| CloseCode::Decode);
        let (one, other) = (read(one)?, read(other)?);
        let (log, seq) = (one.header.log(), one.header.seq);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.proofs_asked.remove(&log);
        let listed = replica.account(&log.account).is_some_and(|account| account.lists(log.device));
        let is_taken = session.by_account.contains_key(&log.account) && listed && admits(replica, &log);
        let seals = replica.log(&log).and_then(Log::seal).into_iter().chain(self.sealing.get(&log).copied());
        if !is_taken || seals.min().is_some_and(|seal| seal <= seq) {
            return Ok(());
        }
        let authentic = |entry| verify(entry, &self.settings.keys).map_err(|_| CloseCode::BadProof);
        let proof = Proof::new(authentic(one)?, authentic(other)?).map_err(|_| CloseCode::BadProof)?;
        self.sealing.insert(log, seq);
        let ticket = self.ticket(Ticket { sealing: Some(log), ..Ticket::of(id) });
        let (entries, identities) = (Vec::new(), Vec::new());
        let proofs = vec![std::sync::Arc::new(proof)];
        self.emit(Output::Store { ticket, entries, identities, proofs, live: false });
        Ok(())
    }
}

/// How many of `group` go into one pack: at most 64, ending with the one that crosses 64 KiB.
fn fitting(group: &[Verified<Entry>]) -> usize {
    let mut bytes = 0;
    for (index, entry) in group.iter().enumerate().take(crate::limits::MAX_PACK_ENTRIES) {
        bytes += entry.header.payload_len as usize;
        if bytes >= crate::limits::PACK_BYTES {
            return index + 1;
        }
    }
    group.len().min(crate::limits::MAX_PACK_ENTRIES)
}

fn flush(session: &mut Session, id: SessionId, builder: &mut Builder, sends: &mut Vec<Output>) {
    if let Some((frame, cost)) = builder.finish() {
        session.credit_out -= cost as i64;
        sends.push(Output::Send(id, frame));
    }
}

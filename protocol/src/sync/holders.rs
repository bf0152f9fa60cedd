//! Who else holds accounts that both sides share: told by peers, which may say anything. It decides where posts are
//! looked for, never what is believed.

use crate::body::{Body, Hints};
use crate::ids::AccountId;
use crate::limits::{MAX_FRAME, MAX_SOUGHT, SOUGHT_INTERVAL};

use super::frame::CloseCode;
use super::interest::Reason;
use super::machine::{Output, Replicator, SessionId};
use super::message::Message;
use super::session::Stage;

/// Bytes of holders in an answer, so that its frame has room for the lengths.
const ROOM: usize = MAX_FRAME - 1024;

impl Replicator {
    /// Of an account that is followed in private nobody is asked, nor is anything said.
    fn is_told(&self, account: &AccountId) -> bool {
        self.interests.reason(account).is_some_and(|reason| reason != Reason::Private)
    }

    pub(super) fn ask_holders(&mut self, id: SessionId, number: u64, accounts: &[AccountId]) {
        let Some(session) = self.sessions.get(&id) else { return };
        if session.stage != Stage::Live || session.holders_asked.is_some() {
            return;
        }
        let shared = accounts.iter().filter(|account| self.is_told(account));
        let shared = shared.filter_map(|account| Some((*account, *session.by_account.get(account)?)));
        let (asked, numbers): (Vec<_>, Vec<_>) = shared.take(MAX_SOUGHT).unzip();
        if asked.is_empty() {
            return;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.holders_asked = Some((number, asked));
        }
        self.send(id, &Message::WhoHas { number, accounts: numbers });
    }

    pub(super) fn who_has(&mut self, id: SessionId, number: u64, numbers: &[u64]) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        if session.holders_owed.is_some() || numbers.is_empty() {
            return Err(CloseCode::Limit);
        }
        let accounts: Option<Vec<_>> =
            numbers.iter().map(|number| session.numbers.get(number).copied()).collect();
        let accounts = accounts.ok_or(CloseCode::Limit)?;
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.holders_owed = Some(number);
        // An answer is much larger than its question.
        if session.holders_at.is_some_and(|at| now < at + SOUGHT_INTERVAL) {
            self.tell_holders(id, number, vec![Hints::default(); accounts.len()]);
            return Ok(());
        }
        session.holders_at = Some(now);
        let holders = accounts.iter().map(|account| (*account, self.told(id, account))).collect();
        self.emit(Output::WhoHas(id, number, holders));
        Ok(())
    }

    /// The other sessions in which an account is shared and whose peers let themselves be named.
    fn told(&self, asker: SessionId, account: &AccountId) -> Vec<SessionId> {
        if !self.is_told(account) {
            return Vec::new();
        }
        let others = self.sessions.iter().filter(|(id, session)| {
            **id != asker && session.listed && session.by_account.contains_key(account)
        });
        others.map(|(id, _)| *id).collect()
    }

    pub(super) fn tell_holders(&mut self, id: SessionId, number: u64, mut holders: Vec<Hints>) {
        let owed = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.holders_owed.take_if(|owed| *owed == number));
        if owed.is_none() {
            return;
        }
        // What does not fit is left out, from the account of which most would be said.
        let size = |hints: &Hints| Body::Hints(hints.clone()).encode().map_or(0, |body| body.len());
        let mut sizes: Vec<_> = holders.iter().map(size).collect();
        while sizes.iter().sum::<usize>() > ROOM {
            let Some((at, _)) = sizes.iter().enumerate().max_by_key(|(_, size)| **size) else { break };
            holders[at].holders.pop();
            sizes[at] = size(&holders[at]);
        }
        self.send(id, &Message::Peers { number, holders });
    }

    pub(super) fn holders_told(
        &mut self,
        id: SessionId,
        number: u64,
        holders: Vec<Hints>,
    ) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        // An answer that nothing waits for says nothing.
        let Some((_, accounts)) = session.holders_asked.take_if(|(asked, _)| *asked == number) else {
            return Ok(());
        };
        if accounts.len() != holders.len() {
            return Err(CloseCode::Limit);
        }
        self.emit(Output::Holders(id, accounts.into_iter().zip(holders).collect()));
        Ok(())
    }
}

//! From HELLO to Live: which accounts both hold. Who the peer is, is [`documents`](super::documents).

use std::collections::{BTreeSet, HashSet};

use crate::ids::AccountId;
use crate::limits::{DUPLICATE_AGE, HEAD_GRACE, MAX_OFFER, MAX_OUTSTANDING, TAGS_KEPT};
use crate::state::{Fingerprint, Replica, Salts, account_fingerprint};

use super::frame::CloseCode;
use super::interest::{Interests, pad_and_shuffle, padding_tag};
use super::machine::{Event, Opened, Output, Replicator, SessionId};
use super::message::{Greeting, Message};
use super::session::{Offered, Session, Stage};

impl Replicator {
    pub(super) fn opened(&mut self, opened: Opened) {
        let id = opened.session;
        let session = Session::new(self.settings.peer_id.clone(), opened, self.now);
        if !self.settle_duplicates(id, &session) {
            self.sessions.insert(id, session);
            self.close(id, CloseCode::Duplicate);
            return;
        }
        let dialer = session.dialer;
        self.sessions.insert(id, session);
        if dialer {
            self.greet(id, false);
        }
    }

    /// One session a pair stays. Of two that each side has opened at once, both sides keep the one that the lower
    /// peer id dialed; otherwise the newer replaces the older, which its dialer no longer has. False if the new
    /// one is not to stay.
    fn settle_duplicates(&mut self, id: SessionId, new: &Session) -> bool {
        let lower_dials = |session: &Session| session.dialer == (session.me < session.peer);
        let others = self.sessions.iter().filter(|(other, held)| **other != id && held.peer == new.peer);
        let others: Vec<_> =
            others.map(|(other, held)| (*other, held.opened_at, held.dialer, lower_dials(held))).collect();
        for (other, opened_at, dialer, lower) in others {
            let at_once = self.now < opened_at + DUPLICATE_AGE && dialer != new.dialer;
            if at_once && lower {
                return false;
            }
            self.close(other, CloseCode::Duplicate);
        }
        true
    }

    fn greet(&mut self, id: SessionId, warm: bool) {
        let Some(session) = self.sessions.get(&id) else { return };
        let hello = Greeting {
            salt: session.salt,
            credit: self.settings.credit,
            outstanding: MAX_OUTSTANDING as u64,
            listed: self.settings.listed,
            warm,
        };
        self.send(id, &Message::Hello(hello));
    }

    pub(super) fn hello(&mut self, id: SessionId, hello: &Greeting, replica: &Replica) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.salts = Some(if session.dialer {
            Salts { dialer: session.salt, listener: hello.salt }
        } else {
            Salts { dialer: hello.salt, listener: session.salt }
        });
        session.stage = Stage::Match;
        session.listed = hello.listed;
        session.credit_out = i64::try_from(hello.credit).unwrap_or(i64::MAX);
        session.peer_outstanding =
            usize::try_from(hello.outstanding).unwrap_or(MAX_OUTSTANDING).clamp(1, MAX_OUTSTANDING);
        session.window = session.window.min(session.peer_outstanding);
        let may_warm = session
            .memory
            .as_ref()
            .is_some_and(|memory| !memory.shared.is_empty() && (memory.friend || !session.friend));
        if session.dialer {
            self.send_prove(id, replica);
            if !(may_warm && hello.warm) {
                self.offer_more(id);
            }
            return;
        }
        let fingerprint = if may_warm { self.adopt_memory(id, replica) } else { None };
        self.greet(id, fingerprint.is_some());
        if let Some(fingerprint) = fingerprint {
            self.send(id, &Message::Warm(fingerprint));
        }
    }

    /// Takes the remembered list as shared and fingerprints it, what is no longer held here included: the peer
    /// remembers the same list, and what changed since is told once Live. None if it cannot be equal to anything, or if it
    /// has what this peer may not be told.
    fn adopt_memory(&mut self, id: SessionId, replica: &Replica) -> Option<Fingerprint> {
        let own = self.settings.account;
        let session = self.sessions.get_mut(&id)?;
        let list: Vec<_> = session.memory.as_ref()?.shared.iter().map(|bytes| AccountId(*bytes)).collect();
        // What has become a secret since would be told by a list that is equal.
        let secret = |account: &AccountId| {
            self.interests.reason(account).is_some() && !self.interests.may_tell(session, account)
        };
        if list.iter().any(secret) {
            return None;
        }
        session.adopt(&list);
        let fingerprint =
            session.list_fingerprint(replica, &own).filter(|print| *print != Fingerprint::INCOMPLETE);
        if fingerprint.is_none() {
            session.unadopt();
        }
        session.warm_sent = fingerprint;
        fingerprint
    }

    pub(super) fn warm(
        &mut self,
        id: SessionId,
        theirs: Fingerprint,
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        if session.stage == Stage::Live || (session.dialer && !session.offers.is_empty()) {
            return Ok(());
        }
        let ours = if session.dialer { self.adopt_memory(id, replica) } else { session.warm_sent };
        let equal = ours.is_some_and(|ours| ours.matches(theirs));
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let dialer = session.dialer;
        match ours {
            Some(ours) if equal => {
                let memory = session.memory.as_ref().filter(|memory| memory.friend || !session.friend);
                session.floor = memory.map_or(0, |memory| memory.offered);
                session.answered_at = session.floor;
                if dialer {
                    self.send(id, &Message::Warm(ours));
                }
                self.go_live(id);
                self.withdraw_gone(id);
                self.offer_more(id);
                Ok(())
            }
            _ if dialer => {
                session.unadopt();
                session.warm_sent = None;
                self.offer_more(id);
                Ok(())
            }
            // A dialer sends WARM only when it found the listener's equal to its own.
            _ => Err(CloseCode::Decode),
        }
    }

    fn go_live(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.stage != Stage::Live {
            session.stage = Stage::Live;
            session.last_audit = self.now;
            session.remember = true;
            let told = session.by_account.keys().filter(|account| self.full.contains(*account));
            session.dirty_accounts.extend(told.copied().collect::<Vec<_>>());
            let shared = session.by_account.len();
            self.emit(Output::Event(Event::Live { session: id, shared }));
        }
    }

    /// Offers what the peer may be offered and has not been.
    pub(super) fn offer_more(&mut self, id: SessionId) {
        let generation = self.interests.generation;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.salts.is_none() {
            return;
        }
        session.offer_at = None;
        let nothing = BTreeSet::new();
        let fresh = self.interests.to_offer(session, self.sought.get(&session.peer).unwrap_or(&nothing));
        session.offered_at = generation;
        let first = session.stage == Stage::Match && session.dialer && session.offers.is_empty();
        if fresh.is_empty() && !first {
            if session.offers.is_empty() && session.answered_at != generation {
                session.answered_at = generation;
                session.remember = true;
            }
            return;
        }
        session.expect_answer(self.now);
        session.tags_shown += fresh.len();
        session.offered.extend(fresh.iter().copied());
        let lists: Vec<&[AccountId]> =
            if fresh.is_empty() { vec![&[]] } else { fresh.chunks(MAX_OFFER).collect() };
        let mut sends = Vec::with_capacity(lists.len());
        for list in lists {
            let mut places: Vec<_> = list.iter().copied().map(Offered::Account).collect();
            let round = session.offer_round;
            session.offer_round += 1;
            pad_and_shuffle(&session.salt, round, &mut places);
            let tags = places.iter().enumerate().map(|(index, place)| match place {
                Offered::Account(account) | Offered::Withdrawn(account) => {
                    session.tag(&session.salt, account)
                }
                Offered::Padding => padding_tag(&session.salt, round, index),
            });
            sends.push(Message::Offer { add: true, tags: tags.collect() });
            session.offers.push_back(places);
        }
        for offer in sends {
            self.send(id, &offer);
        }
    }

    pub(super) fn offer(
        &mut self,
        id: SessionId,
        add: bool,
        tags: &[[u8; 8]],
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let own = self.settings.account;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(salts) = session.salts else { return Err(CloseCode::Decode) };
        let salt = if session.dialer { salts.listener } else { salts.dialer };
        if !add {
            self.withdrawn(id, &salt, tags);
            return Ok(());
        }
        let first = session.stage == Stage::Match;
        if first {
            if session.dialer {
                return Err(CloseCode::Decode);
            }
            session.unadopt();
            session.warm_sent = None;
        }
        let matchable = match session.matchable.take() {
            Some((until, matchable)) if until > self.now => (until, matchable),
            _ => (self.now + TAGS_KEPT, self.interests.matchable(session, &salt)),
        };
        let mut shared = Vec::with_capacity(tags.len());
        let mut fingerprints = Vec::new();
        for tag in tags {
            let account = matchable
                .1
                .get(tag)
                .filter(|account| !session.by_account.contains_key(*account) && session.has_room());
            shared.push(account.is_some());
            if let Some(account) = account {
                let sees = session.sees(account, &own);
                fingerprints.push(account_fingerprint(&salts, replica.account(account), sees));
                session.share(*account, !session.dialer);
            }
        }
        session.matchable = Some(matchable);
        self.send(id, &Message::Share { shared, fingerprints });
        self.go_live(id);
        // The listener offers what the dialer has not. A dialer that learns only by PROVE that it is among friends
        // offers most of it in a second OFFER, which is worth waiting for.
        if first {
            let due = self.now + HEAD_GRACE;
            if let Some(session) = self.sessions.get_mut(&id) {
                session.offer_at = Some(due);
            }
        } else {
            self.offer_more(id);
        }
        Ok(())
    }

    /// The peer no longer shares these.
    fn withdrawn(&mut self, id: SessionId, salt: &[u8; 32], tags: &[[u8; 8]]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let tags: HashSet<_> = tags.iter().collect();
        let withdrawn = |account: &&AccountId| tags.contains(&session.tag(salt, account));
        let gone: Vec<_> = session.by_account.keys().filter(withdrawn).copied().collect();
        self.unshare(id, &gone);
    }

    fn unshare(&mut self, id: SessionId, accounts: &[AccountId]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let dropped: Vec<u64> = accounts.iter().flat_map(|account| session.unshare(account)).collect();
        // Every want is answered, so that the peer need not wait for it.
        if !dropped.is_empty() {
            self.send(id, &Message::None(dropped));
        }
    }

    pub(super) fn share(
        &mut self,
        id: SessionId,
        shared: &[bool],
        theirs: &[Fingerprint],
        replica: &Replica,
    ) -> Result<(), CloseCode> {
        let (own, now) = (self.settings.account, self.now);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let (Some(salts), Some(offered)) = (session.salts, session.offers.pop_front()) else {
            return Err(CloseCode::Decode);
        };
        if shared.len() != offered.len() {
            return Err(CloseCode::Decode);
        }
        session.answered = now;
        let mut theirs = theirs.iter();
        let mut differing = Vec::new();
        for (place, _) in offered.iter().zip(shared).filter(|(_, shared)| **shared) {
            let Some(theirs) = theirs.next() else { return Err(CloseCode::Decode) };
            let dialer = session.dialer;
            match place {
                Offered::Padding => return Err(CloseCode::Decode),
                Offered::Withdrawn(account) => session.number(*account, dialer),
                Offered::Account(account) => {
                    let known = session.by_account.contains_key(account);
                    session.share(*account, dialer);
                    // Where both have offered it, the dialer compares.
                    if known && !dialer {
                        continue;
                    }
                    let sees = session.sees(account, &own);
                    let ours = account_fingerprint(&salts, replica.account(account), sees);
                    if !ours.matches(*theirs) {
                        differing.push(*account);
                    }
                }
            }
        }
        if session.offers.is_empty() {
            session.answered_at = session.offered_at;
            session.remember = true;
        }
        self.go_live(id);
        self.ask_rows(id, &differing);
        self.offer_more(id);
        Ok(())
    }

    /// Withdraws what is no longer held here or may no longer be told to this peer; when it proves that it may be, it is
    /// offered anew.
    pub(super) fn withdraw_gone(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let waiting = session.offers.iter().flatten().filter_map(|place| match place {
            Offered::Account(account) => Some(*account),
            Offered::Padding | Offered::Withdrawn(_) => None,
        });
        let mut gone: Vec<_> = session.by_account.keys().copied().chain(waiting).collect();
        gone.retain(|account| !self.interests.may_tell(session, account));
        gone.sort_unstable();
        gone.dedup();
        // What was offered in vain is offered anew once it is held again.
        session.offered.retain(|account| self.interests.reason(account).is_some());
        let mut sends = Vec::new();
        for list in gone.chunks(MAX_OFFER) {
            let tags = list.iter().map(|account| session.tag(&session.salt, account)).collect();
            sends.push(Message::Offer { add: false, tags });
        }
        for account in &gone {
            session.withdraw(account);
        }
        self.unshare(id, &gone);
        for offer in sends {
            self.send(id, &offer);
        }
    }

    /// What the node holds has changed: withdraw what is gone and offer what is new.
    pub(super) fn set_interests(&mut self, interests: Interests) {
        self.interests = interests;
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            session.matchable = None;
            let befriended = session.proved.is_some_and(|account| self.interests.befriends(&account));
            let friend = session.named || befriended;
            if friend != session.friend {
                session.friend = friend;
                session.floor = 0;
                session.remember = true;
            }
            let live = session.stage == Stage::Live;
            self.withdraw_gone(id);
            if live {
                self.offer_more(id);
            }
        }
    }
}

//! The machine of one node: inputs in, outputs out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use crate::body::Hints;
use crate::entry::Invalid;
use crate::identity::VerifiedId;
use crate::ids::{AccountId, EntryId, LogKey};
use crate::keys::{KeyCache, SecretKey};
use crate::limits::{
    ANSWER_TIMEOUT, AUDIT_INTERVAL, HANDSHAKE_TIMEOUT, MAX_FRAME, MAX_OUTSTANDING, STARVE_TIMEOUT,
};
use crate::state::{Fingerprint, Proof, Replica};
use crate::{Entry, Verified};

use super::blobs::BlobWant;
use super::chunk::Groups;
use super::frame::{CloseCode, DecodeError, Frame, Verdict, kind};
use super::ingest::Answered;
use super::interest::Interests;
use super::message::Message;
use super::pin::{PinAnswer, PinAsk};
use super::session::{Session, Stage};
use super::wants::Assignments;

pub use super::session::Wish;

/// Names a session towards the driver.
pub type SessionId = u64;

/// What the machine is told once.
pub struct Settings {
    /// This node's transport identity, as its bytes.
    pub peer_id: Vec<u8>,
    /// The owner's account.
    pub account: AccountId,
    /// This device's key, for PROVE.
    pub device: Arc<SecretKey>,
    /// CHUNK bytes that a peer may send ahead of the disk.
    pub credit: u64,
    /// Whether peers may name this node to others as a holder of what it holds publicly.
    pub listed: bool,
    /// What is known of keys: those of stored identities have been checked.
    pub keys: KeyCache,
}

/// What is remembered of a peer between sessions: never what it holds, only what was shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PeerMemory {
    /// The shared accounts, ascending.
    pub shared: Vec<[u8; 32]>,
    /// The interest counter up to which this peer has been offered everything.
    pub offered: u64,
    /// Whether it was offered as a friend.
    pub friend: bool,
}

/// A new session.
pub struct Opened {
    /// The driver's name for it.
    pub session: SessionId,
    /// The peer's transport identity, proven by the transport.
    pub peer: Vec<u8>,
    /// Whether this side opened it.
    pub dialer: bool,
    /// Whether the owner named this peer (invite, connect, bootstrap).
    pub named: bool,
    /// Fresh random bytes.
    pub salt: [u8; 32],
    /// What is remembered of the peer.
    pub memory: Option<PeerMemory>,
}

/// What happens to the machine.
pub enum Input {
    /// A session was opened.
    Opened(Opened),
    /// A frame came in.
    Frame(SessionId, Frame),
    /// A session is gone.
    Closed(SessionId),
    /// The session's outgoing queue is (or is no longer) too full for bulk.
    Congested(SessionId, bool),
    /// Answers [`Output::Check`].
    Checked(u64, Result<Groups<Verified<Entry>>, Invalid>),
    /// Answers [`Output::Serve`]: CHUNK frames with their costs, and the wants that found nothing.
    Served(SessionId, Vec<(Frame, u64)>, Vec<u64>),
    /// The store has committed: these tickets (of [`Output::Store`]) and these changes, own ones included.
    Committed {
        /// Tickets of the batches committed.
        tickets: Vec<u64>,
        /// Logs that grew or were sealed.
        changed: Vec<LogKey>,
        /// Accounts with a new identity document.
        identities: Vec<AccountId>,
    },
    /// The store had no time for a batch: it is wanted again.
    StoreBusy(u64),
    /// The store refused a batch for want of room.
    StorageFull(u64),
    /// Own entries, acknowledged by the journal.
    Publish(Vec<Verified<Entry>>),
    /// Asks a peer for the posts of the conversation that a post begins. The number is given back in
    /// [`Output::Referred`], of whichever session.
    Refer(SessionId, u64, EntryId),
    /// Answers [`Output::Refs`]: how many such posts are held, and some of them with their documents.
    Referring(SessionId, u64, u64, Vec<(Arc<VerifiedId>, Entry)>),
    /// Asks a peer who else holds accounts, of which those count that both share: at most 16, and one such question at
    /// a time. The number names the answer.
    AskHolders(SessionId, u64, Vec<AccountId>),
    /// Answers [`Output::WhoHas`]: the holders of each account, in the order in which they were asked for.
    TellHolders(SessionId, u64, Vec<Hints>),
    /// Asks a peer for a piece of a blob. The number is given back in [`Output::Blob`], of whichever session.
    AskBlob(SessionId, u64, BlobWant),
    /// Answers [`Output::BlobWanted`]: the piece; empty where it is not given.
    GiveBlob(SessionId, u64, Bytes),
    /// A piece of a blob that the peer has given does not verify: it is not to be trusted.
    Misled(SessionId),
    /// An entry for the owner of a peer, and the document that lists its device.
    Deliver(SessionId, Arc<VerifiedId>, Box<Verified<Entry>>),
    /// Answers [`Output::Delivered`].
    Answer(SessionId, EntryId, Verdict),
    /// Tells a peer which day it is by this machine's clock, in days since 1970 in UTC.
    TellDay(SessionId, u64),
    /// Asks the owner of a peer's node to hold this node's account, or no longer.
    AskPin(SessionId, PinAsk),
    /// Answers [`Output::PinAsked`], or tells a peer whose account is held that this has changed.
    TellPinned(SessionId, PinAnswer),
    /// No more entries are taken of an account, or are again.
    Full(AccountId, bool),
    /// The node now holds these accounts.
    Interests(Interests),
    /// By hearsay these peers hold these of its accounts. Of what a stranger may be shown it is shown them first: else
    /// whoever follows many would not learn of what it came for.
    Sought(HashMap<Vec<u8>, BTreeSet<AccountId>>),
    /// Time passes. At least every 100 ms while any session is open.
    Tick,
}

/// What the machine wants done.
#[derive(Debug)]
pub enum Output {
    /// Send a frame.
    Send(SessionId, Frame),
    /// Close the stream once what was sent is flushed.
    Close(SessionId),
    /// Verify signatures with [`verify_groups`](super::chunk::verify_groups), then [`Input::Checked`], whatever
    /// has become of the session.
    Check(u64, Groups<Entry>),
    /// Read packs, build CHUNKs, then [`Input::Served`].
    Serve(SessionId, Vec<Wish>),
    /// Commit, then [`Input::Committed`], [`Input::StoreBusy`] or [`Input::StorageFull`], whatever has become of the session.
    Store {
        /// Names the batch.
        ticket: u64,
        /// Verified entries.
        entries: Vec<Verified<Entry>>,
        /// Verified identity documents.
        identities: Vec<Arc<VerifiedId>>,
        /// Fork proofs.
        proofs: Vec<Arc<Proof>>,
        /// Pushed a moment ago rather than pulled.
        live: bool,
    },
    /// The peer asks for posts of the conversation that a post begins: read some, then [`Input::Referring`].
    Refs(SessionId, u64, EntryId),
    /// The peer has answered: what was asked, how many posts it holds, and some of them as bytes. Nothing of them is
    /// verified.
    Referred(SessionId, u64, u64, Vec<(Bytes, Bytes)>),
    /// The peer asks who else holds accounts: with each the sessions of those who may be named. Then
    /// [`Input::TellHolders`].
    WhoHas(SessionId, u64, Vec<(AccountId, Vec<SessionId>)>),
    /// The peer has answered: who else is said to hold each account.
    Holders(SessionId, Vec<(AccountId, Hints)>),
    /// The peer asks for a piece of a blob: read it, then [`Input::GiveBlob`].
    BlobWanted(SessionId, u64, BlobWant),
    /// The peer has answered: a piece, not verified; empty where it gives none.
    Blob(SessionId, u64, Bytes),
    /// The peer, which has proved this account, asks to hold it: decide, then [`Input::TellPinned`].
    PinAsked(SessionId, AccountId, PinAsk),
    /// The peer hands an entry over: decide, then [`Input::Answer`].
    Delivered {
        /// Which session.
        session: SessionId,
        /// The document that lists its device; verified.
        document: Arc<VerifiedId>,
        /// The entry; its signature is verified, and nothing else.
        entry: Box<Verified<Entry>>,
    },
    /// Something to tell or remember.
    Event(Event),
}

/// Something to tell or remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Both sides know what they share.
    Live {
        /// Which session.
        session: SessionId,
        /// How many accounts they share.
        shared: usize,
    },
    /// The peer is a device of this account.
    Proved(SessionId, AccountId),
    /// Nothing more is to be had from this peer now.
    Synced(SessionId),
    /// The peer says that it holds this interval of one of the owner's logs.
    Holds {
        /// Which session.
        session: SessionId,
        /// Which log.
        log: LogKey,
        /// Lowest sequence number.
        low: u64,
        /// Highest sequence number.
        top: u64,
    },
    /// What has become of an entry that was handed to the peer.
    Status(SessionId, EntryId, Verdict),
    /// The peer, which has asked for entries later, may be handed some again.
    DeliverAgain(SessionId),
    /// Which day it is by the peer's clock, in days since 1970 in UTC.
    Day(SessionId, u64),
    /// What a peer says of holding this node's account, whether or not it was asked.
    Pinned(SessionId, PinAnswer),
    /// To be kept for the next session with this peer.
    Remember(SessionId, PeerMemory),
    /// The session ended for this reason.
    Ended {
        /// Which session.
        session: SessionId,
        /// Why.
        code: CloseCode,
        /// Whether the peer ended it.
        by_peer: bool,
    },
}

/// Sizes of what the machine remembers, over all sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Sessions.
    pub sessions: usize,
    /// Batches being checked or committed.
    pub tickets: usize,
    /// Pushed entries in them.
    pub in_flight: usize,
    /// Ranges asked of some peer.
    pub wanted: usize,
    /// Logs named.
    pub handles: usize,
    /// Accounts numbered.
    pub numbers: usize,
    /// Logs of which a peer has told.
    pub rows: usize,
    /// Logs that wait to be pulled or told.
    pub queued: usize,
    /// Answers that peers wait for.
    pub owed: usize,
    /// Answers that are waited for.
    pub awaited: usize,
}

pub(super) struct Ticket {
    pub session: SessionId,
    pub cost: u64,
    /// The wants that the batch answers.
    pub wids: Vec<Answered>,
    /// Pushed entries in the batch.
    pub pushed: Vec<EntryId>,
    /// The log of which the batch is a fork proof.
    pub sealing: Option<LogKey>,
}

/// The machine.
pub struct Replicator {
    pub(super) settings: Settings,
    pub(super) interests: Interests,
    /// Accounts of which no more is taken.
    pub(super) full: HashSet<AccountId>,
    /// Peer → the accounts that it is said to hold.
    pub(super) sought: HashMap<Vec<u8>, BTreeSet<AccountId>>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) assigned: Assignments,
    pub(super) tickets: HashMap<u64, Ticket>,
    pub(super) next_ticket: u64,
    /// Pushed entries that are being checked or committed, so that a second copy is known for one.
    pub(super) in_flight: HashSet<EntryId>,
    /// Fork proofs that are being committed: the log, and the lowest number that it is sealed at.
    pub(super) sealing: HashMap<LogKey, u64>,
    /// Identity documents that were asked for: of whom, and until when nobody else is asked.
    pub(super) identities_asked: HashMap<AccountId, (SessionId, u64)>,
    pub(super) now: u64,
    outputs: VecDeque<Output>,
}

impl Replicator {
    /// A machine without sessions.
    pub fn new(settings: Settings, interests: Interests) -> Self {
        Self {
            settings,
            interests,
            full: HashSet::new(),
            sought: HashMap::new(),
            sessions: BTreeMap::new(),
            assigned: Assignments::default(),
            tickets: HashMap::new(),
            next_ticket: 1,
            in_flight: HashSet::new(),
            sealing: HashMap::new(),
            identities_asked: HashMap::new(),
            now: 0,
            outputs: VecDeque::new(),
        }
    }

    /// The next thing to do, if any.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether no live session has anything under way.
    pub fn is_idle(&self) -> bool {
        self.sessions.values().all(Session::is_idle)
    }

    /// Whether the peer of a session can be asked for something: both sides have greeted and compared what they share.
    pub fn is_live(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.stage == Stage::Live)
    }

    /// Whether a session is live and has nothing under way.
    pub fn is_session_idle(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(Session::is_idle)
    }

    /// How much is remembered of what peers said and asked, for metrics: all of it is bounded.
    pub fn load(&self) -> Load {
        let mut load = Load {
            sessions: self.sessions.len(),
            tickets: self.tickets.len(),
            in_flight: self.in_flight.len(),
            wanted: self.assigned.len(),
            ..Load::default()
        };
        for session in self.sessions.values() {
            load.handles += session.handles.len();
            load.numbers += session.numbers.len();
            load.rows += session.rows.len();
            load.queued += session.pending.len() + session.grace.len() + session.dirty.len();
            load.owed += session.wishes.len()
                + session.ready.len()
                + session.rows_due.len()
                + session.identity_wishes.len()
                + session.proofs_due.len()
                + session.deliveries_in.len()
                + session.refs_in.len()
                + usize::from(session.holders_owed.is_some())
                + session.blobs_in.len()
                + session.pins_in
                + usize::from(session.pin_waits.is_some());
            load.awaited += session.outstanding.len()
                + session.late.len()
                + session.offers.len()
                + session.rows_awaited.len()
                + session.identities_asked.len()
                + session.proofs_asked.len()
                + session.deliveries_out.len()
                + session.refs_out.len()
                + usize::from(session.holders_asked.is_some())
                + session.blobs_out.len()
                + usize::from(session.pin_out);
        }
        load
    }

    /// Number of accounts shared with the peer of a session.
    pub fn shared(&self, session: SessionId) -> Option<usize> {
        self.sessions.get(&session).map(|session| session.by_account.len())
    }

    /// Whether an account is shared with the peer of a session.
    pub fn is_shared(&self, session: SessionId, account: &AccountId) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.by_account.contains_key(account))
    }

    /// The sessions in which an account is shared.
    pub fn sharers(&self, account: &AccountId) -> impl Iterator<Item = SessionId> {
        let shares = |(_, session): &(&SessionId, &Session)| session.by_account.contains_key(account);
        self.sessions.iter().filter(shares).map(|(id, _)| *id)
    }

    /// The sessions in which both sides know what they share.
    pub fn settled(&self) -> impl Iterator<Item = SessionId> {
        let settled = |session: &Session| {
            session.stage == Stage::Live && session.offers.is_empty() && session.offer_at.is_none()
        };
        self.sessions.iter().filter(move |(_, session)| settled(session)).map(|(id, _)| *id)
    }

    /// Takes one input. `now` is milliseconds of a clock that never goes back.
    pub fn handle(&mut self, now: u64, input: Input, replica: &Replica) {
        self.now = self.now.max(now);
        match input {
            Input::Opened(opened) => self.opened(opened),
            Input::Frame(id, frame) => self.frame(id, frame, replica),
            Input::Closed(id) => self.closed(id),
            Input::Congested(id, congested) => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.congested = congested;
                }
                self.serve(id);
                self.read_asked(id);
            }
            Input::Checked(ticket, result) => self.checked(ticket, result, replica),
            Input::Served(id, frames, missing) => self.served(id, frames, missing),
            Input::Committed { tickets, changed, identities } => {
                self.committed(&tickets, &changed, &identities, replica);
            }
            Input::StoreBusy(ticket) => {
                self.drop_ticket(ticket);
            }
            Input::StorageFull(ticket) => {
                if let Some(id) = self.drop_ticket(ticket) {
                    self.close(id, CloseCode::StorageFull);
                }
            }
            Input::Publish(entries) => self.publish(&entries),
            Input::Refer(id, number, root) => self.refer(id, number, root),
            Input::AskHolders(id, number, accounts) => self.ask_holders(id, number, &accounts),
            Input::TellHolders(id, number, holders) => self.tell_holders(id, number, holders),
            Input::Referring(id, number, total, posts) => self.referring(id, number, total, &posts),
            Input::AskBlob(id, number, want) => self.ask_blob(id, number, want),
            Input::GiveBlob(id, number, piece) => self.give_blob(id, number, piece),
            Input::Misled(id) => self.close(id, CloseCode::ForgedBlob),
            Input::Deliver(id, document, entry) => self.deliver(id, &document, &entry),
            Input::Answer(id, entry, verdict) => self.answer_delivery(id, entry, verdict),
            Input::TellDay(id, day) if self.sessions.contains_key(&id) => self.send(id, &Message::Clock(day)),
            Input::TellDay(..) => {}
            Input::AskPin(id, ask) => self.ask_pin(id, ask),
            Input::TellPinned(id, answer) => self.tell_pinned(id, answer),
            Input::Full(account, full) => self.set_full(account, full),
            Input::Interests(interests) => self.set_interests(interests),
            Input::Sought(sought) => self.sought = sought,
            Input::Tick => self.tick(replica),
        }
        self.pull_identities(replica);
        self.pull(replica);
        self.answer_all(replica);
        self.tell_idle();
    }

    fn answer_all(&mut self, replica: &Replica) {
        let waiting = self.sessions.iter().filter(|(_, session)| {
            !session.rows_due.is_empty()
                || !session.identity_wishes.is_empty()
                || !session.proofs_due.is_empty()
        });
        let waiting: Vec<_> = waiting.map(|(id, _)| *id).collect();
        for id in waiting {
            self.answer(id, replica);
        }
    }

    pub(super) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn send(&mut self, id: SessionId, message: &Message) {
        self.outputs.push_back(Output::Send(id, message.encode()));
    }

    /// Ends a session for a reason of ours.
    pub(super) fn close(&mut self, id: SessionId, code: CloseCode) {
        let retry_after = match code {
            CloseCode::StorageFull => 300,
            CloseCode::Busy => 60,
            _ => 0,
        };
        if self.sessions.contains_key(&id) {
            self.send(id, &Message::Close(code, retry_after));
            self.end(id, code, false);
        }
    }

    fn end(&mut self, id: SessionId, code: CloseCode, by_peer: bool) {
        self.remember(id);
        self.closed(id);
        self.emit(Output::Close(id));
        self.emit(Output::Event(Event::Ended { session: id, code, by_peer }));
    }

    /// Forgets a session and gives what it was to deliver to others.
    fn closed(&mut self, id: SessionId) {
        self.remember(id);
        if self.sessions.remove(&id).is_none() {
            return;
        }
        self.identities_asked.retain(|_, (session, _)| *session != id);
        for log in self.assigned.release_session(id) {
            self.offer_to_others(log);
        }
    }

    fn frame(&mut self, id: SessionId, frame: Frame, replica: &Replica) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        let result = if frame.body.len() >= MAX_FRAME {
            Err(DecodeError::Limit.into())
        } else if frame.kind == kind::CHUNK {
            self.chunk(id, frame, replica)
        } else {
            Message::decode(frame)
                .map_err(CloseCode::from)
                .and_then(|message| self.message(id, message, replica))
        };
        if let Err(code) = result {
            self.close(id, code);
        }
    }

    fn message(&mut self, id: SessionId, message: Message, replica: &Replica) -> Result<(), CloseCode> {
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        let greeted = session.stage != Stage::Greet;
        let live = session.stage == Stage::Live;
        match message {
            Message::Ignored(_) => Ok(()),
            Message::Close(code, _) => {
                self.end(id, code, true);
                Ok(())
            }
            Message::Hello(hello) if !greeted => {
                self.hello(id, &hello, replica);
                Ok(())
            }
            Message::Prove(prove) if greeted => self.prove(id, prove, replica),
            Message::Warm(fingerprint) if greeted => self.warm(id, fingerprint, replica),
            Message::Offer { add, tags } if greeted => self.offer(id, add, &tags, replica),
            Message::Share { shared, fingerprints } if greeted => {
                self.share(id, &shared, &fingerprints, replica)
            }
            Message::Rows { answer, accounts } if live => self.rows(id, accounts, Some(answer), replica),
            Message::Head(accounts) if live => self.rows(id, accounts, None, replica),
            Message::Want(asks) if greeted => self.want(id, &asks),
            Message::None(wids) if greeted => {
                self.none(id, &wids, replica);
                Ok(())
            }
            Message::Proof(one, other) if live => self.proof(id, &one, &other, replica),
            Message::Identities(documents) if greeted => self.identities(id, &documents, replica),
            Message::Mode { handle, eager } if live => self.mode(id, handle, eager),
            Message::Credit(bytes) if greeted => {
                if let Some(session) = self.sessions.get_mut(&id) {
                    let bytes = i64::try_from(bytes).map_err(|_| CloseCode::Limit)?;
                    session.credit_out = session.credit_out.saturating_add(bytes);
                }
                self.serve(id);
                Ok(())
            }
            Message::Refs { number, root } if live => self.refs(id, number, root),
            Message::Referred { number, total, posts } if live => {
                self.referred(id, number, total, posts);
                Ok(())
            }
            Message::WhoHas { number, accounts } if live => self.who_has(id, number, &accounts),
            Message::Peers { number, holders } if live => self.holders_told(id, number, holders),
            Message::BlobWant { number, want } if live => self.blob_wanted(id, number, want),
            Message::Blob { number, piece } if live => {
                self.blob(id, number, piece);
                Ok(())
            }
            Message::Deliver { document, entry } if live => self.delivered(id, &document, &entry),
            Message::Status(entry, verdict) if live => {
                self.delivery_answered(id, entry, verdict);
                Ok(())
            }
            Message::Pin(ask) if live => self.pin_asked(id, ask),
            Message::Pinned(answer) if live => {
                self.pinned(id, answer);
                Ok(())
            }
            Message::Clock(day) if live => {
                self.emit(Output::Event(Event::Day(id, day)));
                Ok(())
            }
            Message::Audit(fingerprint) if live => {
                self.audit(id, fingerprint, replica);
                Ok(())
            }
            _ => Err(CloseCode::Decode),
        }
    }

    fn tick(&mut self, replica: &Replica) {
        let now = self.now;
        self.drop_late_wants(replica);
        self.drop_late_identities();
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.give_credit(id);
            self.flush_head(id, replica);
            self.due_heads(id, replica);
            if self.sessions.get(&id).is_some_and(|session| session.offer_at.is_some_and(|due| due <= now)) {
                self.offer_more(id);
            }
            self.remember(id);
            self.resume_deliveries(id);
            self.send_pin(id);
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            session.proofs_asked.retain(|_, deadline| *deadline > now);
            session.matchable.take_if(|(until, _)| *until <= now);
            if session.is_starved(self.settings.credit) {
                session.starved_since.get_or_insert(now);
            } else {
                session.starved_since = None;
            }
            if let Some(code) = overdue(session, now) {
                self.close(id, code);
            } else if session.stage == Stage::Live && now >= session.last_audit + AUDIT_INTERVAL {
                session.last_audit = now;
                let fingerprint = session.list_fingerprint(replica, &self.settings.account);
                self.send(id, &Message::Audit(fingerprint.unwrap_or(Fingerprint::INCOMPLETE)));
            }
        }
    }

    fn remember(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.stage == Stage::Live && std::mem::take(&mut session.remember) {
            let memory = PeerMemory {
                shared: session.by_account.keys().map(|account| account.0).collect(),
                offered: session.answered_at,
                friend: session.friend,
            };
            self.emit(Output::Event(Event::Remember(id, memory)));
        }
    }

    fn tell_idle(&mut self) {
        let mut synced = Vec::new();
        for (id, session) in &mut self.sessions {
            let idle = session.is_idle();
            if idle && !session.was_idle {
                synced.push(*id);
            }
            session.was_idle = idle;
        }
        for id in synced {
            // What is shared is known by whoever hears that nothing is missing of it.
            self.remember(id);
            self.emit(Output::Event(Event::Synced(id)));
        }
    }
}

/// Why a session that has not kept its time is to end.
fn overdue(session: &Session, now: u64) -> Option<CloseCode> {
    let greeting = session.stage != Stage::Live && now >= session.opened_at + HANDSHAKE_TIMEOUT;
    let answer = session.owes_answer() && !session.congested && now >= session.answered + ANSWER_TIMEOUT;
    let useless = session.late.len() >= MAX_OUTSTANDING;
    let starved = session.starved_since.is_some_and(|since| now >= since + STARVE_TIMEOUT);
    match (greeting || answer || useless, starved) {
        (true, _) => Some(CloseCode::Timeout),
        (false, true) => Some(CloseCode::StorageFull),
        (false, false) => None,
    }
}

impl From<DecodeError> for CloseCode {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Limit => Self::Limit,
            DecodeError::Version => Self::Version,
            _ => Self::Decode,
        }
    }
}

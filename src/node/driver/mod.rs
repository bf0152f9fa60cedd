//! The driver of a running node: it owns the sync machine and translates between it, the network, the store and
//! the checking threads. It decides nothing itself.
//!
//! One task. It never waits for anyone but its own inputs: frames to a slow peer queue up to a bound and then cost
//! the session; checks and reads run on threads of their own, and while their queue is full no further frames
//! are read from the network, which is how a fast peer is held back.

mod links;
mod local;
mod pins;
mod workers;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::net::PeerId;
use majlis_protocol::finding::DAY_MS;
use majlis_protocol::sync::{
    CloseCode, Event, Frame, Input, Opened, Output, Replicator, SessionId, Settings, Verdict,
};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, Verified, limits};
use tokio::sync::{mpsc, oneshot};

use self::links::Link;
use self::workers::{Job, Workers};
use super::conversations::Answer;
use super::hints::{self, Heard};
use super::media::Asked;
use super::watch::News;
use super::{Addresses, Failure, Local, Node, NodeConfig, blocking, now_ms};
use crate::net::{Metrics, Net, NetEvent, NetEvents};
use crate::store::{Batch, Committed, StoreError};

/// Frames read from the network and not yet handled, over all sessions.
const FRAME_QUEUE: usize = 64;
/// News from the rest of the node not yet handled.
const LOCAL_QUEUE: usize = 256;
/// How often the machine is told that time passes.
const TICK: Duration = Duration::from_millis(25);
/// How often what was learnt of peers is written down.
const FLUSH: Duration = Duration::from_secs(5);
/// How often it is looked which peers were not heard of for long.
const LOOK: Duration = Duration::from_hours(1);

enum Arrival {
    Frame(SessionId, Frame),
    Gone(SessionId),
    Room(SessionId),
}

enum Finished {
    Job(Input),
    /// Its ticket, what became of it, its entries, and whether watchers have been told of these.
    Commit {
        ticket: u64,
        result: Result<Committed, StoreError>,
        entries: Arc<[Verified<Entry>]>,
        told: bool,
    },
}

struct Driver {
    node: Arc<Node>,
    net: Net,
    metrics: Arc<Metrics>,
    machine: Replicator,
    links: BTreeMap<SessionId, Link>,
    next_session: SessionId,
    workers: Workers,
    /// Jobs that found the workers' queue full.
    waiting: VecDeque<Job>,
    arrivals: mpsc::Sender<Arrival>,
    finished: mpsc::Sender<Finished>,
    lan: HashSet<PeerId>,
    /// Peers that were not heard of for long, and when each was last tried.
    tried: HashMap<PeerId, Instant>,
    synced: Vec<oneshot::Sender<usize>>,
    /// Who waits for an answer to a question about a conversation, and which session owes it.
    asked: BTreeMap<u64, (SessionId, mpsc::Sender<Answer>)>,
    next_question: u64,
    /// Pieces of files that were asked for, and when.
    pieces: BTreeMap<u64, (Instant, Asked)>,
    /// Pieces that wait for room in a session: no more than all fetches together want at once.
    waiting_pieces: BTreeMap<SessionId, VecDeque<Asked>>,
    /// Letters that a session has answered, while it has not answered all that were handed to it.
    letters: BTreeMap<SessionId, Vec<EntryId>>,
    started: Instant,
    max_lan: usize,
    hints: hints::Line,
    /// Told when every listener has its port.
    listening: Option<oneshot::Sender<()>>,
}

/// A running driver.
pub struct Handle {
    task: tokio::task::JoinHandle<()>,
    hints: tokio::task::JoinHandle<()>,
    stop: oneshot::Sender<()>,
    listening: oneshot::Receiver<()>,
}

impl Handle {
    /// Returns when every listener has its port, and the addresses are known.
    pub async fn listening(&mut self) {
        // An error means that the driver has ended, which the caller is about to see.
        let _ = (&mut self.listening).await;
    }

    /// Ends every session politely and returns when nothing is under way any more.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        // Errors mean that a task has ended already.
        let _ = self.task.await;
        let _ = self.hints.await;
    }
}

async fn flush(node: Arc<Node>) {
    if let Err(error) = node.flush_peers().await {
        tracing::warn!(%error, "what was learnt of peers could not be written down");
    }
}

/// Attaches a driver to the node and starts it.
pub fn start(node: &Arc<Node>, net: Net, events: NetEvents, config: &NodeConfig) -> Result<Handle, Failure> {
    let settings = Settings {
        peer_id: net.peer_id().to_bytes(),
        account: node.account(),
        device: Arc::clone(&node.keys.device),
        credit: limits::CREDIT,
        listed: config.seed,
        keys: node.store.keys(),
    };
    let (local_sender, local) = mpsc::channel(LOCAL_QUEUE);
    let (arrivals_sender, arrivals) = mpsc::channel(FRAME_QUEUE);
    let (finished_sender, finished) = mpsc::channel(workers::QUEUE * 4);
    let (ready, listening) = oneshot::channel();
    let workers = Workers::start(node.store.clone(), finished_sender.clone())?;
    *node.driver.lock() = Some(local_sender);
    let metrics = Arc::clone(&net.snapshot().borrow().metrics);
    *node.network.lock() = Some(Arc::clone(&metrics));
    let (hints, hinting) = hints::start(node, net.clone(), config);
    let driver = Driver {
        node: Arc::clone(node),
        net,
        metrics,
        machine: Replicator::new(settings, node.peers.interests()),
        links: BTreeMap::new(),
        next_session: 1,
        workers,
        waiting: VecDeque::new(),
        arrivals: arrivals_sender,
        finished: finished_sender,
        lan: HashSet::new(),
        tried: HashMap::new(),
        synced: Vec::new(),
        asked: BTreeMap::new(),
        next_question: 1,
        pieces: BTreeMap::new(),
        waiting_pieces: BTreeMap::new(),
        letters: BTreeMap::new(),
        started: Instant::now(),
        max_lan: config.max_lan_peers,
        hints,
        listening: Some(ready),
    };
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(driver.run(events, local, arrivals, finished, stopped));
    Ok(Handle { task, hints: hinting, stop, listening })
}

impl Driver {
    async fn run(
        mut self,
        mut events: NetEvents,
        mut local: mpsc::Receiver<Local>,
        mut arrivals: mpsc::Receiver<Arrival>,
        mut finished: mpsc::Receiver<Finished>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        self.dial_known();
        for account in self.node.pins.full() {
            self.input(Input::Full(account, true));
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut flushes = tokio::time::interval(FLUSH);
        let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                Some(done) = finished.recv() => self.on_finished(done),
                Some(news) = local.recv() => self.on_local(news),
                Some(event) = events.next() => self.on_net(event),
                Some(arrival) = arrivals.recv(), if self.waiting.is_empty() => self.on_arrival(arrival),
                _ = ticks.tick(), if !self.links.is_empty() => self.input(Input::Tick),
                _ = flushes.tick() => self.flush(),
                _ = looks.tick() => self.look_after_known(),
            }
            self.answer_synced();
        }
        *self.node.driver.lock() = None;
        self.take_note();
        flush(Arc::clone(&self.node)).await;
        for link in self.links.values_mut() {
            link.close();
        }
        self.net.shutdown().await;
    }

    /// A clock that never goes back, for the machine.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        self.machine.handle(now, input, &self.node.store.replica());
        while let Some(output) = self.machine.poll() {
            self.output(output);
        }
        self.start_waiting();
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send(id, frame) => self.send(id, frame),
            Output::Close(id) => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.close();
                }
            }
            Output::Check(ticket, groups) => self.waiting.push_back(Job::Check(ticket, groups)),
            Output::Serve(id, wishes) => self.waiting.push_back(Job::Serve(id, wishes)),
            Output::Store { ticket, mut entries, identities, proofs, live } => {
                self.admit(&mut entries);
                let entries: Arc<[_]> = entries.into();
                if live {
                    self.node.crier.call(News::Entries(Arc::clone(&entries)));
                }
                let stored = Arc::clone(&entries);
                let hinting = entries.iter().filter(|entry| entry.header.kind == Kind::HINTS);
                let hinting: Vec<_> = hinting.map(|entry| entry.header.account).collect();
                let batch = Batch { now_ms: now_ms(), identities, proofs, entries, ..Batch::default() };
                let completion = self.node.store.commit(batch);
                let (finished, hints) = (self.finished.clone(), self.hints.clone());
                tokio::spawn(async move {
                    let result = completion.await.unwrap_or(Err(StoreError::Closed));
                    for account in hinting {
                        hints.tell(Heard::Hints(account));
                    }
                    // Fails only when the driver has ended.
                    let done = Finished::Commit { ticket, result, entries: stored, told: live };
                    let _ = finished.send(done).await;
                });
            }
            Output::Refs(session, number, root) => {
                let node = Arc::clone(&self.node);
                tokio::spawn(async move {
                    let reader = Arc::clone(&node);
                    let given = blocking(move || reader.conversation(&root)).await.unwrap_or_else(|error| {
                        tracing::warn!(%error, "a conversation could not be read");
                        Default::default()
                    });
                    node.tell(Local::GiveConversation { session, number, given }).await;
                });
            }
            Output::WhoHas(session, number, asked) => self.tell_holders(session, number, &asked),
            Output::Holders(session, told) => {
                tracing::debug!(session, accounts = told.len(), "told who else holds accounts");
                self.hints.tell(Heard::Holders(told));
            }
            Output::Referred(_, number, total, posts) => {
                if let Some((_, answers)) = self.asked.remove(&number) {
                    // Fails only where nobody waits any more.
                    tokio::spawn(async move { drop(answers.send((total, posts)).await) });
                }
            }
            Output::BlobWanted(session, number, want) => {
                let node = Arc::clone(&self.node);
                tokio::spawn(async move {
                    let reader = Arc::clone(&node);
                    let given = blocking(move || reader.piece(&want)).await.unwrap_or_else(|error| {
                        tracing::warn!(%error, "a file could not be read");
                        None
                    });
                    let (account, piece) = given.unzip();
                    let piece = piece.unwrap_or_default();
                    node.tell(Local::GivePiece { session, number, account, piece }).await;
                });
            }
            Output::Blob(_, number, piece) => {
                if let Some((_, asked)) = self.pieces.remove(&number) {
                    // Fails only where nobody waits any more.
                    let _ = asked.answer.send(piece);
                }
            }
            Output::PinAsked(session, account, ask) => {
                let node = Arc::clone(&self.node);
                tokio::spawn(async move {
                    let answer = node.answer_pin(account, ask).await;
                    node.tell(Local::TellPinned { session, answer }).await;
                });
            }
            Output::Delivered { session, document, entry } => {
                let node = Arc::clone(&self.node);
                tokio::spawn(async move {
                    let id = entry.id;
                    let verdict = node.receive((document, *entry)).await;
                    node.tell(Local::Answer { session, entry: id, verdict }).await;
                });
            }
            Output::Event(event) => self.event(event),
        }
    }

    /// Hands jobs to the workers as far as these have room.
    fn start_waiting(&mut self) {
        while let Some(job) = self.waiting.pop_front() {
            if let Err(job) = self.workers.give(job) {
                self.waiting.push_front(job);
                break;
            }
        }
    }

    fn on_finished(&mut self, finished: Finished) {
        match finished {
            Finished::Job(input) => self.input(input),
            Finished::Commit { ticket, result: Ok(committed), entries, told } => {
                self.node.settle(&entries, true);
                if !told {
                    self.node.crier.call(News::Entries(Arc::clone(&entries)));
                }
                self.node.crier.call(News::Stored(entries));
                self.own_news(&committed.changed, &committed.identities_changed);
                for account in &committed.identities_changed {
                    self.hints.tell(Heard::Hints(*account));
                }
                self.input(Input::Committed {
                    tickets: vec![ticket],
                    changed: committed.changed,
                    identities: committed.identities_changed,
                });
            }
            Finished::Commit { ticket, result: Err(error), entries, .. } => {
                self.node.settle(&entries, false);
                tracing::warn!(%error, "others' entries could not be stored");
                let input = match error {
                    StoreError::Busy => Input::StoreBusy(ticket),
                    // A disk that fails or is full ends the session, or the same would be wanted for ever.
                    _ => Input::StorageFull(ticket),
                };
                self.input(input);
            }
        }
        self.start_waiting();
    }

    /// What another device of the owner's wrote changes whom this one follows, and perhaps its identity.
    fn own_news(&mut self, changed: &[majlis_protocol::LogKey], identities: &[AccountId]) {
        let own = self.node.account();
        if !changed.iter().any(|log| log.account == own) && !identities.contains(&own) {
            return;
        }
        let (node, identity) = (Arc::clone(&self.node), identities.contains(&own));
        tokio::spawn(async move {
            if let Err(error) = node.own_news(identity).await {
                tracing::warn!(%error, "what another device wrote could not be taken in");
            }
        });
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Day(session, day) => {
                if self.links.contains_key(&session) && self.node.days.told(session, day) {
                    self.hints.tell(Heard::Day);
                }
            }
            Event::Live { session, .. } => {
                self.input(Input::TellDay(session, now_ms() / DAY_MS));
                if let Some(link) = self.links.get(&session) {
                    self.node.peers.heard(&link.name, now_ms());
                }
                self.node.media.met();
                self.hand_over(session);
                self.ask_pin(session);
            }
            Event::Status(session, entry, verdict) => self.answered(session, entry, verdict),
            Event::DeliverAgain(session) => self.hand_over(session),
            Event::Synced(session) => self.on_synced(session),
            Event::Proved(session, account) => self.on_proved(session, account),
            Event::Holds { session, log, low, top } => {
                if let Some(link) = self.links.get(&session) {
                    self.node.peers.holds(&link.name, log, low, top);
                }
            }
            Event::Pinned(session, answer) => {
                if let Some(link) = self.links.get(&session) {
                    self.node.pins.answered(&link.name, &answer);
                }
            }
            Event::Remember(session, memory) => {
                if let Some(link) = self.links.get(&session) {
                    self.node.peers.remember(&link.name, memory);
                }
            }
            Event::Ended { session, code, by_peer } => {
                if let Some(link) = self.links.get(&session) {
                    tracing::debug!(peer = %link.name, ?code, by_peer, "session ended");
                    if !by_peer && code == CloseCode::Timeout {
                        self.hints.tell(Heard::Failed(link.peer));
                    }
                    if !by_peer && code.counts_against_peer() {
                        self.hints.tell(Heard::Shun(link.peer));
                        self.net.forget(link.peer);
                        self.net.disconnect(link.peer);
                    }
                }
            }
        }
    }

    /// A peer has answered a letter. When it has answered all that were handed to it they are crossed off together, and
    /// the next are handed over; what it asks for later waits.
    fn answered(&mut self, session: SessionId, entry: EntryId, verdict: Verdict) {
        let answered = self.letters.entry(session).or_default();
        if verdict != Verdict::Later {
            answered.push(entry);
        }
        if self.machine.is_delivering(session) {
            return;
        }
        let answered = self.letters.remove(&session).unwrap_or_default();
        let Some(account) = self.links.get(&session).and_then(|link| link.account) else { return };
        let (node, goes_on) = (Arc::clone(&self.node), self.machine.takes_deliveries(session));
        tracing::debug!(count = answered.len(), goes_on, "letters were answered");
        tokio::spawn(async move {
            node.handed_over(account, answered).await;
            if goes_on {
                node.hand_over(session, account).await;
            }
        });
    }

    fn on_proved(&mut self, session: SessionId, account: AccountId) {
        let Some(link) = self.links.get_mut(&session) else { return };
        link.account = Some(account);
        let addresses = links::addresses_of(&self.net, link.peer);
        let friend = self.node.follow_reason(&account).is_some();
        self.node.peers.proved(&link.name, &addresses, &account, friend);
        self.part();
        self.tell_peer(session, true);
        self.hand_over(session);
    }

    /// Has the letters that wait for a peer's owner handed over, if it is known who that is.
    pub(super) fn hand_over(&self, session: SessionId) {
        if !self.machine.takes_deliveries(session) {
            return;
        }
        let Some(account) = self.links.get(&session).and_then(|link| link.account) else { return };
        let node = Arc::clone(&self.node);
        tokio::spawn(async move { node.hand_over(session, account).await });
    }

    fn on_synced(&mut self, session: SessionId) {
        let Some(link) = self.links.get_mut(&session) else { return };
        link.synced = true;
        self.node.peers.synced(&link.name);
        self.node.crier.call(News::Synced { peer_id: link.name.clone() });
    }

    /// Has what was learnt of peers, and of the own addresses as interfaces come and go, written down.
    fn flush(&self) {
        self.take_note();
        let node = Arc::clone(&self.node);
        tokio::spawn(flush(node));
    }

    /// Takes note of where this node is, and of whom it may ask for others when it starts again.
    fn take_note(&self) {
        let snapshot = self.net.snapshot();
        let snapshot = snapshot.borrow();
        let addresses = Addresses::new(&snapshot.listen, &snapshot.addresses());
        self.node.peers.set_neighbours(&snapshot.neighbours);
        self.node.peers.set_addresses(addresses, (snapshot.reached(), snapshot.neighbours.len()));
    }

    fn tell_peer(&self, session: SessionId, connected: bool) {
        if let Some(link) = self.links.get(&session) {
            let (peer_id, account) = (link.name.clone(), link.account);
            self.node.crier.call(News::Peer { peer_id, connected, account });
        }
    }

    fn on_net(&mut self, event: NetEvent) {
        match event {
            NetEvent::SessionOpened { peer, dialer, session } => self.opened(peer, dialer, session),
            NetEvent::Discovered { peer, addrs } => {
                let has_room = self.lan.len() < self.max_lan || self.lan.contains(&peer);
                if has_room && !self.node.is_barred(&peer.to_string()) {
                    self.lan.insert(peer);
                    self.net.want(peer, addrs);
                }
            }
            NetEvent::Expired { peer } => {
                if self.lan.remove(&peer) && !self.keeps(&peer) {
                    self.net.forget(peer);
                }
            }
            NetEvent::DialFailed { peer, error } => {
                tracing::debug!(?peer, error, "dial failed");
                if let Some(peer) = peer {
                    self.hints.tell(Heard::Failed(peer));
                }
            }
            NetEvent::ListenersReady => {
                self.hints.tell(Heard::Listening);
                self.flush();
                if let Some(listening) = self.listening.take() {
                    // Fails only where nobody waits for it.
                    let _ = listening.send(());
                }
            }
            NetEvent::Disconnected { .. } => {}
        }
    }

    fn opened(&mut self, peer: PeerId, dialer: bool, session: crate::net::Session) {
        let Ok(salt) = super::keys::random() else {
            // Without randomness no session is safe; the peer will try again.
            session.sink.close();
            return;
        };
        let id = self.next_session;
        self.next_session += 1;
        let name = peer.to_string();
        let (named, memory) = (
            self.node.peers.about(&name).is_some_and(|known| known.is_named()),
            self.node.peers.memory(&name),
        );
        self.links.insert(id, Link::start(id, peer, session, self.arrivals.clone()));
        let peer = peer.to_bytes();
        self.input(Input::Opened(Opened { session: id, peer, dialer, named, salt, memory }));
        self.tell_peer(id, true);
    }

    fn on_arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Frame(id, frame) => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.synced = false;
                }
                self.input(Input::Frame(id, frame));
                self.ask_waiting_pieces(id);
                self.refresh_synced(id);
            }
            Arrival::Gone(id) => {
                self.tell_peer(id, false);
                self.input(Input::Closed(id));
                self.letters.remove(&id);
                self.links.remove(&id);
                self.node.days.gone(id);
                self.asked.retain(|_, (session, _)| *session != id);
                self.pieces.retain(|_, (_, asked)| asked.session != id);
                self.waiting_pieces.remove(&id);
            }
            Arrival::Room(id) => self.room(id),
        }
    }

    fn refresh_synced(&mut self, id: SessionId) {
        let idle = self.machine.is_session_idle(id);
        if let Some(link) = self.links.get_mut(&id) {
            link.synced = idle;
        }
    }

    fn answer_synced(&mut self) {
        if self.synced.is_empty()
            || self.links.is_empty()
            || !self.waiting.is_empty()
            || !self.machine.is_idle()
        {
            return;
        }
        for waiter in self.synced.drain(..) {
            // Fails only where the command was broken off.
            let _ = waiter.send(self.links.len());
        }
    }
}

//! The world: virtual time, links with latency and bandwidth, FIFO each way, sessions that break, nodes that
//! crash. Everything follows from the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use majlis_protocol::body::Hints;
use majlis_protocol::sync::{
    CloseCode, Frame, Input, Opened, Output, PinAnswer, PinVerdict, Reason, SessionId, Verdict,
};
use majlis_protocol::{AccountId, Entry, Verified};

use crate::node::{Job, Node};
use crate::rng::Rng;

pub type NodeId = usize;

const TICK: u64 = 100;
/// Bytes on the way in one direction at which a driver says that its queue is full, and that it no longer is.
const CONGESTED: usize = 1 << 20;
const CLEAR: usize = 1 << 18;

/// How a link carries.
#[derive(Clone, Copy)]
pub struct Carrier {
    /// Milliseconds one way.
    pub latency: u64,
    /// Up to so many more, at random.
    pub jitter: u64,
    /// Bytes a millisecond.
    pub bandwidth: u64,
}

impl Default for Carrier {
    fn default() -> Self {
        Self { latency: 20, jitter: 0, bandwidth: 10_000 }
    }
}

#[derive(Default)]
struct Direction {
    /// When the last frame arrives.
    busy_until: u64,
    on_the_way: usize,
    congested: bool,
    closing: bool,
    pub bytes: usize,
    pub frames: usize,
    by_kind: BTreeMap<u8, (usize, usize)>,
}

/// A session: two ends and what flies between them.
struct Link {
    ends: [NodeId; 2],
    carrier: Carrier,
    open: bool,
    directions: [Direction; 2],
}

enum Happening {
    Arrive(SessionId, usize, Frame),
    HangUp(SessionId),
    Job(NodeId, u64, Job),
    Tick(NodeId, u64),
}

struct Event {
    at: u64,
    order: u64,
    what: Happening,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct World {
    pub now: u64,
    pub rng: Rng,
    pub nodes: Vec<Node>,
    links: BTreeMap<SessionId, Link>,
    queue: BinaryHeap<Reverse<Event>>,
    order: u64,
    next_session: SessionId,
    /// How long a commit takes.
    pub disk: u64,
    pub carrier: Carrier,
    /// Highest sum of what one node's machine remembered.
    pub peak: usize,
    last_traffic: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            now: 1_000,
            rng: Rng::new(seed),
            nodes: Vec::new(),
            links: BTreeMap::new(),
            queue: BinaryHeap::new(),
            order: 0,
            next_session: 1,
            disk: 15,
            carrier: Carrier::default(),
            peak: 0,
            last_traffic: 0,
        }
    }

    pub fn add(&mut self, node: Node) -> NodeId {
        let id = self.nodes.len();
        self.push(TICK, Happening::Tick(id, node.life));
        self.nodes.push(node);
        id
    }

    fn push(&mut self, delay: u64, what: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Event { at: self.now + delay, order: self.order, what }));
    }

    /// Opens a session that `dialer` dials.
    pub fn connect(&mut self, dialer: NodeId, listener: NodeId) -> SessionId {
        self.connect_named(dialer, listener, false)
    }

    pub fn connect_named(&mut self, dialer: NodeId, listener: NodeId, named: bool) -> SessionId {
        let session = self.next_session;
        self.next_session += 1;
        let ends = [dialer, listener];
        let link = Link { ends, carrier: self.carrier, open: true, directions: Default::default() };
        self.links.insert(session, link);
        for (side, node) in ends.into_iter().enumerate() {
            let peer = self.nodes[ends[1 - side]].peer_id.clone();
            let memory = self.nodes[node].memories.get(&peer).cloned();
            self.nodes[node].peers.insert(session, peer.clone());
            let salt = self.rng.bytes();
            let opened = Opened { session, peer, dialer: side == 0, named: named && side == 0, salt, memory };
            self.input(node, Input::Opened(opened));
        }
        session
    }

    /// The session between two nodes, if one is open.
    pub fn session(&self, one: NodeId, other: NodeId) -> Option<SessionId> {
        let between = |link: &Link| link.ends == [one, other] || link.ends == [other, one];
        self.links.iter().find(|(_, link)| link.open && between(link)).map(|(session, _)| *session)
    }

    /// Breaks a session; what is on its way is lost.
    pub fn cut(&mut self, session: SessionId) {
        let Some(link) = self.links.get_mut(&session).filter(|link| link.open) else { return };
        link.open = false;
        for node in link.ends {
            if self.nodes[node].up {
                self.input(node, Input::Closed(session));
            }
            self.nodes[node].peers.remove(&session);
        }
    }

    /// Stops a node: what it had not committed is lost.
    pub fn crash(&mut self, node: NodeId) {
        self.nodes[node].up = false;
        let sessions: Vec<_> =
            self.links.iter().filter(|(_, link)| link.ends.contains(&node)).map(|(id, _)| *id).collect();
        for session in sessions {
            self.cut(session);
        }
        self.nodes[node].life += 1;
    }

    pub fn restart(&mut self, node: NodeId) {
        self.nodes[node].restart();
        let life = self.nodes[node].life;
        self.push(TICK, Happening::Tick(node, life));
    }

    /// The node's owner posts: announced at once, committed a little later.
    pub fn publish(&mut self, node: NodeId, entries: Vec<Verified<Entry>>) {
        let life = self.nodes[node].life;
        self.nodes[node].journal.extend(entries.iter().cloned());
        self.input(node, Input::Publish(entries.clone()));
        let job = Job::Store { ticket: None, entries, identities: Vec::new(), proofs: Vec::new() };
        self.push(1, Happening::Job(node, life, job));
    }

    /// The node's owner publishes an identity document.
    pub fn publish_identity(
        &mut self,
        node: NodeId,
        doc: std::sync::Arc<majlis_protocol::identity::VerifiedId>,
    ) {
        let life = self.nodes[node].life;
        let job = Job::Store { ticket: None, entries: Vec::new(), identities: vec![doc], proofs: Vec::new() };
        self.push(1, Happening::Job(node, life, job));
    }

    pub fn follow(&mut self, node: NodeId, account: AccountId, reason: Reason) {
        self.nodes[node].follow(account, reason);
        self.tell_interests(node);
    }

    pub fn unfollow(&mut self, node: NodeId, account: AccountId) {
        self.nodes[node].interests.remove(&account);
        self.tell_interests(node);
    }

    fn tell_interests(&mut self, node: NodeId) {
        let interests = self.nodes[node].interests.clone();
        if self.nodes[node].up {
            self.input(node, Input::Interests(interests));
        }
    }

    /// Sends a frame that the machine of the sending node knows nothing of.
    pub fn inject(&mut self, session: SessionId, from: NodeId, frame: Frame) {
        self.send(from, session, frame);
    }

    pub fn input(&mut self, node: NodeId, input: Input) {
        if !self.nodes[node].up {
            return;
        }
        let outputs = self.nodes[node].handle(self.now, input);
        let load = self.nodes[node].machine.load();
        self.peak = self.peak.max(load.queued + load.owed + load.awaited + load.tickets + load.wanted);
        let life = self.nodes[node].life;
        for output in outputs {
            match output {
                Output::Send(session, frame) => self.send(node, session, frame),
                Output::Close(session) => self.hang_up(node, session),
                Output::Check(ticket, groups) => {
                    self.push(2, Happening::Job(node, life, Job::Check(ticket, groups)));
                }
                Output::Serve(session, wishes) => {
                    self.push(1, Happening::Job(node, life, Job::Serve(session, wishes)));
                }
                Output::Store { ticket, entries, identities, proofs, .. } => {
                    let job = Job::Store { ticket: Some(ticket), entries, identities, proofs };
                    self.push(self.disk, Happening::Job(node, life, job));
                }
                Output::Refs(session, number, _) => {
                    self.input(node, Input::Referring(session, number, 0, Vec::new()));
                }
                Output::Delivered { session, entry, .. } => {
                    self.input(node, Input::Answer(session, entry.id, Verdict::Refused));
                }
                Output::BlobWanted(session, number, _) => {
                    self.input(node, Input::GiveBlob(session, number, Vec::new().into()));
                }
                Output::PinAsked(session, _, _) => {
                    self.input(node, Input::TellPinned(session, PinAnswer::no(PinVerdict::NotOffered)));
                }
                Output::WhoHas(session, number, asked) => {
                    let nobody = vec![Hints::default(); asked.len()];
                    self.input(node, Input::TellHolders(session, number, nobody));
                }
                Output::Referred(..) | Output::Holders(..) | Output::Blob(..) | Output::Event(_) => {}
            }
        }
    }

    fn side(&self, session: SessionId, node: NodeId) -> Option<usize> {
        let link = self.links.get(&session).filter(|link| link.open)?;
        link.ends.iter().position(|end| *end == node)
    }

    fn send(&mut self, node: NodeId, session: SessionId, frame: Frame) {
        let Some(side) = self.side(session, node) else { return };
        let jitter = self.carrier.jitter;
        let jitter = if jitter == 0 { 0 } else { self.rng.below(jitter) };
        let now = self.now;
        let Some(link) = self.links.get_mut(&session) else { return };
        let carrier = link.carrier;
        let direction = &mut link.directions[side];
        if direction.closing {
            return;
        }
        let size = frame.wire_len();
        direction.bytes += size;
        direction.frames += 1;
        let of_kind = direction.by_kind.entry(frame.kind).or_default();
        *of_kind = (of_kind.0 + 1, of_kind.1 + size);
        direction.on_the_way += size;
        let start = direction.busy_until.max(now + carrier.latency + jitter);
        direction.busy_until = start + (size as u64).div_euclid(carrier.bandwidth);
        let delay = direction.busy_until - now;
        let congested = direction.on_the_way > CONGESTED && !direction.congested;
        direction.congested |= congested;
        self.push(delay, Happening::Arrive(session, side, frame));
        if congested {
            self.input(node, Input::Congested(session, true));
        }
    }

    /// A side is done: what it sent still arrives.
    fn hang_up(&mut self, node: NodeId, session: SessionId) {
        let Some(side) = self.side(session, node) else { return };
        let now = self.now;
        let Some(link) = self.links.get_mut(&session) else { return };
        let direction = &mut link.directions[side];
        direction.closing = true;
        let delay = direction.busy_until.saturating_sub(now);
        self.nodes[node].peers.remove(&session);
        self.push(delay, Happening::HangUp(session));
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Arrive(session, side, frame) => {
                let Some(link) = self.links.get_mut(&session).filter(|link| link.open) else { return };
                let (from, to) = (link.ends[side], link.ends[1 - side]);
                let direction = &mut link.directions[side];
                direction.on_the_way -= frame.wire_len();
                let cleared = direction.congested && direction.on_the_way < CLEAR;
                direction.congested &= !cleared;
                if frame.kind != majlis_protocol::sync::kind::AUDIT {
                    self.last_traffic = self.now;
                }
                self.input(to, Input::Frame(session, frame));
                if cleared {
                    self.input(from, Input::Congested(session, false));
                }
            }
            Happening::HangUp(session) => self.cut(session),
            Happening::Job(node, life, job) => {
                if self.nodes[node].life == life
                    && let Some(input) = self.nodes[node].work(job)
                {
                    self.input(node, input);
                }
            }
            Happening::Tick(node, life) => {
                if self.nodes[node].life == life {
                    self.input(node, Input::Tick);
                    self.push(TICK, Happening::Tick(node, life));
                }
            }
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: u64) {
        let until = self.now + duration;
        while let Some(Reverse(event)) = self.queue.pop() {
            if event.at > until {
                self.queue.push(Reverse(event));
                break;
            }
            self.now = event.at;
            self.happen(event.what);
        }
        self.now = until;
    }

    /// Runs until no machine has anything to do and nothing was sent for two seconds; false if that does not
    /// happen within `limit`.
    pub fn settle(&mut self, limit: u64) -> bool {
        let until = self.now + limit;
        while self.now < until {
            self.run(500);
            let idle = self.nodes.iter().all(|node| !node.up || node.machine.is_idle());
            if idle && self.now > self.last_traffic + 2_000 {
                return true;
            }
        }
        false
    }

    /// The two nodes of a session.
    pub fn ends(&self, session: SessionId) -> [NodeId; 2] {
        self.links.get(&session).map_or([usize::MAX; 2], |link| link.ends)
    }

    /// Bytes and frames of all sessions.
    pub fn traffic(&self) -> (usize, usize) {
        let ways = self.links.values().flat_map(|link| &link.directions);
        ways.fold((0, 0), |sum, way| (sum.0 + way.bytes, sum.1 + way.frames))
    }

    /// Bytes both ways over a session.
    pub fn bytes(&self, session: SessionId) -> usize {
        self.links.get(&session).map_or(0, |link| link.directions.iter().map(|way| way.bytes).sum())
    }

    /// Frames of a type, and their bytes, both ways over a session.
    pub fn frames(&self, session: SessionId, kind: u8) -> (usize, usize) {
        let ways = self.links.get(&session).into_iter().flat_map(|link| &link.directions);
        ways.filter_map(|way| way.by_kind.get(&kind))
            .fold((0, 0), |sum, kind| (sum.0 + kind.0, sum.1 + kind.1))
    }

    pub fn is_open(&self, session: SessionId) -> bool {
        self.links.get(&session).is_some_and(|link| link.open)
    }

    pub fn code(&self, node: NodeId, session: SessionId) -> Option<CloseCode> {
        self.nodes[node].ended.iter().find(|(ended, ..)| *ended == session).map(|(_, code, _)| *code)
    }
}

//! The world: virtual time, links with latency and bandwidth, FIFO each way, sessions that break, nodes that
//! crash. Everything follows from the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use majlis_protocol::body::Hints;
use majlis_protocol::sync::chunk::Chunk;
use majlis_protocol::sync::{
    CloseCode, Event, Frame, Input, Opened, Output, PinAnswer, PinVerdict, Reason, SessionId, Verdict, kind,
};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, LogId, LogKey, Verified};

use crate::node::{Job, Node};
use crate::rng::Rng;

pub type NodeId = usize;

const TICK: u64 = 100;
/// Between two ticks of a node at rest, in a world that is watched: nothing is due there but what takes minutes.
const REST: u64 = 5_000;
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

/// What a node's line carries, all its sessions together: bytes a millisecond.
#[derive(Clone, Copy)]
pub struct Line {
    pub up: u64,
    pub down: u64,
}

/// A node's line: until when it is busy, in microseconds, and what went over it.
#[derive(Clone, Copy, Default)]
pub struct Use {
    line: Option<Line>,
    up_until: u64,
    down_until: u64,
    pub sent: u64,
    pub received: u64,
}

impl Use {
    /// When bytes that are sent now have left.
    fn leave(&mut self, now: u64, size: u64) -> u64 {
        self.sent += size;
        let Some(line) = self.line else { return now };
        self.up_until = self.up_until.max(now * 1_000) + size * 1_000 / line.up;
        self.up_until / 1_000
    }

    /// When bytes whose first is here at `at` have all come.
    fn come(&mut self, at: u64, size: u64) -> u64 {
        self.received += size;
        let Some(line) = self.line else { return at };
        self.down_until = self.down_until.max(at * 1_000) + size * 1_000 / line.down;
        self.down_until / 1_000
    }
}

/// What happens, for whoever watches.
pub enum News {
    /// The session of two nodes is gone.
    Gone([NodeId; 2]),
    /// What a node was told of a session with a peer by its machine.
    Told(NodeId, NodeId, Event),
    /// A CHUNK with so many entries has come to a node.
    Copies(NodeId, usize),
    /// New entries have come to a node from another.
    Came(NodeId, NodeId, Vec<EntryId>),
    /// A node has stored these.
    Stored(NodeId, Vec<EntryId>),
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

struct Due {
    at: u64,
    order: u64,
    what: Happening,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

pub struct World {
    pub now: u64,
    pub rng: Rng,
    pub nodes: Vec<Node>,
    links: BTreeMap<SessionId, Link>,
    queue: BinaryHeap<Reverse<Due>>,
    order: u64,
    next_session: SessionId,
    /// How long a commit takes.
    pub disk: u64,
    pub carrier: Carrier,
    /// Highest sum of what one node's machine remembered.
    pub peak: usize,
    last_traffic: u64,
    /// Lines, and what went over them.
    pub lines: Vec<Use>,
    /// Bytes of each type of frame.
    pub by_kind: BTreeMap<u8, (usize, usize)>,
    /// Somebody watches: news is told, sessions that are over are forgotten, and nodes at rest tick rarely.
    pub watched: bool,
    pub news: Vec<News>,
    ticks_at: Vec<u64>,
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
            lines: Vec::new(),
            by_kind: BTreeMap::new(),
            watched: false,
            news: Vec::new(),
            ticks_at: Vec::new(),
        }
    }

    pub fn add(&mut self, node: Node) -> NodeId {
        let id = self.nodes.len();
        let life = node.life;
        self.nodes.push(node);
        self.lines.push(Use::default());
        self.ticks_at.push(0);
        self.tick_in(id, life, TICK);
        id
    }

    /// Gives a node a line, which all its sessions share.
    pub fn set_line(&mut self, node: NodeId, line: Line) {
        self.lines[node].line = Some(line);
    }

    fn tick_in(&mut self, node: NodeId, life: u64, delay: u64) {
        self.ticks_at[node] = self.now + delay;
        self.push(delay, Happening::Tick(node, life));
    }

    fn push(&mut self, delay: u64, what: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Due { at: self.now + delay, order: self.order, what }));
    }

    /// Opens a session that `dialer` dials.
    pub fn connect(&mut self, dialer: NodeId, listener: NodeId) -> SessionId {
        self.connect_named(dialer, listener, false)
    }

    pub fn connect_named(&mut self, dialer: NodeId, listener: NodeId, named: bool) -> SessionId {
        self.connect_over(dialer, listener, named, self.carrier)
    }

    pub fn connect_over(
        &mut self,
        dialer: NodeId,
        listener: NodeId,
        named: bool,
        carrier: Carrier,
    ) -> SessionId {
        let session = self.next_session;
        self.next_session += 1;
        let ends = [dialer, listener];
        let link = Link { ends, carrier, open: true, directions: Default::default() };
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
        if self.watched
            && let Some(link) = self.links.remove(&session)
        {
            self.news.push(News::Gone(link.ends));
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
        self.tick_in(node, life, TICK);
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
        let from = if let Input::Frame(session, _) = &input { Some(*session) } else { None };
        let outputs = self.nodes[node].handle(self.now, input);
        let life = self.nodes[node].life;
        if self.watched {
            self.watch(node, from, &outputs);
        } else {
            let load = self.nodes[node].machine.load();
            self.peak = self.peak.max(load.queued + load.owed + load.awaited + load.tickets + load.wanted);
        }
        if self.ticks_at[node] > self.now + TICK {
            self.tick_in(node, life, TICK);
        }
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

    fn watch(&mut self, node: NodeId, from: Option<SessionId>, outputs: &[Output]) {
        let other = |session: SessionId| {
            let ends = self.links.get(&session)?.ends;
            Some(ends[usize::from(ends[0] == node)])
        };
        for output in outputs {
            match output {
                Output::Check(_, groups) => {
                    let Some(from) = from.and_then(other) else { continue };
                    let entries = groups.iter().flat_map(|(.., entries)| entries);
                    self.news.push(News::Came(node, from, entries.map(|entry| entry.id).collect()));
                }
                Output::Event(event @ (Event::Proved(session, _) | Event::Ended { session, .. })) => {
                    self.news.extend(other(*session).map(|peer| News::Told(node, peer, event.clone())));
                }
                _ => {}
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
        let (carrier, other) = (link.carrier, link.ends[1 - side]);
        let direction = &mut link.directions[side];
        if direction.closing {
            return;
        }
        let size = frame.wire_len();
        let of_kind = self.by_kind.entry(frame.kind).or_default();
        *of_kind = (of_kind.0 + 1, of_kind.1 + size);
        let left = self.lines[node].leave(now, size as u64);
        let came = self.lines[other].come(left + carrier.latency + jitter, size as u64);
        direction.bytes += size;
        direction.frames += 1;
        let of_kind = direction.by_kind.entry(frame.kind).or_default();
        *of_kind = (of_kind.0 + 1, of_kind.1 + size);
        direction.on_the_way += size;
        let start = direction.busy_until.max(came);
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
                if frame.kind != kind::AUDIT {
                    self.last_traffic = self.now;
                }
                if self.watched && frame.kind == kind::CHUNK {
                    self.news.push(News::Copies(to, entries_in(&frame)));
                }
                self.input(to, Input::Frame(session, frame));
                if cleared {
                    self.input(from, Input::Congested(session, false));
                }
            }
            Happening::HangUp(session) => self.cut(session),
            Happening::Job(node, life, job) => {
                if self.nodes[node].life != life {
                    return;
                }
                if let Job::Store { entries, .. } = &job
                    && self.watched
                {
                    self.news.push(News::Stored(node, entries.iter().map(|entry| entry.id).collect()));
                }
                if let Some(input) = self.nodes[node].work(job) {
                    self.input(node, input);
                }
            }
            Happening::Tick(node, life) => {
                if self.nodes[node].life == life && self.ticks_at[node] == self.now {
                    self.input(node, Input::Tick);
                    let rests = self.watched && self.nodes[node].machine.is_idle();
                    self.tick_in(node, life, if rests { REST } else { TICK });
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

/// How many entries a CHUNK has, whosever they are.
fn entries_in(frame: &Frame) -> usize {
    let log = LogKey { account: AccountId([0; 32]), device: DeviceId([0; 32]), log_id: LogId(0) };
    let groups = Chunk::decode(frame.body.clone()).and_then(|chunk| chunk.groups(|_| Ok(log)));
    groups.map_or(0, |groups| groups.iter().map(|(.., entries)| entries.len()).sum())
}

//! The large simulation: a society lives through a day, each of its nodes the real machine, seeking its peers by the
//! real choice. What is noted here is reckoned up in `reckoning`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use majlis_protocol::state::Run as Interval;
use majlis_protocol::sync::cover::Holder;
use majlis_protocol::sync::{CloseCode, Event, Input, Reason};
use majlis_protocol::{AccountId, Entry, EntryId, LogId, Verified};

use crate::finder::{Finder, MAX_DIALS};
use crate::node::Node;
use crate::people::{Author, Person, device_key};
use crate::rng::Rng;
use crate::society::{Evil, HOUR, MINUTE, SECOND, Size, Society};
use crate::tape::{Deed, Mark, Tape, carried_by};
use crate::world::{Carrier, News, NodeId, World};

/// Everything is looked at so often.
const LOOK: u64 = MINUTE;
/// A dial that nobody answers fails after so long.
const UNANSWERED: u64 = 5 * SECOND;
/// Sessions that a node has at most with those whom it does not want itself; a host has more.
const MAX_SESSIONS: usize = 144;
const MAX_HOST_SESSIONS: usize = 4_096;
/// Posts that everyone has written before the day begins.
const HISTORY: u64 = 3;
/// The longest that news waits to be looked at.
const SLICE: u64 = 200;

/// A post of the day, and who has come to hold it.
pub struct Post {
    pub account: usize,
    pub at: u64,
    /// Where it was written.
    pub by: NodeId,
    pub entry: Verified<Entry>,
    /// Node → when it was on its disk, and over how many nodes it came.
    pub held: BTreeMap<NodeId, (u64, u8)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Do {
    On(NodeId),
    Off(NodeId),
    Post(usize),
    Look(NodeId, u64),
    Dial(NodeId, NodeId, u64),
    Reach(NodeId, NodeId, u64),
    Fail(NodeId, NodeId, u64),
}

/// What is counted, from the time on at which the day is.
#[derive(Default)]
pub struct Counts {
    /// Copies of entries that came to honest nodes, and entries that these stored.
    pub copies: usize,
    pub stored: usize,
    pub dials: usize,
    pub failed: usize,
    pub sessions: usize,
    /// Of honest nodes: dials of the victim, and how many of them made one.
    pub at_victim: usize,
    /// Codes of sessions that ended, and whether both sides were honest.
    pub ended: BTreeMap<(&'static str, bool), usize>,
    /// Sessions that were live, times the milliseconds, of homes and of hosts.
    pub held_open: [u64; 2],
}

pub struct Large {
    pub society: Society,
    pub world: World,
    pub posts: Vec<Post>,
    pub counts: Counts,
    /// Bytes that each node's line had carried when counting began.
    pub before: Vec<u64>,
    pub tape: Tape,
    finders: Vec<Finder>,
    /// Per node: peer → when the session was opened.
    connected: Vec<BTreeMap<NodeId, u64>>,
    /// When each node looks around next.
    looks: Vec<u64>,
    listings: HashMap<AccountId, Vec<Holder<NodeId, ()>>>,
    authors: Vec<Author>,
    by_id: HashMap<EntryId, usize>,
    by_account: HashMap<AccountId, usize>,
    hops: HashMap<(NodeId, usize), u8>,
    queue: BinaryHeap<Reverse<(u64, u64, Do)>>,
    order: u64,
    rng: Rng,
    begun: u64,
}

impl Large {
    pub fn new(size: Size) -> Self {
        let society = Society::new(size);
        let mut world = World::new(size.seed);
        world.watched = true;
        let mut large = Self {
            world,
            posts: Vec::new(),
            counts: Counts::default(),
            before: vec![0; size.nodes],
            // As the day goes on more and more are on, so the middle.
            tape: Tape::new(size.warm + size.counted.saturating_sub(HOUR) / 2),
            finders: (0..size.nodes).map(|_| Finder::default()).collect(),
            connected: vec![BTreeMap::new(); size.nodes],
            looks: vec![u64::MAX; size.nodes],
            listings: HashMap::new(),
            authors: Vec::new(),
            by_id: HashMap::new(),
            by_account: HashMap::new(),
            hops: HashMap::new(),
            queue: BinaryHeap::new(),
            order: 0,
            rng: Rng::new(size.seed ^ 0x5eed),
            begun: 0,
            society,
        };
        large.begun = large.world.now;
        large.settle_in();
        large.plan_the_day();
        large
    }

    /// Everyone moves in, and holds what was written before of those whom they follow or host.
    fn settle_in(&mut self) {
        let size = self.society.size;
        let mut held: Vec<Vec<usize>> =
            self.society.homes.iter().map(|home| home.follows.iter().copied().collect()).collect();
        let mut people = Vec::with_capacity(size.accounts);
        let mut histories = Vec::with_capacity(size.accounts);
        for number in 0..size.accounts {
            let seed = number as u64;
            let key = device_key(seed, 0);
            let person = Person::new(seed, &[&key]);
            let mut author = Author::new(person.account, &key, LogId::new(LogId::PUBLIC, 1));
            histories.push(author.posts(1, HISTORY, "written before, of ordinary length, as people write"));
            self.authors.push(author);
            self.by_account.insert(person.account, number);
            let account = &self.society.accounts[number];
            let holder = |peer: &NodeId| Holder { peer: *peer, addresses: vec![()] };
            self.listings.insert(person.account, account.holders.iter().map(holder).collect());
            if let Some(host) = account.host {
                held[host].push(number);
            }
            if number < size.nodes {
                let mut node = Node::new(seed, person.account, &key);
                node.forgets = true;
                node.up = false;
                self.world.add(node);
                self.world.set_line(number, self.society.homes[number].line);
            }
            people.push(person);
        }
        for (node, held) in held.into_iter().enumerate() {
            let home = &self.society.homes[node];
            for number in held.into_iter().chain([node]) {
                let person = &people[number];
                let reason = if home.follows.contains(&number) { Reason::Public } else { Reason::Pinned };
                if number != node {
                    self.world.nodes[node].follow(person.account, reason);
                }
                self.world.nodes[node].hold(vec![Arc::clone(&person.doc)], histories[number].clone());
                if home.evil == Some(Evil::Lies) && number != node {
                    let log = self.authors[number].key;
                    let top_id = EntryId(self.rng.bytes());
                    let lie = Interval { low: HISTORY + 1, top: HISTORY + 50, low_backlink: top_id, top_id };
                    self.world.nodes[node].claim(&log, lie);
                }
            }
            if let Some(Evil::Twisted(twist)) = home.evil {
                self.world.nodes[node].twist = Some(twist);
            }
            if let Some(host) = self.society.accounts[node].host {
                self.finders[node].kept.insert(host);
            }
        }
    }

    fn plan_the_day(&mut self) {
        for node in 0..self.society.size.nodes {
            for (from, to) in self.society.homes[node].on.clone() {
                self.at(from, Do::On(node));
                self.at(to, Do::Off(node));
            }
        }
        for account in 0..self.society.size.accounts {
            for at in self.society.accounts[account].posts.clone() {
                self.at(at, Do::Post(account));
            }
        }
    }

    /// The time since the world began.
    fn now(&self) -> u64 {
        self.world.now - self.begun
    }

    fn at(&mut self, at: u64, what: Do) {
        self.order += 1;
        self.queue.push(Reverse((at, self.order, what)));
    }

    fn counts(&self) -> bool {
        self.now() >= self.society.size.warm
    }

    /// Lives through it. `tell` hears of every hour.
    pub fn run(&mut self, mut tell: impl FnMut(u64, &Self)) {
        let end = self.society.size.end();
        let (mut hour, mut began) = (0, false);
        while self.now() < end {
            let next = self.queue.peek().map_or(end, |Reverse((at, ..))| *at).min(end);
            let pause = next.saturating_sub(self.now()).min(SLICE);
            self.world.run(pause);
            if !began && self.counts() {
                began = true;
                self.before = carried_by(&self.world);
                self.world.by_kind.clear();
            }
            self.take_news();
            self.mark();
            while let Some(Reverse((at, ..))) = self.queue.peek()
                && *at <= self.now()
                && let Some(Reverse((at, _, what))) = self.queue.pop()
            {
                self.act(at, what);
            }
            if self.now() / HOUR > hour {
                hour += 1;
                tell(hour, self);
            }
        }
        self.mark();
        for node in 0..self.connected.len() {
            for peer in self.connected[node].clone().into_keys() {
                self.note_gone(node, peer);
            }
        }
    }

    fn act(&mut self, at: u64, what: Do) {
        match what {
            Do::On(node) => self.wake(node),
            Do::Off(node) => {
                self.world.crash(node);
                self.take_news();
                self.note(Deed::Off(node));
            }
            Do::Post(account) => self.post(account),
            Do::Look(node, life) if self.lives(node, life) && self.looks[node] == at => self.look(node),
            Do::Dial(node, peer, life) if self.lives(node, life) => self.dial(at, node, peer),
            Do::Reach(node, peer, life) if self.lives(node, life) => self.reach(node, peer),
            Do::Fail(node, peer, life) if self.lives(node, life) => self.fail(node, peer),
            Do::Look(..) | Do::Dial(..) | Do::Reach(..) | Do::Fail(..) => {}
        }
    }

    fn mark(&mut self) {
        let (now, world, counts) = (self.now(), &self.world, &self.counts);
        self.tape.look(now, || Mark {
            carried: carried_by(world),
            copies: counts.copies,
            stored: counts.stored,
        });
    }

    fn note(&mut self, deed: Deed) {
        self.tape.deeds.push((self.now(), deed));
    }

    fn lives(&self, node: NodeId, life: u64) -> bool {
        self.world.nodes[node].up && self.world.nodes[node].life == life
    }

    fn wake(&mut self, node: NodeId) {
        self.note(Deed::On(node));
        self.world.restart(node);
        let (now, life) = (self.now(), self.world.nodes[node].life);
        for (at, peer) in self.finders[node].start(now) {
            self.at(at, Do::Dial(node, peer, life));
        }
        self.seek(node);
        self.looks[node] = u64::MAX;
        self.look_at(node, now + SECOND);
    }

    /// Has a node look around then, or sooner if it is to sooner.
    fn look_at(&mut self, node: NodeId, at: u64) {
        if at < self.looks[node] {
            self.looks[node] = at;
            self.at(at, Do::Look(node, self.world.nodes[node].life));
        }
    }

    fn post(&mut self, account: usize) {
        let size = self.society.size;
        let node = if account < size.nodes { Some(account) } else { self.society.accounts[account].host };
        let Some(node) = node.filter(|node| self.world.nodes[*node].up) else { return };
        let text = "l".repeat(40 + self.rng.exponential(160.0) as usize);
        let now = self.world.now;
        let entries = self.authors[account].posts(now, 1, &text);
        let number = self.posts.len();
        let held = BTreeMap::from([(node, (self.now(), 0))]);
        let entry = entries[0].clone();
        self.posts.push(Post { account, at: self.now(), by: node, entry, held });
        self.note(Deed::Post(number));
        self.by_id.insert(entries[0].id, number);
        self.hops.insert((node, number), 0);
        self.world.publish(node, entries);
        // A host has no journal for others: what it has taken is in its store.
        if account >= size.nodes {
            self.world.nodes[node].journal.clear();
        }
    }

    /// Tells a node's machine who holds what.
    fn seek(&mut self, node: NodeId) {
        let mut sought: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (account, _) in self.world.nodes[node].interests.iter() {
            for holder in self.listings.get(account).into_iter().flatten() {
                sought.entry(self.world.nodes[holder.peer].peer_id.clone()).or_default().insert(*account);
            }
        }
        self.world.input(node, Input::Sought(sought));
    }

    fn look(&mut self, node: NodeId) {
        let (now, life) = (self.now(), self.world.nodes[node].life);
        let it = &self.world.nodes[node];
        let peer = |session| it.peers.get(&session).map(|peer| named(peer));
        let accounts = it.interests.iter().filter_map(|(account, _)| {
            let sharers = it.machine.sharers(account).filter_map(peer).collect::<Vec<_>>();
            Some((sharers, self.listings.get(account)?.as_slice()))
        });
        let (accounts, settled) =
            (accounts.collect::<Vec<_>>(), it.machine.settled().filter_map(peer).collect());
        let due = self.finders[node].look(node, now, &accounts, &self.connected[node], &settled);
        for (at, peer) in due {
            self.at(at, Do::Dial(node, peer, life));
        }
        self.looks[node] = u64::MAX;
        self.look_at(node, now + LOOK);
    }

    fn dial(&mut self, at: u64, node: NodeId, peer: NodeId) {
        if !self.finders[node].is_due(peer, at) || self.connected[node].contains_key(&peer) {
            return;
        }
        let (now, life) = (self.now(), self.world.nodes[node].life);
        if self.finders[node].dials >= MAX_DIALS {
            if let Some((at, peer)) = self.finders[node].later(peer, now) {
                self.at(at, Do::Dial(node, peer, life));
            }
            return;
        }
        self.finders[node].dials += 1;
        if self.counts() && self.society.is_honest(node) {
            self.counts.dials += 1;
            self.counts.at_victim += usize::from(peer == self.society.victim && !self.seeks_victim(node));
        }
        let answers = self.world.nodes[peer].up && self.society.connectable(node, peer);
        let (pause, what) = if answers {
            // TCP, Noise, and the stream: three there and back.
            (6 * self.latency(node, peer), Do::Reach(node, peer, life))
        } else {
            (UNANSWERED, Do::Fail(node, peer, life))
        };
        self.at(now + pause, what);
    }

    /// Whether a node has reason of its own to dial the victim.
    fn seeks_victim(&self, node: NodeId) -> bool {
        let follows = self.society.homes[node].follows.iter();
        follows.copied().any(|account| account == self.society.victim)
    }

    fn latency(&self, one: NodeId, other: NodeId) -> u64 {
        self.society.homes[one].latency + self.society.homes[other].latency
    }

    fn reach(&mut self, node: NodeId, peer: NodeId) {
        let most = if peer < self.society.size.hosts { MAX_HOST_SESSIONS } else { MAX_SESSIONS };
        let full = self.connected[peer].len() >= most && !self.finders[peer].wants(node);
        if !self.world.nodes[peer].up || full || self.finders[peer].shunned.contains(&node) {
            return self.fail(node, peer);
        }
        self.finders[node].dials = self.finders[node].dials.saturating_sub(1);
        if self.connected[node].contains_key(&peer) {
            return;
        }
        let carrier = Carrier { latency: self.latency(node, peer), jitter: 0, bandwidth: 12_500 };
        let named = self.society.accounts.get(node).is_some_and(|account| account.host == Some(peer));
        let now = self.now();
        for (one, other) in [(node, peer), (peer, node)] {
            self.connected[one].insert(other, now);
            self.finders[one].pause(other);
        }
        if self.counts() {
            self.counts.sessions += 1;
        }
        self.note(Deed::Meet(node, peer));
        self.world.connect_over(node, peer, named, carrier);
    }

    fn fail(&mut self, node: NodeId, peer: NodeId) {
        let (now, life) = (self.now(), self.world.nodes[node].life);
        self.finders[node].dials = self.finders[node].dials.saturating_sub(1);
        if self.counts() && self.society.is_honest(node) {
            self.counts.failed += 1;
        }
        if self.finders[node].failed(peer, now) {
            self.look_at(node, now + SECOND);
        }
        if let Some((at, peer)) = self.finders[node].lost(peer, now, 0, &mut self.rng) {
            self.at(at, Do::Dial(node, peer, life));
        }
    }

    fn take_news(&mut self) {
        for news in std::mem::take(&mut self.world.news) {
            match news {
                News::Gone([one, other]) => {
                    self.gone(one, other);
                    self.gone(other, one);
                }
                News::Told(node, peer, event) => self.told(node, peer, &event),
                News::Copies(node, count) => {
                    if self.counts() && self.society.is_honest(node) {
                        self.counts.copies += count;
                    }
                }
                News::Came(node, from, entries) => self.came(node, from, &entries),
                News::Stored(node, entries) => self.stored(node, &entries),
            }
        }
    }

    fn gone(&mut self, node: NodeId, peer: NodeId) {
        let opened = self.connected[node].get(&peer).copied();
        self.note_gone(node, peer);
        if let (Some(opened), true) = (opened, self.world.nodes[node].up) {
            let (now, life) = (self.now(), self.world.nodes[node].life);
            if let Some((at, peer)) = self.finders[node].lost(peer, now, now - opened, &mut self.rng) {
                self.at(at, Do::Dial(node, peer, life));
            }
        }
    }

    /// A session is over, or the day is.
    fn note_gone(&mut self, node: NodeId, peer: NodeId) {
        let Some(opened) = self.connected[node].remove(&peer) else { return };
        // Each of the two loses it; the first to do so is written down.
        if self.connected[peer].contains_key(&node) {
            self.note(Deed::Part(node, peer));
        }
        let since = opened.max(self.society.size.warm);
        let is_host = usize::from(node < self.society.size.hosts);
        self.counts.held_open[is_host] += self.now().saturating_sub(since);
    }

    fn told(&mut self, node: NodeId, peer: NodeId, event: &Event) {
        let now = self.now();
        match event {
            Event::Proved(_, account) if self.world.nodes[node].interests.reason(account).is_some() => {
                self.finders[node].kept.insert(peer);
            }
            Event::Ended { code, by_peer: false, .. } => {
                if *code == CloseCode::Timeout && self.finders[node].failed(peer, now) {
                    self.look_at(node, now + SECOND);
                }
                if code.counts_against_peer() {
                    self.finders[node].shun(peer);
                }
                if self.society.is_honest(node) {
                    let count = self.counts.ended.entry((name(*code), self.society.is_honest(peer)));
                    *count.or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn came(&mut self, node: NodeId, from: NodeId, entries: &[EntryId]) {
        for id in entries {
            if let Some(post) = self.by_id.get(id).copied() {
                let far = self.hops.get(&(from, post)).copied().unwrap_or(0);
                self.hops.entry((node, post)).or_insert(far.saturating_add(1));
            }
        }
    }

    fn stored(&mut self, node: NodeId, entries: &[EntryId]) {
        let now = self.now();
        let is_honest = self.society.is_honest(node);
        for id in entries {
            let Some(post) = self.by_id.get(id).copied() else { continue };
            let hops = self.hops.get(&(node, post)).copied().unwrap_or(0);
            let held = &mut self.posts[post].held;
            if is_honest && !held.contains_key(&node) {
                held.insert(node, (now, hops));
                self.counts.stored += usize::from(now >= self.society.size.warm);
            }
        }
    }
}

/// The node that goes by this name.
fn named(peer_id: &[u8]) -> NodeId {
    peer_id.last_chunk().map_or(usize::MAX, |name| u64::from_be_bytes(*name) as usize)
}

fn name(code: CloseCode) -> &'static str {
    match code {
        CloseCode::ForgedEntry => "forged entry",
        CloseCode::Timeout => "timeout",
        CloseCode::Duplicate => "duplicate",
        CloseCode::Limit => "limit",
        CloseCode::Decode => "decode",
        CloseCode::StorageFull => "storage full",
        _ => "other",
    }
}

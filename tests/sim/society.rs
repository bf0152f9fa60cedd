//! A society: who is at home where, who follows whom, when people are there, and how much they say. All of it follows
//! from the seed.

use std::collections::BTreeSet;

use crate::node::Twist;
use crate::rng::Rng;
use crate::world::{Line, NodeId};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How large it is, and how long it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub seed: u64,
    /// Nodes, hosts included.
    pub nodes: usize,
    /// Of them, those that are always on and hold the accounts of others.
    pub hosts: usize,
    pub accounts: usize,
    /// Nodes in a hundred that are not honest; none of them is a host.
    pub hostile: usize,
    /// Accounts that a node follows: the median, and the most.
    pub follows: (f64, usize),
    /// The day begins to be counted after so long, and is counted for so long: milliseconds.
    pub warm: u64,
    pub counted: u64,
}

impl Size {
    pub fn end(&self) -> u64 {
        self.warm + self.counted
    }
}

/// What is wrong with a node that is not honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evil {
    /// As the twist says.
    Twisted(Twist),
    /// Claims posts that it does not have and nobody ever wrote.
    Lies,
    /// Its owner's hints name a victim in place of itself.
    Points,
}

const EVILS: [Evil; 6] = [
    Evil::Twisted(Twist::Silent),
    Evil::Twisted(Twist::Withholds),
    Evil::Twisted(Twist::Forges),
    Evil::Twisted(Twist::Hides),
    Evil::Lies,
    Evil::Points,
];

/// An account. Those numbered below the number of nodes have the node of that number as their home.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The host that holds it for its owner.
    pub host: Option<NodeId>,
    /// Who follows it.
    pub followers: Vec<NodeId>,
    /// Whom its hints name.
    pub holders: Vec<NodeId>,
    /// When its owner posts.
    pub posts: Vec<u64>,
}

/// A node.
#[derive(Clone)]
pub struct Home {
    pub evil: Option<Evil>,
    /// Everybody can dial it.
    pub open: bool,
    pub line: Line,
    /// Milliseconds from here to the middle of the network.
    pub latency: u64,
    /// When it is on: from, to.
    pub on: Vec<(u64, u64)>,
    /// The accounts that its owner follows.
    pub follows: BTreeSet<usize>,
}

pub struct Society {
    pub size: Size,
    pub homes: Vec<Home>,
    pub accounts: Vec<Account>,
    /// Where hints of those who point lead.
    pub victim: NodeId,
}

impl Society {
    pub fn new(size: Size) -> Self {
        let mut rng = Rng::new(size.seed);
        let victim = size.hosts;
        let homes = (0..size.nodes).map(|node| home(&mut rng, &size, node)).collect();
        let mut society = Self { size, homes, accounts: vec![Account::default(); size.accounts], victim };
        society.choose_evils(&mut rng);
        society.follow(&mut rng);
        society.pin(&mut rng);
        for account in 0..size.accounts {
            society.accounts[account].posts = society.posts(&mut rng, account);
        }
        society
    }

    fn choose_evils(&mut self, rng: &mut Rng) {
        let mut homes: Vec<NodeId> = (self.victim + 1..self.size.nodes).collect();
        rng.shuffle(&mut homes);
        homes.truncate(self.size.nodes * self.size.hostile / 100);
        for (number, node) in homes.into_iter().enumerate() {
            self.homes[node].evil = Some(EVILS[number % EVILS.len()]);
        }
    }

    /// Preferential attachment: one follow in five is of anyone, the others of whoever has followers, the more the
    /// likelier.
    fn follow(&mut self, rng: &mut Rng) {
        let mut popular: Vec<usize> = (0..self.size.accounts).collect();
        let (median, most) = self.size.follows;
        let mut wishes: Vec<(NodeId, usize)> = (self.size.hosts..self.size.nodes)
            .map(|node| (node, (rng.lognormal(median, 1.0).round() as usize).clamp(1, most)))
            .collect();
        rng.shuffle(&mut wishes);
        for (node, count) in wishes {
            while self.homes[node].follows.len() < count {
                let anyone = rng.chance(20);
                let whom = if anyone {
                    rng.below(self.size.accounts as u64) as usize
                } else {
                    popular[rng.below(popular.len() as u64) as usize]
                };
                if whom != node && self.homes[node].follows.insert(whom) {
                    popular.push(whom);
                    self.accounts[whom].followers.push(node);
                }
            }
        }
    }

    /// Every account without a node of its own is pinned at a host, and every other one of those with one. Hints name the
    /// owner's node, the host, and up to three followers who offer to seed.
    fn pin(&mut self, rng: &mut Rng) {
        for number in 0..self.size.accounts {
            let at_home = number < self.size.nodes;
            let is_pinned = !at_home || (number >= self.size.hosts && number % 2 == 0);
            let host = (is_pinned && self.size.hosts > 0).then(|| rng.below(self.size.hosts as u64) as usize);
            let points = at_home && self.homes[number].evil == Some(Evil::Points);
            let victim = self.victim;
            let account = &mut self.accounts[number];
            let mut seeders = account.followers.clone();
            rng.shuffle(&mut seeders);
            let own = at_home.then_some(if points { victim } else { number });
            account.host = host;
            account.holders = own.into_iter().chain(host).chain(seeders.into_iter().take(3)).collect();
        }
    }

    /// Posts of an account: heavy-tailed, at the owner's node while it is on, or from a telephone at any hour of the day.
    fn posts(&self, rng: &mut Rng, account: usize) -> Vec<u64> {
        let days = self.size.end() as f64 / DAY as f64;
        let rate = rng.lognormal(1.0, 1.2).min(50.0);
        let count = (rate * days + rng.unit()).floor() as usize;
        let mut times = Vec::new();
        let home = self.homes.get(account);
        if home.is_some_and(|home| home.evil.is_some()) {
            return times;
        }
        if home.is_none() {
            for day in 0..=self.size.end() / DAY {
                let count = (rate + rng.unit()).floor() as usize;
                times.extend((0..count).map(|_| day * DAY + rhythm(rng)));
            }
        }
        let span = home.map_or(0, |home| home.on.iter().map(|(from, to)| to - from).sum());
        for _ in 0..if span > 0 { count } else { 0 } {
            let mut at = rng.below(span);
            for (from, to) in home.into_iter().flat_map(|home| &home.on) {
                if at < to - from {
                    times.push(from + at);
                    break;
                }
                at -= to - from;
            }
        }
        // The owner has to have come in first, and what is written at the very end reaches nobody in time.
        times.retain(|at| *at > MINUTE && *at + 2 * MINUTE < self.size.end());
        times.sort_unstable();
        times
    }

    /// Whether two can have a session at all: of pairs that are both behind routers three in ten cannot.
    pub fn connectable(&self, one: NodeId, other: NodeId) -> bool {
        if self.homes[one].open || self.homes[other].open {
            return true;
        }
        let pair = (one.min(other) as u64) << 32 | one.max(other) as u64;
        !Rng::new(pair ^ self.size.seed).chance(30)
    }

    pub fn is_honest(&self, node: NodeId) -> bool {
        self.homes[node].evil.is_none()
    }
}

/// A time of day as people have it: few at night, most in the evening; the world begins at nine.
fn rhythm(rng: &mut Rng) -> u64 {
    loop {
        let hour = rng.unit() * 24.0;
        let share = 0.5 - 0.45 * ((hour - 20.0) / 24.0 * std::f64::consts::TAU + std::f64::consts::PI).cos();
        if rng.unit() < share {
            return ((hour + 15.0) % 24.0 * HOUR as f64) as u64;
        }
    }
}

fn home(rng: &mut Rng, size: &Size, node: NodeId) -> Home {
    let is_host = node < size.hosts;
    let line = if is_host {
        Line { up: 12_500, down: 12_500 }
    } else {
        let up = [125, 500, 1_250, 2_500][rng.below(4) as usize];
        Line { up, down: 5 * up }
    };
    let latency = if is_host { 5 } else { 5 + rng.exponential(20.0) as u64 };
    let on = if is_host { vec![(0, size.end() + HOUR)] } else { hours(rng, size) };
    Home { evil: None, open: is_host || rng.chance(10), line, latency, on, follows: BTreeSet::new() }
}

/// When a home node is on: two or three times a day, an hour and three quarters on average, mostly in the evening; so
/// that of all nodes one in five is on, hosts included.
fn hours(rng: &mut Rng, size: &Size) -> Vec<(u64, u64)> {
    let mut on: Vec<(u64, u64)> = Vec::new();
    for day in 0..=size.end() / DAY + 1 {
        for _ in 0..2 + rng.below(2) {
            // The first day is one before the world begins, so that some are on already then.
            let begin = day * DAY + rhythm(rng);
            let length = (rng.exponential(1.78 * HOUR as f64) as u64).max(MINUTE);
            let (from, to) = (begin.saturating_sub(DAY), (begin + length).saturating_sub(DAY));
            if to > from {
                on.push((from, to));
            }
        }
    }
    on.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in on {
        match joined.last_mut() {
            // A pause of less than a minute is none.
            Some(last) if from < last.1 + MINUTE => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined.retain(|(from, _)| *from < size.end());
    joined
}

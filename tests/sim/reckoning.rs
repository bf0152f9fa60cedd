//! What came of the day: how soon posts reached those who could be reached, over how many nodes, and at what price.

use std::collections::BTreeMap;

use crate::large::{Large, Post};
use crate::society::{HOUR, MINUTE, Society};
use crate::tape::{Span, carried_by};
use crate::world::NodeId;

/// A post that followers should have had.
pub struct Reckoning {
    /// Counted posts with a follower who could be reached, and of these how many reached all such within a minute.
    pub posts: usize,
    pub posts_in_time: usize,
    /// Pairs of a post and a follower who could be reached; how many within a minute, and how many at all.
    pub pairs: usize,
    pub in_time: usize,
    pub reached: usize,
    /// The same of accounts that a host holds, and of others: pairs, in time.
    pub pinned: [(usize, usize); 2],
    /// Milliseconds from when a follower could be reached, ascending.
    pub delays: Vec<u64>,
    /// Nodes that a copy came over, ascending.
    pub hops: Vec<u8>,
    pub redundancy: f64,
    /// Bytes both ways in an hour of being on, of honest homes and of hosts, ascending.
    pub home_bytes: Vec<f64>,
    pub host_bytes: Vec<f64>,
    /// Sessions at a time, of a home and of a host.
    pub sessions: [f64; 2],
    /// Of all nodes, the share that is on.
    pub on: f64,
    /// Bytes of each type of frame, as a share of all.
    pub kinds: BTreeMap<u8, f64>,
}

/// What became of a post and a follower.
enum Pair {
    /// The two could not meet for a minute, nor did they.
    Unreachable,
    Late,
    Lost,
    Came(u64),
}

/// The part that two intervals share.
fn common(one: (u64, u64), other: (u64, u64)) -> Option<(u64, u64)> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 < both.1).then_some(both)
}

/// When the follower was on together with a holder with which it could have had a session; joined.
fn windows(society: &Society, post: &Post, follower: NodeId, end: u64) -> Vec<(u64, u64)> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for (holder, (since, _)) in &post.held {
        if *holder == follower || !society.connectable(follower, *holder) {
            continue;
        }
        for mine in &society.homes[follower].on {
            let theirs = society.homes[*holder].on.iter();
            let both = theirs.filter_map(|theirs| common(*mine, *theirs));
            found.extend(both.filter_map(|both| common(both, (*since, end))));
        }
    }
    found.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in found {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn judge(society: &Society, post: &Post, follower: NodeId) -> Pair {
    let came = post.held.get(&follower).map(|(at, _)| *at);
    let first = windows(society, post, follower, society.size.end()).into_iter().find(|(from, to)| {
        let brief = to - from < MINUTE;
        !brief || came.is_some_and(|came| *from <= came && came <= *to)
    });
    match (first, came) {
        (Some((from, _)), Some(came)) if came <= from + MINUTE => Pair::Came(came.saturating_sub(from)),
        (None, Some(_)) => Pair::Came(0),
        (Some(_), Some(_)) => Pair::Late,
        (Some(_), None) => Pair::Lost,
        (None, None) => Pair::Unreachable,
    }
}

/// Of posts of a stretch of time: pairs of one and a follower who could be reached before its end, and to how many of them
/// it came, as `came` has it.
pub fn arrivals(large: &Large, span: Span, came: impl Fn(usize, NodeId) -> bool) -> (usize, usize) {
    let (society, mut pairs, mut reached) = (&large.society, 0, 0);
    for (number, post) in large.posts.iter().enumerate() {
        let followers = society.accounts[post.account].followers.iter();
        for follower in followers.filter(|follower| society.is_honest(**follower)) {
            let mut windows = windows(society, post, *follower, span.1).into_iter();
            if (span.0..span.1).contains(&post.at) && windows.any(|(from, to)| to - from >= MINUTE) {
                pairs += 1;
                reached += usize::from(came(number, *follower));
            }
        }
    }
    (pairs, reached)
}

/// Hours for which a node was on in a stretch of time.
pub fn hours(society: &Society, node: NodeId, span: Span) -> f64 {
    let on = society.homes[node].on.iter().filter_map(|on| common(*on, span)).map(|(from, to)| to - from);
    on.sum::<u64>() as f64 / HOUR as f64
}

/// Bytes in an hour of being on, of honest homes and of hosts, ascending; of what each node's line has carried in that time.
pub fn an_hour(society: &Society, span: Span, bytes: &[u64]) -> [Vec<f64>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for (node, bytes) in bytes.iter().enumerate() {
        let on = hours(society, node, span);
        // Less than a quarter of an hour says little about an hour.
        if society.is_honest(node) && on >= 0.25 {
            found[usize::from(node < society.size.hosts)].push(*bytes as f64 / on);
        }
    }
    for bytes in &mut found {
        bytes.sort_by(f64::total_cmp);
    }
    found
}

impl Reckoning {
    pub fn of(large: &Large) -> Self {
        let society = &large.society;
        let mut found = Self {
            posts: 0,
            posts_in_time: 0,
            pairs: 0,
            in_time: 0,
            reached: 0,
            pinned: [(0, 0); 2],
            delays: Vec::new(),
            hops: Vec::new(),
            redundancy: large.counts.copies as f64 / large.counts.stored.max(1) as f64,
            home_bytes: Vec::new(),
            host_bytes: Vec::new(),
            sessions: [0.0; 2],
            on: 0.0,
            kinds: BTreeMap::new(),
        };
        for post in large.posts.iter().filter(|post| post.at >= society.size.warm) {
            found.post(society, post);
        }
        found.delays.sort_unstable();
        found.hops.sort_unstable();
        found.lines(large);
        found
    }

    fn post(&mut self, society: &Society, post: &Post) {
        let account = &society.accounts[post.account];
        let pinned = usize::from(account.host.is_none());
        let (mut all, mut any) = (true, false);
        for follower in account.followers.iter().filter(|follower| society.is_honest(**follower)) {
            let pair = judge(society, post, *follower);
            if let Pair::Unreachable = pair {
                continue;
            }
            any = true;
            self.pairs += 1;
            self.pinned[pinned].0 += 1;
            self.reached += usize::from(!matches!(pair, Pair::Lost));
            if let Pair::Came(delay) = pair {
                self.in_time += 1;
                self.pinned[pinned].1 += 1;
                self.delays.push(delay);
            } else {
                all = false;
            }
            self.hops.extend(post.held.get(follower).map(|(_, hops)| *hops));
        }
        self.posts += usize::from(any);
        self.posts_in_time += usize::from(any && all);
    }

    fn lines(&mut self, large: &Large) {
        let society = &large.society;
        let counted = (society.size.warm, society.size.end());
        let carried: Vec<u64> = carried_by(&large.world)
            .iter()
            .zip(&large.before)
            .map(|(after, before)| after - before)
            .collect();
        [self.home_bytes, self.host_bytes] = an_hour(society, counted, &carried);
        let mut on = [0.0; 2];
        for node in 0..society.size.nodes {
            on[usize::from(node < society.size.hosts)] += hours(society, node, counted);
        }
        self.on = (on[0] + on[1]) / (society.size.nodes as f64 * society.size.counted as f64 / HOUR as f64);
        for (sessions, (open, hours)) in self.sessions.iter_mut().zip(large.counts.held_open.iter().zip(on)) {
            *sessions = *open as f64 / HOUR as f64 / f64::max(hours, 1.0);
        }
        let all: usize = large.world.by_kind.values().map(|(_, bytes)| bytes).sum();
        self.kinds = large
            .world
            .by_kind
            .iter()
            .map(|(kind, (_, bytes))| (*kind, *bytes as f64 / all as f64))
            .collect();
    }
}

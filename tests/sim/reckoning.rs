//! What came of the day: how soon posts reached those who could be reached, over how many nodes, and at what price.

use std::collections::BTreeMap;

use crate::large::{Large, Post};
use crate::society::{HOUR, MINUTE, Society};
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
fn windows(society: &Society, post: &Post, follower: NodeId) -> Vec<(u64, u64)> {
    let end = society.size.end();
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
    let first = windows(society, post, follower).into_iter().find(|(from, to)| {
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
        let mut hours = [0.0; 2];
        for (node, home) in society.homes.iter().enumerate() {
            let on = home.on.iter().filter_map(|on| common(*on, counted)).map(|(from, to)| to - from);
            let on = on.sum::<u64>() as f64 / HOUR as f64;
            self.on += on / (society.homes.len() as f64 * society.size.counted as f64 / HOUR as f64);
            let is_host = node < society.size.hosts;
            hours[usize::from(is_host)] += on;
            // Less than a quarter of an hour says little about an hour.
            if home.evil.is_some() || on < 0.25 {
                continue;
            }
            let line = large.world.lines[node];
            let bytes = (line.sent + line.received - large.before[node]) as f64 / on;
            if is_host { &mut self.host_bytes } else { &mut self.home_bytes }.push(bytes);
        }
        self.home_bytes.sort_by(f64::total_cmp);
        self.host_bytes.sort_by(f64::total_cmp);
        for (sessions, (open, hours)) in
            self.sessions.iter_mut().zip(large.counts.held_open.iter().zip(hours))
        {
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

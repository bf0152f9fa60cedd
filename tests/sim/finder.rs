//! Whom a node dials and when: what `src/node/hints` and `src/net` do with what the protocol has chosen.

use std::collections::{BTreeMap, BTreeSet};

use majlis_protocol::sync::cover::{Account, Failures, Holder, Standing, choose};

use crate::rng::Rng;
use crate::society::SECOND;
use crate::world::NodeId;

/// Pauses between two dials of one peer.
const BACKOFF: (u64, u64) = (SECOND, 300 * SECOND);
/// A session that lasted so long was a good one.
const STABLE: u64 = 30 * SECOND;
/// Dials under way at once.
pub const MAX_DIALS: usize = 32;

/// A peer to which a connection is kept.
#[derive(Default)]
struct Wanted {
    /// For itself, rather than because it was hinted at.
    asked: bool,
    due: Option<u64>,
    failures: u32,
}

#[derive(Default)]
pub struct Finder {
    wanted: BTreeMap<NodeId, Wanted>,
    /// The owner named it, or it proved an account that is held here.
    pub kept: BTreeSet<NodeId>,
    pub shunned: BTreeSet<NodeId>,
    failures: Failures<NodeId>,
    plan: BTreeSet<NodeId>,
    pub dials: usize,
}

/// With whom an account is shared, and who is said to hold it.
pub type Shared<'a> = (Vec<NodeId>, &'a [Holder<NodeId, ()>]);

/// A dial that is to be made at a time.
pub type Due = (u64, NodeId);

impl Finder {
    /// The node starts: it dials whom it keeps.
    pub fn start(&mut self, now: u64) -> Vec<Due> {
        let asked = |due| Wanted { asked: true, due, failures: 0 };
        self.wanted = self.kept.iter().map(|peer| (*peer, asked(Some(now)))).collect();
        self.failures = Failures::default();
        self.plan.clear();
        self.dials = 0;
        self.kept.iter().map(|peer| (now, *peer)).collect()
    }

    /// Works out anew whom to seek.
    pub fn look(
        &mut self,
        me: NodeId,
        now: u64,
        accounts: &[Shared<'_>],
        connected: &BTreeMap<NodeId, u64>,
        settled: &BTreeSet<NodeId>,
    ) -> Vec<Due> {
        let accounts: Vec<_> =
            accounts.iter().map(|(sharers, holders)| Account { private: false, sharers, holders }).collect();
        let standing = |peer: &NodeId| Standing {
            connected: connected.contains_key(peer),
            settled: settled.contains(peer),
            kept: self.kept.contains(peer),
            barred: *peer == me || self.shunned.contains(peer),
            failures: self.failures.count(peer),
            resting: self.failures.rests(peer, now),
        };
        let plan: BTreeSet<NodeId> = choose(&accounts, standing).into_keys().collect();
        for gone in self.plan.difference(&plan) {
            if self.wanted.get(gone).is_some_and(|wanted| !wanted.asked) {
                self.wanted.remove(gone);
            }
        }
        let mut due = Vec::new();
        for peer in &plan {
            if !self.wanted.contains_key(peer) {
                let at = (!connected.contains_key(peer)).then_some(now);
                self.wanted.insert(*peer, Wanted { asked: false, due: at, failures: 0 });
                due.extend(at.map(|at| (at, *peer)));
            }
        }
        self.failures.retain(|peer| !settled.contains(peer));
        self.plan = plan;
        due
    }

    /// Whether the peer is to be dialled now.
    pub fn is_due(&mut self, peer: NodeId, at: u64) -> bool {
        let wanted = self.wanted.get_mut(&peer).filter(|wanted| wanted.due == Some(at));
        wanted.is_some_and(|wanted| wanted.due.take().is_some())
    }

    pub fn wants(&self, peer: NodeId) -> bool {
        self.wanted.contains_key(&peer)
    }

    /// There is a session with it.
    pub fn pause(&mut self, peer: NodeId) {
        if let Some(wanted) = self.wanted.get_mut(&peer) {
            wanted.due = None;
        }
    }

    /// Waits with a dial for which there is no room.
    pub fn later(&mut self, peer: NodeId, now: u64) -> Option<Due> {
        self.wanted.get_mut(&peer)?.due = Some(now + SECOND);
        Some((now + SECOND, peer))
    }

    /// A dial, or a session, came to nothing.
    /// Whether others are to be sought in its place.
    pub fn failed(&mut self, peer: NodeId, now: u64) -> bool {
        let planned = self.plan.contains(&peer);
        if planned {
            self.failures.note(peer, now);
        }
        planned
    }

    /// A dial has failed, or a session that lasted so long is gone.
    pub fn lost(&mut self, peer: NodeId, now: u64, lasted: u64, rng: &mut Rng) -> Option<Due> {
        let wanted = self.wanted.get_mut(&peer)?;
        if lasted >= STABLE {
            wanted.failures = 0;
        }
        let full = (BACKOFF.0 << wanted.failures.min(20)).min(BACKOFF.1);
        let at = now + full / 2 + rng.below(full / 2 + 1);
        wanted.failures += 1;
        wanted.due = Some(at);
        Some((at, peer))
    }

    /// It has broken the rules.
    pub fn shun(&mut self, peer: NodeId) {
        self.shunned.insert(peer);
        self.wanted.remove(&peer);
    }
}

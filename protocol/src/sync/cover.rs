//! Whom a node seeks so that each account it holds has live holders: a greedy cover, since one peer
//! often holds many accounts. Everything that is said of holders is foreign: it decides where this node looks for
//! posts, never what it believes.
//!
//! **Private follows.** To dial a node out of the blue is to tell it, and whoever watches the line, that something
//! there is wanted. An account that is followed in private may name anyone as a holder, so of its hints only those
//! are used that say where a peer is now which the node seeks anyway, because the owner named it or it proved to be
//! of an account held here: that says no more than its old address did.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::limits::MAX_ADDRESSES;

/// With so many sessions that share an account, nobody else is sought for it.
pub const ENOUGH: usize = 2;
/// Where there are fewer, so many of its holders are sought.
pub const AIM: usize = 3;
/// Peers that are sought only because they were hinted at: half of the connections that a node has at most by default.
pub const MAX_HINTED: usize = 128;

/// A peer that did not answer is left alone for this long, in milliseconds; twice as long each further time.
pub const FIRST_REST: u64 = 60_000;
/// Longest rest.
pub const LONGEST_REST: u64 = 1_800_000;

/// A node that holds an account, and where it is said to be. Peers and addresses are the caller's own kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder<P, A> {
    /// Which node.
    pub peer: P,
    /// At least one.
    pub addresses: Vec<A>,
}

/// An account that is held here, and what is said of its holders.
pub struct Account<'a, P, A> {
    /// It is followed in private.
    pub private: bool,
    /// Peers with which it is shared in a session.
    pub sharers: &'a [P],
    /// The best first.
    pub holders: &'a [Holder<P, A>],
}

/// How this node stands with a peer.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about one peer")]
pub struct Standing {
    /// There is a session with it.
    pub connected: bool,
    /// Both sides of that session know what they share: now the peer counts for that alone, whatever is said of it.
    pub settled: bool,
    /// A connection is kept to it whatever is said of it.
    pub kept: bool,
    /// It is this node itself, or one that broke the rules.
    pub barred: bool,
    /// Dials that failed, and sessions that came to nothing, since one was last settled.
    pub failures: u32,
    /// It is left alone for a while, since it did not answer. See [`Failures`].
    pub resting: bool,
}

/// Peers that did not answer. Most of the holders of an account are off at any time, so to dial them again and again
/// would cost more than all that is exchanged with those who are on.
#[derive(Debug)]
pub struct Failures<P>(HashMap<P, (u32, u64)>);

impl<P> Default for Failures<P> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<P: Hash + Eq> Failures<P> {
    /// A dial failed at `now`, in milliseconds, or a session came to nothing.
    pub fn note(&mut self, peer: P, now: u64) {
        let (failures, until) = self.0.entry(peer).or_default();
        *until = now + (FIRST_REST << (*failures).min(20)).min(LONGEST_REST);
        *failures = failures.saturating_add(1);
    }

    /// How often in a row it did not answer.
    pub fn count(&self, peer: &P) -> u32 {
        self.0.get(peer).map_or(0, |(failures, _)| *failures)
    }

    /// Whether it is left alone at `now`.
    pub fn rests(&self, peer: &P, now: u64) -> bool {
        self.0.get(peer).is_some_and(|(_, until)| now < *until)
    }

    /// Forgets all others.
    pub fn retain(&mut self, keep: impl Fn(&P) -> bool) {
        self.0.retain(|peer, _| keep(peer));
    }
}

/// A peer that somebody names.
struct Candidate<'a, A> {
    standing: Standing,
    /// Which of the accounts name it publicly.
    accounts: Vec<usize>,
    /// Its best place in their lists.
    rank: usize,
    /// Its addresses, as each account has them.
    said: Vec<&'a [A]>,
}

/// Whom to seek, and where.
pub fn choose<P: Clone + Ord + Hash, A: Clone + PartialEq>(
    accounts: &[Account<'_, P, A>],
    standing: impl Fn(&P) -> Standing,
) -> BTreeMap<P, Vec<A>> {
    let candidates = candidates(accounts, standing);
    let mut needs: Vec<usize> =
        accounts.iter().map(|account| if account.sharers.len() < ENOUGH { AIM } else { 0 }).collect();
    // How many more connected holders each account may keep by its word.
    let mut keeps = vec![AIM; accounts.len()];
    let mut order: Vec<_> = candidates.iter().filter(|(_, candidate)| !candidate.standing.kept).collect();
    let mut chosen: BTreeMap<P, Vec<A>> = BTreeMap::new();
    for candidate in candidates.values().filter(|candidate| candidate.standing.connected) {
        for account in &candidate.accounts {
            needs[*account] = needs[*account].saturating_sub(1);
        }
    }
    // Those who are here stay; then whoever answers, who holds most of what is wanting, who stands first.
    order.sort_by_cached_key(|(peer, candidate)| {
        let wanting = candidate.accounts.iter().filter(|account| needs[**account] > 0).count();
        let standing = candidate.standing;
        (!standing.connected, standing.failures, Reverse(wanting), candidate.rank, *peer)
    });
    for (peer, candidate) in order {
        if chosen.len() >= MAX_HINTED {
            break;
        }
        let open = if candidate.standing.connected { &mut keeps } else { &mut needs };
        if candidate.accounts.iter().any(|account| open[*account] > 0) {
            for account in &candidate.accounts {
                open[*account] = open[*account].saturating_sub(1);
            }
            chosen.insert((*peer).clone(), candidate.addresses());
        }
    }
    // They are sought in any case, so where they are said to be costs no further connection.
    let kept = candidates.iter().filter(|(_, candidate)| candidate.standing.kept);
    chosen.extend(kept.map(|(peer, candidate)| ((*peer).clone(), candidate.addresses())));
    chosen
}

fn candidates<'a, P: Ord + Hash, A>(
    accounts: &[Account<'a, P, A>],
    standing: impl Fn(&P) -> Standing,
) -> HashMap<&'a P, Candidate<'a, A>> {
    let mut candidates: HashMap<&P, Candidate<'a, A>> = HashMap::new();
    for (number, account) in accounts.iter().enumerate() {
        for (rank, holder) in account.holders.iter().enumerate() {
            let candidate = candidates.entry(&holder.peer).or_insert_with(|| Candidate {
                standing: standing(&holder.peer),
                accounts: Vec::new(),
                rank: usize::MAX,
                said: Vec::new(),
            });
            candidate.said.push(&holder.addresses);
            // Who is here and does not share it does not hold it, or will not say so; who has been here and said nothing
            // is waited for in vain.
            let standing = candidate.standing;
            let idle = standing.connected && !standing.settled && standing.failures > 0;
            let serves = !standing.settled || account.sharers.contains(&holder.peer);
            if !account.private && serves && !idle {
                candidate.accounts.push(number);
                candidate.rank = candidate.rank.min(rank);
            }
        }
    }
    candidates.retain(|_, candidate| {
        let standing = candidate.standing;
        !standing.barred && (standing.connected || standing.kept || !standing.resting)
    });
    candidates
}

impl<A: Clone + PartialEq> Candidate<'_, A> {
    /// The addresses that accounts give of it, taken from each in turn, so that none can push out what others say.
    fn addresses(&self) -> Vec<A> {
        let mut all: Vec<A> = Vec::new();
        for turn in 0..MAX_ADDRESSES {
            for address in self.said.iter().filter_map(|said| said.get(turn)) {
                if all.len() < MAX_ADDRESSES && !all.contains(address) {
                    all.push(address.clone());
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Named = Holder<u32, usize>;

    fn list(peers: &[u32]) -> Vec<Named> {
        peers.iter().map(|peer| Holder { peer: *peer, addresses: vec![1] }).collect()
    }

    fn public(sharers: usize, holders: &[Named]) -> Account<'_, u32, usize> {
        Account { private: false, sharers: &[100, 101, 102, 103, 104][..sharers], holders }
    }

    fn chosen(accounts: &[Account<'_, u32, usize>], standing: impl Fn(&u32) -> Standing) -> Vec<u32> {
        choose(accounts, standing).into_keys().collect()
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "peers are given by reference")]
    fn nobody(_: &u32) -> Standing {
        Standing::default()
    }

    #[test]
    fn holders_are_sought_where_an_account_is_short_of_them() {
        let [one, two, three, four] = [1, 2, 3, 4];
        let list = list(&[one, two, three, four]);
        assert_eq!(chosen(&[public(0, &list)], nobody), [one, two, three]);
        assert_eq!(chosen(&[public(1, &list)], nobody), [one, two, three]);
        assert_eq!(chosen(&[public(2, &list)], nobody), []);
    }

    #[test]
    fn who_is_connected_stays_and_who_does_not_answer_comes_last() {
        let [one, two, three, four] = [1, 2, 3, 4];
        let list = list(&[one, two, three, four]);
        let connected = |peer: &u32| Standing { connected: *peer == four, ..Standing::default() };
        assert_eq!(chosen(&[public(2, &list)], connected), [four]);
        assert_eq!(chosen(&[public(1, &list)], connected), [one, two, four]);
        let failing = |peer: &u32| Standing { failures: u32::from(*peer == one), ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], failing), [two, three, four]);
    }

    #[test]
    fn who_is_here_and_does_not_share_an_account_is_no_holder_of_it() {
        let list = list(&[1, 2, 3, 4]);
        let settled =
            |peer: &u32| Standing { connected: *peer <= 2, settled: *peer == 1, ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], settled), [2, 3, 4], "peer 2 may share it yet");
        let shared = Account { private: false, sharers: &[1], holders: &list };
        assert_eq!(chosen(&[shared], settled), [1, 2, 3]);
    }

    #[test]
    fn who_takes_sessions_and_says_nothing_is_not_counted_on() {
        let list = list(&[1, 2, 3, 4]);
        let silent = |connected| {
            move |peer: &u32| {
                let it = *peer == 1;
                Standing { connected: it && connected, failures: u32::from(it), ..Standing::default() }
            }
        };
        for connected in [true, false] {
            assert_eq!(chosen(&[public(0, &list)], silent(connected)), [2, 3, 4]);
        }
    }

    #[test]
    fn who_does_not_answer_is_left_alone_ever_longer() {
        let mut failures = Failures::default();
        for rest in [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST] {
            failures.note(1, 1_000);
            assert!(failures.rests(&1, 999 + rest) && !failures.rests(&1, 1_000 + rest));
        }
        for _ in 0..100 {
            failures.note(1, 1_000);
        }
        assert!(failures.rests(&1, 999 + LONGEST_REST) && !failures.rests(&1, 1_000 + LONGEST_REST));
        let list = list(&[1, 2, 3, 4]);
        let resting = |kept| move |peer: &u32| Standing { resting: *peer < 3, kept, ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], resting(false)), [3, 4]);
        assert_eq!(chosen(&[public(0, &list)], resting(true)), [1, 2, 3, 4]);
        failures.retain(|_| false);
        assert_eq!((failures.count(&1), failures.rests(&1, 1_001)), (0, false));
    }

    #[test]
    fn a_holder_of_several_accounts_goes_before_holders_of_one() {
        let [one, two, three, four] = [1, 2, 3, 4];
        let lists = [list(&[one, two, three, four]), list(&[four])];
        let found = chosen(&[public(0, &lists[0]), public(0, &lists[1])], nobody);
        assert_eq!(found, [one, two, four]);
    }

    #[test]
    fn this_node_and_those_who_broke_the_rules_are_passed_over() {
        let [one, two] = [1, 2];
        let list = list(&[one, two]);
        let barred = |peer: &u32| Standing { barred: *peer == one, kept: true, ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], barred), [two]);
    }

    #[test]
    fn a_private_follow_sends_nobody_to_strangers() {
        let [friend, stranger] = [1, 2];
        let list = list(&[friend, stranger]);
        let private = [Account { private: true, sharers: &[], holders: &list }];
        assert_eq!(chosen(&private, nobody), []);
        let kept = |peer: &u32| Standing { kept: *peer == friend, ..Standing::default() };
        assert_eq!(chosen(&private, kept), [friend]);
    }

    #[test]
    fn where_a_friend_is_now_is_taken_whatever_else_is_needed() {
        let friend = 1;
        let list = list(&[friend]);
        let kept = |_: &u32| Standing { kept: true, failures: 9, ..Standing::default() };
        assert_eq!(chosen(&[public(5, &list)], kept), [friend]);
    }

    #[test]
    fn nobody_pushes_out_what_others_say_of_a_peer() {
        let peer = 1;
        let loud = [Holder { peer, addresses: (1..=8).collect() }];
        let quiet = [Holder { peer, addresses: vec![99] }];
        let addresses = &choose(&[public(0, &loud), public(0, &quiet)], nobody)[&peer];
        assert_eq!(addresses.len(), MAX_ADDRESSES);
        assert_eq!(addresses[..3], [1, 99, 2]);
    }

    #[test]
    fn the_number_of_sought_peers_is_bounded() {
        let lists: Vec<_> = (0..MAX_HINTED as u32)
            .map(|number| list(&[3 * number, 3 * number + 1, 3 * number + 2]))
            .collect();
        let accounts: Vec<_> = lists.iter().map(|list| public(0, list)).collect();
        assert_eq!(chosen(&accounts, nobody).len(), MAX_HINTED);
    }
}

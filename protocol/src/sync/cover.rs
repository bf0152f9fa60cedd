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
    /// Sessions in which it is shared.
    pub sharers: usize,
    /// The best first.
    pub holders: &'a [Holder<P, A>],
}

/// How this node stands with a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// There is a session with it.
    pub connected: bool,
    /// A connection is kept to it whatever is said of it.
    pub kept: bool,
    /// It is this node itself, or one that broke the rules.
    pub barred: bool,
    /// Dials that failed since it was last connected.
    pub failures: u32,
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
        accounts.iter().map(|account| if account.sharers < ENOUGH { AIM } else { 0 }).collect();
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
            if !account.private {
                candidate.accounts.push(number);
                candidate.rank = candidate.rank.min(rank);
            }
        }
    }
    candidates.retain(|_, candidate| !candidate.standing.barred);
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
        Account { private: false, sharers, holders }
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
        let private = [Account { private: true, sharers: 0, holders: &list }];
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

//! Who is dialled at addresses that followed accounts have published. All of it is foreign input: it decides where
//! this node looks for posts, never what it believes.
//!
//! **Private follows.** To dial a node out of the blue is to tell it, and whoever watches the line, that something
//! there is wanted. An account that is followed in private may name anyone as a holder, so of its hints only those
//! are used that say where a peer is now which the node seeks anyway, because the owner named it or it proved to be
//! of an account held here: that says no more than its old address did.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use majlis_protocol::body::Hints;
use majlis_protocol::limits::MAX_ADDRESSES;

use crate::net::{Multiaddr, PeerId, Reach, place};
use crate::node::config::HintScope;

/// With so many sessions that share an account, nobody else is sought for it.
const ENOUGH: usize = 2;
/// Where there are fewer, so many of its holders are sought.
const AIM: usize = 3;
/// Peers that are sought only because they were hinted at: half of the connections that a node has at most by default.
const MAX_HINTED: usize = 128;

/// A node that holds an account, and where it is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub peer: PeerId,
    /// At least one.
    pub addresses: Vec<Multiaddr>,
}

/// An account that is held here, and what its hints say.
pub(super) struct Account<'a> {
    /// It is followed in private.
    pub private: bool,
    /// Sessions in which it is shared.
    pub sharers: usize,
    /// The best first.
    pub holders: &'a [Holder],
}

/// How this node stands with a peer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// There is a session with it.
    pub connected: bool,
    /// A connection is kept to it whatever hints say.
    pub kept: bool,
    /// It is this node itself, or one that broke the rules.
    pub barred: bool,
    /// Dials that failed since it was last connected.
    pub failures: u32,
}

impl HintScope {
    /// Whether an address that somebody else has published is dialled. Not by name, unless the owner trusts the
    /// network around: a name may lead into it, and who is asked for it learns who asks.
    fn dials(self, reach: Reach) -> bool {
        self == Self::All || reach == Reach::World
    }
}

/// The holders that hints name, with those of their addresses that may be dialled.
pub(super) fn holders(hints: Hints, scope: HintScope) -> Vec<Holder> {
    let mut found: Vec<Holder> = Vec::new();
    for holder in hints.holders {
        let Ok(peer) = PeerId::from_bytes(&holder.peer_id) else { continue };
        let addresses: Vec<_> = holder
            .addresses
            .into_iter()
            .filter_map(|address| place(Multiaddr::try_from(address).ok()?, &peer))
            .filter(|(reach, _)| scope.dials(*reach))
            .map(|(_, address)| address)
            .collect();
        if !addresses.is_empty() && found.iter().all(|known| known.peer != peer) {
            found.push(Holder { peer, addresses });
        }
    }
    found
}

/// A peer that somebody names.
struct Candidate<'a> {
    standing: Standing,
    /// Which of the accounts name it publicly.
    accounts: Vec<usize>,
    /// Its best place in their lists.
    rank: usize,
    /// Its addresses, as each account has them.
    said: Vec<&'a [Multiaddr]>,
}

/// Whom to hint at, and where.
pub(super) fn choose(
    accounts: &[Account<'_>],
    standing: impl Fn(&PeerId) -> Standing,
) -> BTreeMap<PeerId, Vec<Multiaddr>> {
    let candidates = candidates(accounts, standing);
    let mut needs: Vec<usize> =
        accounts.iter().map(|account| if account.sharers < ENOUGH { AIM } else { 0 }).collect();
    // How many more connected holders each account may keep by its word.
    let mut keeps = vec![AIM; accounts.len()];
    let mut order: Vec<_> = candidates.iter().filter(|(_, candidate)| !candidate.standing.kept).collect();
    let mut chosen: BTreeMap<PeerId, Vec<Multiaddr>> = BTreeMap::new();
    for candidate in candidates.values().filter(|candidate| candidate.standing.connected) {
        for account in &candidate.accounts {
            needs[*account] = needs[*account].saturating_sub(1);
        }
    }
    // Those who are here stay; then whoever answers, who holds most of what is wanting, who stands first.
    order.sort_by_key(|(peer, candidate)| {
        let wanting = candidate.accounts.iter().filter(|account| needs[**account] > 0).count();
        let standing = candidate.standing;
        (!standing.connected, standing.failures, Reverse(wanting), candidate.rank, **peer)
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
            chosen.insert(*peer, candidate.addresses());
        }
    }
    // They are sought in any case, so where they are said to be costs no further connection.
    let kept = candidates.iter().filter(|(_, candidate)| candidate.standing.kept);
    chosen.extend(kept.map(|(peer, candidate)| (*peer, candidate.addresses())));
    chosen
}

fn candidates<'a>(
    accounts: &[Account<'a>],
    standing: impl Fn(&PeerId) -> Standing,
) -> HashMap<PeerId, Candidate<'a>> {
    let mut candidates: HashMap<PeerId, Candidate<'a>> = HashMap::new();
    for (number, account) in accounts.iter().enumerate() {
        for (rank, holder) in account.holders.iter().enumerate() {
            let candidate = candidates.entry(holder.peer).or_insert_with(|| Candidate {
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

impl Candidate<'_> {
    /// The addresses that accounts give of it, taken from each in turn, so that none can push out what others say.
    fn addresses(&self) -> Vec<Multiaddr> {
        let mut all: Vec<Multiaddr> = Vec::new();
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
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use majlis_protocol::body;

    use super::*;

    fn at(port: usize) -> Multiaddr {
        format!("/ip4/8.8.8.8/tcp/{port}").parse().unwrap()
    }

    /// Peers in ascending order.
    fn peers<const N: usize>() -> [PeerId; N] {
        let mut peers = [(); N].map(|()| PeerId::random());
        peers.sort_unstable();
        peers
    }

    fn list(peers: &[PeerId]) -> Vec<Holder> {
        peers.iter().map(|peer| Holder { peer: *peer, addresses: vec![at(1)] }).collect()
    }

    fn public(sharers: usize, holders: &[Holder]) -> Account<'_> {
        Account { private: false, sharers, holders }
    }

    fn chosen(accounts: &[Account<'_>], standing: impl Fn(&PeerId) -> Standing) -> Vec<PeerId> {
        choose(accounts, standing).into_keys().collect()
    }

    fn nobody(_: &PeerId) -> Standing {
        Standing::default()
    }

    #[test]
    fn foreign_addresses_are_dialled_only_where_they_can_do_no_harm() {
        let [peer, other] = peers();
        let said = |addresses: &[String]| {
            let addresses =
                addresses.iter().map(|address| address.parse::<Multiaddr>().unwrap().to_vec()).collect();
            body::Hints { holders: vec![body::Holder { peer_id: peer.to_bytes(), addresses }] }
        };
        let good = [
            "/ip4/8.8.8.8/tcp/1".to_owned(),
            format!("/ip6/2600::1/udp/1/quic-v1/p2p/{peer}"),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{other}/p2p-circuit/p2p/{peer}"),
        ];
        let near = [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.0.0.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/fd00::1/tcp/1",
            "/dns4/localhost/tcp/1",
        ]
        .map(str::to_owned);
        let never = [
            "/ip4/169.254.1.1/tcp/1".to_owned(),
            "/ip6/fe80::1/tcp/1".to_owned(),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{other}"),
            format!("/ip4/8.8.8.8/tcp/1/p2p/{peer}/p2p-circuit/p2p/{other}"),
            format!("/ip4/10.0.0.1/tcp/1/p2p/{other}/p2p-circuit/p2p/{peer}/p2p-circuit"),
        ];
        let all = [&good[..], &near, &never].concat();
        for (scope, count) in [(HintScope::Public, 3), (HintScope::Off, 3), (HintScope::All, 8)] {
            let found: Vec<usize> = all
                .chunks(8)
                .flat_map(|part| holders(said(part), scope))
                .map(|h| h.addresses.len())
                .collect();
            assert_eq!(found.iter().sum::<usize>(), count, "{scope:?}");
        }
        assert_eq!(holders(said(&near), HintScope::Public), []);
        let mut broken = said(&good);
        broken.holders[0].addresses[0] = vec![255; 9];
        assert_eq!(holders(broken.clone(), HintScope::Public)[0].addresses.len(), 2);
        broken.holders[0].peer_id = vec![1, 2, 3];
        assert_eq!(holders(broken, HintScope::Public), []);
    }

    #[test]
    fn holders_are_sought_where_an_account_is_short_of_them() {
        let [one, two, three, four] = peers();
        let list = list(&[one, two, three, four]);
        assert_eq!(chosen(&[public(0, &list)], nobody), [one, two, three]);
        assert_eq!(chosen(&[public(1, &list)], nobody), [one, two, three]);
        assert_eq!(chosen(&[public(2, &list)], nobody), []);
    }

    #[test]
    fn who_is_connected_stays_and_who_does_not_answer_comes_last() {
        let [one, two, three, four] = peers();
        let list = list(&[one, two, three, four]);
        let connected = |peer: &PeerId| Standing { connected: *peer == four, ..Standing::default() };
        assert_eq!(chosen(&[public(2, &list)], connected), [four]);
        assert_eq!(chosen(&[public(1, &list)], connected), [one, two, four]);
        let failing = |peer: &PeerId| Standing { failures: u32::from(*peer == one), ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], failing), [two, three, four]);
    }

    #[test]
    fn a_holder_of_several_accounts_goes_before_holders_of_one() {
        let [one, two, three, four] = peers();
        let lists = [list(&[one, two, three, four]), list(&[four])];
        let found = chosen(&[public(0, &lists[0]), public(0, &lists[1])], nobody);
        assert_eq!(found, [one, two, four]);
    }

    #[test]
    fn this_node_and_those_who_broke_the_rules_are_passed_over() {
        let [one, two] = peers();
        let list = list(&[one, two]);
        let barred = |peer: &PeerId| Standing { barred: *peer == one, kept: true, ..Standing::default() };
        assert_eq!(chosen(&[public(0, &list)], barred), [two]);
    }

    #[test]
    fn a_private_follow_sends_nobody_to_strangers() {
        let [friend, stranger] = peers();
        let list = list(&[friend, stranger]);
        let private = [Account { private: true, sharers: 0, holders: &list }];
        assert_eq!(chosen(&private, nobody), []);
        let kept = |peer: &PeerId| Standing { kept: *peer == friend, ..Standing::default() };
        assert_eq!(chosen(&private, kept), [friend]);
    }

    #[test]
    fn where_a_friend_is_now_is_taken_whatever_else_is_needed() {
        let [friend] = peers();
        let list = list(&[friend]);
        let kept = |_: &PeerId| Standing { kept: true, failures: 9, ..Standing::default() };
        assert_eq!(chosen(&[public(5, &list)], kept), [friend]);
    }

    #[test]
    fn nobody_pushes_out_what_others_say_of_a_peer() {
        let [peer] = peers();
        let loud = [Holder { peer, addresses: (1..=8).map(at).collect() }];
        let quiet = [Holder { peer, addresses: vec![at(99)] }];
        let addresses = &choose(&[public(0, &loud), public(0, &quiet)], nobody)[&peer];
        assert_eq!(addresses.len(), MAX_ADDRESSES);
        assert_eq!(addresses[..3], [at(1), at(99), at(2)]);
    }

    #[test]
    fn the_number_of_hinted_peers_is_bounded() {
        let lists: Vec<_> = (0..MAX_HINTED).map(|_| list(&peers::<3>())).collect();
        let accounts: Vec<_> = lists.iter().map(|list| public(0, list)).collect();
        assert_eq!(chosen(&accounts, nobody).len(), MAX_HINTED);
    }
}

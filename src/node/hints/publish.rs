//! What this node says of its own addresses.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::body::{Body, Hints, Holder};
use majlis_protocol::finding::{DAY_MS, provider_key};
use majlis_protocol::limits::{MAX_ADDRESSES, MAX_HINTS};
use majlis_protocol::{AccountId, Kind, LogId};

use crate::net::{Multiaddr, PeerId, Reach, place};
use crate::node::config::HintScope;
use crate::node::{Failure, Node, blocking};

impl HintScope {
    /// Whether an address of one's own, or of a host's, is published.
    pub(in crate::node) fn publishes(self, reach: Reach) -> bool {
        match self {
            Self::Public => matches!(reach, Reach::World | Reach::Name),
            Self::All => true,
            Self::Off => false,
        }
    }
}

/// Accounts at most under whose names a node says at a time that it is found there.
const MAX_NAMES: usize = 2_048;
/// What is said lasts for so many turns, each of half an hour: as long as the others keep it.
const TURNS: usize = 4;
/// Before midnight in UTC the next day's names are used too, so that clocks may differ by so much.
const OVERLAP_MS: u64 = 2 * 3_600_000;

/// The names under which a node that holds these accounts is to be found at these times, in milliseconds since 1970.
pub(super) fn names(accounts: &[AccountId], times: &[u64]) -> BTreeSet<[u8; 32]> {
    let days: BTreeSet<_> =
        times.iter().flat_map(|time| [time / DAY_MS, time.saturating_add(OVERLAP_MS) / DAY_MS]).collect();
    accounts.iter().flat_map(|account| days.iter().map(|day| provider_key(account, *day))).collect()
}

/// Those of these accounts under whose names a node says in this turn that it is found there: the first always, and the
/// others one after the other where they are too many, each again while what was said of it before lasts. And how many
/// there are more than that is possible for.
pub(super) fn turn(accounts: &[AccountId], turn: usize) -> (Vec<AccountId>, usize) {
    let Some((first, others)) = accounts.split_first() else { return (Vec::new(), 0) };
    let at_once = others.len().min(MAX_NAMES - 1);
    let from = turn.checked_mul(at_once).and_then(|from| from.checked_rem(others.len())).unwrap_or(0);
    let in_turn = others.iter().cycle().skip(from).take(at_once);
    (std::iter::once(first).chain(in_turn).copied().collect(), others.len().saturating_sub(TURNS * at_once))
}

/// Of the node's addresses those to be published, as binary multiaddrs: the farthest-reaching first, and always in
/// the same order.
pub fn addresses(own: impl Iterator<Item = Multiaddr>, me: &PeerId, scope: HintScope) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = own
        .filter_map(|address| place(address, me))
        .filter(|(reach, _)| scope.publishes(*reach))
        .map(|(reach, address)| (reach, address.to_vec()))
        .collect();
    places.sort_unstable();
    places.dedup();
    places.truncate(MAX_ADDRESSES);
    places.into_iter().map(|(_, address)| address).collect()
}

/// Hints that say where these holders are, those without addresses nowhere, and keep the others, of whom the last named
/// give way where there are too many; none if `latest` says it already.
fn renewed(latest: Hints, places: Vec<Holder>) -> Option<Hints> {
    let said = |peer_id: &[u8]| latest.holders.iter().find(|holder| holder.peer_id == peer_id);
    let is_said =
        |place: &Holder| said(&place.peer_id).map_or(&[][..], |holder| &holder.addresses) == place.addresses;
    if places.iter().all(is_said) {
        return None;
    }
    let named = |holder: &Holder| places.iter().any(|place| place.peer_id == holder.peer_id);
    let others: Vec<_> = latest.holders.into_iter().filter(|holder| !named(holder)).collect();
    let places = places.into_iter().filter(|place| !place.addresses.is_empty());
    Some(Hints { holders: places.chain(others).take(MAX_HINTS).collect() })
}

impl Node {
    /// The hints in force of each account; empty ones where none are known. Reads the store.
    pub(super) fn hints_of(&self, accounts: &[AccountId]) -> Result<Vec<Hints>, Failure> {
        let latest = self.store.latest_of_each(accounts, Kind::HINTS)?;
        Ok(latest
            .into_iter()
            .map(|stored| {
                let entry = stored?.entry;
                match Body::decode(entry.header.kind, entry.body()?) {
                    Ok(Some(Body::Hints(hints))) => Some(hints),
                    _ => None,
                }
            })
            .map(Option::unwrap_or_default)
            .collect())
    }

    /// Signs into the own log that these holders are at their addresses, unless the log says so already; whether it did.
    /// A device that may not sign waits until it may.
    pub(super) async fn publish_places(self: &Arc<Self>, places: Vec<Holder>) -> Result<bool, Failure> {
        self.may_sign()?;
        let node = Arc::clone(self);
        let news = blocking(move || {
            let latest = node.hints_of(&[node.account()])?.pop().unwrap_or_default();
            let renewed = renewed(latest, places).map(Body::Hints);
            renewed.map(|body| Ok((body, node.register_time(node.latest_time(Kind::HINTS)?)))).transpose()
        });
        let Some(news) = news.await? else { return Ok(false) };
        self.publish(LogId::PUBLIC, vec![news]).await?;
        Ok(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    fn shown(scope: HintScope) -> Vec<String> {
        let own = [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/192.168.0.2/tcp/1",
            "/ip4/169.254.0.2/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/ip4/8.8.8.8/tcp/1",
            "/dns4/majlis.example/tcp/1",
            "/ip4/8.8.8.8/tcp/1",
        ];
        let own = own.into_iter().map(|address| address.parse().unwrap());
        let binary = addresses(own, &PeerId::random(), scope);
        binary.into_iter().map(|address| Multiaddr::try_from(address).unwrap().to_string()).collect()
    }

    #[test]
    fn the_scope_decides_what_is_published() {
        let public = ["/ip4/8.8.8.8/tcp/1", "/dns4/majlis.example/tcp/1"];
        assert_eq!(shown(HintScope::Public), public);
        let near = ["/ip4/192.168.0.2/tcp/1", "/ip4/127.0.0.1/tcp/1"];
        assert_eq!(shown(HintScope::All), [public, near].concat());
        assert_eq!(shown(HintScope::Off), [""; 0]);
    }

    #[test]
    fn each_account_has_its_turn_while_what_was_said_of_it_lasts_and_ones_own_always() {
        let accounts = |count: u32| -> Vec<_> {
            (0..count).map(|number| AccountId(*blake3::hash(&number.to_be_bytes()).as_bytes())).collect()
        };
        for (count, left) in [(0, 0), (1, 0), (512, 0), (2_048, 0), (2_049, 0), (8_189, 0), (10_001, 1_812)] {
            let all = accounts(count);
            for start in [0, 3, 1_000_000] {
                let mut said = BTreeSet::new();
                for number in start..start + TURNS {
                    let (named, more) = turn(&all, number);
                    assert_eq!((named.first(), more), (all.first(), left));
                    assert_eq!(named.len(), all.len().min(MAX_NAMES));
                    said.extend(named);
                }
                assert_eq!(said.len(), all.len() - left);
            }
        }
    }

    #[test]
    fn the_order_is_always_the_same_and_the_number_bounded() {
        let own: Vec<Multiaddr> =
            (1..=20).map(|port| format!("/ip4/8.8.8.8/tcp/{port}").parse().unwrap()).collect();
        let me = PeerId::random();
        let forth = addresses(own.iter().cloned(), &me, HintScope::Public);
        assert_eq!(forth.len(), MAX_ADDRESSES);
        assert_eq!(forth, addresses(own.into_iter().rev(), &me, HintScope::Public));
    }

    /// FIND-2.
    #[test]
    fn names_change_daily_and_overlap_before_midnight() {
        let accounts = [AccountId([1; 32]), AccountId([2; 32])];
        let noon = names(&accounts, &[DAY_MS * 100 + DAY_MS / 2]);
        assert_eq!(noon.len(), 2);
        let evening = names(&accounts, &[DAY_MS * 101 - 1]);
        assert_eq!(evening.len(), 4);
        assert!(evening.is_superset(&noon));
        assert!(evening.is_superset(&names(&accounts, &[DAY_MS * 101])));
        assert!(names(&accounts, &[DAY_MS * 101]).is_disjoint(&noon));
    }

    fn holder(name: u8, address: u8) -> Holder {
        Holder { peer_id: vec![name], addresses: vec![vec![address]] }
    }

    #[test]
    fn the_own_entry_is_replaced_and_other_holders_are_kept() {
        let latest = Hints { holders: vec![holder(2, 2), holder(1, 1), holder(3, 3)] };
        let place = |addresses| vec![Holder { peer_id: vec![1], addresses }];
        let renewed = |addresses| super::renewed(latest.clone(), place(addresses));
        assert_eq!(renewed(vec![vec![1]]), None);
        let moved = renewed(vec![vec![9]]).unwrap();
        assert_eq!(moved.holders, [holder(1, 9), holder(2, 2), holder(3, 3)]);
        let withdrawn = renewed(vec![]).unwrap();
        assert_eq!(withdrawn.holders, [holder(2, 2), holder(3, 3)]);
        assert_eq!(super::renewed(withdrawn, place(vec![])), None);
    }

    #[test]
    fn a_host_is_named_behind_the_own_node_and_goes_with_its_addresses() {
        let latest = Hints { holders: vec![holder(1, 1), holder(2, 2)] };
        let with = |addresses| vec![holder(1, 1), Holder { peer_id: vec![3], addresses }];
        assert_eq!(renewed(latest.clone(), with(vec![])), None);
        let held = renewed(latest.clone(), with(vec![vec![3]])).unwrap();
        assert_eq!(held.holders, [holder(1, 1), holder(3, 3), holder(2, 2)]);
        assert_eq!(renewed(held.clone(), with(vec![vec![3]])), None);
        let moved = renewed(held.clone(), with(vec![vec![4]])).unwrap();
        assert_eq!(moved.holders, [holder(1, 1), holder(3, 4), holder(2, 2)]);
        assert_eq!(renewed(held, with(vec![])).unwrap(), latest);
    }

    #[test]
    fn of_too_many_holders_the_last_gives_way() {
        let latest = Hints { holders: (2..10).map(|name| holder(name, name)).collect() };
        let full = renewed(latest, vec![holder(1, 1)]).unwrap();
        assert_eq!(full.holders.len(), MAX_HINTS);
        assert_eq!((full.holders[0].peer_id[0], full.holders[7].peer_id[0]), (1, 8));
    }
}

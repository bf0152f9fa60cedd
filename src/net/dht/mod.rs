//! Finding nodes by a key alone, through nodes that neither side knows: a distributed hash table (Kademlia, with the
//! messages of libp2p) in which nodes say under which keys they are to be found.
//!
//! What a key stands for is decided above; to the table it is 32 bytes. Nodes that everyone can come to answer for
//! the table, all others only ask. Nothing but provider records is kept ([`shelf`]), and nobody can send this node to
//! an address that is not the internet's ([`super::guard`]).

mod shelf;

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use libp2p::{
    Multiaddr, PeerId, StreamProtocol,
    kad::{self, QueryId, RecordKey},
};
use tokio::{sync::oneshot, time::Instant};

use super::{
    NetConfig, NetError,
    guard::{Guard, Hearsay},
    network::Network,
    snapshot::Metrics,
};

/// The table of Majlis.
pub const DHT_PROTOCOL: StreamProtocol = StreamProtocol::new("/majlis/kad/1");
/// The public table of IPFS (github.com/libp2p/specs, kad-dht), in which only those take part who chose to.
pub const PUBLIC_DHT_PROTOCOL: StreamProtocol = kad::PROTOCOL_NAME;

/// How long a record is believed.
const RECORD_TTL: Duration = Duration::from_hours(2);
/// How often this node says anew where it is found.
pub(super) const TELL_INTERVAL: Duration = Duration::from_mins(30);
/// It does not do so at once after a change, since changes come together.
pub(super) const TELL_AFTER: Duration = Duration::from_secs(2);
/// Keys told at once.
pub(super) const TELLING: usize = 4;
/// Searches at once; more are answered with nothing.
pub(super) const MAX_SEEKING: usize = 32;
/// Nodes that a search finds at most, and that one answer is heard to name.
pub(super) const MAX_FOUND: usize = 20;
/// Answers that a search hears.
pub(super) const MAX_ANSWERS: usize = 64;
/// A search ends after this time with what it has.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);
/// Neighbours from one network at most, so that one owner of many addresses is not all that a node asks.
const MAX_NEIGHBOURS_OF_NETWORK: usize = 8;
/// Addresses kept of a neighbour.
pub(super) const MAX_NEIGHBOUR_ADDRESSES: usize = 4;

/// A table that the node takes part in.
pub(super) type Table = Guard<kad::Behaviour<shelf::Shelf>>;

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Which {
    Own,
    Public,
}

/// 32 bytes under which nodes are found: the digest of a multihash.
pub type Key = [u8; 32];

/// The key as tables know it: a multihash of BLAKE3, which the public table demands.
pub(super) fn record_key(key: &Key) -> RecordKey {
    const BLAKE3: u8 = 0x1e;
    RecordKey::from([&[BLAKE3, 32], &key[..]].concat())
}

/// The table, if the node is to take part in it.
pub(super) fn table(
    which: Which,
    me: PeerId,
    (config, hearsay): (&NetConfig, Hearsay),
    metrics: &Arc<Metrics>,
) -> Result<Option<Table>, NetError> {
    let (wanted, protocol) = match which {
        Which::Own => (config.dht, DHT_PROTOCOL),
        Which::Public => (config.public_dht, PUBLIC_DHT_PROTOCOL),
    };
    if !wanted {
        return Ok(None);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| NetError::Setup(format!("no randomness: {error}")))?;
    let shelf = shelf::Shelf::new(me, hearsay, secret, Arc::clone(metrics));
    let mut settings = kad::Config::new(protocol);
    settings
        .set_query_timeout(QUERY_TIMEOUT)
        // Several ways to the goal that share no node, so that one liar does not lead all of them astray.
        .disjoint_query_paths(true)
        .set_provider_record_ttl(Some(RECORD_TTL))
        // What others say goes through `on::dht`, which knows from where they are connected.
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        // When this is told anew, and who is a neighbour, is decided by `on::dht`.
        .set_provider_publication_interval(None)
        .set_record_ttl(None)
        .set_replication_interval(None)
        .set_publication_interval(None)
        .set_periodic_bootstrap_interval(None)
        .set_kbucket_inserts(kad::BucketInserts::Manual);
    let mut table = kad::Behaviour::with_config(me, shelf, settings);
    table.set_mode(Some(kad::Mode::Client));
    Ok(Some(Guard::new(table, hearsay, Arc::clone(metrics))))
}

/// Whether there is room among the neighbours for one more at this address.
fn has_room(table: &mut Table, peer: &PeerId, address: &Multiaddr) -> bool {
    let network = Network::of(Some(address));
    let mut there = 0;
    for bucket in table.inner().kbuckets() {
        for entry in bucket.iter() {
            if entry.node.key.preimage() == peer {
                return true;
            }
            there += usize::from(Network::of(Some(entry.node.value.first())) == network);
        }
    }
    there < MAX_NEIGHBOURS_OF_NETWORK
}

/// Where a neighbour is, as far as the table knows; none of who is no neighbour.
pub(super) fn places_of(table: &mut Table, peer: &PeerId) -> Option<Vec<Multiaddr>> {
    let bucket = table.inner().kbucket(*peer)?;
    let entry = bucket.iter().find(|entry| entry.node.key.preimage() == peer)?;
    Some(entry.node.value.iter().cloned().collect())
}

/// Takes a peer in among the neighbours, where it is not yet, if there is room for one more in the network of the first of
/// its places; whether there was. The table learns by itself where it is, at each connection too: nothing but these places
/// is left of that, the first of them first.
pub(super) fn take_in(table: &mut Table, peer: &PeerId, places: &[Multiaddr]) -> bool {
    let Some((first, others)) = places.split_first() else { return false };
    if !has_room(table, peer, first) {
        return false;
    }
    let whole = |place: &Multiaddr| place.clone().with_p2p(*peer).unwrap_or_else(|place| place);
    let known = places_of(table, peer).unwrap_or_default();
    if known.iter().map(whole).eq(places.iter().map(whole)) {
        return true;
    }
    table.inner().add_address(peer, first.clone());
    for place in known.iter().filter(|place| whole(place) != whole(first)) {
        table.inner().remove_address(peer, place);
    }
    for place in others {
        table.inner().add_address(peer, place.clone());
    }
    true
}

/// The neighbours in a table, and where they are.
pub(super) fn neighbours(table: &mut Table) -> Vec<(PeerId, Vec<Multiaddr>)> {
    let buckets = table.inner().kbuckets();
    let entries = buckets.flat_map(|bucket| {
        let entries = bucket.iter().map(|entry| {
            let places = entry.node.value.iter().take(MAX_NEIGHBOUR_ADDRESSES);
            (*entry.node.key.preimage(), places.cloned().collect::<Vec<_>>())
        });
        entries.collect::<Vec<_>>()
    });
    entries.collect()
}

/// A node found by a key, and where it says it is.
pub type Found = Vec<(PeerId, Vec<Multiaddr>)>;

/// A search for one key, in each table.
pub(super) struct Seek {
    pub queries: HashSet<(Which, QueryId)>,
    /// What each node that was asked has answered.
    pub answers: Vec<Found>,
    pub reply: oneshot::Sender<Found>,
}

/// What a search finds: the first of each answer, then the second, so that whoever answers with many does not hide what
/// others have to say.
pub(super) fn in_turns(answers: &[Found]) -> Found {
    let mut found = Found::new();
    let turns = (0..MAX_FOUND).flat_map(|turn| answers.iter().filter_map(move |answer| answer.get(turn)));
    for (peer, places) in turns {
        match found.iter().position(|(known, _)| known == peer) {
            // The longer answer came when more was known of where the node is.
            Some(at) if found[at].1.len() < places.len() => found[at].1.clone_from(places),
            None if found.len() < MAX_FOUND => found.push((*peer, places.clone())),
            _ => {}
        }
    }
    found
}

/// What this node asks of the tables.
#[derive(Default)]
pub(super) struct Finding {
    /// Keys under which this node is to be found.
    pub provided: BTreeSet<Key>,
    /// Keys that are still to be told, this time.
    pub untold: VecDeque<Key>,
    pub telling: HashSet<(Which, QueryId)>,
    /// When all are told again.
    pub due: Option<Instant>,
    pub seeks: Vec<Seek>,
}

impl Finding {
    /// All keys are told again at `at`, or sooner if that is planned.
    pub fn tell_at(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(count: usize) -> Found {
        (0..count).map(|_| (PeerId::random(), vec!["/ip4/8.8.8.8/tcp/1".parse().unwrap()])).collect()
    }

    #[test]
    fn whoever_answers_with_many_hides_nobody() {
        let (mut crowd, honest) = (vec![answer(MAX_FOUND), answer(MAX_FOUND)], answer(2));
        crowd.push(honest.clone());
        let found = in_turns(&crowd);
        assert_eq!(found.len(), MAX_FOUND);
        assert!(honest.iter().all(|one| found.contains(one)));
        // The same node twice is one, with all that is known of where it is.
        let [(peer, places)] = &answer(1)[..] else { panic!() };
        let more = [&places[..], places].concat();
        let answers =
            [vec![(*peer, places.clone())], vec![(*peer, more.clone())], vec![(*peer, places.clone())]];
        assert_eq!(in_turns(&answers), [(*peer, more)]);
    }
}

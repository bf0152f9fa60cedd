//! What the rest of the program may know about the network: a snapshot that the swarm task publishes, and counters
//! that whoever counts updates in place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use libp2p::{Multiaddr, PeerId};
use serde::{Deserialize, Serialize};

use super::reach::{is_open, is_relayed};

/// The state of the network at one moment. Cheap to clone: the lists are shared.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Addresses this node listens on, with their real ports.
    pub listen: Arc<[Multiaddr]>,
    /// Addresses known to be reachable from outside.
    pub external: Arc<[Multiaddr]>,
    /// Addresses at which other nodes say they see this one; hearsay.
    pub observed: Arc<[Multiaddr]>,
    /// Connected peers.
    pub peers: Arc<[ConnectedPeer]>,
    /// Nodes asked first when others are sought by a key alone, and where they are.
    pub neighbours: Arc<[(PeerId, Vec<Multiaddr>)]>,
    /// Peers to which a connection is kept or sought.
    pub wanted: usize,
    /// Whether others are met through chosen relays alone.
    pub veiled: bool,
    /// Counters since the start; they go on counting after the snapshot was taken.
    pub metrics: Arc<Metrics>,
}

/// How others come to this node, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    /// Directly: another node has tried it.
    Directly,
    /// Another node carries connections to it.
    Carried,
    /// From its own network alone.
    Nearby,
    /// Not at all: it meets others through relays alone, and none carries connections to it now.
    Nowhere,
}

impl Snapshot {
    /// How others come here.
    pub fn reached(&self) -> Reached {
        if is_open(self.external.iter()) {
            Reached::Directly
        } else if self.listen.iter().any(is_relayed) {
            Reached::Carried
        } else if self.veiled {
            Reached::Nowhere
        } else {
            Reached::Nearby
        }
    }

    /// Where this node is: first where others are known to reach it, then where it listens.
    pub fn addresses(&self) -> Vec<Multiaddr> {
        let mut all: Vec<Multiaddr> = Vec::new();
        for address in self.external.iter().chain(self.listen.iter()) {
            if !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    }

    pub(super) fn empty(metrics: Arc<Metrics>) -> Self {
        Self {
            listen: Arc::default(),
            external: Arc::default(),
            observed: Arc::default(),
            peers: Arc::default(),
            neighbours: Arc::default(),
            wanted: 0,
            veiled: false,
            metrics,
        }
    }
}

/// One connected peer; of several connections the one that carries the session, else the newest.
#[derive(Clone, Debug)]
pub struct ConnectedPeer {
    /// Who.
    pub peer: PeerId,
    /// The remote address of the connection.
    pub address: Multiaddr,
    /// Where it is, as far as that may be told to others.
    pub places: Vec<Multiaddr>,
    /// Which side dialled the connection.
    pub direction: Direction,
    /// Since when the peer is connected.
    pub since: SystemTime,
    /// Last measured round trip.
    pub rtt: Option<Duration>,
    /// Whether a session is open.
    pub session: bool,
    /// The program the peer says it runs.
    pub agent: Option<Arc<str>>,
}

/// Which side dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// This node dialled.
    Outbound,
    /// The remote dialled.
    Inbound,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Counters of the network floor since its start.
        #[derive(Debug, Default)]
        pub struct Metrics { $($(#[doc = $doc])+ pub $name: AtomicU64,)+ }

        impl Metrics {
            /// Every counter with its name and what it counts, for whoever publishes them.
            pub fn read(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$((concat!("net_", stringify!($name)), concat!($($doc),+), self.$name.load(Relaxed)),)+]
            }
        }
    };
}

metrics! {
    /// Connections established, in either direction.
    connections_opened,
    /// Connections ended.
    connections_closed,
    /// Incoming connections that failed before they were established, by error or by limit.
    incoming_failed,
    /// Incoming connections refused because too many come from one network.
    incoming_crowded,
    /// Dials started.
    dials,
    /// Dials that failed.
    dials_failed,
    /// Dials not made because others had named an address that is not the internet's.
    dials_forbidden,
    /// Connections given up because others' word had led to too many in one network.
    dials_crowded,
    /// Connections closed because pings stayed unanswered, or the own address that they went from was gone.
    connections_dead,
    /// Sessions opened.
    sessions_opened,
    /// Sessions ended.
    sessions_closed,
    /// Sessions replaced by a newer one of the same peer.
    sessions_replaced,
    /// Sessions dropped because the peer does not take what is sent.
    sessions_unread,
    /// Streams dropped by the one-session rule.
    streams_duplicate,
    /// Sessions refused: too many, or the application does not keep up with events.
    sessions_refused,
    /// Inbound streams dropped because too many of one connection waited.
    streams_dropped,
    /// Openings of a sync stream that the remote refused or did not answer.
    openings_failed,
    /// Events dropped because the application does not keep up.
    events_dropped,
    /// Commands dropped because the swarm task does not keep up.
    commands_dropped,
    /// Wanted peers refused because too many are wanted.
    wanted_refused,
    /// Addresses of wanted peers dropped: too many, or of another peer.
    addresses_dropped,
    /// Own addresses that others named and that were not taken: not the internet's, or too many.
    candidates_refused,
    /// Nodes that this one has agreed to carry for.
    carried_accepted,
    /// Connections carried for others.
    circuits_opened,
    /// Requests to carry that were refused, by limit or as nobody was there.
    carrying_refused,
    /// Nodes that did not become neighbours in a table: their network has enough, or they are not where they say.
    neighbours_refused,
    /// Searches answered with nothing, as too many went on.
    seeks_refused,
    /// Records kept of where others are found.
    providers_kept,
    /// Such records refused, by limit.
    providers_refused,
    /// Such records that gave way to others before their time.
    providers_displaced,
    /// Bytes of frames received.
    bytes_in,
    /// Bytes of frames sent.
    bytes_out,
    /// Frames received.
    frames_in,
    /// Frames sent.
    frames_out,
    /// Frames or lengths that broke the format, on all sessions.
    frames_bad,
    /// Frames that their sender began and did not bring to an end in time.
    frames_slow,
    /// Frames not queued because the queue was full; their sender was told.
    frames_refused,
}

impl Metrics {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}

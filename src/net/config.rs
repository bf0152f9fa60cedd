//! What the owner may set about the network. Every value has a default that suits a person's own machine.

use std::{num::NonZeroU32, time::Duration};

use libp2p::{Multiaddr, multiaddr::Protocol};
use serde::{Deserialize, Serialize};

use super::{NetError, on::dial::is_dialable, reach::reach, veil::is_relay};

/// Addresses remembered for one wanted peer; the newest are kept.
pub const MAX_ADDRESSES_PER_PEER: usize = 16;
/// Of these, how many may be there by hearsay; they are dialled first.
pub const MAX_HINTED_ADDRESSES: usize = 8;
/// Our own addresses as seen by others that the snapshot shows; the newest are kept.
pub const MAX_OBSERVED: usize = 16;
/// Addresses that the owner may say this node has.
pub const MAX_EXTERNAL: usize = 8;
/// Commands waiting for the swarm task; more than [`NetConfig::max_wanted`], so that a start can want them all.
pub const COMMAND_QUEUE: usize = 2048;
/// Automatic dials in flight at once; the rest wait their turn.
pub const MAX_DIALS_IN_FLIGHT: usize = 32;
/// Negotiated inbound sync streams of one connection that wait for the swarm task; more are dropped.
pub const MAX_STREAMS_WAITING: usize = 4;
/// Streams of one connection, any protocol, that may be negotiating at once.
pub const MAX_STREAMS_NEGOTIATING: usize = 16;
/// Characters of the program name that a remote announces; the rest is cut.
pub const MAX_AGENT_CHARS: usize = 64;
/// A remote's opening of a sync stream is answered within this time, or given up.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// A session that lasted this long was a good one: the backoff starts again from its base. Longer than who never greets
/// is waited for.
pub const STABLE_AFTER: Duration = Duration::from_secs(30);
/// One that has carried so many bytes was good as well, however short: a carried connection ends when it is full.
pub const STABLE_BYTES: u64 = CIRCUIT_BYTES / 4;
/// A closed session has this long to write what is still queued; then a closed connection has, for what it still has to say.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A session that has written everything waits this long for the remote to close its side, which says that everything
/// has arrived.
pub const LINGER: Duration = Duration::from_millis(300);
/// The swarm task ends at most this long after it was told to.
pub const STOP_TIMEOUT: Duration = Duration::from_millis(800);
/// Two openings of one pair within this time are a race; later, an opening says that the remote lost its session.
pub const RACE_WINDOW: Duration = Duration::from_secs(5);
/// Sessions that one connected peer may open in a burst.
pub const OPENINGS_BURST: u32 = 10;
/// After a burst, it may open one more in each such time.
pub const OPENING_INTERVAL: Duration = Duration::from_secs(1);
/// A listener without an address (no network interface) is waited for this long before start-up goes on.
pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(2);
/// The snapshot is published at most once in this time; changes between are joined.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(50);
/// Nodes that carry connections for this one, at most, while nobody reaches it directly.
pub const CARRIERS: usize = 2;
/// One that has refused to carry, or stopped, is asked again after this time.
pub const CARRIER_PAUSE: Duration = Duration::from_mins(1);
/// Nodes that this one carries for, if it offers to, at most.
pub const MAX_CARRIED: usize = 128;
/// Connections that it carries at once, at most: one for each of them.
pub const MAX_CIRCUITS: usize = MAX_CARRIED;
/// Of these with one node at either end, at most; who has more begins none.
pub const MAX_CIRCUITS_OF_PEER: usize = 32;
/// A node may begin so many in a burst: all that it may have, twice.
pub const CIRCUITS_BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(63);
/// After a burst, it may begin one more in each such time: all that it may have, twice in [`CIRCUIT_TIME`].
pub const CIRCUITS_INTERVAL: Duration = Duration::from_secs(28);
/// Nodes behind one address may begin together what so many may.
pub const NODES_OF_ADDRESS: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);
/// A carried connection ends after this time; both sides may make another.
pub const CIRCUIT_TIME: Duration = Duration::from_mins(30);
/// And after so many bytes: enough for ten thousand posts, too few to be worth abusing.
pub const CIRCUIT_BYTES: u64 = 16 << 20;
/// Time between two pings of a connection.
pub const PING_INTERVAL: Duration = Duration::from_secs(10);
/// A ping without an answer for this long has failed.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection is closed when this many pings in a row have failed.
pub const PING_FAILURES: u32 = 2;

/// Settings of the network floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct NetConfig {
    /// Port for TCP and for QUIC (UDP), on every IPv4 and IPv6 address. 0 takes a free one at each start.
    /// Not used when `listen` names addresses.
    pub port: u16,
    /// Addresses to listen on instead of all, for example `/ip4/192.0.2.7/tcp/4001`. Empty: all, on `port`.
    pub listen: Vec<Multiaddr>,
    /// Addresses at which others come to this node, where it cannot know that itself: behind a port that you have led on,
    /// or on a machine in a cloud. For example `/ip4/192.0.2.7/tcp/4001` or `/dns4/majlis.example.org/udp/4001/quic-v1`.
    /// They are told to everybody. By a name it is found through invites alone: say the number as well.
    pub external: Vec<Multiaddr>,
    /// Find other nodes on the local network, and be found there.
    pub mdns: bool,
    /// Ask the home's router to let others in (`UPnP`).
    pub upnp: bool,
    /// Carry connections for nodes that cannot be reached otherwise, and try whether others' addresses are reached.
    pub relay: bool,
    /// Meet others only through these nodes, which must run with `--relay`, each with `/p2p/` and its name at the end:
    /// then nobody but they sees at which address this node is. It listens nowhere itself, whatever is set above and
    /// below: it finds others, and is found, by what they tell and by invites. Empty: meet others directly as well.
    pub relay_only: Vec<Multiaddr>,
    /// Find nodes by their account alone, through nodes that neither side knows, and be found so: a table that everyone
    /// keeps a part of whom all can reach. Your node says there where it is under a name that changes daily and that
    /// only those can work out who know your account. Nothing is kept there of whom you follow; who looks for an account
    /// is seen by those who keep its name, so nobody is looked for who is followed privately.
    pub dht: bool,
    /// Do the same in the public table of IPFS, which has many nodes, as soon as one of them is known (`--bootstrap`).
    pub public_dht: bool,
    /// Name of the program that other nodes are told.
    pub agent: String,
    /// Connections at most; a quarter is kept for those that this node makes itself, and those that come from one network
    /// (the first three bytes of IPv4, six of IPv6) are a quarter at most. 2048 with `majlis run --host`, if this is not
    /// set and the system lets so many files be open.
    pub max_connections: u32,
    /// Connections to one peer at most.
    pub max_connections_per_peer: u32,
    /// Connections being set up at once, in each direction; of those that come from one network a quarter. 256 with
    /// `majlis run --host`, if this is not set.
    pub max_pending: u32,
    /// Sessions at most; a quarter is kept for wanted peers. 1536 with `majlis run --host`, if this is not set.
    pub max_sessions: usize,
    /// Peers to which a connection is kept, at most.
    pub max_wanted: usize,
    /// No new connection is made while the process uses more memory than this. 0: no limit.
    pub memory_limit_bytes: u64,
    /// A connection that carries no session for this many seconds is closed.
    pub idle_timeout_secs: u64,
    /// The side that did not dial waits this long for the other to open the session before it does so itself.
    pub session_grace_ms: u64,
    /// Longest frame (type and body) sent or taken.
    pub frame_limit_bytes: usize,
    /// A peer that has begun a frame must end it within so many milliseconds of being waited for.
    pub frame_timeout_ms: u64,
    /// Bytes of frames that may wait to be sent to one peer; at least twice `frame_limit_bytes`.
    pub send_queue_bytes: usize,
    /// Frames that may wait to be sent to one peer.
    pub send_queue_frames: usize,
    /// Network events that may wait for the application.
    pub event_queue: usize,
    /// First pause before a wanted peer is dialled again; it doubles with each failure.
    pub dial_backoff_base_ms: u64,
    /// Longest pause before a wanted peer is dialled again; twelve times that if it was sought in vain for a day.
    pub dial_backoff_max_ms: u64,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            port: 0,
            listen: Vec::new(),
            external: Vec::new(),
            mdns: true,
            upnp: true,
            relay: false,
            relay_only: Vec::new(),
            dht: true,
            public_dht: false,
            agent: concat!("majlis/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_connections: 256,
            max_connections_per_peer: 4,
            max_pending: 64,
            max_sessions: 192,
            max_wanted: 1024,
            memory_limit_bytes: 2 << 30,
            idle_timeout_secs: 30,
            session_grace_ms: 2_000,
            frame_limit_bytes: 160 << 10,
            frame_timeout_ms: 120_000,
            send_queue_bytes: 1 << 20,
            send_queue_frames: 4096,
            event_queue: 256,
            dial_backoff_base_ms: 1_000,
            dial_backoff_max_ms: 300_000,
        }
    }
}

impl NetConfig {
    /// Names the first setting that cannot work.
    pub fn check(&self) -> Result<(), NetError> {
        let wrong = |what: &str| Err(NetError::Config(what.to_owned()));
        if self.frame_limit_bytes == 0 || self.frame_limit_bytes > u32::MAX as usize {
            return wrong("frame_limit_bytes must be between 1 and 4294967295");
        }
        if self.frame_timeout_ms == 0 {
            return wrong("frame_timeout_ms must not be 0");
        }
        if self.send_queue_bytes / 2 < self.frame_limit_bytes {
            return wrong("send_queue_bytes must be at least twice frame_limit_bytes");
        }
        if self.send_queue_frames < 2 || self.event_queue < 16 {
            return wrong("send_queue_frames must be at least 2 and event_queue at least 16");
        }
        if self.max_connections < 4 || self.max_connections_per_peer < 2 || self.max_pending == 0 {
            return wrong("max_connections must be at least 4, max_connections_per_peer 2, max_pending 1");
        }
        if self.max_sessions == 0 || self.max_wanted == 0 {
            return wrong("max_sessions and max_wanted must not be 0");
        }
        if let Some(address) = self.external.iter().find(|address| !is_place(address)) {
            return wrong(&format!(
                "external needs the place at which others come here, such as /ip4/192.0.2.7/tcp/4001 or \
                 /dns4/majlis.example.org/udp/4001/quic-v1, with nothing after it; {address} is none"
            ));
        }
        if self.external.len() > MAX_EXTERNAL {
            return wrong(&format!("external may name {MAX_EXTERNAL} addresses at most"));
        }
        if let Some(address) = self.relay_only.iter().find(|address| !is_relay(address)) {
            return wrong(&format!(
                "relay_only needs the whole address of a node, such as \
                 /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…; {address} is none"
            ));
        }
        if !self.relay_only.is_empty() && (self.relay || !self.listen.is_empty() || !self.external.is_empty())
        {
            return wrong(
                "with relay_only a node neither carries for others nor listens: leave out relay, listen and \
                 external",
            );
        }
        if self.dial_backoff_base_ms == 0 || self.dial_backoff_max_ms < self.dial_backoff_base_ms {
            return wrong("dial_backoff_base_ms must not be 0 nor above dial_backoff_max_ms");
        }
        Ok(())
    }

    /// Whether the node takes part in a table by which others are found by a key alone.
    pub fn is_in_tables(&self) -> bool {
        self.relay_only.is_empty() && (self.dht || self.public_dht)
    }

    /// As it is followed: who meets others through relays alone takes part in nothing that shows where it is.
    pub(super) fn settled(self) -> Self {
        if self.relay_only.is_empty() {
            return self;
        }
        Self { mdns: false, upnp: false, dht: false, public_dht: false, ..self }
    }

    pub(super) fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_secs)
    }

    pub(super) fn session_grace(&self) -> Duration {
        Duration::from_millis(self.session_grace_ms)
    }

    pub(super) fn session_limits(&self) -> super::session::Limits {
        super::session::Limits {
            frame_bytes: self.frame_limit_bytes,
            frame_time: Duration::from_millis(self.frame_timeout_ms),
            queue_bytes: self.send_queue_bytes,
            queue_frames: self.send_queue_frames,
        }
    }

    pub(super) fn backoff(&self) -> super::backoff::Backoff {
        super::backoff::Backoff {
            base: Duration::from_millis(self.dial_backoff_base_ms),
            max: Duration::from_millis(self.dial_backoff_max_ms),
        }
    }
}

/// Whether this is where a node may be, without the name of one: a host and a port that others can dial.
fn is_place(address: &Multiaddr) -> bool {
    let has_port = |part| !matches!(part, Protocol::Tcp(0) | Protocol::Udp(0));
    let is_plain = |part| !matches!(part, Protocol::P2p(_) | Protocol::Dnsaddr(_));
    is_dialable(address)
        && reach(address).is_some()
        && address.iter().all(|part| has_port(part.clone()) && is_plain(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_and_survive_serialisation() {
        let config = NetConfig::default();
        config.check().unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<NetConfig>(&text).unwrap(), config);
        assert_eq!(serde_json::from_str::<NetConfig>("{}").unwrap(), config);
    }

    #[test]
    fn relays_are_whole_addresses_and_leave_nothing_to_listen_to() {
        let relay: Multiaddr =
            format!("/ip4/192.0.2.7/tcp/1/p2p/{}", libp2p::PeerId::random()).parse().unwrap();
        let only =
            |address: &Multiaddr| NetConfig { relay_only: vec![address.clone()], ..NetConfig::default() };
        only(&relay).check().unwrap();
        let wrong = |config: NetConfig, what: &str| {
            assert!(matches!(config.check(), Err(NetError::Config(text)) if text.contains(what)), "{what}");
        };
        wrong(only(&"/ip4/192.0.2.7/tcp/1".parse().unwrap()), "is none");
        wrong(only(&format!("{relay}/p2p-circuit").parse().unwrap()), "is none");
        wrong(NetConfig { relay: true, ..only(&relay) }, "neither carries");
        wrong(NetConfig { listen: vec![relay.clone()], ..only(&relay) }, "nor listens");
        let at = relay.iter().take(2).collect();
        wrong(NetConfig { external: vec![at], ..only(&relay) }, "nor listens");
    }

    #[test]
    fn own_addresses_are_places_that_others_can_dial() {
        let stated =
            |address: &str| NetConfig { external: vec![address.parse().unwrap()], ..NetConfig::default() };
        for good in ["/ip4/8.8.8.8/tcp/1", "/dns4/majlis.example/udp/1/quic-v1", "/ip6/2600::1/tcp/1"] {
            stated(good).check().unwrap();
        }
        let named = format!("/ip4/8.8.8.8/tcp/1/p2p/{}", libp2p::PeerId::random());
        for bad in [
            &named,
            "/ip4/8.8.8.8/tcp/0",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/8.8.8.8/udp/1",
            "/ip4/8.8.8.8",
            "/dnsaddr/majlis.example",
        ] {
            let error = stated(bad).check().unwrap_err().to_string();
            assert!(error.contains(&format!("{bad} is none")), "{error}");
        }
        let many = vec!["/ip4/8.8.8.8/tcp/1".parse().unwrap(); MAX_EXTERNAL + 1];
        let error = NetConfig { external: many, ..NetConfig::default() }.check().unwrap_err();
        assert!(error.to_string().contains("at most"), "{error}");
    }

    #[test]
    fn a_queue_too_small_for_a_frame_is_refused() {
        let config = NetConfig { send_queue_bytes: 200 << 10, ..NetConfig::default() };
        assert!(matches!(config.check(), Err(NetError::Config(text)) if text.contains("send_queue_bytes")));
    }
}

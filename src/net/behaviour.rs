//! The libp2p behaviours of a node, and the transports under them. Each is a field of [`Behaviour`], its events a match
//! arm in `on/swarm.rs`.

use std::{num::NonZeroU8, sync::Arc};

use libp2p::{
    PeerId, Swarm, SwarmBuilder, autonat, connection_limits,
    connection_limits::ConnectionLimits,
    dcutr, identify,
    identity::Keypair,
    mdns, memory_connection_limits, noise, ping, relay, swarm,
    swarm::{NetworkBehaviour, behaviour::toggle::Toggle},
    tcp,
};

use super::{
    NetConfig, NetError,
    config::{
        CIRCUIT_BYTES, CIRCUIT_TIME, CIRCUITS_BURST, CIRCUITS_INTERVAL, MAX_CARRIED, MAX_CIRCUITS,
        MAX_CIRCUITS_OF_PEER, MAX_STREAMS_NEGOTIATING, NODES_OF_ADDRESS, PING_INTERVAL, PING_TIMEOUT,
    },
    crowd::Crowd,
    dht::{Table, Which, table},
    gate::Gate,
    guard::{Guard, Hearsay},
    identify::Identify,
    muxer::Yamux,
    snapshot::Metrics,
    sync_stream,
    trial::Trial,
    veil::Veil,
};

/// Name of the protocol family that identify tells.
const FAMILY: &str = "/majlis/1";
/// Addresses of one peer dialled at once.
const DIALS_PER_PEER: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

/// Everything that takes part in a connection. What refuses comes first, before others allocate.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub veil: Gate<Veil>,
    crowd: Gate<Crowd>,
    limits: connection_limits::Behaviour,
    memory: Toggle<memory_connection_limits::Behaviour>,
    pub sync: sync_stream::Behaviour,
    ping: ping::Behaviour,
    identify: Identify,
    mdns: Toggle<mdns::tokio::Behaviour>,
    mdns_ip6: Toggle<mdns::tokio::Behaviour>,
    relay: Toggle<relay::Behaviour>,
    relay_client: relay::client::Behaviour,
    dcutr: Toggle<Guard<dcutr::Behaviour>>,
    pub trial: Toggle<Trial>,
    autonat_server: Toggle<Guard<autonat::v2::server::Behaviour>>,
    dht: Toggle<Table>,
    public_dht: Toggle<Table>,
}

impl Behaviour {
    fn new(
        keypair: &Keypair,
        relay_client: relay::client::Behaviour,
        [dht, public_dht]: [Option<Table>; 2],
        (config, hearsay): (&NetConfig, Hearsay),
        metrics: &Arc<Metrics>,
    ) -> Self {
        let me = keypair.public().to_peer_id();
        let veil = Veil::new(config);
        // To meet others directly, or to have them try that, is to show them where this node is.
        let open = !veil.is_drawn();
        let limits = ConnectionLimits::default()
            .with_max_established(Some(config.max_connections))
            .with_max_established_incoming(Some(config.max_connections - config.max_connections / 4))
            .with_max_established_per_peer(Some(config.max_connections_per_peer))
            .with_max_pending_incoming(Some(config.max_pending))
            .with_max_pending_outgoing(Some(config.max_pending));
        let memory = usize::try_from(config.memory_limit_bytes)
            .ok()
            .filter(|bytes| *bytes > 0)
            .map(memory_connection_limits::Behaviour::with_max_bytes);
        let identify = identify::Config::new(FAMILY.to_owned(), keypair.public())
            .with_agent_version(config.agent.clone())
            .with_push_listen_addr_updates(true)
            // Addresses of wanted peers are kept by the dialler, which bounds them.
            .with_cache_size(0);
        Self {
            veil: Gate(veil),
            crowd: Gate(Crowd::new(config, Arc::clone(metrics))),
            limits: connection_limits::Behaviour::new(limits),
            memory: memory.into(),
            sync: sync_stream::Behaviour::new(Arc::clone(metrics)),
            ping: ping::Behaviour::new(
                ping::Config::new().with_interval(PING_INTERVAL).with_timeout(PING_TIMEOUT),
            ),
            identify: Identify::new(identify, hearsay, Arc::clone(metrics)),
            mdns: lan(keypair, config, false).into(),
            mdns_ip6: lan(keypair, config, true).into(),
            relay: config.relay.then(|| relay::Behaviour::new(me, carrying())).into(),
            relay_client,
            // Whoever is carried here says where it would be met.
            dcutr: open.then(|| Guard::new(dcutr::Behaviour::new(me), hearsay, Arc::clone(metrics))).into(),
            trial: open.then(|| Trial::new(Arc::clone(metrics))).into(),
            // Only where the owner has offered something to strangers: to try their addresses is to dial what they name.
            autonat_server: config
                .relay
                .then(|| Guard::new(autonat::v2::server::Behaviour::default(), hearsay, Arc::clone(metrics)))
                .into(),
            dht: dht.into(),
            public_dht: public_dht.into(),
        }
    }

    /// A table by which nodes are found, if the node takes part in it.
    pub fn table(&mut self, which: Which) -> Option<&mut Table> {
        match which {
            Which::Own => self.dht.as_mut(),
            Which::Public => self.public_dht.as_mut(),
        }
    }

    /// Whether the peer is still known on the local network, by some address.
    pub fn sees(&self, peer: &PeerId) -> bool {
        let mut both = [&self.mdns, &self.mdns_ip6].into_iter().filter_map(Toggle::as_ref);
        both.any(|mdns| mdns.discovered_nodes().any(|known| known == peer))
    }
}

/// What is carried for others.
fn carrying() -> relay::Config {
    let together = CIRCUITS_BURST.saturating_mul(NODES_OF_ADDRESS);
    relay::Config {
        max_reservations: MAX_CARRIED,
        max_circuits: MAX_CIRCUITS,
        max_circuits_per_peer: MAX_CIRCUITS_OF_PEER,
        max_circuit_duration: CIRCUIT_TIME,
        max_circuit_bytes: CIRCUIT_BYTES,
        circuit_src_rate_limiters: Vec::new(),
        ..relay::Config::default()
    }
    .circuit_src_per_peer(CIRCUITS_BURST, CIRCUITS_INTERVAL)
    .circuit_src_per_ip(together, CIRCUITS_INTERVAL / NODES_OF_ADDRESS.get())
}

/// Discovery on the local network, over IPv4 or over IPv6: one such behaviour speaks one of them alone, and which of them
/// there is changes as a machine goes from network to network, so each node has both. A machine without multicast goes
/// without.
fn lan(keypair: &Keypair, config: &NetConfig, enable_ipv6: bool) -> Option<mdns::tokio::Behaviour> {
    if !config.mdns {
        return None;
    }
    let settings = mdns::Config { enable_ipv6, ..mdns::Config::default() };
    mdns::tokio::Behaviour::new(settings, keypair.public().to_peer_id())
        .inspect_err(|error| tracing::warn!(%error, "no discovery on the local network"))
        .ok()
}

/// Builds the swarm: TCP (noise, yamux), QUIC, and names resolved by the system's resolver, if it has one.
pub(super) fn build(
    keypair: Keypair,
    config: &NetConfig,
    hearsay: Hearsay,
    metrics: &Arc<Metrics>,
) -> Result<Swarm<Behaviour>, NetError> {
    let setup = |error: &dyn std::error::Error| NetError::Setup(error.to_string());
    let me = keypair.public().to_peer_id();
    let tables = [
        table(Which::Own, me, (config, hearsay), metrics)?,
        table(Which::Public, me, (config, hearsay), metrics)?,
    ];
    let behaviour = move |keypair: &Keypair, relay_client| {
        Behaviour::new(keypair, relay_client, tables, (config, hearsay), metrics)
    };
    let settings = |settings: swarm::Config| {
        settings
            .with_idle_connection_timeout(config.idle_timeout())
            .with_max_negotiating_inbound_streams(MAX_STREAMS_NEGOTIATING)
            .with_dial_concurrency_factor(DIALS_PER_PEER)
    };
    let transports = |keypair: Keypair| {
        let tcp = tcp::Config::default().nodelay(true);
        SwarmBuilder::with_existing_identity(keypair)
            .with_tokio()
            .with_tcp(tcp, noise::Config::new, Yamux::default)
            .map_err(|error| setup(&error))
    };
    match transports(keypair.clone())?.with_quic().with_dns() {
        Ok(builder) => Ok(builder
            .with_relay_client(noise::Config::new, Yamux::default)
            .map_err(|error| setup(&error))?
            .with_behaviour(behaviour)
            .map_err(|error| setup(&error))?
            .with_swarm_config(settings)
            .build()),
        Err(error) => {
            tracing::warn!(%error, "no name resolver: addresses with names cannot be dialled");
            Ok(transports(keypair)?
                .with_quic()
                .with_relay_client(noise::Config::new, Yamux::default)
                .map_err(|error| setup(&error))?
                .with_behaviour(behaviour)
                .map_err(|error| setup(&error))?
                .with_swarm_config(settings)
                .build())
        }
    }
}

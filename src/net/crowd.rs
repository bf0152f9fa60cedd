//! Keeps those of one network from taking every place that others might have: connections that come in, while they are
//! made and afterwards.

use std::{collections::HashMap, fmt, sync::Arc};

use libp2p::{
    Multiaddr,
    swarm::{ConnectionDenied, ConnectionId, FromSwarm},
};

use super::{NetConfig, gate::Keeper, network::Network, snapshot::Metrics};

/// The part of what may come in that one network may take.
const SHARE: u32 = 4;

/// What has come in, by where it came from.
pub(super) struct Crowd {
    incoming: HashMap<ConnectionId, Incoming>,
    max_pending: usize,
    max_established: usize,
    metrics: Arc<Metrics>,
}

struct Incoming {
    network: Network,
    established: bool,
}

/// Why a connection was not taken.
#[derive(Debug)]
struct Crowded;

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many connections come from the same network")
    }
}

impl std::error::Error for Crowded {}

impl Crowd {
    pub fn new(config: &NetConfig, metrics: Arc<Metrics>) -> Self {
        let share = |max: u32| (max / SHARE).max(1) as usize;
        Self {
            incoming: HashMap::new(),
            max_pending: share(config.max_pending),
            max_established: share(config.max_connections),
            metrics,
        }
    }

    fn has_room(&self, network: Network) -> bool {
        let alike = || self.incoming.values().filter(|incoming| incoming.network == network);
        alike().count() < self.max_established
            && alike().filter(|incoming| !incoming.established).count() < self.max_pending
    }
}

impl Keeper for Crowd {
    fn may_come(&mut self, id: ConnectionId, remote: &Multiaddr) -> Result<(), ConnectionDenied> {
        let network = Network::of(Some(remote));
        if !self.has_room(network) {
            Metrics::count(&self.metrics.incoming_crowded);
            return Err(ConnectionDenied::new(Crowded));
        }
        self.incoming.insert(id, Incoming { network, established: false });
        Ok(())
    }

    fn heard(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                if let Some(incoming) = self.incoming.get_mut(&established.connection_id) {
                    incoming.established = true;
                }
            }
            FromSwarm::ListenFailure(failure) => {
                self.incoming.remove(&failure.connection_id);
            }
            FromSwarm::ConnectionClosed(closed) => {
                self.incoming.remove(&closed.connection_id);
            }
            _ => {}
        }
    }
}

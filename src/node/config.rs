//! What the owner may set about the node itself.

use serde::{Deserialize, Serialize};

/// Settings of the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeConfig {
    /// Peers found on the local network that are kept connected at most.
    pub max_lan_peers: usize,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self { max_lan_peers: 64 }
    }
}

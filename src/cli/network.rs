//! `majlis status`, `peers`, `connect` and `sync`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Shows how the node is.
pub async fn status(app: &mut App) -> Result<(), Stop> {
    app.print(Request::Status).await?;
    Ok(())
}

/// Lists connected peers.
pub async fn peers(app: &mut App) -> Result<(), Stop> {
    if app.print(Request::Peers).await? == 0 {
        app.out
            .note("No peer is connected. Follow an invite, or name an address: `majlis connect MULTIADDR`.");
    }
    Ok(())
}

/// Connect to a node, and keep it as a friend. Needs the running node.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis connect /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…
  majlis connect /dns4/node.example.org/udp/4001/quic-v1")]
pub struct ConnectArgs {
    /// Where it listens, as its `majlis id` shows it.
    #[arg(value_name = "MULTIADDR")]
    address: String,
}

impl ConnectArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Connect { address: self.address }).await?;
        Ok(())
    }
}

/// Wait until connected peers have nothing new. Needs the running node.
#[derive(Args)]
#[command(after_help = "\
Exits 1 when the time is over, or when no peer is connected.

Examples:
  majlis sync && majlis timeline
  majlis sync --timeout 5")]
pub struct SyncArgs {
    /// Seconds to wait at most.
    #[arg(long, value_name = "S", default_value_t = 60)]
    timeout: u64,
}

impl SyncArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Sync { timeout: self.timeout }).await?;
        Ok(())
    }
}

//! Where to listen.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use libp2p::{Multiaddr, Swarm, core::transport::ListenerId, multiaddr::Protocol};

use super::{NetConfig, NetError, behaviour::Behaviour};

/// Attempts to find a port that is free for TCP and for UDP.
const PORT_ATTEMPTS: usize = 16;

/// Opens every listener that can be opened; an error only if none can. None where others meet this node through relays
/// alone.
pub(super) fn open(swarm: &mut Swarm<Behaviour>, config: &NetConfig) -> Result<Vec<ListenerId>, NetError> {
    if !config.relay_only.is_empty() {
        return Ok(Vec::new());
    }
    let mut open = Vec::new();
    let mut failed = Vec::new();
    for address in addresses(config) {
        match swarm.listen_on(address.clone()) {
            Ok(id) => open.push(id),
            Err(error) => {
                tracing::info!(%address, %error, "not listening");
                failed.push(format!("{address}: {error}"));
            }
        }
    }
    if open.is_empty() { Err(NetError::Listen(failed.join("; "))) } else { Ok(open) }
}

fn addresses(config: &NetConfig) -> Vec<Multiaddr> {
    if !config.listen.is_empty() {
        return config.listen.clone();
    }
    let port = if config.port == 0 { free_port() } else { config.port };
    let hosts = [Protocol::Ip4(Ipv4Addr::UNSPECIFIED), Protocol::Ip6(std::net::Ipv6Addr::UNSPECIFIED)];
    let mut all = Vec::with_capacity(4);
    for host in hosts {
        let host = Multiaddr::from(host);
        all.push(host.clone().with(Protocol::Tcp(port)));
        all.push(host.with(Protocol::Udp(port)).with(Protocol::QuicV1));
    }
    all
}

/// A port that is free for both transports now, so that one number can be told to people; 0, which lets the system
/// choose a different one for each, if none was found.
fn free_port() -> u16 {
    (0..PORT_ATTEMPTS).find_map(|_| port_free_for_both().ok()).unwrap_or(0)
}

fn port_free_for_both() -> std::io::Result<u16> {
    let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let port = udp.local_addr()?.port();
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_addresses_all_are_listened_on_at_one_port() {
        let all = addresses(&NetConfig { port: 4001, ..NetConfig::default() });
        let all: Vec<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            [
                "/ip4/0.0.0.0/tcp/4001",
                "/ip4/0.0.0.0/udp/4001/quic-v1",
                "/ip6/::/tcp/4001",
                "/ip6/::/udp/4001/quic-v1"
            ]
        );
        assert_ne!(free_port(), 0);
    }
}

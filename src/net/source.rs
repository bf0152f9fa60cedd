//! From which of its addresses this machine sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use libp2p::{Multiaddr, multiaddr::Protocol};

use super::reach::host;

/// The own address that a TCP connection to another end goes from, which it does not outlive: as the system chooses it now,
/// since the swarm does not say. None of QUIC, which goes on from another address, and where the other end has a name.
pub(super) fn source(address: &Multiaddr) -> Option<IpAddr> {
    if !address.iter().any(|part| matches!(part, Protocol::Tcp(_))) {
        return None;
    }
    let there = host(address)?;
    let anywhere: IpAddr = match there {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((anywhere, 0)).ok()?;
    // Sends nothing: the system notes the way.
    socket.connect((there, DISCARD)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Any port would do.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_sends_to_itself_from_itself_over_tcp() {
        let source = |address: &str| source(&address.parse().unwrap());
        assert_eq!(source("/ip4/127.0.0.1/tcp/4001"), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(source("/ip4/127.0.0.1/udp/4001/quic-v1"), None);
        assert_eq!(source("/dns4/localhost/tcp/4001"), None);
        assert_eq!(source("/ip4/127.0.0.1/tcp/4001/p2p-circuit"), None);
    }
}

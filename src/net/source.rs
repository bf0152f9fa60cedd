//! From which of its addresses this machine sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use libp2p::{Multiaddr, core::ConnectedPoint, multiaddr::Protocol};

use super::reach::host;

/// Any port would do.
const DISCARD: u16 = 9;

/// The own address that a TCP connection goes from, which it does not outlive. Of one dialled here as the system chooses it
/// now, since the swarm does not say. None of QUIC, which goes on from another address, and where the other end has a name.
pub(super) fn source(ends: &ConnectedPoint) -> Option<IpAddr> {
    match ends {
        ConnectedPoint::Dialer { address, .. } => chosen(tcp_host(address)?),
        ConnectedPoint::Listener { local_addr, .. } => tcp_host(local_addr),
    }
}

fn tcp_host(address: &Multiaddr) -> Option<IpAddr> {
    let is_tcp = address.iter().any(|part| matches!(part, Protocol::Tcp(_)));
    host(address).filter(|_| is_tcp)
}

/// From where the system sends to a host now.
fn chosen(there: IpAddr) -> Option<IpAddr> {
    let anywhere: IpAddr = match there {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((anywhere, 0)).ok()?;
    // Sends nothing: the system notes the way.
    socket.connect((there, DISCARD)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use libp2p::core::{Endpoint, transport::PortUse};

    use super::*;

    #[test]
    fn the_system_says_from_where_it_dials_over_tcp() {
        let dialled = |address: &str| {
            let (role_override, port_use) = (Endpoint::Dialer, PortUse::Reuse);
            source(&ConnectedPoint::Dialer { address: address.parse().unwrap(), role_override, port_use })
        };
        assert_eq!(dialled("/ip4/127.0.0.1/tcp/4001"), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(dialled("/ip4/127.0.0.1/udp/4001/quic-v1"), None);
        assert_eq!(dialled("/dns4/localhost/tcp/4001"), None);
        assert_eq!(dialled("/ip4/127.0.0.1/tcp/4001/p2p-circuit"), None);
    }

    #[test]
    fn of_one_that_came_it_is_where_it_came_to() {
        let came = |local: &str| {
            let send_back_addr = "/ip4/127.0.0.1/tcp/5001".parse().unwrap();
            source(&ConnectedPoint::Listener { local_addr: local.parse().unwrap(), send_back_addr })
        };
        // The system would choose 127.0.0.1.
        assert_eq!(came("/ip4/127.0.0.2/tcp/4001"), Some(Ipv4Addr::new(127, 0, 0, 2).into()));
        assert_eq!(came("/ip4/127.0.0.2/udp/4001/quic-v1"), None);
        assert_eq!(came("/ip4/192.0.2.7/tcp/4001/p2p-circuit"), None);
    }
}

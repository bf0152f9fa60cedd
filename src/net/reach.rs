//! From how far away an address can be reached, as far as the address itself tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};
use serde::Serialize;

use super::{on::dial::is_dialable, wanted::transport_part};

/// Who can dial an address; the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Everyone on the internet.
    World,
    /// Whoever the name is resolved for: where it leads is not known before.
    Name,
    /// Those on the same private network.
    Household,
    /// This machine alone.
    Machine,
}

/// The address without its `/p2p/…`, and who can dial it. None where it names another peer; where no transport of
/// ours dials it; and where it means nothing to another node: link-local, multicast, unspecified and reserved addresses.
pub fn place(address: Multiaddr, peer: &PeerId) -> Option<(Reach, Multiaddr)> {
    let address = transport_part(address, peer).filter(is_dialable)?;
    Some((reach(&address)?, address))
}

/// Whether another node carries what goes there, or has carried to here who has no other address than a name.
pub(super) fn is_relayed(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    matches!(parts.next(), Some(Protocol::P2p(_))) || parts.any(|part| part == Protocol::P2pCircuit)
}

/// Whether everyone can come to one of the addresses without another node between.
pub(super) fn is_open<'a>(mut addresses: impl Iterator<Item = &'a Multiaddr>) -> bool {
    addresses
        .any(|address| !is_relayed(address) && matches!(reach(address), Some(Reach::World | Reach::Name)))
}

/// The host that is dialled at an address; none where it has a name, and where another node carries what goes there.
pub fn host(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        _ if is_relayed(address) => None,
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(ip.into()),
        _ => None,
    }
}

/// Who can dial an address that a node has now; where another node carries what goes there, who can dial that. None where it means nothing to others.
pub fn reach(address: &Multiaddr) -> Option<Reach> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => of_ip4(ip),
        Protocol::Ip6(ip) => of_ip6(ip),
        _ => Some(Reach::Name),
    }
}

fn of_ip4(ip: Ipv4Addr) -> Option<Reach> {
    match ip.octets() {
        [0 | 224.., ..] | [169, 254, ..] | [192, 0, 0, _] => None,
        [127, ..] => Some(Reach::Machine),
        // Private; shared by a provider's customers; for measurements and for documentation.
        [10, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [100, 64..=127, ..]
        | [198, 18..=19, ..]
        | [192, 0, 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Some(Reach::Household),
        _ => Some(Reach::World),
    }
}

fn of_ip6(ip: Ipv6Addr) -> Option<Reach> {
    if let Some(ip) = ip.to_ipv4_mapped() {
        return of_ip4(ip);
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Reach::Machine),
        // Unique local; documentation.
        [0xfc00..=0xfdff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Reach::Household),
        // Teredo and 6to4 hold an IPv4 address, which may be anyone's.
        [0x2001, 0, ..] | [0x2002, ..] => None,
        [0x2000..=0x3fff, ..] => Some(Reach::World),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<Reach> {
        place(address.parse().unwrap(), &PeerId::random()).map(|(reach, _)| reach)
    }

    #[test]
    fn who_can_dial_an_address() {
        for (host, expected) in [
            ("ip4/8.8.8.8", Some(Reach::World)),
            ("ip4/172.32.0.1", Some(Reach::World)),
            ("ip4/100.128.0.1", Some(Reach::World)),
            ("ip4/192.168.1.2", Some(Reach::Household)),
            ("ip4/172.31.0.1", Some(Reach::Household)),
            ("ip4/10.0.0.1", Some(Reach::Household)),
            ("ip4/100.64.0.1", Some(Reach::Household)),
            ("ip4/192.0.2.1", Some(Reach::Household)),
            ("ip4/127.0.0.1", Some(Reach::Machine)),
            ("ip4/127.8.0.1", Some(Reach::Machine)),
            ("ip4/169.254.1.1", None),
            ("ip4/0.0.0.0", None),
            ("ip4/224.0.0.1", None),
            ("ip4/255.255.255.255", None),
            ("ip6/2600::1", Some(Reach::World)),
            ("ip6/2001:4860:4860::8888", Some(Reach::World)),
            ("ip6/fd00::1", Some(Reach::Household)),
            ("ip6/2001:db8::1", Some(Reach::Household)),
            ("ip6/::1", Some(Reach::Machine)),
            ("ip6/::ffff:127.0.0.1", Some(Reach::Machine)),
            ("ip6/::ffff:10.0.0.1", Some(Reach::Household)),
            ("ip6/::ffff:8.8.8.8", Some(Reach::World)),
            ("ip6/fe80::1", None),
            ("ip6/ff02::1", None),
            ("ip6/::", None),
            ("ip6/64:ff9b::a00:1", None),
            ("ip6/2002:a00:1::", None),
            ("ip6/2001::1", None),
            ("dns4/majlis.example", Some(Reach::Name)),
            ("dns/localhost", Some(Reach::Name)),
        ] {
            assert_eq!(of(&format!("/{host}/tcp/4001")), expected, "{host}");
            assert_eq!(of(&format!("/{host}/udp/4001/quic-v1")), expected, "{host}");
        }
    }

    #[test]
    fn addresses_are_placed_also_with_a_name_at_their_end() {
        let named = |host: &str| format!("/{host}/tcp/1/p2p/{}", PeerId::random()).parse().unwrap();
        assert_eq!(reach(&named("ip4/192.0.2.1")), Some(Reach::Household));
        assert_eq!(reach(&named("ip6/fe80::1")), None);
        assert_eq!(serde_json::json!(reach(&named("ip4/8.8.8.8"))), "world");
    }

    #[test]
    fn what_no_transport_dials_is_no_place() {
        let relay = PeerId::random();
        for address in [
            "/ip4/8.8.8.8".to_owned(),
            "/ip4/8.8.8.8/udp/4001".to_owned(),
            "/memory/1".to_owned(),
            "/unix/tmp%2Fsocket".to_owned(),
            "/ip4/8.8.8.8/tcp/4001/ws".to_owned(),
            "/ip4/8.8.8.8/tcp/4001/p2p-circuit".to_owned(),
            format!("/ip4/8.8.8.8/tcp/4001/p2p/{relay}/p2p-circuit/p2p/{relay}"),
            format!("/p2p/{relay}/p2p-circuit"),
            format!("/p2p/{relay}"),
        ] {
            assert_eq!(of(&address), None, "{address}");
        }
    }

    #[test]
    fn what_another_node_carries_reaches_as_far_as_that_node() {
        let relay = PeerId::random();
        for (host, expected) in [
            ("ip4/8.8.8.8", Some(Reach::World)),
            ("ip4/10.0.0.1", Some(Reach::Household)),
            ("ip6/fe80::1", None),
        ] {
            assert_eq!(of(&format!("/{host}/tcp/4001/p2p/{relay}/p2p-circuit")), expected, "{host}");
        }
    }

    #[test]
    fn an_address_of_another_peer_is_no_place_of_this_one() {
        let (peer, other) = (PeerId::random(), PeerId::random());
        let plain: Multiaddr = "/ip4/8.8.8.8/tcp/4001".parse().unwrap();
        let place = |peer: &PeerId, named| place(plain.clone().with(Protocol::P2p(named)), peer);
        assert_eq!(place(&peer, peer), Some((Reach::World, plain.clone())));
        assert_eq!(place(&peer, other), None);
    }
}

//! Which addresses are likely to be one owner's, so that nobody becomes many by having many of them.

use libp2p::{Multiaddr, multiaddr::Protocol};

/// The part of an address that tells networks apart: the first three bytes of IPv4, the first six of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Network {
    Ip4([u8; 3]),
    Ip6([u8; 6]),
    Unknown,
}

impl Network {
    pub fn of(address: Option<&Multiaddr>) -> Self {
        match address.and_then(|address| address.iter().next()) {
            Some(Protocol::Ip4(ip)) => {
                ip.octets().first_chunk().map_or(Self::Unknown, |part| Self::Ip4(*part))
            }
            Some(Protocol::Ip6(ip)) => {
                ip.octets().first_chunk().map_or(Self::Unknown, |part| Self::Ip6(*part))
            }
            _ => Self::Unknown,
        }
    }
}

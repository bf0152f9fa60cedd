//! What can go wrong on the network, whose fault it is, and what to do about it.

use libp2p::{Multiaddr, PeerId, TransportError, swarm::DialError};
use thiserror::Error;

/// Why the network could not do what was asked.
#[derive(Clone, Debug, Error)]
pub enum NetError {
    /// A setting cannot work.
    #[error("network settings: {0}")]
    Config(String),
    /// No listener could be opened.
    #[error(
        "cannot listen on any address ({0}); choose another port, or stop the program that uses this one"
    )]
    Listen(String),
    /// The transports could not be built; nothing outside this machine is at fault.
    #[error("cannot set up the network: {0}")]
    Setup(String),
    /// The address cannot be dialled, whoever is there.
    #[error("cannot dial {address}: {reason}; give an address such as /ip4/192.0.2.7/tcp/4001")]
    BadAddress {
        /// The address as given.
        address: Multiaddr,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answered, or not in our protocol.
    #[error("cannot reach {address}: {reason}; check the address and that the node there is running")]
    Unreachable {
        /// The address, or the peer when several of its addresses were tried.
        address: String,
        /// The last error of each attempt.
        reason: String,
    },
    /// Another node answers at the address.
    #[error("{address} is {found}, not the peer that was looked for; the address is out of date")]
    WrongPeer {
        /// The address dialled.
        address: Multiaddr,
        /// Who answers there.
        found: PeerId,
    },
    /// The address is our own.
    #[error("{address} is this node itself")]
    SelfDial {
        /// The address dialled.
        address: Multiaddr,
    },
    /// One of our own limits forbids it now; try again later or raise the limit.
    #[error("not dialled because of this node's own limits ({0}); try again later")]
    Limit(String),
    /// The network has been shut down.
    #[error("the network is stopped")]
    Stopped,
}

impl NetError {
    /// Translates the swarm's verdict on a dial to `target` (an address, or a peer).
    pub(super) fn from_dial(target: String, error: &DialError) -> Self {
        match error {
            DialError::LocalPeerId { address } => Self::SelfDial { address: address.clone() },
            DialError::WrongPeerId { obtained, address } => {
                Self::WrongPeer { address: address.clone(), found: *obtained }
            }
            DialError::Denied { cause } => Self::Limit(root_cause(cause)),
            DialError::NoAddresses => {
                Self::Unreachable { address: target, reason: "no address is known".to_owned() }
            }
            DialError::Aborted | DialError::DialPeerConditionFalse(_) => {
                Self::Unreachable { address: target, reason: "the attempt was given up".to_owned() }
            }
            DialError::Transport(attempts) => match attempts.as_slice() {
                [(_, TransportError::MultiaddrNotSupported(address))] => Self::BadAddress {
                    address: address.clone(),
                    reason: "no transport for this kind of address".to_owned(),
                },
                _ => Self::Unreachable { address: target, reason: reasons(attempts) },
            },
        }
    }
}

fn reasons(attempts: &[(Multiaddr, TransportError<std::io::Error>)]) -> String {
    let mut all = Vec::with_capacity(attempts.len());
    for (address, error) in attempts {
        let cause = match error {
            TransportError::MultiaddrNotSupported(_) => "no transport for this kind of address".to_owned(),
            TransportError::Other(error) => root_cause(error),
        };
        if attempts.len() == 1 {
            all.push(cause);
        } else {
            all.push(format!("{address}: {cause}"));
        }
    }
    all.join("; ")
}

/// The innermost error: libp2p wraps "connection refused" four times.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    // An io::Error that only wraps another hides it from `source`.
    if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
        && inner.source().is_some()
    {
        return root_cause(inner);
    }
    error.to_string()
}

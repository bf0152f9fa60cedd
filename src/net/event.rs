//! What the network tells the rest of the program.

use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;

use super::Session;

/// Something happened on the network.
#[derive(Debug)]
pub enum NetEvent {
    /// A sync stream is open. There is one live session per peer; when this is reported for a peer that already had
    /// one, the old one is over and says so itself.
    SessionOpened {
        /// The remote, proved by the handshake.
        peer: PeerId,
        /// Whether this side opened the stream.
        dialer: bool,
        /// The two halves of the stream.
        session: Session,
    },
    /// A node was found on the local network. Nothing is done about it until [`super::Net::want`] is called.
    Discovered {
        /// Who says it is there; proved only once connected.
        peer: PeerId,
        /// Where.
        addrs: Vec<Multiaddr>,
    },
    /// A node found on the local network has not been heard of for a while.
    Expired {
        /// Who.
        peer: PeerId,
    },
    /// An attempt to connect has failed; a wanted peer is tried again.
    DialFailed {
        /// Who was dialled, if known.
        peer: Option<PeerId>,
        /// Why, in words for a person.
        error: String,
    },
    /// Every listener has its port; the snapshot shows the addresses.
    ListenersReady,
    /// The last connection to the peer has ended.
    Disconnected {
        /// Who.
        peer: PeerId,
    },
}

/// The receiving end of the network's events. Only [`NetEvent::SessionOpened`] is never lost: when this end does not
/// keep up, new sessions are refused; other events are dropped. Both are counted.
#[derive(Debug)]
pub struct NetEvents {
    pub(super) receiver: mpsc::Receiver<NetEvent>,
}

impl NetEvents {
    /// The next event; `None` once the network has stopped. May be dropped while waiting without losing an event.
    pub async fn next(&mut self) -> Option<NetEvent> {
        self.receiver.recv().await
    }
}

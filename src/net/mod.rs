//! The only door to libp2p: connects to peers and moves frames; knows nothing of posts.
//!
//! [`start`] spawns one task that owns the swarm. [`Net`] asks things of it, [`NetEvents`] hears from it, and a
//! [`Snapshot`] shows its state; it ends when [`Net::shutdown`] is called or the last [`Net`] is dropped. With each
//! peer there is at most one [`Session`], whose bytes never pass through that task: each session has a writer task,
//! and is read by whoever holds its source.
//!
//! Guarantees: the swarm task never waits for the application; reading never waits on writing; everything a remote
//! can make grow is bounded by a constant in [`config`] or by a field of [`NetConfig`]; everything dropped is counted
//! in [`Metrics`].

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail loudly")
)]

mod backoff;
mod behaviour;
mod carriers;
pub mod config;
mod crowd;
mod dht;
mod driver;
mod error;
mod event;
mod external;
mod frame;
mod gate;
mod gateway;
mod guard;
mod identify;
mod listen;
mod muxer;
mod network;
mod on;
mod peers;
mod reach;
mod rule;
mod session;
mod sink;
mod snapshot;
mod source;
mod sync_stream;
#[cfg(test)]
mod tests;
mod trial;
mod veil;
mod wanted;

use std::{collections::BTreeSet, sync::Arc};

pub use libp2p::{Multiaddr, PeerId, identity::Keypair};
use tokio::sync::{mpsc, oneshot, watch};

use self::driver::{Command, Driver};
pub use self::{
    config::NetConfig,
    dht::{Found, Key},
    error::NetError,
    event::{NetEvent, NetEvents},
    frame::{Frame, FrameError, FrameSource},
    guard::Hearsay,
    reach::{Reach, host, place, reach},
    session::{Session, SessionStats},
    sink::{FrameSink, SendError, SinkClosed},
    snapshot::{ConnectedPeer, Direction, Metrics, Reached, Snapshot},
    sync_stream::{ACCEPT, PROTOCOL},
};

/// The handle of a running network. Cheap to clone; the network stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Net {
    peer_id: PeerId,
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Snapshot>,
    metrics: Arc<Metrics>,
}

/// The node's network identity for a secret seed.
pub fn keypair_from_seed(seed: &[u8; 32]) -> Result<Keypair, NetError> {
    // The callee wipes the copy it is given.
    let mut copy = *seed;
    Keypair::ed25519_from_bytes(&mut copy).map_err(|error| NetError::Setup(error.to_string()))
}

/// Starts the network, which believes others so much of where somebody is. Must be called within a tokio runtime.
#[expect(clippy::unused_async, reason = "callers await it, so that start-up may come to wait for listeners")]
pub async fn start(
    keypair: Keypair,
    config: NetConfig,
    hearsay: Hearsay,
) -> Result<(Net, NetEvents), NetError> {
    config.check()?;
    let config = config.settled();
    let metrics = Arc::new(Metrics::default());
    let peer_id = keypair.public().to_peer_id();
    let mut swarm = behaviour::build(keypair, &config, hearsay, &metrics)?;
    let listeners = listen::open(&mut swarm, &config)?;
    let (commands, command_queue) = mpsc::channel(config::COMMAND_QUEUE);
    let (events, receiver) = mpsc::channel(config.event_queue);
    let (driver, snapshot) =
        Driver::new(swarm, (config, hearsay), Arc::clone(&metrics), listeners, command_queue, events);
    tokio::spawn(driver.run());
    Ok((Net { peer_id, commands, snapshot, metrics }, NetEvents { receiver }))
}

impl Net {
    /// This node's id on the network.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// The state of the network, as last published.
    pub fn snapshot(&self) -> watch::Receiver<Snapshot> {
        self.snapshot.clone()
    }

    /// Keeps a connection and a session to the peer until [`Net::forget`]; it is dialled again after every loss, with
    /// growing pauses. Called again, adds addresses. Without any, waits for the peer to connect.
    pub fn want(&self, peer: PeerId, addrs: Vec<Multiaddr>) {
        self.command(Command::Want(peer, addrs));
    }

    /// Where the peer may be, by hearsay: takes the place of what was hinted before. A connection to it is kept like
    /// to a wanted peer, to which it gives way where too many are wanted. Without addresses the hint is taken back,
    /// and a peer that nobody wants otherwise is forgotten. Said again, it changes nothing.
    pub fn hint(&self, peer: PeerId, addrs: Vec<Multiaddr>) {
        self.command(Command::Hint(peer, addrs));
    }

    /// Tries the address once and says who answered; an address need not name its peer. From then on the peer is
    /// wanted.
    pub async fn dial(&self, addr: Multiaddr) -> Result<PeerId, NetError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Dial(addr, reply)).await.map_err(|_| NetError::Stopped)?;
        answer.await.map_err(|_| NetError::Stopped)?
    }

    /// No longer keeps a connection to the peer, wanted or hinted at. A present session goes on.
    pub fn forget(&self, peer: PeerId) {
        self.command(Command::Forget(peer));
    }

    /// Ends the session and the connections with the peer, after what is queued has been sent. A wanted peer is
    /// dialled again after a pause; forget it first to be rid of it.
    pub fn disconnect(&self, peer: PeerId) {
        self.command(Command::Disconnect(peer));
    }

    /// From now on this node is to be found under these keys and no others, by whoever takes part in the tables. Said
    /// again, it changes nothing.
    pub fn provide(&self, keys: BTreeSet<Key>) {
        self.command(Command::Provide(keys));
    }

    /// Nodes that others have found in the table, or that were neighbours there when this node last ran.
    pub fn join(&self, known: Found) {
        self.command(Command::Join(known));
    }

    /// The nodes that say they are to be found under a key, with addresses that may be dialled at hearsay; nobody,
    /// where no table is known or too much is sought at once. What they say of themselves is proved only in a session.
    pub async fn seek(&self, key: Key) -> Found {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Seek(key, reply));
        answer.await.unwrap_or_default()
    }

    /// Ends every session after what is queued has been sent, closes connections, and returns when the swarm task has
    /// ended: at the latest after [`config::STOP_TIMEOUT`], and a little later where a router leads connections on here.
    pub async fn shutdown(&self) {
        // Errors mean that it has ended already.
        let _ = self.commands.send(Command::Stop).await;
        let mut snapshot = self.snapshot.clone();
        while snapshot.changed().await.is_ok() {}
    }

    fn command(&self, command: Command) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.commands.try_send(command) {
            tracing::warn!("a network command was dropped: too many wait");
            Metrics::count(&self.metrics.commands_dropped);
        }
    }
}

//! One link a session: the sink of its frames with an overflow of bounded size, and the task that reads it.

use std::collections::VecDeque;

use crate::net::PeerId;
use majlis_protocol::AccountId;
use majlis_protocol::sync::{Frame, Input, SessionId};
use tokio::sync::mpsc;

use super::{Arrival, Driver};
use crate::net::{self, FrameSink, Metrics, Net, SendError};

/// Below this much room in the send queue no bulk is offered to it.
const BULK_ROOM: usize = 512 * 1024;
/// Frames that wait for the send queue, and their bytes; a peer that lets more pile up is not reading and loses the
/// session. The machine holds bulk back before that, so there is room for what was under way.
const MAX_OVERFLOW: usize = 1_024;
const MAX_OVERFLOW_BYTES: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests;

pub(super) struct Link {
    pub peer: PeerId,
    pub name: String,
    pub account: Option<AccountId>,
    pub synced: bool,
    id: SessionId,
    sink: FrameSink,
    overflow: VecDeque<net::Frame>,
    overflow_bytes: usize,
    closed: bool,
    waiting: bool,
    arrivals: mpsc::Sender<Arrival>,
}

impl Link {
    /// Starts reading the session.
    pub fn start(
        id: SessionId,
        peer: PeerId,
        session: net::Session,
        arrivals: mpsc::Sender<Arrival>,
    ) -> Self {
        let net::Session { sink, mut source } = session;
        let sender = arrivals.clone();
        tokio::spawn(async move {
            while let Ok(Some(frame)) = source.next().await {
                let frame = Frame { kind: frame.kind, body: frame.body.into() };
                if sender.send(Arrival::Frame(id, frame)).await.is_err() {
                    return;
                }
            }
            // Fails only when the driver has ended.
            let _ = sender.send(Arrival::Gone(id)).await;
        });
        Self {
            peer,
            name: peer.to_string(),
            account: None,
            synced: false,
            id,
            sink,
            overflow: VecDeque::new(),
            overflow_bytes: 0,
            closed: false,
            waiting: false,
            arrivals,
        }
    }

    /// Ends the session after what the send queue has; what waits for that is dropped, and nothing more is taken.
    pub fn close(&mut self) {
        self.closed = true;
        self.overflow = VecDeque::new();
        self.overflow_bytes = 0;
        self.sink.close();
    }

    /// Sends, or keeps for later. False if too much is waiting.
    fn send(&mut self, frame: Frame) -> bool {
        if self.closed {
            return true;
        }
        let frame = net::Frame::new(frame.kind, frame.body);
        let waits = if self.overflow.is_empty() {
            // A closed sink is reported by its source; an oversized frame is never made.
            match self.sink.try_send(frame) {
                Err(SendError::Full(frame)) => Some(frame),
                _ => None,
            }
        } else {
            Some(frame)
        };
        if let Some(frame) = waits {
            self.overflow_bytes += frame.wire_length();
            self.overflow.push_back(frame);
        }
        self.overflow.len() <= MAX_OVERFLOW && self.overflow_bytes <= MAX_OVERFLOW_BYTES
    }

    fn is_congested(&self) -> bool {
        !self.overflow.is_empty() || self.sink.capacity_bytes() < BULK_ROOM
    }

    /// Moves what waits into the queue; true if it is no longer congested.
    fn flush(&mut self) -> bool {
        self.waiting = false;
        while let Some(frame) = self.overflow.pop_front() {
            let bytes = frame.wire_length();
            if let Err(SendError::Full(frame)) = self.sink.try_send(frame) {
                self.overflow.push_front(frame);
                break;
            }
            self.overflow_bytes -= bytes;
        }
        !self.is_congested()
    }

    /// Has the driver told when the queue has room again.
    fn wait_for_room(&mut self) {
        if self.waiting {
            return;
        }
        self.waiting = true;
        let (sink, arrivals, id) = (self.sink.clone(), self.arrivals.clone(), self.id);
        tokio::spawn(async move {
            if sink.ready().await.is_ok() {
                // Fails only when the driver has ended.
                let _ = arrivals.send(Arrival::Room(id)).await;
            }
        });
    }
}

/// The addresses at which a connected peer was dialled: those worth remembering.
pub(super) fn addresses_of(net: &Net, peer: PeerId) -> Vec<String> {
    let snapshot = net.snapshot();
    let snapshot = snapshot.borrow();
    let connected = snapshot
        .peers
        .iter()
        .filter(|connected| connected.peer == peer && connected.direction == net::Direction::Outbound);
    connected.map(|connected| without_peer(&connected.address.to_string()).to_owned()).collect()
}

fn without_peer(address: &str) -> &str {
    address.rsplit_once("/p2p/").map_or(address, |(address, _)| address)
}

impl Driver {
    pub(super) fn send(&mut self, id: SessionId, frame: Frame) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if !link.send(frame) {
            tracing::info!(peer = %link.name, "the peer does not read; session dropped");
            link.close();
            Metrics::count(&self.metrics.sessions_unread);
            return;
        }
        if link.is_congested() && !link.waiting {
            link.wait_for_room();
            let now = self.now();
            self.machine.handle(now, Input::Congested(id, true), &self.node.store.replica());
        }
    }

    pub(super) fn room(&mut self, id: SessionId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.flush() {
            self.input(Input::Congested(id, false));
        } else {
            link.wait_for_room();
        }
    }
}

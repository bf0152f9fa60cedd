//! The connected peers, as the swarm task knows them: connections, the session, and the opening of one. An entry
//! exists while there is a connection; the connection limits bound the table.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use libp2p::{Multiaddr, PeerId, swarm::ConnectionId};
use tokio::time::Instant;

use super::{
    config::{OPENING_INTERVAL, OPENINGS_BURST, RACE_WINDOW, STABLE_AFTER, STABLE_BYTES},
    guard::Hearsay,
    network::Network,
    reach::is_relayed,
    rule::Present,
    session::SessionHandle,
    snapshot::{ConnectedPeer, Direction},
};

/// A connected peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub connections: Vec<Connection>,
    pub session: Option<Live>,
    pub opening: Option<Opening>,
    /// When to open a session, if there is none then.
    pub open_at: Option<Instant>,
    /// Openings that failed, or sessions that were short, in a row.
    pub failures: u32,
    /// Whether some session with this peer lasted, so that the connection is worth seeking again soon.
    pub served_well: bool,
    /// The application wants the peer gone; the connections are closed when the session has ended.
    pub leaving: bool,
    pub agent: Option<Arc<str>>,
    /// Whether it tries the addresses of others.
    pub tries: bool,
    /// Where the peer says it listens; bounded.
    pub announced: Vec<Multiaddr>,
    since: SystemTime,
    /// The remote's openings that count against its burst, as of `counted`.
    openings: u32,
    counted: Instant,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub id: ConnectionId,
    pub address: Multiaddr,
    pub direction: Direction,
    pub since: Instant,
    /// The own address that it does not outlive, where that is known.
    pub source: Option<IpAddr>,
    pub rtt: Option<Duration>,
    pub failed_pings: u32,
}

/// The live session.
#[derive(Debug)]
pub(super) struct Live {
    pub id: u64,
    pub connection: ConnectionId,
    pub opened_here: bool,
    pub since: Instant,
    pub handle: SessionHandle,
}

impl Live {
    /// Whether it was worth its connection: it has lasted, or has carried much.
    pub fn served_well(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= STABLE_AFTER || self.handle.carried() >= STABLE_BYTES
    }
}

/// A stream opened here that the remote has not accepted yet.
#[derive(Debug)]
pub(super) struct Opening {
    pub connection: ConnectionId,
    /// The remote's own stream has won; this one is dropped when its outcome arrives.
    pub given_up: bool,
}

impl Peer {
    pub fn new() -> Self {
        Self {
            connections: Vec::new(),
            session: None,
            opening: None,
            open_at: None,
            failures: 0,
            served_well: false,
            leaving: false,
            agent: None,
            tries: false,
            announced: Vec::new(),
            since: SystemTime::now(),
            openings: 0,
            counted: Instant::now(),
        }
    }

    pub fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.id == id)
    }

    /// The connection on which to open a session: one that nobody else carries before others; of those the newest
    /// dialled here, else the newest.
    pub fn best_connection(&self) -> Option<&Connection> {
        let worth = |connection: &&Connection| {
            (!is_relayed(&connection.address), connection.direction == Direction::Outbound)
        };
        self.connections.iter().max_by_key(worth)
    }

    /// The networks from which it is connected, whatever it says of where it is. Not those of who carries for it.
    pub fn networks(&self) -> impl Iterator<Item = Network> {
        self.direct().map(|address| Network::of(Some(address)))
    }

    /// Whether it is connected from the network around, which is not as good to the owner as the internet.
    pub fn is_near(&self, hearsay: Hearsay) -> bool {
        self.direct().any(|address| !hearsay.allows(address))
    }

    /// The other ends of the connections that nobody else carries.
    fn direct(&self) -> impl Iterator<Item = &Multiaddr> {
        self.connections.iter().map(|connection| &connection.address).filter(|address| !is_relayed(address))
    }

    /// Where the peer is: first where this side has reached it, then where it says it listens.
    pub fn places(&self) -> Vec<Multiaddr> {
        let dialled =
            self.connections.iter().filter(|connection| connection.direction == Direction::Outbound);
        let dialled = dialled.map(|connection| connection.address.clone());
        dialled.chain(self.announced.iter().cloned()).collect()
    }

    /// The connections that the newest makes useless: those that others carry, where there is a direct one. Whoever comes
    /// through another node has no direct one any more, so where it does that those of before are dead, unless both were
    /// made at the same time, each by one side.
    pub fn outdone(&self, now: Instant) -> Vec<ConnectionId> {
        let comes_carried = self
            .connections
            .last()
            .is_some_and(|newest| newest.direction == Direction::Inbound && is_relayed(&newest.address));
        let (carried, direct): (Vec<_>, Vec<_>) =
            self.connections.iter().partition(|connection| is_relayed(&connection.address));
        let (dead, alive): (Vec<_>, Vec<_>) = direct
            .into_iter()
            .partition(|connection| comes_carried && now.duration_since(connection.since) >= RACE_WINDOW);
        let outdone = if alive.is_empty() { dead } else { [dead, carried].concat() };
        outdone.into_iter().map(|connection| connection.id).collect()
    }

    /// Whether the remote may open one more session now; if so, it is counted. One that opens sessions only to drop
    /// them would fill the application's events.
    pub fn may_open(&mut self, now: Instant) -> bool {
        let intervals = now.duration_since(self.counted).as_secs() / OPENING_INTERVAL.as_secs();
        if intervals > 0 {
            self.openings = self.openings.saturating_sub(intervals as u32);
            self.counted = now;
        }
        let may = self.openings < OPENINGS_BURST;
        self.openings += u32::from(may);
        may
    }

    pub fn is_dialer(&self) -> bool {
        self.connections.iter().any(|connection| connection.direction == Direction::Outbound)
    }

    /// Where this side stands, for the one-session rule.
    pub fn present(&self, now: Instant) -> Present {
        match (&self.session, &self.opening) {
            (Some(live), _) if live.opened_here => Present::Ours(now.duration_since(live.since)),
            (Some(_), _) => Present::Theirs,
            (None, Some(opening)) if !opening.given_up => Present::Opening,
            (None, _) => Present::Nothing,
        }
    }

    /// When a session should be opened, if one should.
    pub fn opening_due(&self) -> Option<Instant> {
        if self.session.is_some() || self.opening.is_some() || self.leaving {
            return None;
        }
        self.open_at
    }

    /// For the snapshot.
    pub fn describe(&self, peer: PeerId, hearsay: Hearsay) -> Option<ConnectedPeer> {
        let carries = |c: &&Connection| self.session.as_ref().is_some_and(|live| live.connection == c.id);
        let shown = self.connections.iter().find(carries).or(self.connections.last())?;
        Some(ConnectedPeer {
            peer,
            address: shown.address.clone(),
            places: self.places().into_iter().filter(|place| hearsay.allows(place)).collect(),
            direction: shown.direction,
            since: self.since,
            rtt: shown.rtt.or_else(|| self.connections.iter().find_map(|connection| connection.rtt)),
            session: self.session.is_some(),
            agent: self.agent.clone(),
        })
    }
}

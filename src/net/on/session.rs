//! Sessions: which side opens one, which stream stays, and what follows when one ends.

use libp2p::{PeerId, Stream, swarm::ConnectionId};
use tokio::time::Instant;

use crate::net::{
    NetEvent,
    driver::Driver,
    peers::{Live, Opening},
    rule::{Verdict, judge},
    session::{self, Ended},
    snapshot::Metrics,
    sync_stream::{ACCEPT, OpenError},
};

/// Plans the opening of a session with a wanted, connected peer: at once where this side dialled, and after the grace
/// where the remote did and may do so itself; not before the pause that earlier failures call for.
pub(in crate::net) fn schedule(driver: &mut Driver, peer: PeerId) {
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    if !driver.wanted.contains(&peer) || entry.session.is_some() || entry.opening.is_some() {
        return;
    }
    let mut at = Instant::now();
    if !entry.is_dialer() {
        at += driver.config.session_grace();
    }
    if entry.failures > 0 {
        at += driver.config.backoff().after(entry.failures - 1);
    }
    let at = entry.open_at.map_or(at, |planned| planned.min(at));
    entry.open_at = Some(at);
    driver.wake_at(at);
}

/// Opens the sessions that are due.
pub(in crate::net) fn open_due(driver: &mut Driver, now: Instant) {
    for (peer, entry) in &mut driver.peers {
        if entry.opening_due().is_none_or(|due| due > now) {
            continue;
        }
        entry.open_at = None;
        let Some(connection) = entry.best_connection().map(|connection| connection.id) else { continue };
        if driver.wanted.contains(peer) {
            entry.opening = Some(Opening { connection, given_up: false });
            driver.swarm.behaviour_mut().sync.open(*peer, connection);
        }
    }
}

/// The remote has opened a stream.
pub(in crate::net) fn inbound(driver: &mut Driver, peer: PeerId, connection: ConnectionId, stream: Stream) {
    let max = driver.config.max_sessions;
    let max = if driver.wanted.contains(&peer) { max } else { max - max / 4 };
    let local = *driver.swarm.local_peer_id();
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    if judge(&local, &peer, entry.present(Instant::now())) == Verdict::Refuse {
        Metrics::count(&driver.metrics.streams_duplicate);
        return;
    }
    let gone = entry.connection(connection).is_none();
    let full = entry.session.is_none() && driver.live_sessions >= max;
    if full || gone || entry.leaving || !entry.may_open(Instant::now()) {
        tracing::debug!(%peer, full, "session refused");
        Metrics::count(&driver.metrics.sessions_refused);
        return;
    }
    adopt(driver, peer, connection, stream, false);
}

/// The stream opened here has been accepted, or not.
pub(in crate::net) fn outbound(
    driver: &mut Driver,
    peer: PeerId,
    connection: ConnectionId,
    result: Result<Stream, OpenError>,
) {
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    let Some(opening) = entry.opening.take_if(|opening| opening.connection == connection) else { return };
    match result {
        Ok(_) if opening.given_up || entry.session.is_some() => {
            Metrics::count(&driver.metrics.streams_duplicate);
        }
        Ok(_) if entry.leaving => {}
        Ok(stream) => adopt(driver, peer, connection, stream, true),
        Err(_) if opening.given_up => {}
        Err(error) => {
            tracing::debug!(%peer, %error, "no session");
            Metrics::count(&driver.metrics.openings_failed);
            // A program that does not speak our protocol may be replaced by one that does: asked again, but rarely.
            let unsupported = matches!(error, OpenError::Unsupported);
            entry.failures = if unsupported { u32::MAX } else { entry.failures.saturating_add(1) };
        }
    }
    schedule(driver, peer);
}

/// Makes the stream the peer's session and reports it. Without room for the report the session is refused: one that
/// nobody serves would be worse.
fn adopt(driver: &mut Driver, peer: PeerId, connection: ConnectionId, stream: Stream, opened_here: bool) {
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    let Ok(report) = driver.events.try_reserve() else {
        tracing::warn!(%peer, "session refused: the application does not keep up with events");
        Metrics::count(&driver.metrics.sessions_refused);
        entry.failures = entry.failures.saturating_add(1);
        return;
    };
    let id = driver.next_session;
    driver.next_session += 1;
    let preamble: &[u8] = if opened_here { &[] } else { &ACCEPT };
    let limits = driver.config.session_limits();
    let ended = (Ended { peer, id }, driver.ended.clone());
    let (session, handle) = session::start(stream, limits, driver.metrics.clone(), preamble, ended);
    if let Some(opening) = &mut entry.opening {
        opening.given_up = true;
    }
    let live = Live { id, connection, opened_here, since: Instant::now(), handle };
    if let Some(old) = entry.session.replace(live) {
        old.handle.end();
        Metrics::count(&driver.metrics.sessions_replaced);
        Metrics::count(&driver.metrics.sessions_closed);
    } else {
        driver.live_sessions += 1;
    }
    entry.open_at = None;
    Metrics::count(&driver.metrics.sessions_opened);
    tracing::debug!(%peer, opened_here, "session opened");
    report.send(NetEvent::SessionOpened { peer, dialer: opened_here, session });
    driver.changed = true;
}

/// A session's writer has finished.
pub(in crate::net) fn ended(driver: &mut Driver, ended: Ended) {
    let Some(entry) = driver.peers.get_mut(&ended.peer) else { return };
    let Some(live) = entry.session.take_if(|live| live.id == ended.id) else { return };
    tracing::debug!(peer = %ended.peer, "session ended");
    driver.live_sessions -= 1;
    driver.changed = true;
    Metrics::count(&driver.metrics.sessions_closed);
    if live.served_well(Instant::now()) {
        entry.served_well = true;
        entry.failures = 0;
    }
    entry.failures = entry.failures.saturating_add(1);
    if entry.leaving {
        disconnect(driver, ended.peer);
    } else {
        schedule(driver, ended.peer);
    }
}

/// Ends the session, if there is one, then the connections. A wanted peer is dialled again after its pause.
pub(in crate::net) fn leave(driver: &mut Driver, peer: PeerId) {
    let Some(entry) = driver.peers.get_mut(&peer) else { return };
    entry.leaving = true;
    match &entry.session {
        Some(live) => live.handle.close(),
        None => disconnect(driver, peer),
    }
}

fn disconnect(driver: &mut Driver, peer: PeerId) {
    // An error means that the peer is no longer connected.
    let _ = driver.swarm.disconnect_peer_id(peer);
}

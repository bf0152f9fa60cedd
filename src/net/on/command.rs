//! What the application asks for.

use tokio::time::Instant;

use super::{dht, dial, session};
use crate::net::{
    config::STOP_TIMEOUT,
    driver::{Command, Driver},
};

/// A command, or `None` when no handle is left to give one.
pub(in crate::net) fn given(driver: &mut Driver, command: Option<Command>) {
    match command {
        Some(Command::Want(peer, addresses)) => dial::want(driver, peer, addresses),
        Some(Command::Hint(peer, addresses)) => dial::hint(driver, peer, addresses),
        Some(Command::Forget(peer)) => {
            driver.wanted.forget(&peer);
            driver.changed = true;
        }
        Some(Command::Disconnect(peer)) => session::leave(driver, peer),
        Some(Command::Provide(keys)) => dht::provide(driver, keys),
        Some(Command::Join(known)) => dht::join(driver, known),
        Some(Command::Seek(key, reply)) => dht::seek(driver, &key, reply),
        Some(Command::Dial(address, reply)) => dial::asked(driver, address, reply),
        Some(Command::Stop) | None => stop(driver),
    }
}

fn stop(driver: &mut Driver) {
    // The listeners stay until the end: closing a QUIC listener cuts off its connections.
    let deadline = Instant::now() + STOP_TIMEOUT;
    driver.stopping = Some(deadline);
    driver.wake_at(deadline);
    driver.router.leave();
    let peers: Vec<_> = driver.peers.keys().copied().collect();
    for peer in peers {
        session::leave(driver, peer);
    }
}

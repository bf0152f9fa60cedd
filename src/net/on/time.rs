//! Time has passed: what is due is done, and the next alarm set.

use tokio::time::Instant;

use super::{carry, dht, dial, external, session, swarm};
use crate::net::driver::Driver;

/// The alarm went off.
pub(in crate::net) fn passed(driver: &mut Driver) {
    let now = Instant::now();
    if driver.starting.is_some() && now >= driver.starting_until {
        swarm::listeners_ready(driver);
    }
    dial::due(driver, now);
    session::open_due(driver, now);
    external::due(driver, now);
    carry::settle(driver);
    dht::tell_due(driver, now);
    dht::sweep(driver, now);
    driver.set_alarm(now);
}

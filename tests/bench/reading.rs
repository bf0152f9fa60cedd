//! Reading: the newest posts of many follows, asked of the store in this process.

use std::time::Instant;

use majlis::store::{Store, StoreConfig};
use majlis_protocol::{AccountId, Kind};

use crate::homes::Homes;
use crate::table::{Table, quantile};
use crate::workload::{Dice, Workload};
use crate::{Options, Result};

const FOLLOWS: usize = 500;
const NEWEST: usize = 50;
const READS: usize = 2_000;

pub fn measure(table: &mut Table, options: &Options, workload: &Workload, homes: &Homes) -> Result<()> {
    if !options.wants("reading") {
        return Ok(());
    }
    let (store, _) = Store::open(&homes.synced, StoreConfig::default()).map_err(|error| error.to_string())?;
    let mut dice = Dice(5);
    let mut times = Vec::with_capacity(READS);
    let expected = NEWEST.min(options.scale);
    for read in 0..READS {
        let follows = some(workload, &mut dice);
        let started = Instant::now();
        let posts =
            store.timeline(Some(&follows), &[Kind::POST], None, NEWEST).map_err(|error| error.to_string())?;
        // The first few find nothing in the database's cache.
        if read >= READS / 20 {
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let newest_first = posts.windows(2).all(|pair| pair[0].display_ms >= pair[1].display_ms);
        if posts.len() != expected || !newest_first {
            return Err(format!("the newest {expected} posts were asked for, and {} came", posts.len()));
        }
    }
    let stats = store.stats().map_err(|error| error.to_string())?;
    store.close();
    let (half, most) = (quantile(&times, 0.5), quantile(&times, 0.99));
    let absolute = format!(
        "{} entries in {} rows, {:.1} MB of index",
        stats.entries,
        stats.chunks,
        mb(stats.index_bytes)
    );
    let figure = format!("newest {NEWEST} of {FOLLOWS} follows, {} posts: p50, p99", options.scale);
    let measured = format!("{half:.3}, {most:.3} ms");
    table.goal(&figure, &measured, "≤ 0.15, ≤ 0.5 ms", half <= 0.15 && most <= 0.5, &absolute);
    Ok(())
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// Other follows each time.
fn some(workload: &Workload, dice: &mut Dice) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = workload.authors.iter().map(|author| author.account).collect();
    for at in 0..FOLLOWS.min(accounts.len()) {
        let other = at + dice.below(accounts.len() - at);
        accounts.swap(at, other);
    }
    accounts.truncate(FOLLOWS);
    accounts
}

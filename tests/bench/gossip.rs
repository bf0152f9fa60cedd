//! Between nodes that know each other: meeting again, small differences, and live posts.

use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use majlis::node::Request;
use majlis::node::api::NewPost;
use majlis_protocol::{Entry, Verified};

use crate::archive::Archive;
use crate::base::{Base, Syncing};
use crate::daemon::{Daemon, PATIENCE, command};
use crate::homes::{Homes, discard};
use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::table::{Table, median, quantile, span};
use crate::workload::{Workload, now_ms};
use crate::{Options, Result, say};

/// Posts that the receiver lacks.
const MISSING: usize = 1_000;
/// Posts published one by one.
const PUBLISHED: usize = 200;
/// Live posts a second.
const LIVE: usize = 5_000;
/// A post that is not seen this long after the last was sent is lost.
const SETTLE: Duration = Duration::from_secs(5);

pub fn measure(
    table: &mut Table,
    options: &Options,
    base: &Base,
    workload: &mut Workload,
    homes: &Homes,
) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    if options.wants("warm") {
        say("meeting again with nothing new");
        let home = homes.copy(&homes.synced)?;
        let node = homes.start(&home)?;
        runtime.block_on(warm(table, workload, &node))?;
        node.stop()?;
        discard(&home)?;
    }
    if ["missing", "publish", "live"].iter().all(|part| !options.wants(part)) {
        return Ok(());
    }
    import_more(homes, workload)?;
    let sender = homes.start(&homes.sender)?;
    if options.wants("missing") {
        missing(table, options, homes, &sender)?;
    }
    let home = homes.copy(&homes.synced)?;
    let receiver = homes.start(&home)?;
    let held = receiver.status()?.entries;
    receiver.connect(&sender.address)?;
    receiver.wait_for_entries(held + MISSING as u64, Duration::from_millis(10))?;
    if options.wants("publish") {
        publish(table, base, homes, &sender, &receiver)?;
    }
    sender.stop()?;
    if options.wants("live") {
        runtime.block_on(live(table, options, workload, &receiver))?;
        all_held(&receiver, options)?;
    }
    receiver.stop()?;
    discard(&home)
}

async fn warm(table: &mut Table, workload: &Workload, node: &Daemon) -> Result<()> {
    let mut peer = Peer::new(workload).await?;
    let id =
        node.address.rsplit('/').next().and_then(|id| id.parse().ok()).ok_or("the node has no peer id")?;
    peer.connect(&node.address).await?;
    let cold = peer.frame_bytes();
    peer.disconnect(id).await?;
    if peer.memory.is_none() {
        return Err("nothing was remembered of the first meeting".to_owned());
    }
    let dialled = Instant::now();
    peer.connect(&node.address).await?;
    let (frames, live_at) = peer.live.ok_or("the second session never came live")?;
    let until_live = &peer.passed[..frames];
    let bytes: usize = until_live.iter().sum();
    let trips = crate::meeting::one_ways(workload, peer.memory.as_ref())? as f64 / 2.0;
    let shared = peer.memory.as_ref().map_or(0, |memory| memory.shared.len());
    let absolute = format!(
        "{} frames, {:.1} ms from the dial on; {shared} shared accounts; {} bytes half a second later; {cold} bytes at the \
         first meeting",
        until_live.len(),
        (live_at - dialled).as_secs_f64() * 1e3,
        peer.frame_bytes(),
    );
    let measured = format!("{bytes} bytes, {trips} round trips");
    table.goal(
        "nothing new, met before",
        &measured,
        "≤ 600 bytes, 1.5",
        bytes <= 600 && trips <= 1.5,
        &absolute,
    );
    peer.disconnect(id).await
}

/// Gives the sender posts that no receiver has.
fn import_more(homes: &Homes, workload: &mut Workload) -> Result<()> {
    let mut entries = workload.more(MISSING, now_ms());
    entries.sort_by_key(|entry| (entry.header.log(), entry.header.seq));
    let path = homes.file("more.majlis");
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let mut archive = Archive::create(&path).map_err(failed)?;
    for of_one in entries.chunk_by(|one, other| one.header.log() == other.header.log()) {
        archive.entries(of_one).map_err(failed)?;
    }
    archive.finish().map_err(failed)?;
    command(&homes.binary, &homes.sender, &["import", &path.to_string_lossy()]).map(|_| ())
}

/// A receiver that never met the sender has all but a thousand posts.
fn missing(table: &mut Table, options: &Options, homes: &Homes, sender: &Daemon) -> Result<()> {
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for round in 0..options.rounds.max(3) {
        say(&format!("{MISSING} missing posts, round {}", round + 1));
        let home = homes.copy(&homes.synced)?;
        let receiver = homes.start(&home)?;
        let held = receiver.status()?.entries;
        let proxy = Proxy::start(&sender.address)?;
        receiver.connect(&proxy.address)?;
        let ended = receiver.wait_for_entries(held + MISSING as u64, Duration::from_millis(3))?;
        times.push((ended - proxy.dialled()?).as_secs_f64() * 1e3);
        bytes.push(proxy.bytes() as f64 / 1e3);
        receiver.stop()?;
        discard(&home)?;
    }
    let (ms, kb) = (median(&times), median(&bytes));
    let absolute = format!(
        "{} ms from the TCP connection on, durable; {} kB over TCP both ways, Noise and Yamux included",
        span(&times, 0),
        span(&bytes, 0),
    );
    let figure = format!("{MISSING} missing of {}, spread over authors", options.scale + MISSING);
    table.goal(
        &figure,
        &format!("{ms:.0} ms, {kb:.0} kB"),
        "≤ 60 ms, ≤ 400 kB",
        ms <= 60.0 && kb <= 400.0,
        &absolute,
    );
    Ok(())
}

fn seen(watch: &Receiver<(Instant, String)>, left: Duration) -> Option<(Instant, String)> {
    watch.recv_timeout(left).ok()
}

fn publish(table: &mut Table, base: &Base, homes: &Homes, sender: &Daemon, receiver: &Daemon) -> Result<()> {
    say("publishing on one node, watching on the other");
    let watch = receiver.watch()?;
    let failed = |error: std::io::Error| format!("cannot sync a file: {error}");
    let mut file = Syncing::create(&homes.file("syncing")).map_err(failed)?;
    let (mut delays, mut door, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..PUBLISHED {
        let post = NewPost {
            text: format!("Post number {number}, published to be seen at once."),
            ..NewPost::default()
        };
        let started = Instant::now();
        sender.ask(&Request::Post { posts: vec![post] })?;
        let (at, _) = seen(&watch, PATIENCE).ok_or("a post was published and never seen")?;
        delays.push((at - started).as_secs_f64());
        let started = Instant::now();
        sender.ask(&Request::Id)?;
        door.push(started.elapsed().as_secs_f64());
        // In turn with the posts, since what else writes to the disk slows both.
        syncs.push(file.once().map_err(failed)?);
        std::thread::sleep(Duration::from_millis(20));
    }
    let unit = median(&syncs) + base.round_trip + base.verify;
    let ratio = median(&delays) / unit;
    let absolute = format!(
        "p50 {:.2} ms, p99 {:.2} ms; the unit {:.2} ms, its fsync measured in between; a command that does nothing takes {:.2} ms",
        median(&delays) * 1e3,
        quantile(&delays, 0.99) * 1e3,
        unit * 1e3,
        median(&door) * 1e3,
    );
    let figure = "publish → seen ÷ (fsync + round trip + verify)";
    table.goal(figure, &format!("{ratio:.1}"), "≤ 2", ratio <= 2.0, &absolute);
    Ok(())
}

async fn live(
    table: &mut Table,
    options: &Options,
    workload: &mut Workload,
    receiver: &Daemon,
) -> Result<()> {
    let mut peer = Peer::new(workload).await?;
    let count = LIVE * options.live_seconds as usize;
    say(&format!("signing {count} live posts"));
    let entries = workload.more(count, now_ms());
    peer.connect(&receiver.address).await?;
    let watch = receiver.watch()?;
    let cpu = receiver.cpu();
    say(&format!("{LIVE} live posts a second for {} s", options.live_seconds));
    let interval = Duration::from_secs(1) / LIVE as u32;
    let begun = peer.publish(entries.clone(), interval).await?;
    peer.rest(SETTLE).await?;
    let cpu = receiver.cpu() - cpu;
    let delays = delays(&entries, begun, interval, &watch);
    let share = delays.len() as f64 / count as f64 * 100.0;
    let p99 = quantile(&delays, 0.99);
    let absolute = format!(
        "{} of {count} seen, p50 {:.1} ms, longest {:.0} ms; receiver {:.0} µs of processor time a post",
        delays.len(),
        median(&delays),
        quantile(&delays, 1.0),
        cpu / count as f64 * 1e6,
    );
    let measured = format!("{share:.2} %, p99 {p99:.1} ms");
    let figure = format!("{LIVE} live posts/s by {} authors", options.authors);
    table.goal(&figure, &measured, "all, ≤ 50 ms", delays.len() == count && p99 <= 50.0, &absolute);
    Ok(())
}

/// Live posts that were seen are on disk too, a moment later.
fn all_held(receiver: &Daemon, options: &Options) -> Result<()> {
    let count = options.scale + MISSING + LIVE * options.live_seconds as usize;
    receiver.wait_for_entries(count as u64, Duration::from_millis(100)).map(|_| ())
}

/// From when each post was due until it was seen, in milliseconds; of those that were seen.
fn delays(
    entries: &[Verified<Entry>],
    begun: Instant,
    interval: Duration,
    watch: &Receiver<(Instant, String)>,
) -> Vec<f64> {
    let mut due: HashMap<String, Instant> = entries
        .iter()
        .enumerate()
        .map(|(number, entry)| (entry.id.to_string(), begun + interval * number as u32))
        .collect();
    let all = std::iter::from_fn(|| seen(watch, Duration::from_millis(100)));
    all.filter_map(|(at, id)| Some((at - due.remove(&id)?).as_secs_f64() * 1e3)).collect()
}

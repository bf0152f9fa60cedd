//! Catch-up of a fresh follower: speed, bytes, memory, what it takes on disk, and the next start.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::base;
use crate::daemon::{Daemon, command};
use crate::homes::{Homes, discard, disk_bytes};
use crate::proxy::Proxy;
use crate::table::{Table, median, span};
use crate::workload::Workload;
use crate::{Options, Result, say};

/// One catch-up.
struct Run {
    seconds: f64,
    /// Seconds of one `verify_strict`, the mean of before and after.
    verify: f64,
    receiver_cpu: f64,
    sender_cpu: f64,
    memory: u64,
    sender_memory: u64,
    home: PathBuf,
}

/// A fresh receiver connects to the sender, directly or through `address`, and takes everything in: all posts, and what the
/// sender itself has written.
fn catch_up(homes: &Homes, sender: &Daemon, held: u64, address: &str) -> Result<Run> {
    let home = homes.copy(&homes.receiver)?;
    let receiver = homes.start(&home)?;
    let expected = receiver.status()?.entries + held;
    let (receiver_cpu, sender_cpu) = (receiver.cpu(), sender.cpu());
    let before = base::verify_strict();
    let started = Instant::now();
    receiver.connect(address)?;
    let ended = receiver.wait_for_entries(expected, Duration::from_millis(10))?;
    let seconds = (ended - started).as_secs_f64();
    let run = Run {
        seconds,
        verify: 0.0,
        receiver_cpu: receiver.cpu() - receiver_cpu,
        sender_cpu: sender.cpu() - sender_cpu,
        memory: receiver.peak_memory(),
        sender_memory: sender.peak_memory(),
        home,
    };
    receiver.stop()?;
    Ok(Run { verify: f64::midpoint(before, base::verify_strict()), ..run })
}

/// Measures, and leaves a synced receiver behind.
pub fn measure(table: &mut Table, options: &Options, workload: &Workload, homes: &Homes) -> Result<()> {
    let posts = options.scale as u64;
    let sender = homes.start(&homes.sender)?;
    // Before anyone has told it that they follow it.
    let held = sender.status()?.entries;
    let mut runs = Vec::new();
    let rounds = if options.wants("catchup") { options.rounds } else { 1 };
    for round in 1..=rounds {
        say(&format!("catch-up, round {round} of {rounds}"));
        let run = catch_up(homes, &sender, held, &sender.address)?;
        if round == rounds {
            std::fs::rename(&run.home, &homes.synced).map_err(|error| error.to_string())?;
        } else {
            discard(&run.home)?;
        }
        runs.push(run);
    }
    if options.wants("catchup") {
        speed(table, options, &runs);
        memory(table, options, &runs);
    }
    if options.wants("wire") {
        wire(table, homes, &sender, held, posts)?;
    }
    sender.stop()?;
    check(homes, posts)?;
    if options.wants("catchup") {
        let bytes = disk_bytes(&homes.synced.join("db")).map_err(|error| error.to_string())?;
        let ratio = bytes as f64 / workload.logical_bytes as f64;
        let absolute =
            format!("{:.1} MB for {:.1} MB", bytes as f64 / 1e6, workload.logical_bytes as f64 / 1e6);
        table.goal("database ÷ (header + payload)", &format!("{ratio:.2}"), "≤ 1.6", ratio <= 1.6, &absolute);
    }
    if options.wants("start") {
        start(table, homes, options)?;
    }
    Ok(())
}

fn speed(table: &mut Table, options: &Options, runs: &[Run]) {
    let of = |value: fn(&Run) -> f64| -> Vec<f64> { runs.iter().map(value).collect() };
    let seconds = of(|run| run.seconds);
    let posts = options.scale as f64;
    let rates: Vec<f64> = seconds.iter().map(|seconds| posts / seconds).collect();
    let ratios: Vec<f64> = runs.iter().zip(&rates).map(|(run, rate)| rate * run.verify).collect();
    let ratio = median(&ratios);
    let units: Vec<f64> = runs.iter().map(|run| 1.0 / run.verify).collect();
    let absolute = format!(
        "{} posts/s; {} s; verify_strict {}/s before and after; ratio {}",
        span(&rates, 0),
        span(&seconds, 2),
        span(&units, 0),
        span(&ratios, 2),
    );
    table.goal("catch-up posts/s ÷ verify_strict/s", &format!("{ratio:.2}"), "≥ 3", ratio >= 3.0, &absolute);
    let (receiver, sender) = (median(&of(|run| run.receiver_cpu)), median(&of(|run| run.sender_cpu)));
    let each = |cpu: f64| cpu / posts * 1e6;
    table.note(
        "  processor time of a post, receiver and sender",
        &format!("{:.1} + {:.1} µs", each(receiver), each(sender)),
        &format!("{receiver:.2} s and {sender:.2} s of processor time"),
    );
}

fn memory(table: &mut Table, options: &Options, runs: &[Run]) {
    let megabytes =
        |bytes: fn(&Run) -> u64| -> Vec<f64> { runs.iter().map(|run| bytes(run) as f64 / 1e6).collect() };
    let peaks = megabytes(|run| run.memory);
    let limit = if options.scale > 300_000 { 200.0 } else { 80.0 };
    let (measured, reach) = (format!("{:.0} MB", median(&peaks)), format!("≤ {limit:.0} MB"));
    let sender = median(&megabytes(|run| run.sender_memory));
    let absolute = format!("{} MB; the sender {sender:.0} MB", span(&peaks, 0));
    table.goal("peak memory of the receiver", &measured, &reach, median(&peaks) <= limit, &absolute);
}

/// One more catch-up, through a relay that counts.
fn wire(table: &mut Table, homes: &Homes, sender: &Daemon, held: u64, posts: u64) -> Result<()> {
    say("catch-up through a relay that counts bytes");
    let proxy = Proxy::start(&sender.address)?;
    let run = catch_up(homes, sender, held, &proxy.address)?;
    discard(&run.home)?;
    let each = proxy.bytes() as f64 / posts as f64;
    let absolute =
        format!("{:.1} MB over TCP both ways, Noise and Yamux included", proxy.bytes() as f64 / 1e6);
    table.goal("wire bytes a post in catch-up", &format!("{each:.0}"), "≤ 300", each <= 300.0, &absolute);
    Ok(())
}

/// What came in is what was sent.
fn check(homes: &Homes, posts: u64) -> Result<()> {
    say("verifying the receiver");
    let verified = command(&homes.binary, &homes.synced, &["verify"])?;
    let verified: serde_json::Value =
        serde_json::from_str(verified.trim()).map_err(|error| error.to_string())?;
    if verified["bad"] != 0 || verified["entries"].as_u64().is_none_or(|entries| entries < posts) {
        return Err(format!("the receiver verifies as {verified}"));
    }
    if newest(homes, &homes.sender)? == newest(homes, &homes.synced)? {
        return Ok(());
    }
    Err("sender and receiver show different timelines".to_owned())
}

fn newest(homes: &Homes, home: &Path) -> Result<Vec<serde_json::Value>> {
    let shown = command(&homes.binary, home, &["timeline", "--limit", "200"])?;
    let ids = shown
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).map(|post| post["id"].clone()));
    ids.collect::<std::result::Result<_, _>>().map_err(|error| error.to_string())
}

fn start(table: &mut Table, homes: &Homes, options: &Options) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..options.rounds.max(3) {
        let daemon = homes.start(&homes.synced)?;
        times.push(daemon.startup.as_secs_f64());
        daemon.stop()?;
    }
    let (measured, absolute) = (format!("{:.2} s", median(&times)), format!("{} s", span(&times, 2)));
    let figure = format!("start-up until ready, {} posts", options.scale);
    table.goal(&figure, &measured, "≤ 0.5 s", median(&times) <= 0.5, &absolute);
    Ok(())
}

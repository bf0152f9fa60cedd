//! The large simulation as a program: what `scripts/bench world` runs. It prints a table of what was measured, and one of
//! an hour of it beside gossipsub.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a program of measurements, built of the same parts as the tests, of which it does not use all"
)]

mod beside;
mod finder;
mod large;
#[path = "../bench/machine.rs"]
mod machine;
mod node;
mod people;
mod reckoning;
mod rng;
mod society;
mod store;
mod tape;
mod topics;
mod wire;
mod world;

use std::collections::BTreeMap;

use large::Large;
use majlis_protocol::sync::kind;
use reckoning::Reckoning;
use society::{HOUR, Size};

/// How much faster than the hour gossipsub is played, by default.
const SPEED: u32 = 20;

fn options() -> (Size, u32) {
    let mut speed = SPEED;
    let mut size = Size {
        seed: 1,
        nodes: 1_000,
        hosts: 20,
        accounts: 10_000,
        hostile: 5,
        follows: (30.0, 500),
        warm: 2 * HOUR,
        counted: 6 * HOUR,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value: u64 = words.next().and_then(|value| value.parse().ok()).unwrap_or_else(|| {
            panic!("usage: world [--seed N] [--nodes N] [--hosts N] [--accounts N] [--hostile PERCENT] [--warm HOURS] [--hours N] [--speed N]")
        });
        match word.as_str() {
            "--seed" => size.seed = value,
            "--nodes" => size.nodes = value as usize,
            "--hosts" => size.hosts = value as usize,
            "--accounts" => size.accounts = value as usize,
            "--hostile" => size.hostile = value as usize,
            "--warm" => size.warm = value * HOUR,
            "--hours" => size.counted = value * HOUR,
            "--speed" => speed = value.clamp(1, 1_000) as u32,
            _ => panic!("{word} is unknown"),
        }
    }
    (size, speed)
}

fn percent(part: usize, of: usize) -> String {
    format!("{:.2} %", 100.0 * part as f64 / of.max(1) as f64)
}

fn main() {
    let begun = std::time::Instant::now();
    let (size, speed) = options();
    let mut large = Large::new(size);
    eprintln!("world: everyone has moved in after {:.0?}", begun.elapsed());
    large.run(|hour, large| {
        let on = large.world.nodes.iter().filter(|node| node.up).count();
        eprintln!("world: hour {hour}, {on} nodes on, {} posts, {:.0?}", large.posts.len(), begun.elapsed());
    });
    eprintln!("world: an hour of gossipsub follows, {speed} times as fast");
    let topics = topics::play(&large, speed);
    println!("machine    {}", machine::describe());
    println!("workload   {}", workload(&size));
    println!();
    Table { large: &large, found: Reckoning::of(&large) }.print();
    println!();
    beside::print(&large, &topics);
    eprintln!("world: took {:.0?}", begun.elapsed());
}

fn workload(size: &Size) -> String {
    format!(
        "{} nodes, {} of them hosts, {} accounts, {} % of the nodes hostile, {} h of which {} are counted, seed {}",
        size.nodes,
        size.hosts,
        size.accounts,
        size.hostile,
        size.end() / HOUR,
        size.counted / HOUR,
        size.seed,
    )
}

struct Table<'a> {
    large: &'a Large,
    found: Reckoning,
}

impl Table<'_> {
    fn print(&self) {
        println!("| figure | measured |");
        println!("| --- | --- |");
        self.print_arrivals();
        self.print_costs();
    }

    fn print_arrivals(&self) {
        let found = &self.found;
        row("nodes on, on average", &format!("{:.1} %", found.on * 100.0));
        row("posts; a post and a follower who could have it", &format!("{}; {}", found.posts, found.pairs));
        row(
            "posts that came to all who could have them within a minute",
            &percent(found.posts_in_time, found.posts),
        );
        row("the same of single followers", &percent(found.in_time, found.pairs));
        row("followers reached in the end", &percent(found.reached, found.pairs));
        for (name, (pairs, in_time)) in
            ["pinned at a host", "of the owner's node alone"].iter().zip(found.pinned)
        {
            row(&format!("in time, accounts {name}"), &format!("{} of {pairs}", percent(in_time, pairs)));
        }
        let at = |share| quantile(&found.delays, share) as f64 / 1e3;
        row("seconds until then, p50, p90, p99", &format!("{:.1}, {:.1}, {:.1}", at(0.5), at(0.9), at(0.99)));
        let hops = [0.5, 0.99, 1.0].map(|share| quantile(&found.hops, share));
        row("nodes that a post came over, p50, p99, most", &format!("{}, {}, {}", hops[0], hops[1], hops[2]));
        row("copies received for each post that was lacking", &format!("{:.2}", found.redundancy));
    }

    fn print_costs(&self) {
        let (found, counts) = (&self.found, &self.large.counts);
        let kb = |bytes: &[f64], share| quantile(bytes, share) / 1e3;
        for (name, bytes) in [("home node", &found.home_bytes), ("host", &found.host_bytes)] {
            let cost = format!("{:.0} kB, {:.0} kB", kb(bytes, 0.5), kb(bytes, 0.99));
            row(&format!("an hour of a {name}, both ways, p50, p99"), &cost);
        }
        row("of these", &bytes_by_kind(&found.kinds));
        let hours = found.on * self.large.society.homes.len() as f64 * self.large.society.size.counted as f64
            / HOUR as f64;
        row(
            "sessions at a time, home node, host",
            &format!("{:.0}, {:.0}", found.sessions[0], found.sessions[1]),
        );
        let an_hour = |count: usize| count as f64 / hours;
        row(
            "dials an hour of a node, and in vain",
            &format!("{:.0}, {:.0}", an_hour(counts.dials), an_hour(counts.failed)),
        );
        row(
            "dials of the victim at which false hints point, an hour",
            &format!("{:.0}", counts.at_victim as f64 * HOUR as f64 / self.large.society.size.counted as f64),
        );
        for ((code, honest), count) in &counts.ended {
            let whom = if *honest { "an honest" } else { "a hostile" };
            row(&format!("sessions that honest nodes ended with {whom} one: {code}"), &count.to_string());
        }
    }
}

fn row(figure: &str, value: &str) {
    println!("| {figure} | {value} |");
}

/// What most bytes went into, in words.
fn bytes_by_kind(kinds: &BTreeMap<u8, f64>) -> String {
    let names = [
        (kind::CHUNK, "posts"),
        (kind::OFFER, "offers"),
        (kind::SHARE, "answers to offers"),
        (kind::ROWS, "comparisons"),
        (kind::HEAD, "news of logs"),
        (kind::WANT, "wants"),
        (kind::PROVE, "proofs"),
        (kind::IDDOC, "identity documents"),
        (kind::HELLO, "greetings"),
        (kind::AUDIT, "audits"),
        (kind::MODE, "modes"),
        (kind::CREDIT, "credit"),
    ];
    let mut parts: Vec<_> =
        names.iter().map(|(kind, name)| (kinds.get(kind).copied().unwrap_or(0.0), name)).collect();
    parts.sort_by(|one, other| other.0.total_cmp(&one.0));
    let parts = parts.iter().filter(|(share, _)| *share >= 0.01);
    parts.map(|(share, name)| format!("{name} {:.0} %", share * 100.0)).collect::<Vec<_>>().join(", ")
}

/// The value that this share of all lies at or below; of ascending values.
fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or_default()
}

//! The second table: an hour of the simulation, and the same hour with gossipsub, side by side.

use crate::large::Large;
use crate::reckoning::{an_hour, arrivals, hours};
use crate::topics::Topics;
use crate::wire::USES;
use crate::{percent, quantile};

/// What the hour cost and brought, one way or the other.
struct Side {
    /// Bytes in an hour of being on, of honest homes and of hosts, ascending.
    an_hour: [Vec<f64>; 2],
    /// Bytes in an hour for one account at an honest home.
    an_account: f64,
    /// Copies that came to honest nodes for each post that was lacking.
    copies: f64,
    /// Pairs of a post and a follower who could be reached, and how many of them were.
    reached: (usize, usize),
}

/// Bytes in an hour for one account, of what `bytes` has of each honest home.
fn an_account(large: &Large, bytes: impl Fn(usize) -> u64) -> f64 {
    let (society, span) = (&large.society, large.tape.hour);
    let homes = society.size.hosts..society.size.nodes;
    let (mut all, mut held) = (0, 0.0);
    for node in homes.filter(|node| society.is_honest(*node)) {
        all += bytes(node);
        held += hours(society, node, span) * large.world.nodes[node].interests.iter().count() as f64;
    }
    all as f64 / f64::max(held, 1.0)
}

impl Side {
    fn majlis(large: &Large) -> Self {
        let (span, counted) = (large.tape.hour, large.tape.counted());
        let came = |post: usize, node| large.posts[post].held.get(&node).is_some_and(|(at, _)| *at <= span.1);
        Self {
            an_hour: an_hour(&large.society, span, &counted.carried),
            an_account: an_account(large, |node| counted.carried.get(node).copied().unwrap_or(0)),
            copies: counted.copies as f64 / counted.stored.max(1) as f64,
            reached: arrivals(large, span, came),
        }
    }

    fn gossipsub(large: &Large, topics: &Topics) -> Self {
        let span = large.tape.hour;
        let bytes: Vec<u64> = topics.bytes.iter().map(|uses| uses.iter().sum()).collect();
        let honest = |node: &usize| large.society.is_honest(*node);
        let came: u64 = (0..topics.came.len()).filter(honest).map(|node| topics.came[node]).sum();
        let heard = topics.heard.iter().filter(|(node, _)| honest(node)).count();
        Self {
            an_hour: an_hour(&large.society, span, &bytes),
            an_account: an_account(large, |node| bytes[node]),
            copies: came as f64 / heard.max(1) as f64,
            reached: arrivals(large, span, |post, node| topics.heard.contains(&(node, post))),
        }
    }
}

/// Prints it.
pub fn print(large: &Large, topics: &Topics) {
    let [majlis, gossipsub] = [Side::majlis(large), Side::gossipsub(large, topics)];
    println!("| in one hour, the same nodes, follows, sessions and posts | Majlis | gossipsub | ratio |");
    println!("| --- | --- | --- | --- |");
    let kinds = ["home node", "host"].into_iter().zip(majlis.an_hour.iter().zip(&gossipsub.an_hour));
    for (name, (ours, theirs)) in kinds {
        for (share, percent) in [(0.5, "p50"), (0.99, "p99")] {
            let [ours, theirs] = [ours, theirs].map(|bytes| quantile(bytes, share));
            let cells = [ours, theirs].map(|bytes| format!("{:.0} kB", bytes / 1e3));
            row(&format!("an hour of a {name}, both ways, {percent}"), &cells, theirs / ours);
        }
    }
    let (ours, theirs) = (majlis.an_account, gossipsub.an_account);
    let cells = [ours, theirs].map(|bytes| format!("{bytes:.0} B"));
    row("an hour of one account that a home node follows", &cells, theirs / ours);
    for (number, (_, name)) in USES.iter().enumerate() {
        let bytes = an_account(large, |node| topics.bytes[node][number]);
        println!("| of that for {name} | | {bytes:.0} B | |");
    }
    let cells = [&majlis, &gossipsub].map(|side| format!("{:.2}", side.copies));
    row("copies received for each post that was lacking", &cells, gossipsub.copies / majlis.copies);
    let cells = [&majlis, &gossipsub]
        .map(|Side { reached: (pairs, reached), .. }| format!("{} of {pairs}", percent(*reached, *pairs)));
    let share = gossipsub.reached.1 as f64 / majlis.reached.1.max(1) as f64;
    row("followers who could be reached in that hour, and were", &cells, share);
    let told: u64 = topics.told.iter().sum();
    eprintln!(
        "gossipsub: {told} times a topic was told, of {} at no haste; at worst {:.1} s of the hour behind",
        topics.to_tell,
        topics.behind as f64 / 1e3
    );
}

fn row(figure: &str, [ours, theirs]: &[String; 2], ratio: f64) {
    println!("| {figure} | {ours} | {theirs} | {ratio:.2} |");
}

//! Killed while posting.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::cluster::{await_posts, comparable};
use crate::support::corpus::{self, Sample};
use crate::support::node::{TestNode, number, text};
use crate::support::random::Random;

/// What the program has acknowledged: the id at each place of the log.
#[derive(Default)]
struct Acknowledged(BTreeMap<u64, String>);

impl Acknowledged {
    fn take(&mut self, posted: &Value) {
        let (seq, id) = (number(posted, "seq"), text(posted, "id"));
        if let Some(other) = self.0.insert(seq, id.clone()) {
            assert_eq!(other, id, "two entries were acknowledged at {seq}");
        }
    }

    /// Everything acknowledged is in the timeline, and nothing is wrong with what is stored.
    fn check(&self, node: &TestNode) -> usize {
        let held: BTreeSet<String> = node.timeline().iter().map(|post| text(post, "id")).collect();
        for (seq, id) in &self.0 {
            assert!(held.contains(id), "acknowledged and lost: {id} at {seq}");
        }
        node.verify();
        held.len()
    }
}

fn batch(node: &TestNode, round: u64, count: u64) -> String {
    let samples: Vec<_> = (0..count)
        .map(|turn| Sample {
            text: format!("round {round}, post {turn}: {}", "x".repeat(200)),
            lang: "en".to_owned(),
        })
        .collect();
    corpus::write(node.scratch(), &format!("{round}.jsonl"), &samples).to_str().unwrap().to_owned()
}

fn wait_and_kill(child: &mut Child, after: Duration) {
    let until = Instant::now() + after;
    while Instant::now() < until && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Fails only where it has ended already.
    let _ = child.kill();
    child.wait().unwrap();
}

/// The log has no gap and no second entry: as many posts as its highest number says, seen by the author and by
/// someone else.
fn check_whole(node: &mut TestNode, reader: &TestNode, acknowledged: &Acknowledged) {
    node.start();
    let count = acknowledged.check(node);
    await_posts(reader, count, "the reader has what the author has");
    assert_eq!(comparable(&reader.timeline()), comparable(&node.timeline()));
    let followed = reader.followed(&node.account()).unwrap();
    let heads = followed["head"].as_array().unwrap();
    assert_eq!(heads.len(), 1, "the log was given up for another: {followed}");
    assert_eq!(number(&heads[0], "seq"), count as u64, "the log has gaps or a fork");
    reader.verify();
}

/// Lets some time pass that is a part of the test: the moment of the crash.
fn moment(random: &mut Random, most_ms: u64) {
    std::thread::sleep(Duration::from_millis(random.below(most_ms)));
}

#[test]
fn the_running_node_is_killed_while_it_takes_posts() {
    let mut random = Random::new(1);
    let mut author = TestNode::started("author");
    let reader = TestNode::started("reader");
    reader.cli(&["follow", &author.invite()]);
    let mut acknowledged = Acknowledged::default();
    for round in 0..12 {
        let file = batch(&author, round, 2_000);
        let single = format!("alone in round {round}");
        let bulk = author.background(&["post", "--from", &file]);
        acknowledged.take(&author.one(&["post", &single]));
        if round % 2 == 0 {
            // Once the first of the batch have been acknowledged.
            acknowledged.take(&bulk.lines.await_line("a post", |line| line["seq"].is_u64()));
        }
        moment(&mut random, 60);
        author.kill();
        // What the command was told before its node died counts.
        while let Some(posted) = bulk.lines.find(Duration::from_secs(30), "the command's end", |_| true) {
            acknowledged.take(&posted);
        }
        drop(bulk);
        author.start();
        acknowledged.check(&author);
    }
    author.kill();
    check_whole(&mut author, &reader, &acknowledged);
}

#[test]
fn commands_without_a_node_are_killed_while_they_post() {
    let mut random = Random::new(2);
    let mut author = TestNode::new("author");
    let reader = TestNode::started("reader");
    let mut acknowledged = Acknowledged::default();
    acknowledged.take(&author.one(&["post", "the first"]));
    for round in 0..20 {
        let file = batch(&author, round, 1_000);
        let mut child = author.command(&["--json", "post", "--from", &file]).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || std::io::read_to_string(stdout).unwrap_or_default());
        wait_and_kill(&mut child, Duration::from_millis(random.below(400)));
        let said = reading.join().unwrap();
        // The last line may be cut off.
        for line in said.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            acknowledged.take(&serde_json::from_str(line).unwrap());
        }
        acknowledged.check(&author);
    }
    author.start();
    reader.cli(&["follow", &author.invite()]);
    author.stop();
    check_whole(&mut author, &reader, &acknowledged);
}

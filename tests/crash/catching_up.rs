//! Killed while catching up.

use std::time::{Duration, Instant};

use crate::support::cluster::{await_posts, comparable};
use crate::support::corpus;
use crate::support::node::{TestNode, number};
use crate::support::random::Random;

const POSTS: usize = 8_000;

/// Waits until a node tells of a post, or for as long as said: there may be none to come.
fn await_first(node: &TestNode, patience: Duration) {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline && !node.events().drain().iter().any(|event| event["event"] == "post") {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_follower_is_killed_while_it_catches_up() {
    let mut random = Random::new(3);
    let author = TestNode::started("author");
    let samples: Vec<_> = (0..POSTS)
        .map(|turn| corpus::Sample { text: format!("{turn}: {}", "y".repeat(300)), lang: "en".to_owned() })
        .collect();
    let file = corpus::write(author.scratch(), "posts.jsonl", &samples);
    author.cli(&["post", "--from", file.to_str().unwrap()]);

    let mut follower = TestNode::new("follower");
    follower.cli(&["follow", &author.invite()]);
    let (mut held, mut cut_off) = (0, 0);
    for round in 0..25 {
        follower.start();
        if round % 3 == 0 {
            // The moment when the first posts are stored.
            await_first(&follower, Duration::from_secs(2));
        }
        std::thread::sleep(Duration::from_millis(random.below(if round % 3 == 0 { 20 } else { 200 })));
        follower.kill();
        let now = follower.timeline().len();
        // What came before the crash stays, or nothing would ever be had in a bad world.
        assert!(now >= held, "round {round}: {held} posts were held, and now {now}");
        cut_off += usize::from(now > held && now < POSTS);
        held = now;
        assert_eq!(number(&follower.one(&["verify"]), "bad"), 0);
        if held == POSTS {
            break;
        }
    }
    eprintln!("cut off in the middle {cut_off} times; {held} of {POSTS} posts by then");
    assert!(cut_off > 0, "it was never cut off in the middle, so nothing was tested");
    follower.start();
    await_posts(&follower, POSTS, "everything in the end");
    assert_eq!(comparable(&follower.timeline()), comparable(&author.timeline()));
    follower.verify();
}

#[test]
fn the_one_who_serves_is_killed() {
    let mut random = Random::new(4);
    let mut author = TestNode::new("author");
    let samples: Vec<_> = (0..POSTS / 2)
        .map(|turn| corpus::Sample { text: format!("{turn}: {}", "z".repeat(300)), lang: "en".to_owned() })
        .collect();
    let file = corpus::write(author.scratch(), "posts.jsonl", &samples);
    author.cli(&["post", "--from", file.to_str().unwrap()]);
    author.start();
    let follower = TestNode::started("follower");
    follower.cli(&["follow", &author.invite()]);
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(random.below(300)));
        author.kill();
        author.start();
    }
    await_posts(&follower, POSTS / 2, "everything in the end");
    assert_eq!(comparable(&follower.timeline()), comparable(&author.timeline()));
    follower.verify();
}

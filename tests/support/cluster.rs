//! Several nodes and who follows whom.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::{TestNode, text};
use super::{eventually, eventually_within};

/// Running nodes.
pub struct Cluster {
    pub nodes: Vec<TestNode>,
}

impl Cluster {
    /// As many homes as there are names, whose nodes do not run yet.
    pub fn new(names: &[&str]) -> Self {
        Self { nodes: names.iter().map(|name| TestNode::new(name)).collect() }
    }

    /// Starts as many nodes as there are names.
    pub fn started(names: &[&str]) -> Self {
        Self { nodes: names.iter().map(|name| TestNode::started(name)).collect() }
    }

    /// Has the first follow the second by invite.
    pub fn follow(&self, follower: usize, followed: usize) {
        self.nodes[follower].cli(&["follow", &self.nodes[followed].invite()]);
    }

    /// Has everyone follow everyone.
    pub fn follow_all(&self) {
        for follower in 0..self.nodes.len() {
            for followed in (0..self.nodes.len()).filter(|followed| *followed != follower) {
                self.follow(follower, followed);
            }
        }
    }

    /// Waits until every node's timeline has as many posts as said.
    pub fn await_posts(&self, count: usize) {
        for (index, node) in self.nodes.iter().enumerate() {
            await_posts(node, count, &format!("node {index} has all {count} posts"));
        }
    }

    /// All timelines are the same, in the same order; returns one.
    pub fn same_timelines(&self) -> Vec<Value> {
        let mut timelines: Vec<_> = self.nodes.iter().map(|node| comparable(&node.timeline())).collect();
        let last = timelines.pop().unwrap();
        for timeline in timelines {
            assert_eq!(timeline.len(), last.len());
            assert!(timeline == last, "two timelines have the same posts in different order, or differ");
        }
        in_order(&last);
        last
    }
}

/// Waits until a node's timeline has as many posts as said.
pub fn await_posts(node: &TestNode, count: usize, what: &str) {
    let mut seen = usize::MAX;
    let what = format!("{what}: {count} posts");
    eventually_within(2 * super::PATIENCE, &what, || {
        let now = node.timeline().len();
        if now != seen {
            seen = now;
            assert!(now <= count, "{now} posts where at most {count} are");
        }
        (now == count).then_some(())
    });
}

/// Waits until a node has a post with this text.
pub fn await_text(node: &TestNode, words: &str) {
    eventually(&format!("{words:?} is in the timeline"), || node.texts().iter().any(|text| text == words));
}

/// What is the same at every node: all but `held_by`, which only the author knows.
pub fn comparable(posts: &[Value]) -> Vec<Value> {
    let mut posts = posts.to_vec();
    for post in &mut posts {
        post.as_object_mut().unwrap().remove("held_by");
    }
    posts
}

/// By display time, newest first; of the same time, by id in one direction.
pub fn in_order(posts: &[Value]) {
    let id = |post: &Value| -> Vec<usize> {
        text(post, "id")
            .bytes()
            .skip(1)
            .map(|c| if c < b'a' { usize::from(c) } else { usize::from(c - b'a') })
            .collect()
    };
    for pair in posts.windows(2) {
        let times = [text(&pair[0], "created_at"), text(&pair[1], "created_at")];
        assert!(times[0] >= times[1], "{} before {}", pair[0], pair[1]);
        if times[0] == times[1] {
            assert!(
                id(&pair[0]) > id(&pair[1]),
                "of the same time, not by id: {} before {}",
                pair[0],
                pair[1]
            );
        }
    }
}

/// How often each text is there.
pub fn count_texts(posts: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for post in posts {
        *counts.entry(text(post, "text")).or_default() += 1;
    }
    counts
}

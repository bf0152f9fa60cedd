//! Real words: posts that people wrote, by several accounts over several nodes.

use std::collections::BTreeMap;

use crate::support::cluster::{Cluster, count_texts};
use crate::support::corpus;

#[test]
fn real_posts_converge_to_the_byte() {
    let mut cluster = Cluster::started(&["one", "two", "three", "four"]);
    cluster.follow_all();
    let samples: Vec<_> = corpus::arabic().into_iter().chain(corpus::english()).collect();
    let (mut sent, mut languages) = (BTreeMap::new(), BTreeMap::new());
    let shares: Vec<_> =
        (0..4).map(|part| samples.iter().skip(part).step_by(4).cloned().collect::<Vec<_>>()).collect();
    // The first is away while it writes.
    for (index, share) in shares.iter().enumerate() {
        let node = &mut cluster.nodes[index];
        let file = corpus::write(node.scratch(), "posts.jsonl", share);
        if index == 0 {
            node.stop();
        }
        let posted = node.cli(&["post", "--from", file.to_str().unwrap()]);
        assert_eq!(posted.len(), share.len());
        for (sample, line) in share.iter().zip(&posted) {
            *sent.entry(sample.text.clone()).or_insert(0) += 1;
            languages.insert(line["id"].as_str().unwrap().to_owned(), sample.clone());
        }
        if index == 0 {
            node.start();
        }
    }
    cluster.await_posts(samples.len());
    let timeline = cluster.same_timelines();
    assert_eq!(count_texts(&timeline), sent);
    for post in &timeline {
        let sample = &languages[post["id"].as_str().unwrap()];
        assert_eq!(post["text"], sample.text.as_str());
        assert_eq!(post["lang"], sample.lang.as_str());
    }
    for node in &cluster.nodes {
        node.verify();
    }
}

//! Having what was written while one was away, from its author or from others.

use crate::support::cluster::{Cluster, await_posts, await_text, comparable, in_order};
use crate::support::node::{TestNode, number};

#[test]
fn what_was_posted_offline_converges_when_both_run() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.follow_all();
    cluster.nodes[0].post("online");
    cluster.await_posts(1);
    for node in &mut cluster.nodes {
        node.stop();
    }
    for turn in 0..5 {
        cluster.nodes[0].post(&format!("author, offline, {turn}"));
        cluster.nodes[1].post(&format!("reader, offline, {turn}"));
    }
    // Alone, each has what it had and its own.
    cluster.nodes[1].start();
    assert_eq!(cluster.nodes[1].timeline().len(), 6);
    assert_eq!(cluster.nodes[0].timeline().len(), 6);
    cluster.nodes[0].start();
    cluster.await_posts(11);
    let all = cluster.same_timelines();
    assert_eq!(all[10]["text"], "online");
    assert_eq!(all[0]["text"], "reader, offline, 4");
    assert_eq!(all[1]["text"], "author, offline, 4");
    for node in &cluster.nodes {
        node.verify();
    }
}

#[test]
fn a_third_node_has_the_posts_while_their_author_is_away() {
    let mut cluster = Cluster::started(&["author", "reader", "third"]);
    cluster.follow(1, 0);
    for turn in 0..150 {
        if turn % 50 == 0 {
            cluster.nodes[0].post(&format!("{turn}: written before leaving"));
        }
    }
    await_posts(&cluster.nodes[1], 3, "reader has them");
    cluster.nodes[0].stop();
    let account = cluster.nodes[0].account();
    let [author, reader, third] = &cluster.nodes[..] else { unreachable!() };
    third.cli(&["follow", &account]);
    third.cli(&["connect", &reader.address()]);
    await_posts(third, 3, "from reader");
    assert_eq!(comparable(&third.timeline()), comparable(&reader.timeline()));
    assert_eq!(comparable(&third.timeline()), comparable(&author.timeline()));
    third.verify();
}

#[test]
fn those_who_hold_a_post_are_counted() {
    let cluster = Cluster::started(&["author", "reader", "third"]);
    let [author, reader, third] = &cluster.nodes[..] else { unreachable!() };
    let id = author.post("who has it?");
    assert_eq!(number(&author.one(&["show", &id]), "held_by"), 0);
    cluster.follow(1, 0);
    await_text(reader, "who has it?");
    let held = |count| move || number(&author.one(&["show", &id]), "held_by") == count;
    crate::support::eventually("one holds it", held.clone()(1));
    cluster.follow(2, 0);
    await_text(third, "who has it?");
    crate::support::eventually("two hold it", held(2));
}

#[test]
fn both_sides_of_a_long_partition_meet_again() {
    let mut cluster = Cluster::started(&["author", "reader", "third", "fourth"]);
    cluster.follow_all();
    for (index, node) in cluster.nodes.iter().enumerate() {
        node.post(&format!("hello from {index}"));
    }
    cluster.await_posts(4);
    // Two at a time, never all.
    for (round, pair) in [[0, 1], [2, 3], [1, 2], [0, 3]].into_iter().enumerate() {
        for index in (0..4).filter(|index| !pair.contains(index)) {
            cluster.nodes[index].stop();
        }
        for index in pair {
            cluster.nodes[index].post(&format!("round {round}, {index}"));
        }
        for index in (0..4).filter(|index| !pair.contains(index)) {
            cluster.nodes[index].post(&format!("round {round}, {index}, offline"));
            cluster.nodes[index].start();
        }
    }
    cluster.await_posts(20);
    in_order(&cluster.same_timelines());
}

#[test]
fn a_follower_that_starts_later_finds_its_way_by_what_it_remembers() {
    let [mut author, mut reader] = ["author", "reader"].map(TestNode::started);
    reader.cli(&["follow", &author.invite()]);
    author.post("one");
    await_text(&reader, "one");
    reader.stop();
    author.stop();
    author.post("two");
    reader.start();
    // The reader has dialled in vain by now, and does so again.
    assert_eq!(reader.texts(), ["one"]);
    author.start();
    await_text(&reader, "two");
}

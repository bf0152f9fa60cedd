//! Found again at another address, through whoever holds the log in which it is published (BODY-15, BODY-18).

use std::net::{Ipv4Addr, TcpListener};

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::{TestNode, number};

/// A node on this machine that publishes its addresses, soon, and dials those that others publish: on loopback.
fn village(name: &str) -> TestNode {
    let mut node = TestNode::new(name);
    node.set("MAJLIS_NODE_HINTS", "all");
    node.set("MAJLIS_NODE_HINTS_SETTLE_MS", "50");
    node.start();
    node
}

/// Waits until a node has dialled another at the address where that one is now.
fn await_dialled(from: &TestNode, to: &TestNode) {
    eventually("it is dialled where it is now", || {
        from.cli(&["peers"]).iter().any(|peer| {
            peer["peer_id"] == to.ready()["peer_id"]
                && peer["direction"] == "out"
                && to.address().starts_with(peer["address"].as_str().unwrap())
        })
    });
}

/// Waits until the node has, in so many runs, written down where it is or found that there is nothing to be written.
fn await_settled(node: &TestNode, runs: usize) {
    eventually("its addresses have settled", || {
        node.log().matches("own addresses have settled").count() >= runs
    });
}

/// Author, reader and carrier: both have a post of the author, and the reader knows no other way to it than its own and
/// that over the carrier.
fn three_who_know_each_other() -> [TestNode; 3] {
    let three = ["author", "reader", "carrier"].map(village);
    let [author, reader, carrier] = &three;
    reader.cli(&["follow", &author.invite()]);
    reader.cli(&["follow", &carrier.invite()]);
    carrier.cli(&["follow", &author.account()]);
    author.cli(&["follow", &carrier.invite()]);
    author.post("as before");
    await_text(reader, "as before");
    await_text(carrier, "as before");
    three
}

#[test]
fn a_friend_who_has_moved_is_found_again_through_others() {
    let [mut author, reader, mut carrier] = three_who_know_each_other();
    author.stop();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    author.listen_on(&format!("/ip4/127.0.0.1/tcp/{other}"));
    // From the carrier, which it knows, the news goes to the reader, which it does not know.
    author.start();
    await_dialled(&reader, &author);
    carrier.stop();
    author.post("at the new place");
    await_text(&reader, "at the new place");
    reader.verify();
}

#[test]
fn a_friend_whose_node_has_another_name_is_found_again_through_others() {
    let [mut author, reader, mut carrier] = three_who_know_each_other();
    let before = author.ready().clone();
    let refused = author.run_with(&["id", "renew"], None);
    assert_eq!(refused.code, Some(1), "while it runs: {refused:?}");

    author.stop();
    author.cli(&["id", "renew"]);
    author.start();
    let now = author.ready();
    assert_eq!(now["account"], before["account"]);
    assert_ne!(now["peer_id"], before["peer_id"]);
    assert!(!author.invite().contains(before["peer_id"].as_str().unwrap()));
    await_dialled(&reader, &author);
    carrier.stop();
    author.post("under the new name");
    await_text(&reader, "under the new name");
    author.verify();
}

#[test]
fn who_is_known_by_key_alone_is_found_in_the_log_that_others_hold() {
    let [author, reader, mut carrier] = ["author", "reader", "carrier"].map(village);
    carrier.cli(&["follow", &author.invite()]);
    author.post("held by another");
    await_text(&carrier, "held by another");
    reader.cli(&["follow", &carrier.invite()]);
    reader.cli(&["follow", &author.account()]);
    await_text(&reader, "held by another");
    await_dialled(&reader, &author);
    carrier.stop();
    author.post("from hand to hand");
    await_text(&reader, "from hand to hand");
}

/// SYNC-56, SYNC-57: where neither the table nor a log says it.
#[test]
fn a_peer_tells_who_else_holds_an_account() {
    let [mut author, holder, mut middle, reader] = ["author", "holder", "middle", "reader"].map(|name| {
        let mut node = TestNode::new(name);
        node.set("MAJLIS_NET_DHT", "false");
        // Addresses on this machine are dialled where others name them; of the author nobody says where it is.
        let scope = if name == "author" { "off" } else { "all" };
        node.set("MAJLIS_NODE_HINTS", scope);
        // Only who lets it be named is named.
        node.set("MAJLIS_NODE_SEED", if name == "holder" { "true" } else { "false" });
        node.start();
        node
    });
    let invite = author.invite();
    middle.cli(&["follow", &invite]);
    author.post("before");
    await_text(&middle, "before");
    author.stop();
    // The holder has it from the one who is to tell of that.
    holder.cli(&["follow", &invite]);
    middle.cli(&["connect", &holder.address()]);
    await_text(&holder, "before");
    reader.cli(&["connect", &middle.address()]);
    reader.cli(&["follow", &author.account()]);
    await_text(&reader, "before");
    await_dialled(&reader, &holder);
    // So the reader needs the one who told it no longer.
    middle.stop();
    author.start();
    author.post("after");
    await_text(&reader, "after");
    assert!(author.cli(&["peers"]).iter().all(|peer| peer["peer_id"] != reader.ready()["peer_id"]));
}

#[test]
fn by_default_no_address_of_this_machine_is_published() {
    let mut node = TestNode::new("default");
    node.set("MAJLIS_NODE_HINTS_SETTLE_MS", "50");
    node.start();
    await_settled(&node, 1);
    let id = node.post("the first");
    assert_eq!(number(&node.one(&["show", &id]), "held_by"), 0);
    assert_eq!(number(&node.verify(), "entries"), 1, "something beside the post is in the log");
}

#[test]
fn what_was_published_is_taken_back() {
    let mut node = village("quiet");
    let entries = |node: &TestNode| number(&node.verify(), "entries");
    eventually("it is in the log", || entries(&node) == 1);
    // Said already, it is not said again.
    node.restart();
    await_settled(&node, 2);
    assert_eq!(entries(&node), 1);
    node.stop();
    node.set("MAJLIS_NODE_HINTS", "off");
    node.start();
    eventually("it is taken back", || entries(&node) == 2);
}

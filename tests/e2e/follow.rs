//! Following, by invite and by key, publicly and privately, and no longer.

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::node::{TestNode, number, text};
use crate::support::{PATIENCE, eventually, eventually_within};

#[test]
fn a_post_appears_in_the_timeline_that_is_watched() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(0, 1);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    author.post("before");
    await_text(reader, "before");
    let watch = reader.background(&["timeline", "--watch"]);
    watch.lines.await_line("what was there", |post| post["text"] == "before");
    let id = text(&author.one(&["post", "--lang", "ar", "مرحبا"]), "id");
    let seen = watch.lines.await_line("the new post", |post| post["id"] == id.as_str());
    assert_eq!(seen["text"], "مرحبا");
    assert_eq!(seen["lang"], "ar");
    assert_eq!(seen["account"], author.account());
    reader.events().await_line("the event", |event| event["event"] == "post" && event["id"] == id.as_str());
    reader.post("and back");
    await_text(author, "and back");
    // It is told once.
    author.post("last");
    watch.lines.await_line("the last post", |post| {
        assert_ne!(post["id"], id.as_str(), "the same post again");
        post["text"] == "last"
    });
    eventually("the author knows who holds it", || number(&author.one(&["show", &id]), "held_by") == 1);
    let followed = reader.followed(&author.account()).unwrap();
    assert_eq!(number(&followed, "posts"), 3);
    assert_eq!(followed["head"].as_array().unwrap().len(), 1);
    reader.verify();
}

#[test]
fn connected_peers_follow_by_key() {
    let [author, reader] = ["author", "reader"].map(TestNode::started);
    author.post("known by key");
    let peer = reader.one(&["connect", &author.address()]);
    assert_eq!(peer["peer_id"], author.ready()["peer_id"]);
    assert_eq!(peer["direction"], "out");
    let account = author.account();
    reader.cli(&["follow", account.strip_prefix("did:key:").unwrap()]);
    await_text(&reader, "known by key");
    reader.cli(&["sync", "--timeout", "30"]);
    let shared = reader.cli(&["peers"]);
    assert_eq!(number(&shared[0], "accounts_shared"), 1, "{shared:?}");
    assert!(reader.followed(&account).unwrap()["last_synced"].is_string());
}

#[test]
fn a_named_peer_is_connected_again_whoever_was_away() {
    let [mut author, mut reader] = ["author", "reader"].map(TestNode::started);
    reader.cli(&["connect", &author.address()]);
    reader.cli(&["follow", &author.account()]);
    for round in 0..2 {
        let away = if round == 0 { &mut reader } else { &mut author };
        away.stop();
        away.start();
        let words = format!("after round {round}");
        author.post(&words);
        await_text(&reader, &words);
    }
}

#[test]
fn names_travel() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    author.post("signed, unnamed");
    await_text(reader, "signed, unnamed");
    for name in ["مجلس الحي", "The Garden \u{1f33f}"] {
        let profile = author.one(&["profile", "--name", name, "--bio", "writes"]);
        assert_eq!(profile["name"], name);
        eventually(&format!("the name is {name}"), || {
            reader.followed(&author.account()).unwrap()["name"] == name
        });
        assert_eq!(reader.timeline()[0]["name"], name);
    }
    assert_eq!(author.one(&["profile"])["bio"], "writes");
}

#[test]
fn unfollowing_forgets() {
    let cluster = Cluster::started(&["author", "reader", "third"]);
    cluster.follow(1, 0);
    cluster.follow(1, 2);
    let [author, reader, third] = &cluster.nodes[..] else { unreachable!() };
    let id = author.post("to be forgotten");
    third.post("to be kept");
    await_posts(reader, 2, "both");
    let account = author.account();
    assert_eq!(reader.one(&["unfollow", &account])["account"], account.as_str());
    assert!(reader.followed(&account).is_none());
    eventually("the post is gone", || reader.texts() == ["to be kept"]);
    eventually("nothing of it is held", || reader.outcome(&["show", &id]).code == Some(1));
    author.post("not for those who left");
    third.post("the next");
    await_text(reader, "the next");
    reader.cli(&["sync"]);
    assert_eq!(reader.texts(), ["the next", "to be kept"]);
    cluster.follow(1, 0);
    await_posts(reader, 4, "all again");
    reader.verify();
}

#[test]
fn a_follow_that_was_made_private_is_told_no_longer() {
    let mut cluster = Cluster::started(&["author", "reader", "other"]);
    for (follower, followed) in [(1, 0), (2, 0), (1, 2), (2, 1)] {
        cluster.follow(follower, followed);
    }
    cluster.nodes[0].post("for all to see");
    for reader in &cluster.nodes[1..] {
        await_text(reader, "for all to see");
    }
    let accounts: Vec<_> = cluster.nodes.iter().map(TestNode::account).collect();
    let shared = |cluster: &Cluster, node: usize, with: usize| {
        let peers = cluster.nodes[node].cli(&["peers"]);
        let peer = peers.iter().find(|peer| peer["account"] == accounts[with].as_str())?;
        peer["accounts_shared"].as_u64()
    };
    eventually("all three are shared", || shared(&cluster, 1, 2) == Some(3));
    cluster.nodes[2].stop();
    cluster.nodes[1].cli(&["follow", &accounts[0], "--private"]);
    cluster.nodes[2].start();
    for (node, with) in [(2, 1), (1, 2)] {
        eventually("their own two are shared, and no other", || shared(&cluster, node, with) == Some(2));
    }
    cluster.nodes[2].cli(&["sync"]);
    assert_eq!(shared(&cluster, 1, 2), Some(2));
}

#[test]
fn who_is_followed_no_longer_is_not_dialled() {
    let mut cluster = Cluster::started(&["reader", "left", "blocked", "kept"]);
    for (followed, node) in cluster.nodes.iter().enumerate().skip(1) {
        cluster.follow(0, followed);
        node.post("hello");
    }
    await_posts(&cluster.nodes[0], 3, "all three");
    let [_, left, blocked, kept] = [0, 1, 2, 3].map(|node: usize| cluster.nodes[node].account());
    cluster.nodes[0].cli(&["unfollow", &left]);
    cluster.nodes[0].cli(&["block", &blocked]);
    // They go on running, and none of them has a reason to dial the reader.
    cluster.nodes[0].stop();
    cluster.nodes[0].start();
    let met = || -> Vec<_> {
        let peers = cluster.nodes[0].cli(&["peers"]);
        peers.iter().map(|peer| peer["account"].as_str().unwrap_or_default().to_owned()).collect()
    };
    eventually("who is followed is met", || met().contains(&kept));
    cluster.nodes[0].cli(&["sync"]);
    assert_eq!(met(), [kept]);
}

#[test]
fn a_private_follow_is_told_to_nobody() {
    let cluster = Cluster::started(&["author", "reader", "stranger"]);
    let [author, reader, stranger] = &cluster.nodes[..] else { unreachable!() };
    author.post("followed in private");
    let before = number(&reader.one(&["post", "one"]), "seq");
    let followed = reader.one(&["follow", &author.invite(), "--private"]);
    assert_eq!(followed["private"], true);
    await_text(reader, "followed in private");
    let after = number(&reader.one(&["post", "two"]), "seq");
    assert_eq!(after, before + 1, "the follow was written into the log");

    // A stranger looks for the account, and has everything else that reader gives.
    let account = author.account();
    stranger.cli(&["follow", &account]);
    stranger.cli(&["follow", &reader.invite()]);
    await_posts(stranger, 2, "what reader wrote");
    reader.post("three");
    await_text(stranger, "three");
    stranger.cli(&["sync"]);
    assert_eq!(stranger.timeline_of(&account).len(), 0, "a private follow was served");
    assert_eq!(number(&stranger.cli(&["peers"])[0], "accounts_shared"), 1);
    let file = reader.scratch().join("own.majlis");
    let path = file.to_str().unwrap();
    reader.cli(&["export", path, "--account", &reader.account()]);
    let fresh = TestNode::new("reader");
    fresh.cli(&["follow", &reader.account()]);
    fresh.cli(&["import", path]);
    assert_eq!(fresh.timeline().len(), 3);
    assert_eq!(
        number(&fresh.followed(&reader.account()).unwrap()["head"][0], "seq"),
        3,
        "an entry beside three posts"
    );

    // Made public, it is served.
    reader.cli(&["follow", &account]);
    let found = || (stranger.timeline_of(&account).len() == 1).then_some(());
    eventually_within(PATIENCE, "a public follow is served", found);
}

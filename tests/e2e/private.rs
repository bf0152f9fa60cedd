//! What is for the owner's own devices: it reaches them, and nobody else.

use std::collections::BTreeSet;
use std::fs;

use majlis_protocol::{AccountId, Entry, LogId};
use serde_json::Value;

use crate::support::cluster::{Cluster, await_text};
use crate::support::eventually;
use crate::support::journal::private_entries;
use crate::support::node::{TestNode, find, text};

/// A second device of the node's account, running and connected to it.
fn second_device(first: &TestNode) -> TestNode {
    let phrase = text(&first.one(&["recovery", "show"]), "phrase");
    let mut second = TestNode::new("second");
    let restore = ["--json", "recovery", "restore", "--peer", &first.address()];
    let restored = second.run_with(&restore, Some(&phrase));
    assert_eq!(restored.code, Some(0), "{restored:?}");
    second.start();
    second
}

fn follows_privately(node: &TestNode, account: &str) -> bool {
    node.followed(account).is_some_and(|followed| followed["private"] == true)
}

fn logs(entries: &[Entry]) -> BTreeSet<LogId> {
    entries.iter().map(|entry| entry.header.log_id).collect()
}

/// Some bytes of what an entry seals, and the name of its log.
fn traces(entry: &Entry) -> [Vec<u8>; 2] {
    let body = entry.body().unwrap();
    [body[body.len() - 40..].to_vec(), entry.header.log_id.0.to_be_bytes().to_vec()]
}

#[test]
fn a_private_follow_reaches_the_other_device_and_nobody_else() {
    let cluster = Cluster::started(&["author", "owner", "third"]);
    let [author, owner, third] = &cluster.nodes[..] else { unreachable!() };
    author.post("from the author");
    cluster.follow(2, 0);
    cluster.follow(2, 1);
    owner.post("from the owner");
    let account = author.account();
    assert_eq!(owner.one(&["follow", &author.invite(), "--private"])["private"], true);
    await_text(owner, "from the author");
    let before = private_entries(owner);
    assert_eq!(before.len(), 1);

    let second = second_device(owner);
    eventually("the second device follows privately", || follows_privately(&second, &account));
    // What is followed privately is served to no one, so it has to be fetched from its author.
    second.cli(&["connect", &author.address()]);
    await_text(&second, "from the author");
    // It was repeated once for the second device, at the time at which it was written.
    let after = private_entries(owner);
    assert_eq!((after.len(), logs(&after).len()), (2, 1));
    assert_eq!(after[1].header.timestamp, after[0].header.timestamp);

    // Either device ends it and begins it anew, and the other goes along.
    second.cli(&["unfollow", &account]);
    eventually("the first follows no longer", || owner.followed(&account).is_none());
    assert!(!owner.texts().contains(&"from the author".to_owned()));
    owner.cli(&["follow", &author.invite(), "--private"]);
    eventually("the second follows again", || follows_privately(&second, &account));
    second.cli(&["follow", &account]);
    eventually("the first follows publicly", || {
        owner.followed(&account).is_some_and(|followed| followed["private"] == false)
    });
    second.cli(&["follow", &account, "--private"]);
    eventually("the first follows privately", || follows_privately(owner, &account));

    // The third, which has everything else of the owner's, has nothing of it.
    owner.post("last");
    await_text(third, "last");
    third.cli(&["sync"]);
    let sealed: Vec<Entry> = private_entries(owner).into_iter().chain(private_entries(&second)).collect();
    assert!(sealed.len() >= 5, "{}", sealed.len());
    for trace in sealed.iter().flat_map(traces) {
        for device in [owner, &second] {
            assert!(!device.files_with(&trace).is_empty(), "a device lacks what is for it");
        }
        for other in [third, author] {
            let found = other.files_with(&trace);
            assert!(found.is_empty(), "a private log was told: {found:?}");
        }
    }
    // Nor does any file hold an item in clear.
    let AccountId(key) = account.parse().unwrap();
    let clear = [b"follow".as_slice(), &[2, 0x58, 32], &key].concat();
    for node in [owner, &second] {
        assert!(node.files_with(&clear).is_empty(), "an item lies open");
        assert!(!node.files_with(&key).is_empty(), "this test cannot find the key at all");
        node.verify();
    }
    third.verify();
}

/// SEAL-15, SEAL-16.
#[test]
fn a_filter_and_a_draft_of_one_device_are_there_on_the_other() {
    const SECRET: &str = "a draft that nobody has seen: qpvz-5582";
    let cluster = Cluster::started(&["author", "owner"]);
    let [author, owner] = &cluster.nodes[..] else { unreachable!() };
    cluster.follow(1, 0);
    let id = author.post("مباراةُ كُرَةِ القَدَم الليلة");
    author.post("Tea at five");
    eventually("the owner has both", || owner.timeline().len() == 2);
    let filter = owner.one(&["filter", "add", "كرة القدم", "--title", "رياضة"]);
    let draft = owner.one(&["post", SECRET, "--draft", "--reply-to", &id, "--cw", "not yet"]);
    // What is so already is not written again, nor is a bookmark.
    owner.cli(&["bookmark", &id]);
    let before = private_entries(owner).len();
    assert_eq!(owner.one(&["filter", "add", "كرة القدم", "--title", "رياضة"])["id"], filter["id"]);
    owner.cli(&["bookmark", &id]);
    owner.fails(1, &["filter", "add", "كرة", "--title", "رياضة"]);
    assert_eq!(private_entries(owner).len(), before);

    let second = second_device(owner);
    eventually("the other device has both", || {
        second.cli(&["filter"]).len() == 1 && second.cli(&["draft"]).len() == 1
    });
    assert_eq!(second.cli(&["filter"]), [filter]);
    assert_eq!(second.one(&["draft", "show", &text(&draft, "draft")]), draft);
    assert!(text(&draft, "reply_to").ends_with(&id));
    eventually("the other device has what the author says", || second.timeline().len() == 2);
    for device in [owner, &second] {
        let folded: Vec<_> =
            device.timeline().iter().map(|post| post["filtered"][0]["title"].clone()).collect();
        assert_eq!(folded, [Value::Null, serde_json::json!("رياضة")]);
        // Who asks for it by name sees it, and what found it.
        let shown = device.one(&["show", &id]);
        assert_eq!(shown["filtered"][0]["title"], "رياضة");
        assert!(!text(&shown, "text").is_empty());
        assert!(device.files_with(SECRET.as_bytes()).is_empty(), "a draft lies open");
    }
    // What one posts, and what one removes, is gone on the other.
    let posted = second.one(&["draft", "post", &text(&draft, "draft")]);
    second.cli(&["filter", "remove", "رياضة"]);
    eventually("nothing is left of either", || {
        owner.cli(&["filter"]).is_empty() && owner.cli(&["draft"]).is_empty()
    });
    eventually("the first device has the answer", || owner.cli(&["thread", &id]).len() == 2);
    let answer = &owner.cli(&["thread", &id])[1];
    assert_eq!((&answer["id"], text(answer, "text")), (&posted["id"], SECRET.to_owned()));
    assert_eq!(answer["content_warning"], "not yet");
    for node in [author, owner, &second] {
        node.verify();
    }
}

/// SEAL-14. The reading position of a timeline.
#[test]
fn what_was_read_on_one_device_is_read_on_the_other() {
    let cluster = Cluster::started(&["author", "owner"]);
    let [author, owner] = &cluster.nodes[..] else { unreachable!() };
    cluster.follow(1, 0);
    for words in ["one", "two"] {
        author.post(words);
        await_text(owner, words);
    }
    let unread = |node: &TestNode, arguments: &[&str]| -> Vec<String> {
        let posts = node.cli(&[&["timeline", "--unread"], arguments].concat());
        posts.iter().filter_map(|post| Some(post["text"].as_str()?.to_owned())).collect()
    };
    owner.cli(&["list", "أصدقاء", "--add", &author.account()]);
    // Nothing was read yet; what is looked at stays unread until it is marked.
    assert_eq!(unread(owner, &[]), ["two", "one"]);
    let marked = owner.cli(&["timeline", "--unread", "--mark-read"]).pop().unwrap();
    let newest = text(&owner.timeline()[0], "id");
    assert_eq!((&marked["timeline"], text(&marked, "last_read_id")), (&"home".into(), newest));
    assert!(unread(owner, &[]).is_empty());
    // Each timeline has a position of its own.
    assert_eq!(unread(owner, &["--list", "أصدقاء"]), ["two", "one"]);
    owner.cli(&["timeline", "--list", "أصدقاء", "--mark-read"]);
    let three = author.post(&format!("three, @{}", owner.account()));
    eventually("the third is there", || owner.timeline().len() == 3);
    for arguments in [&[][..], &["--list", "أصدقاء"], &["--mentions"]] {
        assert_eq!(unread(owner, arguments).len(), 1, "{arguments:?}");
    }

    let second = second_device(owner);
    eventually("the second device has all posts", || second.timeline().len() == 3);
    eventually("the second device knows what was read", || unread(&second, &[]).len() == 1);
    // What was read longer ago moves nothing back.
    let back = second.cli(&["timeline", "--before", &three, "--mark-read"]).pop().unwrap();
    assert_eq!((&back["last_read_id"], &back["version"]), (&marked["last_read_id"], &marked["version"]));
    let on = second.cli(&["timeline", "--mark-read"]).pop().unwrap();
    assert_eq!(text(&on, "last_read_id"), three);
    assert!(on["version"].as_u64() > marked["version"].as_u64());
    eventually("the first device knows that too", || unread(owner, &[]).is_empty());
    assert_eq!(unread(owner, &["--mentions"]).len(), 1);
    owner.cli(&["timeline", "--mentions", "--mark-read"]);
    assert!(unread(owner, &["--mentions"]).is_empty());
    // A list that is gone leaves nothing behind.
    owner.cli(&["list", "أصدقاء", "--delete"]);
    owner.cli(&["list", "أصدقاء", "--add", &author.account()]);
    assert_eq!(unread(owner, &["--list", "أصدقاء"]).len(), 3);
    owner.fails(2, &["timeline", "--all", "--unread"]);
}

/// SEAL-13.
#[test]
fn an_export_leaves_private_logs_out() {
    let node = TestNode::new("exporting");
    let followed = TestNode::new("followed").account();
    node.post("public");
    node.cli(&["follow", &followed, "--private"]);
    let file = node.scratch().join("all.majlis");
    let exported = node.one(&["export", file.to_str().unwrap()]);
    assert_eq!(exported["entries"], 1);
    let bytes = fs::read(&file).unwrap();
    for trace in private_entries(&node).iter().flat_map(traces) {
        assert!(find(&bytes, &trace).is_none(), "the file holds a private log");
    }
    assert_eq!(node.verify()["entries"], 2, "a private log is verified like any other");
}

#[test]
fn an_acknowledged_private_follow_survives_kill() {
    let mut node = TestNode::started("killed");
    for round in 0..3 {
        let followed = TestNode::new("followed").account();
        node.cli(&["follow", &followed, "--private"]);
        node.kill();
        node.start();
        assert!(follows_privately(&node, &followed), "lost in round {round}");
        assert_eq!(node.cli(&["following"]).len(), round + 1);
    }
    // In one log, and the same without a running node.
    assert_eq!(logs(&private_entries(&node)).len(), 1);
    node.stop();
    assert_eq!(node.cli(&["following"]).len(), 3);
}

#[test]
fn an_ended_account_takes_its_private_items_along() {
    let mut node = TestNode::new("ending");
    node.set("MAJLIS_STORE_ERASE_AFTER_MS", "0");
    node.start();
    let followed = TestNode::new("followed").account();
    node.cli(&["follow", &followed, "--private"]);
    let [sealed, _] = traces(&private_entries(&node)[0]);
    assert!(!node.files_with(&sealed).is_empty());
    node.cli(&["account", "end", "--yes"]);
    assert!(node.cli(&["following"]).is_empty());
    node.fails(1, &["follow", &followed, "--private"]);
    node.restart();
    assert!(node.cli(&["following"]).is_empty());
    eventually("the sealed bytes are gone", || node.files_with(&sealed).is_empty());
    node.verify();
}

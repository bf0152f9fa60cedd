//! The recovery phrase, a second device, and the end of an account.

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::eventually;
use crate::support::node::{TestNode, text};

#[test]
fn a_restored_account_has_its_history_and_goes_on() {
    let mut cluster = Cluster::started(&["first", "reader"]);
    cluster.follow(1, 0);
    let phrase = text(&cluster.nodes[0].one(&["recovery", "show"]), "phrase");
    assert_eq!(phrase.split(' ').count(), 24);
    for turn in 0..3 {
        cluster.nodes[0].post(&format!("first device, {turn}"));
    }
    let account = cluster.nodes[0].account();
    await_posts(&cluster.nodes[1], 3, "the reader has them");
    cluster.nodes[0].stop();

    let mut second = TestNode::new("second");
    let reader = &cluster.nodes[1];
    let restore = ["--json", "recovery", "restore", "--peer", &reader.address()];
    let wrong = second.run_with(&restore, Some("abandon abandon abandon"));
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    let restored = second.run_with(&restore, Some(&format!("  {}\n", phrase.to_uppercase())));
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let id = &restored.lines()[0];
    assert_eq!(id["account"], account.as_str());
    assert_ne!(id["device"], cluster.nodes[0].one(&["id"])["device"], "a device key was in the phrase");
    // It does not know yet which other devices there are, and must not speak as if it were alone.
    second.fails(1, &["post", "too early"]);

    second.start();
    await_posts(&second, 3, "history comes from the reader");
    eventually("it may post", || second.outcome(&["post", "second device"]).code == Some(0));
    await_text(reader, "second device");
    assert_eq!(second.one(&["id"])["devices"].as_array().unwrap().len(), 2);

    // The first device comes back and learns of the second.
    cluster.nodes[0].start();
    let [first, reader] = &cluster.nodes[..] else { unreachable!() };
    await_text(first, "second device");
    first.post("first device, again");
    for node in [reader, &second] {
        await_text(node, "first device, again");
        await_posts(node, 5, "all posts of both devices");
        node.verify();
    }
    assert_eq!(reader.followed(&account).unwrap()["head"].as_array().unwrap().len(), 2);
    for node in [first, &second] {
        let devices = node.one(&["id"])["devices"].as_array().unwrap().len();
        assert_eq!(devices, 2);
    }
}

#[test]
fn a_confirmed_phrase_is_gone() {
    let node = TestNode::new("phrase");
    let phrase = text(&node.one(&["recovery", "show"]), "phrase");
    let words = phrase.split(' ').next().unwrap().to_owned() + " " + phrase.split(' ').nth(1).unwrap();
    assert_eq!(node.files_with(words.as_bytes()).len(), 1);
    node.cli(&["recovery", "confirm"]);
    assert!(node.files_with(words.as_bytes()).is_empty(), "the phrase is still on the disk");
    assert_eq!(node.one(&["id"])["phrase_unconfirmed"], false);
    node.fails(1, &["recovery", "show"]);
    node.fails(1, &["recovery", "confirm"]);
    node.post("life goes on");
    // A home that has an account is not overwritten.
    let outcome = node.run_with(&["recovery", "restore"], Some(&phrase));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(node.texts(), ["life goes on"]);
}

#[test]
fn an_ended_account_is_taken_out_of_timelines() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    author.post("for now");
    await_text(reader, "for now");
    let refused = author.run_with(&["account", "end"], Some("nonsense\n"));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(author.texts(), ["for now"]);
    author.cli(&["account", "end", "--yes"]);
    author.fails(1, &["post", "from beyond"]);
    eventually("the reader no longer shows it", || reader.texts().is_empty());
    assert!(author.texts().is_empty());
    reader.post("still here");
    assert_eq!(reader.texts(), ["still here"]);
}

//! Taking back: hidden at once, and the bytes gone from the disk when they shall be.

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::eventually;
use crate::support::node::TestNode;

const SECRET: &str = "a sentence that nobody shall find on this disk: zxqj-7741";

fn hidden(node: &TestNode, id: &str) -> bool {
    let shown = node.outcome(&["show", id]);
    let shown_empty = shown.code == Some(1)
        || shown.lines().iter().all(|post| post["deleted"] == true && post["text"] == "");
    shown_empty && node.texts().iter().all(|text| text != SECRET)
}

#[test]
fn deleted_now_the_bytes_are_gone_here_and_hidden_there() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    // The reader's grace is over at once; its next look is when it starts.
    cluster.nodes[1].stop();
    cluster.nodes[1].set("MAJLIS_STORE_ERASE_AFTER_MS", "0");
    cluster.nodes[1].start();
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    author.post("before");
    let id = author.post(SECRET);
    author.post("after");
    await_posts(reader, 3, "all three");
    for node in [author, reader] {
        assert!(!node.files_with(SECRET.as_bytes()).is_empty(), "this test cannot find text on the disk");
    }
    assert_eq!(author.one(&["delete", &id, "--now"])["id"], id.as_str());
    assert!(hidden(author, &id));
    let left = author.files_with(SECRET.as_bytes());
    assert!(left.is_empty(), "the bytes are still in {left:?}");
    eventually("the reader hides it", || hidden(reader, &id));
    author.post("the last");
    await_text(reader, "the last");
    author.verify();
    reader.verify();

    let reader = &mut cluster.nodes[1];
    reader.restart();
    eventually("the reader's bytes are gone", || reader.files_with(SECRET.as_bytes()).is_empty());
    assert!(hidden(reader, &id));
    assert_eq!(reader.texts(), ["the last", "after", "before"]);
    reader.restart();
    assert_eq!(reader.texts(), ["the last", "after", "before"]);
    reader.verify();
}

#[test]
fn a_post_deleted_offline_stays_deleted_and_is_never_served() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    let author = &mut cluster.nodes[0];
    author.stop();
    let id = author.post(SECRET);
    author.post("kept");
    author.cli(&["delete", &id]);
    assert!(hidden(author, &id));
    // The bytes wait for the grace.
    assert!(!author.files_with(SECRET.as_bytes()).is_empty());
    author.start();
    assert!(hidden(author, &id));
    cluster.follow(1, 0);
    let reader = &cluster.nodes[1];
    await_text(reader, "kept");
    reader.cli(&["sync"]);
    assert!(hidden(reader, &id));
    assert!(reader.files_with(SECRET.as_bytes()).is_empty(), "a deleted post was sent");
    reader.verify();
}

#[test]
fn others_posts_cannot_be_deleted() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let id = author.post("mine");
    await_text(reader, "mine");
    reader.fails(1, &["delete", &id]);
    assert_eq!(reader.texts(), ["mine"]);
}

//! Room: what takes it, what goes, and what never does.

use std::fs;

use serde_json::Value;

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

fn whole(node: &TestNode, arguments: &[&str]) -> Value {
    node.cli(&[&["storage"], arguments].concat()).pop().unwrap()
}

#[test]
fn old_posts_go_by_the_owners_bounds_and_do_not_come_back() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.follow_all();
    let (author, reader) = (&cluster.nodes[0], &cluster.nodes[1]);
    let ids: Vec<String> = (0..30).map(|n| author.post(&format!("قديم {n}"))).collect();
    reader.post("mine, of long ago");
    await_posts(reader, 31, "all that was posted");
    reader.cli(&["bookmark", &ids[3]]);
    author.cli(&["edit", &ids[3], "قديم ومصحّح"]);
    await_text(reader, "قديم ومصحّح");

    // What would go is told, and nothing goes.
    let told = whole(reader, &["--keep-posts", "10"]);
    assert_eq!(told["would_free"]["entries"], 19, "20 too many, of which one has a bookmark: {told}");
    assert_eq!(whole(reader, &[])["would_free"]["entries"], 0);
    assert_eq!(reader.timeline().len(), 31);
    let of_author = |node: &TestNode| {
        let lines = node.cli(&["storage"]);
        lines.into_iter().find(|line| line["account"] == author.account()).unwrap()
    };
    let before = of_author(reader);
    assert_eq!((number(&before, "posts"), before["own"].as_bool()), (30, Some(false)));

    let gone = reader.one(&["storage", "--keep-posts", "10", "--prune"]);
    assert_eq!(number(&gone, "entries"), 19);
    let check = |reader: &TestNode| {
        let texts = reader.texts();
        assert_eq!(texts.len(), 12, "{texts:?}");
        assert!(texts.contains(&"قديم ومصحّح".to_owned()) && texts.contains(&"mine, of long ago".to_owned()));
        assert!(!texts.contains(&"قديم 7".to_owned()) && texts.contains(&"قديم 29".to_owned()));
        assert!(reader.fails(1, &["show", &ids[7]]).contains("is held here"));
        assert!(reader.cli(&["search", "قديم"]).len() == 11, "what went is still found");
        assert!(reader.files_with("قديم 7".as_bytes()).is_empty(), "the words are still on the disk");
    };
    check(reader);
    assert_eq!(number(&of_author(reader), "posts"), 11);
    reader.verify();

    // The next start, and the next meeting, bring nothing back; a newcomer has all of it from the author.
    let reader = &mut cluster.nodes[1];
    reader.restart();
    cluster.nodes[0].post("قديم 30");
    let reader = &cluster.nodes[1];
    await_text(reader, "قديم 30");
    reader.cli(&["sync"]);
    assert_eq!(reader.texts().len(), 13);
    let newcomer = TestNode::started("newcomer");
    newcomer.cli(&["follow", &reader.invite()]);
    newcomer.cli(&["follow", &cluster.nodes[0].invite()]);
    await_posts(&newcomer, 32, "everything, though one of two does not have it");
}

#[test]
fn a_running_node_prunes_by_itself() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let nodes = &mut cluster.nodes;
    let long = "x".repeat(2_000);
    for n in 0..10 {
        nodes[0].post(&format!("{n} {long}"));
    }
    await_posts(&nodes[1], 10, "all of them");
    nodes[1].stop();
    nodes[1].set("MAJLIS_NODE_KEEP_BYTES", "9000");
    nodes[1].start();
    eventually("the oldest are gone", || nodes[1].timeline().len() == 4);
    assert!(nodes[1].texts()[0].starts_with("9 "));
    assert_eq!(whole(&nodes[1], &[])["keep"]["bytes"], 9_000);
    nodes[1].verify();
    // Its own posts are never counted.
    nodes[1].post(&long);
    nodes[1].cli(&["storage", "--keep-bytes", "1", "--keep-days", "1", "--prune"]);
    assert_eq!(nodes[1].texts(), [long]);
}

#[test]
fn files_are_shown_and_bounded() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    for name in ["one", "two", "three"] {
        let file = author.scratch().join(name);
        fs::write(&file, format!("{name} ").repeat(20_000)).unwrap();
        author.cli(&["post", name, "--attach", file.to_str().unwrap()]);
        await_text(reader, name);
    }
    eventually("all files are there", || number(&whole(reader, &[]), "others_files") == 3);
    let held = number(&whole(reader, &[]), "others_file_bytes");
    assert_eq!(held, 20_000 * (4 + 4 + 6));
    assert_eq!(number(&whole(author, &[]), "own_file_bytes"), held);
    assert_eq!(whole(reader, &["--keep-media", "150kB"])["would_free_file_bytes"], held - 150_000);
    reader.cli(&["storage", "--keep-media", "150kB", "--prune"]);
    assert!(number(&whole(reader, &[]), "others_file_bytes") <= 150_000);
    author.cli(&["storage", "--keep-media", "0", "--prune"]);
    assert_eq!(number(&whole(author, &[]), "own_file_bytes"), held, "own files went");
    // What went can be had again.
    for post in reader.timeline() {
        let cid = text(&post["attachments"][0], "cid");
        let copy = reader.scratch().join(&cid);
        reader.cli(&["media", "get", &cid, copy.to_str().unwrap()]);
        let words = fs::read_to_string(&copy).unwrap();
        assert!(words.starts_with(&text(&post, "text")));
    }
}

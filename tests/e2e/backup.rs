//! Backup and restore, and moving to another machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cluster::{Cluster, await_text, comparable};
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn find(content: &[u8], bytes: &[u8]) -> bool {
    content.windows(bytes.len()).any(|window| window == bytes)
}

/// A home that was made from a backup.
fn restored(name: &str, backup: &Path, phrase: &str) -> TestNode {
    let node = TestNode::new(name);
    let outcome = node.run_with(&["--json", "restore", word(backup)], Some(phrase));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    node
}

#[test]
fn a_running_node_is_backed_up_and_restored_as_another_device() {
    let cluster = Cluster::started(&["owner", "friend"]);
    let [owner, friend] = &cluster.nodes[..] else { unreachable!() };
    cluster.follow(0, 1);
    cluster.follow(1, 0);
    let hidden = TestNode::started("hidden");
    hidden.post("for few");
    owner.cli(&["follow", &hidden.invite(), "--private"]);
    let bookmarked = friend.post("to be kept");
    for words in ["to be kept", "for few"] {
        await_text(owner, words);
    }
    owner.cli(&["bookmark", &bookmarked]);
    owner.cli(&["list", "near", "--add", &friend.account()]);
    let page = owner.scratch().join("page.txt");
    fs::write(&page, "a page\n".repeat(9_000)).unwrap();
    let with_page = text(&owner.one(&["post", "a page", "--attach", word(&page)]), "id");
    let note = owner.scratch().join("note.txt");
    fs::write(&note, "a note\n".repeat(9_000)).unwrap();
    owner.cli(&["post", "--draft", "not yet", "--attach", word(&note)]);
    fs::write(owner.home().join("config.toml"), "[node]\nmedia_quota = 123456789\n").unwrap();

    // Posting does not wait for the backup, and what was acknowledged before it is in it.
    let backup = owner.scratch().join("backup.majlis");
    let before: Vec<_> = (0..20).map(|turn| owner.post(&format!("before {turn}"))).collect();
    let backing = owner.background(&["backup", word(&backup)]);
    owner.post("meanwhile");
    let counts = backing.lines.await_line("the backup is whole", |line| line.get("refused").is_some());
    assert_eq!((number(&counts, "accounts"), number(&counts, "files")), (3, 2), "{counts}");
    let bytes = fs::read(&backup).unwrap();
    let keys: serde_json::Value =
        serde_json::from_slice(&fs::read(owner.home().join("keys.json")).unwrap()).unwrap();
    for key in ["device", "exchange", "transport"] {
        let hex = text(&keys, key);
        let raw = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        assert!(!find(&bytes, hex.as_bytes()) && !find(&bytes, &raw), "the {key} key is in the backup");
    }
    let phrase = text(&owner.one(&["recovery", "show"]), "phrase");
    let words: Vec<_> = phrase.split(' ').take(2).collect();
    assert!(!find(&bytes, words.join(" ").as_bytes()), "the recovery phrase is in the backup");

    // Another phrase, something else, and a home that is in use are told from it.
    let other = TestNode::new("other");
    let outcome = other.run_with(&["--json", "restore", word(&page)], Some(&phrase));
    assert!(outcome.code == Some(1) && !other.home().join("keys.json").exists(), "{outcome:?}");
    let outcome = friend.run_with(&["--json", "restore", word(&backup)], Some(&phrase));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");

    let mut again = restored("again", &backup, &phrase);
    assert_eq!(again.account(), owner.account());
    assert_ne!(again.one(&["id"])["device"], owner.one(&["id"])["device"], "a device was copied");
    let texts = again.texts();
    assert!(texts.contains(&"for few".to_owned()) && texts.contains(&"to be kept".to_owned()));
    assert!(before.iter().all(|id| again.one(&["show", id])["id"] == id.as_str()));
    assert_eq!(again.one(&["show", &with_page])["attachments"][0]["held"], true);
    assert_eq!(again.one(&["show", &bookmarked])["bookmarked"], true);
    assert_eq!(again.followed(&hidden.account()).unwrap()["private"], true);
    assert_eq!(again.one(&["list", "near"])["accounts"][0], friend.account().as_str());
    assert_eq!(again.one(&["draft"])["files"][0]["held"], true);
    let config = fs::read_to_string(again.home().join("config.toml")).unwrap();
    assert!(config.contains("123456789"));
    again.verify();
    // It knows where its friends are, and both devices go on.
    again.start();
    again.post("from the new device");
    await_text(friend, "from the new device");
    owner.post("from the old device");
    await_text(friend, "from the old device");
    eventually("both devices have all", || comparable(&again.timeline()) == comparable(&owner.timeline()));
    for node in [owner, friend, &again] {
        node.verify();
    }
}

/// A copy of a whole home, as any tool makes it.
fn copied(from: &TestNode, name: &str) -> TestNode {
    let to = TestNode::new(name);
    let (from, to_home): (&Path, PathBuf) = (from.home(), to.home().to_owned());
    let done = Command::new("cp").arg("-a").arg(from).arg(&to_home).status().unwrap();
    assert!(done.success());
    to
}

#[test]
fn a_home_moves_and_is_at_work_in_one_place_alone() {
    let mut cluster = Cluster::started(&["owner", "friend"]);
    cluster.follow(1, 0);
    let id = cluster.nodes[0].post("from the small machine");
    await_text(&cluster.nodes[1], "from the small machine");
    let busy = cluster.nodes[0].fails(1, &["move"]);
    assert!(busy.contains("another process"), "{busy}");
    cluster.nodes[0].stop();

    let owner = &cluster.nodes[0];
    owner.cli(&["move"]);
    for arguments in [&["post", "still here"][..], &["run"], &["move"], &["timeline"]] {
        let refused = owner.fails(1, arguments);
        assert!(refused.contains("move --undo"), "{refused}");
    }
    // Who stays after all takes it back.
    owner.cli(&["move", "--undo"]);
    owner.post("not yet");
    owner.cli(&["move"]);

    let device = |node: &TestNode| text(&node.one(&["id"]), "device");
    let mut moved = copied(owner, "moved");
    // A second copy disturbs nobody either: each place has a log of its own.
    let second = copied(owner, "second");
    moved.start();
    moved.post("from the large machine");
    second.post("from a copy");
    assert_eq!(device(&moved), device(&second), "it is the same device");
    assert!(owner.fails(1, &["post", "again"]).contains("move --undo"));
    moved.cli(&["connect", &cluster.nodes[1].address()]);
    for words in ["not yet", "from the large machine"] {
        await_text(&cluster.nodes[1], words);
    }
    let file = second.scratch().join("second.majlis");
    second.cli(&["export", word(&file)]);
    for node in [&cluster.nodes[1], &moved] {
        node.cli(&["import", word(&file)]);
        await_text(node, "from a copy");
        assert_ne!(node.one(&["show", &id])["deleted"], true);
        node.verify();
        assert_eq!(node.timeline().len(), 4, "nothing is void");
    }
    let logs = cluster.nodes[1].followed(&moved.account()).unwrap();
    assert_eq!(logs["head"].as_array().unwrap().len(), 3);
    moved.restart();
    moved.post("and on");
    await_text(&cluster.nodes[1], "and on");
}

#[test]
fn what_holds_no_account_does_not_move() {
    let node = TestNode::new("none");
    assert!(node.fails(1, &["move"]).contains("holds no account"));
    assert!(!node.home().join("keys.json").exists());
}

//! Disks that lie, homes that were copied, and homes that cannot be used.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::corpus::{self, Sample};
use crate::support::journal::private_entries;
use crate::support::node::{Outcome, TestNode, find, number};
use crate::support::random::Random;

/// Flips one bit in a file.
fn flip(path: &Path, at: usize) {
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

/// Flips a bit of `words` wherever they stand in the database; how often that was.
fn damage(node: &TestNode, words: &str) -> usize {
    let mut flipped = 0;
    for path in node.files_with(words.as_bytes()) {
        if !path.starts_with(node.home().join("db")) {
            continue;
        }
        let content = fs::read(&path).unwrap();
        let mut from = 0;
        while let Some(at) = find(&content[from..], words.as_bytes()) {
            flip(&path, from + at + 3);
            flipped += 1;
            from += at + words.len();
        }
    }
    flipped
}

fn set_aside(node: &TestNode) -> bool {
    fs::read_dir(node.home())
        .unwrap()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("db.damaged-"))
}

/// How many stored entries a check has found to be bad, and how many to be missing.
fn found(outcome: &Outcome) -> (u64, u64) {
    let last = outcome.lines().pop().unwrap_or_default();
    let count = |name: &str| last[name].as_u64().unwrap_or(0);
    (count("bad"), count("missing"))
}

/// Whether a check, or opening for it, has said that something is wrong.
fn has_complained(outcome: &Outcome) -> bool {
    match outcome.code {
        Some(1) => found(outcome) != (0, 0),
        Some(0) => outcome.stderr.contains("damaged"),
        _ => false,
    }
}

#[test]
fn a_flipped_byte_is_found() {
    // A database of one segment, and one of several.
    for (count, size) in [(20, 10), (400, 49_000)] {
        let node = TestNode::new("flipped");
        let samples: Vec<_> = (0..count)
            .map(|turn| {
                let text = format!("part {turn} of what was said. {}", format!("{turn},").repeat(size / 4));
                Sample { text, lang: "en".to_owned() }
            })
            .collect();
        let file = corpus::write(node.scratch(), "posts.jsonl", &samples);
        node.cli(&["post", "--from", file.to_str().unwrap()]);
        assert_eq!(number(&node.verify(), "entries"), count as u64);
        let before = node.timeline();
        assert!(damage(&node, "part 7 of what was said") > 0, "the text is not in the database's files");
        let outcome = node.outcome(&["verify"]);
        assert!(has_complained(&outcome), "nobody has noticed: {outcome:?}");
        if outcome.code == Some(1) {
            // What the message says to do.
            fs::rename(node.home().join("db"), node.home().join("db.mine")).unwrap();
        }
        assert_eq!(node.timeline().len(), before.len());
        assert!(texts_of(&node.timeline()) == texts_of(&before), "not all own posts are back");
        node.verify();
    }
}

fn texts_of(posts: &[serde_json::Value]) -> Vec<&str> {
    posts.iter().map(|post| post["text"].as_str().unwrap()).collect()
}

/// The files of a home, to be put back in place.
struct Saved(Vec<(PathBuf, Vec<u8>)>);

impl Saved {
    fn of(node: &TestNode) -> Self {
        let mut files = Vec::new();
        let mut folders = vec![node.home().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        Self(files)
    }

    /// Puts them back and removes the databases that are there.
    fn restore(&self, node: &TestNode) {
        for entry in fs::read_dir(node.home()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
            fs::remove_dir_all(entry.path()).unwrap();
        }
        // It is there where damage was found.
        let _ = fs::remove_file(node.home().join("suspect"));
        for (path, bytes) in &self.0 {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// Of a node that holds the posts of another and is not running, checks that a damaged text is never shown; returns
/// how many there are.
fn sound(node: &TestNode) -> usize {
    let shown = node.outcome(&["timeline", "--limit", "100"]).lines();
    for post in &shown {
        let text = post["text"].as_str().unwrap();
        assert!(text.starts_with("part ") && text.ends_with(" of what was said"), "{text}");
    }
    shown.len()
}

#[test]
fn what_a_damaged_database_loses_of_others_comes_back() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    for turn in 0..20 {
        cluster.nodes[0].post(&format!("part {turn} of what was said"));
    }
    await_posts(&cluster.nodes[1], 20, "all");
    // Its own follow is an entry too.
    assert_eq!(number(&cluster.nodes[1].verify(), "entries"), 20 + 1);
    let address = cluster.nodes[0].address();
    let reader = &mut cluster.nodes[1];
    reader.stop();
    let saved = Saved::of(reader);
    let db = reader.home().join("db").join("db");
    let content = fs::read(&db).unwrap();
    let used = content.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut random = Random::new(20);
    for turn in 0..24 {
        saved.restore(reader);
        // Half of them near the end, where damage looks like a write that was cut off.
        let from = if turn % 2 == 0 { 0 } else { used - used / 8 };
        let at = from + random.below((used - from) as u64) as usize;
        flip(&db, at);
        let outcome = reader.outcome(&["verify"]);
        let whole = outcome.code == Some(0) && number(&outcome.lines()[0], "entries") == 20 + 1;
        assert!(has_complained(&outcome) || whole, "byte {at} of {used}: {outcome:?}");
        let shown = sound(reader);
        assert!(has_complained(&outcome) || shown == 20, "byte {at} of {used}: {shown} posts");
    }
    saved.restore(reader);
    assert!(damage(reader, "part 7 of what was said") > 0, "the text is not in the database's files");
    let outcome = reader.outcome(&["verify"]);
    assert!(has_complained(&outcome), "nobody has noticed: {outcome:?}");
    assert!(sound(reader) < 20);
    if found(&outcome).0 > 0 {
        // What the message says to do.
        fs::rename(reader.home().join("db"), reader.home().join("db.mine")).unwrap();
    }
    reader.start();
    // Where to find the author was in what is gone.
    reader.cli(&["connect", &address]);
    await_posts(reader, 20, "all again");
    reader.verify();
}

#[test]
fn a_wrecked_database_is_set_aside_and_own_posts_are_there() {
    let mut node = TestNode::new("wrecked");
    for turn in 0..30 {
        node.post(&format!("journalled {turn}"));
    }
    let before = node.timeline();
    let db = node.home().join("db").join("db");
    let length = fs::metadata(&db).unwrap().len();
    let mut file = fs::File::options().write(true).open(&db).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&vec![0x5a; usize::try_from(length.min(1 << 16)).unwrap()]).unwrap();
    drop(file);
    for entry in fs::read_dir(node.home().join("db")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("snap") {
            fs::write(entry.path(), [0x5a; 100]).unwrap();
        }
    }
    node.start();
    assert!(set_aside(&node), "nothing was set aside: {}", node.log_tail());
    let after = node.timeline();
    assert_eq!(after.len(), 30);
    for (now, then) in after.iter().zip(&before) {
        assert_eq!((&now["id"], &now["text"]), (&then["id"], &then["text"]));
    }
    // The log goes on where it was, without a fork.
    assert_eq!(number(&node.one(&["post", "next"]), "seq"), 31);
    node.verify();
}

#[test]
fn a_lost_database_is_completed_from_the_journal() {
    let node = TestNode::new("lost");
    node.post("one");
    node.post("two");
    fs::remove_dir_all(node.home().join("db")).unwrap();
    assert_eq!(node.texts(), ["two", "one"]);
    assert_eq!(number(&node.one(&["post", "three"]), "seq"), 3);
    node.verify();
}

#[test]
fn a_copied_home_goes_on_in_a_log_of_its_own() {
    let mut cluster = Cluster::started(&["original", "reader"]);
    cluster.follow(1, 0);
    cluster.nodes[0].post("before the copy");
    let confidant = TestNode::new("confidant").account();
    cluster.nodes[0].cli(&["follow", &confidant, "--private"]);
    await_text(&cluster.nodes[1], "before the copy");
    cluster.nodes[0].stop();
    let mut copy = TestNode::new("copy");
    let copied = Command::new("cp").arg("-a").arg(cluster.nodes[0].home()).arg(copy.home()).status().unwrap();
    assert!(copied.success());
    assert_eq!(
        number(&copy.one(&["post", "from the copy"]), "seq"),
        1,
        "the copy has gone on in the same log"
    );
    assert_eq!(number(&copy.one(&["post", "from the copy again"]), "seq"), 2);
    assert_eq!(number(&cluster.nodes[0].one(&["post", "from the original"]), "seq"), 2);
    // Also what is written to only in a later run, in another class, goes into a log of its own.
    let stranger = TestNode::new("stranger").account();
    copy.cli(&["follow", &stranger, "--private"]);
    let private: Vec<_> = private_entries(&copy).iter().map(|entry| entry.header.log()).collect();
    assert!(
        private.len() == 2 && private[0] != private[1],
        "the copy has gone on in the same log: {private:?}"
    );
    cluster.nodes[0].start();
    await_text(&cluster.nodes[1], "from the original");
    cluster.nodes[0].stop();
    copy.start();
    copy.cli(&["connect", &cluster.nodes[1].address()]);
    let reader = &cluster.nodes[1];
    await_posts(reader, 4, "both, and no fork");
    reader.verify();
}

#[test]
fn a_home_of_a_newer_version_is_left_alone() {
    let node = TestNode::new("newer");
    node.post("old times");
    let format = node.home().join("format");
    fs::write(&format, "99\n").unwrap();
    let complaint = node.fails(1, &["timeline"]);
    assert!(complaint.contains("99"), "{complaint}");
    assert_eq!(fs::read_to_string(&format).unwrap(), "99\n");
    fs::write(&format, "1\n").unwrap();
    assert_eq!(node.texts(), ["old times"]);
}

#[test]
fn a_disk_nearly_full_takes_own_posts_and_not_others() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.nodes[1].stop();
    cluster.nodes[1].set("MAJLIS_STORE_MIN_FREE", "9000000000000000000");
    cluster.nodes[1].start();
    cluster.follow(1, 0);
    cluster.nodes[0].post("too much");
    let reader = &cluster.nodes[1];
    reader.post("own");
    assert_eq!(reader.texts(), ["own"]);
    // It says so, and takes the rest when there is room.
    crate::support::eventually("it says why", || reader.log_tail().contains("free"));
    assert_eq!(reader.texts(), ["own"]);
    let reader = &mut cluster.nodes[1];
    reader.stop();
    reader.set("MAJLIS_STORE_MIN_FREE", "1");
    reader.start();
    await_posts(reader, 2, "there is room again");
}

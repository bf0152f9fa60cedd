//! Files in a bucket: put there, read from there, removed there, and never lost, whatever becomes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::host;
use crate::s3::{KEY, SECRET, TestBucket};
use crate::support::cluster::{Cluster, await_text};
use crate::support::node::{TestNode, number, text};
use crate::support::random::Random;
use crate::support::{PATIENCE, eventually};

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A page that no other test has, of several groups.
fn page(node: &TestNode, name: &str, bytes: usize) -> PathBuf {
    let path = node.scratch().join(format!("{name}.bin"));
    let seed = name.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte));
    fs::write(&path, Random::new(seed).bytes(bytes)).unwrap();
    path
}

/// Posts a file; the post's id, and the file's.
fn post(node: &TestNode, words: &str, file: &Path) -> (String, String) {
    let id = text(&node.one(&["post", words, "--attach", word(file), "--keep-metadata"]), "id");
    let cid = text(&node.one(&["show", &id])["attachments"][0], "cid");
    (id, cid)
}

fn local(node: &TestNode, folder: &str, cid: &str) -> PathBuf {
    node.home().join("blobs").join(folder).join(cid)
}

fn is_only_there(node: &TestNode, folder: &str, bucket: &TestBucket, prefix: &str, cid: &str) -> bool {
    !local(node, folder, cid).exists() && bucket.file(prefix, cid).exists()
}

fn figures(node: &TestNode) -> serde_json::Value {
    node.one(&["status"])["bucket"].clone()
}

/// A file goes up and from the disk; a friend has it whole, from there; and it goes with its post.
#[test]
fn a_file_in_the_bucket_is_had_by_others_and_goes_with_its_post() {
    let bucket = TestBucket::started();
    let mut cluster = Cluster::new(&["author", "reader"]);
    bucket.set_for(&mut cluster.nodes[0], "authors/one", 0);
    cluster.nodes.iter_mut().for_each(|node| drop(node.start()));
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    // Several parts, and more than one stretch that is read at once.
    let film = page(author, "film", 19_000_003);
    let (id, cid) = post(author, "a film", &film);
    let prefix = "authors/one";
    eventually("the film is in the bucket alone", || is_only_there(author, "own", &bucket, prefix, &cid));
    assert_eq!(fs::read(bucket.file(prefix, &cid)).unwrap(), fs::read(&film).unwrap());
    let said = figures(author);
    assert_eq!((number(&said, "files"), number(&said, "bytes")), (1, 19_000_003));
    assert_eq!((number(&said, "local_bytes"), number(&said, "waiting_files")), (0, 0));
    assert!(
        said["trouble"].is_null() && text(&said, "place").contains("files/authors/one at http://127.0.0.1")
    );

    cluster.follow(1, 0);
    await_text(reader, "a film");
    let copy = reader.scratch().join("copy");
    reader.cli(&["media", "get", &cid, word(&copy)]);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&film).unwrap());
    assert!(
        !local(author, "own", &cid).exists(),
        "pieces are read by stretch, not by bringing all of it here"
    );
    let read = number(&figures(author), "read_bytes");
    assert!((19_000_003..25_000_000).contains(&read), "{read} bytes were read for a film of 19 MB");

    // The owner has it back for as long as it is looked at; a draft's file is nobody else's.
    let own = author.scratch().join("own");
    author.cli(&["media", "get", &cid, word(&own)]);
    assert_eq!(fs::read(&own).unwrap(), fs::read(&film).unwrap());
    let note = page(author, "note", 40_000);
    author.cli(&["post", "--draft", "not yet", "--attach", word(&note), "--keep-metadata"]);
    eventually("the film is away again", || is_only_there(author, "own", &bucket, prefix, &cid));
    assert_eq!(bucket.files(prefix), std::slice::from_ref(&cid), "only what a post names goes there");

    author.cli(&["delete", &id, "--now"]);
    eventually("it is removed there", || bucket.files(prefix).is_empty());
    assert_eq!(number(&figures(author), "removed"), 1);
    for node in [author, reader] {
        node.verify();
        assert!(!node.log().contains(SECRET) && !node.log().contains(KEY), "a key is in the log");
    }
    let shown = author.run_with(&["config"], None).stdout;
    assert!(shown.contains("blobs.cache") && !shown.contains(SECRET));
}

/// The bucket is away: nothing is lost, the node goes on and says so, also when it is killed and started meanwhile.
#[test]
fn while_the_bucket_is_away_files_wait() {
    let mut bucket = TestBucket::started();
    let mut node = TestNode::new("host");
    bucket.set_for(&mut node, "host", 0);
    node.start();
    let first = page(&node, "first", 50_000);
    let (_, before) = post(&node, "before", &first);
    eventually("the first is in the bucket alone", || is_only_there(&node, "own", &bucket, "host", &before));
    bucket.stop();
    let second = page(&node, "second", 60_000);
    let (id, after) = post(&node, "meanwhile", &second);
    eventually("it is said that the bucket is away", || {
        let said = figures(&node);
        said["trouble"].as_str().is_some_and(|trouble| trouble.contains("cannot be reached"))
            && number(&said, "waiting_files") == 1
            && number(&said, "failed") > 0
    });
    let told = host::figures(&node);
    assert_eq!((told["majlis_bucket_away"], told["majlis_bucket_waiting"]), (1, 1));
    let people = node.run_with(&["status"], None).stdout;
    assert!(people.contains("cannot be reached") && people.contains("wait"), "{people}");
    // What is there alone cannot be had, and that is said; what is here can.
    let copy = node.scratch().join("copy");
    let failed = node.fails(1, &["media", "get", &before, word(&copy)]);
    assert!(failed.contains("cannot be reached"), "{failed}");
    node.cli(&["media", "get", &after, word(&copy)]);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&second).unwrap());
    // It was had before, so it is no reason not to start.
    node.kill();
    node.start();
    assert!(node.log().contains("Files wait on this disk"));
    // What is taken back meanwhile goes from there later.
    node.cli(&["delete", &id, "--now"]);
    let third = page(&node, "third", 70_000);
    let (_, last) = post(&node, "at last", &third);
    bucket.start();
    eventually("the last is there", || is_only_there(&node, "own", &bucket, "host", &last));
    let mut there = bucket.files("host");
    there.sort();
    let mut expected = [before.clone(), last];
    expected.sort();
    assert_eq!(there, expected);
    fs::remove_file(&copy).unwrap();
    node.cli(&["media", "get", &before, word(&copy)]);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&first).unwrap());
    eventually("all is well", || host::figures(&node)["majlis_bucket_away"] == 0);
    node.verify();
}

/// The bucket ends in the middle of a film that somebody fetches: it goes on where it was when the bucket is there again.
#[test]
fn a_film_goes_on_where_the_bucket_left_it() {
    const SIZE: u64 = 20_000_000;
    let mut bucket = TestBucket::started();
    let mut cluster = Cluster::new(&["author", "reader"]);
    bucket.set_for(&mut cluster.nodes[0], "author", 0);
    cluster.nodes.iter_mut().for_each(|node| drop(node.start()));
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let film = page(author, "film", SIZE as usize);
    let (_, cid) = post(author, "a film", &film);
    eventually("the film is in the bucket alone", || is_only_there(author, "own", &bucket, "author", &cid));
    cluster.follow(1, 0);
    await_text(reader, "a film");
    bucket.slow_down(150);
    let copy = reader.scratch().join("copy");
    let getting = reader.background(&["media", "get", &cid, word(&copy)]);
    eventually("some of it was read", || number(&figures(author), "read_bytes") > 4_000_000);
    bucket.stop();
    assert!(getting.lines.find(PATIENCE, "it ends", |line| line["cid"] == cid.as_str()).is_none());
    let read = number(&figures(author), "read_bytes");
    assert!(read < SIZE && !copy.exists());
    bucket.slow_down(0);
    bucket.start();
    eventually("it is there as a whole", || {
        reader.outcome(&["media", "get", &cid, word(&copy)]).code == Some(0)
    });
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&film).unwrap());
    let all = number(&figures(author), "read_bytes");
    assert!(all < SIZE + 4_000_000, "{all} bytes were read, {read} of them before");
}

/// What cannot be is said at the start, and how it can.
#[test]
fn a_bucket_that_cannot_be_had_is_told_at_the_start() {
    let mut bucket = TestBucket::started();
    let refused = |set: &[(&str, &str)], expected: &str| {
        let mut node = TestNode::new("refused");
        bucket.set_for(&mut node, "refused", 0);
        for (key, value) in set {
            node.set(key, value);
        }
        let outcome = node.run_with(&["run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"], None);
        assert_eq!(outcome.code, Some(1), "{set:?}: {outcome:?}");
        let said = outcome.stderr;
        assert!(said.contains(expected) && !said.contains(SECRET), "{set:?}: {said}");
        // What asks nothing of the bucket goes on.
        assert_eq!(node.run_with(&["post", "without it"], None).code, Some(0));
    };
    refused(&[("AWS_SECRET_ACCESS_KEY", "wrong")], "refuses these keys");
    refused(&[("AWS_ACCESS_KEY_ID", "nobody")], "refuses these keys");
    refused(&[("AWS_ACCESS_KEY_ID", "")], "AWS_ACCESS_KEY_ID is not in the environment");
    refused(&[("MAJLIS_BLOBS_BUCKET", "other")], "is not there");
    refused(&[("MAJLIS_BLOBS_ENDPOINT", "http://s3.example.org")], "without encryption");
    refused(&[("MAJLIS_BLOBS_ENDPOINT", "https://a:b@s3.example.org")], "holds a password");
    refused(&[("MAJLIS_BLOBS_CREDENTIALS", "keys")], "cannot be read");

    // Keys in a file, which has to be the owner's alone.
    let mut node = TestNode::new("with a file");
    bucket.set_for(&mut node, "file", 0);
    node.set("AWS_ACCESS_KEY_ID", "");
    node.set("MAJLIS_BLOBS_CREDENTIALS", "keys");
    fs::create_dir(node.home()).unwrap();
    let keys = node.home().join("keys");
    fs::write(&keys, format!("AWS_ACCESS_KEY_ID={KEY}\nAWS_SECRET_ACCESS_KEY = \"{SECRET}\"\n")).unwrap();
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = node.run_with(&["run", "--no-mdns"], None);
    assert!(outcome.code == Some(1) && outcome.stderr.contains("chmod 600"), "{outcome:?}");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).unwrap();
    node.start();
    node.stop();

    // Another node's folder is not touched.
    let mut other = TestNode::new("other");
    bucket.set_for(&mut other, "file", 0);
    let outcome = other.run_with(&["run", "--no-mdns"], None);
    assert!(outcome.code == Some(1) && outcome.stderr.contains("--take-bucket"), "{outcome:?}");
    bucket.stop();
    other.set("MAJLIS_BLOBS_PREFIX", "new");
    let outcome = other.run_with(&["run", "--no-mdns"], None);
    assert!(outcome.code == Some(1) && outcome.stderr.contains("cannot be reached"), "{outcome:?}");
}

/// Killed again and again while files go up and from the disk: each is somewhere as a whole at any time.
#[test]
fn a_node_that_is_killed_loses_nothing_between_disk_and_bucket() {
    let bucket = TestBucket::started();
    let mut node = TestNode::new("killed");
    bucket.set_for(&mut node, "killed", 0);
    node.start();
    let mut random = Random::new(11);
    let mut posted = Vec::new();
    for turn in 0..6 {
        for part in 0..3 {
            let file = page(&node, &format!("turn {turn} {part}"), 200_000 + 3_000_000 * part);
            posted.push((post(&node, &format!("turn {turn} {part}"), &file).1, file));
        }
        let pause = u64::from(random.bytes(1)[0]);
        std::thread::sleep(std::time::Duration::from_millis(pause * 4));
        node.kill();
        for (cid, file) in &posted {
            let bytes = [local(&node, "own", cid), bucket.file("killed", cid)].iter().any(|place| {
                fs::metadata(place).is_ok_and(|meta| meta.len() == fs::metadata(file).unwrap().len())
            });
            assert!(bytes, "{cid} is nowhere");
        }
        node.start();
    }
    eventually("all files are in the bucket", || number(&figures(&node), "waiting_files") == 0);
    for (cid, file) in &posted {
        let copy = node.scratch().join(cid);
        node.cli(&["media", "get", cid, word(&copy)]);
        assert_eq!(fs::read(&copy).unwrap(), fs::read(file).unwrap());
    }
    node.verify();
}

/// What the bucket loses or spoils comes again from a peer, and goes there anew; what there is no room for goes from it.
#[test]
fn what_the_bucket_spoils_is_had_from_peers_and_what_has_no_room_goes_from_it() {
    let bucket = TestBucket::started();
    let mut cluster = Cluster::new(&["author", "host"]);
    bucket.set_for(&mut cluster.nodes[1], "host", 0);
    cluster.nodes.iter_mut().for_each(|node| drop(node.start()));
    cluster.follow(1, 0);
    let [author, host] = &cluster.nodes[..] else { unreachable!() };
    let (_, spoilt) = post(author, "spoilt", &page(author, "spoilt", 90_000));
    let (_, gone) = post(author, "gone", &page(author, "gone", 80_000));
    for cid in [&spoilt, &gone] {
        eventually("it is in the bucket alone", || is_only_there(host, "others", &bucket, "host", cid));
    }
    let mut bytes = fs::read(bucket.file("host", &spoilt)).unwrap();
    bytes[40_000] ^= 1;
    fs::write(bucket.file("host", &spoilt), bytes).unwrap();
    fs::remove_file(bucket.file("host", &gone)).unwrap();
    for (cid, name) in [(&spoilt, "spoilt"), (&gone, "gone")] {
        let copy = host.scratch().join(name);
        host.cli(&["media", "get", cid, word(&copy)]);
        assert_eq!(fs::read(&copy).unwrap(), fs::read(author.scratch().join(format!("{name}.bin"))).unwrap());
        eventually("it is put there anew", || is_only_there(host, "others", &bucket, "host", cid));
    }
    host.cli(&["storage", "--keep-media", "85000", "--prune"]);
    eventually("one has gone from the bucket", || bucket.files("host").len() == 1);
    host.verify();
}

/// A backup may leave out what the bucket has; who restores it takes the bucket over, and the node before is told.
#[test]
fn a_restored_node_takes_the_bucket_over() {
    let bucket = TestBucket::started();
    let mut owner = TestNode::new("owner");
    bucket.set_for(&mut owner, "folder", 0);
    owner.start();
    let photo = page(&owner, "photo", 300_000);
    let (id, cid) = post(&owner, "a photo", &photo);
    eventually("it is in the bucket alone", || is_only_there(&owner, "own", &bucket, "folder", &cid));
    let (whole, small) = (owner.scratch().join("whole"), owner.scratch().join("small"));
    owner.cli(&["backup", word(&whole)]);
    owner.cli(&["backup", "--leave-bucket", word(&small)]);
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    assert!(size(&whole) > 300_000 && size(&small) < 100_000, "{} {}", size(&whole), size(&small));
    let phrase = text(&owner.one(&["recovery", "show"]), "phrase");

    let mut again = TestNode::new("again");
    bucket.set_for(&mut again, "folder", 0);
    let outcome = again.run_with(&["--json", "restore", word(&small)], Some(&phrase));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(again.one(&["show", &id])["attachments"][0]["held"], false);
    let outcome = again.run_with(&["run", "--no-mdns"], None);
    assert!(outcome.code == Some(1) && outcome.stderr.contains("--take-bucket"), "{outcome:?}");
    let taking = again.background(&["run", "--no-mdns", "--take-bucket"]);
    taking.lines.await_line("it runs", |line| line["event"] == "ready");
    eventually("the photo is its own", || again.one(&["show", &id])["attachments"][0]["held"] == true);
    let copy = again.scratch().join("copy");
    again.cli(&["media", "get", &cid, word(&copy)]);
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&photo).unwrap());

    // The one before does not start with it any more, and removes nothing there.
    owner.stop();
    owner.cli(&["delete", &id, "--now"]);
    let outcome = owner.run_with(&["run", "--no-mdns"], None);
    assert!(outcome.code == Some(1) && outcome.stderr.contains("--take-bucket"), "{outcome:?}");
    assert_eq!(bucket.files("folder"), [cid]);
}

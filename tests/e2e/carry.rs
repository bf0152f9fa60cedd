//! Posts in a file, between homes that never met.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cluster::comparable;
use crate::support::corpus;
use crate::support::node::{Outcome, TestNode, number, text};
use crate::support::random::Random;

/// Where the bodies of the file's packs lie.
fn packs(file: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (mut at, mut found) = (8, Vec::new());
    while at < file.len() {
        let length = u32::from_be_bytes(file[at + 1..at + 5].try_into().unwrap()) as usize;
        if file[at] == 3 {
            found.push(at + 5..at + 5 + length);
        }
        at += 5 + length;
    }
    found
}

#[test]
fn a_file_carries_posts_to_a_home_that_never_met_their_author() {
    let author = TestNode::new("author");
    let samples: Vec<_> =
        corpus::arabic().into_iter().chain(corpus::english().into_iter().take(200)).collect();
    let from = corpus::write(author.scratch(), "posts.jsonl", &samples);
    author.cli(&["post", "--from", from.to_str().unwrap()]);
    author.cli(&["profile", "--name", "by file"]);
    let file = author.scratch().join("all.majlis");
    let path = file.to_str().unwrap();
    let exported = author.one(&["export", path]);
    assert_eq!(number(&exported, "entries"), samples.len() as u64 + 1);
    assert_eq!(number(&exported, "accounts"), 1);
    author.fails(1, &["export", path]);

    let reader = TestNode::new("reader");
    reader.cli(&["follow", &author.account()]);
    let lines = reader.cli(&["import", path]);
    let [of, imported] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((text(of, "account"), text(of, "name")), (author.account(), "by file".to_owned()));
    assert_eq!(number(of, "entries"), samples.len() as u64 + 1);
    assert_eq!(number(imported, "entries"), samples.len() as u64 + 1);
    assert_eq!(number(imported, "refused"), 0);
    assert_eq!(comparable(&reader.timeline()), comparable(&author.timeline()));
    assert_eq!(reader.timeline()[0]["name"], "by file");
    reader.verify();
    // Again: nothing is new, and nothing is wrong.
    let again = reader.one(&["import", path]);
    assert_eq!((number(&again, "entries"), number(&again, "refused")), (0, 0));
    assert_eq!(number(&again, "held"), samples.len() as u64 + 1);

    // Into a running node.
    let running = TestNode::started("running");
    running.cli(&["follow", &author.account()]);
    running.cli(&["import", path]);
    assert_eq!(running.timeline().len(), samples.len());
}

#[test]
fn a_file_since_a_time_holds_what_came_later() {
    let author = TestNode::new("author");
    author.post("early");
    let later = text(&author.one(&["post", "late"]), "created_at");
    let file = author.scratch().join("late.majlis");
    author.cli(&["export", file.to_str().unwrap(), "--since", &later]);
    let reader = TestNode::new("reader");
    reader.cli(&["follow", &author.account()]);
    reader.cli(&["import", file.to_str().unwrap()]);
    assert_eq!(reader.texts(), ["late"]);
}

#[test]
fn a_tampered_file_is_refused() {
    let author = TestNode::new("author");
    for turn in 0..5 {
        author.post(&format!("the truth, part {turn}"));
    }
    let file = author.scratch().join("true.majlis");
    author.cli(&["export", file.to_str().unwrap()]);
    let truth = fs::read(&file).unwrap();
    let all = author.texts();
    let pack = packs(&truth).pop().unwrap();
    let forged = author.scratch().join("forged.majlis");
    let import = |bytes: &[u8]| {
        fs::write(&forged, bytes).unwrap();
        let reader = TestNode::new("reader");
        reader.cli(&["follow", &author.account()]);
        let outcome = reader.outcome(&["import", forged.to_str().unwrap()]);
        for words in reader.texts() {
            assert!(all.contains(&words), "a forged text was taken in: {words}");
        }
        reader.verify();
        outcome
    };

    // The last byte of the hard section belongs to the newest entry's blind: that entry alone is forged.
    let mut bytes = truth.clone();
    bytes[pack.end - 1] ^= 1;
    let outcome = import(&bytes);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let lines = outcome.lines();
    let counts = lines.last().unwrap();
    assert_eq!((number(counts, "refused"), number(counts, "entries")), (1, 4), "{counts}");

    // Wherever else a bit is wrong, something is refused or the file is not read.
    for at in (0..truth.len()).step_by(truth.len() / 24) {
        let mut bytes = truth.clone();
        bytes[at] ^= 4;
        let outcome = import(&bytes);
        let refused = outcome.code == Some(1) || number(outcome.lines().last().unwrap(), "refused") > 0;
        assert!(refused, "byte {at} of {} was changed and nobody noticed: {outcome:?}", truth.len());
    }

    // Cut short, and not an archive at all.
    assert_eq!(import(&truth[..truth.len() - 1]).code, Some(1));
    assert_eq!(import(&truth[..pack.end]).code, Some(1));
    assert_eq!(import(b"hello").code, Some(1));
    assert_eq!(import(b"").code, Some(1));
}

/// Bytes that nothing makes smaller, in a file beside the home.
fn noise(node: &TestNode, name: &str, bytes: usize) -> PathBuf {
    let path = node.scratch().join(name);
    fs::write(&path, Random::new(bytes as u64).bytes(bytes)).unwrap();
    path
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Has one node say what it has, and another answer: the answer, and what the export said last.
fn answer(from: &TestNode, to: &TestNode, name: &str) -> (PathBuf, serde_json::Value) {
    let (have, file) =
        (to.scratch().join(format!("{name}.have")), from.scratch().join(format!("{name}.majlis")));
    to.cli(&["export", "--have", word(&have)]);
    let lines = from.cli(&["export", "--for", word(&have), word(&file)]);
    assert_eq!(text(&lines[0], "account"), to.account(), "the reader says whose it is");
    (file, lines.last().unwrap().clone())
}

fn brought(outcome: &Outcome) -> Vec<(String, u64, u64)> {
    let lines = outcome.lines();
    let of = lines.iter().filter(|line| line.get("account").is_some());
    of.map(|line| (text(line, "account"), number(line, "entries"), number(line, "files"))).collect()
}

fn is_held(node: &TestNode, id: &str) -> bool {
    node.one(&["show", id])["attachments"][0]["held"] == true
}

/// HAVE-1, HAVE-2, HAVE-6, HAVE-7, HAVE-8. Two nodes that no network joins; one of them runs.
#[test]
fn two_villages_keep_up_with_one_stick() {
    let (author, north, south) =
        (TestNode::new("author"), TestNode::new("north"), TestNode::started("south"));
    for (node, others) in [(&north, [&author, &south]), (&south, [&author, &north])] {
        for other in others {
            node.cli(&["follow", &other.account()]);
        }
    }
    let photo = noise(&author, "photo.bin", 300_000);
    let from_author =
        text(&author.one(&["post", "a picture", "--keep-metadata", "--attach", word(&photo)]), "id");
    for turn in 0..150 {
        author.post(&format!("post {turn}"));
    }
    let all = author.scratch().join("all.majlis");
    author.cli(&["export", word(&all)]);
    north.cli(&["import", word(&all)]);
    assert!(is_held(&north, &from_author), "files are in an export");

    // To the south goes all: what the north says, and what it has of the author.
    let from_north = text(
        &north.one(&[
            "post",
            "mine",
            "--keep-metadata",
            "--attach",
            word(&noise(&north, "mine.bin", 20_000)),
        ]),
        "id",
    );
    let (file, counts) = answer(&north, &south, "first");
    assert_eq!((number(&counts, "accounts"), number(&counts, "files")), (2, 2), "{counts}");
    let outcome = south.outcome(&["import", word(&file)]);
    let mut of: Vec<_> = brought(&outcome);
    of.sort_by_key(|(_, entries, _)| *entries);
    assert_eq!(
        of.iter().map(|(of, _, files)| (of.as_str(), *files)).collect::<Vec<_>>(),
        [(north.account().as_str(), 1), (author.account().as_str(), 1)]
    );
    assert!(is_held(&south, &from_author) && is_held(&south, &from_north));
    assert_eq!(comparable(&south.timeline()), comparable(&north.timeline()));

    // And back goes only what the north lacks.
    let from_south = text(
        &south.one(&[
            "post",
            "ours",
            "--keep-metadata",
            "--attach",
            word(&noise(&south, "ours.bin", 40_000)),
        ]),
        "id",
    );
    let (file, counts) = answer(&south, &north, "back");
    assert_eq!((number(&counts, "accounts"), number(&counts, "files")), (1, 1), "{counts}");
    assert!(fs::metadata(&file).unwrap().len() < 50_000, "{:?}", fs::metadata(&file));
    north.cli(&["import", word(&file)]);
    assert!(is_held(&north, &from_south));

    // Nothing is lacking now, on either side.
    for (from, to) in [(&north, &south), (&south, &north)] {
        let (file, counts) = answer(from, to, "nothing");
        assert_eq!(number(&counts, "entries") + number(&counts, "files"), 0, "{counts}");
        assert!(fs::metadata(&file).unwrap().len() < 100);
    }
    // A taken back post is told too, and one more post is all there is to carry.
    author.post("one more");
    let (file, counts) = answer(&author, &north, "more");
    assert_eq!((number(&counts, "entries"), number(&counts, "files")), (1, 0), "{counts}");
    north.cli(&["import", word(&file)]);
    assert_eq!(comparable(&north.timeline_of(&author.account())), comparable(&author.timeline()));
    for node in [&author, &north, &south] {
        node.verify();
    }
}

/// HAVE-5, HAVE-6.
#[test]
fn a_private_follow_is_in_no_have_file_and_in_no_answer() {
    let (hidden, owner, other) = (TestNode::new("hidden"), TestNode::new("owner"), TestNode::new("other"));
    let secret = noise(&hidden, "secret.bin", 30_000);
    let words = ["post", "only for some", "--keep-metadata", "--attach", word(&secret)];
    hidden.cli(&words);
    let all = hidden.scratch().join("all.majlis");
    hidden.cli(&["export", word(&all)]);
    for node in [&owner, &other] {
        let private: &[&str] = if node.account() == owner.account() { &["--private"] } else { &[] };
        node.cli(&[&["follow", hidden.account().as_str()], private].concat());
    }
    owner.cli(&["follow", &other.account()]);
    other.cli(&["follow", &owner.account()]);
    owner.cli(&["import", word(&all)]);
    owner.post("hello");
    // Who asks for the hidden account gets nothing of it.
    let (file, counts) = answer(&owner, &other, "asked");
    assert_eq!((number(&counts, "accounts"), number(&counts, "files")), (1, 0), "{counts}");
    other.cli(&["import", word(&file)]);
    assert_eq!(other.texts(), ["hello"]);
    // Nor does one who posts the same file to find out whether it is there.
    other.cli(&["post", "the same", "--keep-metadata", "--attach", word(&secret)]);
    let (file, _) = answer(&other, &owner, "probe");
    owner.cli(&["import", word(&file)]);
    let third = TestNode::new("third");
    third.cli(&["follow", &other.account()]);
    let (_, counts) = answer(&owner, &third, "third");
    assert_eq!((number(&counts, "accounts"), number(&counts, "files")), (1, 0), "{counts}");
    // The owner does not ask for it, so whoever has it does not give it.
    other.cli(&["import", word(&all)]);
    let have = owner.scratch().join("owner.have");
    let said = owner.one(&["export", "--have", word(&have)]);
    assert_eq!(number(&said, "accounts"), 2, "their own, and one that is followed for all to see: {said}");
    let (_, counts) = answer(&other, &owner, "again");
    assert_eq!(number(&counts, "entries"), 0, "{counts}");
}

/// ARCH-6, ARCH-7: what a file brings is taken where a post names it, and what is not whole is not there.
#[test]
fn a_damaged_file_gives_what_is_whole_of_it() {
    let author = TestNode::new("author");
    let photo = noise(&author, "photo.bin", 500_000);
    let id = text(&author.one(&["post", "a picture", "--keep-metadata", "--attach", word(&photo)]), "id");
    author.post("another");
    let all = author.scratch().join("all.majlis");
    author.cli(&["export", word(&all)]);
    let bytes = fs::read(&all).unwrap();
    let broken = author.scratch().join("broken.majlis");
    let reader = TestNode::new("reader");
    reader.cli(&["follow", &author.account()]);

    // Cut off within the picture: the posts are there, and the command fails and says why.
    fs::write(&broken, &bytes[..bytes.len() - 200_000]).unwrap();
    let outcome = reader.outcome(&["import", word(&broken)]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("ends early"), "{outcome:?}");
    assert_eq!(number(outcome.lines().last().unwrap(), "entries"), 2);
    assert_eq!(reader.texts().len(), 2);
    assert!(!is_held(&reader, &id));
    // A wrong byte in the rest of the picture: that piece is refused, and the others wait.
    let mut wrong = bytes.clone();
    let at = wrong.len() - 100_000;
    wrong[at] ^= 1;
    fs::write(&broken, &wrong).unwrap();
    let counts = reader.one(&["import", word(&broken)]);
    assert_eq!((number(&counts, "refused"), number(&counts, "files"), number(&counts, "held")), (1, 0, 2));
    assert!(!is_held(&reader, &id));
    let lines = reader.cli(&["import", word(&all)]);
    assert_eq!((number(&lines[0], "entries"), number(&lines[0], "files")), (0, 1), "{lines:?}");
    assert!(is_held(&reader, &id));

    // Who does not hold the post does not take its picture.
    let stranger = TestNode::new("stranger");
    let pieces: Vec<u8> = [&bytes[..8], &records(&bytes, 4).concat()].concat();
    fs::write(&broken, &pieces).unwrap();
    let outcome = stranger.outcome(&["import", word(&broken)]);
    assert_eq!((outcome.code, outcome.lines()[0]["files"].clone()), (Some(1), 0.into()), "{outcome:?}");
    assert_eq!(fs::read_dir(stranger.home().join("blobs/part")).unwrap().count(), 0);
    // Where there is no room for files, posts come all the same.
    let mut small = TestNode::new("small");
    small.set("MAJLIS_NODE_MEDIA_QUOTA", "400000");
    small.cli(&["follow", &author.account()]);
    let lines = small.cli(&["import", word(&all)]);
    let counts = lines.last().unwrap();
    assert_eq!((number(counts, "entries"), number(counts, "files"), number(counts, "left")), (2, 0, 1));
    // What one keeps for one's own devices is in a log of class 1, which nobody else takes.
    let mut private = bytes.clone();
    let pack = packs(&bytes)[0].clone();
    private[pack.start + 64] = 1;
    fs::write(&broken, &private).unwrap();
    let outcome = reader.outcome(&["import", word(&broken)]);
    assert_eq!((outcome.code, &outcome.lines()[0]["refused"]), (Some(1), &2.into()), "{outcome:?}");
}

/// The records of a type, whole.
fn records(file: &[u8], kind: u8) -> Vec<Vec<u8>> {
    let (mut at, mut found) = (8, Vec::new());
    while at < file.len() {
        let end = at + 5 + u32::from_be_bytes(file[at + 1..at + 5].try_into().unwrap()) as usize;
        if file[at] == kind {
            found.push(file[at..end].to_vec());
        }
        at = end;
    }
    found
}

#[test]
fn an_export_chooses_accounts_and_files() {
    let nodes: Vec<_> = ["one", "two", "three"].map(TestNode::new).into();
    let [one, two, three] = &nodes[..] else { unreachable!() };
    for (node, bytes) in [(two, 10_000), (three, 60_000)] {
        node.cli(&[
            "post",
            "with a file",
            "--keep-metadata",
            "--attach",
            word(&noise(node, "file.bin", bytes)),
        ]);
        let all = node.scratch().join("all.majlis");
        node.cli(&["export", word(&all)]);
        one.cli(&["follow", &node.account()]);
        one.cli(&["import", word(&all)]);
    }
    let export = |name: &str, arguments: &[&str]| {
        let file = one.scratch().join(name);
        let counts = one.one(&[&["export", word(&file)], arguments].concat());
        ["accounts", "entries", "files"].map(|what| number(&counts, what))
    };
    let (second, third) = (two.account(), three.account());
    assert_eq!(export("all", &[]), [3, 4, 2]);
    assert_eq!(export("both", &["--account", &second, "--account", &third]), [2, 2, 2]);
    assert_eq!(export("two", &["--account", &second]), [1, 1, 1]);
    assert_eq!(export("none", &["--no-files"]), [3, 4, 0]);
    assert_eq!(export("small", &["--files-below", "50kB"]), [3, 4, 1]);
    // A have file takes the place of an older one, and of nothing else.
    let have = one.scratch().join("one.have");
    one.cli(&["export", "--have", word(&have)]);
    one.cli(&["export", "--have", word(&have)]);
    assert!(one.fails(1, &["export", "--have", word(&one.scratch().join("all"))]).contains("no have file"));
    assert!(one.fails(1, &["import", word(&have)]).contains("have file"));
    let out = one.scratch().join("out");
    assert!(
        one.fails(1, &["export", "--for", word(&one.scratch().join("all")), word(&out)])
            .contains("not a have file")
    );
    let mut forged = fs::read(&have).unwrap();
    forged[100] ^= 1;
    fs::write(&have, forged).unwrap();
    assert!(one.fails(1, &["export", "--for", word(&have), word(&out)]).contains("signature"));
    assert!(!out.exists());
}

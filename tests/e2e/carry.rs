//! Posts in a file, between homes that never met.

use std::fs;

use crate::support::cluster::comparable;
use crate::support::corpus;
use crate::support::node::{TestNode, number, text};

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
    let imported = reader.one(&["import", path]);
    assert_eq!(number(&imported, "entries"), samples.len() as u64 + 1);
    assert_eq!(number(&imported, "refused"), 0);
    assert_eq!(comparable(&reader.timeline()), comparable(&author.timeline()));
    assert_eq!(reader.timeline()[0]["name"], "by file");
    reader.verify();
    // Again: nothing is new, and nothing is wrong.
    let again = reader.one(&["import", path]);
    assert_eq!((number(&again, "entries"), number(&again, "refused")), (0, 0));

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
    let counts = &outcome.lines()[0];
    assert_eq!((number(counts, "refused"), number(counts, "entries")), (1, 4), "{counts}");

    // Wherever else a bit is wrong, something is refused or the file is not read.
    for at in (0..truth.len()).step_by(truth.len() / 24) {
        let mut bytes = truth.clone();
        bytes[at] ^= 4;
        let outcome = import(&bytes);
        let refused = outcome.code == Some(1) || number(&outcome.lines()[0], "refused") > 0;
        assert!(refused, "byte {at} of {} was changed and nobody noticed: {outcome:?}", truth.len());
    }

    // Cut short, and not an archive at all.
    assert_eq!(import(&truth[..truth.len() - 1]).code, Some(1));
    assert_eq!(import(&truth[..pack.end]).code, Some(1));
    assert_eq!(import(b"hello").code, Some(1));
    assert_eq!(import(b"").code, Some(1));
}

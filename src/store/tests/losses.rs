//! What the end of a damaged database loses is noticed, and nothing else is taken for it.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Author, NOW, config, fresh, know, open, put};
use crate::store::{Batch, OpenReport, Store};

/// A home filled entry by entry, as gossip does, and closed; how many entries it holds.
fn filled(posts: usize, text: &str) -> (tempfile::TempDir, usize) {
    let (dir, store) = fresh();
    let mut owner = Author::new(1);
    let identity = owner.identity();
    store.append_own_identity(&identity).unwrap();
    know(&store, identity);
    let own = owner.posts(3);
    store.append_own(&own).unwrap();
    store.commit_blocking(Batch { now_ms: NOW, own: true, entries: own.into(), ..Batch::default() }).unwrap();
    let mut other = Author::new(2);
    know(&store, other.identity());
    for turn in 0..posts {
        put(&store, [other.post(&format!("{turn} {text}"))]);
        store.set_setting(b"turn", Some(&turn.to_be_bytes())).unwrap();
    }
    store.close();
    (dir, posts + 3)
}

fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path(), fs::read(entry.path()).unwrap()));
        }
    }
    found
}

/// Puts the files of a home back in place, the marker of which home it is included.
fn restore(home: &Path, saved: &[(PathBuf, Vec<u8>)]) {
    for entry in fs::read_dir(home).unwrap().flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    for (path, bytes) in saved {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    // What damage to a database leaves behind.
    let _ = fs::remove_file(home.join("suspect"));
}

/// Flips bits one after the other all over the database: everything is there still, or the loss is noticed.
fn flip_all_over(home: &Path, entries: usize, flips: usize) {
    let saved = files(home);
    let db = home.join("db/db");
    let (_, bytes) = saved.iter().find(|(path, _)| *path == db).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut cut = 0;
    for turn in 0..flips {
        restore(home, &saved);
        // Half of them in the last eighth, where damage looks like a write that was cut off.
        let at = if turn % 2 == 0 { used * turn / flips } else { used - 1 - used * turn / flips / 8 };
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (turn % 8);
        fs::write(&db, damaged).unwrap();
        let (store, report) = open(home);
        let checked = store.check();
        let bad = checked.as_ref().map_or(true, |report| !report.bad.is_empty());
        let noticed = report.lost.is_some() || report.set_aside.is_some() || report.bad_rows > 0 || bad;
        let held = store.stats().unwrap().entries;
        assert!(noticed || held == entries, "byte {at} of {used}: {held} of {entries} and {report:?}");
        if let Some(lost) = report.lost {
            cut += 1;
            assert_eq!(lost as usize, entries - held, "byte {at} of {used}");
            assert_eq!(checked.unwrap().missing, lost);
            assert_eq!(store.check().unwrap().missing, 0, "it is said once");
        }
        drop(store);
        assert_eq!(open(home).1.lost, None, "byte {at} of {used}: the same loss again");
    }
    assert!(cut > 0, "no end was lost: the test is blind");
}

#[test]
fn a_flipped_bit_is_noticed_or_does_no_harm() {
    let (dir, entries) = filled(60, "in short");
    flip_all_over(dir.path(), entries, 48);
}

#[test]
fn a_flipped_bit_in_a_database_of_several_segments_is_noticed_or_does_no_harm() {
    let (dir, entries) = filled(150, &"at length ".repeat(2_000));
    flip_all_over(dir.path(), entries, 24);
}

#[test]
fn nothing_else_is_taken_for_a_loss() {
    let (dir, _) = filled(30, "whole");
    let home = dir.path();
    let reopened = |what: &str| {
        let (store, report) = open(home);
        assert_eq!(report, OpenReport::default(), "{what}");
        store
    };
    let store = reopened("closed");
    let mut third = Author::new(3);
    know(&store, third.identity());
    let posts = third.posts(10);
    let gone = posts[4].id;
    put(&store, posts);
    // As a kill leaves it, wherever it strikes.
    let killed = tempfile::tempdir().unwrap();
    let image = |store: &Store, what: &str| {
        let to = killed.path().join(what);
        super::homes::copy_dir(home, &to);
        let expected = store.stats().unwrap().entries;
        let (copy, report) = open(&to);
        assert_eq!((report.lost, report.set_aside), (None, None), "{what}");
        assert_eq!(copy.stats().unwrap().entries, expected, "{what}");
    };
    image(&store, "in the middle");
    put(&store, [third.delete(gone)]);
    image(&store, "after a deletion");
    assert!(store.purge(NOW + config().erase_after_ms * 2, &[]).unwrap().compacted);
    image(&store, "after a compaction");
    store.forget_account(&third.account).unwrap();
    image(&store, "after forgetting");
    store.close();
    let store = reopened("after a compaction and forgetting");
    assert_eq!(store.check().unwrap().missing, 0);
    drop(store);

    // A home of an older version has neither a note nor a name in its database.
    fs::remove_file(home.join("tally")).unwrap();
    {
        let db = sled::Config::new().path(home.join("db")).segment_size(8 << 20).open().unwrap();
        db.insert(b"mborn", b"").unwrap();
        db.remove(b"mapplied").unwrap();
        db.flush().unwrap();
    }
    drop(reopened("an older version"));
    drop(reopened("an older version, opened before"));

    // The owner has moved the database away.
    fs::remove_dir_all(home.join("db")).unwrap();
    let (store, report) = open(home);
    assert_eq!((report.lost, report.recovered), (None, 3));
    drop(store);
    drop(reopened("a fresh database"));
}

#[test]
fn a_database_from_before_the_note_is_noticed() {
    let (dir, _) = filled(20, "kept");
    let before = files(&dir.path().join("db"));
    let (store, _) = open(dir.path());
    let mut other = Author::new(4);
    know(&store, other.identity());
    put(&store, other.posts(7));
    // Entries of one's own come back from the journal and are not missing.
    let mut owner = Author::new(1);
    owner.seq = 3;
    owner.tail = store.own_tail(0).unwrap().id;
    let own = owner.posts(2);
    store.append_own(&own).unwrap();
    store.commit_blocking(Batch { now_ms: NOW, own: true, entries: own.into(), ..Batch::default() }).unwrap();
    store.close();
    drop(store);
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    for (path, bytes) in before {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let (store, report) = open(dir.path());
    assert_eq!((report.lost, report.recovered), (Some(7), 2));
    // Back again, nothing is missing.
    know(&store, other.identity());
    let mut other = Author::new(4);
    know(&store, other.identity());
    put(&store, other.posts(7));
    assert_eq!(store.check().unwrap().missing, 0);
}

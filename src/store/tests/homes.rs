//! Homes: locked, copied, newer, damaged, full; and the journal that completes them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::support::{Author, NOW, config, fresh, know, open, put, texts};
use crate::store::{Batch, OpenReport, Store, StoreConfig, StoreError};

fn own(store: &Store, author: &mut Author, count: usize) -> Vec<majlis_protocol::EntryId> {
    let doc = author.identity();
    store.append_own_identity(&doc).unwrap();
    know(store, doc);
    let entries = author.posts(count);
    store.append_own(&entries).unwrap();
    entries.iter().map(|entry| entry.id).collect()
}

#[test]
fn a_second_opener_is_told_who_holds_the_home() {
    let (dir, _store) = fresh();
    let error = Store::open(dir.path(), config()).err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
}

#[test]
fn a_newer_format_is_left_alone() {
    let (dir, store) = fresh();
    drop(store);
    fs::write(dir.path().join("format"), "2\n").unwrap();
    let error = Store::open(dir.path(), config()).err().unwrap();
    assert!(matches!(error, StoreError::NewerFormat { found: 2, known: 1, .. }), "{error}");
}

#[test]
fn a_copied_home_is_noticed_once() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    let ids = own(&store, &mut author, 2);
    drop(store);
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir.path(), copy.path());
    let (store, report) = open(copy.path());
    assert!(report.copied_home);
    assert!(store.own_tail(0).unwrap().ended);
    drop(store);
    // However often it is opened, and after its journal was written anew, the log that was copied is not gone on with.
    let (store, report) = open(copy.path());
    assert!(!report.copied_home && store.own_tail(0).unwrap().ended);
    store.purge(NOW * 2, &[ids[0]]).unwrap();
    drop(store);
    assert!(open(copy.path()).0.own_tail(0).unwrap().ended);
    let (store, report) = open(dir.path());
    assert!(!report.copied_home && !store.own_tail(0).unwrap().ended);
    drop(store);
    fs::remove_file(dir.path().join("instance")).unwrap();
    assert!(open(dir.path()).1.copied_home);
}

pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(name.file_name());
        if name.path().is_dir() {
            copy_dir(&name.path(), &target);
        } else {
            fs::copy(name.path(), target).unwrap();
        }
    }
}

fn check_modes(dir: &Path) {
    assert_eq!(fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o700, "{}", dir.display());
    for name in fs::read_dir(dir).unwrap().flatten() {
        if name.path().is_dir() {
            check_modes(&name.path());
        } else {
            let mode = name.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", name.path().display());
        }
    }
}

#[test]
fn files_are_their_owners_alone() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    own(&store, &mut author, 1);
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    check_modes(dir.path());
}

#[test]
fn what_was_acknowledged_is_put_back_from_the_journal() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    let ids = own(&store, &mut author, 5);
    let tail = store.own_tail(0).unwrap();
    assert_eq!((tail.key, tail.seq, tail.id), (author.log, 5, ids[4]));
    // Nothing was committed: the process died.
    store.close();
    let (store, report) = open(dir.path());
    assert_eq!((report.recovered, report.unrecovered), (5, 0));
    assert_eq!(store.own_tail(0), Some(tail));
    assert_eq!(store.own_tail(1), None);
    assert_eq!(texts(&store, 9).len(), 5);
}

#[test]
fn a_torn_record_is_cut_off_wherever_it_tears() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    own(&store, &mut author, 2);
    let journal = dir.path().join("journal");
    let before = fs::read(&journal).unwrap();
    store.append_own(&[author.post("the last")]).unwrap();
    store.close();
    let whole = fs::read(&journal).unwrap();
    for keep in [before.len() + 1, before.len() + 15, before.len() + 100, whole.len() - 1] {
        fs::write(&journal, &whole[..keep]).unwrap();
        let (store, report) = open(dir.path());
        assert_eq!(report.torn_bytes, (keep - before.len()) as u64);
        let tail = store.own_tail(0).unwrap();
        assert!(!report.journal_damaged && !tail.ended);
        assert_eq!(tail.seq, 2);
        assert_eq!(fs::read(&journal).unwrap(), before);
        drop(store);
    }
    // The next record follows the cut.
    let (store, _) = open(dir.path());
    author.seq = 2;
    author.tail = store.own_tail(0).unwrap().id;
    store.append_own(&[author.post("another")]).unwrap();
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!((report.torn_bytes, store.own_tail(0).unwrap().seq), (0, 3));
}

#[test]
fn damage_in_the_middle_of_the_journal_is_reported_and_passed_over() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    own(&store, &mut author, 9);
    store.close();
    let journal = dir.path().join("journal");
    let mut bytes = fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let (store, report) = open(dir.path());
    assert!(report.journal_damaged);
    assert_eq!(report.recovered, 8);
    let tail = store.own_tail(0).unwrap();
    assert!(tail.ended);
    assert_eq!(tail.seq, 9);
    drop(store);
    // It has had its consequence: it is reported once, and what was signed before stays ended.
    let (store, report) = open(dir.path());
    assert!(!report.journal_damaged && store.own_tail(0).unwrap().ended);
    author.log.log_id = majlis_protocol::LogId::new(0, 99);
    (author.seq, author.tail) = (0, majlis_protocol::EntryId::ZERO);
    store.append_own(&[author.post("in a new log")]).unwrap();
    drop(store);
    let tail = open(dir.path()).0.own_tail(0).unwrap();
    assert_eq!((tail.key, tail.seq, tail.ended), (author.log, 1, false));
}

#[test]
fn a_damaged_database_is_set_aside_and_own_posts_come_back() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    own(&store, &mut author, 40);
    let mut other = Author::new(2);
    know(&store, other.identity());
    put(&store, other.posts(500));
    store.close();
    drop(store);
    let file = dir.path().join("db/db");
    let mut bytes = fs::read(&file).unwrap();
    let len = bytes.len();
    for byte in &mut bytes[..len.min(300_000)] {
        *byte ^= 0x5a;
    }
    fs::write(&file, &bytes).unwrap();
    let (store, report) = open(dir.path());
    let aside = report.set_aside.clone().unwrap();
    assert!(aside.exists());
    assert_eq!((report.recovered, report.unrecovered), (40, 0));
    assert_eq!(texts(&store, 1_000).len(), 40);
    assert!(store.replica().account(&other.account).is_none());
    store.close();
    assert_eq!(open(dir.path()).1, OpenReport::default());
}

#[test]
fn a_row_that_is_gone_is_noticed_and_the_next_start_rebuilds() {
    let (dir, store) = fresh();
    let (mut author, mut other) = (Author::new(1), Author::new(2));
    know(&store, other.identity());
    put(&store, other.posts(40));
    own(&store, &mut author, 40);
    store.close();
    drop(store);
    let remove_first_row = || {
        let db = sled::Config::new().path(dir.path().join("db")).segment_size(8 << 20).open().unwrap();
        let row = db.scan_prefix(b"c").next().unwrap().unwrap();
        db.remove(row.0).unwrap();
        db.flush().unwrap();
    };
    open(dir.path()).0.close();
    // Another's: nothing reads it until it is asked for.
    remove_first_row();
    let (store, report) = open(dir.path());
    assert_eq!(report, OpenReport::default());
    assert_eq!(store.check().unwrap().bad.len(), 1);
    drop(store);
    let (store, report) = open(dir.path());
    assert!(report.set_aside.is_some());
    assert_eq!(report.recovered, 40);
    assert_eq!(store.check().unwrap().bad, []);
    drop(store);
    assert_eq!(open(dir.path()).1, OpenReport::default());
    // One's own: it is looked at when the journal is compared.
    remove_first_row();
    let (store, report) = open(dir.path());
    assert_eq!((report.set_aside.is_some(), report.recovered), (true, 40));
    assert_eq!(texts(&store, 99).len(), 40);
}

#[test]
fn below_the_floor_only_own_posts_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreConfig { min_free: u64::MAX, ..config() }).unwrap();
    let mut author = Author::new(1);
    let batch = Batch { now_ms: NOW, identities: vec![author.identity()], ..Batch::default() };
    let error = store.commit_blocking(batch.clone()).err().unwrap();
    assert!(matches!(error, StoreError::DiskNearlyFull { floor: u64::MAX, .. }), "{error}");
    store.commit_blocking(Batch { own: true, ..batch }).unwrap();
}

#[test]
fn too_much_waiting_is_refused_as_busy() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), StoreConfig { queue_bytes: 1, ..config() }).unwrap();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let waiting: Vec<_> = author
        .posts(200)
        .into_iter()
        .map(|entry| store.commit(Batch { now_ms: NOW, entries: vec![entry].into(), ..Batch::default() }))
        .collect();
    let outcomes: Vec<_> = waiting.into_iter().map(|one| one.blocking_recv().unwrap()).collect();
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Busy))).count();
    assert!(busy > 0 && busy < 200, "{busy} of 200 were refused");
}

#[test]
fn a_home_that_cannot_be_made_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::File::create(&file).unwrap().write_all(b"x").unwrap();
    let error = Store::open(&file.join("home"), config()).err().unwrap();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

/// sled's threads end a moment after the last handle on a database, and have it locked until then.
#[test]
fn a_database_that_is_being_let_go_of_is_waited_for() {
    let (dir, store) = fresh();
    store.close();
    let held = std::fs::File::open(dir.path().join("db/db")).unwrap();
    held.lock().unwrap();
    let lets_go = std::thread::spawn(move || {
        // Longer than it takes to come to the lock, so that whoever does not wait fails.
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(held);
    });
    open(dir.path());
    lets_go.join().unwrap();
}

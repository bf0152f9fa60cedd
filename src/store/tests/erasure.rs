//! What is taken back is hidden at once, can be restored for a while, and is then in no file.

use std::fs;

use majlis_protocol::Payload;
use majlis_protocol::identity::Ended;

use super::support::{Author, NOW, files_hold, fresh, know, open, put, texts};
use crate::store::{Batch, PurgeReport, StoreConfig};

const SECRET: &str = "a sentence that nobody should find";

#[test]
fn a_delete_counts_before_and_after_its_target() {
    for before in [true, false] {
        let (_dir, store) = fresh();
        let mut author = Author::new(1);
        know(&store, author.identity());
        let entries = author.posts(3);
        let delete = author.delete(entries[1].id);
        let by = delete.id;
        if before {
            put(&store, [delete.clone()]);
        }
        put(&store, entries.clone());
        if !before {
            put(&store, [delete]);
        }
        assert_eq!(texts(&store, 9), ["post 2", "post 0"]);
        assert_eq!(store.entry(&entries[1].id).unwrap().unwrap().entry.payload, Payload::Deleted(by));
        assert_eq!(put(&store, [entries[1].clone()]).duplicates, 1);
        assert_eq!(texts(&store, 9), ["post 2", "post 0"]);
        assert_eq!(store.check().unwrap().bad, []);
    }
}

#[test]
fn a_delete_cannot_be_taken_back() {
    for first in [true, false] {
        let (_dir, store) = fresh();
        let mut author = Author::new(1);
        know(&store, author.identity());
        let entries = author.posts(3);
        let delete = author.delete(entries[1].id);
        let of_delete = author.delete(delete.id);
        put(&store, entries);
        put(&store, if first { [of_delete.clone(), delete.clone()] } else { [delete.clone(), of_delete] });
        assert_eq!(texts(&store, 9), ["post 2", "post 0"]);
        assert_eq!(store.entry(&delete.id).unwrap().unwrap().entry.payload, delete.payload);
    }
}

#[test]
fn nobody_can_take_back_what_another_account_has_said() {
    let (_dir, store) = fresh();
    let (mut author, mut other) = (Author::new(1), Author::new(2));
    know(&store, author.identity());
    know(&store, other.identity());
    let entry = author.post("mine");
    put(&store, [other.delete(entry.id)]);
    put(&store, [entry.clone()]);
    put(&store, [other.delete(entry.id)]);
    assert_eq!(texts(&store, 9), ["mine"]);
}

#[test]
fn a_purge_leaves_no_byte_in_any_file() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    let doc = author.identity();
    store.append_own_identity(&doc).unwrap();
    know(&store, doc);
    let entry = author.post(SECRET);
    let kept = author.post("kept for ever");
    let own = [entry.clone(), kept, author.delete(entry.id)];
    store.append_own(&own).unwrap();
    let batch = Batch { now_ms: NOW, own: true, entries: own.into(), ..Batch::default() };
    store.commit_blocking(batch).unwrap();
    assert!(files_hold(dir.path(), SECRET.as_bytes()));
    // The grace has not passed.
    assert_eq!(store.purge(NOW + 1, &[]).unwrap(), PurgeReport::default());
    assert!(files_hold(dir.path(), SECRET.as_bytes()));
    let report = store.purge(NOW + StoreConfig::default().erase_after_ms, &[]).unwrap();
    assert_eq!((report.erased, report.journal, report.compacted), (1, 1, true));
    assert!(!files_hold(dir.path(), SECRET.as_bytes()));
    assert!(files_hold(dir.path(), b"kept for ever"));
    assert_eq!(texts(&store, 9), ["kept for ever"]);
    assert_eq!(store.check().unwrap().bad, []);
    put(&store, [author.post("and on")]);
    store.close();
    let (store, report) = open(dir.path());
    assert_eq!((report.recovered, report.bad_rows), (0, 0));
    assert_eq!(texts(&store, 9), ["and on", "kept for ever"]);
    assert!(!files_hold(dir.path(), SECRET.as_bytes()));
}

#[test]
fn a_post_that_was_taken_back_before_it_came_is_never_written() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entry = author.post(SECRET);
    put(&store, [author.delete(entry.id)]);
    put(&store, [entry]);
    assert!(!files_hold(dir.path(), SECRET.as_bytes()));
}

#[test]
fn forced_erasure_does_not_wait() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entry = author.post(SECRET);
    put(&store, [entry.clone()]);
    put(&store, [author.delete(entry.id)]);
    assert!(store.taken_back(&entry.id).unwrap().is_some());
    assert_eq!(store.purge(NOW, &[entry.id]).unwrap().erased, 1);
    assert!(store.taken_back(&entry.id).unwrap().is_none());
    assert!(!files_hold(dir.path(), SECRET.as_bytes()));
    // A second purge has nothing to do.
    assert_eq!(store.purge(NOW, &[entry.id]).unwrap(), PurgeReport::default());
}

#[test]
fn an_account_that_ends_with_erasure_is_emptied() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(100);
    put(&store, entries[..90].to_vec());
    let listed = author.listed();
    know(&store, author.identity_with(listed, Some(Ended { at: 5, erase: true })));
    put(&store, entries[90..].to_vec());
    assert_eq!(texts(&store, 200).len(), 0);
    assert_eq!(store.purge(NOW * 2, &[]).unwrap().erased, 90);
    assert_eq!(store.stats().unwrap().entries, 100);
}

#[test]
fn voided_posts_lose_their_bytes_after_the_grace() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(4);
    put(&store, entries.clone());
    put(&store, [author.post(SECRET)]);
    let fork = author.sign_at(4, entries[2].id, 4_500, &super::support::post("fork"));
    put(&store, [fork]);
    assert_eq!(store.purge(NOW, &[]).unwrap().voided, 0);
    assert!(store.purge(NOW * 2, &[]).unwrap().voided > 0);
    assert!(!files_hold(dir.path(), SECRET.as_bytes()));
    assert_eq!(texts(&store, 9), ["post 2", "post 1", "post 0"]);
    assert_eq!(store.check().unwrap().bad, []);
}

#[test]
fn a_compaction_can_be_cut_off_at_any_step() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    put(&store, author.posts(100));
    store.close();
    drop(store);
    let path = |name: &str| dir.path().join(name);
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(path(to).join("blobs")).unwrap();
        for name in fs::read_dir(path(from)).unwrap().flatten().filter(|name| !name.path().is_dir()) {
            fs::copy(name.path(), path(to).join(name.file_name())).unwrap();
        }
    };
    let intact = || {
        let (store, report) = open(dir.path());
        assert_eq!((report.set_aside, report.bad_rows), (None, 0));
        assert_eq!(texts(&store, 200).len(), 100);
        store.close();
        for name in ["db.new", "db.ready", "db.old"] {
            assert!(!path(name).exists(), "{name} is left over");
        }
    };
    // While it is being copied.
    fs::create_dir_all(path("db.new")).unwrap();
    fs::write(path("db.new/db"), b"half a database").unwrap();
    intact();
    // The copy is complete, nothing moved.
    copy("db", "db.ready");
    intact();
    // The old one was moved away.
    copy("db", "db.ready");
    fs::rename(path("db"), path("db.old")).unwrap();
    intact();
    // The new one is in place, the old one not yet gone.
    copy("db", "db.old");
    intact();
    // The old one was moved away and the copy is lost: not a step of ours, and still nothing is lost.
    fs::rename(path("db"), path("db.old")).unwrap();
    intact();
}

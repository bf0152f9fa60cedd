//! Forks: found, proven, hidden; and logs that their owner has closed or ended.

use majlis_protocol::ids::LogId;
use majlis_protocol::state::Proof;
use std::sync::Arc;

use super::support::{Author, NOW, fresh, know, open, post, put, texts};
use crate::store::Batch;

#[test]
fn a_fork_is_proven_and_hides_what_lies_above_it() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(10);
    put(&store, entries.clone());
    let fork = author.sign_at(5, entries[3].id, 5_500, &post("fork"));
    let outcome = put(&store, [fork.clone()]);
    assert_eq!(outcome.new_proofs.len(), 1);
    assert_eq!(outcome.new_proofs[0].seq(), 5);
    let expected = ["post 3", "post 2", "post 1", "post 0"];
    assert_eq!(texts(&store, 20), expected);
    let packs = store.read_range(&author.log, 10, 1, usize::MAX, usize::MAX).unwrap();
    assert_eq!(packs.iter().map(|pack| pack.top).max(), Some(4));
    assert!(store.entry_at(&author.log, 5).unwrap().is_none());
    assert!(store.entry(&fork.id).unwrap().is_some());
    store.close();
    let (store, _) = open(dir.path());
    assert_eq!(store.replica().log(&author.log).unwrap().seal(), Some(5));
    assert_eq!(texts(&store, 20), expected);
}

#[test]
fn a_proof_seals_before_and_after_the_entries() {
    let mut author = Author::new(1);
    let doc = author.identity();
    let entries = author.posts(6);
    let fork = author.sign_at(3, entries[1].id, 5_500, &post("fork"));
    let proof = Arc::new(Proof::new(entries[2].clone(), fork).unwrap());
    for early in [true, false] {
        let (_dir, store) = fresh();
        know(&store, doc.clone());
        let seal = Batch { now_ms: NOW, proofs: vec![proof.clone()], ..Batch::default() };
        if early {
            assert_eq!(store.commit_blocking(seal.clone()).unwrap().new_proofs.len(), 1);
        }
        put(&store, entries.clone());
        if !early {
            assert_eq!(store.commit_blocking(seal.clone()).unwrap().new_proofs.len(), 1);
        }
        assert_eq!(store.commit_blocking(seal).unwrap().new_proofs.len(), 0);
        assert_eq!(texts(&store, 20), ["post 1", "post 0"]);
    }
}

#[test]
fn closing_a_log_takes_the_branch_that_its_owner_names() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(6);
    let fork = author.sign_at(4, entries[2].id, 4_500, &post("fork"));
    let above = author.sign_at(5, fork.id, 4_600, &post("above"));
    put(&store, entries.clone());
    put(&store, [fork, above.clone()]);
    assert_eq!(texts(&store, 20).len(), 3);
    know(&store, author.closing(5, above.id));
    let expected = ["above", "fork", "post 2", "post 1", "post 0"];
    // The branch's posts were signed between two of the others.
    let mut shown = texts(&store, 20);
    shown.sort();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(shown, sorted);
    store.close();
    let (store, _) = open(dir.path());
    assert_eq!(texts(&store, 20).len(), 5);
}

#[test]
fn an_ended_device_is_void_and_its_deletes_with_it() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(3);
    put(&store, entries.clone());
    put(&store, [author.delete(entries[0].id)]);
    assert_eq!(texts(&store, 20), ["post 2", "post 1"]);
    // The log is closed below the Delete, which a thief has signed: the post is there again.
    know(&store, author.closing(3, entries[2].id));
    assert_eq!(texts(&store, 20), ["post 2", "post 1", "post 0"]);
    let mut ended = author.listed();
    ended.ended = Some(5);
    know(&store, author.identity_with(ended, None));
    assert_eq!(texts(&store, 20).len(), 0);
}

#[test]
fn logs_of_a_device_are_limited() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let mut refused = 0;
    for number in 0..20 {
        author.log.log_id = LogId::new(LogId::PUBLIC, 1_000 + number);
        (author.seq, author.tail) = (0, majlis_protocol::EntryId::ZERO);
        refused += put(&store, [author.post("hello")]).refused;
    }
    assert_eq!(refused, 4);
}

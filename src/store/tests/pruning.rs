//! What is pruned is gone, stays gone, and leaves no gap.

use std::collections::HashSet;
use std::sync::Arc;

use majlis_protocol::{AccountId, EntryId, Kind, Payload};

use super::support::{Author, NOW, files_hold, fresh, know, open, post, put, texts};
use crate::store::{Batch, Store};

/// All steps; posts that went, how many entries and their bytes.
fn prune(store: &Store, account: &AccountId, before_ms: u64, keep: &[EntryId]) -> (Vec<EntryId>, u64, u64) {
    let keep = Arc::new(keep.iter().copied().collect::<HashSet<_>>());
    let (mut posts, mut entries, mut bytes, mut from) = (Vec::new(), 0, 0, Some(0));
    while let Some(start) = from {
        let pruned = store.prune(account, before_ms, &keep, start).unwrap();
        posts.extend(pruned.posts);
        entries += pruned.entries;
        bytes += pruned.bytes;
        from = pruned.next;
    }
    (posts, entries, bytes)
}

fn weights(store: &Store, account: &AccountId) -> Vec<(EntryId, u64)> {
    let mut found = Vec::new();
    store.weigh(account, |weight| found.push((weight.id, weight.bytes))).unwrap();
    found
}

#[test]
fn old_words_go_and_the_log_stays_whole() {
    let (dir, store) = fresh();
    let (mut author, mut other) = (Author::new(1), Author::new(2));
    know(&store, author.identity());
    know(&store, other.identity());
    let mut entries = author.posts(200);
    entries.push(author.profile("Mona"));
    let edit = author.edit(entries[3].id, "an edit that is long ago");
    let deleted = author.delete(entries[5].id);
    entries.extend([edit.clone(), deleted, author.post("the last")]);
    put(&store, entries.clone());
    put(&store, [other.post("of another account")]);
    // The clock of the author goes a second an entry.
    let cut = entries[150].header.timestamp;
    let before = weights(&store, &author.account);
    assert_eq!(before.len(), 201, "posts and edits that are held");
    let kept = entries[7].id;
    let (posts, count, bytes) = prune(&store, &author.account, cut, &[kept]);
    assert_eq!((posts.len(), count), (148, 148));
    let after = weights(&store, &author.account);
    assert_eq!(before.len() as u64 - after.len() as u64, count);
    assert_eq!(
        before.iter().map(|(_, bytes)| bytes).sum::<u64>() - bytes,
        after.iter().map(|(_, bytes)| bytes).sum::<u64>()
    );
    assert!(after.iter().any(|(id, _)| *id == kept) && after.iter().any(|(id, _)| *id == edit.id));
    assert_eq!(prune(&store, &author.account, cut, &[kept]).1, 0);
    let check = |store: &Store| {
        assert_eq!(texts(store, 999).len(), 53, "50 posts, the kept one, the last, and the other account's");
        assert!(texts(store, 999).contains(&"post 7".to_owned()));
        let gone = store.entry(&entries[100].id).unwrap().unwrap();
        assert_eq!(gone.entry.payload, Payload::Missing);
        let replica = store.replica();
        let runs = replica.log(&author.log).unwrap().runs().len();
        assert_eq!(runs, 1, "a gap would be pulled again");
        assert!(store.latest(&author.account, Kind::PROFILE).unwrap().is_some());
    };
    check(&store);
    assert!(files_hold(dir.path(), b"post 100"), "this test cannot find text on the disk");
    assert!(store.purge(NOW, &[]).unwrap().compacted);
    assert!(!files_hold(dir.path(), b"post 100"));
    check(&store);
    assert_eq!(store.check().unwrap().bad, []);
    drop(store);
    let (store, _) = open(dir.path());
    check(&store);
    // Someone who brings it by hand has it taken in again.
    assert_eq!(put(&store, [entries[100].clone()]).added, 1);
    assert_eq!(texts(&store, 999).len(), 54);
}

#[test]
fn ones_own_words_are_never_pruned() {
    let (_dir, store) = fresh();
    let mut owner = Author::new(1);
    know(&store, owner.identity());
    let entries = [owner.say(&post("mine"))];
    store.append_own(&entries).unwrap();
    let batch = Batch { now_ms: NOW, own: true, entries: entries.into(), ..Batch::default() };
    store.commit_blocking(batch).unwrap();
    assert_eq!(prune(&store, &owner.account, u64::MAX, &[]).1, 0);
    assert_eq!(texts(&store, 9), ["mine"]);
}

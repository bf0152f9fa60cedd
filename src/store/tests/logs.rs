//! Entries in, entries out.

use majlis_protocol::pack::{self, Reader};
use majlis_protocol::{Entry, Kind, LogKey, Payload};
use proptest::prelude::*;

use super::support::{Author, NOW, fresh, know, open, post, put, text, texts};
use crate::store::{Batch, Store, StoredPack};

fn read_all(log: LogKey, packs: &[StoredPack]) -> Vec<Entry> {
    packs
        .iter()
        .rev()
        .flat_map(|found| {
            pack::read(log, &mut Reader::new(found.soft.clone()), &mut Reader::new(found.hard.clone()))
                .unwrap()
        })
        .collect()
}

fn whole(store: &Store, log: &LogKey) -> Vec<Entry> {
    read_all(*log, &store.read_range(log, u64::MAX, 1, usize::MAX, usize::MAX).unwrap())
}

fn plain(entries: &[majlis_protocol::Verified<Entry>]) -> Vec<Entry> {
    entries.iter().map(|entry| (**entry).clone()).collect()
}

#[test]
fn what_goes_in_comes_out_also_after_reopening() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(200);
    let outcome = put(&store, entries.clone());
    assert_eq!((outcome.added, outcome.duplicates, outcome.refused), (200, 0, 0));
    assert_eq!(outcome.changed, [author.log]);
    let check = |store: &Store| {
        assert_eq!(whole(store, &author.log), plain(&entries));
        for entry in &entries {
            assert_eq!(store.entry(&entry.id).unwrap().unwrap().entry, **entry);
        }
        assert_eq!(store.entry_at(&author.log, 77).unwrap().unwrap().entry, *entries[76]);
        let run = *store.replica().log(&author.log).unwrap().runs().iter().next().unwrap();
        assert_eq!((run.low, run.top, run.top_id), (1, 200, entries[199].id));
        assert_eq!(store.check().unwrap().bad, []);
        assert_eq!(store.stats().unwrap().chunks, 4);
    };
    check(&store);
    store.close();
    check(&open(dir.path()).0);
}

#[test]
fn a_check_beside_the_writer_finds_nothing_bad() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(300);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for entry in entries {
                put(&store, [entry]);
            }
        });
        while !writing.is_finished() {
            assert_eq!(store.check().unwrap().bad, []);
        }
    });
    assert_eq!(store.check().unwrap().entries, 300);
}

#[test]
fn ranges_keep_to_their_bounds_newest_first() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(200);
    put(&store, entries.clone());
    let packs = store.read_range(&author.log, 150, 100, usize::MAX, usize::MAX).unwrap();
    assert_eq!(packs.iter().map(|pack| (pack.low, pack.top)).collect::<Vec<_>>(), [(129, 150), (100, 128)]);
    assert_eq!(read_all(author.log, &packs), plain(&entries[99..150]));
    let packs = store.read_range(&author.log, 200, 1, 10, usize::MAX).unwrap();
    assert_eq!(read_all(author.log, &packs), plain(&entries[190..]));
    let packs = store.read_range(&author.log, 200, 1, usize::MAX, 1).unwrap();
    assert_eq!(packs.len(), 1);
    let headers = read_all(author.log, &store.header_range(&author.log, 5, 1, 64, usize::MAX).unwrap());
    assert!(headers.iter().all(|entry| entry.payload == Payload::Missing));
    assert_eq!(
        headers.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        entries[..5].iter().map(|e| e.id).collect::<Vec<_>>()
    );
}

#[test]
fn duplicates_are_counted_and_payloads_that_were_missing_are_filled_in() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(10);
    let bare: Vec<_> = entries.iter().map(|entry| entry.clone().without_payload(Payload::Missing)).collect();
    assert_eq!(put(&store, bare.clone()).added, 10);
    assert_eq!(texts(&store, 20).len(), 0);
    let outcome = put(&store, entries[..4].to_vec());
    assert_eq!((outcome.added, outcome.duplicates), (4, 0));
    let outcome = put(&store, bare);
    assert_eq!((outcome.added, outcome.duplicates), (0, 10));
    let outcome = put(&store, [entries.clone(), entries.clone()].concat());
    assert_eq!((outcome.added, outcome.duplicates), (6, 14));
    assert_eq!(whole(&store, &author.log), plain(&entries));
    assert_eq!(store.check().unwrap().bad, []);
}

#[test]
fn devices_that_are_not_listed_are_refused() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    let outcome = put(&store, author.posts(3));
    assert_eq!((outcome.added, outcome.refused), (0, 3));
    // The identity may come in the same batch.
    let mut other = Author::new(2);
    let batch = Batch {
        now_ms: NOW,
        identities: vec![other.identity()],
        entries: other.posts(3).into(),
        ..Batch::default()
    };
    let outcome = store.commit_blocking(batch).unwrap();
    assert_eq!((outcome.added, outcome.refused), (3, 0));
    assert_eq!(outcome.identities_changed, [other.account]);
}

#[test]
fn posts_arriving_one_by_one_end_in_few_rows() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(150);
    for (number, entry) in entries.iter().enumerate() {
        put(&store, [entry.clone()]);
        assert_eq!(
            store.stats().unwrap().chunks,
            (number + 1) / 64 + ((number + 1) % 64).count_ones() as usize
        );
    }
    assert_eq!(whole(&store, &author.log), plain(&entries));
    assert_eq!(store.check().unwrap().bad, []);
    // The other way round, as when history is fetched post by post.
    let mut author = Author::new(2);
    know(&store, author.identity());
    let entries = author.posts(100);
    for entry in entries.iter().rev() {
        put(&store, [entry.clone()]);
    }
    assert_eq!(whole(&store, &author.log), plain(&entries));
    assert_eq!(store.check().unwrap().bad, []);
}

#[test]
fn large_entries_have_rows_to_themselves() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries: Vec<_> = (0..5).map(|_| author.post(&"x".repeat(40_000))).collect();
    put(&store, entries.clone());
    assert_eq!(store.stats().unwrap().chunks, 5);
    assert_eq!(whole(&store, &author.log), plain(&entries));
}

#[test]
fn a_log_cannot_be_cut_into_more_runs_than_allowed() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    let entries = author.posts(200);
    let odd: Vec<_> = entries.iter().step_by(2).cloned().collect();
    let outcome = put(&store, odd);
    assert_eq!((outcome.added, outcome.refused), (64, 36));
    assert_eq!(put(&store, entries).added, 136);
}

#[test]
fn timelines_merge_accounts_and_page() {
    let (_dir, store) = fresh();
    let mut authors: Vec<_> = (1..6).map(Author::new).collect();
    for author in &mut authors {
        know(&store, author.identity());
        let entries = author.posts(70);
        put(&store, entries);
    }
    let accounts: Vec<_> = authors[..3].iter().map(|author| author.account).collect();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.timeline(Some(&accounts), &[Kind::POST], before, 32).unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.display_ms, last.entry.id));
        seen.extend(page);
    }
    assert_eq!(seen.len(), 210);
    assert!(seen.is_sorted_by(|a, b| (a.display_ms, a.entry.id) > (b.display_ms, b.entry.id)));
    let twice = [accounts[0], accounts[0]];
    assert_eq!(store.timeline(Some(&twice), &[Kind::POST], None, 100).unwrap().len(), 70);
}

#[test]
fn a_post_from_the_future_is_shown_as_from_its_arrival() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    author.clock = NOW * 2;
    let early = author.post("from the future");
    let id = early.id;
    put(&store, [early]);
    let more = author.posts(3);
    put(&store, more);
    author.clock = NOW - 10_000;
    let present = author.post("from the present");
    put(&store, [present]);
    store.close();
    let (store, _) = open(dir.path());
    assert_eq!(store.entry(&id).unwrap().unwrap().display_ms, NOW);
    assert_eq!(
        store.timeline(None, &[Kind::POST], None, 10).unwrap().last().map(|last| text(&last.entry)).unwrap(),
        "from the present"
    );
}

#[test]
fn export_gives_what_another_store_needs() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    put(&store, author.posts(150));
    let (_other_dir, other) = fresh();
    let keys = majlis_protocol::KeyCache::default();
    let mut last = 0;
    for piece in store.export(&[author.account], 0).unwrap() {
        match piece.unwrap() {
            crate::store::Exported::Identity(doc) => {
                know(&other, doc);
            }
            crate::store::Exported::Proof(_) => panic!("there is no fork"),
            crate::store::Exported::Pack(log, found) => {
                assert_eq!(found.low, last + 1);
                last = found.top;
                let entries = read_all(log, &[found]);
                let verified = majlis_protocol::entry::verify_all(entries, &keys);
                put(&other, verified.into_iter().map(Result::unwrap));
            }
        }
    }
    assert_eq!(whole(&store, &author.log), whole(&other, &author.log));
    let since = store.export(&[author.account], 140_000).unwrap();
    assert_eq!(since.count(), 2);
}

#[test]
fn an_account_that_is_forgotten_leaves_nothing() {
    let (dir, store) = fresh();
    let (mut one, mut other) = (Author::new(1), Author::new(2));
    for author in [&mut one, &mut other] {
        know(&store, author.identity());
        put(&store, author.posts(100));
    }
    put(&store, [one.profile("One")]);
    assert!(store.latest(&one.account, majlis_protocol::Kind::PROFILE).unwrap().is_some());
    assert_eq!(store.forget_account(&one.account).unwrap(), 101);
    assert!(store.replica().account(&one.account).is_none());
    assert_eq!(store.stats().unwrap().entries, 100);
    assert_eq!(texts(&store, 200).len(), 100);
    store.close();
    let (store, report) = open(dir.path());
    assert_eq!(report.bad_rows, 0);
    assert!(store.replica().account(&one.account).is_none());
    assert_eq!(store.check().unwrap().bad, []);
    assert_eq!(put(&store, one.posts(1)).refused, 1);
}

#[test]
fn settings_are_kept_and_listed() {
    let (dir, store) = fresh();
    store.set_setting(b"peer/1", Some(b"one")).unwrap();
    store.set_setting(b"peer/2", Some(b"two")).unwrap();
    store.set_setting(b"other", Some(b"x")).unwrap();
    store.set_setting(b"other", None).unwrap();
    store.close();
    assert!(matches!(store.set_setting(b"late", None), Err(crate::store::StoreError::Closed)));
    let (store, _) = open(dir.path());
    assert_eq!(store.setting(b"peer/2").unwrap().unwrap(), b"two");
    assert_eq!(store.setting(b"other").unwrap(), None);
    let listed = store.settings(b"peer/").unwrap();
    assert_eq!(listed, [(b"peer/1".to_vec(), b"one".to_vec()), (b"peer/2".to_vec(), b"two".to_vec())]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// One author, a fork at 9, a Delete: whatever the order and the batches, the same is held and shown.
    #[test]
    fn any_order_gives_the_same(
        order in Just((0..24usize).collect::<Vec<_>>()).prop_shuffle(),
        sizes in proptest::collection::vec(1..6usize, 24),
    ) {
        let mut author = Author::new(1);
        let doc = author.identity();
        let mut entries = author.posts(7);
        entries.push(author.delete(entries[2].id));
        entries.extend(author.posts(13));
        let fork = author.sign_at(9, entries[7].id, 9_500, &post("a fork"));
        let above = author.sign_at(10, fork.id, 9_600, &post("above the fork"));
        let late = author.sign_at(11, above.id, 9_700, &post("higher"));
        entries.extend([fork, above, late]);
        let expected = {
            let (_dir, store) = fresh();
            know(&store, doc.clone());
            put(&store, entries.clone());
            state(&store, &author.log)
        };
        let (dir, store) = fresh();
        know(&store, doc);
        let mut order = order.into_iter();
        for size in sizes {
            let batch: Vec<_> = order.by_ref().take(size).map(|at| entries[at].clone()).collect();
            if !batch.is_empty() {
                put(&store, batch);
            }
        }
        prop_assert_eq!(state(&store, &author.log), expected.clone());
        prop_assert_eq!(store.check().unwrap().bad, vec![]);
        store.close();
        let (store, _) = open(dir.path());
        prop_assert_eq!(state(&store, &author.log), expected);
    }
}

type State = (Option<u64>, Vec<majlis_protocol::state::Run>, Vec<String>);

fn state(store: &Store, log: &LogKey) -> State {
    let (seal, runs) = {
        let replica = store.replica();
        let known = replica.log(log).unwrap();
        (known.seal(), known.admissible(replica.limit(log)).copied().collect())
    };
    (seal, runs, texts(store, 100))
}

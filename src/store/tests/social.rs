//! What people do with each other's posts: the same whatever the order in which it arrives.

use std::sync::Arc;

use majlis_protocol::body::{Body, Content, EntryRef, Poll, Post, Reaction, Repost, Vote};
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::{AccountId, Entry, EntryId, Kind, Verified};
use proptest::prelude::*;

use super::support::{Author, NOW, files_hold, fresh, know, open, put};
use crate::store::{Relation, Store, Subject, fold_tag};

fn poll() -> Poll {
    Poll { options: vec!["tea".into(), "coffee".into()], multiple: false, closes_at: Some(50_000) }
}

/// Three accounts about one post: all that they sign, in the order of signing, and the post's reference.
fn story() -> (Vec<Arc<VerifiedId>>, Vec<Verified<Entry>>, EntryRef) {
    let (mut host, mut guest, mut other) = (Author::new(1), Author::new(2), Author::new(3));
    let docs = vec![host.identity(), guest.identity(), other.identity()];
    let mut entries = Vec::new();
    let content =
        Content {
            text: "Tea?".into(), poll: Some(poll()), tags: vec!["شاي".into()], ..Content::default()
        };
    let post = host.say(&Body::Post(Post { content, ..Post::default() }));
    let target = EntryRef { account: host.account, id: post.id };
    entries.push(post);
    let react = |author: &mut Author, emoji: &str, on| {
        author.say(&Body::Reaction(Reaction { target, emoji: emoji.into(), on }))
    };
    let repost = |author: &mut Author, on| author.say(&Body::Repost(Repost { target, on }));
    let vote = |author: &mut Author, choices: &[u8]| {
        author.say(&Body::Vote(Vote { target, choices: choices.into() }))
    };
    entries.push(react(&mut guest, "♥", true));
    entries.push(react(&mut guest, "♥", false));
    entries.push(react(&mut guest, "🎉", true));
    entries.push(react(&mut other, "♥", true));
    let regretted = react(&mut other, "🎉", true);
    entries.push(other.delete(regretted.id));
    entries.push(regretted);
    entries.push(repost(&mut guest, true));
    entries.push(repost(&mut other, true));
    entries.push(repost(&mut other, false));
    entries.push(vote(&mut guest, &[0]));
    entries.push(vote(&mut guest, &[1]));
    entries.push(vote(&mut other, &[0]));
    entries.push(vote(&mut other, &[0, 1]));
    other.clock = 60_000;
    entries.push(vote(&mut other, &[1]));
    entries.push(host.edit(target.id, "Tea, anyone?"));
    entries.push(host.edit(target.id, "Tea or coffee?"));
    let reply = |author: &mut Author, text: &str, to: EntryRef, root: Option<EntryRef>| {
        let content = Content { text: text.into(), mentions: vec![to.account], ..Content::default() };
        author.say(&Body::Post(Post { content, reply_to: Some(to), root, ..Post::default() }))
    };
    let first = reply(&mut guest, "Yes", target, None);
    let answered = EntryRef { account: guest.account, id: first.id };
    let second = reply(&mut host, "Come in", answered, Some(target));
    entries.extend([first, second]);
    (docs, entries, target)
}

type State = (Vec<(AccountId, String)>, Vec<AccountId>, Vec<(AccountId, Vec<u8>)>, Vec<Vec<EntryId>>);

fn state(store: &Store, target: &EntryRef) -> State {
    let ids =
        |stored: Vec<crate::store::Stored>| stored.iter().map(|stored| stored.entry.id).collect::<Vec<_>>();
    let about = |subject: Subject, relation| ids(store.about(&subject, relation).unwrap());
    let reactions = store.reactions(&target.id).unwrap().into_iter().filter(|reaction| reaction.value.1);
    let reposts = store.reposts(&target.id).unwrap().into_iter().filter(|repost| repost.value);
    let votes = store.votes(&target.id, &poll()).unwrap();
    (
        reactions.map(|reaction| (reaction.account, reaction.value.0)).collect(),
        reposts.map(|repost| repost.account).collect(),
        votes.into_iter().map(|vote| (vote.account, vote.value)).collect(),
        vec![
            ids(store.edits(&target.account, &target.id).unwrap()),
            about(Subject::Entry(target.id), Relation::Reply),
            about(Subject::Entry(target.id), Relation::Thread),
            about(Subject::Account(target.account), Relation::Mention),
            about(Subject::Tag("#شــاي".into()), Relation::Tag),
        ],
    )
}

#[test]
fn of_each_account_the_latest_response_that_counts_is_in_force() {
    let (docs, entries, target) = story();
    let (_dir, store) = fresh();
    for doc in &docs {
        know(&store, doc.clone());
    }
    put(&store, entries.clone());
    let (guest, other) = (Author::new(2).account, Author::new(3).account);
    let (reactions, reposts, votes, lists) = state(&store, &target);
    assert_eq!(reactions, [(other, "♥".into()), (guest, "🎉".into())]);
    assert_eq!(reposts, [guest]);
    // The other chose two where one is allowed, and then again too late: none of it counts, nor what it replaced.
    assert_eq!(votes, [(guest, vec![1])]);
    let counts: Vec<usize> = lists.iter().map(Vec::len).collect();
    assert_eq!(counts, [2, 1, 2, 1, 1]);
}

#[test]
fn tags_are_compared_without_case_forms_and_stretching() {
    assert_eq!(fold_tag("#Ｍajlis"), "majlis");
    assert_eq!(fold_tag("مجـــلس"), fold_tag("مجلس"));
    assert_ne!(fold_tag("tea"), fold_tag("teas"));
}

#[test]
fn what_is_taken_back_leaves_no_row_that_points() {
    let (dir, store) = fresh();
    let (mut host, mut guest) = (Author::new(1), Author::new(2));
    know(&store, host.identity());
    know(&store, guest.identity());
    let post = host.post("hello");
    let target = EntryRef { account: host.account, id: post.id };
    let reaction = guest.say(&Body::Reaction(Reaction { target, emoji: "♥".into(), on: true }));
    put(&store, [post.clone(), reaction.clone()]);
    assert_eq!(store.reactions(&post.id).unwrap().len(), 1);
    let key = [post.id.0.as_slice(), &[Relation::Reaction as u8]].concat();
    put(&store, [guest.delete(reaction.id)]);
    assert!(store.reactions(&post.id).unwrap().is_empty());
    store.purge(NOW * 2, &[]).unwrap();
    store.close();
    assert!(!files_hold(dir.path(), &key));
    let (store, _) = open(dir.path());
    // Likewise of an account that is forgotten.
    put(&store, [guest.say(&Body::Reaction(Reaction { target, emoji: "🎉".into(), on: true }))]);
    assert_eq!(store.reactions(&post.id).unwrap().len(), 1);
    store.forget_account(&guest.account).unwrap();
    store.purge(NOW * 2, &[]).unwrap();
    store.close();
    assert!(!files_hold(dir.path(), &key));
    assert_eq!(open(dir.path()).0.entry(&post.id).unwrap().unwrap().entry.header.kind, Kind::POST);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the order and the batches: the same responses, edits,
    /// conversation, mentions and tags.
    #[test]
    fn any_order_gives_the_same(
        order in Just((0..21usize).collect::<Vec<_>>()).prop_shuffle(),
        sizes in proptest::collection::vec(1..6usize, 21),
    ) {
        let (docs, entries, target) = story();
        prop_assert!(entries.len() <= order.len());
        let (_dir, store) = fresh();
        for doc in &docs {
        know(&store, doc.clone());
    }
        put(&store, entries.clone());
        let expected = state(&store, &target);
        let (dir, store) = fresh();
        for doc in &docs {
        know(&store, doc.clone());
    }
        let mut order = order.into_iter().filter_map(|at| entries.get(at).cloned());
        for size in sizes {
            let batch: Vec<_> = order.by_ref().take(size).collect();
            if !batch.is_empty() {
                put(&store, batch);
                // The views take in what there is, chunk by chunk, before the next arrives.
                store.reactions(&target.id).unwrap();
            }
        }
        prop_assert_eq!(state(&store, &target), expected.clone());
        store.close();
        let (store, _) = open(dir.path());
        prop_assert_eq!(state(&store, &target), expected);
    }
}

//! Registers: the highest entry that counts is in force.

use majlis_protocol::Kind;
use majlis_protocol::body::Body;

use super::support::{Author, NOW, fresh, know, open, put};
use crate::store::Store;

fn name(store: &Store, author: &Author) -> Option<String> {
    let stored = store.latest(&author.account, Kind::PROFILE).unwrap()?;
    match Body::decode(Kind::PROFILE, stored.entry.body()?).unwrap()? {
        Body::Profile(profile) => Some(profile.name),
        _ => None,
    }
}

#[test]
fn the_latest_profile_counts_until_it_is_taken_back() {
    let (dir, store) = fresh();
    let mut author = Author::new(1);
    know(&store, author.identity());
    assert_eq!(name(&store, &author), None);
    let first = author.profile("First");
    let second = author.profile("Second");
    put(&store, [second.clone()]);
    assert_eq!(name(&store, &author).unwrap(), "Second");
    put(&store, [first]);
    assert_eq!(name(&store, &author).unwrap(), "Second");
    put(&store, [author.delete(second.id)]);
    assert_eq!(name(&store, &author).unwrap(), "First");
    store.close();
    let (store, _) = open(dir.path());
    assert_eq!(name(&store, &author).unwrap(), "First");
    store.purge(NOW * 2, &[]).unwrap();
    assert_eq!(name(&store, &author).unwrap(), "First");
}

#[test]
fn follows_are_registers_by_account() {
    let (_dir, store) = fresh();
    let mut author = Author::new(1);
    let (one, two) = (Author::new(2).account, Author::new(3).account);
    know(&store, author.identity());
    let entries = [author.follow(one, true), author.follow(two, true), author.follow(one, false)];
    put(&store, entries);
    let mut expected = vec![(one, false), (two, true)];
    expected.sort();
    assert_eq!(store.follows(&author.account).unwrap(), expected);
}

#[test]
fn edits_are_a_history() {
    let (_dir, store) = fresh();
    let (mut author, mut other) = (Author::new(1), Author::new(2));
    know(&store, author.identity());
    know(&store, other.identity());
    let post = author.post("teh");
    let (one, two) = (author.edit(post.id, "the"), author.edit(post.id, "The"));
    put(&store, [post.clone(), two.clone(), one.clone()]);
    put(&store, [other.edit(post.id, "forged")]);
    let history = store.edits(&author.account, &post.id).unwrap();
    assert_eq!(history.iter().map(|edit| edit.entry.id).collect::<Vec<_>>(), [one.id, two.id]);
}

#[test]
fn nothing_is_missed_after_the_newest_chunks_have_gone() {
    let (dir, store) = fresh();
    let (mut stays, mut goes) = (Author::new(1), Author::new(2));
    for author in [&mut stays, &mut goes] {
        know(&store, author.identity());
        put(&store, [author.profile("Before")]);
    }
    assert_eq!(name(&store, &goes).unwrap(), "Before");
    store.forget_account(&goes.account).unwrap();
    store.close();
    let (store, _) = open(dir.path());
    put(&store, [stays.profile("After")]);
    assert_eq!(name(&store, &stays).unwrap(), "After");
}

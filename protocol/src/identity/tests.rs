//! Documents made, changed and refused; registers filled in every order.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::body::{BodyError, field};
use crate::context;
use crate::entry::{self, Draft, Entry, Invalid, Kind, Payload, Verified};
use crate::ids::{AccountId, DeviceId, EntryId, LogId};
use crate::keys::{KeyCache, KeyError, SecretKey};
use crate::limits::{MAX_CLOSED, MAX_DEVICES, MAX_TIMESTAMP};

fn roots() -> Roots {
    Roots::derive(&Phrase::from_entropy([7; 32]))
}

fn device_key(seed: u8) -> DeviceId {
    DeviceId(SecretKey::from_seed(&[seed; 32]).public())
}

fn device(seed: u8) -> Device {
    Device {
        key: device_key(seed),
        scope: scope::ALL,
        keys: vec![DeviceKey { suite: SUITE_X25519, key: vec![seed; 32] }],
        name: format!("device {seed}"),
        ended: None,
        closed: vec![],
    }
}

fn closed(log: u64, seq: u64, id: u8) -> Closed {
    Closed { log_id: LogId(log), seq, id: EntryId([id; 32]) }
}

fn draft(k: u8, version: u64, devices: Vec<Device>) -> IdDraft {
    IdDraft { k, version, timestamp: 1_000, blind: [0; 16], devices, ended: None, moved_to: None }
}

fn signed(k: u8, version: u64, devices: Vec<Device>) -> VerifiedId {
    IdDoc::sign(&roots(), draft(k, version, devices)).unwrap()
}

/// Signs any document with any root, checking nothing.
fn forge(doc: &IdDoc, k: u8) -> Verified<Entry> {
    forge_body(&field::encode::<IdDoc>(doc).unwrap(), k)
}

fn forge_body(body: &[u8], k: u8) -> Verified<Entry> {
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: roots().account(),
        log_id: LogId::IDENTITY,
        seq: 1,
        timestamp: 1_000,
        backlink: EntryId::ZERO,
        blind: [0; 16],
        body,
    };
    entry::sign(&draft, &roots().key(k).unwrap()).unwrap()
}

fn verify(entry: Verified<Entry>) -> Result<VerifiedId, IdentityError> {
    IdDoc::verify(entry, &KeyCache::default())
}

#[test]
fn a_document_of_every_root_verifies_from_its_bytes() {
    let roots = roots();
    for k in 0..=16 {
        let made = signed(k, 3, vec![device(1), device(2)]);
        assert_eq!((made.k(), made.version(), made.account()), (k, 3, roots.account()));
        assert_eq!(Some(*made.c1()), roots.commitment(1));
        assert_eq!(made.doc().roots.len(), usize::from(k));
        assert_eq!(Some(made.doc().next), roots.commitment(k + 1));
        let decoded = Entry::decode(&made.entry().encode()).unwrap();
        let authentic = entry::verify(decoded, &KeyCache::default()).unwrap();
        assert_eq!(verify(authentic), Ok(made));
    }
}

#[test]
fn a_document_is_read_back_whole() {
    let mut old = device(1);
    old.ended = Some(5);
    old.closed = vec![closed(9, 2, 1), closed(3, 7, 2)];
    let made = IdDoc::sign(
        &roots(),
        IdDraft {
            ended: Some(Ended { at: 9, erase: true }),
            moved_to: Some(AccountId([3; 32])),
            ..draft(2, 1, vec![device(9), old.clone(), device(4)])
        },
    )
    .unwrap();
    let doc = made.doc();
    assert_eq!(doc.ended, Some(Ended { at: 9, erase: true }));
    assert_eq!(doc.moved_to, Some(AccountId([3; 32])));
    assert!(doc.devices.is_sorted_by_key(|device| device.key));
    old.closed.reverse();
    assert_eq!(made.device(device_key(1)), Some(&old));
    assert_eq!(made.device(device_key(2)), None);
    assert_eq!(verify(made.entry().clone()), Ok(made));
}

#[test]
fn scope_covers_each_kind_and_no_more() {
    let each = (2..=13).map(|kind| Kind(kind).scope_bit()).fold(0, |all, bit| all | bit);
    assert_eq!(scope::ALL, each);
    assert_eq!(scope::POST, Kind::POST.scope_bit());
    assert_eq!(scope::ALL & Kind::IDENTITY.scope_bit(), 0);
}

#[test]
fn other_entries_are_not_documents() {
    let post = Draft {
        kind: Kind::POST,
        account: roots().account(),
        log_id: LogId::new(LogId::PUBLIC, 1),
        seq: 1,
        timestamp: 1,
        backlink: EntryId::ZERO,
        blind: [0; 16],
        body: &[1, 0xa0],
    };
    let post = entry::sign(&post, &roots().key(0).unwrap()).unwrap();
    assert_eq!(verify(post), Err(IdentityError::NotIdentity));
}

#[test]
fn a_document_needs_its_payload() {
    let entry = signed(0, 1, vec![]).entry().clone();
    assert_eq!(verify(entry.without_payload(Payload::Missing)), Err(IdentityError::NoPayload));
}

#[test]
fn what_a_later_reader_knows_is_inert() {
    assert_eq!(verify(forge_body(&[2, 0], 0)), Err(IdentityError::Inert));
    let mut critical = signed(0, 1, vec![]).entry().clone().into_inner();
    critical.header.flags = 0x0100;
    assert_eq!(verify(Verified::vouch(critical)), Err(IdentityError::Inert));
}

#[test]
fn a_malformed_body_is_refused() {
    let body = |bytes: &[u8]| verify(forge_body(bytes, 0)).unwrap_err();
    assert_eq!(body(&[1]), IdentityError::Body(BodyError::Truncated));
    assert_eq!(body(&[1, 0xa0]), IdentityError::Body(BodyError::Missing(1)));
    assert_eq!(body(&[1, 0xbf, 0xff]), IdentityError::Body(BodyError::Indefinite));
    assert_eq!(body(&[1, 0xa1, 0x02, 0x91]), IdentityError::Body(BodyError::Truncated));
    let mut zero = signed(0, 1, vec![]).doc().clone();
    zero.devices = vec![Device { closed: vec![closed(1, 0, 0)], ..device(1) }];
    assert_eq!(field::encode::<IdDoc>(&zero), Err(BodyError::Range));
    zero.roots = vec![[0; 32]; 17];
    assert_eq!(field::encode::<IdDoc>(&zero), Err(BodyError::TooLong));
}

#[test]
fn only_its_last_root_signs_a_document() {
    let doc = signed(2, 1, vec![]).doc().clone();
    for k in [0, 1, 3] {
        assert_eq!(verify(forge(&doc, k)), Err(IdentityError::Signer));
    }
    assert!(verify(forge(&doc, 2)).is_ok());
}

#[test]
fn the_inception_binds_every_root() {
    let good = signed(3, 1, vec![]).doc().clone();
    let changes: [fn(&mut IdDoc); 5] = [
        |doc| doc.inception[5] ^= 1,
        |doc| doc.next[0] ^= 1,
        |doc| doc.roots[0] = device_key(1).0,
        |doc| doc.roots.swap(0, 1),
        |doc| doc.roots = doc.roots.split_off(1),
    ];
    for change in changes {
        let mut doc = good.clone();
        change(&mut doc);
        assert_eq!(verify(forge(&doc, 3)), Err(IdentityError::Inception));
    }
    // Another's inception over the same commitment.
    let mut doc = good;
    let message = context::message(context::INCEPTION, &[&roots().commitment(1).unwrap()]);
    doc.inception = SecretKey::from_seed(&[1; 32]).sign(&message);
    assert_eq!(verify(forge(&doc, 3)), Err(IdentityError::Inception));
}

#[test]
fn keys_have_to_fit() {
    let small = [&[1], [0; 31].as_slice()].concat().try_into().unwrap();
    let bad = Device { key: DeviceId(small), ..device(1) };
    assert_eq!(
        IdDoc::sign(&roots(), draft(0, 1, vec![bad])).unwrap_err(),
        IdentityError::DeviceKey(KeyError::SmallOrder)
    );
    // An owner who commits to a root of small order below the one that signs.
    let signer = roots().key(2).unwrap();
    let roots_used = vec![small, signer.public()];
    let c1 = context::hash(
        context::ROOT_CHAIN,
        &[&small, &context::hash(context::ROOT_CHAIN, &[&signer.public(), &[0; 32]])],
    );
    let inception = roots().key(0).unwrap().sign(&context::message(context::INCEPTION, &[&c1]));
    let doc =
        IdDoc { inception, roots: roots_used, next: [0; 32], devices: vec![], ended: None, moved_to: None };
    assert_eq!(verify(forge(&doc, 2)), Err(IdentityError::RootKey(KeyError::SmallOrder)));
}

#[test]
fn lists_ascend_strictly() {
    let good = signed(0, 1, vec![device(1), device(2)]).doc().clone();
    let mut swapped = good.clone();
    swapped.devices.swap(0, 1);
    assert_eq!(verify(forge(&swapped, 0)), Err(IdentityError::Order));
    let x25519 = DeviceKey { suite: SUITE_X25519, key: vec![1] };
    let twice = [
        vec![device(1), device(1)],
        vec![Device { keys: vec![x25519.clone(), x25519], ..device(1) }],
        vec![Device { closed: vec![closed(1, 1, 1), closed(1, 2, 2)], ..device(1) }],
    ];
    for devices in twice {
        assert_eq!(IdDoc::sign(&roots(), draft(0, 1, devices)).unwrap_err(), IdentityError::Order);
    }
}

#[test]
fn lists_are_bounded() {
    let devices = |n: usize| (1..=n as u8).map(device).collect::<Vec<_>>();
    assert!(IdDoc::sign(&roots(), draft(16, 1, devices(MAX_DEVICES))).is_ok());
    assert_eq!(
        IdDoc::sign(&roots(), draft(0, 1, devices(MAX_DEVICES + 1))).unwrap_err(),
        IdentityError::Body(BodyError::TooLong)
    );
    let closing = |seed, n: usize| Device {
        closed: (0..n as u64).map(|log| closed(log, 1, 1)).collect(),
        ..device(seed)
    };
    assert!(IdDoc::sign(&roots(), draft(0, 1, vec![closing(1, MAX_CLOSED - 1), closing(2, 1)])).is_ok());
    assert_eq!(
        IdDoc::sign(&roots(), draft(0, 1, vec![closing(1, MAX_CLOSED), closing(2, 1)])).unwrap_err(),
        IdentityError::TooManyClosed
    );
}

#[test]
fn the_largest_usual_document_fits() {
    // 64 devices with a name and an X25519 key each, 256 closed logs with ids of all 64 bits, 16 roots.
    let devices = (1..=64)
        .map(|seed| Device {
            name: "n".repeat(64),
            ended: Some(MAX_TIMESTAMP - 1),
            closed: (0..4).map(|log| closed(u64::MAX - 4 + log, u64::MAX, 1)).collect(),
            ..device(seed)
        })
        .collect();
    let made = IdDoc::sign(&roots(), draft(16, 1, devices)).unwrap();
    assert!(made.entry().header.payload_len <= 32_768);
}

#[test]
fn what_cannot_be_verified_is_not_signed() {
    let sign = |draft| IdDoc::sign(&roots(), draft).unwrap_err();
    assert_eq!(sign(draft(17, 1, vec![])), IdentityError::NoSuchRoot);
    assert_eq!(sign(draft(255, 1, vec![])), IdentityError::NoSuchRoot);
    assert_eq!(sign(draft(0, 0, vec![])), IdentityError::Entry(Invalid::Sequence));
    let late = IdDraft { timestamp: MAX_TIMESTAMP, ..draft(0, 1, vec![]) };
    assert_eq!(sign(late), IdentityError::Entry(Invalid::Timestamp));
    let keys = (0..8).map(|suite| DeviceKey { suite, key: vec![0; 2_048] }).collect::<Vec<_>>();
    let large = (1..=3).map(|seed| Device { keys: keys.clone(), ..device(seed) }).collect();
    assert_eq!(sign(draft(0, 1, large)), IdentityError::Entry(Invalid::PayloadLength));
}

#[test]
fn unknown_fields_are_passed_over() {
    let doc = signed(0, 1, vec![]).doc().clone();
    let mut body = field::encode::<IdDoc>(&doc).unwrap();
    body[1] += 1;
    body.extend_from_slice(&[0x18, 99, 0xf6]);
    assert_eq!(verify(forge_body(&body, 0)).unwrap().doc(), &doc);
}

/// A document of the same root 0 with a chain of its own.
fn other_inception(seed: u8, version: u64) -> VerifiedId {
    let roots = roots();
    let c1 = [seed; 32];
    let inception = roots.key(0).unwrap().sign(&context::message(context::INCEPTION, &[&c1]));
    let doc = IdDoc { inception, roots: vec![], next: c1, devices: vec![], ended: None, moved_to: None };
    let body = field::encode::<IdDoc>(&doc).unwrap();
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: roots.account(),
        log_id: LogId::IDENTITY,
        seq: version,
        timestamp: 1,
        backlink: EntryId::ZERO,
        blind: [0; 16],
        body: &body,
    };
    verify(entry::sign(&draft, &roots.key(0).unwrap()).unwrap()).unwrap()
}

#[test]
fn the_highest_document_is_current() {
    let [v1, v2, rotated] = [(0, 1), (0, 2), (1, 1)].map(|(k, version)| Arc::new(signed(k, version, vec![])));
    let mut register = Register::default();
    assert_eq!((register.account(), register.current(), register.key()), (None, None, None));
    assert_eq!(register.insert(v2.clone()), Outcome::Current);
    assert_eq!(register.insert(v1.clone()), Outcome::Older);
    assert_eq!(register.insert(v2.clone()), Outcome::Known);
    assert_eq!(register.insert(rotated.clone()), Outcome::Current);
    assert_eq!(register.insert(v2), Outcome::Older);
    assert_eq!(register.current(), Some(&rotated));
    assert_eq!(register.key(), Some(IdKey { k: 1, version: 1, id: rotated.id() }));
    assert_eq!(register.account(), Some(rotated.account()));
    assert!(register.frozen().is_none());
}

#[test]
fn of_two_with_the_same_rank_the_lower_id_counts() {
    let a = Arc::new(signed(0, 1, vec![device(1)]));
    let b = Arc::new(signed(0, 1, vec![device(2)]));
    let (low, high) = if a.id() < b.id() { (a, b) } else { (b, a) };
    assert!(low.key() > high.key());
    let mut register = Register::default();
    assert_eq!(register.insert(high.clone()), Outcome::Current);
    assert_eq!(register.insert(low.clone()), Outcome::Current);
    assert_eq!(register.insert(high), Outcome::Older);
    assert_eq!(register.current(), Some(&low));
}

#[test]
fn two_inceptions_freeze_the_account() {
    let [ff, low, mid] = [0xff, 0, 1].map(|seed| Arc::new(other_inception(seed, 1)));
    let mut register = Register::default();
    assert_eq!(register.insert(ff.clone()), Outcome::Current);
    assert_eq!(register.insert(mid.clone()), Outcome::Frozen);
    assert_eq!(register.frozen(), Some([&mid, &ff]));
    assert_eq!(register.insert(low.clone()), Outcome::Frozen);
    assert_eq!(register.frozen(), Some([&low, &mid]));
    assert_eq!(register.insert(ff), Outcome::Older);
    assert!(register.current().is_some());
    let newer = Arc::new(other_inception(1, 2));
    assert_eq!(register.insert(newer.clone()), Outcome::Frozen);
    assert_eq!(register.current(), Some(&newer));
    assert_eq!(register.docs().collect::<Vec<_>>(), [&low, &newer]);
}

#[test]
fn another_accounts_document_is_not_taken() {
    let stranger = Roots::derive(&Phrase::from_entropy([8; 32]));
    let mut register = Register::default();
    register.insert(Arc::new(signed(0, 1, vec![])));
    let before = register.clone();
    let foreign = IdDoc::sign(&stranger, draft(1, 1, vec![])).unwrap();
    assert_eq!(register.insert(Arc::new(foreign)), Outcome::Foreign);
    assert_eq!(register, before);
}

#[test]
fn merging_keeps_every_device_and_every_end() {
    let renamed = Device { name: "new".into(), closed: vec![closed(1, 5, 5), closed(2, 1, 9)], ..device(1) };
    let ended = Device { ended: Some(50), closed: vec![closed(1, 4, 9), closed(3, 1, 1)], ..device(1) };
    let earlier = Device { ended: Some(40), closed: vec![closed(2, 1, 8)], ..device(1) };
    let docs = [
        signed(0, 1, vec![ended, device(2)]),
        signed(1, 1, vec![renamed, device(3)]),
        signed(0, 2, vec![earlier]),
    ];
    let mut expected = vec![
        Device {
            name: "new".into(),
            ended: Some(40),
            closed: vec![closed(1, 4, 9), closed(2, 1, 8), closed(3, 1, 1)],
            ..device(1)
        },
        device(2),
        device(3),
    ];
    expected.sort_by_key(|device| device.key);
    assert_eq!(merge(&docs), expected);
    assert_eq!(merge(docs.iter().rev()), expected);
    assert_eq!(merge([]), []);
}

static POOL: LazyLock<Vec<Arc<VerifiedId>>> = LazyLock::new(|| {
    let devices = [vec![], vec![device(1)], vec![device(2)]];
    let documents = [(0, 1), (0, 2), (1, 1), (2, 1)]
        .into_iter()
        .flat_map(|(k, version)| devices.iter().map(move |devices| signed(k, version, devices.clone())));
    let others = [0, 1, 0xff].into_iter().flat_map(|seed| (1..3).map(move |v| other_inception(seed, v)));
    documents.chain(others).map(Arc::new).collect()
});

proptest! {
    #[test]
    fn any_order_gives_the_same_register(
        (ascending, shuffled) in subsequence((0..18usize).collect::<Vec<_>>(), 0..=18)
            .prop_flat_map(|chosen| (Just(chosen.clone()), Just(chosen).prop_shuffle())),
    ) {
        let fill = |order: &[usize]| {
            let mut register = Register::default();
            for at in order {
                let before = register.clone();
                let outcome = register.insert(POOL[*at].clone());
                let changed = matches!(outcome, Outcome::Current | Outcome::Frozen);
                assert_eq!(register != before, changed);
            }
            register
        };
        prop_assert_eq!(fill(&ascending), fill(&shuffled));
    }

    #[test]
    fn merging_does_not_depend_on_order(order in Just((0..18usize).collect::<Vec<_>>()).prop_shuffle()) {
        let docs = order.iter().map(|at| POOL[*at].as_ref());
        prop_assert_eq!(merge(docs), merge(POOL.iter().map(AsRef::as_ref)));
    }

    #[test]
    fn any_body_is_read_without_panic(body in proptest::collection::vec(any::<u8>(), 1..200)) {
        let _ = verify(forge_body(&body, 0));
    }

    #[test]
    fn a_changed_body_is_refused_or_has_one_encoding(at: prop::sample::Index, value: u8) {
        let mut body = POOL[10].entry().body().unwrap().to_vec();
        let at = at.index(body.len());
        body[at] = value;
        if let Ok(verified) = verify(forge_body(&body, POOL[10].k())) {
            let again = field::encode::<IdDoc>(verified.doc()).unwrap();
            prop_assert!(again == body || again.len() < body.len());
        }
    }
}

//! The codec: what is written is read back, what is read was written that way, and no bytes cause a panic.

#![allow(clippy::expect_used, reason = "tests may fail loudly")]

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::blobs::BlobWant;
use super::chunk::{Address, Builder, Chunk, verify_groups};
use super::frame::{CloseCode, DecodeError, Frame, Verdict, kind};
use super::interest::{pad_and_shuffle, padding_tag, tag};
use super::message::{Ask, Greeting, LogRef, Message, Proving, Row, RowRun, RowsOf};
use super::pin::{PinAnswer, PinAsk, PinVerdict};
use super::session::Offered;
use crate::blob::Span;
use crate::body::{BlobId, Hints, Holder};
use crate::entry::{Draft, sign};
use crate::limits::{MAX_CHUNK_SOFT, MAX_FRAME, MAX_OFFER, MAX_PIN_TOKEN, MAX_RUNS, MAX_WANTS, PACK_BYTES};
use crate::pack::put_varint;
use crate::state::Fingerprint;
use crate::{AccountId, DeviceId, Entry, EntryId, KeyCache, Kind, LogId, LogKey, SecretKey, Verified};

fn log_ref() -> impl Strategy<Value = LogRef> {
    prop_oneof![
        (any::<[u8; 32]>(), any::<u64>()).prop_map(|(device, log)| LogRef::New(DeviceId(device), LogId(log))),
        (0..u64::MAX - 1).prop_map(LogRef::Handle),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let run = (1..=u64::MAX, any::<[u8; 8]>(), any::<u64>()).prop_map(|(top, tag, below)| RowRun {
        top,
        tag,
        low: top - below % top,
    });
    (log_ref(), proptest::option::of(1..=u64::MAX), vec(run, 0..=MAX_RUNS))
        .prop_map(|(log, seal, runs)| Row { log, seal, runs })
}

fn rows() -> impl Strategy<Value = Vec<RowsOf>> {
    let identity = proptest::option::of((any::<u8>(), any::<u64>(), any::<[u8; 8]>()));
    let of = (any::<u64>(), identity, any::<bool>(), any::<bool>(), vec(row(), 0..4))
        .prop_map(|(number, identity, frozen, full, logs)| RowsOf { number, identity, frozen, full, logs });
    vec(of, 0..4)
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        (1..=u64::MAX, any::<u64>(), 1..=u64::MAX, any::<u64>(), any::<bool>()).prop_map(
            |(wid, handle, hi, below, headers)| Ask::Range { wid, handle, hi, lo: hi - below % hi, headers }
        ),
        any::<[u8; 32]>().prop_map(|account| Ask::Identity(AccountId(account))),
        any::<u64>().prop_map(Ask::Proof),
    ]
}

fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..most).prop_map(Bytes::from)
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    any::<[u8; 8]>().prop_map(Fingerprint)
}

fn message() -> impl Strategy<Value = Message> {
    let hello = (any::<[u8; 32]>(), any::<u64>(), any::<u64>(), any::<bool>(), any::<bool>()).prop_map(
        |(salt, credit, outstanding, listed, warm)| {
            Message::Hello(Greeting { salt, credit, outstanding, listed, warm })
        },
    );
    let prove = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<[u8; 32]>(), vec(any::<u8>(), 64)).prop_map(
        |(account, device, identity, signature)| {
            Message::Prove(Box::new(Proving {
                account: AccountId(account),
                device: DeviceId(device),
                identity: EntryId(identity),
                signature: signature.try_into().expect("64 bytes"),
            }))
        },
    );
    let share = vec(proptest::option::of(fingerprint()), 0..70).prop_map(|places| Message::Share {
        shared: places.iter().map(Option::is_some).collect(),
        fingerprints: places.into_iter().flatten().collect(),
    });
    prop_oneof![
        hello,
        prove,
        fingerprint().prop_map(Message::Warm),
        (any::<bool>(), vec(any::<[u8; 8]>(), 0..40)).prop_map(|(add, tags)| Message::Offer { add, tags }),
        share,
        (any::<bool>(), rows()).prop_map(|(answer, accounts)| Message::Rows { answer, accounts }),
        rows().prop_map(Message::Head),
        vec(ask(), 0..20).prop_map(Message::Want),
        vec(any::<u64>(), 0..20).prop_map(Message::None),
        (bytes(300), bytes(300)).prop_map(|(one, other)| Message::Proof(one, other)),
        vec(bytes(300), 0..4).prop_map(Message::Identities),
        (any::<u64>(), any::<bool>()).prop_map(|(handle, eager)| Message::Mode { handle, eager }),
        any::<u64>().prop_map(Message::Credit),
        any::<u64>().prop_map(Message::Clock),
        fingerprint().prop_map(Message::Audit),
        (0u8..=13, any::<u64>()).prop_map(|(code, retry)| Message::Close(CloseCode::from_wire(code), retry)),
        (bytes(300), bytes(300)).prop_map(|(document, entry)| Message::Deliver { document, entry }),
        (any::<[u8; 32]>(), 0u8..=2)
            .prop_map(|(id, code)| Message::Status(EntryId(id), Verdict::from_wire(code))),
        (any::<u64>(), any::<[u8; 32]>())
            .prop_map(|(number, root)| Message::Refs { number, root: EntryId(root) }),
        (any::<u64>(), vec(any::<u64>(), 0..16))
            .prop_map(|(number, accounts)| Message::WhoHas { number, accounts }),
        (any::<u64>(), vec(vec(any::<u8>(), 1..20), 0..9)).prop_map(|(number, peers)| {
            let holder = |peer_id| Holder { peer_id, addresses: vec![vec![4, 1, 2]] };
            let hints = Hints { holders: peers.into_iter().take(8).map(holder).collect() };
            Message::Peers { number, holders: vec![Hints::default(), hints] }
        }),
        (any::<u64>(), any::<u64>(), vec((bytes(300), bytes(300)), 0..4))
            .prop_map(|(number, total, posts)| Message::Referred { number, total, posts }),
        (any::<u64>(), any::<([u8; 32], [u8; 32])>(), any::<(u64, u64, u64)>()).prop_map(
            |(number, (entry, blob), (size, first, count))| {
                let (entry, blob) = (EntryId(entry), BlobId(blob));
                Message::BlobWant {
                    number,
                    want: BlobWant { entry, blob, size, span: Span { first, count } },
                }
            }
        ),
        (any::<u64>(), bytes(300)).prop_map(|(number, piece)| Message::Blob { number, piece }),
        prop_oneof![bytes(MAX_PIN_TOKEN).prop_map(PinAsk::Hold), Just(PinAsk::Release)]
            .prop_map(Message::Pin),
        (0..8u8, any::<bool>(), any::<(u64, u64, u64)>(), vec(bytes(60), 0..=8)).prop_map(
            |(verdict, full, (seconds, quota, used), addresses)| {
                let verdict = PinVerdict::from_wire(verdict);
                Message::Pinned(PinAnswer { verdict, full, seconds, quota, used, addresses })
            }
        ),
        // CLOCK is the last that is known.
        (kind::CLOCK + 1..).prop_map(Message::Ignored),
    ]
}

proptest! {
    #[test]
    fn every_message_is_read_back(message in message()) {
        prop_assert_eq!(Message::decode(message.encode()), Ok(message));
    }

    #[test]
    fn whatever_decodes_was_written_that_way(frame_kind in 0u8..20, body in bytes(200), few in any::<bool>()) {
        // Small numbers reach deeper into the lists than random bytes do.
        let body: Bytes = if few { body.iter().map(|byte| byte % 5).collect::<Vec<_>>().into() } else { body };
        let frame = Frame { kind: frame_kind, body };
        if let Ok(message) = Message::decode(frame.clone()) {
            // A close code of a later version reads as the one for the unknown.
            if !matches!(message, Message::Close(CloseCode::Internal, _)) {
                prop_assert_eq!(message.encode(), frame);
            }
        }
    }

    /// What a peer may pass over may also hold more than is known here: that is left out, and the rest is kept.
    #[test]
    fn whatever_decodes_is_read_back(frame_kind in 0x80..=kind::CLOCK + 1, body in bytes(200), few in any::<bool>()) {
        let body: Bytes = if few { body.iter().map(|byte| byte % 5).collect::<Vec<_>>().into() } else { body };
        if let Ok(message) = Message::decode(Frame { kind: frame_kind, body }) {
            prop_assert_eq!(Message::decode(message.encode()), Ok(message));
        }
    }

    #[test]
    fn a_message_cut_short_or_made_longer_is_another_or_none(message in message(), extra in any::<u8>()) {
        let frame = message.encode();
        let longer = Frame { kind: frame.kind, body: [&frame.body[..], &[extra]].concat().into() };
        prop_assert!(frame.kind >= 0x80 || Message::decode(longer) != Ok(message.clone()));
        if !frame.body.is_empty() {
            let shorter = Frame { kind: frame.kind, body: frame.body.slice(..frame.body.len() - 1) };
            prop_assert!(frame.kind >= 0x80 || Message::decode(shorter) != Ok(message));
        }
    }

    #[test]
    fn no_bytes_make_a_chunk_panic(body in bytes(300), few in any::<bool>()) {
        let body: Bytes = if few { body.iter().map(|byte| byte % 3).collect::<Vec<_>>().into() } else { body };
        if let Ok(chunk) = Chunk::decode(body) {
            let _ = chunk.groups(|_| Ok(log()));
        }
    }

    #[test]
    fn tags_are_padded_and_shuffled_the_same_way_each_time(count in 0usize..70, round in any::<u64>(), salt in any::<[u8; 32]>()) {
        let accounts: Vec<_> = (0..count).map(|index| Offered::Account(AccountId([index as u8; 32]))).collect();
        let mut one = accounts.clone();
        let mut other = accounts.clone();
        pad_and_shuffle(&salt, round, &mut one);
        pad_and_shuffle(&salt, round, &mut other);
        prop_assert_eq!(&one, &other);
        prop_assert!(one.len().is_power_of_two() && one.len() < 2 * count.max(1));
        for account in accounts {
            prop_assert_eq!(one.iter().filter(|place| **place == account).count(), 1);
        }
        prop_assert_ne!(padding_tag(&salt, round, 0), padding_tag(&salt, round, 1));
    }
}

#[test]
fn shuffling_depends_on_salt_and_round() {
    let accounts: Vec<_> = (0..64).map(|index| Offered::Account(AccountId([index; 32]))).collect();
    let shuffled = |salt: [u8; 32], round| {
        let mut list = accounts.clone();
        pad_and_shuffle(&salt, round, &mut list);
        list
    };
    assert_ne!(shuffled([1; 32], 0), accounts);
    assert_ne!(shuffled([1; 32], 0), shuffled([1; 32], 1));
    assert_ne!(shuffled([1; 32], 0), shuffled([2; 32], 0));
}

#[test]
fn a_tag_is_the_same_from_both_ends_and_of_one_salt_only() {
    let account = AccountId([4; 32]);
    assert_eq!(tag(&[1; 32], b"one", b"other", &account), tag(&[1; 32], b"other", b"one", &account));
    assert_ne!(tag(&[1; 32], b"one", b"other", &account), tag(&[2; 32], b"one", b"other", &account));
    assert_ne!(tag(&[1; 32], b"one", b"other", &account), tag(&[1; 32], b"on", b"eother", &account));
}

#[test]
fn lists_beyond_their_limits_are_refused() {
    let frame = |kind, body: Vec<u8>| Frame { kind, body: body.into() };
    let tags = frame(kind::OFFER, vec![1; 1 + 8 * (MAX_OFFER + 1)]);
    assert_eq!(Message::decode(tags), Err(DecodeError::Limit));
    let asks = Message::Want(vec![Ask::Proof(1); MAX_WANTS + 1]).encode();
    assert_eq!(Message::decode(asks), Err(DecodeError::Limit));
    assert_eq!(Message::decode(frame(kind::AUDIT, vec![0; MAX_FRAME])), Err(DecodeError::Limit));
    assert_eq!(Message::decode(frame(0, Vec::new())), Err(DecodeError::UnknownType(0)));
    assert_eq!(Message::decode(frame(17, Vec::new())), Err(DecodeError::UnknownType(17)));
    assert_eq!(Message::decode(frame(kind::AUDIT, vec![0; 9])), Err(DecodeError::Trailing));
    assert_eq!(Message::decode(frame(kind::HELLO, vec![2; 50])), Err(DecodeError::Version));
    assert_eq!(CloseCode::from(DecodeError::Version), CloseCode::Version);
    assert_eq!(CloseCode::from(DecodeError::Limit), CloseCode::Limit);
    assert_eq!(CloseCode::from(DecodeError::Trailing), CloseCode::Decode);
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[3; 32])
}

fn log() -> LogKey {
    let account = AccountId(key().public());
    LogKey { account, device: DeviceId(key().public()), log_id: LogId::new(LogId::PUBLIC, 5) }
}

fn posts(count: u64, text: &str) -> Vec<Verified<Entry>> {
    let mut posts: Vec<Verified<Entry>> = Vec::new();
    for seq in 1..=count {
        let draft = Draft {
            kind: Kind::POST,
            account: log().account,
            log_id: log().log_id,
            seq,
            timestamp: 1_000 + seq,
            backlink: posts.last().map_or(EntryId::ZERO, |last| last.id),
            blind: [8; 16],
            body: text.as_bytes(),
        };
        posts.push(sign(&draft, &key()).expect("a valid draft"));
    }
    posts
}

#[test]
fn a_chunk_of_several_groups_is_read_and_verified() {
    let posts = posts(40, "a text that compresses, a text that compresses");
    let pushed = Address::Pushed(7, LogRef::New(log().device, log().log_id));
    let groups = [(Address::Wanted(3), &posts[..30]), (pushed, &posts[30..])];
    let mut builder = Builder::default();
    for (address, entries) in &groups {
        assert_eq!(builder.add(address, entries), entries.len());
    }
    assert!(!builder.is_full() && !builder.overflows(1_000) && builder.overflows(MAX_FRAME));
    let (frame, cost) = builder.finish().expect("two groups");
    assert!(builder.finish().is_none(), "the builder starts anew");
    assert!((frame.body.len() as u64) < cost, "it was compressed");
    let chunk = Chunk::decode(frame.body).expect("a chunk");
    assert_eq!(chunk.cost, cost);
    let read = chunk.groups(|_| Ok(log())).expect("groups");
    let verified = verify_groups(read, &KeyCache::default()).expect("authentic");
    for ((address, entries), (read_address, read_log, read)) in groups.iter().zip(&verified) {
        assert_eq!((address, &log()), (read_address, read_log));
        assert_eq!(*entries, read.as_slice());
    }
}

#[test]
fn one_forged_entry_spoils_the_chunk() {
    let mut entries: Vec<Entry> = posts(10, "text").into_iter().map(Verified::into_inner).collect();
    entries[9].signature[5] ^= 1;
    let mut builder = Builder::default();
    builder.add(&Address::Wanted(1), &entries);
    let (frame, _) = builder.finish().expect("a group");
    let read = Chunk::decode(frame.body).and_then(|chunk| chunk.groups(|_| Ok(log()))).expect("decodes");
    assert_eq!(verify_groups(read, &KeyCache::default()), Err(crate::Invalid::Signature));
}

#[test]
fn the_largest_pack_fits_a_frame() {
    let posts = posts(2, &"x".repeat(crate::limits::MAX_TEXT));
    let mut builder = Builder::default();
    builder.add(&Address::Wanted(u64::MAX), &posts);
    assert!(builder.is_full());
    let (frame, cost) = builder.finish().expect("a group");
    assert!(cost > PACK_BYTES as u64 && frame.wire_len() <= 4 + MAX_FRAME);
}

#[test]
fn a_soft_section_that_inflates_to_more_than_it_says_is_refused() {
    let packed = zstd::bulk::compress(&vec![0; 100_000], 1).expect("compresses");
    let body = |stated: u64| {
        let mut body = vec![1];
        put_varint(&mut body, stated);
        put_varint(&mut body, packed.len() as u64);
        body.extend_from_slice(&packed);
        Bytes::from(body)
    };
    assert!(Chunk::decode(body(100_000)).is_ok());
    for stated in [99_999, 10, 100_001] {
        assert_eq!(Chunk::decode(body(stated)).err(), Some(DecodeError::Inflate), "{stated}");
    }
    assert_eq!(Chunk::decode(body(MAX_CHUNK_SOFT as u64 + 1)).err(), Some(DecodeError::Limit));
}

#[test]
fn what_follows_the_last_group_is_refused() {
    let mut builder = Builder::default();
    builder.add(&Address::Wanted(1), &posts(1, "text"));
    let (frame, _) = builder.finish().expect("a group");
    let longer: Bytes = [&frame.body[..], &[0]].concat().into();
    let read = Chunk::decode(longer).and_then(|chunk| chunk.groups(|_| Ok(log())));
    assert_eq!(read.err(), Some(DecodeError::Trailing));
    assert_eq!(
        Chunk::decode(Bytes::from(vec![0, 0, 0])).and_then(|chunk| chunk.groups(|_| Ok(log()))).err(),
        Some(DecodeError::Trailing)
    );
}

//! Round trips, limits, one refusal of each name, and bytes that a second implementation can compare with.

#![allow(clippy::unwrap_used)]

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::ids::{AccountId, EntryId};
use crate::limits::*;

const KINDS: [Kind; 10] = [
    Kind::PROFILE,
    Kind::POST,
    Kind::EDIT,
    Kind::DELETE,
    Kind::REACTION,
    Kind::REPOST,
    Kind::FOLLOW,
    Kind::VOTE,
    Kind::HINTS,
    Kind::SEALED,
];

fn reference(n: u8) -> EntryRef {
    EntryRef { account: AccountId([n; 32]), id: EntryId([n + 1; 32]) }
}

fn preview() -> Preview {
    Preview { blob: BlobId([8; 32]), media_type: "image/jpeg".into(), size: 9_000, width: 640, height: 480 }
}

fn attachment() -> Attachment {
    Attachment {
        blob: BlobId([9; 32]),
        media_type: "image/webp".into(),
        size: 70_000,
        width: Some(800),
        height: Some(600),
        duration_ms: None,
        blurhash: String::new(),
        alt: "a door".into(),
        focus: Some(Focus { x: -5_000, y: 250 }),
        source_type: "digitalCapture".into(),
        preview: Some(preview()),
        name: "door.webp".into(),
    }
}

fn holder() -> Holder {
    Holder { peer_id: vec![0, 1], addresses: vec![vec![4, 127, 0, 0, 1]] }
}

fn post(content: Content) -> Body {
    Body::Post(Post { content, ..Post::default() })
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap()
}

fn assert_bytes(body: &Body, expected: &str) {
    let bytes = body.encode().unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), data_encoding::HEXLOWER.encode(&hex(expected)));
    assert_eq!(Body::decode(body.kind(), &bytes).unwrap().as_ref(), Some(body));
}

#[test]
fn a_small_post_is_these_bytes() {
    let content = Content { text: "salaam".into(), language: "en".into(), ..Content::default() };
    assert_bytes(
        &post(content),
        "01              # version
         a1              # map of 1
         01 a2           # content: map of 2
         01 66 73616c61616d # text
         03 62 656e      # language",
    );
}

#[test]
fn a_reply_is_these_bytes() {
    let body = Body::Post(Post {
        reply_to: Some(reference(1)),
        visibility: Visibility::Unlisted,
        original_date: Some(1_700_000_000_000),
        ..Post::default()
    });
    assert_bytes(
        &body,
        &format!(
            "01 a3
             02 82 5820 {} 5820 {}       # reply_to: account, id
             05 01                       # unlisted
             06 1b 0000018bcfe56800      # original date",
            "01".repeat(32),
            "02".repeat(32)
        ),
    );
}

#[test]
fn the_other_bodies_are_these_bytes() {
    let target = EntryId([0xab; 32]);
    let id = format!("5820 {}", "ab".repeat(32));
    assert_bytes(&Body::Delete(Delete { target }), &format!("01 a1 01 {id}"));
    assert_bytes(&Body::Edit(Edit { target, content: Content::default() }), &format!("01 a1 01 {id}"));
    let about = EntryRef { account: AccountId([0xab; 32]), id: target };
    assert_bytes(
        &Body::Reaction(Reaction { target: about, emoji: "♥".into(), on: true }),
        &format!("01 a3 01 82 {id} {id} 02 63 e299a5 03 f5"),
    );
    assert_bytes(&Body::Repost(Repost { target: about, on: false }), &format!("01 a2 01 82 {id} {id} 02 f4"));
    assert_bytes(
        &Body::Vote(Vote { target: about, choices: vec![0, 19] }),
        &format!("01 a2 01 82 {id} {id} 02 82 00 13"),
    );
    assert_bytes(
        &Body::Follow(Follow { account: AccountId([0xab; 32]), on: false }),
        &format!("01 a2 01 {id} 02 f4"),
    );
    assert_bytes(
        &Body::Hints(Hints { holders: vec![holder()] }),
        "01 a1 01 81       # one holder
         a2 01 42 0001     # peer id
         02 81 45 047f000001 # its addresses",
    );
    assert_bytes(&Body::Sealed(Sealed { suite: 500, data: vec![1, 2, 3] }), "01 a2 01 1901f4 02 43 010203");
    assert_bytes(&Body::Profile(Profile::default()), "01 a0");
}

#[test]
fn a_vote_counts_in_time_and_for_what_the_poll_offers() {
    let one = Poll { options: vec!["a".into(), "b".into()], multiple: false, closes_at: Some(100) };
    assert!(one.is_open_at(100) && !one.is_open_at(101));
    assert!(one.allows(&[]) && one.allows(&[1]) && !one.allows(&[2]) && !one.allows(&[0, 1]));
    let many = Poll { multiple: true, closes_at: None, ..one };
    assert!(many.is_open_at(u64::MAX) && many.allows(&[0, 1]) && !many.allows(&[1, 2]));
}

#[test]
fn a_full_profile_is_these_bytes() {
    let body = Body::Profile(Profile {
        name: "Ada".into(),
        avatar: Some(attachment()),
        fields: vec![ProfileField { name: "w".into(), value: String::new() }],
        bot: true,
        usage: Usage {
            aipref: "train-ai=n".into(),
            draft: "2026-01-31".into(),
            bulk_dataset: Some(false),
            protocol_bridging: Some(true),
            ..Usage::default()
        },
        ..Profile::default()
    });
    assert_bytes(
        &body,
        &format!(
            "01 a5
             01 63 416461                          # name
             03 aa                                 # avatar
                01 5820 {}                         # blob
                02 6a 696d6167652f77656270         # media type
                03 1a 00011170                     # size
                04 19 0320 05 19 0258              # width, height
                08 66 6120646f6f72                 # alt
                09 82 391387 18fa                  # focus
                0a 6e 6469676974616c43617074757265 # source type
                0b a5 01 5820 {}                   # preview
                   02 6a 696d6167652f6a706567      # its media type
                   03 19 2328 04 19 0280 05 19 01e0 # size, width, height
                0c 69 646f6f722e77656270           # name
             05 81 a1 01 61 77                     # fields
             06 f5                                 # bot
             08 a4                                 # usage
                01 6a 747261696e2d61693d6e         # AIPREF
                02 6a 323032362d30312d3331         # draft
                05 f4 06 f5                        # bulk dataset no, bridging yes",
            "09".repeat(32),
            "08".repeat(32)
        ),
    );
}

#[test]
fn what_is_not_known_is_inert() {
    assert_eq!(Body::decode(Kind::POST, &[2, 0xff]), Ok(None));
    assert_eq!(Body::decode(Kind::POST, &[0]), Ok(None));
    for kind in [Kind::IDENTITY, Kind::KEYS, Kind::LABEL, Kind(200)] {
        assert_eq!(Body::decode(kind, &[1, 0xa0]), Ok(None));
    }
}

#[test]
fn unknown_keys_are_passed_over() {
    // 99: {-1: [null, {"": true}]} behind the known keys, and 12: h'' inside the content.
    let bytes = hex("01 a2 01 a2 01 61 61 0c 40 1863 a1 20 82 f6 a1 60 f5");
    let expected = post(Content { text: "a".into(), ..Content::default() });
    assert_eq!(Body::decode(Kind::POST, &bytes), Ok(Some(expected)));
}

#[test]
fn each_error_has_its_bytes() {
    let deep = |depth: usize| [vec![0x81; depth - 1], vec![0x00]].concat();
    assert_eq!(cbor::check(&deep(MAX_CBOR_DEPTH)), Ok(()));
    assert_eq!(cbor::check(&deep(MAX_CBOR_DEPTH + 1)), Err(BodyError::Depth));
    for (bytes, error) in [
        ("", BodyError::Truncated),
        ("18", BodyError::Truncated),
        ("43 0000", BodyError::Truncated),
        ("9b ffffffffffffffff 00", BodyError::Truncated),
        ("a1 00", BodyError::Truncated),
        ("5b ffffffffffffffff", BodyError::Truncated),
        ("00 00", BodyError::TrailingBytes),
        ("18 17", BodyError::NotShortest),
        ("19 00ff", BodyError::NotShortest),
        ("1a 0000ffff", BodyError::NotShortest),
        ("1b 00000000ffffffff", BodyError::NotShortest),
        ("38 00", BodyError::NotShortest),
        ("58 01 00", BodyError::NotShortest),
        ("5f 41 00 ff", BodyError::Indefinite),
        ("7f ff", BodyError::Indefinite),
        ("9f ff", BodyError::Indefinite),
        ("bf ff", BodyError::Indefinite),
        ("a2 01 00 01 00", BodyError::MapOrder),
        ("a2 02 00 01 00", BodyError::MapOrder),
        ("a2 20 00 18ff 00", BodyError::MapOrder),
        ("81 a2 61 62 00 61 61 00", BodyError::MapOrder),
        ("c0 00", BodyError::Forbidden),
        ("f9 3c00", BodyError::Forbidden),
        ("fa 3fc00000", BodyError::Forbidden),
        ("fb 3ff8000000000000", BodyError::Forbidden),
        ("f7", BodyError::Forbidden),
        ("f8 ff", BodyError::Forbidden),
        ("e0", BodyError::Forbidden),
        ("ff", BodyError::Forbidden),
        ("1c", BodyError::Forbidden),
        ("1f", BodyError::Forbidden),
        ("5e", BodyError::Forbidden),
        ("61 ff", BodyError::Utf8),
        ("62 c080", BodyError::Utf8),
    ] {
        assert_eq!(cbor::check(&hex(bytes)), Err(error), "{bytes}");
        if !bytes.is_empty() {
            // The same anywhere inside a body, under keys that are not known too.
            let body = [hex("01 a1 1863"), hex(bytes)].concat();
            assert!(Body::decode(Kind::POST, &body).is_err(), "{bytes}");
        }
    }
    let long = format!("01 a1 01 a1 03 7824 {}", "61".repeat(MAX_LANG + 1));
    for (kind, bytes, error) in [
        (Kind::POST, "", BodyError::Truncated),
        (Kind::POST, "01", BodyError::Truncated),
        (Kind::POST, "01 a0 00", BodyError::TrailingBytes),
        (Kind::POST, "01 80", BodyError::Type),
        (Kind::POST, "01 a1 61 61 00", BodyError::Type),
        (Kind::POST, "01 a1 20 00", BodyError::Type),
        (Kind::POST, "01 a1 01 a1 01 41 61", BodyError::Type),
        (Kind::POST, "01 a1 01 a1 01 f6", BodyError::Type),
        (Kind::POST, "01 a1 01 a1 02 01", BodyError::Type),
        (Kind::POST, "01 a1 01 a1 02 f6", BodyError::Type),
        (Kind::POST, "01 a1 01 a0", BodyError::Default),
        (Kind::POST, "01 a1 01 a1 01 60", BodyError::Default),
        (Kind::POST, "01 a1 01 a1 02 f4", BodyError::Default),
        (Kind::POST, "01 a1 01 a1 05 80", BodyError::Default),
        (Kind::POST, "01 a1 01 a1 06 81 60", BodyError::Default),
        (Kind::POST, "01 a1 05 00", BodyError::Default),
        (Kind::POST, "01 a1 05 02", BodyError::Range),
        (Kind::POST, "01 a1 06 1b 0000800000000000", BodyError::Range),
        (Kind::POST, "01 a1 01 a1 08 a1 01 81 61 61", BodyError::Length),
        (Kind::POST, "01 a1 01 a1 08 a0", BodyError::Missing(1)),
        (Kind::POST, "01 a1 01 a1 07 81 a0", BodyError::Missing(1)),
        (Kind::POST, "01 a1 02 80", BodyError::Length),
        (Kind::POST, &long, BodyError::TooLong),
        (Kind::DELETE, "01 a0", BodyError::Missing(1)),
        (Kind::DELETE, "01 a1 01 41 00", BodyError::Length),
        (Kind::SEALED, "01 a1 01 1a 00010000", BodyError::Range),
        (Kind::SEALED, "01 a2 01 00 02 40", BodyError::Default),
    ] {
        assert_eq!(Body::decode(kind, &hex(bytes)), Err(error), "{bytes}");
    }
}

#[test]
fn focus_stays_on_the_picture() {
    for (focus, fits) in
        [((10_000, -10_000), true), ((10_001, 0), false), ((0, -10_001), false), ((i16::MIN, 0), false)]
    {
        let focus = Some(Focus { x: focus.0, y: focus.1 });
        let attachments = vec![Attachment { focus, ..attachment() }];
        let encoded = post(Content { attachments, ..Content::default() }).encode();
        assert_eq!(encoded.is_ok(), fits);
    }
    let mut reader = cbor::Reader::new(&[0x39, 0x7f, 0xff]);
    assert_eq!(reader.signed(), Ok(i16::MIN));
    assert_eq!(cbor::Reader::new(&[0x39, 0x80, 0x00]).signed(), Err(BodyError::Range));
    assert_eq!(cbor::Reader::new(&[0x40]).signed(), Err(BodyError::Type));
}

/// A value whose one string or list is of the given length.
type OfLength = fn(usize) -> Body;

fn letters(n: usize) -> String {
    "a".repeat(n)
}

const LIMITS: &[(usize, OfLength)] = &[
    (MAX_TEXT, |n| post(Content { text: letters(n), ..Content::default() })),
    (MAX_LANG, |n| post(Content { language: letters(n), ..Content::default() })),
    (MAX_MEDIUM, |n| post(Content { content_warning: letters(n), ..Content::default() })),
    (MAX_LIST, |n| post(Content { mentions: vec![AccountId::ZERO; n], ..Content::default() })),
    (MAX_LIST, |n| post(Content { tags: vec![letters(1); n], ..Content::default() })),
    (MAX_SHORT, |n| post(Content { tags: vec![letters(n)], ..Content::default() })),
    (MAX_LIST, |n| post(Content { attachments: vec![attachment(); n], ..Content::default() })),
    (MAX_SHORT, |n| post(Content { source_type: letters(n), ..Content::default() })),
    (MAX_POLL_OPTIONS, |n| {
        let poll = Some(Poll { options: vec![letters(1); n], multiple: true, closes_at: Some(0) });
        post(Content { poll, ..Content::default() })
    }),
    (MAX_URL, |n| {
        let card = Some(Card { url: letters(n), title: letters(1), description: letters(1), image: None });
        post(Content { card, ..Content::default() })
    }),
    (MAX_BIO, |n| Body::Profile(Profile { bio: letters(n), ..Profile::default() })),
    (MAX_SHORT, |n| Body::Profile(Profile { name: letters(n), ..Profile::default() })),
    (MAX_LIST, |n| Body::Profile(Profile { fields: vec![ProfileField::default(); n], ..Profile::default() })),
    (MAX_DATE, |n| {
        let usage = Usage { draft: letters(n), ..Usage::default() };
        Body::Profile(Profile { usage, ..Profile::default() })
    }),
    (MAX_HINTS, |n| Body::Hints(Hints { holders: vec![holder(); n] })),
    (MAX_PEER_ID, |n| {
        Body::Hints(Hints { holders: vec![Holder { peer_id: vec![1; n], addresses: vec![] }] })
    }),
    (MAX_ADDRESSES, |n| {
        Body::Hints(Hints { holders: vec![Holder { addresses: vec![vec![1]; n], ..holder() }] })
    }),
    (MAX_URL, |n| Body::Hints(Hints { holders: vec![Holder { addresses: vec![vec![1; n]], ..holder() }] })),
];

#[test]
fn limits_hold_to_the_byte() {
    for (at, (limit, of_length)) in LIMITS.iter().enumerate() {
        let fits = of_length(*limit);
        let bytes = fits.encode().unwrap();
        assert_eq!(Body::decode(fits.kind(), &bytes), Ok(Some(fits)), "{at}");
        assert_eq!(of_length(limit + 1).encode(), Err(BodyError::TooLong), "{at}");
    }
}

#[test]
fn a_body_fits_its_payload() {
    let longest = MAX_PAYLOAD as usize - BLIND;
    // Version, map, key, suite, key, and a length of three bytes or five.
    let sealed = |n| Body::Sealed(Sealed { suite: 0, data: vec![0; n] });
    let fits = sealed(longest - 8);
    let bytes = fits.encode().unwrap();
    assert_eq!(bytes.len(), longest);
    assert_eq!(Body::decode(Kind::SEALED, &bytes), Ok(Some(fits)));
    assert_eq!(sealed(longest - 7).encode(), Err(BodyError::TooLarge));
    let long = [vec![1], vec![0xa0; longest]].concat();
    assert_eq!(Body::decode(Kind::SEALED, &long), Err(BodyError::TooLarge));
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let tags = vec![String::new()];
    assert_eq!(post(Content { tags, ..Content::default() }).encode(), Err(BodyError::Default));
    let poll = Some(Poll { options: vec!["only".into()], multiple: false, closes_at: None });
    assert_eq!(post(Content { poll, ..Content::default() }).encode(), Err(BodyError::Length));
    let late = Post { original_date: Some(MAX_TIMESTAMP), ..Post::default() };
    assert_eq!(Body::Post(late).encode(), Err(BodyError::Range));
}

fn short() -> impl Strategy<Value = String> {
    "\\PC{0,20}"
}

fn some_text() -> impl Strategy<Value = String> {
    "\\PC{1,20}"
}

fn blob() -> impl Strategy<Value = BlobId> {
    any::<[u8; 32]>().prop_map(BlobId)
}

fn any_reference() -> impl Strategy<Value = EntryRef> {
    any::<([u8; 32], [u8; 32])>()
        .prop_map(|(account, id)| EntryRef { account: AccountId(account), id: EntryId(id) })
}

prop_compose! {
    fn any_usage()(aipref in short(), draft in "[0-9-]{0,10}", intents: [Option<bool>; 4]) -> Usage {
        let [synthetic_content_generation, public_access_archive, bulk_dataset, protocol_bridging] = intents;
        Usage {
            aipref, draft, synthetic_content_generation, public_access_archive, bulk_dataset, protocol_bridging,
        }
    }
}

prop_compose! {
    fn any_preview()(
        blob in blob(), media_type in some_text(), size in any::<u64>(), (width, height) in any::<(u32, u32)>(),
    ) -> Preview {
        Preview { blob, media_type, size, width, height }
    }
}

prop_compose! {
    fn any_attachment()(
        blob in blob(), media_type in some_text(), (size, duration_ms) in any::<(u64, Option<u64>)>(),
        (width, height) in any::<(Option<u32>, Option<u32>)>(), blurhash in short(), alt in short(),
        focus in option::of((-10_000..=10_000i16, -10_000..=10_000i16)), source_type in short(),
        preview in option::of(any_preview()), name in short(),
    ) -> Attachment {
        let focus = focus.map(|(x, y)| Focus { x, y });
        Attachment {
            blob, media_type, size, width, height, duration_ms, blurhash, alt, focus, source_type, preview, name,
        }
    }
}

prop_compose! {
    fn any_poll()(
        options in vec(some_text(), 2..=20), multiple: bool, closes_at in option::of(0..MAX_TIMESTAMP),
    ) -> Poll {
        Poll { options, multiple, closes_at }
    }
}

prop_compose! {
    fn any_card()(
        url in some_text(), title in short(), description in short(), image in option::of(blob()),
    ) -> Card {
        Card { url, title, description, image }
    }
}

prop_compose! {
    fn any_content()(
        text: String, markdown: bool, language in "[a-zA-Z-]{0,35}", content_warning in short(),
        mentions in vec(any::<[u8; 32]>().prop_map(AccountId), 0..3), tags in vec(some_text(), 0..30),
        attachments in vec(any_attachment(), 0..3), poll in option::of(any_poll()),
        card in option::of(any_card()), usage in any_usage(), source_type in short(),
    ) -> Content {
        Content {
            text, markdown, language, content_warning, mentions, tags, attachments, poll, card, usage, source_type,
        }
    }
}

prop_compose! {
    fn any_post()(
        content in any_content(), reply_to in option::of(any_reference()), root in option::of(any_reference()),
        quote in option::of(any_reference()),
        visibility in prop_oneof![Just(Visibility::Public), Just(Visibility::Unlisted)],
        original_date in option::of(0..MAX_TIMESTAMP), was in option::of(any::<[u8; 32]>().prop_map(EntryId)),
    ) -> Post {
        Post { content, reply_to, root, quote, visibility, original_date, was }
    }
}

prop_compose! {
    fn any_profile()(
        name in short(), bio: String, avatar in option::of(any_attachment()),
        header in option::of(any_attachment()), fields in vec((short(), short()), 0..4), bot: bool,
        language in "[a-z]{0,3}", usage in any_usage(),
    ) -> Profile {
        let fields = fields.into_iter().map(|(name, value)| ProfileField { name, value }).collect();
        Profile { name, bio, avatar, header, fields, bot, language, usage }
    }
}

fn any_holder() -> impl Strategy<Value = Holder> {
    (vec(any::<u8>(), 1..=64), vec(vec(any::<u8>(), 1..300), 0..=8))
        .prop_map(|(peer_id, addresses)| Holder { peer_id, addresses })
}

fn any_body() -> impl Strategy<Value = Body> {
    let id = || any::<[u8; 32]>();
    prop_oneof![
        any_profile().prop_map(Body::Profile),
        any_post().prop_map(Body::Post),
        (id(), any_content())
            .prop_map(|(target, content)| Body::Edit(Edit { target: EntryId(target), content })),
        id().prop_map(|target| Body::Delete(Delete { target: EntryId(target) })),
        (id(), any::<bool>())
            .prop_map(|(account, on)| Body::Follow(Follow { account: AccountId(account), on })),
        (any_reference(), ".{1,10}", any::<bool>())
            .prop_map(|(target, emoji, on)| Body::Reaction(Reaction { target, emoji, on })),
        (any_reference(), any::<bool>()).prop_map(|(target, on)| Body::Repost(Repost { target, on })),
        (any_reference(), btree_set(0u8..20, 0..=20)).prop_map(|(target, choices)| Body::Vote(Vote {
            target,
            choices: choices.into_iter().collect()
        })),
        vec(any_holder(), 0..=8).prop_map(|holders| Body::Hints(Hints { holders })),
        (any::<u16>(), vec(any::<u8>(), 0..2_000))
            .prop_map(|(suite, data)| Body::Sealed(Sealed { suite, data })),
    ]
}

/// Reads `bytes` as every kind. What decodes encodes to the same bytes, or, where keys were passed over, to
/// fewer.
fn assert_one_encoding(bytes: &[u8]) {
    for kind in KINDS {
        if let Ok(Some(body)) = Body::decode(kind, bytes) {
            let again = body.encode().unwrap();
            assert!(again == bytes || again.len() < bytes.len());
            assert_eq!(Body::decode(kind, &again), Ok(Some(body)));
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(body in any_body()) {
        let bytes = body.encode().unwrap();
        // An independent reader agrees that the map is one well-formed item.
        let mut reader = minicbor::Decoder::new(&bytes[1..]);
        reader.skip().unwrap();
        prop_assert_eq!(reader.position() + 1, bytes.len());
        prop_assert_eq!(Body::decode(body.kind(), &bytes), Ok(Some(body)));
    }

    #[test]
    fn changed_bytes_have_one_encoding(body in any_body(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..3)) {
        let mut bytes = body.encode().unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        assert_one_encoding(&bytes);
    }

    #[test]
    fn cut_bytes_are_refused(body in any_body(), at: prop::sample::Index) {
        let bytes = body.encode().unwrap();
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert_eq!(Body::decode(body.kind(), cut), Err(BodyError::Truncated));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = cbor::check(&bytes);
        assert_one_encoding(&bytes);
        assert_one_encoding(&[&[VERSION], bytes.as_slice()].concat());
    }

    #[test]
    fn numbers_are_in_shortest_form(value: u64) {
        let mut writer = cbor::Writer::default();
        writer.unsigned(value);
        let bytes = writer.finish();
        prop_assert_eq!(&bytes, &minicbor::to_vec(value).unwrap());
        prop_assert_eq!(cbor::Reader::new(&bytes).unsigned(), Ok(value));
    }

    #[test]
    fn signed_numbers_are_in_shortest_form(value: i16) {
        let mut writer = cbor::Writer::default();
        writer.signed(value);
        let bytes = writer.finish();
        prop_assert_eq!(&bytes, &minicbor::to_vec(value).unwrap());
        prop_assert_eq!(cbor::Reader::new(&bytes).signed(), Ok(value));
    }
}

//! Bodies: deterministic CBOR, each kind, each error.

use majlis_protocol::body::{
    Attachment, BlobId, Body, Card, Content, Delete, Edit, EntryRef, Focus, Follow, Hints, Holder, Poll,
    Post, Preview, Profile, ProfileField, Reaction, Repost, Sealed, Usage, Visibility, Vote, cbor as coding,
};
use majlis_protocol::entry::Kind;
use majlis_protocol::ids::EntryId;
use serde_json::{Value, json};

use super::File;
use super::json::hex;
use super::packs::cbor_head as head;
use super::view;
use super::world::{THEN, account};

fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    data_encoding::HEXLOWER.decode(digits.as_bytes()).unwrap()
}

/// Deterministic CBOR alone.
pub fn cbor() -> File {
    let mut file =
        File::new("cbor", "One item of deterministic CBOR, or the first thing wrong with it (chapter 3).");
    let deep = |depth: usize| "81".repeat(depth - 1) + "00";
    let good = [
        "00",
        "17",
        "18 18",
        "18 ff",
        "19 0100",
        "19 ffff",
        "1a 00010000",
        "1a ffffffff",
        "1b 0000000100000000",
        "1b ffffffffffffffff",
        "20",
        "37",
        "38 18",
        "39 0100",
        "3b ffffffffffffffff",
        "40",
        "41 00",
        "58 18 000102030405060708090a0b0c0d0e0f1011121314151617",
        "60",
        "61 61",
        "64 f09f9a80",
        "62 d985",
        "80",
        "82 00 20",
        "a0",
        "a2 00 00 01 00",
        "a3 18 64 00 20 00 61 61 00",
        "a1 80 a0",
        "f4",
        "f5",
        "f6",
    ];
    for item in good.iter().map(ToString::to_string).chain([deep(16)]) {
        cbor_case(&mut file, &["BODY-2"], &item);
    }
    for (ids, items) in [
        (
            ["BODY-2", "BODY-2"],
            &[
                "",
                "18",
                "19 00",
                "43 0000",
                "63 6161",
                "82 00",
                "a1 00",
                "9b ffffffffffffffff 00",
                "5b ffffffffffffffff",
                "00 00",
                "a0 f6",
            ][..],
        ),
        (
            ["BODY-2", "BODY-2"],
            &[
                "18 17",
                "19 00ff",
                "1a 0000ffff",
                "1b 00000000ffffffff",
                "38 00",
                "58 01 00",
                "78 01 61",
                "98 01 00",
                "b8 01 00 00",
            ],
        ),
        (["BODY-2", "BODY-2"], &["5f 41 00 ff", "7f 61 61 ff", "9f ff", "bf ff"]),
        (
            ["BODY-2", "BODY-2"],
            &[
                "a2 01 00 01 00",
                "a2 02 00 01 00",
                "a2 20 00 18ff 00",
                "a2 61 62 00 61 61 00",
                "a2 62 6161 00 61 62 00",
                "81 a2 01 00 00 00",
            ],
        ),
        (
            ["BODY-3", "BODY-2"],
            &[
                "c0 00",
                "d8 20 00",
                "f9 3c00",
                "fa 3fc00000",
                "fb 3ff8000000000000",
                "f7",
                "e0",
                "f8 ff",
                "f8 14",
                "ff",
                "1c",
                "1f",
                "3f",
                "5e",
            ],
        ),
        (["BODY-2", "BODY-2"], &["61 ff", "62 c080", "63 eda080", "64 f4908080"]),
    ] {
        for item in items {
            cbor_case(&mut file, &ids[..1], item);
        }
    }
    cbor_case(&mut file, &["BODY-4"], &deep(17));
    file
}

fn cbor_case(file: &mut File, ids: &[&str], item: &str) {
    let item = bytes(item);
    let name = if item.is_empty() { "nothing".into() } else { data_encoding::HEXLOWER.encode(&item) };
    file.either("cbor", name, ids, json!({ "bytes": hex(&item) }), coding::check(&item), |()| json!(true));
}

/// Bodies of each kind.
pub fn file() -> File {
    let mut file =
        File::new("bodies", "Bodies by kind, without their blind: decoded, or why not (chapter 3).");
    for (name, id, body) in good() {
        let bytes = body.encode().unwrap();
        case(&mut file, name, &["BODY-1", "BODY-2", id], body.kind(), &bytes);
    }
    passed_over(&mut file);
    refused(&mut file);
    limits(&mut file);
    file
}

fn case(file: &mut File, name: impl Into<String>, ids: &[&str], kind: Kind, bytes: &[u8]) {
    let input = json!({ "kind": kind.0, "body": hex(bytes) });
    let result = Body::decode(kind, bytes);
    file.either("body", name, ids, input, result, |body| body.as_ref().map_or(Value::Null, view::body));
}

fn attachment() -> Attachment {
    Attachment {
        blob: BlobId([0xab; 32]),
        media_type: "image/webp".into(),
        size: 123_456,
        width: None,
        height: None,
        duration_ms: None,
        blurhash: String::new(),
        alt: String::new(),
        focus: None,
        source_type: String::new(),
        preview: None,
        name: String::new(),
    }
}

fn rich_attachment() -> Attachment {
    Attachment {
        width: Some(1_920),
        height: Some(1_080),
        duration_ms: Some(0),
        blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".into(),
        alt: "An olive tree.".into(),
        focus: Some(Focus { x: -10_000, y: 2_500 }),
        source_type: "digitalCapture".into(),
        preview: Some(Preview {
            blob: BlobId([0xac; 32]),
            media_type: "image/jpeg".into(),
            size: 30_000,
            width: 640,
            height: 360,
        }),
        name: "زيتونة.webp".into(),
        ..attachment()
    }
}

fn usage() -> Usage {
    Usage {
        aipref: "train-ai=n, search=y".into(),
        draft: "2026-01-31".into(),
        synthetic_content_generation: Some(false),
        public_access_archive: Some(true),
        bulk_dataset: None,
        protocol_bridging: Some(true),
    }
}

fn rich_content() -> Content {
    Content {
        text: "السلام عليكم — *hello* 👋".into(),
        markdown: true,
        language: "ar-Latn".into(),
        content_warning: "A greeting".into(),
        mentions: vec![account(2), account(3)],
        tags: vec!["majlis".into(), "سلام".into()],
        attachments: vec![attachment(), rich_attachment()],
        poll: Some(Poll { options: vec!["yes".into(), "no".into()], multiple: true, closes_at: Some(THEN) }),
        card: Some(Card {
            url: "https://example.org/".into(),
            title: "Example".into(),
            description: "For documents.".into(),
            image: Some(BlobId([0xcd; 32])),
        }),
        usage: usage(),
        source_type: "humanEdits".into(),
    }
}

fn good() -> Vec<(&'static str, &'static str, Body)> {
    let reference = |byte| Some(EntryRef { account: account(1), id: EntryId([byte; 32]) });
    let bare_poll = Poll { options: vec!["1".into(), "2".into()], multiple: false, closes_at: None };
    let bare_card = Card { url: "x:".into(), title: String::new(), description: String::new(), image: None };
    let post = |content| Body::Post(Post { content, ..Post::default() });
    let target = EntryRef { account: account(1), id: EntryId([7; 32]) };
    let reaction = |emoji: &str, on| Body::Reaction(Reaction { target, emoji: emoji.into(), on });
    vec![
        ("an empty profile", "BODY-10", Body::Profile(Profile::default())),
        (
            "a full profile",
            "BODY-10",
            Body::Profile(Profile {
                name: "ليلى".into(),
                bio: "Gardens.\nBooks.".into(),
                avatar: Some(attachment()),
                header: Some(rich_attachment()),
                fields: vec![
                    ProfileField { name: "Web".into(), value: "https://example.org".into() },
                    ProfileField::default(),
                ],
                bot: true,
                language: "ar".into(),
                usage: usage(),
            }),
        ),
        ("an empty post", "BODY-11", Body::Post(Post::default())),
        ("a short post", "BODY-11", post(Content { text: "Hello".into(), ..Content::default() })),
        (
            "a poll and a card with nothing more than needed",
            "BODY-11",
            post(Content { poll: Some(bare_poll), card: Some(bare_card), ..Content::default() }),
        ),
        (
            "a usage preference that allows nothing",
            "BODY-11",
            post(Content {
                usage: Usage { bulk_dataset: Some(false), ..Usage::default() },
                ..Content::default()
            }),
        ),
        (
            "a full post",
            "BODY-11",
            Body::Post(Post {
                content: rich_content(),
                reply_to: reference(1),
                root: reference(2),
                quote: reference(3),
                visibility: Visibility::Unlisted,
                original_date: Some(0),
                was: Some(EntryId([4; 32])),
            }),
        ),
        (
            "an edit to nothing",
            "BODY-12",
            Body::Edit(Edit { target: EntryId([5; 32]), content: Content::default() }),
        ),
        ("an edit", "BODY-12", Body::Edit(Edit { target: EntryId([5; 32]), content: rich_content() })),
        ("a delete", "BODY-13", Body::Delete(Delete { target: EntryId([6; 32]) })),
        ("a reaction", "BODY-19", reaction("♥", true)),
        ("the end of a reaction", "BODY-19", reaction("♥", false)),
        ("a reaction of several characters", "BODY-19", reaction("👩🏽‍🌾", true)),
        ("a repost", "BODY-20", Body::Repost(Repost { target, on: true })),
        ("the end of a repost", "BODY-20", Body::Repost(Repost { target, on: false })),
        ("a vote", "BODY-21", Body::Vote(Vote { target, choices: vec![0] })),
        ("a vote for several", "BODY-21", Body::Vote(Vote { target, choices: vec![0, 1, 19] })),
        ("a vote withdrawn", "BODY-21", Body::Vote(Vote { target, choices: vec![] })),
        ("a follow", "BODY-14", Body::Follow(Follow { account: account(2), on: true })),
        ("its end", "BODY-14", Body::Follow(Follow { account: account(2), on: false })),
        ("no hints", "BODY-15", Body::Hints(Hints::default())),
        (
            "hints",
            "BODY-15",
            Body::Hints(Hints {
                holders: vec![
                    Holder {
                        peer_id: vec![0, 36, 8, 1],
                        addresses: vec![vec![4, 127, 0, 0, 1, 6, 15, 161], vec![1]],
                    },
                    Holder { peer_id: vec![1; 64], addresses: vec![] },
                ],
            }),
        ),
        ("sealed bytes", "BODY-16", Body::Sealed(Sealed { suite: 65_535, data: vec![1, 2, 3] })),
        ("sealed nothing", "BODY-16", Body::Sealed(Sealed::default())),
    ]
}

fn raw(file: &mut File, name: impl Into<String>, id: &str, kind: Kind, item: &str) {
    case(file, name, &[id], kind, &bytes(item));
}

/// What is kept and not interpreted, and what is interpreted all the same.
fn passed_over(file: &mut File) {
    raw(file, "a post of a later version", "BODY-17", Kind::POST, "02 ff ff");
    raw(file, "version zero", "BODY-17", Kind::POST, "00");
    for (name, kind) in [("keys, reserved", 12), ("a label, reserved", 13), ("an unknown kind", 99)] {
        raw(file, name, "BODY-17", Kind(kind), "01 a0");
    }
    raw(file, "an unknown key in a post", "BODY-5", Kind::POST, "01 a2 01 a1 01 6161 18 63 82 01 a1 20 f5");
    raw(file, "an unknown key in a content", "BODY-5", Kind::POST, "01 a1 01 a2 01 6161 0c 00");
    raw(file, "only an unknown key in a content", "BODY-5", Kind::POST, "01 a1 01 a1 0c 00");
}

fn refused(file: &mut File) {
    for item in [
        "01 a1 18 63 f7",
        "01 a1 18 63 18 00",
        "01 a1 18 63 9f ff",
        "01 a1 18 63 61 ff",
        "01 a2 05 01 01 a0",
        "01 a0 00",
    ] {
        raw(file, format!("not deterministic: {item}"), "BODY-2", Kind::POST, item);
    }
    for item in ["", "01", "01 a1 01"] {
        raw(file, format!("cut short: {item}"), "BODY-1", Kind::POST, item);
    }
    for item in [
        "01 80",
        "01 a1 61 61 00",
        "01 a1 20 00",
        "01 a1 01 a1 01 41 61",
        "01 a1 01 a1 01 f6",
        "01 a1 01 a1 02 01",
        "01 a1 01 a1 02 f6",
        "01 a1 05 20",
    ] {
        raw(file, format!("of another type: {item}"), "BODY-6", Kind::POST, item);
    }
    for item in [
        "01 a1 01 a0",
        "01 a1 01 a1 01 60",
        "01 a1 01 a1 02 f4",
        "01 a1 01 a1 05 80",
        "01 a1 01 a1 06 81 60",
        "01 a1 05 00",
    ] {
        raw(file, format!("empty and there: {item}"), "BODY-6", Kind::POST, item);
    }
    raw(file, "a sealed body with no bytes, and there", "BODY-6", Kind::SEALED, "01 a2 01 00 02 40");
    raw(file, "an unknown visibility", "BODY-11", Kind::POST, "01 a1 05 02");
    raw(file, "an original date of 2^47", "BODY-7", Kind::POST, "01 a1 06 1b 0000800000000000");
    raw(file, "a poll of one answer", "BODY-7", Kind::POST, "01 a1 01 a1 08 a1 01 81 61 61");
    raw(file, "a poll without answers", "BODY-6", Kind::POST, "01 a1 01 a1 08 a0");
    raw(file, "an attachment of nothing", "BODY-6", Kind::POST, "01 a1 01 a1 07 81 a0");
    raw(file, "a reference of no parts", "BODY-7", Kind::POST, "01 a1 02 80");
    raw(file, "a delete of nothing", "BODY-13", Kind::DELETE, "01 a0");
    raw(file, "a delete of a short id", "BODY-13", Kind::DELETE, "01 a1 01 41 00");
    raw(file, "a follow of nobody", "BODY-14", Kind::FOLLOW, "01 a1 02 f5");
    raw(
        file,
        "a follow that says neither on nor off",
        "BODY-14",
        Kind::FOLLOW,
        &format!("01 a1 01 58 20 {}", "07".repeat(32)),
    );
    let target = format!("01 82 5820 {} 5820 {}", "07".repeat(32), "08".repeat(32));
    for (name, item) in [
        ("without target", "01 a2 02 6161 03 f5".to_owned()),
        ("without emoji", format!("01 a2 {target} 03 f5")),
        ("with an empty emoji", format!("01 a3 {target} 02 60 03 f5")),
        ("that says neither on nor off", format!("01 a2 {target} 02 6161")),
        ("to a bare id", format!("01 a3 01 5820 {} 02 6161 03 f5", "07".repeat(32))),
    ] {
        raw(file, format!("a reaction {name}"), "BODY-19", Kind::REACTION, &item);
    }
    raw(file, "a repost of nothing", "BODY-20", Kind::REPOST, "01 a1 02 f5");
    raw(file, "a repost that says neither on nor off", "BODY-20", Kind::REPOST, &format!("01 a1 {target}"));
    for (name, choices) in [
        ("for an answer beyond the most", "81 14"),
        ("for an answer beyond 8 bits", "81 19 0100"),
        ("for one answer twice", "82 01 01"),
        ("out of order", "82 01 00"),
        ("for an empty list", "80"),
        ("for a negative answer", "81 20"),
    ] {
        raw(file, format!("a vote {name}"), "BODY-21", Kind::VOTE, &format!("01 a2 {target} 02 {choices}"));
    }
    raw(file, "a vote in nothing", "BODY-21", Kind::VOTE, "01 a1 02 81 00");
    raw(file, "an edit of nothing", "BODY-12", Kind::EDIT, "01 a0");
    raw(file, "a sealed suite beyond 16 bits", "BODY-16", Kind::SEALED, "01 a1 01 1a 00010000");
    raw(file, "a sealed body without suite", "BODY-16", Kind::SEALED, "01 a1 02 41 00");
    raw(file, "a holder without peer id", "BODY-15", Kind::HINTS, "01 a1 01 81 a0");
    let picture =
        |focus: &str| format!("01 a1 01 a1 07 81 a4 01 58 20 {} 02 61 61 03 00 09 {focus}", "ab".repeat(32));
    for (name, focus) in [
        ("at the edge", "82 19 2710 39 270f"),
        ("beyond the right edge", "82 19 2711 00"),
        ("beyond the lower edge", "82 00 39 2710"),
        ("beyond 16 bits", "82 00 1a 00010000"),
        ("of one number", "81 00"),
    ] {
        raw(file, format!("a focus {name}"), "BODY-7", Kind::POST, &picture(focus));
    }
}

fn limits(file: &mut File) {
    let letters = |n: usize| "a".repeat(n);
    let text = |n: usize| [bytes("01 a1 01 a1 01"), head(0x60, n), vec![b'a'; n]].concat();
    let list = |key: u8, n: usize, item: &str| {
        [bytes("01 a1 01 a1"), vec![key], head(0x80, n), bytes(item).repeat(n)].concat()
    };
    let short = |key: u8, n: usize| {
        [bytes("01 a1 01 a1"), vec![key], head(0x60, n), letters(n).into_bytes()].concat()
    };
    let answers = |n: usize| [bytes("01 a1 01 a1 08 a1 01"), head(0x80, n), bytes("6161").repeat(n)].concat();
    let holders = |n: usize| [bytes("01 a1 01"), head(0x80, n), bytes("a1 01 4100").repeat(n)].concat();
    let sealed = |n: usize| [bytes("01 a2 01 00 02"), head(0x40, n), vec![0; n]].concat();
    let target = format!("01 82 5820 {} 5820 {}", "07".repeat(32), "08".repeat(32));
    let emoji = |n: usize| {
        [bytes(&format!("01 a3 {target} 02")), head(0x60, n), vec![b'a'; n], bytes("03 f5")].concat()
    };
    let bio = |n: usize| [bytes("01 a1 02"), head(0x60, n), vec![b'a'; n]].concat();
    for (name, kind, limit, of) in [
        ("a text", Kind::POST, 50_000, &text as &dyn Fn(usize) -> Vec<u8>),
        ("a language", Kind::POST, 35, &|n| short(3, n)),
        ("a content warning", Kind::POST, 4_096, &|n| short(4, n)),
        ("a source type", Kind::POST, 256, &|n| short(11, n)),
        ("tags", Kind::POST, 64, &|n| list(6, n, "6161")),
        ("mentions", Kind::POST, 64, &|n| list(5, n, &format!("5820{}", "00".repeat(32)))),
        ("answers", Kind::POST, 20, &answers),
        ("an emoji", Kind::REACTION, 64, &emoji),
        ("holders", Kind::HINTS, 8, &holders),
        ("a biography", Kind::PROFILE, 8_192, &bio),
    ] {
        case(file, format!("{name} at its limit of {limit}"), &["BODY-7"], kind, &of(limit));
        case(file, format!("{name} beyond its limit of {limit}"), &["BODY-7"], kind, &of(limit + 1));
    }
    case(file, "the longest body", &["BODY-8"], Kind::SEALED, &sealed(65_512));
    case(file, "a body too long for a payload", &["BODY-8"], Kind::SEALED, &sealed(65_513));
}

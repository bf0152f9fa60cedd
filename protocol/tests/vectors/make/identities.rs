//! Phrases, roots, documents and registers.

use std::sync::Arc;

use majlis_protocol::entry::{self, Draft, Entry, Invalid, Kind, verify};
use majlis_protocol::identity::{
    Closed, Device, DeviceKey, Ended, IdDoc, IdDraft, Phrase, PhraseError, Register, Roots, SUITE_X25519,
    VerifiedId, merge,
};
use majlis_protocol::ids::{EntryId, LogId};
use majlis_protocol::keys::{KeyCache, SecretKey};
use majlis_protocol::{Verified, context};
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};
use super::view;
use super::world::{THEN, account, device, device_id, id_draft, identity, key, log, roots};

/// Phrases and what follows from them.
pub fn phrases() -> File {
    let mut file = File::new("phrases", "Recovery phrases, their roots and commitments (chapter 4).");
    let counting: [u8; 32] = std::array::from_fn(|at| at as u8);
    for (name, entropy) in
        [("zeros", [0; 32]), ("ones", [0xff; 32]), ("person 1", [1; 32]), ("counting", counting)]
    {
        let phrase = Phrase::from_entropy(entropy);
        let input = json!({ "phrase": phrase.text().as_str() });
        file.ok(
            "phrase",
            format!("the phrase of {name}"),
            &["ID-1", "ID-2", "ID-3"],
            input,
            derived(&phrase),
        );
    }
    let words = Phrase::from_entropy([1; 32]).text().to_string();
    let upper = format!("  {}\n", words.to_uppercase().replace(' ', " \t"));
    file.ok(
        "phrase",
        "upper case and other spaces",
        &["ID-1"],
        json!({ "phrase": upper }),
        derived(&Phrase::parse(&upper).unwrap()),
    );
    let twenty_three = words.rsplit_once(' ').unwrap().0.to_string();
    let (first, rest) = words.split_once(' ').unwrap();
    let (second, rest) = rest.split_once(' ').unwrap();
    for (name, text) in [
        ("no words", String::new()),
        ("23 words", twenty_three.clone()),
        ("25 words", format!("{words} zoo")),
        ("a word that is not in the list", format!("{twenty_three} majlis")),
        ("two words that have changed places", format!("{second} {first} {rest}")),
    ] {
        let error = phrase_error(&Phrase::parse(&text).unwrap_err());
        file.push("phrase", name.into(), &["ID-1"], json!({ "phrase": text }), "error", json!(error));
    }
    file
}

/// The name of a phrase's fault, and which word or how many.
pub fn phrase_error(error: &PhraseError) -> String {
    match error {
        PhraseError::UnknownWord { position, .. } => format!("UnknownWord({position})"),
        other => format!("{other:?}"),
    }
}

/// Everything that a phrase gives.
pub fn derived(phrase: &Phrase) -> Value {
    let roots = Roots::derive(phrase);
    let each = |show: &dyn Fn(u8) -> Value| (0..=Roots::LAST).map(show).collect::<Vec<_>>();
    json!({
        "entropy": hex(phrase.entropy()),
        "account": hex(&roots.account().0),
        "seeds": each(&|k| hex(&*roots.key(k).unwrap().seed())),
        "roots": each(&|k| hex(&roots.key(k).unwrap().public())),
        "commitments": each(&|k| hex(&roots.commitment(k + 1).unwrap())),
    })
}

/// What a receiver makes of the bytes of an identity entry.
pub fn read(bytes: &[u8], header_only: bool) -> Result<VerifiedId, String> {
    let cache = KeyCache::default();
    let entry = if header_only { Entry::decode_header(bytes) } else { Entry::decode(bytes) };
    let entry = entry
        .and_then(|entry| verify(entry, &cache))
        .map_err(|error: Invalid| format!("Entry({error:?})"))?;
    IdDoc::verify(entry, &cache).map_err(|error| format!("{error:?}"))
}

fn case(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let input = json!({ "bytes": hex(bytes) });
    match read(bytes, false) {
        Ok(doc) => file.ok("identity", name, ids, input, view::identity(&doc)),
        Err(error) => file.push("identity", name.into(), ids, input, "error", json!(error)),
    }
}

/// Signs any body with any key as person 1's document.
fn forge(body: &[u8], key: &SecretKey) -> Verified<Entry> {
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: account(1),
        log_id: LogId::IDENTITY,
        seq: 1,
        timestamp: THEN,
        backlink: EntryId::ZERO,
        blind: [0xb1; 16],
        body,
    };
    entry::sign(&draft, key).unwrap()
}

/// The body of a document without its blind.
fn body_of(doc: &VerifiedId) -> Vec<u8> {
    doc.entry().body().unwrap().to_vec()
}

/// Documents and registers.
pub fn file() -> File {
    let mut file =
        File::new("identities", "Identity documents, the register of an account, and merging (chapter 4).");
    valid(&mut file);
    refused(&mut file);
    keys_that_do_not_fit(&mut file);
    lists(&mut file);
    making(&mut file);
    registers(&mut file);
    merging(&mut file);
    file
}

fn closed(log_number: u64, seq: u64, id: u8) -> Closed {
    Closed { log_id: log(log_number), seq, id: EntryId([id; 32]) }
}

fn valid(file: &mut File) {
    let ids = ["ID-4", "ID-5", "ID-6", "ID-7"];
    case(file, "the first document: k 0", &ids, &identity(1, 0, 1, vec![device(11)]).entry().encode());
    case(file, "a rotation: k 1", &ids, &identity(1, 1, 2, vec![device(11), device(12)]).entry().encode());
    case(file, "the last root: k 16", &ids, &identity(1, 16, 9, vec![]).entry().encode());
    let mut old = Device { name: String::new(), scope: 8, keys: vec![], ended: Some(THEN), ..device(11) };
    old.closed =
        vec![closed(2, 7, 1), Closed { log_id: LogId::new(1, 3), seq: u64::MAX, id: EntryId([2; 32]) }];
    let mute = Device { scope: 0, ..device(12) };
    let draft = IdDraft {
        ended: Some(Ended { at: THEN, erase: true }),
        moved_to: Some(account(2)),
        ..id_draft(2, 3, vec![old, mute])
    };
    case(
        file,
        "an account that has ended",
        &["ID-6", "ID-14"],
        &IdDoc::sign(&roots(1), draft).unwrap().entry().encode(),
    );
    let mut body = body_of(&identity(1, 0, 1, vec![device(11)]));
    body[1] += 1;
    body.extend_from_slice(&[0x18, 99, 0xf6]);
    case(
        file,
        "a field of a later version",
        &["BODY-5", "ID-6"],
        &forge(&body, &roots(1).key(0).unwrap()).encode(),
    );
}

fn refused(file: &mut File) {
    let root = |k| roots(1).key(k).unwrap();
    let good = identity(1, 2, 1, vec![device(11)]);
    let mut post_entry = super::world::Author::new(1, 11, log(1));
    case(file, "a post", &["ID-5"], &post_entry.post("Hello").encode());
    let header = good.entry().signed_header();
    let input = json!({ "bytes": hex(&header), "header_only": true });
    file.push(
        "identity",
        "a header without payload".into(),
        &["ID-7"],
        input,
        "error",
        json!(read(&header, true).unwrap_err()),
    );
    case(file, "a payload cut short", &["ID-5"], &good.entry().encode()[..400]);
    case(file, "a later body version", &["ID-7"], &forge(&[2, 0], &root(0)).encode());
    for (name, body) in [
        ("no map", &[1][..]),
        ("an empty map", &[1, 0xa0]),
        ("a map of indefinite length", &[1, 0xbf, 0xff]),
        ("seventeen roots announced", &[1, 0xa1, 0x02, 0x91]),
    ] {
        case(file, &format!("a body of {name}"), &["ID-6"], &forge(body, &root(0)).encode());
    }
    for k in [0, 1, 3] {
        case(
            file,
            &format!("root {k} signs for root 2"),
            &["ID-7"],
            &forge(&body_of(&good), &root(k)).encode(),
        );
    }
    case(file, "a device signs", &["ID-7"], &forge(&body_of(&good), &key(11)).encode());
    // Version, map head, key 1, string head: the inception begins at 5.
    let body = body_of(&good);
    let roots_at = body.windows(32).position(|window| window == root(1).public()).unwrap();
    for (name, at) in [
        ("a changed inception", 5),
        ("a changed first root", roots_at),
        ("a changed next commitment", roots_at + 70),
    ] {
        let mut body = body.clone();
        body[at] ^= 1;
        case(file, name, &["ID-3", "ID-4"], &forge(&body, &root(2)).encode());
    }
    let c1 = roots(1).commitment(1).unwrap();
    let mut body = body_of(&identity(1, 0, 1, vec![]));
    body[5..69].copy_from_slice(&key(11).sign(&context::message(context::INCEPTION, &[&c1])));
    case(file, "an inception by another key", &["ID-4"], &forge(&body, &root(0)).encode());
}

/// A document's body in CBOR, put together by hand.
fn by_hand(inception: &[u8; 64], roots: &[[u8; 32]], next: &[u8; 32], devices: &[Vec<u8>]) -> Vec<u8> {
    let pairs = 2 + u8::from(!roots.is_empty()) + u8::from(!devices.is_empty());
    let mut out = vec![1, 0xa0 + pairs, 1, 0x58, 64];
    out.extend_from_slice(inception);
    if !roots.is_empty() {
        out.extend_from_slice(&[2, 0x80 + roots.len() as u8]);
        for root in roots {
            out.extend_from_slice(&[0x58, 32]);
            out.extend_from_slice(root);
        }
    }
    out.extend_from_slice(&[3, 0x58, 32]);
    out.extend_from_slice(next);
    if !devices.is_empty() {
        out.push(4);
        out.extend_from_slice(&super::packs::cbor_head(0x80, devices.len()));
        out.extend(devices.iter().flatten());
    }
    out
}

fn first(devices: &[Vec<u8>]) -> Vec<u8> {
    let roots = roots(1);
    let c1 = roots.commitment(1).unwrap();
    let inception = roots.key(0).unwrap().sign(&context::message(context::INCEPTION, &[&c1]));
    forge(&by_hand(&inception, &[], &c1, devices), &roots.key(0).unwrap()).encode()
}

/// A device map with the fields given, coded, after its key.
fn bare_device(key: &[u8; 32], pairs: u8, fields: &[u8]) -> Vec<u8> {
    [&[0xa0 + pairs, 1, 0x58, 32], key.as_slice(), fields].concat()
}

fn keys_that_do_not_fit(file: &mut File) {
    let encodings = super::keys::small_order();
    for (name, bad) in [("of small order", encodings[0]), ("that is not canonical", encodings[12])] {
        case(file, &format!("a device key {name}"), &["ID-9"], &first(&[bare_device(&bad, 1, &[])]));
        let signer = roots(1).key(2).unwrap();
        let zero = [0; 32];
        let c2 = context::hash(context::ROOT_CHAIN, &[&signer.public(), &zero]);
        let c1 = context::hash(context::ROOT_CHAIN, &[&bad, &c2]);
        let inception = roots(1).key(0).unwrap().sign(&context::message(context::INCEPTION, &[&c1]));
        let body = by_hand(&inception, &[bad, signer.public()], &zero, &[]);
        case(file, &format!("a root key {name}"), &["ID-9"], &forge(&body, &signer).encode());
    }
}

fn lists(file: &mut File) {
    let mut two = [device_id(11).0, device_id(12).0];
    two.sort_unstable();
    let [low, high] = two;
    let bare = |key: &[u8; 32]| bare_device(key, 1, &[]);
    case(file, "two devices in order", &["ID-8"], &first(&[bare(&low), bare(&high)]));
    case(file, "two devices out of order", &["ID-8"], &first(&[bare(&high), bare(&low)]));
    case(file, "a device twice", &["ID-8"], &first(&[bare(&low), bare(&low)]));
    let keys = [3, 0x82, 0x82, 1, 0x41, 1, 0x82, 1, 0x41, 2];
    case(file, "two keys of one suite", &["ID-8"], &first(&[bare_device(&low, 2, &keys)]));
    let close = |log: u8, seq: u8| [vec![0x83, log, seq, 0x58, 32], vec![9; 32]].concat();
    let closing = |list: &[Vec<u8>]| {
        let fields = [vec![6], super::packs::cbor_head(0x80, list.len()), list.concat()].concat();
        first(&[bare_device(&low, 2, &fields)])
    };
    case(file, "two closed logs in order", &["ID-8"], &closing(&[close(1, 2), close(2, 1)]));
    case(file, "a log closed twice", &["ID-8"], &closing(&[close(1, 2), close(1, 3)]));
    case(file, "a log closed at zero", &["ID-6"], &closing(&[close(1, 0)]));
    let wide =
        |log: u16| [vec![0x83, 0x19, 1 + (log >> 8) as u8, log as u8, 1, 0x58, 32], vec![9; 32]].concat();
    let many = |from: u16, to: u16| {
        let list: Vec<_> = (from..to).map(wide).collect();
        [vec![6], super::packs::cbor_head(0x80, list.len()), list.concat()].concat()
    };
    let both = |count| first(&[bare_device(&low, 2, &many(0, count)), bare_device(&high, 2, &many(0, 128))]);
    case(file, "256 closed logs", &["ID-8"], &both(128));
    case(file, "257 closed logs", &["ID-8"], &both(129));
    let all: Vec<_> = {
        let mut keys: Vec<_> = (100..165).map(|seed| device_id(seed).0).collect();
        keys.sort_unstable();
        keys.iter().map(bare).collect()
    };
    case(file, "64 devices", &["ID-8"], &first(&all[..64]));
    case(file, "65 devices", &["ID-8"], &first(&all));
}

fn making(file: &mut File) {
    for (name, k, version, timestamp) in [
        ("k 0", 0, 1, THEN),
        ("k 3", 3, 7, THEN),
        ("k 17", 17, 1, THEN),
        ("version 0", 0, 0, THEN),
        ("a late clock", 0, 1, 1 << 47),
    ] {
        let draft = IdDraft { timestamp, ..id_draft(k, version, vec![]) };
        let input = json!({
            "entropy": hex(&[1; 32]), "k": k, "version": version, "timestamp": number(timestamp), "blind": hex(&draft.blind),
        });
        let made = IdDoc::sign(&roots(1), draft);
        file.either("identity/sign", format!("signing with {name}"), &["ID-4", "ID-5"], input, made, |doc| {
            hex(&doc.entry().encode())
        });
    }
}

/// A document of person 1's root 0 with a chain of its own.
pub fn other_inception(seed: u8, version: u64) -> VerifiedId {
    let c1 = [seed; 32];
    let root = roots(1).key(0).unwrap();
    let inception = root.sign(&context::message(context::INCEPTION, &[&c1]));
    let body = by_hand(&inception, &[], &c1, &[bare_device(&device_id(11).0, 2, &[2, 0x19, 0x3f, 0xfc])]);
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: account(1),
        log_id: LogId::IDENTITY,
        seq: version,
        timestamp: THEN,
        backlink: EntryId::ZERO,
        blind: [0xb1; 16],
        body: &body,
    };
    IdDoc::verify(entry::sign(&draft, &root).unwrap(), &KeyCache::default()).unwrap()
}

/// What a register says once it has taken the documents, in this order.
pub fn register(docs: &[VerifiedId]) -> Value {
    let mut register = Register::default();
    let outcomes: Vec<_> =
        docs.iter().map(|doc| format!("{:?}", register.insert(Arc::new(doc.clone())))).collect();
    let ids = |docs: Vec<&Arc<VerifiedId>>| docs.iter().map(|doc| hex(&doc.id().0)).collect::<Vec<_>>();
    json!({
        "outcomes": outcomes,
        "current": register.current().map(|doc| hex(&doc.id().0)),
        "kept": ids(register.docs().collect()),
        "frozen": register.frozen().is_some(),
    })
}

fn registers(file: &mut File) {
    let (v1, v2) = (identity(1, 0, 1, vec![device(11)]), identity(1, 0, 2, vec![device(11)]));
    let rotated = identity(1, 1, 1, vec![device(12)]);
    let twin = identity(1, 0, 1, vec![device(12)]);
    let foreign = identity(2, 3, 3, vec![]);
    let [high, low, middle] = [0xff, 0, 1].map(|seed| other_inception(seed, 1));
    let newer = other_inception(1, 2);
    for (name, ids, docs) in [
        ("the higher version counts", ["ID-10"], vec![v2.clone(), v1.clone(), v2.clone()]),
        ("a rotation outranks every version", ["ID-10"], vec![rotated.clone(), v2.clone()]),
        ("of equal rank, the lower id", ["ID-10"], vec![v1.clone(), twin]),
        ("two inceptions", ["ID-11"], vec![v1.clone(), low.clone()]),
        ("three inceptions", ["ID-12"], vec![high, middle.clone(), low]),
        ("a frozen account that goes on", ["ID-12"], vec![middle, newer, v2]),
        ("another account's document", ["ID-10"], vec![v1, foreign, rotated]),
    ] {
        let input =
            json!({ "documents": docs.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>() });
        file.ok("register", name, &ids, input, register(&docs));
    }
}

fn merging(file: &mut File) {
    let renamed = Device { name: "new".into(), closed: vec![closed(1, 5, 5), closed(2, 1, 9)], ..device(11) };
    let ended = Device { ended: Some(50), closed: vec![closed(1, 4, 9), closed(3, 1, 1)], ..device(11) };
    let earlier = Device {
        ended: Some(40),
        scope: 8,
        keys: vec![DeviceKey { suite: SUITE_X25519, key: vec![1] }],
        closed: vec![closed(2, 1, 8)],
        ..device(11)
    };
    let docs = [
        identity(1, 0, 1, vec![ended, device(12)]),
        identity(1, 1, 1, vec![renamed, device(13)]),
        identity(1, 0, 2, vec![earlier]),
    ];
    let input = json!({ "documents": docs.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>() });
    let out: Vec<_> = merge(&docs).iter().map(view::device).collect();
    file.ok("merge", "three documents", &["ID-13"], input, json!(out));
    file.ok("merge", "none", &["ID-13"], json!({ "documents": [] }), json!([]));
}

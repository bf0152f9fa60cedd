//! Entries: the layout, and each way to break it.

use bytes::Bytes;
use majlis_protocol::entry::{Draft, Entry, Header, Kind, payload_hash, sign, verify};
use majlis_protocol::ids::{EntryId, LogId};
use majlis_protocol::keys::KeyCache;
use majlis_protocol::{Invalid, context};
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};
use super::view;
use super::world::{THEN, account, key, log, post, roots};

/// A header that nothing is wrong with, and its payload.
fn plain() -> (Header, Vec<u8>) {
    let payload = [vec![0xb1; 16], post("Peace be upon you.")].concat();
    let header = Header {
        kind: Kind::POST,
        flags: 0,
        payload_len: payload.len() as u32,
        account: account(1),
        device: majlis_protocol::DeviceId(key(11).public()),
        log_id: log(0x0102_0304_0506_0708),
        seq: 1,
        timestamp: THEN,
        backlink: EntryId::ZERO,
        payload_hash: payload_hash(&payload),
        ext: Bytes::new(),
    };
    (header, payload)
}

/// Signs whatever the header says, with device 11.
fn signed(header: &Header) -> Vec<u8> {
    signed_by(header, &key(11))
}

fn signed_by(header: &Header, key: &majlis_protocol::SecretKey) -> Vec<u8> {
    let mut out = Vec::new();
    header.encode(&mut out);
    let signature = key.sign(&context::message(context::ENTRY_SIGNATURE, &[&out]));
    out.extend_from_slice(&signature);
    out
}

/// What a receiver makes of the bytes of a whole entry, or of a signed header alone.
pub fn read(bytes: &[u8], header_only: bool) -> Result<Entry, Invalid> {
    let entry = if header_only { Entry::decode_header(bytes) } else { Entry::decode(bytes) };
    verify(entry?, &KeyCache::default()).map(majlis_protocol::Verified::into_inner)
}

fn case(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let input = json!({ "bytes": hex(bytes) });
    file.either("entry", name, ids, input, read(bytes, false), |entry| view::entry(&entry));
}

fn header_case(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let input = json!({ "bytes": hex(bytes) });
    file.either("header", name, ids, input, read(bytes, true), |entry| view::entry(&entry));
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("entries", "Entries and signed headers: decoded, checked and verified (chapter 2).");
    valid(&mut file);
    fields(&mut file);
    extensions(&mut file);
    sizes(&mut file);
    order(&mut file);
    keys_and_signatures(&mut file);
    made(&mut file);
    file
}

fn valid(file: &mut File) {
    let ids = ["CONV-1", "ENTRY-1", "ENTRY-2", "ENTRY-3", "ENTRY-4"];
    let (header, payload) = plain();
    case(file, "a first post", &ids, &[signed(&header), payload.clone()].concat());
    header_case(file, "its header alone", &["ENTRY-18"], &signed(&header));
    let change = |change: fn(&mut Header)| {
        let (mut header, _) = plain();
        change(&mut header);
        header
    };
    let later = change(|h| (h.seq, h.backlink) = (7, EntryId([9; 32])));
    case(file, "a later post", &["ENTRY-10", "ENTRY-15"], &[signed(&later), payload.clone()].concat());
    let last = change(|h| (h.seq, h.backlink, h.timestamp) = (u64::MAX, EntryId([9; 32]), (1 << 47) - 1));
    case(
        file,
        "the last post there can be",
        &["ENTRY-9", "ENTRY-10"],
        &[signed(&last), payload.clone()].concat(),
    );
    let ancient = change(|h| h.timestamp = 0);
    case(file, "a clock at zero", &["ENTRY-9"], &[signed(&ancient), payload.clone()].concat());
    for (name, kind) in [("kind 0", 0), ("a reserved kind", 13), ("an unknown kind", 200), ("kind 255", 255)]
    {
        let mut header = plain().0;
        header.kind = Kind(kind);
        case(file, name, &["ENTRY-17"], &[signed(&header), payload.clone()].concat());
    }
    let garbage = [&payload[..16], &[1, 0xff]].concat();
    let mut unreadable = plain().0;
    (unreadable.payload_len, unreadable.payload_hash) = (garbage.len() as u32, payload_hash(&garbage));
    case(file, "a post whose body fails", &["BODY-9", "ENTRY-17"], &[signed(&unreadable), garbage].concat());
    for (name, flags) in [
        ("an ignorable flag", 0x0001),
        ("every ignorable flag", 0x00ff),
        ("a critical flag", 0x0100),
        ("every flag", 0xffff),
    ] {
        let mut header = plain().0;
        header.flags = flags;
        case(file, name, &["ENTRY-16"], &[signed(&header), payload.clone()].concat());
    }
    for class in [1, 2, 254] {
        let mut header = plain().0;
        header.log_id = LogId::new(class, 5);
        case(
            file,
            &format!("a log of class {class}"),
            &["ENTRY-19"],
            &[signed(&header), payload.clone()].concat(),
        );
    }
    let mut own = plain().0;
    own.device = majlis_protocol::DeviceId(own.account.0);
    case(
        file,
        "the account's own key as device",
        &["ENTRY-14"],
        &[signed_by(&own, &roots(1).key(0).unwrap()), payload].concat(),
    );
}

fn broken(file: &mut File, name: &str, ids: &[&str], change: impl FnOnce(&mut Header)) {
    let (mut header, payload) = plain();
    change(&mut header);
    case(file, name, ids, &[signed(&header), payload].concat());
}

fn fields(file: &mut File) {
    let (header, payload) = plain();
    for version in [0, 2] {
        let mut bytes = [signed(&header), payload.clone()].concat();
        bytes[0] = version;
        case(file, &format!("version {version}"), &["ENTRY-5"], &bytes);
    }
    broken(file, "identity kind outside the identity log", &["ENTRY-6"], |h| h.kind = Kind::IDENTITY);
    broken(file, "another kind in the identity log", &["ENTRY-6"], |h| h.log_id = LogId::IDENTITY);
    broken(file, "the identity class with other bits", &["ENTRY-6"], |h| {
        (h.kind, h.log_id) = (Kind::IDENTITY, LogId(LogId::IDENTITY.0 + 1));
    });
    broken(file, "a backlink on an identity document", &["ENTRY-10"], |h| {
        (h.kind, h.log_id, h.backlink) = (Kind::IDENTITY, LogId::IDENTITY, EntryId([9; 32]));
    });
    broken(file, "a payload of 16 bytes", &["ENTRY-7"], |h| h.payload_len = 16);
    broken(file, "a payload of 65,537 bytes", &["ENTRY-7"], |h| h.payload_len = 65_537);
    broken(file, "an identity payload of 32,769 bytes", &["ENTRY-7"], |h| {
        (h.kind, h.log_id, h.payload_len) = (Kind::IDENTITY, LogId::IDENTITY, 32_769);
    });
    broken(file, "sequence number zero", &["ENTRY-8"], |h| h.seq = 0);
    broken(file, "timestamp 2^47", &["ENTRY-9"], |h| h.timestamp = 1 << 47);
    broken(file, "a backlink at 1", &["ENTRY-10"], |h| h.backlink = EntryId([9; 32]));
    broken(file, "no backlink at 2", &["ENTRY-10"], |h| h.seq = 2);
}

fn with_ext(ext: &[u8]) -> Vec<u8> {
    let (mut header, payload) = plain();
    header.ext = Bytes::copy_from_slice(ext);
    [signed(&header), payload].concat()
}

fn extensions(file: &mut File) {
    let longest: Vec<u8> = [vec![1, 126], vec![7; 126], vec![3, 126], vec![7; 126]].concat();
    case(file, "an ignorable extension", &["ENTRY-11", "ENTRY-16"], &with_ext(&[1, 2, 0xaa, 0xbb]));
    case(file, "a critical extension", &["ENTRY-11", "ENTRY-16"], &with_ext(&[0, 0]));
    case(file, "both, in order", &["ENTRY-11", "ENTRY-16"], &with_ext(&[1, 0, 2, 1, 0xcc, 255, 0]));
    case(file, "the longest extension block", &["ENTRY-11"], &with_ext(&longest));
    case(file, "an extension block that is too long", &["ENTRY-11"], &with_ext(&[longest, vec![5]].concat()));
    case(file, "extensions out of order", &["ENTRY-11"], &with_ext(&[3, 0, 1, 0]));
    case(file, "an extension twice", &["ENTRY-11"], &with_ext(&[1, 0, 1, 0]));
    case(file, "an extension cut short", &["ENTRY-11"], &with_ext(&[1, 3, 0, 0]));
    case(file, "an extension without length", &["ENTRY-11"], &with_ext(&[1]));
}

fn sizes(file: &mut File) {
    let (header, payload) = plain();
    let whole = [signed(&header), payload.clone()].concat();
    for (name, len) in [
        ("nothing", 0),
        ("a version", 1),
        ("no extension length", 161),
        ("no signature", 162),
        ("part of a signature", 225),
        ("no payload", 226),
        ("all but a byte", whole.len() - 1),
    ] {
        case(file, &format!("cut short: {name}"), &["ENTRY-12"], &whole[..len]);
    }
    case(file, "a byte more", &["ENTRY-12"], &[whole.as_slice(), &[0]].concat());
    header_case(file, "a header and a byte more", &["ENTRY-12"], &whole[..227]);
    header_case(file, "a header and a byte less", &["ENTRY-12"], &whole[..225]);
    let mut other = whole.clone();
    *other.last_mut().unwrap() ^= 1;
    case(file, "another payload", &["ENTRY-3"], &other);
    let mut blind = whole;
    blind[226] ^= 1;
    case(file, "another blind", &["ENTRY-3"], &blind);
    let most = vec![0x5a; 65_536];
    let mut header = header;
    (header.payload_len, header.payload_hash) = (65_536, payload_hash(&most));
    case(file, "the longest payload", &["ENTRY-7", "ENTRY-17"], &[signed(&header), most].concat());
    let least = vec![0x5a; 17];
    (header.payload_len, header.payload_hash) = (17, payload_hash(&least));
    case(file, "the shortest payload", &["ENTRY-7"], &[signed(&header), least].concat());
}

/// Two faults at once: the first in the order of checks is the one named.
fn order(file: &mut File) {
    let ids = ["ENTRY-13"];
    broken(file, "identity log before payload length", &ids, |h| {
        (h.kind, h.payload_len) = (Kind::IDENTITY, 0);
    });
    broken(file, "payload length before sequence", &ids, |h| (h.payload_len, h.seq) = (0, 0));
    broken(file, "sequence before timestamp", &ids, |h| (h.seq, h.timestamp) = (0, 1 << 47));
    broken(file, "timestamp before backlink", &ids, |h| {
        (h.timestamp, h.backlink) = (1 << 47, EntryId([9; 32]));
    });
    broken(file, "backlink before extension", &ids, |h| {
        (h.backlink, h.ext) = (EntryId([9; 32]), Bytes::from_static(&[1]));
    });
    let (mut header, payload) = plain();
    header.seq = 0;
    let bytes = [signed(&header), payload.clone()].concat();
    case(file, "sequence before a missing signature", &ids, &bytes[..162]);
    let bytes = [signed(&plain().0), payload.clone()].concat();
    let mut late = [bytes.as_slice(), &[0]].concat();
    late[226] ^= 1;
    case(file, "trailing bytes before payload hash", &ids, &late);
    let mut forged = bytes.clone();
    (forged[200], forged[226]) = (forged[200] ^ 1, forged[226] ^ 1);
    case(file, "payload hash before signature", &ids, &forged);
    let (mut header, payload) = plain();
    let small = std::array::from_fn(|at| u8::from(at == 0));
    (header.account.0, header.device.0) = (small, small);
    case(file, "account before device", &ids, &[signed(&header), payload].concat());
    let long = [&bytes[..160], &[0xff, 0xff]].concat();
    case(file, "an extension length beyond the limit before its bytes are missing", &ids, &long);
}

fn keys_and_signatures(file: &mut File) {
    let (header, payload) = plain();
    let encodings = super::keys::small_order();
    for (name, bad) in [("of small order", encodings[0]), ("that is not canonical", encodings[12])] {
        broken(file, &format!("an account key {name}"), &["ENTRY-14"], |h| h.account.0 = bad);
        broken(file, &format!("a device key {name}"), &["ENTRY-14"], |h| h.device.0 = bad);
    }
    let bytes = [signed(&header), payload.clone()].concat();
    for (name, at) in [("R", 162), ("S", 194)] {
        let mut forged = bytes.clone();
        forged[at] ^= 1;
        case(file, &format!("a changed bit in the signature's {name}"), &["ENTRY-4"], &forged);
    }
    let (mut header, _) = plain();
    (header.seq, header.backlink) = (2, EntryId([9; 32]));
    case(
        file,
        "signed by another device",
        &["ENTRY-4"],
        &[signed_by(&header, &key(12)), payload.clone()].concat(),
    );
    let mut unsigned = Vec::new();
    header.encode(&mut unsigned);
    let plain_signature = key(11).sign(&unsigned);
    case(
        file,
        "signed without the context",
        &["ENTRY-4"],
        &[unsigned, plain_signature.to_vec(), payload].concat(),
    );
}

/// Signing is deterministic: the draft gives these bytes.
fn made(file: &mut File) {
    let body = post("Signed by you?");
    let mut backlink = EntryId::ZERO;
    for seq in 1..=2 {
        let draft = Draft {
            kind: Kind::POST,
            account: account(1),
            log_id: log(9),
            seq,
            timestamp: THEN,
            backlink,
            blind: [seq as u8; 16],
            body: &body,
        };
        let entry = sign(&draft, &key(11)).unwrap();
        let input: Value = json!({
            "seed": hex(&[11; 32]), "kind": 3, "account": hex(&draft.account.0), "log_id": hex(&draft.log_id.0.to_be_bytes()), "seq": number(seq),
            "timestamp": number(THEN), "backlink": hex(&backlink.0), "blind": hex(&draft.blind), "body": hex(&body),
        });
        file.ok(
            "entry/sign",
            format!("signing entry {seq}"),
            &["KEY-7", "ENTRY-4"],
            input,
            hex(&entry.encode()),
        );
        backlink = entry.id;
    }
}

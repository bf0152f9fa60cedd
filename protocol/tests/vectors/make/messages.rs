//! Every message but CHUNK: its bytes and what they say.

use majlis_protocol::blob::Span;
use majlis_protocol::body::{BlobId, Body, Hints, Holder};
use majlis_protocol::ids::{AccountId, DeviceId, EntryId};
use majlis_protocol::state::Fingerprint;
use majlis_protocol::sync::{
    Ask, BlobWant, CloseCode, Frame, Greeting, LogRef, Message, PinAnswer, PinAsk, PinVerdict, Proving, Row,
    RowRun, RowsOf, Verdict, kind,
};
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};
use super::view::object;
use super::world::log;

fn log_ref(log: &LogRef) -> Value {
    match log {
        LogRef::New(device, log_id) => {
            json!({ "device": hex(&device.0), "log_id": hex(&log_id.0.to_be_bytes()) })
        }
        LogRef::Handle(handle) => number(*handle),
    }
}

fn rows(accounts: &[RowsOf]) -> Value {
    let row = |row: &Row| {
        let runs: Vec<_> =
            row.runs.iter().map(|run| json!([number(run.top), hex(&run.tag), number(run.low)])).collect();
        object([
            ("log", Some(log_ref(&row.log))),
            ("seal", row.seal.map(number)),
            ("runs", Some(json!(runs))),
        ])
    };
    accounts
        .iter()
        .map(|rows| {
            object([
                ("number", Some(number(rows.number))),
                (
                    "identity",
                    rows.identity.map(|(k, version, prefix)| json!([k, number(version), hex(&prefix)])),
                ),
                ("frozen", Some(json!(rows.frozen))),
                ("full", Some(json!(rows.full))),
                ("logs", Some(rows.logs.iter().map(row).collect())),
            ])
        })
        .collect()
}

fn ask(ask: &Ask) -> Value {
    match ask {
        Ask::Range { wid, handle, hi, lo, headers } => json!({
            "wid": number(*wid), "handle": number(*handle), "hi": number(*hi), "lo": number(*lo), "headers": headers,
        }),
        Ask::Identity(account) => json!({ "identity": hex(&account.0) }),
        Ask::Proof(handle) => json!({ "proof": number(*handle) }),
    }
}

/// A decoded message as JSON.
pub fn show(message: &Message) -> Value {
    match message {
        Message::Hello(hello) => json!({ "HELLO": {
            "salt": hex(&hello.salt), "credit": number(hello.credit), "outstanding": number(hello.outstanding),
            "listed": hello.listed, "warm": hello.warm,
        }}),
        Message::Prove(prove) => json!({ "PROVE": {
            "account": hex(&prove.account.0), "device": hex(&prove.device.0), "identity": hex(&prove.identity.0),
            "signature": hex(&prove.signature),
        }}),
        Message::Warm(fingerprint) => json!({ "WARM": hex(&fingerprint.0) }),
        Message::Offer { add, tags } => json!({ "OFFER": {
            "add": add, "count": tags.len(), "tags": hex(tags.as_flattened()),
        }}),
        Message::Share { shared, fingerprints } => json!({ "SHARE": {
            "shared": shared.iter().map(|bit| if *bit { '1' } else { '0' }).collect::<String>(),
            "fingerprints": fingerprints.iter().map(|print| hex(&print.0)).collect::<Vec<_>>(),
        }}),
        Message::Rows { answer, accounts } => {
            json!({ "ROWS": { "answer": answer, "accounts": rows(accounts) } })
        }
        Message::Head(accounts) => json!({ "HEAD": rows(accounts) }),
        Message::Want(asks) => json!({ "WANT": asks.iter().map(ask).collect::<Vec<_>>() }),
        Message::None(wids) => json!({ "NONE": wids.iter().map(|wid| number(*wid)).collect::<Vec<_>>() }),
        Message::Proof(one, other) => json!({ "PROOF": [hex(one), hex(other)] }),
        Message::Identities(documents) => {
            json!({ "IDDOC": documents.iter().map(|document| hex(document)).collect::<Vec<_>>() })
        }
        Message::Mode { handle, eager } => json!({ "MODE": { "handle": number(*handle), "eager": eager } }),
        Message::Credit(bytes) => json!({ "CREDIT": number(*bytes) }),
        Message::Audit(fingerprint) => json!({ "AUDIT": hex(&fingerprint.0) }),
        Message::Close(code, retry_after) => {
            json!({ "CLOSE": { "code": *code as u8, "retry_after": number(*retry_after) } })
        }
        Message::Deliver { document, entry } => {
            json!({ "DELIVER": { "document": hex(document), "entry": hex(entry) } })
        }
        Message::Status(entry, verdict) => {
            json!({ "STATUS": { "entry": hex(&entry.0), "verdict": *verdict as u8 } })
        }
        Message::WhoHas { number: name, accounts } => json!({ "WHO_HAS": {
            "number": number(*name), "accounts": accounts.iter().copied().map(number).collect::<Vec<_>>(),
        }}),
        Message::Peers { number: name, holders } => json!({ "PEERS": {
            "number": number(*name),
            "holders": holders.iter().map(|hints| hex(&Body::Hints(hints.clone()).encode().unwrap())).collect::<Vec<_>>(),
        }}),
        Message::Refs { number: name, root } => {
            json!({ "REFS": { "number": number(*name), "root": hex(&root.0) } })
        }
        Message::Referred { number: name, total, posts } => json!({ "REFERRED": {
            "number": number(*name), "total": number(*total),
            "posts": posts.iter().map(|(document, entry)| json!([hex(document), hex(entry)])).collect::<Vec<_>>(),
        }}),
        Message::BlobWant { number: name, want } => json!({ "BLOB_WANT": {
            "number": number(*name), "entry": hex(&want.entry.0), "blob": hex(&want.blob.0), "size": number(want.size),
            "first": number(want.span.first), "count": number(want.span.count),
        }}),
        Message::Blob { number: name, piece } => {
            json!({ "BLOB": { "number": number(*name), "piece": hex(piece) } })
        }
        Message::Pin(PinAsk::Hold(token)) => json!({ "PIN": { "hold": true, "token": hex(token) } }),
        Message::Pin(PinAsk::Release) => json!({ "PIN": { "hold": false } }),
        Message::Pinned(answer) => json!({ "PINNED": {
            "verdict": answer.verdict as u8, "full": answer.full, "seconds": number(answer.seconds),
            "quota": number(answer.quota), "used": number(answer.used),
            "addresses": answer.addresses.iter().map(|address| hex(address)).collect::<Vec<_>>(),
        }}),
        Message::Clock(day) => json!({ "CLOCK": number(*day) }),
        Message::Ignored(kind) => json!({ "ignored": kind }),
    }
}

/// The bytes of a frame as they stand on the stream.
pub fn wire(frame: &Frame) -> Vec<u8> {
    let mut out = (frame.body.len() as u32 + 1).to_be_bytes().to_vec();
    out.push(frame.kind);
    out.extend_from_slice(&frame.body);
    out
}

fn good(file: &mut File, name: &str, ids: &[&str], message: &Message) {
    let frame = message.encode();
    assert_eq!(Message::decode(frame.clone()).as_ref(), Ok(message), "{name}");
    file.ok("message", name, ids, json!({ "frame": hex(&wire(&frame)) }), show(message));
}

fn raw(file: &mut File, name: &str, ids: &[&str], kind: u8, body: &[u8]) {
    let frame = Frame { kind, body: bytes::Bytes::copy_from_slice(body) };
    let input = json!({ "frame": hex(&wire(&frame)) });
    file.either("message", name, ids, input, Message::decode(frame), |message| show(&message));
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("messages", "Frames as they stand on the stream, and the messages they carry (chapter 6).");
    greetings(&mut file);
    compared(&mut file);
    small(&mut file);
    broken_greetings(&mut file);
    broken_rows(&mut file);
    broken_rest(&mut file);
    file
}

fn greetings(file: &mut File) {
    let hello = Greeting { salt: [7; 32], credit: 8_388_608, outstanding: 512, listed: false, warm: false };
    good(file, "a dialer's HELLO", &["SYNC-1", "SYNC-4"], &Message::Hello(hello.clone()));
    good(
        file,
        "a HELLO with both flags",
        &["SYNC-4"],
        &Message::Hello(Greeting { listed: true, warm: true, ..hello }),
    );
    let proving = Proving {
        account: AccountId([1; 32]),
        device: DeviceId([2; 32]),
        identity: EntryId([3; 32]),
        signature: [4; 64],
    };
    good(file, "a PROVE", &["SYNC-5"], &Message::Prove(Box::new(proving)));
    good(file, "a WARM", &["SYNC-6"], &Message::Warm(Fingerprint([1, 2, 3, 4, 5, 6, 7, 8])));
    good(file, "an OFFER", &["SYNC-7"], &Message::Offer { add: true, tags: vec![[1; 8], [2; 8]] });
    good(file, "an OFFER of nothing", &["SYNC-7"], &Message::Offer { add: true, tags: vec![] });
    good(file, "an OFFER withdrawn", &["SYNC-7"], &Message::Offer { add: false, tags: vec![[3; 8]] });
    let shared: Vec<bool> = [1, 0, 0, 0, 0, 0, 0, 1, 0, 1].map(|bit| bit == 1).into();
    let fingerprints = vec![Fingerprint([5; 8]), Fingerprint::INCOMPLETE, Fingerprint([6; 8])];
    good(file, "a SHARE of ten", &["SYNC-8"], &Message::Share { shared, fingerprints });
    good(file, "a SHARE of none", &["SYNC-8"], &Message::Share { shared: vec![], fingerprints: vec![] });
}

fn compared(file: &mut File) {
    let run = |top, low| RowRun { top, tag: [top as u8; 8], low };
    let unknown = RowsOf { number: 1, identity: None, frozen: false, full: false, logs: vec![] };
    let known = RowsOf {
        number: 300,
        identity: Some((1, 7, [0xee; 8])),
        frozen: true,
        full: true,
        logs: vec![
            Row { log: LogRef::New(DeviceId([8; 32]), log(5)), seal: None, runs: vec![run(9, 1)] },
            Row {
                log: LogRef::Handle(0),
                seal: Some(4),
                runs: vec![run(1_000, 900), run(800, 800), run(5, 3), run(1, 1)],
            },
            Row { log: LogRef::Handle(201), seal: Some(1), runs: vec![] },
        ],
    };
    good(file, "ROWS of nothing", &["SYNC-10"], &Message::Rows { answer: false, accounts: vec![] });
    good(
        file,
        "ROWS of two accounts",
        &["SYNC-9", "SYNC-10"],
        &Message::Rows { answer: true, accounts: vec![unknown.clone(), known.clone()] },
    );
    good(file, "a HEAD", &["SYNC-10"], &Message::Head(vec![known, unknown]));
    let asks = vec![
        Ask::Range { wid: 1, handle: 0, hi: 64, lo: 1, headers: false },
        Ask::Range { wid: 129, handle: 200, hi: u64::MAX, lo: u64::MAX, headers: true },
        Ask::Identity(AccountId([6; 32])),
        Ask::Proof(3),
    ];
    good(file, "a WANT of each sort", &["SYNC-11"], &Message::Want(asks));
    good(file, "a NONE", &["SYNC-12"], &Message::None(vec![1, 2, 300]));
}

fn small(file: &mut File) {
    good(file, "a PROOF", &["SYNC-13"], &Message::Proof(vec![1; 226].into(), vec![2; 230].into()));
    good(
        file,
        "an IDDOC of two",
        &["SYNC-14"],
        &Message::Identities(vec![vec![1; 300].into(), vec![2; 3].into()]),
    );
    good(file, "an IDDOC of none", &["SYNC-14"], &Message::Identities(vec![]));
    good(file, "a MODE lazy", &["SYNC-15"], &Message::Mode { handle: 2, eager: false });
    good(file, "a MODE eager", &["SYNC-15"], &Message::Mode { handle: 128, eager: true });
    good(file, "a CREDIT", &["SYNC-16"], &Message::Credit(1_048_576));
    let (document, entry) = (vec![1; 300].into(), vec![2; 200].into());
    good(file, "a DELIVER", &["SYNC-41"], &Message::Deliver { document, entry });
    for verdict in [Verdict::Accepted, Verdict::Queued, Verdict::Refused, Verdict::Later] {
        let status = Message::Status(EntryId([7; 32]), verdict);
        good(file, &format!("a STATUS {verdict:?}"), &["SYNC-42"], &status);
    }
    good(file, "a CLOCK", &["SYNC-59"], &Message::Clock(20_784));
    good(file, "a WHO_HAS", &["SYNC-56"], &Message::WhoHas { number: 300, accounts: vec![0, 129] });
    let holder = Holder { peer_id: vec![1; 38], addresses: vec![vec![4, 8, 8, 8, 8, 6, 15, 161]] };
    let holders = vec![Hints { holders: vec![holder] }, Hints::default()];
    good(file, "a PEERS of two accounts", &["SYNC-57"], &Message::Peers { number: 300, holders });
    good(file, "a PEERS of none", &["SYNC-57"], &Message::Peers { number: 0, holders: vec![] });
    good(file, "a REFS", &["SYNC-46"], &Message::Refs { number: 300, root: EntryId([7; 32]) });
    let posts = vec![(vec![1; 300].into(), vec![2; 200].into()), (vec![3].into(), vec![4].into())];
    good(file, "a REFERRED of two", &["SYNC-47"], &Message::Referred { number: 1, total: 500, posts });
    good(file, "a REFERRED of none", &["SYNC-47"], &Message::Referred { number: 0, total: 0, posts: vec![] });
    let want = BlobWant {
        entry: EntryId([7; 32]),
        blob: BlobId([8; 32]),
        size: 1_000_000,
        span: Span { first: 56, count: 6 },
    };
    good(file, "a BLOB_WANT", &["SYNC-49"], &Message::BlobWant { number: 300, want });
    good(file, "a BLOB", &["SYNC-50"], &Message::Blob { number: 300, piece: vec![5; 90].into() });
    good(file, "a BLOB of nothing", &["SYNC-50"], &Message::Blob { number: 0, piece: vec![].into() });
    good(file, "a PIN with a token", &["SYNC-51"], &Message::Pin(PinAsk::Hold(vec![7; 64].into())));
    good(file, "a PIN without one", &["SYNC-51"], &Message::Pin(PinAsk::Hold(vec![].into())));
    good(file, "a PIN that ends it", &["SYNC-51"], &Message::Pin(PinAsk::Release));
    presence(file);
    good(file, "an AUDIT", &["SYNC-17"], &Message::Audit(Fingerprint([9; 8])));
    let codes = [
        CloseCode::Bye,
        CloseCode::Version,
        CloseCode::Decode,
        CloseCode::Limit,
        CloseCode::BadProof,
        CloseCode::ForgedEntry,
        CloseCode::Credit,
        CloseCode::Busy,
        CloseCode::StorageFull,
        CloseCode::Timeout,
        CloseCode::Duplicate,
        CloseCode::Refused,
        CloseCode::Internal,
        CloseCode::ForgedBlob,
    ];
    for code in codes {
        good(
            file,
            &format!("CLOSE {code:?}"),
            &["SYNC-18"],
            &Message::Close(code, u64::from(code as u8) * 100),
        );
    }
    raw(file, "a CLOSE of an unknown code", &["SYNC-18"], kind::CLOSE, &[200, 0]);
    for kind in [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0xff] {
        raw(file, &format!("an ignorable type {kind}"), &["SYNC-3"], kind, &[1, 2, 3]);
    }
    raw(file, "an ignorable type without body", &["SYNC-2", "SYNC-3"], 0xff, &[]);
    for kind in [0, 17, 0x7f] {
        raw(file, &format!("an unknown type {kind}"), &["SYNC-3"], kind, &[]);
    }
}

fn presence(file: &mut File) {
    let held = PinAnswer {
        verdict: PinVerdict::Held,
        full: true,
        seconds: 7_776_000,
        quota: 1_000_000_000,
        used: 70_000,
        addresses: vec![vec![4, 192, 0, 2, 7, 6, 15, 161].into(); 8],
    };
    good(file, "a PINNED Held", &["SYNC-52"], &Message::Pinned(held));
    for verdict in [
        PinVerdict::NotOffered,
        PinVerdict::NotInvited,
        PinVerdict::BadToken,
        PinVerdict::NoRoom,
        PinVerdict::NotProven,
        PinVerdict::Later,
        PinVerdict::Released,
    ] {
        let answer = Message::Pinned(PinAnswer::no(verdict));
        good(file, &format!("a PINNED {verdict:?}"), &["SYNC-52"], &answer);
    }
    raw(file, "a PINNED of an unknown verdict", &["SYNC-52"], kind::PINNED, &[200, 0, 0, 0, 0]);
    raw(file, "a PINNED without bytes", &["SYNC-52"], kind::PINNED, &[0, 0, 1, 1]);
    raw(file, "a PINNED that says 2", &["SYNC-52"], kind::PINNED, &[0, 2, 1, 1, 1]);
    let places = |count: usize| [vec![0, 0, 1, 1, 1], [1, 9].repeat(count)].concat();
    raw(file, "a PINNED with 9 addresses", &["SYNC-52"], kind::PINNED, &places(9));
    raw(file, "a PINNED with half an address", &["SYNC-52"], kind::PINNED, &[0, 0, 1, 1, 1, 9, 1]);
    raw(file, "a PINNED with a long address", &["SYNC-52"], kind::PINNED, &[0, 0, 1, 1, 1, 0x81, 0x10]);
    raw(file, "a PIN with a long token", &["SYNC-51"], kind::PIN, &[1; 66]);
    raw(file, "a PIN that ends it with a token", &["SYNC-51"], kind::PIN, &[0, 7]);
    raw(file, "a PIN that says 2", &["SYNC-51"], kind::PIN, &[2]);
    raw(file, "a PIN of nothing", &["SYNC-51"], kind::PIN, &[]);
}

fn broken_greetings(file: &mut File) {
    let hello = |version: u8, flags: u8| [vec![version], vec![7; 32], vec![1, 1, flags]].concat();
    raw(file, "a HELLO of version 2", &["SYNC-4"], kind::HELLO, &hello(2, 0));
    raw(file, "a HELLO with unknown flags", &["SYNC-4"], kind::HELLO, &hello(1, 4));
    raw(file, "a HELLO cut short", &["SYNC-19"], kind::HELLO, &hello(1, 0)[..35]);
    raw(file, "a HELLO with a byte more", &["SYNC-19"], kind::HELLO, &[hello(1, 0), vec![0]].concat());
    raw(
        file,
        "a HELLO with a long number",
        &["SYNC-19", "CONV-2"],
        kind::HELLO,
        &[vec![1], vec![7; 32], vec![0x81, 0, 1, 0]].concat(),
    );
    raw(file, "a PROVE cut short", &["SYNC-5"], kind::PROVE, &[1; 159]);
    raw(file, "a WARM of seven bytes", &["SYNC-6"], kind::WARM, &[1; 7]);
    raw(file, "a WARM of nine bytes", &["SYNC-6"], kind::WARM, &[1; 9]);
    raw(file, "an OFFER that says 2", &["SYNC-7"], kind::OFFER, &[2]);
    raw(file, "an OFFER with half a tag", &["SYNC-7"], kind::OFFER, &[1, 0, 0, 0, 0]);
    raw(file, "an OFFER of 16,384 tags", &["SYNC-7"], kind::OFFER, &[vec![1], vec![0; 8 * 16_384]].concat());
    raw(file, "an OFFER of 16,385 tags", &["SYNC-7"], kind::OFFER, &[vec![1], vec![0; 8 * 16_385]].concat());
    raw(file, "a SHARE with a bit behind the last", &["SYNC-8"], kind::SHARE, &[1, 2]);
    raw(file, "a SHARE without its fingerprint", &["SYNC-8"], kind::SHARE, &[1, 1]);
    raw(
        file,
        "a SHARE with a fingerprint too many",
        &["SYNC-8"],
        kind::SHARE,
        &[vec![1, 0], vec![5; 8]].concat(),
    );
    raw(file, "a SHARE of 16,385", &["SYNC-8"], kind::SHARE, &[0x81, 0x80, 0x01]);
}

fn broken_rows(file: &mut File) {
    raw(file, "ROWS that say 2", &["SYNC-10"], kind::ROWS, &[2]);
    raw(file, "ROWS with unknown flags", &["SYNC-10"], kind::ROWS, &[0, 1, 8, 0]);
    raw(file, "ROWS cut short in an identity", &["SYNC-10"], kind::ROWS, &[0, 1, 1, 0, 1, 9, 9]);
    raw(file, "ROWS with fewer logs than announced", &["SYNC-10"], kind::ROWS, &[0, 1, 0, 1]);
    raw(file, "ROWS with a log cut short", &["SYNC-9"], kind::ROWS, &[0, 1, 0, 1, 0, 8, 8]);
    let runs = |count: u8| {
        [vec![0, 1, 0, 1, 5, 0, count], [vec![9], vec![1; 8], vec![0]].concat().repeat(usize::from(count))]
            .concat()
    };
    raw(file, "ROWS with four runs", &["SYNC-10"], kind::ROWS, &runs(4));
    raw(file, "ROWS with five runs", &["SYNC-10"], kind::ROWS, &runs(5));
    let run = |top: u8, depth: u8| [vec![1, 0, 1, 5, 0, 1, top], vec![1; 8], vec![depth]].concat();
    raw(file, "HEAD with a run down to 1", &["SYNC-10"], kind::HEAD, &run(9, 8));
    raw(file, "HEAD with a run down to 0", &["SYNC-10"], kind::HEAD, &run(9, 9));
    raw(file, "HEAD with a run below 0", &["SYNC-10"], kind::HEAD, &run(9, 10));
}

fn broken_rest(file: &mut File) {
    raw(file, "a WANT of an unknown sort", &["SYNC-11"], kind::WANT, &[4, 1]);
    raw(file, "a WANT with name 0", &["SYNC-11"], kind::WANT, &[0, 0, 1, 5, 4]);
    raw(file, "a WANT down to 0", &["SYNC-11"], kind::WANT, &[0, 1, 1, 5, 5]);
    raw(file, "a WANT below 0", &["SYNC-11"], kind::WANT, &[0, 1, 1, 5, 6]);
    raw(file, "a WANT cut short", &["SYNC-11"], kind::WANT, &[0, 1, 1, 5]);
    raw(file, "a WANT of 1,024", &["SYNC-11"], kind::WANT, &[3, 1].repeat(1_024));
    raw(file, "a WANT of 1,025", &["SYNC-11"], kind::WANT, &[3, 1].repeat(1_025));
    raw(file, "a NONE with half a number", &["SYNC-12"], kind::NONE, &[0x80]);
    raw(file, "a PROOF of one header", &["SYNC-13"], kind::PROOF, &[1, 9]);
    raw(file, "a PROOF with a header beyond the limit", &["SYNC-13"], kind::PROOF, &[0xe3, 0x03]);
    raw(file, "a PROOF of three", &["SYNC-13"], kind::PROOF, &[1, 9, 1, 9, 1, 9]);
    raw(file, "an IDDOC cut short", &["SYNC-14"], kind::IDDOC, &[3, 1, 2]);
    raw(file, "a MODE that says 2", &["SYNC-15"], kind::MODE, &[1, 2]);
    raw(file, "a CREDIT of nothing", &["SYNC-16"], kind::CREDIT, &[]);
    raw(file, "an AUDIT with a byte more", &["SYNC-17"], kind::AUDIT, &[1; 9]);
    raw(file, "a DELIVER cut short", &["SYNC-41"], kind::DELIVER, &[3, 1, 2]);
    raw(file, "a STATUS of another code", &["SYNC-42"], kind::STATUS, &[[7; 32].as_slice(), &[9]].concat());
    raw(file, "a STATUS without code", &["SYNC-42"], kind::STATUS, &[7; 32]);
    raw(file, "a STATUS with a byte more", &["SYNC-42"], kind::STATUS, &[7; 34]);
    raw(file, "a REFS without root", &["SYNC-46"], kind::REFS, &[1]);
    raw(file, "a REFS with a byte more", &["SYNC-46"], kind::REFS, &[1; 34]);
    raw(file, "a WHO_HAS with half a number", &["SYNC-56"], kind::WHO_HAS, &[1, 0x80]);
    raw(file, "a WHO_HAS of 16", &["SYNC-56"], kind::WHO_HAS, &[1; 17]);
    raw(file, "a WHO_HAS of 17", &["SYNC-56"], kind::WHO_HAS, &[1; 18]);
    raw(file, "a PEERS cut short", &["SYNC-57"], kind::PEERS, &[1, 3, 1, 2]);
    raw(file, "a PEERS with something else", &["SYNC-57"], kind::PEERS, &[1, 3, 1, 2, 3]);
    raw(file, "a PEERS of 17", &["SYNC-57"], kind::PEERS, &[vec![1], vec![0; 17]].concat());
    raw(file, "a REFERRED with half a post", &["SYNC-47"], kind::REFERRED, &[1, 1, 1, 9]);
    let posts = |count: usize| [vec![1, 1], [1, 9, 1, 9].repeat(count)].concat();
    raw(file, "a REFERRED of 64", &["SYNC-47"], kind::REFERRED, &posts(64));
    raw(file, "a REFERRED of 65", &["SYNC-47"], kind::REFERRED, &posts(65));
    raw(file, "a CLOSE without time", &["SYNC-18"], kind::CLOSE, &[0]);
    raw(file, "the longest frame", &["SYNC-2"], 0xff, &vec![1; 163_839]);
    raw(file, "a frame that is too long", &["SYNC-2"], 0xff, &vec![1; 163_840]);
}

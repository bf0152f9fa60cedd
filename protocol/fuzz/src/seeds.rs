//! Valid input of every target, from which the mutations start. The same every time.

use std::sync::Arc;

use majlis_protocol::blob::{Span, cut};
use majlis_protocol::body::{
    Attachment, BlobId, Body, Card, Content, Delete, Edit, EntryRef, Focus, Follow, Hints, Holder, Poll,
    Post, Preview, Profile, ProfileField, Reaction, Repost, Sealed, Usage, Visibility, Vote,
};
use majlis_protocol::entry::{Draft, sign};
use majlis_protocol::have::{Have, HeldAccount, HeldLog, HeldRun, MAGIC, Salt};
use majlis_protocol::identity::{
    Closed, Device, DeviceKey, Ended, IdDoc, IdDraft, Phrase, Roots, SUITE_X25519, VerifiedId, scope,
};
use majlis_protocol::limits::SIGNATURE;
use majlis_protocol::pack::Sections;
use majlis_protocol::sealed::{PrivateItem, seal};
use majlis_protocol::state::Fingerprint;
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::sync::{
    Ask, BlobWant, CloseCode, Frame, Greeting, LogRef, Message, PinAnswer, PinAsk, PinVerdict, Proving, Row,
    RowRun, RowsOf, Verdict,
};
use majlis_protocol::text::{Invite, Target, bare_key};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, LogId, SecretKey, Verified};

use super::machine::{Node, record};
use super::targets::{device, file, log, reader, roots};

/// The transport identity of the node that the mutated frames come from.
pub const DIALER: &[u8] = b"dialer";
const LISTENER: &[u8] = b"listener";

/// Seeds of a target.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "entry" => entries(3).iter().chain([document().entry()]).map(|entry| entry.encode()).collect(),
        "body" => {
            let tagged = |body: &Body| [vec![body.kind().0], body.encode().expect("within limits")].concat();
            bodies().iter().map(tagged).collect()
        }
        "sealed" => sealed_bodies(),
        "identity" => identity_bodies(),
        "pack" => packs(),
        "frame" => messages().iter().map(|message| frame_bytes(&message.encode())).collect(),
        "chunk" => chunks(),
        "text" => texts(),
        "piece" => pieces(),
        "have" => haves(),
        "machine" => transcripts(),
        _ => Vec::new(),
    }
}

fn frame_bytes(frame: &Frame) -> Vec<u8> {
    [&[frame.kind], &frame.body[..]].concat()
}

/// The identity document of the account, which lists its device.
pub fn document() -> Arc<VerifiedId> {
    identity(&roots(), DeviceId(device().public()))
}

fn identity(roots: &Roots, key: DeviceId) -> Arc<VerifiedId> {
    let draft = IdDraft {
        k: 0,
        version: 1,
        timestamp: 1,
        blind: [1; 16],
        devices: vec![listing(key)],
        ended: None,
        moved_to: None,
    };
    Arc::new(IdDoc::sign(roots, draft).expect("a valid document"))
}

fn listing(key: DeviceId) -> Device {
    Device {
        key,
        scope: scope::ALL,
        keys: vec![DeviceKey { suite: SUITE_X25519, key: vec![9; 32] }],
        name: "desk".to_owned(),
        ended: None,
        closed: Vec::new(),
    }
}

fn attachment() -> Attachment {
    Attachment {
        blob: BlobId([4; 32]),
        media_type: "image/webp".to_owned(),
        size: 70_000,
        width: Some(640),
        height: Some(480),
        duration_ms: None,
        blurhash: "LEHV6nWB2yk8".to_owned(),
        alt: "صورة".to_owned(),
        focus: Some(Focus { x: -300, y: 10_000 }),
        source_type: "digitalCapture".to_owned(),
        preview: Some(Preview {
            blob: BlobId([5; 32]),
            media_type: "image/jpeg".to_owned(),
            size: 9_000,
            width: 320,
            height: 240,
        }),
        name: "ملف".to_owned(),
    }
}

fn post() -> Post {
    let target = EntryRef { account: AccountId([1; 32]), id: EntryId([2; 32]) };
    let content = Content {
        text: "سلام، hello \u{1f44b}".to_owned(),
        markdown: true,
        language: "ar".to_owned(),
        content_warning: "none".to_owned(),
        mentions: vec![AccountId([1; 32])],
        tags: vec!["majlis".to_owned(), "مجلس".to_owned()],
        attachments: vec![attachment()],
        poll: Some(Poll {
            options: vec!["a".to_owned(), "b".to_owned()],
            multiple: true,
            closes_at: Some(1 << 40),
        }),
        card: Some(Card {
            url: "https://example.org/".to_owned(),
            title: "t".to_owned(),
            description: "d".to_owned(),
            image: Some(BlobId([5; 32])),
        }),
        usage: Usage { aipref: "train-ai=n".to_owned(), bulk_dataset: Some(false), ..Usage::default() },
        source_type: "humanEdits".to_owned(),
    };
    Post {
        content,
        reply_to: Some(target),
        root: Some(target),
        quote: Some(target),
        visibility: Visibility::Unlisted,
        original_date: Some(1),
        was: Some(EntryId([3; 32])),
    }
}

fn bodies() -> Vec<Body> {
    let profile = Profile {
        name: "n".to_owned(),
        bio: "b".to_owned(),
        avatar: Some(attachment()),
        header: Some(attachment()),
        fields: vec![ProfileField { name: "web".to_owned(), value: "example.org".to_owned() }],
        bot: true,
        language: "en".to_owned(),
        usage: Usage { draft: "2026-01-31".to_owned(), ..Usage::default() },
    };
    let holder = Holder { peer_id: vec![1; 38], addresses: vec![vec![4, 127, 0, 0, 1, 6, 16, 0]] };
    let target = EntryRef { account: AccountId([1; 32]), id: EntryId([2; 32]) };
    vec![
        Body::Reaction(Reaction { target, emoji: "♥".to_owned(), on: true }),
        Body::Repost(Repost { target, on: false }),
        Body::Vote(Vote { target, choices: vec![0, 3, 19] }),
        Body::Post(Post {
            content: Content { text: "hi".to_owned(), ..Content::default() },
            ..Post::default()
        }),
        Body::Post(post()),
        Body::Edit(Edit { target: EntryId([3; 32]), content: post().content }),
        Body::Delete(Delete { target: EntryId([3; 32]) }),
        Body::Profile(profile),
        Body::Follow(Follow { account: AccountId([1; 32]), on: true }),
        Body::Hints(Hints { holders: vec![holder] }),
        Body::Sealed(Sealed { suite: 1, data: vec![7; 100] }),
    ]
}

fn sealed_bodies() -> Vec<Vec<u8>> {
    let (place, secret) = reader();
    let item =
        PrivateItem { collection: "follow".to_owned(), key: vec![1; 32], value: Some(vec![0xa0]) }.encode();
    let item = item.expect("within limits");
    let of = |readers: &[[u8; 32]]| {
        let publics: Vec<_> = readers.iter().map(majlis_protocol::keys::x25519_public).collect();
        let sealed = seal(&place, &publics, &item, &[3; 32]).expect("good keys");
        [&[1], &sealed.data[..]].concat()
    };
    vec![[&[0], &item[..]].concat(), of(&[secret]), of(&[[7; 32], secret, [8; 32]]), of(&[[7; 32]])]
}

fn identity_bodies() -> Vec<Vec<u8>> {
    let (roots, key) = (roots(), DeviceId(device().public()));
    let mut closing = listing(key);
    closing.ended = Some(99);
    closing.closed = vec![Closed { log_id: LogId(7), seq: 3, id: EntryId([6; 32]) }];
    let second = listing(DeviceId(SecretKey::from_seed(&[10; 32]).public()));
    let drafts = [
        (0, vec![listing(key)], None, None),
        (2, vec![closing, second], Some(Ended { at: 5, erase: true }), Some(AccountId([3; 32]))),
    ];
    drafts
        .into_iter()
        .map(|(k, devices, ended, moved_to)| {
            let draft = IdDraft { k, version: 1, timestamp: 1, blind: [0; 16], devices, ended, moved_to };
            let document = IdDoc::sign(&roots, draft).expect("a valid document");
            [&[k], document.entry().body().expect("held")].concat()
        })
        .collect()
}

/// A chain of posts.
pub fn entries(count: usize) -> Vec<Verified<Entry>> {
    let (device, log) = (device(), log());
    let mut backlink = EntryId::ZERO;
    (0..count)
        .map(|index| {
            let content = Content { text: format!("post {index}"), ..Content::default() };
            let body = Body::Post(Post { content, ..Post::default() }).encode().expect("within limits");
            let draft = Draft {
                kind: majlis_protocol::Kind::POST,
                account: log.account,
                log_id: log.log_id,
                seq: index as u64 + 1,
                timestamp: 1_000 + index as u64,
                backlink,
                blind: [index as u8; 16],
                body: &body,
            };
            let entry = sign(&draft, &device).expect("a valid entry");
            backlink = entry.id;
            entry
        })
        .collect()
}

fn packs() -> Vec<Vec<u8>> {
    let all = entries(64);
    let mut without: Vec<Entry> = all[..4].iter().map(|entry| (**entry).clone()).collect();
    without[1].payload = majlis_protocol::Payload::Missing;
    without[2].payload = majlis_protocol::Payload::Deleted(EntryId([5; 32]));
    let as_entries =
        |entries: &[Verified<Entry>]| entries.iter().map(|entry| (**entry).clone()).collect::<Vec<_>>();
    [as_entries(&all[..1]), as_entries(&all[3..9]), as_entries(&all), without]
        .iter()
        .map(|entries| {
            let mut sections = Sections::default();
            sections.put(entries);
            let length = u16::try_from(sections.soft.len()).expect("a short section").to_be_bytes();
            [&length[..], &sections.soft, &sections.hard].concat()
        })
        .collect()
}

/// A group of a CHUNK: what it answers, and its entries.
type Group<'a> = (Address, &'a [Verified<Entry>]);

fn chunks() -> Vec<Vec<u8>> {
    let all = entries(64);
    let new = LogRef::New(log().device, log().log_id);
    let groups: [Vec<Group<'_>>; 3] = [
        vec![(Address::Wanted(1), &all[..2])],
        vec![(Address::Wanted(9), &all), (Address::Wanted(300), &all[5..6])],
        vec![(Address::Pushed(3, new), &all[..1]), (Address::Pushed(3, LogRef::Handle(1)), &all[1..3])],
    ];
    groups
        .iter()
        .map(|groups| {
            let mut builder = Builder::default();
            for (address, entries) in groups {
                builder.add(address, entries);
            }
            builder.finish().expect("it has a group").0.body.to_vec()
        })
        .collect()
}

fn rows() -> Vec<RowsOf> {
    let run = |top| RowRun { top, tag: [3; 8], low: 1 };
    let logs = vec![
        Row { log: LogRef::New(log().device, log().log_id), seal: None, runs: vec![run(90), run(40)] },
        Row { log: LogRef::Handle(2), seal: Some(7), runs: Vec::new() },
    ];
    vec![
        RowsOf { number: 0, identity: Some((0, 1, [1; 8])), frozen: false, full: false, logs },
        RowsOf { number: 300, identity: None, frozen: true, full: true, logs: Vec::new() },
    ]
}

fn messages() -> Vec<Message> {
    let proving = Proving {
        account: log().account,
        device: log().device,
        identity: document().id(),
        signature: [5; 64],
    };
    let header = |entry: &Verified<Entry>| entry.signed_header().into();
    let entries = entries(2);
    vec![
        Message::Hello(Greeting {
            salt: [1; 32],
            credit: 1 << 23,
            outstanding: 512,
            listed: true,
            warm: true,
        }),
        Message::Prove(Box::new(proving)),
        Message::Warm(Fingerprint([2; 8])),
        Message::Offer { add: true, tags: vec![[1; 8], [2; 8], [3; 8], [4; 8]] },
        Message::Offer { add: false, tags: vec![[1; 8]] },
        Message::Share {
            shared: vec![true, false, true, true, false],
            fingerprints: vec![Fingerprint([4; 8]); 3],
        },
        Message::Rows { answer: true, accounts: rows() },
        Message::Head(rows()),
        Message::Want(vec![
            Ask::Range { wid: 1, handle: 0, hi: 90, lo: 27, headers: false },
            Ask::Range { wid: 2, handle: 5, hi: 3, lo: 3, headers: true },
            Ask::Identity(log().account),
            Ask::Proof(0),
        ]),
        Message::None(vec![1, 2, 300]),
        Message::Proof(header(&entries[0]), header(&entries[1])),
        Message::Identities(vec![document().entry().encode().into()]),
        Message::Mode { handle: 1, eager: false },
        Message::Credit(65_536),
        Message::Audit(Fingerprint([9; 8])),
        Message::Close(CloseCode::Busy, 60),
        Message::Deliver { document: document().entry().encode().into(), entry: entries[1].encode().into() },
        Message::Status(entries[0].id, Verdict::Queued),
        Message::Status(entries[0].id, Verdict::Later),
        Message::Clock(20_784),
        Message::WhoHas { number: 1, accounts: vec![0, 1] },
        Message::Peers {
            number: 1,
            holders: vec![
                Hints { holders: vec![Holder { peer_id: vec![1; 38], addresses: vec![vec![2; 8]] }] },
                Hints::default(),
            ],
        },
        Message::Refs { number: 1, root: entries[0].id },
        Message::Referred {
            number: 1,
            total: 9,
            posts: vec![(document().entry().encode().into(), entries[1].encode().into())],
        },
        Message::BlobWant {
            number: 1,
            want: BlobWant {
                entry: entries[0].id,
                blob: BlobId([7; 32]),
                size: 40_000,
                span: Span { first: 1, count: 2 },
            },
        },
        Message::Blob { number: 1, piece: vec![1; 200].into() },
        Message::Pin(PinAsk::Hold(vec![7; 32].into())),
        Message::Pin(PinAsk::Release),
        Message::Pinned(PinAnswer {
            addresses: vec![vec![4, 192, 0, 2, 7, 6, 15, 161].into()],
            ..PinAnswer::no(PinVerdict::Held)
        }),
        Message::Ignored(0xff),
    ]
}

fn pieces() -> Vec<Vec<u8>> {
    let (blob, data, tree) = file();
    let seed = |(first, count): (u8, u8)| {
        let span = Span { first: u64::from(first), count: u64::from(count) };
        let piece = cut(&blob, data.as_slice(), tree.as_slice(), span).expect("the file has these groups");
        [[first, count].as_slice(), &piece].concat()
    };
    [(4, 1), (3, 2), (0, 1)].map(seed).to_vec()
}

fn haves() -> Vec<Vec<u8>> {
    let runs = vec![HeldRun { top: 900, tag: [4; 8], low: 300 }, HeldRun { top: 200, tag: [5; 8], low: 1 }];
    let logs = |tag: u8| vec![HeldLog { tag: [tag; 8], seal: 7, runs: runs.clone() }];
    let salt = Salt([3; 32]);
    let account =
        |account: AccountId, logs| HeldAccount { tag: salt.account(&account), identity: [1; 8], logs };
    let have = Have {
        account: log().account,
        device: DeviceId(device().public()),
        created: 1 << 40,
        salt,
        room: 1 << 32,
        accounts: vec![account(log().account, logs(1)), account(AccountId([2; 32]), Vec::new())],
        files: vec![salt.file(&BlobId([3; 32])), salt.file(&BlobId([4; 32]))],
    };
    let (_, bytes) = have.sign(&device());
    vec![bytes[MAGIC.len()..bytes.len() - SIGNATURE].to_vec()]
}

fn texts() -> Vec<Vec<u8>> {
    let account = log().account;
    let link = EntryRef { account, id: EntryId([2; 32]) };
    let peer = "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3KooWA".to_owned();
    let invite = Invite::new(account, vec![peer.clone(), peer]).expect("a valid invite");
    [
        account.to_string(),
        bare_key(&account.0),
        EntryId([2; 32]).to_string(),
        BlobId([3; 32]).to_string(),
        Target::Link(link).to_string(),
        invite.to_string(),
        format!("{}?peer=%2Fip4%2F192.0.2.1&x=y", Invite::new(account, Vec::new()).expect("a valid invite")),
        Phrase::from_entropy([7; 32]).text().to_string(),
    ]
    .map(String::into_bytes)
    .into()
}

/// A node that follows the dialer's owner and has nothing of it.
pub fn listener() -> Node {
    let roots = Roots::derive(&Phrase::from_entropy([20; 32]));
    let key = SecretKey::from_seed(&[21; 32]);
    let owner = identity(&roots, DeviceId(key.public()));
    let mut node = Node::new(LISTENER, key, &owner, &[document()]);
    node.hold(&[]);
    node
}

/// The dialer, whose account the listener follows, with as many posts.
pub fn dialer(posts: usize) -> Node {
    let listener = Roots::derive(&Phrase::from_entropy([20; 32]));
    let key = DeviceId(SecretKey::from_seed(&[21; 32]).public());
    let mut node = Node::new(DIALER, device(), &document(), &[identity(&listener, key)]);
    node.hold(&entries(posts));
    node
}

/// Runs a session between the two; the frames that the dialer sent, and what the listener holds in the end.
pub fn session(posts: usize) -> (Vec<Frame>, usize) {
    let (mut one, mut other) = (dialer(posts), listener());
    one.open(LISTENER, true, None);
    other.open(DIALER, false, None);
    let mut sent = Vec::new();
    for _ in 0..400 {
        while let Some(frame) = one.sent.pop_front() {
            sent.push(frame.clone());
            other.frame(frame);
        }
        while let Some(frame) = other.sent.pop_front() {
            one.frame(frame);
        }
        one.pass(40);
        other.pass(40);
    }
    (sent, other.held())
}

fn transcripts() -> Vec<Vec<u8>> {
    let (whole, _) = session(12);
    let greeted: Vec<Frame> = whole.iter().take(2).cloned().collect();
    // After the greeting, one frame of every type.
    let mut all = vec![record(&whole)];
    all.extend(
        messages()
            .iter()
            .map(|message| record(&greeted.iter().cloned().chain([message.encode()]).collect::<Vec<_>>())),
    );
    // After the whole session, one frame of every type.
    all.extend(
        messages()
            .iter()
            .map(|message| record(&whole.iter().cloned().chain([message.encode()]).collect::<Vec<_>>())),
    );
    all
}

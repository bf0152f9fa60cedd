//! One function a decoder: whatever the bytes, it does not panic, and what it takes it gives back unchanged.

use bytes::Bytes;
use majlis_protocol::blob::{self, Span};
use majlis_protocol::body::{BlobId, Body, Sealed};
use majlis_protocol::entry::{Draft, sign, verify, verify_all};
use majlis_protocol::have::{self, Have};
use majlis_protocol::identity::{IdDoc, Phrase, Roots};
use majlis_protocol::limits::{MAX_FRAME, MAX_PACK_ENTRIES};
use majlis_protocol::pack::{self, Reader, Sections};
use majlis_protocol::sealed::{Envelope, Place, PrivateItem, SUITE};
use majlis_protocol::sync::chunk::{Builder, Chunk, verify_groups};
use majlis_protocol::sync::{Frame, Message, kind};
use majlis_protocol::text::{Invite, Target};
use majlis_protocol::{
    AccountId, DeviceId, Entry, EntryId, KeyCache, Kind, LogId, LogKey, SecretKey, context,
};

pub use super::machine::machine;

/// A target by its name.
pub type Named = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Named; 11] = [
    ("entry", entry),
    ("body", body),
    ("sealed", sealed),
    ("identity", identity),
    ("pack", pack),
    ("frame", frame),
    ("chunk", chunk),
    ("text", text),
    ("piece", piece),
    ("have", have),
    ("machine", machine),
];

/// The log in which packs and chunks are read.
pub fn log() -> LogKey {
    let roots = roots();
    let device = DeviceId(device().public());
    LogKey { account: roots.account(), device, log_id: LogId::new(LogId::PUBLIC, 7) }
}

/// The roots of the account that everything here is about.
pub fn roots() -> Roots {
    Roots::derive(&Phrase::from_entropy([7; 32]))
}

/// Its device.
pub fn device() -> SecretKey {
    SecretKey::from_seed(&[8; 32])
}

/// A signed header with or without its payload.
pub fn entry(data: &[u8]) {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode(), data);
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry.clone()));
        let one = verify(entry.clone(), &KeyCache::default());
        let many = verify_all(vec![entry.clone(), entry], &KeyCache::default());
        assert!(many.iter().all(|verdict| verdict.is_ok() == one.is_ok()), "batch and single disagree");
    }
    if let Ok(header) = Entry::decode_header(data) {
        assert_eq!(header.signed_header(), data);
        assert!(header.header.extensions().count() <= header.header.ext.len() / 2);
    }
}

/// A kind, and a body of it.
pub fn body(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    if let Ok(Some(body)) = Body::decode(Kind(*kind), bytes) {
        assert_eq!(body.kind(), Kind(*kind));
        let encoded = body.encode().expect("what was decoded is within every limit");
        assert!(encoded.len() <= bytes.len(), "there is a shorter encoding of the same");
        assert_eq!(Body::decode(Kind(*kind), &encoded), Ok(Some(body)));
        if encoded.len() == bytes.len() {
            assert_eq!(encoded, bytes, "there are two encodings of the same");
        }
    }
}

/// The place of sealed bodies, and the X25519 secret of one who reads them.
pub fn reader() -> (Place, [u8; 32]) {
    (Place { class: LogId::OWN_DEVICES, ..Place::of(&log()) }, [9; 32])
}

/// Behind a zero byte a private item, behind any other the data of a sealed body.
pub fn sealed(data: &[u8]) {
    let Some((sort, bytes)) = data.split_first() else { return };
    if *sort == 0 {
        if let Ok(Some(item)) = PrivateItem::decode(bytes) {
            let encoded = item.encode().expect("what was decoded is within every limit");
            assert!(encoded.len() <= bytes.len(), "there is a shorter encoding of the same");
            assert_eq!(PrivateItem::decode(&encoded), Ok(Some(item)));
        }
        return;
    }
    let body = Sealed { suite: SUITE, data: bytes.to_vec() };
    let Ok(envelope) = Envelope::read(&body) else { return };
    let envelope = envelope.expect("the suite is known");
    assert!(envelope.recipients().is_sorted());
    let (place, secret) = reader();
    if let Ok(Some(_)) = envelope.open(&place, &secret) {
        let genuine = super::seeds::seeds("sealed").iter().any(|seed| seed.get(1..) == Some(bytes));
        assert!(genuine, "what was changed was opened");
    }
}

/// The body of an identity document: signed here, as otherwise every change would end at the signature.
pub fn identity(data: &[u8]) {
    let Some((k, body)) = data.split_first() else { return };
    let roots = roots();
    let Some(root) = roots.key(k % 17) else { return };
    let draft = Draft {
        kind: Kind::IDENTITY,
        account: roots.account(),
        log_id: LogId::IDENTITY,
        seq: 1,
        timestamp: 1,
        backlink: EntryId::ZERO,
        blind: [0; 16],
        body,
    };
    let Ok(signed) = sign(&draft, &root) else { return };
    if let Ok(document) = IdDoc::verify(signed, &KeyCache::default()) {
        assert_eq!(document.account(), roots.account());
        assert_eq!(document.k(), k % 17);
        for device in &document.doc().devices {
            assert_eq!(document.device(device.key), Some(device));
        }
    }
}

/// A pack: two bytes of length, the soft section, the hard section.
pub fn pack(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let (soft, hard) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    let (mut soft_left, mut hard_left) =
        (Reader::new(Bytes::copy_from_slice(soft)), Reader::new(Bytes::copy_from_slice(hard)));
    let Ok(entries) = pack::read(log(), &mut soft_left, &mut hard_left) else { return };
    assert!(!entries.is_empty() && entries.len() <= MAX_PACK_ENTRIES);
    let mut again = Sections::default();
    assert_eq!(again.put(&entries), entries.len(), "a pack was read that is no chain");
    assert_eq!(again.soft, &soft[..soft.len() - soft_left.len()]);
    assert_eq!(again.hard, &hard[..hard.len() - hard_left.len()]);
}

/// The file whose pieces are read: its hash and length.
pub fn file() -> (BlobId, Vec<u8>, Vec<u8>) {
    let data: Vec<u8> = (0..70_000_u32).map(|at| (at % 251) as u8).collect();
    let mut tree = Vec::new();
    let blob = blob::hash(data.as_slice(), data.len() as u64, &mut tree).expect("memory is read and written");
    (blob, data, tree)
}

/// Two bytes of a span, and a piece: what is taken is what the file has there.
pub fn piece(data: &[u8]) {
    let Some(([first, count], piece)) = data.split_first_chunk() else { return };
    let span = Span { first: u64::from(*first), count: u64::from(*count) };
    let (blob, data, tree) = file();
    if let Ok(groups) = blob::verify(&blob, data.len() as u64, span, piece) {
        let start = span.start() as usize;
        let bytes = groups.concat();
        assert_eq!(bytes, data[start..start + bytes.len()], "something else was taken");
        let genuine = blob::cut(&blob, data.as_slice(), tree.as_slice(), span).expect("it was read");
        assert_eq!(genuine, piece, "there are two pieces of the same");
    }
}

/// A have file without its magic and signature: signed here, as otherwise every change would end there.
pub fn have(data: &[u8]) {
    let device = device();
    let mut bytes = [have::MAGIC, data].concat();
    if let Some(key) = bytes.get_mut(40..72) {
        key.copy_from_slice(&device.public());
    }
    let signature = device.sign(&context::message(context::HAVE, &[&bytes]));
    bytes.extend_from_slice(&signature);
    if let Ok(read) = Have::read(&bytes) {
        assert_eq!(read.sign(&device).1, bytes, "there are two encodings of the same");
    }
}

/// A frame: its type and its body.
pub fn frame(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    if *kind == kind::CHUNK {
        return chunk(body);
    }
    let frame = Frame { kind: *kind, body: Bytes::copy_from_slice(body) };
    let Ok(message) = Message::decode(frame.clone()) else { return };
    assert!(body.len() < MAX_FRAME);
    let encoded = message.encode();
    match message {
        // What is not acted on is not kept.
        Message::Ignored(ignored) => assert_eq!(ignored, *kind),
        // Codes of later versions read as one, and what a later version says more of holders is passed over.
        Message::Close(..) | Message::Status(..) | Message::Pinned(..) | Message::Peers { .. } => {
            assert_eq!(Message::decode(encoded), Ok(message));
        }
        _ => assert_eq!(encoded, frame, "there are two encodings of the same"),
    }
}

/// The body of a CHUNK.
pub fn chunk(data: &[u8]) {
    let Ok(chunk) = Chunk::decode(Bytes::copy_from_slice(data)) else { return };
    let Ok(groups) = chunk.groups(|_| Ok(log())) else { return };
    let mut builder = Builder::default();
    for (address, _, entries) in &groups {
        assert_eq!(builder.add(address, entries), entries.len());
    }
    let (again, _) = builder.finish().expect("a CHUNK has a group");
    let read = Chunk::decode(again.body).expect("what is built is decoded");
    assert_eq!(read.groups(|_| Ok(log())).as_ref(), Ok(&groups));
    let count: usize = groups.iter().map(|(_, _, entries)| entries.len()).sum();
    if let Ok(verified) = verify_groups(groups, &KeyCache::default()) {
        assert_eq!(verified.iter().map(|(_, _, entries)| entries.len()).sum::<usize>(), count);
    }
}

/// What can be read is written in a way that reads the same.
fn round<T: std::str::FromStr + std::fmt::Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let written = read.to_string();
        let again = written.parse::<T>().ok().expect("what is written can be read");
        assert_eq!(again, read);
        assert_eq!(again.to_string(), written);
    }
}

/// Everything that people type or paste.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    round::<AccountId>(text);
    round::<DeviceId>(text);
    round::<EntryId>(text);
    round::<BlobId>(text);
    round::<Target>(text);
    round::<Invite>(text);
    if let Ok(phrase) = Phrase::parse(text) {
        let again = Phrase::parse(&phrase.text()).expect("what is written can be read");
        assert_eq!(again.entropy(), phrase.entropy());
    }
}

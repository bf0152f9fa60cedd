//! Packs: 1 to 64 linked entries in two sections.

use bytes::Bytes;
use majlis_protocol::context;
use majlis_protocol::entry::{Entry, Kind, Payload};
use majlis_protocol::ids::{EntryId, LogKey};
use majlis_protocol::pack::{Reader, Sections, put_varint, read};
use serde_json::{Value, json};

use super::File;
use super::json::hex;
use super::view;
use super::world::{Author, key, log};

/// Head of a CBOR item of this major type (its high bits) and length.
pub fn cbor_head(major: u8, len: usize) -> Vec<u8> {
    match len {
        0..24 => vec![major | len as u8],
        24..256 => vec![major | 0x18, len as u8],
        _ => vec![major | 0x19, (len >> 8) as u8, len as u8],
    }
}

/// The log of every pack here.
pub fn log_key() -> LogKey {
    let author = Author::new(1, 11, log(1));
    LogKey { account: author.account, device: super::world::device_id(11), log_id: author.log_id }
}

/// What a pack says, or why it says nothing. Both sections have to be used up.
pub fn decode(log: LogKey, soft: &[u8], hard: &[u8]) -> Result<Vec<Entry>, String> {
    let (mut soft, mut hard) =
        (Reader::new(Bytes::copy_from_slice(soft)), Reader::new(Bytes::copy_from_slice(hard)));
    let entries = read(log, &mut soft, &mut hard).map_err(|error| format!("{error:?}"))?;
    if soft.is_empty() && hard.is_empty() { Ok(entries) } else { Err("Trailing".into()) }
}

fn case(file: &mut File, name: &str, ids: &[&str], soft: &[u8], hard: &[u8]) {
    let input = json!({ "log": view::log(&log_key()), "soft": hex(soft), "hard": hex(hard) });
    match decode(log_key(), soft, hard) {
        Ok(entries) => {
            let out: Value = entries.iter().map(view::entry).collect();
            file.ok("pack", name, ids, input, out);
        }
        Err(error) => file.push("pack", name.into(), ids, input, "error", json!(error)),
    }
}

fn put<E: AsRef<Entry>>(file: &mut File, name: &str, ids: &[&str], entries: &[E]) {
    let mut sections = Sections::default();
    assert_eq!(sections.put(entries), entries.len());
    case(file, name, ids, &sections.soft, &sections.hard);
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("packs", "Packs of linked entries, without their signatures being verified (chapter 5).");
    valid(&mut file);
    broken(&mut file);
    file
}

fn valid(file: &mut File) {
    let mut author = Author::new(1, 11, log(1));
    let posts = author.posts(64);
    put(file, "one entry, the first", &["PACK-1", "PACK-2"], &posts[..1]);
    put(file, "three entries from the first", &["PACK-1", "PACK-2", "PACK-3"], &posts[..3]);
    put(file, "three entries from the fifth", &["PACK-3"], &posts[4..7]);
    put(file, "sixty-four entries", &["PACK-1", "PACK-3"], &posts);
    let states: Vec<_> = [Payload::Missing, Payload::Deleted(EntryId([0xde; 32])), Payload::Missing]
        .into_iter()
        .zip(&posts[1..])
        .map(|(reason, post)| post.clone().without_payload(reason))
        .collect();
    let mixed: Vec<_> = [vec![posts[0].clone()], states, posts[4..6].to_vec()].concat();
    put(file, "held, missing, deleted", &["PACK-4", "ENTRY-18"], &mixed);
    put(file, "nothing held", &["PACK-4"], &mixed[1..4]);
    put(file, "flags and extensions", &["PACK-5"], &odd());
    let mut clock = Author::new(1, 11, log(1));
    let backwards: Vec<_> = [1 << 46, 5, 0, (1 << 47) - 1].map(|time| at_time(&mut clock, time)).into();
    put(file, "a clock that goes back and forth", &["PACK-6", "CONV-5"], &backwards);
    let mut kinds = Author::new(1, 11, log(1));
    let kinds: Vec<_> =
        [Kind::PROFILE, Kind::FOLLOW, Kind(255)].map(|kind| kinds.sign(kind, &[1, 0xa0])).into();
    put(file, "several kinds", &["PACK-2"], &kinds);
    let last = at_seq(u64::MAX);
    put(file, "the last sequence number", &["PACK-3"], &[last]);
}

/// An entry whose header is signed as changed.
fn signed(author: &mut Author, change: impl FnOnce(&mut majlis_protocol::Header)) -> Entry {
    let made = author.post("Changed.");
    let mut header = made.header.clone();
    change(&mut header);
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    let signature = key(author.device).sign(&context::message(context::ENTRY_SIGNATURE, &[&bytes]));
    bytes.extend_from_slice(&signature);
    if let Payload::Held(payload) = &made.payload {
        bytes.extend_from_slice(payload);
    }
    let entry = Entry::decode(&bytes).unwrap();
    author.backlink = entry.id;
    entry
}

fn odd() -> Vec<Entry> {
    let mut author = Author::new(1, 11, log(1));
    vec![
        signed(&mut author, |header| header.flags = 0x0102),
        signed(&mut author, |header| header.ext = Bytes::from_static(&[1, 1, 7, 2, 0])),
        signed(&mut author, |_| {}),
        signed(&mut author, |header| (header.flags, header.ext) = (1, Bytes::from_static(&[255, 2, 8, 9]))),
    ]
}

fn at_time(author: &mut Author, time: u64) -> Entry {
    signed(author, |header| header.timestamp = time)
}

fn at_seq(seq: u64) -> Entry {
    let mut author = Author::new(1, 11, log(1));
    signed(&mut author, |header| (header.seq, header.backlink) = (seq, EntryId([9; 32])))
}

/// A soft section put together by hand, and a hard section of zeros for `count` signatures, with a backlink
/// before and blinds or hashes behind them.
struct Hand {
    soft: Vec<u8>,
    hard: Vec<u8>,
}

impl Hand {
    /// One entry at `seq` of the given state, time in zigzag, and length.
    fn one(seq: u64, state: u8, time: u64, len: u64) -> Self {
        let mut soft = vec![1];
        put_varint(&mut soft, seq);
        soft.extend_from_slice(&[state, 3]);
        put_varint(&mut soft, time);
        put_varint(&mut soft, len);
        let link = if seq > 1 { 32 } else { 0 };
        Self { soft, hard: vec![9; link + 64] }
    }

    fn soft(mut self, more: &[u8]) -> Self {
        self.soft.extend_from_slice(more);
        self
    }

    fn hard(mut self, more: usize) -> Self {
        self.hard.extend(vec![8; more]);
        self
    }

    fn put(self, file: &mut File, name: &str, ids: &[&str]) {
        case(file, name, ids, &self.soft, &self.hard);
    }
}

fn broken(file: &mut File) {
    let good = || Hand::one(1, 0, 10, 17).soft(&[1]).hard(16);
    good().put(file, "one entry by hand", &["PACK-2"]);
    for count in [0, 65, 255] {
        let mut hand = good();
        hand.soft[0] = count;
        hand.put(file, &format!("a count of {count}"), &["PACK-1"]);
    }
    let Hand { soft, hard } = good();
    for len in 0..soft.len() {
        case(file, &format!("a soft section of {len} bytes"), &["PACK-7"], &soft[..len], &hard);
    }
    for len in [0, 63, 64, 79] {
        case(file, &format!("a hard section of {len} bytes"), &["PACK-7"], &soft, &hard[..len]);
    }
    case(file, "a byte more in the soft section", &["PACK-7"], &[soft.as_slice(), &[0]].concat(), &hard);
    case(file, "a byte more in the hard section", &["PACK-7"], &soft, &[hard.as_slice(), &[0]].concat());
    case(
        file,
        "a hard section without its backlink",
        &["PACK-3"],
        &Hand::one(2, 0, 10, 17).soft(&[1]).soft,
        &[9; 80],
    );
    for state in [3, 8, 0x80] {
        Hand::one(1, state, 10, 17).soft(&[1]).hard(16).put(file, &format!("state {state}"), &["PACK-4"]);
    }
    Hand::one(1, 4, 10, 17).soft(&[0, 0, 0, 1]).hard(16).put(file, "extras that are none", &["PACK-5"]);
    Hand::one(1, 4, 10, 17).soft(&[0, 1, 0x81, 2]).hard(16).put(
        file,
        "an extension block of 257 bytes",
        &["PACK-5"],
    );
    Hand::one(1, 4, 10, 17).soft(&[0, 0, 1, 9, 1]).hard(16).put(
        file,
        "an extension block that is malformed",
        &["PACK-5"],
    );
    Hand::one(1, 0, 1, 17).soft(&[1]).hard(16).put(file, "a negative time", &["PACK-6"]);
    Hand::one(1, 0, 1 << 48, 17).soft(&[1]).hard(16).put(file, "a time of 2^47", &["PACK-6"]);
    let mut two = vec![2, 1, 0, 0, 3, 3];
    put_varint(&mut two, u64::MAX - 1);
    put_varint(&mut two, u64::MAX - 1);
    two.extend_from_slice(&[17, 17, 1, 1]);
    case(file, "times beyond 64 bits", &["PACK-6"], &two, &[8; 160]);
    Hand::one(1, 0, 10, 15).hard(16).put(file, "a payload shorter than its blind", &["PACK-2"]);
    Hand::one(1, 0, 10, 16).hard(16).put(file, "a payload of 16 bytes", &["PACK-2"]);
    Hand::one(1, 1, 10, 65_537).hard(32).put(file, "a payload of 65,537 bytes", &["PACK-2"]);
    Hand::one(1, 1, 10, 1 << 32).hard(32).put(file, "a payload length beyond 32 bits", &["PACK-2"]);
    Hand::one(0, 0, 10, 17).soft(&[1]).hard(16).put(file, "sequence number zero", &["PACK-3"]);
    let mut unlinked = Hand::one(2, 0, 10, 17).soft(&[1]).hard(16);
    unlinked.hard[..32].fill(0);
    unlinked.put(file, "a zero backlink at 2", &["PACK-3"]);
    let mut long = vec![1, 0x81, 0];
    long.extend_from_slice(&[0, 3, 10, 17, 1]);
    case(file, "a sequence number in two bytes too many", &["CONV-2"], &long, &[8; 80]);
    let mut past = vec![2];
    put_varint(&mut past, u64::MAX);
    past.extend_from_slice(&[1, 1, 3, 3, 0, 0, 17, 17]);
    case(file, "a sequence number past the last", &["PACK-3"], &past, &[9; 32 + 128 + 64]);
    let mut identity = good();
    identity.soft[3] = 1;
    identity.put(file, "an identity document in another log", &["PACK-2"]);
}

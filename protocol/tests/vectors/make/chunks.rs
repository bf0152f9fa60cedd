//! CHUNK bodies: packs of several logs in one frame.

use std::collections::BTreeMap;

use majlis_protocol::entry::Entry;
use majlis_protocol::ids::LogKey;
use majlis_protocol::pack::{Sections, put_varint};
use majlis_protocol::sync::chunk::{Address, Builder, Chunk};
use majlis_protocol::sync::{DecodeError, LogRef};
use serde_json::{Value, json};

use super::File;
use super::json::{hex, number};
use super::view;
use super::world::{Author, account, device_id, log};

/// What a receiver knows that gives addresses a meaning.
#[derive(Clone)]
pub struct Known {
    /// Wants that are outstanding.
    pub wants: BTreeMap<u64, LogKey>,
    /// Accounts by number.
    pub accounts: BTreeMap<u64, majlis_protocol::AccountId>,
    /// Logs by handle.
    pub handles: BTreeMap<u64, LogKey>,
}

/// What the receiver of these vectors knows.
pub fn known() -> Known {
    let log_of =
        |device, number| LogKey { account: account(1), device: device_id(device), log_id: log(number) };
    Known {
        wants: [(1, log_of(11, 1)), (200, log_of(12, 2))].into(),
        accounts: [(0, account(1)), (3, account(2))].into(),
        handles: [(4, log_of(11, 1))].into(),
    }
}

type Groups = Vec<(Address, LogKey, Vec<Entry>)>;

/// The groups of a CHUNK and its cost in credit, or why there are none.
pub fn decode(known: &Known, body: &[u8]) -> Result<(u64, Groups), DecodeError> {
    let chunk = Chunk::decode(bytes::Bytes::copy_from_slice(body))?;
    let cost = chunk.cost;
    let groups = chunk.groups(|address| match address {
        Address::Wanted(wid) => known.wants.get(wid).copied().ok_or(DecodeError::Limit),
        Address::Pushed(number, log) => {
            let account = known.accounts.get(number).copied().ok_or(DecodeError::Limit)?;
            match log {
                LogRef::New(device, log_id) => Ok(LogKey { account, device: *device, log_id: *log_id }),
                LogRef::Handle(handle) => known
                    .handles
                    .get(handle)
                    .copied()
                    .filter(|log| log.account == account)
                    .ok_or(DecodeError::Limit),
            }
        }
    })?;
    Ok((cost, groups))
}

/// The decoded frame as JSON.
pub fn show((cost, groups): (u64, Groups)) -> Value {
    let groups: Vec<_> = groups
        .iter()
        .map(|(address, log, entries)| {
            let address = match address {
                Address::Wanted(wid) => json!({ "wid": number(*wid) }),
                Address::Pushed(number, LogRef::New(..)) => json!({ "push": number, "log": "new" }),
                Address::Pushed(number, LogRef::Handle(handle)) => json!({ "push": number, "log": handle }),
            };
            let ids: Vec<_> = entries.iter().map(|entry| hex(&entry.id.0)).collect();
            json!({ "address": address, "log": view::log(log), "entries": ids })
        })
        .collect();
    json!({ "cost": number(cost), "groups": groups })
}

/// What the receiver knows, as JSON.
pub fn show_known(known: &Known) -> Value {
    let logs = |map: &BTreeMap<u64, LogKey>| {
        map.iter().map(|(name, log)| json!([name, view::log(log)])).collect::<Vec<_>>()
    };
    let accounts: Vec<_> =
        known.accounts.iter().map(|(name, account)| json!([name, hex(&account.0)])).collect();
    json!({ "wants": logs(&known.wants), "accounts": accounts, "handles": logs(&known.handles) })
}

fn case(file: &mut File, name: &str, ids: &[&str], body: &[u8]) {
    let known = known();
    let input = json!({ "body": hex(body), "known": show_known(&known) });
    file.either("chunk", name, ids, input, decode(&known, body), show);
}

/// The file.
pub fn file() -> File {
    let mut file = File::new(
        "chunks",
        "CHUNK bodies, read by a receiver that knows some wants, accounts and handles (chapter 6).",
    );
    valid(&mut file);
    broken(&mut file);
    file
}

fn built(groups: &[(Address, &[majlis_protocol::Verified<Entry>])]) -> Vec<u8> {
    let mut builder = Builder::default();
    for (address, entries) in groups {
        assert_eq!(builder.add(address, entries), entries.len());
    }
    builder.finish().unwrap().0.body.to_vec()
}

fn valid(file: &mut File) {
    let mut author = Author::new(1, 11, log(1));
    let posts = author.posts(40);
    let second = Author::new(1, 12, log(2)).posts(3);
    let pushed = Author::new(2, 21, log(7)).posts(1);
    case(file, "one wanted post, not compressed", &["SYNC-20"], &built(&[(Address::Wanted(1), &posts[..1])]));
    case(file, "forty wanted posts, compressed", &["SYNC-20"], &built(&[(Address::Wanted(1), &posts)]));
    let groups: [(Address, &[_]); 4] = [
        (Address::Wanted(1), &posts[..2]),
        (Address::Wanted(200), &second),
        (Address::Pushed(0, LogRef::Handle(4)), &posts[2..3]),
        (Address::Pushed(3, LogRef::New(device_id(21), log(7))), &pushed),
    ];
    case(file, "two wants and two pushes", &["SYNC-20", "SYNC-9"], &built(&groups));
    let (soft, hard) = sections(&posts[..1]);
    case(
        file,
        "a compressed section of raw blocks",
        &["SYNC-20"],
        &coded(1, soft.len() as u64, &raw_zstd(&soft), &hard),
    );
}

/// Sections of one wanted group.
fn sections(posts: &[majlis_protocol::Verified<Entry>]) -> (Vec<u8>, Vec<u8>) {
    let mut sections = Sections { soft: vec![1], hard: vec![] };
    sections.put(posts);
    (sections.soft, sections.hard)
}

fn coded(codec: u8, inflated: u64, stored: &[u8], hard: &[u8]) -> Vec<u8> {
    let mut body = vec![codec];
    put_varint(&mut body, inflated);
    put_varint(&mut body, stored.len() as u64);
    [body.as_slice(), stored, hard].concat()
}

/// A zstd frame of one raw block, by hand: magic, single segment with one byte of content size, last raw block.
fn raw_zstd(content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let block = ((len as u32) << 3 | 1).to_le_bytes();
    [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, len as u8], &block[..3], content].concat()
}

fn broken(file: &mut File) {
    let posts = Author::new(1, 11, log(1)).posts(2);
    let (soft, hard) = sections(&posts);
    let len = soft.len() as u64;
    let good = coded(0, len, &soft, &hard);
    for cut in [0, 1, 2, 3, 20, good.len() - 1] {
        case(file, &format!("cut to {cut} bytes"), &["SYNC-21"], &good[..cut]);
    }
    case(file, "a byte more", &["SYNC-21"], &[good.as_slice(), &[0]].concat());
    case(file, "codec 2", &["SYNC-21"], &coded(2, len, &soft, &hard));
    case(file, "no groups", &["SYNC-21"], &coded(0, 0, &[], &[]));
    case(file, "a stated length that is too small", &["SYNC-21"], &coded(0, len - 1, &soft, &hard));
    case(file, "a stated length that is too large", &["SYNC-21"], &coded(0, len + 1, &soft, &hard));
    case(file, "a stated length beyond the limit", &["SYNC-21"], &coded(1, 163_841, &soft, &hard));
    case(
        file,
        "a stored length beyond the limit",
        &["SYNC-21"],
        &[&[0, 1], [0x81, 0x80, 0x0a].as_slice()].concat(),
    );
    let small = raw_zstd(&soft);
    case(file, "an inflated length that is too small", &["SYNC-21"], &coded(1, len - 1, &small, &hard));
    case(file, "an inflated length that is too large", &["SYNC-21"], &coded(1, len + 1, &small, &hard));
    case(file, "a section that does not inflate", &["SYNC-21"], &coded(1, len, &soft, &hard));
    let readdressed = |address: &[u8]| {
        let soft = [address, &soft[1..]].concat();
        coded(0, soft.len() as u64, &soft, &hard)
    };
    case(file, "a want that is not outstanding", &["SYNC-22"], &readdressed(&[2]));
    case(file, "an account number that is not known", &["SYNC-22"], &readdressed(&[0, 9, 5]));
    case(file, "a handle that is not known", &["SYNC-22"], &readdressed(&[0, 0, 7]));
    case(file, "a handle of another account", &["SYNC-22"], &readdressed(&[0, 3, 5]));
    let mut wrong = soft.clone();
    wrong[1] = 0;
    case(file, "a pack of no entries", &["SYNC-21", "PACK-1"], &coded(0, len, &wrong, &hard));
    let mut unordered = soft.clone();
    unordered[1] = 65;
    case(file, "a pack of too many entries", &["SYNC-21", "PACK-1"], &coded(0, len, &unordered, &hard));
}

//! Files that carry an account.

use bytes::Bytes;
use majlis_protocol::blob::{self, Span};
use majlis_protocol::body::BlobId;
use majlis_protocol::ids::{AccountId, DeviceId, LogId, LogKey};
use majlis_protocol::limits::MAX_FRAME;
use majlis_protocol::pack::{self, Reader, Sections, put_varint};
use majlis_protocol::state::Proof;
use majlis_protocol::sync::chunk::{put_sections, read_sections};
use majlis_protocol::{KeyCache, entry};
use serde_json::{Value, json};

use super::File;
use super::json::hex;
use super::world::{Author, device, identity, log};

const MAGIC: &[u8] = b"MAJLIS1\n";

/// What a whole file carries; an error for a file that is not one, or not whole.
pub fn read(bytes: &[u8]) -> Result<Value, &'static str> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or("Magic")?;
    let (mut documents, mut proofs, mut entries, mut pieces, mut kept) =
        (vec![], vec![], vec![], vec![], vec![]);
    let mut refused = 0;
    for record in 0_u64.. {
        let (&[kind, a, b, c, d], after) = rest.split_first_chunk::<5>().ok_or("Truncated")?;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > MAX_FRAME {
            return Err("Limit");
        }
        let (body, after) = after.split_at_checked(length).ok_or("Truncated")?;
        rest = after;
        match kind {
            1 => match super::identities::read(body, false) {
                Ok(document) => documents.push(hex(&document.id().0)),
                Err(_) => refused += 1,
            },
            2 => match read_proof(body) {
                Some(proof) => proofs.push(super::forks::show(&proof)),
                None => refused += 1,
            },
            3 => match read_group(body) {
                Some(group) => {
                    for verdict in entry::verify_all(group, &KeyCache::default()) {
                        match verdict {
                            Ok(entry) => entries.push(hex(&entry.id.0)),
                            Err(_) => refused += 1,
                        }
                    }
                }
                None => refused += 1,
            },
            4 => match read_piece(body) {
                Some(piece) => pieces.push(piece),
                None => refused += 1,
            },
            5 => match read_kept(body) {
                Some(name) => kept.push(name),
                None => refused += 1,
            },
            255 if body == record.to_be_bytes() => {
                return Ok(json!({
                    "documents": documents, "proofs": proofs, "entries": entries, "pieces": pieces, "kept": kept,
                    "refused": refused,
                }));
            }
            255 => return Err("Count"),
            _ => return Err("UnknownType"),
        }
    }
    Err("Truncated")
}

fn read_proof(body: &[u8]) -> Option<Proof> {
    let mut body = Reader::new(Bytes::copy_from_slice(body));
    let mut header = || {
        let length = usize::try_from(body.varint().ok()?).ok()?;
        body.slice(length).ok()
    };
    let (one, other) = (header()?, header()?);
    if body.is_empty() { super::forks::prove(&one, &other).ok() } else { None }
}

fn read_group(body: &[u8]) -> Option<Vec<majlis_protocol::Entry>> {
    let mut body = Reader::new(Bytes::copy_from_slice(body));
    let (account, device) = (AccountId(body.array().ok()?), DeviceId(body.array().ok()?));
    let log = LogKey { account, device, log_id: LogId(u64::from_be_bytes(body.array().ok()?)) };
    let (mut soft, mut hard) = read_sections(body).ok()?;
    let entries = pack::read(log, &mut soft, &mut hard).ok()?;
    (soft.is_empty() && hard.is_empty()).then_some(entries)
}

fn read_piece(body: &[u8]) -> Option<Value> {
    let mut body = Reader::new(Bytes::copy_from_slice(body));
    let blob = BlobId(body.array().ok()?);
    let size = body.varint().ok()?;
    let span = Span { first: body.varint().ok()?, count: body.varint().ok()? };
    super::blobs::read(&blob, size, span, &body.rest()).ok()
}

fn read_kept(body: &[u8]) -> Option<String> {
    let mut body = Reader::new(Bytes::copy_from_slice(body));
    let length = usize::try_from(body.varint().ok()?).ok()?;
    String::from_utf8(body.slice(length).ok()?.to_vec()).ok()
}

fn piece_record(size: u64, span: Span) -> Vec<u8> {
    let (data, tree, blob) = super::blobs::sample(size);
    let mut body = blob.0.to_vec();
    for number in [size, span.first, span.count] {
        put_varint(&mut body, number);
    }
    body.extend_from_slice(&blob::cut(&blob, data.as_slice(), tree.as_slice(), span).unwrap());
    record(4, &body)
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], (body.len() as u32).to_be_bytes().as_slice(), body].concat()
}

fn archive(records: &[Vec<u8>]) -> Vec<u8> {
    let end = record(255, &(records.len() as u64).to_be_bytes());
    [MAGIC, &records.concat(), &end].concat()
}

fn proof_record(one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for header in [one, other] {
        put_varint(&mut body, header.len() as u64);
        body.extend_from_slice(header);
    }
    record(2, &body)
}

fn pack_record(entries: &[majlis_protocol::Verified<majlis_protocol::Entry>]) -> Vec<u8> {
    let key = entries[0].header.log();
    let mut body = [key.account.0.as_slice(), &key.device.0, &key.log_id.0.to_be_bytes()].concat();
    let mut sections = Sections::default();
    sections.put(entries);
    put_sections(&mut body, &sections);
    record(3, &body)
}

fn case(file: &mut File, name: &str, ids: &[&str], bytes: &[u8]) {
    let input = json!({ "bytes": hex(bytes) });
    match read(bytes) {
        Ok(out) => file.ok("archive", name, ids, input, out),
        Err(error) => file.push("archive", name.into(), ids, input, "error", json!(error)),
    }
}

/// The file.
pub fn file() -> File {
    let mut file =
        File::new("archives", "Archive files: what they carry, or why they cannot be read (chapter 8).");
    let document = record(1, &identity(1, 0, 1, vec![device(11)]).entry().encode());
    let mut author = Author::new(1, 11, log(1));
    let posts = author.posts(8);
    let twin = Author { seq: 1, backlink: posts[0].id, ..author }.post("Another second.");
    let proof = proof_record(&posts[1].signed_header(), &twin.signed_header());
    let pack = pack_record(&posts);
    let whole = archive(&[document.clone(), proof.clone(), pack.clone()]);
    case(
        &mut file,
        "a document, a proof and a pack",
        &["ARCH-1", "ARCH-2", "ARCH-3", "ARCH-4", "ARCH-5"],
        &whole,
    );
    let piece = piece_record(16_384 + 5, Span { first: 1, count: 1 });
    case(
        &mut file,
        "a piece of a file",
        &["ARCH-6"],
        &archive(&[document.clone(), pack.clone(), piece.clone()]),
    );
    let kept = [record(5, b"\x06config[store]"), record(5, b"\x04newspaper"), record(5, &[0])];
    case(&mut file, "what a node keeps for itself", &["ARCH-8"], &archive(&kept));
    let unkept = [record(5, &[]), record(5, b"\x04new"), record(5, b"\x01\xff")];
    case(&mut file, "what is not even that", &["ARCH-8"], &archive(&unkept));
    case(&mut file, "nothing", &["ARCH-1", "ARCH-5"], &archive(&[]));
    case(&mut file, "bytes behind the end", &["ARCH-5"], &[whole.as_slice(), b"more"].concat());
    for len in [0, 7, 8, 12, 40, whole.len() - 1] {
        case(&mut file, &format!("cut to {len} bytes"), &["ARCH-1", "ARCH-5"], &whole[..len]);
    }
    case(&mut file, "no end", &["ARCH-5"], &whole[..whole.len() - 13]);
    let fewer = [MAGIC, &document, &pack, &record(255, &3_u64.to_be_bytes())].concat();
    case(&mut file, "a record is missing", &["ARCH-5"], &fewer);
    let mut magic = whole.clone();
    magic[6] = b'2';
    case(&mut file, "another magic", &["ARCH-1"], &magic);
    case(&mut file, "a record of type 6", &["ARCH-1"], &archive(&[record(6, &[])]));
    case(&mut file, "a record beyond the limit", &["ARCH-1"], &[MAGIC, &[3, 0, 2, 0x80, 1]].concat());
    let spoilt = |record: &[u8]| {
        let mut record = record.to_vec();
        *record.last_mut().unwrap() ^= 1;
        record
    };
    case(
        &mut file,
        "a document that does not verify",
        &["ARCH-2"],
        &archive(&[spoilt(&document), pack.clone()]),
    );
    case(
        &mut file,
        "a proof that does not verify",
        &["ARCH-3"],
        &archive(&[spoilt(&proof), document.clone()]),
    );
    case(
        &mut file,
        "a piece that proves nothing",
        &["ARCH-6"],
        &archive(&[spoilt(&piece), document.clone()]),
    );
    case(&mut file, "a piece without its numbers", &["ARCH-6"], &archive(&[record(4, &[1; 32])]));
    case(&mut file, "a pack with a changed blind", &["ARCH-4"], &archive(&[document, spoilt(&pack)]));
    file
}

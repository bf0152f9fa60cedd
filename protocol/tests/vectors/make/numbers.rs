//! Numbers, hashes and the messages that are signed.

use bytes::Bytes;
use majlis_protocol::context;
use majlis_protocol::pack::{Reader, put_varint};
use serde_json::json;

use super::File;
use super::json::{hex, number};

/// The file.
pub fn file() -> File {
    let mut file = File::new("numbers", "Varints, derived hashes and signed messages (chapter 0).");
    for value in [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 32, (1 << 47) - 1, u64::MAX - 1, u64::MAX] {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        let input = json!({ "bytes": hex(&bytes) });
        file.ok("varint", format!("varint {value}"), &["CONV-2"], input, number(value));
    }
    for (name, bytes) in [
        ("nothing", &b""[..]),
        ("an unfinished number", b"\x80"),
        ("nine unfinished bytes", &[0xff; 9]),
        ("zero in two bytes", b"\x80\x00"),
        ("one in three bytes", b"\x81\x80\x00"),
        ("2^64", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
        ("eleven bytes", &[0x80; 11]),
    ] {
        let error = Reader::new(Bytes::copy_from_slice(bytes)).varint().unwrap_err();
        file.err("varint", format!("varint of {name}"), &["CONV-2"], json!({ "bytes": hex(bytes) }), error);
    }
    for (name, context, parts) in contexts() {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let input =
            json!({ "context": context, "parts": parts.iter().map(|part| hex(part)).collect::<Vec<_>>() });
        let out = json!({ "hash": hex(&context::hash(context, &slices)), "message": hex(&context::message(context, &slices)) });
        file.ok("context", name, &["CONV-3", "CONV-4"], input, out);
    }
    file
}

/// Every context of the specification, and edge cases of parts.
fn contexts() -> Vec<(String, &'static str, Vec<Vec<u8>>)> {
    let mut all: Vec<_> = CONTEXTS
        .iter()
        .map(|context| (format!("context {context}"), *context, vec![vec![1, 2, 3]]))
        .collect();
    all.push(("nothing hashed".into(), context::PAYLOAD, vec![]));
    all.push(("empty parts".into(), context::PAYLOAD, vec![vec![], vec![]]));
    all.push(("two parts are their concatenation".into(), context::PAYLOAD, vec![vec![1], vec![2, 3]]));
    all
}

/// The context strings of chapter 0, in its order.
pub const CONTEXTS: [&str; 16] = [
    context::ENTRY_SIGNATURE,
    context::ENTRY_ID,
    context::PAYLOAD,
    context::INCEPTION,
    context::ROOT_CHAIN,
    context::PROVE,
    context::OFFER,
    context::ACCOUNT_FINGERPRINT,
    context::LIST_FINGERPRINT,
    context::SEALED,
    context::KEY_ID,
    context::CONTENT_KEY,
    context::EPHEMERAL,
    context::HAVE,
    context::HAVE_TAG,
    context::BATCH,
];

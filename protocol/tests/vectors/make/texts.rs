//! How names are written.

use std::str::FromStr;

use majlis_protocol::body::{BlobId, EntryRef};
use majlis_protocol::ids::{AccountId, EntryId};
use majlis_protocol::text::{Invite, Target, TextError, bare_key};
use serde_json::{Value, json};

use super::File;
use super::json::hex;
use super::world::account;

/// What a text names, by the sort of name that is asked for.
pub fn read(sort: &str, text: &str) -> Result<Value, TextError> {
    Ok(match sort {
        "text/key" => {
            let key = AccountId::from_str(text)?;
            json!({ "key": hex(&key.0), "canonical": key.to_string(), "bare": bare_key(&key.0) })
        }
        "text/entry" => {
            let id = EntryId::from_str(text)?;
            json!({ "id": hex(&id.0), "canonical": id.to_string() })
        }
        "text/blob" => {
            let blob = BlobId::from_str(text)?;
            json!({ "blob": hex(&blob.0), "canonical": blob.to_string() })
        }
        "text/target" => {
            let target = Target::from_str(text)?;
            match target {
                Target::Link(EntryRef { account, id }) => {
                    json!({ "account": hex(&account.0), "id": hex(&id.0), "canonical": target.to_string() })
                }
                Target::Id(id) => json!({ "id": hex(&id.0), "canonical": target.to_string() }),
            }
        }
        _ => {
            let invite = Invite::from_str(text)?;
            json!({ "account": hex(&invite.account().0), "peers": invite.peers(), "canonical": invite.to_string() })
        }
    })
}

fn case(file: &mut File, sort: &str, id: &str, text: &str) {
    let short: String = text.chars().take(60).collect();
    let name = format!("{} {}: {short}", file.cases.len(), sort.trim_start_matches("text/"));
    file.either(sort, name, &[id], json!({ "text": text }), read(sort, text), |value| value);
}

/// Base58btc of the multicodec and the bytes.
fn multibase(bytes: &[u8]) -> String {
    format!("z{}", bs58::encode(bytes).into_string())
}

/// The file.
pub fn file() -> File {
    let mut file = File::new("texts", "Text forms of keys, entries, files, links and invites (chapter 7).");
    keys(&mut file);
    ids(&mut file);
    links(&mut file);
    invites(&mut file);
    file
}

fn keys(file: &mut File) {
    let did = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
    for text in [did.to_string(), did.replace("did:key:", ""), format!(" {did}\n"), account(1).to_string()] {
        case(file, "text/key", "TEXT-1", &text);
    }
    let (good, small) = (account(1).0, super::keys::small_order());
    let coded = |prefix: &[u8], key: &[u8]| multibase(&[prefix, key].concat());
    for text in [
        String::new(),
        "z".into(),
        "hello".into(),
        "did:key:".into(),
        "did:web:example.org".into(),
        "z0OIl".into(),
        did.replace("z6Mk", "Z6Mk"),
        format!("z{}", "1".repeat(65)),
        coded(&[0xed, 1], &good[..31]),
        coded(&[0xed, 1], &[good.as_slice(), &[0]].concat()),
        coded(&[0xe7, 1], &[2; 33]),
        coded(&[0xed], &good),
        coded(&[0xed, 1], &small[0]),
        coded(&[0xed, 1], &small[12]),
        coded(&[0xed, 1], &[0xff; 32]),
    ] {
        case(file, "text/key", "TEXT-2", &text);
    }
}

fn ids(file: &mut File) {
    for id in [[0; 32], [0xff; 32], [7; 32], std::array::from_fn(|at| at as u8)] {
        case(file, "text/entry", "TEXT-3", &EntryId(id).to_string());
        case(file, "text/blob", "TEXT-4", &BlobId(id).to_string());
    }
    case(file, "text/blob", "TEXT-4", &BlobId(*blake3::hash(b"").as_bytes()).to_string());
    let id = EntryId([7; 32]).to_string();
    for text in [
        "",
        "b",
        &id[1..],
        &id[..52],
        &format!("{id}a"),
        &id.to_uppercase(),
        &id.replace('b', "1"),
        &format!("b{}b", "a".repeat(51)),
        &format!("{id}="),
    ] {
        case(file, "text/entry", "TEXT-3", text);
    }
    let blob = BlobId([7; 32]).to_string();
    for text in [
        id.as_str(),
        &blob.replacen("bafkr4i", "bafkrei", 1),
        &blob.replacen("bafkr4i", "bafyr4i", 1),
        &blob.to_uppercase(),
        &blob[..58],
    ] {
        case(file, "text/blob", "TEXT-4", text);
    }
}

fn links(file: &mut File) {
    let (bare, id) = (bare_key(&account(1).0), EntryId([3; 32]).to_string());
    for text in [
        format!("majlis:{bare}/{id}"),
        format!("majlis:did:key:{bare}/{id}"),
        id.clone(),
        format!("\t{id} "),
        "hello".into(),
        format!("majlis:{bare}"),
        format!("majlis:{bare}/bb"),
        format!("majlis:x/{id}"),
        format!("{bare}/{id}"),
        format!("majlis:{bare}/{id}/x"),
    ] {
        case(file, "text/target", "TEXT-5", &text);
    }
}

fn invites(file: &mut File) {
    let bare = bare_key(&account(2).0);
    let peer = "/ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3KooWA";
    let link = |rest: &str| format!("majlis:{bare}{rest}");
    for text in [
        account(2).to_string(),
        bare.clone(),
        link(""),
        link("?"),
        link(&format!("?peer={peer}")),
        link(&format!("?peer={}", peer.replace('/', "%2F"))),
        link(&format!("?peer={peer}&peer=/dns/a-b_c.example/tcp/1/p2p/Qm1")),
        link(&format!("?x=1&peer={peer}&y&peers=/")),
        link(&"&peer=/p2p/a".repeat(8).replacen('&', "?", 1)),
    ] {
        case(file, "text/invite", "TEXT-6", &text);
    }
    for rest in [
        "?peer=",
        "?peer=192.0.2.1",
        "?peer=/ip4/192.0.2.1/udp/1",
        "?peer=/ip4/1.2.3.4/p2p/",
        "?peer=/p2p/a/",
        "?peer=/x%20y/p2p/a",
        "?peer=/%FF/p2p/a",
    ] {
        case(file, "text/invite", "TEXT-6", &link(rest));
    }
    case(file, "text/invite", "TEXT-6", &link(&"&peer=/p2p/a".repeat(9).replacen('&', "?", 1)));
    case(file, "text/invite", "TEXT-6", &link(&format!("/{}", EntryId([3; 32]))));
    case(file, "text/invite", "TEXT-6", "majlis:");
}

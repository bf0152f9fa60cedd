//! Each operation that a vector can name, done by the code under test.

use std::sync::Arc;

use bytes::Bytes;
use majlis_protocol::blob::Span;
use majlis_protocol::body::{BlobId, Body, Sealed, cbor};
use majlis_protocol::context;
use majlis_protocol::entry::{Draft, Entry, Kind, Verified, sign, verify};
use majlis_protocol::finding::provider_key;
use majlis_protocol::have::{HeldRun, Tag};
use majlis_protocol::identity::{IdDoc, IdDraft, Phrase, Register, Roots, VerifiedId, merge};
use majlis_protocol::ids::{AccountId, DeviceId, EntryId, LogId, LogKey};
use majlis_protocol::keys::{
    Claim, KeyCache, SecretKey, check_key, verify as holds, verify_batch, x25519_public,
};
use majlis_protocol::pack::{Reader, Sections};
use majlis_protocol::sealed::{ItemValue, Place, PrivateItem, seal};
use majlis_protocol::state::{Fingerprint, Proof, Salts, list_fingerprint};
use majlis_protocol::sync::{Frame, Message};
use serde_json::{Value, json};

use crate::case::{Input, bytes, number};
use crate::make::json::{hex, number as numeral};
use crate::make::{
    archives, blobs, chunks, entries, fingerprints, forks, haves, identities, messages, packs, refusals,
    sealed, sessions, texts, view,
};

/// What the named operation makes of the input.
pub fn run(op: &str, input: &Input) -> Result<Value, String> {
    match op {
        "varint" => varint(input),
        "context" => Ok(hashed(input)),
        "key" => check_key(&input.array("key")).map(|()| json!(true)).map_err(|error| format!("{error:?}")),
        "sign" => Ok(signed(input)),
        "x25519" => Ok(hex(&x25519_public(&input.array("secret")))),
        "provider" => Ok(hex(&provider_key(&AccountId(input.array("account")), input.number("day")))),
        "verify" => Ok(verified(input)),
        "entry" => entry(input, false),
        "header" => entry(input, true),
        "entry/sign" => entry_signed(input),
        "cbor" => {
            cbor::check(&input.bytes("bytes")).map(|()| json!(true)).map_err(|error| format!("{error:?}"))
        }
        "body" => body(input),
        "phrase" => phrase(input),
        "identity" => identity(input),
        "identity/sign" => identity_signed(input),
        "register" => Ok(register(&documents(input))),
        "merge" => Ok(merged(&documents(input))),
        "fork" => fork(input),
        "standing" => Ok(standing(input)),
        "effects" => Ok(effects(input)),
        "pack" => pack(input),
        "chunk" => chunk(input),
        "message" => message(input),
        "fingerprint" => Ok(fingerprint(input)),
        "list" => Ok(list(input)),
        "tag" => Ok(tag(input)),
        "archive" => archives::read(&input.bytes("bytes")).map_err(str::to_string),
        "have" => haves::read(&input.bytes("bytes")).map_err(|error| format!("{error:?}")),
        "have/tags" => {
            let account = AccountId(input.array("account"));
            let (device, log_id) =
                (DeviceId(input.array("device")), u64::from_be_bytes(input.array("log_id")));
            let log = LogKey { account, device, log_id: LogId(log_id) };
            Ok(haves::tags(input.array("salt"), &log, input.array("blob")))
        }
        "lacking" => Ok(lacked(input)),
        "seal" => sealing(input),
        "open" => opening(input),
        "item" => item(input),
        "value" => value(input),
        "piece" => {
            let span = Span { first: number(input.get("first")), count: number(input.get("count")) };
            let (blob, size) = (BlobId(input.array("blob")), number(input.get("size")));
            blobs::read(&blob, size, span, &input.bytes("piece")).map_err(|error| format!("{error:?}"))
        }
        "session" => Ok(session(input)),
        "refusal" => Ok(refusal(input)),
        text if text.starts_with("text/") => {
            texts::read(text, input.text("text")).map_err(|error| format!("{error:?}"))
        }
        unknown => panic!("no such operation: {unknown}"),
    }
}

fn lacked(input: &Input) -> Value {
    let tag = |value: &Value| -> Tag { bytes(value).try_into().unwrap() };
    let ids: Vec<Tag> = input.get("ids").as_array().unwrap().iter().map(tag).collect();
    let theirs = input.get("theirs").as_array().unwrap().iter();
    let run = |run: &Value| HeldRun { top: number(&run[0]), tag: tag(&run[1]), low: number(&run[2]) };
    let theirs: Vec<_> = theirs.map(run).collect();
    haves::lacked(input.number("low"), &ids, &theirs)
}

fn varint(input: &Input) -> Result<Value, String> {
    let bytes = input.bytes("bytes");
    let mut reader = Reader::new(bytes.into());
    let value = reader.varint().map_err(|error| format!("{error:?}"))?;
    assert!(reader.is_empty());
    Ok(numeral(value))
}

fn hashed(input: &Input) -> Value {
    let parts = input.list("parts");
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let name = input.text("context").to_string();
    // Contexts are constants of the protocol, so that none is made up of data.
    let known = crate::make::numbers::CONTEXTS.into_iter().find(|known| **known == name).unwrap();
    json!({ "hash": hex(&context::hash(known, &parts)), "message": hex(&context::message(known, &parts)) })
}

fn signed(input: &Input) -> Value {
    let key = SecretKey::from_seed(&input.array("seed"));
    json!({ "key": hex(&key.public()), "signature": hex(&key.sign(&input.bytes("message"))) })
}

fn verified(input: &Input) -> Value {
    let (key, signature, message) = (input.array("key"), input.array("signature"), input.bytes("message"));
    let single = holds(&key, &signature, &message);
    let claim = || Claim { key: &key, signature: &signature, message: &message };
    let other = SecretKey::from_seed(&[42; 32]);
    let (other_key, other_signature) = (other.public(), other.sign(b"other"));
    let beside = Claim { key: &other_key, signature: &other_signature, message: b"other" };
    assert_eq!(single, verify_batch([claim()].into_iter()), "a batch of one agrees");
    assert_eq!(single, verify_batch([claim(), beside, claim()].into_iter()), "a batch of three agrees");
    json!(single)
}

fn entry(input: &Input, header_only: bool) -> Result<Value, String> {
    let bytes = input.bytes("bytes");
    let entry = entries::read(&bytes, header_only).map_err(|error| format!("{error:?}"))?;
    assert_eq!(entry.encode(), bytes, "what is read is written the same");
    Ok(view::entry(&entry))
}

fn entry_signed(input: &Input) -> Result<Value, String> {
    let body = input.bytes("body");
    let draft = Draft {
        kind: Kind(input.number("kind") as u8),
        account: AccountId(input.array("account")),
        log_id: LogId(u64::from_be_bytes(input.array("log_id"))),
        seq: input.number("seq"),
        timestamp: input.number("timestamp"),
        backlink: EntryId(input.array("backlink")),
        blind: input.array("blind"),
        body: &body,
    };
    let key = SecretKey::from_seed(&input.array("seed"));
    sign(&draft, &key).map(|entry| hex(&entry.encode())).map_err(|error| format!("{error:?}"))
}

fn body(input: &Input) -> Result<Value, String> {
    let bytes = input.bytes("body");
    let decoded =
        Body::decode(Kind(input.number("kind") as u8), &bytes).map_err(|error| format!("{error:?}"))?;
    let Some(body) = decoded else { return Ok(Value::Null) };
    let again = body.encode().unwrap();
    assert!(
        again == bytes || again.len() < bytes.len(),
        "what is read is written the same, but for unknown keys"
    );
    Ok(view::body(&body))
}

fn phrase(input: &Input) -> Result<Value, String> {
    let phrase = Phrase::parse(input.text("phrase")).map_err(|error| identities::phrase_error(&error))?;
    Ok(identities::derived(&phrase))
}

fn identity(input: &Input) -> Result<Value, String> {
    let header_only = input.get("header_only").as_bool().unwrap_or_default();
    identities::read(&input.bytes("bytes"), header_only).map(|document| view::identity(&document))
}

fn identity_signed(input: &Input) -> Result<Value, String> {
    let roots = Roots::derive(&Phrase::from_entropy(input.array("entropy")));
    let draft = IdDraft {
        k: input.number("k") as u8,
        version: input.number("version"),
        timestamp: input.number("timestamp"),
        blind: input.array("blind"),
        devices: vec![],
        ended: None,
        moved_to: None,
    };
    IdDoc::sign(&roots, draft)
        .map(|document| hex(&document.entry().encode()))
        .map_err(|error| format!("{error:?}"))
}

fn documents(input: &Input) -> Vec<VerifiedId> {
    input.list("documents").iter().map(|bytes| identities::read(bytes, false).unwrap()).collect()
}

fn entries_of(input: &Input) -> Vec<Verified<Entry>> {
    let keys = KeyCache::default();
    input.list("entries").iter().map(|bytes| verify(Entry::decode(bytes).unwrap(), &keys).unwrap()).collect()
}

/// Every order of a few things; some orders of many.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut orders: Vec<Vec<T>> = vec![items.to_vec(), items.iter().rev().cloned().collect()];
    for by in 1..items.len() {
        let mut turned = items.to_vec();
        turned.rotate_left(by);
        orders.push(turned.clone());
        turned.swap(0, by);
        orders.push(turned);
    }
    orders
}

fn register(documents: &[VerifiedId]) -> Value {
    let fill = |documents: &[VerifiedId]| {
        let mut register = Register::default();
        // The register of an account is opened by a document of that account.
        let account = documents[0].account();
        for document in documents.iter().filter(|document| document.account() == account) {
            register.insert(Arc::new(document.clone()));
        }
        register
    };
    let own: Vec<_> =
        documents.iter().filter(|document| document.account() == documents[0].account()).cloned().collect();
    for order in orders(&own) {
        assert_eq!(fill(&order), fill(&own), "any order gives the same register");
    }
    identities::register(documents)
}

fn merged(documents: &[VerifiedId]) -> Value {
    assert_eq!(merge(documents), merge(documents.iter().rev()));
    json!(merge(documents).iter().map(view::device).collect::<Vec<_>>())
}

fn fork(input: &Input) -> Result<Value, String> {
    let (one, other) = (input.bytes("one"), input.bytes("other"));
    let proof = forks::prove(&one, &other);
    assert_eq!(proof, forks::prove(&other, &one), "either order proves the same");
    proof.map(|proof| forks::show(&proof))
}

fn standing(input: &Input) -> Value {
    let (documents, entries) = (documents(input), entries_of(input));
    let proofs = input.get("proofs").as_array().unwrap().iter();
    let proofs: Vec<Proof> =
        proofs.map(|pair| forks::prove(&bytes(&pair[0]), &bytes(&pair[1])).unwrap()).collect();
    let by_id = |entries: &[Verified<Entry>], standings: &Value| {
        let mut pairs: Vec<_> =
            entries.iter().map(|entry| entry.id).zip(standings.as_array().unwrap().clone()).collect();
        pairs.sort_by_key(|(id, _)| *id);
        pairs
    };
    let standings = forks::standings(&documents, &entries, &proofs);
    for order in orders(&entries) {
        let shuffled = forks::standings(&documents, &order, &proofs);
        assert_eq!(by_id(&order, &shuffled), by_id(&entries, &standings), "any order counts the same");
    }
    assert_eq!(
        forks::standings_backwards(&documents, &entries, &proofs),
        standings,
        "documents and proofs last"
    );
    standings
}

fn effects(input: &Input) -> Value {
    let (documents, entries) = (documents(input), entries_of(input));
    let account = AccountId(input.array("account"));
    let effects = forks::effects_of(&documents, &entries, &account);
    for order in orders(&entries) {
        assert_eq!(forks::effects_of(&documents, &order, &account), effects, "any order comes to the same");
    }
    effects
}

fn log_key(value: &Value) -> LogKey {
    let id = |name: &str| <[u8; 32]>::try_from(bytes(&value[name])).unwrap();
    let log_id = u64::from_be_bytes(bytes(&value["log_id"]).try_into().unwrap());
    LogKey { account: AccountId(id("account")), device: DeviceId(id("device")), log_id: LogId(log_id) }
}

fn pack(input: &Input) -> Result<Value, String> {
    let (soft, hard) = (input.bytes("soft"), input.bytes("hard"));
    let entries = packs::decode(log_key(input.get("log")), &soft, &hard)?;
    let mut again = Sections::default();
    assert_eq!(again.put(&entries), entries.len());
    assert_eq!((again.soft, again.hard), (soft, hard), "what is read is written the same");
    Ok(entries.iter().map(view::entry).collect())
}

fn chunk(input: &Input) -> Result<Value, String> {
    let known = input.get("known");
    let pairs = |name: &str| {
        known[name].as_array().unwrap().clone().into_iter().map(|pair| (number(&pair[0]), pair[1].clone()))
    };
    let known = chunks::Known {
        wants: pairs("wants").map(|(name, log)| (name, log_key(&log))).collect(),
        accounts: pairs("accounts")
            .map(|(name, account)| (name, AccountId(bytes(&account).try_into().unwrap())))
            .collect(),
        handles: pairs("handles").map(|(name, log)| (name, log_key(&log))).collect(),
    };
    chunks::decode(&known, &input.bytes("body")).map(chunks::show).map_err(|error| format!("{error:?}"))
}

/// A frame as it stands on the stream.
fn frame(wire: &[u8]) -> Frame {
    let (length, rest) = wire.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, rest.len());
    let frame = Frame { kind: rest[0], body: Bytes::copy_from_slice(&rest[1..]) };
    assert_eq!(frame.wire_len(), wire.len());
    frame
}

fn message(input: &Input) -> Result<Value, String> {
    let frame = frame(&input.bytes("frame"));
    let message = Message::decode(frame.clone()).map_err(|error| format!("{error:?}"))?;
    let unknown_code = match &message {
        Message::Close(code, _) => *code as u8 != frame.body[0],
        Message::Status(_, verdict) => *verdict as u8 != frame.body[32],
        Message::Pinned(answer) => answer.verdict as u8 != frame.body[0],
        _ => false,
    };
    if !unknown_code && !matches!(message, Message::Ignored(_)) {
        assert_eq!(message.encode(), frame, "what is read is written the same");
    }
    Ok(messages::show(&message))
}

fn salts(input: &Input) -> Salts {
    Salts { dialer: input.array("dialer"), listener: input.array("listener") }
}

fn fingerprint(input: &Input) -> Value {
    let (documents, entries) = (documents(input), entries_of(input));
    let account = AccountId(input.array("account"));
    fingerprints::of_account(&salts(input), &documents, &entries, &account, input.flag("own"))
}

fn list(input: &Input) -> Value {
    let list = input.get("list").as_array().unwrap().iter().map(|pair| {
        let (account, print) = (bytes(&pair[0]).try_into().unwrap(), bytes(&pair[1]).try_into().unwrap());
        (AccountId(account), Fingerprint(print))
    });
    hex(&list_fingerprint(&salts(input), list).0)
}

fn tag(input: &Input) -> Value {
    let account = AccountId(input.array("account"));
    let (me, peer) = (input.bytes("me"), input.bytes("peer"));
    hex(&fingerprints::offered_tag(&me, &peer, input.flag("dialer"), input.array("salt"), account).unwrap())
}

fn place(input: &Input) -> Place {
    let place = input.get("place");
    let id = |name: &str| <[u8; 32]>::try_from(bytes(&place[name])).unwrap();
    let class = number(&place["class"]) as u8;
    Place { account: AccountId(id("account")), device: DeviceId(id("device")), class }
}

fn sealing(input: &Input) -> Result<Value, String> {
    let recipients: Vec<_> =
        input.list("recipients").into_iter().map(|key| <[u8; 32]>::try_from(key).unwrap()).collect();
    seal(&place(input), &recipients, &input.bytes("plaintext"), &input.array("seed"))
        .map(|sealed| hex(&sealed.data))
        .map_err(|error| format!("{error:?}"))
}

fn opening(input: &Input) -> Result<Value, String> {
    let body = Sealed { suite: input.number("suite") as u16, data: input.bytes("data") };
    sealed::open(&place(input), &input.array("secret"), &body).map_err(|error| format!("{error:?}"))
}

fn value(input: &Input) -> Result<Value, String> {
    let bytes = input.bytes("bytes");
    let value = ItemValue::decode(&bytes).map_err(|error| format!("{error:?}"))?;
    let again = value.encode().unwrap();
    assert!(again == bytes || again.len() < bytes.len(), "one encoding");
    Ok(sealed::show_value(&value))
}

fn item(input: &Input) -> Result<Value, String> {
    let bytes = input.bytes("bytes");
    let Some(item) = PrivateItem::decode(&bytes).map_err(|error| format!("{error:?}"))? else {
        return Ok(Value::Null);
    };
    let again = item.encode().unwrap();
    assert!(**again == *bytes || again.len() < bytes.len(), "written the same, but for unknown keys");
    Ok(sealed::show_item(&item))
}

/// Plays the scenario anew: the same frames have to come of it.
fn session(input: &Input) -> Value {
    let (given, out) = sessions::play(input.text("scenario"));
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(input.get(name), value, "{name}");
    }
    out
}

fn refusal(input: &Input) -> Value {
    let frames: Vec<Frame> = input.list("frames").iter().map(|wire| frame(wire)).collect();
    assert_eq!(input.get("listener"), &refusals::listener().show(), "the listener of every refusal");
    assert_eq!((input.bytes("dialer_peer_id"), input.bytes("listener_salt")), refusals::session());
    refusals::replay(&frames)
}

//! Frames that end a session, and frames that do not.

use majlis_protocol::context;
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::sync::{Ask, Frame, Greeting, Input, LogRef, Message, Proving, Reason, kind};
use serde_json::{Value, json};

use super::File;
use super::json::hex;
use super::messages;
use super::nodes::{Node, SESSION};
use super::world::{Author, account, device, device_id, identity, key, log};

const DIALER: &[u8] = &[0, 36, 8, 1, 0x0a];
const LISTENER: &[u8] = &[0, 36, 8, 1, 0xb0];
const SALTS: [[u8; 32]; 2] = [[0xd1; 32], [0x4c; 32]];

/// The listener of every case.
pub fn listener() -> Node {
    let mut posts = Author::new(3, 31, log(1));
    let documents = [identity(2, 0, 1, vec![device(21)]), identity(3, 0, 1, vec![device(31)])];
    Node::new(2, 21, LISTENER, &[(3, Reason::Public)]).holding(&documents, &posts.posts(2))
}

/// Gives a listener these frames, one after the other: the code with which it closes, if it does, and after how
/// many frames.
pub fn replay(frames: &[Frame]) -> Value {
    let mut node = listener();
    node.open(0, DIALER, false, SALTS[1], None);
    for (at, frame) in frames.iter().enumerate() {
        node.handle(0, Input::Frame(SESSION, frame.clone()));
        node.work(0, at);
        for (sent, _) in node.outbox.drain(..) {
            if let Ok(Message::Close(code, _)) = Message::decode(sent) {
                return json!({ "close": code as u8, "after": at + 1 });
            }
        }
    }
    json!({ "open": true })
}

/// The dialer's peer id, and the salt of the listener.
pub fn session() -> (Vec<u8>, Vec<u8>) {
    (DIALER.to_vec(), SALTS[1].to_vec())
}

fn case(file: &mut File, name: &str, ids: &[&str], frames: &[Frame]) {
    let input = json!({
        "listener": listener().show(), "dialer_peer_id": hex(DIALER), "listener_salt": hex(&SALTS[1]),
        "frames": frames.iter().map(|frame| hex(&messages::wire(frame))).collect::<Vec<_>>(),
    });
    file.ok("refusal", name, ids, input, replay(frames));
}

fn hello() -> Frame {
    let greeting = Greeting { salt: SALTS[0], credit: 1 << 20, outstanding: 512, listed: false, warm: false };
    Message::Hello(greeting).encode()
}

fn raw(kind: u8, body: &[u8]) -> Frame {
    Frame { kind, body: bytes::Bytes::copy_from_slice(body) }
}

/// PROVE by device 11 of person 1, as the specification says; `role` is 1 for a dialer.
fn prove(role: u8) -> Frame {
    let [dialer, listener] = [DIALER, LISTENER].map(|id| [&[id.len() as u8], id].concat());
    let message =
        context::message(context::PROVE, &[&dialer, &listener, &SALTS[0], &SALTS[1], &[role], &account(1).0]);
    let document = identity(1, 0, 1, vec![device(11)]);
    let proving = Proving {
        account: account(1),
        device: device_id(11),
        identity: document.id(),
        signature: key(11).sign(&message),
    };
    Message::Prove(Box::new(proving)).encode()
}

/// The document that the listener asks for at such a PROVE.
fn asked_document() -> Frame {
    Message::Identities(vec![identity(1, 0, 1, vec![device(11)]).entry().encode().into()]).encode()
}

/// OFFER of person 3's account, which the listener holds.
fn offer() -> Frame {
    let tag = super::fingerprints::offered_tag(DIALER, LISTENER, true, SALTS[0], account(3)).unwrap();
    Message::Offer { add: true, tags: vec![tag] }.encode()
}

/// A push of person 3's third post, its hard section changed at `spoil`.
fn push(spoil: Option<usize>) -> Frame {
    let mut author = Author::new(3, 31, log(1));
    let third = author.posts(3).split_off(2);
    let mut builder = Builder::default();
    builder.add(&Address::Pushed(0, LogRef::New(device_id(31), log(1))), &third);
    let mut frame = builder.finish().unwrap().0;
    if let Some(back) = spoil {
        let mut body = frame.body.to_vec();
        let at = body.len() - back;
        body[at] ^= 1;
        frame.body = body.into();
    }
    frame
}

/// The file.
pub fn file() -> File {
    let mut file = File::new(
        "refusals",
        "Frames from a dialer, and whether and how the listener ends the session (chapter 6).",
    );
    let live = || vec![hello(), offer()];
    let then = |mut frames: Vec<Frame>, more: Vec<Frame>| {
        frames.extend(more);
        frames
    };
    case(&mut file, "a greeting and an offer", &["SYNC-26", "SYNC-29"], &live());
    case(&mut file, "an OFFER before HELLO", &["SYNC-26"], &[offer()]);
    case(&mut file, "two HELLOs", &["SYNC-26"], &[hello(), hello()]);
    case(&mut file, "a HELLO of version 2", &["SYNC-4", "SYNC-18"], &[raw(kind::HELLO, &[2; 36])]);
    case(
        &mut file,
        "ignorable types at any time",
        &["SYNC-3", "SYNC-26"],
        &[raw(0xff, &[]), hello(), raw(0x80, &[9]), offer()],
    );
    case(&mut file, "an unknown type", &["SYNC-3"], &[hello(), raw(0x20, &[])]);
    case(&mut file, "ROWS before Live", &["SYNC-26"], &[hello(), raw(kind::ROWS, &[0])]);
    case(&mut file, "REFS before Live", &["SYNC-26"], &[hello(), raw(kind::REFS, &[1; 33])]);
    case(&mut file, "STATUS before Live", &["SYNC-26"], &[hello(), raw(kind::STATUS, &[1; 33])]);
    case(&mut file, "AUDIT before Live", &["SYNC-26"], &[hello(), raw(kind::AUDIT, &[1; 8])]);
    case(&mut file, "a frame that is too long", &["SYNC-2"], &[hello(), raw(kind::NONE, &vec![1; 163_840])]);
    case(&mut file, "a PROVE that verifies", &["SYNC-27"], &then(live(), vec![prove(1), asked_document()]));
    case(&mut file, "a PROVE in the other's role", &["SYNC-27"], &[hello(), prove(0), asked_document()]);
    case(&mut file, "two PROVEs", &["SYNC-27"], &[hello(), prove(1), prove(1)]);
    case(&mut file, "a WARM that nothing asked for", &["SYNC-28"], &[hello(), raw(kind::WARM, &[1; 8])]);
    case(&mut file, "a SHARE that nothing asked for", &["SYNC-29"], &[hello(), raw(kind::SHARE, &[0])]);
    case(
        &mut file,
        "an IDDOC that nothing asked for",
        &["SYNC-14"],
        &then(live(), vec![raw(kind::IDDOC, &[])]),
    );
    case(
        &mut file,
        "rows of an unknown number",
        &["SYNC-22"],
        &then(live(), vec![raw(kind::HEAD, &[9, 0, 0])]),
    );
    case(
        &mut file,
        "MODE of an unknown handle",
        &["SYNC-15", "SYNC-22"],
        &then(live(), vec![raw(kind::MODE, &[9, 0])]),
    );
    let want = Message::Want(vec![Ask::Range { wid: 7, handle: 40, hi: 2, lo: 1, headers: false }]).encode();
    case(
        &mut file,
        "a WANT of an unknown handle is declined",
        &["SYNC-12", "SYNC-35"],
        &then(live(), vec![want]),
    );
    case(&mut file, "a push", &["SYNC-37", "SYNC-38"], &then(live(), vec![push(None)]));
    case(&mut file, "a push with a forged signature", &["SYNC-37"], &then(live(), vec![push(Some(40))]));
    case(&mut file, "a push with another blind", &["SYNC-37"], &then(live(), vec![push(Some(1))]));
    let header = |text: &str| Author::new(3, 31, log(1)).post(text).signed_header();
    let proof = |one: &str, other: &str| Message::Proof(header(one).into(), header(other).into()).encode();
    case(&mut file, "a PROOF", &["SYNC-33"], &then(live(), vec![proof("one", "other")]));
    case(&mut file, "a PROOF of nothing", &["SYNC-33"], &then(live(), vec![proof("one", "one")]));
    file
}

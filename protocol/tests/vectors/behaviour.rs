//! What a machine does that no single frame shows.

use std::sync::Arc;

use bytes::Bytes;
use majlis_protocol::blob::Span;
use majlis_protocol::body::{BlobId, Body, Hints, Holder, Sealed};
use majlis_protocol::context;
use majlis_protocol::entry::{Entry, Kind, Verified};
use majlis_protocol::ids::EntryId;
use majlis_protocol::limits::{AUDIT_INTERVAL, HEADER_FIXED, MAX_FRAME, PINS_A_MINUTE};
use majlis_protocol::state::Fingerprint;
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::sync::{
    BlobWant, CloseCode, Event, Greeting, Input, LogRef, Message, Output, PinAnswer, PinAsk, PinVerdict,
    Proving, Reason, Verdict,
};

use crate::make::fingerprints::offered_tag;
use crate::make::nodes::{CREDIT, Node, SESSION};
use crate::make::world::{Author, account, device, device_id, identity, key, log};

const LOW: &[u8] = &[1, 2, 3];
const HIGH: &[u8] = &[1, 2, 4];
const SALT: [u8; 32] = [5; 32];

fn hello() -> Message {
    Message::Hello(Greeting { salt: SALT, credit: 1 << 20, outstanding: 512, listed: false, warm: false })
}

/// Gives the node a message; returns what it sends.
fn tell(node: &mut Node, message: &Message) -> Vec<Message> {
    node.handle(0, Input::Frame(SESSION, message.encode()));
    node.work(0, 0);
    node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect()
}

/// Person 2's node, live with a peer that has offered the account of person 3.
fn live() -> Node {
    let tag = offered_tag(LOW, HIGH, true, SALT, account(3)).unwrap();
    let (node, sent) = live_with(vec![tag]);
    assert!(sent.iter().any(|message| matches!(message, Message::Share { shared, .. } if *shared == [true])));
    node
}

/// The same with a peer that has offered these tags, and what the node says to that.
fn live_with(tags: Vec<[u8; 8]>) -> (Node, Vec<Message>) {
    let documents = [identity(2, 0, 1, vec![device(21)]), identity(3, 0, 1, vec![device(31)])];
    let mut node = Node::new(2, 21, HIGH, &[(3, Reason::Public)]).holding(&documents, &[]);
    node.open(0, LOW, false, [6; 32], None);
    tell(&mut node, &hello());
    let sent = tell(&mut node, &Message::Offer { add: true, tags });
    (node, sent)
}

/// The tags that a dialer offers a stranger.
fn offered(follows: &[(u8, Reason)]) -> Vec<[u8; 8]> {
    let mut node = Node::new(1, 11, LOW, follows).holding(&[identity(1, 0, 1, vec![device(11)])], &[]);
    node.open(0, HIGH, true, SALT, None);
    node.work(0, 0);
    let sent = tell(&mut node, &hello());
    let offers = sent.into_iter().filter_map(|message| match message {
        Message::Offer { add: true, tags } => Some(tags),
        _ => None,
    });
    offers.flatten().collect()
}

/// SYNC-30.
#[test]
fn a_stranger_is_shown_few_tags_own_account_first() {
    let follows: Vec<_> = (20..80).map(|person| (person, Reason::Public)).collect();
    let tags = offered(&follows);
    assert_eq!(tags.len(), 32);
    assert!(tags.contains(&offered_tag(LOW, HIGH, true, SALT, account(1)).unwrap()));
}

/// SYNC-29: the list is padded to a power of two.
#[test]
fn an_offer_does_not_tell_how_many() {
    let follows: Vec<_> = (20..24).map(|person| (person, Reason::Public)).collect();
    assert_eq!(offered(&follows).len(), 8);
}

/// SYNC-31.
#[test]
fn a_private_follow_is_neither_offered_nor_confirmed() {
    let tag = offered_tag(LOW, HIGH, true, SALT, account(2)).unwrap();
    let tags = offered(&[(2, Reason::Private)]);
    assert_eq!(tags.len(), 1);
    assert!(!tags.contains(&tag));
    let mut node = Node::new(1, 11, HIGH, &[(2, Reason::Private)]);
    node.open(0, LOW, false, [6; 32], None);
    tell(&mut node, &hello());
    let sent = tell(&mut node, &Message::Offer { add: true, tags: vec![tag] });
    assert!(sent.contains(&Message::Share { shared: vec![false], fingerprints: vec![] }));
}

/// SYNC-36.
#[test]
fn chunks_beyond_the_credit_end_the_session() {
    let mut node = live();
    let mut author = Author::new(3, 31, log(1));
    let body = Body::Sealed(Sealed { suite: 1, data: vec![7; 60_000] }).encode().unwrap();
    let mut spent = 0;
    // Nothing is committed, so no credit comes back; the frame that crosses the line is still taken.
    loop {
        let entry = author.sign(Kind::SEALED, &body);
        let mut builder = Builder::default();
        let name = if author.seq == 1 { LogRef::New(device_id(31), log(1)) } else { LogRef::Handle(0) };
        builder.add(&Address::Pushed(0, name), &[entry]);
        let (frame, cost) = builder.finish().unwrap();
        node.handle(0, Input::Frame(SESSION, frame));
        if spent >= CREDIT {
            break;
        }
        assert!(node.machine.shared(SESSION).is_some(), "closed after {spent} bytes");
        spent += cost;
    }
    node.work(0, 0);
    let last = node.outbox.pop_back().map(|(frame, _)| Message::decode(frame));
    assert_eq!(last, Some(Ok(Message::Close(CloseCode::Credit, 0))));
}

/// SYNC-40.
#[test]
fn two_unequal_audits_compare_everything() {
    let mut node = live();
    let mut audit = |now| {
        node.handle(now, Input::Frame(SESSION, Message::Audit(Fingerprint([1; 8])).encode()));
        node.work(now, 0);
        node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect::<Vec<_>>()
    };
    assert_eq!(audit(AUDIT_INTERVAL), []);
    assert_eq!(audit(AUDIT_INTERVAL + AUDIT_INTERVAL / 2 - 1), [], "too soon after the last");
    let sent = audit(2 * AUDIT_INTERVAL);
    assert!(matches!(sent.as_slice(), [Message::Rows { answer: true, accounts }] if accounts.len() == 1));
}

/// PROVE by device 31 of person 3, who has dialled.
fn prove() -> Message {
    let [dialer, listener] = [LOW, HIGH].map(|id| [&[id.len() as u8], id].concat());
    let parts: [&[u8]; 6] = [&dialer, &listener, &SALT, &[6; 32], &[1], &account(3).0];
    let message = context::message(context::PROVE, &parts);
    let document = identity(3, 0, 1, vec![device(31)]);
    Message::Prove(Box::new(Proving {
        account: account(3),
        device: device_id(31),
        identity: document.id(),
        signature: key(31).sign(&message),
    }))
}

/// A DELIVER of an entry by person 4 to whoever.
fn delivery(author: &mut Author, text: &str) -> Message {
    let document = identity(4, 0, 1, vec![device(41)]).entry().encode().into();
    Message::Deliver { document, entry: author.post(text).encode().into() }
}

/// SYNC-44.
#[test]
fn what_is_handed_over_is_checked_counted_and_answered() {
    let mut author = Author::new(4, 41, log(1));
    let mut node = live();
    let sent = tell(&mut node, &delivery(&mut author, "hello"));
    assert!(matches!(sent.as_slice(), [Message::Status(_, Verdict::Queued)]), "{sent:?}");
    // More than 64 in a minute are asked for later, unread: here the last is not even signed.
    for _ in 0..63 {
        let sent = tell(&mut node, &delivery(&mut author, "again"));
        assert!(matches!(sent.as_slice(), [Message::Status(_, Verdict::Queued)]), "{sent:?}");
    }
    let Message::Deliver { document, entry } = delivery(&mut author, "too much") else { unreachable!() };
    let mut forged = entry.to_vec();
    // A byte of the signature, which follows the header's fixed part.
    forged[HEADER_FIXED + 8] ^= 1;
    let forged = Message::Deliver { document, entry: forged.into() };
    let sent = tell(&mut node, &forged);
    assert!(matches!(sent.as_slice(), [Message::Status(_, Verdict::Later)]), "{sent:?}");
    // In the next minute it is looked at.
    node.handle(60_000, Input::Frame(SESSION, delivery(&mut author, "once more").encode()));
    node.work(60_000, 0);
    let last = node.outbox.pop_back().map(|(frame, _)| Message::decode(frame));
    assert!(matches!(last, Some(Ok(Message::Status(_, Verdict::Queued)))), "{last:?}");
    let mut node = live();
    assert_eq!(tell(&mut node, &forged), [Message::Close(CloseCode::ForgedEntry, 0)]);
    for (document, entry, code) in [
        (Bytes::from_static(&[1; 300]), author.post("x").encode().into(), CloseCode::Decode),
        (identity(4, 0, 1, vec![device(41)]).entry().encode().into(), Bytes::new(), CloseCode::Decode),
        (author.post("no document").encode().into(), author.post("x").encode().into(), CloseCode::BadProof),
    ] {
        let sent = tell(&mut live(), &Message::Deliver { document, entry });
        assert_eq!(sent, [Message::Close(code, 0)]);
    }
    // Seventeen that nobody has answered yet.
    let mut node = live();
    for _ in 0..17 {
        node.handle(0, Input::Frame(SESSION, delivery(&mut author, "unanswered").encode()));
    }
    node.work(0, 0);
    let sent: Vec<_> = node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
    assert_eq!(sent, [Message::Close(CloseCode::Limit, 0)]);
}

/// SYNC-43.
#[test]
fn nothing_is_handed_to_a_peer_that_has_not_proved_who_it_is() {
    let mut node = live();
    let document = Arc::new(identity(2, 0, 1, vec![device(21)]));
    let entry = Box::new(Author::new(2, 21, log(2)).post("for you"));
    node.handle(0, Input::Deliver(SESSION, Arc::clone(&document), entry.clone()));
    node.work(0, 0);
    assert!(node.outbox.is_empty());
    tell(&mut node, &prove());
    for expected in [1, 0] {
        // The same is handed over once.
        node.handle(0, Input::Deliver(SESSION, Arc::clone(&document), entry.clone()));
        node.work(0, 0);
        assert_eq!(node.outbox.drain(..).count(), expected);
    }
    // An account that both share needs no handing over.
    let shared = Box::new(Author::new(3, 31, log(1)).post("shared"));
    node.handle(0, Input::Deliver(SESSION, Arc::new(identity(3, 0, 1, vec![device(31)])), shared));
    node.work(0, 0);
    assert!(node.outbox.is_empty());
}

/// SYNC-44.
#[test]
fn what_is_asked_for_later_is_handed_over_again_after_a_minute() {
    let (mut node, _) = live_with(vec![]);
    node.handle(0, Input::Frame(SESSION, prove().encode()));
    let document = Arc::new(identity(2, 0, 1, vec![device(21)]));
    let mut author = Author::new(2, 21, log(2));
    let letters: Vec<_> = (0..3).map(|_| author.post("for you")).collect();
    // What goes out when a letter is to be handed over at some time.
    let sent = |node: &mut Node, now, letter: &Verified<Entry>| {
        node.handle(now, Input::Tick);
        node.handle(now, Input::Deliver(SESSION, Arc::clone(&document), Box::new(letter.clone())));
        let mut events = Vec::new();
        while let Some(output) = node.machine.poll() {
            match output {
                Output::Send(_, frame) => node.outbox.push_back((frame, 0)),
                Output::Event(event) => events.push(event),
                _ => {}
            }
        }
        let frames: Vec<_> =
            node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
        for frame in &frames {
            if let Message::Offer { tags, .. } = frame {
                // They share nothing; a peer that does not say so is given up.
                let share = Message::Share { shared: vec![false; tags.len()], fingerprints: vec![] };
                node.handle(now, Input::Frame(SESSION, share.encode()));
            }
        }
        (frames.iter().filter(|sent| matches!(sent, Message::Deliver { .. })).count(), events)
    };
    let answer = |node: &mut Node, now, letter: &Verified<Entry>, verdict| {
        node.handle(now, Input::Frame(SESSION, Message::Status(letter.id, verdict).encode()));
    };
    for letter in &letters[..2] {
        assert_eq!(sent(&mut node, 1_000, letter).0, 1);
    }
    answer(&mut node, 2_000, &letters[0], Verdict::Later);
    let status = Event::Status(SESSION, letters[0].id, Verdict::Later);
    // For a minute nothing is handed over, neither that nor anything else.
    let (count, events) = sent(&mut node, 2_000, &letters[0]);
    assert!(count == 0 && events.contains(&status), "{events:?}");
    assert!(!node.machine.takes_deliveries(SESSION));
    answer(&mut node, 3_000, &letters[1], Verdict::Queued);
    assert_eq!(sent(&mut node, 61_999, &letters[2]).0, 0);
    // Then it is said once that it is time.
    let (count, events) = sent(&mut node, 62_000, &letters[0]);
    assert_eq!((count, events), (1, vec![Event::DeliverAgain(SESSION)]));
    assert_eq!(sent(&mut node, 62_001, &letters[2]), (1, vec![]));
    // An answer to what was not handed over stops nothing.
    answer(&mut node, 62_002, &letters[1], Verdict::Later);
    assert!(node.machine.takes_deliveries(SESSION));
}

/// SYNC-48.
#[test]
fn a_conversation_is_asked_for_within_bounds() {
    let mut node = live();
    let ask = |number| Message::Refs { number, root: EntryId([7; 32]) };
    assert_eq!(tell(&mut node, &ask(5)), [Message::Referred { number: 5, total: 0, posts: vec![] }]);
    // Four at once that nobody has answered yet; the fifth is too many, and so is the same again.
    for numbers in [[1, 2, 3, 4, 5].as_slice(), &[1, 1]] {
        let mut node = live();
        for number in numbers {
            node.handle(0, Input::Frame(SESSION, ask(*number).encode()));
        }
        node.work(0, 0);
        let sent: Vec<_> =
            node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
        assert_eq!(sent, [Message::Close(CloseCode::Limit, 0)]);
    }
    // What is given fits a frame, whatever is held.
    let mut node = live();
    node.handle(0, Input::Frame(SESSION, ask(9).encode()));
    let document = Arc::new(identity(4, 0, 1, vec![device(41)]));
    let mut author = Author::new(4, 41, log(1));
    let posts =
        (0..80).map(|_| (Arc::clone(&document), (*author.post(&"long ".repeat(800))).clone())).collect();
    node.handle(0, Input::Referring(SESSION, 9, 80, posts));
    node.work(0, 0);
    let (frame, _) = node.outbox.pop_back().unwrap();
    assert!(frame.body.len() < MAX_FRAME);
    let Ok(Message::Referred { number: 9, total: 80, posts }) = Message::decode(frame) else { panic!() };
    assert!((20..64).contains(&posts.len()), "{}", posts.len());
    // An answer that nothing waits for is passed over.
    assert_eq!(tell(&mut node, &Message::Referred { number: 1, total: 1, posts: vec![] }), []);
}

/// SYNC-58.
#[test]
fn who_else_holds_an_account_is_told_within_bounds() {
    let ask = |number, accounts: &[u64]| Message::WhoHas { number, accounts: accounts.to_vec() };
    let holder = || Hints { holders: vec![Holder { peer_id: vec![9; 38], addresses: vec![vec![1; 8]] }] };
    let mut node = live();
    node.handle(0, Input::Frame(SESSION, ask(7, &[0]).encode()));
    // Nobody else shares the account, so nobody is named to whoever answers.
    let asked = std::iter::from_fn(|| node.machine.poll()).find_map(|output| match output {
        Output::WhoHas(_, number, asked) => Some((number, asked)),
        _ => None,
    });
    assert_eq!(asked, Some((7, vec![(account(3), vec![])])));
    // What does not fit a frame is left out, and what nobody waits for is not sent.
    let many = Hints { holders: vec![Holder { peer_id: vec![9; 38], addresses: vec![vec![1; 200]; 8] }; 8] };
    node.handle(0, Input::TellHolders(SESSION, 8, vec![many.clone()]));
    node.handle(0, Input::TellHolders(SESSION, 7, vec![many.clone(); 16]));
    node.handle(0, Input::TellHolders(SESSION, 7, vec![many]));
    node.work(0, 0);
    let sent: Vec<_> = node.outbox.drain(..).map(|(frame, _)| frame).collect();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].body.len() < MAX_FRAME);
    assert!(
        matches!(Message::decode(sent[0].clone()), Ok(Message::Peers { number: 7, holders }) if holders.len() == 16)
    );
    // Who asks again at once is told of nobody, and later looked at again.
    let nobody = Message::Peers { number: 9, holders: vec![Hints::default()] };
    assert_eq!(tell(&mut node, &ask(9, &[0])), [nobody]);
    node.handle(10_000, Input::Frame(SESSION, ask(10, &[0]).encode()));
    let mut asked = std::iter::from_fn(|| node.machine.poll());
    assert!(asked.any(|output| matches!(output, Output::WhoHas(_, 10, _))));
    // A second question before the answer, one about nothing, and one about what is not shared are too much.
    for questions in [vec![ask(1, &[0]), ask(2, &[0])], vec![ask(1, &[])], vec![ask(1, &[4])]] {
        let mut node = live();
        for question in &questions {
            node.handle(0, Input::Frame(SESSION, question.encode()));
        }
        node.work(0, 0);
        let sent: Vec<_> =
            node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
        assert_eq!(sent, [Message::Close(CloseCode::Limit, 0)]);
    }
    // An answer is taken once, for what was asked, and nothing else.
    let mut node = live();
    assert_eq!(tell(&mut node, &Message::Peers { number: 1, holders: vec![holder()] }), []);
    node.handle(0, Input::AskHolders(SESSION, 5, vec![account(3), account(4)]));
    node.handle(0, Input::AskHolders(SESSION, 6, vec![account(3)]));
    node.work(0, 0);
    let sent: Vec<_> = node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
    assert_eq!(sent, [ask(5, &[0])]);
    node.handle(0, Input::Frame(SESSION, Message::Peers { number: 5, holders: vec![holder()] }.encode()));
    let told = std::iter::from_fn(|| node.machine.poll()).find_map(|output| match output {
        Output::Holders(_, told) => Some(told),
        _ => None,
    });
    assert_eq!(told, Some(vec![(account(3), holder())]));
    node.handle(0, Input::AskHolders(SESSION, 9, vec![account(3)]));
    let sent = tell(&mut node, &Message::Peers { number: 9, holders: vec![] });
    assert_eq!(sent, [ask(9, &[0]), Message::Close(CloseCode::Limit, 0)]);
}

/// SYNC-58.
#[test]
fn of_a_private_follow_nobody_is_asked_and_nothing_said() {
    let tag = offered_tag(LOW, HIGH, true, SALT, account(3)).unwrap();
    let documents = [identity(2, 0, 1, vec![device(21)]), identity(3, 0, 1, vec![device(31)])];
    let mut node = Node::new(2, 21, HIGH, &[(3, Reason::Private)]).holding(&documents, &[]);
    node.open(0, LOW, false, [6; 32], None);
    tell(&mut node, &hello());
    tell(&mut node, &Message::Offer { add: true, tags: vec![tag] });
    node.handle(0, Input::AskHolders(SESSION, 5, vec![account(3)]));
    node.work(0, 0);
    let sent: Vec<_> = node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
    assert!(!sent.iter().any(|message| matches!(message, Message::WhoHas { .. })), "{sent:?}");
}

/// SYNC-53, SYNC-54.
#[test]
fn an_account_is_asked_to_be_held_by_its_own_devices_within_bounds() {
    let mut node = live();
    let ask = Message::Pin(PinAsk::Hold(vec![7; 32].into()));
    let told = |verdict| [Message::Pinned(PinAnswer::no(verdict))];
    // The peer has proved nothing: whatever it holds in its hand.
    for _ in 0..PINS_A_MINUTE {
        assert_eq!(tell(&mut node, &ask), told(PinVerdict::NotProven));
    }
    assert_eq!(tell(&mut node, &ask), told(PinVerdict::Later));
    node.handle(60_000, Input::Frame(SESSION, ask.encode()));
    node.work(60_000, 0);
    assert_eq!(
        Message::decode(node.outbox.pop_back().unwrap().0),
        Ok(told(PinVerdict::NotProven)[0].clone())
    );
    // Until this side has proved itself, which it does after the dialer, it does not ask.
    node.handle(60_001, Input::AskPin(SESSION, PinAsk::Hold(Vec::new().into())));
    node.work(60_001, 0);
    assert!(node.outbox.is_empty());
}

/// A piece of some file that an entry names.
fn want(count: u64) -> BlobWant {
    let (entry, blob) = (EntryId([7; 32]), BlobId([8; 32]));
    BlobWant { entry, blob, size: 1_000_000, span: Span { first: 0, count } }
}

/// BLOB-5.
#[test]
fn pieces_of_files_are_asked_for_within_bounds() {
    let mut node = live();
    let ask = |number, count| Message::BlobWant { number, want: want(count) };
    let piece = vec![3; 40].into();
    assert_eq!(tell(&mut node, &ask(5, 3)), [Message::Blob { number: 5, piece }]);
    let too_many: Vec<_> = (0..17).map(|number| ask(number, 1)).collect();
    for asked in [too_many, vec![ask(1, 1), ask(1, 1)], vec![ask(1, 0)], vec![ask(1, 9)]] {
        let mut node = live();
        for message in asked {
            node.handle(0, Input::Frame(SESSION, message.encode()));
        }
        node.work(0, 0);
        let sent: Vec<_> =
            node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
        assert_eq!(sent.last(), Some(&Message::Close(CloseCode::Limit, 0)));
    }
    // Own questions keep to the bound, and an answer that nothing waits for is passed over.
    let mut node = live();
    for number in 0..20 {
        assert_eq!(node.machine.has_blob_room(SESSION), number < 16);
        node.handle(0, Input::AskBlob(SESSION, number, want(1)));
    }
    node.work(0, 0);
    assert_eq!(node.outbox.drain(..).count(), 16);
    assert_eq!(tell(&mut node, &Message::Blob { number: 16, piece: vec![1].into() }), []);
    assert!(!node.machine.has_blob_room(SESSION));
    assert_eq!(tell(&mut node, &Message::Blob { number: 15, piece: vec![1].into() }), []);
    assert!(node.machine.has_blob_room(SESSION));
}

/// BLOB-4: who a peer is may be known before it can be asked.
#[test]
fn a_peer_is_asked_for_pieces_once_both_have_said_what_they_share() {
    let documents = [identity(2, 0, 1, vec![device(21)]), identity(3, 0, 1, vec![device(31)])];
    let mut node = Node::new(2, 21, HIGH, &[(3, Reason::Public)]).holding(&documents, &[]);
    node.open(0, LOW, false, [6; 32], None);
    tell(&mut node, &hello());
    let asks = |node: &mut Node, number| {
        node.handle(0, Input::AskBlob(SESSION, number, want(1)));
        node.work(0, 0);
        let mut sent = node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok());
        sent.any(|message| matches!(message, Message::BlobWant { number: asked, .. } if asked == number))
    };
    node.handle(0, Input::Frame(SESSION, prove().encode()));
    let proved = std::iter::from_fn(|| node.machine.poll()).any(
        |output| matches!(output, Output::Event(Event::Proved(SESSION, proved)) if proved == account(3)),
    );
    assert!(proved && !node.machine.is_live(SESSION) && !asks(&mut node, 1));
    tell(&mut node, &Message::Offer { add: true, tags: vec![] });
    assert!(node.machine.is_live(SESSION) && asks(&mut node, 2));
}

/// BLOB-6.
#[test]
fn a_peer_that_gives_something_else_loses_the_session() {
    let mut node = live();
    node.handle(0, Input::Misled(SESSION));
    node.work(0, 0);
    let sent: Vec<_> = node.outbox.drain(..).filter_map(|(frame, _)| Message::decode(frame).ok()).collect();
    assert_eq!(sent, [Message::Close(CloseCode::ForgedBlob, 0)]);
}

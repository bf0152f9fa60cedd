//! What a machine does that no single frame shows.

use majlis_protocol::body::{Body, Sealed};
use majlis_protocol::entry::Kind;
use majlis_protocol::state::Fingerprint;
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::sync::{CloseCode, Greeting, Input, LogRef, Message, Reason};

use crate::make::fingerprints::offered_tag;
use crate::make::nodes::{CREDIT, Node, SESSION};
use crate::make::world::{Author, account, device, device_id, identity, log};

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
    let documents = [identity(2, 0, 1, vec![device(21)]), identity(3, 0, 1, vec![device(31)])];
    let mut node = Node::new(2, 21, HIGH, &[(3, Reason::Public)]).holding(&documents, &[]);
    node.open(0, LOW, false, [6; 32], None);
    tell(&mut node, &hello());
    let tags = vec![offered_tag(LOW, HIGH, true, SALT, account(3)).unwrap()];
    let sent = tell(&mut node, &Message::Offer { add: true, tags });
    assert!(sent.iter().any(|message| matches!(message, Message::Share { shared, .. } if *shared == [true])));
    node
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
    let audit = Message::Audit(Fingerprint([1; 8]));
    assert_eq!(tell(&mut node, &audit), []);
    let sent = tell(&mut node, &audit);
    assert!(matches!(sent.as_slice(), [Message::Rows { answer: true, accounts }] if accounts.len() == 1));
}

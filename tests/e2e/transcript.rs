//! What a stranger learns: everything that a node says to one in a session, and what it says in the table by which
//! nodes are found.

use std::collections::BTreeSet;
use std::time::Duration;

use majlis::net::{self, Hearsay, NetConfig, NetEvent};
use majlis_protocol::finding::{DAY_MS, provider_key};
use majlis_protocol::limits::MAX_STRANGER_TAGS;
use majlis_protocol::sync::{Frame, Greeting, Message};
use majlis_protocol::{AccountId, SecretKey};

use crate::support::node::TestNode;
use crate::support::street::{Ports, at_home, carrier, homes};
use crate::support::wires::or_skip;
use crate::support::{PATIENCE, eventually};

const PUBLIC: u8 = 60;
const PRIVATE: u8 = 5;
const SALT: [u8; 32] = [7; 32];

/// People of whom nothing is here but that they are followed.
fn people() -> (Vec<AccountId>, Vec<AccountId>) {
    let account = |seed: u8| AccountId(SecretKey::from_seed(&[seed; 32]).public());
    ((1..=PUBLIC).map(account).collect(), (200..200 + PRIVATE).map(account).collect())
}

/// The tag of an account under a salt (SYNC-25).
fn tag(salt: &[u8; 32], peers: [&[u8]; 2], account: &AccountId) -> [u8; 8] {
    let mut peers = peers;
    peers.sort_unstable();
    let mut hasher = blake3::Hasher::new_keyed(salt);
    hasher.update(b"majlis v1 offer");
    for peer in peers {
        hasher.update(&[peer.len() as u8]).update(peer);
    }
    hasher.update(&account.0);
    *hasher.finalize().as_bytes().first_chunk().unwrap()
}

/// Opens a session as somebody unknown, asks about these accounts, and listens until this has been said and nothing more
/// comes. All that was said, and who spoke.
async fn listen(
    node: &TestNode,
    seed: u8,
    asked: &[AccountId],
    is_last: fn(&Message) -> bool,
) -> (Vec<Frame>, [Vec<u8>; 2]) {
    let config = NetConfig {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        mdns: false,
        ..NetConfig::default()
    };
    let keypair = net::keypair_from_seed(&[seed; 32]).unwrap();
    let (stranger, mut events) = net::start(keypair, config, Hearsay::default()).await.unwrap();
    let peer = stranger.dial(node.address().parse().unwrap()).await.unwrap();
    let session = loop {
        if let NetEvent::SessionOpened { session, .. } = events.next().await.unwrap() {
            break session;
        }
    };
    let net::Session { sink, mut source } = session;
    let say = |message: Message| {
        let frame = message.encode();
        sink.try_send(net::Frame::new(frame.kind, frame.body)).unwrap();
    };
    let peers = [stranger.peer_id().to_bytes(), peer.to_bytes()];
    let tags = asked.iter().map(|account| tag(&SALT, [&peers[0], &peers[1]], account)).collect();
    say(Message::Hello(Greeting {
        salt: SALT,
        credit: 1 << 20,
        outstanding: 512,
        listed: false,
        warm: false,
    }));
    say(Message::Offer { add: true, tags });
    let mut said = Vec::new();
    let mut is_over = false;
    loop {
        let patience = if is_over { Duration::from_secs(3) } else { PATIENCE };
        match tokio::time::timeout(patience, source.next()).await {
            Ok(Ok(Some(frame))) => {
                let frame = Frame { kind: frame.kind, body: frame.body.into() };
                is_over |= Message::decode(frame.clone()).is_ok_and(|message| is_last(&message));
                said.push(frame);
            }
            Err(_) if is_over => return (said, peers),
            other => panic!("the session ended before all was said: {other:?}, {said:?}"),
        }
    }
}

/// SYNC-30, SYNC-31.
#[test]
fn a_stranger_is_shown_few_tags_and_nothing_of_a_private_follow() {
    let node = TestNode::started("shy");
    let (public, private) = people();
    for account in &public {
        node.cli(&["follow", &account.to_string()]);
    }
    for account in &private {
        node.cli(&["follow", "--private", &account.to_string()]);
    }
    let own: AccountId = node.account().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let decoded = |said: &[Frame]| -> Vec<Message> {
        said.iter().filter_map(|frame| Message::decode(frame.clone()).ok()).collect()
    };

    // Unasked, it shows a few of those whom it follows publicly.
    let is_offer = |message: &Message| matches!(message, Message::Offer { .. });
    let (mut said, peers) = runtime.block_on(listen(&node, 98, &[], is_offer));
    let messages = decoded(&said);
    let salt = messages.iter().find_map(|message| match message {
        Message::Hello(hello) => Some(hello.salt),
        _ => None,
    });
    let tags: Vec<_> = messages
        .iter()
        .filter_map(|message| match message {
            Message::Offer { tags, .. } => Some(tags.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    assert!((1..=MAX_STRANGER_TAGS).contains(&tags.len()), "{} tags", tags.len());
    let is_shown = |account: &AccountId| tags.contains(&tag(&salt.unwrap(), [&peers[0], &peers[1]], account));
    assert!(!private.iter().any(is_shown));
    assert!(public.iter().any(is_shown), "the tags are made otherwise than this test thinks");

    let asked: Vec<_> = [own].iter().chain(&public).chain(&private).copied().collect();
    let is_answer = |message: &Message| matches!(message, Message::Share { .. });
    let (answered, _) = runtime.block_on(listen(&node, 99, &asked, is_answer));
    let messages = decoded(&answered);
    said.extend(answered);
    // Asked about everyone, it answers for those whom it follows publicly, whoever asks, and for nobody else.
    let shared = messages.iter().find_map(|message| match message {
        Message::Share { shared, .. } => Some(shared.clone()),
        _ => None,
    });
    let known: Vec<_> = asked.iter().zip(shared.unwrap()).filter(|(_, shared)| *shared).collect();
    assert_eq!(known.len(), 1 + public.len());
    assert!(known.iter().all(|(account, _)| !private.contains(account)));

    // Nobody's key stands anywhere in it, not even the owner's: a stranger who proves nothing is proved nothing.
    let named = |account: &AccountId| {
        said.iter().any(|frame| frame.body.windows(account.0.len()).any(|part| part == account.0))
    };
    assert!(!asked.iter().any(named));
}

/// FIND-2.
#[test]
fn the_table_is_told_of_no_follow() {
    let made = homes(Ports::Random);
    let Some(spaces) = or_skip("the_table_is_told_of_no_follow", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    let (public, private) = people();
    a.cli(&["follow", &b.account()]);
    b.cli(&["follow", &public[0].to_string()]);
    b.cli(&["follow", "--private", &private[0].to_string()]);
    let accounts = [&a, &b].map(|node| node.account().parse::<AccountId>().unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let names = |account: &AccountId| {
        // The test may cross midnight.
        let days = [now / DAY_MS, now / DAY_MS + 1];
        days.map(|day| data_encoding::HEXLOWER.encode(&provider_key(account, day)))
    };
    let kept = || -> BTreeSet<String> {
        let log = open.log();
        let keys =
            log.lines().filter_map(|line| line.split_once("a record is kept key=")?.1.split(' ').next());
        keys.map(str::to_owned).collect()
    };
    eventually("both are found in the table", || {
        let kept = kept();
        accounts.iter().all(|account| names(account).iter().any(|name| kept.contains(name)))
    });
    // The follow is there long before, and is looked up; yet nothing else is ever said.
    eventually("the public one was looked for", || {
        b.log().contains(&format!("sought by the key account={}", public[0]))
    });
    let own: BTreeSet<_> = accounts.iter().flat_map(names).collect();
    assert!(kept().is_subset(&own), "{:?} is not of {own:?}", kept());
    drop((a, b, open));
}

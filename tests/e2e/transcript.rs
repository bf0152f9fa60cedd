//! What a stranger learns: everything that a node says to one in a session, and what it says in the table by which
//! nodes are found.

use std::collections::BTreeSet;
use std::time::Duration;

use majlis::net::{self, FrameSink, FrameSource, Hearsay, Net, NetConfig, NetEvent};
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

/// Somebody unknown, in a session.
struct Stranger {
    net: Net,
    sink: FrameSink,
    source: FrameSource,
    /// Of itself, and of the node.
    peers: [Vec<u8>; 2],
    said: Vec<Frame>,
}

impl Stranger {
    /// Opens a session and greets.
    async fn meet(node: &TestNode, seed: u8) -> Self {
        let config = NetConfig {
            listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
            mdns: false,
            ..NetConfig::default()
        };
        let keypair = net::keypair_from_seed(&[seed; 32]).unwrap();
        let (net, mut events) = net::start(keypair, config, Hearsay::default()).await.unwrap();
        let peer = net.dial(node.address().parse().unwrap()).await.unwrap();
        let session = loop {
            if let NetEvent::SessionOpened { session, .. } = events.next().await.unwrap() {
                break session;
            }
        };
        // Nobody else comes.
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let peers = [net.peer_id().to_bytes(), peer.to_bytes()];
        let net::Session { sink, source } = session;
        let stranger = Self { net, sink, source, peers, said: Vec::new() };
        let greeting = Greeting { salt: SALT, credit: 1 << 20, outstanding: 512, listed: false, warm: false };
        stranger.say(Message::Hello(greeting));
        stranger
    }

    fn say(&self, message: Message) {
        let frame = message.encode();
        self.sink.try_send(net::Frame::new(frame.kind, frame.body)).unwrap();
    }

    /// Offers these accounts.
    fn ask(&self, accounts: &[AccountId]) {
        let tags = accounts.iter().map(|account| self.tag(&SALT, account)).collect();
        self.say(Message::Offer { add: true, tags });
    }

    fn tag(&self, salt: &[u8; 32], account: &AccountId) -> [u8; 8] {
        tag(salt, [&self.peers[0], &self.peers[1]], account)
    }

    /// Listens until all this has been said, shares nothing of what it is shown.
    async fn hear(&mut self, is_all: impl Fn(&Self) -> bool) {
        while !is_all(self) {
            match tokio::time::timeout(PATIENCE, self.source.next()).await {
                Ok(Ok(Some(frame))) => self.take(frame),
                other => panic!("the session ended before all was said: {other:?}, {:?}", self.said),
            }
        }
    }

    /// Listens until nothing more comes.
    async fn hear_out(&mut self) {
        while let Ok(said) = tokio::time::timeout(Duration::from_secs(3), self.source.next()).await {
            self.take(said.unwrap().expect("the session ended"));
        }
    }

    fn take(&mut self, frame: net::Frame) {
        let frame = Frame { kind: frame.kind, body: frame.body.into() };
        if let Ok(Message::Offer { add: true, tags }) = Message::decode(frame.clone()) {
            self.say(Message::Share { shared: vec![false; tags.len()], fingerprints: Vec::new() });
        }
        self.said.push(frame);
    }

    fn messages(&self) -> impl Iterator<Item = Message> {
        self.said.iter().filter_map(|frame| Message::decode(frame.clone()).ok())
    }

    /// All tags that it was shown.
    fn tags(&self) -> Vec<[u8; 8]> {
        let tags = self.messages().filter_map(|message| match message {
            Message::Offer { tags, .. } => Some(tags),
            _ => None,
        });
        tags.flatten().collect()
    }

    /// Of these accounts those that it was shown.
    fn shown(&self, accounts: &[AccountId]) -> Vec<AccountId> {
        let salt = self.messages().find_map(|message| match message {
            Message::Hello(hello) => Some(hello.salt),
            _ => None,
        });
        let Some(salt) = salt else { return Vec::new() };
        let tags = self.tags();
        accounts.iter().filter(|account| tags.contains(&self.tag(&salt, account))).copied().collect()
    }

    /// What was answered each time it asked.
    fn answers(&self) -> Vec<Vec<bool>> {
        let shares = self.messages().filter_map(|message| match message {
            Message::Share { shared, .. } => Some(shared),
            _ => None,
        });
        shares.collect()
    }

    /// Of these accounts those whose keys stand in what was said.
    fn named(&self, accounts: &[AccountId]) -> Vec<AccountId> {
        let stands = |account: &&AccountId| {
            self.said.iter().any(|frame| frame.body.windows(account.0.len()).any(|part| part == account.0))
        };
        accounts.iter().filter(stands).copied().collect()
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
    let asked: Vec<_> = [own].iter().chain(&public).chain(&private).copied().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // Unasked, it shows a few of those whom it follows publicly; who comes again, or under another name, is not
        // shown others.
        let mut before = None;
        for seed in [98, 98, 97] {
            let mut stranger = Stranger::meet(&node, seed).await;
            stranger.ask(&[]);
            stranger.hear(|stranger| !stranger.tags().is_empty()).await;
            stranger.hear_out().await;
            let tags = stranger.tags().len();
            assert!((1..=MAX_STRANGER_TAGS).contains(&tags), "{tags} tags");
            assert!(stranger.shown(&private).is_empty());
            let shown = stranger.shown(&public);
            assert!(!shown.is_empty(), "the tags are made otherwise than this test thinks");
            assert_eq!(*before.get_or_insert_with(|| shown.clone()), shown);
            // Nobody's key stands anywhere in it, not even the owner's: a stranger who proves nothing is proved nothing.
            assert!(stranger.named(&asked).is_empty());
            stranger.net.shutdown().await;
        }

        // Asked about everyone, it answers for those whom it follows publicly, whoever asks, and for nobody else.
        let mut stranger = Stranger::meet(&node, 99).await;
        stranger.ask(&asked);
        stranger.hear(|stranger| !stranger.answers().is_empty()).await;
        stranger.hear_out().await;
        let answer = stranger.answers().remove(0);
        let known: Vec<_> = asked.iter().zip(answer).filter(|(_, shared)| *shared).collect();
        assert_eq!(known.len(), 1 + public.len());
        assert!(known.iter().all(|(account, _)| !private.contains(account)));
        assert!(stranger.named(&asked).is_empty());
    });
}

/// SYNC-31.
#[test]
fn a_stranger_who_is_there_learns_nothing_of_a_private_follow_either() {
    let node = TestNode::started("shy");
    let (public, private) = people();
    node.cli(&["follow", &public[0].to_string()]);
    node.cli(&["follow", "--private", &private[0].to_string()]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut stranger = Stranger::meet(&node, 98).await;
        stranger.ask(&[]);
        stranger.hear(|stranger| stranger.shown(&public).len() == 1).await;
        for account in &private[1..] {
            node.cli(&["follow", "--private", &account.to_string()]);
        }
        node.cli(&["follow", &public[1].to_string()]);
        // The private ones would have come before it.
        stranger.hear(|stranger| stranger.shown(&public).len() == 2).await;
        stranger.ask(&private);
        stranger.hear(|stranger| stranger.answers().len() == 2).await;
        learnt_nothing(&stranger, &private);
        stranger.net.shutdown().await;
        // Nor does it when it comes again, or under another name.
        for seed in [98, 96] {
            let mut stranger = Stranger::meet(&node, seed).await;
            stranger.ask(&private);
            stranger
                .hear(|stranger| stranger.answers().len() == 1 && stranger.shown(&public).len() == 2)
                .await;
            stranger.hear_out().await;
            learnt_nothing(&stranger, &private);
            stranger.net.shutdown().await;
        }
    });
}

fn learnt_nothing(stranger: &Stranger, private: &[AccountId]) {
    assert!(stranger.shown(private).is_empty() && stranger.named(private).is_empty());
    assert_eq!(*stranger.answers().last().unwrap(), vec![false; private.len()]);
}

/// FIND-2.
#[test]
fn the_table_is_told_of_no_follow() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("the_table_is_told_of_no_follow", made) else { return };
    let open = carrier(&spaces, None);
    let [a, mut b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
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
    let is_found = |account: &AccountId| names(account).iter().any(|name| kept().contains(name));
    eventually("both are found in the table", || accounts.iter().all(is_found));
    eventually("the public one was looked for", || {
        b.log().contains(&format!("sought by the key account={} holders=", public[0]))
    });
    // A node says where it is found when it starts, so it starts again: now the follow is there before. Twice, as the
    // second time begins when all of the first has been said.
    let told = || {
        let is_own = |line: &&str| names(&accounts[1]).iter().any(|name| line.contains(name.as_str()));
        open.log().lines().filter(|line| line.contains("a record is kept key=")).filter(is_own).count()
    };
    for _ in 0..2 {
        let before = told();
        b.restart();
        eventually("it has said again where it is found", || told() > before);
    }
    let own: BTreeSet<_> = accounts.iter().flat_map(names).collect();
    assert!(kept().is_subset(&own), "{:?} is not of {own:?}", kept());
    drop((a, b, open));
}

//! Peers that are not honest: the machine closes with the right code, lives on, and takes nothing forged.

use majlis_protocol::blob::Span;
use majlis_protocol::body::BlobId;
use majlis_protocol::limits::{
    AUDIT_INTERVAL, FREE_PEER_LOGS, MAX_BLOB_GROUPS, MAX_BLOB_WANTS, MAX_FRAME, MAX_OUTSTANDING, MAX_REFS,
    PEER_LOGS_PER_ACCOUNT, WANT_TIMEOUT,
};
use majlis_protocol::state::{Fingerprint, Log};
use majlis_protocol::sync::chunk::{Address, Builder};
use majlis_protocol::sync::{
    Ask, BlobWant, CloseCode, Event, Frame, Greeting, Input, LogRef, Message, Opened, Reason, Row, RowRun,
    RowsOf, SessionId, kind,
};
use majlis_protocol::{DeviceId, EntryId, LogId};

use crate::basics::{Town, two_that_share};
use crate::node::Twist;
use crate::rng::Rng;

#[test]
fn a_peer_that_withholds_is_waited_for_and_then_passed_over() {
    let mut town = Town::new(3);
    let posts = town.authors[0].posts(1, 3_000, "history");
    let doc = std::sync::Arc::clone(&town.people[0].doc);
    for node in 0..2 {
        town.world.nodes[node].hold(vec![std::sync::Arc::clone(&doc)], posts.clone());
    }
    town.follow(1, 0, Reason::Public);
    town.follow(2, 0, Reason::Public);
    town.world.nodes[1].twist = Some(Twist::Withholds);
    town.world.connect(2, 1);
    town.world.run(1_000);
    assert_eq!(town.held(2, 0), 0);
    town.world.connect(2, 0);
    town.world.run(2_000);
    let early = town.held(2, 0);
    assert!((1..3_000).contains(&early), "what the other was not asked for is there: {early}");
    town.world.run(WANT_TIMEOUT);
    assert_eq!(town.held(2, 0), 3_000);
    town.settle();
}

#[test]
fn forged_entries_end_the_session_and_are_not_kept() {
    let mut town = Town::new(2);
    town.post(0, 100);
    town.world.run(500);
    town.follow(1, 0, Reason::Public);
    town.world.nodes[0].twist = Some(Twist::Forges);
    let session = town.world.connect(1, 0);
    town.world.run(5_000);
    assert_eq!(town.world.code(1, session), Some(CloseCode::ForgedEntry));
    assert!(!town.world.is_open(session));
    assert_eq!(town.held(1, 0), 0);
    town.world.nodes[0].twist = None;
    town.world.connect(1, 0);
    assert!(town.world.settle(60_000));
    assert_eq!(town.held(1, 0), 100);
}

#[test]
fn a_relay_that_keeps_the_payloads_to_itself_does_not_hide_them() {
    let mut town = Town::new(3);
    town.post(0, 40);
    town.world.run(500);
    town.follow(1, 0, Reason::Public);
    town.follow(2, 0, Reason::Public);
    town.world.connect(1, 0);
    town.settle();
    town.world.nodes[1].twist = Some(Twist::Strips);
    let relay = town.world.connect(2, 1);
    town.settle();
    assert_eq!(town.held(2, 0), 0);
    assert!(town.world.frames(relay, kind::CHUNK).0 < 5, "it is not asked for ever");
    town.world.connect(2, 0);
    town.settle();
    assert_eq!(town.held(2, 0), 40);
}

#[test]
fn a_full_disk_ends_the_session_without_blame() {
    let mut town = Town::new(2);
    town.post(0, 10);
    town.world.run(500);
    town.follow(1, 0, Reason::Public);
    town.world.nodes[1].twist = Some(Twist::Full);
    let session = town.world.connect(1, 0);
    town.world.run(5_000);
    assert_eq!(town.world.code(1, session), Some(CloseCode::StorageFull));
}

#[test]
fn what_a_busy_store_turned_away_is_fetched_again() {
    let mut town = Town::new(2);
    let posts = town.authors[0].posts(1, 1_500, "history");
    town.world.nodes[0].hold(Vec::new(), posts);
    town.follow(1, 0, Reason::Public);
    town.world.nodes[1].twist = Some(Twist::Busy);
    town.world.connect(1, 0);
    town.settle();
    assert_eq!(town.held(1, 0), 1_500);
}

/// A hostile peer of node 0: it speaks by hand. Its machine is not asked.
struct Stranger {
    town: Town,
    session: SessionId,
}

impl Stranger {
    /// Has said HELLO.
    fn greeted() -> Self {
        let mut town = Town::new(2);
        town.post(0, 3);
        town.follow(0, 1, Reason::Public);
        town.world.run(500);
        let mut stranger = Self { town, session: 900 };
        stranger.greet();
        stranger
    }

    fn greet(&mut self) {
        self.open();
        let hello = Greeting { salt: [5; 32], credit: 1 << 20, outstanding: 64, listed: false, warm: false };
        self.say(&Message::Hello(hello));
    }

    fn open(&mut self) {
        let peer = b"hostile".to_vec();
        let opened =
            Opened { session: self.session, peer, dialer: false, named: false, salt: [6; 32], memory: None };
        self.town.world.input(0, Input::Opened(opened));
    }

    /// Comes back after its session was ended.
    fn again(&mut self) {
        self.session += 1;
        self.greet();
        self.share();
    }

    /// Shares accounts 0 and 1 by dialing with their tags: their numbers are 0 and 2.
    fn sharing() -> Self {
        let mut stranger = Self::greeted();
        stranger.share();
        stranger
    }

    fn share(&mut self) {
        self.offer(true);
        assert_eq!(self.town.world.nodes[0].machine.shared(self.session), Some(2));
    }

    /// Offers accounts 0 and 1, or takes the offer back.
    fn offer(&mut self, add: bool) {
        let tags = [0, 1].map(|person: usize| {
            let account = self.town.people[person].account;
            let (me, you) = (b"hostile".to_vec(), self.town.world.nodes[0].peer_id.clone());
            let mut hasher = blake3::Hasher::new_keyed(&[5; 32]);
            hasher.update(majlis_protocol::context::OFFER.as_bytes());
            let (lower, higher) = if me < you { (me, you) } else { (you, me) };
            for id in [lower, higher] {
                hasher.update(&[id.len() as u8]).update(&id);
            }
            let hash = *hasher.update(&account.0).finalize().as_bytes();
            std::array::from_fn(|index| hash[index])
        });
        self.say(&Message::Offer { add, tags: tags.to_vec() });
    }

    fn say(&mut self, message: &Message) {
        self.throw(message.encode());
    }

    fn throw(&mut self, frame: Frame) {
        self.town.world.input(0, Input::Frame(self.session, frame));
    }

    fn code(&self) -> Option<CloseCode> {
        self.town.world.code(0, self.session)
    }

    /// The log of person 0's device, named in full.
    fn named(&self) -> LogRef {
        let key = self.town.authors[0].key;
        LogRef::New(key.device, key.log_id)
    }

    /// A row of that log.
    fn head(&self, top: u64, low: u64, tag: u8) -> Message {
        head(self.named(), top, low, tag)
    }
}

/// A row of a log of account 0.
fn head(log: LogRef, top: u64, low: u64, tag: u8) -> Message {
    let row = Row { log, seal: None, runs: vec![RowRun { top, tag: [tag; 8], low }] };
    let rows = RowsOf { number: 0, identity: None, frozen: false, full: false, logs: vec![row] };
    Message::Head(vec![rows])
}

#[test]
fn what_breaks_the_rules_ends_the_session_with_its_code() {
    let refused = |frame: Frame| {
        let mut stranger = Stranger::sharing();
        stranger.throw(frame);
        stranger.code()
    };
    let raw = |kind: u8, body: Vec<u8>| Frame { kind, body: body.into() };
    assert_eq!(refused(raw(0x7f, Vec::new())), Some(CloseCode::Decode), "an unknown type");
    assert_eq!(refused(raw(0x90, vec![1, 2, 3])), None, "an unknown type that may be ignored");
    assert_eq!(refused(raw(kind::OFFER, vec![0; MAX_FRAME])), Some(CloseCode::Limit), "too large");
    assert_eq!(refused(raw(kind::WANT, vec![9, 9, 9])), Some(CloseCode::Limit));
    assert_eq!(
        refused(raw(kind::CHUNK, vec![1, 200, 1, 3, 7, 7, 7])),
        Some(CloseCode::Decode),
        "zstd garbage"
    );
    let share = Message::Share { shared: vec![false; 9], fingerprints: Vec::new() };
    assert_eq!(refused(share.encode()), Some(CloseCode::Decode), "as many answers as nothing was offered");
    assert_eq!(refused(Message::Identities(Vec::new()).encode()), Some(CloseCode::Limit), "not asked for");
    assert_eq!(
        refused(
            Message::Hello(Greeting { salt: [0; 32], credit: 0, outstanding: 0, listed: false, warm: false })
                .encode()
        ),
        Some(CloseCode::Decode),
        "a second HELLO"
    );
    let mut author = Town::new(1).authors.remove(0);
    let mut unasked = Builder::default();
    unasked.add(&Address::Wanted(77), &author.posts(1, 2, "unasked"));
    let (frame, _) = unasked.finish().expect("a frame");
    assert_eq!(refused(frame), Some(CloseCode::Limit), "a chunk that nobody wanted");
    let handle = Message::Mode { handle: 1_000, eager: true };
    assert_eq!(refused(handle.encode()), Some(CloseCode::Limit), "a handle that nobody gave");
}

#[test]
fn overdrawing_credit_ends_the_session() {
    let mut stranger = Stranger::sharing();
    let doc = std::sync::Arc::clone(&stranger.town.people[1].doc);
    stranger.town.world.nodes[0].hold(vec![doc], Vec::new());
    let key = stranger.town.authors[1].key;
    let text = "x".repeat(40_000);
    let log = LogRef::New(key.device, key.log_id);
    let mut author = stranger.town.authors.remove(1);
    for round in 0.. {
        let mut builder = Builder::default();
        builder.add(&Address::Pushed(2, log), &[author.post(1, &text)]);
        let (frame, _) = builder.finish().expect("a frame");
        // Time stands still, so that nothing is checked or committed.
        stranger.throw(frame);
        if stranger.code().is_some() {
            break;
        }
        assert!(round < 2_000);
    }
    assert_eq!(stranger.code(), Some(CloseCode::Credit));
}

#[test]
fn a_frame_with_a_fault_gives_back_what_its_first_groups_have_taken() {
    let mut stranger = Stranger::sharing();
    let doc = std::sync::Arc::clone(&stranger.town.people[1].doc);
    stranger.town.world.nodes[0].hold(vec![doc], Vec::new());
    let posts = stranger.town.authors[1].posts(1, 5, "asked of whoever answers badly");
    stranger.town.world.nodes[1].hold(Vec::new(), posts.clone());
    let key = stranger.town.authors[1].key;
    let log = LogRef::New(key.device, key.log_id);
    let told = |top: u64, low: u64| {
        let row = Row { log, seal: None, runs: vec![RowRun { top, tag: [1; 8], low }] };
        let of = RowsOf { number: 2, identity: None, frozen: false, full: false, logs: vec![row] };
        Message::Rows { answer: false, accounts: vec![of] }
    };
    let frame = |groups: [Address; 2]| {
        let mut builder = Builder::default();
        for address in groups {
            builder.add(&address, &posts);
        }
        builder.finish().expect("a frame").0
    };
    // The answer to a want, twice; and a push before an answer that is outside the range wanted.
    for (row, groups, code) in [
        (told(5, 1), [Address::Wanted(1), Address::Wanted(1)], CloseCode::Limit),
        (told(10, 6), [Address::Pushed(2, log), Address::Wanted(1)], CloseCode::Decode),
    ] {
        stranger.say(&row);
        assert_eq!(stranger.town.world.nodes[0].machine.load().wanted, 1);
        stranger.throw(frame(groups));
        assert_eq!(stranger.code(), Some(code));
        let load = stranger.town.world.nodes[0].machine.load();
        assert_eq!((load.wanted, load.in_flight, load.tickets), (0, 0, 0), "{load:?}");
        stranger.again();
    }
    stranger.town.world.connect(0, 1);
    assert!(stranger.town.world.settle(5_000));
    assert_eq!(stranger.town.held(0, 1), 5);
}

#[test]
fn only_holders_of_logs_that_there_are_are_told_of() {
    let mut stranger = Stranger::sharing();
    let own = stranger.head(3, 1, 1);
    stranger.say(&own);
    let account = stranger.town.people[0].account;
    let device = stranger.town.authors[0].key.device;
    for (device, number) in [(device, 77), (DeviceId([7; 32]), 1)] {
        let log = LogRef::New(device, LogId::new(LogId::PUBLIC, number));
        let row = Row { log, seal: None, runs: vec![RowRun { top: 9, tag: [1; 8], low: 1 }] };
        let of = RowsOf { number: 0, identity: None, frozen: false, full: false, logs: vec![row] };
        stranger.say(&Message::Rows { answer: false, accounts: vec![of] });
    }
    let holds = |stranger: &Stranger| -> Vec<LogId> {
        let events = stranger.town.world.nodes[0].events.iter();
        let holds = events.filter_map(|(_, event)| match event {
            Event::Holds { log, .. } if log.account == account => Some(log.log_id),
            _ => None,
        });
        holds.collect()
    };
    assert_eq!(holds(&stranger), [LogId::new(LogId::PUBLIC, 1)]);
    // One that comes to be there later is told of then.
    let key = crate::people::device_key(0, 0);
    let mut late = crate::people::Author::new(account, &key, LogId::new(LogId::PUBLIC, 77));
    let post = late.posts(1, 1, "a new log");
    stranger.town.world.publish(0, post);
    stranger.town.world.run(100);
    assert_eq!(holds(&stranger), [1, 77].map(|number| LogId::new(LogId::PUBLIC, number)));
}

#[test]
fn nothing_that_a_peer_says_grows_without_bound() {
    let mut stranger = Stranger::sharing();
    // Claims of endless history, and answers that there is none of it.
    for round in 0..2_000_u64 {
        let log = if round == 0 { stranger.named() } else { LogRef::Handle(0) };
        let head = head(log, u64::MAX - round, 1, round as u8);
        stranger.say(&head);
        let wids: Vec<u64> = (1..64).map(|wid| wid + 2 * round).collect();
        stranger.say(&Message::None(wids));
    }
    // Accounts offered and withdrawn; wants for everything; logs without number.
    for _ in 0..200 {
        stranger.say(&Message::Want(vec![Ask::Proof(1); 1_000]));
        stranger.town.world.run(10);
    }
    let load = stranger.town.world.nodes[0].machine.load();
    assert!(load.awaited <= 4 * MAX_OUTSTANDING && load.wanted <= MAX_OUTSTANDING, "{load:?}");
    assert!(load.rows <= 4 && load.owed <= 4 * MAX_OUTSTANDING, "{load:?}");
    // SYNC-9: as many logs as may be, and one more.
    let name = |stranger: &mut Stranger, numbers: std::ops::Range<u64>| {
        let logs = numbers.map(|number| Row {
            log: LogRef::New(DeviceId([7; 32]), LogId(number)),
            seal: Some(1),
            runs: Vec::new(),
        });
        let rows = RowsOf { number: 0, identity: None, frozen: false, full: false, logs: logs.collect() };
        stranger.say(&Message::Head(vec![rows]));
    };
    // One is named already.
    let most = (FREE_PEER_LOGS + 2 * PEER_LOGS_PER_ACCOUNT) as u64 - 1;
    for from in (0..most).step_by(100) {
        name(&mut stranger, from..most.min(from + 100));
    }
    assert_eq!(stranger.code(), None);
    let load = stranger.town.world.nodes[0].machine.load();
    assert!(load.rows <= 1_100 && load.handles <= 1_100 && load.queued <= 1_100, "{load:?}");
    name(&mut stranger, most..most + 1);
    assert_eq!(stranger.code(), Some(CloseCode::Limit));
}

#[test]
fn accounts_that_are_offered_and_withdrawn_give_no_room_for_more_logs() {
    let mut stranger = Stranger::sharing();
    for _ in 0..200 {
        stranger.offer(false);
        stranger.offer(true);
    }
    let logs = (0..1_200).map(|number| Row {
        log: LogRef::New(DeviceId([7; 32]), LogId(number)),
        seal: None,
        runs: Vec::new(),
    });
    let rows = RowsOf { number: 0, identity: None, frozen: false, full: false, logs: logs.collect() };
    stranger.say(&Message::Head(vec![rows]));
    assert_eq!(stranger.code(), Some(CloseCode::Limit));
}

#[test]
fn wants_and_identities_beyond_what_is_allowed_end_the_session() {
    let mut stranger = Stranger::sharing();
    let head = stranger.head(3, 1, 1);
    stranger.say(&head);
    stranger.say(&Message::Credit(0));
    let ask = |wid| Ask::Range { wid, handle: 0, hi: 3, lo: 1, headers: false };
    for round in 0..10 {
        stranger.say(&Message::Want((1..=1_000).map(|wid| ask(wid + 1_000 * round)).collect()));
    }
    assert_eq!(stranger.code(), Some(CloseCode::Limit));
    let mut stranger = Stranger::sharing();
    stranger.town.world.input(0, Input::Congested(stranger.session, true));
    let account = stranger.town.people[0].account;
    for _ in 0..3 {
        stranger.say(&Message::Want(vec![Ask::Identity(account); 1_000]));
    }
    assert_eq!(stranger.code(), Some(CloseCode::Limit));
}

#[test]
fn what_a_peer_asks_for_and_does_not_take_is_not_read_for_it() {
    let mut stranger = Stranger::sharing();
    stranger.town.world.input(0, Input::Congested(stranger.session, true));
    let want = BlobWant {
        entry: EntryId([1; 32]),
        blob: BlobId([2; 32]),
        size: 1 << 20,
        span: Span { first: 0, count: MAX_BLOB_GROUPS },
    };
    for number in 0..MAX_BLOB_WANTS as u64 {
        stranger.say(&Message::BlobWant { number, want });
    }
    for number in 0..MAX_REFS as u64 {
        stranger.say(&Message::Refs { number, root: EntryId([3; 32]) });
    }
    let owed = |stranger: &Stranger| stranger.town.world.nodes[0].machine.load().owed;
    assert_eq!(owed(&stranger), MAX_BLOB_WANTS + MAX_REFS);
    stranger.town.world.input(0, Input::Congested(stranger.session, false));
    assert_eq!((owed(&stranger), stranger.code()), (0, None), "and when it does it has all");
    stranger.town.world.input(0, Input::Congested(stranger.session, true));
    for number in 0..=MAX_REFS as u64 {
        stranger.say(&Message::Refs { number, root: EntryId([3; 32]) });
    }
    assert_eq!(stranger.code(), Some(CloseCode::Limit));
}

#[test]
fn audits_find_what_was_never_told_and_cost_nothing_when_they_come_too_often() {
    let mut town = Town::new(2);
    town.post(0, 3);
    town.follow(1, 0, Reason::Public);
    let session = town.world.connect(1, 0);
    town.settle();
    let rows = town.world.frames(session, kind::ROWS);
    for _ in 0..50 {
        town.world.inject(session, 1, Message::Audit(Fingerprint([9; 8])).encode());
    }
    town.settle();
    assert_eq!(town.world.frames(session, kind::ROWS), rows, "SYNC-40: too soon");
    // It has more, and no HEAD has told of it.
    let untold = town.authors[0].posts(5, 4, "untold");
    town.world.nodes[0].hold(Vec::new(), untold);
    town.world.run(AUDIT_INTERVAL + 60_000);
    assert_eq!(town.held(1, 0), 3, "once may be chance");
    town.world.run(AUDIT_INTERVAL);
    assert_eq!(town.held(1, 0), 7);
    assert!(town.world.is_open(session));
}

#[test]
fn a_proof_is_looked_at_once_and_only_if_it_tells_something() {
    let mut stranger = Stranger::sharing();
    let doc = std::sync::Arc::clone(&stranger.town.people[1].doc);
    stranger.town.world.nodes[0].hold(vec![doc], Vec::new());
    let author = &mut stranger.town.authors[1];
    author.posts(1, 4, "common");
    let mut twin = author.clone();
    let branches = [author.posts(10, 2, "one"), twin.posts(10, 2, "other")];
    let proof = |at: usize, break_it: bool| {
        let [one, other] = [0, 1].map(|branch: usize| {
            let mut header = branches[branch][at].signed_header();
            *header.last_mut().expect("a signature") ^= u8::from(break_it);
            header.into()
        });
        Message::Proof(one, other)
    };
    let (first, second) = (proof(0, false), proof(1, false));
    let tickets = |stranger: &Stranger| stranger.town.world.nodes[0].machine.load().tickets;
    for _ in 0..50 {
        stranger.say(&second);
    }
    assert_eq!(tickets(&stranger), 1, "SYNC-33: the others tell what is on its way to the disk");
    stranger.say(&first);
    assert_eq!(tickets(&stranger), 2, "a lower seal is news");
    stranger.town.world.run(500);
    for again in [first, second, proof(1, true)] {
        stranger.say(&again);
    }
    assert_eq!((tickets(&stranger), stranger.code()), (0, None));
    let key = stranger.town.authors[1].key;
    let seal = stranger.town.world.nodes[0].store.replica.log(&key).and_then(Log::seal);
    assert_eq!(seal, Some(5));
    // One that would tell something has to be true.
    let mut stranger = Stranger::sharing();
    let doc = std::sync::Arc::clone(&stranger.town.people[1].doc);
    stranger.town.world.nodes[0].hold(vec![doc], Vec::new());
    stranger.say(&proof(0, true));
    assert_eq!(stranger.code(), Some(CloseCode::BadProof));
}

#[test]
fn garbage_of_every_kind_is_survived() {
    let mut rng = Rng::new(42);
    for _ in 0..6 {
        let mut stranger = Stranger::sharing();
        for _ in 0..500 {
            if stranger.code().is_some() {
                stranger.session += 1;
                stranger.greet();
            }
            let length = rng.below(120);
            let body: Vec<u8> = (0..length)
                .map(|_| if rng.chance(40) { rng.below(4) as u8 } else { rng.next() as u8 })
                .collect();
            stranger.throw(Frame { kind: rng.below(18) as u8, body: body.into() });
        }
        stranger.town.world.run(1_000);
        assert_eq!(stranger.town.held(0, 0), 3, "what was held is untouched");
    }
}

#[test]
fn honest_nodes_go_on_beside_a_hostile_one() {
    let (mut town, mut authors) = two_that_share(20, 2);
    let session = town.world.connect(0, 1);
    town.settle();
    let opened = Opened {
        session: 900,
        peer: b"hostile".to_vec(),
        dialer: false,
        named: false,
        salt: [6; 32],
        memory: None,
    };
    town.world.input(0, Input::Opened(opened));
    town.world.input(0, Input::Frame(900, Frame { kind: 0, body: Vec::new().into() }));
    assert_eq!(town.world.code(0, 900), Some(CloseCode::Decode));
    let posts = authors[3].posts(9, 2, "still here");
    town.world.publish(0, posts);
    assert!(town.world.settle(20_000));
    assert!(town.world.is_open(session));
    assert_eq!(town.world.nodes[1].store.counting(&authors[3].key.account).len(), 4);
}

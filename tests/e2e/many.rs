//! A host of thousands: the real program with the posts of so many accounts, which come into its home by its own backup,
//! and people who read them from there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use majlis_protocol::body::{Body, Content, Post};
use majlis_protocol::entry::{Draft, sign};
use majlis_protocol::identity::{Device, IdDoc, IdDraft, Phrase, Roots, VerifiedId, scope};
use majlis_protocol::pack::Sections;
use majlis_protocol::sync::chunk;
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, LogId, SecretKey, Verified};

use super::host::{figures, host};
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};
use crate::support::random::Random;

const GUESTS: usize = 2_100;
const POSTS: u64 = 3;

/// Kinds of records of an archive (spec chapter 8).
const IDENTITY: u8 = 1;
const PACK: u8 = 3;
const KEPT: u8 = 5;
const END: u8 = 255;

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// An account and what it has posted.
struct Guest {
    account: AccountId,
    document: Arc<VerifiedId>,
    posts: Vec<Verified<Entry>>,
}

impl Guest {
    fn new(random: &mut Random, name: usize) -> Self {
        let mut bytes = || -> [u8; 32] { random.bytes(32).try_into().unwrap() };
        let roots = Roots::derive(&Phrase::from_entropy(bytes()));
        let device = SecretKey::from_seed(&bytes());
        let key = DeviceId(device.public());
        let listed = Device {
            key,
            scope: scope::ALL,
            keys: Vec::new(),
            name: String::new(),
            ended: None,
            closed: Vec::new(),
        };
        let draft = IdDraft {
            k: 0,
            version: 1,
            timestamp: now_ms(),
            blind: bytes()[..16].try_into().unwrap(),
            devices: vec![listed],
            ended: None,
            moved_to: None,
        };
        let (document, account) = (Arc::new(IdDoc::sign(&roots, draft).unwrap()), roots.account());
        let (mut posts, mut backlink) = (Vec::new(), EntryId::ZERO);
        for seq in 1..=POSTS {
            let content = Content { text: format!("{seq} of guest {name}"), ..Content::default() };
            let body = Body::Post(Post { content, ..Post::default() });
            let draft = Draft {
                kind: body.kind(),
                account,
                log_id: LogId::new(LogId::PUBLIC, 1),
                seq,
                timestamp: now_ms(),
                backlink,
                blind: bytes()[..16].try_into().unwrap(),
                body: &body.encode().unwrap(),
            };
            let entry = sign(&draft, &device).unwrap();
            backlink = entry.id;
            posts.push(entry);
        }
        Self { account, document, posts }
    }

    /// Its log, as an archive has it.
    fn pack(&self) -> Vec<u8> {
        let mut sections = Sections::default();
        assert_eq!(sections.put(&self.posts), self.posts.len());
        let log = self.posts[0].header.log();
        let mut body = [&log.account.0[..], &log.device.0, &log.log_id.0.to_be_bytes()].concat();
        chunk::put_sections(&mut body, &sections);
        body
    }

    /// That it is held because it has asked, as a backup has it.
    fn pin(&self) -> Vec<u8> {
        let until = now_ms() + 90 * 24 * 3_600_000;
        let value = format!(r#"{{"own":false,"until":{until},"quota":null}}"#);
        let name = [b"pin/", &self.account.0[..]].concat();
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        [&[length(b"pin")], &b"pin"[..], &[length(&name)], &name, value.as_bytes()].concat()
    }
}

/// Puts accounts into a backup of a host that has none, as if it held them.
fn take_in(backup: &Path, guests: &[Guest]) {
    let mut file = fs::read(backup).unwrap();
    let end = file.split_off(file.len() - 13);
    assert_eq!(end[0], END);
    let mut count = u64::from_be_bytes(end[5..].try_into().unwrap());
    let mut record = |kind: u8, body: &[u8]| {
        file.push(kind);
        file.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        file.extend_from_slice(body);
    };
    for guest in guests {
        record(IDENTITY, &guest.document.entry().encode());
        record(PACK, &guest.pack());
        record(KEPT, &guest.pin());
        count += 3;
    }
    record(END, &count.to_be_bytes());
    fs::write(backup, file).unwrap();
}

#[test]
fn a_host_of_thousands_serves_whoever_follows_them_and_each_within_its_room() {
    let mut made = host("made");
    made.start();
    let backup = made.scratch().join("backup.majlis");
    made.cli(&["backup", backup.to_str().unwrap()]);
    let phrase = text(&made.one(&["recovery", "show"]), "phrase");
    made.stop();
    let mut random = Random::new(11);
    let guests: Vec<_> = (0..GUESTS).map(|name| Guest::new(&mut random, name)).collect();
    take_in(&backup, &guests);
    let mut host = host("many");
    let outcome = host.run_with(&["--json", "restore", backup.to_str().unwrap()], Some(&phrase));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    host.start();
    let now = figures(&host);
    assert_eq!((now["majlis_pins"], now["majlis_pins_asked"]), (GUESTS as u64, GUESTS as u64));
    assert_eq!((now["majlis_pins_asked_max"], now["majlis_pins_full"]), (10_000, 0));
    let bytes: usize = guests.iter().flat_map(|guest| &guest.posts).map(|post| post.logical_size()).sum();
    assert_eq!(now["majlis_pins_bytes"], bytes as u64);

    // Whoever follows some of them has their posts from there.
    let readers = [0, 1].map(|number| TestNode::started(&format!("reader-{number}")));
    for (reader, some) in readers.iter().zip(guests.chunks(15).step_by(50)) {
        reader.cli(&["connect", &host.address()]);
        for guest in some {
            reader.cli(&["follow", &guest.account.to_string()]);
        }
        eventually("the reader has all", || reader.timeline().len() == some.len() * POSTS as usize);
        assert!(reader.texts().iter().all(|text| text.contains(" of guest ")));
    }

    // Another comes, writes more than it has room for, and is told; the others do not feel it.
    let token = text(&host.one(&["pin", "token", "new", "--quota", "20kB"]), "token");
    let guest = TestNode::started("guest");
    let held = guest.one(&["pin", "ask", &host.address(), "--token", &token]);
    assert_eq!((text(&held, "state"), number(&held, "quota")), ("held".to_owned(), 20_000), "{held}");
    for turn in 0..10 {
        guest.post(&format!("{turn} {}", "much ".repeat(800)));
    }
    let full = || guest.cli(&["pin", "hosts"]).into_iter().any(|asked| asked["state"] == "full");
    eventually("the guest is told", full);
    eventually("it is counted", || figures(&host)["majlis_pins_full"] == 1);
    let listed = host.cli(&["pin", "list"]);
    assert_eq!(listed.len(), GUESTS + 1);
    let held = listed.iter().find(|pin| pin["account"] == guest.account().as_str()).unwrap();
    assert!(held["full"] == true && number(held, "used") <= 20_000, "{held}");
    let peak = host.peak_memory();
    assert!(peak < 400_000_000, "{peak} bytes of memory");
    host.verify();
    host.stop();
}

//! Fingerprints of accounts and of lists, and the tags under which accounts are offered.

use std::sync::Arc;

use majlis_protocol::KeyCache;
use majlis_protocol::entry::{Entry, Verified};
use majlis_protocol::identity::{Closed, Device, VerifiedId};
use majlis_protocol::ids::{AccountId, LogId};
use majlis_protocol::state::{
    Fingerprint, Replica, Salts, Visibility, account_fingerprint, list_fingerprint,
};
use majlis_protocol::sync::{
    Greeting, Input, Interests, Message, Opened, Output, Reason, Replicator, Settings,
};
use serde_json::{Value, json};

use super::File;
use super::identities::other_inception;
use super::json::hex;
use super::ledger::Ledger;
use super::world::{Author, account, device, identity, key, log};

const SALTS: Salts = Salts { dialer: [0xd1; 32], listener: [0x11; 32] };

/// The fingerprint of one account.
pub fn of_account(
    salts: &Salts,
    documents: &[VerifiedId],
    entries: &[Verified<Entry>],
    account: &AccountId,
    own: bool,
) -> Value {
    let ledger = Ledger::of(documents, entries, &[]);
    let sees = if own { Visibility::OwnDevices } else { Visibility::Public };
    hex(&account_fingerprint(salts, ledger.replica.account(account), sees).0)
}

fn case(file: &mut File, name: &str, documents: &[VerifiedId], entries: &[Verified<Entry>], own: bool) {
    let input = json!({
        "dialer": hex(&SALTS.dialer), "listener": hex(&SALTS.listener), "account": hex(&account(1).0), "own": own,
        "documents": documents.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>(),
        "entries": entries.iter().map(|entry| hex(&entry.encode())).collect::<Vec<_>>(),
    });
    let out = of_account(&SALTS, documents, entries, &account(1), own);
    file.ok("fingerprint", name, &["SYNC-23"], input, out);
}

/// The file.
pub fn file() -> File {
    let mut file = File::new("fingerprints", "Fingerprints and offer tags (chapter 6).");
    accounts(&mut file);
    lists(&mut file);
    tags(&mut file);
    file
}

fn accounts(file: &mut File) {
    let listed = identity(1, 0, 1, vec![device(11), device(12)]);
    let (mut a, mut b) = (Author::new(1, 11, log(1)), Author::new(1, 12, log(2)));
    let mut posts = a.posts(5);
    let branch = {
        let mut other = Author { seq: 2, backlink: posts[1].id, ..a.clone() };
        other.posts(2)
    };
    case(file, "nothing known", &[], &[], false);
    case(file, "entries and no document", &[], &posts, false);
    case(file, "a document and no entries", std::slice::from_ref(&listed), &[], false);
    case(file, "one whole log", std::slice::from_ref(&listed), &posts, false);
    case(file, "a forked log", std::slice::from_ref(&listed), &[posts.clone(), branch].concat(), false);
    let holes = [posts[0].clone(), posts[2].clone(), posts[4].clone()];
    case(file, "a log with two gaps", std::slice::from_ref(&listed), &holes, false);
    let many: Vec<_> = a.posts(10).into_iter().step_by(2).collect();
    case(file, "more runs than rows can tell", std::slice::from_ref(&listed), &many, false);
    posts.extend(b.posts(2));
    posts.extend(Author::new(1, 11, LogId::new(1, 8)).posts(1));
    case(file, "three logs, one of them private", std::slice::from_ref(&listed), &posts, false);
    case(file, "the same for the owner's device", std::slice::from_ref(&listed), &posts, true);
    case(file, "a frozen account", &[listed, other_inception(3, 1)], &posts, false);
    let closed = Closed { log_id: log(2), seq: 1, id: posts[5].id };
    let closing = identity(1, 0, 2, vec![device(11), Device { closed: vec![closed], ..device(12) }]);
    case(file, "a log closed below its top", &[closing], &posts, false);
}

fn lists(file: &mut File) {
    let mut accounts = [1, 2, 3].map(account);
    accounts.sort_unstable();
    for (name, list) in [
        ("no accounts", vec![]),
        (
            "three accounts",
            accounts.iter().zip(1..).map(|(account, print)| (*account, Fingerprint([print; 8]))).collect(),
        ),
        (
            "one that is incomplete",
            vec![(accounts[0], Fingerprint([1; 8])), (accounts[1], Fingerprint::INCOMPLETE)],
        ),
    ] {
        let input = json!({
            "dialer": hex(&SALTS.dialer), "listener": hex(&SALTS.listener),
            "list": list.iter().map(|(account, print)| json!([hex(&account.0), hex(&print.0)])).collect::<Vec<_>>(),
        });
        file.ok("list", name, &["SYNC-24"], input, hex(&list_fingerprint(&SALTS, list.into_iter()).0));
    }
}

/// The tag under which a node offers the one account that it holds, as seen on the wire.
pub fn offered_tag(
    me: &[u8],
    peer: &[u8],
    dialer: bool,
    salt: [u8; 32],
    offered: AccountId,
) -> Option<[u8; 8]> {
    let mut interests = Interests::default();
    interests.insert(offered, Reason::Public);
    let settings = Settings {
        peer_id: me.to_vec(),
        account: offered,
        device: Arc::new(key(11)),
        credit: 1 << 20,
        listed: false,
        keys: KeyCache::default(),
    };
    let mut node = Replicator::new(settings, interests);
    let replica = Replica::default();
    let opened = Opened { session: 1, peer: peer.to_vec(), dialer, named: true, salt, memory: None };
    node.handle(0, Input::Opened(opened), &replica);
    let hello = Greeting { salt: [9; 32], credit: 1 << 20, outstanding: 512, listed: false, warm: false };
    node.handle(0, Input::Frame(1, Message::Hello(hello).encode()), &replica);
    if !dialer {
        let offer = Message::Offer { add: true, tags: vec![] };
        node.handle(0, Input::Frame(1, offer.encode()), &replica);
        // Once live, a listener offers what it may when its interests change.
        let mut more = Interests::default();
        more.insert(account(3), Reason::Pinned);
        more.insert(offered, Reason::Public);
        more.remove(&account(3));
        node.handle(0, Input::Interests(more), &replica);
    }
    let mut found = None;
    while let Some(output) = node.poll() {
        if let Output::Send(_, frame) = output
            && let Ok(Message::Offer { tags, .. }) = Message::decode(frame)
            && let [tag] = tags.as_slice()
        {
            found = Some(*tag);
        }
    }
    found
}

fn tags(file: &mut File) {
    let (low, high): (&[u8], &[u8]) = (&[0, 1, 2], &[0, 1, 3, 4]);
    for (name, me, peer, dialer, person) in [
        ("a dialer with the lower id", low, high, true, 1),
        ("a dialer with the higher id", high, low, true, 1),
        ("a listener", low, high, false, 1),
        ("another account", low, high, true, 2),
    ] {
        let salt = [0x5a; 32];
        let tag = offered_tag(me, peer, dialer, salt, account(person)).unwrap();
        let input = json!({ "me": hex(me), "peer": hex(peer), "dialer": dialer, "salt": hex(&salt), "account": hex(&account(person).0) });
        file.ok("tag", name, &["SYNC-25"], input, hex(&tag));
    }
}

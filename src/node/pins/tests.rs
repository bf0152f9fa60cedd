//! A host of thousands, on a real store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use majlis_protocol::sync::{PinAnswer, PinAsk, PinVerdict, Reason};
use majlis_protocol::{AccountId, Kind};
use tempfile::TempDir;

use super::disk::Part;
use super::policy::Case;
use super::{DAY, Decided, Pins};
use crate::blobs::BlobsConfig;
use crate::node::api::{PinRequest, Reply};
use crate::node::{Node, NodeConfig, PinOffer, now_ms};
use crate::store::StoreConfig;

const MANY: u32 = 5_000;

fn config() -> NodeConfig {
    NodeConfig {
        pin_offer: PinOffer::Invited,
        pin_accounts_max: MANY as usize,
        pin_quota: 10_000,
        pin_quota_of_all: 20_000_000,
        ..NodeConfig::default()
    }
}

fn open(home: &TempDir, config: &NodeConfig) -> Arc<Node> {
    Node::open(home.path(), &StoreConfig::default(), config, &BlobsConfig::default()).unwrap().0
}

fn account(number: u32) -> AccountId {
    AccountId(*blake3::hash(&number.to_be_bytes()).as_bytes())
}

/// A token as its owner gets it.
fn token(node: &Arc<Node>, uses: u64) -> Vec<u8> {
    let (out, mut replies) = tokio::sync::mpsc::channel(1);
    let request = PinRequest::NewToken { uses, quota: None, expires: None };
    wait_for(node.pin_request(request, &out)).unwrap();
    let Ok(Reply::PinToken(view)) = replies.try_recv() else { panic!("no token") };
    view.token.unwrap().into_bytes()
}

/// Waits on a runtime of its own, as the store may not be waited for on one.
fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn verdict(pins: &Pins, number: u32, token: &[u8], now: u64) -> PinVerdict {
    pins.decide(&account(number), token, Case::default(), now).verdict
}

#[test]
fn a_host_holds_thousands_within_its_quotas() {
    let (home, config) = (tempfile::tempdir().unwrap(), config());
    let node = open(&home, &config);
    let (pins, now) = (&node.pins, now_ms());
    let token = token(&node, u64::from(MANY) + 10);
    (0..MANY).for_each(|number| {
        let decided = pins.decide(&account(number), &token, Case::default(), now);
        assert_eq!(decided, Decided { verdict: PinVerdict::Held, is_new: true });
    });
    assert_eq!(verdict(pins, MANY, &token, now), PinVerdict::NoRoom);
    assert_eq!(verdict(pins, 0, &[], now), PinVerdict::Held, "who is held stays");
    pins.flush(&node.store).unwrap();
    // At each meeting again, which is written down once a day.
    (0..MANY).for_each(|number| {
        let again = pins.decide(&account(number), &[], Case::default(), now + DAY / 2);
        assert!(!again.is_new && pins.state.lock().changed.is_empty());
    });
    node.refresh_interests().unwrap();

    // Each takes as much as it has room for, and all no more than there is: 4,000 bytes of each on the average.
    let mut came = 0;
    (0..MANY).for_each(|number| {
        let entries = (0..12).map(|_| (account(number), Kind::POST, 1_000));
        let (taken, full) = pins.admit(entries, |_| false);
        let taken = taken.iter().filter(|taken| **taken).count();
        came += taken;
        assert_eq!(full.contains(&account(number)), taken < 12);
        assert!(taken == 10 || came == 20_000, "{taken} of account {number}");
    });
    assert_eq!((came, pins.state.lock().ledger.total()), (20_000, 20_000_000));
    assert_eq!(pins.full().len(), MANY as usize);
    // A Delete goes in all the same; of someone whom the owner follows all does.
    let (taken, _) = pins.admit([(account(0), Kind::DELETE, 300)].into_iter(), |_| false);
    assert_eq!(taken, [true]);
    let (taken, full) = pins.admit([(account(1), Kind::POST, 300)].into_iter(), |_| true);
    assert!(taken == [true] && full.is_empty());
    // Nothing of it is here in truth, once it is settled: there is room again.
    let all = (0..MANY).map(|number| (account(number), 20_000));
    pins.settle(all, true);
    // Those that are counted while there is too little of it yet have it at the next look.
    let reopened: Vec<_> = (0..2).map(|_| node.survey_pins().unwrap().len()).collect();
    assert_eq!(reopened.iter().sum::<usize>(), MANY as usize, "{reopened:?}");
    assert_eq!(pins.state.lock().ledger.total(), 0);

    // All the way through the store one that leaves makes room for another, however many there are.
    for number in 0..5 {
        let left = wait_for(node.answer_pin(account(number), PinAsk::Release));
        assert_eq!(left, PinAnswer::no(PinVerdict::Released));
        assert_eq!(node.peers.reason(&account(number)), None);
        let came = wait_for(node.answer_pin(account(MANY + number), PinAsk::Hold(token.clone().into())));
        assert_eq!((came.verdict, came.quota), (PinVerdict::Held, 10_000));
        assert_eq!(node.peers.reason(&account(MANY + number)), Some(Reason::Pinned));
    }
    node.close().unwrap();
    drop(node);
    let node = open(&home, &config);
    assert_eq!(node.pins.accounts().len(), MANY as usize);
    assert_eq!(node.peers.interests().iter().count(), MANY as usize + 1);
    assert_eq!(verdict(&node.pins, MANY + 100, &token, now), PinVerdict::NoRoom);
    // The clock says that their time is over. Only when the node has been at work for a week since are they let go,
    // wherever it was stopped meanwhile; and not where a clock was put right, or whoever has asked again.
    let (time_is_over, day) = (now + 90 * DAY + DAY, Duration::from_hours(24));
    assert!(node.pins.pass(time_is_over, Duration::ZERO).is_empty());
    assert!((0..6).all(|_| node.pins.pass(time_is_over, day).is_empty()));
    assert_eq!(verdict(&node.pins, 100, &[], time_is_over), PinVerdict::Held);
    node.pins.flush(&node.store).unwrap();
    node.close().unwrap();
    drop(node);
    let node = open(&home, &config);
    assert_eq!(node.pins.pass(time_is_over, day).len(), MANY as usize - 1);
    assert!(node.pins.pass(now, day).is_empty());
    assert!(node.pins.pass(time_is_over, day).is_empty(), "it begins anew");
    node.close().unwrap();
}

#[test]
fn who_guesses_tokens_keeps_nobody_out_who_has_one() {
    let home = tempfile::tempdir().unwrap();
    let node = open(&home, &config());
    let good = token(&node, 2);
    let pins = &node.pins;
    for number in 2..1_000 {
        assert_eq!(verdict(pins, number, b"guessed", 0), PinVerdict::BadToken);
    }
    assert_eq!([0, 1, 0].map(|number| verdict(pins, number, &good, 0)), [PinVerdict::Held; 3]);
    assert_eq!(verdict(pins, 2, &good, 0), PinVerdict::BadToken, "it has let in its two");
    let counts = pins.asked_so_far();
    assert_eq!((counts.held, counts.bad_tokens), (3, 999));
    node.close().unwrap();
}

/// What the disk has under a name.
fn on_disk(node: &Node, part: &Part) -> bool {
    node.store.setting(&part.name()).unwrap().is_some()
}

#[test]
fn what_could_not_be_written_is_written_later_and_nothing_older_over_it() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = open(&home, &config());
    let (node, pins) = (&node, &node.pins);
    let good = token(node, 2);
    let guest = Part::Pin(account(0));
    assert_eq!(verdict(pins, 0, &good, 0), PinVerdict::Held);
    // A store that takes nothing any more, as when the disk is full.
    let closed = open(&other, &config());
    closed.close().unwrap();
    assert!(pins.flush(&closed.store).is_err() && !on_disk(node, &guest));
    // Who asks again is held already, and is told so when that is on the disk.
    let answer = wait_for(node.answer_pin(account(0), PinAsk::Hold(Bytes::new())));
    assert!(answer.verdict == PinVerdict::Held && on_disk(node, &guest));

    // Uses of a token and its end, at once from many sides.
    let good = token(node, u64::from(MANY));
    let id = pins.state.lock().tokens.iter().find(|(_, token)| token.uses > 2).unwrap().0.clone();
    let used = Part::Token(id.clone());
    std::thread::scope(|scope| {
        for number in 1..5 {
            let good = good.clone();
            scope.spawn(move || {
                for turn in 0..50 {
                    let hold = PinAsk::Hold(good.clone().into());
                    wait_for(node.answer_pin(account(number * 100 + turn), hold));
                }
            });
        }
        wait_for(node.pin_request(PinRequest::RevokeToken { id }, &tokio::sync::mpsc::channel(1).0)).unwrap();
        assert!(!on_disk(node, &used), "what is told to be over is so on the disk");
    });
    assert!(!on_disk(node, &used), "a use of it was written over its end");
    node.close().unwrap();
}

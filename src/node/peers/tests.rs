//! What is remembered of peers, on a real store.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use majlis_protocol::body::{Body, Follow};
use majlis_protocol::{AccountId, DeviceId, LogId, LogKey};

use super::{DAY, HELD, Keeping, KnownPeer, MAX_HOLDERS, MAX_TRIED, Peers};
use crate::blobs::BlobsConfig;
use crate::node::{Node, NodeConfig, now_ms};
use crate::store::StoreConfig;

fn open(home: &Path) -> Arc<Node> {
    let config = (StoreConfig::default(), NodeConfig::default(), BlobsConfig::default());
    Node::open(home, &config.0, &config.1, &config.2).unwrap().0
}

/// A log of the owner's that has an entry.
fn own_log(node: &Arc<Node>) -> LogKey {
    let follow = Body::Follow(Follow { account: AccountId([7; 32]), on: true });
    let written = node.publish(LogId::PUBLIC, vec![(follow, now_ms())]);
    let entries = tokio::runtime::Runtime::new().unwrap().block_on(written).unwrap();
    entries[0].header.log()
}

#[test]
fn holders_of_logs_that_are_none_are_forgotten_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let node = open(home.path());
    let log = own_log(&node);
    let invented = LogKey { device: DeviceId([9; 32]), ..log };
    node.peers.holds("liar", invented, 1, 5);
    node.peers.holds("honest", invented, 1, 5);
    node.peers.holds("honest", log, 1, 1);
    node.close().unwrap();
    drop(node);
    let node = open(home.path());
    assert_eq!((node.peers.holders(&log, 1), node.peers.holders(&invented, 1)), (1, 0));
    node.peers.flush(&node.store).unwrap();
    assert_eq!(node.store.settings(HELD).unwrap().len(), 1, "nothing is left of the liar on the disk");
    node.close().unwrap();
}

#[test]
fn a_holder_that_is_not_remembered_gives_way() {
    let home = tempfile::tempdir().unwrap();
    let node = open(home.path());
    let log = own_log(&node);
    for peer in 0..MAX_HOLDERS - 1 {
        node.peers.holds(&format!("passing {peer}"), log, 1, 1);
    }
    let friend = "a friend";
    node.peers.synced(friend);
    node.peers.holds(friend, log, 1, 1);
    node.peers.flush(&node.store).unwrap();
    for peer in 0..5 {
        node.peers.holds(&format!("late {peer}"), log, 1, 1);
    }
    let holders: Vec<_> = node.peers.spans(&log).into_iter().map(|(peer, _)| peer).collect();
    assert_eq!(holders.len(), MAX_HOLDERS);
    assert!(holders.iter().any(|peer| peer == friend) && holders.iter().any(|peer| peer == "late 4"));
    node.peers.flush(&node.store).unwrap();
    assert_eq!(
        node.store.settings(HELD).unwrap().len(),
        MAX_HOLDERS,
        "those that gave way are gone there too"
    );
    let again = Peers::load(&node.store).unwrap();
    assert_eq!(again.holders(&log, 1), MAX_HOLDERS as u64);
    node.close().unwrap();
}

#[test]
fn no_connection_is_kept_to_whom_the_owner_follows_no_longer() {
    let home = tempfile::tempdir().unwrap();
    let node = open(home.path());
    let [followed, other] = [[1; 32], [2; 32]].map(AccountId);
    let named = |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
    let kept = |peers: &Peers| -> BTreeSet<String> {
        let known = peers.known().into_iter();
        known.filter(|(_, known)| known.is_kept()).map(|(peer, _)| peer).collect()
    };
    let peers = &node.peers;
    peers.invite_address("/ip4/192.0.2.1/tcp/1/p2p/invited", &followed).unwrap();
    peers.proved("proved", &[], &followed, true);
    peers.name_address("/ip4/192.0.2.2/tcp/1/p2p/named").unwrap();
    peers.proved("named", &[], &followed, true);
    peers.invite_address("/ip4/192.0.2.3/tcp/1/p2p/host", &followed).unwrap();
    peers.invite_address("/ip4/192.0.2.3/tcp/1/p2p/host", &other).unwrap();
    peers.proved("stranger", &[], &followed, false);
    let all = named(&["host", "invited", "named", "proved"]);
    peers.part(&[followed, other].into(), &BTreeSet::new());
    assert_eq!((kept(peers), peers.parted()), (all.clone(), BTreeSet::new()));
    // Unfollowed: a peer that the owner named by itself stays, and so does one that is named for somebody else too.
    peers.part(&[other].into(), &BTreeSet::new());
    assert_eq!((kept(peers), peers.parted()), (named(&["host", "named"]), named(&["invited", "proved"])));
    // Blocked: whatever named it.
    peers.part(&[other].into(), &[followed].into());
    assert_eq!((kept(peers), peers.parted()), (named(&["host"]), named(&["named"])));
    peers.flush(&node.store).unwrap();
    assert_eq!(kept(&Peers::load(&node.store).unwrap()), named(&["host"]));
    // Followed again, and now of somebody whom the owner does not follow.
    peers.proved("proved", &[], &followed, true);
    assert_eq!((kept(peers), peers.parted()), (named(&["host", "proved"]), BTreeSet::new()));
    peers.proved("proved", &[], &other, false);
    assert_eq!((kept(peers), peers.parted()), (named(&["host"]), named(&["proved"])));
    node.close().unwrap();
}

#[test]
fn who_is_not_heard_of_is_dialled_seldom_and_then_no_more() {
    let heard = 1_000 * DAY;
    let friend = KnownPeer { friend: true, heard, tried: MAX_TRIED, ..KnownPeer::default() };
    let named = KnownPeer { named: true, ..friend.clone() };
    let invited = KnownPeer { invited: [[1; 32]].into(), ..friend.clone() };
    let stranger = KnownPeer { friend: false, ..friend.clone() };
    let after =
        |days: u64| [&friend, &named, &invited, &stranger].map(|known| known.keeping(heard + days * DAY));
    let (always, seldom, not) = (Keeping::Always, Keeping::Seldom, Keeping::Not);
    assert_eq!(after(29), [always, always, always, not]);
    assert_eq!(after(30), [seldom, seldom, seldom, not]);
    assert_eq!(after(89), [seldom, seldom, seldom, not]);
    assert_eq!(after(90), [not, seldom, seldom, not]);
    assert_eq!(friend.keeping(heard - 365 * DAY), always, "a clock that went back");
    let untried = KnownPeer { tried: MAX_TRIED - 1, ..friend };
    assert_eq!(
        untried.keeping(heard + 365 * DAY),
        seldom,
        "a clock that is ahead, or a machine that was off"
    );
}

#[test]
fn when_a_peer_was_heard_of_is_known_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let node = open(home.path());
    let friend = AccountId([1; 32]);
    for peer in ["heard", "silent", "gone"] {
        node.peers.proved(peer, &[], &friend, true);
        node.peers.heard(peer, now_ms() - 40 * DAY);
    }
    node.peers.tries("heard");
    node.peers.heard("heard", now_ms());
    assert_eq!(node.peers.about("heard").unwrap().tried, 0);
    node.peers.forget("gone");
    // As it was written before this was noted.
    let row = br#"{"addresses":[],"named":true,"friend":false,"synced":0}"#;
    node.peers.flush(&node.store).unwrap();
    node.store.set_settings(vec![(super::key(super::PEER, b"early"), Some(row.to_vec()))]).unwrap();
    let (peers, now) = (Peers::load(&node.store).unwrap(), now_ms());
    let known: Vec<_> = peers.known().into_iter().map(|(name, known)| (name, known.keeping(now))).collect();
    let expected = [("early", Keeping::Always), ("heard", Keeping::Always), ("silent", Keeping::Seldom)];
    assert_eq!(known, expected.map(|(name, keeping)| (name.to_owned(), keeping)));
    // The owner names it anew.
    peers.invite_address("/ip4/192.0.2.1/tcp/1/p2p/silent", &friend).unwrap();
    assert_eq!(peers.about("silent").unwrap().keeping(now_ms()), Keeping::Always);
    node.close().unwrap();
}

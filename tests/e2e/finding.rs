//! Those of whom nothing is known but the key are found through nodes that neither side has named.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use majlis_protocol::AccountId;
use majlis_protocol::finding::{DAY_MS, provider_key};

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::{TestNode, text};
use crate::support::street::{
    Ports, SECOND, address, at_home, at_home_with, await_neighbours, carrier, homes, homes_without_ip4,
    is_carried, resident, settled, way,
};
use crate::support::wires::or_skip;

#[test]
fn a_key_alone_finds_whom_nobody_has_named() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("a_key_alone_finds_whom_nobody_has_named", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    a.post("whoever has my key");
    b.cli(&["follow", &a.account()]);
    await_text(&b, "whoever has my key");
    // Those who keep the table hold nothing of either.
    assert_eq!(open.one(&["status"])["accounts"], 1);
    drop((a, b, open));
}

#[test]
fn the_table_outlives_the_node_by_which_it_was_joined() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("the_table_outlives_the_node_by_which_it_was_joined", made) else { return };
    let mut open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    await_neighbours(&second, 1);
    let [a, mut b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    for node in [&a, &b] {
        await_neighbours(node, 2);
    }
    b.stop();
    open.stop();
    a.post("still to be found");
    b.start();
    b.cli(&["follow", &a.account()]);
    await_text(&b, "still to be found");
    drop((a, b, second));
}

/// What a node has learnt by having others try its own addresses: whether any is reached, and whether any is not.
fn tried(node: &TestNode) -> [bool; 2] {
    let log = node.log();
    let tried: Vec<_> = log.lines().filter(|line| line.contains("an own address was tried")).collect();
    ["result: Ok", "result: Err"].map(|result| tried.iter().any(|line| line.contains(result)))
}

#[test]
fn who_is_open_to_all_learns_it_and_is_found_by_the_key_alone() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("who_is_open_to_all_learns_it", made) else { return };
    let open = carrier(&spaces, None);
    // Nobody has told it that everyone can come to it: another tries, on its wish.
    let mut plain = resident(&spaces, "second", &["--no-mdns", "--bootstrap", &address(&open, "tcp")]);
    plain.start();
    eventually("it is known to be open", || plain.one(&["status"])["reached"] == "directly");
    assert!(tried(&plain)[0]);
    plain.post("the door is open");
    let a = at_home_with(&spaces, "a", &["--no-mdns", "--bootstrap", &address(&open, "udp")]);
    a.cli(&["follow", &plain.account()]);
    await_text(&a, "the door is open");
    let way = way(&a, &plain).unwrap();
    assert!(way.starts_with(SECOND) && !is_carried(&way), "{way}");
    // Who is at home learns that it is not.
    eventually("it was tried too", || tried(&a)[1]);
    assert_eq!((tried(&a), &a.one(&["status"])["reached"]), ([false, true], &"carried".into()));
    drop((a, plain, open));
}

#[test]
fn where_there_is_no_ipv4_a_key_alone_leads_through_two_doors_that_are_shut() {
    let made = homes_without_ip4();
    let Some(spaces) = or_skip("where_there_is_no_ipv4_a_key_alone_leads", made) else { return };
    let mut open = settled(&spaces, "open", "/ip6/2600::10", &["--relay"]);
    open.start();
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    a.post("whoever has my key");
    b.cli(&["follow", &a.account()]);
    await_text(&b, "whoever has my key");
    eventually("they are joined directly", || {
        way(&b, &a).is_some_and(|way| way.starts_with("/ip6/2600:0:0:a::2/") && !is_carried(&way))
    });
    open.stop();
    a.post("without anybody between");
    await_text(&b, "without anybody between");
    drop((a, b, open));
}

/// Waits until a node that keeps the table has been told by another that an account is found there.
fn await_record(table: &TestNode, account: &str, provider: &TestNode) {
    let account: AccountId = account.parse().unwrap();
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64 / DAY_MS;
    // The test may cross midnight.
    let records = [today, today + 1].map(|day| {
        let name = HEXLOWER.encode(&provider_key(&account, day));
        format!("a record is kept key={name} provider={}", text(provider.ready(), "peer_id"))
    });
    eventually("it is in the table", || records.iter().any(|record| table.log().contains(record)));
}

#[test]
fn a_key_alone_finds_who_holds_the_account_of_one_who_is_off() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("a_key_alone_finds_who_holds", made) else { return };
    let open = carrier(&spaces, None);
    let by = address(&open, "tcp");
    let mut author = at_home(&spaces, "a", &open);
    author.post("from the one who sleeps");
    let key = author.account();
    // Whose owner lets others know what it holds.
    let mut keeper = settled(&spaces, "second", SECOND, &["--bootstrap", &by]);
    keeper.set("MAJLIS_NODE_SEED", "true");
    keeper.start();
    keeper.cli(&["pin", "add", &key]);
    eventually("it is held", || keeper.cli(&["pin", "list"]).iter().any(|pin| pin["posts"] == 1));
    author.stop();
    // It says so when it starts: by then the account is held.
    keeper.restart();
    await_record(&open, &key, &keeper);
    let reader = at_home(&spaces, "b", &open);
    reader.cli(&["follow", &key]);
    await_text(&reader, "from the one who sleeps");
    drop((reader, keeper, open));
}

/// FIND-3.
#[test]
fn a_private_follow_is_never_looked_up() {
    let made = homes([Ports::Kept; 2]);
    let Some(spaces) = or_skip("a_private_follow_is_never_looked_up", made) else { return };
    let open = carrier(&spaces, None);
    let node = at_home(&spaces, "a", &open);
    let [secret, public] = ["secret", "public"].map(|name| TestNode::new(name).account());
    node.cli(&["follow", "--private", &secret]);
    node.cli(&["follow", &public]);
    // Those that are sought are sought in one go, the private one with the public one if it were: all have been told to
    // begin before the first can end.
    eventually("the public one was looked for", || {
        node.log().contains(&format!(" sought by the key account={public} holders="))
    });
    assert!(node.log().contains(&format!("to be sought by the key account={public}")));
    assert!(!node.log().contains(&format!("sought by the key account={secret}")));
    drop((node, open));
}

//! Two at home, each behind a router, who are never there at the same time, and a host on the street that both can come to.

use crate::support::clock;
use crate::support::cluster::await_text;
use crate::support::node::{TestNode, number, text};
use crate::support::street::{
    Ports, SECOND, address, at_home, await_carried, carrier, homes, resident, settled, way,
};
use crate::support::wires::{Spaces, or_skip};
use crate::support::{PATIENCE, eventually, eventually_within};

/// A host on the machine `second`, which knows the carrier.
fn host(spaces: &Spaces, open: &TestNode) -> TestNode {
    let mut host = settled(spaces, "second", SECOND, &["--host", "--bootstrap", &address(open, "tcp")]);
    host.start();
    host
}

/// Asks the host to hold the author's account, which it has let in.
fn ask(author: &TestNode, host: &TestNode) {
    let token = text(&host.one(&["pin", "token", "new"]), "token");
    let asked = author.one(&["pin", "ask", &host.invite(), "--token", &token]);
    assert_eq!(text(&asked, "state"), "held", "{asked}");
}

fn await_held(host: &TestNode, posts: u64) {
    let held = |pin: &serde_json::Value| pin["posts"] == posts;
    eventually("the host has the posts", || host.cli(&["pin", "list"]).first().is_some_and(held));
}

/// Where an account has said more than thrice within a minute where it is, that is looked at in the next.
fn await_joined(node: &TestNode, other: &TestNode) {
    eventually_within(2 * PATIENCE, "they are joined", || way(node, other));
}

#[test]
fn two_who_are_never_there_together_meet_through_a_host() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("two_who_are_never_there_together", made) else { return };
    let open = carrier(&spaces, None);
    let host = host(&spaces, &open);
    let mut author = at_home(&spaces, "a", &open);
    let picture = author.scratch().join("door.png");
    image::RgbImage::new(40, 30).save(&picture).unwrap();
    let picture = picture.to_str().unwrap();
    author.cli(&["post", "from the one who sleeps", "--attach", picture, "--alt", "A door"]);
    ask(&author, &host);
    await_held(&host, 1);
    let files = |node: &TestNode| number(node.cli(&["storage"]).last().unwrap(), "others_files");
    eventually("the picture is there too", || files(&host) != 0);
    let (invite, before) = (author.invite(), author.ready()["peer_id"].clone());
    author.stop();

    let mut reader = at_home(&spaces, "b", &open);
    reader.cli(&["follow", &invite]);
    await_text(&reader, "from the one who sleeps");
    let cid = text(&reader.timeline()[0]["attachments"][0], "cid");
    reader.cli(&["media", "get", &cid, reader.scratch().join("got.png").to_str().unwrap()]);
    reader.stop();

    // The author's node comes back under another name, which neither knows yet.
    author.cli(&["id", "renew"]);
    author.start();
    assert_ne!(author.ready()["peer_id"], before);
    author.post("under another name");
    await_held(&host, 2);
    author.stop();
    reader.start();
    await_text(&reader, "under another name");

    // Of whom it has heard only from the host, it finds the node as well.
    author.start();
    await_carried(&author);
    await_joined(&reader, &author);
    drop((author, reader, host, open));
}

#[test]
fn clocks_that_are_wrong_by_a_year_keep_nobody_from_a_host_or_from_each_other() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("clocks_that_are_wrong_by_a_year", made) else { return };
    let open = carrier(&spaces, None);
    let mut host = host(&spaces, &open);
    let by = address(&open, "tcp");
    let arguments = ["--no-mdns", "--bootstrap", &by];
    let [mut early, late] = [("a", -365), ("b", 365)].map(|(name, days)| {
        let mut node = resident(&spaces, name, &arguments);
        clock::set(&mut node, days);
        node.start();
        node
    });
    // A node that is ahead is carried by nobody: by its clock each promise to do so has expired.
    await_carried(&early);
    early.post("from last year");
    ask(&early, &host);
    await_held(&host, 1);
    let invite = early.invite();
    early.stop();
    late.cli(&["follow", &invite]);
    await_text(&late, "from last year");
    late.post("from next year");
    // The log that comes from the host says where the author is.
    early.start();
    await_carried(&early);
    await_joined(&late, &early);
    early.cli(&["follow", &late.account()]);
    await_text(&early, "from next year");
    host.stop();
    early.post("without the host");
    await_text(&late, "without the host");
    for node in [&early, &late] {
        node.verify();
    }
    drop((early, late, host, open));
}

//! Starting, stopping, and what commands say with and without the node.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

#[test]
fn a_fresh_start_makes_an_account_and_stops_within_two_seconds() {
    let mut node = TestNode::with_arguments("fresh", &["--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]);
    let ready = node.start();
    assert!(text(&ready, "account").starts_with("did:key:z6Mk"), "{ready}");
    let peer = text(&ready, "peer_id");
    let address = node.address();
    assert!(
        address.starts_with("/ip4/127.0.0.1/tcp/") && address.ends_with(&format!("/p2p/{peer}")),
        "{address}"
    );
    assert!(!address.contains("/tcp/0/"), "ready came before the port: {address}");

    let id = node.one(&["id"]);
    assert_eq!(id["account"], ready["account"]);
    assert_eq!(id["peer_id"], ready["peer_id"]);
    assert_eq!(id["addresses"], ready["addresses"]);
    let invite = text(&id, "invite");
    let bare = text(&id, "account").replace("did:key:", "");
    assert!(invite.starts_with(&format!("majlis:{bare}?peer=")), "{invite}");
    assert_eq!(id["phrase_unconfirmed"], true);

    assert_eq!(fs::metadata(node.home()).unwrap().permissions().mode() & 0o777, 0o700);
    let mut secrets = vec![node.home().to_owned()];
    while let Some(folder) = secrets.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
            assert_eq!(mode, 0, "others may look into {}", entry.path().display());
            if entry.path().is_dir() {
                secrets.push(entry.path());
            }
        }
    }

    for signal in [Signal::TERM, Signal::INT] {
        let (code, took) = node.stop_with(signal);
        assert_eq!(code, Some(0), "{}", node.log_tail());
        assert!(took < Duration::from_secs(2), "{signal:?}: it took {took:?}");
        let again = node.start();
        assert_eq!(again["account"], ready["account"]);
        assert_eq!(again["peer_id"], ready["peer_id"]);
    }
}

#[test]
fn no_command_runs_the_node_and_says_in_words_who_one_is() {
    let mut node = TestNode::with_arguments("bare", &[]);
    node.set("MAJLIS_NET_MDNS", "false");
    node.set("MAJLIS_NET_LISTEN", "/ip4/127.0.0.1/tcp/0");
    let running = node.background(&[]);
    let ready = running.lines.await_line("ready", |line| line["event"] == "ready");
    let account = text(&ready, "account");
    drop(running);

    let mut command = node.command(&[]);
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    while !said.contains("Ready") {
        assert!(std::io::BufRead::read_line(&mut reader, &mut said).unwrap() > 0, "it ended: {said}");
    }
    for part in [
        &account,
        &node.home().display().to_string(),
        &text(&ready, "invite").split('?').next().unwrap().to_owned(),
    ] {
        assert!(said.contains(part.as_str()), "{part} is not in: {said}");
    }
    assert!(said.lines().count() < 15, "not a few lines: {said}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_port_is_chosen_once() {
    let mut node = TestNode::with_arguments("port", &["--no-mdns"]);
    let port = |node: &TestNode| text(&node.ready()["addresses"], 0).split('/').nth(4).unwrap().to_owned();
    node.start();
    let first = port(&node);
    assert_ne!(first, "0");
    node.restart();
    assert_eq!(port(&node), first, "the default port is not remembered");
    node.stop();
    assert!(text(&node.one(&["id"]), "invite").contains(&first), "the invite of a stopped node is another");
}

#[test]
fn a_second_process_is_told_that_the_home_is_in_use() {
    let mut node = TestNode::started("twice");
    let complaint = node.fails(1, &["run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]);
    assert!(complaint.contains(&node.home().display().to_string()), "{complaint}");
    assert_eq!(node.one(&["status"])["running"], true);
    let id = node.post("said to the running node");
    node.stop();
    assert_eq!(node.one(&["status"])["running"], false);
    assert_eq!(node.one(&["show", &id])["text"], "said to the running node");
    // What a killed node leaves behind is no node.
    node.start();
    node.kill();
    assert_eq!(node.one(&["status"])["running"], false);
    node.start();
    assert_eq!(node.timeline().len(), 1);
}

#[test]
fn exit_codes_and_help_in_every_error() {
    let node = TestNode::new("codes");
    for wrong in
        [&["frobnicate"][..], &["post", "--from"], &["timeline", "--limit", "few"], &["follow", "someone"]]
    {
        node.fails(2, wrong);
    }
    node.fails(2, &["post", "   "]);
    node.fails(2, &["show", "not-an-id"]);
    node.fails(2, &["follow", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnn"]);
    for needs in [&["sync"][..], &["peers"], &["timeline", "--watch"], &["connect", "/ip4/127.0.0.1/tcp/9"]] {
        let complaint = node.fails(1, needs);
        assert!(complaint.contains("majlis"), "it does not say how to start the node: {complaint}");
    }
    let unknown = format!("b{}", "a".repeat(52));
    node.fails(1, &["show", &unknown]);
    node.fails(1, &["delete", &unknown]);
    node.fails(1, &["import", "/nonexistent/file"]);
    node.fails(1, &["post", "--from", "/nonexistent/file"]);
}

#[test]
fn sync_without_a_peer_fails_at_once() {
    let node = TestNode::started("alone");
    let started = std::time::Instant::now();
    node.fails(1, &["sync", "--timeout", "50"]);
    assert!(started.elapsed() < Duration::from_secs(20), "it waited for a peer that is not there");
    assert_eq!(number(&node.one(&["status"]), "peers"), 0);
}

#[test]
fn a_post_comes_from_an_argument_standard_input_or_a_file() {
    let mut node = TestNode::new("ways");
    for running in [false, true] {
        let before = node.timeline().len();
        let posted = node.one(&["post", "--lang", "ar", "السلام عليكم"]);
        assert_eq!(posted["account"], node.account());
        for words in [&["--json", "post"][..], &["--json", "post", "-"]] {
            let outcome = node.run_with(words, Some("two\nlines \u{1f44b}\n"));
            assert_eq!(outcome.code, Some(0), "{outcome:?}");
            let id = text(&outcome.lines()[0], "id");
            assert_eq!(node.one(&["show", &id])["text"], "two\nlines \u{1f44b}");
        }
        let shown = node.one(&["show", &text(&posted, "id")]);
        assert_eq!(shown["text"], "السلام عليكم");
        assert_eq!(shown["lang"], "ar");
        assert_eq!(shown["created_at"], posted["created_at"]);
        assert_eq!(shown["held_by"], 0);
        let seq = number(&posted, "seq");
        assert_eq!(number(&node.one(&["post", "next"]), "seq"), seq + 3);
        eventually("all four are there", || node.timeline().len() == before + 4);
        if !running {
            node.start();
        }
    }
}

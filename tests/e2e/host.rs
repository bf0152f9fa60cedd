//! A host for many: one word turns it on, tokens and quotas say for whom, and its figures are there to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::clock;
use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::http::ask;
use crate::support::node::{TestNode, number, text};

/// Reads figures strictly by their format (`OpenMetrics` 1.0), as far as it is used: families with help and type, samples of
/// whole numbers right behind them, an end.
pub fn figures(node: &TestNode) -> BTreeMap<String, u64> {
    let answer = ask(node, "GET", "/metrics").send().expect(200);
    let kind = answer.header("content-type").unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let body = answer.body.strip_suffix("# EOF\n").expect("it does not end");
    let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
    let (mut family, mut kind) = (String::new(), String::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(families.insert(name.to_owned()), "{name} twice");
            assert!(help.ends_with('.') && !help.ends_with(".."), "{line}");
            name.clone_into(&mut family);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, is) = rest.split_once(' ').unwrap();
            assert!(name == family && ["gauge", "counter"].contains(&is), "{line}");
            is.clone_into(&mut kind);
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let plain = name.split('{').next().unwrap();
            let expected = if kind == "counter" { format!("{family}_total") } else { family.clone() };
            assert_eq!(plain, expected, "{line}");
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
            assert!(plain.starts_with("majlis_") && plain.chars().all(is_name), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    assert!(samples.len() > 40, "{samples:?}");
    samples
}

/// A node that is run as a host, and says where it is also when that is this machine alone.
pub fn host(name: &str) -> TestNode {
    let mut host =
        TestNode::with_arguments(name, &["--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--host"]);
    host.set("MAJLIS_NODE_HINTS", "all");
    host
}

/// Has a host hold a guest's account, with as much room as is set.
pub fn let_in(host: &TestNode, guest: &TestNode) {
    let token = text(&host.one(&["pin", "token", "new"]), "token");
    let held = guest.one(&["pin", "ask", &host.invite(), "--token", &token]);
    assert_eq!(text(&held, "state"), "held", "{held}");
}

/// A file of so many bytes, of its own, and its path.
pub fn file(node: &TestNode, name: &str, bytes: usize) -> String {
    let path = node.scratch().join(name);
    let line = format!("{name} {}\n", node.account());
    fs::write(&path, line.repeat(bytes / line.len() + 1).get(..bytes).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_host_holds_whom_it_has_let_in_and_its_figures_tell() {
    let mut host = host("host");
    host.start();
    let guest = TestNode::started("guest");
    guest.post("hold me");
    let before = figures(&host);
    assert_eq!((before["majlis_pins"], before["majlis_pins_refused_total"]), (0, 0));
    assert_eq!(before["majlis_net_sessions_opened_total"], 0);

    // Who has no token is refused, who has one is held with so much room.
    let refused = guest.outcome(&["pin", "ask", &host.invite()]);
    assert_eq!(
        (refused.code, text(&refused.lines()[0], "state")),
        (Some(1), "refused".to_owned()),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("ask them for a token"), "{refused:?}");
    // A token may begin with anything.
    let refused = guest.fails(1, &["pin", "ask", &host.invite(), "--token", "-guessed"]);
    assert!(refused.contains("the token does not hold there"), "{refused}");
    eventually("the refusal is told", || figures(&host)["majlis_pins_refused_total"] >= 1);
    let token = text(&host.one(&["pin", "token", "new", "--quota", "1MB"]), "token");
    let held = guest.one(&["pin", "ask", &host.invite(), "--token", &token]);
    assert_eq!(text(&held, "state"), "held", "{held}");
    await_text_of(&host, &guest);
    eventually("what is held is told", || {
        let now = figures(&host);
        now["majlis_pins"] == 1 && now["majlis_pins_bytes"] > 0 && now["majlis_pins_asked"] == 1
    });
    let now = figures(&host);
    assert!(now["majlis_peers"] == 1 && now["majlis_net_bytes_in_total"] > 0);
    assert!(now["majlis_pins_bytes"] <= 1_000_000 && now["majlis_pins_quota_bytes"] == 20_000_000_000);
    let pin = host.one(&["pin", "list"]);
    assert_eq!(number(&pin, "quota"), 1_000_000);
    // The same as the command line says.
    let counts = host.one(&["status"])["counts"].clone();
    assert_eq!(number(&counts, "pins"), 1);
    assert_eq!(number(&counts, "pins_refused"), now["majlis_pins_refused_total"]);
    // Figures are for this machine alone.
    ask(&host, "GET", "/metrics").host(Some("host.example")).send().expect(403);
}

/// Waits until the host has the guest's post.
fn await_text_of(host: &TestNode, guest: &TestNode) {
    eventually("the host has the guest's post", || {
        host.timeline_of(&guest.account()).iter().any(|post| post["text"] == "hold me")
    });
}

#[test]
fn a_host_whose_clock_is_a_year_ahead_for_once_lets_nobody_go() {
    let mut host = host("ahead");
    host.start();
    let guest = TestNode::started("guest");
    guest.post("hold me");
    guest.cli(&["post", "with a file", "--attach", &file(&guest, "page.txt", 50_000)]);
    let_in(&host, &guest);
    await_text_of(&host, &guest);
    eventually("the file is there", || figures(&host)["majlis_pins_file_bytes"] == 50_000);
    host.stop();

    let mut ahead = host;
    clock::set(&mut ahead, 365);
    ahead.start();
    // What is held is looked through at the start; files are counted by that alone.
    eventually("it has looked through what it holds", || {
        let now = figures(&ahead);
        now["majlis_pins"] == 0 || now["majlis_pins_file_bytes"] > 0
    });
    assert_eq!(figures(&ahead)["majlis_pins_expired_total"], 0);
    assert_eq!(ahead.timeline_of(&guest.account()).len(), 2);
    ahead.verify();
}

#[test]
fn a_host_that_is_restored_from_a_backup_goes_on_holding_its_guests() {
    let mut host = host("host");
    host.start();
    let (guest, other) = (TestNode::started("guest"), TestNode::started("other"));
    guest.post("hold me");
    let_in(&host, &guest);
    await_text_of(&host, &guest);
    // Who is allowed and has not asked, a token that nobody has used, and a node that the host itself asks.
    host.cli(&["pin", "allow", &other.account()]);
    let token = text(&host.one(&["pin", "token", "new", "--quota", "3MB"]), "token");
    other.cli(&["pin", "allow", &host.account()]);
    host.fails(1, &["pin", "ask", &other.address()]);

    let backup = host.scratch().join("backup.majlis");
    let backup = backup.to_str().unwrap();
    host.cli(&["backup", backup]);
    let phrase = text(&host.one(&["recovery", "show"]), "phrase");
    host.stop();
    let mut again = self::host("again");
    let outcome = again.run_with(&["--json", "restore", backup], Some(&phrase));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let held = again.one(&["pin", "list"]);
    assert_eq!((text(&held, "account"), number(&held, "posts")), (guest.account(), 1), "{held}");
    again.start();
    assert_eq!(again.one(&["pin", "allow"])["account"], other.account().as_str());
    assert!(again.cli(&["pin", "hosts"]).iter().any(|asked| asked["state"] != serde_json::Value::Null));

    // It is another node, so the guest asks there anew, and needs no token.
    let asked = guest.one(&["pin", "ask", &again.invite()]);
    assert_eq!(text(&asked, "state"), "held", "{asked}");
    let late = TestNode::started("late");
    let asked = late.one(&["pin", "ask", &again.invite(), "--token", &token]);
    assert_eq!((text(&asked, "state"), number(&asked, "quota")), ("held".to_owned(), 3_000_000), "{asked}");
    guest.post("hold me longer");
    eventually("it takes what comes", || again.timeline_of(&guest.account()).len() == 2);
    // And serves it while its owner sleeps.
    let invite = guest.invite();
    let mut guest = guest;
    guest.stop();
    let reader = TestNode::started("reader");
    reader.cli(&["connect", &again.address()]);
    reader.cli(&["follow", &invite]);
    await_text(&reader, "hold me longer");
    again.verify();
}

#[test]
fn files_of_a_guest_that_come_at_once_keep_to_its_room() {
    let mut host = host("host");
    host.start();
    let guest = TestNode::started("guest");
    let attach = |name: &str, bytes| guest.cli(&["post", name, "--attach", &file(&guest, name, bytes)]);
    for number in 0..6 {
        attach(&format!("large-{number}.txt"), 400_000);
    }
    let token = text(&host.one(&["pin", "token", "new", "--quota", "1MB"]), "token");
    guest.one(&["pin", "ask", &host.invite(), "--token", &token]);
    eventually("there are as many as fit", || figures(&host)["majlis_pins_file_bytes"] == 800_000);
    attach("small.txt", 20_000);
    eventually("another fits", || figures(&host)["majlis_pins_file_bytes"] == 820_000);
    let pin = host.one(&["pin", "list"]);
    assert!(number(&pin, "used") <= 1_000_000, "{pin}");
    let others = fs::read_dir(host.home().join("blobs/others")).unwrap();
    let files = others.map(|file| file.unwrap()).filter(|file| file.path().extension().is_none());
    let bytes: u64 = files.map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes <= 820_000, "{bytes}");
    assert_eq!(fs::read_dir(host.home().join("blobs/part")).unwrap().count(), 0);
}

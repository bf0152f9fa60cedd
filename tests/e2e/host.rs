//! A host for many: one word turns it on, tokens and quotas say for whom, and its figures are there to be read.

use std::collections::{BTreeMap, BTreeSet};

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

#[test]
fn a_host_holds_whom_it_has_let_in_and_its_figures_tell() {
    let mut host =
        TestNode::with_arguments("host", &["--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--host"]);
    host.set("MAJLIS_NODE_HINTS", "all");
    host.start();
    let guest = TestNode::started("guest");
    guest.post("hold me");
    let before = figures(&host);
    assert_eq!((before["majlis_pins"], before["majlis_pins_refused_total"]), (0, 0));
    assert_eq!(before["majlis_net_sessions_opened_total"], 0);

    // Who has no token is refused, who has one is held with so much room.
    let refused = guest.one(&["pin", "ask", &host.invite()]);
    assert_eq!(text(&refused, "state"), "refused", "{refused}");
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

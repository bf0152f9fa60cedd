//! Strangers who send what nobody should send.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::cluster::{Cluster, await_text};
use crate::support::eventually_within;
use crate::support::node::TestNode;
use crate::support::random::Random;

fn control(node: &TestNode) -> SocketAddr {
    let door: serde_json::Value =
        serde_json::from_slice(&fs::read(node.home().join("control.json")).unwrap()).unwrap();
    door["address"].as_str().unwrap().parse().unwrap()
}

fn doors(node: &TestNode) -> [SocketAddr; 2] {
    [control(node), SocketAddr::from(([127, 0, 0, 1], node.port()))]
}

fn say(to: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    // The node may hang up in the middle, as it should.
    let _ = stream.write_all(bytes);
    stream
}

fn garbage() -> Vec<Vec<u8>> {
    let mut random = Random::new(7);
    let mut all: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nContent-Length: 40\r\n\r\n{\"token\":\"\"}\n{\"request\":\"account_end\"}\n".to_vec(),
        b"{\"token\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n{\"request\":\"id\"}\n".to_vec(),
        b"{\"token\":null}\n".to_vec(),
        b"{}\n[]\n\"\"\nnull\n".to_vec(),
        b"\n\n\n\n".to_vec(),
        vec![b'['; 900],
        vec![b'a'; 1 << 20],
        b"\x13/multistream/1.0.0\n\x07/noise\n".to_vec(),
        b"\x13/multistream/1.0.0\n\x07/noise\n\x00\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec(),
        b"\x13/multistream/1.0.0\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f".to_vec(),
        vec![0xff; 4096],
        vec![0; 4096],
        Vec::new(),
    ];
    all.extend((0..20).map(|_| {
        let len = random.below(3000) as usize;
        random.bytes(len)
    }));
    all
}

#[test]
fn garbage_on_every_socket_changes_nothing() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    for door in doors(author) {
        for bytes in garbage() {
            let stream = say(door, &bytes);
            // Whoever stops talking half-way is no reason to wait.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
    author.post("still here");
    await_text(reader, "still here");
    assert_eq!(author.texts(), ["still here"]);
    author.verify();
}

#[test]
fn the_control_door_tells_a_stranger_nothing() {
    let node = TestNode::started("door");
    for bytes in garbage() {
        let mut stream = say(control(&node), &bytes);
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = Vec::new();
        // A reset is as good as silence.
        let _ = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty(),
            "{:?} got an answer: {}",
            &bytes[..bytes.len().min(60)],
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(node.one(&["status"])["running"], true);
}

#[test]
fn connections_that_say_nothing_do_not_keep_others_out() {
    let cluster = Cluster::started(&["author", "reader"]);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let mut held = Vec::new();
    for door in doors(author) {
        for turn in 0..100 {
            held.push(say(door, if turn % 2 == 0 { b"" } else { b"\x13/multistream/1.0.0\n" }));
        }
    }
    cluster.follow(1, 0);
    author.post("through the crowd");
    await_text(reader, "through the crowd");
    drop(held);
    author.verify();
}

#[test]
fn a_huge_request_is_refused_and_the_node_lives() {
    let node = TestNode::started("huge");
    let door: serde_json::Value =
        serde_json::from_slice(&fs::read(node.home().join("control.json")).unwrap()).unwrap();
    let greeting = format!("{{\"token\":\"{}\"}}\n", door["token"].as_str().unwrap());
    let mut endless = vec![b'x'; 9 << 20];
    endless.push(b'\n');
    let deep = [vec![b'['; 1 << 20], b"\n".to_vec()].concat();
    for request in
        [&endless[..], &deep, b"{\"request\":\"nonsense\"}\n", b"{\"request\":\"post\"}\n", b"\xff\xfe\n"]
    {
        let mut stream = say(control(&node), greeting.as_bytes());
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut welcome = [0; 14];
        stream.read_exact(&mut welcome).unwrap();
        let _ = stream.write_all(request);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains("\"end\":\"ok\""), "{answer}");
    }
    // The longest post there may be, of characters that JSON writes six times as long, fits.
    let longest = "\u{1}".repeat(50_000);
    let posted = node.run_with(&["--json", "post", "-"], Some(&longest));
    assert_eq!(posted.code, Some(0), "{posted:?}");
    assert_eq!(node.texts(), [longest.as_str()]);
    let outcome = node.run_with(&["--json", "post", "-"], Some(&"x".repeat(50_001)));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}

#[test]
fn a_post_cannot_drive_a_terminal() {
    let node = TestNode::new("terminal");
    node.post("\u{1b}[2J\u{1b}]0;owned\u{7} \u{9b}31m \u{202e}txet");
    let outcome = node.run_with(&["timeline"], None);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    for bad in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
        assert!(!outcome.stdout.contains(bad), "{bad:?} reaches the terminal");
    }
}

#[test]
fn a_client_that_goes_away_does_not_stop_what_it_ordered() {
    let node = TestNode::started("leaving");
    let door: serde_json::Value =
        serde_json::from_slice(&fs::read(node.home().join("control.json")).unwrap()).unwrap();
    for turn in 0..20 {
        let mut stream = say(
            control(&node),
            format!("{{\"token\":\"{}\"}}\n", door["token"].as_str().unwrap()).as_bytes(),
        );
        let mut welcome = [0; 14];
        stream.read_exact(&mut welcome).unwrap();
        let request =
            serde_json::json!({ "request": "post", "posts": [{ "text": format!("order {turn}") }] });
        stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    }
    eventually_within(Duration::from_secs(30), "all orders are carried out", || {
        (node.timeline().len() == 20).then_some(())
    });
}

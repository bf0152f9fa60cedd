//! The door for apps and browsers: where it is, whom it answers, what it withstands, and what it says of the owner's
//! decision.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::http::{Answer, ask, connect, door, read_all};
use crate::support::node::{TestNode, text};

fn health(node: &TestNode) -> Answer {
    ask(node, "GET", "/health").send()
}

#[test]
fn the_door_is_where_it_is_wanted_or_nowhere() {
    let mut node = TestNode::new("where");
    // The default is taken, or taken now.
    let taken = TcpListener::bind("127.0.0.1:7411");
    node.set("MAJLIS_HTTP_LISTEN", "127.0.0.1:7411");
    node.start();
    assert_ne!(door(&node), "127.0.0.1:7411");
    assert_eq!(health(&node).expect(200).body, "OK");
    drop(taken);
    let address = door(&node);
    node.stop();
    assert!(std::net::TcpStream::connect(&address).is_err(), "the door is open without a node");

    // What somebody has chosen is used, or said to be taken.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let chosen = other.local_addr().unwrap().to_string();
    let failed = node.fails(1, &["run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", &chosen]);
    assert!(failed.contains(&chosen) && failed.contains("--http"), "{failed}");
    assert!(node.fails(2, &["run", "--http", "everywhere"]).contains("everywhere"));

    let mut none = TestNode::with_arguments("nowhere", &["--no-mdns", "--http", "off"]);
    let ready = none.start();
    assert!(ready["http"].is_null() && ready.as_object().unwrap().contains_key("http"), "{ready}");
    assert!(none.one(&["login"])["http"].is_null());
    none.stop();
}

#[test]
fn only_requests_for_this_node_are_answered() {
    let node = TestNode::started("hosts");
    let port = door(&node).rsplit_once(':').unwrap().1.to_owned();
    for own in ["localhost", "LocalHost", "127.0.0.1", "[::1]"] {
        ask(&node, "GET", "/health").host(Some(own)).send().expect(200);
        ask(&node, "GET", "/health").host(Some(&format!("{own}:{port}"))).send().expect(200);
    }
    let upgrade = |host| {
        let asked = ask(&node, "GET", "/api/v1/streaming").host(host).header("Upgrade", "websocket");
        asked.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for foreign in [Some("evil.example"), Some("localhost.evil.example"), Some("192.0.2.1"), Some(""), None] {
        for path in ["/health", "/api/v1/apps", "/oauth/authorize", "/nothing"] {
            let refused = ask(&node, "GET", path).host(foreign).send();
            assert!([400, 403].contains(&refused.status), "{foreign:?}: {refused:?}");
        }
        assert!([400, 403].contains(&upgrade(foreign).send().status), "{foreign:?}");
    }
    ask(&node, "GET", "/health").header("Host", "evil.example").send().expect(403);
    ask(&node, "GET", "http://evil.example/health").send().expect(403);
    ask(&node, "GET", &format!("http://{}/health", door(&node))).send().expect(200);
}

#[test]
fn apps_on_other_sites_read_what_is_for_them_and_nothing_else() {
    let node = TestNode::started("cors");
    for path in ["/api/v1/apps", "/api/nothing", "/oauth/token", "/oauth/revoke", "/nodeinfo/2.0"] {
        let before = ask(&node, "OPTIONS", path)
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")
            .send();
        assert!(before.status == 204 && before.body.is_empty(), "{path}: {before:?}");
        assert_eq!(before.header("access-control-allow-origin"), Some("*"));
        assert_eq!(before.header("access-control-allow-credentials"), None);
        let allowed = before.header("access-control-allow-headers").unwrap();
        for header in ["authorization", "content-type", "idempotency-key"] {
            assert!(allowed.contains(header), "{allowed}");
        }
        assert!(before.header("access-control-allow-methods").unwrap().contains("DELETE"));
        let answer = ask(&node, "GET", path).header("Origin", "https://app.example").send();
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("Link"));
    }
    for path in ["/oauth/authorize", "/oauth/authorize/", "/metrics", "/health", "/robots.txt", "/nothing"] {
        for method in ["OPTIONS", "GET"] {
            let answer = ask(&node, method, path).header("Origin", "https://app.example").send();
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
        }
    }
}

#[test]
fn what_is_not_there_is_said_as_apps_expect() {
    let node = TestNode::started("answers");
    let nothing = ask(&node, "GET", "/api/v1/nothing?access_token=s3cret").send().expect(404);
    assert_eq!(nothing.json(), json!({"error": "Not Found"}));
    assert_eq!(nothing.header("content-type"), Some("application/json"));
    ask(&node, "PATCH", "/api/v1/apps").send().expect(405).json();
    ask(&node, "GET", "/health/").send().expect(200);
    ask(&node, "GET", "/nodeinfo/2.0/").send().expect(200);
    assert_eq!(ask(&node, "HEAD", "/health").send().expect(200).body, "");
    for header in ["x-content-type-options", "content-security-policy", "referrer-policy"] {
        assert!(nothing.header(header).is_some(), "{header}");
    }

    let links = ask(&node, "GET", "/.well-known/nodeinfo").send().expect(200).json();
    let link = text(&links["links"][0], "href");
    assert_eq!(link, format!("http://{}/nodeinfo/2.0", door(&node)));
    let info = ask(&node, "GET", "/nodeinfo/2.0").send().expect(200).json();
    assert_eq!(
        (&info["software"]["name"], &info["metadata"]["upstream"]["name"]),
        (&json!("majlis"), &json!("mastodon"))
    );
    assert_eq!(info["protocols"], json!([]));
    let figures = ask(&node, "GET", "/metrics").send().expect(200);
    assert!(figures.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(figures.body.contains("\nmajlis_http_answers_total{status=\"4xx\"} 2\n"), "{}", figures.body);
    assert!(!node.log().contains("s3cret"), "a query is in the log");
}

#[test]
fn the_owners_decision_is_in_every_answer() {
    let mut node = TestNode::new("consent");
    node.set("MAJLIS_HTTP_FEED", "true");
    node.start();
    node.cli(&["post", "to be read, not to be learned by heart"]);
    let token = text(&node.one(&["token", "new", "--name", "test", "--scopes", "read"]), "token");
    let said = || {
        let list = ask(&node, "GET", "/api/majlis/v1/apps").token(&token).send().expect(200);
        let page = ask(&node, "GET", "/oauth/authorize").send();
        let of = |answer: &Answer| {
            ["content-usage", "tdm-reservation", "x-robots-tag"]
                .map(|name| answer.header(name).map(str::to_owned).unwrap_or_default())
        };
        let feed = ask(&node, "GET", "/feed.atom").send().expect(200);
        assert_eq!(of(&list), of(&page));
        assert_eq!(of(&list), of(&feed));
        let etag = feed.header("etag").unwrap().to_owned();
        let crawlers = ask(&node, "GET", "/robots.txt").send().expect(200).body;
        (of(&list), crawlers, feed.body, etag)
    };
    let nothing = said();
    assert_eq!(nothing.0, ["", "", ""], "nothing is said for the owner");
    assert!(!nothing.1.contains("Content-Usage") && !nothing.2.contains("<rights>"));

    node.cli(&["usage", "train-ai=n, search=y"]);
    let refused = said();
    assert_eq!(refused.0, ["train-ai=n, search=y", "1", "noai, noimageai"]);
    assert!(refused.1.contains("Content-Usage: train-ai=n, search=y\n"));
    assert!(refused.2.contains("<rights>Content-Usage: train-ai=n, search=y</rights>"), "{}", refused.2);

    node.cli(&["usage", "train-ai=y"]);
    let allowed = said();
    assert_eq!(allowed.0, ["train-ai=y", "", ""]);
    // Wherever it is said, other bytes say it.
    assert!(allowed.1 != refused.1 && allowed.2 != refused.2 && allowed.3 != refused.3);
    assert!(allowed.1 != nothing.1 && allowed.2 != nothing.2 && allowed.3 != nothing.3);
    node.cli(&["usage", "synthetic-content-generation=n"]);
    let intent = said();
    assert_eq!(intent.0[..2], ["", "1"]);
    assert!(intent.2.contains("<rights>Content-Usage: synthetic-content-generation=n</rights>"));
}

#[test]
fn whoever_is_slow_is_cut_off() {
    let node = TestNode::started("slow");
    let started = Instant::now();
    let mut silent = connect(&node);
    let mut head = connect(&node);
    head.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    let mut body = connect(&node);
    body.write_all(b"POST /api/v1/apps HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        .unwrap();
    body.write_all(b"Content-Length: 1000\r\n\r\n{").unwrap();
    let mut idle = connect(&node);
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // A byte now and then does not help.
    for _ in 0..12 {
        std::thread::sleep(Duration::from_secs(1));
        head.write_all(b"x").unwrap();
        body.write_all(b" ").unwrap();
    }
    for stream in [&mut silent, &mut head, &mut idle] {
        read_all(stream);
    }
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    let refused = String::from_utf8_lossy(&read_all(&mut body)).into_owned();
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 408"), "{refused}");
    assert!(started.elapsed() < Duration::from_secs(50), "{:?}", started.elapsed());
    health(&node).expect(200);
}

#[test]
fn noise_and_floods_do_not_hurt() {
    let mut node = TestNode::started("noise");
    let noises: [&[u8]; 7] = [
        b"\0\0\0\0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for noise in noises {
        let mut stream = connect(&node);
        stream.write_all(noise).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let said = read_all(&mut stream);
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&said));
    }
    let mut stream = connect(&node);
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n").unwrap();
    // It may be cut off while it is still at it.
    let _ = stream.write_all(format!("X-Long: {}", "x".repeat(200_000)).as_bytes());
    let said = read_all(&mut stream);
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"));

    // Bodies: too long at once, too long by and by, too deep, no JSON, no form, a file from nobody.
    let long = format!("{{\"client_name\":\"{}\"}}", "x".repeat(2 << 20));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("a{}=1", "[b]".repeat(1_000));
    let many = "a[]=1&".repeat(10_000);
    let file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".to_owned()
        + &"x".repeat(2 << 20)
        + "\r\n--x--\r\n";
    for (kind, body) in [
        ("application/json", long.as_str()),
        ("application/json", &deep),
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/x-www-form-urlencoded", &nested),
        ("application/x-www-form-urlencoded", &many),
        ("application/x-www-form-urlencoded", &format!("a={}", "x".repeat(2 << 20))),
        ("multipart/form-data; boundary=x", &file),
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=x", "no form"),
    ] {
        let refused = ask(&node, "POST", "/api/v1/apps").body(kind, body).send();
        assert!((400..500).contains(&refused.status), "{kind} {}: {refused:?}", &body[..body.len().min(40)]);
    }
    let left = std::fs::read_dir(node.home().join("uploads")).unwrap().count();
    assert_eq!(left, 0, "uploads stay behind");
    health(&node).expect(200);
    assert!(!node.log().contains("panicked"), "{}", node.log_tail());

    // Connections that say nothing do not keep the node from stopping.
    let open: Vec<_> = (0..50).map(|_| connect(&node)).collect();
    let (code, took) = node.stop_with(rustix::process::Signal::TERM);
    assert!(code == Some(0) && took < Duration::from_secs(10), "{code:?} {took:?}");
    drop(open);
}

#[test]
fn strangers_may_ask_so_much_and_the_owner_more() {
    let node = TestNode::started("limits");
    let token = text(&node.one(&["token", "new", "--name", "test", "--scopes", "read"]), "token");
    let guess = |n: usize| ask(&node, "GET", "/api/majlis/v1/apps").token(&format!("guess{n}")).send().status;
    let statuses: Vec<_> = (0..400).map(guess).collect();
    assert!(statuses.starts_with(&[401; 20]), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    ask(&node, "GET", "/api/majlis/v1/apps").token(&token).send().expect(200);
}

//! What comes by itself: streams of the API that apps know, with two people and with clients that misbehave.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use tungstenite::Message;

use crate::support::cluster::{Cluster, await_text};
use crate::support::eventually;
use crate::support::http::{Answer, ask};
use crate::support::node::{TestNode, text};
use crate::support::stream::{Event, Lines, Socket};

/// The code of a WebSocket that is closed as its other side goes away, and as something is not allowed.
const AWAY: u16 = 1001;
const POLICY: u16 = 1008;

fn token_for(node: &TestNode, scopes: &str) -> String {
    text(&node.one(&["token", "new", "--name", "test", "--scopes", scopes]), "token")
}

fn token(node: &TestNode) -> String {
    token_for(node, "read,write,follow")
}

fn send(node: &TestNode, token: &str, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let request = ask(node, method, &format!("/api/v1/{path}")).token(token);
    if method == "GET" { request.query(form).send() } else { request.form(form).send() }
}

fn get(node: &TestNode, token: &str, path: &str) -> Value {
    send(node, token, "GET", path, &[]).expect(200).json()
}

fn post(node: &TestNode, token: &str, words: &str) -> String {
    text(&send(node, token, "POST", "statuses", &[("status", words)]).expect(200).json(), "id")
}

fn content(event: &Event) -> String {
    text(&event.payload, "content")
}

#[test]
fn the_home_timeline_comes_as_it_is_shown() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]];
    let [ours, theirs] = [token(one), token(two)];
    let mut socket = Socket::open(two, &theirs, &["user"]);
    let mut lines = Lines::open(two, &theirs, "user");
    assert_eq!(lines.after("content-type: ").unwrap(), "text/event-stream");
    let mut own = Socket::open(one, &ours, &["user"]);
    // The other's follow may be told first.
    let mut next = |name: &str| {
        loop {
            let (event, same) = (socket.event(), lines.event());
            assert_eq!(
                (&event.name, &event.payload, &event.stream[..]),
                (&same.name, &same.payload, &["user".to_owned()][..])
            );
            if event.payload["type"] != "follow" {
                assert_eq!(event.name, name, "{event:?}");
                return event.payload;
            }
        }
    };

    // A post: there when it is told, and as it is on the timeline.
    let id = post(one, &ours, "صباح الخير #مجلس");
    let update = next("update");
    assert_eq!(update["id"], *id);
    assert_eq!(update, get(two, &theirs, "timelines/home")[0]);
    let mine = own.event();
    assert_eq!((mine.name.as_str(), &mine.payload["id"]), ("update", &json!(id)));

    // New words, a repost, and its end.
    send(one, &ours, "PUT", &format!("statuses/{id}"), &[("status", "مساء الخير")]).expect(200);
    let edited = next("status.update");
    assert!(edited["id"] == *id && text(&edited, "content").contains("مساء"), "{edited}");
    let boost = send(two, &theirs, "POST", &format!("statuses/{id}/reblog"), &[]).expect(200).json();
    let update = next("update");
    assert_eq!((&update["id"], &update["reblog"]["id"]), (&boost["id"], &json!(id)));
    send(two, &theirs, "POST", &format!("statuses/{id}/unreblog"), &[]).expect(200);
    assert_eq!(next("delete").to_string(), text(&boost, "id"));

    // What concerns someone is told to them as their list tells it.
    let name = text(&get(two, &theirs, "accounts/verify_credentials"), "acct");
    let mention = post(one, &ours, &format!("@{name} مرحبا"));
    assert_eq!(next("update")["id"], *mention);
    let told = next("notification");
    assert_eq!((&told["type"], &told["status"]["id"]), (&json!("mention"), &json!(mention)));
    let list = get(two, &theirs, "notifications");
    assert_eq!(list.as_array().unwrap().iter().find(|one| one["id"] == told["id"]), Some(&told));

    // Taken back: a number, not text.
    send(one, &ours, "DELETE", &format!("statuses/{id}"), &[]).expect(200);
    assert_eq!(next("delete"), id.parse::<u64>().unwrap());

    // Whoever is muted, and what a filter hides, do not come; that there is a filter does.
    let account = text(&update["reblog"]["account"], "id");
    send(two, &theirs, "POST", &format!("accounts/{account}/mute"), &[]).expect(200);
    post(one, &ours, "nobody hears this");
    await_there(two, one, "nobody hears this");
    send(two, &theirs, "POST", &format!("accounts/{account}/unmute"), &[]).expect(200);
    two.cli(&["filter", "add", "كرة القدم", "--hide"]);
    assert_eq!(next("filters_changed"), json!({}));
    post(one, &ours, "مباراة كرة القدم الليلة");
    let last = post(one, &ours, "hello again");
    assert_eq!(next("update")["id"], *last);
}

/// Waits until a node holds a post of another, shown or not.
fn await_there(node: &TestNode, author: &TestNode, words: &str) {
    eventually(&format!("{words:?} is there"), || {
        node.timeline_of(&author.account()).iter().any(|post| post["text"] == *words)
    });
}

#[test]
fn streams_are_chosen_and_left() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]];
    let token = token(two);
    let mut socket = Socket::open(two, &token, &["public", "public:local", "public:remote", "public:media"]);
    let list = send(two, &token, "POST", "lists", &[("title", "جيران")]).expect(200).json();
    let list = text(&list, "id");
    two.cli(&["list", "جيران", "--add", &one.account()]);
    socket.say(&json!({ "type": "subscribe", "stream": "hashtag", "tag": "شاي" }));
    socket.say(&json!({ "type": "subscribe", "stream": "hashtag:local", "tag": "شاي" }));
    socket.say(&json!({ "type": "subscribe", "stream": "list", "list": list }));
    socket.say(&json!({ "type": "subscribe", "stream": "direct" }));
    // Asked for twice, told once.
    socket.say(&json!({ "type": "subscribe", "stream": "public" }));
    let mut names = |words: &str, count: usize| {
        let mut names: Vec<_> = (0..count)
            .map(|_| {
                let event = socket.event();
                assert!(event.name == "update" && content(&event).contains(words), "{event:?}");
                event.stream.join(" ")
            })
            .collect();
        names.sort();
        names
    };
    one.post("tea from others #شـاي");
    let list = format!("list {list}");
    assert_eq!(names("tea from others", 4), ["hashtag شاي", &list, "public", "public:remote"]);
    two.post("tea of one's own #شاي");
    assert_eq!(names("own", 4), ["hashtag شاي", "hashtag:local شاي", "public", "public:local"]);
    for stream in ["public", "public:remote"] {
        socket.say(&json!({ "type": "unsubscribe", "stream": stream }));
    }
    socket.say(&json!({ "type": "unsubscribe", "stream": "hashtag", "tag": "شاي" }));
    one.post("more tea #شاي");
    let event = socket.event();
    assert!(event.stream.join(" ") == list && content(&event).contains("more tea"), "{event:?}");
    // Whoever is taken off the list is not told of any more.
    two.cli(&["list", "جيران", "--remove", &one.account()]);
    one.post("not on a list");
    await_text(two, "not on a list");
    two.post("the end");
    let event = socket.event();
    assert!(event.stream == ["public:local"] && content(&event).contains("the end"), "{event:?}");

    // The same addresses as server-sent events, with the token where clients have it.
    let mut lines = Lines::open(two, &token, "hashtag?tag=%D8%B4%D8%A7%D9%8A");
    let mut media = Lines::open(two, &token, "public?only_media=true");
    one.post("plain #شاي");
    assert!(content(&lines.event()).contains("plain"));
    let picture = one.scratch().join("picture.png");
    image::RgbImage::new(8, 8).save(&picture).unwrap();
    one.cli(&["post", "a picture", "--attach", &picture.to_string_lossy()]);
    assert!(content(&media.event()).contains("a picture"));
}

#[test]
fn a_stream_is_for_whoever_may_read() {
    let node = TestNode::started("owner");
    let (token, stranger) = (token(&node), token_for(&node, "read:accounts"));
    let told = token_for(&node, "read:notifications");
    let refused = |query: &str, headers: &[(&str, &str)]| Socket::ask(&node, query, headers).err();
    assert_eq!(refused("?stream=user", &[]), Some(401));
    assert_eq!(refused("?stream=user&access_token=wrong", &[]), Some(401));
    assert_eq!(refused("", &[("Sec-WebSocket-Protocol", "wrong")]), Some(401));
    assert_eq!(refused(&format!("?access_token={stranger}"), &[]), Some(403));
    assert_eq!(refused(&format!("?access_token={token}"), &[("Host", "evil.example")]), Some(403));
    let to = ask(&node, "GET", "/api/v1/streaming").token(&token).send();
    assert!(to.expect(400).json()["error"].as_str().unwrap().contains("WebSocket"));
    assert_eq!(ask(&node, "GET", "/api/v1/streaming/health").send().expect(200).body, "OK");
    for (path, status) in [("user", 401), ("public", 401), ("list?list=1", 401)] {
        ask(&node, "GET", &format!("/api/v1/streaming/{path}")).send().expect(status);
    }
    for (path, token, status) in [
        ("user", &stranger, 403),
        ("user", &told, 403),
        ("list?list=1", &token, 404),
        ("list", &token, 400),
        ("hashtag", &token, 400),
        ("nothing", &token, 404),
    ] {
        let answer = ask(&node, "GET", &format!("/api/v1/streaming/{path}")).token(token).send();
        assert!(answer.expect(status).json()["error"].is_string());
    }

    // Each way in which clients show their token.
    let bearer = format!("Bearer {token}");
    let mut by_header = Socket::ask(&node, "?stream=user", &[("Authorization", &bearer)]).unwrap().0;
    let mut by_query = Socket::ask(&node, &format!("?stream=user&access_token={token}"), &[]).unwrap().0;
    let (mut by_protocol, answer) =
        Socket::ask(&node, "?stream=user", &[("Sec-WebSocket-Protocol", &token)]).unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], *token);
    node.post("سلام");
    for socket in [&mut by_header, &mut by_query, &mut by_protocol] {
        assert!(content(&socket.event()).contains("سلام"));
    }

    // What is wrong with a message is said, and the connection goes on.
    let mut socket = Socket::open(&node, &told, &["user:notification"]);
    for (message, status) in [
        (json!({ "type": "subscribe", "stream": "user" }), 403),
        (json!({ "type": "subscribe", "stream": "nothing" }), 400),
        (json!({ "type": "subscribe", "stream": "list", "list": "1" }), 404),
        (json!({ "type": "subscribe", "stream": "list", "list": "x" }), 400),
        (json!({ "type": "subscribe", "stream": "hashtag", "tag": null }), 400),
        (json!({ "type": "sing" }), 400),
        (json!([]), 400),
    ] {
        socket.say(&message);
        let answer = socket.next();
        assert!(answer["status"] == status && answer["error"].is_string(), "{message}: {answer}");
    }
    let (mut wrong, _) = Socket::ask(&node, "?stream=nothing", &[("Authorization", &bearer)]).unwrap();
    assert_eq!(wrong.next()["status"], 400);
    for message in [Message::text("{"), Message::text("سلام"), Message::binary(vec![0, 159])] {
        wrong.send(message);
        assert_eq!(wrong.next()["status"], 400);
    }
    wrong.say(&json!({ "type": "subscribe", "stream": "user" }));
    node.post("after all");
    assert!(content(&wrong.event()).contains("after all"));
    wrong.send(Message::text(" ".repeat(10_000)));
    wrong.end();
}

#[test]
fn a_stream_says_what_the_owner_allows() {
    let node = TestNode::started("owner");
    let token = token(&node);
    node.cli(&["usage", "train-ai=n"]);
    let mut lines = Lines::open(&node, &token, "user");
    let mut head = Vec::new();
    while let Some(line) = lines.line().filter(|line| !line.is_empty()) {
        head.push(line.to_ascii_lowercase());
    }
    for header in ["content-usage: train-ai=n", "tdm-reservation: 1", "access-control-allow-origin: *"] {
        assert!(head.iter().any(|line| line == header), "{header}: {head:?}");
    }
    assert_eq!(lines.after(":").as_deref(), Some(")"));
    assert_eq!(lines.after(":").as_deref(), Some("thump"), "it is said that the stream is still there");
}

#[test]
fn a_stream_ends_with_its_token_and_with_the_node() {
    let mut node = TestNode::started("owner");
    let made = node.one(&["token", "new", "--name", "gone", "--scopes", "read"]);
    let (gone, kept) = (text(&made, "token"), token(&node));
    let [mut ends, mut goes_on] = [&gone, &kept].map(|token| Socket::open(&node, token, &["user"]));
    let [mut lines, mut kept_lines] = [&gone, &kept].map(|token| Lines::open(&node, token, "user"));
    node.cli(&["apps", "revoke", &text(&made, "id")]);
    assert_eq!(ends.end(), Some(POLICY));
    while lines.line().is_some() {}
    assert_eq!(Socket::ask(&node, &format!("?access_token={gone}"), &[]).err(), Some(401));
    node.post("still here");
    assert!(content(&goes_on.event()).contains("still here"));
    assert!(content(&kept_lines.event()).contains("still here"));
    // A connection that says and reads nothing holds nothing up.
    let _silent = Socket::open(&node, &kept, &["user"]);
    let (code, took) = node.stop_with(Signal::TERM);
    assert!(code == Some(0) && took < Duration::from_secs(5), "{code:?} after {took:?}");
    assert_eq!(goes_on.end(), Some(AWAY));
    while kept_lines.line().is_some() {}
}

#[test]
fn whoever_does_not_read_holds_nobody_up() {
    const POSTS: usize = 1_200;
    let node = TestNode::started("owner");
    let token = token(&node);
    let words = "كلمات كثيرة ".repeat(400);
    let file = node.scratch().join("posts.jsonl");
    let posts: String =
        (0..POSTS).map(|n| json!({ "text": format!("{n} {words}") }).to_string() + "\n").collect();
    std::fs::write(&file, posts).unwrap();
    let post = || node.cli(&["post", "--from", &file.to_string_lossy()]);
    // What the same posts take without anybody who does not read, the search index included, is not what is measured.
    post();
    eventually("all are in the index", || {
        let found = node.cli(&["search", &(POSTS - 1).to_string()]);
        found.iter().any(|post| {
            post["text"].as_str().is_some_and(|text| text.starts_with(&format!("{} ", POSTS - 1)))
        })
    });
    let mut deaf = [Socket::open(&node, &token, &["user", "public"]), Socket::open(&node, &token, &["user"])];
    let _deaf_lines = Lines::open(&node, &token, "public");
    let mut hears = Socket::open(&node, &token, &["user"]);
    let before = node.peak_memory();
    let reading = std::thread::spawn(move || {
        for n in 0..POSTS {
            let event = hears.event();
            assert!(content(&event).starts_with(&format!("<p>{n} ")), "{n}: {event:?}");
        }
    });
    post();
    reading.join().unwrap();
    for socket in &mut deaf {
        socket.end();
    }
    let grown = node.peak_memory() - before;
    // All that came is 12 MB for each: what waits for those who do not read is bounded, and is the same for all.
    assert!(grown < 150_000_000, "{grown} bytes");
}

#[test]
fn streams_leave_room_for_others() {
    const MOST: usize = 64;
    let node = TestNode::started("owner");
    let (one, other) = (token(&node), token(&node));
    let mut sockets: Vec<_> = (0..MOST).map(|_| Socket::open(&node, &one, &["user"])).collect();
    let query = format!("?access_token={one}");
    assert_eq!(Socket::ask(&node, &query, &[]).err(), Some(429));
    ask(&node, "GET", "/api/v1/streaming/user").token(&one).send().expect(429);
    sockets.push(Socket::open(&node, &other, &["user"]));
    get(&node, &one, "timelines/home");
    let begun = Instant::now();
    node.post("to all of you");
    for socket in &mut sockets {
        assert!(content(&socket.event()).contains("to all of you"));
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
    // A place is free when its client has left.
    sockets.truncate(MOST - 1);
    eventually("there is room again", || Socket::ask(&node, &query, &[]).is_ok());
    let mut last = sockets.pop().unwrap();
    for n in 1..64 {
        last.say(&json!({ "type": "subscribe", "stream": "hashtag", "tag": format!("tag{n}") }));
    }
    last.say(&json!({ "type": "subscribe", "stream": "public" }));
    assert_eq!(last.next()["status"], 422, "so many on one connection and no more");
}

#[test]
fn the_end_of_a_poll_is_told() {
    let node = TestNode::started("owner");
    let token = token(&node);
    let mut socket = Socket::open(&node, &token, &["user:notification"]);
    let poll = [
        ("status", "شاي أم قهوة؟"),
        ("poll[options][]", "شاي"),
        ("poll[options][]", "قهوة"),
        ("poll[expires_in]", "2"),
    ];
    let post = send(&node, &token, "POST", "statuses", &poll).expect(200).json();
    let event = socket.event();
    assert_eq!((event.name.as_str(), &event.payload["type"]), ("notification", &json!("poll")));
    assert_eq!(event.payload["status"]["id"], post["id"]);
    assert_eq!(event.payload, get(&node, &token, "notifications")[0]);
}

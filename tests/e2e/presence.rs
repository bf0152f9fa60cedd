//! Present while asleep: nodes that hold an account for its owner, found and served from while the owner is off.

use serde_json::Value;

use crate::support::cluster::await_text;
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

/// A node on this machine that publishes its addresses, soon, and dials those that others publish: on loopback.
fn village(name: &str) -> TestNode {
    let mut node = TestNode::new(name);
    node.set("MAJLIS_NODE_HINTS", "all");
    node.set("MAJLIS_NODE_HINTS_SETTLE_MS", "50");
    node
}

fn started(name: &str) -> TestNode {
    let mut node = village(name);
    node.start();
    node
}

/// One that holds the accounts of those whom its owner has invited.
fn host() -> TestNode {
    let mut node = village("host");
    node.set("MAJLIS_NODE_PIN_OFFER", "invited");
    node.start();
    node
}

fn token(host: &TestNode, arguments: &[&str]) -> String {
    text(&host.one(&[&["pin", "token", "new"], arguments].concat()), "token")
}

fn ask(author: &TestNode, host: &TestNode, token: &str) -> Value {
    let outcome = author.outcome(&["pin", "ask", &host.address(), "--token", token]);
    let said = outcome.lines().into_iter().next().unwrap_or_else(|| panic!("{outcome:?}"));
    let is_no = ["refused", "ended"].iter().any(|no| said["state"] == *no);
    assert_eq!(outcome.code, Some(i32::from(is_no)), "{outcome:?}");
    said
}

/// How the author stands with the one host that it has asked.
fn state(author: &TestNode) -> Value {
    author.cli(&["pin", "hosts"]).into_iter().find(|line| line["state"].is_string()).unwrap_or_default()
}

/// What a host holds for others.
fn held(host: &TestNode) -> Vec<Value> {
    host.cli(&["pin", "list"])
}

fn await_held(host: &TestNode, posts: u64) {
    eventually("the host has the posts", || held(host).first().is_some_and(|pin| pin["posts"] == posts));
}

#[test]
fn posts_of_someone_who_was_never_there_at_the_same_time_come_from_a_host() {
    let (mut author, mut host, mut reader) = (started("author"), host(), village("reader"));
    author.cli(&["profile", "--name", "Layla"]);
    let picture = author.scratch().join("door.png");
    image::RgbImage::new(40, 30).save(&picture).unwrap();
    let picture = picture.to_str().unwrap();
    author.cli(&["post", "from the one who sleeps", "--attach", picture, "--alt", "A door"]);
    let asked = ask(&author, &host, &token(&host, &[]));
    assert_eq!((&asked["state"], number(&asked, "quota")), (&Value::from("held"), 1_000_000_000));
    await_held(&host, 1);
    // The author sees who holds what, and the invite says where it is to be had.
    eventually("the author knows", || {
        author
            .cli(&["pin", "hosts"])
            .iter()
            .any(|line| line["host"] == "held" && line["posts"] == 1 && line["of"] == 1)
    });
    assert_eq!(author.one(&["status"])["hosts"], 1);
    let invite = author.invite();
    assert!(invite.contains(host.ready()["peer_id"].as_str().unwrap()), "{invite}");
    let files = |node: &TestNode| node.cli(&["storage"]).last().unwrap()["others_files"].clone();
    eventually("the picture is there too", || files(&host) != 0);
    author.stop();
    host.restart();

    reader.start();
    reader.cli(&["follow", &invite]);
    await_text(&reader, "from the one who sleeps");
    let post = &reader.timeline()[0];
    assert_eq!(post["name"], "Layla");
    let cid = text(&post["attachments"][0], "cid");
    reader.cli(&["media", "get", &cid, reader.scratch().join("got.png").to_str().unwrap()]);
    reader.stop();

    author.start();
    author.post("and later");
    await_held(&host, 2);
    author.stop();
    reader.start();
    await_text(&reader, "and later");
    // What is held for others is not what one reads.
    assert!(host.texts().is_empty() && host.cli(&["following"]).is_empty());
    host.verify();
}

#[test]
fn who_knows_an_old_post_finds_the_host_that_it_names() {
    let (mut author, host, mut reader) = (started("author"), host(), started("reader"));
    reader.cli(&["follow", &author.invite()]);
    author.post("an old post");
    await_text(&reader, "an old post");
    let key = author.account();
    let head = |node: &TestNode| number(&node.followed(&key).unwrap()["head"][0], "seq");
    let (before, known) = (number(&author.verify(), "entries"), head(&reader));
    assert_eq!(ask(&author, &host, &token(&host, &[]))["state"], "held");
    eventually("it is in the log", || number(&author.verify(), "entries") == before + 1);
    eventually("the reader has it", || head(&reader) > known);
    reader.stop();
    author.post("while the reader was away");
    await_held(&host, 2);
    author.stop();
    reader.start();
    await_text(&reader, "while the reader was away");
}

#[test]
fn a_host_holds_whom_it_wants_and_as_long_as_the_owner_wants() {
    let (author, mut host) = (started("author"), village("host"));
    host.start();
    author.post("mine");
    // By default nobody is held; whoever was refused asks again when the owner says so.
    let asked = ask(&author, &host, "");
    assert_eq!(asked["state"], "refused", "{asked}");
    assert!(asked["why"].as_str().unwrap().contains("does not hold accounts for others"));
    host.stop();
    host.set("MAJLIS_NODE_PIN_OFFER", "invited");
    host.start();
    assert!(ask(&author, &host, "")["why"].as_str().unwrap().contains("token"));
    let once = token(&host, &[]);
    assert!(ask(&author, &host, "guessed")["why"].as_str().unwrap().contains("does not hold there"));
    assert!(held(&host).is_empty());
    assert_eq!(ask(&author, &host, &once)["state"], "held");
    await_held(&host, 1);
    let listed = held(&host);
    assert_eq!((&listed[0]["asked"], &listed[0]["own"]), (&true.into(), &false.into()));
    assert!(host.cli(&["pin", "token", "list"]).is_empty(), "it lets in one");
    assert!(host.files_with(once.as_bytes()).is_empty(), "a token is in no file of the host's");
    let other = started("other");
    assert_eq!(ask(&other, &host, &once)["state"], "refused");
    // The list lets in too, and ends nothing when it gets shorter.
    host.cli(&["pin", "allow", &other.account()]);
    assert_eq!(ask(&other, &host, "")["state"], "held");
    host.cli(&["pin", "allow", &other.account(), "--off"]);
    assert_eq!(ask(&other, &host, "")["state"], "held");
    // The host's owner lets go, and the other is told.
    host.cli(&["pin", "remove", &other.account()]);
    eventually("the other is told", || state(&other)["state"] == "ended");

    let told = number(&author.verify(), "entries");
    author.cli(&["pin", "withdraw", host.ready()["peer_id"].as_str().unwrap()]);
    assert!(held(&host).is_empty());
    assert_eq!(state(&author), Value::Null);
    eventually("the log says so", || number(&author.verify(), "entries") == told + 1);
    eventually("nothing is left there", || number(&host.verify(), "entries") <= 1);
    let missing = author.fails(1, &["pin", "withdraw", host.ready()["peer_id"].as_str().unwrap()]);
    assert!(missing.contains("pin hosts"), "{missing}");
}

#[test]
fn an_ask_waits_for_its_host_and_a_withdrawal_too() {
    let (mut author, mut host) = (started("author"), host());
    let (address, invitation) = (host.address(), token(&host, &[]));
    host.stop();
    author.stop();
    // Asked with neither running.
    assert_eq!(author.one(&["pin", "ask", &address, "--token", &invitation])["state"], "asked");
    author.start();
    author.post("kept");
    author.kill();
    author.start();
    host.start();
    await_held(&host, 1);
    eventually("the author is told", || state(&author)["state"] == "held");
    host.kill();
    author.cli(&["pin", "withdraw", host.ready()["peer_id"].as_str().unwrap()]);
    assert_eq!(state(&author)["state"], "withdrawing");
    author.restart();
    host.start();
    eventually("the host is told", || held(&host).is_empty());
    eventually("the author knows", || state(&author) == Value::Null);
}

#[test]
fn a_host_takes_no_more_than_it_has_given_room_for_and_serves_that() {
    let (mut author, host, reader) = (started("author"), host(), started("reader"));
    let long = "a long post, as people write them when they have much to say. ".repeat(40);
    assert_eq!(ask(&author, &host, &token(&host, &["--quota", "30kB"]))["state"], "held");
    let first = author.post(&format!("{long} 0"));
    await_held(&host, 1);
    for number in 1..30 {
        author.post(&format!("{long} {number}"));
    }
    eventually("the author sees that it is full", || state(&author)["state"] == "full");
    let pin = held(&host).remove(0);
    assert_eq!(pin["full"], true);
    assert!(number(&pin, "used") <= 30_000 && number(&pin, "posts") < 15, "{pin}");
    // Room for the others is no concern of those who follow.
    let some = number(&pin, "posts");
    let behind = author.cli(&["pin", "hosts"]).into_iter().find(|line| line["host"] == "full").unwrap();
    assert!(number(&behind, "posts") < 30 && behind["up_to"].is_string(), "{behind}");
    // What is taken back goes there also.
    author.cli(&["delete", &first]);
    eventually("it is gone at the host", || number(&held(&host)[0], "posts") == some - 1);
    let invite = author.invite();
    author.stop();
    reader.cli(&["follow", &invite]);
    eventually("the reader has what the host has", || reader.timeline().len() as u64 == some - 1);
    // Its owner gives it more room.
    host.cli(&["pin", "add", &author_of(&held(&host)), "--quota", "10MB"]);
    author.start();
    eventually("the rest comes", || number(&held(&host)[0], "posts") == 29);
    eventually("the author sees it", || state(&author)["state"] == "held");
    eventually("the reader has all", || reader.timeline().len() == 29);
}

fn author_of(pins: &[Value]) -> String {
    text(&pins[0], "account")
}

#[test]
fn an_account_is_held_without_being_followed_until_the_owner_says_otherwise() {
    let (author, mut keeper) = (started("author"), started("keeper"));
    author.post("held for others");
    keeper.cli(&["connect", &author.address()]);
    let key = author.account();
    assert_eq!(keeper.one(&["pin", "add", &key])["own"], true);
    await_held(&keeper, 1);
    assert!(keeper.texts().is_empty());
    keeper.restart();
    await_held(&keeper, 1);
    // Followed as well it stays when either ends, and goes with the last.
    keeper.cli(&["follow", &key]);
    await_text(&keeper, "held for others");
    keeper.cli(&["unfollow", &key]);
    await_held(&keeper, 1);
    let entries = number(&keeper.verify(), "entries");
    let said = text(&keeper.one(&["pin", "remove", &key]), "message");
    assert!(said.contains("removed") && said.contains("pin add"), "{said}");
    assert!(held(&keeper).is_empty() && number(&keeper.verify(), "entries") < entries);
    assert!(keeper.fails(1, &["pin", "remove", &key]).contains("pin list"));
    assert!(keeper.fails(2, &["pin", "add", "nonsense"]).contains("did:key"));
    assert!(keeper.fails(2, &["pin", "add", &keeper.account()]).contains("pin ask"));
    // Who is blocked is held no longer.
    keeper.cli(&["pin", "add", &key]);
    await_held(&keeper, 1);
    keeper.cli(&["block", &key]);
    assert!(held(&keeper).is_empty());
    assert!(keeper.fails(1, &["pin", "add", &key]).contains("blocked"));
}

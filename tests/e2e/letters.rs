//! What people say to someone who does not follow them: it reaches that person's node, waits there for a decision, and
//! costs little.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

/// The texts that wait for a decision.
fn requests(node: &TestNode) -> Vec<String> {
    node.cli(&["requests"]).iter().map(|post| text(post, "text")).collect()
}

fn kinds(node: &TestNode) -> Vec<String> {
    let told = node.cli(&["notifications"]);
    told.iter().filter_map(|line| Some(line["kind"].as_str()?.to_owned())).collect()
}

fn answer(node: &TestNode, words: &str, to: &str) -> String {
    text(&node.one(&["post", words, "--reply-to", to]), "id")
}

/// Waits until the node has met whom it knows, and nothing is new.
fn sync(node: &TestNode) {
    eventually("it has met somebody", || !node.cli(&["peers"]).is_empty());
    node.cli(&["sync"]);
}

#[test]
fn a_strangers_answer_waits_until_it_is_accepted_and_can_be_taken_back() {
    const SECRET: &str = "an answer that was thought better of: wjqk-3307";
    let mut cluster = Cluster::started(&["host", "stranger"]);
    cluster.follow(1, 0);
    let id = cluster.nodes[0].post("Is anyone there?");
    await_text(&cluster.nodes[1], "Is anyone there?");
    // Written with the node stopped, while the host is away too.
    cluster.nodes[0].stop();
    cluster.nodes[1].stop();
    let first = answer(&cluster.nodes[1], "I am, ‏مرحبا", &id);
    let secret = answer(&cluster.nodes[1], SECRET, &id);
    for node in &mut cluster.nodes {
        node.start();
    }
    let [host, stranger] = &cluster.nodes[..] else { unreachable!() };
    eventually("both answers wait", || requests(host).len() == 2);
    assert_eq!(host.texts(), ["Is anyone there?"]);
    assert_eq!(host.cli(&["thread", &id]).len(), 1, "a stranger's answer is shown unasked");
    // That they follow is told, and that they have said something, once; what it is, is for whoever asks.
    assert_eq!(kinds(host), ["request", "follow"]);
    let told = host.run_with(&["notifications"], None).stdout;
    assert!(told.contains("wants to talk to you") && told.contains("`majlis requests`"), "{told}");
    assert!(!told.contains(SECRET) && !told.contains("I am"), "a stranger's words are shown unasked: {told}");
    // Its author takes one back, and changes the other.
    assert!(!host.files_with(SECRET.as_bytes()).is_empty(), "this test cannot find text on the disk");
    stranger.cli(&["delete", &secret]);
    stranger.cli(&["edit", &first, "I am, and so is my sister"]);
    eventually("it is taken back, and the other changed", || requests(host) == ["I am, and so is my sister"]);
    host.cli(&["requests", "accept", &first]);
    assert!(requests(host).is_empty());
    assert_eq!(host.cli(&["thread", &id]).len(), 2);
    assert_eq!(kinds(host), ["reply", "follow"]);
    // From now on without asking.
    answer(stranger, "Come and see", &id);
    eventually("the next is shown at once", || host.cli(&["thread", &id]).len() == 3);
    stranger.cli(&["react", &id, "🎉"]);
    eventually("a reaction comes too", || host.one(&["show", &id])["reactions"]["🎉"] == 1);
    assert!(host.fails(1, &["requests", "dismiss", &first]).contains("shown already"));
    host.verify();
}

#[test]
fn whoever_is_followed_by_a_friend_is_no_stranger() {
    let cluster = Cluster::started(&["host", "friend", "friend-of-friend"]);
    cluster.follow(0, 1);
    cluster.follow(1, 2);
    cluster.follow(2, 0);
    let [host, _, other] = &cluster.nodes[..] else { unreachable!() };
    let id = host.post("Guests are welcome");
    await_text(other, "Guests are welcome");
    eventually("the friend's follow is known", || !host.cli(&["following"]).is_empty());
    answer(other, "Here I come", &id);
    eventually("it is shown without asking", || host.cli(&["thread", &id]).len() == 2);
    assert!(requests(host).is_empty());
    let mention = format!("Thank you, @{}", host.account());
    other.post(&mention);
    eventually("so is a mention", || kinds(host) == ["mention", "reply", "follow"]);
    assert_eq!(host.cli(&["timeline", "--mentions"]).len(), 2);
}

#[test]
fn a_reader_sees_the_whole_conversation_and_is_told_what_is_not_fetched() {
    const MANY: usize = 70;
    let mut cluster = Cluster::started(&["host", "guest", "reader"]);
    cluster.follow(0, 1);
    cluster.follow(1, 0);
    cluster.follow(2, 0);
    let [host, guest, reader] = &mut cluster.nodes[..] else { unreachable!() };
    let id = host.post("What do you read?");
    for node in [&*guest, &*reader] {
        await_text(node, "What do you read?");
    }
    let said = answer(guest, "Poems", &id);
    let deeper = answer(guest, "and letters", &said);
    eventually("the host has both", || host.cli(&["thread", &id]).len() == 3);
    // The reader does not follow the guest, and does not hold what the guest says.
    let texts = |node: &TestNode| -> Vec<String> {
        node.cli(&["thread", &id]).iter().map(|post| text(post, "text")).collect()
    };
    assert_eq!(texts(reader), ["What do you read?", "Poems", "and letters"]);
    assert_eq!(reader.cli(&["thread", &id])[0]["missing_replies"], 0);
    assert_eq!(reader.timeline().len(), 1);
    assert!(reader.outcome(&["show", &deeper]).code != Some(0), "what was fetched is kept");
    // More than one answer carries.
    let mut lines = String::new();
    for number in 0..MANY {
        writeln!(lines, "{{\"text\":\"poem {number}\",\"reply_to\":\"{id}\"}}").unwrap();
    }
    let file = guest.scratch().join("poems.jsonl");
    std::fs::write(&file, lines).unwrap();
    guest.cli(&["post", "--from", file.to_str().unwrap()]);
    eventually("the host has all", || host.cli(&["thread", &id]).len() == MANY + 3);
    let thread = reader.cli(&["thread", &id]);
    assert_eq!(thread.len(), 64);
    assert_eq!(number(&thread[0], "missing_replies"), MANY as u64 + 3 - 64);
    // A reader without a network shows what it holds.
    reader.stop();
    assert_eq!(texts(reader), ["What do you read?"]);
    reader.verify();
}

/// SYNC-44. What the host asks for later goes on in the next session; that it goes on in the same one is for a clock
/// that a test can turn (`protocol/tests/vectors/behaviour.rs`).
#[test]
fn letters_that_come_too_fast_are_not_lost() {
    const MANY: usize = 100;
    let mut cluster = Cluster::started(&["host", "stranger"]);
    cluster.follow(1, 0);
    let [host, stranger] = &mut cluster.nodes[..] else { unreachable!() };
    let id = host.post("Tell me everything");
    await_text(stranger, "Tell me everything");
    let first = answer(stranger, "Where to begin", &id);
    eventually("it waits", || requests(host) == ["Where to begin"]);
    host.cli(&["requests", "accept", &first]);
    let before = number(&host.one(&["status"]), "entries") as usize;
    let mut lines = String::new();
    for number in 0..MANY {
        writeln!(lines, "{{\"text\":\"chapter {number}\",\"reply_to\":\"{id}\"}}").unwrap();
    }
    let file = stranger.scratch().join("chapters.jsonl");
    std::fs::write(&file, lines).unwrap();
    stranger.cli(&["post", "--from", file.to_str().unwrap()]);
    // A thread would ask the stranger for what did not come.
    let came = |node: &TestNode| number(&node.one(&["status"]), "entries") as usize - before;
    eventually("as many came as may in a minute", || came(host) >= 60);
    stranger.restart();
    eventually("the others come in the next session", || came(host) == MANY);
    host.verify();
}

/// SYNC-48.
#[test]
fn nobody_is_asked_about_someone_who_is_followed_privately() {
    let cluster = Cluster::started(&["host", "guest", "reader"]);
    cluster.follow(0, 1);
    cluster.follow(1, 0);
    let [host, guest, reader] = &cluster.nodes[..] else { unreachable!() };
    let id = host.post("Between us");
    await_text(guest, "Between us");
    answer(guest, "Of course", &id);
    eventually("the host has it", || host.cli(&["thread", &id]).len() == 2);
    // The guest, who could answer, is met openly; the host is followed privately and is away when the thread is read.
    reader.cli(&["connect", &guest.address()]);
    reader.cli(&["follow", &host.invite(), "--private"]);
    await_text(reader, "Between us");
    eventually("the host itself is asked", || reader.cli(&["thread", &id]).len() == 2);
    let [mut host, _guest, reader] =
        <[TestNode; 3]>::try_from(cluster.nodes).unwrap_or_else(|_| unreachable!());
    host.stop();
    eventually("the host is gone", || reader.cli(&["peers"]).len() == 1);
    assert_eq!(reader.cli(&["thread", &id]).len(), 1, "the guest was told of a private follow");
}

#[test]
fn blocking_a_stranger_forgets_what_they_have_handed_over() {
    const SECRET: &str = "an unwanted answer: hfkx-9920";
    let mut cluster = Cluster::started(&["host", "stranger"]);
    cluster.follow(1, 0);
    let [host, stranger] = &mut cluster.nodes[..] else { unreachable!() };
    let id = host.post("Good evening");
    await_text(stranger, "Good evening");
    let said = answer(stranger, SECRET, &id);
    eventually("it waits", || requests(host) == [SECRET]);
    // Its words are in the index too.
    assert!(host.cli(&["search", "unwanted"]).is_empty(), "a stranger's answer is found");
    assert!(!host.files_with(SECRET.as_bytes()).is_empty(), "this test cannot find text on the disk");
    host.cli(&["block", &stranger.account()]);
    assert!(requests(host).is_empty());
    host.fails(1, &["show", &said]);
    assert_eq!(host.cli(&["thread", &id]).len(), 1);
    // The bytes go with the next look, which is at the start.
    host.restart();
    eventually("the words are gone from the disk", || {
        host.files_with(SECRET.as_bytes()).is_empty() && host.files_with(b"hfkx").is_empty()
    });
    // Nothing more of theirs is taken: neither something new, nor a change of what was forgotten.
    let held = number(&host.one(&["status"]), "entries");
    let again = answer(stranger, "And another: hfkx-9921", &id);
    stranger.cli(&["edit", &said, "Once more: hfkx-9922"]);
    stranger.cli(&["react", &id]);
    sync(stranger);
    host.post("Still here");
    await_text(stranger, "Still here");
    stranger.restart();
    sync(stranger);
    for gone in [&said, &again] {
        host.fails(1, &["show", gone]);
    }
    assert!(requests(host).is_empty() && kinds(host).is_empty());
    assert_eq!(number(&host.one(&["status"]), "entries"), held + 1, "more than the own post was taken");
    assert!(host.files_with(b"hfkx").is_empty(), "what a blocked account says is on the disk");
    host.verify();
}

/// SYNC-45.
#[test]
fn a_strangers_flood_is_bounded_and_served_to_nobody() {
    const FLOOD: usize = 10_000;
    /// Bytes that it may take on the host's disk, and of its memory.
    const MAX_DISK: u64 = 2 << 20;
    const MAX_MEMORY: u64 = 32 << 20;
    let mut cluster = Cluster::started(&["host", "flooder"]);
    cluster.follow(1, 0);
    let id = cluster.nodes[0].post("Speak, friend");
    await_text(&cluster.nodes[1], "Speak, friend");
    let status = cluster.nodes[0].one(&["status"]);
    let (before, disk) = (number(&status, "entries"), number(&status, "disk_bytes"));
    let memory = cluster.nodes[0].peak_memory();
    let mut lines = String::new();
    for number in 0..FLOOD {
        writeln!(lines, "{{\"text\":\"flood {number}\",\"reply_to\":\"{id}\"}}").unwrap();
    }
    let [host, flooder] = &mut cluster.nodes[..] else { unreachable!() };
    let file = flooder.scratch().join("flood.jsonl");
    std::fs::write(&file, lines).unwrap();
    flooder.cli(&["post", "--from", file.to_str().unwrap()]);
    // 32 in all, of which the first says that they follow the host.
    eventually("some of it came", || requests(host).len() == 31);
    host.post("still here");
    await_text(flooder, "still here");
    // One decision for all of it.
    let asked: Value = host.cli(&["requests"]).remove(0);
    // Who follows the flooder and knows the host alone gets nothing of it.
    let mut reader = TestNode::new("reader");
    reader.start();
    let key = flooder.account();
    flooder.stop();
    let status = host.one(&["status"]);
    let held = number(&status, "entries") - before;
    assert!(held <= 34, "{held} entries of a flood are held");
    let disk = number(&status, "disk_bytes").saturating_sub(disk);
    assert!(disk <= MAX_DISK, "a flood takes {disk} bytes on the disk");
    let memory = host.peak_memory() - memory;
    assert!(memory <= MAX_MEMORY, "a flood takes {memory} bytes of memory");
    assert_eq!(requests(host).len(), 31, "a flood has more attention than one may");
    let told = host.cli(&["notifications"]);
    assert_eq!(
        (told.len(), kinds(host), number(&told[2], "unread")),
        (3, vec!["request".into(), "follow".into()], 2)
    );
    reader.cli(&["follow", &host.invite()]);
    reader.cli(&["follow", &key]);
    await_posts(&reader, 2, "the host's posts");
    assert!(reader.timeline_of(&key).is_empty(), "a stranger's entries were served");
    host.cli(&["requests", "dismiss", &text(&asked, "id")]);
    assert!(requests(host).is_empty());
    assert!(host.outcome(&["show", &text(&asked, "id")]).code != Some(0), "it is still kept");
    assert!(number(&host.one(&["status"]), "entries") <= before + 1);
    // Blocked, they say nothing more.
    host.cli(&["block", &key]);
    flooder.start();
    let after = flooder.one(&["post", "and again", "--reply-to", &id]);
    flooder.cli(&["sync"]);
    assert!(host.outcome(&["show", &text(&after, "id")]).code != Some(0));
    host.verify();
}

//! What people do with each other's posts: conversations, reactions, polls, edits, and what they keep to themselves.

use serde_json::Value;

use crate::support::cluster::{Cluster, await_posts, await_text};
use crate::support::eventually;
use crate::support::node::{TestNode, number, text};

fn shown(node: &TestNode, id: &str) -> Value {
    node.one(&["show", id])
}

fn texts(posts: &[Value]) -> Vec<String> {
    posts.iter().filter(|post| post.get("text").is_some()).map(|post| text(post, "text")).collect()
}

fn timeline(node: &TestNode, arguments: &[&str]) -> Vec<Value> {
    node.cli(&[&["timeline"], arguments].concat())
}

#[test]
fn a_conversation_among_five_of_whom_two_were_offline() {
    let mut cluster = Cluster::started(&["host", "guest", "third", "fourth", "late"]);
    cluster.follow_all();
    let nodes = &mut cluster.nodes;
    let root = nodes[0].post("Who comes to the sitting room?");
    for node in nodes.iter() {
        await_text(node, "Who comes to the sitting room?");
    }
    nodes[3].stop();
    nodes[4].stop();
    // Offline, one answers what they have; the others go on talking.
    let early = text(&nodes[3].one(&["post", "I do, later", "--reply-to", &root]), "id");
    let yes = text(&nodes[1].one(&["post", "I do", "--reply-to", &root]), "id");
    await_text(&nodes[2], "I do");
    let also = text(&nodes[2].one(&["post", "So do I", "--reply-to", &yes]), "id");
    await_text(&nodes[0], "So do I");
    let last = text(&nodes[0].one(&["post", "أهلا وسهلا", "--lang", "ar", "--reply-to", &also]), "id");
    nodes[3].start();
    nodes[4].start();
    for node in nodes.iter() {
        eventually("the whole conversation is there", || node.outcome(&["thread", &last]).lines().len() == 5);
        let thread = node.cli(&["thread", &early]);
        let ids: Vec<_> = thread.iter().map(|post| text(post, "id")).collect();
        // Depth first; the offline answer was the first of those to the root.
        assert_eq!(ids, [&root, &early, &yes, &also, &last].map(String::clone));
        let depths: Vec<_> = thread.iter().map(|post| number(post, "depth")).collect();
        assert_eq!(depths, [0, 1, 1, 2, 3]);
        assert_eq!(text(&thread[4]["root"], "id"), root);
        assert_eq!(text(&thread[4]["reply_to"], "id"), also);
        assert_eq!(number(&shown(node, &root), "replies"), 2);
    }
    // Who was answered is told, also of what came late.
    let told = nodes[0].cli(&["notifications", "--unread", "--mark-read"]);
    let kinds: Vec<_> = told.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "reply").count(), 2);
    assert_eq!(kinds.iter().filter(|kind| **kind == "follow").count(), 4);
    assert_eq!(number(told.last().unwrap(), "unread"), 6);
    assert_eq!(number(nodes[0].cli(&["notifications", "--unread"]).last().unwrap(), "unread"), 0);
    // Everyone is followed here, so every answer is on the home timeline; of one who follows few, not.
    let mut stranger = TestNode::new("stranger");
    stranger.start();
    stranger.cli(&["follow", &nodes[2].invite()]);
    eventually("the stranger holds the answer", || timeline(&stranger, &["--all"]).len() == 1);
    assert!(timeline(&stranger, &[]).is_empty(), "an answer to someone not followed is on the home timeline");
    // The rest of the conversation comes from the one who follows all the others.
    assert_eq!(stranger.cli(&["thread", &also]).len(), 5);
    stranger.stop();
    let thread = stranger.cli(&["thread", &also]);
    let missing: Vec<_> = thread.iter().filter_map(|line| line["missing"].as_str()).collect();
    assert_eq!(missing, [root.as_str(), yes.as_str()], "what is not held is said");
    assert_eq!(texts(&thread), ["So do I"]);
    for node in &cluster.nodes {
        node.verify();
    }
}

#[test]
fn reactions_and_reposts_are_counted_everywhere_and_can_be_ended() {
    let cluster = Cluster::started(&["author", "fan", "reader"]);
    cluster.follow_all();
    let [author, fan, reader] = &cluster.nodes[..] else { unreachable!() };
    let id = author.post("Look at this");
    for node in [fan, reader] {
        await_text(node, "Look at this");
    }
    fan.cli(&["react", &id]);
    fan.cli(&["react", &id, "❤️"]);
    fan.cli(&["react", &id, "🎉"]);
    reader.cli(&["react", &id, "🎉"]);
    eventually("all reactions are there", || {
        let reactions = &shown(author, &id)["reactions"];
        reactions["♥"] == 1 && reactions["🎉"] == 2
    });
    assert_eq!(shown(fan, &id)["my_reactions"].as_array().unwrap().len(), 2);
    fan.cli(&["react", &id, "🎉", "--off"]);
    eventually("one was ended", || shown(reader, &id)["reactions"]["🎉"] == 1);
    assert!(fan.fails(2, &["react", &id, "no emoji"]).contains("not an emoji"));
    // Shown by a friend to one who does not follow the author.
    let mut friend = TestNode::new("friend");
    friend.start();
    friend.cli(&["follow", &fan.invite()]);
    friend.cli(&["follow", &author.invite()]);
    await_text(&friend, "Look at this");
    fan.cli(&["repost", &id]);
    eventually("the repost is on the timeline, once", || {
        let posts = friend.timeline();
        let shown: Vec<_> = posts.iter().filter(|post| text(post, "id") == id).collect();
        shown.len() == 1 && shown[0]["repost"]["account"] == fan.account()
    });
    eventually("it is counted", || number(&shown(author, &id), "reposts") == 1);
    let kinds: Vec<String> = author
        .cli(&["notifications"])
        .iter()
        .filter_map(|line| Some(line["kind"].as_str()?.to_owned()))
        .filter(|kind| kind != "follow")
        .collect();
    assert_eq!(kinds, ["repost", "reaction", "reaction"]);
    author.cli(&["notifications", "--off", "reaction"]);
    assert!(author.cli(&["notifications"]).iter().all(|line| line["kind"] != "reaction"));
    fan.cli(&["repost", &id, "--off"]);
    eventually("it is shown no longer", || friend.timeline().iter().all(|post| post.get("repost").is_none()));
}

#[test]
fn a_poll_across_a_partition_is_counted_the_same_by_all() {
    let mut cluster = Cluster::started(&["host", "one", "other"]);
    cluster.follow_all();
    let nodes = &mut cluster.nodes;
    let asked = nodes[0].one(&["post", "Tea or coffee?", "--closes", "1h", "--poll", "tea", "coffee"]);
    let id = text(&asked, "id");
    for node in &nodes[1..] {
        await_text(node, "Tea or coffee?");
    }
    nodes[2].stop();
    nodes[1].cli(&["vote", &id, "tea"]);
    nodes[2].cli(&["vote", &id, "1"]);
    nodes[2].cli(&["vote", &id, "2"]);
    assert!(nodes[2].fails(2, &["vote", &id, "1", "2"]).contains("one answer"));
    assert!(nodes[2].fails(2, &["vote", &id, "water"]).contains("no answer"));
    nodes[2].start();
    for node in nodes.iter() {
        eventually("both votes are counted, one each", || {
            let poll = &shown(node, &id)["poll"];
            poll["voters"] == 2 && poll["options"][0]["votes"] == 1 && poll["options"][1]["votes"] == 1
        });
    }
    assert_eq!(shown(&nodes[2], &id)["poll"]["mine"], serde_json::json!([2]));
    // New words leave the poll as it is.
    nodes[0].cli(&["edit", &id, "Tea or coffee, tomorrow?"]);
    nodes[1].cli(&["vote", &id, "--off"]);
    for node in nodes.iter() {
        eventually("the vote was withdrawn, and the words are new", || {
            let post = shown(node, &id);
            post["poll"]["voters"] == 1 && post["text"] == "Tea or coffee, tomorrow?"
        });
    }
}

#[test]
fn in_an_edit_war_the_last_edit_wins_everywhere_and_taking_back_takes_all() {
    const SECRET: &str = "the words of an edit that nobody shall find: qvxz-1192";
    let mut cluster = Cluster::started(&["author", "reader"]);
    for node in &mut cluster.nodes {
        node.stop();
        node.set("MAJLIS_STORE_ERASE_AFTER_MS", "0");
        node.start();
    }
    cluster.follow(1, 0);
    let [author, reader] = &mut cluster.nodes[..] else { unreachable!() };
    let id = author.post("teh first #one");
    await_text(reader, "teh first #one");
    reader.stop();
    author.cli(&["edit", &id, SECRET]);
    author.cli(&["edit", &id, "the third #three"]);
    reader.start();
    eventually("the reader has the last", || shown(reader, &id)["text"] == "the third #three");
    let history = texts(&reader.cli(&["history", &id]));
    assert_eq!(history, ["teh first #one", SECRET, "the third #three"]);
    assert!(shown(reader, &id)["edited_at"].is_string());
    // A post stands under the tags that it has now.
    assert_eq!(timeline(reader, &["--tag", "three"]).len(), 1);
    assert!(timeline(reader, &["--tag", "one"]).is_empty());
    assert!(reader.fails(1, &["edit", &id, "forged"]).contains("only its author"));
    for node in [&*author, &*reader] {
        assert!(!node.files_with(SECRET.as_bytes()).is_empty(), "this test cannot find text on the disk");
    }
    author.cli(&["delete", &id, "--now"]);
    assert!(author.files_with(SECRET.as_bytes()).is_empty(), "an edit is still on the author's disk");
    eventually("the reader hides it", || shown(reader, &id)["deleted"] == true);
    assert!(reader.fails(1, &["history", &id]).contains("taken back"));
    author.post("after");
    await_text(reader, "after");
    reader.restart();
    eventually("an edit's bytes are gone from the reader's disk", || {
        reader.files_with(SECRET.as_bytes()).is_empty()
    });
}

#[test]
fn timelines_by_tag_mention_and_list_page_while_posts_arrive() {
    let cluster = Cluster::started(&["reader", "author"]);
    cluster.follow_all();
    let [reader, author] = &cluster.nodes[..] else { unreachable!() };
    let mention = format!("@{} صباح الخير #مجلس", reader.account());
    let addressed = author.post(&mention);
    for number in 0..4 {
        author.post(&format!("number {number} #Majlis"));
    }
    author.one(&["post", "hidden from tags #majlis", "--visibility", "unlisted"]);
    await_posts(reader, 6, "all of them");
    assert_eq!(timeline(reader, &["--tag", "#مجلس"]).len(), 1);
    let first = timeline(reader, &["--tag", "majlis", "--limit", "2"]);
    assert_eq!(texts(&first), ["number 3 #Majlis", "number 2 #Majlis"]);
    author.post("meanwhile #majlis");
    await_text(reader, "meanwhile #majlis");
    let next = timeline(reader, &["--tag", "majlis", "--limit", "2", "--before", &text(&first[1], "id")]);
    assert_eq!(texts(&next), ["number 1 #Majlis", "number 0 #Majlis"]);
    let home = timeline(reader, &["--limit", "3"]);
    let below = timeline(reader, &["--limit", "3", "--before", &text(&home[2], "id")]);
    assert!(below.iter().all(|post| !home.contains(post)) && below.len() == 3);
    let mentions = timeline(reader, &["--mentions"]);
    assert_eq!(mentions.iter().map(|post| text(post, "id")).collect::<Vec<_>>(), [addressed]);
    reader.cli(&["list", "friends", "--add", &author.account()]);
    assert_eq!(timeline(reader, &["--list", "friends"]).len(), 7);
    assert!(reader.fails(1, &["timeline", "--list", "nobody"]).contains("there is no list"));
    reader.cli(&["list", "friends", "--delete"]);
    assert!(reader.cli(&["list"]).is_empty());
}

#[test]
fn what_is_muted_or_blocked_is_not_shown_and_nobody_is_told() {
    let cluster = Cluster::started(&["reader", "author"]);
    cluster.follow_all();
    let [reader, author] = &cluster.nodes[..] else { unreachable!() };
    let root = author.post("a quiet word");
    author.post("all about Football today");
    author.post("#football again");
    author.one(&["post", "an answer", "--reply-to", &root]);
    author.one(&["post", "painted by a machine", "--made-with", "ai"]);
    await_posts(reader, 5, "all of them");
    assert_eq!(texts(&timeline(reader, &["--hide-ai"])).len(), 4);
    reader.cli(&["mute", "--word", "football"]);
    let own = reader.post("my own football");
    assert_eq!(timeline(reader, &["--limit", "1"])[0]["id"], own.as_str(), "one's own words are hidden");
    reader.cli(&["delete", &own]);
    assert_eq!(texts(&timeline(reader, &["--hide-ai"])), ["an answer", "a quiet word"]);
    reader.cli(&["mute", "--word", "football", "--off"]);
    reader.cli(&["mute", "--tag", "Football", "--until", "1h"]);
    assert_eq!(
        texts(&timeline(reader, &["--hide-ai"])),
        ["an answer", "all about Football today", "a quiet word"]
    );
    reader.cli(&["mute", "--thread", &root]);
    assert_eq!(texts(&timeline(reader, &["--hide-ai"])), ["all about Football today"]);
    reader.cli(&["mute", &author.account()]);
    assert!(timeline(reader, &[]).is_empty());
    assert_eq!(reader.cli(&["mute"]).len(), 3);
    // Who asks for someone's posts by name sees them.
    assert_eq!(timeline(reader, &["--account", &author.account()]).len(), 5);
    reader.cli(&["block", &author.account()]);
    assert!(timeline(reader, &["--all"]).is_empty());
    assert!(reader.fails(1, &["follow", &author.invite()]).contains("blocked"));
    reader.cli(&["block", &author.account(), "--off"]);
    reader.cli(&["mute", &author.account(), "--off"]);
    reader.cli(&["follow", &author.invite()]);
    await_text(reader, "all about Football today");
}

#[test]
fn names_bookmarks_and_pins_are_the_owners_own() {
    let cluster = Cluster::started(&["reader", "author"]);
    cluster.follow_all();
    let [reader, author] = &cluster.nodes[..] else { unreachable!() };
    author.cli(&["profile", "--name", "ليلى", "--field", "City=بيروت", "--bot", "no"]);
    let first = author.post("one");
    let second = author.post("two");
    await_posts(reader, 2, "both");
    let named = reader.one(&["petname", &author.account(), "Layla from the library"]);
    assert_eq!(
        (text(&named, "petname"), text(&named, "name")),
        ("Layla from the library".into(), "ليلى".into())
    );
    assert_eq!(text(&shown(reader, &first), "petname"), "Layla from the library");
    reader.cli(&["bookmark", &second]);
    reader.cli(&["bookmark", &first]);
    assert_eq!(texts(&timeline(reader, &["--bookmarks"])), ["one", "two"]);
    reader.cli(&["bookmark", &first, "--off"]);
    assert_eq!(texts(&timeline(reader, &["--bookmarks"])), ["two"]);
    author.cli(&["pin-post", &first]);
    assert_eq!(shown(author, &first)["pinned"], true);
    assert!(reader.fails(1, &["pin-post", &first]).contains("only your own"));
    let told = author.files_with("Layla from the library".as_bytes());
    assert!(told.is_empty(), "a private item has left its node");
}

#[test]
fn an_authors_wish_travels_with_each_post() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let silent = author.post("nothing is said of this");
    await_text(reader, "nothing is said of this");
    assert_eq!(shown(reader, &silent)["usage"]["aipref"], Value::Null, "nothing is set for the owner");
    author.cli(&["usage", "train-ai=n, search=y, bulk-dataset=n"]);
    let own = author.one(&[
        "post",
        "this one more so",
        "--usage",
        "search=n, bulk-dataset=y",
        "--made-with",
        "hand",
    ]);
    await_text(reader, "this one more so");
    // Of the post and the profile the more restrictive, as of now.
    eventually("the profile has come", || shown(reader, &silent)["usage"]["bulkDataset"] == false);
    let post = shown(reader, &text(&own, "id"));
    assert_eq!(text(&post["usage"], "aipref"), "train-ai=n, search=n");
    assert_eq!(post["usage"]["bulkDataset"], false);
    assert_eq!(post["usage"]["protocolBridging"], Value::Null);
    assert_eq!(text(&post, "source_type"), "digitalCreation");
    assert!(author.fails(2, &["usage", "train-ai=maybe"]).contains("neither y nor n"));
    assert!(author.fails(2, &["post", "x", "--made-with", "magic"]).contains("magic"));
}

#[test]
fn posts_are_found_by_their_words_until_they_are_taken_back() {
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &mut cluster.nodes[..] else { unreachable!() };
    let find = |node: &TestNode, words: &[&str]| texts(&node.cli(&[&["search"], words].concat()));
    author.one(&["post", "The gardens of the old city #Tea", "--lang", "en"]);
    author.one(&["post", "زُرتُ المكتباتِ القديمة", "--lang", "ar"]);
    let regretted = author.post("a quibblesome garden word");
    author.one(&["post", "an unlisted garden", "--visibility", "unlisted"]);
    // The newest may come first.
    await_posts(reader, 4, "all of them");
    assert_eq!(find(reader, &["garden"]), ["a quibblesome garden word", "The gardens of the old city #Tea"]);
    assert_eq!(find(author, &["garden"]).len(), 3, "one's own unlisted posts are found");
    assert_eq!(find(reader, &["مكتبة"]), ["زُرتُ المكتباتِ القديمة"]);
    assert_eq!(find(reader, &["\"old city\"", "--lang", "en"]).len(), 1);
    assert_eq!(find(reader, &["garden -quibblesome"]).len(), 1);
    assert_eq!(find(reader, &["--tag", "tea", "--from", &author.account()]).len(), 1);
    assert!(find(reader, &["--from", &reader.account()]).is_empty());
    assert!(find(reader, &["--media"]).is_empty());
    // A later word is found at once, an earlier one no more.
    author.cli(&["edit", &regretted, "a garden without it"]);
    eventually("the edit is found", || find(reader, &["without"]).len() == 1);
    assert!(find(reader, &["quibblesome"]).is_empty());
    author.cli(&["delete", &regretted, "--now"]);
    eventually("the post is found no more", || find(reader, &["without"]).is_empty());
    // Made anew from the database where it is damaged or gone, with the node stopped too.
    reader.stop();
    let folder = reader.home().join("search");
    for file in std::fs::read_dir(&folder).unwrap().flatten() {
        std::fs::write(file.path(), b"nonsense").unwrap();
    }
    assert_eq!(find(reader, &["garden"]).len(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(find(reader, &["garden"]).len(), 1);
    reader.start();
    author.post("a word for the next garden");
    await_text(reader, "a word for the next garden");
    assert_eq!(find(reader, &["garden"]).len(), 2);
    reader.cli(&["unfollow", &author.account()]);
    assert!(find(reader, &["garden"]).is_empty());
}

#[test]
fn who_asked_and_who_voted_are_told_when_a_poll_has_ended() {
    let cluster = Cluster::started(&["host", "guest"]);
    cluster.follow_all();
    let [host, guest] = &cluster.nodes[..] else { unreachable!() };
    let end = jiff::Timestamp::now() + std::time::Duration::from_secs(3);
    let asked = host.one(&["post", "Now?", "--closes", &end.to_string(), "--poll", "yes", "no"]);
    let id = text(&asked, "id");
    await_text(guest, "Now?");
    guest.cli(&["vote", &id, "yes"]);
    for node in [host, guest] {
        eventually("the poll has ended", || {
            let told = node.cli(&["notifications", "--unread"]);
            told.iter().any(|line| line["kind"] == "poll" && line["post"]["poll"]["closed"] == true)
        });
        node.cli(&["notifications", "--mark-read"]);
        assert_eq!(number(node.cli(&["notifications", "--unread"]).last().unwrap(), "unread"), 0);
    }
    assert!(guest.fails(1, &["vote", &id, "no"]).contains("has ended"));
    assert_eq!(shown(host, &id)["poll"]["options"][0]["votes"], 1);
}

/// SEAL-15.
#[test]
fn a_filter_holds_where_it_was_asked_for() {
    let cluster = Cluster::started(&["host", "guest"]);
    cluster.follow_all();
    let [host, guest] = &cluster.nodes[..] else { unreachable!() };
    let id = host.post("What do you fear? #fear");
    await_text(guest, "What do you fear? #fear");
    let said = text(&guest.one(&["post", "A BOMB, or a match #fear", "--reply-to", &id]), "id");
    await_text(host, "A BOMB, or a match #fear");
    host.cli(&["filter", "add", "match", "--title", "sport", "--in", "notifications", "--in", "account"]);
    host.cli(&["filter", "add", "bomb", "--hide", "--in", "thread", "--in", "public"]);
    // What the filters make of the answer: none where it is left out.
    let seen = |arguments: &[&str]| -> Option<Value> {
        let found = host.cli(arguments).into_iter().map(|line| match line.get("kind") {
            Some(_) => line["post"].clone(),
            None => line,
        });
        found
            .into_iter()
            .find(|post| post["id"] == said.as_str())
            .map(|post| post["filtered"][0]["title"].clone())
    };
    let folded = Some(serde_json::json!("sport"));
    assert_eq!(seen(&["timeline"]), Some(Value::Null));
    assert_eq!(seen(&["timeline", "--mentions"]), folded);
    assert_eq!(seen(&["notifications"]), folded);
    assert_eq!(seen(&["timeline", "--account", &guest.account()]), folded);
    for hidden in [&["timeline", "--all"][..], &["timeline", "--tag", "fear"], &["search", "bomb"]] {
        assert_eq!(seen(hidden), None, "{hidden:?}");
    }
    assert_eq!(seen(&["thread", &id]), None);
    // Who asks for it by name sees it; alone also what would have found it anywhere.
    assert_eq!(seen(&["thread", &said]), Some(Value::Null));
    let shown = host.one(&["show", &said]);
    let titles: Vec<_> = ["sport", "bomb"].map(|title| serde_json::json!(title)).into();
    let found = shown["filtered"].as_array().unwrap().iter().map(|found| found["title"].clone());
    assert_eq!(found.collect::<Vec<_>>(), titles);
    assert_eq!(text(&shown, "text"), "A BOMB, or a match #fear");
    host.cli(&["filter", "add", "bomb", "--hide", "--title", "told", "--in", "notifications"]);
    assert_eq!((seen(&["timeline", "--mentions"]), seen(&["notifications"])), (None, None));
    // What comes while one watches is filtered too.
    host.cli(&["filter", "add", "tea", "--in", "home"]);
    host.cli(&["filter", "add", "coffee", "--hide"]);
    let watch = host.background(&["timeline", "--watch"]);
    watch.lines.await_line("what was there", |post| post["id"] == id.as_str());
    guest.post("Coffee!");
    guest.post("Or TÉA?");
    let next = watch.lines.await_line("what comes", |post| post["id"] != said.as_str());
    assert_eq!(
        (text(&next, "text"), &next["filtered"][0]["phrases"]),
        ("Or TÉA?".to_owned(), &serde_json::json!(["tea"]))
    );
    // Nobody filters themselves.
    host.post("Coffee for me");
    assert!(host.texts().contains(&"Coffee for me".to_owned()));
}

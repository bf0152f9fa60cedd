//! What concerns the owner over the API: its numbers, its pages, what is taken off the list, what strangers say, and up
//! to where was read.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::node::text;

fn ids(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|one| text(one, "id").parse().unwrap()).collect()
}

#[test]
fn notifications_have_numbers_of_their_own_and_go_for_good() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    let said = text(&one.post("/api/v1/statuses", &[("status", "صباح الخير")]), "id");
    eventually("the other has it", || two.home().len() == 1);
    two.post(&path(&["statuses", &said, "favourite"]), &[]);
    let mention = format!("@{} hello", text(&one.me(), "acct"));
    for n in 0..6 {
        two.post("/api/v1/statuses", &[("status", &format!("{mention} {n}"))]);
    }
    // Six mentions, a favourite and a follow.
    let list = |query: &[(&str, &str)]| one.get("/api/v1/notifications", query);
    eventually("all is told", || list(&[]).as_array().unwrap().len() == 8);
    let all = ids(&list(&[]));
    assert!(
        all.is_sorted_by(|one, other| one > other),
        "each has its own, the latest arrival first: {all:?}"
    );
    // Pages by number, downward and upward.
    let first = one.send("GET", "/api/v1/notifications", &[("limit", "3")]).expect(200);
    assert!(first.header("link").unwrap().contains("rel=\"next\""), "{first:?}");
    assert_eq!(ids(&first.json()), all[..3]);
    assert_eq!(ids(&list(&[("limit", "3"), ("max_id", &all[2].to_string())])), all[3..6]);
    assert_eq!(ids(&list(&[("limit", "2"), ("min_id", &all[4].to_string())])), all[2..4]);
    assert_eq!(ids(&list(&[("limit", "2"), ("since_id", &all[4].to_string())])), all[..2]);
    let kinds = |query: &[(&str, &str)]| -> Vec<String> {
        list(query).as_array().unwrap().iter().map(|one| text(one, "type")).collect()
    };
    assert_eq!(kinds(&[("types[]", "favourite"), ("types[]", "follow")]).len(), 2);
    assert_eq!(kinds(&[("exclude_types[]", "mention")]).len(), 2);
    assert!(kinds(&[("types[]", "admin.sign_up")]).is_empty());
    assert!(kinds(&[("types[]", "mention"), ("exclude_types[]", "mention")]).is_empty());
    assert_eq!(list(&[("account_id", &one.find(&two))]).as_array().unwrap().len(), 8);
    assert_eq!(list(&[("account_id", &text(&one.me(), "id"))]), json!([]));
    assert_eq!(one.get(&path(&["notifications", &all[1].to_string()]), &[])["id"], *all[1].to_string());

    // What is dismissed is gone, and stays away when the node starts again.
    let gone = path(&["notifications", &all[1].to_string()]);
    one.post(&format!("{gone}/dismiss"), &[]);
    one.send("GET", &gone, &[]).expect(404);
    one.send("POST", &format!("{gone}/dismiss"), &[]).expect(404);
    assert_eq!(ids(&list(&[])), [&all[..1], &all[2..]].concat());
    assert_eq!(one.get("/api/v1/notifications/unread_count", &[])["count"], 7);
    assert_eq!(one.node.cli(&["notifications"]).iter().filter(|view| view.get("kind").is_some()).count(), 7);
    one.post("/api/v1/notifications/clear", &[]);
    assert_eq!(list(&[]), json!([]));
    assert_eq!(one.get("/api/v1/notifications/unread_count", &[])["count"], 0);
    two.post("/api/v1/statuses", &[("status", &format!("{mention} after"))]);
    eventually("what comes later is told", || list(&[]).as_array().unwrap().len() == 1);
}

#[test]
fn strangers_wait_for_a_decision() {
    let cluster = Cluster::started(&["owner", "stranger"]);
    let [owner, stranger] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    stranger.post(&path(&["accounts", &stranger.find(&owner), "follow"]), &[]);
    cluster.nodes[1].cli(&["connect", &cluster.nodes[0].address()]);
    let hello = format!("@{} السلام عليكم", text(&owner.me(), "acct"));
    for n in 0..2 {
        stranger.post("/api/v1/statuses", &[("status", &format!("{hello} {n}"))]);
    }
    let waiting = || owner.get("/api/v1/notifications/requests", &[]);
    eventually("both wait", || waiting()[0]["notifications_count"] == "2");
    let request = waiting()[0].clone();
    assert_eq!(request["account"]["majlis"]["account"], *stranger.node.account());
    let one = path(&["notifications/requests", &text(&request, "id")]);
    assert_eq!(owner.get(&one, &[]), request);
    // It is told once, with the latest, on whichever page.
    let mentions = ("types[]", "mention");
    let told = owner.get("/api/v1/notifications", &[mentions]);
    assert_eq!((told.as_array().unwrap().len(), &told[0]["majlis"]["kind"]), (1, &json!("request")));
    let below = owner.get("/api/v1/notifications", &[("max_id", &text(&told[0], "id")), mentions]);
    assert_eq!(below, json!([]));
    let policy = owner.get("/api/v2/notifications/policy", &[]);
    assert_eq!(
        (&policy["for_not_following"], &policy["summary"]["pending_notifications_count"]),
        (&json!("filter"), &json!(2))
    );
    assert_eq!(owner.get("/api/v1/notifications/policy", &[])["filter_not_following"], true);
    let set = |form: &[(&str, &str)]| owner.send("PATCH", "/api/v2/notifications/policy", form).status;
    assert_eq!((set(&[("for_not_followers", "accept")]), set(&[("for_not_following", "drop")])), (200, 422));
    owner.post(&format!("{one}/accept"), &[]);
    assert_eq!(waiting(), json!([]));
    owner.send("POST", &format!("{one}/accept"), &[]).expect(404);
    assert_eq!(owner.get("/api/v1/notifications", &[("types[]", "mention")]).as_array().unwrap().len(), 2);
    assert_eq!(owner.get("/api/v1/notifications/requests/merged", &[])["merged"], true);
}

#[test]
fn what_was_read_is_noted_and_never_goes_back() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    assert_eq!(one.get("/api/v1/markers", &[("timeline[]", "home")]), json!({}));
    let posts = ["أولا", "second"].map(|said| text(&one.post("/api/v1/statuses", &[("status", said)]), "id"));
    let set = |id: &str| one.post("/api/v1/markers", &[("home[last_read_id]", id)]);
    let read = set(&posts[1]);
    assert_eq!(read["home"]["last_read_id"], *posts[1]);
    assert!(read["home"]["version"].as_i64().is_some_and(|version| version < i64::from(i32::MAX)), "{read}");
    assert_eq!(set(&posts[0]), read);
    assert_eq!(one.get("/api/v1/markers", &[("timeline[]", "home"), ("timeline[]", "notifications")]), read);
    assert_eq!(one.node.cli(&["timeline", "--unread"]).len(), 0, "the command line knows it too");
    eventually("the other has both", || two.home().len() == 2);
    two.post(&path(&["statuses", &posts[0], "favourite"]), &[]);
    eventually("that is told", || one.get("/api/v1/notifications/unread_count", &[])["count"] == 2);
    let latest = text(&one.get("/api/v1/notifications", &[])[0], "id");
    let read = one.post("/api/v1/markers", &[("notifications[last_read_id]", &latest)]);
    assert_eq!(read["notifications"]["last_read_id"], *latest);
    assert_eq!(one.get("/api/v1/notifications/unread_count", &[])["count"], 0);
    one.send("POST", "/api/v1/markers", &[("home[last_read_id]", "x")]).expect(400);
    one.send("POST", "/api/v1/markers", &[("home[last_read_id]", "")]).expect(422);
}

#[test]
fn those_of_a_kind_about_one_post_are_a_group() {
    let cluster = Cluster::started(&["one", "two", "three"]);
    cluster.follow_all();
    let [one, two, three] = [&cluster.nodes[0], &cluster.nodes[1], &cluster.nodes[2]].map(Client::of);
    let id = text(&one.post("/api/v1/statuses", &[("status", "شاي أم قهوة؟")]), "id");
    let post = path(&["statuses", &id]);
    for other in [&two, &three] {
        eventually("it is there", || other.send("GET", &post, &[]).status == 200);
        other.post(&path(&["statuses", &id, "favourite"]), &[]);
    }
    let groups = || one.get("/api/v2/notifications", &[("types[]", "favourite")]);
    eventually("both are one group", || groups()["notification_groups"][0]["notifications_count"] == 2);
    let page = groups();
    let key = format!("favourite-{id}");
    assert_eq!(
        (&page["notification_groups"][0]["group_key"], &page["statuses"][0]["id"]),
        (&json!(key), &json!(id))
    );
    assert_eq!(
        (page["statuses"].as_array().unwrap().len(), page["accounts"].as_array().unwrap().len()),
        (1, 2)
    );
    let group = format!("/api/v2/notifications/{key}");
    assert_eq!(one.get(&group, &[])["notification_groups"], page["notification_groups"]);
    assert_eq!(one.get(&format!("{group}/accounts"), &[]).as_array().unwrap().len(), 2);
    for wrong in ["favourite-5", "x", "ungrouped-", "mention-5"] {
        one.send("GET", &format!("/api/v2/notifications/{wrong}"), &[]).expect(404);
    }
    one.post(&format!("{group}/dismiss"), &[]);
    assert_eq!(groups()["notification_groups"], json!([]));
}

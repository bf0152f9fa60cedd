//! Tags over the API, and what apps ask for that a node of one person's has none of.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::node::{TestNode, text};

fn names(tags: &Value) -> Vec<String> {
    tags.as_array().unwrap().iter().map(|tag| text(tag, "name")).collect()
}

#[test]
fn what_has_a_followed_tag_stands_on_the_home_timeline() {
    let cluster = Cluster::started(&["owner", "stranger"]);
    let [owner, stranger] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    cluster.follow(1, 0);
    let hello = format!("@{} تعال إلى #شاي", text(&owner.me(), "acct"));
    stranger.post("/api/v1/statuses", &[("status", &hello)]);
    stranger.post("/api/v1/statuses", &[("status", &format!("@{} and #coffee", text(&owner.me(), "acct")))]);
    eventually("both are there", || {
        owner.get("/api/v1/notifications/requests", &[])[0]["notifications_count"] == "2"
    });
    let tag = path(&["tags", "%D8%B4%D8%A7%D9%8A"]);
    assert_eq!(owner.get(&tag, &[])["following"], false);
    let followed = owner.post(&format!("{tag}/follow"), &[]);
    assert_eq!((&followed["name"], &followed["following"]), (&json!("شاي"), &json!(true)));
    assert!(owner.home().is_empty(), "what a stranger says waits");
    let request = text(&owner.get("/api/v1/notifications/requests", &[])[0], "id");
    owner.post(&path(&["notifications/requests", &request, "accept"]), &[]);
    let home = owner.home();
    assert_eq!(home.len(), 1, "{home:?}");
    assert!(text(&home[0], "content").contains("شاي"));
    // Pages go on behind it, among other posts.
    for n in 0..3 {
        owner.post("/api/v1/statuses", &[("status", &format!("post {n}"))]);
    }
    assert_eq!(owner.home().len(), 4);
    let page = owner.get("/api/v1/timelines/home", &[("limit", "3")]);
    let rest = owner.get("/api/v1/timelines/home", &[("max_id", &text(&page[2], "id"))]);
    assert_eq!(rest, json!([home[0]]));
    owner.node.cli(&["follow", "#Coffee"]);
    assert_eq!(names(&owner.get("/api/v1/followed_tags", &[])), ["Coffee", "شاي"]);
    assert_eq!(owner.home().len(), 5);
    let page = owner.send("GET", "/api/v1/followed_tags", &[("limit", "1")]).expect(200);
    let last = text(&page.json()[0], "id");
    assert_eq!(names(&owner.get("/api/v1/followed_tags", &[("max_id", &last)])), ["شاي"]);
    assert_eq!(owner.node.cli(&["following"]).len(), 2);
    owner.node.cli(&["unfollow", "#شاي"]);
    assert_eq!(owner.post(&path(&["tags/coffee/unfollow"]), &[])["following"], false);
    assert_eq!((owner.get("/api/v1/followed_tags", &[]), owner.home().len()), (json!([]), 3));
    owner.send("POST", &path(&["tags", "two%20words", "follow"]), &[]).expect(422);
}

#[test]
fn tags_are_shown_on_a_page_and_found_by_their_beginning() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    client.post("/api/v1/statuses", &[("status", "#hashtag_x #hashtag_y")]);
    client.post("/api/v1/statuses", &[("status", "#hashtag_z و #شعر")]);
    let search =
        |text: &str| names(&client.get("/api/v2/search", &[("q", text), ("type", "hashtags")])["hashtags"]);
    assert_eq!(search("#hashtag"), ["hashtag_x", "hashtag_y", "hashtag_z"]);
    assert_eq!(
        (search("شع"), search("#unheard"), search("unheard"), search("#")),
        (vec!["شعر".into()], vec!["unheard".into()], vec![], vec![])
    );
    let mut suggested = names(&client.get("/api/v1/featured_tags/suggestions", &[]));
    suggested.sort();
    assert_eq!(suggested, ["hashtag_x", "hashtag_y", "hashtag_z", "شعر"]);
    let made = client.post("/api/v1/featured_tags", &[("name", "#شعر")]);
    assert_eq!((&made["name"], &made["statuses_count"]), (&json!("شعر"), &json!("1")));
    assert_eq!(client.post(&path(&["tags/hashtag_x/feature"]), &[])["featuring"], true);
    let me = text(&client.me(), "id");
    assert_eq!(names(&client.get(&path(&["accounts", &me, "featured_tags"]), &[])), ["hashtag_x", "شعر"]);
    client.send("DELETE", &path(&["featured_tags", &text(&made, "id")]), &[]).expect(200);
    assert_eq!(client.post(&path(&["tags/hashtag_x/unfeature"]), &[])["featuring"], false);
    assert_eq!(client.get("/api/v1/featured_tags", &[]), json!([]));
    client.send("DELETE", &path(&["featured_tags", "5"]), &[]).expect(404);
}

#[test]
fn what_there_is_none_of_is_answered_all_the_same() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    client.post("/api/v1/statuses", &[("status", "واحد")]);
    for none in
        ["trends", "instance/peers", "instance/rules", "conversations", "scheduled_statuses", "endorsements"]
    {
        assert_eq!(client.get(&path(&[none]), &[]), json!([]), "{none}");
    }
    let activity = client.get("/api/v1/instance/activity", &[]);
    assert_eq!((activity.as_array().unwrap().len(), &activity[0]["statuses"]), (12, &json!("1")));
    assert_eq!(client.get("/api/v1/instance/translation_languages", &[]), json!({}));
    for said in ["extended_description", "privacy_policy"] {
        assert!(text(&client.get(&path(&["instance", said]), &[]), "content").starts_with("<p>"));
    }
    let refused = [
        ("POST", "/api/v1/reports", 422),
        ("POST", "/api/v1/accounts", 403),
        ("POST", "/api/v1/emails/confirmations", 403),
        ("POST", "/api/v1/push/subscription", 403),
        ("GET", "/api/v1/instance/domain_blocks", 404),
        ("GET", "/api/v1/instance/terms_of_service", 404),
        ("POST", "/api/v1/domain_blocks", 422),
        ("GET", "/api/v1/admin/accounts", 404),
        ("GET", "/api/v1/async_refreshes/x", 404),
        ("GET", "/api/oembed", 404),
        ("GET", "/api/v9/anything", 404),
    ];
    for (method, path, status) in refused {
        let answer = client.send(method, path, &[]).expect(status);
        assert!(!text(&answer.json(), "error").is_empty(), "{path}");
    }
}

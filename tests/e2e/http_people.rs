//! People over the API: who follows whom, who is found by what, lists, and the owner's own account.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::http::ask;
use crate::support::node::{TestNode, text};

fn accounts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| text(&one["majlis"], "account")).collect()
}

#[test]
fn who_follows_whom_is_told_as_far_as_it_is_known() {
    let cluster = Cluster::started(&["one", "two", "three"]);
    for (follower, followed) in [(1, 0), (2, 0), (0, 1), (1, 2)] {
        cluster.follow(follower, followed);
    }
    let clients = [&cluster.nodes[0], &cluster.nodes[1], &cluster.nodes[2]].map(Client::of);
    let [one, two, three] = &clients;
    let me = text(&one.me(), "id");
    let followers = path(&["accounts", &me, "followers"]);
    eventually("both followers are known", || accounts(&one.get(&followers, &[])).len() == 2);
    let all = accounts(&one.get(&followers, &[]));
    assert!(all.contains(&two.node.account()) && all.contains(&three.node.account()), "{all:?}");
    // A page at a time, there and back.
    let first = one.send("GET", &followers, &[("limit", "1")]).expect(200);
    let links = first.header("link").unwrap().to_owned();
    assert!(links.contains("rel=\"next\"") && links.contains("rel=\"prev\""), "{links}");
    assert_eq!(accounts(&first.json()), all[..1]);
    let last = text(&first.json()[0], "id");
    let second = one.get(&followers, &[("limit", "1"), ("max_id", &last)]);
    assert_eq!(accounts(&second), all[1..]);
    assert_eq!(accounts(&one.get(&followers, &[("min_id", &text(&second[0], "id"))])), all[..1]);
    assert_eq!(accounts(&one.get(&path(&["accounts", &me, "following"]), &[])), [two.node.account()]);
    // Of others it is told what they say publicly, and who of one's own knows them.
    let (id_two, id_three) = (one.find(two), one.find(three));
    let of_two = path(&["accounts", &id_two, "following"]);
    eventually("two's follows are known", || accounts(&one.get(&of_two, &[])).len() == 2);
    let familiar = one.get("/api/v1/accounts/familiar_followers", &[("id[]", &id_three), ("id[]", &id_two)]);
    assert_eq!(
        (&familiar[0]["id"], accounts(&familiar[0]["accounts"])),
        (&json!(id_three), vec![two.node.account()])
    );
    assert_eq!(accounts(&familiar[1]["accounts"]), [""; 0]);
    let several = one.get("/api/v1/accounts", &[("id[]", &id_three), ("id[]", "5"), ("id[]", &id_two)]);
    assert_eq!(accounts(&several), [three.node.account(), two.node.account()]);
    let refused = one.send("POST", &path(&["accounts", &id_two, "remove_from_followers"]), &[]).expect(422);
    assert!(text(&refused.json(), "error").contains("block"), "{refused:?}");

    // Found by name in any form, by petname, and by the key in any case.
    two.send("PATCH", "/api/v1/accounts/update_credentials", &[("display_name", "ليلى الحسن")]).expect(200);
    let search = |query: &[(&str, &str)]| accounts(&one.get("/api/v1/accounts/search", query));
    eventually("by name", || search(&[("q", "لَيلي")]) == [two.node.account()]);
    one.post(&path(&["accounts", &id_three, "note"]), &[("comment", "Layla next door")]);
    assert_eq!(search(&[("q", "layla")]), [three.node.account()]);
    assert_eq!(search(&[("q", "layla"), ("following", "true")]), [""; 0]);
    let shouted = text(&two.me(), "acct").to_uppercase();
    assert_eq!(search(&[("q", &shouted)]), [two.node.account()]);
    let found = one.get("/api/v1/accounts/lookup", &[("acct", &shouted)]);
    assert_eq!(found["majlis"]["account"], *two.node.account());
    one.send("GET", "/api/v1/accounts/lookup", &[("acct", "nobody")]).expect(404);
    assert!(accounts(&one.get("/api/v1/directory", &[])).contains(&two.node.account()));

    // Whom one shows on one's page, and lists.
    assert_eq!(one.post(&path(&["accounts", &id_two, "pin"]), &[])["endorsed"], true);
    assert_eq!(accounts(&one.get("/api/v1/endorsements", &[])), [two.node.account()]);
    assert_eq!(accounts(&one.get(&path(&["accounts", &me, "endorsements"]), &[])), [two.node.account()]);
    assert_eq!(one.post(&path(&["accounts", &id_two, "unendorse"]), &[])["endorsed"], false);
    assert_eq!(one.get("/api/v1/endorsements", &[]), json!([]));
    let list = one.post("/api/v1/lists", &[("title", "جيران")]);
    let id = text(&list, "id");
    let members = path(&["lists", &id, "accounts"]);
    one.send("POST", &members, &[("account_ids[]", &id_three)]).expect(404);
    one.post(&members, &[("account_ids[]", &id_two)]);
    let renamed = one.send("PUT", &path(&["lists", &id]), &[("title", "أصدقاء")]).expect(200).json();
    assert_eq!((&renamed["id"], &renamed["title"]), (&list["id"], &json!("أصدقاء")));
    assert_eq!(one.get("/api/v1/lists", &[]), json!([renamed]));
    assert_eq!(one.get(&path(&["accounts", &id_two, "lists"]), &[]), json!([renamed]));
    assert_eq!(accounts(&one.get(&members, &[("limit", "0")])), [two.node.account()]);
    one.post("/api/v1/lists", &[("title", "tea")]);
    one.send("PUT", &path(&["lists", &id]), &[("title", "tea")]).expect(422);
    // What people write says nothing about the kind of a failure.
    one.post("/api/v1/lists", &[("title", "there is no post")]);
    one.send("PUT", &path(&["lists", &id]), &[("title", "there is no post")]).expect(422);
    one.node.cli(&["list", "there is no post", "--delete"]);
    one.node.cli(&["list", "tea", "--rename", "coffee"]);
    assert_eq!(one.get("/api/v1/lists", &[]).as_array().unwrap().len(), 2);
    one.post(&path(&["accounts", &id_two, "unfollow"]), &[]);
    assert_eq!(one.get(&members, &[]), json!([]), "who is not followed is on no list");
}

#[test]
fn an_invite_that_was_looked_up_says_where_to_find_someone() {
    let (owner, friend) = (TestNode::started("owner"), TestNode::started("friend"));
    let (owner, friend) = (Client::of(&owner), Client::of(&friend));
    friend.post("/api/v1/statuses", &[("status", "أهلا")]);
    let found = owner.get("/api/v2/search", &[("q", &friend.node.invite()), ("resolve", "true")]);
    let id = text(&found["accounts"][0], "id");
    assert_eq!(found["accounts"][0]["statuses_count"], 0);
    owner.post(&path(&["accounts", &id, "follow"]), &[("reblogs", "false"), ("notify", "true")]);
    eventually("what they say is there", || owner.home().len() == 1);
    let relation = owner.get("/api/v1/accounts/relationships", &[("id[]", &id)])[0].clone();
    // What is not done is not said to be done.
    assert_eq!((&relation["showing_reblogs"], &relation["notifying"]), (&json!(true), &json!(false)));
    let account = owner.get(&path(&["accounts", &id]), &[]);
    assert_eq!((&account["statuses_count"], text(&account, "last_status_at").len()), (&json!(1), 10));
}

#[test]
fn what_apps_set_by_themselves_is_kept() {
    let mut node = TestNode::started("owner");
    let token = {
        let client = Client::of(&node);
        let update =
            |form: &[(&str, &str)]| client.send("PATCH", "/api/v1/accounts/update_credentials", form);
        let set = update(&[
            ("source[privacy]", "unlisted"),
            ("source[language]", "ar"),
            ("source[sensitive]", "true"),
        ]);
        let source = set.expect(200).json()["source"].clone();
        assert_eq!(
            (&source["privacy"], &source["language"], &source["sensitive"]),
            (&json!("unlisted"), &json!("ar"), &json!(true))
        );
        for bad in [("source[privacy]", "everybody"), ("locked", "true")] {
            update(&[bad]).expect(422);
        }
        client.token
    };
    node.restart();
    let client = Client { node: &node, token };
    let preferences = client.get("/api/v1/preferences", &[]);
    assert_eq!(preferences["posting:default:visibility"], "unlisted");
    let post = client.post("/api/v1/statuses", &[("status", "مساء الخير")]);
    assert_eq!(
        (&post["visibility"], &post["language"], &post["sensitive"]),
        (&json!("unlisted"), &json!("ar"), &json!(false))
    );
    // What cannot be done is refused rather than done more openly.
    client
        .send("PATCH", "/api/v1/accounts/update_credentials", &[("source[privacy]", "private")])
        .expect(422);
    client.send("POST", "/api/v1/statuses", &[("status", "for few"), ("visibility", "private")]).expect(422);

    // A picture with words for those who do not see it, and its end.
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut picture, image::ImageFormat::Png).unwrap();
    let part = |name: &str, more: &str, bytes: &[u8]| {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let file = part("avatar", "; filename=\"a.png\"", picture.get_ref());
    let form = [file, part("avatar_description", "", "أنا".as_bytes()), b"--b--\r\n".to_vec()].concat();
    let set = ask(&node, "PATCH", "/api/v1/profile")
        .token(&client.token)
        .body("multipart/form-data; boundary=b", form);
    let profile = set.send().expect(200).json();
    assert_eq!((&profile["avatar_description"], profile["avatar"].is_string()), (&json!("أنا"), true));
    let without = client.send("DELETE", "/api/v1/profile/avatar", &[]).expect(200).json();
    assert!(text(&without, "avatar").ends_with("/static/avatar.png"), "{without}");
    assert_eq!(client.get("/api/v1/profile", &[])["avatar"], Value::Null);
}

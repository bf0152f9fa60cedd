//! What apps do, over the API that they know: two people, each with an app at their own node.

use serde_json::{Value, json};

use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::http::{Answer, ask};
use crate::support::node::{TestNode, text};

/// An app that acts for the owner of a node.
pub struct Client<'a> {
    pub node: &'a TestNode,
    pub token: String,
}

impl<'a> Client<'a> {
    pub fn of(node: &'a TestNode) -> Self {
        let made = node.one(&["token", "new", "--name", "test", "--scopes", "read,write,follow"]);
        Self { node, token: text(&made, "token") }
    }

    pub fn send(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = ask(self.node, method, path).token(&self.token);
        if method == "GET" { request.query(form).send() } else { request.form(form).send() }
    }

    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        self.send("GET", path, query).expect(200).json()
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        self.send("POST", path, form).expect(200).json()
    }

    pub fn me(&self) -> Value {
        self.get("/api/v1/accounts/verify_credentials", &[])
    }

    pub fn home(&self) -> Vec<Value> {
        self.get("/api/v1/timelines/home", &[]).as_array().unwrap().clone()
    }

    /// The number by which this node names another's account.
    pub fn find(&self, other: &Client<'_>) -> String {
        let found = self.get("/api/v2/search", &[("q", &other.node.account()), ("resolve", "true")]);
        text(&found["accounts"][0], "id")
    }
}

/// An address of the API.
pub fn path(parts: &[&str]) -> String {
    format!("/api/v1/{}", parts.join("/"))
}

#[test]
fn what_one_app_posts_another_reads() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    assert_eq!(one.me()["source"]["privacy"], "public");
    let changed = one.send(
        "PATCH",
        "/api/v1/accounts/update_credentials",
        &[
            ("display_name", "ليلى"),
            ("fields_attributes[0][name]", "City"),
            ("fields_attributes[0][value]", "بيروت"),
        ],
    );
    assert_eq!(changed.expect(200).json()["fields"][0]["name"], "City");
    let said = one.post(
        "/api/v1/statuses",
        &[
            ("status", "صباح الخير <b>#مجلس</b>"),
            ("spoiler_text", "greeting"),
            ("language", "ar"),
            ("poll[options][]", "شاي"),
            ("poll[options][]", "قهوة"),
            ("poll[expires_in]", "3600"),
        ],
    );
    let id = text(&said, "id");
    assert!(
        text(&said, "content").contains("&lt;b&gt;") && text(&said, "content").contains("hashtag"),
        "{said}"
    );
    assert_eq!((&said["sensitive"], &said["visibility"]), (&json!(true), &json!("public")));
    eventually("the other has it, by the same number", || two.home().iter().any(|post| post["id"] == *id));
    let seen = two.get(&path(&["statuses", &id]), &[]);
    assert_eq!(seen["account"]["display_name"], "ليلى");
    assert_eq!((&seen["language"], &seen["majlis"]["account"]), (&json!("ar"), &json!(one.node.account())));

    // Reactions and votes, a reply, and what the author is told of them.
    assert_eq!(two.post(&path(&["statuses", &id, "favourite"]), &[])["favourited"], true);
    assert_eq!(two.post(&path(&["statuses", &id, "bookmark"]), &[])["bookmarked"], true);
    assert_eq!(two.post(&path(&["polls", &id, "votes"]), &[("choices[]", "1")])["own_votes"], json!([1]));
    let boost = two.post(&path(&["statuses", &id, "reblog"]), &[]);
    assert_eq!(boost["reblog"]["id"], *id);
    let boosted = path(&["statuses", &text(&boost, "id")]);
    assert_eq!(two.get(&boosted, &[])["reblog"]["id"], *id);
    let mention = format!("@{} صباح النور", text(&one.me(), "acct"));
    let reply = two.post("/api/v1/statuses", &[("status", &mention), ("in_reply_to_id", &id)]);
    assert_eq!(reply["mentions"][0]["acct"], one.me()["acct"]);
    eventually("the author is told", || {
        let told = one.get("/api/v1/notifications", &[]);
        let kinds: Vec<_> = told.as_array().unwrap().iter().map(|one| text(one, "type")).collect();
        ["mention", "favourite", "reblog", "follow"]
            .iter()
            .all(|kind| kinds.iter().any(|known| known == kind))
    });
    assert!(one.get("/api/v1/notifications/unread_count", &[])["count"].as_u64() >= Some(4));
    let context = one.get(&path(&["statuses", &id, "context"]), &[]);
    assert_eq!(context["descendants"][0]["id"], reply["id"]);
    let above = two.get(&path(&["statuses", &text(&reply, "id"), "context"]), &[]);
    assert_eq!(above["ancestors"][0]["id"], *id);
    assert_eq!(two.get("/api/v1/bookmarks", &[])[0]["id"], *id);
    assert_eq!(two.get("/api/v1/favourites", &[])[0]["id"], *id);

    // An edit, its history, and taking back.
    let edited =
        one.send("PUT", &path(&["statuses", &id]), &[("status", "صباح الخير جميعا")]).expect(200).json();
    assert!(!edited["edited_at"].is_null());
    eventually("the edit is there", || {
        text(&two.get(&path(&["statuses", &id]), &[]), "content").contains("جميعا")
    });
    assert_eq!(two.get(&path(&["statuses", &id, "history"]), &[]).as_array().unwrap().len(), 2);
    assert_eq!(one.get(&path(&["statuses", &id, "source"]), &[])["text"], "صباح الخير جميعا");
    two.send("DELETE", &path(&["statuses", &id]), &[]).expect(404);
    let gone = one.send("DELETE", &path(&["statuses", &id]), &[]).expect(200).json();
    assert_eq!(gone["text"], "صباح الخير جميعا");
    one.send("GET", &path(&["statuses", &id]), &[]).expect(404);
    eventually("it is gone there too", || two.send("GET", &path(&["statuses", &id]), &[]).status == 404);
}

#[test]
fn pages_are_stable_and_linked() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    for n in 0..25 {
        client.post("/api/v1/statuses", &[("status", &format!("post {n}"))]);
    }
    let first = client.send("GET", "/api/v1/timelines/home", &[("limit", "10")]).expect(200);
    let links = first.header("link").unwrap().to_owned();
    assert!(links.contains("rel=\"next\"") && links.contains("rel=\"prev\""), "{links}");
    let ids = |posts: &Value| -> Vec<u64> {
        posts.as_array().unwrap().iter().map(|post| text(post, "id").parse().unwrap()).collect()
    };
    let top = ids(&first.json());
    assert!(top.len() == 10 && top.is_sorted_by(|one, other| one > other), "{top:?}");
    client.post("/api/v1/statuses", &[("status", "in between")]);
    let last = top[9].to_string();
    let next = ids(&client.get("/api/v1/timelines/home", &[("limit", "10"), ("max_id", &last)]));
    assert!(next.len() == 10 && next[0] < top[9]);
    let newer = ids(&client.get("/api/v1/timelines/home", &[("since_id", &top[0].to_string())]));
    assert_eq!(newer.len(), 1);
    let just_above =
        ids(&client.get("/api/v1/timelines/home", &[("min_id", &next[0].to_string()), ("limit", "3")]));
    assert_eq!(just_above, [top[7], top[8], top[9]]);
    // Numbers that nobody has, and none at all.
    assert_eq!(ids(&client.get("/api/v1/timelines/home", &[("max_id", "1")])).len(), 0);
    for wrong in ["x", "-1", "1.5", "99999999999999999999999"] {
        client.send("GET", "/api/v1/timelines/home", &[("max_id", wrong)]).expect(400);
        let status = client.send("GET", &path(&["statuses", wrong]), &[]).status;
        assert!(status == 400 || status == 404, "{wrong}: {status}");
    }
    // The same request sent twice makes one post.
    let once = || {
        ask(&node, "POST", "/api/v1/statuses")
            .token(&client.token)
            .header("Idempotency-Key", "k1")
            .form(&[("status", "once")])
            .send()
            .expect(200)
            .json()
    };
    assert_eq!(once()["id"], once()["id"]);
}

#[test]
fn files_are_handed_over_and_given_out() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([x as u8, y as u8, 7]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    let part = |name: &str, kind: &str, bytes: &[u8]| {
        [
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{kind}\r\n\r\n").as_bytes(),
            bytes,
            b"\r\n",
        ]
        .concat()
    };
    let body = |file: &[u8]| {
        let file = part("file", "; filename=\"x.txt\"\r\nContent-Type: text/plain", file);
        [file, part("description", "", "نقاط".as_bytes()), b"--b--\r\n".to_vec()].concat()
    };
    let upload = |file: &[u8]| {
        ask(&node, "POST", "/api/v2/media")
            .token(&client.token)
            .body("multipart/form-data; boundary=b", body(file))
            .send()
    };
    let file = upload(picture.get_ref()).expect(200).json();
    let id = text(&file, "id");
    assert_eq!((&file["type"], &file["meta"]["original"]["width"]), (&json!("image"), &json!(900)));
    let said = client.send("PUT", &path(&["media", &id]), &[("description", "ألوان")]).expect(200).json();
    assert_eq!(said["description"], "ألوان");
    let post = client.post("/api/v1/statuses", &[("status", "look"), ("media_ids[]", &id)]);
    let shown = &post["media_attachments"][0];
    assert_eq!((&shown["description"], &shown["majlis"]["cid"]), (&json!("ألوان"), &json!(id)));
    client.send("POST", "/api/v1/statuses", &[("status", "again"), ("media_ids[]", &id)]).expect(422);
    // Its address needs no token, but nobody can guess it; parts of it can be had.
    let url = text(shown, "url");
    let address = url.split_once("/media/").unwrap().1;
    let given =
        ask(&node, "GET", &format!("/media/{address}")).header("Range", "bytes=0-7").send().expect(206);
    assert_eq!(given.header("content-type"), Some("image/png"));
    assert!(given.header("content-security-policy").unwrap().contains("sandbox"));
    ask(&node, "GET", &format!("/media/00000000000000000000000000000000/{id}")).send().expect(404);
    // What could do something in a browser is refused, and so is what is broken.
    for bad in [&b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"[..], b"\x89PNG\r\n\x1a\n", b""] {
        upload(bad).expect(422);
    }
}

#[test]
fn people_lists_and_what_there_is_none_of() {
    let cluster = Cluster::started(&["one", "two"]);
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    let id = one.find(&two);
    assert_eq!(one.post(&path(&["accounts", &id, "follow"]), &[])["following"], true);
    assert_eq!(one.get("/api/v1/accounts/relationships", &[("id[]", &id)])[0]["following"], true);
    assert_eq!(
        one.post(&path(&["accounts", &id, "note"]), &[("comment", "my neighbour")])["note"],
        "my neighbour"
    );
    assert_eq!(one.get(&path(&["accounts", &id]), &[])["display_name"], "my neighbour");
    assert_eq!(one.post(&path(&["accounts", &id, "mute"]), &[("duration", "60")])["muting"], true);
    assert_eq!(one.post(&path(&["accounts", &id, "unmute"]), &[])["muting"], false);
    let list = one.post("/api/v1/lists", &[("title", "جيران")]);
    let list_id = text(&list, "id");
    one.post(&path(&["lists", &list_id, "accounts"]), &[("account_ids[]", &id)]);
    assert_eq!(one.get(&path(&["lists", &list_id, "accounts"]), &[])[0]["id"], *id);
    assert_eq!(one.get(&path(&["timelines/list", &list_id]), &[]), json!([]));
    one.send("DELETE", &path(&["lists", &list_id]), &[]).expect(200);
    assert_eq!(one.get("/api/v1/lists", &[]), json!([]));
    assert_eq!(one.post(&path(&["accounts", &id, "block"]), &[])["blocking"], true);
    assert_eq!(one.get("/api/v1/blocks", &[])[0]["id"], *id);
    assert_eq!(one.post(&path(&["accounts", &id, "unfollow"]), &[])["following"], false);
    for empty in ["custom_emojis", "announcements", "follow_requests", "trends/tags", "followed_tags"] {
        assert_eq!(one.get(&path(&[empty]), &[]), json!([]));
    }
    let picture = text(&one.me(), "avatar");
    let picture = picture.split_once("/static/").unwrap().1;
    let given = ask(one.node, "GET", &format!("/static/{picture}")).send().expect(200);
    assert_eq!(given.header("content-type"), Some("image/png"));
    let instance = one.get("/api/v2/instance", &[]);
    assert!(instance["configuration"]["statuses"]["max_characters"].is_u64());
    // Every address of the document is answered, and none without a token that needs one.
    let document = ask(one.node, "GET", "/api/openapi.json").send().expect(200).json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 60, "{}", paths.len());
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let path =
                path.replace("{id}", "1").replace("{tag}", "tea").replace("{key}", "0").replace("{cid}", "x");
            let answer = ask(one.node, &method.to_uppercase(), &path).form(&[]).send();
            let status = answer.status;
            if operation.get("security").is_some() {
                // Who asks too much without a token is told to wait.
                assert!([401, 403, 429].contains(&status), "{method} {path}: {status}");
            } else {
                assert!(status < 500 && status != 405, "{method} {path}: {status}");
            }
        }
    }
}

#[test]
fn posts_wait_for_a_time() {
    let node = TestNode::started("one");
    let app = Client::of(&node);
    let form = [
        ("status", "غدا #tea"),
        ("scheduled_at", "4000-01-01T00:00:00Z"),
        ("poll[options][]", "a"),
        ("poll[options][]", "b"),
    ];
    let send = || {
        ask(&node, "POST", "/api/v1/statuses")
            .token(&app.token)
            .header("Idempotency-Key", "tomorrow")
            .form(&form)
            .send()
    };
    let kept = send().expect(200).json();
    // Sent twice, it waits once.
    assert_eq!(send().expect(200).json(), kept);
    assert_eq!(app.get("/api/v1/scheduled_statuses", &[]), json!([kept]));
    assert_eq!(
        (&kept["params"]["text"], &kept["params"]["visibility"]),
        (&json!("غدا #tea"), &json!("public"))
    );
    let id = text(&kept, "id");
    let at = path(&["scheduled_statuses", &id]);
    let moved = app.send("PUT", &at, &[("scheduled_at", "3999-12-31T23:00:00.000")]).expect(200).json();
    assert_eq!((&moved["id"], &moved["scheduled_at"]), (&json!(id), &json!("3999-12-31T23:00:00.000Z")));
    assert_eq!(app.get("/api/v1/scheduled_statuses", &[]), json!([moved]));
    assert_eq!(app.get(&at, &[]), moved);
    assert!(app.home().is_empty());
    app.send("DELETE", &at, &[]).expect(200);
    app.send("GET", &at, &[]).expect(404);
    // What was removed does not come back because the same request comes once more.
    send().expect(404);
    assert_eq!(app.get("/api/v1/scheduled_statuses", &[]), json!([]));
    let wrong =
        app.send("POST", "/api/v1/statuses", &[("status", "x"), ("scheduled_at", "banana")]).expect(422);
    assert_eq!(wrong.json()["error"], "Record invalid");
    let past = [("status", "x"), ("scheduled_at", "2020-01-01T00:00:00Z")];
    assert!(
        text(&app.send("POST", "/api/v1/statuses", &past).expect(422).json(), "error").contains("before now")
    );
}

#[test]
fn numbers_hold_on_other_nodes_and_quotes_are_shown() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    let said = one.post("/api/v1/statuses", &[("status", "الشاي جاهز #tea_time"), ("language", "ar")]);
    let id = text(&said, "id");
    // Asked for by the number that another node has given, before this one has shown it to anybody.
    eventually("it is there", || two.send("GET", &path(&["statuses", &id]), &[]).status == 200);
    let author = text(&said["account"], "id");
    assert_eq!(two.get(&path(&["accounts", &author]), &[])["majlis"]["account"], one.node.account());
    assert!(text(&said, "url").ends_with(&format!("/{id}")));

    let quote = two.post("/api/v1/statuses", &[("status", "On my way"), ("quoted_status_id", &id)]);
    assert_eq!(quote["quote"]["state"], "accepted");
    assert_eq!(quote["quote"]["quoted_status"]["id"], id);
    one.send("DELETE", &path(&["statuses", &id]), &[]).expect(200);
    let shown = || two.get(&path(&["statuses", &text(&quote, "id")]), &[])["quote"].clone();
    eventually("what is quoted was taken back", || {
        shown() == json!({ "state": "deleted", "quoted_status": null })
    });

    // A boost has a number of its own, by which it is ended.
    let again = two.post(&path(&["statuses", &text(&quote, "id"), "reblog"]), &[]);
    two.send("DELETE", &path(&["statuses", &text(&again, "id")]), &[]).expect(200);
    assert_eq!(two.get(&path(&["statuses", &text(&quote, "id")]), &[])["reblogged"], false);
    // Numbers that nothing has say a time.
    let number: u64 = text(&quote, "id").parse().unwrap();
    let between = |from: u64, to: u64| {
        let query = [("min_id", from.to_string()), ("max_id", to.to_string())];
        two.get("/api/v1/timelines/home", &query.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    assert_eq!(between(number - 1_000, number + 1_000)[0]["id"], quote["id"]);
    assert_eq!(between(number + 1_000, number + 2_000), json!([]));
    assert_eq!(between(number - 2_000, number - 1_000), json!([]));

    // Tags are found by their beginnings.
    two.post("/api/v1/statuses", &[("status", "#Tea_Pot")]);
    let tags = || two.get("/api/v2/search", &[("q", "#tea"), ("type", "hashtags")])["hashtags"].clone();
    assert!(tags().as_array().unwrap().iter().any(|tag| tag["name"] == "tea_pot"), "{}", tags());
}

#[test]
fn lists_are_of_those_who_are_followed_and_votes_are_not_changed() {
    let cluster = Cluster::started(&["one", "two"]);
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    let friend = one.find(&two);
    let list = text(&one.post("/api/v1/lists", &[("title", "أصدقاء")]), "id");
    let members = path(&["lists", &list, "accounts"]);
    one.send("POST", &members, &[("account_ids[]", &friend)]).expect(404);
    one.node.cli(&["follow", &two.node.invite()]);
    one.post(&members, &[("account_ids[]", &friend)]);
    assert_eq!(one.get(&members, &[])[0]["id"], friend);
    one.post(&path(&["accounts", &friend, "unfollow"]), &[]);
    assert_eq!(one.get(&members, &[]), json!([]));

    let poll = |several: &str| {
        let form = [
            ("status", "?"),
            ("poll[options][]", "a"),
            ("poll[options][]", "b"),
            ("poll[multiple]", several),
        ];
        path(&["polls", &text(&one.post("/api/v1/statuses", &form), "id"), "votes"])
    };
    let vote = |poll: &str, choices: &[&str]| {
        let form: Vec<_> = choices.iter().map(|choice| ("choices[]", *choice)).collect();
        let answer = one.send("POST", poll, &form);
        if answer.status == 200 {
            answer.json()["own_votes"].to_string()
        } else {
            text(&answer.json(), "error")
        }
    };
    let (single, several) = (poll("false"), poll("true"));
    assert!(vote(&single, &["2"]).contains("does not exist"));
    assert!(vote(&single, &["0", "1"]).contains("already voted"));
    assert_eq!(vote(&single, &["1"]), "[1]");
    assert!(vote(&single, &["0"]).contains("already voted"));
    assert_eq!(vote(&several, &["1"]), "[1]");
    assert_eq!(vote(&several, &["0"]), "[0,1]");
    assert!(vote(&several, &["0"]).contains("already voted"));
}

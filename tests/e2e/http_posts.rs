//! Posts over the API: who likes and shows them, what quotes them, files that change, and writing anew what was taken back.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::http::ask;
use crate::support::node::{TestNode, text};

/// Hands a picture over; its id.
fn upload(client: &Client<'_>, shade: u8, fields: &[(&str, &str)]) -> String {
    let mut picture = std::io::Cursor::new(Vec::new());
    let drawn = image::RgbImage::from_pixel(64, 48, image::Rgb([shade, 7, 9]));
    drawn.write_to(&mut picture, image::ImageFormat::Png).unwrap();
    let mut form = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n".to_vec();
    form.extend_from_slice(picture.get_ref());
    for (name, value) in fields {
        let part = format!("\r\n--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}");
        form.extend_from_slice(part.as_bytes());
    }
    form.extend_from_slice(b"\r\n--b--\r\n");
    let asked = ask(client.node, "POST", "/api/v2/media").token(&client.token);
    text(&asked.body("multipart/form-data; boundary=b", form).send().expect(200).json(), "id")
}

#[test]
fn who_has_answered_with_less_than_words() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    let id = text(&one.post("/api/v1/statuses", &[("status", "اقتبسني")]), "id");
    eventually("the other has it", || two.home().len() == 1);
    two.post(&path(&["statuses", &id, "favourite"]), &[]);
    two.post(&path(&["statuses", &id, "reblog"]), &[]);
    let quote = two.post("/api/v1/statuses", &[("status", "well said"), ("quoted_status_id", &id)]);
    assert_eq!(
        (&quote["quote"]["state"], &quote["quote"]["quoted_status"]["id"]),
        (&json!("accepted"), &json!(id))
    );
    let who = |what: &str| one.get(&path(&["statuses", &id, what]), &[]);
    eventually("the author knows all of it", || {
        ["favourited_by", "reblogged_by", "quotes"]
            .iter()
            .all(|what| who(what).as_array().unwrap().len() == 1)
    });
    for what in ["favourited_by", "reblogged_by"] {
        assert_eq!(who(what)[0]["majlis"]["account"], *two.node.account());
    }
    assert_eq!(who("quotes")[0]["id"], quote["id"]);
    two.post(&path(&["statuses", &id, "unfavourite"]), &[]);
    eventually("it is ended", || who("favourited_by") == json!([]));
    assert_eq!(who("card"), json!({}));
    one.send("POST", &path(&["statuses", &id, "translate"]), &[]).expect(404);
    one.send("PUT", &path(&["statuses", &id, "interaction_policy"]), &[("quote_approval_policy", "nobody")])
        .expect(422);
    for what in ["favourited_by", "reblogged_by", "quotes", "card"] {
        one.send("GET", &path(&["statuses", "5", what]), &[]).expect(404);
    }
    // What a post answers may not be here: then it has no number, which would say when it was written.
    let away = TestNode::new("away");
    let link = format!("majlis:{}/{}", away.account().trim_start_matches("did:key:"), away.post("إلى الظلام"));
    let answer = text(&one.node.one(&["post", "into the dark", "--reply-to", &link]), "id");
    let own = one.get(&path(&["accounts", &text(&one.me(), "id"), "statuses"]), &[]);
    let shown = own.as_array().unwrap().iter().find(|post| post["majlis"]["id"] == *answer).unwrap();
    assert!(shown["in_reply_to_id"].is_null() && shown["in_reply_to_account_id"].is_string(), "{shown}");
}

#[test]
fn files_change_with_their_post() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    let first = upload(&client, 1, &[("description", "أحمر"), ("focus", "-0.5,0.3")]);
    let second = upload(&client, 2, &[]);
    let focus = json!({ "x": 0.25, "y": -1.0 });
    let said = client.send("PUT", &path(&["media", &second]), &[("focus", "0.25,-1")]).expect(200).json();
    assert_eq!(said["meta"]["focus"], focus);
    for bad in ["2,0", "x", "0.5", "NaN,0"] {
        client.send("PUT", &path(&["media", &second]), &[("focus", bad)]).expect(422);
    }
    let post = client
        .post("/api/v1/statuses", &[("status", "look"), ("media_ids[]", &first), ("media_ids[]", &second)]);
    assert_eq!(post["media_attachments"][0]["meta"]["focus"], json!({ "x": -0.5, "y": 0.3 }));
    assert_eq!(post["media_attachments"][1]["meta"]["focus"], focus);
    let id = text(&post, "id");
    let edit = |form: &[(&str, &str)]| client.send("PUT", &path(&["statuses", &id]), form);
    let alts = |post: &Value| -> Vec<Value> {
        post["media_attachments"].as_array().unwrap().iter().map(|file| file["description"].clone()).collect()
    };
    let changed = edit(&[
        ("media_attributes[0][id]", &first),
        ("media_attributes[0][description]", "قرمزي"),
        ("media_attributes[0][focus]", "0.2,-0.1"),
    ]);
    let changed = changed.expect(200).json();
    assert_eq!((alts(&changed), &changed["content"]), (vec![json!("قرمزي"), Value::Null], &post["content"]));
    assert_eq!(changed["media_attachments"][0]["meta"]["focus"], json!({ "x": 0.2, "y": -0.1 }));
    let third = upload(&client, 3, &[("description", "new")]);
    let changed = edit(&[("status", "other words"), ("media_ids[]", &third), ("media_ids[]", &first)])
        .expect(200)
        .json();
    assert_eq!(alts(&changed), [json!("new"), json!("قرمزي")]);
    edit(&[("media_ids[]", &second)]).expect(422);
    edit(&[("media_attributes[0][id]", &first), ("media_attributes[0][focus]", "9,9")]).expect(422);

    // Covered without a word, and no longer.
    let covered = edit(&[("sensitive", "true")]).expect(200).json();
    assert_eq!((&covered["sensitive"], &covered["spoiler_text"]), (&json!(true), &json!("")));
    assert_eq!(client.get(&path(&["statuses", &id, "source"]), &[])["spoiler_text"], "");
    assert_eq!(edit(&[("sensitive", "false")]).expect(200).json()["sensitive"], false);
    assert_eq!(
        edit(&[("spoiler_text", "تحذير"), ("language", "ar")]).expect(200).json()["spoiler_text"],
        "تحذير"
    );

    // What is taken back can be written anew with its files, if they are not to go.
    let gone = client.send("DELETE", &path(&["statuses", &id]), &[]).expect(200).json();
    assert_eq!((&gone["text"], alts(&gone)), (&json!("other words"), vec![json!("new"), json!("قرمزي")]));
    let ids: Vec<String> =
        gone["media_attachments"].as_array().unwrap().iter().map(|file| text(file, "id")).collect();
    let again = client
        .post("/api/v1/statuses", &[("status", "again"), ("media_ids[]", &ids[0]), ("media_ids[]", &ids[1])]);
    assert_eq!(alts(&again), alts(&gone));
    let url = text(&again["media_attachments"][1], "url");
    ask(&node, "GET", &format!("/media/{}", url.split_once("/media/").unwrap().1)).send().expect(200);
    client.send("DELETE", &path(&["statuses", &text(&again, "id")]), &[("delete_media", "true")]).expect(200);
    client.send("POST", "/api/v1/statuses", &[("status", "once more"), ("media_ids[]", &ids[0])]).expect(422);
    let unused = upload(&client, 4, &[]);
    client.send("DELETE", &path(&["media", &unused]), &[]).expect(200);
    client.send("GET", &path(&["media", &unused]), &[]).expect(404);

    // A poll stays.
    let form = [
        ("status", "tea?"),
        ("poll[options][]", "نعم"),
        ("poll[options][]", "لا"),
        ("poll[expires_in]", "600"),
    ];
    let poll = text(&client.post("/api/v1/statuses", &form), "id");
    let poll = path(&["statuses", &poll]);
    client.send("PUT", &poll, &[("status", "Tea?"), form[1], form[2]]).expect(200);
    client.send("PUT", &poll, &[("status", "Tea?"), form[1], ("poll[options][]", "maybe")]).expect(422);
}

#[test]
fn an_account_s_posts_are_sifted_over_pages() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    let first = text(&client.post("/api/v1/statuses", &[("status", "الأول")]), "id");
    client.post(&path(&["statuses", &first, "pin"]), &[]);
    for n in 0..45 {
        client.post("/api/v1/statuses", &[("status", &format!("answer {n}")), ("in_reply_to_id", &first)]);
    }
    client.post("/api/v1/statuses", &[("status", "last")]);
    let posts = path(&["accounts", &text(&client.me(), "id"), "statuses"]);
    let page = |query: &[(&str, &str)]| client.send("GET", &posts, query).expect(200);
    assert_eq!(page(&[("pinned", "true")]).json()[0]["id"], *first);
    let found = page(&[("exclude_replies", "true"), ("limit", "2")]).json();
    assert_eq!((found.as_array().unwrap().len(), &found[1]["id"]), (2, &json!(first)));
    let top = page(&[("exclude_replies", "true"), ("limit", "1")]);
    assert!(top.header("link").unwrap().contains("exclude_replies=true"), "{top:?}");
    let last = text(&top.json()[0], "id");
    let next = page(&[("exclude_replies", "true"), ("limit", "1"), ("max_id", &last)]).json();
    assert_eq!(next[0]["id"], *first);
    assert_eq!(page(&[("only_media", "true")]).json(), json!([]));
}

#[test]
fn bookmarks_stand_in_the_order_in_which_they_were_put() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    let posts: Vec<String> = (0..4)
        .map(|n| text(&client.post("/api/v1/statuses", &[("status", &format!("منشور {n}"))]), "id"))
        .collect();
    for at in [1, 3, 0, 2] {
        client.post(&path(&["statuses", &posts[at], "bookmark"]), &[]);
    }
    let page = |query: &[(&str, &str)]| -> Vec<String> {
        let found = client.get("/api/v1/bookmarks", query);
        found.as_array().unwrap().iter().map(|post| text(post, "id")).collect()
    };
    let order = [2, 0, 3, 1].map(|at| posts[at].clone());
    assert_eq!(page(&[]), order);
    assert_eq!(page(&[("limit", "2")]), order[..2]);
    assert_eq!(page(&[("limit", "2"), ("max_id", &order[1])]), order[2..]);
    assert_eq!(page(&[("limit", "1"), ("min_id", &order[2])]), order[1..2]);
    assert_eq!(page(&[("limit", "1"), ("since_id", &order[2])]), order[..1]);
    assert_eq!(page(&[("max_id", "1")]), [""; 0]);
}

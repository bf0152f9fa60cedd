//! Filters over the API: made, changed and removed by apps of both ages, and what they find.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::http::ask;
use crate::support::node::{TestNode, text};

fn filters(parts: &[&str]) -> String {
    format!("/api/v2/filters/{}", parts.join("/"))
}

/// SEAL-15.
#[test]
fn a_filter_says_what_it_has_found_and_by_what() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow_all();
    let [author, reader] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    for said in ["مباراةُ كُرَةِ القَدَم الليلة", "Tea at five", "A bomb", "Bombastic"]
    {
        author.post("/api/v1/statuses", &[("status", said)]);
    }
    eventually("the reader has all", || reader.home().len() == 4);
    let made = ask(reader.node, "POST", "/api/v2/filters").token(&reader.token).json(&json!({
        "title": "رياضة", "context": ["home", "public"], "filter_action": "warn", "expires_in": 3600,
        "keywords_attributes": [{ "keyword": "كرة القدم", "whole_word": true }, { "keyword": "tennis" }],
    }));
    let made = made.send().expect(200).json();
    let id = text(&made, "id");
    assert_eq!(
        (&made["context"], &made["keywords"][0]["whole_word"]),
        (&json!(["home", "public"]), &json!(true))
    );
    assert!(made["expires_at"].is_string() && id.parse::<i64>().is_ok());
    let found = |said: &str| -> Option<Value> {
        let home = reader.home().into_iter();
        home.into_iter()
            .find(|post| text(post, "content").contains(said))
            .map(|post| post["filtered"].clone())
    };
    let match_ = found("القَدَم").unwrap();
    assert_eq!(match_[0]["filter"], made);
    assert_eq!(
        (&match_[0]["keyword_matches"], &match_[0]["status_matches"]),
        (&json!(["كرة القدم"]), &Value::Null)
    );
    assert_eq!(found("Tea"), Some(json!([])));
    // Asked for alone, and after something was done with it, a post says the same.
    let football = reader.home().into_iter().find(|post| text(post, "content").contains("القَدَم")).unwrap();
    let football = text(&football, "id");
    assert_eq!(reader.get(&path(&["statuses", &football]), &[])["filtered"], match_);
    assert_eq!(reader.post(&path(&["statuses", &football, "favourite"]), &[])["filtered"], match_);

    // A single post, whatever it says.
    let tea = reader.home().into_iter().find(|post| text(post, "content").contains("Tea")).unwrap();
    let tea = text(&tea, "id");
    let single = reader.post(&filters(&[&id, "statuses"]), &[("status_id", &tea)]);
    assert_eq!(single["status_id"], *tea);
    let single_id = text(&single, "id");
    assert_eq!(
        reader.post(&filters(&[&id, "statuses"]), &[("status_id", &tea)])["id"],
        *single_id,
        "it is there once"
    );
    assert_eq!(reader.get(&filters(&["statuses", &single_id]), &[]), single);
    assert_eq!(found("Tea").unwrap()[0]["status_matches"], json!([tea]));
    reader.send("DELETE", &filters(&["statuses", &single_id]), &[]).expect(200);
    assert_eq!((found("Tea"), reader.get(&filters(&[&id, "statuses"]), &[])), (Some(json!([])), json!([])));
    reader.send("GET", &filters(&["statuses", &single_id]), &[]).expect(404);

    let bomb = reader.home().into_iter().find(|post| text(post, "content").contains("A bomb")).unwrap();
    let bomb = text(&bomb, "id");
    // What hides leaves it out; a word is found whole, unless that is said.
    let hide = reader.send(
        "PUT",
        &filters(&[&id]),
        &[
            ("title", "war"),
            ("filter_action", "hide"),
            ("expires_in", ""),
            ("keywords_attributes[0][id]", &text(&made["keywords"][0], "id")),
            ("keywords_attributes[0][keyword]", "bomb"),
            ("keywords_attributes[1][id]", &text(&made["keywords"][1], "id")),
            ("keywords_attributes[1][_destroy]", "1"),
        ],
    );
    let hide = hide.expect(200).json();
    assert_eq!(
        (&hide["id"], &hide["expires_at"], &hide["context"]),
        (&made["id"], &Value::Null, &made["context"])
    );
    assert_eq!(hide["keywords"].as_array().unwrap().len(), 1);
    assert_eq!((found("A bomb"), found("Bombastic"), reader.home().len()), (None, Some(json!([])), 3));
    // Asked for alone it is shown, with what would hide it among others. Its author's words are the author's own.
    let shown = reader.get(&path(&["statuses", &bomb]), &[]);
    assert_eq!(
        (&shown["filtered"][0]["filter"], &shown["filtered"][0]["keyword_matches"]),
        (&hide, &json!(["bomb"]))
    );
    assert_eq!(author.get(&path(&["statuses", &bomb]), &[])["filtered"], json!([]));
    let keyword = filters(&["keywords", &text(&hide["keywords"][0], "id")]);
    assert_eq!(
        reader.send("PUT", &keyword, &[("whole_word", "false")]).expect(200).json()["keyword"],
        "bomb"
    );
    assert_eq!(reader.home().len(), 2);
    reader.send("DELETE", &keyword, &[]).expect(200);
    assert_eq!((reader.home().len(), reader.get(&filters(&[&id, "keywords"]), &[])), (4, json!([])));
    let added = reader.post(&filters(&[&id, "keywords"]), &[("keyword", "شاي"), ("whole_word", "true")]);
    assert_eq!(added["keyword"], "شاي");
    // The command line sees the same.
    assert_eq!(reader.node.one(&["filter"])["title"], "war");
    reader.send("DELETE", &filters(&[&id]), &[]).expect(200);
    assert_eq!(reader.get("/api/v2/filters", &[]), json!([]));
    reader.send("GET", &filters(&[&id]), &[]).expect(404);
}

#[test]
fn older_apps_know_phrases_alone() {
    let node = TestNode::started("owner");
    let client = Client::of(&node);
    let form =
        [("phrase", "anime"), ("context[]", "notifications"), ("irreversible", "0"), ("whole_word", "1")];
    let made = client.post("/api/v1/filters", &form);
    assert_eq!((&made["irreversible"], &made["whole_word"]), (&json!(false), &json!(true)));
    let one = path(&["filters", &text(&made, "id")]);
    assert_eq!((client.get("/api/v1/filters", &[]), client.get(&one, &[])), (json!([made]), made.clone()));
    let changed = client.send("PUT", &one, &[("phrase", "أنمي"), ("irreversible", "1")]).expect(200).json();
    assert_eq!(
        (&changed["phrase"], &changed["irreversible"], &changed["id"]),
        (&json!("أنمي"), &json!(true), &made["id"])
    );
    // It is a filter like any other; one that has more is not changed for one phrase of it.
    let filter = client.get("/api/v2/filters", &[])[0].clone();
    assert_eq!((&filter["title"], &filter["filter_action"]), (&json!("أنمي"), &json!("hide")));
    client.post(&filters(&[&text(&filter, "id"), "keywords"]), &[("keyword", "manga")]);
    client.send("PUT", &one, &[("context[]", "home")]).expect(422);
    client.send("DELETE", &one, &[]).expect(200);
    let left = client.get("/api/v1/filters", &[]);
    assert_eq!((left.as_array().unwrap().len(), &left[0]["phrase"]), (1, &json!("manga")));
    client.send("DELETE", &path(&["filters", &text(&left[0], "id")]), &[]).expect(200);
    assert_eq!(client.get("/api/v2/filters", &[]), json!([]));
    // Two of one title, and one without phrases.
    for context in ["home", "thread"] {
        client.post("/api/v2/filters", &[("title", "later"), ("context[]", context)]);
    }
    assert_eq!(client.get("/api/v2/filters", &[]).as_array().unwrap().len(), 2);
    for bad in [
        &[("title", "x")][..],
        &[("title", " "), ("context[]", "home")],
        &[("title", "x"), ("context[]", "nowhere")],
        &[("title", "x"), ("context[]", "home"), ("filter_action", "burn")],
        &[("title", "x"), ("context[]", "home"), ("expires_in", "-5")],
        &[("title", "x"), ("context[]", "home"), ("expires_in", "9223372036854775807")],
        &[("title", "x"), ("context[]", "home"), ("keywords_attributes[][keyword]", " ")],
        &[("title", "x"), ("context[]", "home"), ("keywords_attributes[][whole_word]", "1")],
    ] {
        client.send("POST", "/api/v2/filters", bad).expect(422);
    }
    client
        .send("POST", "/api/v2/filters", &[("title", "x"), ("context[]", "home"), ("expires_in", "soon")])
        .expect(400);
    client.send("POST", "/api/v1/filters", &[("phrase", ""), ("context[]", "home")]).expect(422);
    client.send("PUT", &path(&["filters", "1"]), &[("phrase", "x")]).expect(404);
}

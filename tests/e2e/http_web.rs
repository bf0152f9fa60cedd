//! The page of the node: its files, how a browser signs in, and what it asks that other apps do not.

use serde_json::{Value, json};

use crate::http_api::{Client, path};
use crate::support::cluster::Cluster;
use crate::support::eventually;
use crate::support::http::{Answer, Ask, ask};
use crate::support::node::{TestNode, text};

/// Without the hashes of what stands within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types majlis";
const SESSION: &str = "/api/majlis/v1/session";

fn get(node: &TestNode, path: &str) -> Ask {
    ask(node, "GET", path)
}

fn sign_in(node: &TestNode, code: &str, name: &str) -> Answer {
    ask(node, "POST", SESSION).json(&json!({ "code": code, "name": name })).send()
}

fn code_of(link: &str) -> &str {
    link.split_once("/#code=").unwrap_or_else(|| panic!("no code: {link}")).1
}

/// A browser of the owner's.
fn signed_in(node: &TestNode) -> Client<'_> {
    let code = text(&node.one(&["login"]), "code");
    Client { node, token: text(&sign_in(node, &code, "Test").expect(200).json(), "access_token") }
}

fn own(parts: &[&str]) -> String {
    format!("/api/majlis/v1/{}", parts.join("/"))
}

#[test]
fn the_page_is_at_all_its_addresses_and_its_files_beside_it() {
    let node = TestNode::started("page");
    let key = node.account();
    let key = key.strip_prefix("did:key:").unwrap();
    let first = get(&node, "/").send().expect(200);
    assert_eq!(first.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = first.header("content-security-policy").unwrap();
    // Which hashes those are is held against the page by a browser, which opens nothing else.
    let but_hashes: Vec<_> = policy.split(' ').filter(|part| !part.starts_with("'sha256-")).collect();
    assert_eq!(but_hashes.join(" "), POLICY);
    assert_eq!(policy.matches("'sha256-").count(), 3, "{policy}");
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(first.header(name), Some(value), "{name}");
    }
    assert!(first.body.contains("Majlis") && !first.body.contains("{{version}}"));
    let (_, edition) = first.body.split_once("data-main=\"/app/").unwrap();
    let (edition, _) = edition.split_once('/').unwrap();
    assert!(
        first.body.contains(&format!("<link rel=\"modulepreload\" href=\"/app/{edition}/pages/home.js\">")),
        "modules are named"
    );
    assert!(!first.body.contains("<!--") && !first.body.contains("/pages/data.js"), "and no others");
    assert!(!first.body.contains(key), "strangers need not know whose it is");
    for view in ["/home", "/lists/3/", "/tags/%D8%B4%D8%A7%D9%8A", "/posts/x", "/help"] {
        assert_eq!(get(&node, view).send().expect(200).body, first.body, "{view}");
    }
    for view in [format!("/@{key}"), format!("/@{key}/12"), "/@x/".to_owned()] {
        assert_eq!(get(&node, &view).send().expect(200).body, first.body, "{view}");
    }
    for nothing in
        ["/nothing", "/home/x", "/@x/1/2", "/app", "/app/", "/app/index.html", "/app/sw.js", "/app/main.js"]
    {
        get(&node, nothing).send().expect(404);
    }
    for nothing in ["index.html", "sw.js", "core/none.js", "core/theme.js", "style/base.css", "icon.svg"] {
        get(&node, &format!("/app/{edition}/{nothing}")).send().expect(404);
    }
    for outside in ["/app/..%2fmod.rs", "/app/%2e%2e/mod.rs", "/app/../assets.rs", "/app/x/../../mod.rs"] {
        assert_ne!(get(&node, outside).send().status, 200, "{outside}");
    }
    // Another site's name leads here as little as to the rest.
    get(&node, "/").host(Some("evil.example")).send().expect(403);

    // What a browser has is not sent again, and what it reads packed is sent packed.
    let etag = first.header("etag").unwrap();
    let known = get(&node, "/").header("If-None-Match", etag).send().expect(304);
    assert_eq!((known.body.as_str(), known.header("etag")), ("", Some(etag)));
    assert_eq!(
        known.header("content-security-policy"),
        Some(policy),
        "a browser takes over what is said here"
    );
    let api = format!("/app/{edition}/core/api.js");
    for (file, packs, lasts) in [
        (api.as_str(), true, true),
        ("/app/older/core/api.js", true, false),
        ("/app/icon-192.png", false, false),
        ("/", true, false),
    ] {
        let plain = get(&node, file).send().expect(200);
        assert_eq!(plain.header("content-encoding"), None, "{file}");
        let packed = get(&node, file).header("Accept-Encoding", "gzip, br").send().expect(200);
        assert_eq!(packed.header("content-encoding"), packs.then_some("gzip"), "{file}");
        assert_eq!(packed.header("etag"), plain.header("etag"), "{file}");
        let keep = if lasts { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(plain.header("cache-control"), Some(keep), "{file}");
    }

    // Whoever is led astray is told so by the page, programs in a word.
    let astray = get(&node, "/nothing").header("Accept", "text/html,*/*;q=0.8").send().expect(404);
    assert_eq!(
        (astray.body.as_str(), astray.header("content-security-policy")),
        (first.body.as_str(), Some(policy))
    );
    assert_eq!(get(&node, "/nothing").send().expect(404).header("content-type"), Some("application/json"));

    // Each file that the page names is there, as what it is, however often it is asked for.
    let named: Vec<&str> = first.body.split('"').filter(|part| part.starts_with("/app/")).collect();
    for _ in 0..3 {
        for file in &named {
            let answer = get(&node, file).send().expect(200);
            let kind = match file.rsplit_once('.').unwrap().1 {
                "js" => "text/javascript; charset=utf-8",
                "css" => "text/css; charset=utf-8",
                "svg" => "image/svg+xml",
                "png" => "image/png",
                "webmanifest" => "application/manifest+json",
                other => panic!("what is {other}?"),
            };
            assert_eq!(answer.header("content-type"), Some(kind), "{file}");
        }
    }
    let worker = get(&node, "/sw.js").send().expect(200);
    assert_eq!(worker.header("content-security-policy"), Some("default-src 'none'; connect-src 'self'"));
    assert!(!worker.body.contains("{{"), "a place was left open");
}

#[test]
fn a_browser_signs_in_once_with_each_code_and_link() {
    let mut node = TestNode::started("browser");
    let ready = text(node.ready(), "link");
    assert!(ready.starts_with(&text(node.ready(), "http")), "{ready}");
    let given = sign_in(&node, code_of(&ready), " Firefox\u{7} on Linux ").expect(200).json();
    assert_eq!(
        (text(&given, "token_type"), text(&given, "scope")),
        ("Bearer".to_owned(), "follow owner read write".to_owned())
    );
    assert!(given["created_at"].is_i64());
    let token = text(&given, "access_token");
    sign_in(&node, code_of(&ready), "x").expect(403);

    // A code that is typed, also as people type, and a link of `majlis login`.
    let login = node.one(&["login"]);
    sign_in(&node, &text(&login, "code").to_lowercase().replace('-', " "), "").expect(200);
    sign_in(&node, &text(&login, "code"), "").expect(403);
    let second = sign_in(&node, code_of(&text(&login, "link")), &"x".repeat(500)).expect(200).json();
    let listed = |token: &str| get(&node, "/api/majlis/v1/apps").token(token).send();
    let apps = listed(&token).expect(200).json();
    let names: Vec<_> = apps.as_array().unwrap().iter().map(|app| text(app, "name")).collect();
    assert_eq!(names, ["Firefox on Linux".to_owned(), "Browser".to_owned(), "x".repeat(100)]);
    let current: Vec<_> = apps.as_array().unwrap().iter().map(|app| app["current"] == true).collect();
    assert_eq!(current, [true, false, false]);

    // Signed out, it is forgotten; the others are not.
    let second = text(&second, "access_token");
    ask(&node, "DELETE", SESSION).token(&second).send().expect(200);
    listed(&second).expect(401);
    assert_eq!(listed(&token).expect(200).json().as_array().unwrap().len(), 2);
    assert!(node.files_with(token.as_bytes()).is_empty(), "the token lies on the disk");
    assert!(!node.log().contains(&token) && !node.log().contains(code_of(&ready)), "it is in the log");

    // It holds after a restart, with all that it may do.
    node.restart();
    get(&node, "/api/majlis/v1/recovery").token(&token).send().expect(200);
    sign_in(&node, code_of(&text(&login, "link")), "").expect(403);
    assert_ne!(text(node.ready(), "link"), ready);
}

#[test]
fn guessing_ends_and_other_sites_cannot_guess() {
    let node = TestNode::started("guesses");
    let link = text(node.ready(), "link");
    for from in ["cross-site", "same-site"] {
        let asked = ask(&node, "POST", SESSION).header("Sec-Fetch-Site", from);
        asked.json(&json!({ "code": code_of(&link) })).send().expect(403);
    }
    for wrong in ["", "AAAA-AAAA", "x", "0", "null", "AAAA", "B", "C", "D", "E"] {
        let refused = sign_in(&node, wrong, "x").expect(403);
        assert!(text(&refused.json(), "error").contains("not right"), "{refused:?}");
    }
    sign_in(&node, code_of(&link), "x").expect(429);
    for wrong in [json!({}), json!({ "code": null }), json!({ "code": 7 })] {
        assert!([400, 429].contains(&ask(&node, "POST", SESSION).json(&wrong).send().status), "{wrong}");
    }
}

#[test]
fn no_app_has_what_is_the_owners_alone() {
    let node = TestNode::started("alone");
    let app = |scopes: &str| {
        let fields =
            [("client_name", "x"), ("redirect_uris", "urn:ietf:wg:oauth:2.0:oob"), ("scopes", scopes)];
        ask(&node, "POST", "/api/v1/apps").form(&fields).send()
    };
    for scopes in ["owner", "read owner"] {
        app(scopes).expect(422);
        assert!(node.fails(2, &["token", "new", "--name", "x", "--scopes", scopes]).contains("owner"));
    }
    let all = app("read write follow push profile").expect(200).json();
    let query = [
        ("client_id", all["client_id"].as_str().unwrap()),
        ("redirect_uri", "urn:ietf:wg:oauth:2.0:oob"),
        ("response_type", "code"),
        ("scope", "owner"),
    ];
    get(&node, "/oauth/authorize").query(&query).send().expect(400);
    let own_token = [
        ("client_id", all["client_id"].as_str().unwrap()),
        ("client_secret", all["client_secret"].as_str().unwrap()),
        ("grant_type", "client_credentials"),
        ("scope", "owner"),
    ];
    ask(&node, "POST", "/oauth/token").form(&own_token).send().expect(400);

    let made = node.one(&["token", "new", "--name", "all", "--scopes", "read,write,follow,push,profile"]);
    let app = Client { node: &node, token: text(&made, "token") };
    for (method, path) in [
        ("GET", own(&["recovery"])),
        ("DELETE", own(&["recovery"])),
        ("POST", own(&["storage", "prune"])),
        ("DELETE", own(&["session"])),
    ] {
        app.send(method, &path, &[]).expect(403);
        ask(&node, method, &path).send().expect(401);
    }
    app.get("/api/v1/accounts/verify_credentials", &[]);

    // The owner sees the phrase, and has it forgotten.
    let owner = signed_in(&node);
    let phrase = owner.get(&own(&["recovery"]), &[]);
    assert_eq!(phrase["phrase"], node.one(&["recovery", "show"])["phrase"]);
    owner.send("DELETE", &own(&["recovery"]), &[]).expect(200);
    assert_eq!(owner.get(&own(&["recovery"]), &[]), json!({ "phrase": null }));
    owner.send("DELETE", &own(&["recovery"]), &[]).expect(422);
}

#[test]
fn the_node_says_how_it_is_and_who_holds_what() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(signed_in);
    two.send("PATCH", "/api/v1/accounts/update_credentials", &[("display_name", "ليلى")]).expect(200);
    one.post("/api/v1/statuses", &[("status", "held by another")]);
    eventually("the other's name is known", || one.get(&own(&["node"]), &[])["peers"][0]["name"] == "ليلى");
    let said = one.get(&own(&["node"]), &[]);
    assert_eq!(said["id"]["account"], one.node.account());
    assert_eq!((&said["status"]["running"], &said["status"]["peers"]), (&json!(true), &json!(1)));
    assert_eq!(said["peers"][0]["account"], two.node.account());
    assert_eq!(said["peers"][0]["account_number"], one.find(&two));
    assert_eq!((&said["peers"][0]["reach"], &said["reach"]), (&json!("machine"), &json!("machine")));

    eventually("the other says that it holds the post", || {
        let holders = one.get(&own(&["holders"]), &[]);
        holders[0]["posts"] == 1
    });
    let holders = one.get(&own(&["holders"]), &[]);
    assert_eq!(holders.as_array().unwrap().len(), 1);
    assert_eq!((&holders[0]["account"], &holders[0]["name"]), (&json!(two.node.account()), &json!("ليلى")));
    assert_eq!(
        (&holders[0]["connected"], &holders[0]["peer_id"]),
        (&json!(true), &said["peers"][0]["peer_id"])
    );
    assert_eq!(two.get(&own(&["holders"]), &[]), json!([]), "nobody can hold what was not posted");
    let greeting = two.post("/api/v1/statuses", &[("status", "صباح الخير")]);
    eventually("it arrives", || one.home().iter().any(|post| post["id"] == greeting["id"]));

    let invite = one.get(&own(&["invite"]), &[]);
    assert_eq!(invite["invite"], one.node.invite());
    let rows = invite["qr"]["rows"].as_array().unwrap();
    assert_eq!(rows.len() as u64, invite["qr"]["size"].as_u64().unwrap());

    assert_eq!(one.get(&own(&["usage"]), &[])["aipref"], Value::Null);
    let set = one.send("PUT", &own(&["usage"]), &[("statement", "train-ai=n, bulk-dataset=n")]).expect(200);
    assert_eq!((&set.json()["aipref"], &set.json()["bulkDataset"]), (&json!("train-ai=n"), &json!(false)));
    one.send("PUT", &own(&["usage"]), &[("statement", "nonsense")]).expect(422);
    one.send("PUT", &own(&["usage"]), &[("statement", "")]).expect(200);
    assert_eq!(one.get(&own(&["usage"]), &[])["aipref"], Value::Null);

    let storage = one.get(&own(&["storage"]), &[("days", "1"), ("posts", "")]);
    let of_two = storage["accounts"].as_array().unwrap().iter().find(|of| of["own"] == false).unwrap();
    assert_eq!((&of_two["account"], &of_two["id"]), (&json!(two.node.account()), &json!(one.find(&two))));
    assert_eq!(storage["total"]["keep"]["days"], 1);
    let pruned = one.post(&own(&["storage", "prune"]), &[("days", "1")]);
    assert_eq!(pruned["entries"], 0, "nothing is that old");
}

#[test]
fn drafts_are_kept_replaced_and_removed() {
    let node = TestNode::started("drafts");
    let owner = signed_in(&node);
    let drafts = || owner.get(&own(&["drafts"]), &[]).as_array().unwrap().clone();
    let save = |body: Value| ask(&node, "POST", &own(&["drafts"])).token(&owner.token).json(&body).send();
    let poll = json!({ "options": ["شاي", "قهوة"], "multiple": true });
    let first = json!({ "text": "ليس بعد", "lang": "ar", "visibility": "unlisted", "poll": poll });
    let saved = save(first).expect(200).json();
    assert_eq!((&saved["text"], &saved["lang"]), (&json!("ليس بعد"), &json!("ar")));
    assert_eq!((&saved["visibility"], &saved["poll"]["multiple"]), (&json!("unlisted"), &json!(true)));
    assert_eq!(drafts(), std::slice::from_ref(&saved));

    let id = text(&saved, "draft");
    let second = save(json!({ "id": id, "text": "now then", "content_warning": "tea" })).expect(200).json();
    assert_ne!(second["draft"], saved["draft"]);
    assert_eq!(drafts(), std::slice::from_ref(&second));
    save(json!({ "id": id, "text": "again" })).expect(404);
    assert_eq!(drafts().len(), 1, "one that replaces nothing is not kept");
    save(json!({ "text": "x", "visibility": "secret" })).expect(400);

    // Its files stay with it, and where they lie on the machine is not told.
    let note = node.scratch().join("note.txt");
    std::fs::write(&note, "a note").unwrap();
    let with_file = node.one(&["post", "--draft", "with a file", "--attach", note.to_str().unwrap()]);
    let id = text(&with_file, "draft");
    let replaced = save(json!({ "id": id, "text": "still with a file" })).expect(200).json();
    assert_eq!(replaced["files"][0]["cid"], with_file["files"][0]["cid"]);
    assert!(replaced.get("attachments").is_none(), "{replaced}");

    owner.send("DELETE", &own(&["drafts", &text(&replaced, "draft")]), &[]).expect(200);
    owner.send("DELETE", &own(&["drafts", &text(&second, "draft")]), &[]).expect(200);
    owner.send("DELETE", &own(&["drafts", "x"]), &[]).expect(404);
    assert_eq!(drafts(), [Value::Null; 0]);
}

#[test]
fn any_emoji_is_a_reaction() {
    let node = TestNode::started("emoji");
    let owner = signed_in(&node);
    let post = owner.post("/api/v1/statuses", &[("status", "tea?")]);
    let id = text(&post, "id");
    let reaction =
        |method: &str, emoji: &str| owner.send(method, &own(&["statuses", &id, "reactions", emoji]), &[]);
    let reacted = reaction("PUT", "%F0%9F%8D%B5").expect(200).json();
    assert_eq!(reacted["majlis"]["reactions"], json!({ "🍵": 1 }));
    assert_eq!(reacted["majlis"]["my_reactions"], json!(["🍵"]));
    assert_eq!((&reacted["id"], &reacted["favourited"]), (&json!(id), &json!(false)));
    reaction("PUT", "tea").expect(422);
    let without = reaction("DELETE", "%F0%9F%8D%B5").expect(200).json();
    assert_eq!(without["majlis"]["my_reactions"], json!([]));

    let all = get(&node, &own(&["emoji"])).send().expect(200);
    assert_eq!(all.header("cache-control"), Some("public, max-age=86400"));
    assert_eq!(all.json()[0]["emoji"][0], json!(["😀", "grinning face", "grinning"]));
}

#[test]
fn a_follow_is_private_or_public_as_one_likes() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let owner = signed_in(&cluster.nodes[0]);
    let other = cluster.nodes[1].account();
    let found = owner.get("/api/v1/accounts/lookup", &[("acct", &other)]);
    let follow = own(&["accounts", &text(&found, "id"), "follow"]);
    for private in ["true", "false"] {
        let relation = owner.send("POST", &follow, &[("private", private)]).expect(200).json();
        assert_eq!(relation["following"], true);
        assert_eq!(relation["majlis"]["private"], json!(private == "true"));
        assert_eq!(cluster.nodes[0].followed(&other).unwrap()["private"], json!(private == "true"));
    }
}

#[test]
fn a_post_says_what_it_is_made_of() {
    let cluster = Cluster::started(&["one", "two"]);
    cluster.follow_all();
    let [one, two] = [&cluster.nodes[0], &cluster.nodes[1]].map(Client::of);
    two.send(
        "PATCH",
        "/api/v1/accounts/update_credentials",
        &[
            ("display_name", "ليلى"),
            ("note", "see https://example.org/me"),
            ("fields_attributes[0][name]", "Page"),
            ("fields_attributes[0][value]", "https://example.org/"),
        ],
    )
    .expect(200);
    let of_two = one.find(&two);
    eventually("the name is known", || one.get(&path(&["accounts", &of_two]), &[])["display_name"] == "ليلى");
    let account = one.get(&path(&["accounts", &of_two]), &[]);
    let said = &account["majlis"];
    assert_eq!((&said["own"], &said["bio"]), (&json!(false), &json!("see https://example.org/me")));
    assert_eq!(said["bio_parts"], json!(["see ", { "link": "https://example.org/me" }]));
    assert_eq!(
        said["fields"],
        json!([{ "name": "Page", "value": "https://example.org/", "parts": [{ "link": "https://example.org/" }] }])
    );
    assert_eq!(one.me()["majlis"]["own"], true);

    let key = text(&account, "acct");
    let words = format!("Good #Tea,\n@{key}!\n\nhttps://example.org/#x & <b>");
    let post = one.post("/api/v1/statuses", &[("status", &words)]);
    assert_eq!(post["majlis"]["text"], words);
    assert_eq!(
        post["majlis"]["parts"],
        json!([
            "Good ",
            { "tag": "tea", "text": "#Tea" },
            ",\n",
            { "mention": key, "id": of_two, "name": "ليلى", "text": format!("@{key}") },
            "!\n\n",
            { "link": "https://example.org/#x" },
            " & <b>"
        ])
    );
    assert_eq!(post["majlis"]["reply_to"], Value::Null);
    eventually("it arrives", || two.home().iter().any(|seen| seen["id"] == post["id"]));
    let reply = two.post("/api/v1/statuses", &[("status", "نعم"), ("in_reply_to_id", &text(&post, "id"))]);
    let to = &reply["majlis"]["reply_to"];
    assert_eq!((&to["account"], &to["id"]), (&json!(one.node.account()), &post["majlis"]["id"]));
    assert_eq!(to["name"], "");
    two.post(
        &path(&["accounts", &text(&reply, "in_reply_to_account_id"), "note"]),
        &[("comment", "Neighbour")],
    );
    let again = two.get(&path(&["statuses", &text(&reply, "id")]), &[]);
    assert_eq!(again["majlis"]["reply_to"]["name"], "Neighbour");
}

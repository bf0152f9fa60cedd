//! Apps connect: they register, the owner consents, they get a token, and lose it again.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::http::{Answer, ask, door};
use crate::support::node::{TestNode, text};

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const CALLBACK: &str = "https://app.example/callback?x=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// An app that has registered.
struct App<'a> {
    node: &'a TestNode,
    id: String,
    secret: String,
}

impl<'a> App<'a> {
    fn registered(node: &'a TestNode, scopes: &str) -> Self {
        let uris = format!("{OUT_OF_BAND}\n{CALLBACK}");
        let fields = [("client_name", "Garden"), ("redirect_uris", uris.as_str()), ("scopes", scopes)];
        let app = ask(node, "POST", "/api/v1/apps").form(&fields).send().expect(200).json();
        Self { node, id: text(&app, "client_id"), secret: text(&app, "client_secret") }
    }

    /// The consent page, or what is there instead.
    fn page(&self, more: &[(&str, &str)]) -> Answer {
        let own = [("client_id", self.id.as_str()), ("response_type", "code")];
        ask(self.node, "GET", "/oauth/authorize/").query(&[&own, more].concat()).send()
    }

    /// What comes of a decision.
    fn decide(&self, page: &Answer, decision: &str, code: &str) -> Answer {
        let hidden = |name: &str| page.between(&format!("name=\"{name}\" value=\""), "\"");
        let (nonce, lang) = (hidden("nonce"), hidden("lang"));
        let fields =
            [("nonce", nonce.as_str()), ("lang", lang.as_str()), ("decision", decision), ("code", code)];
        ask(self.node, "POST", "/oauth/authorize").form(&fields).send()
    }

    /// The owner consents; the code for the app.
    fn code(&self, more: &[(&str, &str)]) -> String {
        let page = self.page(&[&[("redirect_uri", OUT_OF_BAND)], more].concat()).expect(200);
        let allowed = self.decide(&page, "allow", &login(self.node)).expect(200);
        allowed.between("<code id=\"code\" dir=\"ltr\">", "</code>")
    }

    /// Asks for a token.
    fn exchange(&self, more: &[(&str, &str)]) -> Answer {
        let own = [("client_id", self.id.as_str()), ("client_secret", self.secret.as_str())];
        ask(self.node, "POST", "/oauth/token").form(&[&own, more].concat()).send()
    }

    /// Asks for a token for a code.
    fn for_code(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", OUT_OF_BAND)];
        self.exchange(&[&fields, more].concat())
    }

    fn token(&self, scope: &str) -> String {
        let code = self.code(&[("scope", scope)]);
        text(&self.for_code(&code, &[]).expect(200).json(), "access_token")
    }
}

fn login(node: &TestNode) -> String {
    text(&node.one(&["login"]), "code")
}

fn apps(node: &TestNode, token: &str) -> Answer {
    ask(node, "GET", "/api/majlis/v1/apps").token(token).send()
}

fn error(answer: &Answer) -> String {
    text(&answer.json(), "error")
}

#[test]
fn an_app_connects_with_a_code_that_the_owner_types() {
    let node = TestNode::started("login");
    let app = App::registered(&node, "read write follow");
    let code = app.code(&[("scope", "read write:statuses"), ("force_login", "true")]);
    let answer = app.for_code(&code, &[]).expect(200);
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let given = answer.json();
    assert_eq!(
        (text(&given, "token_type"), text(&given, "scope")),
        ("Bearer".into(), "read write:statuses".into())
    );
    assert!(given["created_at"].is_i64());
    let token = text(&given, "access_token");

    let of = ask(&node, "GET", "/api/v1/apps/verify_credentials").token(&token).send().expect(200).json();
    assert_eq!(of["name"], "Garden");
    let listed = apps(&node, &token).expect(200).json();
    assert_eq!((&listed[0]["name"], &listed[0]["scopes"]), (&json!("Garden"), &json!("read write:statuses")));
    assert_eq!(node.one(&["apps"])["id"], app.id.as_str());
    assert!(node.files_with(token.as_bytes()).is_empty(), "the token lies on the disk");
    assert!(node.files_with(app.secret.as_bytes()).is_empty(), "the app's secret lies on the disk");
    assert!(!node.log().contains(&token) && !node.log().contains(&code), "it is in the log");

    // Used twice, it takes the token with it: somebody else has the code.
    let again = app.for_code(&code, &[]).expect(400);
    assert_eq!(error(&again), "invalid_grant");
    apps(&node, &token).expect(401);
}

#[test]
fn an_app_connects_by_redirect_with_pkce() {
    let node = TestNode::started("pkce");
    let app = App::registered(&node, "read");
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(VERIFIER));
    let asked = [
        ("redirect_uri", CALLBACK),
        ("state", "a state & more"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let page = app.page(&asked).expect(200);
    assert!(
        page.header("content-security-policy").unwrap().contains("form-action 'self' https://app.example;")
    );
    let led = app.decide(&page, "allow", &login(&node)).expect(303);
    let (to, said) = led.led_to();
    assert_eq!((to.as_str(), said["state"].as_str()), ("https://app.example/callback", "a state & more"));
    let code = &said["code"];
    let with = |verifier: &'static str| [("code_verifier", verifier), ("redirect_uri", CALLBACK)];
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let token = app.exchange(&[&fields[..], &with(VERIFIER)].concat()).expect(200).json();
    apps(&node, &text(&token, "access_token")).expect(200);

    for (method, challenge) in [("plain", VERIFIER), ("S256", "short"), ("", challenge.as_str())] {
        let asked =
            [("redirect_uri", CALLBACK), ("code_challenge", challenge), ("code_challenge_method", method)];
        let (_, said) = app.page(&asked).expect(303).led_to();
        assert_eq!(said["error"], "invalid_request", "{method}");
    }
    // Without the verifier, with a wrong one, and with one that nobody has promised.
    let promised = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    let wrong = "x".repeat(43);
    for (promised, shown) in
        [(&promised[..], None), (&promised[..], Some(wrong.as_str())), (&[], Some(VERIFIER))]
    {
        let code = app.code(promised);
        let shown: Vec<_> = shown.into_iter().map(|verifier| ("code_verifier", verifier)).collect();
        assert_eq!(error(&app.for_code(&code, &shown).expect(400)), "invalid_grant");
        assert_eq!(error(&app.for_code(&code, &[("code_verifier", VERIFIER)]).expect(400)), "invalid_grant");
    }
}

#[test]
fn nothing_is_sent_where_the_app_is_not() {
    let node = TestNode::started("redirects");
    let app = App::registered(&node, "read write:statuses");
    for uri in
        ["https://app.example/callback", "https://evil.example/callback?x=1", "", "javascript:alert(1)"]
    {
        let refused = app.page(&[("redirect_uri", uri)]).expect(400);
        assert_eq!(refused.header("location"), None, "{uri}");
    }
    let unknown = [("client_id", "0123456789abcdef"), ("redirect_uri", CALLBACK), ("response_type", "code")];
    ask(&node, "GET", "/oauth/authorize").query(&unknown).send().expect(400);
    for (scope, response_type, wrong) in [
        ("read write", "code", "invalid_scope"),
        ("admin:read", "code", "invalid_scope"),
        ("read", "token", "unsupported_response_type"),
    ] {
        let query = [
            ("client_id", app.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("response_type", response_type),
            ("state", "s"),
        ];
        let (_, said) = ask(&node, "GET", "/oauth/authorize").query(&query).send().expect(303).led_to();
        assert_eq!((said["error"].as_str(), said["state"].as_str()), (wrong, "s"));
    }
    // The owner refuses.
    let page = app.page(&[("redirect_uri", CALLBACK), ("state", "s")]).expect(200);
    let (_, said) = app.decide(&page, "deny", "").expect(303).led_to();
    assert_eq!(said["error"], "access_denied");
    // The code is for the address that it was asked with.
    let code = app.code(&[]);
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    assert_eq!(error(&app.exchange(&fields).expect(400)), "invalid_grant");

    for fields in [
        json!({"client_name": "x"}),
        json!({"client_name": "", "redirect_uris": OUT_OF_BAND}),
        json!({"client_name": "x", "redirect_uris": "javascript:alert(1)"}),
        json!({"client_name": "x", "redirect_uris": "https://a.example/#x"}),
        json!({"client_name": "x", "redirect_uris": OUT_OF_BAND, "scopes": "admin:write"}),
    ] {
        let refused = ask(&node, "POST", "/api/v1/apps").json(&fields).send().expect(422);
        assert!(error(&refused).starts_with("Validation failed"), "{fields}");
    }
    let list =
        json!({"client_name": "x", "redirect_uris": [OUT_OF_BAND, CALLBACK], "website": "javascript:x"});
    let app = ask(&node, "POST", "/api/v1/apps").json(&list).send().expect(200).json();
    assert_eq!((&app["redirect_uris"], &app["website"]), (&json!([OUT_OF_BAND, CALLBACK]), &Value::Null));
    assert_eq!(app["scopes"], json!(["read"]));
}

#[test]
fn only_the_owner_consents() {
    let node = TestNode::started("owner");
    let app = App::registered(&node, "read");
    let page = app.page(&[("redirect_uri", OUT_OF_BAND)]).expect(200);
    assert_eq!(page.header("access-control-allow-origin"), None);
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));

    // A form of another site, with or without a nonce of its own.
    let code = login(&node);
    for nonce in ["", "x"] {
        let fields = [("nonce", nonce), ("decision", "allow"), ("code", code.as_str())];
        ask(&node, "POST", "/oauth/authorize").form(&fields).send().expect(403);
    }
    let nonce = page.between("name=\"nonce\" value=\"", "\"");
    let fields = [("nonce", nonce.as_str()), ("decision", "allow"), ("code", code.as_str())];
    for from in ["cross-site", "same-site"] {
        let sent = ask(&node, "POST", "/oauth/authorize").header("Sec-Fetch-Site", from).form(&fields);
        sent.send().expect(403);
    }
    // A wrong code may be followed by the right one, as it is typed by people.
    let wrong = app.decide(&page, "allow", "AAAA-AAAA").expect(403);
    assert!(wrong.body.contains("role=\"alert\""));
    app.decide(&wrong, "allow", &code.to_lowercase().replace('-', " ")).expect(200);
    // The page is used up, and so is the code.
    app.decide(&page, "allow", &login(&node)).expect(403);
    let page = app.page(&[("redirect_uri", OUT_OF_BAND)]).expect(200);
    app.decide(&page, "allow", &code).expect(403);

    // The lasting secret, until it is made anew.
    let secret = text(&node.one(&["login", "--secret"]), "secret");
    assert_eq!(text(&node.one(&["login", "--secret"]), "secret"), secret);
    app.decide(&page, "allow", &secret).expect(200);
    let new = text(&node.one(&["login", "--new-secret"]), "secret");
    let page = app.page(&[("redirect_uri", OUT_OF_BAND)]).expect(200);
    app.decide(&page, "allow", &secret).expect(403);
    // Guessing ends, for the owner too.
    for _ in 0..7 {
        app.decide(&page, "allow", "AAAA-AAAA");
    }
    app.decide(&page, "allow", &new).expect(429);
}

#[test]
fn the_page_speaks_arabic() {
    let node = TestNode::started("arabic");
    let app = App::registered(&node, "read");
    let query = [("client_id", app.id.as_str()), ("response_type", "code"), ("redirect_uri", OUT_OF_BAND)];
    let page = ask(&node, "GET", "/oauth/authorize")
        .query(&query)
        .header("Accept-Language", "ar-EG,en;q=0.5")
        .send();
    assert!(page.body.contains("<html lang=\"ar\" dir=\"rtl\">") && page.body.contains("اسمح"));
    assert_eq!(page.header("content-language"), Some("ar"));
    let again = app.decide(&page, "allow", "x").expect(403);
    assert!(again.body.contains("<html lang=\"ar\""), "it forgets its language");
}

#[test]
fn a_token_goes_as_far_as_its_scopes_and_no_app_acts_for_the_owner_by_itself() {
    let node = TestNode::started("scopes");
    let app = App::registered(&node, "read write");
    let (reader, writer) = (app.token("read"), app.token("write:statuses"));
    apps(&node, &reader).expect(200);
    assert_eq!(error(&apps(&node, &writer).expect(403)), "This action is outside the authorized scopes");
    let end = format!("/api/majlis/v1/apps/{}", app.id);
    ask(&node, "DELETE", &end).token(&reader).send().expect(403);
    let nobody = ask(&node, "GET", "/api/majlis/v1/apps").send().expect(401);
    assert!(nobody.header("www-authenticate").unwrap().contains("invalid_token"));
    apps(&node, "x").expect(401);
    apps(&node, &"x".repeat(5_000)).expect(401);
    ask(&node, "GET", &format!("/api/majlis/v1/apps?access_token={reader}")).send().expect(200);
    ask(&node, "DELETE", &end).form(&[("access_token", &reader)]).send().expect(403);

    // As JSON, with the secret as a password, and for itself: nothing of the owner's is seen with that.
    let credentials = json!({"grant_type": "client_credentials", "scope": "read",
        "client_id": app.id, "client_secret": app.secret});
    let given = ask(&node, "POST", "/oauth/token").json(&credentials).send().expect(200).json();
    let own = text(&given, "access_token");
    ask(&node, "GET", "/api/v1/apps/verify_credentials").token(&own).send().expect(200);
    apps(&node, &own).expect(422);
    let password = data_encoding::BASE64.encode(format!("{}:{}", app.id, app.secret).as_bytes());
    let with = |password: &str| {
        let asked = ask(&node, "POST", "/oauth/token").header("Authorization", &format!("Basic {password}"));
        asked.form(&[("grant_type", "client_credentials")]).send()
    };
    with(&password).expect(200);
    assert_eq!(error(&with("eDp5").expect(401)), "invalid_client");
    let more = app.exchange(&[("grant_type", "client_credentials"), ("scope", "follow")]).expect(400);
    assert_eq!(error(&more), "invalid_scope");
    assert_eq!(error(&app.exchange(&[("grant_type", "password")]).expect(400)), "unsupported_grant_type");

    // Ended by the app itself, not by another.
    let revoke = |app: &App<'_>, token: &str| {
        let fields =
            [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("token", token)];
        ask(&node, "POST", "/oauth/revoke").form(&fields).send()
    };
    let other = App::registered(&node, "read");
    revoke(&other, &reader).expect(403);
    apps(&node, &reader).expect(200);
    assert_eq!(revoke(&app, &reader).expect(200).json(), json!({}));
    revoke(&app, &reader).expect(200);
    apps(&node, &reader).expect(401);
}

#[test]
fn the_owner_makes_tokens_and_ends_what_apps_may_do() {
    let mut node = TestNode::started("tokens");
    let made = node.one(&["token", "new", "--name", "backup", "--scopes", "read,write"]);
    let token = text(&made, "token");
    assert_eq!(apps(&node, &token).expect(200).json()[0]["name"], "backup");
    assert!(node.fails(2, &["token", "new", "--name", "x", "--scopes", "admin"]).contains("admin"));

    // It holds after a restart, and with the node stopped the same is done in the home itself.
    node.stop();
    let other = text(&node.one(&["token", "new", "--name", "bot", "--scopes", "write:statuses"]), "token");
    assert_eq!(node.cli(&["apps"]).len(), 2);
    assert!(node.fails(1, &["login"]).contains("no node is running"));
    node.start();
    apps(&node, &token).expect(200);
    apps(&node, &other).expect(403);
    let app = App::registered(&node, "read");
    let third = app.token("read");

    node.cli(&["apps", "revoke", &text(&made, "id")]);
    apps(&node, &token).expect(401);
    let full = text(&node.one(&["token", "new", "--name", "all", "--scopes", "read,write"]), "token");
    ask(&node, "DELETE", &format!("/api/majlis/v1/apps/{}", app.id)).token(&full).send().expect(200);
    apps(&node, &third).expect(401);
    assert!(node.fails(1, &["apps", "revoke", &app.id]).contains("there is no app"));
    node.restart();
    apps(&node, &third).expect(401);
    assert_eq!(node.cli(&["apps"]).len(), 2);
}

#[test]
fn where_there_is_https_apps_are_told_where_everything_is() {
    let mut node = TestNode::started("https");
    let path = "/.well-known/oauth-authorization-server";
    ask(&node, "GET", path).send().expect(404);
    ask(&node, "GET", path).host(Some("majlis.example")).send().expect(403);
    node.stop();
    node.set("MAJLIS_HTTP_PUBLIC_NAME", "majlis.example");
    node.start();
    let found = ask(&node, "GET", path).host(Some("majlis.example")).send().expect(200).json();
    assert_eq!(found["token_endpoint"], "https://majlis.example/oauth/token");
    assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
    // Without HTTPS apps that find it refuse to go on.
    ask(&node, "GET", path).host(Some(&door(&node))).send().expect(404);
    ask(&node, "GET", "/metrics").send().expect(200);
    ask(&node, "GET", "/metrics").host(Some("majlis.example")).send().expect(404);
}

//! What apps ask for and a node of one person's has none of, or cannot do.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};

use super::page::{self, Paging};
use super::statuses::found;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::http::routes::{Route, delete, get, post, put};
use crate::node::api::{Feed, People, Request, TimelinePage};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let none = [
        ("/api/v1/custom_emojis", None, "Pictures as emoji: there are none"),
        ("/api/v1/announcements", Some("read"), "Announcements of a server: there is none"),
        ("/api/v1/follow_requests", Some("read:follows"), "Nobody has to ask"),
        ("/api/v1/conversations", Some("read:statuses"), "Posts for a few: there are none yet"),
        ("/api/v1/suggestions", Some("read"), "Nobody is suggested"),
        ("/api/v2/suggestions", Some("read"), "Nobody is suggested"),
        ("/api/v1/trends", None, "Nothing is counted"),
        ("/api/v1/trends/tags", None, "Nothing is counted"),
        ("/api/v1/trends/statuses", None, "Nothing is counted"),
        ("/api/v1/trends/links", None, "Nothing is counted"),
        ("/api/v1/domain_blocks", Some("read:blocks"), "There are no servers to block"),
        ("/api/v1/instance/peers", None, "There are no servers to be a peer of"),
        ("/api/v1/instance/rules", None, "There are no rules: it is the owner's own"),
        ("/api/v1/accounts/{id}/identity_proofs", Some("read:accounts"), "There is a key instead"),
    ];
    let mut routes: Vec<Route> =
        none.into_iter().map(|(path, scope, summary)| get(path, scope, summary, self::none)).collect();
    let push = Some("push");
    routes.extend([
        get("/api/v1/push/subscription", push, "Nothing is sent through others' servers", missing),
        post("/api/v1/push/subscription", push, "Nothing is sent through others' servers", no_push),
        put("/api/v1/push/subscription", push, "Nothing is sent through others' servers", missing),
        delete("/api/v1/push/subscription", push, "There is nothing to end", nothing),
        post("/api/v1/accounts", None, "Nobody can join: it is the owner's own", closed),
        post("/api/v1/emails/confirmations", None, "There are no addresses to confirm", closed),
        post("/api/v1/reports", Some("write:reports"), "There is nobody to report to", no_report),
        post(
            "/api/v1/accounts/{id}/remove_from_followers",
            Some("write:follows"),
            "Nobody can be removed",
            no_removal,
        ),
        post("/api/v1/domain_blocks", Some("write:blocks"), "There are no servers to block", no_servers),
        delete("/api/v1/domain_blocks", Some("write:blocks"), "There are no servers to block", nothing),
        delete("/api/v1/suggestions/{id}", Some("write"), "Nobody is suggested", nothing),
        get("/api/v1/statuses/{id}/card", Some("read:statuses"), "Links are not fetched", card),
        post("/api/v1/statuses/{id}/translate", Some("read:statuses"), "Nothing is translated", missing),
        put(
            "/api/v1/statuses/{id}/interaction_policy",
            Some("write:statuses"),
            "Who is public can be quoted",
            no_policy,
        ),
        get("/api/v1/instance/activity", Some("read"), "What the owner has posted in late weeks", activity),
        get("/api/v1/instance/extended_description", None, "What this node is, in words", description),
        get("/api/v1/instance/privacy_policy", None, "What becomes of what is said here", privacy),
        get("/api/v1/instance/terms_of_service", None, "There are no terms", missing),
        get("/api/v1/instance/domain_blocks", None, "There are no servers to block", missing),
        get("/api/v1/instance/translation_languages", None, "Nothing is translated", nothing),
        get("/api/v1/instance/languages", None, "Languages of this program", languages),
        get("/api/v1/directory", Some("read:accounts"), "All of whom something is held", directory),
    ]);
    routes
}

/// None.
async fn none() -> Json<Vec<Value>> {
    Json(Vec::new())
}

/// Nothing, as an object.
async fn nothing() -> Json<Value> {
    Json(json!({}))
}

/// There is no such thing.
async fn missing() -> ApiError {
    ApiError::not_found()
}

async fn no_push() -> ApiError {
    ApiError::unprocessable("this node sends nothing through others' servers: keep a stream open instead")
}

async fn closed() -> ApiError {
    ApiError::closed()
}

async fn no_report() -> ApiError {
    ApiError::unprocessable("there is nobody to report to: mute or block instead")
}

async fn no_removal() -> ApiError {
    ApiError::unprocessable(
        "nobody can be kept from following what is public: block whom you do not want to meet",
    )
}

async fn no_servers() -> ApiError {
    ApiError::unprocessable("people here are not on servers: mute or block accounts instead")
}

async fn no_policy() -> ApiError {
    ApiError::unprocessable("what is public can be quoted by everybody")
}

/// What is behind a link in a post: nothing is fetched.
async fn card(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    found(&app, id).await?;
    Ok(Json(json!({})))
}

/// Weeks that are told of, and posts that are counted in them at most.
const WEEKS: u64 = 12;
const MAX_COUNTED: usize = 1_000;
const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// How much the owner has posted in late weeks.
async fn activity(app: App) -> Answer<Json<Vec<Value>>> {
    let feed = Feed::Account(app.node.account().to_string());
    let page = TimelinePage { feed, limit: MAX_COUNTED, ..TimelinePage::default() };
    let posts = page::posts(app.ask(Request::Timeline { page, watch: false }).await?);
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    let this_week = now - now % WEEK_MS;
    let week = |back: u64| {
        let from = this_week.saturating_sub(back * WEEK_MS);
        let is_in = |at: u64| (from..from + WEEK_MS).contains(&at);
        let count = posts.iter().filter(|post| is_in(super::notifications::ms(&post.created_at))).count();
        json!({ "week": (from / 1_000).to_string(), "statuses": count.to_string(), "logins": "1", "registrations": "0" })
    };
    Ok(Json((0..WEEKS).map(week).collect()))
}

/// When the texts below were written.
const WRITTEN: &str = "2026-11-27T00:00:00.000Z";

/// What this node is, in words.
async fn description() -> Json<Value> {
    let content =
        "<p>A Majlis node: it belongs to one person and talks to the nodes of others without any server.</p>";
    Json(json!({ "updated_at": WRITTEN, "content": content }))
}

/// What becomes of what is said here.
async fn privacy() -> Json<Value> {
    let content = "<p>What is posted is public and signed; nodes of those who follow keep copies. What an app does \
        here stays between the app and this node.</p>";
    Json(json!({ "updated_at": WRITTEN, "content": content }))
}

/// The languages of this program.
async fn languages() -> Json<Value> {
    Json(json!([{ "code": "en", "name": "English" }, { "code": "ar", "name": "العربية" }]))
}

/// All of whom something is held.
async fn directory(app: App, Input(paging): Input<Paging>) -> Answer<Json<Vec<Value>>> {
    let keys = super::accounts::people(&app, People::Known).await?;
    let keys: Vec<_> = keys.into_iter().skip(paging.offset()).take(paging.limit_of_people()).collect();
    super::accounts::all(&app, &keys).await
}

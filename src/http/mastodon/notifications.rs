//! What concerns the owner, and what strangers have said that waits for a decision.

use std::collections::HashMap;

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entities::{Shown, type_of};
use super::page::{self, Paging};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::http::routes::{Route, get, patch, post, put};
use crate::node::Named;
use crate::node::api::{
    Arrival, NotificationKind, NotificationView, NotificationsPage, PostView, Reply, Request,
};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (read, write) = (Some("read:notifications"), Some("write:notifications"));
    vec![
        get("/api/v1/notifications", read, "What concerns the owner", list),
        get("/api/v1/notifications/unread_count", read, "How much of it is unread", unread_count),
        post("/api/v1/notifications/clear", write, "Take all off the list", clear),
        get("/api/v1/notifications/{id}", read, "One notification", show),
        post("/api/v1/notifications/{id}/dismiss", write, "Take one off the list", dismiss),
        post("/api/v1/notifications/dismiss", write, "Take one off the list", old_dismiss),
        get("/api/v1/notifications/requests", read, "Strangers who wait for a decision", requests),
        get("/api/v1/notifications/requests/merged", read, "Whether all decisions are carried out", merged),
        post("/api/v1/notifications/requests/accept", write, "Accept strangers", accept_several),
        post("/api/v1/notifications/requests/dismiss", write, "Forget strangers", dismiss_several),
        get("/api/v1/notifications/requests/{id}", read, "A stranger who waits", request),
        post("/api/v1/notifications/requests/{id}/accept", write, "Accept a stranger", accept),
        post("/api/v1/notifications/requests/{id}/dismiss", write, "Forget a stranger", forget),
        get("/api/v1/notifications/policy", read, "What waits for a decision", old_policy),
        put("/api/v1/notifications/policy", write, "Say what waits", set_old_policy),
        patch("/api/v1/notifications/policy", write, "Say what waits", set_old_policy),
        get("/api/v2/notifications/policy", read, "What waits for a decision", policy),
        patch("/api/v2/notifications/policy", write, "Say what waits", set_policy),
    ]
}

/// Which notifications.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Asked {
    #[serde(flatten)]
    paging: Paging,
    #[serde(default, deserialize_with = "lenient::list")]
    types: Vec<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    exclude_types: Vec<String>,
    #[serde(default, deserialize_with = "lenient::maybe")]
    account_id: Option<u64>,
}

/// What a notification's number is of. It is made of when it came, so that numbers sort by arrival.
pub fn named(view: &NotificationView) -> Named {
    Named::Notification(view.id.clone(), ms(&view.created_at))
}

/// A time in milliseconds since 1970.
pub fn ms(time: &str) -> u64 {
    let time: Option<jiff::Timestamp> = time.parse().ok();
    time.and_then(|time| u64::try_from(time.as_millisecond()).ok()).unwrap_or(0)
}

/// Where what has a number stands among all. What nobody has says a time.
pub async fn arrival(app: &App, number: u64) -> Answer<Arrival> {
    Ok(match app.by_number(number).await? {
        Some(Named::Notification(id, at)) => Arrival { at, id: Some(id) },
        _ => Arrival { at: number >> 16, id: None },
    })
}

/// The notifications of a page.
pub async fn read(app: &App, page: NotificationsPage) -> Answer<Vec<NotificationView>> {
    let view = |reply| match reply {
        Reply::Notification(view) => Some(*view),
        _ => None,
    };
    Ok(app.ask(Request::Notifications { page }).await?.into_iter().filter_map(view).collect())
}

/// A page of notifications.
async fn list(app: App, Input(asked): Input<Asked>) -> Answer<(HeaderMap, Json<Vec<Value>>)> {
    let (links, page) = page_of(&app, &asked, "/api/v1/notifications?").await?;
    Ok((links, Json(page)))
}

/// A page of notifications as apps know them, and the links beside it, which begin so.
pub async fn page_of(app: &App, asked: &Asked, start: &str) -> Answer<(HeaderMap, Vec<Value>)> {
    let is_named = |types: &[String], kind: NotificationKind| types.iter().any(|name| name == type_of(kind));
    let is_wanted = |kind: &NotificationKind| {
        (asked.types.is_empty() || is_named(&asked.types, *kind)) && !is_named(&asked.exclude_types, *kind)
    };
    let kinds: Vec<_> = NotificationKind::ALL.into_iter().filter(is_wanted).collect();
    if kinds.is_empty() {
        return Ok((HeaderMap::new(), Vec::new()));
    }
    let mut page = NotificationsPage { limit: asked.paging.limit_of_people(), kinds, ..Default::default() };
    if let Some(id) = asked.account_id {
        page.account = Some(super::accounts::key(app, id).await?);
    }
    if let Some(number) = asked.paging.max_id {
        page.before = Some(arrival(app, number).await?);
    }
    if let Some(number) = asked.paging.min_id.or(asked.paging.since_id) {
        page.after = Some(arrival(app, number).await?);
        page.earliest = asked.paging.min_id.is_some();
    }
    let views = read(app, page).await?;
    let (numbers, body) = several(app, &views).await?;
    let ends = numbers.first().copied().zip(numbers.last().copied());
    let mut path = start.to_owned();
    for (name, types) in [("types", &asked.types), ("exclude_types", &asked.exclude_types)] {
        path.extend(types.iter().map(|kind| format!("{name}[]={}&", page::encoded(kind))));
    }
    path.extend(asked.account_id.map(|id| format!("account_id={id}&")));
    Ok((page::links(app, &path, ends), body))
}

/// A notification that has come, as it is shown in the list too.
pub async fn shown(app: &App, view: &NotificationView) -> Answer<Value> {
    several(app, std::slice::from_ref(view)).await?.1.pop().ok_or_else(ApiError::not_found)
}

/// Notifications as apps know them, and their numbers.
pub async fn several(app: &App, views: &[NotificationView]) -> Answer<(Vec<u64>, Vec<Value>)> {
    let posts: Vec<_> = views.iter().filter_map(|view| view.post.as_ref()).collect();
    let accounts: Vec<_> = views.iter().map(|view| view.account.clone()).collect();
    let entities = Shown::of(app, &posts, &accounts).await?;
    let numbers = app.numbers(views.iter().map(named).collect()).await?;
    let all = views.iter().zip(&numbers);
    let all = all.map(|(view, number)| entities.notification(view, &number.to_string())).collect();
    Ok((numbers, all))
}

/// The notification that has a number.
pub async fn one(app: &App, id: u64) -> Answer<NotificationView> {
    let Some(Named::Notification(entry, at)) = app.by_number(id).await? else {
        return Err(ApiError::not_found());
    };
    let only = Some(Arrival { at, id: Some(entry) });
    read(app, NotificationsPage { limit: 1, only, ..Default::default() })
        .await?
        .pop()
        .ok_or_else(ApiError::not_found)
}

/// One notification.
async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let view = one(&app, id).await?;
    shown(&app, &view).await.map(Json)
}

/// How many are unread.
pub async fn unread_count(app: App) -> Answer<Json<Value>> {
    let page = NotificationsPage { count: true, ..Default::default() };
    let replies = app.ask(Request::Notifications { page }).await?;
    let count = replies.into_iter().find_map(|reply| match reply {
        Reply::Notifications(view) => Some(view.unread),
        _ => None,
    });
    Ok(Json(json!({ "count": count.unwrap_or(0) })))
}

/// Takes all off the list.
async fn clear(app: App) -> Answer<Json<Value>> {
    app.ask(Request::Dismiss { entry: None, poll: false }).await?;
    Ok(Json(json!({})))
}

/// Takes one off the list.
async fn dismiss(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    take_off(&app, one(&app, id).await?).await?;
    Ok(Json(json!({})))
}

/// Takes a notification off the list.
pub async fn take_off(app: &App, view: NotificationView) -> Answer<()> {
    let poll = view.kind == NotificationKind::Poll;
    app.ask(Request::Dismiss { entry: Some(view.id), poll }).await?;
    Ok(())
}

/// Which one, or which strangers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Which {
    #[serde(deserialize_with = "lenient::list")]
    id: Vec<u64>,
}

/// Takes one off the list, as older apps say it.
async fn old_dismiss(app: App, Input(which): Input<Which>) -> Answer<Json<Value>> {
    let id = which.id.first().copied().ok_or_else(ApiError::not_found)?;
    dismiss(app, Path(id)).await
}

/// What strangers have said that waits, by their keys, those who said something last first.
async fn waiting(app: &App) -> Answer<Vec<(String, Vec<PostView>)>> {
    let mut found: Vec<(String, Vec<PostView>)> = Vec::new();
    for post in page::posts(app.ask(Request::Requests).await?) {
        match found.iter_mut().find(|(key, _)| *key == post.account) {
            Some((_, posts)) => posts.push(post),
            None => found.push((post.account.clone(), vec![post])),
        }
    }
    Ok(found)
}

async fn as_requests(app: &App, waiting: &[(String, Vec<PostView>)]) -> Answer<Vec<Value>> {
    let posts: Vec<_> = waiting.iter().filter_map(|(_, posts)| posts.first()).collect();
    let entities = Shown::of(app, &posts, &[]).await?;
    let request = |(key, posts): &(String, Vec<PostView>)| {
        let account = entities.account(key);
        json!({
            "id": account["id"], "account": account, "notifications_count": posts.len().to_string(),
            "created_at": posts.last().map(|post| &post.created_at),
            "updated_at": posts.first().map(|post| &post.created_at),
            "last_status": posts.first().map(|post| entities.status(post)),
        })
    };
    Ok(waiting.iter().map(request).collect())
}

/// Strangers who wait for a decision.
async fn requests(app: App) -> Answer<Json<Vec<Value>>> {
    Ok(Json(as_requests(&app, &waiting(&app).await?).await?))
}

/// What a stranger has said that waits.
async fn of_stranger(app: &App, id: u64) -> Answer<(String, Vec<PostView>)> {
    let key = super::accounts::key(app, id).await?;
    waiting(app).await?.into_iter().find(|(known, _)| *known == key).ok_or_else(ApiError::not_found)
}

/// A stranger who waits.
async fn request(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let found = of_stranger(&app, id).await?;
    as_requests(&app, &[found]).await?.pop().map(Json).ok_or_else(ApiError::not_found)
}

async fn decide(app: &App, ids: &[u64], accept: bool) -> Answer<Json<Value>> {
    for id in ids {
        let (_, posts) = of_stranger(app, *id).await?;
        let first = posts.into_iter().next().ok_or_else(ApiError::not_found)?;
        app.ask(Request::Decide { id: first.id, accept }).await?;
    }
    Ok(Json(json!({})))
}

/// Accepts a stranger: what they say is shown.
async fn accept(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    decide(&app, &[id], true).await
}

/// Forgets what a stranger has said.
async fn forget(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    decide(&app, &[id], false).await
}

/// Accepts strangers.
async fn accept_several(app: App, Input(which): Input<Which>) -> Answer<Json<Value>> {
    decide(&app, &which.id, true).await
}

/// Forgets what strangers have said.
async fn dismiss_several(app: App, Input(which): Input<Which>) -> Answer<Json<Value>> {
    decide(&app, &which.id, false).await
}

/// A decision is carried out when it is made.
async fn merged() -> Json<Value> {
    Json(json!({ "merged": true }))
}

/// Whose notifications wait here, and that is so for good: those of people who are not known.
const WAITING: [(&str, &str); 5] = [
    ("for_not_following", "filter"),
    ("for_not_followers", "accept"),
    ("for_new_accounts", "accept"),
    ("for_private_mentions", "accept"),
    ("for_limited_accounts", "accept"),
];

async fn summary(app: &App) -> Answer<Value> {
    let waiting = waiting(app).await?;
    let posts: usize = waiting.iter().map(|(_, posts)| posts.len()).sum();
    Ok(json!({ "pending_requests_count": waiting.len(), "pending_notifications_count": posts }))
}

/// What waits for a decision.
async fn policy(app: App) -> Answer<Json<Value>> {
    let mut shown = json!({ "summary": summary(&app).await? });
    for (name, value) in WAITING {
        shown[name] = value.into();
    }
    Ok(Json(shown))
}

/// What waits for a decision, as older apps ask it.
async fn old_policy(app: App) -> Answer<Json<Value>> {
    let mut shown = json!({ "summary": summary(&app).await? });
    for (name, value) in WAITING {
        shown[name.replacen("for_", "filter_", 1)] = (value == "filter").into();
    }
    Ok(Json(shown))
}

fn fixed(is_so: bool) -> Answer<()> {
    let why = "what people say who are not known to you waits for your decision here, and nothing else does";
    if is_so { Ok(()) } else { Err(ApiError::unprocessable(why)) }
}

/// Says what waits: as that is fixed, nothing else can be said.
async fn set_policy(app: App, Input(asked): Input<HashMap<String, Value>>) -> Answer<Json<Value>> {
    let is_so = |(name, value): &(&str, &str)| asked.get(*name).is_none_or(|asked| asked == value);
    fixed(WAITING.iter().all(is_so))?;
    policy(app).await
}

/// The same as older apps say it.
async fn set_old_policy(app: App, Input(asked): Input<HashMap<String, Value>>) -> Answer<Json<Value>> {
    for (name, value) in WAITING {
        let asked = asked.get(&name.replacen("for_", "filter_", 1)).cloned();
        let asked: Option<bool> = lenient::maybe_flag(asked.unwrap_or_default()).unwrap_or(None);
        fixed(asked.is_none_or(|asked| asked == (value == "filter")))?;
    }
    old_policy(app).await
}

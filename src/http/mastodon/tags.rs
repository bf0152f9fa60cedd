//! Tags: those that the owner follows, and those that the owner shows on their own page.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::key;
use super::html::tag_url;
use super::page::{self, Paging};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::http::routes::{Route, delete, get, post};
use crate::node::Named;
use crate::node::api::{Reply, Request, TagMark, TagView};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (read, follow, write) = (Some("read:accounts"), Some("write:follows"), Some("write:accounts"));
    vec![
        get("/api/v1/followed_tags", Some("read:follows"), "Tags that the owner follows", followed),
        get("/api/v1/tags/{tag}", Some("read:statuses"), "A tag", show),
        post("/api/v1/tags/{tag}/follow", follow, "Follow a tag", start_following),
        post("/api/v1/tags/{tag}/unfollow", follow, "Follow a tag no longer", unfollow),
        post("/api/v1/tags/{tag}/feature", write, "Show a tag on the owner's page", feature),
        post("/api/v1/tags/{tag}/unfeature", write, "Show it there no longer", unfeature),
        get("/api/v1/featured_tags", read, "Tags on the owner's page", featured),
        post("/api/v1/featured_tags", write, "Show a tag on the owner's page", add_featured),
        delete("/api/v1/featured_tags/{id}", write, "Show it there no longer", remove_featured),
        get("/api/v1/featured_tags/suggestions", read, "Tags of late posts of the owner's", suggestions),
        get("/api/v1/accounts/{id}/featured_tags", read, "Tags on an account's page", featured_of),
    ]
}

/// The name of a tag.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Name {
    name: String,
}

/// Posts of the owner's that are looked at for tags that could be shown.
const LATE: usize = 40;

fn views(replies: Vec<Reply>) -> Vec<TagView> {
    let tag = |reply| match reply {
        Reply::Tag(view) => Some(view),
        _ => None,
    };
    replies.into_iter().filter_map(tag).collect()
}

async fn one(app: &App, request: Request) -> Answer<TagView> {
    views(app.ask(request).await?).pop().ok_or_else(ApiError::not_found)
}

/// The numbers of tags.
async fn numbers(app: &App, tags: &[TagView]) -> Answer<Vec<u64>> {
    app.numbers(tags.iter().map(|view| Named::Tag(crate::node::folded_tag(&view.tag))).collect()).await
}

/// A tag as apps know it.
pub fn shown(app: &App, view: &TagView, number: u64) -> Value {
    json!({
        "id": number.to_string(), "name": view.tag, "url": tag_url(&app.base, &view.tag), "history": [],
        "following": view.followed, "featuring": view.featured,
    })
}

async fn as_tag(app: &App, request: Request) -> Answer<Json<Value>> {
    let view = one(app, request).await?;
    let number = numbers(app, std::slice::from_ref(&view)).await?.pop().unwrap_or(0);
    Ok(Json(shown(app, &view, number)))
}

/// Tags that begin with a text; where there is none, the one that it is, if it is written as one.
pub async fn like(app: &App, text: &str, offset: usize, limit: usize) -> Answer<Vec<Value>> {
    let beginning = text.trim().trim_start_matches('#').to_owned();
    if beginning.is_empty() {
        return Ok(Vec::new());
    }
    let request = Request::Tags { start: beginning.clone(), limit: offset + limit };
    let mut tags = views(app.ask(request).await?);
    if tags.is_empty() && text.trim().starts_with('#') {
        // What is no tag is none.
        tags.extend(one(app, Request::Tag { tag: beginning }).await.ok());
    }
    let tags: Vec<_> = tags.into_iter().skip(offset).collect();
    let numbers = numbers(app, &tags).await?;
    Ok(tags.iter().zip(numbers).map(|(view, number)| shown(app, view, number)).collect())
}

/// Tags that the owner follows, the latest first.
async fn followed(app: App, Input(paging): Input<Paging>) -> Answer<(HeaderMap, Json<Vec<Value>>)> {
    let tags = views(app.ask(Request::MarkedTags { mark: TagMark::Followed }).await?);
    let numbers = numbers(&app, &tags).await?;
    let all = numbers.into_iter().zip(tags).collect();
    let page = paging.cut_in_order(all, paging.limit_of_people());
    let ends = page.first().zip(page.last()).map(|((first, _), (last, _))| (*first, *last));
    let body = page.iter().map(|(number, view)| shown(&app, view, *number)).collect();
    Ok((page::links(&app, "/api/v1/followed_tags?", ends), Json(body)))
}

/// A tag.
async fn show(app: App, Path(tag): Path<String>) -> Answer<Json<Value>> {
    as_tag(&app, Request::Tag { tag }).await
}

macro_rules! marks {
    ($($(#[$doc:meta])* $name:ident $mark:ident $on:literal;)*) => {$(
        $(#[$doc])*
        async fn $name(app: App, Path(tag): Path<String>) -> Answer<Json<Value>> {
            as_tag(&app, Request::MarkTag { tag, mark: TagMark::$mark, on: $on }).await
        }
    )*};
}

marks! {
    /// Follows a tag.
    start_following Followed true;
    /// Follows it no longer.
    unfollow Followed false;
    /// Shows a tag on the owner's page.
    feature Featured true;
    /// Shows it there no longer.
    unfeature Featured false;
}

async fn as_featured(app: &App, tags: &[TagView]) -> Answer<Vec<Value>> {
    let numbers = numbers(app, tags).await?;
    let featured = |(view, number): (&TagView, u64)| {
        json!({
            "id": number.to_string(), "name": view.tag, "url": tag_url(&app.base, &view.tag),
            "statuses_count": view.posts.to_string(),
            "last_status_at": view.last_post_at.as_deref().and_then(|at| at.get(..10)),
        })
    };
    Ok(tags.iter().zip(numbers).map(featured).collect())
}

/// Tags on the owner's page.
async fn featured(app: App) -> Answer<Json<Vec<Value>>> {
    let tags = views(app.ask(Request::MarkedTags { mark: TagMark::Featured }).await?);
    Ok(Json(as_featured(&app, &tags).await?))
}

/// Tags on an account's page. Of others it is not told.
async fn featured_of(app: App, Path(id): Path<u64>) -> Answer<Json<Vec<Value>>> {
    if key(&app, id).await? == app.node.account().to_string() {
        return featured(app).await;
    }
    Ok(Json(Vec::new()))
}

/// Shows a tag on the owner's page.
async fn add_featured(app: App, Input(new): Input<Name>) -> Answer<Json<Value>> {
    let request = Request::MarkTag { tag: new.name, mark: TagMark::Featured, on: true };
    let tag = one(&app, request).await?;
    as_featured(&app, &[tag]).await?.pop().map(Json).ok_or_else(ApiError::not_found)
}

/// Shows it there no longer.
async fn remove_featured(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let Some(Named::Tag(tag)) = app.by_number(id).await? else { return Err(ApiError::not_found()) };
    app.ask(Request::MarkTag { tag, mark: TagMark::Featured, on: false }).await?;
    Ok(Json(json!({})))
}

/// Tags of late posts of the owner's that are not shown yet.
async fn suggestions(app: App) -> Answer<Json<Vec<Value>>> {
    let feed = crate::node::api::Feed::Account(app.node.account().to_string());
    let page = crate::node::api::TimelinePage { feed, limit: LATE, ..Default::default() };
    let posts = page::posts(app.ask(Request::Timeline { page, watch: false }).await?);
    let mut found: Vec<TagView> = Vec::new();
    for tag in posts.into_iter().filter(|post| post.repost.is_none()).flat_map(|post| post.tags) {
        let view = one(&app, Request::Tag { tag }).await?;
        if !view.featured && !found.iter().any(|known| known.tag == view.tag) {
            found.push(view);
        }
    }
    let numbers = numbers(&app, &found).await?;
    Ok(Json(found.iter().zip(numbers).map(|(view, number)| shown(&app, view, number)).collect()))
}

//! Timelines.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::entities::Shown;
use super::page::{self, Paging};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::Named;
use crate::node::api::Feed;

/// A page of statuses and the links beside it.
pub type Statuses = (HeaderMap, Json<Vec<Value>>);

/// Which public timeline.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Public {
    #[serde(flatten)]
    paging: Paging,
    #[serde(default, deserialize_with = "lenient::flag")]
    local: bool,
}

/// A page of a timeline as statuses.
pub async fn statuses(app: &App, feed: Feed, paging: &Paging, path: &str) -> Answer<Statuses> {
    let posts = page::timeline(app, feed, paging).await?;
    let ends = posts.first().zip(posts.last()).map(|((first, _), (last, _))| (*first, *last));
    let views: Vec<_> = posts.iter().map(|(_, post)| post).collect();
    let shown = Shown::of(app, &views, &[]).await?;
    let body = views.iter().map(|post| shown.status(post)).collect();
    Ok((page::links(app, path, ends), Json(body)))
}

/// What is on the owner's home timeline.
pub async fn home(app: App, Input(paging): Input<Paging>) -> Answer<Statuses> {
    statuses(&app, Feed::Home, &paging, "/api/v1/timelines/home?").await
}

/// All that is held; of this node: what its owner has posted.
pub async fn public(app: App, Input(asked): Input<Public>) -> Answer<Statuses> {
    let feed = if asked.local { Feed::Account(app.node.account().to_string()) } else { Feed::All };
    let path = if asked.local { "/api/v1/timelines/public?local=true&" } else { "/api/v1/timelines/public?" };
    statuses(&app, feed, &asked.paging, path).await
}

/// Posts with a tag.
pub async fn tag(app: App, Path(tag): Path<String>, Input(paging): Input<Paging>) -> Answer<Statuses> {
    let path = format!("/api/v1/timelines/tag/{}?", page::encoded(&tag));
    statuses(&app, Feed::Tag(tag), &paging, &path).await
}

/// Of the accounts on a list.
pub async fn list(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Statuses> {
    let Some(Named::List(name)) = app.by_number(id).await? else { return Err(ApiError::not_found()) };
    statuses(&app, Feed::List(name), &paging, &format!("/api/v1/timelines/list/{id}?")).await
}

/// Posts on which the owner has a bookmark.
pub async fn bookmarks(app: App, Input(paging): Input<Paging>) -> Answer<Statuses> {
    statuses(&app, Feed::Bookmarks, &paging, "/api/v1/bookmarks?").await
}

/// Posts that the owner likes.
pub async fn favourites(app: App, Input(paging): Input<Paging>) -> Answer<Statuses> {
    statuses(&app, Feed::Favourites, &paging, "/api/v1/favourites?").await
}

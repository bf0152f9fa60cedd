//! What concerns the owner.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entities::Shown;
use super::page::{self, Paging};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::api::{NotificationView, Reply, Request};

/// Notifications that are looked through for a page.
const FAR: usize = 1_000;

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

/// A notification's number is when it came, in milliseconds since 1970, so that it sorts by arrival. Two that came in
/// the same millisecond share one.
fn number(view: &NotificationView) -> u64 {
    let time: Option<jiff::Timestamp> = view.created_at.parse().ok();
    time.and_then(|time| u64::try_from(time.as_millisecond()).ok()).unwrap_or(0)
}

async fn all(app: &App, unread: bool) -> Answer<(Vec<(u64, NotificationView)>, u64)> {
    let (mut found, mut count) = (Vec::new(), 0);
    for reply in app.ask(Request::Notifications { limit: FAR, unread, mark_read: false }).await? {
        match reply {
            Reply::Notification(view) => found.push((number(&view), *view)),
            Reply::Notifications(view) => count = view.unread,
            _ => {}
        }
    }
    Ok((found, count))
}

/// A page of notifications.
pub async fn list(app: App, Input(asked): Input<Asked>) -> Answer<(HeaderMap, Json<Vec<Value>>)> {
    let (mut found, _) = all(&app, false).await?;
    if let Some(id) = asked.account_id {
        let key = super::accounts::key(&app, id).await?;
        found.retain(|(_, view)| view.account == key);
    }
    let types = |view: &NotificationView| super::entities::type_of(view.kind);
    found.retain(|(_, view)| asked.types.is_empty() || asked.types.iter().any(|kind| kind == types(view)));
    found.retain(|(_, view)| !asked.exclude_types.iter().any(|kind| kind == types(view)));
    let page = asked.paging.cut(found);
    let ends = page.first().zip(page.last()).map(|((first, _), (last, _))| (*first, *last));
    let body = statuses(&app, &page).await?;
    Ok((page::links(&app, "/api/v1/notifications?", ends), Json(body)))
}

/// A notification that has come, as it is shown in the list too.
pub async fn shown(app: &App, view: &NotificationView) -> Answer<Value> {
    let shown = statuses(app, &[(number(view), view.clone())]).await?;
    shown.into_iter().next().ok_or_else(ApiError::not_found)
}

async fn statuses(app: &App, page: &[(u64, NotificationView)]) -> Answer<Vec<Value>> {
    let posts: Vec<_> = page.iter().filter_map(|(_, view)| view.post.as_ref()).collect();
    let accounts: Vec<_> = page.iter().map(|(_, view)| view.account.clone()).collect();
    let shown = Shown::of(app, &posts, &accounts).await?;
    Ok(page.iter().map(|(number, view)| shown.notification(view, &number.to_string())).collect())
}

/// One notification.
pub async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (mut found, _) = all(&app, false).await?;
    found.retain(|(number, _)| *number == id);
    let shown = statuses(&app, &found).await?;
    shown.into_iter().next().map(Json).ok_or_else(ApiError::not_found)
}

/// How many are unread.
pub async fn unread_count(app: App) -> Answer<Json<Value>> {
    let (_, count) = all(&app, true).await?;
    Ok(Json(json!({ "count": count })))
}

/// Marks all as read.
pub async fn clear(app: App) -> Answer<Json<Value>> {
    app.ask(Request::Notifications { limit: 0, unread: true, mark_read: true }).await?;
    Ok(Json(json!({})))
}

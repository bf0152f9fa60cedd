//! Notifications in groups: those of one kind about one post are shown as one.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::notifications::{self, Asked};
use super::statuses::entry;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::http::routes::{Route, get, post};
use crate::node::api::{NotificationKind, NotificationView, NotificationsPage};

/// Accounts that are named beside a group.
const SAMPLE: usize = 8;
/// Notifications that are looked through for those of a group.
const FAR: usize = 400;

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (read, write) = (Some("read:notifications"), Some("write:notifications"));
    vec![
        get("/api/v2/notifications", read, "What concerns the owner, in groups", list),
        get(
            "/api/v2/notifications/unread_count",
            read,
            "How much of it is unread",
            notifications::unread_count,
        ),
        get("/api/v2/notifications/{group}", read, "A group of notifications", show),
        get(
            "/api/v2/notifications/{group}/accounts",
            read,
            "Whose notifications a group is made of",
            accounts,
        ),
        post("/api/v2/notifications/{group}/dismiss", write, "Take a group off the list", dismiss),
    ]
}

/// Groups of notifications, and beside them each account and post once.
fn grouped(all: &[Value]) -> Value {
    let (mut accounts, mut statuses, mut groups): (Vec<Value>, Vec<Value>, Vec<Value>) = Default::default();
    for one in all {
        for (known, entity) in [(&mut accounts, &one["account"]), (&mut statuses, &one["status"])] {
            if !entity.is_null() && known.iter().all(|known| known["id"] != entity["id"]) {
                known.push(entity.clone());
            }
        }
        let account = one["account"]["id"].clone();
        let Some(group) = groups.iter_mut().find(|group| group["group_key"] == one["group_key"]) else {
            let number: Option<u64> = one["id"].as_str().and_then(|id| id.parse().ok());
            groups.push(json!({
                "group_key": one["group_key"], "notifications_count": 1, "type": one["type"],
                "most_recent_notification_id": number, "page_min_id": one["id"], "page_max_id": one["id"],
                "latest_page_notification_at": one["created_at"], "sample_account_ids": [account],
                "status_id": one["status"]["id"],
            }));
            continue;
        };
        group["notifications_count"] = (group["notifications_count"].as_u64().unwrap_or(0) + 1).into();
        group["page_min_id"] = one["id"].clone();
        if let Some(sample) = group["sample_account_ids"].as_array_mut()
            && sample.len() < SAMPLE
            && !sample.contains(&account)
        {
            sample.push(account);
        }
    }
    json!({ "accounts": accounts, "statuses": statuses, "notification_groups": groups })
}

/// A page of notifications in groups.
async fn list(app: App, Input(asked): Input<Asked>) -> Answer<(HeaderMap, Json<Value>)> {
    let (links, page) = notifications::page_of(&app, &asked, "/api/v2/notifications?").await?;
    Ok((links, Json(grouped(&page))))
}

/// The notifications of a group, the latest first.
async fn members(app: &App, group: &str) -> Answer<Vec<NotificationView>> {
    let (kind, number) = group.split_once('-').ok_or_else(ApiError::not_found)?;
    let number = number.parse().map_err(|_| ApiError::not_found())?;
    let kind = match kind {
        "ungrouped" => return Ok(vec![notifications::one(app, number).await?]),
        "favourite" => NotificationKind::Reaction,
        "reblog" => NotificationKind::Repost,
        _ => return Err(ApiError::not_found()),
    };
    let about = entry(app, number).await?;
    let page = NotificationsPage { limit: FAR, kinds: vec![kind], ..Default::default() };
    let mut found = notifications::read(app, page).await?;
    found.retain(|view| view.post.as_ref().is_some_and(|post| post.id == about));
    if found.is_empty() { Err(ApiError::not_found()) } else { Ok(found) }
}

async fn group(app: &App, group: &str) -> Answer<Value> {
    let (_, all) = notifications::several(app, &members(app, group).await?).await?;
    Ok(grouped(&all))
}

/// A group of notifications.
async fn show(app: App, Path(key): Path<String>) -> Answer<Json<Value>> {
    group(&app, &key).await.map(Json)
}

/// Whose notifications a group is made of.
async fn accounts(app: App, Path(key): Path<String>) -> Answer<Json<Value>> {
    Ok(Json(group(&app, &key).await?["accounts"].take()))
}

/// Takes a group off the list.
async fn dismiss(app: App, Path(key): Path<String>) -> Answer<Json<Value>> {
    for view in members(&app, &key).await? {
        notifications::take_off(&app, view).await?;
    }
    Ok(Json(json!({})))
}

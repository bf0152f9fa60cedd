//! Up to where the owner has read, on whichever device or app.

use axum::Json;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::notifications::{arrival, ms};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::http::routes::{Route, get, post};
use crate::node::Named;
use crate::node::api::{Arrival, PositionView, Readable, Reply, Request};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/markers", Some("read:statuses"), "Up to where was read", show),
        post("/api/v1/markers", Some("write:statuses"), "Note up to where was read", set),
    ]
}

/// Versions are counted in seconds since then, 2026-01-01, as many programs keep them in 32 bits.
const FIRST_VERSION: u64 = 1_767_225_600;

const NAMES: [(&str, Readable); 2] = [("home", Readable::Home), ("notifications", Readable::Notifications)];

/// Of which.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    #[serde(deserialize_with = "lenient::list")]
    timeline: Vec<String>,
}

/// What was read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct New {
    home: Option<Last>,
    notifications: Option<Last>,
}

/// The newest of what was read.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Last {
    #[serde(deserialize_with = "lenient::maybe")]
    last_read_id: Option<u64>,
}

/// Where a post or notification with a number stands.
async fn place(app: &App, of: Readable, number: u64) -> Answer<Arrival> {
    match (of, app.by_number(number).await?) {
        (Readable::Home, Some(Named::Entry(id))) => Ok(Arrival { at: number >> 16, id: Some(id) }),
        _ => arrival(app, number).await,
    }
}

async fn marker(app: &App, of: Readable, up_to: Option<Arrival>) -> Answer<Option<Value>> {
    let reply = app.ask(Request::Position { of, up_to }).await?.pop();
    let Some(Reply::Position(PositionView { last_read_id, read_up_to, version, updated_at, .. })) = reply
    else {
        return Ok(None);
    };
    let at = ms(&read_up_to);
    let number = match last_read_id {
        Some(id) if of == Readable::Home => app.numbers(vec![Named::Entry(id)]).await?.pop(),
        Some(id) => app.numbers(vec![Named::Notification(id, at)]).await?.pop(),
        None => None,
    };
    // What stands there may not be held here: then it is said up to which time.
    let number = number.filter(|number| *number > 0).unwrap_or((at << 16) | 0xffff);
    let version = (version / 1_000).saturating_sub(FIRST_VERSION);
    Ok(Some(json!({ "last_read_id": number.to_string(), "version": version, "updated_at": updated_at })))
}

/// Up to where was read.
async fn show(app: App, Input(asked): Input<Asked>) -> Answer<Json<Value>> {
    let mut shown = json!({});
    for (name, of) in NAMES {
        if asked.timeline.is_empty() || asked.timeline.iter().any(|wanted| wanted == name) {
            shown[name] = match marker(&app, of, None).await? {
                Some(marker) => marker,
                None => continue,
            };
        }
    }
    Ok(Json(shown))
}

/// Notes up to where was read. That never goes back.
async fn set(app: App, Input(new): Input<New>) -> Answer<Json<Value>> {
    let mut shown = json!({});
    for ((name, of), last) in NAMES.into_iter().zip([new.home, new.notifications]) {
        let Some(last) = last else { continue };
        let number = last.last_read_id.ok_or_else(|| ApiError::unprocessable("last_read_id is needed"))?;
        let up_to = place(&app, of, number).await?;
        if let Some(marker) = marker(&app, of, Some(up_to)).await? {
            shown[name] = marker;
        }
    }
    Ok(Json(shown))
}

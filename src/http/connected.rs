//! The apps that may act for the owner, for a page that shows and ends them.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use super::auth::Signed;
use super::error::Answer;
use super::routes::{Route, delete, get};
use crate::node::api::{AppView, Reply, Request};

/// What is answered here. It takes all that an app can be allowed, as it ends what others may do.
pub fn routes() -> Vec<Route> {
    vec![
        get("/api/majlis/v1/apps", Some("read"), "The apps that may act for the owner", list),
        delete("/api/majlis/v1/apps/{id}", Some("write"), "End all that an app may do", revoke),
    ]
}

/// An app, and whether it is the one that asks.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    app: AppView,
    current: bool,
}

async fn list(app: App, signed: Signed) -> Answer<Json<Vec<Listed>>> {
    let replies = app.ask(Request::Apps).await?.into_iter();
    let listed = replies.filter_map(|reply| match reply {
        Reply::App(app) => Some(Listed { current: app.id == signed.app(), app }),
        _ => None,
    });
    Ok(Json(listed.collect()))
}

async fn revoke(app: App, Path(id): Path<String>) -> Answer<Json<Value>> {
    app.ask(Request::RevokeApp { app: id }).await?;
    Ok(Json(json!({})))
}

//! What takes the room, and what goes when less is kept.

use axum::Json;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::http::mastodon::named;
use crate::node::api::{KeepView, PrunedView, Reply, Request};

/// How much of others' posts is kept, in place of what is set.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Keep {
    /// Days; 0: all.
    #[serde(deserialize_with = "lenient::maybe")]
    days: Option<u64>,
    /// Posts of each account; 0: all.
    #[serde(deserialize_with = "lenient::maybe")]
    posts: Option<u64>,
}

impl Keep {
    fn view(&self) -> KeepView {
        KeepView { days: self.days, posts: self.posts, ..KeepView::default() }
    }
}

pub async fn show(app: App, Input(keep): Input<Keep>) -> Answer<Json<Value>> {
    let (mut accounts, mut total) = (Vec::new(), None);
    for reply in app.ask(Request::Storage { keep: keep.view() }).await? {
        match reply {
            Reply::StorageOf(view) => accounts.push(view),
            Reply::Storage(view) => total = Some(view),
            _ => {}
        }
    }
    let keys: Vec<String> = accounts.iter().map(|view| view.account.clone()).collect();
    let named = named(&app, &keys).await?;
    let with_number = |view| {
        let mut shown = json!(view);
        let key = shown["account"].as_str().unwrap_or_default();
        shown["id"] = named.get(key).map_or(Value::Null, |(_, number)| number.clone());
        shown
    };
    let accounts: Vec<Value> = accounts.iter().map(with_number).collect();
    Ok(Json(json!({ "accounts": accounts, "total": total.ok_or_else(ApiError::fault)? })))
}

pub async fn prune(app: App, Input(keep): Input<Keep>) -> Answer<Json<PrunedView>> {
    let replies = app.ask(Request::Prune { keep: keep.view() }).await?;
    let pruned = replies.into_iter().find_map(|reply| match reply {
        Reply::Pruned(view) => Some(view),
        _ => None,
    });
    pruned.map(Json).ok_or_else(ApiError::fault)
}

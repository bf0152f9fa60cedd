//! Apps register themselves, and ask which one they are.

use axum::Json;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Signed;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::apps::{self, NewApp, Scopes};

/// An app as it describes itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Described {
    client_name: Option<String>,
    /// In a list, or parted by white space.
    #[serde(deserialize_with = "lenient::list")]
    redirect_uris: Vec<String>,
    scopes: Option<String>,
    website: Option<String>,
}

pub async fn register(app: App, Input(new): Input<Described>) -> Answer<Json<Value>> {
    let uris = new.redirect_uris.iter().flat_map(|uris| uris.split_whitespace()).map(str::to_owned);
    let new = NewApp {
        name: new.client_name.unwrap_or_default(),
        website: new.website,
        redirect_uris: uris.collect(),
        scopes: Scopes::parse(&new.scopes.unwrap_or_default())?,
    };
    let (registered, secret) = app.node.register_app(new).await?;
    let mut shown = shown(&registered);
    shown["client_id"] = registered.id.into();
    shown["client_secret"] = secret.into();
    shown["client_secret_expires_at"] = 0.into();
    Ok(Json(shown))
}

pub async fn verify(app: App, signed: Signed) -> Answer<Json<Value>> {
    app.node.app(signed.app())?.map(|app| Json(shown(&app))).ok_or_else(ApiError::unauthorized)
}

fn shown(app: &apps::App) -> Value {
    json!({
        "id": app.id,
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes().iter().collect::<Vec<_>>(),
        "redirect_uri": app.redirect_uris.join("\n"),
        "redirect_uris": app.redirect_uris,
        // There is no push service; some apps insist on a text.
        "vapid_key": "",
    })
}

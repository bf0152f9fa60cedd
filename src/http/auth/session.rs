//! The page of the node signs in: with what the owner was shown, for a token that may do all that the owner may.

use axum::Json;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Signed, grants, signed};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::node::api::Request;
use crate::node::apps::Proof;

/// With what a browser signs in.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Shown {
    /// A code, that of a link, or the lasting secret.
    code: String,
    /// What the browser is called in the list of apps.
    name: String,
}

pub async fn begin(app: App, headers: HeaderMap, Input(shown): Input<Shown>) -> Answer<Json<Value>> {
    // Another site's page could do no more than use up the tries.
    if signed::is_foreign(&headers) {
        return Err(ApiError::foreign_site());
    }
    match signed::prove(&app, shown.code).await? {
        Proof::Owner => {}
        Proof::Wrong => return Err(ApiError::unproved()),
        Proof::TooMany => return Err(ApiError::too_many()),
    }
    let (scopes, token) = app.node.sign_in(&shown.name).await?;
    tracing::info!("a browser of the owner's has signed in");
    Ok(Json(grants::shown(&token, &scopes)))
}

/// The browser is forgotten with its token: there is nothing else that it could act with.
pub async fn end(app: App, signed: Signed) -> Answer<Json<Value>> {
    app.ask(Request::RevokeApp { app: signed.app().to_owned() }).await?;
    Ok(Json(json!({})))
}

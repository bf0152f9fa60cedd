//! RFC 8414: where apps find what is here. Only over HTTPS, as the RFC demands it; apps that find it elsewhere refuse
//! to go on.

use axum::Json;
use serde_json::{Value, json};

use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::node::apps::Scopes;

pub async fn metadata(app: App) -> Answer<Json<Value>> {
    let base = &app.base;
    if !base.starts_with("https://") {
        return Err(ApiError::no_such_address());
    }
    Ok(Json(json!({
        "issuer": format!("{base}/"),
        "authorization_endpoint": format!("{base}/oauth/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "revocation_endpoint": format!("{base}/oauth/revoke"),
        "app_registration_endpoint": format!("{base}/api/v1/apps"),
        "scopes_supported": Scopes::known().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    })))
}

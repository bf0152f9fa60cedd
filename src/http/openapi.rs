//! What is answered, for programs: a document in the form of `OpenAPI`, made from the table of routes, so that it cannot say anything
//! else than what is there.

use axum::Json;
use serde_json::{Map, Value, json};

use super::App;
use super::routes::{Route, get, table};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![get("/api/openapi.json", None, "This document", document)]
}

async fn document(app: App) -> Json<Value> {
    let mut paths: Map<String, Value> = Map::new();
    for route in table() {
        let mut operation = json!({
            "summary": route.summary,
            "parameters": parameters(route.path),
            "responses": { "default": { "description": "An object, a list, or an error with its `error`" } },
        });
        if let Some(scopes) = route.scope {
            // One of them is enough.
            operation["security"] = scopes.split(' ').map(|scope| json!({ "token": [scope] })).collect();
        }
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "Majlis", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": *app.base }],
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "paths": paths,
    }))
}

/// What stands in braces in an address.
fn parameters(path: &str) -> Value {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect()
}

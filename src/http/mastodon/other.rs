//! What apps ask for and a node of one person's has none of.

use axum::Json;
use serde_json::Value;

/// None.
pub async fn none() -> Json<Vec<Value>> {
    Json(Vec::new())
}

//! What this node is, for apps.

use axum::Json;
use serde_json::{Value, json};

use super::entities::Shown;
use crate::http::App;
use crate::http::error::Answer;

/// The version of the API that is spoken, and this program's own.
const VERSION: &str = concat!("4.3.0 (compatible; Majlis ", env!("CARGO_PKG_VERSION"), ")");
/// Letters of a post: as many as always fit.
const MAX_CHARACTERS: u64 = 12_000;

fn configuration(app: &App) -> Value {
    json!({
        "urls": { "streaming": streaming(app), "status": null, "about": null },
        "accounts": { "max_featured_tags": 0, "max_pinned_statuses": 64 },
        "statuses": { "max_characters": MAX_CHARACTERS, "max_media_attachments": 16, "characters_reserved_per_url": 23 },
        "media_attachments": {
            "supported_mime_types": [
                "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "video/mp4", "video/webm",
                "video/quicktime", "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/wav",
            ],
            "image_size_limit": app.config.max_upload, "image_matrix_limit": 100_000_000,
            "video_size_limit": app.config.max_upload, "video_frame_rate_limit": 120, "video_matrix_limit": 100_000_000,
            "description_limit": 1_500,
        },
        "polls": { "max_options": 20, "max_characters_per_option": 80, "min_expiration": 60, "max_expiration": 31_536_000 },
        "translation": { "enabled": false }, "vapid": { "public_key": "" }, "limited_federation": false,
    })
}

/// The address for what comes by itself.
fn streaming(app: &App) -> String {
    app.base.replacen("http", "ws", 1)
}

fn domain(app: &App) -> &str {
    app.base.split("://").nth(1).unwrap_or_default()
}

/// The old form.
pub async fn old(app: App) -> Answer<Json<Value>> {
    let shown = Shown::of(&app, &[], &[app.node.account().to_string()]).await?;
    Ok(Json(json!({
        "uri": domain(&app), "title": "Majlis", "short_description": "", "description": "", "email": "",
        "version": VERSION, "urls": { "streaming_api": streaming(&app) },
        "stats": { "user_count": 1, "status_count": 0, "domain_count": 0 },
        "thumbnail": format!("{}/static/avatar.png", app.base), "languages": ["en", "ar"], "registrations": false,
        "approval_required": false, "invites_enabled": false, "configuration": configuration(&app),
        "contact_account": shown.account(&app.node.account().to_string()), "rules": [],
    })))
}

/// The new form.
pub async fn new(app: App) -> Answer<Json<Value>> {
    let shown = Shown::of(&app, &[], &[app.node.account().to_string()]).await?;
    Ok(Json(json!({
        "domain": domain(&app), "title": "Majlis", "version": VERSION, "source_url": "", "description": "",
        "usage": { "users": { "active_month": 1 } },
        "thumbnail": { "url": format!("{}/static/avatar.png", app.base), "blurhash": null, "versions": {} },
        "icon": [], "languages": ["en", "ar"], "configuration": configuration(&app),
        "registrations": { "enabled": false, "approval_required": false, "message": null, "url": null },
        "api_versions": { "mastodon": 2 },
        "contact": { "email": "", "account": shown.account(&app.node.account().to_string()) }, "rules": [],
    })))
}

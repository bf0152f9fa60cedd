//! Posts that wait for a time.

use axum::Json;
use axum::extract::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entities::Shown;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use crate::node::Named;
use crate::node::api::{DraftView, NewPost, Reply, Request, Visibility};

/// When to post.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct When {
    scheduled_at: String,
}

/// A time as apps write it, in RFC 3339.
pub fn time(text: &str) -> Answer<String> {
    // With or without an offset; without, it is UTC.
    let time = text.parse().or_else(|_| format!("{text}Z").parse::<jiff::Timestamp>());
    time.map(|time| time.to_string()).map_err(|_| ApiError::invalid_record())
}

/// Keeps a post until a time.
pub async fn keep(app: &App, post: NewPost, at: &str) -> Answer<DraftView> {
    let request = Request::SaveDraft { post: Box::new(post), at: Some(time(at)?) };
    drafts(app, request).await?.pop().ok_or_else(ApiError::not_found)
}

async fn drafts(app: &App, request: Request) -> Answer<Vec<DraftView>> {
    let draft = |reply| match reply {
        Reply::Draft(draft) if draft.post_at.is_some() => Some(*draft),
        _ => None,
    };
    Ok(app.ask(request).await?.into_iter().filter_map(draft).collect())
}

/// The number of a draft is its id.
pub fn number(draft: &DraftView) -> Option<u64> {
    u64::from_str_radix(&draft.draft, 16).ok()
}

/// One that waits, as apps expect it.
pub async fn shown(app: &App, draft: &DraftView) -> Answer<Value> {
    let post = &draft.post;
    let mut reply_to = None;
    if let Some(Ok(target)) = post.reply_to.as_deref().map(str::parse) {
        let id = match target {
            majlis_protocol::text::Target::Id(id) => id,
            majlis_protocol::text::Target::Link(link) => link.id,
        };
        reply_to = app.numbers(vec![Named::Entry(id.to_string())]).await?.first().copied();
    }
    let shown = Shown::of(app, &[], &[]).await?;
    let poll = post.poll.as_ref().map(
        |poll| json!({ "options": poll.options, "multiple": poll.multiple, "expires_at": poll.closes_at }),
    );
    Ok(json!({
        "id": number(draft).map(|number| number.to_string()), "scheduled_at": draft.post_at,
        "params": {
            "text": post.text, "poll": poll, "media_ids": draft.files.iter().map(|file| &file.cid).collect::<Vec<_>>(),
            "sensitive": post.content_warning.is_some(), "spoiler_text": post.content_warning,
            "visibility": if post.visibility == Visibility::Public { "public" } else { "unlisted" },
            "language": post.lang, "in_reply_to_id": reply_to.map(|number| number.to_string()),
            "scheduled_at": null, "idempotency": null, "with_rate_limit": false, "application_id": 0,
        },
        "media_attachments": draft.files.iter().map(|file| shown.media(file)).collect::<Vec<_>>(),
    }))
}

async fn found(app: &App, id: u64) -> Answer<DraftView> {
    let draft = Some(format!("{id:016x}"));
    drafts(app, Request::Drafts { draft }).await?.pop().ok_or_else(ApiError::not_found)
}

/// All that wait, the next one first.
pub async fn list(app: App) -> Answer<Json<Vec<Value>>> {
    let mut all = Vec::new();
    for draft in drafts(&app, Request::Drafts { draft: None }).await? {
        all.push(shown(&app, &draft).await?);
    }
    Ok(Json(all))
}

/// One that waits.
pub async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    Ok(Json(shown(&app, &found(&app, id).await?).await?))
}

/// Has one wait for another time.
pub async fn change(app: App, Path(id): Path<u64>, Input(when): Input<When>) -> Answer<Json<Value>> {
    let draft = found(&app, id).await?.draft;
    let request = Request::MoveDraft { draft, at: time(&when.scheduled_at)? };
    let moved = drafts(&app, request).await?.pop().ok_or_else(ApiError::not_found)?;
    Ok(Json(shown(&app, &moved).await?))
}

/// Has one never be posted.
pub async fn delete(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let draft = found(&app, id).await?.draft;
    app.ask(Request::RemoveDraft { draft }).await?;
    Ok(Json(json!({})))
}

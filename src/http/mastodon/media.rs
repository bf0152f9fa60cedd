//! Files: handed over, described, and given out.

use axum::Json;
use axum::extract::{Path, Request as HttpRequest};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

use super::entities::Shown;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Files, Input, WithFiles};
use crate::node::api::{NewAttachment, Reply, Request};

/// What is said of a file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Said {
    description: Option<String>,
    /// Two numbers with a comma between.
    focus: Option<String>,
}

/// What cropping must keep: `x,y`, each -1 to 1.
pub fn focus(text: Option<&str>) -> Answer<Option<[f64; 2]>> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let part = |text: &str| text.trim().parse::<f64>().ok().filter(|part| (-1.0..=1.0).contains(part));
    let point = text.split_once(',').and_then(|(x, y)| Some([part(x)?, part(y)?]));
    point.map(Some).ok_or_else(|| ApiError::unprocessable("a focus is two numbers from -1 to 1, as 0.5,-0.2"))
}

impl Files for Said {
    const FILES: &'static [&'static str] = &["file"];
}

/// Takes a file in.
pub async fn upload(app: App, mut form: WithFiles<Said>) -> Answer<Json<Value>> {
    let file = form.take("file");
    let said = form.said;
    let upload = file.ok_or_else(|| ApiError::unprocessable("a file is needed"))?;
    let alt = said.description.unwrap_or_default();
    let focus = focus(said.focus.as_deref())?;
    let new = NewAttachment { file: upload.path(), alt, focus, ..NewAttachment::default() };
    let reply = app.ask(Request::Attach { file: new }).await?.into_iter().next();
    let Some(Reply::Attachment(view)) = reply else { return Err(ApiError::not_found()) };
    app.keep_upload(upload, (*view).clone());
    Ok(Json(Shown::of(&app, &[], &[]).await?.media(&view)))
}

/// A file that waits for its post.
pub async fn show(app: App, Path(id): Path<String>) -> Answer<Json<Value>> {
    let view = app.waiting(&id).ok_or_else(ApiError::not_found)?;
    Ok(Json(Shown::of(&app, &[], &[]).await?.media(&view)))
}

/// Says what a file shows.
pub async fn describe(app: App, Path(id): Path<String>, Input(said): Input<Said>) -> Answer<Json<Value>> {
    let view =
        app.describe(&id, said.description, focus(said.focus.as_deref())?).ok_or_else(ApiError::not_found)?;
    Ok(Json(Shown::of(&app, &[], &[]).await?.media(&view)))
}

/// Forgets a file that waits.
pub async fn forget(app: App, Path(id): Path<String>) -> Answer<Json<Value>> {
    app.waiting(&id).ok_or_else(ApiError::not_found)?;
    app.forget_uploads(&[id]);
    Ok(Json(serde_json::json!({})))
}

/// Gives a file out, fetching it if need be. Its address holds a key, as a page that shows pictures cannot send a token.
pub async fn file(
    app: App,
    Path((key, cid)): Path<(String, String)>,
    request: HttpRequest,
) -> Answer<Response> {
    // The key is as good as a password for this one file, and no more is at stake.
    if app.desk.key_of(&cid) != key {
        return Err(ApiError::not_found());
    }
    let replies = app.ask(Request::File { cid }).await?;
    let file = replies.into_iter().find_map(|reply| match reply {
        Reply::File(file) => Some(file),
        _ => None,
    });
    let file = file.ok_or_else(ApiError::not_found)?;
    let is_shown = ["image/", "video/", "audio/"].iter().any(|kind| file.media_type.starts_with(kind));
    let kind = if is_shown { file.media_type.as_str() } else { "application/octet-stream" };
    let kind: mime::Mime = kind.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM);
    let served = ServeFile::new_with_mime(&file.path, &kind).oneshot(request).await;
    // Errors are answers of that service.
    let mut response = served.unwrap_or_else(|never| match never {}).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    if !is_shown {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    Ok(response)
}

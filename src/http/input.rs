//! What a request says: query and body together, whichever way an app writes them (JSON, a form, a multipart form; keys
//! as `poll[options][]`; numbers and booleans as text), read into one type.

use std::path::PathBuf;

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::App;
use super::error::ApiError;

/// Bytes of a body that is no upload.
const MAX_BODY: usize = 1 << 20;
/// Nesting of keys.
const MAX_DEPTH: usize = 6;

/// The parameters of a request.
pub struct Input<T>(pub T);

/// The parameters of a request as they are, and a file with it.
pub struct Parts {
    /// Query and body.
    pub fields: Value,
    /// Files by the name of their field: where each lies until the request is over.
    pub files: Vec<(String, Upload)>,
}

/// A file that was handed over. It is removed when this is dropped.
pub struct Upload(pub tempfile::TempPath);

impl<T: DeserializeOwned> FromRequest<App> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let parts = Parts::from_request(request, app).await?;
        parts.read().map(Self)
    }
}

impl Parts {
    /// The parameters as a type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_value(self.fields.clone())
            .map_err(|error| ApiError::bad_request(format!("A parameter cannot be read: {error}")))
    }
}

impl FromRequest<App> for Parts {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let mut fields = Map::new();
        let query = request.uri().query().unwrap_or_default().to_owned();
        put_all(&mut fields, &query)?;
        let mut files = Vec::new();
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            read_multipart(request, app, &mut fields, &mut files).await?;
        } else {
            let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await;
            let body = body.map_err(|_| ApiError::too_large())?;
            if kind.starts_with("application/json") && !body.is_empty() {
                let json: Value = serde_json::from_slice(&body)
                    .map_err(|error| ApiError::bad_request(format!("The body is not JSON: {error}")))?;
                let Value::Object(json) = json else {
                    return Err(ApiError::bad_request("The body is no object"));
                };
                fields.extend(json);
            } else if kind.starts_with("application/x-www-form-urlencoded") {
                let text = std::str::from_utf8(&body).map_err(|_| ApiError::bad_request("The form is not UTF-8"))?;
                put_all(&mut fields, text)?;
            }
        }
        Ok(Self { fields: Value::Object(fields), files })
    }
}

async fn read_multipart(
    request: Request,
    app: &App,
    fields: &mut Map<String, Value>,
    files: &mut Vec<(String, Upload)>,
) -> Result<(), ApiError> {
    let broken = |error: &dyn std::fmt::Display| ApiError::bad_request(format!("The form is broken: {error}"));
    let mut form = Multipart::from_request(request, app).await.map_err(|error| broken(&error.body_text()))?;
    let mut left = app.config.max_upload;
    while let Some(mut part) = form.next_field().await.map_err(|error| broken(&error.body_text()))? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            let path = app.uploads.join(app.next_upload());
            let kept = Upload(tempfile::TempPath::from_path(path.clone()));
            save(&mut part, path, &mut left).await?;
            files.push((name, kept));
        } else {
            let text = part.text().await.map_err(|error| broken(&error.body_text()))?;
            left = left.checked_sub(text.len()).ok_or_else(ApiError::too_large)?;
            put(fields, &name, text)?;
        }
    }
    Ok(())
}

async fn save(part: &mut axum::extract::multipart::Field<'_>, path: PathBuf, left: &mut usize) -> Result<(), ApiError> {
    use tokio::io::AsyncWriteExt as _;
    let full = |error: std::io::Error| ApiError::unprocessable(format!("The file cannot be kept: {error}"));
    let mut file = tokio::fs::File::create_new(path).await.map_err(full)?;
    while let Some(bytes) = part.chunk().await.map_err(|error| ApiError::bad_request(error.body_text()))? {
        *left = left.checked_sub(bytes.len()).ok_or_else(ApiError::too_large)?;
        file.write_all(&bytes).await.map_err(full)?;
    }
    file.flush().await.map_err(full)
}

fn put_all(fields: &mut Map<String, Value>, encoded: &str) -> Result<(), ApiError> {
    for (name, value) in form_urlencoded::parse(encoded.as_bytes()) {
        put(fields, &name, value.into_owned())?;
    }
    Ok(())
}

/// Puts `a[b][]=value` where it belongs: into a list under `b` in an object under `a`.
fn put(fields: &mut Map<String, Value>, name: &str, value: String) -> Result<(), ApiError> {
    let (first, rest) = name.split_once('[').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let mut path = vec![first];
    if let Some(rest) = rest {
        path.extend(rest.strip_suffix(']').unwrap_or(rest).split("]["));
    }
    if path.len() > MAX_DEPTH {
        return Err(ApiError::bad_request("A parameter is nested too deeply"));
    }
    let mut at = fields.entry(path.remove(0)).or_insert(Value::Null);
    for part in path {
        let is_index = part.is_empty() || part.bytes().all(|byte| byte.is_ascii_digit());
        if is_index {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let Some(list) = at.as_array_mut() else { break };
            list.push(Value::Null);
            let Some(last) = list.last_mut() else { break };
            at = last;
        } else {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Some(object) = at.as_object_mut() else { break };
            at = object.entry(part).or_insert(Value::Null);
        }
    }
    *at = Value::String(value);
    Ok(())
}

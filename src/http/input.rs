//! What a request says: query and body together, whichever way an app writes them (JSON, a form, a multipart form; keys
//! as `poll[options][]`), read into one type. Numbers and booleans that come as text are read by [`lenient`].

mod brackets;
pub mod lenient;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Door;
use super::error::ApiError;
use brackets::{put, put_all};

/// Bytes of a body that is no upload, and of all fields of one that is.
pub const MAX_BODY: usize = 1 << 20;
/// Files with one request.
const MAX_FILES: usize = 8;

/// The parameters of a request.
pub struct Input<T>(pub T);

/// The parameters of a request, and files with it.
pub struct WithFiles<T> {
    /// All but the files.
    pub said: T,
    files: Vec<(String, Upload)>,
}

/// Which of a request's parameters are files.
pub trait Files {
    /// Their names. Others are not looked at.
    const FILES: &'static [&'static str];
}

impl<T: Files> WithFiles<T> {
    /// The file with this name, if it was handed over.
    pub fn take(&mut self, name: &str) -> Option<Upload> {
        let at = self.files.iter().position(|(known, _)| known == name && T::FILES.contains(&name))?;
        Some(self.files.swap_remove(at).1)
    }
}

/// The parameters of a request as they are, and files by the names of their fields.
struct Parts {
    fields: Value,
    files: Vec<(String, Upload)>,
}

/// A file that was handed over. It is removed when this is dropped.
pub struct Upload(tempfile::TempPath);

impl Upload {
    /// One that lies there already.
    pub fn at(path: PathBuf) -> Result<Self, ApiError> {
        let kept = tempfile::TempPath::try_from_path(path);
        kept.map(Self).map_err(|error| ApiError::unprocessable(format!("The file cannot be kept: {error}")))
    }

    /// Where it lies.
    pub fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Door>> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, door: &Arc<Door>) -> Result<Self, ApiError> {
        Parts::of(request, door).await?.read().map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Door>> for WithFiles<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, door: &Arc<Door>) -> Result<Self, ApiError> {
        let mut parts = Parts::of(request, door).await?;
        let files = std::mem::take(&mut parts.files);
        Ok(Self { said: parts.read()?, files })
    }
}

impl Parts {
    fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        serde_json::from_value(self.fields)
            .map_err(|error| ApiError::bad_request(format!("A parameter cannot be read: {error}")))
    }

    async fn of(request: Request, door: &Arc<Door>) -> Result<Self, ApiError> {
        let mut fields = Map::new();
        put_all(&mut fields, request.uri().query().unwrap_or_default().as_bytes())?;
        let mut files = Vec::new();
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            read_multipart(request, door, &mut fields, &mut files).await?;
        } else {
            let body = whole(request.into_body()).await?;
            if kind.starts_with("application/json") && !body.is_empty() {
                let json: Value = serde_json::from_slice(&body)
                    .map_err(|error| ApiError::bad_request(format!("The body is not JSON: {error}")))?;
                let Value::Object(json) = json else {
                    return Err(ApiError::bad_request("The body is no object"));
                };
                fields.extend(json);
            } else if kind.starts_with("application/x-www-form-urlencoded") {
                put_all(&mut fields, &body)?;
            }
        }
        Ok(Self { fields: Value::Object(fields), files })
    }
}

/// A body that is no upload.
pub async fn whole(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
            {
                return ApiError::too_slow();
            }
            cause = error.source();
        }
        ApiError::too_large()
    })
}

async fn read_multipart(
    request: Request,
    door: &Arc<Door>,
    fields: &mut Map<String, Value>,
    files: &mut Vec<(String, Upload)>,
) -> Result<(), ApiError> {
    let broken = |error: String| ApiError::bad_request(format!("The form is broken: {error}"));
    let mut form = Multipart::from_request(request, door).await.map_err(|error| broken(error.body_text()))?;
    let (mut for_files, mut for_fields) = (door.config.max_upload, MAX_BODY);
    while let Some(mut part) = form.next_field().await.map_err(|error| broken(error.body_text()))? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            if files.len() == MAX_FILES {
                return Err(ApiError::too_large());
            }
            let path = door.next_upload();
            let kept = tempfile::TempPath::try_from_path(path.clone());
            let kept = Upload(kept.map_err(|error| broken(error.to_string()))?);
            save(&mut part, path, &mut for_files).await?;
            files.push((name, kept));
            continue;
        }
        let mut text = Vec::new();
        while let Some(bytes) = part.chunk().await.map_err(|error| broken(error.body_text()))? {
            for_fields = for_fields.checked_sub(bytes.len()).ok_or_else(ApiError::too_large)?;
            text.extend_from_slice(&bytes);
        }
        // An empty part must not be free either.
        for_fields = for_fields.checked_sub(name.len() + 1).ok_or_else(ApiError::too_large)?;
        let text = String::from_utf8(text).map_err(|_| ApiError::bad_request("The form is not UTF-8"))?;
        put(fields, &name, text)?;
    }
    Ok(())
}

async fn save(
    part: &mut axum::extract::multipart::Field<'_>,
    path: PathBuf,
    left: &mut usize,
) -> Result<(), ApiError> {
    use tokio::io::AsyncWriteExt as _;
    let full = |error: io::Error| ApiError::unprocessable(format!("The file cannot be kept: {error}"));
    let mut file = tokio::fs::File::create_new(path).await.map_err(full)?;
    while let Some(bytes) = part.chunk().await.map_err(|error| ApiError::bad_request(error.body_text()))? {
        *left = left.checked_sub(bytes.len()).ok_or_else(ApiError::too_large)?;
        file.write_all(&bytes).await.map_err(full)?;
    }
    file.flush().await.map_err(full)
}

//! Errors as apps expect them: a status, and an object with `error`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::node::Failure;

/// Why a request is not carried out.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    error: String,
    description: Option<String>,
    /// Of 401: what is wrong with the token.
    challenge: Option<&'static str>,
}

/// What a handler gives.
pub type Answer<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), description: None, challenge: None }
    }

    /// There is no such thing, or whoever asks must not know of it.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Record not found")
    }

    /// The request makes no sense.
    pub fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// The request is understood and cannot be carried out as it is.
    pub fn unprocessable(error: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Validation failed: {}", error.into()))
    }

    /// Without a token that holds.
    pub fn unauthorized() -> Self {
        let error = Self::new(StatusCode::UNAUTHORIZED, "The access token is invalid");
        Self { challenge: Some("Bearer error=\"invalid_token\""), ..error }
    }

    /// The token does not go so far.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This action is outside the authorized scopes")
    }

    /// A body that is too large.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "This is too large")
    }

    /// Too many tries.
    pub fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests: wait a minute")
    }

    /// An error of RFC 6749, section 5.2.
    pub fn oauth(error: &str, description: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { description: Some(description.into()), ..Self::new(status, error) }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let missing = ["is not held here", "is held here", "there is no ", "no post"];
        if missing.iter().any(|words| failure.message.contains(words)) {
            return Self::not_found();
        }
        if failure.usage {
            return Self::unprocessable(failure.message);
        }
        Self { description: Some(failure.hint), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, failure.message) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error });
        if let Some(description) = self.description {
            body["error_description"] = description.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

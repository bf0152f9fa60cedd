//! Errors as apps expect them: a status, and an object with `error`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::node::Failure;
use crate::node::api::FailureKind;

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

    /// A value that is none of its kind, in the words that apps look for.
    pub fn invalid_record() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Record invalid")
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

    /// What was shown to prove who asks is not right.
    pub fn unproved() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This code is not right, or no longer")
    }

    /// A page of another site asks for what it must not.
    pub fn foreign_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This was sent from another site")
    }

    /// Nobody can join a node of one person's.
    pub fn closed() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This node belongs to one person: nobody can join it")
    }

    /// A body that is too large.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "This is too large")
    }

    /// A body that does not come.
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "This comes too slowly")
    }

    /// Too many tries.
    pub fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests: wait a minute")
    }

    /// No more streams may be open.
    pub fn too_many_streams() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many streams are open: close some that you do not need")
    }

    /// As it is said on a stream that goes on.
    pub fn said(&self) -> String {
        json!({ "error": self.error, "status": self.status.as_u16() }).to_string()
    }

    /// There is nothing at this address.
    pub fn no_such_address() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// There is something at this address, but not for this method.
    pub fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    /// The request is for a name that is not this node's.
    pub fn foreign_host() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This node does not answer to that name")
    }

    /// The token is of an app alone, where the owner is needed.
    pub fn owner_needed() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "This method requires an authenticated user")
    }

    /// A fault of this program.
    pub fn fault() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here: see the node's log")
    }

    /// An error of RFC 6749, section 5.2.
    pub fn oauth(error: &str, description: impl Into<String>) -> Self {
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "unauthorized_client" => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { description: Some(description.into()), ..Self::new(status, error) }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            FailureKind::Missing => Self::not_found(),
            FailureKind::Usage => Self::unprocessable(failure.message),
            FailureKind::Refused => Self {
                // Apps show one of the two.
                description: Some(format!("{}. {}", failure.message, failure.hint)),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, failure.message)
            },
        }
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
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

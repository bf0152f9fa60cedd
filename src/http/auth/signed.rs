//! Who asks: found out once for each request, from its token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use blake3::Hash;

use crate::http::error::{Answer, ApiError};
use crate::http::input::{MAX_BODY, whole};
use crate::http::{App, Door, pace};
use crate::node::apps::{Proof, Scopes, Token, hash};

/// Bytes of a token that is looked at.
const MAX_TOKEN: usize = 256;
const FORM: &str = "application/x-www-form-urlencoded";

/// Who asks.
#[derive(Clone, Debug)]
pub enum Identity {
    /// There is no token.
    Nobody,
    /// The token does not hold.
    Wrong,
    /// Somebody with a token.
    Signed(Signed),
}

/// A token that holds.
#[derive(Clone, Debug)]
pub struct Signed {
    token: Token,
    hash: Hash,
    scopes: Scopes,
}

impl Signed {
    /// Refuses unless the owner has allowed this scope, or one of these, parted by spaces.
    pub fn allow(&self, scopes: &str) -> Answer<()> {
        self.owner()?;
        let allowed = scopes.split(' ').any(|scope| self.scopes.allow(scope));
        allowed.then_some(()).ok_or_else(ApiError::forbidden)
    }

    /// Refuses a token that is an app's alone: anybody can have one.
    pub fn owner(&self) -> Answer<()> {
        self.is_owner().then_some(()).ok_or_else(ApiError::owner_needed)
    }

    /// Whether it acts for the owner.
    pub fn is_owner(&self) -> bool {
        self.token.of_owner
    }

    /// By which the node knows the token.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The id of the app that it was given to.
    pub fn app(&self) -> &str {
        &self.token.app
    }
}

impl FromRequestParts<Arc<Door>> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Door>) -> Result<Self, ApiError> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Signed(signed)) => Ok(signed.clone()),
            _ => Err(ApiError::unauthorized()),
        }
    }
}

/// None where there is no token; one that does not hold is refused here too.
impl OptionalFromRequestParts<Arc<Door>> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Door>) -> Result<Option<Self>, ApiError> {
        match parts.extensions.get::<Identity>() {
            Some(Identity::Signed(signed)) => Ok(Some(signed.clone())),
            Some(Identity::Wrong) => Err(ApiError::unauthorized()),
            Some(Identity::Nobody) | None => Ok(None),
        }
    }
}

/// Refuses a request without the owner's token with this scope, or one of these.
pub fn required(request: &Request, scopes: &str) -> Answer<()> {
    match request.extensions().get::<Identity>() {
        Some(Identity::Signed(signed)) => signed.allow(scopes),
        _ => Err(ApiError::unauthorized()),
    }
}

/// Whether a page of another site sends this. Browsers say so; others say nothing.
pub fn is_foreign(headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    from.is_some_and(|from| from != b"same-origin" && from != b"none")
}

/// Whether what was shown is the owner's.
pub async fn prove(app: &App, shown: String) -> Answer<Proof> {
    let node = Arc::clone(&app.node);
    let proved = tokio::task::spawn_blocking(move || node.prove_owner(&shown)).await;
    Ok(proved.map_err(|_| ApiError::fault())??)
}

/// Finds out who asks: from the header, as it should be; from the protocols of a WebSocket, for which pages can set no
/// other header; or from `access_token` in the query or the form, as apps of old do.
pub async fn identify(door: &Door, request: Request) -> Result<(Request, Identity), ApiError> {
    let (request, token) = match in_head(&request) {
        Some(token) => (request, Some(token)),
        None => in_form(request).await?,
    };
    let Some(text) = token else { return Ok((request, Identity::Nobody)) };
    let token = if text.len() > MAX_TOKEN { None } else { door.node.token(&text)? };
    let identity = token.map_or(Identity::Wrong, |token| {
        let scopes = token.scopes();
        Identity::Signed(Signed { token, hash: hash(&text), scopes })
    });
    Ok((request, identity))
}

fn in_head(request: &Request) -> Option<String> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some((kind, token)) = text(header::AUTHORIZATION).and_then(|value| value.split_once(' '))
        && kind.eq_ignore_ascii_case("bearer")
    {
        return Some(token.trim().to_owned());
    }
    in_pairs(request.uri().query().unwrap_or_default().as_bytes())
        .or_else(|| text(header::SEC_WEBSOCKET_PROTOCOL).map(|protocols| protocols.trim().to_owned()))
}

fn in_pairs(encoded: &[u8]) -> Option<String> {
    let mut pairs = form_urlencoded::parse(encoded);
    pairs.find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned())
}

async fn in_form(request: Request) -> Result<(Request, Option<String>), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(FORM));
    if !is_form || !request.uri().path().starts_with("/api/") {
        return Ok((request, None));
    }
    let (parts, body) = request.into_parts();
    let body = whole(pace::paced(body, MAX_BODY)).await?;
    let token = in_pairs(&body);
    Ok((Request::from_parts(parts, Body::from(body)), token))
}

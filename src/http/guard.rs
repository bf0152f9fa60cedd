//! What every request passes on its way in and every answer on its way out.
//!
//! In: the name it is for has to be this node's, so that no web page leads a browser here under a name of its own; who
//! asks is found out once; whoever is not the owner may ask so much and no more. Out: headers, by which browsers let
//! apps on other sites read what is meant for them and nothing else, and which say what may be done with what is shown.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;

use super::auth::{self, Identity};
use super::error::ApiError;
use super::input::MAX_BODY;
use super::names::{self, Names};
use super::{App, Door, Ends, consent, pace};

/// Where apps on other sites may read the answers: none of these goes by anything but a token.
const SHARED: [&str; 5] = ["/api/", "/oauth/token", "/oauth/revoke", "/.well-known/", "/nodeinfo/"];

/// A page asks for these by the hundred, and without a token, as it does not ask for them by a script. Only those that
/// are not there count: files of the page are no secret, and the address of a post's file cannot be guessed.
const PARTS: [&str; 3] = ["/app/", "/media/", "/static/"];

/// What an answer says if its handler has not said otherwise.
const DEFAULTS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "private, no-store"),
    (header::VARY, "Origin, Authorization"),
];

const CORS: [(HeaderName, &str); 2] =
    [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Link")];
const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, idempotency-key"),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// Takes a request in, has it answered, and sees the answer out.
pub async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match enter(&door, request).await {
        Ok(Entered::Request(request)) => answer(&door, *request, next).await,
        Ok(Entered::Preflight) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    };
    leave(&door, &method, &path, &mut response).await;
    door.tally.count(response.status());
    // The query is left out: it may hold a token or a code.
    let (status, took) = (response.status().as_u16(), started.elapsed());
    tracing::debug!(%method, path, status, ?took, "answered");
    response
}

enum Entered {
    Request(Box<Request>),
    Preflight,
}

async fn enter(door: &Arc<Door>, request: Request) -> Result<Entered, ApiError> {
    let ends = request.extensions().get::<Ends>().copied().ok_or_else(ApiError::fault)?;
    let base = found_by(&door.names, ends, request.uri(), request.headers());
    let base = base.ok_or_else(ApiError::foreign_host)?.into();
    if request.method() == Method::OPTIONS && is_shared(request.uri().path()) {
        return Ok(Entered::Preflight);
    }
    // Before the body is touched: a token in a form costs reading it.
    let (request, identity) = auth::identify(door, request).await?;
    let is_owner = matches!(&identity, Identity::Signed(signed) if signed.is_owner());
    if !is_owner && !door.limits.ask(ends.peer.ip()) {
        return Err(ApiError::too_many());
    }
    let limit = if is_owner { door.config.max_upload.saturating_add(MAX_BODY) } else { MAX_BODY };
    let mut request = request.map(|body| pace::paced(body, limit));
    request.extensions_mut().insert(identity);
    request.extensions_mut().insert(App { door: Arc::clone(door), base });
    Ok(Entered::Request(Box::new(request)))
}

async fn answer(door: &Door, request: Request, next: Next) -> Response {
    let from = request.extensions().get::<Ends>().map(|ends| ends.peer.ip());
    let identity = request.extensions().get::<Identity>();
    let is_owner = matches!(identity, Some(Identity::Signed(signed)) if signed.is_owner());
    let is_part_of_page = PARTS.iter().any(|part| request.uri().path().starts_with(part));
    let response = shielded(next.run(request)).await;
    let Some(from) = from.filter(|_| !is_owner) else { return response };
    let status = response.status();
    if status.is_client_error() {
        door.limits.failed(from);
    } else if is_part_of_page && (status.is_success() || status == StatusCode::NOT_MODIFIED) {
        door.limits.give_back(from);
    }
    response
}

/// What an answer is where a handler panics: the node goes on. What a panic leaves behind is the request's own, and
/// the locks that are used here are not poisoned by it.
async fn shielded(answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        tracing::error!(what, "an answer broke off: this is a fault of Majlis");
        ApiError::fault().into_response()
    })
}

async fn leave(door: &Door, method: &Method, path: &str, response: &mut Response) {
    let statements = consent::headers(&door.node).await;
    let headers = response.headers_mut();
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.extend(statements);
    if is_shared(path) {
        for (name, value) in CORS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if method == Method::OPTIONS {
            for (name, value) in PREFLIGHT {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
}

fn is_shared(path: &str) -> bool {
    SHARED.iter().any(|shared| match shared.strip_suffix('/') {
        Some(_) => path.starts_with(shared),
        None => path.trim_end_matches('/') == *shared,
    })
}

/// Scheme, host and port by which the client has found the node; none where a name that the request says it is for is
/// not this node's.
fn found_by(names: &Names, ends: Ends, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter().map(HeaderValue::to_str);
    let (Some(Ok(host)), None) = (hosts.next(), hosts.next()) else { return None };
    let base = names.base(ends, host)?;
    uri.authority().is_none_or(|authority| names.base(ends, authority.as_str()).is_some()).then_some(base)
}

/// Whether a request is for one of this machine's own names.
pub fn is_local_name(headers: &HeaderMap) -> bool {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(names::is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let answer = shielded(async { panic!("a fault") }).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_page_of_ones_own_is_not_for_others() {
        for shared in ["/api/v1/apps", "/oauth/token", "/oauth/token/", "/oauth/revoke", "/nodeinfo/2.0"] {
            assert!(is_shared(shared), "{shared}");
        }
        for own in ["/oauth/authorize", "/oauth/authorize/", "/", "/metrics", "/oauth/tokens", "/apix"] {
            assert!(!is_shared(own), "{own}");
        }
    }
}

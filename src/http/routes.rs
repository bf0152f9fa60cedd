//! The table of routes: what is answered at which address, for whom, and in a word what it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Uri, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use tower_http::compression::CompressionLayer;

use super::error::ApiError;
use super::openapi::{Described, Taken};
use super::{Door, auth, connected, feed, guard, mastodon, openapi, own, pictures, surfaces, web};

/// Types of answers that are sent packed.
const PACKED: [&str; 5] =
    ["application/json", "application/manifest+json", "image/svg+xml", "text/css", "text/javascript"];
/// Bytes of an answer that is sent as it is.
const SMALL: u64 = 1_000;

/// Something that is answered.
pub struct Route {
    /// For this method; what is got may also be asked for with HEAD.
    pub method: Method,
    /// The address, as `/api/v1/statuses/{id}`. It is also answered with a slash at its end.
    pub path: &'static str,
    /// The token that is needed: the owner's, with this scope, or one of these, parted by spaces. The handler is not
    /// reached without. None: anybody may ask, or the handler sees to it.
    pub scope: Option<&'static str>,
    /// What it is, for people.
    pub summary: &'static str,
    handler: MethodRouter<Arc<Door>>,
    taken: fn(&mut Taken),
}

impl Route {
    /// For any method.
    pub fn new<H: Handler<T, Arc<Door>>, T: Described + 'static>(
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        scope: Option<&'static str>,
        summary: &'static str,
        handler: H,
    ) -> Self {
        Self { method, path, scope, summary, handler: on(filter, handler), taken: T::describe }
    }

    /// What its handler takes from a request.
    pub fn taken(&self) -> Taken {
        let mut taken = Taken::default();
        (self.taken)(&mut taken);
        taken
    }

    fn guarded(&self) -> MethodRouter<Arc<Door>> {
        let handler = self.handler.clone();
        match self.scope {
            None => handler,
            Some(scope) => {
                handler.route_layer(middleware::from_fn(move |request: Request, next: Next| async move {
                    match auth::required(&request, scope) {
                        Ok(()) => next.run(request).await,
                        Err(error) => error.into_response(),
                    }
                }))
            }
        }
    }
}

macro_rules! constructors {
    ($($name:ident $method:ident),*) => {
        $(
            #[doc = concat!("A route for ", stringify!($method), ".")]
            pub fn $name<H: Handler<T, Arc<Door>>, T: Described + 'static>(
                path: &'static str,
                scope: Option<&'static str>,
                summary: &'static str,
                handler: H,
            ) -> Route {
                Route::new((Method::$method, MethodFilter::$method), path, scope, summary, handler)
            }
        )*
    };
}

constructors!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

/// All that is answered.
pub fn table() -> Vec<Route> {
    let mut routes = surfaces::routes();
    routes.extend(auth::routes());
    routes.extend(connected::routes());
    routes.extend(feed::routes());
    routes.extend(mastodon::routes());
    routes.extend(openapi::routes());
    routes.extend(own::routes());
    routes.extend(pictures::routes());
    routes.extend(web::routes());
    routes
}

/// What answers.
pub fn router(door: Arc<Door>) -> Router {
    let mut paths: BTreeMap<&str, MethodRouter<Arc<Door>>> = BTreeMap::new();
    for route in table() {
        let handler = route.guarded();
        let merged = match paths.remove(route.path) {
            Some(others) => others.merge(handler),
            None => handler,
        };
        paths.insert(route.path, merged);
    }
    let mut router = Router::new();
    for (path, handler) in paths {
        if path != "/" {
            router = router.route(&format!("{path}/"), handler.clone());
        }
        router = router.route(path, handler);
    }
    router
        .fallback(nothing)
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        // Bodies are measured by the guard.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(&door), guard::guard))
        // Outside of the guard, which says what else an answer depends on.
        .layer(CompressionLayer::new().compress_when(is_worth_packing))
        .with_state(door)
}

/// What becomes smaller by it, for those who are not at this machine. HTML is left as it is where it is made for someone:
/// a consent page shows what an app says of itself beside a secret, and lengths would tell of it.
fn is_worth_packing(status: StatusCode, _: Version, headers: &HeaderMap, more: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    let length: Option<u64> = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    status.is_success()
        && (PACKED.iter().any(|packed| kind.starts_with(packed)) || more.get::<web::NoSecret>().is_some())
        && length.is_none_or(|length| length > SMALL)
}

async fn nothing(uri: Uri, headers: HeaderMap) -> Response {
    tracing::debug!(path = uri.path(), "nothing is answered there");
    web::nowhere(&headers).unwrap_or_else(|| ApiError::no_such_address().into_response())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::node::apps::{OWNER, Scopes};

    #[test]
    fn every_route_is_there_once_with_known_scopes_and_a_word() {
        let mut seen = BTreeSet::new();
        for route in table() {
            assert!(seen.insert((route.method.to_string(), route.path)), "{} {}", route.method, route.path);
            assert!(route.path.starts_with('/') && (route.path == "/" || !route.path.ends_with('/')));
            assert!(!route.summary.is_empty() && !route.summary.ends_with('.'), "{}", route.path);
            for scope in route.scope.into_iter().flat_map(|scope| scope.split(' ')) {
                let is_known = scope == OWNER || Scopes::known().any(|known| known == scope);
                assert!(is_known, "{}: {scope}", route.path);
            }
        }
    }
}

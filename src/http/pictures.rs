//! Pictures for accounts that have none, as apps want an address for each.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::routes::{Route, get};
use crate::node::{nothing, somebody};

static AVATAR: LazyLock<Vec<u8>> = LazyLock::new(somebody);
static HEADER: LazyLock<Vec<u8>> = LazyLock::new(nothing);

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![
        get("/static/avatar.png", None, "The picture of an account without one", async || picture(&AVATAR)),
        get("/static/header.png", None, "The wide picture of an account without one", async || {
            picture(&HEADER)
        }),
    ]
}

fn picture(bytes: &'static [u8]) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    ([kind, keep], bytes).into_response()
}

//! Pictures for accounts that have none, as apps want an address for each.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::routes::{Route, get};

const AVATAR: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\"><rect width=\"96\" height=\"96\" \
                      fill=\"#d9d4cb\"/><circle cx=\"48\" cy=\"38\" r=\"17\" fill=\"#8a8378\"/><path d=\"M14 96c3-24 \
                      17-36 34-36s31 12 34 36z\" fill=\"#8a8378\"/></svg>";
const HEADER: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 300 100\"><rect width=\"300\" \
                      height=\"100\" fill=\"#d9d4cb\"/></svg>";

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![
        get("/static/avatar.svg", None, "The picture of an account without one", async || svg(AVATAR)),
        get("/static/header.svg", None, "The wide picture of an account without one", async || svg(HEADER)),
    ]
}

fn svg(picture: &'static str) -> Response {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    ([kind, keep], picture).into_response()
}

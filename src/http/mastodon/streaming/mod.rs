//! What comes by itself: by WebSocket, with any number of streams on one connection, or as server-sent events, with one.
//!
//! The node says what has come and where it belongs; here it is written down once, in the form of each stream, for all
//! clients that follow it. A stream belongs to the token that it was opened with and ends with it.

mod events;
mod hub;
mod names;
mod socket;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::Response;

pub use hub::{Hub, run};

use super::super::routes::{Route, get};
use crate::http::App;
use crate::http::auth::Signed;
use crate::http::error::{Answer, ApiError};
use crate::http::input::Input;
use names::Asked;

/// Bytes of what a client says on a WebSocket at once.
const MAX_MESSAGE: usize = 8 * 1024;
/// Bytes that are read from a WebSocket at once: clients say little.
const READ_AHEAD: usize = 1_024;

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        get("/api/v1/streaming/health", None, "Whether streams are there", async || "OK"),
        get("/api/v1/streaming", Some("read:statuses read:notifications"), "Streams by WebSocket", by_socket),
    ];
    for (path, name, summary) in names::PATHS {
        let answer = move |app: App, signed: Signed, Input(asked): Input<Asked>| {
            events::answer(app, signed, asked.named(name))
        };
        let scope = if name == names::NOTIFICATIONS { "read:notifications" } else { "read:statuses" };
        routes.push(get(path, Some(scope), summary, answer));
    }
    routes
}

async fn by_socket(
    app: App,
    signed: Signed,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: HeaderMap,
    Input(asked): Input<Asked>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|error| {
        ApiError::bad_request(format!("WebSockets are answered here, and this asks for none: {error}"))
    })?;
    let opened = app.streams.open(&app, &signed)?;
    let first = asked.names_one().then_some(asked);
    // Clients that can say who they are nowhere else do it here, and want to read it back.
    let protocol = headers.get(header::SEC_WEBSOCKET_PROTOCOL).cloned();
    Ok(upgrade
        .protocols(protocol.and_then(|protocol| protocol.to_str().ok().map(ToOwned::to_owned)))
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .read_buffer_size(READ_AHEAD)
        .write_buffer_size(0)
        .on_upgrade(move |socket| socket::run(app, signed, opened, first, socket)))
}

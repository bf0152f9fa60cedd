//! The door for apps and browsers: HTTP on this machine, the Mastodon client API for apps that people have already.
//!
//! Everything is asked of the node by [`execute`](crate::node::execute), as the command line does. Who asks is told by a
//! bearer token, never by a cookie; what a token may do is in its scopes. Requests for other host names than this node's
//! are refused, so that no web page can lead a browser here under a name of its own.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly"))]

mod auth;
mod config;
mod connected;
mod consent;
mod error;
mod feed;
mod guard;
mod input;
mod limit;
mod mastodon;
mod names;
mod openapi;
mod own;
mod pace;
mod pictures;
mod routes;
mod server;
mod surfaces;
mod tls;
mod web;

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::{mpsc, watch};

pub use config::HttpConfig;
pub use server::{HttpServer, serve};

use crate::node::api::{Reply, Request};
use crate::node::{Failure, Node, execute};
use auth::Auth;
use error::ApiError;

/// Replies of the node that wait to be taken.
const REPLIES: usize = 64;

/// What all requests are answered with.
struct Door {
    node: Arc<Node>,
    auth: Auth,
    config: HttpConfig,
    names: names::Names,
    /// Where files lie while a request is under way.
    uploads: Box<Path>,
    counter: AtomicU64,
    limits: limit::Limits,
    tally: surfaces::Tally,
    desk: Arc<mastodon::Desk>,
    since: feed::Since,
    streams: Arc<mastodon::Hub>,
    /// True once the node stops.
    stopped: watch::Receiver<bool>,
}

/// What one request is answered with. Handlers take it as an argument.
#[derive(Clone)]
struct App {
    door: Arc<Door>,
    /// Scheme, host and port, as in links: those by which this client has found the node, as it may reach no others.
    base: Arc<str>,
}

impl Deref for App {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl FromRequestParts<Arc<Door>> for App {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Door>) -> Result<Self, ApiError> {
        // The guard has put it there.
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::fault)
    }
}

/// The two ends of a connection; among a request's extensions.
#[derive(Clone, Copy, Debug)]
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
    /// Whether it is encrypted.
    tls: bool,
}

impl Door {
    /// Where a file that is handed over may lie.
    fn next_upload(&self) -> PathBuf {
        self.uploads.join(self.counter.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Has a request carried out; its replies.
    async fn ask(&self, request: Request) -> Result<Vec<Reply>, ApiError> {
        let (sender, mut replies) = mpsc::channel(REPLIES);
        let work = execute(&self.node, request, sender);
        let collect = async {
            let mut all = Vec::new();
            while let Some(reply) = replies.recv().await {
                all.push(reply);
            }
            all
        };
        let (worked, all) = tokio::join!(work, collect);
        worked.map_err(|failure| Failure {
            message: without_places(&failure.message, &self.uploads.to_string_lossy()),
            ..failure
        })?;
        Ok(all)
    }
}

/// What went wrong with a file that was handed over, without where it lay meanwhile.
fn without_places(message: &str, uploads: &str) -> String {
    let mut parts = message.split(uploads);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, rest| {
        said + "the file" + rest.trim_start_matches(|c: char| c == '/' || c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_file_lay_is_not_told() {
        let told = |message| without_places(message, "/home/u/uploads");
        assert_eq!(told("/home/u/uploads/12: no picture"), "the file: no picture");
        assert_eq!(told("a /home/u/uploads/1 and /home/u/uploads/23"), "a the file and the file");
        assert_eq!(told("nothing of it 7/8"), "nothing of it 7/8");
    }
}

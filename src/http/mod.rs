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
mod guard;
mod input;
mod limit;
mod mastodon;
mod openapi;
mod pace;
mod pictures;
mod routes;
mod server;
mod surfaces;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};

pub use config::HttpConfig;
pub use server::{HttpServer, serve};

use crate::node::api::{Reply, Request};
use crate::node::{Node, execute};
use auth::Auth;
use error::ApiError;

/// Replies of the node that wait to be taken.
const REPLIES: usize = 64;

/// What every request is answered with.
#[derive(Clone)]
struct App {
    node: Arc<Node>,
    auth: Arc<Auth>,
    config: Arc<HttpConfig>,
    /// Scheme, host and port, as in links.
    base: Arc<str>,
    /// The name under which others reach the node, if any do.
    public_host: Option<Arc<str>>,
    /// Where files lie while a request is under way.
    uploads: Arc<Path>,
    counter: Arc<AtomicU64>,
    limits: Arc<limit::Limits>,
    tally: Arc<surfaces::Tally>,
    desk: Arc<mastodon::Desk>,
    streams: Arc<mastodon::Hub>,
    /// True once the node stops.
    stopped: watch::Receiver<bool>,
}

/// The two ends of a connection; among a request's extensions.
#[derive(Clone, Copy, Debug)]
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
}

impl App {
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
        worked?;
        Ok(all)
    }
}

//! The door for apps and browsers: HTTP on this machine, the Mastodon client API for apps that people have already.
//!
//! Everything is asked of the node by [`execute`](crate::node::execute), as the command line does. Who asks is told by a
//! bearer token, never by a cookie; what a token may do is in its scopes. Requests for other host names than this node's
//! are refused, so that no web page can lead a browser here under a name of its own.

mod auth;
mod config;
mod error;
mod guard;
mod input;
mod mastodon;
mod routes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use config::HttpConfig;

use crate::node::api::{Reply, Request};
use crate::node::{Failure, Node, execute};
use auth::Auth;
use error::ApiError;

/// Ports after the one that is set that are tried.
const PORTS: u16 = 16;
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
    /// Where files lie while a request is under way.
    uploads: Arc<PathBuf>,
    counter: Arc<AtomicU64>,
}

impl App {
    /// A name for a file that is handed over.
    fn next_upload(&self) -> String {
        self.counter.fetch_add(1, Ordering::Relaxed).to_string()
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

/// The open door.
pub struct HttpServer {
    /// Where it is: `http://127.0.0.1:7411`.
    pub address: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl HttpServer {
    /// Closes it; requests under way are given a moment.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // An error means that it has ended already.
        let _ = self.task.await;
    }
}

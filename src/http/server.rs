//! Takes connections: so many at once, and none that keeps the node waiting.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tower_service::Service as _;

use super::config::DEFAULT_LISTEN;
use super::mastodon::{Desk, pass_on};
use super::{App, Ends, HttpConfig, guard, pace, routes};
use crate::node::{Failure, Node};

/// Ports after the default one that are tried; then the system chooses.
const PORTS: u16 = 16;
/// Connections at once; further ones wait until one ends.
const MAX_CONNECTIONS: usize = 512;
/// The head of a request has to come within this time, and so has the next on the same connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of a head, or of what is read ahead.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;
/// Answers under way have this long to end when the node stops.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// After the system refused a connection (too many files are open), this long passes before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Where uploads lie in the home.
const UPLOADS: &str = "uploads";

/// The open door.
pub struct HttpServer {
    /// Where it is on this machine: `http://127.0.0.1:7411`.
    pub address: String,
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    streams: JoinHandle<()>,
}

impl HttpServer {
    /// Closes it; answers under way are given a moment.
    pub async fn shutdown(self) {
        self.node.set_door_address(None);
        self.stop.send_replace(true);
        // It only ends early by a panic, which has been reported.
        let _ = self.task.await;
        self.streams.abort();
    }
}

/// Opens the door of a node that runs, where it is to have one.
pub async fn serve(node: Arc<Node>, config: HttpConfig, home: &Path) -> Result<Option<HttpServer>, Failure> {
    if config.listen == "off" {
        return Ok(None);
    }
    let listener = listen(&config.listen).await?;
    let local = listener.local_addr().map_err(|source| cannot(&config.listen, &source))?;
    if !local.ip().is_loopback() {
        tracing::warn!(address = %local, "apps are served beyond this machine, without encryption");
    }
    let uploads = home.join(UPLOADS);
    prepare(&uploads).map_err(|source| {
        Failure::new(
            format!("cannot make the folder {}: {source}", uploads.display()),
            "Check the permissions of the home directory and the space on its disk.",
        )
    })?;
    let address = format!("http://{}", reachable(local));
    let (base, public_host) = public(&config.public_name, &address)?;
    let keeper = Arc::clone(&node);
    let desk = tokio::task::spawn_blocking(move || Desk::open(&keeper)).await.unwrap_or_else(|error| {
        Err(Failure::new(format!("the work was broken off: {error}"), "Start the node again."))
    })?;
    let (stop, stopped) = watch::channel(false);
    let app = App {
        node: Arc::clone(&node),
        auth: Arc::default(),
        config: Arc::new(config),
        base: base.into(),
        public_host: public_host.map(Into::into),
        uploads: uploads.into(),
        counter: Arc::new(AtomicU64::default()),
        limits: Arc::default(),
        tally: Arc::default(),
        desk: Arc::new(desk),
        streams: Arc::default(),
        stopped,
    };
    let streams = tokio::spawn(pass_on(app.clone()));
    let task = tokio::spawn(accept(listener, app));
    node.set_door_address(Some(address.clone()));
    Ok(Some(HttpServer { address, node, stop, task, streams }))
}

/// An empty folder: what a crash has left there belongs to no request.
fn prepare(uploads: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(uploads) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(source),
        _ => {}
    }
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(uploads)
}

/// An address under which this machine reaches the listener.
fn reachable(local: SocketAddr) -> SocketAddr {
    match local.ip() {
        ip if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), local.port()),
        _ => local,
    }
}

/// Scheme, host and port as in links, and the host's name where it is a public one.
fn public(name: &str, local: &str) -> Result<(String, Option<String>), Failure> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() {
        return Ok((local.to_owned(), None));
    }
    let (scheme, host) = match name.split_once("://") {
        Some((scheme @ ("http" | "https"), host)) => (scheme.to_owned(), host.to_owned()),
        Some(_) => (String::new(), name.clone()),
        None => ("https".to_owned(), name.clone()),
    };
    let host = host.trim_end_matches('/').to_owned();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    if scheme.is_empty() || host.is_empty() || !host.bytes().all(is_host) {
        return Err(Failure::usage(
            format!("{name:?} is not a name under which a node can be reached"),
            "Set http.public_name to a name such as majlis.example.",
        ));
    }
    Ok((format!("{scheme}://{host}"), Some(guard::without_port(&host).to_owned())))
}

fn cannot(address: &str, source: &io::Error) -> Failure {
    Failure::new(
        format!("cannot listen for apps at {address}: {source}"),
        "Choose another address with --http ADDRESS:PORT, or go without: --http off.",
    )
}

/// Takes the address. Where the default is taken by another program, the next free port is as good.
async fn listen(wanted: &str) -> Result<TcpListener, Failure> {
    let address: SocketAddr = wanted.parse().map_err(|_| {
        Failure::usage(
            format!("{wanted:?} is not an address and a port"),
            "An address for apps looks like 127.0.0.1:7411; off is none.",
        )
    })?;
    let mut last = match TcpListener::bind(address).await {
        Err(source) if source.kind() == io::ErrorKind::AddrInUse && wanted == DEFAULT_LISTEN => source,
        result => return result.map_err(|source| cannot(wanted, &source)),
    };
    let next = (1..=PORTS).filter_map(|n| address.port().checked_add(n));
    for port in next.chain([0]) {
        match TcpListener::bind((address.ip(), port)).await {
            Ok(listener) => return Ok(listener),
            Err(source) => last = source,
        }
    }
    Err(cannot(wanted, &last))
}

async fn accept(listener: TcpListener, app: App) {
    let (mut stopped, all_streams) = (app.stopped.clone(), Arc::clone(&app.streams));
    let router = routes::router(app);
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let taken = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (stream, peer, slot))
        };
        tokio::select! {
            biased;
            () = told_to_stop(&mut stopped) => break,
            Some(_) = connections.join_next() => {}
            taken = taken => match taken {
                Ok((stream, peer, slot)) => {
                    let (router, stopped) = (router.clone(), stopped.clone());
                    connections.spawn(async move {
                        if let Err(error) = connection(stream, peer, router, stopped).await {
                            tracing::debug!(%error, "a client of the HTTP door went away");
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "no connection could be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // Those that are still at it after this are broken off with the set.
    let _ = timeout(STOP_TIMEOUT, async {
        while connections.join_next().await.is_some() {}
        // Those by WebSocket are no connections of this door's any more.
        all_streams.is_empty().await;
    })
    .await;
}

/// Also returns when the [`HttpServer`] is gone.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// One client, with all that it asks.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let ends = Ends { local: stream.local_addr()?, peer };
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ends);
        // A router is always ready.
        router.clone().call(request.map(Body::new))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(pace::Patient::new(stream)), service)
        .with_upgrades();
    tokio::pin!(served);
    tokio::select! {
        result = served.as_mut() => return Ok(result?),
        () = told_to_stop(&mut stopped) => served.as_mut().graceful_shutdown(),
    }
    Ok(served.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_is_behind_https_if_not_said_otherwise() {
        let local = "http://127.0.0.1:7411";
        let of = |name: &str| public(name, local).unwrap();
        assert_eq!(of(""), (local.to_owned(), None));
        assert_eq!(of("Majlis.example"), ("https://majlis.example".into(), Some("majlis.example".into())));
        assert_eq!(of("majlis.example:8443/").1.unwrap(), "majlis.example");
        assert_eq!(of("http://x.onion").0, "http://x.onion");
        for wrong in ["ftp://x", "a b", "x/y", "https://", "user@host"] {
            assert!(public(wrong, local).unwrap_err().usage, "{wrong}");
        }
    }

    #[tokio::test]
    async fn only_the_default_port_may_be_another() {
        let _taken = TcpListener::bind(DEFAULT_LISTEN).await;
        let next = listen(DEFAULT_LISTEN).await.unwrap();
        assert_ne!(next.local_addr().unwrap().port(), 7411);
        let other = next.local_addr().unwrap().to_string();
        assert!(listen(&other).await.unwrap_err().message.contains(&other));
        assert!(listen("here").await.unwrap_err().usage);
    }
}

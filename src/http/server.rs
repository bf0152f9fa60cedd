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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tower_service::Service as _;

use super::auth::Auth;
use super::config::{DEFAULT_LISTEN, OFF};
use super::feed::Since;
use super::limit::Limits;
use super::mastodon::{Desk, Hub, pass_on};
use super::names::Names;
use super::surfaces::Tally;
use super::tls::Certificates;
use super::{Door, Ends, HttpConfig, pace, routes};
use crate::node::api::DoorView;
use crate::node::{Failure, Node};

/// Ports after the default one that are tried; then the system chooses.
const PORTS: u16 = 16;
/// Connections at once; further ones wait until one ends.
const MAX_CONNECTIONS: usize = 512;
/// The head of a request has to come within this time, and so has the next on the same connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// An encrypted connection has to be made within this time.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
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
    /// Where it is.
    pub door: DoorView,
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    streams: JoinHandle<()>,
}

impl HttpServer {
    /// Closes it; answers under way are given a moment.
    pub async fn shutdown(self) {
        self.node.set_door(DoorView::default());
        self.stop.send_replace(true);
        // They only end early by a panic, which has been reported.
        futures::future::join_all(self.tasks).await;
        self.streams.abort();
    }
}

/// Opens the door of a node that runs, where it is to have one.
pub async fn serve(node: Arc<Node>, config: HttpConfig, home: &Path) -> Result<Option<HttpServer>, Failure> {
    let names = Names::of(&config)?;
    let plain = listen(&config.listen, "--http").await?;
    let encrypted = listen(&config.tls_listen, "--https").await?;
    if plain.is_none() && encrypted.is_none() {
        return Ok(None);
    }
    let mut door = DoorView::default();
    if let Some((_, local)) = &plain {
        if !local.ip().is_loopback() {
            tracing::warn!(address = %local, "apps are served beyond this machine, without encryption");
        }
        door.http = Some(format!("http://{}", reachable(*local, &[])));
    }
    let mut certificates = None;
    if let Some((_, local)) = &encrypted {
        let own = own_addresses(&node, *local);
        let mut wanted = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        wanted.extend(names.all().map(str::to_owned));
        wanted.extend(own.iter().map(IpAddr::to_string));
        let (settings, home) = (config.clone(), home.to_owned());
        let opened = Arc::new(blocking(move || Certificates::open(&settings, &home, wanted)).await?);
        door.https = Some(format!("https://{}", reachable(*local, &own)));
        door.fingerprint = Some(opened.current().await.fingerprint.clone());
        certificates = Some(opened);
    }
    let uploads = home.join(UPLOADS);
    prepare(&uploads).map_err(|source| {
        Failure::new(
            format!("cannot make the folder {}: {source}", uploads.display()),
            "Check the permissions of the home directory and the space on its disk.",
        )
    })?;
    let keeper = Arc::clone(&node);
    let desk = blocking(move || Desk::open(&keeper)).await?;
    let (stop, stopped) = watch::channel(false);
    let open = Arc::new(Door {
        node: Arc::clone(&node),
        auth: Auth::default(),
        config,
        names,
        uploads: uploads.into(),
        counter: AtomicU64::default(),
        limits: Limits::default(),
        tally: Tally::default(),
        desk: Arc::new(desk),
        since: Since::default(),
        streams: Arc::new(Hub::default()),
        stopped,
    });
    let streams = tokio::spawn(pass_on(Arc::clone(&open)));
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let router = routes::router(Arc::clone(&open));
    let begin = |(listener, _), certificates| {
        let way = Way { door: Arc::clone(&open), router: router.clone(), certificates };
        tokio::spawn(accept(listener, way, Arc::clone(&slots)))
    };
    let tasks = plain.map(|plain| begin(plain, None)).into_iter();
    let tasks = tasks.chain(encrypted.map(|encrypted| begin(encrypted, certificates))).collect();
    node.set_door(door.clone());
    Ok(Some(HttpServer { door, node, stop, tasks, streams }))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::new(format!("the work was broken off: {error}"), "Start the node again."))
    })
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

/// The addresses of this machine that lead to the listener. Where it listens at all of them, those are told that the
/// node's own network has found.
fn own_addresses(node: &Node, local: SocketAddr) -> Vec<IpAddr> {
    if !local.ip().is_unspecified() {
        return vec![local.ip()];
    }
    let mut own: Vec<IpAddr> =
        node.ip_addresses().into_iter().filter(|ip| !is_of_this_machine(*ip)).collect();
    own.sort_unstable();
    own.dedup();
    own
}

/// Whether an address means nothing on other machines, or only with the name of a cable.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// An address under which the listener is reached: one of these where it listens at all of them, or else from this
/// machine alone.
fn reachable(local: SocketAddr, own: &[IpAddr]) -> SocketAddr {
    match local.ip() {
        ip if ip.is_unspecified() => {
            let ip = own.first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            SocketAddr::new(ip, local.port())
        }
        _ => local,
    }
}

fn cannot(address: &str, flag: &str, source: &io::Error) -> Failure {
    Failure::new(
        format!("cannot listen for apps at {address}: {source}"),
        format!("Choose another address with {flag} ADDRESS:PORT, or go without: {flag} off."),
    )
}

/// Takes the address that is wanted, if one is. Where the default is taken by another program, the next free port is as
/// good.
async fn listen(wanted: &str, flag: &str) -> Result<Option<(TcpListener, SocketAddr)>, Failure> {
    if wanted == OFF {
        return Ok(None);
    }
    let address: SocketAddr = wanted.parse().map_err(|_| {
        Failure::usage(
            format!("{wanted:?} is not an address and a port"),
            format!("An address for apps looks like {DEFAULT_LISTEN}; {flag} off is none."),
        )
    })?;
    let taken = |listener: TcpListener| {
        let local = listener.local_addr().map_err(|source| cannot(wanted, flag, &source))?;
        Ok(Some((listener, local)))
    };
    let mut last = match TcpListener::bind(address).await {
        Ok(listener) => return taken(listener),
        Err(source) => source,
    };
    if last.kind() != io::ErrorKind::AddrInUse || wanted != DEFAULT_LISTEN {
        return Err(cannot(wanted, flag, &last));
    }
    let next = (1..=PORTS).filter_map(|n| address.port().checked_add(n));
    for port in next.chain([0]) {
        match TcpListener::bind((address.ip(), port)).await {
            Ok(listener) => return taken(listener),
            Err(source) => last = source,
        }
    }
    Err(cannot(wanted, flag, &last))
}

/// What is done with a connection.
#[derive(Clone)]
struct Way {
    door: Arc<Door>,
    router: Router,
    /// With which it is encrypted; none where it is not.
    certificates: Option<Arc<Certificates>>,
}

async fn accept(listener: TcpListener, way: Way, slots: Arc<Semaphore>) {
    let (mut stopped, all_streams) = (way.door.stopped.clone(), Arc::clone(&way.door.streams));
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
                    let way = way.clone();
                    connections.spawn(async move {
                        if let Err(error) = connection(stream, peer, way).await {
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

type Broken = Box<dyn std::error::Error + Send + Sync>;

/// One client, with all that it asks.
async fn connection(stream: TcpStream, peer: SocketAddr, way: Way) -> Result<(), Broken> {
    stream.set_nodelay(true)?;
    let ends = Ends { local: stream.local_addr()?, peer, tls: way.certificates.is_some() };
    let stream = pace::Patient::new(stream);
    let Some(certificates) = way.certificates.clone() else { return answered(stream, ends, way).await };
    let shaken = async {
        let certificate = certificates.current().await;
        way.door.node.set_door_fingerprint(&certificate.fingerprint);
        certificate.acceptor.accept(stream).await
    };
    let mut stopped = way.door.stopped.clone();
    let stream = tokio::select! {
        shaken = timeout(HANDSHAKE_TIMEOUT, shaken) => shaken??,
        () = told_to_stop(&mut stopped) => return Ok(()),
    };
    answered(stream, ends, way).await
}

/// All that comes by a connection that is made.
async fn answered(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ends: Ends,
    way: Way,
) -> Result<(), Broken> {
    let Way { router, door, .. } = way;
    let mut stopped = door.stopped.clone();
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
        .serve_connection(TokioIo::new(stream), service)
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

    #[tokio::test]
    async fn only_the_default_port_may_be_another() {
        let _taken = TcpListener::bind(DEFAULT_LISTEN).await;
        let (_next, local) = listen(DEFAULT_LISTEN, "--http").await.unwrap().unwrap();
        assert_ne!(local.port(), 7411);
        let failure = listen(&local.to_string(), "--https").await.unwrap_err();
        assert!(failure.message.contains(&local.to_string()) && failure.hint.contains("--https"));
        assert!(listen("here", "--http").await.unwrap_err().is_usage());
        assert!(listen("off", "--http").await.unwrap().is_none());
    }
}

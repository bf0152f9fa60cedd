//! The running node: builds the parts, supervises them, and stops them in order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::config::Config;
use crate::control;
use crate::http;
use crate::net::{self, Multiaddr, Net, NetEvents};
use crate::node::api::{DoorView, IdView};
use crate::node::{Failure, Node, NodeEvent, Watch, driver};

/// What `run` was told on the command line.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent flags")]
pub struct RunOptions {
    /// Multiaddrs to listen on instead of the default.
    pub listen: Vec<String>,
    /// Multiaddrs at which others come to the node, beside those that are set.
    pub external: Vec<String>,
    /// Multiaddrs of peers to connect to and keep.
    pub bootstrap: Vec<String>,
    /// Whether to look for peers on the local network.
    pub mdns: bool,
    /// Whether to carry connections for nodes that cannot be reached otherwise; as set, if not.
    pub relay: bool,
    /// Multiaddrs of the nodes through which alone others are met; as set, if there are none.
    pub relay_only: Vec<String>,
    /// Whether to take the folder in the bucket over from another node.
    pub take_bucket: bool,
    /// Whether posts are among the events.
    pub posts: bool,
    /// Address and port to serve apps and browsers at instead of what is set, or `off`.
    pub http: Option<String>,
    /// The same with HTTPS.
    pub https: Option<String>,
}

/// What a running node says.
#[derive(Clone, Debug)]
pub enum DaemonEvent {
    /// Every listener has its port.
    Ready {
        /// Who the owner is.
        id: Box<IdView>,
        /// The home was made just now.
        created: bool,
        /// Where apps and browsers find the node.
        door: DoorView,
        /// Signs in the browser that opens it, once.
        link: Option<String>,
    },
    /// What the node told.
    News(NodeEvent),
    /// Something that a person should know.
    Note(String),
}

/// How often bytes that are due to be erased are looked for: ten times within the grace, within these bounds.
const PURGE_INTERVAL: std::ops::RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_mins(10);

/// Runs a node until `stop` resolves. Returns when everything is written out.
pub async fn run(
    home: &Path,
    config: Config,
    options: RunOptions,
    events: mpsc::Sender<DaemonEvent>,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let (path, store, settings) = (home.to_owned(), config.store.clone(), config.node.clone());
    let (node, opened) = blocking(move || Node::open(&path, &store, &settings, &config.blobs)).await?;
    let away = node.meet_bucket(options.take_bucket).await?;
    for note in opened.notes.into_iter().chain(away) {
        say(&events, DaemonEvent::Note(note)).await;
    }
    let counting = Arc::clone(&node);
    blocking(move || counting.count_pins()).await?;
    let hearsay = config.node.hints.hearsay();
    let network = configured(config.net, &options)?;
    node.set_in_tables(network.is_in_tables());
    let relays: Vec<_> = network.relay_only.iter().map(ToString::to_string).collect();
    let (network, arrivals) = listen(&node, (network, hearsay)).await?;
    // Subscribed before anything can happen, so that no event is missed.
    let watch = if options.posts { node.watch() } else { node.watch().without_posts() };
    let mut driver = driver::start(&node, network, arrivals, &config.node)?;
    driver.listening().await;
    // A device may have been listed just before this one was last stopped.
    node.refresh_private().await?;
    let door = control::serve(Arc::clone(&node), home)?;
    let mut for_apps = config.http;
    if let Some(listen) = options.http {
        for_apps.listen = listen;
    }
    if let Some(listen) = options.https {
        for_apps.tls_listen = listen;
    }
    let apps = http::serve(Arc::clone(&node), for_apps, home).await?;
    for address in options.bootstrap.iter().chain(&relays) {
        node.befriend(address).await?;
    }
    let door_for_apps = apps.as_ref().map(|apps| apps.door.clone()).unwrap_or_default();
    let ready = DaemonEvent::Ready {
        id: Box::new(node.id_view()?),
        created: opened.created,
        door: door_for_apps,
        link: node.sign_in_link()?,
    };
    say(&events, ready).await;
    let forwarding = tokio::spawn(forward(watch, events));
    let grace = Duration::from_millis(config.store.erase_after_ms);
    let purging = tokio::spawn(purge(Arc::clone(&node), grace));
    let finding = node.start_finding()?;
    let fetching = node.start_fetching();
    let pruning = tokio::spawn(Arc::clone(&node).keep_pruning());
    let posting = tokio::spawn(Arc::clone(&node).keep_posting());
    let pinning = tokio::spawn(Arc::clone(&node).keep_pins());
    let storing = tokio::spawn(Arc::clone(&node).keep_bucket());
    stop.await;
    posting.abort();
    pinning.abort();
    storing.abort();
    purging.abort();
    pruning.abort();
    drop((finding, fetching));
    // At once, as each gives those who are being answered a moment.
    tokio::join!(door.shutdown(), async {
        if let Some(apps) = apps {
            apps.shutdown().await;
        }
    });
    driver.stop().await;
    forwarding.abort();
    blocking(move || node.close()).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::new(format!("the work was broken off: {error}"), "Start the node again."))
    })
}

async fn say(events: &mpsc::Sender<DaemonEvent>, event: DaemonEvent) {
    // Nobody listening is no reason to stop a node.
    let _ = events.send(event).await;
}

fn network_failure(error: &net::NetError) -> Failure {
    let advice = match error {
        net::NetError::Config(_) => "Change it under [net] in config.toml, or on the command line.",
        _ => "Choose other addresses with --listen, or stop the program that uses this port.",
    };
    Failure::new(error.to_string(), advice)
}

/// The settings of the network with what the command line says.
fn configured(mut config: net::NetConfig, options: &RunOptions) -> Result<net::NetConfig, Failure> {
    let parse = |address: &String| {
        address.parse::<Multiaddr>().map_err(|error| {
            Failure::usage(
                format!("{address} is not a multiaddr: {error}"),
                "An address looks like /ip4/0.0.0.0/tcp/4001 or /ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3Koo….",
            )
        })
    };
    config.mdns &= options.mdns;
    config.relay |= options.relay;
    for address in &options.listen {
        config.listen.push(parse(address)?);
    }
    for address in &options.external {
        config.external.push(parse(address)?);
    }
    if !options.relay_only.is_empty() {
        config.relay_only = options.relay_only.iter().map(parse).collect::<Result<_, _>>()?;
    }
    Ok(config)
}

/// Starts the network on the remembered port. A port that another program has taken meanwhile is given up for a
/// new one.
async fn listen(
    node: &Arc<Node>,
    (mut config, hearsay): (net::NetConfig, net::Hearsay),
) -> Result<(Net, NetEvents), Failure> {
    let keypair = node.keys().transport()?;
    if config.port == 0 {
        config.port = node.port();
    }
    match net::start(keypair.clone(), config.clone(), hearsay).await {
        Err(net::NetError::Listen { .. }) if config.listen.is_empty() && config.port != 0 => {
            tracing::warn!(
                port = config.port,
                "the remembered port is taken; invites with it no longer work"
            );
            config.port = 0;
            net::start(keypair, config, hearsay).await
        }
        result => result,
    }
    .map_err(|error| network_failure(&error))
}

async fn forward(mut watch: Watch, events: mpsc::Sender<DaemonEvent>) {
    while let Some(event) = watch.next().await {
        if events.send(DaemonEvent::News(event)).await.is_err() {
            return;
        }
    }
}

/// Removes the bytes of what was taken back, once their grace is over.
async fn purge(node: Arc<Node>, grace: Duration) {
    let period = (grace / 10).clamp(*PURGE_INTERVAL.start(), *PURGE_INTERVAL.end());
    let mut interval = tokio::time::interval(period);
    loop {
        interval.tick().await;
        if let Err(error) = node.purge_due().await {
            tracing::warn!(%error, "a purge failed");
        }
    }
}

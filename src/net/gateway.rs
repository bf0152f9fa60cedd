//! Has the home's router let others in: it is asked (`UPnP`, Internet Gateway Device) to lead what comes to its own address
//! at this node's port on to this node.
//!
//! One task beside the swarm's, since routers are slow and many say nothing. A router is believed about its own address
//! only where that is the internet's: behind a second router it is of no use.

mod device;

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use futures::{StreamExt as _, future::join_all, pin_mut};
use hyper::Uri;
use libp2p::{Multiaddr, multiaddr::Protocol};
use ssdp_client::{SearchTarget, URN};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::device::Service;
use super::reach::{Reach, reach};

/// For how long a router is asked to lead connections on, in seconds.
const LEASE: u32 = 3_600;
/// How often it is asked anew.
const RENEWAL: Duration = Duration::from_mins(20);
/// Where no router answers it is looked for again.
const RETRY: Duration = Duration::from_mins(10);
/// A router answers within this time, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// All of it takes no longer than this, whoever answers.
const SEARCH: Duration = Duration::from_secs(30);
/// Answers looked at of those who say that they are routers.
const MAX_ANSWERS: usize = 8;
/// At the end a router is given this long to close the way in.
const FAREWELL: Duration = Duration::from_millis(500);
/// What routers call the service that leads connections on.
const SERVICES: [&str; 3] = [
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
];

/// Where this node listens within the home: transport and address.
pub(super) type Inside = BTreeSet<(Transport, SocketAddrV4)>;

/// The transports under which a router tells ports apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Transport {
    Tcp,
    Udp,
}

/// The line to the task.
pub(super) struct Router {
    /// Where this node listens; the task ends when this is dropped.
    pub inside: watch::Sender<Inside>,
    /// Where the router lets others in, each time that it was asked.
    pub open: mpsc::Receiver<Vec<Multiaddr>>,
    /// None where no router is asked.
    task: Option<JoinHandle<()>>,
}

impl Router {
    /// Starts the task, if routers are to be asked. Within a runtime.
    pub fn new(asks: bool) -> Self {
        let (inside, wanted) = watch::channel(Inside::new());
        let (found, open) = mpsc::channel(1);
        let task = asks.then(|| tokio::spawn(keep(wanted, found)));
        Self { inside, open, task }
    }

    /// Has the router lead nothing more on.
    pub fn leave(&mut self) {
        self.open.close();
    }

    /// Waits until the router leads nothing more on, if it is quick about it; else its lease runs out.
    pub async fn left(mut self) {
        self.leave();
        let Some(task) = self.task.take() else { return };
        if timeout(FAREWELL, task).await.is_err() {
            tracing::debug!("the router was not waited for any longer");
        }
    }
}

/// The place within the home that an address names; none where it is not in a home, or no transport of ours.
pub(super) fn inside(address: &Multiaddr) -> Option<(Transport, SocketAddrV4)> {
    if reach(address) != Some(Reach::Household) {
        return None;
    }
    let mut parts = address.iter();
    let (Some(Protocol::Ip4(ip)), Some(port)) = (parts.next(), parts.next()) else { return None };
    match (port, parts.next(), parts.next()) {
        (Protocol::Tcp(port), None, None) => Some((Transport::Tcp, SocketAddrV4::new(ip, port))),
        (Protocol::Udp(port), Some(Protocol::QuicV1), None) => {
            Some((Transport::Udp, SocketAddrV4::new(ip, port)))
        }
        _ => None,
    }
}

fn outside(ip: Ipv4Addr, (transport, at): (Transport, SocketAddrV4)) -> Multiaddr {
    let address = Multiaddr::from(Protocol::Ip4(ip));
    match transport {
        Transport::Tcp => address.with(Protocol::Tcp(at.port())),
        Transport::Udp => address.with(Protocol::Udp(at.port())).with(Protocol::QuicV1),
    }
}

/// A router that leads on to this node, and what it does.
struct Leading {
    service: Service,
    places: Inside,
    outside: Ipv4Addr,
}

/// Keeps the way in open for what is inside, and tells where it is, until nobody is told any more; then closes it.
async fn keep(mut wanted: watch::Receiver<Inside>, found: mpsc::Sender<Vec<Multiaddr>>) {
    let mut leading: Option<Leading> = None;
    loop {
        let inside = wanted.borrow_and_update().clone();
        let asking =
            async { if inside.is_empty() { None } else { timeout(SEARCH, open(&inside)).await.ok()? } };
        let now = tokio::select! {
            now = asking => now,
            () = found.closed() => break,
        };
        if let Some(before) = &leading {
            let same = |(transport, at): &(Transport, SocketAddrV4)| {
                inside.iter().any(|now| now.0 == *transport && now.1.port() == at.port())
            };
            before.close(|place| !same(place)).await;
        }
        let open: Vec<_> = now.iter().flat_map(Leading::open).collect();
        // One that does not answer now may lead on as before.
        leading = now.or(leading);
        let pause = if open.is_empty() { RETRY } else { RENEWAL };
        if found.send(open).await.is_err() {
            break;
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { break },
            () = found.closed() => break,
            () = sleep(pause) => {}
        }
    }
    if let Some(leading) = leading {
        leading.close(|_| true).await;
    }
}

/// Asks the first router that answers.
async fn open(inside: &Inside) -> Option<Leading> {
    let gateway = SearchTarget::URN(URN::device("schemas-upnp-org", "InternetGatewayDevice", 1));
    let answers = ssdp_client::search(&gateway, PATIENCE, 2, None).await.ok()?;
    // Whoever is in the home may answer, as often as it likes and whatever it likes.
    let answers = answers.take(MAX_ANSWERS);
    pin_mut!(answers);
    while let Some(answer) = answers.next().await {
        let place = answer.ok().and_then(|answer| near(answer.location()));
        let Some(place) = place else { continue };
        if let Ok(Some(leading)) = timeout(PATIENCE, ask(place, inside)).await {
            return Some(leading);
        }
    }
    None
}

/// The place of a device within the home. Whoever is there may answer, and must not send this node elsewhere.
fn near(location: &str) -> Option<Uri> {
    let place: Uri = location.parse().ok()?;
    let ip: Ipv4Addr = place.host()?.parse().ok()?;
    (reach(&Multiaddr::from(Protocol::Ip4(ip))) == Some(Reach::Household)).then_some(place)
}

async fn ask(place: Uri, inside: &Inside) -> Option<Leading> {
    let service = Service::of(place, &SERVICES).await?;
    let answer = service.act("GetExternalIPAddress", "").await?;
    let outside = device::text(&answer, "NewExternalIPAddress")?.parse().ok()?;
    let mut leading = Leading { service, places: Inside::new(), outside };
    for place in inside {
        if leading.lead(*place).await {
            leading.places.insert(*place);
        }
    }
    tracing::debug!(router = %leading.service.device(), open = ?leading.places, "a router lets others in");
    Some(leading)
}

impl Leading {
    /// Where the router lets others in.
    fn open(&self) -> impl Iterator<Item = Multiaddr> + '_ {
        self.places.iter().map(|place| outside(self.outside, *place))
    }

    /// Whether the router leads on what comes to its port of the same number.
    async fn lead(&self, (transport, at): (Transport, SocketAddrV4)) -> bool {
        let (ip, port) = (at.ip(), at.port());
        let wish = format!(
            "{}<NewInternalPort>{port}</NewInternalPort><NewInternalClient>{ip}</NewInternalClient>\
             <NewEnabled>1</NewEnabled><NewPortMappingDescription>majlis</NewPortMappingDescription>\
             <NewLeaseDuration>{LEASE}</NewLeaseDuration>",
            port_of(transport, port)
        );
        let leads = self.service.act("AddPortMapping", &wish).await.is_some();
        if !leads {
            tracing::debug!(port, ?transport, "the router does not let others in");
        }
        leads
    }

    /// Has the router lead nothing more on to these of the places.
    async fn close(&self, gone: impl Fn(&(Transport, SocketAddrV4)) -> bool) {
        let close = |(transport, at): (Transport, SocketAddrV4)| async move {
            let wish = port_of(transport, at.port());
            let answer = self.service.act("DeletePortMapping", &wish);
            if !matches!(timeout(PATIENCE, answer).await, Ok(Some(_))) {
                tracing::debug!(%at, ?transport, "the router may let others in for an hour more");
            }
        };
        join_all(self.places.iter().filter(|place| gone(place)).copied().map(close)).await;
    }
}

/// The port of the router, as it is asked about it.
fn port_of(transport: Transport, port: u16) -> String {
    let transport = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
    };
    format!(
        "<NewRemoteHost></NewRemoteHost><NewExternalPort>{port}</NewExternalPort>\
         <NewProtocol>{transport}</NewProtocol>"
    )
}

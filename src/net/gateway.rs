//! Has the home's router let others in: it is asked (`UPnP`, Internet Gateway Device) to lead what comes to its own address
//! at this node's port on to this node.
//!
//! One task beside the swarm's, since routers are slow and many say nothing. A router is believed about its own address
//! only where that is the internet's: behind a second router it is of no use.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use futures::{StreamExt as _, pin_mut};
use libp2p::{Multiaddr, multiaddr::Protocol};
use rupnp::{
    Device, Service,
    http::Uri,
    ssdp::{SearchTarget, URN},
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

use super::reach::{Reach, reach};

/// For how long a router is asked to lead connections on, in seconds.
const LEASE: u32 = 3_600;
/// How often it is asked anew.
const RENEWAL: Duration = Duration::from_mins(20);
/// Where no router answers it is looked for again.
const RETRY: Duration = Duration::from_mins(10);
/// A router answers within this time, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// Devices looked at that say that they are routers.
const MAX_DEVICES: usize = 4;
/// What routers call the service that leads connections on.
const SERVICES: [(&str, u32); 3] = [("WANIPConnection", 2), ("WANIPConnection", 1), ("WANPPPConnection", 1)];

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
}

impl Router {
    /// Starts the task, if routers are to be asked. Within a runtime.
    pub fn new(asks: bool) -> Self {
        let (inside, wanted) = watch::channel(Inside::new());
        let (found, open) = mpsc::channel(1);
        if asks {
            tokio::spawn(keep(wanted, found));
        }
        Self { inside, open }
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

/// Keeps the way in open for what is inside, and tells where it is, until nobody is told any more.
async fn keep(mut wanted: watch::Receiver<Inside>, found: mpsc::Sender<Vec<Multiaddr>>) {
    loop {
        let inside = wanted.borrow_and_update().clone();
        let open = if inside.is_empty() { Vec::new() } else { open(&inside).await };
        let pause = if open.is_empty() { RETRY } else { RENEWAL };
        if found.send(open).await.is_err() {
            return;
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = sleep(pause) => {}
        }
    }
}

/// Asks the first router that answers; where it lets others in.
async fn open(inside: &Inside) -> Vec<Multiaddr> {
    let gateway = SearchTarget::URN(URN::device("schemas-upnp-org", "InternetGatewayDevice", 1));
    let Ok(answers) = rupnp::ssdp::search(&gateway, PATIENCE, 2, None).await else { return Vec::new() };
    pin_mut!(answers);
    let mut looked_at = 0;
    while let Some(answer) = answers.next().await {
        let place = answer.ok().and_then(|answer| near(answer.location()));
        let Some(place) = place else { continue };
        if let Ok(Some(open)) = timeout(PATIENCE, ask(place, inside)).await {
            return open;
        }
        looked_at += 1;
        if looked_at == MAX_DEVICES {
            break;
        }
    }
    Vec::new()
}

/// The place of a device within the home. Whoever is there may answer, and must not send this node elsewhere.
fn near(location: &str) -> Option<Uri> {
    let place: Uri = location.parse().ok()?;
    let ip: Ipv4Addr = place.host()?.parse().ok()?;
    (reach(&Multiaddr::from(Protocol::Ip4(ip))) == Some(Reach::Household)).then_some(place)
}

async fn ask(place: Uri, inside: &Inside) -> Option<Vec<Multiaddr>> {
    let device = Device::from_url(place).await.ok()?;
    let services = SERVICES.map(|(name, version)| URN::service("schemas-upnp-org", name, version));
    let service = services.iter().find_map(|service| device.find_service(service))?;
    let answer = service.action(device.url(), "GetExternalIPAddress", "").await.ok()?;
    let ip: Ipv4Addr = answer.get("NewExternalIPAddress")?.parse().ok()?;
    let mut open = Vec::new();
    for place in inside {
        if lead(service, device.url(), *place).await {
            open.push(outside(ip, *place));
        }
    }
    tracing::debug!(router = %device.url(), ?open, "a router lets others in");
    Some(open)
}

/// Whether the router leads on what comes to its port of the same number.
async fn lead(service: &Service, router: &Uri, (transport, at): (Transport, SocketAddrV4)) -> bool {
    let transport = match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
    };
    let (ip, port) = (at.ip(), at.port());
    let wish = format!(
        "<NewRemoteHost></NewRemoteHost><NewExternalPort>{port}</NewExternalPort>\
         <NewProtocol>{transport}</NewProtocol><NewInternalPort>{port}</NewInternalPort>\
         <NewInternalClient>{ip}</NewInternalClient><NewEnabled>1</NewEnabled>\
         <NewPortMappingDescription>majlis</NewPortMappingDescription>\
         <NewLeaseDuration>{LEASE}</NewLeaseDuration>"
    );
    let answer = service.action(router, "AddPortMapping", &wish).await;
    if let Err(error) = &answer {
        tracing::debug!(%error, port, transport, "the router does not let others in");
    }
    answer.is_ok()
}

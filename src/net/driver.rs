//! The one task that owns the swarm. It waits for the swarm, for commands, for sessions that end and for time to pass;
//! what each means is in [`super::on`]. It never waits for whoever takes its events.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use futures::StreamExt as _;
use libp2p::{Multiaddr, PeerId, Swarm, core::transport::ListenerId, swarm::ConnectionId};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Duration, Instant, sleep_until},
};

use super::{
    NetConfig, NetError, NetEvent,
    behaviour::Behaviour,
    carriers::Carriers,
    config::{LISTEN_TIMEOUT, SNAPSHOT_INTERVAL},
    dht::{Finding, Found, Key},
    external::External,
    gateway::Router,
    guard::Hearsay,
    on,
    peers::Peer,
    session::Ended,
    snapshot::{Metrics, Snapshot},
    wanted::{Wanted, transport_part},
};

/// Sessions that may have ended and wait for the swarm task to look; their writers wait, nobody else.
const ENDED_QUEUE: usize = 64;
/// Without anything to do, the task still looks around this often.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// What the application asks of the swarm task.
#[derive(Debug)]
pub(super) enum Command {
    Want(PeerId, Vec<Multiaddr>),
    Hint(PeerId, Vec<Multiaddr>),
    Forget(PeerId),
    Disconnect(PeerId),
    Provide(BTreeSet<Key>),
    Join(Found),
    Seek(Key, oneshot::Sender<Found>),
    Dial(Multiaddr, oneshot::Sender<Result<PeerId, NetError>>),
    Stop,
}

/// A dial in flight.
#[derive(Debug)]
pub(super) enum Dial {
    /// Of a wanted peer.
    Wanted(PeerId),
    /// Asked for by the application, which waits.
    Asked { address: Multiaddr, reply: oneshot::Sender<Result<PeerId, NetError>> },
}

/// State of the swarm task.
pub(super) struct Driver {
    pub swarm: Swarm<Behaviour>,
    pub config: NetConfig,
    pub hearsay: Hearsay,
    pub metrics: Arc<Metrics>,
    pub peers: HashMap<PeerId, Peer>,
    pub wanted: Wanted,
    pub carriers: Carriers,
    pub finding: Finding,
    pub router: Router,
    pub external: External,
    /// How often others were asked to try where this node is reached.
    pub trials: usize,
    pub dials: HashMap<ConnectionId, Dial>,
    /// Our addresses as others see them, newest last.
    pub observed: VecDeque<Multiaddr>,
    /// Listeners without an address yet; `None` once [`NetEvent::ListenersReady`] has been sent.
    pub starting: Option<Vec<ListenerId>>,
    pub starting_until: Instant,
    /// Set when the task must end, to the time when it ends at the latest.
    pub stopping: Option<Instant>,
    /// The snapshot is out of date.
    pub changed: bool,
    pub next_session: u64,
    pub live_sessions: usize,
    pub events: mpsc::Sender<NetEvent>,
    pub ended: mpsc::Sender<Ended>,
    ended_queue: mpsc::Receiver<Ended>,
    commands: mpsc::Receiver<Command>,
    snapshot: watch::Sender<Snapshot>,
    published: Instant,
    /// Nothing is due before this.
    wake: Instant,
}

impl Driver {
    pub fn new(
        swarm: Swarm<Behaviour>,
        (config, hearsay): (NetConfig, Hearsay),
        metrics: Arc<Metrics>,
        listeners: Vec<ListenerId>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<NetEvent>,
    ) -> (Self, watch::Receiver<Snapshot>) {
        let now = Instant::now();
        let router = Router::new(config.upnp);
        let external = External::new(config.external.clone(), config.relay, hearsay, now);
        let (ended, ended_queue) = mpsc::channel(ENDED_QUEUE);
        let (snapshot, reader) = watch::channel(Snapshot::empty(Arc::clone(&metrics)));
        let driver = Self {
            wanted: Wanted::new(config.max_wanted, config.backoff()),
            swarm,
            config,
            hearsay,
            metrics,
            peers: HashMap::new(),
            carriers: Carriers::default(),
            finding: Finding::default(),
            router,
            external,
            trials: 0,
            dials: HashMap::new(),
            observed: VecDeque::new(),
            starting: Some(listeners),
            starting_until: now + LISTEN_TIMEOUT,
            stopping: None,
            changed: false,
            next_session: 0,
            live_sessions: 0,
            events,
            ended,
            ended_queue,
            commands,
            snapshot,
            published: now,
            wake: now + LISTEN_TIMEOUT,
        };
        (driver, reader)
    }

    /// Runs until it is stopped, by [`Command::Stop`] or because no handle is left.
    pub async fn run(mut self) {
        on::external::settle(&mut self);
        if self.starting.as_ref().is_some_and(Vec::is_empty) {
            on::swarm::listeners_ready(&mut self);
        }
        while !self.has_stopped() {
            tokio::select! {
                event = self.swarm.select_next_some() => on::swarm::event(&mut self, event),
                command = self.commands.recv(), if self.stopping.is_none() => on::command::given(&mut self, command),
                Some(open) = self.router.open.recv() => on::router::told(&mut self, open),
                Some(ended) = self.ended_queue.recv() => on::session::ended(&mut self, ended),
                () = sleep_until(self.wake) => on::time::passed(&mut self),
            }
            self.publish_when_due();
        }
        self.router.left().await;
        tracing::debug!("network stopped");
    }

    fn has_stopped(&self) -> bool {
        self.stopping.is_some_and(|deadline| self.peers.is_empty() || Instant::now() >= deadline)
    }

    /// Makes sure that the task looks around at `at`.
    pub fn wake_at(&mut self, at: Instant) {
        self.wake = self.wake.min(at);
    }

    /// Works out anew when something is due next.
    pub fn set_alarm(&mut self, now: Instant) {
        let openings = self.peers.values().filter_map(Peer::opening_due).min();
        let starting = self.starting.is_some().then_some(self.starting_until);
        let snapshot = self.changed.then_some(self.published + SNAPSHOT_INTERVAL);
        let due = [
            openings,
            self.wanted.next_due(now),
            self.carriers.next_due(),
            self.finding.due,
            Some(self.external.next_due()),
            starting,
            snapshot,
            self.stopping,
        ];
        self.wake = due.into_iter().flatten().min().unwrap_or(now + LONGEST_SLEEP).min(now + LONGEST_SLEEP);
    }

    /// Tells the application; what it has no room for is dropped and counted.
    pub fn tell(&self, event: NetEvent) {
        if self.events.try_send(event).is_err() {
            Metrics::count(&self.metrics.events_dropped);
        }
    }

    fn publish_when_due(&mut self) {
        if !self.changed {
            return;
        }
        let due = self.published + SNAPSHOT_INTERVAL;
        if Instant::now() >= due { self.publish() } else { self.wake_at(due) }
    }

    /// Publishes the state as it is now.
    pub fn publish(&mut self) {
        self.changed = false;
        self.published = Instant::now();
        let peers = self.peers.iter().filter_map(|(id, peer)| peer.describe(*id, self.hearsay)).collect();
        let neighbours = on::dht::known(self).into();
        let me = *self.swarm.local_peer_id();
        // Those that others carry to come with the name of this node at their end.
        let bare = |address: &Multiaddr| transport_part(address.clone(), &me);
        self.snapshot.send_replace(Snapshot {
            listen: self.swarm.listeners().filter_map(bare).collect(),
            external: self.swarm.external_addresses().filter_map(bare).collect(),
            observed: self.observed.iter().cloned().collect(),
            peers,
            neighbours,
            wanted: self.wanted.len(),
            veiled: self.swarm.behaviour().veil.0.is_drawn(),
            metrics: Arc::clone(&self.metrics),
        });
    }
}

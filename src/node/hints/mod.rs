//! Where nodes are found: this node's addresses, signed into the own log, and those of holders, which accounts have
//! signed into theirs, connected peers tell when asked, and a search by the key alone finds.
//!
//! One task beside the driver, so that reading the store never makes the driver wait. It looks at everything once a
//! minute, and at what has changed within a second. What it finds goes to the network as hearsay ([`Net::hint`]),
//! which keeps it apart from peers that the owner named: those it never crowds out.
//!
//! `publish` decides what is said of this node, and `pace` when; `choose` which addresses may be dialled, `seek` who is
//! searched for; `told` and `hosts` remember what was heard and what came of it. Whom of all these a node seeks is decided in
//! [`majlis_protocol::sync::cover`].

mod choose;
mod hosts;
mod pace;
mod publish;
mod seek;
mod told;

pub(super) use publish::addresses as own_places;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::AccountId;
use majlis_protocol::body::{Hints, Holder as Place};
use majlis_protocol::sync::cover::{Account, ENOUGH, Failures, Standing, choose};
use majlis_protocol::sync::{Interest, Reason};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::choose::Holder;
use self::hosts::Hosts;
use self::pace::Pace;
use self::seek::Seeking;
use self::told::Told;
use super::config::HintScope;
use super::{Failure, Local, Node, NodeConfig, blocking, now_ms};
use crate::net::{Multiaddr, Net, PeerId};

/// How often everything is looked at.
const FULL_LOOK: Duration = Duration::from_mins(1);
/// How long the same accounts are named where they are too many to be named at once.
const TURN: Duration = Duration::from_mins(30);
/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Changes of one account's hints that are looked at between two full looks; more wait for the next, so that nobody
/// can have all of their followers dial around as fast as they publish.
const EARLY_LOOKS: u8 = 3;
/// Peers are asked at most this often who else holds an account.
const ASK_INTERVAL: Duration = Duration::from_mins(10);
/// News that waits; what finds no room is seen at the next full look.
const QUEUE: usize = 1_024;
/// Peers remembered that broke the rules.
const MAX_SHUNNED: usize = 256;

/// What the driver tells.
pub(super) enum Heard {
    /// Every listener has its port.
    Listening,
    /// Connected peers tell of another day than before.
    Day,
    /// The hints of an account may have changed.
    Hints(AccountId),
    /// The node holds other accounts.
    Interests,
    /// A peer that was asked has told who else holds accounts.
    Holders(Vec<(AccountId, Hints)>),
    /// Nobody answered, or somebody else, or not with what a session begins with.
    Failed(PeerId),
    /// The peer broke the rules: hearsay does not bring it back.
    Shun(PeerId),
}

/// The driver's line to the task, which ends when it is dropped.
#[derive(Clone)]
pub(super) struct Line(mpsc::Sender<Heard>);

impl Line {
    /// Never waits.
    pub fn tell(&self, heard: Heard) {
        // See `QUEUE`; a task that is gone is a node that is stopping.
        let _ = self.0.try_send(heard);
    }
}

struct Finder {
    node: Arc<Node>,
    net: Net,
    scope: HintScope,
    /// Pinned accounts are found here too.
    seed: bool,
    /// What was last read of each account held.
    listings: HashMap<AccountId, Vec<Holder>>,
    /// Accounts to be read again.
    stale: BTreeSet<AccountId>,
    /// How often each account was read before the next full look.
    early: HashMap<AccountId, u8>,
    /// In how many sessions each account held was shared when that was last counted.
    sharers: HashMap<AccountId, usize>,
    told: Told,
    /// When peers were last asked who else holds an account.
    asked: HashMap<AccountId, Instant>,
    seeking: Seeking,
    searches: JoinSet<(AccountId, Vec<Holder>)>,
    hosts: Hosts,
    failures: Failures<PeerId>,
    /// Before all that is timed here.
    begun: Instant,
    shunned: VecDeque<PeerId>,
    /// Who is hinted at now.
    plan: BTreeMap<PeerId, Vec<Multiaddr>>,
    /// The own addresses are known.
    listening: bool,
    /// When the own addresses are published, and those of hosts.
    pace: Pace,
}

/// Starts the task.
pub(super) fn start(node: &Arc<Node>, net: Net, config: &NodeConfig) -> (Line, JoinHandle<()>) {
    let (line, heard) = mpsc::channel(QUEUE);
    let pace = Pace::new(net.peer_id().to_bytes());
    let finder = Finder {
        node: Arc::clone(node),
        net,
        scope: config.hints,
        seed: config.seed,
        listings: HashMap::new(),
        stale: BTreeSet::new(),
        early: HashMap::new(),
        sharers: HashMap::new(),
        told: Told::default(),
        asked: HashMap::new(),
        seeking: Seeking::default(),
        searches: JoinSet::new(),
        hosts: Hosts::default(),
        failures: Failures::default(),
        begun: Instant::now(),
        shunned: VecDeque::new(),
        plan: BTreeMap::new(),
        listening: false,
        pace,
    };
    let settle = Duration::from_millis(config.hints_settle_ms.max(1));
    (Line(line), tokio::spawn(finder.run(settle, heard)))
}

impl Finder {
    async fn run(mut self, settle: Duration, mut heard: mpsc::Receiver<Heard>) {
        let mut full_looks = interval(FULL_LOOK);
        let mut pauses = interval(PAUSE);
        let mut settles = interval(settle);
        for ticks in [&mut full_looks, &mut pauses, &mut settles] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        self.net.join(self.node.peers.neighbours());
        let mut changed = false;
        loop {
            tokio::select! {
                news = heard.recv() => match news {
                    Some(news) => changed |= self.hear(news),
                    None => return,
                },
                Some(Ok((account, holders))) = self.searches.join_next() => {
                    let now = Instant::now();
                    tracing::debug!(%account, holders = holders.len(), "sought by the key");
                    self.seeking.ended(account, !holders.is_empty(), now);
                    changed |= !holders.is_empty();
                    self.told.add(account, holders, now);
                }
                _ = full_looks.tick() => {
                    changed = true;
                    self.turn();
                }
                _ = pauses.tick() => {
                    if std::mem::take(&mut changed)
                        && let Err(error) = self.look().await
                    {
                        tracing::debug!(message = error.message, "holders were not looked at");
                    }
                    self.search();
                }
                _ = settles.tick() => self.publish().await,
            }
        }
    }

    /// A minute has passed.
    fn turn(&mut self) {
        self.early.clear();
        self.stale.extend(self.listings.keys());
        // Another device may have published without naming this one.
        self.pace.doubt();
        let (now, interests) = (Instant::now(), self.node.peers.interests());
        self.told.sweep(now, |account| interests.reason(account).is_some());
        self.asked.retain(|_, at| now < *at + ASK_INTERVAL);
        self.hosts.sweep(now);
        self.net.provide(self.names());
    }

    /// The names under which this node is to be found now.
    fn names(&self) -> BTreeSet<[u8; 32]> {
        if self.scope == HintScope::Off {
            return BTreeSet::new();
        }
        let interests = self.node.peers.interests();
        let is_found = |(account, interest): &(&AccountId, &Interest)| {
            interest.reason == Reason::Pinned && (self.seed || self.node.pins.is_guest(account))
        };
        let others = interests.iter().filter(is_found).map(|(account, _)| *account);
        let accounts: Vec<_> = std::iter::once(self.node.account()).chain(others).collect();
        let turn = usize::try_from(self.begun.elapsed().as_secs() / TURN.as_secs()).unwrap_or(0);
        let (named, left) = publish::turn(&accounts, turn);
        self.node.pins.set_unnamed(left);
        publish::names(&named, &self.node.days.times(now_ms()))
    }

    /// Milliseconds.
    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Takes note; true if it is to be looked at.
    fn hear(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Day => {
                self.net.provide(self.names());
                false
            }
            Heard::Listening => {
                self.listening = true;
                self.turn();
                false
            }
            Heard::Hints(account) => {
                let looks = self.early.entry(account).or_default();
                *looks = looks.saturating_add(1);
                let early = *looks <= EARLY_LOOKS;
                if early {
                    self.stale.insert(account);
                }
                early
            }
            Heard::Interests => true,
            Heard::Holders(told) => {
                let now = Instant::now();
                for (account, hints) in told {
                    self.told.add(account, choose::holders(hints, self.scope), now);
                }
                true
            }
            Heard::Failed(peer) => {
                // Of others nothing is planned, and without any connection it may be this node that is away.
                let is_away = self.net.snapshot().borrow().peers.is_empty();
                let planned = self.plan.get(&peer).filter(|_| !is_away);
                let is_planned = planned.is_some();
                if let Some(addresses) = planned {
                    self.hosts.failed(addresses, Instant::now());
                    self.failures.note(peer, self.now());
                }
                is_planned
            }
            Heard::Shun(peer) => {
                self.shunned.push_back(peer);
                if self.shunned.len() > MAX_SHUNNED {
                    self.shunned.pop_front();
                }
                true
            }
        }
    }

    /// Works out anew who is to be hinted at, and tells the network.
    async fn look(&mut self) -> Result<(), Failure> {
        let sought = self.sought();
        self.read(sought.keys().copied().collect()).await?;
        let now = Instant::now();
        let holders: Vec<_> = sought.keys().map(|account| self.holders(account, now)).collect();
        let peers = holders.iter().map(|holders| holders.iter().map(|holder| holder.peer).collect());
        let asked = sought.keys().copied().zip(peers).collect();
        let shared = self.node.ask(|answer| Local::Seek { holders: asked, answer }).await?;
        self.sharers = sought.keys().copied().zip(shared.sharers.iter().map(Vec::len)).collect();
        let named = sought.values().zip(&shared.sharers).zip(&holders);
        let accounts: Vec<_> = named
            .filter(|(_, holders)| !holders.is_empty())
            .map(|((reason, sharers), holders)| Account {
                private: *reason == Reason::Private,
                sharers,
                holders,
            })
            .collect();
        let connected: HashSet<PeerId> = {
            let snapshot = self.net.snapshot();
            let snapshot = snapshot.borrow();
            snapshot.peers.iter().filter(|peer| peer.session).map(|peer| peer.peer).collect()
        };
        for (_, addresses) in self.plan.iter().filter(|(peer, _)| connected.contains(*peer)) {
            self.hosts.met(addresses);
        }
        let (node, me, at) = (&self.node, self.net.peer_id(), self.now());
        let standing = |peer: &PeerId| Standing {
            connected: connected.contains(peer),
            settled: shared.settled.contains(peer),
            kept: node.peers.dials(&peer.to_string()),
            barred: *peer == me || self.shunned.contains(peer) || node.is_barred(&peer.to_string()),
            failures: self.failures.count(peer),
            resting: self.failures.rests(peer, at),
        };
        let plan = choose(&accounts, standing);
        for gone in self.plan.keys().filter(|peer| !plan.contains_key(*peer)) {
            self.net.hint(*gone, Vec::new());
        }
        // All of it, since the network may have let go of some meanwhile.
        for (peer, addresses) in &plan {
            self.net.hint(*peer, addresses.clone());
        }
        let listed: HashSet<_> = holders.iter().flatten().map(|holder| holder.peer).collect();
        self.failures.retain(|peer| listed.contains(peer) && !shared.settled.contains(peer));
        self.plan = plan;
        self.ask(&sought, now).await;
        Ok(())
    }

    /// The accounts whose holders are sought, and why they are held. Who has asked to be held comes here by itself, and is
    /// not followed where it leads.
    fn sought(&self) -> BTreeMap<AccountId, Reason> {
        let interests = self.node.peers.interests();
        let held = interests.iter().map(|(account, interest)| (*account, interest.reason));
        held.filter(|(account, reason)| *reason != Reason::Pinned || !self.node.pins.is_guest(account))
            .collect()
    }

    fn sharers_of(&self, account: &AccountId) -> usize {
        self.sharers.get(account).copied().unwrap_or(0)
    }

    /// Who is said to hold an account: by itself, then by others; without addresses at which nobody ever answers.
    fn holders(&self, account: &AccountId, now: Instant) -> Vec<Holder> {
        let mut all: Vec<Holder> = Vec::new();
        let listed = self.listings.get(account).into_iter().flatten();
        for holder in listed.chain(self.told.holders(account)) {
            let alive = holder.addresses.iter().filter(|address| !self.hosts.is_dead(address, now));
            let addresses: Vec<_> = alive.cloned().collect();
            if !addresses.is_empty() && all.iter().all(|known| known.peer != holder.peer) {
                all.push(Holder { peer: holder.peer, addresses });
            }
        }
        all
    }

    /// Asks those who share an account that few do who else holds it.
    async fn ask(&mut self, sought: &BTreeMap<AccountId, Reason>, now: Instant) {
        let few = sought.iter().filter(|(account, reason)| {
            let sharers = self.sharers_of(account);
            let is_known = (1..ENOUGH).contains(&sharers) && **reason != Reason::Private;
            is_known && !self.asked.contains_key(*account)
        });
        let few: Vec<_> = few.map(|(account, _)| *account).collect();
        if !few.is_empty() {
            self.asked.extend(few.iter().map(|account| (*account, now)));
            self.node.tell(Local::AskHolders(few)).await;
        }
    }

    /// Begins the searches that are due. Without neighbours in the table they would find nobody.
    fn search(&mut self) {
        if self.net.snapshot().borrow().neighbours.is_empty() {
            return;
        }
        let lacking: HashSet<_> = self
            .sought()
            .into_iter()
            .filter(|(account, reason)| *reason != Reason::Private && self.sharers.get(account) == Some(&0))
            .map(|(account, _)| account)
            .collect();
        self.seeking.retain(|account| lacking.contains(account));
        for account in self.seeking.next(lacking.iter(), Instant::now()) {
            tracing::debug!(%account, "to be sought by the key");
            let (net, days) = (self.net.clone(), seek::days(&self.node.days.times(now_ms())));
            self.searches.spawn(async move { (account, seek::seek(&net, &account, days).await) });
        }
    }

    /// Brings the listings to what these accounts say now.
    async fn read(&mut self, accounts: BTreeSet<AccountId>) -> Result<(), Failure> {
        self.listings.retain(|account, _| accounts.contains(account));
        let stale = std::mem::take(&mut self.stale);
        let unread: Vec<_> = accounts
            .into_iter()
            .filter(|account| stale.contains(account) || !self.listings.contains_key(account))
            .collect();
        if unread.is_empty() {
            return Ok(());
        }
        let (node, scope) = (Arc::clone(&self.node), self.scope);
        let read = blocking(move || {
            let hints = node.hints_of(&unread)?;
            let holders = hints.into_iter().map(|hints| choose::holders(hints, scope));
            Ok(unread.into_iter().zip(holders).collect::<Vec<_>>())
        });
        self.listings.extend(read.await?);
        Ok(())
    }

    /// Publishes the own addresses once they have stayed the same between two ticks.
    async fn publish(&mut self) {
        if !self.listening {
            return;
        }
        let addresses = {
            let snapshot = self.net.snapshot();
            let snapshot = snapshot.borrow();
            let own = snapshot.listen.iter().chain(snapshot.external.iter()).cloned();
            publish::addresses(own, &self.net.peer_id(), self.scope)
        };
        let me = self.net.peer_id();
        let mut places = vec![Place { peer_id: me.to_bytes(), addresses }];
        let former = self.node.peers.former(&me).into_iter();
        places.extend(former.map(|name| Place { peer_id: name.to_bytes(), addresses: Vec::new() }));
        places.extend(self.node.pins.places(self.scope));
        let Some(places) = self.pace.due(places, self.scope == HintScope::Off, Instant::now()) else {
            return;
        };
        match self.node.publish_places(places.clone()).await {
            Ok(written) => {
                tracing::debug!(places = places.len(), written, "own addresses have settled");
                self.node.pins.published(&places);
                self.pace.published(places, written, Instant::now());
            }
            Err(error) => tracing::debug!(message = error.message, "own addresses were not published"),
        }
    }
}

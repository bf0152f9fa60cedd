//! Where nodes are found again: this node's addresses, signed into the own log, and those that followed accounts have
//! signed into theirs.
//!
//! One task beside the driver, so that reading the store never makes the driver wait. It looks at everything once a
//! minute, and at what has changed within a second. What it finds goes to the network as hearsay ([`Net::hint`]),
//! which keeps it apart from peers that the owner named: those it never crowds out.
//!
//! `publish` decides what is written, `choose` which addresses may be dialled; whom of those who are there a node seeks is
//! decided in the protocol.

mod choose;
mod publish;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::AccountId;
use majlis_protocol::sync::Reason;
use majlis_protocol::sync::cover::{Account, Failures, Standing, choose};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::choose::Holder;
use super::config::HintScope;
use super::{Failure, Local, Node, NodeConfig, blocking};
use crate::net::{Multiaddr, Net, PeerId};

/// How often everything is looked at.
const FULL_LOOK: Duration = Duration::from_mins(1);
/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Own addresses that change again are not published sooner than this after the last time.
const PUBLISH_INTERVAL: Duration = Duration::from_mins(5);
/// Changes of one account's hints that are looked at between two full looks; more wait for the next, so that nobody
/// can have all of their followers dial around as fast as they publish.
const EARLY_LOOKS: u8 = 3;
/// News that waits; what finds no room is seen at the next full look.
const QUEUE: usize = 1_024;
/// Peers remembered that broke the rules.
const MAX_SHUNNED: usize = 256;

/// What the driver tells.
#[derive(Clone, Copy)]
pub(super) enum Heard {
    /// Every listener has its port.
    Listening,
    /// The hints of an account may have changed.
    Hints(AccountId),
    /// The node holds other accounts.
    Interests,
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
    /// What was last read of each account held.
    listings: HashMap<AccountId, Vec<Holder>>,
    /// Accounts to be read again.
    stale: BTreeSet<AccountId>,
    /// How often each account was read before the next full look.
    early: HashMap<AccountId, u8>,
    failures: Failures<PeerId>,
    /// Before all that is timed here.
    begun: Instant,
    shunned: VecDeque<PeerId>,
    /// Who is hinted at now.
    plan: BTreeMap<PeerId, Vec<Multiaddr>>,
    /// The own addresses are known.
    listening: bool,
    /// Own addresses at the last tick, and those that the log is known to name.
    seen: Option<Vec<Vec<u8>>>,
    published: Option<Vec<Vec<u8>>>,
    published_at: Option<Instant>,
}

/// Starts the task.
pub(super) fn start(node: &Arc<Node>, net: Net, config: &NodeConfig) -> (Line, JoinHandle<()>) {
    let (line, heard) = mpsc::channel(QUEUE);
    let finder = Finder {
        node: Arc::clone(node),
        net,
        scope: config.hints,
        listings: HashMap::new(),
        stale: BTreeSet::new(),
        early: HashMap::new(),
        failures: Failures::default(),
        begun: Instant::now(),
        shunned: VecDeque::new(),
        plan: BTreeMap::new(),
        listening: false,
        seen: None,
        published: None,
        published_at: None,
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
        let mut changed = false;
        loop {
            tokio::select! {
                news = heard.recv() => match news {
                    Some(news) => changed |= self.hear(news),
                    None => return,
                },
                _ = full_looks.tick() => {
                    changed = true;
                    self.early.clear();
                    self.stale.extend(self.listings.keys());
                    // Another device may have published without naming this one.
                    self.published = None;
                }
                _ = pauses.tick(), if changed => {
                    changed = false;
                    if let Err(error) = self.look().await {
                        tracing::debug!(message = error.message, "published addresses were not looked at");
                    }
                }
                _ = settles.tick() => self.publish().await,
            }
        }
    }

    /// Milliseconds.
    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Takes note; true if it is to be looked at.
    fn hear(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Listening => {
                self.listening = true;
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
            Heard::Failed(peer) => {
                // Of others nothing is planned.
                let planned = self.plan.contains_key(&peer);
                if planned {
                    self.failures.note(peer, self.now());
                }
                planned
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
        let interests = self.node.peers.interests();
        self.read(interests.iter().map(|(account, _)| *account).collect()).await?;
        let named: Vec<_> = interests
            .iter()
            .filter_map(|(account, interest)| Some((*account, interest.reason, self.listings.get(account)?)))
            .filter(|(_, _, holders)| !holders.is_empty())
            .collect();
        let asked = named
            .iter()
            .map(|(account, _, holders)| (*account, holders.iter().map(|holder| holder.peer).collect()));
        let asked = asked.collect();
        let shared = self.node.ask(|answer| Local::Seek { holders: asked, answer }).await?;
        let accounts: Vec<_> = named
            .into_iter()
            .zip(&shared.sharers)
            .map(|((_, reason, holders), sharers)| Account {
                private: reason == Reason::Private,
                sharers,
                holders,
            })
            .collect();
        let connected: HashSet<PeerId> = {
            let snapshot = self.net.snapshot();
            let snapshot = snapshot.borrow();
            snapshot.peers.iter().filter(|peer| peer.session).map(|peer| peer.peer).collect()
        };
        let (node, me, now) = (&self.node, self.net.peer_id(), self.now());
        let standing = |peer: &PeerId| Standing {
            connected: connected.contains(peer),
            settled: shared.settled.contains(peer),
            kept: node.peers.keeps(&peer.to_string()),
            barred: *peer == me || self.shunned.contains(peer),
            failures: self.failures.count(peer),
            resting: self.failures.rests(peer, now),
        };
        let plan = choose(&accounts, standing);
        for gone in self.plan.keys().filter(|peer| !plan.contains_key(*peer)) {
            self.net.hint(*gone, Vec::new());
        }
        // All of it, since the network may have let go of some meanwhile.
        for (peer, addresses) in &plan {
            self.net.hint(*peer, addresses.clone());
        }
        let listed: HashSet<_> = self.listings.values().flatten().map(|holder| holder.peer).collect();
        self.failures.retain(|peer| listed.contains(peer) && !shared.settled.contains(peer));
        self.plan = plan;
        Ok(())
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
        if self.seen.as_ref() != Some(&addresses) {
            self.seen = Some(addresses);
            return;
        }
        let too_soon = self.published_at.is_some_and(|at| at.elapsed() < PUBLISH_INTERVAL);
        if too_soon || self.published.as_ref() == Some(&addresses) {
            return;
        }
        match self.node.publish_addresses(self.net.peer_id().to_bytes(), addresses.clone()).await {
            Ok(written) => {
                tracing::debug!(addresses = addresses.len(), written, "own addresses have settled");
                if written {
                    self.published_at = Some(Instant::now());
                }
                self.published = Some(addresses);
            }
            Err(error) => tracing::debug!(message = error.message, "own addresses were not published"),
        }
    }
}

//! Where others may come to this node from outside, and why it thinks so: one list, of which the swarm's own follows
//! ([`super::on::external`]). Owned by the swarm task.

use std::collections::HashMap;

use libp2p::Multiaddr;
use tokio::time::{Duration, Instant};

use super::{
    guard::Hearsay,
    reach::{Reach, is_open, is_relayed, reach},
};

/// What another node has tried is believed for this long.
const TRIED_FOR: Duration = Duration::from_hours(1);
/// So many such addresses, at most.
const MAX_TRIED: usize = 16;
/// How often others are asked to try them again.
const TRIAL_INTERVAL: Duration = Duration::from_mins(20);
/// Where nobody is connected who does that, it is looked for one so often.
const NOBODY: Duration = Duration::from_mins(1);
/// After a change of the network they are asked this soon,
const TRIAL_AFTER: Duration = Duration::from_secs(2);
/// as often as this, where nothing has come of it,
const TRIAL_RETRY: Duration = Duration::from_secs(15);
/// and what has not been found true again within this time is believed no more.
const DOUBT: Duration = Duration::from_mins(1);

/// See the module.
pub(super) struct External {
    /// What the owner says.
    stated: Vec<Multiaddr>,
    /// Where the home's router lets others in.
    router: Vec<Multiaddr>,
    /// Where another node has come in, and until when that is believed.
    tried: HashMap<Multiaddr, Instant>,
    /// Whether this node carries for others, who are told where it is.
    carries: bool,
    hearsay: Hearsay,
    /// When others are asked to try the addresses next.
    trial: Instant,
    /// Since the network has changed, until when what was known of it is doubted.
    doubt: Option<Instant>,
}

impl External {
    pub fn new(stated: Vec<Multiaddr>, carries: bool, hearsay: Hearsay, now: Instant) -> Self {
        let trial = now + TRIAL_INTERVAL;
        let (router, tried) = (Vec::new(), HashMap::new());
        Self { stated, router, tried, carries, hearsay, trial, doubt: None }
    }

    /// The addresses, of a node that listens there.
    pub fn places<'a>(&self, listening: impl Iterator<Item = &'a Multiaddr>) -> Vec<Multiaddr> {
        let mut all = self.stated.clone();
        all.extend(self.router.iter().chain(self.tried.keys()).cloned());
        if self.carries {
            let own: Vec<_> = listening.filter(|address| !is_relayed(address)).collect();
            all.extend(own.iter().copied().filter(|address| self.hearsay.allows(address)).cloned());
            // One that only those near it can come to tells them so. Others would be told as well.
            if !is_open(all.iter()) && !self.hearsay.nearby {
                let near = |address: &&Multiaddr| reach(address) == Some(Reach::Household);
                all.extend(own.into_iter().filter(near).cloned());
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The router lets others in at these addresses, and no others; whether that is news.
    pub fn let_in(&mut self, open: Vec<Multiaddr>) -> bool {
        let is_news = self.router != open;
        self.router = open;
        is_news
    }

    /// Another node has come in at this address; whether that is news.
    pub fn found(&mut self, address: Multiaddr, now: Instant) -> bool {
        let is_known = self.tried.contains_key(&address);
        if is_known || self.tried.len() < MAX_TRIED {
            self.tried.insert(address, now + TRIED_FOR);
        }
        !is_known
    }

    /// The node no longer listens there.
    pub fn left(&mut self, address: &Multiaddr) {
        self.tried.remove(address);
    }

    /// The network around is another: what is known of it is soon found true again, or forgotten.
    pub fn changed(&mut self, now: Instant) {
        let until = now + DOUBT;
        for believed in self.tried.values_mut() {
            *believed = until.min(*believed);
        }
        self.doubt = Some(until);
        self.trial = self.trial.min(now + TRIAL_AFTER);
    }

    /// Forgets what is believed no longer.
    pub fn expire(&mut self, now: Instant) {
        self.tried.retain(|_, until| *until > now);
        self.doubt.take_if(|until| *until <= now);
    }

    /// Whether others are to be asked now to try the addresses; then it is noted that they are.
    pub fn is_trial_due(&mut self, now: Instant) -> bool {
        if self.trial > now {
            return false;
        }
        self.trial = now + if self.doubt.is_some() { TRIAL_RETRY } else { TRIAL_INTERVAL };
        true
    }

    /// There was nobody to ask.
    pub fn put_off(&mut self, now: Instant) {
        self.trial = self.trial.min(now + NOBODY);
    }

    /// The addresses that another node has tried.
    pub fn tried(&self) -> Vec<Multiaddr> {
        self.tried.keys().cloned().collect()
    }

    /// When something is due next.
    pub fn next_due(&self) -> Instant {
        self.tried.values().copied().fold(self.trial, Instant::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn external(carries: bool, nearby: bool, now: Instant) -> External {
        External::new(Vec::new(), carries, Hearsay { nearby }, now)
    }

    const WORLD: &str = "/ip4/8.8.8.8/tcp/4001";
    const HOME: &str = "/ip4/10.0.0.5/tcp/4001";
    const HERE: &str = "/ip4/127.0.0.1/tcp/4001";

    #[test]
    fn what_was_tried_is_believed_for_a_while() {
        let start = Instant::now();
        let mut external = external(false, false, start);
        assert!(external.found(at(WORLD), start) && !external.found(at(WORLD), start));
        assert_eq!(external.places([].iter()), [at(WORLD)]);
        assert!(!external.is_trial_due(start));
        let later = start + TRIAL_INTERVAL;
        assert_eq!(external.next_due(), later);
        assert!(external.is_trial_due(later) && !external.is_trial_due(later));
        external.put_off(later);
        assert_eq!(external.next_due(), later + NOBODY);
        external.found(at(WORLD), later);
        external.expire(start + TRIED_FOR);
        assert_eq!(external.tried(), [at(WORLD)]);
        external.expire(later + TRIED_FOR);
        assert_eq!(external.places([].iter()), []);
    }

    #[test]
    fn after_a_change_of_the_network_it_is_soon_found_again_or_forgotten() {
        let start = Instant::now();
        let mut external = external(false, false, start);
        for port in 1..=3 {
            external.found(at(&format!("/ip4/8.8.8.8/tcp/{port}")), start);
        }
        external.left(&at("/ip4/8.8.8.8/tcp/1"));
        assert_eq!(external.tried().len(), 2);
        external.changed(start);
        let asked = start + TRIAL_AFTER;
        assert!(external.is_trial_due(asked));
        assert_eq!(external.next_due(), asked + TRIAL_RETRY);
        external.found(at("/ip4/8.8.8.8/tcp/3"), asked);
        external.expire(start + DOUBT);
        assert_eq!(external.places([].iter()), [at("/ip4/8.8.8.8/tcp/3")]);
        // From then on at leisure.
        let now = start + DOUBT;
        assert!(external.is_trial_due(now) && external.next_due() == now + TRIAL_INTERVAL);
    }

    #[test]
    fn others_cannot_have_it_believe_without_end() {
        let now = Instant::now();
        let mut external = external(false, false, now);
        for port in 1..100 {
            external.found(at(&format!("/ip4/8.8.8.8/tcp/{port}")), now);
        }
        assert_eq!(external.tried().len(), MAX_TRIED);
    }

    #[test]
    fn who_carries_names_addresses_of_a_home_only_where_it_has_no_others() {
        let now = Instant::now();
        let carried =
            at("/ip4/8.8.8.8/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit");
        let listening = [at(HERE), at(HOME), at(WORLD), carried];
        assert_eq!(external(true, false, now).places(listening.iter()), [at(WORLD)]);
        assert_eq!(external(true, false, now).places(listening[..2].iter()), [at(HOME)]);
        assert_eq!(external(true, true, now).places(listening[..2].iter()), [at(HOME), at(HERE)]);
        assert_eq!(external(false, true, now).places(listening.iter()), []);
        // Once it is known where the internet comes to it, the home is nobody's business.
        let mut known = external(true, false, now);
        known.found(at(WORLD), now);
        assert_eq!(known.places(listening[..2].iter()), [at(WORLD)]);
        let name = at("/dns4/majlis.example/tcp/4001");
        let stated = External::new(vec![name.clone()], true, Hearsay::default(), now);
        assert_eq!(stated.places(listening[..2].iter()), [name]);
    }

    #[test]
    fn the_router_takes_back_only_what_it_has_named() {
        let now = Instant::now();
        let mut external = external(false, false, now);
        assert!(external.let_in(vec![at(WORLD)]) && !external.let_in(vec![at(WORLD)]));
        external.found(at(WORLD), now);
        assert!(external.let_in(Vec::new()));
        assert_eq!(external.places([].iter()), [at(WORLD)]);
        external.left(&at(WORLD));
        assert_eq!(external.places([].iter()), []);
    }
}

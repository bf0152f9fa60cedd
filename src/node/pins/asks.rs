//! Nodes that were asked to hold the owner's account, and what they said. An ask is repeated at each meeting until the
//! owner withdraws it or the host says no for good.

use std::collections::BTreeMap;

use bytes::Bytes;
use majlis_protocol::body::Holder;
use majlis_protocol::limits::MAX_TIMESTAMP;
use majlis_protocol::sync::{PinAnswer, PinAsk, PinVerdict};
use serde::{Deserialize, Serialize};

use crate::net::{Multiaddr, PeerId, place};
use crate::node::api::{HostState, HostView};
use crate::node::config::HintScope;
use crate::node::view::rfc3339;

/// Nodes that are asked at most.
pub const MAX_ASKS: usize = 32;
/// Hosts that the owner's hints name, so that there is room for the owner's own nodes.
const MAX_TOLD: usize = 4;
/// How often a host that holds the account is asked to go on, and one that had no time is asked again.
const RENEW: u64 = 6 * 60 * 60 * 1000;
const AGAIN: u64 = 60 * 1000;
/// A host that cannot be told that it need not any more is forgotten after this time.
const GIVE_UP: u64 = 90 * 24 * 60 * 60 * 1000;

/// What a host has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    /// As on the wire.
    verdict: u8,
    full: bool,
    /// In milliseconds since 1970.
    until: u64,
    quota: u64,
    used: u64,
    addresses: Vec<Vec<u8>>,
    /// It has held the account before.
    held_before: bool,
}

/// An ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What the host's owner has given out; kept until the host holds the account.
    token: String,
    /// The owner wants it, or no longer.
    wanted: bool,
    /// The host knows that it is not wanted any more: it is only to be taken out of the owner's hints.
    #[serde(default)]
    over: bool,
    /// When the owner said so, in milliseconds since 1970.
    since: u64,
    said: Option<Said>,
    /// When it was last asked, in milliseconds since 1970.
    #[serde(skip)]
    asked: u64,
}

impl Ask {
    fn verdict(&self) -> Option<PinVerdict> {
        self.said.as_ref().map(|said| PinVerdict::from_wire(said.verdict))
    }

    fn is_held(&self, now: u64) -> bool {
        self.verdict() == Some(PinVerdict::Held) && self.said.as_ref().is_some_and(|said| said.until > now)
    }

    /// What to ask the host at a meeting; none where it has said no for good.
    fn due(&self) -> Option<PinAsk> {
        if self.over {
            return None;
        }
        if !self.wanted {
            return Some(PinAsk::Release);
        }
        let is_final = matches!(
            self.verdict(),
            Some(
                PinVerdict::NotOffered | PinVerdict::NotInvited | PinVerdict::BadToken | PinVerdict::Released
            )
        );
        (!is_final).then(|| PinAsk::Hold(Bytes::copy_from_slice(self.token.as_bytes())))
    }

    /// Whether a host that is connected is to be asked now.
    fn is_due(&self, now: u64) -> bool {
        let pause = match self.verdict() {
            Some(PinVerdict::Held) => RENEW,
            Some(PinVerdict::Later) => AGAIN,
            _ => return false,
        };
        now >= self.asked + pause
    }

    fn state(&self, now: u64) -> HostState {
        match self.verdict() {
            _ if !self.wanted => HostState::Withdrawing,
            Some(PinVerdict::Held) if !self.is_held(now) => HostState::Ended,
            Some(PinVerdict::Held) if self.said.as_ref().is_some_and(|said| said.full) => HostState::Full,
            Some(PinVerdict::Held) => HostState::Held,
            None | Some(PinVerdict::Later | PinVerdict::NotProven) => HostState::Asked,
            _ if self.said.as_ref().is_some_and(|said| said.held_before) => HostState::Ended,
            Some(_) => HostState::Refused,
        }
    }
}

/// Why a host does not hold an account, for its owner.
fn why(verdict: PinVerdict) -> Option<&'static str> {
    Some(match verdict {
        PinVerdict::Held => return None,
        PinVerdict::NotOffered => "that node does not hold accounts for others, or not this one",
        PinVerdict::NotInvited => {
            "that node holds only accounts that its owner has invited: ask them for a token, and ask again with it"
        }
        PinVerdict::BadToken => "the token does not hold there, or no longer: ask its owner for another",
        PinVerdict::NoRoom => "that node has no room for another account; it is asked again at each meeting",
        PinVerdict::NotProven => {
            "that node does not know yet whose node this is; it is asked again at the next meeting"
        }
        PinVerdict::Later => "that node is asked too much just now; it is asked again in a minute",
        PinVerdict::Released => "that node holds the account no longer",
    })
}

/// All asks, by peer id.
#[derive(Debug, Default)]
pub struct Asks(pub BTreeMap<String, Ask>);

impl Asks {
    /// Asks a node, perhaps anew. False where there are too many.
    pub fn ask(&mut self, peer: &str, token: String, now: u64) -> bool {
        if self.0.len() >= MAX_ASKS && !self.0.contains_key(peer) {
            return false;
        }
        let held_before = self.0.get(peer).is_some_and(|ask| ask.wanted && ask.is_held(now));
        let said = self.0.remove(peer).and_then(|ask| ask.said).filter(|_| held_before);
        self.0.insert(peer.to_owned(), Ask { token, wanted: true, over: false, since: now, said, asked: 0 });
        true
    }

    /// Wants a node to hold the account no longer.
    pub fn withdraw(&mut self, peer: &str, now: u64) {
        if let Some(ask) = self.0.get_mut(peer) {
            let said = ask.said.take();
            *ask = Ask { token: String::new(), wanted: false, over: false, since: now, said, asked: 0 };
        }
    }

    /// Peers that were asked and not withdrawn from.
    pub fn wanted(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, ask)| !ask.over).map(|(peer, _)| peer)
    }

    /// What a peer is to be asked, now that it is met or time has passed.
    pub fn put(&mut self, peer: &str, now: u64) -> Option<PinAsk> {
        let ask = self.0.get_mut(peer)?;
        let due = ask.due()?;
        ask.asked = now;
        Some(due)
    }

    /// Peers that are to be asked again.
    pub fn due(&self, now: u64) -> Vec<String> {
        self.0.iter().filter(|(_, ask)| ask.is_due(now)).map(|(peer, _)| peer.clone()).collect()
    }

    /// Takes in what a peer says; whether that is new. Nobody who was not asked is listened to.
    pub fn answered(&mut self, peer: &str, answer: &PinAnswer, now: u64) -> bool {
        let Some(ask) = self.0.get_mut(peer) else { return false };
        if !ask.wanted {
            // Whatever it says but that it holds the account: it does not.
            if answer.verdict != PinVerdict::Held && answer.verdict != PinVerdict::Later {
                ask.over = true;
            }
            return true;
        }
        let is_held = answer.verdict == PinVerdict::Held;
        let passes = matches!(answer.verdict, PinVerdict::Later | PinVerdict::NotProven);
        if passes && ask.is_held(now) {
            // It was not looked at: what was said before stands.
            return false;
        }
        let until = now.saturating_add(answer.seconds.saturating_mul(1_000)).min(MAX_TIMESTAMP - 1);
        let held_before = is_held || ask.said.as_ref().is_some_and(|said| said.held_before);
        let said = Said {
            verdict: answer.verdict as u8,
            full: answer.full,
            until,
            quota: answer.quota,
            used: answer.used,
            addresses: answer.addresses.iter().map(|address| address.to_vec()).collect(),
            held_before,
        };
        if is_held {
            ask.token.clear();
        }
        ask.said = Some(said);
        true
    }

    /// Gives up telling hosts that they need not any more; which.
    pub fn give_up(&mut self, now: u64) -> Vec<String> {
        let old = self
            .0
            .iter_mut()
            .filter(|(_, ask)| !ask.wanted && !ask.over && now >= ask.since.saturating_add(GIVE_UP));
        let gone = old.map(|(peer, ask)| {
            ask.over = true;
            peer.clone()
        });
        gone.collect()
    }

    /// The owner's hints are as these places say: hosts that are not wanted any more and are named nowhere can be
    /// forgotten; which.
    pub fn published(&mut self, places: &[Holder]) -> Vec<String> {
        let is_named_nowhere = |peer: &str| {
            peer.parse::<PeerId>().is_ok_and(|peer| {
                let peer_id = peer.to_bytes();
                places.iter().any(|place| place.peer_id == peer_id && place.addresses.is_empty())
            })
        };
        let over = self.0.iter().filter(|(peer, ask)| ask.over && is_named_nowhere(peer));
        let over: Vec<_> = over.map(|(peer, _)| peer.clone()).collect();
        self.0.retain(|peer, _| !over.contains(peer));
        over
    }

    /// Of each node that was asked, at which addresses the owner's hints are to name it; at none where it does not
    /// hold the account. `publishes` says which addresses are named at all.
    pub fn places(&self, now: u64, scope: HintScope) -> Vec<Holder> {
        let mut told = 0;
        let mut places = Vec::new();
        for (peer, ask) in &self.0 {
            let Ok(peer) = peer.parse::<PeerId>() else { continue };
            let said = ask.said.as_ref().filter(|_| ask.wanted && ask.is_held(now) && told < MAX_TOLD);
            let mut addresses: Vec<_> = said
                .into_iter()
                .flat_map(|said| &said.addresses)
                .filter_map(|address| place(Multiaddr::try_from(address.clone()).ok()?, &peer))
                .filter(|(reach, _)| scope.publishes(*reach))
                .map(|(_, address)| address.to_vec())
                .collect();
            addresses.dedup();
            told += usize::from(!addresses.is_empty());
            places.push(Holder { peer_id: peer.to_bytes(), addresses });
        }
        places
    }

    /// As they are shown, and with the addresses that they have said.
    pub fn views(&self, now: u64) -> Vec<HostView> {
        let view = |(peer, ask): (&String, &Ask)| {
            let said = ask.said.as_ref();
            let addresses = said.into_iter().flat_map(|said| &said.addresses);
            let addresses =
                addresses.filter_map(|address| Multiaddr::try_from(address.clone()).ok()).map(|address| {
                    let text = address.to_string();
                    format!("{}/p2p/{peer}", text.split("/p2p/").next().unwrap_or_default())
                });
            HostView {
                peer_id: peer.clone(),
                state: ask.state(now),
                why: ask.verdict().filter(|_| ask.wanted).and_then(why).map(str::to_owned),
                until: said.filter(|_| ask.is_held(now)).map(|said| rfc3339(said.until)),
                quota: said.map_or(0, |said| said.quota),
                used: said.map_or(0, |said| said.used),
                addresses: addresses.collect(),
            }
        };
        self.0.iter().filter(|(_, ask)| !ask.over).map(view).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    fn peer() -> String {
        PeerId::random().to_string()
    }

    fn held(addresses: &[&str]) -> PinAnswer {
        let binary = addresses.iter().map(|address| address.parse::<Multiaddr>().unwrap().to_vec().into());
        PinAnswer {
            seconds: 1_000,
            quota: 5,
            used: 1,
            addresses: binary.collect(),
            ..PinAnswer::no(PinVerdict::Held)
        }
    }

    fn state(asks: &Asks, peer: &str, now: u64) -> HostState {
        asks.views(now).into_iter().find(|view| view.peer_id == peer).unwrap().state
    }

    #[test]
    fn an_ask_is_repeated_until_it_is_answered_for_good() {
        let (mut asks, host) = (Asks::default(), peer());
        assert!(asks.ask(&host, "token".into(), 0));
        let hold = Some(PinAsk::Hold("token".into()));
        assert_eq!((asks.put(&host, 1), asks.put(&host, 2)), (hold.clone(), hold.clone()));
        for verdict in [PinVerdict::Later, PinVerdict::NotProven] {
            assert!(asks.answered(&host, &PinAnswer::no(verdict), 3));
            assert_eq!((asks.put(&host, 4), state(&asks, &host, 4)), (hold.clone(), HostState::Asked));
        }
        assert!(asks.answered(&host, &PinAnswer::no(PinVerdict::NoRoom), 5));
        assert_eq!((asks.put(&host, 6), state(&asks, &host, 6)), (hold, HostState::Refused));
        assert!(asks.answered(&host, &PinAnswer::no(PinVerdict::BadToken), 7));
        assert_eq!((asks.put(&host, 8), state(&asks, &host, 8)), (None, HostState::Refused));
        // The owner may ask again.
        assert!(asks.ask(&host, String::new(), 9));
        assert_eq!(asks.put(&host, 10), Some(PinAsk::Hold(Bytes::new())));
        assert!(!asks.answered(&peer(), &held(&[]), 0), "nobody else is listened to");
    }

    #[test]
    fn a_host_is_named_where_it_says_as_long_as_it_holds_the_account() {
        let (mut asks, host) = (Asks::default(), peer());
        asks.ask(&host, String::new(), 0);
        let named = |asks: &Asks, now, scope| asks.places(now, scope)[0].addresses.len();
        assert_eq!(named(&asks, 0, HintScope::All), 0);
        let other = format!("/ip4/8.8.8.8/tcp/3/p2p/{}", peer());
        asks.answered(&host, &held(&["/ip4/8.8.8.8/tcp/1", "/ip4/10.0.0.1/tcp/2", &other]), 0);
        assert_eq!(named(&asks, 0, HintScope::Public), 1);
        assert_eq!(named(&asks, 0, HintScope::All), 2, "what names another is not taken for the host's");
        assert_eq!(named(&asks, 0, HintScope::Off), 0);
        assert_eq!(state(&asks, &host, 999_999), HostState::Held);
        assert_eq!(
            (named(&asks, 1_000_000, HintScope::All), state(&asks, &host, 1_000_000)),
            (0, HostState::Ended)
        );
        // It goes on, and is put off once: that changes nothing.
        asks.answered(&host, &held(&["/ip4/8.8.8.8/tcp/1"]), 500_000);
        assert!(!asks.answered(&host, &PinAnswer::no(PinVerdict::Later), 500_001));
        assert_eq!(state(&asks, &host, 1_000_000), HostState::Held);
        assert!(asks.due(RENEW - 1).is_empty() && asks.due(RENEW) == [host.clone()]);
        asks.answered(&host, &PinAnswer::no(PinVerdict::Released), 500_002);
        assert_eq!(
            (named(&asks, 500_003, HintScope::All), state(&asks, &host, 500_003)),
            (0, HostState::Ended)
        );
    }

    #[test]
    fn what_is_withdrawn_is_said_until_the_host_knows() {
        let (mut asks, host) = (Asks::default(), peer());
        asks.ask(&host, String::new(), 0);
        asks.answered(&host, &held(&["/ip4/8.8.8.8/tcp/1"]), 0);
        asks.withdraw(&host, 1);
        assert_eq!(asks.places(1, HintScope::All)[0].addresses.len(), 0);
        assert_eq!(asks.put(&host, 2), Some(PinAsk::Release));
        // News that crossed it.
        asks.answered(&host, &held(&[]), 3);
        assert_eq!(state(&asks, &host, 3), HostState::Withdrawing);
        asks.answered(&host, &PinAnswer::no(PinVerdict::Released), 4);
        // Its name stays until it is taken out of the hints.
        assert!(asks.views(4).is_empty() && asks.put(&host, 4).is_none());
        assert!(asks.published(&[]).is_empty());
        let places = asks.places(4, HintScope::All);
        assert_eq!(asks.published(&places), std::slice::from_ref(&host));
        assert!(asks.0.is_empty());
        asks.ask(&host, String::new(), 0);
        asks.withdraw(&host, 0);
        assert!(asks.give_up(GIVE_UP - 1).is_empty());
        assert!(asks.give_up(GIVE_UP) == [host] && asks.views(GIVE_UP).is_empty());
    }

    #[test]
    fn only_so_many_are_asked_and_named() {
        let mut asks = Asks::default();
        for _ in 0..MAX_ASKS {
            let host = peer();
            assert!(asks.ask(&host, String::new(), 0));
            asks.answered(&host, &held(&["/ip4/8.8.8.8/tcp/1"]), 0);
        }
        assert!(!asks.ask(&peer(), String::new(), 0));
        let named = asks.places(0, HintScope::All);
        assert_eq!(named.iter().filter(|holder| !holder.addresses.is_empty()).count(), MAX_TOLD);
    }
}

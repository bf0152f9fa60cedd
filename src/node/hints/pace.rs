//! When a node publishes where it is. All of it stays in the log, and everyone who follows looks there: what goes back and
//! forth is not published each time, and a node that has only just begun, or is between two networks, is not said to be
//! nowhere.

use std::time::Duration;

use majlis_protocol::body::Holder as Place;
use tokio::time::Instant;

/// Not sooner than this after the last time; and so long a node has to be nowhere before that is said.
const INTERVAL: Duration = Duration::from_mins(5);
/// When other nodes hold the account, or this one is where nobody could know, it is published sooner, so often between two
/// times when it may be anyway.
const EARLY: u8 = 4;

/// See the module.
pub(super) struct Pace {
    /// This node, as places name it.
    me: Vec<u8>,
    /// The places at the last tick.
    seen: Option<Vec<Place>>,
    /// Those that the log named when it was last looked at.
    published: Option<Vec<Place>>,
    /// Another device may have published since.
    doubted: bool,
    at: Option<Instant>,
    /// How often it was published sooner.
    early: u8,
    /// Since when this node has no address.
    nowhere: Option<Instant>,
}

impl Pace {
    pub fn new(me: Vec<u8>) -> Self {
        Self { me, seen: None, published: None, doubted: false, at: None, early: 0, nowhere: None }
    }

    /// The log may say something else by now.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Takes note, at a tick, of where this node is (at no address: nowhere) and of other places, and returns those that
    /// are to be published now, if any. `hidden`: the owner wants this node to be nowhere.
    pub fn due(&mut self, mut places: Vec<Place>, hidden: bool, now: Instant) -> Option<Vec<Place>> {
        if hidden || !own(&places, &self.me).is_empty() {
            self.nowhere = None;
        } else if now < *self.nowhere.get_or_insert(now) + INTERVAL {
            // The log goes on to say what it says.
            places.retain(|place| place.peer_id != self.me);
        }
        if self.seen.as_ref() != Some(&places) {
            self.seen = Some(places);
            return None;
        }
        let is_known = |place: &Place| self.published.as_ref().is_some_and(|known| known.contains(place));
        if places.iter().all(is_known) && !self.doubted {
            return None;
        }
        let may_be = !self.is_soon(now) || (self.is_urgent(&places) && self.early < EARLY);
        may_be.then_some(places)
    }

    /// They are in the log, and were `written` there if it did not name them.
    pub fn published(&mut self, places: Vec<Place>, written: bool, now: Instant) {
        if written && self.is_soon(now) {
            self.early += 1;
        } else if written {
            (self.at, self.early) = (Some(now), 0);
        }
        (self.published, self.doubted) = (Some(places), false);
    }

    fn is_soon(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| now < at + INTERVAL)
    }

    /// Whether those who know only what was published would not find whoever is at these places.
    fn is_urgent(&self, places: &[Place]) -> bool {
        let Some(known) = &self.published else { return false };
        let (before, now) = (own(known, &self.me), own(places, &self.me));
        let is_elsewhere = !now.is_empty() && now.iter().all(|address| !before.contains(address));
        is_elsewhere || others(known, &self.me) != others(places, &self.me)
    }
}

fn own<'a>(places: &'a [Place], me: &[u8]) -> &'a [Vec<u8>] {
    places.iter().find(|place| place.peer_id == me).map_or(&[], |place| &place.addresses)
}

/// The other nodes that places name.
fn others<'a>(places: &'a [Place], me: &[u8]) -> Vec<&'a [u8]> {
    let named = places.iter().filter(|place| place.peer_id != me && !place.addresses.is_empty());
    let mut names: Vec<_> = named.map(|place| &place.peer_id[..]).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u8 = 1;
    const TICK: Duration = Duration::from_secs(5);

    fn place(node: u8, addresses: &[u8]) -> Place {
        Place { peer_id: vec![node], addresses: addresses.iter().map(|address| vec![*address]).collect() }
    }

    struct Clock {
        pace: Pace,
        now: Instant,
    }

    impl Clock {
        fn new() -> Self {
            Self { pace: Pace::new(vec![ME]), now: Instant::now() }
        }

        /// Stays there for so long; each time that it was published, and what.
        fn stay(&mut self, places: &[Place], time: Duration) -> Vec<Vec<Place>> {
            let mut out = Vec::new();
            for _ in 0..time.as_secs() / TICK.as_secs() {
                self.now += TICK;
                if let Some(due) = self.pace.due(places.to_vec(), false, self.now) {
                    self.pace.published(due.clone(), true, self.now);
                    out.push(due);
                }
            }
            out
        }
    }

    #[test]
    fn who_has_begun_and_is_nowhere_yet_does_not_say_so_and_then_says_at_once_where_it_is() {
        let mut clock = Clock::new();
        // Another name that it had is taken out, a host named.
        let others = [place(2, &[]), place(3, &[7])];
        let nowhere = [&[place(ME, &[])][..], &others].concat();
        assert_eq!(clock.stay(&nowhere, 4 * TICK), [others.to_vec()]);
        let here = [&[place(ME, &[8])][..], &others].concat();
        assert_eq!(clock.stay(&here, 2 * TICK), std::slice::from_ref(&here));
        // Elsewhere, and there and elsewhere, and there again: that is known.
        let there = [place(ME, &[9])];
        assert_eq!(clock.stay(&there, 2 * TICK), [there.to_vec()]);
        let both = [place(ME, &[8, 9])];
        assert_eq!(clock.stay(&both, 2 * TICK), [] as [Vec<Place>; 0]);
        assert_eq!(clock.stay(&both, INTERVAL), [both.to_vec()]);
    }

    #[test]
    fn who_is_nowhere_for_long_says_so_and_who_wants_to_be_at_once() {
        let mut clock = Clock::new();
        let (here, nowhere) = ([place(ME, &[8])], [place(ME, &[])]);
        clock.stay(&here, 2 * TICK);
        assert_eq!(clock.stay(&nowhere, INTERVAL.saturating_sub(TICK)), [] as [Vec<Place>; 0]);
        assert_eq!(clock.stay(&nowhere, 4 * INTERVAL), [nowhere.to_vec()]);
        let mut pace = Pace::new(vec![ME]);
        assert_eq!(pace.due(nowhere.to_vec(), true, clock.now), None);
        assert_eq!(pace.due(nowhere.to_vec(), true, clock.now), Some(nowhere.to_vec()));
    }

    #[test]
    fn who_goes_back_and_forth_fills_no_log() {
        let mut clock = Clock::new();
        let mut written = 0;
        let hour = clock.now + Duration::from_hours(1);
        for number in (0..u8::MAX).cycle() {
            if clock.now > hour {
                break;
            }
            written += clock.stay(&[place(ME, &[number]), place(2, &[number])], 2 * TICK).len();
        }
        assert!((13..=13 * (1 + usize::from(EARLY))).contains(&written), "{written}");
    }

    #[test]
    fn what_another_device_may_have_changed_is_looked_at_again() {
        let mut clock = Clock::new();
        let here = [place(ME, &[8])];
        assert_eq!(clock.stay(&here, INTERVAL), [here.to_vec()]);
        clock.pace.doubt();
        assert_eq!(clock.stay(&here, INTERVAL), [here.to_vec()]);
        assert_eq!(clock.stay(&here, INTERVAL), [] as [Vec<Place>; 0]);
    }
}

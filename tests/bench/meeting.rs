//! Two sync machines in memory that meet again: how often one has to wait for the other. On a socket that cannot be told
//! from outside, since a frame may have been on its way before the last one was sent.

use std::collections::VecDeque;
use std::sync::Arc;

use majlis_protocol::KeyCache;
use majlis_protocol::limits;
use majlis_protocol::state::Replica;
use majlis_protocol::sync::{Event, Frame, Input, Opened, Output, PeerMemory, Replicator, Settings};

use crate::Result;
use crate::peer::{interests, replica};
use crate::workload::Workload;

/// One node of the two. Each has one session, which both call 1.
struct Side {
    machine: Replicator,
    /// One-way trips until it was live.
    live: Option<usize>,
}

/// How many one-way trips, one after the other, it takes until both are live.
pub fn one_ways(workload: &Workload, memory: Option<&PeerMemory>) -> Result<usize> {
    let held = replica(workload);
    let mut sides = [side(workload, 0)?, side(workload, 1)?];
    let mut under_way = VecDeque::new();
    for (number, side) in sides.iter_mut().enumerate().rev() {
        let (salt, memory) = ([number as u8; 32], memory.cloned());
        let opened =
            Opened { session: 1, peer: name(1 - number), dialer: number == 0, named: true, salt, memory };
        side.take(Input::Opened(opened), 0, &held, |frame| under_way.push_back((1 - number, frame, 1)));
    }
    while let Some((to, frame, trips)) = under_way.pop_front() {
        sides[to].take(Input::Frame(1, frame), trips, &held, |frame| {
            under_way.push_back((1 - to, frame, trips + 1));
        });
        if let [Side { live: Some(one), .. }, Side { live: Some(other), .. }] = sides {
            return Ok(one.max(other));
        }
    }
    Err("two machines that hold the same do not come live".to_owned())
}

fn name(number: usize) -> Vec<u8> {
    vec![number as u8; 38]
}

fn side(workload: &Workload, number: usize) -> Result<Side> {
    let owner = workload.authors.first().ok_or("nobody writes")?;
    let (account, device) = (owner.account, Arc::clone(&owner.device));
    let settings = Settings {
        peer_id: name(number),
        account,
        device,
        credit: limits::CREDIT,
        listed: false,
        keys: KeyCache::default(),
    };
    Ok(Side { machine: Replicator::new(settings, interests(workload)), live: None })
}

impl Side {
    fn take(&mut self, input: Input, trips: usize, held: &Replica, mut send: impl FnMut(Frame)) {
        self.machine.handle(1, input, held);
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(_, frame) => send(frame),
                Output::Event(Event::Live { .. }) => self.live = Some(trips),
                _ => {}
            }
        }
    }
}

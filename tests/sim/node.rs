//! A node: the sync machine with a store in memory, driven as `src/node` drives it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use majlis_protocol::identity::VerifiedId;
use majlis_protocol::keys::KeyCache;
use majlis_protocol::state::{Proof, Run};
use majlis_protocol::sync::chunk::{Address, verify_groups};
use majlis_protocol::sync::{
    CloseCode, Event, Input, Interests, Output, PeerMemory, Reason, Replicator, SessionId, Settings, Wish,
};
use majlis_protocol::{AccountId, Entry, LogKey, SecretKey, Verified};

use crate::store::Store;

/// How a node that is not honest differs from one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// Tells what it has and never gives it.
    Withholds,
    /// Gives entries whose signatures are wrong.
    Forges,
    /// Gives headers and keeps the payloads.
    Strips,
    /// Says what an honest node says, and throws other frames in between.
    Throws,
    /// Has no room on its disk.
    Full,
    /// Has no time for every other batch.
    Busy,
    /// Takes sessions and says nothing in them.
    Silent,
    /// Keeps and passes on nothing new: what it serves is what it had at first.
    Hides,
}

/// Work that a node does beside its machine.
pub enum Job {
    Check(u64, Vec<(Address, LogKey, Vec<Entry>)>),
    Serve(SessionId, Vec<Wish>),
    Store {
        ticket: Option<u64>,
        entries: Vec<Verified<Entry>>,
        identities: Vec<Arc<VerifiedId>>,
        proofs: Vec<Arc<Proof>>,
    },
}

pub struct Node {
    pub peer_id: Vec<u8>,
    pub account: AccountId,
    device: Arc<SecretKey>,
    pub credit: u64,
    pub machine: Replicator,
    pub store: Store,
    /// What the owner has posted: it outlives a crash, and the store is completed from it.
    pub journal: Vec<Verified<Entry>>,
    pub interests: Interests,
    pub memories: HashMap<Vec<u8>, PeerMemory>,
    /// Peers of the sessions that are open.
    pub peers: BTreeMap<SessionId, Vec<u8>>,
    /// Grows with every crash: work begun before one is lost.
    pub life: u64,
    pub up: bool,
    pub twist: Option<Twist>,
    /// What was told, unless `forgets`.
    pub events: Vec<(u64, Event)>,
    pub forgets: bool,
    pub ended: Vec<(SessionId, CloseCode, bool)>,
    keys: KeyCache,
}

impl Node {
    pub fn new(name: u64, account: AccountId, device: &Arc<SecretKey>) -> Self {
        let peer_id = [b"peer".as_slice(), &name.to_be_bytes()].concat();
        let (interests, keys) = (Interests::default(), KeyCache::default());
        let mut node = Self {
            machine: machine(&peer_id, account, device, 8 << 20, &interests, &keys),
            peer_id,
            account,
            device: Arc::clone(device),
            credit: 8 << 20,
            store: Store::default(),
            journal: Vec::new(),
            interests,
            memories: HashMap::new(),
            peers: BTreeMap::new(),
            life: 0,
            up: true,
            twist: None,
            events: Vec::new(),
            forgets: false,
            ended: Vec::new(),
            keys,
        };
        node.follow(account, Reason::Own);
        node.restart();
        node
    }

    pub fn follow(&mut self, account: AccountId, reason: Reason) {
        self.interests.insert(account, reason);
    }

    /// A machine with nothing but what is on disk.
    pub fn restart(&mut self) {
        self.store.commit(self.journal.clone(), Vec::new(), Vec::new());
        self.machine =
            machine(&self.peer_id, self.account, &self.device, self.credit, &self.interests, &self.keys);
        self.peers.clear();
        self.life += 1;
        self.up = true;
    }

    pub fn handle(&mut self, now: u64, input: Input) -> Vec<Output> {
        if self.twist == Some(Twist::Silent) {
            return Vec::new();
        }
        self.machine.handle(now, input, &self.store.replica);
        let mut outputs = Vec::new();
        while let Some(output) = self.machine.poll() {
            if let Output::Event(event) = &output {
                self.note(now, event);
            }
            outputs.push(output);
        }
        outputs
    }

    fn note(&mut self, now: u64, event: &Event) {
        match event {
            Event::Remember(session, memory) => {
                if let Some(peer) = self.peers.get(session) {
                    self.memories.insert(peer.clone(), memory.clone());
                }
            }
            Event::Ended { session, code, by_peer } => self.ended.push((*session, *code, *by_peer)),
            _ => {}
        }
        if !self.forgets {
            self.events.push((now, event.clone()));
        }
    }

    /// Does a job; the input that answers it, if one is to.
    pub fn work(&mut self, job: Job) -> Option<Input> {
        match job {
            Job::Check(ticket, groups) => Some(Input::Checked(ticket, verify_groups(groups, &self.keys))),
            Job::Serve(session, wishes) => self.serve(session, &wishes),
            Job::Store { ticket: Some(ticket), .. } if self.twist == Some(Twist::Full) => {
                Some(Input::StorageFull(ticket))
            }
            Job::Store { ticket: Some(ticket), .. } if self.twist == Some(Twist::Busy) && ticket % 2 == 0 => {
                Some(Input::StoreBusy(ticket))
            }
            Job::Store { ticket: Some(ticket), .. } if self.twist == Some(Twist::Hides) => {
                Some(Input::Committed { tickets: vec![ticket], changed: Vec::new(), identities: Vec::new() })
            }
            Job::Store { ticket, entries, identities, proofs } => {
                let changed = self.store.commit(entries, identities, proofs);
                Some(Input::Committed {
                    tickets: ticket.into_iter().collect(),
                    changed: changed.logs.into_iter().collect(),
                    identities: changed.accounts.into_iter().collect(),
                })
            }
        }
    }

    fn serve(&mut self, session: SessionId, wishes: &[Wish]) -> Option<Input> {
        if self.twist == Some(Twist::Withholds) {
            return None;
        }
        let (frames, missing) = match self.twist {
            Some(Twist::Forges) => self.store.serve_with(wishes, |entry| entry.signature[0] ^= 1),
            Some(Twist::Strips) => {
                self.store.serve_with(wishes, |entry| entry.payload = majlis_protocol::Payload::Missing)
            }
            _ => self.store.serve_with(wishes, |_| {}),
        };
        Some(Input::Served(session, frames, missing))
    }

    /// Has the node claim a run of a log of which it holds nothing.
    pub fn claim(&mut self, log: &LogKey, run: Run) {
        self.store.replica.insert_run(log, run);
    }

    /// Puts things into the store as if they had always been there.
    pub fn hold(&mut self, identities: Vec<Arc<VerifiedId>>, entries: Vec<Verified<Entry>>) {
        self.store.commit(entries, identities, Vec::new());
    }
}

fn machine(
    peer_id: &[u8],
    account: AccountId,
    device: &Arc<SecretKey>,
    credit: u64,
    interests: &Interests,
    keys: &KeyCache,
) -> Replicator {
    let settings = Settings {
        peer_id: peer_id.to_vec(),
        account,
        device: Arc::clone(device),
        credit,
        listed: false,
        keys: keys.clone(),
    };
    Replicator::new(settings, interests.clone())
}

//! Two machines and a wire between them: what each asks of its driver is done at once, and every frame is
//! written down.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use majlis_protocol::body::Hints;
use majlis_protocol::entry::{Entry, Verified};
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::ids::{AccountId, EntryId, LogKey};
use majlis_protocol::keys::KeyCache;
use majlis_protocol::sync::chunk::{Address, Builder, verify_groups};
use majlis_protocol::sync::{
    Frame, Input, Interests, Message, Opened, Output, PeerMemory, PinAnswer, PinAsk, PinVerdict, Reason,
    Replicator, Settings, Verdict, Wish, kind,
};
use serde_json::{Value, json};

use super::json::{hex, number};
use super::ledger::Ledger;
use super::messages;
use super::view;
use super::world::{account, device_id, key};

/// The one session of each machine.
pub const SESSION: u64 = 1;
/// What it lets its peer send ahead of its disk.
pub const CREDIT: u64 = 1 << 20;

/// A node: its machine and what it holds.
pub struct Node {
    /// The machine.
    pub machine: Replicator,
    /// The store.
    pub ledger: Ledger,
    peer_id: Vec<u8>,
    person: u8,
    device: u8,
    documents: Vec<VerifiedId>,
    entries: Vec<Verified<Entry>>,
    keys: KeyCache,
    /// Frames that are on their way, and how many steps had been taken when they were sent.
    pub outbox: VecDeque<(Frame, usize)>,
}

impl Node {
    /// The node of `person` on `device`, which follows some and pins none.
    pub fn new(person: u8, device: u8, peer_id: &[u8], follows: &[(u8, Reason)]) -> Self {
        let mut interests = Interests::default();
        interests.insert(account(person), Reason::Own);
        for (followed, reason) in follows {
            interests.insert(account(*followed), *reason);
        }
        let settings = Settings {
            peer_id: peer_id.to_vec(),
            account: account(person),
            device: Arc::new(key(device)),
            credit: CREDIT,
            listed: false,
            keys: KeyCache::default(),
        };
        Self {
            machine: Replicator::new(settings, interests),
            ledger: Ledger::default(),
            peer_id: peer_id.to_vec(),
            person,
            device,
            documents: Vec::new(),
            entries: Vec::new(),
            keys: KeyCache::default(),
            outbox: VecDeque::new(),
        }
    }

    /// Holds these from the start.
    pub fn holding(mut self, documents: &[VerifiedId], entries: &[Verified<Entry>]) -> Self {
        for document in documents {
            self.ledger.identity(Arc::new(document.clone()));
            self.documents.push(document.clone());
        }
        for entry in entries {
            self.store(entry);
        }
        self
    }

    fn store(&mut self, entry: &Verified<Entry>) -> bool {
        let new = self.ledger.entry(entry.clone());
        if new {
            self.entries.push(entry.clone());
        }
        new
    }

    /// Opens the session.
    pub fn open(&mut self, now: u64, peer: &[u8], dialer: bool, salt: [u8; 32], memory: Option<PeerMemory>) {
        let opened = Opened { session: SESSION, peer: peer.to_vec(), dialer, named: false, salt, memory };
        self.handle(now, Input::Opened(opened));
    }

    /// Gives the machine something.
    pub fn handle(&mut self, now: u64, input: Input) {
        self.machine.handle(now, input, &self.ledger.replica);
    }

    /// What the vector tells of this node.
    pub fn show(&self) -> Value {
        json!({
            "peer_id": hex(&self.peer_id), "account": hex(&account(self.person).0), "device": hex(&device_id(self.device).0),
            "documents": self.documents.iter().map(|doc| hex(&doc.entry().encode())).collect::<Vec<_>>(),
            "entries": self.entries.iter().map(|entry| hex(&entry.encode())).collect::<Vec<_>>(),
        })
    }

    /// Does what the machine asks until it asks for nothing; returns the groups that were to be checked. Frames
    /// go to the outbox, with `seen`: how many steps of the session had been taken.
    pub fn work(&mut self, now: u64, seen: usize) -> Vec<(Address, LogKey, Vec<EntryId>)> {
        let mut checked = Vec::new();
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(_, frame) => self.outbox.push_back((frame, seen)),
                Output::Check(ticket, groups) => {
                    let ids = |entries: &[Entry]| entries.iter().map(|entry| entry.id).collect();
                    checked
                        .extend(groups.iter().map(|(address, log, entries)| (*address, *log, ids(entries))));
                    let result = verify_groups(groups, &self.keys);
                    self.handle(now, Input::Checked(ticket, result));
                }
                Output::Serve(_, wishes) => {
                    let (frames, missing) = self.serve(&wishes);
                    self.handle(now, Input::Served(SESSION, frames, missing));
                }
                Output::Store { ticket, entries, identities, proofs, .. } => {
                    let mut changed = BTreeSet::new();
                    for entry in entries {
                        if self.store(&entry) {
                            changed.insert(entry.header.log());
                        }
                    }
                    let accounts = identities.iter().map(|document| document.account()).collect();
                    for document in identities {
                        self.ledger.identity(document);
                    }
                    for proof in proofs {
                        changed.insert(proof.log());
                        self.ledger.proof(proof);
                    }
                    let changed = changed.into_iter().collect();
                    self.handle(
                        now,
                        Input::Committed { tickets: vec![ticket], changed, identities: accounts },
                    );
                }
                Output::WhoHas(_, number, asked) => {
                    let nobody = vec![Hints::default(); asked.len()];
                    self.handle(now, Input::TellHolders(SESSION, number, nobody));
                }
                Output::Refs(_, number, _) => {
                    self.handle(now, Input::Referring(SESSION, number, 0, Vec::new()));
                }
                Output::Delivered { entry, .. } => {
                    self.handle(now, Input::Answer(SESSION, entry.id, Verdict::Queued));
                }
                Output::BlobWanted(_, number, want) => {
                    let piece = vec![want.span.count as u8; 40].into();
                    self.handle(now, Input::GiveBlob(SESSION, number, piece));
                }
                Output::PinAsked(_, _, ask) => {
                    let verdict = match ask {
                        PinAsk::Hold(token) if token.is_empty() => PinVerdict::NotInvited,
                        PinAsk::Hold(_) => PinVerdict::Held,
                        PinAsk::Release => PinVerdict::Released,
                    };
                    self.handle(now, Input::TellPinned(SESSION, PinAnswer::no(verdict)));
                }
                Output::Referred(..)
                | Output::Holders(..)
                | Output::Blob(..)
                | Output::Close(_)
                | Output::Event(_) => {}
            }
        }
        checked
    }

    fn serve(&self, wishes: &[Wish]) -> (Vec<(Frame, u64)>, Vec<u64>) {
        let (mut builder, mut missing) = (Builder::default(), Vec::new());
        for wish in wishes {
            let log = self.ledger.replica.log(&wish.log);
            let runs = log.into_iter().flat_map(|log| log.runs().iter());
            let run = runs
                .filter(|run| run.low <= wish.hi && wish.lo <= run.top)
                .max_by_key(|run| (run.top, run.top_id));
            let entries: Vec<_> = run.map_or(vec![], |run| {
                let seqs = run.low.max(wish.lo)..=run.top.min(wish.hi);
                seqs.filter_map(|seq| self.ledger.below(run.top_id, seq))
                    .filter_map(|id| self.entries.iter().find(|entry| entry.id == id).cloned())
                    .collect()
            });
            if entries.is_empty() {
                missing.push(wish.wid);
            } else {
                builder.add(&Address::Wanted(wish.wid), &entries);
            }
        }
        (builder.finish().into_iter().collect(), missing)
    }
}

/// Both nodes, the wire between them, and what went over it.
pub struct Pair {
    /// Dialer and listener.
    pub nodes: [Node; 2],
    now: u64,
    steps: Vec<Value>,
    means: Vec<Value>,
}

const NAMES: [&str; 2] = ["dialer", "listener"];

impl Pair {
    /// Opens the session on both sides. What they remember of each other is the list of accounts they shared.
    pub fn open(dialer: Node, listener: Node, remembered: Option<&[AccountId]>) -> Self {
        let mut nodes = [dialer, listener];
        let ids = nodes.each_ref().map(|node| node.peer_id.clone());
        let memory = remembered.map(|shared| PeerMemory {
            shared: shared.iter().map(|account| account.0).collect(),
            offered: 1_000,
            friend: true,
        });
        nodes[1].open(0, &ids[0], false, [0x4c; 32], memory.clone());
        nodes[0].open(0, &ids[1], true, [0xd1; 32], memory);
        Self { nodes, now: 0, steps: Vec::new(), means: Vec::new() }
    }

    /// Carries frames until nobody has anything to say, and lets some time pass in between.
    pub fn run(&mut self, ticks: usize) {
        self.settle();
        for _ in 0..ticks {
            self.now += 100;
            for node in &mut self.nodes {
                node.handle(self.now, Input::Tick);
            }
            self.settle();
        }
    }

    /// One frame each in turn.
    fn settle(&mut self) {
        let now = self.now;
        for node in &mut self.nodes {
            node.work(now, self.steps.len());
        }
        while self.nodes.iter().any(|node| !node.outbox.is_empty()) {
            for from in [0, 1] {
                let Some((frame, seen)) = self.nodes[from].outbox.pop_front() else { continue };
                let wire = hex(&messages::wire(&frame));
                self.steps.push(json!({ "from": NAMES[from], "at": now, "seen": seen, "frame": wire }));
                let to = &mut self.nodes[1 - from];
                to.handle(now, Input::Frame(SESSION, frame.clone()));
                let checked = to.work(now, self.steps.len());
                self.means.push(means(frame, &checked));
            }
        }
    }

    /// A node publishes an entry of its own.
    pub fn publish(&mut self, node: usize, entry: &Verified<Entry>) {
        self.steps.push(json!({ "by": NAMES[node], "at": self.now, "entry": hex(&entry.encode()) }));
        self.means.push(json!({ "publish": hex(&entry.id.0) }));
        let (now, node) = (self.now, &mut self.nodes[node]);
        node.handle(now, Input::Publish(vec![entry.clone()]));
        assert!(node.store(entry));
        let changed = vec![entry.header.log()];
        node.handle(now, Input::Committed { tickets: vec![], changed, identities: vec![] });
    }

    /// What went over the wire, as `in` and `out` of a case; `nodes` is what they held before.
    pub fn finish(
        self,
        scenario: &str,
        nodes: &[Value; 2],
        remembered: &[AccountId],
        accounts: &[u8],
    ) -> (Value, Value) {
        let [dialer, listener] = self.nodes.each_ref().map(|node| {
            let held: BTreeSet<EntryId> = node.entries.iter().map(|entry| entry.id).collect();
            held.iter().map(|id| hex(&id.0)).collect::<Vec<_>>()
        });
        let input = json!({
            "scenario": scenario, "dialer": nodes[0], "listener": nodes[1], "steps": self.steps,
            "remembered": remembered.iter().map(|account| hex(&account.0)).collect::<Vec<_>>(),
            "accounts": accounts.iter().map(|person| hex(&account(*person).0)).collect::<Vec<_>>(),
        });
        (input, json!({ "steps": self.means, "dialer": dialer, "listener": listener }))
    }
}

/// What a frame says; of a CHUNK, which entries the receiver took from it to check.
fn means(frame: Frame, checked: &[(Address, LogKey, Vec<EntryId>)]) -> Value {
    if frame.kind != kind::CHUNK {
        return messages::show(&Message::decode(frame).unwrap());
    }
    let groups = checked.iter().map(|(address, log, ids)| {
        let wid = match address {
            Address::Wanted(wid) => number(*wid),
            Address::Pushed(..) => json!("pushed"),
        };
        json!({ "wid": wid, "log": view::log(log), "entries": ids.iter().map(|id| hex(&id.0)).collect::<Vec<_>>() })
    });
    json!({ "CHUNK": groups.collect::<Vec<_>>() })
}

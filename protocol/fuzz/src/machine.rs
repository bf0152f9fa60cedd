//! The sync machine against a peer that sends anything: a node of the smallest kind around it, and a target that feeds
//! it frames.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use majlis_protocol::body::Hints;
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::limits::{ANSWER_BURST, CREDIT, MAX_FRAME, MAX_SHARED};
use majlis_protocol::state::{Replica, Run};
use majlis_protocol::sync::chunk::{Address, Builder, verify_groups};
use majlis_protocol::sync::{
    Frame, Input, Interests, Opened, Output, PeerMemory, PinAnswer, PinAsk, PinVerdict, Reason, Replicator,
    SessionId, Settings, Verdict,
};
use majlis_protocol::{Entry, KeyCache, LogKey, SecretKey, Verified};

/// The one session.
pub const SESSION: SessionId = 1;

/// A node without disk, network and clock.
pub struct Node {
    machine: Replicator,
    replica: Replica,
    entries: BTreeMap<LogKey, BTreeMap<u64, Verified<Entry>>>,
    keys: KeyCache,
    peer_id: Vec<u8>,
    now: u64,
    /// The machine has ended the session: nothing more may come of it.
    pub closed: bool,
    /// Frames that it wants sent.
    pub sent: VecDeque<Frame>,
}

impl Node {
    /// A node of this name, which holds the accounts of these documents.
    pub fn new(name: &[u8], device: SecretKey, owner: &Arc<VerifiedId>, others: &[Arc<VerifiedId>]) -> Self {
        let settings = Settings {
            peer_id: name.to_vec(),
            account: owner.account(),
            device: Arc::new(device),
            credit: CREDIT,
            listed: false,
            keys: KeyCache::default(),
        };
        let mut interests = Interests::default();
        interests.insert(owner.account(), Reason::Own);
        let mut replica = Replica::default();
        replica.insert_identity(Arc::clone(owner));
        for other in others {
            interests.insert(other.account(), Reason::Public);
        }
        Self {
            machine: Replicator::new(settings, interests),
            replica,
            entries: BTreeMap::new(),
            keys: KeyCache::default(),
            peer_id: name.to_vec(),
            now: 1,
            closed: false,
            sent: VecDeque::new(),
        }
    }

    /// Has it hold entries.
    pub fn hold(&mut self, entries: &[Verified<Entry>]) -> BTreeSet<LogKey> {
        let mut changed = BTreeSet::new();
        for entry in entries {
            let (log, seq) = (entry.header.log(), entry.header.seq);
            let held = self.entries.entry(log).or_default();
            if held.insert(seq, entry.clone()).is_some() {
                continue;
            }
            let run = Run { low: seq, top: seq, low_backlink: entry.header.backlink, top_id: entry.id };
            self.replica.insert_run(&log, run);
            changed.insert(log);
        }
        changed
    }

    /// How many entries it holds.
    pub fn held(&self) -> usize {
        self.entries.values().map(BTreeMap::len).sum()
    }

    /// Opens the session.
    pub fn open(&mut self, peer: &[u8], dialer: bool, memory: Option<PeerMemory>) {
        let salt = *blake3::hash(&self.peer_id).as_bytes();
        self.input(Input::Opened(Opened {
            session: SESSION,
            peer: peer.to_vec(),
            dialer,
            named: true,
            salt,
            memory,
        }));
    }

    /// Gives it a frame.
    pub fn frame(&mut self, frame: Frame) {
        self.input(Input::Frame(SESSION, frame));
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.input(Input::Tick);
    }

    /// Gives the machine one input and does what it wants done. What one input brings about has its bounds.
    pub fn input(&mut self, input: Input) {
        self.machine.handle(self.now, input, &self.replica);
        let (mut outputs, mut bytes) = (0, 0);
        while let Some(output) = self.machine.poll() {
            outputs += 1;
            match output {
                Output::Send(_, frame) => {
                    assert!(!self.closed, "the machine sends in a session that it has closed");
                    assert!(frame.body.len() < MAX_FRAME, "a frame is too long to be sent");
                    bytes += frame.wire_len();
                    self.sent.push_back(frame);
                }
                Output::Close(_) => self.closed = true,
                Output::Check(ticket, groups) => {
                    let result = verify_groups(groups, &self.keys);
                    self.machine.handle(self.now, Input::Checked(ticket, result), &self.replica);
                }
                Output::Serve(id, wishes) => {
                    let (mut frames, mut missing) = (Vec::new(), Vec::new());
                    let mut builder = Builder::default();
                    for wish in wishes {
                        let held = self.entries.get(&wish.log).and_then(|log| {
                            let range = log.range(wish.lo..=wish.hi).next_back()?;
                            Some(range.1.clone())
                        });
                        match held {
                            Some(entry) => {
                                builder.add(&Address::Wanted(wish.wid), &[entry]);
                                frames.extend(builder.finish());
                            }
                            None => missing.push(wish.wid),
                        }
                    }
                    self.machine.handle(self.now, Input::Served(id, frames, missing), &self.replica);
                }
                Output::Store { ticket, entries, identities, proofs, .. } => {
                    let accounts = identities.iter().map(|document| document.account()).collect();
                    for document in identities {
                        self.replica.insert_identity(document);
                    }
                    for proof in proofs {
                        self.replica.insert_proof(proof);
                    }
                    let changed = self.hold(&entries).into_iter().collect();
                    let committed = Input::Committed { tickets: vec![ticket], changed, identities: accounts };
                    self.machine.handle(self.now, committed, &self.replica);
                }
                Output::Refs(session, number, root) if root.0[0] % 2 == 0 => {
                    self.machine.handle(
                        self.now,
                        Input::Referring(session, number, 1, Vec::new()),
                        &self.replica,
                    );
                }
                Output::WhoHas(session, number, asked) if number % 2 == 0 => {
                    let nobody = vec![Hints::default(); asked.len()];
                    self.machine.handle(self.now, Input::TellHolders(session, number, nobody), &self.replica);
                }
                Output::Delivered { session, entry, .. } => {
                    let verdict = if entry.header.seq % 2 == 0 { Verdict::Queued } else { Verdict::Refused };
                    self.machine.handle(self.now, Input::Answer(session, entry.id, verdict), &self.replica);
                }
                Output::PinAsked(session, account, ask) if account.0[0] % 2 == 0 => {
                    let verdict =
                        if ask == PinAsk::Release { PinVerdict::Released } else { PinVerdict::Held };
                    let told = Input::TellPinned(session, PinAnswer::no(verdict));
                    self.machine.handle(self.now, told, &self.replica);
                }
                Output::BlobWanted(session, number, want) if want.size % 2 == 0 => {
                    let piece = vec![1; 40].into();
                    self.machine.handle(self.now, Input::GiveBlob(session, number, piece), &self.replica);
                }
                Output::Refs(..)
                | Output::Referred(..)
                | Output::WhoHas(..)
                | Output::Holders(..)
                | Output::BlobWanted(..)
                | Output::Blob(..)
                | Output::PinAsked(..)
                | Output::Event(_) => {}
            }
            assert!(outputs < 20_000, "one input has no end");
        }
        assert!(bytes <= 4 * (ANSWER_BURST + MAX_FRAME), "one input makes {bytes} bytes");
        assert!(self.machine.shared(SESSION).unwrap_or(0) <= MAX_SHARED);
    }
}

/// A session between a node of known content and a peer that sends these frames: each a type, two bytes of length, and
/// a body. Between two of them 40 ms pass.
pub fn machine(data: &[u8]) {
    let mut node = super::seeds::listener();
    node.open(super::seeds::DIALER, false, None);
    feed(&mut node, data);
    // Whatever has come, time ends it or it lives on.
    for _ in 0..4 {
        node.pass(30_000);
        node.sent.clear();
    }
}

/// Gives a node the frames.
pub fn feed(node: &mut Node, mut data: &[u8]) {
    while let Some(([kind, length @ ..], rest)) = data.split_first_chunk::<3>() {
        let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        data = rest;
        node.frame(Frame { kind: *kind, body: Bytes::copy_from_slice(body) });
        node.pass(40);
        node.sent.clear();
    }
}

/// Writes frames as [`machine`] reads them.
pub fn record(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    for frame in frames {
        out.push(frame.kind);
        out.extend_from_slice(&u16::try_from(frame.body.len()).expect("a short frame").to_be_bytes());
        out.extend_from_slice(&frame.body);
    }
    out
}

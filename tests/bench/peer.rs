//! A peer that lives in this process: the sync machine and the network floor of the node over real sockets, with a replica
//! in memory and no disk. It counts frames, and can offer the live posts of all authors at once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis::net::{self, FrameSink, Net, NetConfig, NetEvent, NetEvents, PeerId, SendError};
use majlis_protocol::body::Hints;
use majlis_protocol::keys::KeyCache;
use majlis_protocol::state::{Replica, Run};
use majlis_protocol::sync::chunk::{Address, Builder, verify_groups};
use majlis_protocol::sync::{
    Event, Frame, Input, Interests, Opened, Output, PeerMemory, PinAnswer, PinVerdict, Reason, Replicator,
    SessionId, Settings, Verdict, Wish,
};
use majlis_protocol::{Entry, LogKey, Verified, limits};
use tokio::sync::mpsc;

use crate::Result;
use crate::daemon::PATIENCE;
use crate::workload::{Dice, Workload};

const TICK: Duration = Duration::from_millis(25);

/// The peer. Its owner is the first author, so that whoever follows that one takes it for a friend.
pub struct Peer {
    net: Net,
    events: NetEvents,
    machine: Replicator,
    replica: Replica,
    held: HashMap<LogKey, Vec<Verified<Entry>>>,
    sink: Option<(SessionId, FrameSink)>,
    /// What the node has not taken yet.
    overflow: VecDeque<net::Frame>,
    sessions: u64,
    frames: mpsc::Receiver<(SessionId, Option<Frame>)>,
    frames_in: mpsc::Sender<(SessionId, Option<Frame>)>,
    keys: KeyCache,
    started: Instant,
    dice: Dice,
    /// Of the last session, to be used for the next.
    pub memory: Option<PeerMemory>,
    /// Bytes of each frame of this session, both ways.
    pub passed: Vec<usize>,
    /// How many had passed when both sides were live, and when that was.
    pub live: Option<(usize, Instant)>,
    idle: bool,
}

/// Everything that the authors write is held.
pub fn interests(workload: &Workload) -> Interests {
    let mut interests = Interests::default();
    for (number, author) in workload.authors.iter().enumerate() {
        interests.insert(author.account, if number == 0 { Reason::Own } else { Reason::Public });
    }
    interests
}

/// What all authors have written so far, as runs.
pub fn replica(workload: &Workload) -> Replica {
    let mut replica = Replica::default();
    for author in &workload.authors {
        replica.insert_identity(Arc::clone(&author.document));
        let (top, top_id) = (author.seq, author.head);
        let run = Run { low: 1, top, low_backlink: majlis_protocol::EntryId::ZERO, top_id };
        replica.insert_run(&author.log, run);
    }
    replica
}

impl Peer {
    /// A peer that holds what the workload's authors have written. Within a runtime.
    pub async fn new(workload: &Workload) -> Result<Self> {
        let owner = workload.authors.first().ok_or("nobody writes")?;
        let keypair = net::keypair_from_seed(&[42; 32]).map_err(|error| error.to_string())?;
        let listen =
            vec!["/ip4/127.0.0.1/tcp/0".parse().map_err(|_| "an address of loopback is no address")?];
        let config = NetConfig { listen, mdns: false, ..NetConfig::default() };
        let (net, events) =
            net::start(keypair, config, net::Hearsay::default()).await.map_err(|error| error.to_string())?;
        let settings = Settings {
            peer_id: net.peer_id().to_bytes(),
            account: owner.account,
            device: Arc::clone(&owner.device),
            credit: limits::CREDIT,
            listed: false,
            keys: KeyCache::default(),
        };
        let (frames_in, frames) = mpsc::channel(64);
        Ok(Self {
            net,
            events,
            machine: Replicator::new(settings, interests(workload)),
            replica: replica(workload),
            held: HashMap::new(),
            sink: None,
            overflow: VecDeque::new(),
            sessions: 0,
            frames,
            frames_in,
            keys: KeyCache::default(),
            started: Instant::now(),
            dice: Dice(99),
            memory: None,
            passed: Vec::new(),
            live: None,
            idle: false,
        })
    }

    /// Dials, and goes on until both sides are live and nothing is under way.
    pub async fn connect(&mut self, address: &str) -> Result<()> {
        (self.passed, self.live, self.idle) = (Vec::new(), None, false);
        let address = address.parse().map_err(|_| format!("{address} is no address"))?;
        self.net.dial(address).await.map_err(|error| error.to_string())?;
        self.until("live", |peer| peer.live.is_some() && peer.idle).await?;
        // What is still said once all is known to be equal.
        self.rest(Duration::from_millis(500)).await
    }

    /// Ends the session and waits for its end.
    pub async fn disconnect(&mut self, peer: PeerId) -> Result<()> {
        self.net.forget(peer);
        self.net.disconnect(peer);
        self.until("the end", |peer| peer.sink.is_none()).await?;
        self.rest(Duration::from_millis(200)).await
    }

    /// Lets some time pass.
    pub async fn rest(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.step().await?;
        }
        Ok(())
    }

    async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            if Instant::now() > deadline {
                return Err(format!("the peer waits in vain for {what}"));
            }
            self.step().await?;
        }
        Ok(())
    }

    /// Takes one thing in, or lets a tick pass.
    async fn step(&mut self) -> Result<()> {
        self.catch_up()?;
        tokio::select! {
            event = self.events.next() => match event {
                Some(NetEvent::SessionOpened { peer, dialer, session }) => self.opened(peer, dialer, session),
                Some(_) => Ok(()),
                None => Err("the network has stopped".to_owned()),
            },
            Some((id, frame)) = self.frames.recv() => if let Some(frame) = frame {
                self.passed.push(frame.wire_len());
                self.input(Input::Frame(id, frame))
            } else {
                self.sink.take_if(|(current, _)| *current == id);
                self.overflow.clear();
                self.input(Input::Closed(id))
            },
            () = tokio::time::sleep(TICK) => self.input(Input::Tick),
        }
    }

    fn opened(&mut self, peer: PeerId, dialer: bool, session: net::Session) -> Result<()> {
        self.sessions += 1;
        let id = self.sessions;
        let net::Session { sink, mut source } = session;
        self.sink = Some((id, sink));
        let frames = self.frames_in.clone();
        tokio::spawn(async move {
            while let Ok(Some(frame)) = source.next().await {
                let frame = Frame { kind: frame.kind, body: frame.body.into() };
                if frames.send((id, Some(frame))).await.is_err() {
                    return;
                }
            }
            // The peer may be gone already.
            let _ = frames.send((id, None)).await;
        });
        let salt = std::array::from_fn(|_| self.dice.roll() as u8);
        let (peer, memory) = (peer.to_bytes(), self.memory.clone());
        self.input(Input::Opened(Opened { session: id, peer, dialer, named: true, salt, memory }))
    }

    fn input(&mut self, input: Input) -> Result<()> {
        let now = self.started.elapsed().as_millis() as u64;
        self.machine.handle(now, input, &self.replica);
        while let Some(output) = self.machine.poll() {
            self.output(output)?;
        }
        Ok(())
    }

    fn output(&mut self, output: Output) -> Result<()> {
        match output {
            Output::Send(_, frame) => self.send(&frame),
            Output::Close(_) => {
                if let Some((_, sink)) = &self.sink {
                    sink.close();
                }
                Ok(())
            }
            Output::Check(ticket, groups) => {
                let checked = verify_groups(groups, &self.keys);
                self.input(Input::Checked(ticket, checked))
            }
            Output::Serve(id, wishes) => {
                let (frames, missing) = self.serve(&wishes);
                self.input(Input::Served(id, frames, missing))
            }
            Output::Store { ticket, .. } => {
                let (tickets, changed, identities) = (vec![ticket], Vec::new(), Vec::new());
                self.input(Input::Committed { tickets, changed, identities })
            }
            Output::Refs(session, number, _) => self.input(Input::Referring(session, number, 0, Vec::new())),
            Output::Referred(..) | Output::Holders(..) | Output::Blob(..) => Ok(()),
            Output::PinAsked(session, ..) => {
                self.input(Input::TellPinned(session, PinAnswer::no(PinVerdict::NotOffered)))
            }
            Output::WhoHas(session, number, asked) => {
                self.input(Input::TellHolders(session, number, vec![Hints::default(); asked.len()]))
            }
            Output::BlobWanted(session, number, _) => {
                self.input(Input::GiveBlob(session, number, Vec::new().into()))
            }
            Output::Delivered { session, entry, .. } => {
                self.input(Input::Answer(session, entry.id, Verdict::Refused))
            }
            Output::Event(event) => self.event(event),
        }
    }

    /// Sends, or keeps for later and says that the node does not keep up.
    fn send(&mut self, frame: &Frame) -> Result<()> {
        let Some((id, _)) = self.sink else { return Ok(()) };
        self.passed.push(frame.wire_len());
        let free = self.overflow.is_empty();
        self.overflow.push_back(net::Frame::new(frame.kind, frame.body.to_vec()));
        self.flush();
        if free && !self.overflow.is_empty() { self.input(Input::Congested(id, true)) } else { Ok(()) }
    }

    fn flush(&mut self) {
        let Some((_, sink)) = &self.sink else { return };
        while let Some(frame) = self.overflow.pop_front() {
            // A session that is over says so itself.
            if let Err(SendError::Full(frame)) = sink.try_send(frame) {
                return self.overflow.push_front(frame);
            }
        }
    }

    /// Sends what was kept, and says so once all of it is gone.
    fn catch_up(&mut self) -> Result<()> {
        let Some((id, _)) = self.sink else { return Ok(()) };
        if self.overflow.is_empty() {
            return Ok(());
        }
        self.flush();
        if self.overflow.is_empty() { self.input(Input::Congested(id, false)) } else { Ok(()) }
    }

    fn event(&mut self, event: Event) -> Result<()> {
        match event {
            // The dialler sends WARM before it says that it is live, and the other side is live once it has it.
            Event::Live { .. } => self.live = Some((self.passed.len(), Instant::now())),
            Event::Synced(_) => self.idle = true,
            Event::Remember(_, memory) => self.memory = Some(memory),
            Event::Ended { code, by_peer: true, .. } => {
                return Err(format!("the node ended the session: {code:?}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// One pack a want, of what was published here.
    fn serve(&self, wishes: &[Wish]) -> (Vec<(Frame, u64)>, Vec<u64>) {
        let (mut frames, mut missing) = (Vec::new(), Vec::new());
        for wish in wishes {
            let held = self.held.get(&wish.log).map_or(&[][..], Vec::as_slice);
            let asked: Vec<_> = held
                .iter()
                .filter(|entry| (wish.lo..=wish.hi).contains(&entry.header.seq))
                .cloned()
                .collect();
            let mut builder = Builder::default();
            if asked.is_empty() || builder.add(&Address::Wanted(wish.wid), &asked) == 0 {
                missing.push(wish.wid);
            } else {
                frames.extend(builder.finish());
            }
        }
        (frames, missing)
    }

    /// Offers each entry at its time, as its author's own node would; says when the first was due.
    pub async fn publish(&mut self, entries: Vec<Verified<Entry>>, interval: Duration) -> Result<Instant> {
        let begun = Instant::now();
        let mut entries = entries.into_iter().enumerate().peekable();
        while entries.peek().is_some() {
            while let Some((_, entry)) =
                entries.next_if(|(number, _)| begun + interval * (*number as u32) <= Instant::now())
            {
                self.publish_one(entry)?;
            }
            tokio::select! {
                biased;
                stepped = self.step() => stepped?,
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        Ok(begun)
    }

    fn publish_one(&mut self, entry: Verified<Entry>) -> Result<()> {
        let header = &entry.header;
        let (log, seq) = (header.log(), header.seq);
        let run = Run { low: seq, top: seq, low_backlink: header.backlink, top_id: entry.id };
        self.replica.insert_run(&log, run);
        self.held.entry(log).or_default().push(entry.clone());
        self.input(Input::Publish(vec![entry]))?;
        self.input(Input::Committed { tickets: Vec::new(), changed: vec![log], identities: Vec::new() })
    }

    /// Bytes of all frames of this session.
    pub fn frame_bytes(&self) -> usize {
        self.passed.iter().sum()
    }
}

//! What the rest of the node tells or asks the driver.

use crate::net::{Multiaddr, PeerId};
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use majlis_protocol::body::{EntryRef, Hints, Holder};
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::sync::{Input, Reason, SessionId};
use majlis_protocol::{AccountId, Entry, Verified, limits};
use tokio::sync::{mpsc, oneshot};

use super::Driver;
use super::links::Link;
use crate::net::Direction;
use crate::node::api::PeerView;
use crate::node::conversations::Answer;
use crate::node::hints::Heard;
use crate::node::media::{Asked, PATIENCE, Sources};
use crate::node::peers::Keeping;
use crate::node::{Failure, Local, Shared, now_ms};

/// Between two attempts to reach a peer that was not heard of for long.
const TRY_INTERVAL: Duration = Duration::from_hours(24);
/// For so long after its start a node meets those whom it knows.
const MEETING: Duration = Duration::from_secs(10);
/// Peers that are asked for a conversation.
const MAX_ASKED: usize = 4;

impl Driver {
    pub(super) fn on_local(&mut self, news: Local) {
        match news {
            Local::Publish(entries) => self.input(Input::Publish(entries)),
            Local::Letters(accounts) => {
                let sessions = self
                    .links
                    .iter()
                    .filter(|(_, link)| link.account.is_some_and(|account| accounts.contains(&account)));
                for session in sessions.map(|(session, _)| *session).collect::<Vec<_>>() {
                    self.hand_over(session);
                }
            }
            // While some are not answered, the next follow when they are.
            Local::HandOver { session, .. } if self.machine.is_delivering(session) => {}
            Local::HandOver { session, letters } => {
                for (document, entry) in letters {
                    self.letter(session, document, entry);
                }
            }
            Local::AskConversation { root, answers } => self.ask_conversation(root, &answers),
            Local::GiveConversation { session, number, given: (total, posts) } => {
                self.input(Input::Referring(session, number, total, posts));
            }
            Local::AskPiece(asked) => self.ask_piece(asked),
            Local::FileSources { account, answer } => {
                // Fails only where nobody waits any more.
                let _ = answer.send(self.file_sources(&account));
            }
            Local::GivePiece { session, number, account, piece } => {
                let is_for_peer = account.is_some_and(|account| {
                    self.machine.is_shared(session, &account) || self.node.gives(&account)
                });
                let piece = if is_for_peer { piece } else { Bytes::new() };
                self.input(Input::GiveBlob(session, number, piece));
            }
            Local::Misled(session) => self.input(Input::Misled(session)),
            Local::Answer { session, entry, verdict } => self.input(Input::Answer(session, entry, verdict)),
            Local::Committed { changed, identities } => {
                self.input(Input::Committed { tickets: Vec::new(), changed, identities });
            }
            Local::Interests => {
                self.input(Input::Interests(self.node.peers.interests()));
                self.part();
                self.hints.tell(Heard::Interests);
            }
            Local::AskPin(peer) => self.ask_pin_of(&peer),
            Local::TellPinned { session, answer } => self.input(Input::TellPinned(session, answer)),
            Local::PinNews(account) => self.tell_pinned(account),
            Local::Full { account, full } => self.input(Input::Full(account, full)),
            // One that was not heard of for long was tried as the node started.
            Local::Befriend { peer, .. } if !self.node.peers.dials(&peer) => {}
            Local::Befriend { peer, addresses } => self.befriend(&peer, &addresses),
            Local::Connect { address, answer } => self.connect(&address, answer),
            Local::Peers(answer) => {
                // Fails only where the command was broken off.
                let _ = answer.send(self.peer_views());
            }
            Local::Seek { holders, answer } => {
                // Fails only where the node is stopping.
                let _ = answer.send(self.seek(&holders));
            }
            Local::AskHolders(accounts) => self.ask_holders(&accounts),
            Local::Synced(answer) => self.synced.push(answer),
        }
    }

    /// Has the machine ask peers for what they are said to hold; with whom that is shared now.
    fn seek(&mut self, holders: &[(AccountId, Vec<PeerId>)]) -> Shared {
        let mut sought: HashMap<_, BTreeSet<_>> = HashMap::new();
        for (account, peers) in holders {
            for peer in peers {
                sought.entry(peer.to_bytes()).or_default().insert(*account);
            }
        }
        self.input(Input::Sought(sought));
        let peer = |session: SessionId| self.links.get(&session).map(|link| link.peer);
        let sharers =
            holders.iter().map(|(account, _)| self.machine.sharers(account).filter_map(peer).collect());
        Shared { sharers: sharers.collect(), settled: self.machine.settled().filter_map(peer).collect() }
    }

    /// Asks a few peers for a conversation, first those that hold the account of whoever has begun it. Of someone who is
    /// followed privately nobody but that person's own nodes is asked.
    fn ask_conversation(&mut self, root: EntryRef, answers: &mpsc::Sender<Answer>) {
        let is_private = self.node.peers.reason(&root.account) == Some(Reason::Private);
        let may_know = |link: &Link| !is_private || link.account == Some(root.account);
        let links = self.links.iter().filter(|(_, link)| may_know(link));
        let mut sessions: Vec<_> = links.map(|(session, _)| *session).collect();
        sessions.sort_by_key(|session| !self.machine.is_shared(*session, &root.account));
        for session in sessions.into_iter().take(MAX_ASKED) {
            let number = self.next_question;
            self.next_question += 1;
            self.asked.insert(number, (session, answers.clone()));
            self.input(Input::Refer(session, number, root.id));
            if !self.machine.is_asking(session, number) {
                self.asked.remove(&number);
            }
        }
    }

    /// Asks each peer about those of the accounts that it shares; of each account a few.
    fn ask_holders(&mut self, accounts: &[AccountId]) {
        for session in self.links.keys().copied().collect::<Vec<_>>() {
            let shared = accounts.iter().filter(|account| self.machine.is_shared(session, account));
            let shared: Vec<_> = shared.copied().collect();
            if !shared.is_empty() {
                let number = self.next_question;
                self.next_question += 1;
                self.input(Input::AskHolders(session, number, shared));
            }
        }
    }

    /// Tells a peer who else holds accounts, with the addresses that others may be told.
    pub(super) fn tell_holders(
        &mut self,
        session: SessionId,
        number: u64,
        asked: &[(AccountId, Vec<SessionId>)],
    ) {
        let snapshot = self.net.snapshot();
        let holder = |session: &SessionId| {
            let peer = self.links.get(session)?.peer;
            let snapshot = snapshot.borrow();
            let connected = snapshot.peers.iter().find(|connected| connected.peer == peer)?;
            let addresses =
                connected.places.iter().take(limits::MAX_ADDRESSES).map(Multiaddr::to_vec).collect();
            Some(Holder { peer_id: peer.to_bytes(), addresses })
        };
        let holders = asked.iter().map(|(_, sessions)| Hints {
            holders: sessions
                .iter()
                .filter_map(holder)
                .filter(|holder| !holder.addresses.is_empty())
                .take(limits::MAX_HINTS)
                .collect(),
        });
        let holders = holders.collect();
        self.input(Input::TellHolders(session, number, holders));
    }

    /// Who may have what an entry of an account names.
    fn file_sources(&self, account: &AccountId) -> Sources {
        // Whose account a peer is of is known before it can be asked.
        let may_have = |session: SessionId, link: &Link| {
            self.machine.is_live(session)
                && (link.account == Some(*account) || self.machine.is_shared(session, account))
        };
        let links = self.links.iter().filter(|(session, link)| may_have(**session, link));
        let is_met = self.started.elapsed() > MEETING;
        Sources {
            sessions: links.map(|(session, _)| *session).collect(),
            may_grow: !is_met || self.machine.settled().count() < self.links.len(),
        }
    }

    /// Asks for the next pieces that waited for room in a session.
    pub(super) fn ask_waiting_pieces(&mut self, session: SessionId) {
        while self.machine.has_blob_room(session)
            && let Some(asked) = self.waiting_pieces.get_mut(&session).and_then(VecDeque::pop_front)
        {
            // Who has waited too long has gone.
            if !asked.answer.is_closed() {
                self.ask_piece(asked);
            }
        }
    }

    /// Asks for a piece, when there is room in the session.
    fn ask_piece(&mut self, asked: Asked) {
        let session = asked.session;
        if self.machine.has_blob_room(session) {
            let number = self.next_question;
            self.next_question += 1;
            self.input(Input::AskBlob(session, number, asked.want));
            self.pieces.insert(number, (Instant::now(), asked));
            return;
        }
        // Nobody is kept waiting for a peer that owes an answer for too long.
        let is_late = |(at, other): &(Instant, Asked)| other.session == session && at.elapsed() > PATIENCE;
        if self.machine.is_live(session) && !self.pieces.values().any(is_late) {
            let waiting = self.waiting_pieces.entry(session).or_default();
            waiting.retain(|other| !other.answer.is_closed());
            waiting.push_back(asked);
        }
    }

    /// Hands a letter over. A peer that shares its author's account has it by that.
    fn letter(&mut self, session: SessionId, document: Arc<VerifiedId>, entry: Verified<Entry>) {
        if self.machine.is_shared(session, &entry.header.account) {
            if let Some(account) = self.links.get(&session).and_then(|link| link.account) {
                let node = Arc::clone(&self.node);
                tokio::spawn(async move { node.handed_over(account, vec![entry.id]).await });
            }
        } else {
            self.input(Input::Deliver(session, document, Box::new(entry)));
        }
    }

    /// Keeps connections to all peers that the owner named or that proved to be of an account held here, as the node
    /// starts.
    pub(super) fn dial_known(&mut self) {
        for (peer, known) in self.node.peers.known() {
            if known.keeping(now_ms()) == Keeping::Always {
                self.befriend(&peer, &known.addresses);
            }
        }
        self.look_after_known();
    }

    /// Notes which peers are heard of, and tries those that were not for long: each once a day, and not between.
    pub(super) fn look_after_known(&mut self) {
        let now = now_ms();
        for link in self.links.values() {
            self.node.peers.heard(&link.name, now);
        }
        for (name, known) in self.node.peers.known() {
            let (keeping, Ok(peer)) = (known.keeping(now), name.parse::<PeerId>()) else { continue };
            if keeping == Keeping::Always || !known.is_kept() {
                self.tried.remove(&peer);
                continue;
            }
            // Later on it may be hinted at, and then it is not for this to end that.
            if !self.tried.contains_key(&peer) && !self.lan.contains(&peer) {
                self.net.forget(peer);
            }
            if keeping == Keeping::Not {
                self.tried.remove(&peer);
                tracing::info!(peer = name, "not heard of for long, and forgotten");
                self.node.peers.forget(&name);
            } else if self.tried.get(&peer).is_none_or(|tried| tried.elapsed() >= TRY_INTERVAL) {
                self.tried.insert(peer, Instant::now());
                self.node.peers.tries(&name);
                self.try_once(peer, &known.addresses);
            }
        }
    }

    /// Dials each of a peer's addresses once. One that answers is wanted from then on.
    fn try_once(&self, peer: PeerId, addresses: &[String]) {
        let addresses = addresses.iter().filter_map(|address| address.parse::<Multiaddr>().ok());
        for address in addresses.filter_map(|address| address.with_p2p(peer).ok()) {
            let net = self.net.clone();
            tokio::spawn(async move {
                // That it does not answer was to be expected.
                let _ = net.dial(address).await;
            });
        }
    }

    /// No longer dials peers to which no connection is kept any more. One that is near is found there again, unless its
    /// owner is blocked.
    pub(super) fn part(&mut self) {
        for name in self.node.peers.parted() {
            let Ok(peer) = name.parse::<PeerId>() else { continue };
            if self.node.is_barred(&name) {
                self.lan.remove(&peer);
            }
            if !self.lan.contains(&peer) {
                self.net.forget(peer);
            }
        }
    }

    pub(super) fn keeps(&self, peer: &PeerId) -> bool {
        self.node.peers.keeps(&peer.to_string())
    }

    fn befriend(&self, peer: &str, addresses: &[String]) {
        let Ok(peer) = peer.parse::<PeerId>() else {
            tracing::warn!(peer, "a remembered peer has no valid id");
            return;
        };
        let addresses = addresses.iter().filter_map(|address| address.parse::<Multiaddr>().ok()).collect();
        self.net.want(peer, addresses);
    }

    fn connect(&self, address: &str, answer: oneshot::Sender<Result<String, Failure>>) {
        let address: Multiaddr = match address.parse() {
            Ok(address) => address,
            Err(error) => {
                let failure = Failure::usage(
                    format!("{address} is not a multiaddr: {error}"),
                    "An address looks like /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…; `majlis id` prints such addresses.",
                );
                // Fails only where the command was broken off.
                let _ = answer.send(Err(failure));
                return;
            }
        };
        let (net, node) = (self.net.clone(), std::sync::Arc::clone(&self.node));
        tokio::spawn(async move {
            let plain = address.to_string();
            let plain = plain.rsplit_once("/p2p/").map_or(plain.as_str(), |(plain, _)| plain).to_owned();
            let result = match net.dial(address).await {
                Ok(peer) => {
                    let name = peer.to_string();
                    {
                        node.peers.met(&name, &[plain], |known| known.named = true);
                        node.flush_peers().await.map(|()| name)
                    }
                }
                Err(error) => Err(Failure::new(
                    error.to_string(),
                    "Check that the other node is running and reachable, and that the address is right.",
                )),
            };
            // Fails only where the command was broken off.
            let _ = answer.send(result);
        });
    }

    fn peer_views(&self) -> Vec<PeerView> {
        let snapshot = self.net.snapshot();
        let snapshot = snapshot.borrow();
        self.links
            .iter()
            .map(|(id, link)| {
                let connected = snapshot.peers.iter().find(|connected| connected.peer == link.peer);
                let outbound = connected.is_some_and(|connected| connected.direction == Direction::Outbound);
                PeerView {
                    peer_id: link.name.clone(),
                    address: connected.map(|connected| connected.address.to_string()).unwrap_or_default(),
                    direction: if outbound { "out" } else { "in" }.to_owned(),
                    accounts_shared: self.machine.shared(*id).unwrap_or(0),
                    account: link.account.map(|account| account.to_string()),
                    synced: link.synced,
                }
            })
            .collect()
    }
}

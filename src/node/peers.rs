//! What is remembered of peers: their addresses, what was shared with them, who holds the owner's posts; and
//! the accounts that the node holds. All of it lives in memory. Changes are noted and written to the store
//! together by [`Peers::flush`], so that nothing that a peer says makes the driver wait for the disk.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use majlis_protocol::body::BlobId;
use majlis_protocol::sync::{Interest, Interests, PeerMemory, Reason};
use majlis_protocol::{AccountId, EntryId, LogId, LogKey};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Failure, now_ms};
use crate::net::{Found, Multiaddr, PeerId, Reach, Reached};
use crate::store::Store;

#[cfg(test)]
mod tests;

/// Peers that are remembered at most; strangers are forgotten first, then whoever was not seen for longest.
const MAX_PEERS: usize = 1_024;
/// Addresses remembered of one peer.
const MAX_PEER_ADDRESSES: usize = 8;
/// Neighbours in the table by which nodes are found, remembered for the next start.
const MAX_NEIGHBOURS: usize = 32;
/// Names that this node once had on the network, of which its log is to say that they are nowhere.
const MAX_FORMER: usize = 8;
/// Holders remembered of one of the owner's logs.
const MAX_HOLDERS: usize = 1_024;

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// Who was not heard of for so long is dialled once a day.
const STALE: u64 = 30 * DAY;
/// And after so long no more: where it is now is found by the key of its owner, or not at all.
const GONE: u64 = 90 * DAY;
/// But not before it was tried so often, as silence alone may be that of this machine.
const MAX_TRIED: u32 = 20;

const PEER: &[u8] = b"peer/";
const MEMORY: &[u8] = b"memory/";
const INTEREST: &[u8] = b"interest/";
const HELD: &[u8] = b"held/";
const ADDRESSES: &[u8] = b"addresses";
const NEIGHBOURS: &[u8] = b"neighbours";
const FORMER: &[u8] = b"former-peer-ids";

/// Who can dial an address, as this node shows its own and those of its peers.
pub fn reach(address: &str) -> Option<Reach> {
    crate::net::reach(&address.parse().ok()?)
}

/// A peer that was met or named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KnownPeer {
    /// Multiaddrs, newest first, without `/p2p/…`.
    pub addresses: Vec<String>,
    /// The owner named it by itself: it is a friend.
    pub named: bool,
    /// Accounts that the owner follows and whose invites named it: it is a friend as well.
    #[serde(default)]
    pub invited: BTreeSet<[u8; 32]>,
    /// It has proved to be of an account that the owner follows, or of the owner's.
    pub friend: bool,
    /// The account that it last proved to be of.
    #[serde(default)]
    pub account: Option<[u8; 32]>,
    /// When it last had nothing new, milliseconds since 1970.
    pub synced: u64,
    /// When it was last heard of, in a session or as the owner named it, milliseconds since 1970.
    #[serde(default)]
    pub heard: u64,
    /// How often it was tried since, at starts and once a day.
    #[serde(default)]
    pub tried: u32,
}

/// How hard it is tried to keep a connection to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Not at all.
    Not,
    /// As it was not heard of for long: once a day.
    Seldom,
    /// All the time.
    Always,
}

impl KnownPeer {
    /// Whether the owner has named it, by itself or with an invite.
    pub fn is_named(&self) -> bool {
        self.named || !self.invited.is_empty()
    }

    /// The owner names it now, by itself.
    pub fn name(&mut self) {
        self.named = true;
        self.heard = now_ms();
    }

    /// Whether a connection to it is kept.
    pub fn is_kept(&self) -> bool {
        self.is_named() || self.friend
    }

    /// The same as of a time, milliseconds since 1970: who is not heard of is dialled ever more rarely, and at last no
    /// more, unless the owner named it. A clock that went back finds everyone heard of; one that is ahead, or a machine
    /// that was off for a season, forgets nobody who was not tried so often.
    pub fn keeping(&self, now: u64) -> Keeping {
        let silent = now.saturating_sub(self.heard);
        let is_gone = silent >= GONE && self.tried >= MAX_TRIED && !self.is_named();
        if !self.is_kept() || is_gone {
            Keeping::Not
        } else if silent >= STALE {
            Keeping::Seldom
        } else {
            Keeping::Always
        }
    }
}

/// Where the node listens, or last did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Its port, kept so that invites stay true.
    pub port: u16,
    /// Multiaddrs, without `/p2p/…`.
    pub listen: Vec<String>,
}

type Held = BTreeMap<LogKey, BTreeMap<String, (u64, u64)>>;

#[derive(Default)]
struct State {
    peers: BTreeMap<String, KnownPeer>,
    memories: BTreeMap<String, PeerMemory>,
    interests: Interests,
    /// Own log → peer → highest sequence number that it said it holds, from 1.
    held: Held,
    addresses: Addresses,
    /// Nodes asked first when others are sought by a key alone: peer id and multiaddrs.
    neighbours: Vec<(String, Vec<String>)>,
    /// How others come to a node that runs, and how many neighbours it has in the table by which nodes are found.
    standing: Option<(Reached, usize)>,
    /// Names that this node had, newest first.
    former: Vec<String>,
    /// Peers to which a connection was kept and is not any more, of which the network has not been told yet.
    parted: BTreeSet<String>,
    changed: BTreeSet<Changed>,
}

/// What is remembered of peers, and whose turn it is to write it down.
pub struct Peers(Mutex<State>, Mutex<()>);

fn key(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    [prefix, name].concat()
}

fn name(key: &[u8], prefix: &[u8]) -> Option<String> {
    String::from_utf8(key.get(prefix.len()..)?.to_vec()).ok()
}

fn encode_memory(memory: &PeerMemory) -> Vec<u8> {
    let mut out = vec![u8::from(memory.friend)];
    out.extend_from_slice(&memory.offered.to_be_bytes());
    out.extend_from_slice(memory.shared.as_flattened());
    out
}

fn decode_memory(bytes: &[u8]) -> Option<PeerMemory> {
    let (&friend, rest) = bytes.split_first()?;
    let (offered, shared) = rest.split_first_chunk::<8>()?;
    let (shared, rest) = shared.as_chunks::<32>();
    let offered = u64::from_be_bytes(*offered);
    rest.is_empty().then(|| PeerMemory { shared: shared.to_vec(), offered, friend: friend == 1 })
}

fn decode_reason(byte: u8) -> Option<Reason> {
    [Reason::Own, Reason::Public, Reason::Pinned, Reason::Private].get(usize::from(byte)).copied()
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| {
        Failure::new(
            format!("cannot write a setting: {error}"),
            "This is a fault of Majlis; please report it.",
        )
    })
}

/// Part of the state that differs from what the store has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Changed {
    Peer(String),
    Memory(String),
    Held(String),
    Interest(AccountId),
    Addresses,
    Neighbours,
    Former,
}

impl State {
    /// A part as the store keeps it; none if it is to be removed.
    fn row(&self, changed: &Changed) -> Result<(Vec<u8>, Option<Vec<u8>>), Failure> {
        Ok(match changed {
            Changed::Peer(name) => (key(PEER, name.as_bytes()), self.peers.get(name).map(json).transpose()?),
            Changed::Memory(name) => {
                (key(MEMORY, name.as_bytes()), self.memories.get(name).map(encode_memory))
            }
            Changed::Held(name) => {
                let of_peer: Vec<_> = self
                    .held
                    .iter()
                    .filter_map(|(log, holders)| holders.get(name).map(|span| (log, span)))
                    .map(|(log, (low, top))| ([log.account.0, log.device.0], log.log_id.0, low, top))
                    .collect();
                let value = (!of_peer.is_empty()).then(|| json(&of_peer)).transpose()?;
                (key(HELD, name.as_bytes()), value)
            }
            Changed::Interest(account) => {
                let value = self.interests.get(account).map(|interest| {
                    let mut value = vec![interest.reason as u8];
                    value.extend_from_slice(&interest.since.to_be_bytes());
                    value
                });
                (key(INTEREST, &account.0), value)
            }
            Changed::Neighbours => (NEIGHBOURS.to_vec(), Some(json(&self.neighbours)?)),
            Changed::Former => (FORMER.to_vec(), Some(json(&self.former)?)),
            Changed::Addresses => (ADDRESSES.to_vec(), Some(json(&self.addresses)?)),
        })
    }
}

impl Peers {
    pub(super) fn load(store: &Store) -> Result<Self, Failure> {
        let mut state = State::default();
        for (key, value) in store.settings(PEER)? {
            if let (Some(name), Ok(mut peer)) =
                (name(&key, PEER), serde_json::from_slice::<KnownPeer>(&value))
            {
                if peer.heard == 0 {
                    // Written before this was noted.
                    peer.heard = now_ms();
                    state.changed.insert(Changed::Peer(name.clone()));
                }
                state.peers.insert(name, peer);
            }
        }
        for (key, value) in store.settings(MEMORY)? {
            if let (Some(name), Some(memory)) = (name(&key, MEMORY), decode_memory(&value)) {
                state.memories.insert(name, memory);
            }
        }
        for (key, value) in store.settings(INTEREST)? {
            let account = key.get(INTEREST.len()..).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let interest = value.split_first().and_then(|(reason, since)| {
                let since = u64::from_be_bytes(since.try_into().ok()?);
                Some(Interest { reason: decode_reason(*reason)?, since })
            });
            if let (Some(account), Some(interest)) = (account, interest) {
                state.interests.restore(AccountId(account), interest);
            }
        }
        for (key, value) in store.settings(HELD)? {
            if let (Some(peer), Ok(held)) =
                (name(&key, HELD), serde_json::from_slice::<Vec<([[u8; 32]; 2], u64, u64, u64)>>(&value))
            {
                for ([account, device], log_id, low, top) in held {
                    let (account, device) = (AccountId(account), majlis_protocol::DeviceId(device));
                    let log = LogKey { account, device, log_id: LogId(log_id) };
                    if store.replica().log(&log).is_some() {
                        state.held.entry(log).or_default().insert(peer.clone(), (low, top));
                    } else {
                        state.changed.insert(Changed::Held(peer.clone()));
                    }
                }
            }
        }
        if let Some(bytes) = store.setting(ADDRESSES)? {
            state.addresses = serde_json::from_slice(&bytes).unwrap_or_default();
        }
        if let Some(bytes) = store.setting(NEIGHBOURS)? {
            state.neighbours = serde_json::from_slice(&bytes).unwrap_or_default();
        }
        if let Some(bytes) = store.setting(FORMER)? {
            state.former = serde_json::from_slice(&bytes).unwrap_or_default();
        }
        Ok(Self(Mutex::new(state), Mutex::default()))
    }

    /// Writes what has changed to the store: one at a time, so that what came later is never overwritten by what came
    /// before. What cannot be written stays noted. Waits for the disk.
    pub(super) fn flush(&self, store: &Store) -> Result<(), Failure> {
        let _turn = self.1.lock();
        let (changed, rows) = {
            let mut state = self.0.lock();
            let rows =
                state.changed.iter().map(|changed| state.row(changed)).collect::<Result<Vec<_>, _>>()?;
            (std::mem::take(&mut state.changed), rows)
        };
        if rows.is_empty() {
            return Ok(());
        }
        let written = store.set_settings(rows);
        if written.is_err() {
            self.0.lock().changed.extend(changed);
        }
        Ok(written?)
    }

    /// What the node holds.
    pub fn interests(&self) -> Interests {
        self.0.lock().interests.clone()
    }

    /// Why the node holds an account, if it does.
    pub fn reason(&self, account: &AccountId) -> Option<Reason> {
        self.0.lock().interests.reason(account)
    }

    /// Holds one account for this reason, or for none.
    pub(super) fn set_interest(&self, account: &AccountId, reason: Option<Reason>) {
        let mut state = self.0.lock();
        match reason {
            Some(reason) => state.interests.insert(*account, reason),
            None => state.interests.remove(account),
        }
        state.changed.insert(Changed::Interest(*account));
    }

    pub(super) fn set_interests(&self, wanted: &[(AccountId, Reason)]) {
        let mut state = self.0.lock();
        let keep: BTreeSet<_> = wanted.iter().map(|(account, _)| *account).collect();
        let gone: Vec<_> = state
            .interests
            .iter()
            .map(|(account, _)| *account)
            .filter(|account| !keep.contains(account))
            .collect();
        for account in gone {
            state.interests.remove(&account);
            state.changed.insert(Changed::Interest(account));
        }
        for (account, reason) in wanted {
            if state.interests.reason(account) != Some(*reason) {
                state.interests.insert(*account, *reason);
                state.changed.insert(Changed::Interest(*account));
            }
        }
    }

    /// Takes note of an address that the owner gave and that names its peer; returns the peer and all addresses
    /// known of it.
    pub(super) fn name_address(&self, address: &str) -> Result<(String, Vec<String>), Failure> {
        self.note_address(address, KnownPeer::name)
    }

    /// The same of an address in the invite of an account that the owner follows now.
    pub(super) fn invite_address(
        &self,
        address: &str,
        account: &AccountId,
    ) -> Result<(String, Vec<String>), Failure> {
        self.note_address(address, |known| {
            known.invited.insert(account.0);
            known.heard = now_ms();
        })
    }

    fn note_address(
        &self,
        address: &str,
        change: impl FnOnce(&mut KnownPeer),
    ) -> Result<(String, Vec<String>), Failure> {
        let Some((address, peer)) = address.rsplit_once("/p2p/").filter(|(_, peer)| !peer.is_empty()) else {
            return Err(Failure::usage(
                format!("{address} does not name its peer"),
                "An address ends in /p2p/ and the peer's id; `majlis id` prints such addresses.",
            ));
        };
        self.met(peer, &[address.to_owned()], change);
        let state = self.0.lock();
        Ok((peer.to_owned(), state.peers.get(peer).map(|known| known.addresses.clone()).unwrap_or_default()))
    }

    /// Takes note of a peer and where it was reached.
    pub(super) fn met(&self, peer: &str, addresses: &[String], change: impl FnOnce(&mut KnownPeer)) {
        let mut state = self.0.lock();
        let known = state.peers.entry(peer.to_owned()).or_default();
        for address in addresses {
            known.addresses.retain(|held| held != address);
            known.addresses.insert(0, address.clone());
        }
        known.addresses.truncate(MAX_PEER_ADDRESSES);
        if known.heard == 0 {
            known.heard = now_ms();
        }
        change(known);
        state.changed.insert(Changed::Peer(peer.to_owned()));
        if state.peers.len() > MAX_PEERS {
            let least = state
                .peers
                .iter()
                .filter(|(name, _)| *name != peer)
                .min_by_key(|(_, known)| (known.is_named(), known.friend, known.synced))
                .map(|(name, _)| name.clone());
            if let Some(least) = least {
                state.peers.remove(&least);
                state.memories.remove(&least);
                state.changed.insert(Changed::Peer(least.clone()));
                state.changed.insert(Changed::Memory(least));
            }
        }
    }

    /// Every remembered peer.
    pub fn known(&self) -> Vec<(String, KnownPeer)> {
        self.0.lock().peers.iter().map(|(name, known)| (name.clone(), known.clone())).collect()
    }

    /// What is remembered of one peer.
    pub fn about(&self, peer: &str) -> Option<KnownPeer> {
        self.0.lock().peers.get(peer).cloned()
    }

    /// Whether a connection to the peer is kept: the owner named it, or it proved to be of an account held here.
    pub fn keeps(&self, peer: &str) -> bool {
        self.0.lock().peers.get(peer).is_some_and(KnownPeer::is_kept)
    }

    /// Whether it is tried all the time to keep a connection to the peer.
    pub fn dials(&self, peer: &str) -> bool {
        let now = now_ms();
        self.0.lock().peers.get(peer).is_some_and(|known| known.keeping(now) == Keeping::Always)
    }

    /// A peer has proved to be of this account, which the owner follows if it is a `friend`.
    pub(super) fn proved(&self, peer: &str, addresses: &[String], account: &AccountId, friend: bool) {
        let was_kept = self.keeps(peer);
        // Strangers are remembered when there is something to remember of them.
        if friend || self.about(peer).is_some() {
            self.met(peer, addresses, |known| {
                known.account = Some(account.0);
                known.friend = friend;
            });
        }
        if was_kept && !self.keeps(peer) {
            self.0.lock().parted.insert(peer.to_owned());
        }
    }

    /// Looks at every peer by whom the owner follows and blocks now. Of someone who is followed no longer no connection
    /// is kept, unless the owner named the peer by itself; of someone who is blocked not even then.
    pub(super) fn part(&self, followed: &BTreeSet<AccountId>, blocked: &BTreeSet<AccountId>) {
        let mut state = self.0.lock();
        let State { peers, parted, changed, .. } = &mut *state;
        for (name, known) in peers.iter_mut() {
            let before = (known.is_kept(), known.friend, known.named, known.invited.len());
            let account = known.account.map(AccountId);
            known.friend &= account.is_none_or(|account| followed.contains(&account));
            known.invited.retain(|account| followed.contains(&AccountId(*account)));
            if account.is_some_and(|account| blocked.contains(&account)) {
                known.named = false;
                known.invited.clear();
            }
            let after = (known.is_kept(), known.friend, known.named, known.invited.len());
            if before != after {
                changed.insert(Changed::Peer(name.clone()));
            }
            if after.0 {
                parted.remove(name);
            } else if before.0 {
                parted.insert(name.clone());
            }
        }
    }

    /// A session with a peer is live, or goes on, at this time in milliseconds since 1970.
    pub(super) fn heard(&self, peer: &str, now: u64) {
        let mut state = self.0.lock();
        if let Some(known) = state.peers.get_mut(peer) {
            (known.heard, known.tried) = (now, 0);
            state.changed.insert(Changed::Peer(peer.to_owned()));
        }
    }

    /// A peer that was not heard of for long is tried once more.
    pub(super) fn tries(&self, peer: &str) {
        let mut state = self.0.lock();
        if let Some(known) = state.peers.get_mut(peer) {
            known.tried = known.tried.saturating_add(1);
            state.changed.insert(Changed::Peer(peer.to_owned()));
        }
    }

    /// Forgets a peer and what was shared with it.
    pub(super) fn forget(&self, peer: &str) {
        let mut state = self.0.lock();
        state.peers.remove(peer);
        state.memories.remove(peer);
        state.changed.extend([Changed::Peer(peer.to_owned()), Changed::Memory(peer.to_owned())]);
    }

    /// Peers to which no connection is kept any more, since this was last asked.
    pub(super) fn parted(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.0.lock().parted)
    }

    /// The account that a peer last proved to be of.
    pub(super) fn account_of(&self, peer: &str) -> Option<AccountId> {
        self.0.lock().peers.get(peer)?.account.map(AccountId)
    }

    /// What was shared with a peer.
    pub fn memory(&self, peer: &str) -> Option<PeerMemory> {
        self.0.lock().memories.get(peer).cloned()
    }

    pub(super) fn remember(&self, peer: &str, memory: PeerMemory) {
        self.met(peer, &[], |_| {});
        let mut state = self.0.lock();
        state.memories.insert(peer.to_owned(), memory);
        state.changed.insert(Changed::Memory(peer.to_owned()));
    }

    /// When a peer that shares the account last had nothing new.
    pub fn last_synced(&self, account: &AccountId) -> Option<u64> {
        let state = self.0.lock();
        state
            .memories
            .iter()
            .filter(|(_, memory)| memory.shared.binary_search(&account.0).is_ok())
            .filter_map(|(peer, _)| state.peers.get(peer))
            .map(|known| known.synced)
            .filter(|synced| *synced > 0)
            .max()
    }

    pub(super) fn synced(&self, peer: &str) {
        self.met(peer, &[], |known| known.synced = now_ms());
    }

    /// A peer says that it holds this interval of one of the owner's logs, which is known here. Where too many have said
    /// so, one that is not remembered any more gives way.
    pub(super) fn holds(&self, peer: &str, log: LogKey, low: u64, top: u64) {
        let mut state = self.0.lock();
        let State { held, peers, changed, .. } = &mut *state;
        let holders = held.entry(log).or_default();
        if holders.len() >= MAX_HOLDERS && !holders.contains_key(peer) {
            let Some(gone) = holders.keys().find(|name| !peers.contains_key(*name)).cloned() else { return };
            holders.remove(&gone);
            changed.insert(Changed::Held(gone));
        }
        if holders.insert(peer.to_owned(), (low, top)) != Some((low, top)) {
            changed.insert(Changed::Held(peer.to_owned()));
        }
    }

    /// How many other nodes have said that they hold this entry of the owner's.
    pub fn holders(&self, log: &LogKey, seq: u64) -> u64 {
        let state = self.0.lock();
        let holders = state.held.get(log).into_iter().flat_map(BTreeMap::values);
        holders.filter(|(low, top)| (*low..=*top).contains(&seq)).count() as u64
    }

    /// Who has said that they hold part of one of the owner's logs, and from where to where.
    pub(super) fn spans(&self, log: &LogKey) -> Vec<(String, (u64, u64))> {
        let state = self.0.lock();
        let holders = state.held.get(log).into_iter().flatten();
        holders.map(|(peer, span)| (peer.clone(), *span)).collect()
    }

    /// Where the node listens, or last did.
    pub fn addresses(&self) -> Addresses {
        self.0.lock().addresses.clone()
    }

    /// How others come here, as far as the running node knows, and how many neighbours it has in the table by which
    /// nodes are found.
    pub fn standing(&self) -> Option<(Reached, usize)> {
        self.0.lock().standing
    }

    /// The neighbours in the table by which nodes are found, as they were when there last were any.
    pub(super) fn neighbours(&self) -> Found {
        let state = self.0.lock();
        let known = state.neighbours.iter().filter_map(|(peer, addresses)| {
            let addresses = addresses.iter().filter_map(|address| address.parse().ok()).collect();
            Some((peer.parse().ok()?, addresses))
        });
        known.collect()
    }

    pub(super) fn set_neighbours(&self, neighbours: &[(PeerId, Vec<Multiaddr>)]) {
        let known: Vec<_> = neighbours
            .iter()
            .take(MAX_NEIGHBOURS)
            .map(|(peer, addresses)| (peer.to_string(), addresses.iter().map(ToString::to_string).collect()))
            .collect();
        let mut state = self.0.lock();
        if !known.is_empty() && state.neighbours != known {
            state.neighbours = known;
            state.changed.insert(Changed::Neighbours);
        }
    }

    /// This node gives up its name, and where it was found under that.
    pub(super) fn renamed(&self, former: &PeerId) {
        let mut state = self.0.lock();
        state.former.insert(0, former.to_string());
        state.former.truncate(MAX_FORMER);
        state.addresses = Addresses::default();
        state.changed.extend([Changed::Former, Changed::Addresses]);
    }

    /// The names that this node had before this one.
    pub(super) fn former(&self, now: &PeerId) -> Vec<PeerId> {
        let state = self.0.lock();
        state.former.iter().filter_map(|name| name.parse().ok()).filter(|name| name != now).collect()
    }

    pub(super) fn set_addresses(&self, mut addresses: Addresses, standing: (Reached, usize)) {
        let mut state = self.0.lock();
        state.standing = Some(standing);
        if addresses.port == 0 {
            // It listens nowhere now; when it does again, its invites are to be true.
            addresses.port = state.addresses.port;
        }
        if state.addresses != addresses {
            state.addresses = addresses;
            state.changed.insert(Changed::Addresses);
        }
    }
}

impl Addresses {
    /// From the addresses that the listeners report, and all at which the node is.
    pub fn new(listen: &[Multiaddr], all: &[Multiaddr]) -> Self {
        let own = listen.iter().map(ToString::to_string).filter(|address| !address.contains("/p2p-circuit"));
        let port = own.into_iter().find_map(|address| port_of(&address)).unwrap_or(0);
        Self { port, listen: all.iter().map(ToString::to_string).collect() }
    }
}

fn port_of(address: &str) -> Option<u16> {
    let mut parts = address.split('/');
    parts.by_ref().find(|part| matches!(*part, "tcp" | "udp"))?;
    parts.next()?.parse().ok()
}

impl super::Node {
    /// The port to listen on again, so that invites stay true; 0 at first.
    pub fn port(&self) -> u16 {
        self.peers.addresses().port
    }

    /// Keeps a connection to the peer at an address that names it.
    pub async fn befriend(self: &Arc<Self>, address: &str) -> Result<(), Failure> {
        // That it is among the settings still says nothing new of it.
        let (peer, addresses) = self.peers.note_address(address, |known| {
            if !known.is_named() {
                known.name();
            }
        })?;
        self.tell(super::Local::Befriend { peer, addresses }).await;
        self.flush_peers().await
    }

    /// Writes down what was learnt of peers.
    pub(super) async fn flush_peers(self: &Arc<Self>) -> Result<(), Failure> {
        let node = Arc::clone(self);
        super::blocking(move || node.peers.flush(&node.store)).await
    }

    /// Removes the bytes of what was taken back and whose grace is over.
    pub async fn purge_due(self: &Arc<Self>) -> Result<(), Failure> {
        let node = Arc::clone(self);
        super::blocking(move || node.purge(&[], &HashSet::new())).await
    }

    /// The same, and of what is named before its grace is over: entries, and files that nothing names any more.
    pub(super) fn purge(&self, forced: &[EntryId], files: &HashSet<BlobId>) -> Result<(), Failure> {
        let report = self.store.purge(now_ms(), forced)?;
        tracing::debug!(?report, "purged");
        self.collect(files)?;
        if report.compacted {
            self.compact_found()?;
        }
        Ok(())
    }
}

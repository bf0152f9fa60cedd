//! The owner's identity: made at first start, restored from its phrase, ended.

use std::path::Path;
use std::sync::Arc;

use majlis_protocol::identity::{Ended, IdDoc, IdDraft, Phrase, Roots, VerifiedId, merge};
use zeroize::Zeroizing;

use super::api::IdView;
use super::keys::{Keys, forget_phrase, kept_phrase, random};
use super::{Failure, Local, Node, NodeConfig, now_ms};
use crate::blobs::BlobsConfig;
use crate::net::PeerId;
use crate::store::{Batch, Store, StoreConfig};

/// Makes the keys of a new account. A home in which a phrase is kept but no keys is one whose making was cut
/// short: it goes on with that phrase.
pub(super) fn found(home: &Path) -> Result<Keys, Failure> {
    let phrase = match kept_phrase(home)? {
        Some(phrase) => phrase,
        None => Phrase::from_entropy(*Zeroizing::new(random()?)),
    };
    Keys::create(home, &phrase)
}

/// Makes a home for an account that exists: a new device. What the account has written comes from peers, and
/// so does the list of its other devices, without which this one does not sign anything.
pub fn restore(
    home: &Path,
    phrase: &str,
    peers: &[String],
    (store, config, blobs): (&StoreConfig, &NodeConfig, &BlobsConfig),
) -> Result<IdView, Failure> {
    let phrase = Phrase::parse(phrase).map_err(|error| {
        Failure::usage(error.to_string(), "Type the 24 words in order, separated by spaces.")
    })?;
    if Keys::load(home)?.is_some() {
        return Err(Failure::new(
            format!("{} already holds an account", home.display()),
            "Choose a new home: `majlis --home DIR recovery restore`.",
        ));
    }
    let (opened, _) = Store::open(home, store.clone())?;
    opened.set_setting(RESTORING, Some(b"1"))?;
    let keys = Keys::create(home, &phrase)?;
    let node = Node::with(home, keys, opened, (config, store, blobs))?;
    for peer in peers {
        node.peers.name_address(peer)?;
    }
    let view = node.id_view();
    node.close()?;
    view
}

/// Gives a home whose node does not run another name on the network, and another port: nobody can tell by these that it is
/// the node that they knew. Its followers are told by its own log.
pub fn renew_peer_id(
    home: &Path,
    (store, config, blobs): (&StoreConfig, &NodeConfig, &BlobsConfig),
) -> Result<PeerId, Failure> {
    let mut keys = existing(home)?;
    let node = Node::open(home, store, config, blobs)?.0;
    // First, so that the log takes the old name back whatever happens.
    node.peers.renamed(&keys.peer_id()?);
    node.peers.flush(&node.store)?;
    keys.renew_transport(home)?;
    node.close()?;
    keys.peer_id()
}

/// The keys of a home that is meant to hold an account.
fn existing(home: &Path) -> Result<Keys, Failure> {
    Keys::load(home)?.ok_or_else(|| {
        Failure::new(
            format!("{} holds no account", home.display()),
            "Say which home is meant: `majlis --home DIR …`.",
        )
    })
}

/// Closes a home, which is to go on elsewhere: from then on only a copy of it starts; or takes that back.
pub fn set_moved(
    home: &Path,
    moved: bool,
    (store, config, blobs): (&StoreConfig, &NodeConfig, &BlobsConfig),
) -> Result<(), Failure> {
    existing(home)?;
    if moved {
        // What an opening has to set right is not left to the other machine, nor is a home moved on that is damaged.
        Node::open(home, store, config, blobs)?.0.close()?;
    }
    Ok(Store::set_moved(home, moved)?)
}

/// Set while a restored home has not yet heard of the account's other devices.
const RESTORING: &[u8] = b"restoring";

impl Node {
    /// Sees to it that an identity document lists this device: at first start, and when a restored home hears
    /// from a peer what other devices there are.
    pub(super) fn establish(&self) -> Result<(), Failure> {
        let restoring = self.store.setting(RESTORING)?.is_some();
        let known = self.documents();
        let device = self.keys.device_id();
        if known.iter().any(|doc| doc.device(device).is_some()) || (restoring && known.is_empty()) {
            return Ok(());
        }
        let Some(phrase) = kept_phrase(&self.home)? else {
            return Err(Failure::new(
                "this device is not listed in the account's identity, and the recovery phrase is gone",
                "Make a new home with `majlis --home NEW recovery restore`.",
            ));
        };
        let document = self.next_document(&phrase, None)?;
        self.store.append_own_identity(&document)?;
        let batch = Batch { now_ms: now_ms(), own: true, identities: vec![document], ..Batch::default() };
        self.store.commit_blocking(batch)?;
        Ok(self.store.set_setting(RESTORING, None)?)
    }

    fn documents(&self) -> Vec<Arc<VerifiedId>> {
        let replica = self.store.replica();
        let account = replica.account(&self.keys.account);
        account.into_iter().flat_map(|account| account.register().docs()).cloned().collect()
    }

    /// The union of every document known, with this device, one version further.
    fn next_document(&self, phrase: &Phrase, ended: Option<Ended>) -> Result<Arc<VerifiedId>, Failure> {
        let known = self.documents();
        let mut devices = merge(known.iter().map(AsRef::as_ref));
        let listing = self.keys.listing();
        if devices.iter().all(|device| device.key != listing.key) {
            devices.push(listing);
        }
        let latest = known.iter().max_by_key(|doc| (doc.k(), doc.version()));
        let draft = IdDraft {
            k: latest.map_or(0, |doc| doc.k()),
            version: latest.map_or(1, |doc| doc.version() + 1),
            timestamp: now_ms(),
            blind: random()?,
            devices,
            ended: ended.or_else(|| known.iter().find_map(|doc| doc.doc().ended)),
            moved_to: latest.and_then(|doc| doc.doc().moved_to),
        };
        IdDoc::sign(&Roots::derive(phrase), draft).map(Arc::new).map_err(|error| {
            Failure::new(format!("cannot sign the identity: {error}"), "End a device that is no longer used.")
        })
    }

    /// Whether this device may sign: it is listed in the identity known here.
    pub(super) fn may_sign(&self) -> Result<(), Failure> {
        let replica = self.store.replica();
        let account = replica.account(&self.keys.account);
        let current = account.and_then(|account| account.register().current());
        match current {
            Some(current) if current.doc().ended.is_some() => Err(Failure::new(
                "this account has ended",
                "Begin a new one in another home: `majlis --home DIR`.",
            )),
            Some(current)
                if current.device(self.keys.device_id()).is_some_and(|device| device.ended.is_none()) =>
            {
                Ok(())
            }
            _ => Err(Failure::new(
                "this restored device has not yet heard from a peer which other devices the account has",
                "Start the node with `majlis` and connect to a friend (`majlis connect ADDRESS`); then try again.",
            )),
        }
    }

    /// Says good-bye: the account is over and all its bytes are asked to be deleted.
    pub(super) async fn end_account(self: &Arc<Self>, phrase: Option<&str>) -> Result<(), Failure> {
        let phrase = match (kept_phrase(&self.home)?, phrase) {
            (Some(kept), _) => kept,
            (None, Some(given)) => Phrase::parse(given).map_err(|error| {
                Failure::usage(error.to_string(), "Type the 24 words in order, separated by spaces.")
            })?,
            (None, None) => {
                return Err(Failure::usage(
                    "the recovery phrase is needed to end the account, and it is no longer kept here",
                    "Give the 24 words on standard input.",
                ));
            }
        };
        if Roots::derive(&phrase).account() != self.keys.account {
            return Err(Failure::usage(
                "this is the recovery phrase of another account",
                "Type the phrase that was shown when this account was made.",
            ));
        }
        let document = self.next_document(&phrase, Some(Ended { at: now_ms(), erase: true }))?;
        self.store.append_own_identity(&document)?;
        self.commit_own(Arc::default(), vec![document]).await?;
        self.own_news(false).await
    }

    /// The kept recovery phrase.
    pub(super) fn phrase(&self) -> Result<Zeroizing<String>, Failure> {
        kept_phrase(&self.home)?.map(|phrase| phrase.text()).ok_or_else(|| {
            Failure::new(
                "the recovery phrase was confirmed as written down and is no longer kept",
                "It cannot be shown again. Look where you wrote it down.",
            )
        })
    }

    /// Removes the recovery phrase, once this device is listed.
    pub(super) fn confirm_phrase(&self) -> Result<(), Failure> {
        self.phrase()?;
        self.may_sign()?;
        forget_phrase(&self.home)
    }

    /// Takes note of what has come in from elsewhere and is of the owner's account: entries of another device,
    /// which change whom the owner follows, and documents (`identity`).
    pub(super) async fn own_news(self: &Arc<Self>, identity: bool) -> Result<(), Failure> {
        if identity {
            let node = Arc::clone(self);
            super::blocking(move || node.establish()).await?;
            let (changed, identities) = (Vec::new(), vec![self.keys.account]);
            self.tell(Local::Committed { changed, identities }).await;
        }
        self.refresh_private().await?;
        let node = Arc::clone(self);
        super::blocking(move || node.refresh_interests()).await?;
        self.tell(Local::Interests).await;
        Ok(())
    }
}

//! Backup: a file as an export writes it, with what the node keeps for itself. The keys of the home are not in it, nor
//! is the recovery phrase: what is restored is a new device of the account.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use majlis_protocol::sealed::PrivateItem;

use super::export::What;
use super::file::Records;
use super::{cannot_open, import::BATCH};
use crate::node::execute::Out;
use crate::node::keys::write_private;
use crate::node::{Failure, Node, blocking};

/// The configuration file, as it is.
const CONFIG: &str = "config";
/// A private item in clear, behind the timestamp of its entry (u64).
const ITEM: &str = "item";
/// A setting about accounts that are held for others, or nodes that were asked: the length of its name (u8), its name,
/// its value.
const PIN: &str = "pin";
/// An address of a peer that the owner has named or that is a friend, with the peer's id.
const PEER: &str = "peer";
/// Where the configuration lies in a home.
const CONFIG_FILE: &str = "config.toml";

/// Whether a file looks like an archive, before anything is done on account of it.
pub fn is_archive(path: &Path) -> Result<(), Failure> {
    Records::open(path).map(drop).map_err(|fault| cannot_open(path, &fault))
}

impl Node {
    pub(in crate::node) async fn backup(
        self: &Arc<Self>,
        file: PathBuf,
        leave_bucket: bool,
        out: &Out,
    ) -> Result<(), Failure> {
        self.export(file, What { kept: true, leave_bucket, ..What::default() }, out).await
    }

    pub(in crate::node) async fn restore(self: &Arc<Self>, file: PathBuf, out: &Out) -> Result<(), Failure> {
        self.import(file, true, out).await?;
        self.may_sign().map_err(|_| {
            Failure::new(
                "the file says nothing of the account that has this recovery phrase",
                "Remove this home, and give the phrase and the backup of one account.",
            )
        })
    }

    /// What the node keeps for itself: names, and what they name.
    pub(super) fn kept_for_itself(&self) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
        let mut kept = Vec::new();
        let config = self.home.join(CONFIG_FILE);
        match std::fs::read(&config) {
            Ok(text) => kept.push((CONFIG, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::new(
                    format!("cannot read {}: {error}", config.display()),
                    "Check who owns it.",
                ));
            }
        }
        for (item, time) in self.every_private_item() {
            kept.push((ITEM, [time.to_be_bytes().as_slice(), &item.encode().map_err(unreadable)?].concat()));
        }
        for (name, value) in self.pins.kept()? {
            // None is longer: a peer's id is the longest of what they are named by.
            if let Ok(length) = u8::try_from(name.len()) {
                kept.push((PIN, [&[length], name.as_slice(), &value].concat()));
            }
        }
        for (peer, known) in self.peers.known().into_iter().filter(|(_, known)| known.is_kept()) {
            let of_peer = known.addresses.iter().map(|address| format!("{address}/p2p/{peer}"));
            kept.extend(of_peer.map(|address| (PEER, address.into_bytes())));
        }
        Ok(kept)
    }

    /// Takes what a node has kept for itself over into this new home. What is not known is passed over.
    pub(super) async fn take_kept(self: &Arc<Self>, kept: Vec<(String, Bytes)>) -> Result<(), Failure> {
        let (mut items, mut pins) = (Vec::new(), false);
        for (name, value) in kept {
            match name.as_str() {
                PIN => {
                    let setting = value
                        .split_first()
                        .and_then(|(length, rest)| rest.split_at_checked((*length).into()));
                    if let Some((name, value)) = setting {
                        self.pins.take_kept(name, value);
                        pins = true;
                    }
                }
                CONFIG => {
                    let config = self.home.join(CONFIG_FILE);
                    if !config.exists() {
                        blocking(move || write_private(&config, &value)).await?;
                    }
                }
                ITEM => {
                    let time = value.split_first_chunk::<8>();
                    if let Some((time, item)) = time
                        && let Ok(Some(item)) = PrivateItem::decode(item)
                    {
                        items.push((item, u64::from_be_bytes(*time)));
                    }
                }
                PEER => {
                    if let Ok(address) = std::str::from_utf8(&value) {
                        // An address that is none any more helps nobody.
                        let _ = self.peers.name_address(address);
                    }
                }
                _ => {}
            }
        }
        for part in items.chunks(BATCH) {
            self.put_private_items(part.to_vec()).await?;
        }
        if pins {
            let node = Arc::clone(self);
            blocking(move || {
                node.pins.flush(&node.store)?;
                node.refresh_interests()
            })
            .await?;
        }
        self.flush_peers().await
    }
}

fn unreadable(error: majlis_protocol::body::BodyError) -> Failure {
    Failure::new(format!("a private item cannot be written: {error}"), "Run `majlis verify`.")
}

//! The have file: written here for others, and read where others have written it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use majlis_protocol::body::BlobId;
use majlis_protocol::have::{Have, HeldAccount, HeldLog, HeldRun, MAGIC, Salt};
use majlis_protocol::limits::{MAX_HAVE, MAX_HAVE_FILES};
use majlis_protocol::state::Visibility;
use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, DeviceId, Entry, Kind};

use crate::node::api::{HaveView, Reply};
use crate::node::execute::{Out, reply};
use crate::node::keys::{random, write_private};
use crate::node::media::files;
use crate::node::view::rfc3339;
use crate::node::{Failure, Node, blocking, now_ms};

/// Posts that are looked through for files that are wanted, the newest first, and how many at a time.
const LOOK_BACK: usize = 10_000;
const PAGE: usize = 500;

fn unreadable(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(
        format!("cannot read {}: {what}", path.display()),
        "It has to be a file made by `majlis export --have` on the other node.",
    )
}

impl Node {
    /// Writes what is held and wanted here. An older one in its place is replaced, and nothing else.
    pub(in crate::node) async fn export_have(
        self: &Arc<Self>,
        file: PathBuf,
        out: &Out,
    ) -> Result<(), Failure> {
        let node = Arc::clone(self);
        let view = blocking(move || {
            if file.exists() && !is_have(&file) {
                return Err(Failure::new(
                    format!("{} exists already and is no have file", file.display()),
                    "Choose another name, or remove it first.",
                ));
            }
            let (have, bytes) = node.have()?.sign(&node.keys.device);
            write_private(&file, &bytes)?;
            node.have_view(&have, bytes.len() as u64)
        })
        .await?;
        reply(out, Reply::Have(Box::new(view))).await
    }

    /// Reads what another node holds and wants, and whose it is.
    pub(super) async fn read_have(self: &Arc<Self>, path: PathBuf) -> Result<(Have, HaveView), Failure> {
        let node = Arc::clone(self);
        blocking(move || {
            let mut bytes = Vec::new();
            File::open(&path)
                .and_then(|file| file.take(MAX_HAVE as u64 + 1).read_to_end(&mut bytes))
                .map_err(|error| unreadable(&path, error))?;
            let have = Have::read(&bytes).map_err(|error| unreadable(&path, error))?;
            let view = node.have_view(&have, bytes.len() as u64)?;
            Ok((have, view))
        })
        .await
    }

    fn have_view(&self, have: &Have, bytes: u64) -> Result<HaveView, Failure> {
        let is_of_account =
            self.store.replica().account(&have.account).is_some_and(|account| account.lists(have.device));
        Ok(HaveView {
            account: have.account.to_string(),
            name: if is_of_account { self.profile_of(&have.account)?.name } else { String::new() },
            is_of_account,
            created_at: rfc3339(have.created),
            accounts: have.accounts.len() as u64,
            files: have.files.len() as u64,
            bytes,
        })
    }

    /// What is held for all to see, and what of it is lacking. A private follow is not told.
    fn have(&self) -> Result<Have, Failure> {
        let salt = Salt(random()?);
        let interests = self.peers.interests();
        let told = interests.iter().filter(|(_, interest)| interest.reason != Reason::Private);
        let told: Vec<AccountId> = told.map(|(account, _)| *account).collect();
        let accounts = told.iter().map(|account| self.held(&salt, account)).collect();
        let blobs = self.blobs()?;
        let quota = self.media.quota.saturating_sub(blobs.size_of_others());
        let room = quota.min(self.store.free_bytes()?.saturating_sub(self.media.min_free));
        let files = self.lacked_files(&told, room)?.iter().map(|blob| salt.file(blob)).collect();
        Ok(Have {
            account: self.keys.account,
            device: DeviceId(self.keys.device.public()),
            created: now_ms(),
            salt,
            room,
            accounts,
            files,
        })
    }

    fn held(&self, salt: &Salt, account: &AccountId) -> HeldAccount {
        let mut held = HeldAccount { tag: salt.account(account), identity: [0; 8], logs: Vec::new() };
        let replica = self.store.replica();
        let Some(known) = replica.account(account) else { return held };
        // Where an account is frozen, the other side has to show both documents.
        let current = known.register().current().filter(|_| known.register().frozen().is_none());
        held.identity = current.map_or([0; 8], |current| current.id().prefix());
        held.logs.extend(known.rows(Visibility::Public).map(|row| HeldLog {
            tag: salt.log(&row.key),
            seal: row.seal.unwrap_or(0),
            runs: row.runs.iter().map(HeldRun::from).collect(),
        }));
        held
    }

    /// Files that posts and profiles of some accounts name and that are not here, as far as there is room for them.
    fn lacked_files(&self, accounts: &[AccountId], mut room: u64) -> Result<BTreeSet<BlobId>, Failure> {
        let (blobs, mut lacked) = (self.blobs()?, BTreeSet::new());
        let mut look = |entry: &Entry| {
            for named in files(entry) {
                let is_wanted = named.size > 0 && named.size <= room && blobs.get(&named.blob).is_none();
                if is_wanted && lacked.len() < MAX_HAVE_FILES && lacked.insert(named.blob) {
                    room -= named.size;
                }
            }
        };
        for profile in self.store.latest_of_each(accounts, Kind::PROFILE)?.into_iter().flatten() {
            look(&profile.entry);
        }
        let mut before = None;
        for _ in 0..LOOK_BACK / PAGE {
            let page = self.store.timeline(Some(accounts), &[Kind::POST, Kind::EDIT], before, PAGE)?;
            for stored in &page {
                look(&stored.entry);
            }
            let Some(last) = page.last().filter(|_| page.len() == PAGE) else { break };
            before = Some((last.display_ms, last.entry.id));
        }
        Ok(lacked)
    }
}

fn is_have(path: &Path) -> bool {
    let mut magic = [0; 8];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

//! The homes: a sender that holds everything, and a receiver that follows the same accounts and holds nothing.

use std::path::{Path, PathBuf};

use majlis::node::Request;
use majlis::node::api::Reply;
use majlis_protocol::AccountId;

use crate::daemon::{Daemon, command};
use crate::workload::Workload;
use crate::{Options, Result, say};

/// The homes, none of them running.
pub struct Homes {
    folder: PathBuf,
    pub binary: PathBuf,
    /// Follows all authors and holds all posts.
    pub sender: PathBuf,
    /// Follows all authors and the sender; holds nothing. Only copies of it are run.
    pub receiver: PathBuf,
    /// A receiver after its catch-up.
    pub synced: PathBuf,
    copies: std::cell::Cell<usize>,
}

impl Homes {
    pub fn prepare(folder: &Path, options: &Options, workload: &Workload) -> Result<Self> {
        let binary = options.binary.clone();
        let [sender, receiver, synced] = ["sender", "receiver", "synced"].map(|name| folder.join(name));
        say("making the sender");
        let sender_account = make(&binary, &sender, workload, None)?;
        command(&binary, &sender, &["import", &workload.archive.to_string_lossy()])?;
        say("making the receiver");
        make(&binary, &receiver, workload, Some(sender_account))?;
        let copies = std::cell::Cell::new(0);
        Ok(Self { folder: folder.to_owned(), binary, sender, receiver, synced, copies })
    }

    /// Where a home may be made, to be run once.
    pub fn fresh(&self) -> PathBuf {
        self.copies.set(self.copies.get() + 1);
        self.folder.join(format!("copy-{}", self.copies.get()))
    }

    /// A copy of a home, to be run once.
    pub fn copy(&self, home: &Path) -> Result<PathBuf> {
        let to = self.fresh();
        copy_folder(home, &to).map_err(|error| format!("cannot copy {}: {error}", home.display()))?;
        Ok(to)
    }

    pub fn start(&self, home: &Path) -> Result<Daemon> {
        Daemon::start(&self.binary, home)
    }

    /// A file in the bench's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Throws a copy away.
pub fn discard(home: &Path) -> Result<()> {
    std::fs::remove_dir_all(home).map_err(|error| format!("cannot remove {}: {error}", home.display()))
}

/// Makes a home whose owner follows all authors.
fn make(binary: &Path, home: &Path, workload: &Workload, other: Option<AccountId>) -> Result<AccountId> {
    let daemon = Daemon::start(binary, home)?;
    let followed = workload.authors.iter().map(|author| author.account).chain(other);
    for account in followed {
        daemon.ask(&Request::Follow { target: account.to_string(), private: false })?;
    }
    let Some(Reply::Id(id)) = daemon.ask(&Request::Id)?.pop() else {
        return Err("a node without an owner".to_owned());
    };
    daemon.stop()?;
    id.account.parse().map_err(|error| format!("{} is not an account: {error}", id.account))
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Bytes that a folder's files take on disk.
pub fn disk_bytes(folder: &Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        bytes += if kind.is_dir() { disk_bytes(&entry.path())? } else { entry.metadata()?.blocks() * 512 };
    }
    Ok(bytes)
}

//! Carrying by file: signed entries, identities and files written out, and verified on the way in like any peer's; and
//! what two nodes that never meet tell each other by file, so that only what is new is carried.
//!
//! `file` knows the format (spec chapter 8), `export` and `import` its two directions, `have` what is held and wanted, and
//! `backup` what a node keeps for itself.

mod backup;
mod export;
mod file;
mod have;
mod import;

use std::io;
use std::path::Path;
use std::sync::Arc;

pub use backup::is_archive;
pub use export::What;
use file::Fault;

use super::api::{BadView, Reply, VerifiedView};
use super::execute::{Out, reply};
use super::{Failure, Node, blocking};

fn cannot_write(file: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    move |error| {
        let hint = if error.kind() == io::ErrorKind::StorageFull {
            "Make room there, or leave files out with --files-below or --no-files. The same command goes on with \
             what was written."
        } else {
            "Choose a place that is writable and has room. The same command goes on with what was written."
        };
        Failure::new(format!("cannot write {}: {error}", file.display()), hint)
    }
}

fn cannot_open(file: &Path, fault: &Fault) -> Failure {
    Failure::new(format!("cannot read {}: {fault}", file.display()), "Give a file made by `majlis export`.")
}

fn cannot_go_on(file: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(
        format!("cannot read {} to its end: {what}", file.display()),
        "What came before the fault was taken in. Copy the file anew, or have it written again.",
    )
}

impl Node {
    pub(super) async fn verify(self: &Arc<Self>, out: &Out) -> Result<(), Failure> {
        let store = self.store.clone();
        let report = blocking(move || Ok(store.check()?)).await?;
        let found = VerifiedView {
            entries: report.entries as u64,
            logs: report.logs as u64,
            bad: report.bad.len() as u64,
            missing: report.missing,
        };
        for bad in report.bad {
            let (account, seq, why) = (bad.log.account.to_string(), bad.seq, bad.why);
            reply(out, Reply::Bad(BadView { account, seq, why })).await?;
        }
        let (bad, missing) = (found.bad, found.missing);
        reply(out, Reply::Verified(found)).await?;
        if bad == 0 && missing == 0 {
            return Ok(());
        }
        if bad == 0 {
            return Err(Failure::new(
                format!("{missing} entries of others' were lost with the damaged end of the database"),
                "Check the disk, then run the node: it fetches them from peers. This is said once.",
            ));
        }
        Err(Failure::new(
            format!("{bad} stored entries are damaged"),
            "Stop the node and move `db` out of the home: it is rebuilt from the journal and from peers.",
        ))
    }
}

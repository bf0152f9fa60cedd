//! `majlis backup`, `restore` and `move`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::app::{App, Stop, off_thread};
use super::{input, recovery};
use crate::node;
use crate::node::api::{DoneView, Reply, Request};

/// Write everything into one file, while the node runs or not, for `majlis restore`.
#[derive(Args)]
#[command(after_help = "\
The file holds all posts and files that are here, your own names for people, filters, lists, drafts and
other private items in clear, and config.toml: keep it where nobody else reads it. The keys of this
device and the recovery phrase are not in it; without the phrase nobody can restore it. Apps have to
be allowed anew, and the index for search is made anew.

What is broken off stays beside the file; the same command goes on with it.

Files that are in a bucket are read from there, unless they are left out: then who restores it
needs that bucket too, and takes it over with `majlis run --take-bucket`. Its keys are not in it.

Examples:
  majlis backup /mnt/disk/2026-01-31.majlis
  majlis backup --leave-bucket small.majlis")]
pub struct BackupArgs {
    /// The file, which must not exist.
    file: PathBuf,
    /// Leave out the files that the bucket has.
    #[arg(long)]
    leave_bucket: bool,
}

impl BackupArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let file = input::absolute(&self.file)?;
        app.print(Request::Backup { file, leave_bucket: self.leave_bucket }).await.map(drop)
    }
}

/// Make the same account on this new device, from the recovery phrase and a backup.
#[derive(Args)]
#[command(after_help = "\
The phrase is asked for, or read from standard input. What is restored is another device of the
account, with a key and a log of its own: it never disturbs the one that the backup was made on, should
that come back.

Examples:
  majlis --home ./new restore /mnt/disk/2026-01-31.majlis
  majlis restore 2026-01-31.majlis < phrase.txt")]
pub struct RestoreArgs {
    /// The file.
    file: PathBuf,
}

impl RestoreArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let file = input::absolute(&self.file)?;
        node::is_archive(Path::new(&file))?;
        recovery::restore(app, Vec::new()).await?;
        app.print(Request::Restore { file }).await?;
        let start = app.start();
        app.out
            .note(&format!("The account is on this device now, with what was in the backup: run `{start}`."));
        Ok(())
    }
}

/// Close this home for good, to go on with it on another machine.
#[derive(Args)]
#[command(after_help = "\
Stop the node and say `majlis move`. Then copy the home with all that is in it, and start it there. It is the same device there, with the same keys, and goes on in a new log. Here it does not start any
more, so that never two are at work; when the other runs, remove it. --undo opens it again, as long as
it was started nowhere else. Files that are in a bucket stay there: give the other machine its keys.

Examples:
  majlis move
  rsync -a ~/.local/share/majlis/ new-machine:.local/share/majlis/
  ssh new-machine majlis")]
pub struct MoveArgs {
    /// Open it here again.
    #[arg(long)]
    undo: bool,
}

impl MoveArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let (home, config, moved) = (app.home.clone(), app.config()?, !self.undo);
        off_thread(move || node::set_moved(&home, moved, (&config.store, &config.node, &config.blobs)))
            .await?;
        let home = app.home.display();
        let message = if moved {
            format!("{home} is closed. Copy all of it to the other machine, and start it there.")
        } else {
            format!("{home} is open again.")
        };
        Ok(app.out.reply(&Reply::Done(DoneView { message }))?)
    }
}

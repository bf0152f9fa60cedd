//! What one keeps to oneself about others: `majlis petname`, `block`, `mute` and `list`.

use clap::{ArgGroup, Args};
use jiff::Timestamp;

use super::app::{App, Stop};
use super::when;
use crate::node::api::{Muted, Request};

/// Give someone a name that only you see.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis petname did:key:z6Mk… 'Layla from the library'
  majlis petname did:key:z6Mk… ''    removes it")]
pub struct PetnameArgs {
    /// The key.
    #[arg(value_name = "KEY")]
    account: String,
    /// Your name for them.
    name: String,
}

impl PetnameArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Petname { account: self.account, name: self.name }).await.map(drop)
    }
}

/// Block an account: it is not followed and nothing of it is shown. Without a key: list who is blocked.
#[derive(Args)]
#[command(after_help = "\
Only your own devices know of it.

Examples:
  majlis block did:key:z6Mk…
  majlis block did:key:z6Mk… --off
  majlis block")]
pub struct BlockArgs {
    /// The key.
    #[arg(value_name = "KEY")]
    account: Option<String>,
    /// End it.
    #[arg(long, requires = "account")]
    off: bool,
}

impl BlockArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        if app.print(Request::Block { account: self.account, on: !self.off }).await? == 0 {
            app.out.note("Nobody is blocked.");
        }
        Ok(())
    }
}

/// Keep someone, a word, a tag or a conversation out of your timelines. Without any: list what is muted.
#[derive(Args)]
#[command(group = ArgGroup::new("what").multiple(false), after_help = "\
Only your own devices know of it.

Examples:
  majlis mute did:key:z6Mk… --until 7d
  majlis mute --word 'the match'
  majlis mute --tag football --off
  majlis mute --thread bq2f…
  majlis mute")]
pub struct MuteArgs {
    /// The key of someone.
    #[arg(value_name = "KEY", group = "what")]
    account: Option<String>,
    /// A word or a phrase.
    #[arg(long, group = "what")]
    word: Option<String>,
    /// A hashtag.
    #[arg(long, group = "what")]
    tag: Option<String>,
    /// A conversation, by the id of its first post.
    #[arg(long, value_name = "ID", group = "what")]
    thread: Option<String>,
    /// Until when: 30m, 12h, 7d, 2w, or a time as 2026-12-31T18:00:00Z.
    #[arg(long, value_name = "TIME", requires = "what", conflicts_with = "off")]
    until: Option<String>,
    /// End it.
    #[arg(long, requires = "what")]
    off: bool,
}

impl MuteArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let until = self.until.map(|until| when::rfc3339(&until, Timestamp::now())).transpose()?;
        let muted = [
            self.account.map(Muted::Account),
            self.word.map(Muted::Word),
            self.tag.map(Muted::Tag),
            self.thread.map(Muted::Thread),
        ];
        let muted = muted.into_iter().flatten().next();
        if app.print(Request::Mute { muted, until, on: !self.off }).await? == 0 {
            app.out.note("Nothing is muted.");
        }
        Ok(())
    }
}

/// Lists of accounts, each with a timeline of its own. Without a name: show all.
#[derive(Args)]
#[command(after_help = "\
Only your own devices know of them.

Examples:
  majlis list family --add did:key:z6Mk…
  majlis list family --remove did:key:z6Mk…
  majlis timeline --list family
  majlis list family --rename 'my family'
  majlis list 'my family' --delete")]
pub struct ListArgs {
    /// Its name.
    name: Option<String>,
    /// Put an account on it; makes the list if there is none.
    #[arg(long, value_name = "KEY", requires = "name")]
    add: Vec<String>,
    /// Take an account off it.
    #[arg(long, value_name = "KEY", requires = "name")]
    remove: Vec<String>,
    /// Give it another name.
    #[arg(long, value_name = "NAME", requires = "name", conflicts_with_all = ["add", "remove", "delete"])]
    rename: Option<String>,
    /// Remove the list.
    #[arg(long, requires = "name", conflicts_with_all = ["add", "remove"])]
    delete: bool,
}

impl ListArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        if let (Some(list), Some(to)) = (&self.name, self.rename) {
            return app.print(Request::RenameList { list: list.clone(), to }).await.map(drop);
        }
        let request = Request::List {
            name: self.name,
            add: self.add,
            remove: self.remove,
            delete: self.delete,
            make: false,
        };
        if app.print(request).await? == 0 {
            app.out.note(if self.delete { "The list is gone." } else { "There are no lists." });
        }
        Ok(())
    }
}

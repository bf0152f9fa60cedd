//! `majlis follow`, `unfollow` and `following`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Follow an account: have its posts, and carry them for others.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis follow 'majlis:z6Mk…?peer=…'          an invite says where to find them
  majlis follow did:key:z6Mk…                 a key is enough on the same local network
  majlis follow --private did:key:z6Mk…")]
pub struct FollowArgs {
    /// A key (did:key:z6Mk…) or an invite link (majlis:z6Mk…).
    #[arg(value_name = "KEY-or-INVITE")]
    target: String,
    /// Tell nobody that you follow them.
    #[arg(long)]
    private: bool,
}

impl FollowArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Follow { target: self.target, private: self.private }).await?;
        Ok(())
    }
}

/// Stop following an account.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis unfollow did:key:z6Mk…")]
pub struct UnfollowArgs {
    /// The key, as `majlis following` shows it.
    #[arg(value_name = "KEY")]
    account: String,
}

impl UnfollowArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Unfollow { account: self.account }).await?;
        Ok(())
    }
}

/// Lists whom the owner follows.
pub async fn following(app: &mut App) -> Result<(), Stop> {
    if app.print(Request::Following).await? == 0 {
        app.out.note("You follow nobody yet. Ask someone for their invite: `majlis follow INVITE`.");
    }
    Ok(())
}

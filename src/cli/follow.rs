//! `majlis follow`, `unfollow` and `following`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::{Request, TagMark};

/// Follow an account: have its posts, and carry them for others. Or follow a tag.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis follow 'majlis:z6Mk…?peer=…'          an invite says where to find them
  majlis follow did:key:z6Mk…                 a key is enough: `majlis status` says through how many nodes
  majlis follow --private did:key:z6Mk…
  majlis follow '#tea'                         posts with it that are held here stand on your home timeline")]
pub struct FollowArgs {
    /// A key (did:key:z6Mk…), an invite link (majlis:z6Mk…), or a tag (#tea).
    #[arg(value_name = "KEY-or-INVITE-or-TAG")]
    target: String,
    /// Tell nobody that you follow them.
    #[arg(long)]
    private: bool,
}

impl FollowArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        if self.target.starts_with('#') {
            return follow_tag(app, self.target, true).await;
        }
        app.print(Request::Follow { target: self.target, private: self.private }).await?;
        Ok(())
    }
}

async fn follow_tag(app: &mut App, tag: String, on: bool) -> Result<(), Stop> {
    app.print(Request::MarkTag { tag, mark: TagMark::Followed, on }).await.map(drop)
}

/// Stop following an account or a tag.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis unfollow did:key:z6Mk…
  majlis unfollow '#tea'")]
pub struct UnfollowArgs {
    /// The key or the tag, as `majlis following` shows it.
    #[arg(value_name = "KEY-or-TAG")]
    account: String,
}

impl UnfollowArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        if self.account.starts_with('#') {
            return follow_tag(app, self.account, false).await;
        }
        app.print(Request::Unfollow { account: self.account }).await?;
        Ok(())
    }
}

/// Lists whom the owner follows, and which tags.
pub async fn following(app: &mut App) -> Result<(), Stop> {
    let people = app.print(Request::Following).await?;
    if people + app.print(Request::MarkedTags { mark: TagMark::Followed }).await? == 0 {
        app.out.note("You follow nobody yet. Ask someone for their invite: `majlis follow INVITE`.");
    }
    Ok(())
}

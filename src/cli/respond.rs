//! What one does with a post: `majlis react`, `repost`, `vote`, `bookmark` and `pin-post`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Put an emoji on a post.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis react bq2f…                 with ♥
  majlis react bq2f… 🎉
  majlis react bq2f… 🎉 --off")]
pub struct ReactArgs {
    /// The post's id or link.
    id: String,
    /// One emoji; ♥ if none is given.
    emoji: Option<String>,
    /// Take it away again.
    #[arg(long)]
    off: bool,
}

impl ReactArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::React { id: self.id, emoji: self.emoji, on: !self.off }).await.map(drop)
    }
}

/// Show someone's post to those who follow you.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis repost bq2f…
  majlis repost bq2f… --off")]
pub struct RepostArgs {
    /// The post's id or link.
    id: String,
    /// Show it no longer.
    #[arg(long)]
    off: bool,
}

impl RepostArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Repost { id: self.id, on: !self.off }).await.map(drop)
    }
}

/// Vote in a poll. A later vote replaces the one before.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis vote bq2f… 1
  majlis vote bq2f… tea coffee       in a poll that takes several
  majlis vote bq2f… --off            withdraws it")]
pub struct VoteArgs {
    /// The id or link of the post with the poll.
    id: String,
    /// Answers, by their number or by what they say.
    #[arg(required_unless_present = "off")]
    choices: Vec<String>,
    /// Withdraw your vote.
    #[arg(long, conflicts_with = "choices")]
    off: bool,
}

impl VoteArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Vote { id: self.id, choices: self.choices }).await.map(drop)
    }
}

/// Put a bookmark on a post. Only your own devices know of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis bookmark bq2f…
  majlis bookmark bq2f… --off
  majlis timeline --bookmarks")]
pub struct BookmarkArgs {
    /// The post's id or link.
    id: String,
    /// Take it away again.
    #[arg(long)]
    off: bool,
}

impl BookmarkArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Bookmark { id: self.id, on: !self.off }).await.map(drop)
    }
}

/// Put one of your posts on top of your page.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis pin-post bq2f…
  majlis pin-post bq2f… --off")]
pub struct PinPostArgs {
    /// The post's id or link.
    id: String,
    /// Take it down again.
    #[arg(long)]
    off: bool,
}

impl PinPostArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::PinPost { id: self.id, on: !self.off }).await.map(drop)
    }
}

//! `majlis timeline` and `majlis show`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Show the newest posts of those whom you follow, and your own, newest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis timeline
  majlis timeline --limit 5 --account did:key:z6Mk…
  majlis timeline --watch            needs the running node; Ctrl-C ends it
  majlis --json timeline | jq -r .text")]
pub struct TimelineArgs {
    /// At most so many of the posts that are there.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Only posts of this account.
    #[arg(long, value_name = "KEY")]
    account: Option<String>,
    /// Go on with new posts as they come. Needs the running node.
    #[arg(long)]
    watch: bool,
}

impl TimelineArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let empty = self.limit > 0;
        let request = Request::Timeline { limit: self.limit, account: self.account, watch: self.watch };
        if app.print(request).await? == 0 && empty {
            app.out.note(
                "Nothing yet. Post something with `majlis post`, or follow someone with `majlis follow`.",
            );
        }
        Ok(())
    }
}

/// Show one post.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis show bq2f…
  majlis show 'majlis:z6Mk…/b…'")]
pub struct ShowArgs {
    /// The post's id or link, as `majlis timeline` shows it.
    id: String,
}

impl ShowArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Show { id: self.id }).await?;
        Ok(())
    }
}

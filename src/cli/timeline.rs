//! `majlis timeline` and `majlis show`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::{Feed, Request, TimelinePage};

/// Timelines on which there is no reading position.
const NO_POSITION: [&str; 4] = ["tag", "bookmarks", "all", "account"];

/// Show the newest posts of those whom you follow, and your own, newest first; or another timeline.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis timeline
  majlis timeline --limit 5 --account did:key:z6Mk…
  majlis timeline --tag tea
  majlis timeline --mentions --hide-ai
  majlis timeline --unread --mark-read    what is new since the last time
  majlis timeline --before bq2f…     the next page: what stands below that post
  majlis timeline --watch            needs the running node; Ctrl-C ends it
  majlis --json timeline | jq -r .text")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct TimelineArgs {
    /// At most so many of the posts that are there.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Posts that address or answer you.
    #[arg(long, group = "feed")]
    mentions: bool,
    /// Public posts with a hashtag.
    #[arg(long, group = "feed")]
    tag: Option<String>,
    /// Posts of those on one of your lists.
    #[arg(long, value_name = "NAME", group = "feed")]
    list: Option<String>,
    /// Posts with your bookmark, the latest bookmark first.
    #[arg(long, group = "feed")]
    bookmarks: bool,
    /// All posts that your node holds.
    #[arg(long, group = "feed")]
    all: bool,
    /// Only posts of this account.
    #[arg(long, value_name = "KEY", group = "feed")]
    account: Option<String>,
    /// Only what stands below this post: its id or link.
    #[arg(long, value_name = "ID", conflicts_with = "watch")]
    before: Option<String>,
    /// Only what stands above your reading position, which your devices share.
    #[arg(long, conflicts_with_all = NO_POSITION)]
    unread: bool,
    /// Then move your reading position up to the newest post that is shown. What comes later and was written before that
    /// stands below it.
    #[arg(long, conflicts_with_all = NO_POSITION, conflicts_with = "watch")]
    mark_read: bool,
    /// Leave out what was made by AI, wholly or in part, as far as its authors say so.
    #[arg(long)]
    hide_ai: bool,
    /// Go on with new posts as they come. Needs the running node.
    #[arg(long)]
    watch: bool,
}

impl TimelineArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let Self { limit, watch, before, hide_ai, unread, mark_read, .. } = self;
        let is_further = before.is_some();
        let feed = [
            self.account.map(Feed::Account),
            self.tag.map(Feed::Tag),
            self.list.map(Feed::List),
            self.mentions.then_some(Feed::Mentions),
            self.bookmarks.then_some(Feed::Bookmarks),
            self.all.then_some(Feed::All),
        ];
        let feed = feed.into_iter().flatten().next().unwrap_or_default();
        let note = match &feed {
            _ if is_further => "Nothing further.",
            _ if unread => "Nothing unread.",
            Feed::Home => {
                "Nothing yet. Post something with `majlis post`, or follow someone with `majlis follow`."
            }
            Feed::Mentions => "Nobody has addressed you yet.",
            Feed::Bookmarks => "No bookmarks yet. Put one on a post with `majlis bookmark ID`.",
            Feed::Tag(_) | Feed::List(_) | Feed::All | Feed::Account(_) | Feed::Favourites | Feed::Pinned => {
                "Nothing yet."
            }
        };
        let page = TimelinePage { feed, limit, before, before_ms: None, hide_ai, unread, mark_read };
        if app.print(Request::Timeline { page, watch }).await? == 0 && limit > 0 {
            app.out.note(note);
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

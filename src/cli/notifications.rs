//! `majlis notifications`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::{NotificationKind, NotificationsPage, Request};

const KINDS: [&str; 8] = ["mention", "reply", "reaction", "repost", "quote", "follow", "poll", "request"];

/// Show what others have said and done that concerns you, the latest arrival first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis notifications --unread
  majlis notifications --mark-read
  majlis notifications --clear
  majlis notifications --off reaction
  majlis notifications --on reaction")]
pub struct NotificationsArgs {
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Only those that were not marked as read.
    #[arg(long)]
    unread: bool,
    /// Then mark all as read.
    #[arg(long)]
    mark_read: bool,
    /// Take all that has come so far off the list, for good.
    #[arg(long, conflicts_with_all = ["unread", "mark_read", "on", "off"])]
    clear: bool,
    /// Show no more of a kind.
    #[arg(long, value_name = "KIND", value_parser = KINDS, conflicts_with_all = ["unread", "mark_read", "on"])]
    off: Option<String>,
    /// Show those of a kind again.
    #[arg(long, value_name = "KIND", value_parser = KINDS, conflicts_with_all = ["unread", "mark_read"])]
    on: Option<String>,
}

impl NotificationsArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let on = self.on.is_some();
        if let Some(kind) = self.on.or(self.off).and_then(|name| kind(&name)) {
            return app.print(Request::Notify { kind, on }).await.map(drop);
        }
        if self.clear {
            return app.print(Request::Dismiss { entry: None, poll: false }).await.map(drop);
        }
        let (unread, mark_read) = (self.unread, self.mark_read);
        let page =
            NotificationsPage { limit: self.limit, unread, mark_read, count: true, ..Default::default() };
        app.print(Request::Notifications { page }).await.map(drop)
    }
}

fn kind(name: &str) -> Option<NotificationKind> {
    NotificationKind::ALL.into_iter().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_named() {
        assert_eq!(KINDS, NotificationKind::ALL.map(NotificationKind::name));
    }
}

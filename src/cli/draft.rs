//! `majlis draft`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::app::{App, Stop};
use super::when;
use crate::node::api::Request;

/// Posts that you have kept to go on with later. Without a command: list them.
#[derive(Args)]
#[command(after_help = "\
`majlis post --draft` keeps one, `majlis post --at` one that is posted by itself. Only your own devices know of them.

Examples:
  majlis post --draft 'Not yet'
  majlis post --at 12h 'Tomorrow'
  majlis draft
  majlis draft post 3f2a…")]
pub struct DraftArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Show a draft.
    #[command(after_help = "\
Examples:
  majlis draft show 3f2a…")]
    Show {
        /// Its id.
        id: String,
    },
    /// Post a draft, and remove it from the drafts.
    #[command(after_help = "\
Examples:
  majlis draft post 3f2a…")]
    Post {
        /// Its id.
        id: String,
    },
    /// Have a draft that waits for a time wait for another.
    #[command(after_help = "\
Examples:
  majlis draft move 3f2a… 2d
  majlis draft move 3f2a… 2026-12-31T18:00:00Z")]
    Move {
        /// Its id.
        id: String,
        /// When to post it: in 30m, 12h, 3d, 2w, or at a time as 2026-12-31T18:00:00Z.
        #[arg(value_name = "TIME")]
        at: String,
    },
    /// Remove a draft.
    #[command(after_help = "\
Examples:
  majlis draft remove 3f2a…")]
    Remove {
        /// Its id.
        id: String,
    },
}

impl DraftArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let request = match self.action {
            Some(Action::Show { id }) => Request::Drafts { draft: Some(id) },
            Some(Action::Post { id }) => Request::PostDraft { draft: id },
            Some(Action::Move { id, at }) => {
                Request::MoveDraft { draft: id, at: when::rfc3339(&at, Timestamp::now())? }
            }
            Some(Action::Remove { id }) => Request::RemoveDraft { draft: id },
            None => Request::Drafts { draft: None },
        };
        if app.print(request).await? == 0 {
            app.out.note("There are no drafts. Keep one with `majlis post --draft`.");
        }
        Ok(())
    }
}

//! `majlis draft`.

use clap::{Args, Subcommand};

use super::app::{App, Stop};
use crate::node::api::Request;

/// Posts that you have kept to go on with later. Without a command: list them.
#[derive(Args)]
#[command(after_help = "\
`majlis post --draft` keeps one. Only your own devices know of them.

Examples:
  majlis post --draft 'Not yet'
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
            Some(Action::Remove { id }) => Request::RemoveDraft { draft: id },
            None => Request::Drafts { draft: None },
        };
        if app.print(request).await? == 0 {
            app.out.note("There are no drafts. Keep one with `majlis post --draft`.");
        }
        Ok(())
    }
}

//! `majlis login`, `majlis apps` and `majlis token`.

use clap::{Args, Subcommand};

use super::app::{App, Stop};
use crate::node::api::{LoginWith, Request};

/// Show what to type where an app asks whether it may act for you, and a link to the page of your node.
#[derive(Args)]
#[command(after_help = "\
The code holds once and for ten minutes, the link once and for a day; both live in the running node. The secret
holds until it is made anew.

Examples:
  majlis login
  majlis login --secret
  majlis login --new-secret")]
pub struct LoginArgs {
    /// Show the lasting secret of this home instead.
    #[arg(long)]
    secret: bool,
    /// Make the lasting secret anew, so that the one before no longer holds, and show it.
    #[arg(long, conflicts_with = "secret")]
    new_secret: bool,
}

impl LoginArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let with = match (self.secret, self.new_secret) {
            (_, true) => LoginWith::NewSecret,
            (true, false) => LoginWith::Secret,
            (false, false) => LoginWith::Code,
        };
        app.print(Request::Login { with }).await.map(drop)
    }
}

/// Apps that may act for you. Without a command: list them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis apps
  majlis apps revoke 5c1e0b77a2d94f36")]
pub struct AppsArgs {
    #[command(subcommand)]
    action: Option<AppsAction>,
}

#[derive(Subcommand)]
enum AppsAction {
    /// List them.
    #[command(after_help = "\
Examples:
  majlis apps list")]
    List,
    /// End all that an app may do.
    #[command(after_help = "\
Examples:
  majlis apps revoke 5c1e0b77a2d94f36")]
    Revoke {
        /// Its id, as the list shows it.
        #[arg(value_name = "ID")]
        app: String,
    },
}

impl AppsArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        match self.action {
            None | Some(AppsAction::List) => {
                if app.print(Request::Apps).await? == 0 {
                    app.out.note("No app may act for you.");
                }
                Ok(())
            }
            Some(AppsAction::Revoke { app: id }) => app.print(Request::RevokeApp { app: id }).await.map(drop),
        }
    }
}

/// Tokens for programs of your own.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub struct TokenArgs {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    /// Make a token and show it, this once.
    #[command(after_help = "\
A program sends it as `Authorization: Bearer …`. Scopes are those of Mastodon. `majlis apps revoke` ends it.

Examples:
  majlis token new --name backup --scopes read
  majlis token new --name bot --scopes read:notifications,write:statuses")]
    New {
        /// What the program is called in the list of apps.
        #[arg(long)]
        name: String,
        /// What it may do: read, write, follow, push, profile, or parts such as read:statuses.
        #[arg(long, value_name = "SCOPE,…", default_value = "read")]
        scopes: String,
    },
}

impl TokenArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let TokenAction::New { name, scopes } = self.action;
        app.print(Request::NewToken { name, scopes }).await.map(drop)
    }
}

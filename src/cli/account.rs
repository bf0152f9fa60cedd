//! `majlis account end`.

use clap::{Args, Subcommand};

use super::app::{App, Stop};
use super::input;
use crate::node::Failure;
use crate::node::api::{IdView, Reply, Request};

/// Characters of the account's key that have to be typed.
const TYPED: usize = 6;

/// The account itself.
#[derive(Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Say good-bye: the account is over for ever, and all its bytes are asked to be deleted.
    #[command(after_help = "\
Asks for the last 6 characters of the account's key, and for the recovery phrase where it is
no longer on this disk. Both are read from standard input.

Examples:
  majlis account end
  majlis account end --yes < phrase.txt")]
    End {
        /// Do not ask whether it is meant.
        #[arg(long)]
        yes: bool,
    },
}

impl AccountArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let Step::End { yes } = self.step;
        let id = who(app).await?;
        if !yes {
            confirm(app, &id.account).await?;
        }
        let phrase = if id.phrase_unconfirmed {
            None
        } else {
            let phrase =
                input::phrase("The 24 words of the recovery phrase, on one line:\n".to_owned()).await?;
            Some(phrase.to_string())
        };
        app.print(Request::AccountEnd { phrase }).await?;
        Ok(())
    }
}

async fn who(app: &mut App) -> Result<IdView, Stop> {
    let mut id = None;
    app.dispatch(Request::Id, |_, reply| {
        if let Reply::Id(view) = reply {
            id = Some(view);
        }
        Ok(())
    })
    .await?;
    id.ok_or_else(|| {
        Stop::Failed(Failure::new(
            "the node did not say whose it is",
            "Restart it, so that it is of the same version as the command.",
        ))
    })
}

async fn confirm(app: &mut App, account: &str) -> Result<(), Stop> {
    app.out.note(&format!(
        "This ends {account} for ever. Nobody can bring it back, with the recovery phrase either;\n\
         all who hold its posts are asked to delete them."
    ));
    let end: String = account.chars().skip(account.chars().count().saturating_sub(TYPED)).collect();
    // Who types more of it means it no less.
    let typed =
        input::line(format!("To go on, type the last {TYPED} characters of the account ({end}): ")).await?;
    if typed.trim().len() >= end.len() && account.ends_with(typed.trim()) {
        return Ok(());
    }
    Err(Stop::Failed(Failure::new(
        "the account was not ended: that is not how its key ends",
        format!("Type {end} when asked, or use --yes."),
    )))
}

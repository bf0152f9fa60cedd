//! `majlis recovery show`, `confirm` and `restore`.

use clap::{Args, Subcommand};

use super::app::{App, Stop, off_thread};
use super::input;
use crate::node::api::{Reply, Request};
use crate::node::{self, Failure};

/// The recovery phrase: 24 words that bring the account back when this machine is lost.
#[derive(Args)]
pub struct RecoveryArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Show the phrase, to be written down on paper.
    #[command(after_help = "\
Examples:
  majlis recovery show")]
    Show,
    /// Say that the phrase is written down: it is removed from the disk.
    #[command(after_help = "\
Examples:
  majlis recovery confirm")]
    Confirm,
    /// Make the same account on this new device, from the phrase. Its history comes from peers.
    #[command(after_help = "\
The phrase is asked for, or read from standard input.

Examples:
  majlis --home ./new recovery restore --peer /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…
  majlis recovery restore < phrase.txt")]
    Restore {
        /// A node that holds the account's posts; may be repeated.
        #[arg(long = "peer", value_name = "MULTIADDR")]
        peers: Vec<String>,
    },
}

impl RecoveryArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        match self.step {
            Step::Show => {
                app.print(Request::RecoveryShow).await?;
                app.out.note(
                    "\nWrite these words down on paper, in this order. Who has them has the account.\n\
                     Then say so with `majlis recovery confirm`, and they are removed from this disk.",
                );
            }
            Step::Confirm => {
                app.print(Request::RecoveryConfirm).await?;
            }
            Step::Restore { peers } => {
                restore(app, peers).await?;
                let start = app.start();
                let note =
                    format!("The account is on this device now. Its posts come from peers: run `{start}`.");
                app.out.note(&note);
            }
        }
        Ok(())
    }
}

/// Asks for the phrase and makes the home.
pub async fn restore(app: &mut App, peers: Vec<String>) -> Result<(), Stop> {
    let phrase = input::phrase("The 24 words of the recovery phrase, on one line:\n".to_owned()).await?;
    if phrase.trim().is_empty() {
        return Err(Stop::Failed(Failure::usage(
            "no recovery phrase was given",
            "Type the 24 words, or give them on standard input: `majlis recovery restore < FILE`.",
        )));
    }
    let (home, config) = (app.home.clone(), app.config()?);
    let view = off_thread(move || {
        node::restore(&home, &phrase, &peers, (&config.store, &config.node, &config.blobs))
    })
    .await?;
    Ok(app.out.reply(&Reply::Id(view))?)
}

//! `majlis requests`.

use clap::{Args, Subcommand};

use super::app::{App, Stop};
use crate::node::api::Request;

/// What people whom you do not know have said to you. It is shown nowhere else until you accept it; `majlis
/// notifications` says that there is something.
#[derive(Args)]
#[command(after_help = "\
Someone is known if you follow them, or if someone whom you follow does.

Examples:
  majlis requests
  majlis requests accept bq2f…       show what its author says, from now on too
  majlis requests dismiss bq2f…      forget all that its author has said to you")]
pub struct RequestsArgs {
    #[command(subcommand)]
    decision: Option<Decision>,
}

#[derive(Subcommand)]
enum Decision {
    /// Show what a post's author says to you, from now on too.
    #[command(after_help = "\
Examples:
  majlis requests accept bq2f…")]
    Accept {
        /// The post's id.
        id: String,
    },
    /// Forget all that a post's author has said to you.
    #[command(after_help = "\
Examples:
  majlis requests dismiss bq2f…")]
    Dismiss {
        /// The post's id.
        id: String,
    },
}

impl RequestsArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        match self.decision {
            Some(Decision::Accept { id }) => app.print(Request::Decide { id, accept: true }).await.map(drop),
            Some(Decision::Dismiss { id }) => {
                app.print(Request::Decide { id, accept: false }).await.map(drop)
            }
            None => {
                if app.print(Request::Requests).await? == 0 {
                    app.out.note("Nobody whom you do not know has said anything to you.");
                }
                Ok(())
            }
        }
    }
}

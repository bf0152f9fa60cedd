//! `majlis usage`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Show or set what may be done with everything you publish. The statement is signed and travels with your posts.
#[derive(Args)]
#[command(after_help = "\
A statement is a list of label=y and label=n. train-ai and search are labels of the IETF AIPREF vocabulary;
synthetic-content-generation, public-access-archive, bulk-dataset and protocol-bridging are user intents. What is
not said stays unsaid. It is a request that can be proven; only what is sealed cannot be read.

Examples:
  majlis usage
  majlis usage train-ai=n
  majlis usage 'train-ai=n, search=y, bulk-dataset=n'
  majlis usage ''                    asks for nothing")]
pub struct UsageArgs {
    /// The new statement.
    statement: Option<String>,
}

impl UsageArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Usage { set: self.statement }).await.map(drop)
    }
}

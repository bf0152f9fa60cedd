//! `majlis profile`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::Request;

/// Show your profile, or set what is given of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis profile
  majlis profile --name 'ليلى' --bio 'Gardens, mostly'
  majlis profile --bio ''            removes it")]
pub struct ProfileArgs {
    /// A new display name.
    #[arg(long)]
    name: Option<String>,
    /// A new text about you.
    #[arg(long, value_name = "TEXT")]
    bio: Option<String>,
}

impl ProfileArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Profile { name: self.name, bio: self.bio }).await?;
        Ok(())
    }
}

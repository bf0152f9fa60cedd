//! `majlis search`.

use clap::Args;
use jiff::Timestamp;

use super::app::{App, Stop};
use super::when;
use crate::node::api::{Request, SearchQuery};

/// Find posts among all that your node holds, the newest first.
#[derive(Args)]
#[command(after_help = "\
Words are found in any form: garden finds gardens, and vowel signs and forms of letters make no difference in Arabic.
All words have to be there; \"…\" finds them as they stand, one after the other, and -word what is without it,
if quotes keep the words together.

Examples:
  majlis search tea garden
  majlis search '\"old city\" -market' --lang en
  majlis search مكتبة --from did:key:z6Mk…
  majlis search --tag tea --since 2026-11-01T00:00:00Z")]
pub struct SearchArgs {
    /// What to look for.
    text: Vec<String>,
    /// Only posts of this account.
    #[arg(long, value_name = "KEY")]
    from: Option<String>,
    /// Only posts with this hashtag.
    #[arg(long)]
    tag: Option<String>,
    /// Only posts in this language: ar, en, pt.
    #[arg(long)]
    lang: Option<String>,
    /// Only posts since then: 12h, 7d, 2w ago, or a time as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only posts with attachments.
    #[arg(long)]
    media: bool,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl SearchArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let since = self.since.map(|since| when::since(&since, Timestamp::now())).transpose()?;
        let query = SearchQuery {
            text: self.text.join(" "),
            from: self.from,
            tag: self.tag,
            lang: self.lang,
            since,
            media: self.media,
            limit: self.limit,
        };
        if app.print(Request::Search { query }).await? == 0 {
            app.out.note("Nothing was found.");
        }
        Ok(())
    }
}

//! `majlis filter`.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::app::{App, Stop};
use super::when;
use crate::node::api::{FilterAction, FilterContext, NewFilter, NewPhrase, Request};

const CONTEXTS: [&str; 5] = ["home", "notifications", "public", "thread", "account"];

/// Fold or hide posts that hold a word or phrase. Without a command: list your filters.
#[derive(Args)]
#[command(after_help = "\
Only your own devices know of them. Your own posts are never filtered.

Examples:
  majlis filter
  majlis filter add 'the match' penalty --title football
  majlis filter add 'كرة القدم' --hide --in home --until 7d
  majlis filter remove football")]
pub struct FilterArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List your filters.
    #[command(after_help = "\
Examples:
  majlis filter list")]
    List,
    Add(AddArgs),
    /// Remove a filter.
    #[command(after_help = "\
Examples:
  majlis filter remove football")]
    Remove {
        /// Its title, or its id.
        #[arg(value_name = "TITLE-or-ID")]
        filter: String,
    },
}

/// Make a filter: posts that hold one of its phrases are shown folded, under its title.
#[derive(Args)]
#[command(after_help = "\
Capital letters, accents, vowel signs and forms of Arabic letters make no difference.

Examples:
  majlis filter add 'the match' penalty --title football
  majlis filter add 'كرة القدم' --hide --in home --until 7d
  majlis filter add elect --part-of-words")]
pub struct AddArgs {
    /// Words or phrases, 1 to 32; one of them is enough.
    #[arg(value_name = "PHRASE", required = true)]
    phrases: Vec<String>,
    /// What to call it; the first phrase if it has no title.
    #[arg(long)]
    title: Option<String>,
    /// Leave such posts out.
    #[arg(long)]
    hide: bool,
    /// Look in the midst of words too.
    #[arg(long)]
    part_of_words: bool,
    /// Where it holds; may be repeated. Everywhere if it is not said.
    #[arg(long = "in", value_name = "CONTEXT", value_parser = CONTEXTS)]
    contexts: Vec<String>,
    /// Until when: 30m, 12h, 7d, 2w, or a time as 2026-12-31T18:00:00Z.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl FilterArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        match self.action {
            None | Some(Action::List) => {
                if app.print(Request::Filters).await? == 0 {
                    app.out.note("There are no filters.");
                }
                Ok(())
            }
            Some(Action::Add(args)) => args.run(app).await,
            Some(Action::Remove { filter }) => app.print(Request::RemoveFilter { filter }).await.map(drop),
        }
    }
}

impl AddArgs {
    async fn run(self, app: &mut App) -> Result<(), Stop> {
        let in_words = self.part_of_words;
        let filter = NewFilter {
            title: self.title,
            phrases: self
                .phrases
                .into_iter()
                .map(|text| NewPhrase { text, in_words, ..NewPhrase::default() })
                .collect(),
            contexts: self.contexts.iter().filter_map(|name| context(name)).collect(),
            action: if self.hide { FilterAction::Hide } else { FilterAction::Warn },
            until: self.until.map(|until| when::rfc3339(&until, Timestamp::now())).transpose()?,
            ..NewFilter::default()
        };
        app.print(Request::AddFilter { filter }).await.map(drop)
    }
}

fn context(name: &str) -> Option<FilterContext> {
    FilterContext::ALL.into_iter().find(|context| context.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_can_be_named() {
        assert_eq!(CONTEXTS, FilterContext::ALL.map(FilterContext::name));
    }
}

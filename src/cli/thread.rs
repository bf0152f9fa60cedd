//! `majlis thread`, `edit` and `history`.

use clap::Args;

use super::app::{App, Stop};
use super::terminal::counted;
use crate::node::api::{NewEdit, Reply, Request};

/// Show the whole conversation that a post is part of.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis thread bq2f…
  majlis post --reply-to bq2f… 'I agree'")]
pub struct ThreadArgs {
    /// The id or link of any post of it.
    id: String,
}

impl ThreadArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let (mut missing, mut not_fetched) = (0, 0);
        app.dispatch(Request::Thread { id: self.id }, |out, reply| {
            match &reply {
                Reply::Missing(_) => missing += 1,
                Reply::Post(view) => not_fetched += view.missing_replies.unwrap_or(0),
                _ => {}
            }
            out.reply(&reply)
        })
        .await?;
        if not_fetched > 0 {
            app.out.note(&format!("{} not fetched.", counted(not_fetched, "reply", "replies")));
        }
        if missing > 0 {
            let posts = counted(missing, "post", "posts");
            app.out.note(&format!("{posts} not held here; follow the author to have what they write."));
        }
        Ok(())
    }
}

/// Give one of your posts new words. What it said before stays in its history.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis edit bq2f… 'Good morning, all'
  majlis edit bq2f… --cw '' 'no warning any more'")]
pub struct EditArgs {
    /// The post's id or link.
    id: String,
    /// What it says now.
    text: String,
    /// Its language, if that has changed.
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    /// Its content warning, if that has changed; '' removes it.
    #[arg(long, value_name = "TEXT")]
    cw: Option<String>,
}

impl EditArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let edit = NewEdit { text: self.text, lang: self.lang, content_warning: self.cw, attachments: None };
        app.print(Request::Edit { id: self.id, edit }).await.map(drop)
    }
}

/// Show what a post has said so far, the earliest first.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis history bq2f…")]
pub struct HistoryArgs {
    /// The post's id or link.
    id: String,
}

impl HistoryArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::History { id: self.id }).await.map(drop)
    }
}

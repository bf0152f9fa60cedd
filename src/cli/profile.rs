//! `majlis profile`.

use std::path::Path;

use clap::Args;

use super::app::{App, Stop};
use super::input;
use super::media::MetadataArgs;
use crate::node::Failure;
use crate::node::api::{FieldView, Metadata, NewAttachment, ProfileEdit, Request};

/// Show your profile, or set what is given of it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis profile
  majlis profile --name 'ليلى' --bio 'Gardens, mostly'
  majlis profile --field Web=https://example.org --field 'City=بيروت'
  majlis profile --avatar me.jpg
  majlis profile --bio ''            removes it")]
pub struct ProfileArgs {
    /// A new display name.
    #[arg(long)]
    name: Option<String>,
    /// A new text about you.
    #[arg(long, value_name = "TEXT")]
    bio: Option<String>,
    /// A line of name and value, up to 8 of them; they replace all there were. '' alone removes them.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// Whether a machine posts here.
    #[arg(long, value_name = "YES-or-NO", value_parser = ["yes", "no"])]
    bot: Option<String>,
    /// A picture of you, a JPEG, PNG, WebP or GIF file; '' removes it.
    #[arg(long, value_name = "FILE")]
    avatar: Option<String>,
    /// A wide picture for the top of your page; '' removes it.
    #[arg(long, value_name = "FILE")]
    header: Option<String>,
    #[command(flatten)]
    metadata: MetadataArgs,
}

impl ProfileArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let fields: Result<Vec<_>, _> =
            self.fields.iter().filter(|field| !field.is_empty()).map(|field| parse(field)).collect();
        let metadata = self.metadata.choice();
        let edit = ProfileEdit {
            name: self.name,
            bio: self.bio,
            fields: if self.fields.is_empty() { None } else { Some(fields?) },
            bot: self.bot.map(|bot| bot == "yes"),
            avatar: self.avatar.map(|file| picture(&file, metadata)).transpose()?,
            header: self.header.map(|file| picture(&file, metadata)).transpose()?,
        };
        app.print(Request::Profile { edit }).await.map(drop)
    }
}

fn picture(file: &str, metadata: Metadata) -> Result<NewAttachment, Failure> {
    if file.is_empty() {
        return Ok(NewAttachment::default());
    }
    Ok(NewAttachment { file: input::absolute(Path::new(file))?, metadata, ..NewAttachment::default() })
}

fn parse(field: &str) -> Result<FieldView, Failure> {
    let (name, value) = field.split_once('=').ok_or_else(|| {
        Failure::usage(format!("{field:?} is no name and value"), "Write it as Web=https://example.org.")
    })?;
    Ok(FieldView { name: name.trim().to_owned(), value: value.trim().to_owned() })
}

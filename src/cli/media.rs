//! `majlis media`, and what is said of files on the command line.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::app::{App, Stop, off_thread};
use super::input;
use super::terminal::counted;
use crate::node::Failure;
use crate::node::api::{FileView, Metadata, NewAttachment, Reply, Request};

/// Fetch pictures, sound, video and other files of posts.
#[derive(Args)]
#[command(after_help = "\
Files are fetched from whoever is connected and has them, and each piece is checked.
What has come stays when it is broken off, and the next try goes on from there.

Examples:
  majlis media get bafkr4i… view.jpg")]
pub struct MediaArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Save a file of a post, fetching it if it is not here.
    #[command(after_help = "\
Examples:
  majlis media get bafkr4i… view.jpg
  majlis --json media get bafkr4i… view.jpg")]
    Get {
        /// The file's id, as `majlis show` prints it.
        cid: String,
        /// Where to save it; no such file may exist.
        file: PathBuf,
    },
}

impl MediaArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let What::Get { cid, file } = self.what;
        // Asked before anything is fetched.
        if file.exists() {
            return Err(exists(&file).into());
        }
        let mut found = None;
        app.dispatch(Request::File { cid }, |out, reply| match reply {
            Reply::File(view) => {
                found = Some(view);
                Ok(())
            }
            other => out.reply(&other),
        })
        .await?;
        let Some(view) = found else { return Ok(()) };
        let path = input::absolute(&file)?;
        let (from, to) = (view.path.clone(), path.clone());
        off_thread(move || save(Path::new(&from), Path::new(&to))).await?;
        app.out.reply(&Reply::File(FileView { path, ..view }))?;
        Ok(())
    }
}

fn exists(file: &Path) -> Failure {
    Failure::new(format!("{} exists already", file.display()), "Give another name.")
}

fn save(from: &Path, to: &Path) -> Result<(), Failure> {
    let cannot = |source: io::Error| {
        Failure::new(
            format!("cannot save {}: {source}", to.display()),
            "Check the folder and the space there, and try again.",
        )
    };
    let mut out = match OpenOptions::new().write(true).create_new(true).open(to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(to)),
        opened => opened.map_err(cannot)?,
    };
    let copied = File::open(from).and_then(|mut from| io::copy(&mut from, &mut out));
    copied.map(drop).map_err(|source| {
        // Half a file is of no use to anyone.
        let _ = fs::remove_file(to);
        cannot(source)
    })
}

/// Files to attach, and what is said of each in the order of the files.
#[derive(Args, Default)]
pub struct AttachArgs {
    /// A picture, sound, video or any other file to attach; once for each.
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// What a file shows or says, for those who do not see or hear it: the first --alt is of the first file.
    #[arg(long, value_name = "TEXT", requires = "attach")]
    alt: Vec<String>,
    /// How a file was made, as --made-with has it: the first is of the first file.
    #[arg(long, value_name = "WHAT", requires = "attach")]
    attach_made_with: Vec<String>,
    #[command(flatten)]
    metadata: MetadataArgs,
}

/// What becomes of what files say beside what they show.
#[derive(Args, Default)]
pub struct MetadataArgs {
    /// Attach files as they are, with all they say of place, time, device and author. Else what is private is taken
    /// out, and credit stays.
    #[arg(long, conflicts_with = "drop_credentials")]
    keep_metadata: bool,
    /// Take content credentials (C2PA) out along with private metadata, where they would no longer hold.
    #[arg(long)]
    drop_credentials: bool,
}

impl MetadataArgs {
    /// What is wanted.
    pub fn choice(&self) -> Metadata {
        match (self.keep_metadata, self.drop_credentials) {
            (true, _) => Metadata::Keep,
            (false, true) => Metadata::DropCredentials,
            (false, false) => Metadata::Strip,
        }
    }
}

impl AttachArgs {
    /// The files.
    pub fn files(self) -> Result<Vec<NewAttachment>, Failure> {
        let (metadata, count) = (self.metadata.choice(), self.attach.len());
        for (flag, given) in [("--alt", self.alt.len()), ("--attach-made-with", self.attach_made_with.len())]
        {
            if given > count {
                return Err(Failure::usage(
                    format!("{flag} is given {given} times for {}", counted(count as u64, "file", "files")),
                    "The first is of the first file, and so on; '' says nothing of a file.",
                ));
            }
        }
        let said = |word: String| Some(word).filter(|word| !word.is_empty());
        let alts = self.alt.into_iter().chain(std::iter::repeat(String::new()));
        let made = self.attach_made_with.into_iter().chain(std::iter::repeat(String::new()));
        let files = self.attach.iter().zip(alts).zip(made).map(|((file, alt), made)| {
            Ok(NewAttachment {
                file: input::absolute(file)?,
                alt,
                source_type: said(made),
                metadata,
                focus: None,
            })
        });
        files.collect()
    }
}

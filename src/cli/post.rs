//! `majlis post` and `majlis delete`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use majlis_protocol::limits::{MAX_LANG, MAX_TEXT};

use super::app::{App, Stop, off_thread};
use super::input;
use super::media::AttachArgs;
use super::terminal::counted;
use super::when;
use crate::node::Failure;
use crate::node::api::{NewPoll, NewPost, ProgressView, Request, Visibility};

/// Posts of a file that are signed and acknowledged together.
const BATCH: usize = 500;
/// Bytes of text in such a batch at most; further posts wait for the next.
const BATCH_BYTES: usize = 1 << 20;
/// Bad lines that are named.
const MAX_NAMED: usize = 10;

/// Sign a post and keep it; the node announces it, now or when it runs next.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis post 'Good morning'
  majlis post --lang ar 'صباح الخير'
  fortune | majlis post -
  majlis post --reply-to bq2f… 'I agree'
  majlis post 'Tea or coffee?' --poll tea coffee --closes 2d
  majlis post 'What a view' --attach view.jpg --alt 'The sea from above' --usage train-ai=n
  majlis post --draft 'Not yet'      kept until `majlis draft post`
  majlis post --at 12h 'Tomorrow'    kept until then; this node has to run at that time, or posts it when it next does
  majlis post --from posts.jsonl     with one {\"text\":\"…\",\"lang\":\"…\"} a line; lang may be missing")]
pub struct PostArgs {
    /// What it says; - or nothing: read from standard input.
    text: Option<String>,
    /// The language it is in, as a BCP 47 tag: ar, en, pt-BR.
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    /// The post that it answers: its id or link.
    #[arg(long, value_name = "ID")]
    reply_to: Option<String>,
    /// The post that it quotes: its id or link.
    #[arg(long, value_name = "ID")]
    quote: Option<String>,
    /// What to show in its place until the reader asks for it.
    #[arg(long, value_name = "TEXT")]
    cw: Option<String>,
    #[command(flatten)]
    files: AttachArgs,
    /// The answers of a poll, 2 to 20.
    #[arg(long, value_name = "OPTION", num_args = 2..=20)]
    poll: Vec<String>,
    /// When the poll ends: 30m, 12h, 3d, 2w, or a time as 2026-12-31T18:00:00Z.
    #[arg(long, value_name = "TIME", requires = "poll")]
    closes: Option<String>,
    /// Whether more than one answer may be chosen.
    #[arg(long, requires = "poll")]
    multiple: bool,
    /// Who is shown it unasked: everyone, or not those who look through tags and search.
    #[arg(long, value_name = "WHO", default_value = "public", value_parser = ["public", "unlisted"])]
    visibility: String,
    /// What may be done with it, if that is not what `majlis usage` says of all your posts.
    #[arg(long, value_name = "STATEMENT")]
    usage: Option<String>,
    /// How it was made: ai, ai-assisted, hand, camera, or an IPTC digital source type.
    #[arg(long, value_name = "WHAT")]
    made_with: Option<String>,
    /// Do not post it yet: keep it for `majlis draft`.
    #[arg(long)]
    draft: bool,
    /// Post it at a time to come: in 30m, 12h, 3d, 2w, or at a time as 2026-12-31T18:00:00Z.
    #[arg(long, value_name = "TIME", conflicts_with = "draft")]
    at: Option<String>,
    /// Post every line of a JSON lines file; nothing is posted if any line is bad.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "text", "lang", "reply_to", "quote", "cw", "attach", "poll", "visibility", "usage", "made_with", "draft", "at",
    ])]
    from: Option<PathBuf>,
}

impl PostArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        if let Some(file) = self.from {
            return from_file(app, file).await;
        }
        let text = match self.text {
            Some(text) if text != "-" => text,
            _ => input::all("Write the post, then press Ctrl-D on an empty line:\n").await?,
        };
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        let closes_at = self.closes.map(|time| when::rfc3339(&time, Timestamp::now())).transpose()?;
        let poll = NewPoll { options: self.poll, multiple: self.multiple, closes_at };
        let post = NewPost {
            text,
            lang: self.lang,
            reply_to: self.reply_to,
            quote: self.quote,
            content_warning: self.cw,
            attachments: self.files.files()?,
            poll: Some(poll).filter(|poll| !poll.options.is_empty()),
            visibility: if self.visibility == "unlisted" { Visibility::Unlisted } else { Visibility::Public },
            usage: self.usage,
            source_type: self.made_with,
        };
        check(&post).map_err(|fault| Failure::usage(fault.to_string(), fault.hint()))?;
        let at = self.at.map(|time| when::rfc3339(&time, Timestamp::now())).transpose()?;
        let request = if self.draft || at.is_some() {
            Request::SaveDraft { post: Box::new(post), at }
        } else {
            Request::Post { posts: vec![post] }
        };
        app.print(request).await?;
        Ok(())
    }
}

/// Take a post back: hidden now, its bytes removed later, and other nodes asked to do the same.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis delete bq2f…
  majlis delete --now 'majlis:z6Mk…/b…'")]
pub struct DeleteArgs {
    /// The post's id or link, as `majlis timeline` shows it.
    id: String,
    /// Remove the bytes here at once, without the time to think again.
    #[arg(long)]
    now: bool,
}

impl DeleteArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        app.print(Request::Delete { id: self.id, now: self.now }).await?;
        Ok(())
    }
}

async fn from_file(app: &mut App, file: PathBuf) -> Result<(), Stop> {
    let total = {
        let file = file.clone();
        off_thread(move || count(&file)).await?
    };
    let mut lines = Some(Lines::open(&file)?);
    let mut done = 0;
    while let Some(reader) = lines.take() {
        let (posts, reader) = off_thread(move || batch(reader)).await?;
        if posts.is_empty() {
            break;
        }
        lines = Some(reader);
        let count = posts.len() as u64;
        if let Err(stop) = app.print(Request::Post { posts }).await {
            if done > 0 {
                app.out.note(&format!("{} made before this.", counted(done, "post was", "posts were")));
            }
            return Err(stop);
        }
        done += count;
        app.out.progress(&ProgressView { done, total: Some(total) });
    }
    if done == 0 {
        app.out.note(&format!("{} holds no posts.", file.display()));
    } else if !app.out.is_json() {
        app.out.note(&format!("{} made.", counted(done, "post was", "posts were")));
    }
    Ok(())
}

/// The posts of a file, with the number of their lines.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    number: usize,
    line: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Failure> {
        let cannot = |why: String| {
            Failure::new(
                format!("cannot read {}: {why}", path.display()),
                "Name a file with one {\"text\":\"…\",\"lang\":\"…\"} a line.",
            )
        };
        let file = File::open(path).map_err(|source| cannot(source.to_string()))?;
        let meta = file.metadata().map_err(|source| cannot(source.to_string()))?;
        // It is read twice: checked whole before the first post is made.
        if !meta.is_file() {
            return Err(cannot("it is not a regular file".to_owned()));
        }
        Ok(Self { path: path.to_owned(), reader: BufReader::new(file), number: 0, line: Vec::new() })
    }

    /// The next post, or what is wrong with its line; none at the end. Empty lines are passed over.
    fn next(&mut self) -> Result<Option<Result<NewPost, String>>, Failure> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line).map_err(|source| {
                Failure::new(
                    format!("cannot read {}: {source}", self.path.display()),
                    "Check the disk that the file is on.",
                )
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !self.line.trim_ascii().is_empty() {
                let post = serde_json::from_slice::<NewPost>(&self.line)
                    .map_err(|error| unreadable(&error))
                    .and_then(|post| check(&post).map(|()| post).map_err(|fault| fault.to_string()));
                return Ok(Some(post.map_err(|why| format!("line {}: {why}", self.number))));
            }
        }
    }
}

/// What is wrong with a line. To the parser it is the first one, so only the column is of use.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!("{} (column {})", text.strip_suffix(&place).unwrap_or(&text), error.column())
}

/// What is wrong with a post.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the post says nothing")]
    Empty,
    #[error("the post has {0} bytes, and {MAX_TEXT} are allowed")]
    Long(usize),
    #[error("{0:?} is not a language tag")]
    Language(String),
}

impl Fault {
    fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "Say something: `majlis post TEXT`.",
            Self::Long(_) => "Make several posts of it.",
            Self::Language(_) => "Give a BCP 47 tag, such as ar or pt-BR, or leave --lang out.",
        }
    }
}

fn check(post: &NewPost) -> Result<(), Fault> {
    if post.is_empty() {
        return Err(Fault::Empty);
    }
    if post.text.len() > MAX_TEXT {
        return Err(Fault::Long(post.text.len()));
    }
    match &post.lang {
        Some(lang) if lang.len() > MAX_LANG => Err(Fault::Language(lang.clone())),
        _ => Ok(()),
    }
}

/// Reads the whole file; how many posts it holds.
fn count(path: &Path) -> Result<u64, Failure> {
    let mut lines = Lines::open(path)?;
    let (mut total, mut bad, mut named) = (0, 0_usize, Vec::new());
    while let Some(post) = lines.next()? {
        match post {
            Ok(_) => total += 1,
            Err(why) => {
                bad += 1;
                if named.len() < MAX_NAMED {
                    named.push(why);
                }
            }
        }
    }
    if bad == 0 {
        return Ok(total);
    }
    if bad > named.len() {
        named.push(format!("and {} more", bad - named.len()));
    }
    Err(Failure::new(
        format!("{} has bad lines, and nothing was posted:\n  {}", path.display(), named.join("\n  ")),
        "Correct them and try again: each line is an object like {\"text\":\"…\",\"lang\":\"en\"}.",
    ))
}

/// The next posts, and the rest of the file.
fn batch(mut lines: Lines) -> Result<(Vec<NewPost>, Lines), Failure> {
    let (mut posts, mut bytes) = (Vec::new(), 0);
    while posts.len() < BATCH && bytes < BATCH_BYTES {
        match lines.next()? {
            None => break,
            Some(Ok(post)) => {
                bytes += post.text.len();
                posts.push(post);
            }
            Some(Err(why)) => {
                return Err(Failure::new(
                    format!("{} was changed while it was read: {why}", lines.path.display()),
                    "Look at `majlis timeline` for what was posted, and post the rest from another file.",
                ));
            }
        }
    }
    Ok((posts, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn bad_lines_are_named_and_nothing_is_read_further() {
        let file = file("{\"text\":\"a\"}\n\n{\"text\":1}\n{\"text\":\" \",\"lang\":\"en\"}\nnot json\n");
        let failure = count(file.path()).unwrap_err();
        for part in
            ["line 3: invalid type", "line 4: the post says nothing", "line 5: expected ident (column 2)"]
        {
            assert!(failure.message.contains(part), "{}", failure.message);
        }
        assert!(!failure.message.contains("line 1"), "{}", failure.message);
    }

    #[test]
    fn a_file_comes_in_batches_and_whole() {
        let text: String = (0..1234)
            .map(|n| ["{\"text\":\"منشور ", &n.to_string(), "\",\"lang\":\"ar\"}\n"].concat())
            .collect();
        let file = file(&text);
        assert_eq!(count(file.path()).unwrap(), 1234);
        let mut lines = Lines::open(file.path()).unwrap();
        let mut sizes = Vec::new();
        loop {
            let (posts, rest) = batch(lines).unwrap();
            if posts.is_empty() {
                break;
            }
            sizes.push(posts.len());
            lines = rest;
        }
        assert_eq!(sizes, [500, 500, 234]);
    }

    #[test]
    fn a_batch_always_fits_a_line_of_the_control_door() {
        let worst = "\u{1}".repeat(MAX_TEXT);
        let line = serde_json::to_string(&worst).unwrap().len();
        assert!((BATCH_BYTES / MAX_TEXT + 1) * (line + 64) + BATCH * 64 < crate::control::MAX_LINE);
    }
}

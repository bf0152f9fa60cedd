//! Standard output, for replies, and standard error, for messages.

use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use serde::Serialize;

use super::show;
use super::terminal::{self, Style};
use crate::node::Failure;
use crate::node::api::{ProgressView, Reply};

/// Where replies and messages go.
pub struct Output {
    json: bool,
    style: Style,
    stdout: BufWriter<Stdout>,
    /// The last reply was a post or a draft, which an empty line divides from the next.
    after_post: bool,
    /// Standard error shows how far the work is.
    progress_shown: bool,
}

impl Output {
    /// For people, or one JSON object a line.
    pub fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let style = if stdout.is_terminal() { Style::Terminal } else { Style::Plain };
        Self { json, style, stdout: BufWriter::new(stdout), after_post: false, progress_shown: false }
    }

    /// Whether the output is JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// How text for people is written.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Prints a reply.
    pub fn reply(&mut self, reply: &Reply) -> io::Result<()> {
        if let Reply::Progress(progress) = reply {
            self.progress(progress);
            return Ok(());
        }
        self.clear_progress();
        if self.json {
            return self.line(&json(reply)?);
        }
        if matches!(reply, Reply::Post(_) | Reply::Draft(_)) && std::mem::replace(&mut self.after_post, true)
        {
            self.stdout.write_all(b"\n")?;
        }
        let text = show::reply(reply, self.style);
        self.text(&text)
    }

    /// Prints an object as a line of JSON.
    pub fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        let line = escaped(&serde_json::to_string(object)?);
        self.line(&line)
    }

    /// Prints lines as they are. Each reaches the reader at once: the next may be long in coming.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())?;
        self.stdout.flush()
    }

    /// Prints bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stdout.write_all(bytes)?;
        self.stdout.flush()
    }

    /// Says something to people, on standard error.
    pub fn note(&mut self, text: &str) {
        self.clear_progress();
        say(text);
    }

    /// Shows people how far the work is, where standard error is a terminal.
    pub fn progress(&mut self, progress: &ProgressView) {
        if !io::stderr().is_terminal() {
            return;
        }
        let text = match progress.total {
            Some(total) => format!("\r{} of {total}\x1b[K", progress.done),
            None => format!("\r{}\x1b[K", progress.done),
        };
        // A message that nobody can read is no reason to stop.
        let _ = io::stderr().write_all(text.as_bytes());
        self.progress_shown = true;
    }

    /// Leaves the terminal tidy and everything written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.clear_progress();
        self.stdout.flush()
    }

    fn clear_progress(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            let _ = io::stderr().write_all(b"\r\x1b[K");
        }
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.stdout.write_all(line.as_bytes())?;
        self.stdout.write_all(b"\n")?;
        self.stdout.flush()
    }
}

/// Says something to people, on standard error.
pub fn say(text: &str) {
    let text = terminal::lines(text).collect::<Vec<_>>().join("\n");
    // A message that nobody can read is no reason to stop.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Tells people what went wrong and what to do next.
pub fn complain(failure: &Failure) {
    say(&format!("error: {}\n{}", failure.message.trim_end(), sentence(&failure.hint)));
}

/// The same as a sentence of its own.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut rest = text.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", rest.as_str())
}

/// A reply as a flat object.
fn json(reply: &Reply) -> io::Result<String> {
    let text = match reply {
        Reply::Id(view) => serde_json::to_string(view),
        Reply::Status(view) => serde_json::to_string(view),
        Reply::Peer(view) => serde_json::to_string(view),
        Reply::Synced(view) => serde_json::to_string(view),
        Reply::Posted(view) => serde_json::to_string(view),
        Reply::Deleted(view) => serde_json::to_string(view),
        Reply::Followed(view) => serde_json::to_string(view),
        Reply::Unfollowed(view) | Reply::Blocked(view) | Reply::Person(view) => serde_json::to_string(view),
        Reply::Post(view) | Reply::Shown(view) => serde_json::to_string(view),
        Reply::Missing(view) => serde_json::to_string(view),
        Reply::Position(view) => serde_json::to_string(view),
        Reply::Version(view) => serde_json::to_string(view),
        Reply::Notification(view) => serde_json::to_string(view),
        Reply::Notifications(view) => serde_json::to_string(view),
        Reply::Muted(view) => serde_json::to_string(view),
        Reply::Filter(view) => serde_json::to_string(view),
        Reply::Draft(view) => serde_json::to_string(view),
        Reply::List(view) => serde_json::to_string(view),
        Reply::Usage(view) => serde_json::to_string(view),
        Reply::Profile(view) => serde_json::to_string(view),
        Reply::Tag(view) => serde_json::to_string(view),
        Reply::File(view) => serde_json::to_string(view),
        Reply::Account(view) => serde_json::to_string(view),
        Reply::Attachment(view) => serde_json::to_string(view),
        Reply::StorageOf(view) => serde_json::to_string(view),
        Reply::Storage(view) => serde_json::to_string(view),
        Reply::Pruned(view) => serde_json::to_string(view),
        Reply::Phrase(view) => serde_json::to_string(view),
        Reply::CarriedOf(view) => serde_json::to_string(view),
        Reply::Have(view) => serde_json::to_string(view),
        Reply::Carried(view) => serde_json::to_string(view),
        Reply::Bad(view) => serde_json::to_string(view),
        Reply::Verified(view) => serde_json::to_string(view),
        Reply::Progress(view) => serde_json::to_string(view),
        Reply::Login(view) => serde_json::to_string(view),
        Reply::App(view) => serde_json::to_string(view),
        Reply::Token(view) => serde_json::to_string(view),
        Reply::Pin(view) => serde_json::to_string(view),
        Reply::Host(view) => serde_json::to_string(view),
        Reply::Holder(view) => serde_json::to_string(view),
        Reply::PinToken(view) => serde_json::to_string(view),
        Reply::Done(view) => serde_json::to_string(view),
    }?;
    Ok(escaped(&text))
}

/// Says the same without characters that drive a terminal: in JSON they only stand in strings, where they may be
/// written as escapes.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if terminal::is_unsafe(c) && c != '\t' {
            // Writing into a string cannot fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::api::DoneView;

    #[test]
    fn json_is_flat_and_cannot_drive_a_terminal() {
        let message = "\u{9b}2J \u{202e}abc \u{7} سلام".to_owned();
        let line = json(&Reply::Done(DoneView { message: message.clone() })).unwrap();
        assert_eq!(line, "{\"message\":\"\\u009b2J \\u202eabc \\u0007 سلام\"}");
        assert_eq!(serde_json::from_str::<DoneView>(&line).unwrap().message, message);
    }
}

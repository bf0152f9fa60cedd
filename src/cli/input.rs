//! What a person types, names, or pipes in.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::app::off_thread;
use crate::node::Failure;

/// Bytes that are read from standard input at most; more than any post or phrase may have.
const MAX_INPUT: u64 = 1 << 20;

/// Everything from standard input. Where that is a terminal, `prompt` is shown first.
pub async fn all(prompt: &'static str) -> Result<String, Failure> {
    off_thread(move || {
        ask(prompt);
        let mut text = String::new();
        let read = io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
        read.map(|_| text).map_err(|source| unreadable(&source))
    })
    .await
}

/// A path as the node has it, which may have another working directory.
pub fn absolute(path: &Path) -> Result<String, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("{} cannot be used: {why}", path.display()), "Give the file another name.")
    };
    let path = std::path::absolute(path).map_err(|source| wrong(source.to_string()))?;
    path.to_str().map(ToOwned::to_owned).ok_or_else(|| wrong("its name is not UTF-8".to_owned()))
}

/// One line from standard input, without its end. Where that is a terminal, `prompt` is shown first.
pub async fn line(prompt: String) -> Result<Zeroizing<String>, Failure> {
    off_thread(move || {
        ask(&prompt);
        let mut line = Zeroizing::new(String::new());
        io::stdin().read_line(&mut line).map_err(|source| unreadable(&source))?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        Ok(line)
    })
    .await
}

fn ask(prompt: &str) {
    if io::stdin().is_terminal() {
        let mut stderr = io::stderr();
        // Who cannot see the question can still answer it.
        let _ = stderr.write_all(prompt.as_bytes()).and_then(|()| stderr.flush());
    }
}

fn unreadable(source: &io::Error) -> Failure {
    Failure::new(
        format!("cannot read standard input: {source}"),
        "Give text in UTF-8 through a pipe or a file.",
    )
}

/// A recovery phrase from standard input: one line, or several if it is piped in.
pub async fn phrase(prompt: String) -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        return line(prompt).await;
    }
    off_thread(move || {
        let mut text = Zeroizing::new(String::new());
        let read = io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text);
        read.map(|_| text).map_err(|source| unreadable(&source))
    })
    .await
}

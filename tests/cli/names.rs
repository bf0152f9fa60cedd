//! Names for what is another at each run: the first account key that a session shows is `[KEY-1]`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The names of a session, kept in a file between its commands.
pub struct Names {
    file: PathBuf,
    /// Name and what it stands for, in the order of their first showing.
    known: Vec<(String, String)>,
}

impl Names {
    /// Of a session's folder.
    pub fn load(sandbox: &Path) -> Self {
        let file = sandbox.join("names");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let known = text.lines().filter_map(|line| line.split_once(' '));
        let known = known.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { file, known }
    }

    /// Remembers them for the next command.
    pub fn save(&self) {
        let mut file = File::create(&self.file).unwrap();
        for (name, value) in &self.known {
            writeln!(file, "{name} {value}").unwrap();
        }
    }

    /// What was typed, with names replaced by what they stand for.
    pub fn resolve(&self, typed: &str) -> String {
        let mut text = typed.to_owned();
        for (name, value) in &self.known {
            text = text.replace(name, value);
        }
        text
    }

    /// What was printed, with names in it.
    pub fn redact(&mut self, printed: &str) -> String {
        let mut text = String::with_capacity(printed.len());
        let mut rest = printed;
        while let Some(first) = rest.chars().next() {
            let length = if first.is_ascii_alphanumeric() {
                let (length, shown) = self.word(rest, &text);
                text.push_str(&shown);
                length
            } else {
                text.push(first);
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        text
    }

    /// How much of the text the word at its beginning takes, and how it is shown after `before`.
    fn word(&mut self, text: &str, before: &str) -> (usize, String) {
        if let Some(length) = time(text) {
            return (length, "[TIME]".to_owned());
        }
        let length = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let word = &text[..length];
        let all = |allowed: fn(char) -> bool| word.chars().all(allowed);
        let kind = if word.len() == 48 && word.starts_with("z6Mk") {
            "KEY"
        } else if word.len() == 53 && word.starts_with('b') && all(|c| matches!(c, 'a'..='z' | '2'..='7')) {
            "ID"
        } else if word.len() == 52 && word.starts_with("12D3KooW") {
            "PEER"
        } else if word.len() == 16 && all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
            "HEX"
        } else if before.ends_with("/ip4/127.0.0.1/tcp/") && word.len() > 1 && all(|c| c.is_ascii_digit()) {
            "PORT"
        } else if before.ends_with("http://127.0.0.1:") && all(|c| c.is_ascii_digit()) {
            "DOOR"
        } else if before.ends_with("/#code=") {
            "CODE"
        } else {
            return self.short_key(text, word);
        };
        (length, self.name(kind, word))
    }

    /// `z6MkhaXg…ta2doK`, the short form of a key.
    fn short_key(&mut self, text: &str, word: &str) -> (usize, String) {
        const TAIL: usize = 6;
        let is_head = |word: &str| word.len() == 8 && word.starts_with("z6Mk");
        let tail = text[word.len()..].strip_prefix('…').and_then(|tail| tail.get(..TAIL));
        match tail {
            Some(tail) if is_head(word) && tail.chars().all(|c| c.is_ascii_alphanumeric()) => {
                let fits = |value: &str| value.starts_with(word) && value.ends_with(tail);
                let known = self.known.iter().find(|(_, value)| fits(value));
                let shown = known.map_or("[KEY…]".to_owned(), |(name, _)| name.replace(']', "…]"));
                (word.len() + '…'.len_utf8() + TAIL, shown)
            }
            _ => (word.len(), word.to_owned()),
        }
    }

    fn name(&mut self, kind: &str, value: &str) -> String {
        if let Some((name, _)) = self.known.iter().find(|(_, known)| known == value) {
            return name.clone();
        }
        let prefix = format!("[{kind}-");
        let count = self.known.iter().filter(|(name, _)| name.starts_with(&prefix)).count();
        let name = format!("{prefix}{}]", count + 1);
        self.known.push((name.clone(), value.to_owned()));
        name
    }
}

/// The length of the RFC 3339 time, as the end of a JSON string, at the beginning of the text.
fn time(text: &str) -> Option<usize> {
    const SHAPE: &str = "0000-00-00T00:00:00";
    let start = text.get(..SHAPE.len())?;
    let alike = |(shape, c): (char, char)| if shape == '0' { c.is_ascii_digit() } else { c == shape };
    if !SHAPE.chars().zip(start.chars()).all(alike) {
        return None;
    }
    let rest = &text[SHAPE.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    rest[end..].starts_with("Z\"").then_some(SHAPE.len() + end + 1)
}

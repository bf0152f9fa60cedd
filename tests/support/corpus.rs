//! Posts that people wrote, where the project's shared data lie beside the checkout; made-up ones where not.

use std::fs;
use std::path::{Path, PathBuf};

/// A post to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub text: String,
    pub lang: String,
}

fn read(path: &Path) -> Option<Vec<Sample>> {
    let text = fs::read_to_string(path).ok()?;
    let samples = text.lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| value[name].as_str().unwrap().to_owned();
        Sample { text: field("text"), lang: field("lang") }
    });
    Some(samples.collect())
}

fn shared(name: &str) -> Option<Vec<Sample>> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name))
}

/// English posts: those of the shared data, or 600 made-up ones.
pub fn english() -> Vec<Sample> {
    shared("posts-en.jsonl").unwrap_or_else(|| {
        let words =
            ["tea", "rain", "a street", "bread", "the sea", "a letter", "night", "music", "an old friend"];
        (0..600)
            .map(|index: usize| {
                let (one, other) = (words[index % words.len()], words[index / words.len() % words.len()]);
                Sample {
                    text: format!("{index}: {one}, and then {other} \u{2014} \u{1f642}"),
                    lang: "en".to_owned(),
                }
            })
            .collect()
    })
}

/// Arabic posts: those of the shared data, or a few made-up ones.
pub fn arabic() -> Vec<Sample> {
    shared("posts-ar.jsonl").unwrap_or_else(|| {
        let texts =
            ["مساء الخير من المجلس", "القهوة جاهزة، تفضلوا", "كتبت هذا بلا إنترنت", "السّلامُ عليكم ورحمة الله"];
        texts.iter().map(|text| Sample { text: (*text).to_owned(), lang: "ar".to_owned() }).collect()
    })
}

/// Writes posts as `post --from` reads them.
pub fn write(folder: &Path, name: &str, samples: &[Sample]) -> PathBuf {
    let path = folder.join(name);
    let mut lines = String::new();
    for sample in samples {
        let line = serde_json::json!({ "text": sample.text, "lang": sample.lang });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    fs::write(&path, lines).unwrap();
    path
}

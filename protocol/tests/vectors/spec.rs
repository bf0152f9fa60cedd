//! The specification, held to the code and to its tests: every requirement is numbered once and cited, and its
//! table of limits is that of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::{cases, committed, make};

fn crate_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Chapters by name.
fn chapters() -> BTreeMap<String, String> {
    let files = fs::read_dir(crate_dir().join("spec")).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// Every `WORD-12` in a text, where the word is one that numbers requirements.
fn ids(text: &str) -> impl Iterator<Item = String> + '_ {
    const WORDS: [&str; 13] = [
        "CONV", "KEY", "ENTRY", "BODY", "ID", "FORK", "PACK", "SYNC", "TEXT", "SEAL", "BLOB", "FIND", "HAVE",
    ];
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter_map(|token| {
        let (word, digits) = token.split_once('-')?;
        let numbered = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (numbered && (WORDS.contains(&word) || word == "ARCH")).then(|| token.to_string())
    })
}

/// Requirements: list items that begin with their number in bold.
fn required() -> BTreeMap<String, String> {
    let mut required = BTreeMap::new();
    for (name, text) in chapters() {
        for line in text.lines() {
            let Some((id, rest)) = line.strip_prefix("- **").and_then(|line| line.split_once("**")) else {
                continue;
            };
            let told = required.insert(id.to_string(), format!("{name}: {rest}"));
            assert!(told.is_none(), "{id} is given twice");
        }
    }
    required
}

fn sources(dir: &Path, texts: &mut Vec<(PathBuf, String)>) {
    for path in fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()) {
        if path.is_dir() {
            sources(&path, texts);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
            texts.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_requirement_is_cited_and_every_citation_exists() {
    let required = required();
    assert!(required.len() > 80, "{}", required.len());
    let mut cited = BTreeSet::new();
    for (name, text) in committed() {
        for case in cases(&text) {
            let ids = case["ids"].as_array().unwrap();
            assert!(!ids.is_empty(), "{name}: {} cites nothing", case["name"]);
            cited.extend(ids.iter().map(|id| id.as_str().unwrap().to_string()));
        }
    }
    let mut texts = Vec::new();
    sources(&crate_dir().join("tests"), &mut texts);
    sources(&crate_dir().join("src"), &mut texts);
    sources(&crate_dir().join("../tests"), &mut texts);
    sources(&crate_dir().join("../src"), &mut texts);
    for (_, text) in &texts {
        cited.extend(ids(text));
    }
    let uncited: Vec<_> = required.keys().filter(|id| !cited.contains(*id)).collect();
    assert!(uncited.is_empty(), "no vector or test cites {uncited:?}");
    let unknown: Vec<_> = cited.iter().filter(|id| !required.contains_key(*id)).collect();
    assert!(unknown.is_empty(), "the specification has no {unknown:?}");
    // What the chapters say of one another exists too.
    for (name, text) in chapters() {
        let unknown: Vec<_> = ids(&text).filter(|id| !required.contains_key(id)).collect();
        assert!(unknown.is_empty(), "{name} speaks of {unknown:?}");
    }
}

#[test]
fn requirements_say_must() {
    for (id, text) in required() {
        assert!(text.contains("MUST"), "{id} requires nothing: {text}");
    }
}

#[test]
fn requirements_are_numbered_without_gaps() {
    let mut by_word: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for id in required().keys() {
        let (word, number) = id.split_once('-').unwrap();
        by_word.entry(word.into()).or_default().insert(number.parse().unwrap());
    }
    for (word, numbers) in by_word {
        let count = numbers.len() as u32;
        assert_eq!(numbers, (1..=count).collect(), "{word}");
    }
}

#[test]
fn the_table_of_limits_is_that_of_the_source() {
    let chapter = &chapters()["00-conventions.md"];
    let fresh = make::limits::refreshed(chapter);
    assert!(*chapter == fresh, "stale: cargo run -p majlis-protocol --example make_vectors");
}

#[test]
fn every_context_string_is_told() {
    let chapter = &chapters()["00-conventions.md"];
    for context in make::numbers::CONTEXTS {
        assert!(chapter.contains(&format!("`{context}`")), "{context}");
    }
}

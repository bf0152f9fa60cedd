//! Killed while a file is written, and while it is taken in.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::cluster::comparable;
use crate::support::corpus;
use crate::support::node::{TestNode, number};
use crate::support::random::Random;

const POSTS: usize = 4_000;
const FILE: usize = 40 << 20;

/// What is left of exports in a folder.
fn partials(folder: &Path) -> Vec<u64> {
    let names = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let partial = names.filter(|name| name.file_name().to_string_lossy().contains(".partial-"));
    // One that has got its name meanwhile is none any more.
    partial.filter_map(|name| Some(name.metadata().ok()?.len())).collect()
}

#[test]
fn what_was_carried_so_far_is_not_carried_again() {
    let mut random = Random::new(5);
    let author = TestNode::new("author");
    let samples: Vec<_> = (0..POSTS)
        .map(|turn| corpus::Sample { text: format!("{turn}: {}", "y".repeat(300)), lang: "en".to_owned() })
        .collect();
    let posts = corpus::write(author.scratch(), "posts.jsonl", &samples);
    author.cli(&["post", "--from", posts.to_str().unwrap()]);
    let film = author.scratch().join("film.bin");
    fs::write(&film, random.bytes(FILE)).unwrap();
    author.cli(&["post", "a film", "--keep-metadata", "--attach", film.to_str().unwrap()]);

    let stick = author.scratch().join("stick");
    fs::create_dir(&stick).unwrap();
    let file = stick.join("all.majlis");
    let path = file.to_str().unwrap();
    let mut cut_off = 0;
    for _ in 0..12 {
        let (export, before) = (author.background(&["export", path]), partials(&stick));
        let enough = before.first().copied().unwrap_or(0) + random.below(FILE as u64 / 4);
        while !file.exists() && !partials(&stick).iter().any(|size| *size > enough) {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(export);
        if file.exists() {
            break;
        }
        cut_off += usize::from(partials(&stick).iter().any(|size| *size > 8));
        // A stick that is pulled out may lose what it said it had written.
        if let Some(partial) = fs::read_dir(&stick).unwrap().next() {
            let partial = fs::File::options().write(true).open(partial.unwrap().path()).unwrap();
            let size = partial.metadata().unwrap().len();
            partial.set_len(size - random.below(size.min(5_000) + 1)).unwrap();
        }
    }
    if !file.exists() {
        author.cli(&["export", path]);
    }
    eprintln!("the export was cut off in the middle {cut_off} times");
    assert!(cut_off > 0, "it was never cut off in the middle, so nothing was tested");
    assert_eq!(partials(&stick), Vec::<u64>::new(), "nothing is left beside the file");

    let reader = TestNode::new("reader");
    reader.cli(&["follow", &author.account()]);
    let mut held = 0;
    for _ in 0..8 {
        let import = reader.background(&["import", path]);
        std::thread::sleep(Duration::from_millis(60 + random.below(400)));
        drop(import);
        let now = reader.timeline().len();
        assert!(now >= held, "{held} posts were held, and now {now}");
        held = now;
    }
    let lines = reader.cli(&["import", path]);
    let counts = lines.last().unwrap();
    assert_eq!(number(counts, "refused"), 0, "{counts}");
    assert_eq!(number(counts, "held") + number(counts, "entries"), POSTS as u64 + 1, "{counts}");
    assert_eq!(comparable(&reader.timeline()), comparable(&author.timeline()));
    assert_eq!(reader.timeline()[0]["attachments"][0]["held"], true);
    reader.verify();
    let size = fs::metadata(&file).unwrap().len();
    assert!(size < FILE as u64 * 105 / 100 + POSTS as u64 * 400, "nothing is in the file twice: {size}");
}

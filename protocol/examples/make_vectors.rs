//! Writes `protocol/vectors/v1/` and the table of limits in the specification.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/vectors/make/mod.rs"]
#[allow(dead_code, reason = "some of it is for the test that reads the vectors")]
mod make;

use std::fs;
use std::path::Path;

fn main() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = crate_dir.join("vectors/v1");
    fs::create_dir_all(&vectors).unwrap();
    for (name, text) in make::files() {
        fs::write(vectors.join(&name), &text).unwrap();
        println!("{name}: {} bytes", text.len());
    }
    let chapter = crate_dir.join("spec/00-conventions.md");
    let text = fs::read_to_string(&chapter).unwrap();
    fs::write(chapter, make::limits::refreshed(&text)).unwrap();
}

//! The bench: what `scripts/bench` runs. It measures two real `majlis` processes over loopback from the outside, prints one
//! table with each figure beside what it reaches for, and never fails for being slow: only for being wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a program of measurements, which is to stop loudly where something is not as it should be"
)]

mod archive;
mod base;
mod catchup;
mod daemon;
mod door;
mod files;
mod gossip;
mod homes;
mod http;
mod indexing;
mod machine;
mod meeting;
mod pages;
mod peer;
mod proxy;
mod reading;
mod table;
mod talk;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use homes::Homes;
use table::Table;
use workload::Workload;

/// What is wrong, in a sentence.
pub type Result<T> = std::result::Result<T, String>;

/// What was asked for on the command line.
pub struct Options {
    /// Posts.
    pub scale: usize,
    /// Authors.
    pub authors: usize,
    /// Repetitions of the long measurements.
    pub rounds: usize,
    /// Seconds of live posts.
    pub live_seconds: u64,
    /// Length of the file that is fetched.
    pub file_bytes: u64,
    /// The `majlis` to measure.
    pub binary: PathBuf,
    /// Measure only these.
    pub only: Vec<String>,
    /// Leave the homes here.
    pub keep: Option<PathBuf>,
}

impl Options {
    fn parse() -> Result<Self> {
        let beside = std::env::current_exe().map_err(|error| error.to_string())?;
        let release = beside.parent().and_then(std::path::Path::parent).map(|folder| folder.join("majlis"));
        let binary = release.unwrap_or_default();
        let (authors, only, keep) = (1_000, Vec::new(), None);
        let (scale, rounds, live_seconds, file_bytes) = (100_000, 3, 10, 512 << 20);
        let mut options = Self { scale, authors, rounds, live_seconds, file_bytes, binary, only, keep };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--scale" => options.scale = number(&value()?)?,
                "--authors" => options.authors = number(&value()?)?,
                "--rounds" => options.rounds = number(&value()?)?,
                "--binary" => options.binary = value()?.into(),
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--keep" => options.keep = Some(value()?.into()),
                "--quick" => {
                    (options.scale, options.rounds, options.live_seconds) = (10_000, 1, 3);
                    options.file_bytes = 64 << 20;
                }
                _ => return Err(format!("{word} is unknown; {USAGE}")),
            }
        }
        if options.authors == 0 || options.scale < options.authors || options.rounds == 0 {
            return Err("there must be an author, a post of each, and a round".to_owned());
        }
        Ok(options)
    }

    /// Whether this part is asked for.
    pub fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

const USAGE: &str = "usage: bench [--scale POSTS] [--authors N] [--rounds N] [--quick] [--binary MAJLIS] \
                     [--keep DIR] [--only catchup,wire,start,reading,index,pages,http,files,warm,missing,publish,live]";

fn number(text: &str) -> Result<usize> {
    text.replace('_', "").parse().map_err(|_| format!("{text} is not a number; {USAGE}"))
}

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever waits what is going on.
pub fn say(what: &str) {
    eprintln!("bench: {what}");
}

fn run(options: &Options) -> Result<()> {
    if !options.binary.is_file() {
        return Err(format!(
            "there is no {}: build it with `cargo build --release`",
            options.binary.display()
        ));
    }
    let temporary =
        tempfile::Builder::new().prefix("majlis-bench-").tempdir().map_err(|error| error.to_string())?;
    let folder = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    say("measuring the machine");
    let base = base::measure(&folder)?;
    say(&format!("signing {} posts of {} authors", options.scale, options.authors));
    let mut workload = Workload::make(options.scale, options.authors, &folder)?;
    let mut table = Table::default();
    let homes = Homes::prepare(&folder, options, &workload)?;
    catchup::measure(&mut table, options, &workload, &homes)?;
    reading::measure(&mut table, options, &workload, &homes)?;
    pages::measure(&mut table, options, &workload, &homes)?;
    http::measure(&mut table, options, &homes)?;
    files::measure(&mut table, options, &homes)?;
    gossip::measure(&mut table, options, &base, &mut workload, &homes)?;
    table.print(&machine::describe(), options, &base, &workload);
    Ok(())
}

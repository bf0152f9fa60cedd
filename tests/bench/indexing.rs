//! The search index made from nothing, by a `majlis search` in a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::peak_memory;
use crate::homes::{Homes, disk_bytes};
use crate::table::Table;
use crate::{Options, Result, say};

/// How often it is looked how much memory it takes.
const LOOK: Duration = Duration::from_millis(20);

/// Seconds and bytes of memory of one search.
fn search(binary: &Path, home: &Path, word: &str) -> Result<(f64, u64)> {
    let failed = |error: std::io::Error| format!("cannot run {}: {error}", binary.display());
    let started = Instant::now();
    let mut child = Command::new(binary)
        .arg("--home")
        .arg(home)
        .args(["search", word])
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut memory = 0;
    loop {
        memory = peak_memory(child.id()).max(memory);
        if let Some(status) = child.try_wait().map_err(failed)? {
            let seconds = started.elapsed().as_secs_f64();
            return if status.success() {
                Ok((seconds, memory))
            } else {
                Err(format!("a search ended with {status}"))
            };
        }
        std::thread::sleep(LOOK);
    }
}

/// Leaves the home with an index of all that it holds.
pub fn measure(table: &mut Table, options: &Options, homes: &Homes, home: &Path, word: &str) -> Result<()> {
    say("making the search index anew");
    let folder = home.join("search");
    let failed = |error: std::io::Error| format!("cannot look into {}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    let (all, memory) = search(&homes.binary, home, word)?;
    // The same with nothing to take in: what a search itself takes, and opening the home.
    let (idle, idle_memory) = search(&homes.binary, home, word)?;
    if options.wants("index") {
        let absolute = format!(
            "{all:.1} s, of which {idle:.2} s open the home and search; {:.0} MB at most, {:.0} MB with nothing to take \
             in; {:.1} MB on disk",
            memory as f64 / 1e6,
            idle_memory as f64 / 1e6,
            disk_bytes(&folder).map_err(failed)? as f64 / 1e6,
        );
        let rate = options.scale as f64 / (all - idle);
        table.note("search index made anew", &format!("{rate:.0} posts/s"), &absolute);
    }
    Ok(())
}

//! The command line's manual, executed: every `*.trycmd` here is a session at a terminal, run with the real program
//! in a scratch folder of its own.
//!
//! The words at the prompt are `majlis` itself and a few helpers (see [`tool`]). Keys, ids, times, ports and paths
//! are shown by name, as `[KEY-1]`, and the names can be typed, so a session can go on with what it was shown.
//! `TRYCMD=overwrite cargo test --test cli` writes the sessions anew; read the difference before keeping it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the program under test is a command line")]

mod names;
mod streams;
mod tool;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Says to this program that it is called from a session, and in which folder.
const SANDBOX: &str = "MAJLIS_SESSION";
/// Sessions that run at once.
const AT_ONCE: usize = 4;
/// Much longer than any command takes, as other work may have the machine.
const PATIENCE: Duration = Duration::from_mins(2);

fn main() -> ExitCode {
    if let Some(sandbox) = env::var_os(SANDBOX) {
        return tool::main(Path::new(&sandbox));
    }
    if let Some(code) = without_settings() {
        return code;
    }
    let failed = sessions() + streams::checks();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Starts again without what this process's environment says to `majlis`, if it says anything.
fn without_settings() -> Option<ExitCode> {
    let settings: Vec<_> = env::vars_os()
        .map(|(key, _)| key)
        .filter(|key| key.to_string_lossy().starts_with("MAJLIS_"))
        .collect();
    if settings.is_empty() {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    for key in &settings {
        command.env_remove(key);
    }
    let status = command.args(env::args_os().skip(1)).status().unwrap();
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every session; how many failed.
fn sessions() -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension() == Some(OsStr::new("trycmd")) && chosen(path));
    files.sort();
    let bin = tempfile::tempdir().unwrap();
    let this = env::current_exe().unwrap();
    for name in tool::NAMES {
        symlink(&this, bin.path().join(name)).unwrap();
    }
    let failed = AtomicUsize::new(0);
    let waiting = Mutex::new(files.into_iter());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(file) = waiting.lock().unwrap().next() else { return };
                    // Its report has been printed.
                    if catch_unwind(AssertUnwindSafe(|| session(&file, bin.path()))).is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    failed.into_inner()
}

/// Whether the arguments name this session (`trycmd=follow`), or none at all.
fn chosen(file: &Path) -> bool {
    let name = file.to_string_lossy().into_owned();
    let mut asked =
        env::args().skip(1).filter_map(|arg| arg.strip_prefix("trycmd=").map(ToOwned::to_owned)).peekable();
    asked.peek().is_none() || asked.any(|part| name.contains(&part))
}

fn session(file: &Path, bin: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let sandbox = scratch.path().canonicalize().unwrap();
    fs::create_dir(sandbox.join(tool::WORK)).unwrap();
    // Also when it fails halfway.
    let _stop = StopNodes(sandbox.join(tool::NODES));
    let cases = trycmd::TestCases::new();
    for name in tool::NAMES {
        cases.register_bin(name, bin.join(name));
    }
    cases.env(SANDBOX, sandbox.to_str().unwrap()).timeout(2 * PATIENCE).case(file).run();
}

/// Ends the nodes that a session has left running.
struct StopNodes(PathBuf);

impl Drop for StopNodes {
    fn drop(&mut self) {
        for pid in tool::running(&self.0) {
            if let Some(pid) = Pid::from_raw(pid) {
                // It may have ended by itself.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

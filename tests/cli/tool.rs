//! The words at a session's prompt, each a link to this program.
//!
//! - `majlis …` runs the program, in the session's folder, with its home in `home` there unless one is named;
//!   `STDIN='…' majlis …` gives it something on standard input.
//! - `start …` runs a node in the background, on loopback only, and returns when it is ready.
//! - `stop …` stops it and returns when it has left its home.
//! - `until TEXT …` runs `majlis …` again and again until it prints the text, and prints what it said then.
//! - `write FILE LINE…` writes a file, `paint FILE` a small picture, and `flip FILE` changes a byte in the middle of one.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::names::Names;
use super::{PATIENCE, SANDBOX};

/// What can be typed.
pub const NAMES: [&str; 7] = ["majlis", "until", "start", "stop", "write", "paint", "flip"];
/// The folder in which a session's commands run.
pub const WORK: &str = "work";
/// The folder that remembers the nodes running in the background: by home, the process id.
pub const NODES: &str = "nodes";

/// Does what a session asks for.
pub fn main(sandbox: &Path) -> ExitCode {
    env::set_current_dir(sandbox.join(WORK)).unwrap();
    let mut names = Names::load(sandbox);
    let mut args: Vec<_> = env::args().map(|arg| names.resolve(&arg)).collect();
    let called = PathBuf::from(args.remove(0));
    let (code, printed) = match called.file_name().unwrap().to_str().unwrap() {
        "majlis" => majlis(&args, &names),
        "until" => until(&args, &names),
        "start" => (0, start(sandbox, &args)),
        "stop" => (0, stop(sandbox, &args)),
        "write" => (0, write(&args)),
        "paint" => (0, paint(&args)),
        "flip" => (0, flip(&args)),
        other => panic!("{other} is not one of {NAMES:?}"),
    };
    let printed = printed.replace(sandbox.join(WORK).to_str().unwrap(), "[DIR]");
    print!("{}", names.redact(&printed));
    names.save();
    ExitCode::from(code)
}

/// The program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_majlis"));
    command.env_remove(SANDBOX).env_remove("STDIN");
    command
}

/// The program, for a session.
fn at_home() -> Command {
    let mut command = program();
    if env::var_os("MAJLIS_HOME").is_none() {
        command.env("MAJLIS_HOME", "home");
    }
    command
}

fn majlis(args: &[String], names: &Names) -> (u8, String) {
    let mut command = at_home();
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let given = env::var("STDIN").ok().map(|text| names.resolve(&text).replace("\\n", "\n"));
    command.stdin(if given.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().unwrap();
    if let (Some(text), Some(mut stdin)) = (given, child.stdin.take()) {
        // It may not be interested.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
    (code, text(output.stdout) + &text(output.stderr))
}

fn until(args: &[String], names: &Names) -> (u8, String) {
    let (text, args) = args.split_first().unwrap();
    let started = Instant::now();
    loop {
        let (code, said) = majlis(args, names);
        if said.contains(text) || started.elapsed() > PATIENCE {
            return (code, said);
        }
    }
}

fn home_of(args: &[String]) -> PathBuf {
    let named = args.iter().skip_while(|arg| *arg != "--home").nth(1);
    let home = PathBuf::from(named.map_or("home", String::as_str));
    env::current_dir().unwrap().join(home)
}

fn record(sandbox: &Path, home: &Path) -> PathBuf {
    sandbox.join(NODES).join(home.file_name().unwrap())
}

#[allow(
    clippy::zombie_processes,
    reason = "the node outlives this helper; `stop` or the session's end stops it"
)]
fn start(sandbox: &Path, args: &[String]) -> String {
    let mut command = at_home();
    // Those who meet in a session meet soon.
    command.env("MAJLIS_NET_DIAL_BACKOFF_BASE_MS", "100").env("MAJLIS_NET_DIAL_BACKOFF_MAX_MS", "1000");
    // Any port, as many run at once.
    command.env("MAJLIS_HTTP_LISTEN", "127.0.0.1:0");
    command.args(["--json", "run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]).args(args);
    let log = File::create(sandbox.join("log")).unwrap();
    let mut node = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    fs::create_dir_all(sandbox.join(NODES)).unwrap();
    fs::write(record(sandbox, &home_of(args)), node.id().to_string()).unwrap();
    let mut ready = String::new();
    BufReader::new(node.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    if ready.is_empty() {
        let code = node.wait().unwrap();
        return format!("it ended ({code}): {}", fs::read_to_string(sandbox.join("log")).unwrap());
    }
    ready
}

/// Process ids of the nodes that were started.
pub fn running(nodes: &Path) -> Vec<i32> {
    let Ok(records) = fs::read_dir(nodes) else { return Vec::new() };
    records.map(|record| fs::read_to_string(record.unwrap().path()).unwrap().parse().unwrap()).collect()
}

fn stop(sandbox: &Path, args: &[String]) -> String {
    let home = home_of(args);
    let record = record(sandbox, &home);
    let pid = fs::read_to_string(&record).unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    // Waits for as long as the node has the home.
    File::open(home.join("lock")).unwrap().lock_shared().unwrap();
    fs::remove_file(record).unwrap();
    String::new()
}

fn write(args: &[String]) -> String {
    let (file, lines) = args.split_first().unwrap();
    fs::create_dir_all(Path::new(file).parent().unwrap()).unwrap();
    let mut file = File::create(file).unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    String::new()
}

fn paint(args: &[String]) -> String {
    image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, 160]))
        .save(&args[0])
        .unwrap();
    String::new()
}

fn flip(args: &[String]) -> String {
    let mut bytes = fs::read(&args[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&args[0], bytes).unwrap();
    String::new()
}

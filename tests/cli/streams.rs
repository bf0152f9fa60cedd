//! What a session at a prompt cannot show: which stream is which, signals, and readers that go away.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::tool::program;

const CHECKS: [(&str, fn()); 9] = [
    ("json_has_standard_output_for_itself", json_has_standard_output_for_itself),
    ("help_goes_to_standard_output_and_usage_to_standard_error", help_and_usage),
    ("a_reader_that_has_read_enough_is_no_error", a_reader_that_has_read_enough_is_no_error),
    ("signals_stop_the_node_and_it_says_nothing_wrong", signals_stop_the_node),
    ("a_watcher_is_interrupted", a_watcher_is_interrupted),
    ("a_watcher_is_told_when_the_node_stops", a_watcher_is_told_when_the_node_stops),
    ("without_a_name_the_home_is_in_the_data_directory", home_in_the_data_directory),
    ("the_node_goes_on_when_nobody_reads", the_node_goes_on_when_nobody_reads),
    ("every_command_is_typed_in_a_session", every_command_is_typed_in_a_session),
];

/// Runs the checks; how many failed.
pub fn checks() -> usize {
    let chosen = |name: &str| {
        let mut asked = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).peekable();
        asked.peek().is_none() || asked.any(|part| name.contains(&part))
    };
    let mut failed = 0;
    for (name, check) in CHECKS.iter().filter(|(name, _)| chosen(name)) {
        let good = catch_unwind(check).is_ok();
        println!("{name} ... {}", if good { "ok" } else { "failed" });
        failed += usize::from(!good);
    }
    failed
}

fn scratch() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn majlis(home: &Path, args: &[&str]) -> Command {
    let mut command = program();
    command.arg("--home").arg(home).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A process that is killed with its owner.
struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout }
    }

    /// A node on loopback; returns when it is ready.
    fn node(home: &Path) -> Self {
        let mut node =
            Self::new(majlis(home, &["--json", "run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"]));
        assert_eq!(node.line()["event"], "ready");
        node
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Exit code and standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), None, "{said}");
        (status.code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, where all is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json_has_standard_output_for_itself() {
    let scratch = scratch();
    let home = scratch.path().join("home");
    let file = scratch.path().join("file");
    let mut said = BTreeMap::new();
    for (args, code) in [
        (&["id"][..], 0),
        (&["post", "hello"], 0),
        (&["timeline"], 0),
        (&["following"], 0),
        (&["status"], 0),
        (&["profile", "--name", "A\u{9b}B"], 0),
        (&["recovery", "show"], 0),
        (&["export", file.to_str().unwrap()], 0),
        (&["verify"], 0),
        (&["config"], 0),
        (&["peers"], 1),
        (&["show", "nothing"], 2),
    ] {
        let output = majlis(&home, args).arg("--json").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        for line in stdout.lines() {
            assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        said.insert(args[0], (stdout.lines().count(), output.stderr.len()));
    }
    assert_eq!((said["timeline"].0, said["following"].0, said["peers"].0), (1, 0, 0));
    assert!(said["id"].1 > 0, "that an account was made is said to people");
    assert!(said["following"].1 > 0 && said["peers"].1 > 0);
}

fn every_command_is_typed_in_a_session() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let sessions = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sessions = sessions.filter(|path| path.extension().is_some_and(|end| end == "trycmd"));
    let typed: String = sessions
        .map(|path| std::fs::read_to_string(path).unwrap())
        .flat_map(|text| {
            text.lines().filter(|line| line.starts_with("$ ")).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| !line.ends_with("--help"))
        .collect::<Vec<_>>()
        .join("\n");
    let help = program().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What a command does may take more than one line.
    let named = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let commands: Vec<_> = named.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(typed.split_whitespace().any(|word| word == command), "no session types {command}");
    }
}

fn help_and_usage() {
    let scratch = scratch();
    for args in [&["--help"][..], &["help", "post"], &["post", "--help"], &["--version"]] {
        let output = majlis(scratch.path(), args).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{args:?}");
    }
    for args in [&["dance"][..], &["post", "--dance"], &["sync", "--timeout", "soon"], &["recovery"]] {
        let output = majlis(scratch.path(), args).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
}

fn a_reader_that_has_read_enough_is_no_error() {
    let scratch = scratch();
    for args in [&["man"][..], &["completions", "bash"], &["--help"], &["config"], &["id"], &["--json", "id"]]
    {
        let mut running = majlis(scratch.path(), args).spawn().unwrap();
        drop(running.stdout.take());
        let output = running.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        assert!(!said.contains("error") && !said.contains("panic"), "{args:?}: {said}");
    }
}

fn signals_stop_the_node() {
    let scratch = scratch();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let node = Running::node(scratch.path());
        node.signal(signal);
        assert_eq!(node.end(), (Some(0), String::new()));
    }
}

fn a_watcher_is_interrupted() {
    let scratch = scratch();
    let _node = Running::node(scratch.path());
    assert!(majlis(scratch.path(), &["post", "hello"]).status().unwrap().success());
    let mut watcher = Running::new(majlis(scratch.path(), &["--json", "timeline", "--watch"]));
    assert_eq!(watcher.line()["text"], "hello");
    watcher.signal(Signal::INT);
    assert_eq!(watcher.end(), (Some(130), String::new()));
}

fn a_watcher_is_told_when_the_node_stops() {
    let scratch = scratch();
    let node = Running::node(scratch.path());
    assert!(majlis(scratch.path(), &["post", "hello"]).status().unwrap().success());
    let mut watcher = Running::new(majlis(scratch.path(), &["--json", "timeline", "--watch"]));
    assert_eq!(watcher.line()["text"], "hello");
    node.signal(Signal::TERM);
    assert_eq!(node.end().0, Some(0));
    let (code, said) = watcher.end();
    assert_eq!(code, Some(1));
    assert!(said.contains("the node was stopped") && said.contains("`majlis`"), "{said}");
}

fn the_node_goes_on_when_nobody_reads() {
    let scratch = scratch();
    let mut node = Running::node(scratch.path());
    drop(node.stdout.take());
    for text in ["one", "two"] {
        let posted = majlis(scratch.path(), &["post", text]).output().unwrap();
        assert!(posted.status.success(), "{posted:?}");
    }
    let status = majlis(scratch.path(), &["--json", "status"]).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["running"], true);
    node.signal(Signal::TERM);
    assert_eq!(node.end().0, Some(0));
}

fn home_in_the_data_directory() {
    let scratch = scratch();
    let mut command = program();
    command.env("HOME", scratch.path()).env("XDG_DATA_HOME", scratch.path().join("data"));
    let output = command.args(["--json", "config"]).stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let home: Value = serde_json::from_str(stdout.lines().next().unwrap()).unwrap();
    let value = home["value"].as_str().unwrap();
    assert!(value.starts_with(scratch.path().to_str().unwrap()) && value.ends_with("majlis"), "{value}");
    assert_eq!((&home["key"], &home["source"]), (&Value::from("home"), &Value::from("default")));
}

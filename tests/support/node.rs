//! One node: the real program, a scratch home, and its command line.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, eventually_within};

/// What a command gave back.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Standard output, which with `--json` is one object a line and nothing else.
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value.is_object(), "not an object: {line}");
            value
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// Lines of JSON that a process prints while it runs.
pub struct Lines(Receiver<Value>);

impl Lines {
    fn of(stdout: ChildStdout) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Self(lines)
    }

    /// The next line that fits; others are dropped. None if the process ends first.
    pub fn find(&self, patience: Duration, what: &str, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let deadline = Instant::now() + patience;
        loop {
            match self.0.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if fits(&line) => return Some(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("not printed in {patience:?}: {what}"),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// The next line that fits; panics if the process ends first.
    pub fn await_line(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.find(PATIENCE, what, fits)
            .unwrap_or_else(|| panic!("the process ended before it printed: {what}"))
    }

    /// What has been printed and not looked at.
    pub fn drain(&self) -> Vec<Value> {
        self.0.try_iter().collect()
    }
}

/// A process that is killed with its owner.
pub struct Running {
    child: Child,
    pub lines: Lines,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home, and the node that runs on it or not.
pub struct TestNode {
    name: String,
    scratch: TempDir,
    home: PathBuf,
    port: u16,
    /// Put before every command: `ip netns exec …`.
    launcher: Vec<String>,
    environment: Vec<(String, String)>,
    run_arguments: Vec<String>,
    running: Option<Running>,
    ready: Option<Value>,
}

/// A free port outside the range from which the system takes ports for others, so that it stays free while its node
/// is stopped.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12_000 + (std::process::id().wrapping_mul(97).wrapping_add(turn) % 20_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

impl TestNode {
    /// A home that does not exist yet.
    pub fn new(name: &str) -> Self {
        let port = free_port();
        let listen = format!("/ip4/127.0.0.1/tcp/{port}");
        Self::with(name, port, &["--no-mdns", "--listen", &listen])
    }

    /// The same, run with other arguments.
    pub fn with_arguments(name: &str, arguments: &[&str]) -> Self {
        Self::with(name, 0, arguments)
    }

    fn with(name: &str, port: u16, arguments: &[&str]) -> Self {
        let scratch = tempfile::Builder::new().prefix(&format!("majlis-{name}-")).tempdir().unwrap();
        let home = scratch.path().join("home");
        // Those who were stopped a moment ago are dialled again soon, or every test would wait for it.
        let soon = [
            ("MAJLIS_NET_DIAL_BACKOFF_BASE_MS", "100"),
            ("MAJLIS_NET_DIAL_BACKOFF_MAX_MS", "1000"),
            // Any port, as many nodes run at once.
            ("MAJLIS_HTTP_LISTEN", "127.0.0.1:0"),
        ];
        let soon = soon.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            name: name.to_owned(),
            scratch,
            home,
            port,
            launcher: Vec::new(),
            environment: soon.into(),
            run_arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            running: None,
            ready: None,
        }
    }

    /// Has every command of this node started by another program from now on, which those before start.
    pub fn launch_by(&mut self, launcher: impl IntoIterator<Item: Into<String>>) {
        self.launcher.extend(launcher.into_iter().map(Into::into));
    }

    /// Sets an environment variable for every command from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment.push((key.to_owned(), value.to_owned()));
    }

    /// Has it listen there from its next start on, and nowhere else.
    pub fn listen_on(&mut self, address: &str) {
        self.run_arguments = ["--no-mdns", "--listen", address].map(str::to_owned).into();
    }

    /// A new home with a running node.
    pub fn started(name: &str) -> Self {
        let mut node = Self::new(name);
        node.start();
        node
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A folder beside the home for files of the test.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Its TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The program with this node's home and environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_majlis");
        let mut words = self.launcher.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg("--home").arg(&self.home).args(arguments);
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("MAJLIS_") {
                command.env_remove(key);
            }
        }
        command.env("MAJLIS_LOG", "majlis=debug,majlis_protocol=debug").env("NO_COLOR", "1");
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn log_path(&self) -> PathBuf {
        self.scratch.path().join("stderr")
    }

    /// All of its standard error.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// Starts the node and waits until it is ready; what it said then.
    pub fn start(&mut self) -> Value {
        assert!(self.running.is_none(), "{} runs already", self.name);
        let arguments: Vec<_> = ["--json", "run"].into_iter().map(str::to_owned).collect();
        let arguments: Vec<_> = arguments.iter().chain(&self.run_arguments).map(String::as_str).collect();
        let mut command = self.command(&arguments);
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut child = command.stderr(log).spawn().unwrap();
        let lines = Lines::of(child.stdout.take().unwrap());
        let running = Running { child, lines };
        let ready = running.lines.find(PATIENCE, "ready", |line| line["event"] == "ready");
        let Some(ready) = ready else {
            panic!("{} ended before it was ready: {}", self.name, self.log_tail())
        };
        self.ready = Some(ready.clone());
        self.running = Some(running);
        ready
    }

    /// What the running node prints.
    pub fn events(&self) -> &Lines {
        &self.running.as_ref().unwrap().lines
    }

    /// What the node said when it last was ready.
    pub fn ready(&self) -> &Value {
        self.ready.as_ref().unwrap()
    }

    /// The last lines of its standard error.
    pub fn log_tail(&self) -> String {
        let text = self.log();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Kills the node as a power cut would.
    pub fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
    }

    /// Asks the node to stop with a signal; its exit code, and how long it took.
    pub fn stop_with(&mut self, signal: Signal) -> (Option<i32>, Duration) {
        let mut running = self.running.take().unwrap();
        let pid = Pid::from_raw(i32::try_from(running.child.id()).unwrap()).unwrap();
        let started = Instant::now();
        kill_process(pid, signal).unwrap();
        let status = eventually_within(PATIENCE, "the node stops", || running.child.try_wait().unwrap());
        (status.code(), started.elapsed())
    }

    /// Stops the node; it has to end well and in time.
    pub fn stop(&mut self) {
        let (code, took) = self.stop_with(Signal::TERM);
        assert_eq!(code, Some(0), "{} did not end well: {}", self.name, self.log_tail());
        // 2 s are promised on a machine that has nothing else to do.
        assert!(took < Duration::from_secs(10), "{} took {took:?} to stop: {}", self.name, self.log_tail());
    }

    /// Stops and starts it.
    pub fn restart(&mut self) {
        self.stop();
        self.start();
    }

    /// Runs a command to its end, with something on standard input.
    pub fn run_with(&self, arguments: &[&str], stdin: Option<&str>) -> Outcome {
        let mut command = self.command(arguments);
        if stdin.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        if let Some(text) = stdin {
            // A program that does not read it to the end has closed the pipe.
            let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        finish(child, arguments)
    }

    /// Runs a command with `--json`, however it ends.
    pub fn outcome(&self, arguments: &[&str]) -> Outcome {
        self.run_with(&[&["--json"], arguments].concat(), None)
    }

    /// Runs a command with `--json`, which has to succeed; its lines.
    pub fn cli(&self, arguments: &[&str]) -> Vec<Value> {
        let outcome = self.outcome(arguments);
        let (code, stderr) = (outcome.code, &outcome.stderr);
        assert_eq!(code, Some(0), "{}: majlis {arguments:?}: {stderr}\nnode: {}", self.name, self.log_tail());
        outcome.lines()
    }

    /// The one line of a command.
    pub fn one(&self, arguments: &[&str]) -> Value {
        let lines = self.cli(arguments);
        assert_eq!(lines.len(), 1, "{}: majlis {arguments:?}: {lines:?}", self.name);
        lines.into_iter().next().unwrap()
    }

    /// A command with `--json` that has to fail with this exit code; what it said to people.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let outcome = self.outcome(arguments);
        assert_eq!(outcome.code, Some(code), "{}: majlis {arguments:?}: {outcome:?}", self.name);
        assert!(!outcome.stderr.trim().is_empty(), "majlis {arguments:?} fails without a word");
        outcome.stderr
    }

    /// A command with `--json` that goes on.
    pub fn background(&self, arguments: &[&str]) -> Running {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut child = self.command(&[&["--json"], arguments].concat()).stderr(log).spawn().unwrap();
        let lines = Lines::of(child.stdout.take().unwrap());
        Running { child, lines }
    }

    /// Its account.
    pub fn account(&self) -> String {
        text(&self.one(&["id"]), "account")
    }

    /// Its invite link.
    pub fn invite(&self) -> String {
        text(&self.one(&["id"]), "invite")
    }

    /// An address to connect to.
    pub fn address(&self) -> String {
        text(&self.ready()["addresses"], 0)
    }

    /// Posts; the entry's id.
    pub fn post(&self, words: &str) -> String {
        text(&self.one(&["post", words]), "id")
    }

    /// Everything in the timeline, newest first.
    pub fn timeline(&self) -> Vec<Value> {
        self.cli(&["timeline", "--limit", "1000000"])
    }

    /// Everything of one account, newest first.
    pub fn timeline_of(&self, account: &str) -> Vec<Value> {
        self.cli(&["timeline", "--limit", "1000000", "--account", account])
    }

    /// The texts of the timeline, newest first.
    pub fn texts(&self) -> Vec<String> {
        self.timeline().iter().map(|post| text(post, "text")).collect()
    }

    /// The followed account as `following` shows it.
    pub fn followed(&self, account: &str) -> Option<Value> {
        self.cli(&["following"]).into_iter().find(|followed| followed["account"] == account)
    }

    /// Files of the home in which these bytes stand.
    pub fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.clone()];
        while let Some(folder) = folders.pop() {
            // What a node at work removes meanwhile holds nothing any more.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if fs::read(&path).is_ok_and(|content| find(&content, bytes).is_some()) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// Bytes of memory that the running node has had at most.
    pub fn peak_memory(&self) -> u64 {
        let pid = self.running.as_ref().unwrap().child.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        1024 * line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap()
    }

    /// Checks everything stored again; nothing may be wrong.
    pub fn verify(&self) -> Value {
        let verified = self.one(&["verify"]);
        assert_eq!(verified["bad"], 0, "{verified}");
        verified
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- last lines of {}:\n{}\n---", self.name, self.log_tail());
        }
    }
}

/// A field that has to be text.
pub fn text(value: &Value, at: impl serde_json::value::Index + std::fmt::Debug) -> String {
    let field = value.get(&at).and_then(Value::as_str);
    field.unwrap_or_else(|| panic!("no text at {at:?} in {value}")).to_owned()
}

/// A field that has to be a whole number.
pub fn number(value: &Value, at: &str) -> u64 {
    value[at].as_u64().unwrap_or_else(|| panic!("no number at {at:?} in {value}"))
}

/// Where `needle` begins.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// Reads a child to its end; one that does not end is killed.
fn finish(mut child: Child, arguments: &[&str]) -> Outcome {
    fn reader(stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut stream = stream;
            // What came before a failure to read is what there is.
            let _ = stream.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let (stdout, stderr) = (reader(child.stdout.take().unwrap()), reader(child.stderr.take().unwrap()));
    let deadline = Instant::now() + 2 * PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "majlis {arguments:?} does not end: {} {}",
                stdout.join().unwrap(),
                stderr.join().unwrap()
            );
        }
        thread::sleep(Duration::from_millis(2));
    };
    Outcome { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

//! A real `majlis run` in a process of its own, seen from the outside.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use majlis::control;
use majlis::node::Request;
use majlis::node::api::{Reply, StatusView, TimelinePage};

use crate::Result;

/// Whatever takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// A running node.
pub struct Daemon {
    child: Child,
    home: PathBuf,
    /// From the start of the process until it said that it was ready.
    pub startup: Duration,
    /// `/ip4/127.0.0.1/tcp/…/p2p/…`.
    pub address: String,
}

/// Runs a command to its end; what it printed.
pub fn command(binary: &Path, home: &Path, words: &[&str]) -> Result<String> {
    let output = Command::new(binary)
        .arg("--json")
        .arg("--home")
        .arg(home)
        .args(words)
        .env("MAJLIS_LOG", "error")
        .output()
        .map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("`majlis {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)))
}

/// The most memory that a process has held, in bytes.
pub fn peak_memory(process: u32) -> u64 {
    bytes_of(process, "VmHWM:")
}

fn bytes_of(process: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

impl Daemon {
    /// Starts the node of a home and waits until it is ready.
    pub fn start(binary: &Path, home: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(binary)
            .arg("--home")
            .arg(home)
            .args(["run", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", binary.display()))?;
        let stdout = child.stdout.take().ok_or("the node has no output")?;
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the node never waits for room to speak.
            for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                if line.starts_with("Ready") {
                    // Fails only where the measurement was broken off.
                    let _ = sender.send(Instant::now());
                }
            }
        });
        let (home, address, startup) = (home.to_owned(), String::new(), Duration::ZERO);
        let mut daemon = Self { child, home, startup, address };
        let ready =
            said.recv_timeout(PATIENCE).map_err(|_| "the node never said that it is ready".to_owned())?;
        daemon.startup = ready - started;
        let Some(Reply::Id(id)) = daemon.ask(&Request::Id)?.pop() else {
            return Err("the node does not say who it is".to_owned());
        };
        let address = id.addresses.into_iter().find(|address| address.contains("/tcp/"));
        daemon.address = address.ok_or("the node listens nowhere")?;
        Ok(daemon)
    }

    /// Has the node carry out a request.
    pub fn ask(&self, request: &Request) -> Result<Vec<Reply>> {
        let runtime = runtime();
        runtime.block_on(async {
            let failed = |failure| format!("{request:?} failed: {failure}");
            let mut replies = control::ask(&self.home, request)
                .await
                .map_err(failed)?
                .ok_or_else(|| format!("no node runs in {}", self.home.display()))?;
            let mut all = Vec::new();
            while let Some(reply) = replies.next().await.map_err(failed)? {
                all.push(reply);
            }
            Ok(all)
        })
    }

    pub fn status(&self) -> Result<StatusView> {
        match self.ask(&Request::Status)?.pop() {
            Some(Reply::Status(status)) => Ok(*status),
            other => Err(format!("no status but {other:?}")),
        }
    }

    /// Connects to an address and keeps to it.
    pub fn connect(&self, address: &str) -> Result<()> {
        self.ask(&Request::Connect { address: address.to_owned() }).map(|_| ())
    }

    /// Waits until at least this many entries are held: they are on disk then. Looks every so often.
    pub fn wait_for_entries(&self, entries: u64, pause: Duration) -> Result<Instant> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = self.status()?.entries;
            if held >= entries {
                return Ok(Instant::now());
            }
            if Instant::now() > deadline {
                return Err(format!("{held} of {entries} entries have arrived and no more come"));
            }
            std::thread::sleep(pause);
        }
    }

    /// Posts as `timeline --watch` shows them, with the time at which each did; from now on.
    pub fn watch(&self) -> Result<Receiver<(Instant, String)>> {
        let (sender, seen) = mpsc::channel();
        let (begun, beginning) = mpsc::channel();
        let home = self.home.clone();
        std::thread::spawn(move || {
            runtime().block_on(async {
                let request = Request::Timeline {
                    page: TimelinePage { limit: 1, ..TimelinePage::default() },
                    watch: true,
                };
                let Ok(Some(mut replies)) = control::ask(&home, &request).await else { return };
                while let Ok(Some(reply)) = replies.next().await {
                    let Reply::Post(post) = reply else { continue };
                    // The first is of the past, and says that the watch has begun. Who no longer listens is done.
                    let _ = begun.send(());
                    if sender.send((Instant::now(), post.id)).is_err() {
                        return;
                    }
                }
            });
        });
        beginning.recv_timeout(PATIENCE).map_err(|_| "the watch never began".to_owned())?;
        seen.recv_timeout(PATIENCE).map_err(|_| "the watch never began".to_owned())?;
        Ok(seen)
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> f64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).unwrap_or_default();
        // After the name in brackets: state is the first field, user and system time the 12th and 13th.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        (ticks(11) + ticks(12)) as f64 / 100.0
    }

    /// The most memory that it has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.child.id())
    }

    /// The memory that it holds now, in bytes.
    pub fn memory(&self) -> u64 {
        bytes_of(self.child.id(), "VmRSS:")
    }

    /// Ends it as Ctrl-C would.
    pub fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.ok_or("the node has no process id")?;
        let failed = |error: std::io::Error| format!("cannot stop the node: {error}");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .map_err(|error| failed(error.into()))?;
        let status = self.child.wait().map_err(failed)?;
        if status.success() { Ok(()) } else { Err(format!("the node ended with {status}")) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Only where a measurement was broken off is it still there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For what waits on one socket.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime without threads")
}

//! What every command works with, and the one way to have a request carried out.

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::output::Output;
use crate::config::{self, Config, Loaded};
use crate::control;
use crate::node::api::{Reply, Request};
use crate::node::{self, Failure, Node};

/// Replies that wait to be printed.
const REPLY_QUEUE: usize = 64;

/// Why a command ends early.
pub enum Stop {
    /// It failed.
    Failed(Failure),
    /// Whoever read the output has read enough.
    Unread,
    /// Ctrl-C.
    Interrupted,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Of writing to standard output, the only thing here that fails in this way.
impl From<io::Error> for Stop {
    fn from(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::Failed(Failure::new(
            format!("cannot write the output: {source}"),
            "Check where standard output goes, and the space there.",
        ))
    }
}

/// What every command works with.
pub struct App {
    /// The home directory; absolute.
    pub home: PathBuf,
    /// Where replies and messages go.
    pub out: Output,
    home_source: &'static str,
    loaded: Option<Loaded>,
    /// The home, if the command has opened it itself.
    own: Option<Arc<Node>>,
}

impl App {
    /// For a home directory; none is the environment's, or the platform's.
    pub fn new(home: Option<PathBuf>, json: bool) -> Result<Self, Failure> {
        let named = env::var_os("MAJLIS_HOME").filter(|named| !named.is_empty());
        let (home, home_source) = match (home, named) {
            (Some(home), _) => (home, "--home"),
            (None, Some(home)) => (home.into(), "MAJLIS_HOME"),
            (None, None) => (default_home()?, "default"),
        };
        let home = std::path::absolute(&home).map_err(|source| {
            Failure::new(
                format!("cannot tell where {} is: {source}", home.display()),
                "Give an absolute path: --home DIR.",
            )
        })?;
        Ok(Self { home, home_source, out: Output::new(json), loaded: None, own: None })
    }

    /// Who has named the home directory.
    pub fn home_source(&self) -> &'static str {
        self.home_source
    }

    /// Reads the configuration.
    pub fn configure(&mut self) -> Result<(), Failure> {
        self.loaded = Some(config::load(&self.home)?);
        Ok(())
    }

    /// The configuration, and where it is from.
    pub fn loaded(&mut self) -> Result<&Loaded, Failure> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => config::load(&self.home)?,
        };
        Ok(self.loaded.insert(loaded))
    }

    /// The values in effect.
    pub fn config(&mut self) -> Result<Config, Failure> {
        self.loaded().map(|loaded| loaded.config.clone())
    }

    /// Has a request carried out, by the running node or by opening the home, and prints its replies; how many
    /// there were.
    pub async fn print(&mut self, request: Request) -> Result<usize, Stop> {
        let mut count = 0;
        self.dispatch(request, |out, reply| {
            if !matches!(reply, Reply::Progress(_)) {
                count += 1;
            }
            out.reply(&reply)
        })
        .await?;
        Ok(count)
    }

    /// Has a request carried out, by the running node or by opening the home.
    pub async fn dispatch(
        &mut self,
        request: Request,
        mut each: impl FnMut(&mut Output, Reply) -> io::Result<()>,
    ) -> Result<(), Stop> {
        if self.own.is_none()
            && let Some(mut replies) = control::ask(&self.home, &request).await?
        {
            while let Some(reply) = replies.next().await? {
                each(&mut self.out, reply)?;
            }
            return Ok(());
        }
        if request.needs_running_node() {
            return Err(Stop::Failed(Failure::new(
                format!("no node is running for {}", self.home.display()),
                format!("Start it in another terminal with `{}`, and try again.", self.start()),
            )));
        }
        let node = self.open().await?;
        let (sender, mut replies) = mpsc::channel(REPLY_QUEUE);
        let work = async { node::execute(&node, request, sender).await.map_err(Stop::from) };
        let out = &mut self.out;
        // It owns the receiver, so that the work ends when nothing can be shown any more.
        let show = async move {
            while let Some(reply) = replies.recv().await {
                each(out, reply)?;
            }
            Ok(())
        };
        // Both to their end: what came before a failure is shown.
        let (worked, shown) = tokio::join!(work, show);
        shown.and(worked)
    }

    /// Closes the home, if the command has opened it.
    pub async fn close(&mut self) -> Result<(), Stop> {
        self.out.finish()?;
        match self.own.take() {
            Some(node) => Ok(off_thread(move || node.close()).await?),
            None => Ok(()),
        }
    }

    /// The command that starts the node of this home.
    pub fn start(&self) -> String {
        match default_home() {
            Ok(home) if home == self.home => "majlis".to_owned(),
            _ => format!("majlis --home {}", quoted(&self.home.to_string_lossy())),
        }
    }

    async fn open(&mut self) -> Result<Arc<Node>, Failure> {
        if let Some(node) = &self.own {
            return Ok(Arc::clone(node));
        }
        let (home, config) = (self.home.clone(), self.config()?);
        let (node, opened) =
            off_thread(move || Node::open(&home, &config.store, &config.node, &config.blobs)).await?;
        for note in &opened.notes {
            self.out.note(note);
        }
        if opened.created {
            self.out.note(&format!("A new account was made in {}.", self.home.display()));
            self.out.note(
                "Its recovery phrase brings it back if this machine is lost: see `majlis recovery show`.",
            );
        }
        self.own = Some(Arc::clone(&node));
        Ok(node)
    }
}

/// Runs what waits for the disk or for a person off the async threads.
pub async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::new(
            format!("the work was broken off: {error}"),
            "Try again; please report it if it returns.",
        ))
    })
}

fn default_home() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy as _;
    let folders = etcetera::base_strategy::choose_native_strategy();
    folders.map(|folders| folders.data_dir().join("majlis")).map_err(|_| {
        Failure::new(
            "the system names no home directory for this user",
            "Say where the data shall lie: --home DIR, or MAJLIS_HOME.",
        )
    })
}

/// For a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

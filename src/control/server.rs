//! The node's side of the door: one task accepts, and each connection has a task of its own.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::door::{self, Door};
use super::wire::{Answer, End, Greeting, VERSION};
use super::{
    GREETING_TIMEOUT, MAX_COMMANDS, MAX_GREETING, MAX_LINE, MAX_STRANGERS, REPLY_QUEUE, REQUEST_TIMEOUT,
    STOP_TIMEOUT, line,
};
use crate::node::api::{Reply, Request};
use crate::node::{Failure, Node};

/// Carries out a request; [`crate::node::execute`] in a running node.
pub(super) type Work = Arc<
    dyn Fn(Request, mpsc::Sender<Reply>) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>
        + Send
        + Sync,
>;

/// After the system refused a connection (too many files are open), this long passes before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The open door. Closing it, or dropping this, removes `control.json`.
pub struct ControlServer {
    home: PathBuf,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

/// Opens the door of a node that runs. To be called within a tokio runtime.
pub fn serve(node: Arc<Node>, home: &Path) -> Result<ControlServer, Failure> {
    let work: Work = Arc::new(move |request, out| {
        let node = Arc::clone(&node);
        Box::pin(async move { crate::node::execute(&node, request, out).await })
    });
    serve_with(work, home)
}

pub(super) fn serve_with(work: Work, home: &Path) -> Result<ControlServer, Failure> {
    let listen = || -> io::Result<TcpListener> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    let cannot = |source: io::Error| {
        Failure::new(
            format!("cannot listen on a loopback port for commands: {source}"),
            "Check that the system has a loopback interface and free ports.",
        )
    };
    let listener = listen().map_err(cannot)?;
    let door = Door::new(listener.local_addr().map_err(cannot)?)?;
    door.write(home)?;
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared { door, work, commands: Semaphore::new(MAX_COMMANDS) });
    let task = Some(tokio::spawn(accept(listener, shared, stopped)));
    Ok(ControlServer { home: home.to_owned(), stop, task })
}

impl ControlServer {
    /// Closes the door: tells those who wait for answers, and lets commands under way end for a moment.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // It only ends early by a panic, which has been reported.
            let _ = task.await;
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        door::remove(&self.home);
    }
}

struct Shared {
    door: Door,
    work: Work,
    commands: Semaphore,
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    // Dropping one shows that stranger out; one that has greeted has closed its end.
    let mut strangers = VecDeque::<oneshot::Sender<()>>::new();
    loop {
        tokio::select! {
            biased;
            () = told_to_stop(&mut stopped) => break,
            Some(_) = connections.join_next() => {}
            taken = listener.accept() => match taken {
                Ok((stream, _)) => {
                    strangers.retain(|stranger| !stranger.is_closed());
                    if strangers.len() == MAX_STRANGERS {
                        strangers.pop_front();
                    }
                    let (stranger, shown_out) = oneshot::channel();
                    strangers.push_back(stranger);
                    connections.spawn(connection(stream, Arc::clone(&shared), shown_out, stopped.clone()));
                }
                Err(error) => {
                    tracing::debug!(%error, "no connection could be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    // Those that are still at it after this are broken off with the set.
    let _ = timeout(STOP_TIMEOUT, async { while connections.join_next().await.is_some() {} }).await;
}

/// Also returns when the [`ControlServer`] is gone.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// One client, from greeting to end. Its failures are its own.
async fn connection(
    stream: TcpStream,
    shared: Arc<Shared>,
    shown_out: oneshot::Receiver<()>,
    stopped: watch::Receiver<bool>,
) {
    if let Err(error) = converse(stream, &shared, shown_out, stopped).await {
        tracing::debug!(%error, "a client of the control door went away");
    }
}

async fn converse(
    stream: TcpStream,
    shared: &Shared,
    shown_out: oneshot::Receiver<()>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let welcome = tokio::select! {
        biased;
        greeting = timeout(GREETING_TIMEOUT, greeted(&mut reader, &shared.door)) => greeting?,
        _ = shown_out => false,
    };
    if !welcome {
        return Ok(());
    }
    let Ok(_command) = shared.commands.try_acquire() else {
        let busy = Failure::new(
            format!("the node is carrying out {MAX_COMMANDS} commands already"),
            "End some of them (such as `majlis timeline --watch`), and try again.",
        );
        return line::write(&mut writer, &Answer::End(End::Failed(busy))).await;
    };
    line::write(&mut writer, &Answer::Welcome { welcome: VERSION }).await?;
    let Some(request) = timeout(REQUEST_TIMEOUT, line::read(&mut reader, MAX_LINE)).await?? else {
        return Ok(());
    };
    let end = match serde_json::from_slice(&request) {
        Ok(request) => match carry_out(shared, request, &mut reader, &mut writer, stopped).await? {
            Some(end) => end,
            None => return Ok(()),
        },
        Err(error) => End::Failed(Failure::usage(
            format!("the node does not know this request: {error}"),
            "Restart the node, so that it is of the same version as the command.",
        )),
    };
    line::write(&mut writer, &Answer::End(end)).await
}

async fn greeted(reader: &mut BufReader<OwnedReadHalf>, door: &Door) -> bool {
    let Ok(Some(line)) = line::read(reader, MAX_GREETING).await else {
        return false;
    };
    serde_json::from_slice::<Greeting>(&line).is_ok_and(|greeting| door.opens_to(&greeting.token))
}

/// Passes on the replies of one request; how it ended, or none if the client is gone.
async fn carry_out(
    shared: &Shared,
    request: Request,
    reader: &mut BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<Option<End>> {
    let only_reads = request.only_reads();
    let (sender, mut replies) = mpsc::channel(REPLY_QUEUE);
    let mut work = (shared.work)(request, sender);
    let passed = {
        let passing = async {
            tokio::select! {
                sent = pass_on(&mut replies, writer) => sent.map(|()| true),
                gone = gone(reader) => gone.map(|()| false),
            }
        };
        tokio::pin!(passing);
        tokio::select! {
            biased;
            () = told_to_stop(&mut stopped), if only_reads => {
                return Ok(Some(End::Failed(Failure::new("the node was stopped", "Start it again with `majlis`."))));
            }
            // What it has sent last may still be in the queue.
            result = &mut work => return Ok(passing.await?.then(|| result.into())),
            passed = &mut passing => passed,
        }
    };
    if matches!(passed, Ok(true)) {
        // The work has dropped its sender, and has only to return.
        return Ok(Some(work.await.into()));
    }
    if !only_reads {
        // Nobody listens any more, but it must not wait for room in the queue.
        let _ = tokio::join!(work, async { while replies.recv().await.is_some() {} });
    }
    passed.map(|_| None)
}

async fn pass_on(replies: &mut mpsc::Receiver<Reply>, writer: &mut OwnedWriteHalf) -> io::Result<()> {
    while let Some(reply) = replies.recv().await {
        line::write(writer, &Answer::Reply(reply)).await?;
    }
    Ok(())
}

/// Returns when the client has hung up, or says something where it has nothing to say.
async fn gone(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<()> {
    reader.read_u8().await.map(drop).or_else(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Ok(()),
        _ => Err(error),
    })
}

//! The door, with stand-ins for the node's work.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use super::door::Door;
use super::server::{Work, serve_with};
use super::{ControlServer, MAX_COMMANDS, MAX_GREETING, MAX_STRANGERS, Replies, ask};
use crate::node::Failure;
use crate::node::api::{DoneView, Reply, Request, TimelinePage};

fn done(text: impl Into<String>) -> Reply {
    Reply::Done(DoneView { message: text.into() })
}

fn text(reply: Option<Reply>) -> String {
    match reply {
        Some(Reply::Done(view)) => view.message,
        other => panic!("{other:?}"),
    }
}

/// A node's stand-in: what it does for each request is seen by what it says, and by `finished`.
struct Stand {
    home: TempDir,
    server: ControlServer,
    finished: Arc<Semaphore>,
    broken_off: Arc<Semaphore>,
    go_on: Arc<Semaphore>,
}

/// Adds a permit when it is dropped.
struct Tell(Arc<Semaphore>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

fn stand() -> Stand {
    let home = tempfile::tempdir().unwrap();
    let semaphore = || Arc::new(Semaphore::new(0));
    let (finished, broken_off, go_on) = (semaphore(), semaphore(), semaphore());
    let (finish, drop_tells, wait) = (Arc::clone(&finished), Arc::clone(&broken_off), Arc::clone(&go_on));
    let work: Work = Arc::new(move |request, out| {
        let tell = Tell(Arc::clone(&drop_tells));
        Box::pin(carry_out(request, out, Arc::clone(&finish), Arc::clone(&wait), tell))
    });
    let server = serve_with(work, home.path()).unwrap();
    Stand { home, server, finished, broken_off, go_on }
}

async fn carry_out(
    request: Request,
    out: mpsc::Sender<Reply>,
    finished: Arc<Semaphore>,
    go_on: Arc<Semaphore>,
    _tell: Tell,
) -> Result<(), Failure> {
    match request {
        Request::Status => {
            for n in 0..1000 {
                out.send(done(n.to_string())).await.unwrap();
            }
        }
        Request::Timeline { .. } => {
            out.send(done("watching")).await.unwrap();
            std::future::pending::<()>().await;
        }
        Request::Import { .. } => {
            out.send(done("importing")).await.unwrap();
            go_on.acquire().await.unwrap().forget();
            for n in 0..1000 {
                // It is nobody's fault that nobody listens, but no room in the queue would be.
                let _ = out.send(done(n.to_string())).await;
            }
        }
        _ => return Err(Failure::usage("no", "Do something else.")),
    }
    finished.add_permits(1);
    Ok(())
}

fn watch() -> Request {
    Request::Timeline { page: TimelinePage::default(), watch: true }
}

async fn open(home: &Path, request: &Request) -> Replies {
    ask(home, request).await.unwrap().unwrap()
}

fn address(home: &Path) -> SocketAddr {
    Door::read(home).unwrap().unwrap().address
}

/// Sends bytes to the door and returns all that comes back.
async fn send(home: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address(home)).await.unwrap();
    // The door may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn replies_come_in_order_and_end() {
    let stand = stand();
    let mut replies = open(stand.home.path(), &Request::Status).await;
    for n in 0..1000 {
        assert_eq!(text(replies.next().await.unwrap()), n.to_string());
    }
    assert!(replies.next().await.unwrap().is_none());
    assert!(replies.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_failure_comes_as_it_is() {
    let stand = stand();
    let failure = open(stand.home.path(), &Request::Verify).await.next().await.unwrap_err();
    assert!(failure.is_usage());
    assert_eq!((failure.message.as_str(), failure.hint.as_str()), ("no", "Do something else."));
}

#[tokio::test]
async fn only_the_owner_can_read_the_token_and_shutdown_removes_it() {
    let stand = stand();
    let path = stand.home.path().join("control.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(address(stand.home.path()).ip().is_loopback());
    stand.server.shutdown().await;
    assert!(!path.exists());
    assert!(ask(stand.home.path(), &Request::Id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_stale_file_is_no_running_node() {
    let home = tempfile::tempdir().unwrap();
    assert!(ask(home.path(), &Request::Id).await.unwrap().is_none());
    fs::write(home.path().join("control.json"), "half a fi").unwrap();
    assert!(ask(home.path(), &Request::Id).await.unwrap().is_none());
    // Nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let door = Door::new(address).unwrap();
    door.write(home.path()).unwrap();
    assert!(ask(home.path(), &Request::Id).await.unwrap().is_none());
    // The process is gone, whoever listens there now: it does not get to see the token.
    let listener = TcpListener::bind(address).await.unwrap();
    Door { pid: u32::try_from(i32::MAX).unwrap(), ..door }.write(home.path()).unwrap();
    assert!(ask(home.path(), &Request::Id).await.unwrap().is_none());
    tokio::select! {
        biased;
        _ = listener.accept() => panic!("somebody came"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn a_wrong_token_is_no_running_node() {
    let stand = stand();
    let path = stand.home.path();
    Door::new(address(path)).unwrap().write(path).unwrap();
    assert!(ask(path, &Request::Id).await.unwrap().is_none());
}

#[tokio::test]
async fn strangers_are_sent_away_without_a_word() {
    let stand = stand();
    let path = stand.home.path();
    let token = Door::read(path).unwrap().unwrap().token;
    let long = format!("{{\"token\":\"{token}\"{}}}\n", " ".repeat(MAX_GREETING));
    let cut = format!("{{\"token\":\"{token}\"");
    let short = format!("{{\"token\":\"{}\"}}\n", &token[..63]);
    for garbage in [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST / HTTP/1.1\r\n\r\n{}",
        "{}\n",
        "\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\n",
        "{\"request\":\"id\"}\n",
        short.as_str(),
        long.as_str(),
    ] {
        assert!(send(path, garbage.as_bytes()).await.is_empty(), "{garbage}");
    }
    let mut stream = TcpStream::connect(address(path)).await.unwrap();
    stream.write_all(cut.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    // The door is still there.
    assert!(open(path, &Request::Status).await.next().await.is_ok());
}

#[tokio::test]
async fn a_silent_crowd_does_not_keep_the_owner_out() {
    let stand = stand();
    let path = stand.home.path();
    let mut crowd = Vec::new();
    for _ in 0..3 * MAX_STRANGERS {
        crowd.push(TcpStream::connect(address(path)).await.unwrap());
    }
    for _ in 0..3 {
        assert!(open(path, &Request::Status).await.next().await.is_ok());
        crowd.push(TcpStream::connect(address(path)).await.unwrap());
    }
    // Whoever came first had to make room.
    assert_eq!(crowd[0].read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_that_is_none_is_answered() {
    let stand = stand();
    let token = Door::read(stand.home.path()).unwrap().unwrap().token;
    let sent = format!("{{\"token\":\"{token}\"}}\n{{\"request\":\"dance\"}}\n");
    let answer = String::from_utf8(send(stand.home.path(), sent.as_bytes()).await).unwrap();
    let mut lines = answer.lines();
    assert_eq!(lines.next(), Some("{\"welcome\":1}"));
    let end = lines.next().unwrap();
    assert!(
        end.starts_with("{\"end\":\"failed\",")
            && end.contains("dance")
            && end.contains("\"kind\":\"usage\""),
        "{end}"
    );
    assert_eq!(lines.next(), None);
}

#[tokio::test]
async fn hanging_up_breaks_off_what_only_reads() {
    let stand = stand();
    let mut replies = open(stand.home.path(), &watch()).await;
    assert_eq!(text(replies.next().await.unwrap()), "watching");
    drop(replies);
    stand.broken_off.acquire().await.unwrap().forget();
    assert_eq!(stand.finished.available_permits(), 0);
}

#[tokio::test]
async fn hanging_up_does_not_break_off_what_writes() {
    let stand = stand();
    let mut replies = open(stand.home.path(), &Request::Import { file: String::new() }).await;
    assert_eq!(text(replies.next().await.unwrap()), "importing");
    drop(replies);
    stand.go_on.add_permits(1);
    stand.finished.acquire().await.unwrap().forget();
}

#[tokio::test]
async fn shutdown_tells_those_who_watch() {
    let stand = stand();
    let mut replies = open(stand.home.path(), &watch()).await;
    assert_eq!(text(replies.next().await.unwrap()), "watching");
    let (failure, ()) = tokio::join!(replies.next(), stand.server.shutdown());
    assert_eq!(failure.unwrap_err().message, "the node was stopped");
}

#[tokio::test]
async fn too_many_commands_are_told_to_come_back() {
    let stand = stand();
    let mut open_ones = Vec::new();
    for _ in 0..MAX_COMMANDS {
        let mut replies = open(stand.home.path(), &watch()).await;
        assert_eq!(text(replies.next().await.unwrap()), "watching");
        open_ones.push(replies);
    }
    let failure = ask(stand.home.path(), &watch()).await.err().unwrap();
    assert!(failure.message.contains("32 commands"), "{}", failure.message);
    open_ones.pop();
    stand.broken_off.acquire().await.unwrap().forget();
    while let Err(failure) = ask(stand.home.path(), &Request::Status).await {
        assert!(failure.message.contains("32 commands"), "{}", failure.message);
    }
}

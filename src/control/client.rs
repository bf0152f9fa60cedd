//! The command's side of the door.

use std::io;
use std::path::Path;

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::door::Door;
use super::wire::{Answer, End, Greeting, VERSION};
use super::{GREETING_TIMEOUT, MAX_LINE, line};
use crate::node::Failure;
use crate::node::api::{Reply, Request};

/// The answers of a running node, as they come. Dropping this hangs up.
pub struct Replies {
    reader: BufReader<OwnedReadHalf>,
    /// Kept open: the node takes its closing as hanging up.
    _writer: OwnedWriteHalf,
    ended: bool,
}

/// Asks the node that runs on this home; none if there is none.
pub async fn ask(home: &Path, request: &Request) -> Result<Option<Replies>, Failure> {
    let Some(door) = Door::read(home)? else {
        return Ok(None);
    };
    if !is_alive(door.pid) {
        return Ok(None);
    }
    // Whatever goes wrong up to the welcome says that nobody is behind the door: a node that is there all the same
    // holds the lock of the home, and opening that says so.
    match timeout(GREETING_TIMEOUT, knock(&door)).await {
        Ok(Ok(Some(Welcomed { reader, mut writer }))) => {
            line::write(&mut writer, request).await.map_err(|error| broken(&error))?;
            Ok(Some(Replies { reader, _writer: writer, ended: false }))
        }
        Ok(Err(Refused(failure))) => Err(failure),
        Ok(Ok(None)) | Err(_) => Ok(None),
    }
}

struct Welcomed {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

struct Refused(Failure);

async fn knock(door: &Door) -> Result<Option<Welcomed>, Refused> {
    let greet = async {
        let stream = TcpStream::connect(door.address).await?;
        stream.set_nodelay(true)?;
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        line::write(&mut writer, &Greeting { token: door.token.clone() }).await?;
        let answer = line::read(&mut reader, MAX_LINE).await?;
        io::Result::Ok((answer, Welcomed { reader, writer }))
    };
    let Ok((Some(answer), welcomed)) = greet.await else {
        return Ok(None);
    };
    match serde_json::from_slice(&answer) {
        Ok(Answer::Welcome { welcome: VERSION }) => Ok(Some(welcomed)),
        Ok(Answer::Welcome { .. }) => Err(Refused(other_version())),
        Ok(Answer::End(End::Failed(failure))) => Err(Refused(failure)),
        _ => Ok(None),
    }
}

impl Replies {
    /// The next reply; none after the last.
    pub async fn next(&mut self) -> Result<Option<Reply>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let line = line::read(&mut self.reader, MAX_LINE).await.map_err(|error| broken(&error))?;
        let line = line.ok_or_else(|| broken(&io::ErrorKind::UnexpectedEof.into()))?;
        match serde_json::from_slice(&line) {
            Ok(Answer::Reply(reply)) => Ok(Some(reply)),
            Ok(Answer::End(End::Ok)) => {
                self.ended = true;
                Ok(None)
            }
            Ok(Answer::End(End::Failed(failure))) => Err(failure),
            Ok(Answer::Welcome { .. }) | Err(_) => Err(other_version()),
        }
    }
}

fn other_version() -> Failure {
    Failure::new(
        "the running node is of another version than this command",
        "Restart the node with the same `majlis`, and try again.",
    )
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(
        format!("the running node ended in the middle of the answer: {error}"),
        "See what it says on its terminal, start it again with `majlis`, and look whether the command took effect \
         before repeating it.",
    )
}

/// Whether there is a process of this number.
fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    // Not being allowed to signal it means that it is there.
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

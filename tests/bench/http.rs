//! What apps get over HTTP while others follow by stream: pages of the home timeline, how soon a post is on all streams,
//! and what a stream takes of memory.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use majlis::node::Request;
use majlis::node::api::{LoginWith, NewPost, Reply, SearchQuery};
use tungstenite::Message;
use tungstenite::client::IntoClientRequest as _;

use crate::daemon::{Daemon, PATIENCE};
use crate::homes::{Homes, discard};
use crate::table::{Table, quantile};
use crate::{Options, Result, say};

/// Clients that follow while pages are read, and further ones whose memory is weighed. A token has at most 64 streams.
const STREAMS: usize = 50;
const WEIGHED: usize = 200;
const OF_TOKEN: usize = 50;
/// Statuses of a page.
const PAGE: usize = 40;
/// Pages that are read one after another, and for how long by so many connections at once.
const READS: usize = 400;
const CONNECTIONS: usize = 4;
const LOAD: Duration = Duration::from_secs(10);
/// Posts whose way to all streams is timed.
const POSTS: usize = 100;

pub fn measure(table: &mut Table, options: &Options, homes: &Homes) -> Result<()> {
    if !options.wants("http") {
        return Ok(());
    }
    let home = homes.copy(&homes.synced)?;
    let node = homes.start(&home)?;
    let door = Door::of(&node)?;
    // The search index is made before anything is measured, not meanwhile.
    let query = SearchQuery { text: "index".to_owned(), limit: 1, ..SearchQuery::default() };
    node.ask(&Request::Search { query })?;
    say("a page of the home timeline over HTTP, nobody following");
    let alone = door.pages(READS)?;
    say(&format!("{STREAMS} streams"));
    let streams = door.streams(STREAMS)?;
    pages(table, options, &door, &alone)?;
    latency(table, &node, &streams)?;
    say(&format!("{WEIGHED} further streams"));
    let before = node.memory();
    let more = door.streams(WEIGHED)?;
    post(&node, "to all")?;
    streams.iter().chain(&more).try_for_each(|stream| stream.next().map(drop))?;
    let each = node.memory().saturating_sub(before) as f64 / WEIGHED as f64;
    let absolute = format!("resident memory before and after {WEIGHED} more by WebSocket, and a post to all");
    table.note("memory of a streaming client", &format!("{:.1} kB", each / 1e3), &absolute);
    drop((streams, more));
    node.stop()?;
    discard(&home)
}

fn pages(table: &mut Table, options: &Options, door: &Door, alone: &[f64]) -> Result<()> {
    let line = |table: &mut Table, figure: &str, times: &[f64], absolute: &str| {
        let measured = format!("{:.1}, {:.1} ms", quantile(times, 0.5), quantile(times, 0.99));
        table.note(figure, &measured, absolute);
    };
    let absolute = format!("{} posts held, one connection, {READS} times", options.scale);
    line(table, &format!("home timeline over HTTP, {PAGE} posts: p50, p99"), alone, &absolute);
    let times = door.pages(READS)?;
    line(table, &format!("the same with {STREAMS} streams open"), &times, &absolute);
    let begun = Instant::now();
    let times: Vec<f64> = std::thread::scope(|scope| {
        let read = || -> Result<Vec<f64>> {
            let mut times = Vec::new();
            while begun.elapsed() < LOAD {
                times.extend(door.pages(10)?);
            }
            Ok(times)
        };
        let all: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(read)).collect();
        let all: Result<Vec<_>> =
            all.into_iter().map(|one| one.join().expect("reading has panicked")).collect();
        all.map(|all| all.into_iter().flatten().collect())
    })?;
    let a_second = times.len() as f64 / begun.elapsed().as_secs_f64();
    let measured = format!("{a_second:.0}/s, {:.1} ms", quantile(&times, 0.99));
    let absolute = format!("{CONNECTIONS} connections at once, {} requests", times.len());
    table.note("the same as often as it goes: requests, p99", &measured, &absolute);
    Ok(())
}

/// From the moment at which a post is handed over until the last stream has it.
fn latency(table: &mut Table, node: &Daemon, streams: &[Stream]) -> Result<()> {
    say("from a post to all streams");
    let mut times = Vec::with_capacity(POSTS);
    for number in 0..POSTS {
        let begun = Instant::now();
        post(node, &format!("post {number}"))?;
        let mut last = begun;
        for stream in streams {
            last = last.max(stream.next()?);
        }
        times.push((last - begun).as_secs_f64() * 1e3);
    }
    let measured = format!("{:.1}, {:.1} ms", quantile(&times, 0.5), quantile(&times, 0.99));
    let absolute = format!("from the command to the last of {} clients, {POSTS} posts", streams.len());
    table.note("a post on all streams: p50, p99", &measured, &absolute);
    Ok(())
}

fn post(node: &Daemon, words: &str) -> Result<()> {
    let post = NewPost { text: words.to_owned(), ..NewPost::default() };
    node.ask(&Request::Post { posts: vec![post] }).map(drop)
}

/// Where apps find the node.
struct Door {
    address: String,
    tokens: Vec<String>,
}

/// When each event came on a stream.
struct Stream(Receiver<Instant>);

impl Stream {
    fn next(&self) -> Result<Instant> {
        self.0.recv_timeout(PATIENCE).map_err(|_| "a stream has ended, or nothing came".to_owned())
    }
}

impl Door {
    fn of(node: &Daemon) -> Result<Self> {
        let Some(Reply::Login(login)) = node.ask(&Request::Login { with: LoginWith::Code })?.pop() else {
            return Err("the node does not say where apps find it".to_owned());
        };
        let address = login.http.ok_or("the node serves no apps")?;
        let address = address.strip_prefix("http://").ok_or("the address is another one")?.to_owned();
        let mut tokens = Vec::new();
        for _ in 0..(STREAMS + WEIGHED).div_ceil(OF_TOKEN) {
            let request = Request::NewToken { name: "bench".into(), scopes: "read".into() };
            if let Some(Reply::Token(made)) = node.ask(&request)?.pop() {
                tokens.push(made.token);
            }
        }
        Ok(Self { address, tokens })
    }

    fn connect(&self) -> Result<TcpStream> {
        let failed = |error: std::io::Error| format!("cannot reach {}: {error}", self.address);
        let stream = TcpStream::connect(&self.address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    /// Milliseconds that each of many pages took, on one connection.
    fn pages(&self, count: usize) -> Result<Vec<f64>> {
        let mut stream = BufReader::new(self.connect()?);
        let request = format!(
            "GET /api/v1/timelines/home?limit={PAGE} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address, self.tokens[0]
        );
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let begun = Instant::now();
            let answer = answer(&mut stream, &request).map_err(|error| format!("no page: {error}"))?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            let page: serde_json::Value =
                serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
            if page.as_array().is_none_or(|page| page.len() != PAGE) {
                return Err(format!("a page is {}", String::from_utf8_lossy(&answer)));
            }
        }
        Ok(times)
    }

    /// Clients that follow the home timeline.
    fn streams(&self, count: usize) -> Result<Vec<Stream>> {
        (0..count).map(|number| self.stream(&self.tokens[number % self.tokens.len()])).collect()
    }

    fn stream(&self, token: &str) -> Result<Stream> {
        let address = format!("ws://{}/api/v1/streaming?stream=user&access_token={token}", self.address);
        let request = address.into_client_request().map_err(|error| error.to_string())?;
        let opened = tungstenite::client::client(request, self.connect()?);
        let (mut socket, _) = opened.map_err(|error| format!("no stream: {error}"))?;
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok(message) = socket.read() {
                // Who no longer listens is done.
                if matches!(message, Message::Text(_)) && sender.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
        Ok(Stream(events))
    }
}

/// Asks, and reads the body of the answer.
fn answer(stream: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<Vec<u8>> {
    stream.get_mut().write_all(request.as_bytes())?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

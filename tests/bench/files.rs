//! One large file fetched by real nodes: of its author, and of its author and another who has it.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use majlis::node::api::{Metadata, NewAttachment, NewPost};
use majlis::node::{Reply, Request};

use crate::daemon::{Daemon, PATIENCE};
use crate::homes::{Homes, discard};
use crate::table::{Table, median, span};
use crate::{Options, Result, say};

/// Bytes that are written or hashed at once where the machine itself is measured.
const BLOCK: usize = 256 << 10;
/// How many of them.
const BLOCKS: usize = 4_096;

/// One fetch.
struct Fetch {
    rate: f64,
    /// MB/s of loopback TCP and of BLAKE3 on one thread just before.
    tcp: f64,
    hash: f64,
    /// MB/s of a file as long that is written and synced, in the same place.
    disk: f64,
    /// Processor seconds of the one who fetches, and of all who give.
    cpu: (f64, f64),
}

/// The file, where it is posted.
struct Posted {
    id: String,
    cid: String,
    size: u64,
}

pub fn measure(table: &mut Table, options: &Options, homes: &Homes) -> Result<()> {
    if !options.wants("files") {
        return Ok(());
    }
    let author = homes.start(&homes.file("files-author"))?;
    let posted = post(&author, &homes.file("file.bin"), options.file_bytes)?;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        say(&format!("a file of {} MiB, round {round} of {}", posted.size >> 20, options.rounds));
        let (other, other_home) = fetcher(homes, &author, &posted)?;
        one.push(fetch(homes, &other, &[&author], &posted)?);
        let (last, last_home) = fetcher(homes, &author, &posted)?;
        last.connect(&other.address)?;
        two.push(fetch(homes, &last, &[&author, &other], &posted)?);
        for (node, home) in [(other, other_home), (last, last_home)] {
            node.stop()?;
            discard(&home)?;
        }
    }
    author.stop()?;
    discard(&homes.file("files-author"))?;
    for (holders, fetches) in [("its author", one), ("two who have it", two)] {
        line(table, &format!("file of {} MiB from {holders}", posted.size >> 20), &fetches);
    }
    Ok(())
}

fn line(table: &mut Table, figure: &str, fetches: &[Fetch]) {
    let of = |value: fn(&Fetch) -> f64| -> Vec<f64> { fetches.iter().map(value).collect() };
    let ratios = of(|fetch| fetch.rate / fetch.tcp.min(fetch.hash));
    let absolute = format!(
        "{} MB/s; loopback TCP {}, BLAKE3 {}, writing and syncing {} MB/s; {:.1} s of processor time to fetch, {:.1} s to give; ratio {}",
        span(&of(|fetch| fetch.rate), 0),
        span(&of(|fetch| fetch.tcp), 0),
        span(&of(|fetch| fetch.hash), 0),
        span(&of(|fetch| fetch.disk), 0),
        median(&of(|fetch| fetch.cpu.0)),
        median(&of(|fetch| fetch.cpu.1)),
        span(&ratios, 2),
    );
    table.note(&format!("{figure} ÷ min(TCP, BLAKE3)"), &format!("{:.2}", median(&ratios)), &absolute);
}

/// Makes the file and posts it.
fn post(author: &Daemon, path: &Path, size: u64) -> Result<Posted> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    let mut file = std::fs::File::create(path).map_err(failed)?;
    let mut bytes = blake3::Hasher::new().finalize_xof().take(size);
    std::io::copy(&mut bytes, &mut file).map_err(failed)?;
    let file = path.to_string_lossy().into_owned();
    let attachments = vec![NewAttachment { file, metadata: Metadata::Keep, ..NewAttachment::default() }];
    let posts = vec![NewPost { text: "A file".to_owned(), attachments, ..NewPost::default() }];
    let Some(Reply::Posted(posted)) = author.ask(&Request::Post { posts })?.pop() else {
        return Err("the file was not posted".to_owned());
    };
    std::fs::remove_file(path).map_err(failed)?;
    let id = posted.id;
    match author.ask(&Request::Show { id: id.clone() })?.pop() {
        Some(Reply::Shown(post)) if post.attachments.len() == 1 => {
            Ok(Posted { id, cid: post.attachments[0].cid.clone(), size })
        }
        other => Err(format!("a post with a file is shown as {other:?}")),
    }
}

/// A new node that follows the author, is connected to it and knows of the file.
fn fetcher(homes: &Homes, author: &Daemon, posted: &Posted) -> Result<(Daemon, PathBuf)> {
    let home = homes.fresh();
    let node = homes.start(&home)?;
    let Some(Reply::Id(id)) = author.ask(&Request::Id)?.pop() else {
        return Err("the author does not say who it is".to_owned());
    };
    node.ask(&Request::Follow { target: id.account, private: false })?;
    node.connect(&author.address)?;
    let deadline = Instant::now() + PATIENCE;
    while node.ask(&Request::Show { id: posted.id.clone() }).is_err() {
        if Instant::now() > deadline {
            return Err("the post with the file does not come".to_owned());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok((node, home))
}

fn fetch(homes: &Homes, node: &Daemon, givers: &[&Daemon], posted: &Posted) -> Result<Fetch> {
    let tcp = loopback().map_err(|error| format!("cannot measure loopback: {error}"))?;
    let (hash, path) = (hashing(), homes.file("disk"));
    let disk =
        writing(&path, posted.size).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let given = || givers.iter().map(|giver| giver.cpu()).sum::<f64>();
    let before = (node.cpu(), given());
    let started = Instant::now();
    let replies = node.ask(&Request::File { cid: posted.cid.clone() })?;
    let seconds = started.elapsed().as_secs_f64();
    if !matches!(replies.last(), Some(Reply::File(file)) if file.size == posted.size) {
        return Err(format!("the file was not fetched: {:?}", replies.last()));
    }
    let cpu = (node.cpu() - before.0, given() - before.1);
    Ok(Fetch { rate: posted.size as f64 / 1e6 / seconds, tcp, hash, disk, cpu })
}

/// MB/s of BLAKE3 on this thread.
fn hashing() -> f64 {
    let (block, mut hasher) = (vec![7; BLOCK], blake3::Hasher::new());
    let started = Instant::now();
    for _ in 0..BLOCKS {
        hasher.update(&block);
    }
    black_box(hasher.finalize());
    (BLOCK * BLOCKS) as f64 / 1e6 / started.elapsed().as_secs_f64()
}

/// MB/s of writing a file and syncing it.
fn writing(path: &Path, size: u64) -> std::io::Result<f64> {
    let (block, mut file) = (vec![7; BLOCK], std::fs::File::create(path)?);
    let started = Instant::now();
    for _ in 0..size / BLOCK as u64 {
        file.write_all(&block)?;
    }
    file.sync_data()?;
    let seconds = started.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(size as f64 / 1e6 / seconds)
}

/// MB/s of a TCP connection to this machine itself, with nothing done to the bytes.
fn loopback() -> std::io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let reader = std::thread::spawn(move || -> std::io::Result<u64> {
        let (mut stream, _) = listener.accept()?;
        let (mut block, mut all) = (vec![0; BLOCK], 0);
        loop {
            match stream.read(&mut block)? {
                0 => return Ok(all),
                count => all += count as u64,
            }
        }
    });
    let mut stream = TcpStream::connect(address)?;
    let block = vec![7; BLOCK];
    let started = Instant::now();
    for _ in 0..BLOCKS {
        stream.write_all(&block)?;
    }
    drop(stream);
    let bytes = reader.join().expect("the reader has panicked")?;
    Ok(bytes as f64 / 1e6 / started.elapsed().as_secs_f64())
}

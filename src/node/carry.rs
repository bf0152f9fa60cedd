//! Carrying by file: signed entries and identities written out, and verified on the way in like any peer's.
//!
//! The file (spec chapter 8): eight bytes of magic, then records of type u8, length u32 and body. Type 1 is an
//! identity document, 2 a fork proof, 3 a pack of one log coded as in a CHUNK, 255 the end with the number of
//! records before it, so that a file cut short is seen.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use majlis_protocol::entry::{verify, verify_all};
use majlis_protocol::identity::{IdDoc, VerifiedId};
use majlis_protocol::keys::KeyCache;
use majlis_protocol::limits::{MAX_FRAME, MAX_PACK_ENTRIES, PACK_BYTES};
use majlis_protocol::pack::{Reader, Sections, put_varint, read as read_pack};
use majlis_protocol::state::{Proof, Visibility};
use majlis_protocol::sync::chunk;
use majlis_protocol::{AccountId, DeviceId, Entry, LogId, LogKey};
use tokio::sync::mpsc;

use super::api::{BadView, CarriedView, ProgressView, Reply, VerifiedView};
use super::execute::{Out, reply};
use super::watch::News;
use super::{Failure, Node, blocking, now_ms};
use crate::store::Batch;

const MAGIC: &[u8; 8] = b"MAJLIS1\n";
const IDENTITY: u8 = 1;
const PROOF: u8 = 2;
const PACK: u8 = 3;
const END: u8 = 255;
/// Entries verified and committed as one batch.
const BATCH: usize = 4_096;

struct Writer {
    file: BufWriter<File>,
    records: u64,
}

impl Writer {
    fn record(&mut self, kind: u8, body: &[u8]) -> std::io::Result<()> {
        self.file.write_all(&[kind])?;
        self.file.write_all(&(body.len() as u32).to_be_bytes())?;
        self.file.write_all(body)?;
        self.records += 1;
        Ok(())
    }
}

fn cannot_write(file: &std::path::Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| {
        Failure::new(
            format!("cannot write {}: {error}", file.display()),
            "Choose a place that is writable and has room.",
        )
    }
}

fn cannot_read(file: &std::path::Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(
        format!("cannot read {}: {what}", file.display()),
        "Check that it is a file made by `majlis export`, and whole. What came before the fault was taken in.",
    )
}

impl Node {
    pub(super) async fn export(
        self: &Arc<Self>,
        file: PathBuf,
        account: Option<AccountId>,
        since: Option<u64>,
        out: &Out,
    ) -> Result<(), Failure> {
        let (node, progress) = (Arc::clone(self), out.clone());
        let carried = blocking(move || {
            let partial = file.with_extension("partial");
            if file.exists() {
                return Err(Failure::new(
                    format!("{} exists already", file.display()),
                    "Choose another name, or remove it first.",
                ));
            }
            let written = node.write_archive(&partial, account, since, &progress);
            if written.is_err() {
                // What is left of a failed export is of no use; if it cannot be removed either, the error says why.
                let _ = fs::remove_file(&partial);
            }
            let carried = written?;
            fs::rename(&partial, &file).map_err(cannot_write(&file))?;
            Ok(carried)
        })
        .await?;
        reply(out, Reply::Carried(carried)).await
    }

    fn write_archive(
        &self,
        path: &std::path::Path,
        only: Option<AccountId>,
        since: Option<u64>,
        progress: &Out,
    ) -> Result<CarriedView, Failure> {
        let failed = cannot_write(path);
        let mut writer =
            Writer { file: BufWriter::new(File::create_new(path).map_err(&failed)?), records: 0 };
        writer.file.write_all(MAGIC).map_err(&failed)?;
        let mut carried = CarriedView { entries: 0, accounts: 0, refused: 0 };
        let accounts: Vec<AccountId> = {
            let held = self.peers.interests();
            let all = held.iter().map(|(account, _)| *account);
            all.filter(|account| only.is_none_or(|only| only == *account)).collect()
        };
        let mut logs = Vec::new();
        for account in accounts {
            let replica = self.store.replica();
            let Some(known) = replica.account(&account) else { continue };
            carried.accounts += 1;
            for document in known.register().docs() {
                writer.record(IDENTITY, &document.entry().encode()).map_err(&failed)?;
            }
            for row in known.rows(Visibility::Public) {
                if let Some(proof) = replica.log(&row.key).and_then(|log| log.proof()) {
                    let mut body = Vec::new();
                    for header in proof.headers() {
                        let header = header.signed_header();
                        put_varint(&mut body, header.len() as u64);
                        body.extend_from_slice(&header);
                    }
                    writer.record(PROOF, &body).map_err(&failed)?;
                }
                logs.extend(row.runs.iter().map(|run| (row.key, run.top, run.low)));
            }
        }
        for (log, top, low) in logs {
            self.write_log(&mut writer, &log, top, low, since, &mut carried).map_err(
                |error| match error {
                    Carry::File(error) => failed(error),
                    Carry::Node(failure) => failure,
                },
            )?;
            // A command that no longer listens does not stop the export.
            let _ = progress.try_send(Reply::Progress(ProgressView { done: carried.entries, total: None }));
        }
        let records = writer.records.to_be_bytes();
        writer.record(END, &records).map_err(&failed)?;
        writer.file.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(&failed)?;
        Ok(carried)
    }

    fn write_log(
        &self,
        writer: &mut Writer,
        log: &LogKey,
        top: u64,
        low: u64,
        since: Option<u64>,
        carried: &mut CarriedView,
    ) -> Result<(), Carry> {
        let mut hi = top;
        loop {
            let packs = self
                .store
                .read_range(log, hi, low, MAX_PACK_ENTRIES, PACK_BYTES)
                .map_err(|error| Carry::Node(error.into()))?;
            let Some(newest) = packs.first() else { return Ok(()) };
            let mut coded = Sections { soft: newest.soft.to_vec(), hard: newest.hard.to_vec() };
            let mut count = newest.top - newest.low + 1;
            let mut older = false;
            if let Some(since) = since {
                let entries = read_pack(
                    *log,
                    &mut Reader::new(newest.soft.clone()),
                    &mut Reader::new(newest.hard.clone()),
                )
                .map_err(|error| Carry::Node(Failure::new(error.to_string(), "Run `majlis verify`.")))?;
                let first = entries.iter().position(|entry| entry.header.timestamp >= since);
                let kept = first.map_or(&[][..], |first| &entries[first..]);
                coded = Sections::default();
                count = kept.len() as u64;
                older = kept.len() < entries.len();
                coded.put(kept);
            }
            if count > 0 {
                let mut body = Vec::with_capacity(80 + coded.soft.len() + coded.hard.len());
                body.extend_from_slice(&log.account.0);
                body.extend_from_slice(&log.device.0);
                body.extend_from_slice(&log.log_id.0.to_be_bytes());
                chunk::put_sections(&mut body, &coded);
                writer.record(PACK, &body).map_err(Carry::File)?;
                carried.entries += count;
            }
            // Timestamps may go backwards, so only a pack that is wholly older ends the log.
            if newest.low <= low || (older && count == 0) {
                return Ok(());
            }
            hi = newest.low - 1;
        }
    }

    pub(super) async fn import(self: &Arc<Self>, file: PathBuf, out: &Out) -> Result<(), Failure> {
        let (batches, mut arriving) = mpsc::channel::<Incoming>(2);
        let path = file.clone();
        let reading = tokio::task::spawn_blocking(move || read_archive(&path, &batches));
        let mut carried = CarriedView { entries: 0, accounts: 0, refused: 0 };
        let mut accounts = BTreeSet::new();
        while let Some(incoming) = arriving.recv().await {
            carried.refused += incoming.refused;
            accounts.extend(incoming.identities.iter().map(|document| document.account()));
            let own = false;
            let Incoming { identities, proofs, entries, .. } = incoming;
            let entries: Arc<[_]> = entries.into();
            let imported = Arc::clone(&entries);
            let batch = Batch { now_ms: now_ms(), own, identities, proofs, entries, ..Batch::default() };
            let committed = self.commit(batch).await?;
            self.crier.call(News::Stored(imported));
            carried.entries += committed.added as u64;
            carried.refused += committed.refused as u64;
            let (changed, identities) = (committed.changed, committed.identities_changed);
            if identities.contains(&self.keys.account) {
                let node = Arc::clone(self);
                blocking(move || node.establish()).await?;
            }
            self.tell(super::Local::Committed { changed, identities }).await;
            reply(out, Reply::Progress(ProgressView { done: carried.entries, total: None })).await?;
        }
        carried.accounts = accounts.len() as u64;
        let result = reading.await.map_err(|error| cannot_read(&file, error))?;
        self.own_news(false).await?;
        result?;
        reply(out, Reply::Carried(carried)).await
    }

    pub(super) async fn verify(self: &Arc<Self>, out: &Out) -> Result<(), Failure> {
        let store = self.store.clone();
        let report = blocking(move || Ok(store.check()?)).await?;
        let found = VerifiedView {
            entries: report.entries as u64,
            logs: report.logs as u64,
            bad: report.bad.len() as u64,
            missing: report.missing,
        };
        for bad in report.bad {
            let (account, seq, why) = (bad.log.account.to_string(), bad.seq, bad.why);
            reply(out, Reply::Bad(BadView { account, seq, why })).await?;
        }
        let (bad, missing) = (found.bad, found.missing);
        reply(out, Reply::Verified(found)).await?;
        if bad == 0 && missing == 0 {
            return Ok(());
        }
        if bad == 0 {
            return Err(Failure::new(
                format!("{missing} entries of others' were lost with the damaged end of the database"),
                "Check the disk, then run the node: it fetches them from peers. This is said once.",
            ));
        }
        Err(Failure::new(
            format!("{bad} stored entries are damaged"),
            "Stop the node and move `db` out of the home: it is rebuilt from the journal and from peers.",
        ))
    }
}

enum Carry {
    File(std::io::Error),
    Node(Failure),
}

/// A part of an archive, verified.
#[derive(Default)]
struct Incoming {
    identities: Vec<Arc<VerifiedId>>,
    proofs: Vec<Arc<Proof>>,
    entries: Vec<majlis_protocol::Verified<Entry>>,
    refused: u64,
}

fn read_archive(path: &std::path::Path, batches: &mpsc::Sender<Incoming>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| cannot_read(path, error);
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut magic = [0; 8];
    file.read_exact(&mut magic).map_err(failed)?;
    if &magic != MAGIC {
        return Err(cannot_read(path, "it is not a Majlis archive"));
    }
    let keys = KeyCache::default();
    let mut incoming = Incoming::default();
    let mut entries: Vec<Entry> = Vec::new();
    for record in 0_u64.. {
        let mut head = [0; 5];
        file.read_exact(&mut head).map_err(failed)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_FRAME {
            return Err(cannot_read(path, format!("record {record} is longer than any can be")));
        }
        let mut body = vec![0; length];
        file.read_exact(&mut body).map_err(failed)?;
        match kind {
            IDENTITY => match read_identity(&body, &keys) {
                Some(document) => incoming.identities.push(Arc::new(document)),
                None => incoming.refused += 1,
            },
            PROOF => match read_proof(body.into(), &keys) {
                Some(proof) => incoming.proofs.push(Arc::new(proof)),
                None => incoming.refused += 1,
            },
            PACK => match read_group(body.into()) {
                Some(group) => entries.extend(group),
                None => incoming.refused += 1,
            },
            END if body == record.to_be_bytes() => {
                return send(&mut incoming, &mut entries, &keys, batches);
            }
            END => return Err(cannot_read(path, "records are missing from it")),
            _ => return Err(cannot_read(path, format!("record {record} is of an unknown type"))),
        }
        if entries.len() >= BATCH {
            send(&mut incoming, &mut entries, &keys, batches)?;
        }
    }
    Ok(())
}

fn send(
    incoming: &mut Incoming,
    entries: &mut Vec<Entry>,
    keys: &KeyCache,
    batches: &mpsc::Sender<Incoming>,
) -> Result<(), Failure> {
    for verdict in verify_all(std::mem::take(entries), keys) {
        match verdict {
            Ok(entry) => incoming.entries.push(entry),
            Err(_) => incoming.refused += 1,
        }
    }
    batches.blocking_send(std::mem::take(incoming)).map_err(|_| Failure::new("broken off", "Ask again."))
}

fn read_identity(body: &[u8], keys: &KeyCache) -> Option<VerifiedId> {
    let entry = verify(Entry::decode(body).ok()?, keys).ok()?;
    IdDoc::verify(entry, keys).ok()
}

fn read_proof(body: bytes::Bytes, keys: &KeyCache) -> Option<Proof> {
    let mut body = Reader::new(body);
    let mut header = || {
        let length = usize::try_from(body.varint().ok()?).ok()?;
        verify(Entry::decode_header(&body.slice(length).ok()?).ok()?, keys).ok()
    };
    let (one, other) = (header()?, header()?);
    if body.is_empty() { Proof::new(one, other).ok() } else { None }
}

fn read_group(body: bytes::Bytes) -> Option<Vec<Entry>> {
    let mut body = Reader::new(body);
    let log = LogKey {
        account: AccountId(body.array().ok()?),
        device: DeviceId(body.array().ok()?),
        log_id: LogId(u64::from_be_bytes(body.array().ok()?)),
    };
    let (mut soft, mut hard) = chunk::read_sections(body).ok()?;
    let entries = read_pack(log, &mut soft, &mut hard).ok()?;
    (soft.is_empty() && hard.is_empty()).then_some(entries)
}

//! Export: what is held of some accounts, or only what another node lacks of them.
//!
//! A file is written beside its place, under a name that says what it is to hold, and put there when it is whole. What
//! an export that was broken off has written stays, and the same export goes on with it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use majlis_protocol::blob::{Span, groups};
use majlis_protocol::body::BlobId;
use majlis_protocol::have::{Have, HeldAccount, HeldLog, Interval, lacking, without};
use majlis_protocol::identity::VerifiedId;
use majlis_protocol::limits::{MAX_BLOB_GROUPS, MAX_PACK_ENTRIES, PACK_BYTES};
use majlis_protocol::pack::{Reader, Sections, read as read_pack};
use majlis_protocol::state::{Proof, Run, Visibility};
use majlis_protocol::sync::Reason;
use majlis_protocol::{AccountId, EntryId, LogId, LogKey};

use super::cannot_write;
use super::file::{Fault, Writer, Written};
use crate::blobs::Hold;
use crate::node::api::{CarriedView, ProgressView, Reply};
use crate::node::execute::{Out, reply};
use crate::node::{Failure, Node, blocking, hex};
use crate::store::Batch;

/// What an export is of.
#[derive(Debug, Default)]
pub struct What {
    /// Only of these accounts; empty: of all that are held.
    pub accounts: Vec<AccountId>,
    /// Only entries signed since then, milliseconds since 1970.
    pub since: Option<u64>,
    /// Only what the node lacks that has written this have file.
    pub lacked_by: Option<PathBuf>,
    /// Only files of fewer bytes; none: all that are here.
    pub files_below: Option<u64>,
    /// Also what the node keeps for itself: it is a backup.
    pub kept: bool,
    /// No files that the bucket has.
    pub leave_bucket: bool,
}

/// A stretch of a log that is to be written, highest first.
struct Stretch {
    log: LogKey,
    run: Run,
    hi: u64,
    lo: u64,
}

/// All that is to be in the file, whether or not some of it is there.
#[derive(Default)]
struct Plan {
    documents: Vec<Arc<VerifiedId>>,
    proofs: Vec<Arc<Proof>>,
    stretches: Vec<Stretch>,
    files: Vec<(BlobId, u64, Hold)>,
    accounts: BTreeSet<AccountId>,
}

/// The have file that an export answers, and the tags of what stands in it.
struct Asked<'a> {
    have: &'a Have,
    accounts: HashMap<[u8; 8], &'a HeldAccount>,
}

impl<'a> Asked<'a> {
    fn new(have: &'a Have) -> Self {
        Self { have, accounts: have.accounts.iter().map(|account| (account.tag, account)).collect() }
    }

    fn account(&self, account: &AccountId) -> Option<&'a HeldAccount> {
        self.accounts.get(&self.have.salt.account(account)).copied()
    }

    fn log(&self, log: &LogKey) -> Option<&'a HeldLog> {
        let logs = &self.account(&log.account)?.logs;
        let tag = self.have.salt.log(log);
        logs.binary_search_by_key(&tag, |log| log.tag).ok().and_then(|at| logs.get(at))
    }

    fn wants(&self, blob: &BlobId) -> bool {
        self.have.files.binary_search(&self.have.salt.file(blob)).is_ok()
    }
}

/// What an export is writing.
struct Work<'a> {
    path: &'a Path,
    writer: Writer,
    written: Written,
    progress: &'a Out,
    carried: CarriedView,
}

impl Work<'_> {
    /// Says how far the work is; fails where nobody waits for it any more.
    fn tell(&self, done: u64, total: u64) -> Result<(), Failure> {
        if self.progress.is_closed() {
            return Err(Failure::new("broken off", "The same command goes on with what was written."));
        }
        // Where nobody reads fast enough, the next one says more.
        let _ = self.progress.try_send(Reply::Progress(ProgressView { done, total: Some(total) }));
        Ok(())
    }
}

impl Node {
    pub(in crate::node) async fn export(
        self: &Arc<Self>,
        file: PathBuf,
        what: What,
        out: &Out,
    ) -> Result<(), Failure> {
        let have = match what.lacked_by.clone() {
            Some(path) => {
                let (have, view) = self.read_have(path).await?;
                reply(out, Reply::Have(Box::new(view))).await?;
                Some(have)
            }
            None => None,
        };
        // Behind whatever was acknowledged before and is not in the store yet.
        self.commit(Batch { own: true, ..Batch::default() }).await?;
        let (node, progress) = (Arc::clone(self), out.clone());
        let carried = blocking(move || node.write_archive(&file, &what, have.as_ref(), &progress)).await?;
        reply(out, Reply::Carried(carried)).await
    }

    fn write_archive(
        &self,
        file: &Path,
        what: &What,
        have: Option<&Have>,
        progress: &Out,
    ) -> Result<CarriedView, Failure> {
        let exists = || {
            Failure::new(
                format!("{} exists already", file.display()),
                "Choose another name, or remove it first.",
            )
        };
        if file.exists() {
            return Err(exists());
        }
        let plan = self.plan(what, have)?;
        let partial = partial(file, what, have);
        forget_others(file, &partial);
        let failed = cannot_write(&partial);
        let (writer, written) = Writer::open(&partial, what.kept).map_err(|fault| match fault {
            Fault::Io(error) => failed(error),
            other => failed(std::io::Error::other(other)),
        })?;
        let carried = CarriedView { accounts: plan.accounts.len() as u64, ..CarriedView::default() };
        let mut work = Work { path: &partial, writer, written, progress, carried };
        self.write_plan(&plan, what, &mut work)?;
        let Work { writer, carried, .. } = work;
        writer.finish().map_err(&failed)?;
        if file.exists() {
            return Err(exists());
        }
        fs::rename(&partial, file).map_err(cannot_write(file))?;
        // Some sticks know no syncing of folders; the file itself is safe.
        if let Some(folder) = file.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(carried)
    }

    /// What is to be in the file. Who asks with a have file is given what anyone is given: public logs of accounts that
    /// are held for all to see.
    fn plan(&self, what: &What, have: Option<&Have>) -> Result<Plan, Failure> {
        let asked = have.map(Asked::new);
        let mut plan = Plan::default();
        for (account, interest) in self.peers.interests().iter() {
            let is_given = what.accounts.is_empty() || what.accounts.contains(account);
            let is_asked = asked
                .as_ref()
                .is_none_or(|asked| interest.reason != Reason::Private && asked.account(account).is_some());
            if is_given && is_asked {
                self.plan_account(account, asked.as_ref(), &mut plan)?;
            }
        }
        self.plan_files(what, asked.as_ref(), &mut plan)?;
        Ok(plan)
    }

    fn plan_account(
        &self,
        account: &AccountId,
        asked: Option<&Asked<'_>>,
        plan: &mut Plan,
    ) -> Result<(), Failure> {
        let replica = self.store.replica();
        let Some(known) = replica.account(account) else { return Ok(()) };
        let before = (plan.documents.len(), plan.proofs.len(), plan.stretches.len());
        let register = known.register();
        let is_known = asked.and_then(|asked| asked.account(account)).is_some_and(|held| {
            register.frozen().is_none()
                && register.current().is_some_and(|current| current.id().prefix() == held.identity)
        });
        if !is_known {
            plan.documents.extend(register.docs().cloned());
        }
        for row in known.rows(Visibility::Public) {
            let theirs = asked.and_then(|asked| asked.log(&row.key));
            if let Some(proof) = replica.log(&row.key).and_then(|log| log.proof())
                && theirs.is_none_or(|theirs| theirs.seal == 0 || theirs.seal > proof.seq())
            {
                plan.proofs.push(Arc::clone(proof));
            }
            let held = theirs.map_or(&[][..], |theirs| &theirs.runs);
            for run in row.runs {
                let lacked = lacking(&run, held, |seq| self.id_at(&row.key, seq))?;
                plan.stretches.extend(lacked.into_iter().map(|(hi, lo)| Stretch {
                    log: row.key,
                    run,
                    hi,
                    lo,
                }));
            }
        }
        if asked.is_none() || before != (plan.documents.len(), plan.proofs.len(), plan.stretches.len()) {
            plan.accounts.insert(*account);
        }
        Ok(())
    }

    fn id_at(&self, log: &LogKey, seq: u64) -> Result<Option<EntryId>, Failure> {
        Ok(self.store.entry_at(log, seq)?.map(|stored| stored.entry.id))
    }

    /// Files that are here and named by what is written, or asked for: the smallest first, so that where there is not
    /// room for all, most have it.
    fn plan_files(&self, what: &What, asked: Option<&Asked<'_>>, plan: &mut Plan) -> Result<(), Failure> {
        if what.files_below == Some(0) {
            return Ok(());
        }
        let stretches = plan.stretches.iter().map(|stretch| (stretch.log, (stretch.hi, stretch.lo)));
        let mut logs: HashMap<LogKey, Vec<Interval>> = HashMap::new();
        for (log, interval) in stretches {
            logs.entry(log).or_default().push(interval);
        }
        let blobs = self.blobs()?;
        let drafted = if what.kept { self.draft_files() } else { HashSet::new() };
        let mut all = blobs.all();
        all.retain(|(_, held)| what.files_below.is_none_or(|below| held.size < below));
        all.retain(|(_, held)| !(what.leave_bucket && held.stored));
        all.sort_by_key(|(blob, held)| (held.size, *blob));
        let mut room = asked.map_or(u64::MAX, |asked| asked.have.room);
        for (blob, held) in all {
            let is_asked = asked.is_some_and(|asked| asked.wants(&blob));
            let mut given_for = Some(self.keys.account).filter(|_| drafted.contains(&blob));
            for stored in self.naming(&blob)? {
                let header = &stored.entry.header;
                let is_written = logs.get(&header.log()).is_some_and(|written| {
                    written.iter().any(|(hi, lo)| (*lo..=*hi).contains(&header.seq))
                        && what.since.is_none_or(|since| header.timestamp >= since)
                });
                let is_held = || {
                    is_asked
                        && header.log_id.class() == LogId::PUBLIC
                        && asked.is_some_and(|asked| asked.account(&header.account).is_some())
                        && (what.accounts.is_empty() || what.accounts.contains(&header.account))
                        && self.peers.reason(&header.account).is_some_and(|reason| reason != Reason::Private)
                };
                if is_written || is_held() {
                    given_for = Some(header.account);
                    break;
                }
            }
            let Some(account) = given_for.filter(|_| held.size <= room) else { continue };
            if asked.is_some() && self.is_secret(&blob, &account)? {
                continue;
            }
            room -= held.size;
            plan.accounts.insert(account);
            plan.files.push((blob, held.size, blobs.hold(&blob)));
        }
        Ok(())
    }

    fn write_plan(&self, plan: &Plan, what: &What, work: &mut Work<'_>) -> Result<(), Failure> {
        let failed = cannot_write(work.path);
        for document in &plan.documents {
            if work.written.documents.insert(document.id()) {
                work.writer.identity(document).map_err(&failed)?;
            }
        }
        for proof in &plan.proofs {
            if work.written.proofs.insert((proof.log(), proof.seq())) {
                work.writer.proof(proof).map_err(&failed)?;
            }
        }
        let total = plan.stretches.iter().map(|stretch| stretch.hi - stretch.lo + 1).sum();
        work.carried.entries = work.written.entries;
        for stretch in &plan.stretches {
            let (run, there) = (&stretch.run, work.written.runs(&stretch.log).collect::<Vec<_>>());
            let missing = lacking(run, &there, |seq| self.id_at(&stretch.log, seq))?;
            let written = without((run.top, run.low), &missing);
            for (hi, lo) in without((stretch.hi, stretch.lo), &written) {
                self.write_log(&stretch.log, (hi, lo), what.since, total, work)?;
            }
        }
        if what.kept {
            for (name, value) in self.kept_for_itself()? {
                work.writer.kept(name, &value).map_err(&failed)?;
            }
        }
        let total = plan.files.iter().map(|(_, size, _)| size).sum();
        let mut done = 0;
        for (blob, size, _) in &plan.files {
            self.write_file(blob, *size, (done, total), work)?;
            done += size;
        }
        Ok(())
    }

    fn write_log(
        &self,
        log: &LogKey,
        (mut hi, lo): Interval,
        since: Option<u64>,
        total: u64,
        work: &mut Work<'_>,
    ) -> Result<(), Failure> {
        let failed = cannot_write(work.path);
        loop {
            let packs = self.store.read_range(log, hi, lo, MAX_PACK_ENTRIES, PACK_BYTES)?;
            let Some(newest) = packs.first() else { return Ok(()) };
            let mut coded = Sections { soft: newest.soft.to_vec(), hard: newest.hard.to_vec() };
            let mut count = newest.top - newest.low + 1;
            let mut older = false;
            if let Some(since) = since {
                let (mut soft, mut hard) =
                    (Reader::new(newest.soft.clone()), Reader::new(newest.hard.clone()));
                let entries = read_pack(*log, &mut soft, &mut hard)
                    .map_err(|error| Failure::new(error.to_string(), "Run `majlis verify`."))?;
                let first = entries.iter().position(|entry| entry.header.timestamp >= since);
                let kept = first.map_or(&[][..], |first| &entries[first..]);
                coded = Sections::default();
                count = kept.len() as u64;
                older = kept.len() < entries.len();
                coded.put(kept);
            }
            if count > 0 {
                work.writer.pack(log, &coded).map_err(&failed)?;
                work.carried.entries += count;
            }
            work.tell(work.carried.entries, total)?;
            // Timestamps may go backwards, so only a pack that is wholly older ends the log.
            if newest.low <= lo || (older && count == 0) {
                return Ok(());
            }
            hi = newest.low - 1;
        }
    }

    fn write_file(
        &self,
        blob: &BlobId,
        size: u64,
        (done, total): (u64, u64),
        work: &mut Work<'_>,
    ) -> Result<(), Failure> {
        let failed = cannot_write(work.path);
        let blobs = self.blobs()?;
        let Some(last) = groups(size).checked_sub(1) else { return Ok(()) };
        let mut missing = without((last, 0), work.written.groups(blob));
        missing.reverse();
        for (last, mut first) in missing {
            while first <= last {
                let span = Span { first, count: (last - first + 1).min(MAX_BLOB_GROUPS) };
                let Some(piece) = blobs.piece(blob, size, span)? else {
                    return Err(Failure::new(
                        format!("the file {blob} was removed while it was written out"),
                        "Give the command again.",
                    ));
                };
                work.writer.piece(blob, size, span, &piece).map_err(&failed)?;
                work.tell(done + span.start(), total)?;
                first += span.count;
            }
        }
        work.carried.files += 1;
        Ok(())
    }
}

/// Where a file is written until it is whole. What is begun for one end is not gone on with for another.
fn partial(file: &Path, what: &What, have: Option<&Have>) -> PathBuf {
    let mut hasher = blake3::Hasher::new_derive_key("majlis v1 unfinished export");
    let have = have.map(|have| have.salt);
    let accounts: BTreeSet<_> = what.accounts.iter().map(|account| account.0).collect();
    let of = (what.since, what.files_below, what.kept, what.leave_bucket);
    hasher.update(format!("{accounts:?} {of:?} {have:?}").as_bytes());
    let name = &hex(&hasher.finalize().as_bytes()[..4]);
    file.with_added_extension(format!("partial-{name}"))
}

/// Removes what earlier exports to the same place have left that are not gone on with.
fn forget_others(file: &Path, partial: &Path) {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let begin = format!("{name}.partial-");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_left = entry
            .file_name()
            .to_str()
            .and_then(|name| name.strip_prefix(&begin))
            .is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let path = entry.path();
        // One that is being written is locked.
        if is_left && path != partial && File::open(&path).is_ok_and(|left| left.try_lock().is_ok()) {
            // If it cannot be removed, it only takes room.
            let _ = fs::remove_file(&path);
        }
    }
}

//! What the machine knows of one session.

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use crate::entry::{Entry, Verified};
use crate::ids::{AccountId, DeviceId, EntryId, LogKey};
use crate::limits::{
    FIRST_WINDOW, FREE_PEER_LOGS, MAX_ABSENT, MAX_NUMBERS, MAX_PEER_LOGS, MAX_RUNS, MAX_SHARED,
    PEER_LOGS_PER_ACCOUNT, QUICK_ANSWER, SLOW_ANSWER,
};
use crate::state::{Fingerprint, Replica, Run, Salts, Visibility, account_fingerprint, list_fingerprint};

use super::frame::Frame;
use super::interest;
use super::machine::{Output, PeerMemory};
use super::message::{LogRef, Proving, RowRun};
use super::pin::PinAsk;

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// HELLO is awaited.
    Greet,
    /// WARM, or OFFER and SHARE, are awaited.
    Match,
    /// Both know what they share; differences are compared beside live gossip.
    Live,
}

/// What the peer said that it holds of a log.
#[derive(Clone, Debug, Default)]
pub(super) struct PeerLog {
    pub runs: Vec<RowRun>,
    pub seal: Option<u64>,
    /// Ranges (highest, lowest) that the peer did not give when asked, or whose entries were not taken here:
    /// asking again would give the same.
    pub absent: Vec<(u64, u64)>,
    /// Pieces of the log held here when the last range became absent. Fewer pieces leave room for what the
    /// store refused.
    pub pieces: usize,
}

impl PeerLog {
    /// Whether the peer has told that it holds all of a run, as far as the tops say.
    pub fn has(&self, ours: &Run) -> bool {
        self.runs.iter().any(|theirs| {
            theirs.low <= ours.low
                && (ours.top < theirs.top || (ours.top == theirs.top && ours.top_id.prefix() == theirs.tag))
        })
    }

    /// Remembers that a range cannot be had; false if that has happened too often to believe the row.
    pub fn mark_absent(&mut self, hi: u64, lo: u64, pieces: usize) -> bool {
        self.absent.push((hi, lo));
        self.pieces = pieces;
        self.absent.len() <= MAX_ABSENT
    }
}

/// A want that was sent and not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outstanding {
    pub log: LogKey,
    pub hi: u64,
    pub lo: u64,
    pub sent: u64,
}

/// One place of an OFFER that is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// A tag that means nothing.
    Padding,
    /// The tag of this account.
    Account(AccountId),
    /// The tag of an account that was withdrawn since. If the peer shares it, it still takes a number.
    Withdrawn(AccountId),
}

/// The identity document that a peer says it holds: root index, version, and what ROWS tells of its id; whether
/// the account is frozen there.
pub(super) type Claim = (u8, u64, [u8; 8], bool);

/// A range that the peer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The peer's name for it.
    pub wid: u64,
    /// The log.
    pub log: LogKey,
    /// Highest sequence number wanted.
    pub hi: u64,
    /// Lowest sequence number wanted.
    pub lo: u64,
    /// Without payloads.
    pub headers: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about one peer")]
pub(super) struct Session {
    pub me: Vec<u8>,
    pub peer: Vec<u8>,
    pub dialer: bool,
    pub opened_at: u64,
    pub stage: Stage,
    pub salt: [u8; 32],
    pub salts: Option<Salts>,
    /// Named by the owner.
    pub named: bool,
    /// That, or it proved an account that is held here for another reason than that it was pinned.
    pub friend: bool,
    /// The peer lets itself be named to others.
    pub listed: bool,
    pub proved: Option<AccountId>,
    pub proved_device: Option<DeviceId>,
    /// A PROVE has come; there is one a session.
    pub proving: bool,
    /// This side's PROVE was sent; there is one a session.
    pub proof_sent: bool,
    pub pending_proof: Option<Box<Proving>>,
    pub memory: Option<PeerMemory>,
    pub warm_sent: Option<Fingerprint>,
    /// The account numbers, and the number to use for each account.
    pub numbers: HashMap<u64, AccountId>,
    /// Accounts that have been given a number, whether or not they are shared still.
    pub numbered: HashSet<AccountId>,
    pub by_account: BTreeMap<AccountId, u64>,
    next_number: [u64; 2],
    pub handles: HashMap<u64, LogKey>,
    pub handle_of: HashMap<LogKey, u64>,
    next_handle: [u64; 2],
    pub offered: HashSet<AccountId>,
    /// Tags shown in the whole session, for what a stranger may see.
    pub tags_shown: usize,
    pub offer_round: u64,
    /// When the listener's own OFFER is due.
    pub offer_at: Option<u64>,
    /// Our OFFERs whose SHARE is awaited, oldest first.
    pub offers: VecDeque<Vec<Offered>>,
    /// Accounts held since before this count of the interests were offered in earlier sessions.
    pub floor: u64,
    /// The interests' counter at the last OFFER, and at the last that was answered.
    pub offered_at: u64,
    pub answered_at: u64,
    /// Tags under the peer's salt of what is held here, and until when they are kept.
    pub matchable: Option<(u64, HashMap<[u8; 8], AccountId>)>,
    pub rows_awaited: HashSet<AccountId>,
    /// When the peer last gave an answer that it owed, or began to owe one.
    pub answered: u64,
    pub rows: BTreeMap<LogKey, PeerLog>,
    /// Logs of which the peer has something that may be missing here; in order of turn.
    pub pending: VecDeque<LogKey>,
    pub is_pending: HashSet<LogKey>,
    /// Logs told by HEAD, to be pulled when no push has come by then.
    pub grace: BTreeMap<LogKey, u64>,
    pub compared: HashSet<(LogKey, u64)>,
    pub outstanding: HashMap<u64, Outstanding>,
    /// Wants that ran out of time. Their answers are still owed, and taken.
    pub late: HashMap<u64, Outstanding>,
    pub next_wid: u64,
    /// Wants that may be outstanding: at most what the peer allows, fewer while its answers are slow.
    pub window: usize,
    pub peer_outstanding: usize,
    /// Wants in a row that ran out of time.
    pub timeouts: u32,
    /// Newer identity documents that the peer says it has.
    pub claims: BTreeMap<AccountId, Claim>,
    /// Identity documents asked for, in the order in which they will be answered, and until when we wait.
    pub identities_asked: VecDeque<(AccountId, u64)>,
    pub proofs_asked: HashMap<LogKey, u64>,
    /// Logs changed since the last HEAD.
    pub dirty: BTreeSet<LogKey>,
    pub dirty_accounts: BTreeSet<AccountId>,
    pub last_head: u64,
    /// Logs that the peer asked not to be pushed, and that we asked it not to push.
    pub lazy_out: HashSet<LogKey>,
    pub lazy_in: HashSet<LogKey>,
    pub wishes: VecDeque<Wish>,
    pub serving: usize,
    /// Pieces of files and conversations that the peer has asked for and that are not being read yet; and how many are.
    pub questions: VecDeque<Output>,
    pub reading: usize,
    /// CHUNKs that are built and wait for credit.
    pub ready: VecDeque<(Frame, u64)>,
    /// Accounts whose rows are to be sent, and whether the peer's are asked for.
    pub rows_due: BTreeMap<AccountId, bool>,
    /// Identity documents that the peer asked for, in order.
    pub identity_wishes: VecDeque<AccountId>,
    pub proofs_due: BTreeSet<LogKey>,
    /// CHUNK bytes that may still be sent.
    pub credit_out: i64,
    /// CHUNK bytes received and not yet given back.
    pub credit_used: u64,
    pub credit_due: u64,
    /// Since when our disk has kept the peer without credit.
    pub starved_since: Option<u64>,
    /// Checks and commits under way for this session.
    pub jobs: usize,
    pub congested: bool,
    pub last_audit: u64,
    /// When an AUDIT of the peer's was last looked at, or the session began.
    pub audited_at: u64,
    pub audits_failed: u32,
    pub was_idle: bool,
    pub remember: bool,
    /// Entries handed to the peer, and by it, that were not answered yet.
    pub deliveries_out: HashSet<EntryId>,
    pub deliveries_in: HashSet<EntryId>,
    /// Conversations asked of the peer, and by it, that were not answered yet.
    pub refs_out: HashSet<u64>,
    pub refs_in: HashSet<u64>,
    /// A question who else holds accounts: its number, and which.
    pub holders_asked: Option<(u64, Vec<AccountId>)>,
    /// The number of such a question that the peer waits for.
    pub holders_owed: Option<u64>,
    /// When the last such question was looked at.
    pub holders_at: Option<u64>,
    /// Pieces of blobs asked of the peer, and by it, that were not answered yet.
    pub blobs_out: HashSet<u64>,
    pub blobs_in: HashSet<u64>,
    /// The minute that the peer's deliveries are counted in, and how many there were.
    pub deliveries: (u64, usize),
    /// When entries may be handed to the peer again, where it has asked for them later.
    pub deliver_again: Option<u64>,
    /// Accounts of which the peer takes no more.
    pub full_there: HashSet<AccountId>,
    /// What the peer is to be asked next about holding the own account, and whether it owes an answer.
    pub pin_due: Option<PinAsk>,
    pub pin_out: bool,
    /// What the peer asks about holding its account: how much is not answered, what waits for its proof, and the
    /// minute that it is counted in, with how much there was.
    pub pins_in: usize,
    pub pin_waits: Option<PinAsk>,
    pub pins: (u64, usize),
}

impl Session {
    pub fn new(me: Vec<u8>, opened: super::Opened, now: u64) -> Self {
        Self {
            me,
            peer: opened.peer,
            dialer: opened.dialer,
            opened_at: now,
            stage: Stage::Greet,
            salt: opened.salt,
            salts: None,
            named: opened.named,
            friend: opened.named,
            listed: false,
            proved: None,
            proved_device: None,
            proving: false,
            proof_sent: false,
            pending_proof: None,
            memory: opened.memory,
            warm_sent: None,
            numbers: HashMap::new(),
            numbered: HashSet::new(),
            by_account: BTreeMap::new(),
            next_number: [0; 2],
            handles: HashMap::new(),
            handle_of: HashMap::new(),
            next_handle: [0; 2],
            offered: HashSet::new(),
            tags_shown: 0,
            offer_round: 0,
            offer_at: None,
            offers: VecDeque::new(),
            floor: 0,
            offered_at: 0,
            answered_at: 0,
            matchable: None,
            rows_awaited: HashSet::new(),
            answered: now,
            rows: BTreeMap::new(),
            pending: VecDeque::new(),
            is_pending: HashSet::new(),
            grace: BTreeMap::new(),
            compared: HashSet::new(),
            outstanding: HashMap::new(),
            late: HashMap::new(),
            next_wid: 1,
            window: FIRST_WINDOW,
            peer_outstanding: 0,
            timeouts: 0,
            claims: BTreeMap::new(),
            identities_asked: VecDeque::new(),
            proofs_asked: HashMap::new(),
            dirty: BTreeSet::new(),
            dirty_accounts: BTreeSet::new(),
            last_head: 0,
            lazy_out: HashSet::new(),
            lazy_in: HashSet::new(),
            wishes: VecDeque::new(),
            serving: 0,
            questions: VecDeque::new(),
            reading: 0,
            ready: VecDeque::new(),
            rows_due: BTreeMap::new(),
            identity_wishes: VecDeque::new(),
            proofs_due: BTreeSet::new(),
            credit_out: 0,
            credit_used: 0,
            credit_due: 0,
            starved_since: None,
            jobs: 0,
            congested: false,
            last_audit: now,
            audited_at: now,
            audits_failed: 0,
            was_idle: false,
            remember: false,
            deliveries_out: HashSet::new(),
            deliveries_in: HashSet::new(),
            refs_out: HashSet::new(),
            refs_in: HashSet::new(),
            holders_asked: None,
            holders_owed: None,
            holders_at: None,
            blobs_out: HashSet::new(),
            blobs_in: HashSet::new(),
            deliveries: (0, 0),
            deliver_again: None,
            full_there: HashSet::new(),
            pin_due: None,
            pin_out: false,
            pins_in: 0,
            pin_waits: None,
            pins: (0, 0),
        }
    }

    pub fn tag(&self, salt: &[u8; 32], account: &AccountId) -> [u8; 8] {
        interest::tag(salt, &self.me, &self.peer, account)
    }

    /// Which logs of `account` the peer may be told of; `own` is the owner's account.
    pub fn sees(&self, account: &AccountId, own: &AccountId) -> Visibility {
        if account == own && self.proved.as_ref() == Some(own) {
            Visibility::OwnDevices
        } else {
            Visibility::Public
        }
    }

    /// Gives a newly shared account its number; `offered_by_dialer` chooses the half of the numbers.
    pub fn share(&mut self, account: AccountId, offered_by_dialer: bool) {
        let number = self.next_number[usize::from(!offered_by_dialer)] * 2 + u64::from(!offered_by_dialer);
        self.number(account, offered_by_dialer);
        self.by_account.entry(account).or_insert(number);
        self.remember = true;
    }

    /// Counts the number that an account has been given, whether or not it is shared.
    pub fn number(&mut self, account: AccountId, offered_by_dialer: bool) {
        let next = &mut self.next_number[usize::from(!offered_by_dialer)];
        let number = *next * 2 + u64::from(!offered_by_dialer);
        *next += 1;
        self.numbers.insert(number, account);
        self.numbered.insert(account);
    }

    /// Whether one more account may be shared. Both sides count the same numbers, so only the one that answers
    /// an OFFER has to ask.
    pub fn has_room(&self) -> bool {
        self.by_account.len() < MAX_SHARED && self.numbers.len() < MAX_NUMBERS
    }

    /// Forgets an account that is no longer shared. Its number and the handles of its logs stay known, for
    /// frames that are still on their way. Returns the wants of it that will not be served.
    pub fn unshare(&mut self, account: &AccountId) -> Vec<u64> {
        self.by_account.remove(account);
        self.rows_awaited.remove(account);
        self.rows_due.remove(account);
        self.claims.remove(account);
        self.dirty_accounts.remove(account);
        self.full_there.remove(account);
        self.rows.retain(|log, _| log.account != *account);
        self.grace.retain(|log, _| log.account != *account);
        self.dirty.retain(|log| log.account != *account);
        self.lazy_in.retain(|log| log.account != *account);
        self.lazy_out.retain(|log| log.account != *account);
        self.compared.retain(|(log, _)| log.account != *account);
        self.proofs_asked.retain(|log, _| log.account != *account);
        self.remember = true;
        let dropped = self.wishes.iter().filter(|wish| wish.log.account == *account);
        let dropped = dropped.map(|wish| wish.wid).collect();
        self.wishes.retain(|wish| wish.log.account != *account);
        dropped
    }

    /// Takes back the offer of an account: from now on it may be offered anew, and an answer that is on its way
    /// does not share it.
    pub fn withdraw(&mut self, account: &AccountId) {
        self.offered.remove(account);
        for place in self.offers.iter_mut().flatten() {
            if *place == Offered::Account(*account) {
                *place = Offered::Withdrawn(*account);
            }
        }
    }

    /// Takes the list that both remember as shared.
    pub fn adopt(&mut self, accounts: &[AccountId]) {
        for account in accounts {
            self.share(*account, true);
            self.offered.insert(*account);
        }
    }

    /// Drops what [`adopt`](Self::adopt) took, when the peers turn out to differ.
    pub fn unadopt(&mut self) {
        self.numbers.clear();
        self.numbered.clear();
        self.by_account.clear();
        self.next_number = [0; 2];
        self.offered.clear();
        self.dirty.clear();
        self.dirty_accounts.clear();
    }

    /// How to name a log to the peer; a log named for the first time gets the next handle of this side. None if
    /// this side has given out as many as it may.
    pub fn name_log(&mut self, log: LogKey) -> Option<LogRef> {
        if let Some(handle) = self.handle_of.get(&log) {
            return Some(LogRef::Handle(*handle));
        }
        self.take_handle(log, self.dialer)?;
        Some(LogRef::New(log.device, log.log_id))
    }

    fn take_handle(&mut self, log: LogKey, by_dialer: bool) -> Option<()> {
        // The side that is told has given at least the numbers that the other knows of, so it allows what that does.
        let room = FREE_PEER_LOGS + PEER_LOGS_PER_ACCOUNT * self.numbered.len();
        let next = &mut self.next_handle[usize::from(!by_dialer)];
        if *next >= room.min(MAX_PEER_LOGS) as u64 {
            return None;
        }
        let handle = *next * 2 + u64::from(!by_dialer);
        *next += 1;
        self.handles.insert(handle, log);
        self.handle_of.entry(log).or_insert(handle);
        Some(())
    }

    /// The log that the peer named for `account`; none if its handle is unknown or of another account, or if it
    /// has named too many.
    pub fn resolve_log(&mut self, account: AccountId, log: &LogRef) -> Option<LogKey> {
        match log {
            LogRef::New(device, log_id) => {
                let log = LogKey { account, device: *device, log_id: *log_id };
                self.take_handle(log, !self.dialer)?;
                Some(log)
            }
            LogRef::Handle(handle) => self.handles.get(handle).copied().filter(|log| log.account == account),
        }
    }

    /// Fingerprint of everything shared, as it is held now.
    pub fn list_fingerprint(&self, replica: &Replica, own: &AccountId) -> Option<Fingerprint> {
        let salts = self.salts?;
        Some(list_fingerprint(
            &salts,
            self.by_account.keys().map(|account| {
                let sees = self.sees(account, own);
                (*account, account_fingerprint(&salts, replica.account(account), sees))
            }),
        ))
    }

    /// Puts a log in the queue of what may be pulled from this peer.
    pub fn enqueue(&mut self, log: LogKey) {
        if self.is_pending.insert(log) {
            self.pending.push_back(log);
        }
    }

    /// An answer took this long.
    pub fn answered_in(&mut self, taken: u64) {
        self.timeouts = 0;
        if taken < QUICK_ANSWER {
            self.window = (self.window + 1).min(self.peer_outstanding);
        } else if taken > SLOW_ANSWER {
            self.window = (self.window / 2).max(1);
        }
    }

    /// The peer holds what it has pushed; it need not be told of it.
    pub fn has_pushed(&mut self, entries: &[Verified<Entry>]) {
        let (Some(low), Some(top)) = (entries.first(), entries.last()) else { return };
        let room = self.rows.len() < MAX_PEER_LOGS;
        let peer = match self.rows.entry(low.header.log()) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) if room => slot.insert(PeerLog::default()),
            Slot::Vacant(_) => return,
        };
        let pushed = RowRun { top: top.header.seq, tag: top.id.prefix(), low: low.header.seq };
        match peer.runs.first_mut() {
            Some(run) if run.top >= pushed.top => {}
            Some(run) if run.top + 1 >= pushed.low => (run.top, run.tag) = (pushed.top, pushed.tag),
            _ => {
                peer.runs.insert(0, pushed);
                peer.runs.truncate(MAX_RUNS);
            }
        }
    }

    /// Whether the peer owes SHARE or ROWS.
    pub fn owes_answer(&self) -> bool {
        !self.offers.is_empty() || !self.rows_awaited.is_empty()
    }

    /// Notes that an answer begins to be owed, if none was.
    pub fn expect_answer(&mut self, now: u64) {
        if !self.owes_answer() {
            self.answered = now;
        }
    }

    /// Whether all that may be sent ahead of our disk has been sent, so that the peer cannot answer.
    pub fn is_starved(&self, credit: u64) -> bool {
        self.credit_used >= credit
    }

    /// Nothing is under way and nothing known to be missing could be had from this peer.
    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Live
            && self.jobs == 0
            && self.pending.is_empty()
            && self.grace.is_empty()
            && self.outstanding.is_empty()
            && !self.owes_answer()
            && self.offer_at.is_none()
            && self.rows_due.is_empty()
            && self.claims.is_empty()
            && self.proofs_asked.is_empty()
    }
}

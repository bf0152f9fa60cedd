//! Messages: the bodies of frames, decoded. CHUNK has a module of its own, [`chunk`](super::chunk).

use bytes::Bytes;

use crate::blob::Span;
use crate::body::{BlobId, Body, Hints};
use crate::entry::Kind;
use crate::ids::{AccountId, DeviceId, EntryId, LogId};
use crate::limits::{
    MAX_FRAME, MAX_OFFER, MAX_REFERRED, MAX_RUNS, MAX_SIGNED_HEADER, MAX_SOUGHT, MAX_WANTS, SIGNATURE,
};
use crate::pack::{Reader, put_varint};
use crate::state::Fingerprint;

use super::blobs::BlobWant;
use super::frame::{CloseCode, DecodeError, Frame, Verdict, kind};
use super::pin::{self, PinAnswer, PinAsk};

/// The body of HELLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Random bytes of this session.
    pub salt: [u8; 32],
    /// CHUNK bytes that the sender of this will take ahead of its disk.
    pub credit: u64,
    /// Wants that may be outstanding towards the sender of this.
    pub outstanding: u64,
    /// Whether the peer's address may be told to others.
    pub listed: bool,
    /// Whether WARM follows this HELLO at once. Only a listener sets it.
    pub warm: bool,
}

/// The body of PROVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proving {
    /// The account that the sender's owner has.
    pub account: AccountId,
    /// The device that signs.
    pub device: DeviceId,
    /// The identity document that lists the device.
    pub identity: EntryId,
    /// Over both peer ids, both salts, the role and the account.
    pub signature: [u8; SIGNATURE],
}

/// Names a log: in full the first time, afterwards by its handle. Naming in full gives it the sender's next
/// handle: the dialer counts 0, 2, 4, …, the listener 1, 3, 5, …, and either may use both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRef {
    /// In full; takes the sender's next handle.
    New(DeviceId, LogId),
    /// By handle.
    Handle(u64),
}

/// A run as ROWS and HEAD tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRun {
    /// Highest sequence number held.
    pub top: u64,
    /// First eight bytes of the id at `top`.
    pub tag: [u8; 8],
    /// Lowest sequence number held.
    pub low: u64,
}

/// One log in ROWS or HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which log.
    pub log: LogRef,
    /// The lowest proven fork.
    pub seal: Option<u64>,
    /// At most four runs, highest first.
    pub runs: Vec<RowRun>,
}

/// What the sender holds of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOf {
    /// The account's number in this session.
    pub number: u64,
    /// Order of the identity document held: root index, version, first eight bytes of its id.
    pub identity: Option<(u8, u64, [u8; 8])>,
    /// Two inceptions are known: the account is frozen.
    pub frozen: bool,
    /// The sender takes no more entries of this account.
    pub full: bool,
    /// Its logs: all of them in ROWS, the changed ones in HEAD.
    pub logs: Vec<Row>,
}

/// One wish in a WANT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Entries `hi` down to `lo` of the log with this handle, as far as one pack goes; headers only or in full.
    Range {
        /// Names the answer; not zero.
        wid: u64,
        /// The log.
        handle: u64,
        /// Highest sequence number wanted.
        hi: u64,
        /// Lowest sequence number wanted.
        lo: u64,
        /// Without payloads.
        headers: bool,
    },
    /// Identity documents of an account.
    Identity(AccountId),
    /// The fork proof of the log with this handle.
    Proof(u64),
}

/// A decoded frame other than CHUNK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// First on every session, both ways.
    Hello(Greeting),
    /// The sender is a device of an account.
    Prove(Box<Proving>),
    /// Fingerprint of what both shared last time, as it is held now.
    Warm(Fingerprint),
    /// Tags of accounts that the sender would share, or (`add` false) no longer shares.
    Offer {
        /// Whether the tags are offered or withdrawn.
        add: bool,
        /// First eight bytes each of a keyed hash.
        tags: Vec<[u8; 8]>,
    },
    /// Answers an OFFER.
    Share {
        /// For each tag whether it is shared.
        shared: Vec<bool>,
        /// For each shared tag the sender's fingerprint.
        fingerprints: Vec<Fingerprint>,
    },
    /// What the sender holds of accounts.
    Rows {
        /// Whether the sender asks for the receiver's rows of the same accounts.
        answer: bool,
        /// The accounts.
        accounts: Vec<RowsOf>,
    },
    /// Changed rows.
    Head(Vec<RowsOf>),
    /// Asks for things.
    Want(Vec<Ask>),
    /// These wants are not to be had here.
    None(Vec<u64>),
    /// Two signed headers of one place.
    Proof(Bytes, Bytes),
    /// Identity documents: entries in full.
    Identities(Vec<Bytes>),
    /// Whether to push entries of the log with this handle unasked.
    Mode {
        /// The log.
        handle: u64,
        /// Push them, or only tell by HEAD.
        eager: bool,
    },
    /// CHUNK bytes that were committed since the last one.
    Credit(u64),
    /// Fingerprint of all that is shared.
    Audit(Fingerprint),
    /// The end, and after how many seconds to come back.
    Close(CloseCode, u64),
    /// An entry for the peer's owner.
    Deliver {
        /// The identity document that lists the entry's device: an entry in full.
        document: Bytes,
        /// The entry in full.
        entry: Bytes,
    },
    /// What became of an entry that was handed over.
    Status(EntryId, Verdict),
    /// Asks who else holds accounts that both share.
    WhoHas {
        /// Names the answer.
        number: u64,
        /// The accounts' numbers in this session.
        accounts: Vec<u64>,
    },
    /// Answers [`Message::WhoHas`].
    Peers {
        /// What is answered.
        number: u64,
        /// The holders of each account, in the order in which they were asked for.
        holders: Vec<Hints>,
    },
    /// Asks for posts of the conversation that a post begins.
    Refs {
        /// Names the answer.
        number: u64,
        /// The first post of the conversation.
        root: EntryId,
    },
    /// Answers [`Message::Refs`].
    Referred {
        /// What is answered.
        number: u64,
        /// How many such posts the sender holds.
        total: u64,
        /// Some of them: identity documents and entries in full.
        posts: Vec<(Bytes, Bytes)>,
    },
    /// Asks for a piece of a blob.
    BlobWant {
        /// Names the answer.
        number: u64,
        /// What is wanted.
        want: BlobWant,
    },
    /// Answers [`Message::BlobWant`].
    Blob {
        /// What is answered.
        number: u64,
        /// The piece, as [`blob::verify`](crate::blob::verify) takes it; empty where it is not given.
        piece: Bytes,
    },
    /// Asks to hold the sender's account.
    Pin(PinAsk),
    /// Answers [`Message::Pin`], and tells when what it said has changed.
    Pinned(PinAnswer),
    /// Which day it is by the sender's clock, in days since 1970 in UTC.
    Clock(u64),
    /// A type from 0x80 on that this version does not act on.
    Ignored(u8),
}

fn put_log(out: &mut Vec<u8>, log: &LogRef) {
    match log {
        LogRef::New(device, log_id) => {
            out.push(0);
            out.extend_from_slice(&device.0);
            out.extend_from_slice(&log_id.0.to_be_bytes());
        }
        LogRef::Handle(handle) => put_varint(out, handle + 1),
    }
}

pub(super) fn encode_log(out: &mut Vec<u8>, log: &LogRef) {
    put_log(out, log);
}

pub(super) fn read_log(body: &mut Reader) -> Result<LogRef, DecodeError> {
    Ok(match body.varint()? {
        0 => LogRef::New(DeviceId(body.array()?), LogId(u64::from_be_bytes(body.array()?))),
        handle => LogRef::Handle(handle - 1),
    })
}

fn put_rows(out: &mut Vec<u8>, accounts: &[RowsOf]) {
    for rows in accounts {
        put_varint(out, rows.number);
        let identity = u8::from(rows.identity.is_some());
        out.push(identity | u8::from(rows.frozen) << 1 | u8::from(rows.full) << 2);
        if let Some((k, version, prefix)) = rows.identity {
            out.push(k);
            put_varint(out, version);
            out.extend_from_slice(&prefix);
        }
        put_varint(out, rows.logs.len() as u64);
        for row in &rows.logs {
            put_log(out, &row.log);
            put_varint(out, row.seal.unwrap_or(0));
            out.push(row.runs.len() as u8);
            for run in &row.runs {
                put_varint(out, run.top);
                out.extend_from_slice(&run.tag);
                put_varint(out, run.top - run.low);
            }
        }
    }
}

fn read_rows(body: &mut Reader) -> Result<Vec<RowsOf>, DecodeError> {
    let mut accounts = Vec::new();
    while !body.is_empty() {
        let number = body.varint()?;
        let flags = body.byte()?;
        if flags > 7 {
            return Err(DecodeError::Limit);
        }
        let identity =
            if flags & 1 == 0 { None } else { Some((body.byte()?, body.varint()?, body.array()?)) };
        let mut logs = Vec::new();
        for _ in 0..body.varint()? {
            let log = read_log(body)?;
            let seal = Some(body.varint()?).filter(|seal| *seal > 0);
            let count = usize::from(body.byte()?);
            if count > MAX_RUNS {
                return Err(DecodeError::Limit);
            }
            let mut runs = Vec::with_capacity(count);
            for _ in 0..count {
                let top = body.varint()?;
                let tag = body.array()?;
                let low = top.checked_sub(body.varint()?).filter(|low| *low > 0);
                runs.push(RowRun { top, tag, low: low.ok_or(DecodeError::Limit)? });
            }
            logs.push(Row { log, seal, runs });
        }
        let (frozen, full) = (flags & 2 != 0, flags & 4 != 0);
        accounts.push(RowsOf { number, identity, frozen, full, logs });
    }
    Ok(accounts)
}

fn put_ask(out: &mut Vec<u8>, ask: &Ask) {
    match ask {
        Ask::Range { wid, handle, hi, lo, headers } => {
            out.push(u8::from(*headers));
            put_varint(out, *wid);
            put_varint(out, *handle);
            put_varint(out, *hi);
            put_varint(out, hi - lo);
        }
        Ask::Identity(account) => {
            out.push(2);
            out.extend_from_slice(&account.0);
        }
        Ask::Proof(handle) => {
            out.push(3);
            put_varint(out, *handle);
        }
    }
}

fn read_ask(body: &mut Reader) -> Result<Ask, DecodeError> {
    Ok(match body.byte()? {
        flag @ (0 | 1) => {
            let wid = body.varint()?;
            let handle = body.varint()?;
            let hi = body.varint()?;
            let lo = hi.checked_sub(body.varint()?).filter(|lo| *lo > 0 && wid > 0);
            Ask::Range { wid, handle, hi, lo: lo.ok_or(DecodeError::Limit)?, headers: flag == 1 }
        }
        2 => Ask::Identity(AccountId(body.array()?)),
        3 => Ask::Proof(body.varint()?),
        _ => return Err(DecodeError::Limit),
    })
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(super) fn read_bytes(body: &mut Reader, most: usize) -> Result<Bytes, DecodeError> {
    let len = body.varint()?;
    if len > most as u64 {
        return Err(DecodeError::Limit);
    }
    Ok(body.slice(len as usize)?)
}

impl Message {
    /// The frame that carries this message.
    pub fn encode(&self) -> Frame {
        let mut out = Vec::new();
        let kind = match self {
            Self::Hello(hello) => {
                out.push(1);
                out.extend_from_slice(&hello.salt);
                put_varint(&mut out, hello.credit);
                put_varint(&mut out, hello.outstanding);
                out.push(u8::from(hello.listed) | u8::from(hello.warm) << 1);
                kind::HELLO
            }
            Self::Prove(prove) => {
                out.extend_from_slice(&prove.account.0);
                out.extend_from_slice(&prove.device.0);
                out.extend_from_slice(&prove.identity.0);
                out.extend_from_slice(&prove.signature);
                kind::PROVE
            }
            Self::Warm(fingerprint) => {
                out.extend_from_slice(&fingerprint.0);
                kind::WARM
            }
            Self::Offer { add, tags } => {
                out.push(u8::from(*add));
                out.extend_from_slice(tags.as_flattened());
                kind::OFFER
            }
            Self::Share { shared, fingerprints } => {
                put_varint(&mut out, shared.len() as u64);
                for bits in shared.chunks(8) {
                    out.push(bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)));
                }
                for fingerprint in fingerprints {
                    out.extend_from_slice(&fingerprint.0);
                }
                kind::SHARE
            }
            Self::Rows { answer, accounts } => {
                out.push(u8::from(*answer));
                put_rows(&mut out, accounts);
                kind::ROWS
            }
            Self::Head(accounts) => {
                put_rows(&mut out, accounts);
                kind::HEAD
            }
            Self::Want(asks) => {
                for ask in asks {
                    put_ask(&mut out, ask);
                }
                kind::WANT
            }
            Self::None(wids) => {
                for wid in wids {
                    put_varint(&mut out, *wid);
                }
                kind::NONE
            }
            Self::Proof(one, other) => {
                put_bytes(&mut out, one);
                put_bytes(&mut out, other);
                kind::PROOF
            }
            Self::Identities(documents) => {
                for document in documents {
                    put_bytes(&mut out, document);
                }
                kind::IDDOC
            }
            Self::Mode { handle, eager } => {
                put_varint(&mut out, *handle);
                out.push(u8::from(*eager));
                kind::MODE
            }
            Self::Credit(bytes) => {
                put_varint(&mut out, *bytes);
                kind::CREDIT
            }
            Self::Audit(fingerprint) => {
                out.extend_from_slice(&fingerprint.0);
                kind::AUDIT
            }
            Self::Close(code, retry_after) => {
                out.push(*code as u8);
                put_varint(&mut out, *retry_after);
                kind::CLOSE
            }
            Self::Deliver { document, entry } => {
                put_bytes(&mut out, document);
                out.extend_from_slice(entry);
                kind::DELIVER
            }
            Self::Status(entry, verdict) => {
                out.extend_from_slice(&entry.0);
                out.push(*verdict as u8);
                kind::STATUS
            }
            Self::WhoHas { number, accounts } => {
                put_varint(&mut out, *number);
                for account in accounts {
                    put_varint(&mut out, *account);
                }
                kind::WHO_HAS
            }
            Self::Peers { number, holders } => {
                put_varint(&mut out, *number);
                for hints in holders {
                    // What is too long to be said is not said.
                    put_bytes(&mut out, &Body::Hints(hints.clone()).encode().unwrap_or_default());
                }
                kind::PEERS
            }
            Self::Refs { number, root } => {
                put_varint(&mut out, *number);
                out.extend_from_slice(&root.0);
                kind::REFS
            }
            Self::Referred { number, total, posts } => {
                put_varint(&mut out, *number);
                put_varint(&mut out, *total);
                for (document, entry) in posts {
                    put_bytes(&mut out, document);
                    put_bytes(&mut out, entry);
                }
                kind::REFERRED
            }
            Self::BlobWant { number, want } => {
                put_varint(&mut out, *number);
                out.extend_from_slice(&want.entry.0);
                out.extend_from_slice(&want.blob.0);
                for value in [want.size, want.span.first, want.span.count] {
                    put_varint(&mut out, value);
                }
                kind::BLOB_WANT
            }
            Self::Blob { number, piece } => {
                put_varint(&mut out, *number);
                out.extend_from_slice(piece);
                kind::BLOB
            }
            Self::Pin(ask) => {
                pin::put_ask(&mut out, ask);
                kind::PIN
            }
            Self::Clock(day) => {
                put_varint(&mut out, *day);
                kind::CLOCK
            }
            Self::Pinned(answer) => {
                pin::put_answer(&mut out, answer);
                kind::PINNED
            }
            Self::Ignored(kind) => *kind,
        };
        Frame { kind, body: out.into() }
    }

    /// Decodes any frame but CHUNK, which [`chunk::Chunk::decode`](super::chunk::Chunk::decode) reads.
    pub fn decode(frame: Frame) -> Result<Self, DecodeError> {
        if frame.body.len() >= MAX_FRAME {
            return Err(DecodeError::Limit);
        }
        let kind = frame.kind;
        let mut body = Reader::new(frame.body);
        let message = Self::read(kind, &mut body)?;
        let is_whole = body.is_empty() || matches!(message, Self::Ignored(_));
        if is_whole { Ok(message) } else { Err(DecodeError::Trailing) }
    }

    fn read(kind: u8, body: &mut Reader) -> Result<Self, DecodeError> {
        Ok(match kind {
            kind::HELLO => read_hello(body)?,
            kind::PROVE => {
                let (account, device) = (AccountId(body.array()?), DeviceId(body.array()?));
                let (identity, signature) = (EntryId(body.array()?), body.array()?);
                Self::Prove(Box::new(Proving { account, device, identity, signature }))
            }
            kind::WARM => Self::Warm(Fingerprint(body.array()?)),
            kind::OFFER => {
                let add = read_flag(body)?;
                if body.len() > 8 * MAX_OFFER {
                    return Err(DecodeError::Limit);
                }
                let mut tags = Vec::with_capacity(body.len() / 8);
                while !body.is_empty() {
                    tags.push(body.array()?);
                }
                Self::Offer { add, tags }
            }
            kind::SHARE => read_share(body)?,
            kind::ROWS => Self::Rows { answer: read_flag(body)?, accounts: read_rows(body)? },
            kind::HEAD => Self::Head(read_rows(body)?),
            kind::WANT => {
                let mut asks = Vec::new();
                while !body.is_empty() {
                    asks.push(read_ask(body)?);
                    if asks.len() > MAX_WANTS {
                        return Err(DecodeError::Limit);
                    }
                }
                Self::Want(asks)
            }
            kind::NONE => {
                let mut wids = Vec::new();
                while !body.is_empty() {
                    wids.push(body.varint()?);
                }
                Self::None(wids)
            }
            kind::PROOF => {
                Self::Proof(read_bytes(body, MAX_SIGNED_HEADER)?, read_bytes(body, MAX_SIGNED_HEADER)?)
            }
            kind::IDDOC => {
                let mut documents = Vec::new();
                while !body.is_empty() {
                    documents.push(read_bytes(body, MAX_FRAME)?);
                }
                Self::Identities(documents)
            }
            kind::MODE => Self::Mode { handle: body.varint()?, eager: read_flag(body)? },
            kind::CREDIT => Self::Credit(body.varint()?),
            kind::AUDIT => Self::Audit(Fingerprint(body.array()?)),
            kind::CLOSE => Self::Close(CloseCode::from_wire(body.byte()?), body.varint()?),
            kind::DELIVER => {
                let document = read_bytes(body, MAX_FRAME)?;
                Self::Deliver { document, entry: body.slice(body.len())? }
            }
            kind::STATUS => Self::Status(EntryId(body.array()?), Verdict::from_wire(body.byte()?)),
            kind::WHO_HAS => {
                let number = body.varint()?;
                let mut accounts = Vec::new();
                while !body.is_empty() {
                    accounts.push(body.varint()?);
                    if accounts.len() > MAX_SOUGHT {
                        return Err(DecodeError::Limit);
                    }
                }
                Self::WhoHas { number, accounts }
            }
            kind::PEERS => {
                let number = body.varint()?;
                let mut holders = Vec::new();
                while !body.is_empty() {
                    holders.push(read_holders(body)?);
                    if holders.len() > MAX_SOUGHT {
                        return Err(DecodeError::Limit);
                    }
                }
                Self::Peers { number, holders }
            }
            kind::REFS => Self::Refs { number: body.varint()?, root: EntryId(body.array()?) },
            kind::REFERRED => {
                let (number, total) = (body.varint()?, body.varint()?);
                let mut posts = Vec::new();
                while !body.is_empty() {
                    posts.push((read_bytes(body, MAX_FRAME)?, read_bytes(body, MAX_FRAME)?));
                    if posts.len() > MAX_REFERRED {
                        return Err(DecodeError::Limit);
                    }
                }
                Self::Referred { number, total, posts }
            }
            kind::BLOB_WANT => {
                let (number, entry, blob) = (body.varint()?, EntryId(body.array()?), BlobId(body.array()?));
                let (size, span) = (body.varint()?, Span { first: body.varint()?, count: body.varint()? });
                Self::BlobWant { number, want: BlobWant { entry, blob, size, span } }
            }
            kind::BLOB => Self::Blob { number: body.varint()?, piece: body.slice(body.len())? },
            kind::PIN => Self::Pin(pin::read_ask(body)?),
            kind::PINNED => Self::Pinned(pin::read_answer(body)?),
            kind::CLOCK => Self::Clock(body.varint()?),
            _ if kind >= 0x80 => Self::Ignored(kind),
            _ => return Err(DecodeError::UnknownType(kind)),
        })
    }
}

pub(super) fn read_flag(body: &mut Reader) -> Result<bool, DecodeError> {
    match body.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Limit),
    }
}

/// Nobody where nothing is said, and where it is said in a version of bodies that is not known.
fn read_holders(body: &mut Reader) -> Result<Hints, DecodeError> {
    let bytes = read_bytes(body, MAX_FRAME)?;
    if bytes.is_empty() {
        return Ok(Hints::default());
    }
    match Body::decode(Kind::HINTS, &bytes) {
        Ok(Some(Body::Hints(hints))) => Ok(hints),
        Ok(_) => Ok(Hints::default()),
        Err(_) => Err(DecodeError::Limit),
    }
}

fn read_hello(body: &mut Reader) -> Result<Message, DecodeError> {
    if body.byte()? != 1 {
        return Err(DecodeError::Version);
    }
    let (salt, credit, outstanding, flags) = (body.array()?, body.varint()?, body.varint()?, body.byte()?);
    if flags > 3 {
        return Err(DecodeError::Limit);
    }
    let (listed, warm) = (flags & 1 != 0, flags & 2 != 0);
    Ok(Message::Hello(Greeting { salt, credit, outstanding, listed, warm }))
}

fn read_share(body: &mut Reader) -> Result<Message, DecodeError> {
    let count = body.varint()?;
    if count > MAX_OFFER as u64 {
        return Err(DecodeError::Limit);
    }
    let count = count as usize;
    let bits = body.slice(count.div_ceil(8))?;
    let shared: Vec<bool> = (0..count).map(|index| bits[index / 8] >> (index % 8) & 1 == 1).collect();
    if !count.is_multiple_of(8) && bits[count / 8] >> (count % 8) != 0 {
        return Err(DecodeError::Limit);
    }
    let set = shared.iter().filter(|bit| **bit).count();
    let fingerprints =
        (0..set).map(|_| Ok(Fingerprint(body.array()?))).collect::<Result<_, DecodeError>>()?;
    Ok(Message::Share { shared, fingerprints })
}

//! Have files: what a node holds and wants, small and signed, so that another node that it never meets can write for
//! it what it lacks (spec chapter 8).
//!
//! Accounts, logs and files stand in it as tags under a salt of its own: who holds the same ones recognises them, and
//! who finds the file reads no keys in it but the writer's.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use bytes::Bytes;

use crate::body::BlobId;
use crate::context::{self, HAVE, HAVE_TAG};
use crate::ids::{AccountId, DeviceId, EntryId, LogKey};
use crate::keys::{self, SecretKey};
use crate::limits::{MAX_HAVE, MAX_HAVE_FILES, MAX_LOG_RUNS, MAX_SHARED, SIGNATURE};
use crate::pack::{PackError, Reader, put_varint};
use crate::state::Run;

/// How a have file begins.
pub const MAGIC: &[u8; 8] = b"MAJHAV1\n";

/// A name under the salt of a have file.
pub type Tag = [u8; 8];

/// Why bytes are not a have file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HaveError {
    /// It begins otherwise.
    #[error("it is not a have file")]
    Magic,
    /// It ends early.
    #[error("it is cut short")]
    Truncated,
    /// A number in a longer form than needed, or beyond 64 bits.
    #[error("a number in it is not in its shortest form")]
    Number,
    /// More of something than there may be.
    #[error("it is longer than any can be")]
    Limit,
    /// Tags that do not ascend, or runs that do not descend.
    #[error("what it lists is not in order")]
    Order,
    /// A run without entries.
    #[error("a run in it holds nothing")]
    Run,
    /// Something follows.
    #[error("something follows its end")]
    Trailing,
    /// Its device key is none.
    #[error("its device key is none")]
    DeviceKey,
    /// Its signature does not hold.
    #[error("its signature does not hold")]
    Signature,
}

impl From<PackError> for HaveError {
    fn from(error: PackError) -> Self {
        if error == PackError::Number { Self::Number } else { Self::Truncated }
    }
}

/// A linked interval of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRun {
    /// Its highest sequence number.
    pub top: u64,
    /// The first eight bytes of the id of the entry there.
    pub tag: Tag,
    /// Its lowest.
    pub low: u64,
}

impl From<&Run> for HeldRun {
    fn from(run: &Run) -> Self {
        Self { top: run.top, tag: run.top_id.prefix(), low: run.low }
    }
}

/// What is held of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLog {
    /// [`Salt::log`].
    pub tag: Tag,
    /// The lowest proven fork; 0: none.
    pub seal: u64,
    /// What counts of it, highest first.
    pub runs: Vec<HeldRun>,
}

/// What is held of an account that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAccount {
    /// [`Salt::account`].
    pub tag: Tag,
    /// The first eight bytes of the id of its identity document in force; zeros: none is known.
    pub identity: Tag,
    /// Its logs, by tag.
    pub logs: Vec<HeldLog>,
}

/// What makes the tags of a have file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl Salt {
    fn tag(&self, what: u8, parts: &[&[u8]]) -> Tag {
        let what = [what];
        let parts = [&[self.0.as_slice(), &what], parts].concat();
        let hash = context::hash(HAVE_TAG, &parts);
        std::array::from_fn(|index| hash[index])
    }

    /// The tag of an account.
    pub fn account(&self, account: &AccountId) -> Tag {
        self.tag(0, &[&account.0])
    }

    /// The tag of a log.
    pub fn log(&self, log: &LogKey) -> Tag {
        self.tag(1, &[&log.account.0, &log.device.0, &log.log_id.0.to_be_bytes()])
    }

    /// The tag of a file that bodies name.
    pub fn file(&self, blob: &BlobId) -> Tag {
        self.tag(2, &[&blob.0])
    }
}

/// What a node holds and wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Have {
    /// Whose node it is.
    pub account: AccountId,
    /// The device that signs.
    pub device: DeviceId,
    /// When it was written, in milliseconds since 1970.
    pub created: u64,
    /// What the tags are made with; random.
    pub salt: Salt,
    /// Bytes of files that there is room for.
    pub room: u64,
    /// Accounts of which what is new is wanted, by tag.
    pub accounts: Vec<HeldAccount>,
    /// Tags of files that are wanted beside those of new entries, ascending.
    pub files: Vec<Tag>,
}

impl Have {
    /// Puts everything in order, leaves out what is beyond the limits, and signs. Returns what is in the file too.
    pub fn sign(mut self, device: &SecretKey) -> (Self, Vec<u8>) {
        self.device = DeviceId(device.public());
        self.accounts.sort_by_key(|account| account.tag);
        self.accounts.truncate(MAX_SHARED);
        self.files.sort_unstable();
        self.files.dedup();
        self.files.truncate(MAX_HAVE_FILES);
        let (mut listed, mut count) = (Vec::new(), 0);
        for account in &mut self.accounts {
            account.logs.sort_by_key(|log| log.tag);
            for log in &mut account.logs {
                log.runs.truncate(MAX_LOG_RUNS);
            }
            let before = listed.len();
            put_account(&mut listed, account);
            // Room for the head, the files and the signature.
            if listed.len() + 9 * MAX_HAVE_FILES > MAX_HAVE {
                listed.truncate(before);
                break;
            }
            count += 1;
        }
        self.accounts.truncate(count);
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.account.0);
        out.extend_from_slice(&self.device.0);
        out.extend_from_slice(&self.created.to_be_bytes());
        out.extend_from_slice(&self.salt.0);
        out.extend_from_slice(&self.room.to_be_bytes());
        put_varint(&mut out, self.accounts.len() as u64);
        out.extend_from_slice(&listed);
        put_varint(&mut out, self.files.len() as u64);
        out.extend_from_slice(self.files.as_flattened());
        let signature = device.sign(&context::message(HAVE, &[&out]));
        out.extend_from_slice(&signature);
        (self, out)
    }

    /// Reads a have file and checks its signature, which says that the device has written it, and not that the device
    /// is of the account.
    pub fn read(bytes: &[u8]) -> Result<Self, HaveError> {
        if !bytes.starts_with(MAGIC) {
            return Err(HaveError::Magic);
        }
        if bytes.len() > MAX_HAVE {
            return Err(HaveError::Limit);
        }
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(HaveError::Truncated)?;
        let body = signed.get(MAGIC.len()..).ok_or(HaveError::Truncated)?;
        let mut body = Reader::new(Bytes::copy_from_slice(body));
        let have = Self {
            account: AccountId(body.array()?),
            device: DeviceId(body.array()?),
            created: u64::from_be_bytes(body.array()?),
            salt: Salt(body.array()?),
            room: u64::from_be_bytes(body.array()?),
            accounts: list(&mut body, MAX_SHARED, read_account, |account| account.tag)?,
            files: list(&mut body, MAX_HAVE_FILES, |body| Ok(body.array()?), |tag| *tag)?,
        };
        if !body.is_empty() {
            return Err(HaveError::Trailing);
        }
        keys::check_key(&have.device.0).map_err(|_| HaveError::DeviceKey)?;
        if !keys::verify(&have.device.0, signature, &context::message(HAVE, &[signed])) {
            return Err(HaveError::Signature);
        }
        Ok(have)
    }
}

fn put_account(out: &mut Vec<u8>, account: &HeldAccount) {
    out.extend_from_slice(&account.tag);
    out.extend_from_slice(&account.identity);
    put_varint(out, account.logs.len() as u64);
    for log in &account.logs {
        out.extend_from_slice(&log.tag);
        put_varint(out, log.seal);
        put_varint(out, log.runs.len() as u64);
        for run in &log.runs {
            put_varint(out, run.top);
            out.extend_from_slice(&run.tag);
            put_varint(out, run.top - run.low);
        }
    }
}

/// A count and as many items, ascending by what `key` gives.
fn list<T, K: Ord>(
    body: &mut Reader,
    most: usize,
    read: impl Fn(&mut Reader) -> Result<T, HaveError>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, HaveError> {
    let count = usize::try_from(body.varint()?).map_err(|_| HaveError::Limit)?;
    if count > most {
        return Err(HaveError::Limit);
    }
    let mut items: Vec<T> = Vec::new();
    for _ in 0..count {
        let item = read(body)?;
        if items.last().is_some_and(|last| key(last) >= key(&item)) {
            return Err(HaveError::Order);
        }
        items.push(item);
    }
    Ok(items)
}

fn read_account(body: &mut Reader) -> Result<HeldAccount, HaveError> {
    Ok(HeldAccount {
        tag: body.array()?,
        identity: body.array()?,
        logs: list(body, MAX_SHARED, read_log, |log| log.tag)?,
    })
}

fn read_log(body: &mut Reader) -> Result<HeldLog, HaveError> {
    let (tag, seal) = (body.array()?, body.varint()?);
    let runs = list(body, MAX_LOG_RUNS, read_run, |run| Reverse(run.top))?;
    if runs.windows(2).any(|pair| pair[1].top >= pair[0].low) {
        return Err(HaveError::Order);
    }
    Ok(HeldLog { tag, seal, runs })
}

fn read_run(body: &mut Reader) -> Result<HeldRun, HaveError> {
    let (top, tag) = (body.varint()?, body.array()?);
    let low = top.checked_sub(body.varint()?).filter(|low| *low > 0).ok_or(HaveError::Run)?;
    Ok(HeldRun { top, tag, low })
}

/// An interval of sequence numbers: the highest and the lowest.
pub type Interval = (u64, u64);

/// What is left of an interval without others, highest first.
pub fn without(whole: Interval, holes: &[Interval]) -> Vec<Interval> {
    let holes: BTreeSet<Interval> = holes.iter().copied().filter(|(hi, lo)| lo <= hi).collect();
    let (mut top, low) = whole;
    let mut left = Vec::new();
    for (hi, lo) in holes.into_iter().rev() {
        if hi < low || top < low {
            break;
        }
        if hi < top && lo <= top {
            left.push((top, hi.saturating_add(1).max(low)));
        }
        if lo <= top {
            top = match lo.checked_sub(1) {
                Some(below) => below,
                None => return left,
            };
        }
    }
    if top >= low {
        left.push((top, low));
    }
    left
}

/// What the other side lacks of a run that is held here, highest first. `id_at` gives the id of the run's entry at a
/// sequence number in it.
///
/// Where their top is in the run and has another id, theirs is another branch and nothing of it counts as held. Where
/// their top is above the run, it is believed: they are ahead, and if the log was forked they say so in an export of
/// theirs.
pub fn lacking<E>(
    run: &Run,
    theirs: &[HeldRun],
    mut id_at: impl FnMut(u64) -> Result<Option<EntryId>, E>,
) -> Result<Vec<Interval>, E> {
    let mut held = Vec::new();
    for their in theirs.iter().filter(|their| their.low <= run.top && run.low <= their.top) {
        let is_same = match their.top.cmp(&run.top) {
            Ordering::Greater => true,
            Ordering::Equal => run.top_id.prefix() == their.tag,
            Ordering::Less => id_at(their.top)?.is_some_and(|id| id.prefix() == their.tag),
        };
        if is_same {
            held.push((their.top, their.low));
        }
    }
    Ok(without((run.top, run.low), &held))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn sample() -> Have {
        let account = |n: u64| HeldAccount {
            tag: n.to_be_bytes(),
            identity: [1; 8],
            logs: vec![HeldLog {
                tag: [n as u8; 8],
                seal: 0,
                runs: vec![
                    HeldRun { top: 900, tag: [2; 8], low: 30 },
                    HeldRun { top: 20, tag: [3; 8], low: 1 },
                ],
            }],
        };
        Have {
            account: AccountId([5; 32]),
            device: DeviceId([0; 32]),
            created: 7,
            salt: Salt([9; 32]),
            room: 1 << 30,
            accounts: vec![account(9), account(4)],
            files: vec![[8; 8], [7; 8], [8; 8]],
        }
    }

    #[test]
    fn what_is_signed_is_read_and_nothing_else_is() {
        let key = SecretKey::from_seed(&[3; 32]);
        let (signed, bytes) = sample().sign(&key);
        assert_eq!(Have::read(&bytes), Ok(signed.clone()));
        assert_eq!(signed.files, [[7; 8], [8; 8]]);
        for at in 0..bytes.len() {
            assert!(Have::read(&bytes[..at]).is_err());
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Have::read(&changed).is_err(), "byte {at} was changed");
        }
        assert!(Have::read(&[bytes.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn another_branch_counts_for_nothing_and_who_is_ahead_is_believed() {
        let id = |n: u64| EntryId([n as u8; 32]);
        let run = Run { low: 3, top: 10, low_backlink: id(2), top_id: id(10) };
        let ask = |theirs: &[HeldRun]| lacking::<()>(&run, theirs, |seq| Ok(Some(id(seq)))).unwrap();
        let their = |top: u64, tag: u64, low: u64| HeldRun { top, tag: [tag as u8; 8], low };
        assert_eq!(ask(&[]), [(10, 3)]);
        assert_eq!(ask(&[their(10, 10, 1)]), []);
        assert_eq!(ask(&[their(10, 99, 1)]), [(10, 3)]);
        assert_eq!(ask(&[their(7, 7, 1)]), [(10, 8)]);
        assert_eq!(ask(&[their(9, 9, 8), their(5, 5, 5)]), [(10, 10), (7, 6), (4, 3)]);
        assert_eq!(ask(&[their(7, 8, 1)]), [(10, 3)]);
        assert_eq!(ask(&[their(12, 99, 6)]), [(5, 3)]);
        assert_eq!(ask(&[their(2, 2, 1)]), [(10, 3)]);
    }

    proptest! {
        #[test]
        fn an_interval_without_holes_is_what_is_in_none(
            (low, length) in (1_u64..40, 0_u64..40),
            holes in prop::collection::vec((0_u64..90, 0_u64..20), 0..6),
        ) {
            let holes: Vec<_> = holes.into_iter().map(|(low, length)| (low + length, low)).collect();
            let left = without((low + length, low), &holes);
            prop_assert!(left.windows(2).all(|pair| pair[0].1 > pair[1].0));
            for seq in 0..100 {
                let is_left = left.iter().any(|(hi, lo)| (*lo..=*hi).contains(&seq));
                let in_hole = holes.iter().any(|(hi, lo)| (*lo..=*hi).contains(&seq));
                prop_assert_eq!(is_left, (low..=low + length).contains(&seq) && !in_hole);
            }
        }
    }
}

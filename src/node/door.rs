//! What the door for apps keeps in the node: its own rows, and numbers for things that apps name by numbers.
//!
//! The number of a post, or of something that concerns the owner, is made of its time and its id, so that it is the same on all nodes as far as possible and
//! sorts by time. Two can have the same one, by chance or because somebody wanted it; so the rows decide, and the next
//! free number is given to whoever comes later.

use majlis_protocol::{AccountId, EntryId, Kind};
use parking_lot::Mutex;

use super::{Failure, Node};
use crate::store::Setting;

/// A row that is written, or removed where there is no value.
type Change = (Vec<u8>, Option<Vec<u8>>);

const DOOR: &[u8] = b"door/";
const BY_NUMBER: &[u8] = b"number/";
const BY_NAME: &[u8] = b"numbered/";
/// Numbers stay below this, as many programs take them for signed.
const MAX_NUMBER: u64 = i64::MAX as u64;

/// Entries of one millisecond that are looked at together.
const STEP: usize = 64;

/// Something that apps name by a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// A post or repost, by its entry id.
    Entry(String),
    /// An account, `did:key:…`.
    Account(String),
    /// A list, by its name.
    List(String),
    /// A tag, folded, without `#`.
    Tag(String),
    /// Something that concerns the owner: the id of the entry that tells it, and when it came here, in milliseconds since
    /// 1970.
    Notification(String, u64),
}

/// Held while numbers are given.
#[derive(Default)]
pub(super) struct Numbering(Mutex<()>);

impl Named {
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let wrong = |error: majlis_protocol::text::TextError| {
            Failure::usage(error.to_string(), "Copy it from a list.")
        };
        Ok(match self {
            Self::Entry(id) => [b"e", id.parse::<EntryId>().map_err(wrong)?.0.as_slice()].concat(),
            Self::Account(key) => [b"a", key.parse::<AccountId>().map_err(wrong)?.0.as_slice()].concat(),
            Self::List(name) => [b"l", name.as_bytes()].concat(),
            Self::Tag(tag) => [b"t", tag.as_bytes()].concat(),
            Self::Notification(id, at) => {
                [b"n", id.parse::<EntryId>().map_err(wrong)?.0.as_slice(), &at.to_be_bytes()].concat()
            }
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        Some(match kind {
            b'e' => Self::Entry(EntryId(rest.try_into().ok()?).to_string()),
            b'a' => Self::Account(AccountId(rest.try_into().ok()?).to_string()),
            b'l' => Self::List(String::from_utf8(rest.to_vec()).ok()?),
            b't' => Self::Tag(String::from_utf8(rest.to_vec()).ok()?),
            b'n' => {
                let (id, at) = rest.split_last_chunk()?;
                Self::Notification(EntryId(id.try_into().ok()?).to_string(), u64::from_be_bytes(*at))
            }
            _ => return None,
        })
    }
}

/// The number that something is given if nobody has it.
fn first_choice(name: &[u8], time_ms: u64) -> u64 {
    // An entry's id is a hash as it is.
    let number = if let [b'e' | b'n', high, low, ..] = name {
        time_ms << 16 | u64::from(u16::from_be_bytes([*high, *low]))
    } else {
        let hash = blake3::hash(name);
        hash.as_bytes().first_chunk::<8>().map_or(0, |word| u64::from_be_bytes(*word))
    };
    (number % MAX_NUMBER).max(1)
}

impl Node {
    /// A row of the door's. Blocks on the disk, as all of these do.
    pub fn door_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.store.setting(&[DOOR, key].concat())?)
    }

    /// The rows of the door's whose keys begin so, ascending.
    pub fn door_all(&self, prefix: &[u8]) -> Result<Vec<Setting>, Failure> {
        let rows = self.store.settings(&[DOOR, prefix].concat())?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, value)| Some((key.get(DOOR.len()..)?.to_vec(), value)))
            .collect())
    }

    /// Writes or removes rows of the door's, as one; they are on disk when this returns.
    pub fn door_put(&self, rows: Vec<Change>) -> Result<(), Failure> {
        let rows = rows.into_iter().map(|(key, value)| ([DOOR, &key].concat(), value)).collect();
        Ok(self.store.set_settings(rows)?)
    }

    /// The numbers of things; 0 for an entry that is not held here and has none from before, as its time is not known.
    pub fn numbers(&self, named: &[Named]) -> Result<Vec<u64>, Failure> {
        let _turn = self.numbering.0.lock();
        let mut numbers = Vec::new();
        let mut rows: Vec<Change> = Vec::new();
        for named in named {
            let name = named.bytes()?;
            let by_name = [BY_NAME, &name].concat();
            let fresh = rows.iter().find(|(key, _)| *key == by_name).and_then(|(_, value)| value.clone());
            if let Some(number) =
                fresh.map_or_else(|| self.store.setting(&by_name), |value| Ok(Some(value)))?
            {
                numbers.push(number.try_into().map_or(0, u64::from_be_bytes));
                continue;
            }
            let Some(time) = self.time_of(named)? else {
                numbers.push(0);
                continue;
            };
            let mut number = first_choice(&name, time);
            let by_number = loop {
                let key = [BY_NUMBER, &number.to_be_bytes()].concat();
                let is_taken =
                    rows.iter().any(|(taken, _)| *taken == key) || self.store.setting(&key)?.is_some();
                if !is_taken {
                    break key;
                }
                number = number % MAX_NUMBER + 1;
            };
            rows.push((by_name, Some(number.to_be_bytes().to_vec())));
            rows.push((by_number, Some(name)));
            numbers.push(number);
        }
        if !rows.is_empty() {
            self.store.set_settings(rows)?;
        }
        Ok(numbers)
    }

    /// The number of an entry, if it has one: nothing that was never shown to an app does.
    pub(super) fn number_given(&self, id: &EntryId) -> Result<Option<u64>, Failure> {
        let number = self.store.setting(&[BY_NAME, b"e", &id.0].concat())?;
        Ok(number.and_then(|number| number.try_into().ok()).map(u64::from_be_bytes))
    }

    /// The time that is in a number: when an entry is shown to have been written, or when something came. None for an
    /// entry that is not held here.
    fn time_of(&self, named: &Named) -> Result<Option<u64>, Failure> {
        Ok(match named {
            Named::Entry(id) => self.store.entry(&super::posts::find(id)?)?.map(|stored| stored.display_ms),
            Named::Notification(_, at) => Some(*at),
            Named::Account(_) | Named::List(_) | Named::Tag(_) => Some(0),
        })
    }

    /// Gives the number of one thing, where it has one, to another that takes its place.
    pub(super) fn renumber(&self, from: &Named, to: &Named) -> Result<(), Failure> {
        let _turn = self.numbering.0.lock();
        let (from, to) = ([BY_NAME, &from.bytes()?].concat(), to.bytes()?);
        let Some(number) = self.store.setting(&from)? else { return Ok(()) };
        let by_number = ([BY_NUMBER, &number].concat(), Some(to.clone()));
        let by_name = ([BY_NAME, &to].concat(), Some(number));
        Ok(self.store.set_settings(vec![(from, None), by_number, by_name])?)
    }

    /// What has a number.
    pub fn by_number(&self, number: u64) -> Result<Option<Named>, Failure> {
        if let Some(name) = self.store.setting(&[BY_NUMBER, &number.to_be_bytes()].concat())? {
            return Ok(Named::read(&name));
        }
        // It may be known from another node, and not have been shown here yet.
        for named in self.unnumbered(number)? {
            if self.numbers(std::slice::from_ref(&named))? == [number] {
                return Ok(Some(named));
            }
        }
        Ok(None)
    }

    /// What is held and would be given this number.
    fn unnumbered(&self, number: u64) -> Result<Vec<Named>, Failure> {
        let mut found = Vec::new();
        let would = |named: &Named, display_ms| {
            named.bytes().is_ok_and(|name| first_choice(&name, display_ms) == number)
        };
        for account in self.store.replica().accounts().map(|(account, _)| *account) {
            found.extend(Some(Named::Account(account.to_string())).filter(|named| would(named, 0)));
        }
        let display_ms = number >> 16;
        let mut before = (display_ms + 1, EntryId::ZERO);
        loop {
            let step = self.store.timeline(None, &[Kind::POST, Kind::REPOST], Some(before), STEP)?;
            let is_end = step.len() < STEP || step.iter().any(|stored| stored.display_ms < display_ms);
            for stored in step.into_iter().filter(|stored| stored.display_ms == display_ms) {
                before = (display_ms, stored.entry.id);
                let named = Named::Entry(stored.entry.id.to_string());
                found.extend(Some(named).filter(|named| would(named, display_ms)));
            }
            if is_end {
                return Ok(found);
            }
        }
    }
}

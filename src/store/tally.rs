//! How far the database had come when it was last synced, noted in a file beside it.
//!
//! sled takes damage at the end of its file for a write that was cut off: it goes on from before it, and what was
//! there is gone without a word. Held against the note it shows. The note is written after the sync, so it never
//! claims what a kill or a power cut may take back; it may lag behind, and then says less.
//!
//! The file: magic (4 bytes), the database's name (16), then as u64 transactions, entries, chunks and expected
//! entries, and the hash of all that (8). One that does not read says nothing.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use parking_lot::Mutex;

use super::error::StoreError;
use super::home::private;

const MAGIC: [u8; 4] = *b"mjt1";
const HASH: &str = "majlis v1 store tally";
const LEN: usize = 4 + 16 + 4 * 8;

/// The name that a database is given when it is made.
pub type Name = [u8; 16];

/// How far a database has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Transactions since it was made.
    pub applied: u64,
    /// Entries held.
    pub entries: u64,
    /// Rows they are in.
    pub chunks: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Note {
    database: Name,
    count: Count,
    /// Entries that were held before some were lost; 0 once they are back, or their loss is known.
    expected: u64,
}

/// The note, and the file that it is in.
pub struct Tally {
    file: File,
    note: Mutex<Option<Note>>,
}

impl Tally {
    /// Reads the note in a home.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::io("open", path, source);
        let mut file = private().read(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Self { file, note: Mutex::new(decode(&bytes)) })
    }

    /// Whether a database lacks what it had when the note was written. One without a name is older than any note;
    /// one of another name is another database, of which nothing is known.
    pub fn lacks(&self, database: Option<Name>, found: Count) -> bool {
        self.note.lock().is_some_and(|Note { database: noted, count, .. }| match database {
            None => true,
            Some(name) if name != noted => false,
            Some(_) if found.applied == count.applied => found != count,
            Some(_) => found.applied < count.applied,
        })
    }

    /// The note is about this database from now on. With `lost`, entries are expected back up to the number noted.
    pub fn begin(&self, database: Name, lost: bool) {
        let mut note = self.note.lock();
        let old = note.unwrap_or_default();
        let mut new = Note { database, ..Note::default() };
        if lost {
            new.expected = old.expected.max(old.count.entries);
        } else if old.database == database {
            new = old;
        }
        *note = Some(new);
    }

    /// Notes how far the database has come. What it says must have been synced.
    pub fn note(&self, count: Count) {
        let mut note = self.note.lock();
        let Some(note) = note.as_mut() else { return };
        note.count = count;
        if note.expected <= count.entries {
            note.expected = 0;
        }
        if let Err(error) = self.file.write_all_at(&encode(note), 0) {
            tracing::warn!(%error, "how far the database has come could not be noted");
        }
    }

    /// Makes the note last.
    pub fn sync(&self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, "how far the database has come could not be synced");
        }
    }

    /// How many entries were lost and are not back.
    pub fn missing(&self) -> u64 {
        self.note.lock().map_or(0, |note| note.expected.saturating_sub(note.count.entries))
    }

    /// Nothing is expected back any more: the loss is known, or entries were removed on purpose.
    pub fn expect_nothing(&self) {
        if let Some(note) = self.note.lock().as_mut() {
            note.expected = 0;
        }
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    blake3::Hasher::new_derive_key(HASH).update(bytes).finalize_xof().fill(&mut sum);
    sum
}

fn encode(note: &Note) -> Vec<u8> {
    let Count { applied, entries, chunks } = note.count;
    let mut out = Vec::with_capacity(LEN + 8);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&note.database);
    for number in [applied, entries, chunks, note.expected] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    let sum = checksum(&out);
    out.extend_from_slice(&sum);
    out
}

fn decode(bytes: &[u8]) -> Option<Note> {
    let (content, sum) = bytes.split_at_checked(LEN)?;
    if sum != checksum(content) {
        return None;
    }
    let (database, numbers) = content.strip_prefix(&MAGIC)?.split_first_chunk::<16>()?;
    let (numbers, _) = numbers.as_chunks::<8>();
    let [applied, entries, chunks, expected] = numbers else { return None };
    let [applied, entries, chunks, expected] =
        [applied, entries, chunks, expected].map(|number| u64::from_be_bytes(*number));
    Some(Note { database: *database, count: Count { applied, entries, chunks }, expected })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    const NAME: Name = [7; 16];

    fn count(applied: u64, entries: u64) -> Count {
        Count { applied, entries, chunks: entries }
    }

    #[test]
    fn less_than_was_noted_is_a_loss_and_more_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tally");
        let fresh = Tally::open(&path).unwrap();
        assert!(!fresh.lacks(None, count(0, 0)), "a home of an older version is whole");
        fresh.begin(NAME, false);
        fresh.note(count(5, 50));
        drop(fresh);
        let tally = Tally::open(&path).unwrap();
        assert!(!tally.lacks(Some(NAME), count(5, 50)));
        assert!(!tally.lacks(Some(NAME), count(6, 10)), "what was taken away since was taken away");
        assert!(tally.lacks(Some(NAME), count(4, 50)));
        assert!(tally.lacks(Some(NAME), count(5, 49)));
        assert!(!tally.lacks(Some([8; 16]), count(0, 0)), "another database");
        assert!(tally.lacks(None, count(9, 99)), "a database from before the note");
    }

    #[test]
    fn what_was_lost_is_missing_until_it_is_back_or_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tally");
        let tally = Tally::open(&path).unwrap();
        tally.begin(NAME, false);
        tally.note(count(5, 50));
        assert_eq!(tally.missing(), 0);
        tally.begin(NAME, true);
        tally.note(count(4, 30));
        let tally = Tally::open(&path).unwrap();
        tally.begin(NAME, false);
        assert_eq!(tally.missing(), 20);
        // Lost again before it was back.
        tally.begin(NAME, true);
        tally.note(count(3, 20));
        assert_eq!(tally.missing(), 30);
        tally.note(count(9, 50));
        tally.note(count(10, 40));
        assert_eq!(tally.missing(), 0);
        tally.begin(NAME, true);
        tally.note(count(3, 20));
        tally.expect_nothing();
        assert_eq!(tally.missing(), 0);
    }

    #[test]
    fn a_note_that_does_not_read_says_nothing() {
        let note = Note { database: NAME, count: count(1, 2), expected: 3 };
        let bytes = encode(&note);
        assert_eq!(decode(&bytes), Some(note));
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(decode(&bytes), None, "byte {at}");
            assert_eq!(decode(&bytes[..at]), None);
        }
    }
}

//! What accounts that are held for others take, counted as it comes: of each and in all, so that no entry makes
//! anything be added up. What was counted twice is put right whenever an account seems to be full, and once an hour.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use majlis_protocol::AccountId;
use majlis_protocol::body::BlobId;

/// An account that was full takes entries again when this part of its room is free.
const SPARE: u64 = 16;

/// What an account takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    entries: u64,
    /// Of entries that are on their way to the disk.
    coming: u64,
    files: u64,
    full: bool,
    /// Bytes of the largest entry for which there was no room.
    lacked: u64,
}

impl Taken {
    fn all(&self) -> u64 {
        self.entries + self.coming + self.files
    }
}

/// A file, and of whom it is counted.
#[derive(Clone, Copy, Debug)]
struct File {
    account: AccountId,
    bytes: u64,
    /// It is being fetched.
    coming: bool,
}

/// What all of them take.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: BTreeMap<AccountId, Taken>,
    files: HashMap<BlobId, File>,
    total: u64,
    file_bytes: u64,
    /// It was looked once which files are here.
    knows_files: bool,
}

impl Ledger {
    /// Bytes of an account's entries and files.
    pub fn used(&self, account: &AccountId) -> u64 {
        self.accounts.get(account).map_or(0, Taken::all)
    }

    /// Bytes of all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Bytes of all their files.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Their files that are here.
    pub fn files(&self) -> impl Iterator<Item = BlobId> {
        self.files.iter().filter(|(_, file)| !file.coming).map(|(blob, _)| *blob)
    }

    /// Whether a file is here, or on its way, for any of them.
    pub fn counts_file(&self, blob: &BlobId) -> bool {
        self.files.contains_key(blob)
    }

    /// Whether it was looked which files are here, since the node was opened.
    pub fn knows_files(&self) -> bool {
        self.knows_files
    }

    /// Whether no more is taken of an account.
    pub fn is_full(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_some_and(|taken| taken.full)
    }

    /// Accounts of which no more is taken.
    pub fn full(&self) -> Vec<AccountId> {
        self.accounts.iter().filter(|(_, taken)| taken.full).map(|(account, _)| *account).collect()
    }

    /// Whether so many more bytes fit.
    pub fn fits(&self, account: &AccountId, bytes: u64, quota: u64, of_all: u64) -> bool {
        self.used(account).saturating_add(bytes) <= quota && self.total.saturating_add(bytes) <= of_all
    }

    /// Counts an entry that comes.
    pub fn add(&mut self, account: &AccountId, bytes: u64) {
        self.accounts.entry(*account).or_default().coming += bytes;
        self.total += bytes;
    }

    /// One that came is on the disk, or was not taken there after all.
    pub fn settle(&mut self, account: &AccountId, bytes: u64, stored: bool) {
        let Some(taken) = self.accounts.get_mut(account) else { return };
        let bytes = bytes.min(taken.coming);
        taken.coming -= bytes;
        if stored {
            taken.entries += bytes;
        } else {
            self.total -= bytes;
        }
    }

    /// Counts a file that is being fetched as if it were here; false where it is counted already. One that several name
    /// is counted once, of whom it came for first.
    pub fn expect_file(&mut self, account: &AccountId, blob: BlobId, bytes: u64) -> bool {
        let Entry::Vacant(place) = self.files.entry(blob) else { return false };
        place.insert(File { account: *account, bytes, coming: true });
        self.accounts.entry(*account).or_default().files += bytes;
        self.total += bytes;
        self.file_bytes += bytes;
        true
    }

    /// Counts a file that has come.
    pub fn add_file(&mut self, account: &AccountId, blob: BlobId, bytes: u64) {
        self.expect_file(account, blob, bytes);
        if let Some(file) = self.files.get_mut(&blob) {
            file.coming = false;
        }
    }

    /// A file that was expected is not fetched any more.
    pub fn give_up_file(&mut self, blob: &BlobId) {
        if self.files.get(blob).is_some_and(|file| file.coming) {
            self.take_off(blob);
        }
    }

    fn take_off(&mut self, blob: &BlobId) {
        let Some(File { account, bytes, .. }) = self.files.remove(blob) else { return };
        self.total -= bytes;
        self.file_bytes -= bytes;
        if let Some(taken) = self.accounts.get_mut(&account) {
            taken.files -= bytes;
        }
    }

    /// Takes no more of an account, for which an entry of so many bytes was too much; whether that is new.
    pub fn fill(&mut self, account: &AccountId, lacked: u64) -> bool {
        let taken = self.accounts.entry(*account).or_default();
        taken.lacked = taken.lacked.max(lacked);
        !std::mem::replace(&mut taken.full, true)
    }

    /// Takes more of it again.
    pub fn reopen(&mut self, account: &AccountId) {
        if let Some(taken) = self.accounts.get_mut(account) {
            (taken.full, taken.lacked) = (false, 0);
        }
    }

    /// Puts right what an account's entries take. Whether there is room again for one that was full.
    pub fn correct(&mut self, account: &AccountId, entries: u64, quota: u64, of_all: u64) -> bool {
        let taken = self.accounts.entry(*account).or_default();
        self.total = self.total.saturating_sub(taken.entries) + entries;
        taken.entries = entries;
        let (used, full, lacked) = (taken.all(), taken.full, taken.lacked);
        let fits = |used: u64, room: u64| used.saturating_add(lacked.max(room / SPARE)) <= room;
        full && fits(used, quota) && fits(self.total, of_all)
    }

    /// Puts right which files are here, beside those that are on their way.
    pub fn correct_files(&mut self, files: HashMap<BlobId, (AccountId, u64)>) {
        let known: Vec<_> = self.files().collect();
        for blob in &known {
            self.take_off(blob);
        }
        for (blob, (account, bytes)) in files {
            self.add_file(&account, blob, bytes);
        }
        self.knows_files = true;
    }

    /// Forgets files that are gone.
    pub fn forget_files(&mut self, gone: &HashSet<BlobId>) {
        for blob in gone {
            self.take_off(blob);
        }
    }

    /// Forgets an account.
    pub fn remove(&mut self, account: &AccountId) {
        if let Some(taken) = self.accounts.remove(account) {
            self.total -= taken.all();
            self.file_bytes -= taken.files;
            if taken.files > 0 {
                self.files.retain(|_, file| file.account != *account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u8) -> AccountId {
        AccountId([number; 32])
    }

    #[test]
    fn what_is_counted_is_what_is_there() {
        let mut ledger = Ledger::default();
        let (one, other) = (account(1), account(2));
        ledger.add(&one, 100);
        ledger.add(&other, 50);
        ledger.settle(&one, 100, true);
        ledger.add_file(&one, BlobId([1; 32]), 30);
        ledger.add_file(&one, BlobId([1; 32]), 30);
        assert_eq!((ledger.used(&one), ledger.used(&other), ledger.total()), (130, 50, 180));
        assert!(ledger.fits(&one, 20, 150, 200) && !ledger.fits(&one, 21, 150, 300));
        assert!(!ledger.fits(&one, 20, 150, 199));
        ledger.correct(&one, 70, 150, 300);
        assert_eq!((ledger.used(&one), ledger.total()), (100, 150));
        // What is on its way is not in the store, and counts.
        ledger.correct(&other, 0, 150, 300);
        assert_eq!((ledger.used(&other), ledger.total()), (50, 150));
        ledger.add(&other, 40);
        ledger.settle(&other, 40, false);
        ledger.settle(&other, 50, true);
        assert_eq!((ledger.used(&other), ledger.total()), (50, 150));
        ledger.correct_files(HashMap::from([(BlobId([2; 32]), (other, 7))]));
        assert_eq!((ledger.used(&one), ledger.used(&other), ledger.total()), (70, 57, 127));
        ledger.forget_files(&HashSet::from([BlobId([2; 32]), BlobId([3; 32])]));
        assert_eq!((ledger.file_bytes(), ledger.total()), (0, 120));
        ledger.remove(&one);
        ledger.remove(&one);
        assert_eq!((ledger.used(&one), ledger.total()), (0, 50));
    }

    #[test]
    fn a_file_that_two_name_is_taken_off_whom_it_was_counted_of() {
        let mut ledger = Ledger::default();
        let (one, other, blob) = (account(1), account(2), BlobId([1; 32]));
        ledger.add_file(&one, blob, 30);
        ledger.add_file(&other, blob, 30);
        assert_eq!((ledger.used(&one), ledger.used(&other), ledger.total()), (30, 0, 30));
        ledger.forget_files(&HashSet::from([blob]));
        assert_eq!((ledger.used(&one), ledger.used(&other), ledger.total()), (0, 0, 0));
        ledger.add_file(&one, blob, 30);
        ledger.add_file(&other, blob, 30);
        ledger.remove(&one);
        ledger.forget_files(&HashSet::from([blob]));
        assert_eq!((ledger.used(&other), ledger.file_bytes(), ledger.total()), (0, 0, 0));
    }

    #[test]
    fn a_file_that_is_on_its_way_takes_its_room() {
        let mut ledger = Ledger::default();
        let (one, [here, other]) = (account(1), [1, 2].map(|number| BlobId([number; 32])));
        assert!(ledger.expect_file(&one, here, 30) && !ledger.expect_file(&one, here, 30));
        assert!(!ledger.fits(&one, 30, 50, 100) && ledger.files().next().is_none());
        ledger.correct_files(HashMap::new());
        assert_eq!((ledger.used(&one), ledger.total()), (30, 30), "a survey does not see it");
        ledger.add_file(&one, here, 30);
        ledger.give_up_file(&here);
        assert_eq!(ledger.used(&one), 30, "it has come");
        assert!(ledger.expect_file(&one, other, 20));
        ledger.give_up_file(&other);
        ledger.give_up_file(&other);
        assert_eq!((ledger.used(&one), ledger.file_bytes(), ledger.total()), (30, 30, 30));
    }

    #[test]
    fn who_was_full_is_so_until_there_is_some_room() {
        let mut ledger = Ledger::default();
        let one = account(1);
        ledger.add(&one, 1_600);
        ledger.settle(&one, 1_600, true);
        assert!(ledger.fill(&one, 50) && !ledger.fill(&one, 20));
        assert!(!ledger.correct(&one, 1_501, 1_600, 10_000), "a little room is none");
        assert!(ledger.correct(&one, 1_500, 1_600, 10_000));
        assert!(!ledger.correct(&one, 1_500, 1_600, 1_550), "nor is it where there is none in all");
        assert_eq!(ledger.full(), [one]);
        // Not as much as what did not fit before.
        assert!(!ledger.fill(&one, 500) && !ledger.correct(&one, 1_101, 1_600, 10_000));
        assert!(ledger.correct(&one, 1_100, 1_600, 10_000));
        ledger.reopen(&one);
        assert!(ledger.full().is_empty());
        assert!(!ledger.correct(&one, 10, 1_600, 10_000), "it was not full");
    }
}

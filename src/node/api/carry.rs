//! Carrying by file, and what a verification finds, as they are told.

use serde::{Deserialize, Serialize};

/// What an export or import has done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CarriedView {
    /// Entries written, or taken in for the first time.
    pub entries: u64,
    /// Accounts touched.
    pub accounts: u64,
    /// What an import has refused: forged, of unknown devices, void, private to others, or named by nothing.
    pub refused: u64,
    /// Files written, or taken in as a whole.
    pub files: u64,
    /// Entries of an imported file that were here already.
    #[serde(default, skip_serializing_if = "super::is_none")]
    pub held: u64,
    /// Files that an import has left out, as there is no room for them.
    #[serde(default, skip_serializing_if = "super::is_none")]
    pub left: u64,
}

/// What an import has brought of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CarriedOf {
    /// `did:key:…`.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// Entries that are new.
    pub entries: u64,
    /// Files that are new.
    pub files: u64,
}

/// A have file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HaveView {
    /// `did:key:…` of the account whose node says that it has written it.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// Whether the device that has signed it is known to be of that account.
    pub is_of_account: bool,
    /// RFC 3339: when it says it was written.
    pub created_at: String,
    /// Accounts that it asks for.
    pub accounts: u64,
    /// Files that it asks for, beside those of new posts.
    pub files: u64,
    /// Its length.
    pub bytes: u64,
}

/// Something stored is not what it should be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BadView {
    /// `did:key:…` of the account.
    pub account: String,
    /// Position in its log.
    pub seq: u64,
    /// What is wrong.
    pub why: String,
}

/// What a verification has found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifiedView {
    /// Entries checked.
    pub entries: u64,
    /// Logs checked.
    pub logs: u64,
    /// How many are bad.
    pub bad: u64,
    /// Entries that were lost with the end of the database and are not back. Said once.
    #[serde(default, skip_serializing_if = "super::is_none")]
    pub missing: u64,
}

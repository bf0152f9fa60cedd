//! What takes the room, and how much of it is kept.

use serde::{Deserialize, Serialize};

/// How much of what others said is kept. What is not given stays as it is set; 0 sets no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepView {
    /// Days.
    pub days: Option<u64>,
    /// Posts of an account.
    pub posts: Option<u64>,
    /// Bytes of the posts of an account.
    pub bytes: Option<u64>,
    /// Bytes of all posts.
    pub bytes_of_all: Option<u64>,
    /// Bytes of others' files.
    pub media: Option<u64>,
}

/// What was or would be removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrunedView {
    /// Posts, edits and reposts.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What takes the room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StorageView {
    /// The database.
    pub database_bytes: u64,
    /// The owner's own entries once more, for safety.
    pub journal_bytes: u64,
    /// The search index.
    pub search_bytes: u64,
    /// Files of the owner's posts.
    pub own_files: u64,
    /// Their bytes.
    pub own_file_bytes: u64,
    /// Files of others' posts.
    pub others_files: u64,
    /// Their bytes.
    pub others_file_bytes: u64,
    /// Free on the disk.
    pub free_bytes: u64,
    /// The bounds that were asked about.
    pub keep: KeepView,
    /// What these bounds would remove of others' posts.
    pub would_free: PrunedView,
    /// And of their files, at most: those of posts with a bookmark stay.
    pub would_free_file_bytes: u64,
}

/// What an account takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StorageOf {
    /// `did:key:…`.
    pub account: String,
    /// Its display name; empty while unknown.
    pub name: String,
    /// Whether it is the owner's.
    pub own: bool,
    /// Posts that are held.
    pub posts: u64,
    /// Bytes of posts, edits and reposts.
    pub post_bytes: u64,
    /// Files that are held.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// What the bounds would remove of it.
    pub would_free: PrunedView,
}

//! An account with all that stands beside it.

use serde::{Deserialize, Serialize};

use super::people::ProfileView;

/// An account as it is shown alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountCard {
    /// Its profile.
    pub profile: ProfileView,
    /// Posts that are held of it.
    pub posts: u64,
    /// Who follows it publicly, as far as is known here.
    pub followers: u64,
    /// Whom it follows publicly.
    pub following: u64,
    /// RFC 3339: when it was made.
    pub created_at: String,
    /// RFC 3339: its latest post.
    pub last_post_at: Option<String>,
    /// How the owner stands to it.
    pub relation: RelationView,
}

/// How the owner stands to an account, and it to the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own in the JSON form")]
pub struct RelationView {
    /// It is the owner's own.
    pub own: bool,
    /// The owner follows it.
    pub following: bool,
    /// Nobody is told of that.
    pub private: bool,
    /// It follows the owner publicly.
    pub followed_by: bool,
    /// The owner has blocked it.
    pub blocking: bool,
    /// The owner has muted it.
    pub muting: bool,
    /// The owner shows it on their page.
    pub endorsed: bool,
}

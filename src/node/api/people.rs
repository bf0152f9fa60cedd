//! People: how they present themselves, what the owner keeps about them, what they did that concerns the owner.

use serde::{Deserialize, Serialize};

use super::media::{AttachmentView, NewAttachment};
use super::post::{PostView, UsageView};

/// A profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProfileView {
    /// `did:key:…`.
    pub account: String,
    /// Display name.
    pub name: String,
    /// The owner's own name for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub petname: Option<String>,
    /// Biography.
    pub bio: String,
    /// Lines of name and value.
    pub fields: Vec<FieldView>,
    /// Whether a machine posts here.
    pub bot: bool,
    /// A picture of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AttachmentView>,
    /// A wide picture for the top of their page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<AttachmentView>,
    /// What may be done with everything the account publishes.
    pub usage: UsageView,
}

/// A line of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// What stands beside it.
    pub value: String,
}

/// What is to be changed of the owner's profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProfileEdit {
    /// A new display name.
    pub name: Option<String>,
    /// A new biography.
    pub bio: Option<String>,
    /// New lines of name and value, in place of all there were.
    pub fields: Option<Vec<FieldView>>,
    /// Whether a machine posts here.
    pub bot: Option<bool>,
    /// A new picture; one without a file removes it.
    pub avatar: Option<NewAttachment>,
    /// A new wide picture; one without a file removes it.
    pub header: Option<NewAttachment>,
}

/// What can be muted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Muted {
    /// An account, `did:key:…`.
    Account(String),
    /// A conversation, by the entry id of its first post.
    Thread(String),
    /// A tag, without `#`.
    Tag(String),
    /// A word or phrase.
    Word(String),
}

/// Something that is muted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MuteView {
    /// What.
    #[serde(flatten)]
    pub muted: Muted,
    /// RFC 3339: when it ends; none: never.
    pub until: Option<String>,
}

/// Which people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum People {
    /// Who follows an account publicly, as far as is known here, the latest first.
    Followers(String),
    /// Whom an account follows publicly; of the owner's whom they follow at all.
    Following(String),
    /// Who has put a heart on a post, the latest first: an entry id or a post link.
    Likers(String),
    /// Who shows a post to their followers, the latest first.
    Reposters(String),
    /// Whom the owner shows on their own page, the latest first.
    Endorsed,
    /// Whose name, petname or key fits a text, those who fit best first.
    Named {
        /// What is looked for; forms of Arabic letters, accents and case make no difference.
        text: String,
        /// Only among those whom the owner follows.
        followed: bool,
    },
    /// All of whom something is held.
    Known,
}

/// What the owner can do with a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagMark {
    /// Held posts with it stand on the home timeline.
    Followed,
    /// It is shown on the owner's page.
    Featured,
}

/// A tag and how the owner stands to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TagView {
    /// The tag without `#`.
    pub tag: String,
    /// Held posts with it stand on the home timeline.
    pub followed: bool,
    /// It is shown on the owner's page.
    pub featured: bool,
    /// Of one that is shown there: the owner's own public posts with it.
    pub posts: u64,
    /// RFC 3339: the last of them.
    pub last_post_at: Option<String>,
}

/// A list of accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListView {
    /// Its name.
    pub list: String,
    /// Who is on it, `did:key:…`.
    pub accounts: Vec<String>,
}

/// What someone did that concerns the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// Addressed the owner in a post.
    Mention,
    /// Answered a post of the owner's.
    Reply,
    /// Put an emoji on one.
    Reaction,
    /// Shows one to their followers.
    Repost,
    /// Quoted one.
    Quote,
    /// Follows the owner.
    Follow,
    /// A poll has ended that is the owner's or in which the owner has voted.
    Poll,
    /// Is not known, and has said something to the owner that waits for a decision; told once for each, with the latest.
    Request,
}

impl NotificationKind {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Mention,
        Self::Reply,
        Self::Reaction,
        Self::Repost,
        Self::Quote,
        Self::Follow,
        Self::Poll,
        Self::Request,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Reply => "reply",
            Self::Reaction => "reaction",
            Self::Repost => "repost",
            Self::Quote => "quote",
            Self::Follow => "follow",
            Self::Poll => "poll",
            Self::Request => "request",
        }
    }
}

/// Something that concerns the owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationView {
    /// The entry that says it.
    pub id: String,
    /// What it is.
    pub kind: NotificationKind,
    /// Who did it, `did:key:…`.
    pub account: String,
    /// Their display name; empty while unknown.
    pub name: String,
    /// The owner's own name for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub petname: Option<String>,
    /// RFC 3339: when it came here.
    pub created_at: String,
    /// Whether it has not been marked as read.
    pub unread: bool,
    /// The emoji of a reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// The post that it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostView>,
}

/// Which notifications, the latest arrival first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct NotificationsPage {
    /// At most this many.
    pub limit: usize,
    /// Only those not read.
    #[serde(default)]
    pub unread: bool,
    /// Only of these kinds; none: of all.
    #[serde(default)]
    pub kinds: Vec<NotificationKind>,
    /// Only what this account did: a key.
    #[serde(default)]
    pub account: Option<String>,
    /// Only what came before.
    #[serde(default)]
    pub before: Option<Arrival>,
    /// Only what came later.
    #[serde(default)]
    pub after: Option<Arrival>,
    /// Only this one.
    #[serde(default)]
    pub only: Option<Arrival>,
    /// Where there are more, the earliest of them.
    #[serde(default)]
    pub earliest: bool,
    /// Say as well how many of all are unread.
    #[serde(default)]
    pub count: bool,
    /// Then mark all as read.
    #[serde(default)]
    pub mark_read: bool,
}

/// Where a notification stands among all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// When it came here, in milliseconds since 1970.
    pub at: u64,
    /// The entry that says it; none: before all that came at that time.
    pub id: Option<String>,
}

/// How many notifications there are to be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationsView {
    /// Not marked as read; counted up to 1,000.
    pub unread: u64,
}

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// How many notifications there are to be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationsView {
    /// Not marked as read; counted up to 1,000.
    pub unread: u64,
}

//! Posts: as they are written, and as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::media::{AttachmentView, NewAttachment};
use super::private::FilterMatch;

/// A post to be signed. Text forms are parsed where it is signed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewPost {
    /// What it says. `@did:key:…` in it addresses someone, `#word` is a tag.
    pub text: String,
    /// BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The post that it answers: an entry id or a post link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The post that it quotes: an entry id or a post link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// What to say in its place until the reader asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_warning: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<NewAttachment>,
    /// A question to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<NewPoll>,
    /// Who is shown it unasked.
    #[serde(default)]
    pub visibility: Visibility,
    /// What may be done with it, as [`usage`](crate::node::usage) reads it; else what the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// How it was made: a name of the IPTC digital source type vocabulary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
}

impl NewPost {
    /// Whether it says and shows nothing.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
            && self.poll.is_none()
            && self.quote.is_none()
            && self.attachments.is_empty()
    }
}

/// A poll to be signed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewPoll {
    /// The answers, 2 to 20.
    pub options: Vec<String>,
    /// Whether more than one may be chosen.
    #[serde(default)]
    pub multiple: bool,
    /// When it ends, RFC 3339.
    #[serde(default)]
    pub closes_at: Option<String>,
}

/// New words for a post.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewEdit {
    /// What it says now.
    pub text: String,
    /// Its language, where that has changed.
    #[serde(default)]
    pub lang: Option<String>,
    /// Its content warning, where that has changed; empty removes it.
    #[serde(default)]
    pub content_warning: Option<String>,
    /// Its files, where they have changed.
    #[serde(default)]
    pub attachments: Option<Vec<EditedFile>>,
}

/// A file of a post that is edited.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditedFile {
    /// One that it has.
    Kept {
        /// Its CID.
        cid: String,
        /// What it shows or says, where that has changed.
        alt: Option<String>,
        /// What cropping must keep, where that has changed.
        focus: Option<[f64; 2]>,
    },
    /// A new one.
    New(NewAttachment),
}

/// Who is shown a post unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Public,
    /// Followers, and those who have its link; not in lists by tag, nor in search.
    Unlisted,
}

/// A post.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own in the JSON form")]
pub struct PostView {
    /// Its entry id.
    pub id: String,
    /// `did:key:…` of its author.
    pub account: String,
    /// The author's display name; empty while unknown.
    pub name: String,
    /// The owner's own name for the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub petname: Option<String>,
    /// What it says, in its latest edit; empty if taken back.
    pub text: String,
    /// BCP 47 language tag.
    pub lang: Option<String>,
    /// RFC 3339: the display time.
    pub created_at: String,
    /// RFC 3339: when it was last edited.
    pub edited_at: Option<String>,
    /// Whether it was taken back by its author.
    pub deleted: bool,
    /// The post that it answers.
    pub reply_to: Option<RefView>,
    /// The first post of the conversation.
    pub root: Option<RefView>,
    /// The post that it quotes.
    pub quote: Option<RefView>,
    /// Emoji → how many have reacted with it.
    pub reactions: BTreeMap<String, u64>,
    /// The owner's own reactions.
    pub my_reactions: Vec<String>,
    /// How many show it to their followers.
    pub reposts: u64,
    /// Whether the owner does.
    pub reposted: bool,
    /// How many answers to it are held here.
    pub replies: u64,
    /// What to say in its place until the reader asks for it.
    pub content_warning: Option<String>,
    /// Files.
    pub attachments: Vec<AttachmentView>,
    /// Its poll.
    pub poll: Option<PollView>,
    /// Accounts that it addresses, `did:key:…`.
    pub mentions: Vec<String>,
    /// Its hashtags, without `#`.
    pub tags: Vec<String>,
    /// Who is shown it unasked.
    pub visibility: Visibility,
    /// What its author asks for, in the post and in the profile together, the more restrictive of both.
    pub usage: UsageView,
    /// How it was made, IPTC digital source type; none where its author has not said.
    pub source_type: Option<String>,
    /// The owner has a bookmark on it.
    pub bookmarked: bool,
    /// An own post on top of the owner's page.
    pub pinned: bool,
    /// The owner's filters that have found it where it is shown: then it is shown folded.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub filtered: Vec<FilterMatch>,
    /// Own posts: how many other nodes have said that they hold it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub held_by: Option<u64>,
    /// On a timeline: who has shown it there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repost: Option<RepostView>,
    /// In a conversation, of its first post that is held: how many posts of it others have that were not fetched. None where that was
    /// not asked.
    #[serde(default)]
    pub missing_replies: Option<u64>,
    /// In a conversation: how many answers it is away from the first post.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub depth: Option<u64>,
}

/// Names a post and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefView {
    /// Its entry id.
    pub id: String,
    /// `did:key:…` of its author.
    pub account: String,
}

/// A post that someone shows to their followers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepostView {
    /// The entry id of the repost.
    pub id: String,
    /// `did:key:…` of who shows it.
    pub account: String,
    /// Their display name; empty while unknown.
    pub name: String,
    /// RFC 3339: the display time.
    pub created_at: String,
}

/// A poll and what was voted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PollView {
    /// The answers, in order.
    pub options: Vec<PollOptionView>,
    /// Whether more than one may be chosen.
    pub multiple: bool,
    /// RFC 3339: when it ends.
    pub closes_at: Option<String>,
    /// Whether it has ended.
    pub closed: bool,
    /// Accounts that have voted.
    pub voters: u64,
    /// The owner's own choices, counted from 1.
    pub mine: Vec<u64>,
}

/// An answer of a poll.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PollOptionView {
    /// What it says.
    pub text: String,
    /// How many have chosen it.
    pub votes: u64,
}

/// What an author asks for. What is unset was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    /// A dictionary of the IETF AIPREF vocabulary.
    pub aipref: Option<String>,
    /// User intent: making synthetic content from it.
    pub synthetic_content_generation: Option<bool>,
    /// User intent: keeping it in a public archive.
    pub public_access_archive: Option<bool>,
    /// User intent: taking it into a dataset.
    pub bulk_dataset: Option<bool>,
    /// User intent: carrying it into other networks.
    pub protocol_bridging: Option<bool>,
}

/// What a post said at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionView {
    /// The entry that says it: the post, or an edit.
    pub id: String,
    /// RFC 3339: when it was signed.
    pub created_at: String,
    /// What it said.
    pub text: String,
    /// BCP 47 language tag.
    pub lang: Option<String>,
    /// What to say in its place until the reader asks for it.
    pub content_warning: Option<String>,
}

/// A post of a conversation that is not held here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MissingView {
    /// Its entry id.
    pub missing: String,
    /// `did:key:…` of its author.
    pub account: String,
    /// How many answers it is away from the first post that is known.
    pub depth: u64,
}

//! Filters, drafts and reading positions, which the owner keeps to themself.

use serde::{Deserialize, Serialize};

use super::media::AttachmentView;
use super::post::NewPost;

/// Where a filter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterContext {
    /// On the home timeline and on those of lists.
    Home,
    /// In notifications, and among posts that address the owner.
    Notifications,
    /// Among posts of all the world: what is held, tags, search.
    Public,
    /// In conversations.
    Thread,
    /// Among the posts of one account.
    Account,
}

impl FilterContext {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Home, Self::Notifications, Self::Public, Self::Thread, Self::Account];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Notifications => "notifications",
            Self::Public => "public",
            Self::Thread => "thread",
            Self::Account => "account",
        }
    }
}

/// What becomes of what a filter finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterAction {
    /// It is shown folded, under the filter's title.
    #[default]
    Warn,
    /// It is left out.
    Hide,
}

/// A filter to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewFilter {
    /// Its title; the first phrase where there is none.
    pub title: Option<String>,
    /// What is looked for, up to 32; there may be none where there is a title.
    pub phrases: Vec<NewPhrase>,
    /// Single posts that it finds, whatever they say, up to 64: entry ids or post links.
    #[serde(default)]
    pub posts: Vec<String>,
    /// Where it holds; none: everywhere.
    pub contexts: Vec<FilterContext>,
    /// What becomes of what it finds.
    pub action: FilterAction,
    /// RFC 3339: when it ends; none: never.
    pub until: Option<String>,
    /// Make it though there is one with this title.
    #[serde(default)]
    pub another: bool,
}

/// A phrase of a filter to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewPhrase {
    /// The id that it has already.
    #[serde(default)]
    pub id: Option<String>,
    /// A word or phrase.
    pub text: String,
    /// Whether it is looked for in the midst of words too.
    pub in_words: bool,
}

/// A filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FilterView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What is looked for: one of them is enough.
    pub phrases: Vec<FilterPhrase>,
    /// Single posts that it finds, whatever they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<FilteredPost>,
    /// Where it holds.
    pub contexts: Vec<FilterContext>,
    /// What becomes of what it finds.
    pub action: FilterAction,
    /// RFC 3339: when it ends; none: never.
    pub until: Option<String>,
}

/// A phrase of a filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FilterPhrase {
    /// Its id, which no other phrase of any filter has.
    pub id: String,
    /// The word or phrase.
    pub text: String,
    /// Whether it is looked for in the midst of words too.
    pub in_words: bool,
}

/// A single post of a filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FilteredPost {
    /// Its id, which no other post of any filter has.
    pub id: String,
    /// The entry id of the post.
    pub post: String,
}

/// What a filter has found in a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterMatch {
    /// The filter's id.
    pub filter: String,
    /// Its title.
    pub title: String,
    /// Those of its phrases that the post holds.
    pub phrases: Vec<String>,
    /// Whether the post is one of its single posts.
    pub post: bool,
}

/// Of what apps ask up to where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readable {
    /// The home timeline.
    Home,
    /// What concerns the owner.
    Notifications,
}

/// Up to where a timeline was read, on whichever of the owner's devices.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PositionView {
    /// Its name: `home`, `mentions`, `notifications`, or `list` and the list's name.
    pub timeline: String,
    /// The entry id of the newest post or repost that was read.
    pub last_read_id: Option<String>,
    /// RFC 3339: the time at which that stands.
    pub read_up_to: String,
    /// Grows with each change.
    pub version: u64,
    /// RFC 3339: when it was changed.
    pub updated_at: String,
}

/// A post that waits to be signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DraftView {
    /// Its id.
    pub draft: String,
    /// RFC 3339: when it was saved.
    pub saved_at: String,
    /// RFC 3339: when it is to be posted, where it waits for a time.
    pub post_at: Option<String>,
    /// Its files.
    pub files: Vec<AttachmentView>,
    /// What is to be posted.
    #[serde(flatten)]
    pub post: NewPost,
}

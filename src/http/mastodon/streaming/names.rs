//! The names of streams, and what each takes of what comes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::App;
use crate::http::auth::Signed;
use crate::http::error::{Answer, ApiError};
use crate::http::input::lenient;
use crate::http::mastodon::lists;
use crate::node::api::Feed;
use crate::node::{Channel, Whose};

/// The stream of notifications.
pub const NOTIFICATIONS: &str = "user:notification";
/// Bytes of a tag.
const MAX_TAG: usize = 256;

/// Streams that have an address of their own: that, their name, and what they are.
pub const PATHS: [(&str, &str, &str); 13] = [
    ("/api/v1/streaming/user", "user", "The home timeline and notifications as they come"),
    ("/api/v1/streaming/user/notification", NOTIFICATIONS, "Notifications as they come"),
    ("/api/v1/streaming/public", "public", "All that is held as it comes"),
    ("/api/v1/streaming/public/media", "public:media", "The same with files"),
    ("/api/v1/streaming/public/local", "public:local", "What the owner posts"),
    ("/api/v1/streaming/public/local/media", "public:local:media", "The same with files"),
    ("/api/v1/streaming/public/remote", "public:remote", "What others post"),
    ("/api/v1/streaming/public/remote/media", "public:remote:media", "The same with files"),
    ("/api/v1/streaming/hashtag", "hashtag", "Posts with a tag as they come"),
    ("/api/v1/streaming/hashtag/local", "hashtag:local", "The owner's posts with a tag"),
    ("/api/v1/streaming/list", "list", "Posts of a list as they come"),
    ("/api/v1/streaming/direct", "direct", "Posts for a few: there are none yet"),
    ("/api/v1/streaming/user/direct", "direct", "The same"),
];

/// A stream as it is asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    /// On a WebSocket: `subscribe` or `unsubscribe`.
    #[serde(rename = "type")]
    pub kind: String,
    stream: String,
    tag: Option<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    list: Option<u64>,
    #[serde(deserialize_with = "lenient::flag")]
    only_media: bool,
}

impl Asked {
    /// The stream of this name.
    pub fn named(self, name: &str) -> Self {
        Self { stream: name.to_owned(), ..self }
    }

    /// Whether it names a stream.
    pub fn names_one(&self) -> bool {
        !self.stream.is_empty()
    }
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What clients are told that something is from: the name, and the tag or list.
    pub names: Vec<String>,
    /// What it takes.
    pub takes: Takes,
}

/// What a stream takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Takes {
    /// Posts, of this timeline.
    pub posts: Option<Channel>,
    /// What concerns the owner.
    pub notifications: bool,
    /// That there are other filters.
    pub filters: bool,
}

impl Source {
    /// The stream that is asked for, if the token goes so far and there is one.
    pub async fn of(app: &App, signed: &Signed, asked: &Asked) -> Answer<Self> {
        let whose = |feed, whose| Channel { whose, ..Channel::of(feed) };
        let mut names = vec![asked.stream.clone()];
        let (name, only_media) = match asked.stream.strip_suffix(":media") {
            Some(name) if name.starts_with("public") => (name, true),
            _ => (asked.stream.as_str(), asked.only_media && asked.stream.starts_with("public")),
        };
        let posts = match name {
            "user" => Some(Channel::of(Feed::Home)),
            "public" => Some(Channel::of(Feed::All)),
            "public:local" => Some(Channel::of(Feed::Account(app.node.account().to_string()))),
            "public:remote" => Some(whose(Feed::All, Whose::Others)),
            "hashtag" | "hashtag:local" => {
                let tag = asked.tag.as_deref().unwrap_or_default().trim().trim_start_matches('#');
                if tag.is_empty() || tag.len() > MAX_TAG {
                    return Err(ApiError::bad_request("The stream of a tag needs a `tag`"));
                }
                names.push(tag.to_owned());
                let local = if name == "hashtag" { Whose::All } else { Whose::Own };
                Some(whose(Feed::Tag(tag.to_owned()), local))
            }
            "list" => {
                let id =
                    asked.list.ok_or_else(|| ApiError::bad_request("The stream of a list needs a `list`"))?;
                let list = lists::named(app, id).await?;
                names.push(id.to_string());
                Some(Channel::of(Feed::List(list.list)))
            }
            NOTIFICATIONS | "direct" => None,
            _ => return Err(ApiError::bad_request("Unknown stream type")),
        };
        signed.allow(if name == NOTIFICATIONS { "read:notifications" } else { "read:statuses" })?;
        let tells = name == NOTIFICATIONS || (name == "user" && signed.allow("read:notifications").is_ok());
        let posts = posts.map(|channel| Channel { only_media, ..channel });
        Ok(Self { names, takes: Takes { posts, notifications: tells, filters: name == "user" } })
    }
}

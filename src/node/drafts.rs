//! Drafts: posts that wait to be signed, for their author or for a time. Each is a private item with the body of the post
//! in it. One that waits for a time names the device that is to sign it, so that it is signed once; if that is off at the
//! time, it is signed when it runs next.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use majlis_protocol::body::{self, BlobId, Body, Post};
use majlis_protocol::limits::MAX_DRAFT;
use majlis_protocol::sealed::{ItemValue, PrivateItem};
use majlis_protocol::{EntryId, Kind};

use super::api::{DraftView, Metadata, NewAttachment, NewPoll, NewPost, PostedView, Visibility};
use super::compose::root_of;
use super::keys::random;
use super::view::rfc3339;
use super::{Failure, Node, now_ms, usage};

const DRAFT: &str = "draft";
/// Drafts that wait for a time. A key is the device that signs the post then, and 8 random bytes.
const SCHEDULE: &str = "schedule";
/// How often a device looks whether something is due, as the clock may be set and other devices change what waits.
const LOOK: Duration = Duration::from_secs(15);
/// A post that is due may have been signed before a crash: it is looked for among so many of the newest own ones.
const LAST: usize = 100;

/// The register of a draft.
struct Waiting {
    collection: &'static str,
    key: Vec<u8>,
    value: ItemValue,
}

impl Waiting {
    fn id(&self) -> String {
        super::hex(self.key.get(self.key.len().saturating_sub(8)..).unwrap_or_default())
    }

    /// When it is to be posted, in milliseconds since 1970.
    fn due(&self) -> Option<u64> {
        self.value.at.filter(|_| self.collection == SCHEDULE)
    }

    fn post(&self) -> Result<Post, Failure> {
        post(&self.value).ok_or_else(unreadable)
    }
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The post in a draft, where it can be read.
fn post(value: &ItemValue) -> Option<Post> {
    match Body::decode(Kind::POST, &value.draft) {
        Ok(Some(Body::Post(post))) => Some(post),
        _ => None,
    }
}

/// What someone would write to have this post, its files where they lie.
fn written(post: Post, path: &dyn Fn(&BlobId) -> String) -> NewPost {
    let content = post.content;
    NewPost {
        lang: given(&content.language),
        reply_to: post.reply_to.map(|target| target.to_string()),
        quote: post.quote.map(|target| target.to_string()),
        content_warning: given(&content.content_warning),
        poll: content.poll.map(|poll| NewPoll {
            options: poll.options,
            multiple: poll.multiple,
            closes_at: poll.closes_at.map(rfc3339),
        }),
        visibility: match post.visibility {
            body::Visibility::Public => Visibility::Public,
            body::Visibility::Unlisted => Visibility::Unlisted,
        },
        usage: given(&usage::statement(&content.usage)),
        source_type: given(&content.source_type),
        attachments: content
            .attachments
            .iter()
            .map(|file| NewAttachment {
                file: path(&file.blob),
                alt: file.alt.clone(),
                focus: file.focus.map(super::media::shares),
                source_type: given(&file.source_type),
                metadata: Metadata::Keep,
            })
            .collect(),
        text: content.text,
    }
}

/// The value of a draft's register.
fn value(body: &Body) -> Result<ItemValue, Failure> {
    let draft = body.encode()?;
    if draft.len() > MAX_DRAFT {
        return Err(Failure::usage(
            format!("the draft has {} bytes, and {MAX_DRAFT} are allowed", draft.len()),
            "Keep it in a file, and post that later with `majlis post - < FILE`.",
        ));
    }
    Ok(ItemValue { draft, ..Node::set_now() })
}

impl Node {
    /// All drafts, those that wait for a time after the others.
    fn waiting(&self) -> Vec<Waiting> {
        let of = |collection: &'static str| {
            let all = self.kept_all(collection).into_iter();
            all.map(move |(key, value)| Waiting { collection, key, value })
        };
        of(DRAFT).chain(of(SCHEDULE)).collect()
    }

    fn found_draft(&self, id: &str) -> Result<Waiting, Failure> {
        let found = self.waiting().into_iter().find(|draft| draft.id() == id.trim());
        found.ok_or_else(|| {
            Failure::missing(format!("there is no draft {id:?}"), "`majlis draft` lists them.")
        })
    }

    /// Keeps a post that is not to be signed yet; with a time, until then.
    pub(super) async fn save_draft(
        self: &Arc<Self>,
        new: NewPost,
        at: Option<&str>,
    ) -> Result<DraftView, Failure> {
        let due = at.map(due).transpose()?;
        let (body, _files) = self.compose(new).await?;
        let mut draft = Waiting { collection: DRAFT, key: random::<8>()?.to_vec(), value: value(&body)? };
        if let Some(due) = due {
            draft.collection = SCHEDULE;
            draft.key = [self.keys.device_id().0.as_slice(), &draft.key].concat();
            draft.value.at = Some(due);
        }
        self.keep(draft.collection, draft.key.clone(), Some(draft.value.clone())).await?;
        self.scheduled.notify_one();
        self.draft_view(&draft)
    }

    /// Has a draft that waits for a time wait for another.
    pub(super) async fn move_draft(self: &Arc<Self>, id: &str, at: &str) -> Result<DraftView, Failure> {
        let mut draft = self.found_draft(id)?;
        if draft.collection != SCHEDULE {
            return Err(Failure::new(
                "this draft waits for no time",
                "Post it with `majlis draft post`, or keep a post for a time with `majlis post --at`.",
            ));
        }
        draft.value.at = Some(due(at)?);
        let value = Some(draft.value.encode()?);
        let (collection, key) = (SCHEDULE.to_owned(), draft.key.clone());
        self.set_private(PrivateItem { collection, key, value }).await?;
        self.scheduled.notify_one();
        self.draft_view(&draft)
    }

    fn draft_view(&self, draft: &Waiting) -> Result<DraftView, Failure> {
        let path = |blob: &BlobId| {
            let path = self.blobs().ok().and_then(|blobs| blobs.path(blob));
            path.map(|path| path.display().to_string()).unwrap_or_default()
        };
        let post = draft.post()?;
        let saved = self.private_changed_at(draft.collection, &draft.key).or(draft.value.at);
        Ok(DraftView {
            draft: draft.id(),
            saved_at: rfc3339(saved.unwrap_or(0)),
            post_at: draft.due().map(rfc3339),
            files: post.content.attachments.iter().map(|file| self.attachment_view(file)).collect(),
            post: written(post, &path),
        })
    }

    /// Files of drafts.
    pub(super) fn draft_files(&self) -> HashSet<BlobId> {
        let posts = self.waiting().into_iter().filter_map(|draft| draft.post().ok());
        posts.flat_map(|post| Body::Post(post).files()).map(|(blob, _)| blob).collect()
    }

    /// All drafts that can be read, the last one saved first, then those that wait for a time; or the one with this id.
    pub(super) fn drafts(&self, id: Option<&str>) -> Result<Vec<DraftView>, Failure> {
        if let Some(id) = id {
            return Ok(vec![self.draft_view(&self.found_draft(id)?)?]);
        }
        let mut all = self.waiting();
        all.sort_by_key(|draft| match draft.due() {
            None => (false, std::cmp::Reverse(draft.value.at), 0),
            Some(due) => (true, std::cmp::Reverse(None), due),
        });
        Ok(all.iter().filter_map(|draft| self.draft_view(draft).ok()).collect())
    }

    /// Signs and keeps the post of a draft, and removes the draft.
    pub(super) async fn post_draft(self: &Arc<Self>, id: &str) -> Result<Vec<PostedView>, Failure> {
        let draft = self.found_draft(id)?;
        let posted = self.sign_draft(&draft).await?;
        // It is posted already: that the draft stays must not look as if it were not.
        if let Err(error) = self.keep(draft.collection, draft.key, None).await {
            tracing::warn!(%error, "a draft that was posted could not be removed");
        }
        Ok(posted)
    }

    async fn sign_draft(self: &Arc<Self>, draft: &Waiting) -> Result<Vec<PostedView>, Failure> {
        let mut post = draft.post()?;
        if post.content.poll.as_ref().is_some_and(|poll| !poll.is_open_at(now_ms())) {
            return Err(Failure::new(
                "the poll of this draft would end before it begins",
                "Write it anew with `majlis post`, then remove the draft with `majlis draft remove`.",
            ));
        }
        if !Body::Post(post.clone()).files().iter().all(|(blob, _)| self.holds_file(blob)) {
            return Err(Failure::new(
                "the files of this draft are not on this device",
                "Post it from the device that has saved it.",
            ));
        }
        // What it answers may have come since it was saved.
        if let Some(root) = post.reply_to.and_then(|parent| self.root_above(&parent.id)) {
            post.root = Some(root);
        }
        self.publish_posts(vec![Body::Post(post)]).await
    }

    /// Posts what this device has kept for a time, as long as this runs.
    pub async fn keep_posting(self: Arc<Self>) {
        loop {
            let next = self.post_due().await;
            let pause = Duration::from_millis(next.saturating_sub(now_ms())).min(LOOK);
            // Ends early when something else comes to wait.
            let _ = tokio::time::timeout(pause, self.scheduled.notified()).await;
        }
    }

    /// Posts what is due; when to look next, in milliseconds since 1970.
    async fn post_due(self: &Arc<Self>) -> u64 {
        let mut next = u64::MAX;
        for draft in self.waiting() {
            let Some(due) = draft.due().filter(|_| draft.key.starts_with(&self.keys.device_id().0)) else {
                continue;
            };
            if due > now_ms() {
                next = next.min(due);
            } else if let Err(error) = self.post_now(draft, due).await {
                tracing::warn!(%error, "a post that was due could not be signed");
            }
        }
        next
    }

    /// Posts a draft whose time has come. One that cannot be posted waits for its author from now on.
    async fn post_now(self: &Arc<Self>, draft: Waiting, due: u64) -> Result<(), Failure> {
        let (node, said) = (Arc::clone(self), post(&draft.value));
        let is_posted = super::blocking(move || node.has_said(said.as_ref(), due)).await?;
        if !is_posted && let Err(error) = self.sign_draft(&draft).await {
            tracing::warn!(%error, draft = draft.id(), "a post that was due is kept as a draft");
            let key = draft.key.get(draft.key.len().saturating_sub(8)..).unwrap_or_default().to_vec();
            let kept = ItemValue { at: Some(now_ms()), ..draft.value.clone() };
            self.keep(DRAFT, key, Some(kept)).await?;
        }
        self.keep(SCHEDULE, draft.key, None).await
    }

    /// Whether this was posted since a time.
    fn has_said(&self, said: Option<&Post>, since: u64) -> Result<bool, Failure> {
        let own = self.store.timeline(Some(&[self.keys.account]), &[Kind::POST], None, LAST)?;
        let since = own.iter().filter(|stored| stored.entry.header.timestamp >= since);
        let mut posts = since.filter_map(|stored| super::view::post(&stored.entry));
        Ok(posts.any(|post| said.is_some_and(|said| said.content == post.content)))
    }

    /// The beginning of the conversation that a post is part of, if that is held and begins above it.
    fn root_above(&self, parent: &EntryId) -> Option<body::EntryRef> {
        let (_, _, parent) = self.held_post(&parent.to_string()).ok()?;
        root_of(&parent)
    }

    /// Removes a draft.
    pub(super) async fn remove_draft(self: &Arc<Self>, id: &str) -> Result<(), Failure> {
        let draft = self.found_draft(id)?;
        self.keep(draft.collection, draft.key, None).await
    }
}

/// A time to come.
fn due(at: &str) -> Result<u64, Failure> {
    let due = super::compose::time(at)?;
    if due <= now_ms() {
        return Err(Failure::usage("the post would be due before now", "Give a time to come."));
    }
    Ok(due)
}

fn unreadable() -> Failure {
    Failure::new(
        "this draft was written by a newer version of Majlis, or is damaged",
        "Post it from the device that has made it, or remove it with `majlis draft remove`.",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use majlis_protocol::body::{Content, Poll};

    use super::*;

    fn said(text: &str) -> Body {
        Body::Post(Post { content: Content { text: text.into(), ..Content::default() }, ..Post::default() })
    }

    /// SEAL-16.
    #[test]
    fn a_draft_holds_the_post_or_is_no_draft() {
        let poll =
            Poll {
                options: vec!["شاي".into(), "قهوة".into()], multiple: true, closes_at: Some(1_000)
            };
        let usage = usage::parse("train-ai=n, bulk-dataset=y").unwrap();
        let content = Content { text: "متى؟".into(), poll: Some(poll), usage, ..Content::default() };
        let visibility = body::Visibility::Unlisted;
        let whole = Body::Post(Post { content, visibility, ..Post::default() });
        let shown = written(post(&value(&whole).unwrap()).unwrap(), &ToString::to_string);
        assert_eq!(shown.text, "متى؟");
        assert_eq!(shown.poll.unwrap().closes_at.unwrap(), "1970-01-01T00:00:01.000Z");
        assert_eq!(shown.usage.unwrap(), "train-ai=n, bulk-dataset=y");
        assert_eq!(shown.visibility, Visibility::Unlisted);
        // Another version, and what is no post.
        for draft in [vec![2, 0xa0], vec![1], vec![]] {
            assert!(post(&ItemValue { draft, ..ItemValue::default() }).is_none());
        }
    }

    #[test]
    fn a_draft_that_is_too_long_is_refused_with_a_reason() {
        assert!(value(&said(&"ا".repeat(7_900))).unwrap().encode().is_ok());
        let failure = value(&said(&"ا".repeat(8_000))).unwrap_err();
        assert!(failure.is_usage() && failure.message.contains("16000 are allowed"), "{failure:?}");
    }
}

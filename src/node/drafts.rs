//! Drafts: posts that wait to be signed. Each is a private item with the body of the post in it.

use std::collections::HashSet;
use std::sync::Arc;

use majlis_protocol::body::{self, BlobId, Body, Post};
use majlis_protocol::limits::MAX_DRAFT;
use majlis_protocol::sealed::ItemValue;
use majlis_protocol::{EntryId, Kind};

use super::api::{DraftView, Metadata, NewAttachment, NewPoll, NewPost, PostedView, Visibility};
use super::compose::root_of;
use super::keys::random;
use super::view::rfc3339;
use super::{Failure, Node, now_ms, usage};

const DRAFT: &str = "draft";

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
                source_type: given(&file.source_type),
                metadata: Metadata::Keep,
            })
            .collect(),
        text: content.text,
    }
}

fn view(key: &[u8], value: &ItemValue, path: &dyn Fn(&BlobId) -> String) -> Option<DraftView> {
    let post = written(post(value)?, path);
    Some(DraftView { draft: super::hex(key), saved_at: rfc3339(value.at.unwrap_or(0)), post })
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
    fn found_draft(&self, id: &str) -> Result<(Vec<u8>, ItemValue), Failure> {
        let found = self.kept_all(DRAFT).into_iter().find(|(key, _)| super::hex(key) == id.trim());
        found.ok_or_else(|| Failure::new(format!("there is no draft {id:?}"), "`majlis draft` lists them."))
    }

    /// Keeps a post that is not to be signed yet.
    pub(super) async fn save_draft(self: &Arc<Self>, new: NewPost) -> Result<DraftView, Failure> {
        let (body, _files) = self.compose(new).await?;
        let value = value(&body)?;
        let key = random::<8>()?.to_vec();
        self.keep(DRAFT, key.clone(), Some(value.clone())).await?;
        self.draft_view(&key, &value).ok_or_else(unreadable)
    }

    fn draft_view(&self, key: &[u8], value: &ItemValue) -> Option<DraftView> {
        let path = |blob: &BlobId| {
            let path = self.blobs().ok().and_then(|blobs| blobs.path(blob));
            path.map(|path| path.display().to_string()).unwrap_or_default()
        };
        view(key, value, &path)
    }

    /// Files of drafts.
    pub(super) fn draft_files(&self) -> HashSet<BlobId> {
        let posts = self.kept_all(DRAFT).into_iter().filter_map(|(_, value)| post(&value));
        posts.flat_map(|post| Body::Post(post).files()).map(|(blob, _)| blob).collect()
    }

    /// All drafts that can be read, the last one saved first; or the one with this id.
    pub(super) fn drafts(&self, id: Option<&str>) -> Result<Vec<DraftView>, Failure> {
        if let Some(id) = id {
            let (key, value) = self.found_draft(id)?;
            return Ok(vec![self.draft_view(&key, &value).ok_or_else(unreadable)?]);
        }
        let mut all = self.kept_all(DRAFT);
        all.sort_by_key(|(_, value)| std::cmp::Reverse(value.at));
        Ok(all.iter().filter_map(|(key, value)| self.draft_view(key, value)).collect())
    }

    /// Signs and keeps the post of a draft, and removes the draft.
    pub(super) async fn post_draft(self: &Arc<Self>, id: &str) -> Result<Vec<PostedView>, Failure> {
        let (key, value) = self.found_draft(id)?;
        let mut post = post(&value).ok_or_else(unreadable)?;
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
        let posted = self.publish_posts(vec![Body::Post(post)]).await?;
        // It is posted already: that the draft stays must not look as if it were not.
        if let Err(error) = self.keep(DRAFT, key, None).await {
            tracing::warn!(%error, "a draft that was posted could not be removed");
        }
        Ok(posted)
    }

    /// The beginning of the conversation that a post is part of, if that is held and begins above it.
    fn root_above(&self, parent: &EntryId) -> Option<body::EntryRef> {
        let (_, _, parent) = self.held_post(&parent.to_string()).ok()?;
        root_of(&parent)
    }

    /// Removes a draft.
    pub(super) async fn remove_draft(self: &Arc<Self>, id: &str) -> Result<(), Failure> {
        let (key, _) = self.found_draft(id)?;
        self.keep(DRAFT, key, None).await
    }
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
        let shown = view(&[255; 8], &value(&whole).unwrap(), &ToString::to_string).unwrap();
        assert_eq!((shown.draft.as_str(), shown.post.text.as_str()), ("ffffffffffffffff", "متى؟"));
        assert_eq!(shown.post.poll.unwrap().closes_at.unwrap(), "1970-01-01T00:00:01.000Z");
        assert_eq!(shown.post.usage.unwrap(), "train-ai=n, bulk-dataset=y");
        assert_eq!(shown.post.visibility, Visibility::Unlisted);
        // Another version, and what is no post.
        for draft in [vec![2, 0xa0], vec![1], vec![]] {
            assert!(
                view(&[0; 8], &ItemValue { draft, ..ItemValue::default() }, &ToString::to_string).is_none()
            );
        }
    }

    #[test]
    fn a_draft_that_is_too_long_is_refused_with_a_reason() {
        assert!(value(&said(&"ا".repeat(7_900))).unwrap().encode().is_ok());
        let failure = value(&said(&"ا".repeat(8_000))).unwrap_err();
        assert!(failure.usage && failure.message.contains("16000 are allowed"), "{failure:?}");
    }
}

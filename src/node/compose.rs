//! From what someone writes to the body that is signed: whom it answers, whom it addresses, its tags, its poll.

use std::sync::Arc;

use majlis_protocol::body::{self, Attachment, Body, Content, EntryRef, Poll, Post};
use majlis_protocol::text::Target;
use majlis_protocol::{EntryId, Kind, LogId, Payload};

use super::api::{EditedFile, NewEdit, NewPoll, NewPost, Visibility};
use super::media::{self, Attached};
use super::posts::find;
use super::view::{content, post};
use super::{Failure, Node, now_ms, text, usage};
use crate::store::Stored;

/// A time as people write it, in milliseconds since 1970.
pub(super) fn time(text: &str) -> Result<u64, Failure> {
    let parsed =
        text.parse::<jiff::Timestamp>().ok().and_then(|time| u64::try_from(time.as_millisecond()).ok());
    parsed
        .ok_or_else(|| Failure::usage(format!("{text:?} is not a time"), "Write it as 2026-12-31T18:00:00Z."))
}

fn poll(new: &NewPoll) -> Result<Poll, Failure> {
    let options: Vec<String> = new.options.iter().map(|option| option.trim().to_owned()).collect();
    let refused = |why: String| Failure::usage(why, "A poll has 2 to 20 different answers.");
    for (at, option) in options.iter().enumerate() {
        if option.is_empty() {
            return Err(refused(format!("answer {} of the poll is empty", at + 1)));
        }
        if options.iter().take(at).any(|before| before == option) {
            return Err(refused(format!("the poll offers {option:?} twice")));
        }
    }
    if options.len() < majlis_protocol::limits::MIN_POLL_OPTIONS {
        return Err(refused(format!("a poll of {} answer is no choice", options.len())));
    }
    let closes_at = new.closes_at.as_deref().map(time).transpose()?;
    if closes_at.is_some_and(|end| end <= now_ms()) {
        return Err(Failure::usage("the poll would end before it begins", "Give a time to come."));
    }
    Ok(Poll { options, multiple: new.multiple, closes_at })
}

/// The first post of the conversation that a post is part of; none for one that answers nothing.
pub(super) fn root_of(post: &Post) -> Option<EntryRef> {
    post.root.or(post.reply_to)
}

impl Node {
    /// A post that is held here and was not taken back, as people name it.
    pub(super) fn held_post(&self, target: &str) -> Result<(EntryRef, Stored, Post), Failure> {
        let id = find(target)?;
        let not_held = |why: &str| {
            Failure::missing(
                format!("{id} {why}"),
                "Check the id with `majlis timeline`, or follow its author and let the node catch up.",
            )
        };
        let stored = self.store.entry(&id)?.ok_or_else(|| not_held("is not held here"))?;
        let header = &stored.entry.header;
        if header.kind != Kind::POST || header.log_id.class() != LogId::PUBLIC {
            return Err(not_held("is not a post"));
        }
        let account = header.account;
        if stored.entry.payload == Payload::Missing {
            return Err(not_held("is not held here any more"));
        }
        let post = post(&stored.entry).ok_or_else(|| not_held("was taken back, or cannot be read"))?;
        Ok((EntryRef { account, id }, stored, post))
    }

    /// What a link or an id names. A link can name a post that is not held here.
    fn reference(&self, target: &str) -> Result<EntryRef, Failure> {
        match (target.parse(), self.held_post(target)) {
            (_, Ok((reference, _, _))) => Ok(reference),
            (Ok(Target::Link(link)), Err(_)) if self.store.entry(&link.id)?.is_none() => Ok(link),
            (_, Err(failure)) => Err(failure),
        }
    }

    /// The body of a post, whose files are taken in. They stay as long as what is given back of them.
    pub(super) async fn compose(
        self: &Arc<Self>,
        mut new: NewPost,
    ) -> Result<(Body, Vec<Attached>), Failure> {
        // What is wrong with the post itself is said before its files are looked at.
        let mut post = self.compose_words(&new)?;
        let mut attached = Vec::new();
        for file in std::mem::take(&mut new.attachments) {
            attached.push(self.attach(file).await?);
        }
        post.content.attachments = attached.iter().map(|file| file.attachment.clone()).collect();
        Ok((Body::Post(post), attached))
    }

    /// A post without its files.
    fn compose_words(&self, new: &NewPost) -> Result<Post, Failure> {
        if new.is_empty() {
            return Err(Failure::usage("the post is empty", "Say something, or leave it out."));
        }
        let reply_to = new.reply_to.as_deref().map(|target| self.reference(target)).transpose()?;
        // The root of what it answers; that itself, where it begins the conversation or is not held here.
        let root = match &new.reply_to {
            Some(target) => self.held_post(target).ok().and_then(|(_, _, parent)| root_of(&parent)),
            None => None,
        };
        let content = Content {
            mentions: text::mentions(&new.text),
            tags: text::tags(&new.text),
            text: new.text.clone(),
            language: new.lang.clone().unwrap_or_default(),
            content_warning: new.content_warning.clone().unwrap_or_default(),
            poll: new.poll.as_ref().map(poll).transpose()?,
            usage: new.usage.as_deref().map(usage::parse).transpose()?.unwrap_or_default(),
            source_type: new.source_type.as_deref().map(usage::source_type).transpose()?.unwrap_or_default(),
            ..Content::default()
        };
        Ok(Post {
            content,
            reply_to,
            root,
            quote: new.quote.as_deref().map(|target| self.reference(target)).transpose()?,
            visibility: match new.visibility {
                Visibility::Public => body::Visibility::Public,
                Visibility::Unlisted => body::Visibility::Unlisted,
            },
            ..Post::default()
        })
    }

    /// The body of an edit of an own post, and the time to sign it with. What is not given stays as it is.
    /// New files are taken in; they stay as long as what is given back of them.
    pub(super) async fn compose_edit(
        self: &Arc<Self>,
        target: &str,
        mut new: NewEdit,
    ) -> Result<(EntryId, Body, u64, Vec<Attached>), Failure> {
        let (reference, stored, _) = self.held_post(target)?;
        if reference.account != self.keys.account {
            return Err(Failure::new(
                "only its author can edit a post",
                "Answer it with `majlis post --reply-to`.",
            ));
        }
        let last = self.store.edits(&reference.account, &reference.id)?.pop();
        let latest = last.as_ref().map_or(stored.entry.header.timestamp, |edit| edit.entry.header.timestamp);
        let before = content(&last.unwrap_or(stored).entry).unwrap_or_default();
        let (attachments, taken) = match new.attachments.take() {
            Some(files) => self.edited_files(&before.attachments, files).await?,
            None => (before.attachments.clone(), Vec::new()),
        };
        if new.text.trim().is_empty() && attachments.is_empty() {
            return Err(Failure::usage("the post would be empty", "Take it back with `majlis delete`."));
        }
        let content = Content {
            attachments,
            mentions: text::mentions(&new.text),
            tags: text::tags(&new.text),
            text: new.text,
            language: new.lang.unwrap_or(before.language),
            content_warning: new.content_warning.unwrap_or(before.content_warning),
            // The poll is the post's own, for ever.
            poll: None,
            ..before
        };
        let edit = Body::Edit(body::Edit { target: reference.id, content });
        Ok((reference.id, edit, self.register_time(latest), taken))
    }

    /// The files of a post that had others before.
    async fn edited_files(
        self: &Arc<Self>,
        before: &[Attachment],
        files: Vec<EditedFile>,
    ) -> Result<(Vec<Attachment>, Vec<Attached>), Failure> {
        let (mut attachments, mut taken) = (Vec::with_capacity(files.len()), Vec::new());
        for file in files {
            match file {
                EditedFile::New(new) => {
                    let attached = self.attach(new).await?;
                    attachments.push(attached.attachment.clone());
                    taken.push(attached);
                }
                EditedFile::Kept { cid, alt, focus } => {
                    let known = before.iter().find(|known| known.blob.to_string() == cid);
                    let known = known.cloned().ok_or_else(|| {
                        Failure::usage(
                            format!("the post has no file {cid}"),
                            "`majlis show ID` lists its files.",
                        )
                    })?;
                    attachments.push(Attachment {
                        alt: alt.map_or(known.alt, |alt| alt.trim().to_owned()),
                        focus: focus.map(media::focus).transpose()?.or(known.focus),
                        ..known
                    });
                }
            }
        }
        Ok((attachments, taken))
    }
}

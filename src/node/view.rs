//! Entries as people and scripts see them.

use std::collections::BTreeMap;

use majlis_protocol::body::{self, Body, Content, EntryRef, Post, Profile, Usage};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, Payload};

use super::api::{
    FieldView, PollOptionView, PollView, PostView, ProfileView, RefView, VersionView, Visibility,
};
use super::compose::root_of;
use super::{Failure, Node, now_ms, usage};
use crate::store::{Relation, Stored, Subject};

/// Milliseconds since 1970 as RFC 3339, UTC.
pub fn rfc3339(ms: u64) -> String {
    jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX))
        .map_or_else(|_| format!("@{ms}"), |time| format!("{time:.3}"))
}

/// What of an author's profile stands beside each post.
#[derive(Clone, Debug, Default)]
pub(super) struct Author {
    /// The display name; empty while unknown.
    pub name: String,
    /// What may be done with everything the account publishes.
    pub usage: Usage,
}

impl From<Profile> for Author {
    fn from(profile: Profile) -> Self {
        Self { name: profile.name, usage: profile.usage }
    }
}

fn reference(target: EntryRef) -> RefView {
    RefView { id: target.id.to_string(), account: target.account.to_string() }
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl Node {
    /// A post as it stands now: its latest edit, or that it was taken back, and what others did with it. None for
    /// what is no post.
    pub(super) fn post_view(&self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        let entry = &stored.entry;
        // What was pruned is not held any more, though its place in the log is.
        let is_gone = entry.payload == Payload::Missing;
        if entry.header.kind != Kind::POST || entry.header.is_inert() || is_gone {
            return Ok(None);
        }
        let author = self.profile_of(&entry.header.account)?.into();
        let Some(post) = post(entry) else {
            return Ok(Some(self.view(
                entry,
                author,
                &Post::default(),
                Content::default(),
                stored.display_ms,
            )));
        };
        let edit = self.store.edits(&entry.header.account, &entry.id)?.pop();
        let edited = edit.as_ref().and_then(|edit| content(&edit.entry));
        let content = edited.unwrap_or_else(|| post.content.clone());
        let mut view = self.view(entry, author, &post, content, stored.display_ms);
        view.edited_at = edit.map(|edit| rfc3339(edit.display_ms));
        self.add_responses(&mut view, &entry.id, &post)?;
        Ok(Some(view))
    }

    /// The same without what others did with it, from what is in hand.
    pub(super) fn view(
        &self,
        entry: &Entry,
        author: Author,
        post: &Post,
        content: Content,
        display_ms: u64,
    ) -> PostView {
        let account = entry.header.account;
        let own = account == self.keys.account;
        PostView {
            id: entry.id.to_string(),
            account: account.to_string(),
            name: author.name,
            petname: self.petname(&account),
            text: content.text,
            lang: given(content.language),
            created_at: rfc3339(display_ms),
            deleted: matches!(entry.payload, Payload::Deleted(_)),
            reply_to: post.reply_to.map(reference),
            root: root_of(post).map(reference),
            quote: post.quote.map(reference),
            content_warning: given(content.content_warning),
            attachments: content.attachments.iter().map(|file| self.attachment_view(file)).collect(),
            poll: post.content.poll.as_ref().map(poll),
            mentions: content.mentions.iter().map(ToString::to_string).collect(),
            tags: content.tags,
            visibility: match post.visibility {
                body::Visibility::Public => Visibility::Public,
                body::Visibility::Unlisted => Visibility::Unlisted,
            },
            usage: usage::view(&usage::most_restrictive(&author.usage, &content.usage)),
            source_type: given(content.source_type),
            bookmarked: self.is_bookmarked(&entry.id),
            pinned: self.is_pinned(&EntryRef { account, id: entry.id }),
            held_by: own.then(|| self.peers.holders(&entry.header.log(), entry.header.seq)),
            ..PostView::default()
        }
    }

    fn add_responses(&self, view: &mut PostView, id: &EntryId, post: &Post) -> Result<(), Failure> {
        let mut reactions: BTreeMap<String, u64> = BTreeMap::new();
        for reaction in self.store.reactions(id)? {
            let (emoji, on) = reaction.value;
            if on {
                if reaction.account == self.keys.account {
                    view.my_reactions.push(emoji.clone());
                }
                *reactions.entry(emoji).or_default() += 1;
            }
        }
        view.reactions = reactions;
        let reposts = self.store.reposts(id)?;
        let mut reposts = reposts.into_iter().filter(|repost| repost.value).peekable();
        if reposts.peek().is_some() {
            let accounts: Vec<_> = reposts.map(|repost| repost.account).collect();
            view.reposts = accounts.len() as u64;
            view.reposted = accounts.contains(&self.keys.account);
        }
        view.replies = self.store.about(&Subject::Entry(*id), Relation::Reply)?.len() as u64;
        if let (Some(poll), Some(shown)) = (&post.content.poll, &mut view.poll) {
            for vote in self.store.votes(id, poll)? {
                shown.voters += 1;
                if vote.account == self.keys.account {
                    shown.mine = vote.value.iter().map(|choice| u64::from(*choice) + 1).collect();
                }
                for choice in vote.value {
                    if let Some(option) = shown.options.get_mut(usize::from(choice)) {
                        option.votes += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// One post, with all filters that find it; named by a repost, as that shows it.
    pub(super) fn show(&self, id: &EntryId) -> Result<PostView, Failure> {
        let stored = self.store.entry(id)?;
        let mut view = stored.as_ref().map(|stored| self.post_view(stored)).transpose()?.flatten();
        if view.is_none()
            && let Some(stored) = stored
            && let Some((target, repost)) = self.reposted(&stored)?
        {
            let shown = self.post_view(&target)?;
            view = shown.map(|shown| PostView { repost: Some(repost), ..shown });
        }
        let view = view.ok_or_else(|| {
            Failure::missing(
                format!("no post {id} is held here"),
                "Check the id, or follow its author and let the node catch up.",
            )
        })?;
        Ok(PostView { filtered: self.filters_finding(&view), ..view })
    }

    /// What a post has said: itself and its edits, the earliest first.
    pub(super) fn history(&self, target: &str) -> Result<Vec<VersionView>, Failure> {
        let (post, stored, _) = self.held_post(target)?;
        let edits = self.store.edits(&post.account, &post.id)?;
        let versions = std::iter::once(stored).chain(edits).filter_map(|stored| {
            let content = content(&stored.entry)?;
            Some(VersionView {
                id: stored.entry.id.to_string(),
                created_at: rfc3339(stored.display_ms),
                text: content.text,
                lang: given(content.language),
                content_warning: given(content.content_warning),
            })
        });
        Ok(versions.collect())
    }

    pub(super) fn profile_view(&self, account: &AccountId) -> Result<ProfileView, Failure> {
        let profile = self.profile_of(account)?;
        Ok(ProfileView {
            account: account.to_string(),
            name: profile.name,
            petname: self.petname(account),
            bio: profile.bio,
            fields: profile
                .fields
                .into_iter()
                .map(|field| FieldView { name: field.name, value: field.value })
                .collect(),
            bot: profile.bot,
            avatar: profile.avatar.as_ref().map(|file| self.attachment_view(file)),
            header: profile.header.as_ref().map(|file| self.attachment_view(file)),
            usage: usage::view(&profile.usage),
        })
    }

    /// A profile; an empty one where none is known.
    pub(super) fn profile_of(&self, account: &AccountId) -> Result<Profile, Failure> {
        let latest = self.store.latest(account, Kind::PROFILE)?;
        Ok(latest.and_then(|stored| profile(&stored.entry)).unwrap_or_default())
    }

    /// What stands beside an author's posts and the time of the profile that it is from, as far as the store's
    /// views have come: whoever asks must not wait for the writer. Empty where none is known.
    pub(super) fn author_so_far(&self, account: &AccountId) -> (u64, Author) {
        let latest = self.store.latest_so_far(account, Kind::PROFILE).unwrap_or_else(|error| {
            tracing::warn!(%error, "a profile could not be read");
            None
        });
        let known = latest.and_then(|stored| {
            profile(&stored.entry).map(|profile| (stored.entry.header.timestamp, profile.into()))
        });
        known.unwrap_or_default()
    }
}

fn poll(poll: &body::Poll) -> PollView {
    PollView {
        options: poll.options.iter().map(|text| PollOptionView { text: text.clone(), votes: 0 }).collect(),
        multiple: poll.multiple,
        closes_at: poll.closes_at.map(rfc3339),
        closed: !poll.is_open_at(now_ms()),
        voters: 0,
        mine: Vec::new(),
    }
}

/// A post's body, where it is held and can be read.
pub(super) fn post(entry: &Entry) -> Option<Post> {
    match Body::decode(entry.header.kind, entry.body()?) {
        Ok(Some(Body::Post(post))) if !entry.header.is_inert() => Some(post),
        _ => None,
    }
}

/// The words of a post or an edit.
pub(super) fn content(entry: &Entry) -> Option<Content> {
    match Body::decode(entry.header.kind, entry.body()?) {
        Ok(Some(Body::Post(post))) => Some(post.content),
        Ok(Some(Body::Edit(edit))) => Some(edit.content),
        _ => None,
    }
}

/// What a profile says.
pub(super) fn profile(entry: &Entry) -> Option<Profile> {
    if entry.header.kind != Kind::PROFILE {
        return None;
    }
    match Body::decode(entry.header.kind, entry.body()?) {
        Ok(Some(Body::Profile(profile))) => Some(profile),
        _ => None,
    }
}

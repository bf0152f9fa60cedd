//! Entries as people and scripts see them.

use majlis_protocol::body::{Body, Content};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, Payload};

use super::api::{PostView, ProfileView};
use super::{Failure, Node, now_ms};
use crate::store::Stored;

/// Milliseconds since 1970 as RFC 3339, UTC.
pub fn rfc3339(ms: u64) -> String {
    jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap_or(i64::MAX))
        .map_or_else(|_| format!("@{ms}"), |time| format!("{time:.3}"))
}

impl Node {
    /// A post as it stands now: its latest edit, or that it was taken back.
    pub(super) fn post_view(&self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        let entry = &stored.entry;
        if entry.header.kind != Kind::POST || entry.header.is_inert() {
            return Ok(None);
        }
        let edit = self.store.edits(&entry.header.account, &entry.id)?.into_iter().next();
        let content = edit.as_ref().and_then(|edit| content(&edit.entry)).or_else(|| content(entry));
        self.view(entry, content, stored.display_ms).map(Some)
    }

    /// A post that was verified a moment ago and may not be stored yet.
    pub(super) fn fresh_view(&self, entry: &Entry) -> Result<Option<PostView>, Failure> {
        if entry.header.kind != Kind::POST || entry.header.is_inert() {
            return Ok(None);
        }
        let Some(content) = content(entry) else { return Ok(None) };
        self.view(entry, Some(content), entry.header.timestamp.min(now_ms())).map(Some)
    }

    fn view(&self, entry: &Entry, content: Option<Content>, display_ms: u64) -> Result<PostView, Failure> {
        let account = entry.header.account;
        let own = account == self.keys.account;
        let content = content.unwrap_or_default();
        Ok(PostView {
            id: entry.id.to_string(),
            account: account.to_string(),
            name: self.profile_of(&account)?.name,
            text: content.text,
            lang: Some(content.language).filter(|language| !language.is_empty()),
            created_at: rfc3339(display_ms),
            deleted: matches!(entry.payload, Payload::Deleted(_)),
            held_by: own.then(|| self.peers.holders(&entry.header.log(), entry.header.seq)),
        })
    }

    /// Newest posts first, of one account or of all that are followed and one's own.
    pub(super) fn timeline(
        &self,
        account: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<PostView>, Failure> {
        let accounts: Vec<AccountId> = match account {
            Some(account) => vec![account],
            None => self.peers.interests().iter().map(|(account, _)| *account).collect(),
        };
        let mut views = Vec::new();
        for stored in self.store.timeline(Some(&accounts), None, limit)? {
            views.extend(self.post_view(&stored)?);
        }
        Ok(views)
    }

    /// One post.
    pub(super) fn show(&self, id: &EntryId) -> Result<PostView, Failure> {
        let stored = self.store.entry(id)?;
        let view = stored.map(|stored| self.post_view(&stored)).transpose()?.flatten();
        view.ok_or_else(|| {
            Failure::new(
                format!("no post {id} is held here"),
                "Check the id, or follow its author and let the node catch up.",
            )
        })
    }

    pub(super) fn profile_view(&self, account: &AccountId) -> Result<ProfileView, Failure> {
        let profile = self.profile_of(account)?;
        Ok(ProfileView { account: account.to_string(), name: profile.name, bio: profile.bio })
    }
}

fn content(entry: &Entry) -> Option<Content> {
    match Body::decode(entry.header.kind, entry.body()?) {
        Ok(Some(Body::Post(post))) => Some(post.content),
        Ok(Some(Body::Edit(edit))) => Some(edit.content),
        _ => None,
    }
}

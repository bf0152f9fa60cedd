//! Entries as people and scripts see them.

use majlis_protocol::body::{Body, Content, Profile};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, Payload};

use super::api::{PostView, ProfileView};
use super::{Failure, Node};
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
        let edit = self.store.edits(&entry.header.account, &entry.id)?.pop();
        let content = edit.as_ref().and_then(|edit| content(&edit.entry)).or_else(|| content(entry));
        let name = self.profile_of(&entry.header.account)?.name;
        Ok(Some(self.view(entry, name, content.unwrap_or_default(), stored.display_ms)))
    }

    pub(super) fn view(&self, entry: &Entry, name: String, content: Content, display_ms: u64) -> PostView {
        let account = entry.header.account;
        let own = account == self.keys.account;
        PostView {
            id: entry.id.to_string(),
            account: account.to_string(),
            name,
            text: content.text,
            lang: Some(content.language).filter(|language| !language.is_empty()),
            created_at: rfc3339(display_ms),
            deleted: matches!(entry.payload, Payload::Deleted(_)),
            held_by: own.then(|| self.peers.holders(&entry.header.log(), entry.header.seq)),
        }
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

    /// A profile; an empty one where none is known.
    pub(super) fn profile_of(&self, account: &AccountId) -> Result<Profile, Failure> {
        let latest = self.store.latest(account, Kind::PROFILE)?;
        Ok(latest.and_then(|stored| profile(&stored.entry)).unwrap_or_default())
    }

    /// A display name and the time of the profile that it is from, as far as the store's views have come: whoever
    /// asks must not wait for the writer. Empty where none is known.
    pub(super) fn name_so_far(&self, account: &AccountId) -> (u64, String) {
        let latest = self.store.latest_so_far(account, Kind::PROFILE).unwrap_or_else(|error| {
            tracing::warn!(%error, "a profile could not be read");
            None
        });
        let named = latest.and_then(|stored| {
            profile(&stored.entry).map(|profile| (stored.entry.header.timestamp, profile.name))
        });
        named.unwrap_or_default()
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

//! Own entries: signed, journalled, acknowledged, announced, committed, in this order.

use std::collections::BTreeSet;
use std::sync::Arc;

use majlis_protocol::body::{Body, Delete, Profile, ProfileField};
use majlis_protocol::entry::{Draft, sign};
use majlis_protocol::state::Limit;
use majlis_protocol::text::Target;
use majlis_protocol::{Entry, EntryId, Kind, LogId, LogKey, Verified};

use super::api::{FieldView, NewAttachment, NewEdit, NewPost, PostView, PostedView, ProfileEdit};
use super::keys::random;
use super::media::Attached;
use super::view::rfc3339;
use super::watch::News;
use super::{Failure, Head, Local, Node, blocking, now_ms};

/// Lines of name and value on a profile.
const MAX_PROFILE_FIELDS: usize = 8;

impl From<majlis_protocol::body::BodyError> for Failure {
    fn from(error: majlis_protocol::body::BodyError) -> Self {
        Self::usage(format!("this cannot be posted: {error}"), "Make it shorter, or check what it holds.")
    }
}

impl Node {
    /// Where the next entry of a class goes. A new log is begun at first, when the journal has ended the old one,
    /// and when that was forked, closed, or is further along elsewhere than the journal says.
    fn next_place(&self, class: u8, head: Option<Head>) -> Result<Head, Failure> {
        let tail = head.or_else(|| {
            let tail = self.store.own_tail(class).filter(|tail| !tail.ended)?;
            Some(Head { log: tail.key, seq: tail.seq, id: tail.id })
        });
        if let Some(tail) = tail {
            let replica = self.store.replica();
            let mut runs = replica.log(&tail.log).into_iter().flat_map(|log| log.runs().iter());
            let ahead = runs.any(|run| run.top > tail.seq);
            if replica.limit(&tail.log) == Limit::All && !ahead {
                return Ok(tail);
            }
        }
        let log = LogKey {
            account: self.keys.account,
            device: self.keys.device_id(),
            log_id: LogId::new(class, u64::from_be_bytes(random()?)),
        };
        Ok(Head { log, seq: 0, id: EntryId::ZERO })
    }

    /// Signs bodies as the next entries of the own log of a class and syncs them to the journal. After this they are
    /// acknowledged: they are never lost, and no other entry is ever signed in their place.
    fn write(&self, class: u8, bodies: &[(Body, u64)]) -> Result<Vec<Verified<Entry>>, Failure> {
        self.may_sign()?;
        let mut heads = self.heads.lock();
        let mut next = self.next_place(class, heads.get(&class).copied())?;
        let mut entries = Vec::with_capacity(bodies.len());
        for (body, timestamp) in bodies {
            let encoded = body.encode()?;
            let draft = Draft {
                kind: body.kind(),
                account: self.keys.account,
                log_id: next.log.log_id,
                seq: next.seq + 1,
                timestamp: *timestamp,
                backlink: next.id,
                blind: random()?,
                body: &encoded,
            };
            let entry = sign(&draft, &self.keys.device).map_err(|error| {
                Failure::new(format!("the entry could not be signed: {error}"), "Check this machine's clock.")
            })?;
            next = Head { log: next.log, seq: next.seq + 1, id: entry.id };
            entries.push(entry);
        }
        self.store.append_own(&entries)?;
        heads.insert(class, next);
        Ok(entries)
    }

    /// Signs, journals, announces and commits.
    pub(super) async fn publish(
        self: &Arc<Self>,
        class: u8,
        bodies: Vec<(Body, u64)>,
    ) -> Result<Arc<[Verified<Entry>]>, Failure> {
        let node = Arc::clone(self);
        let (entries, addressed) = blocking(move || {
            let entries = node.write(class, &bodies)?;
            // They are acknowledged already: that a letter cannot be noted must not look as if they were not.
            let addressed = node.address(&entries).unwrap_or_else(|error| {
                tracing::warn!(%error, "what is for others could not be noted");
                BTreeSet::new()
            });
            Ok((entries, addressed))
        })
        .await?;
        let entries: Arc<[_]> = entries.into();
        self.tell(Local::Publish(entries.to_vec())).await;
        self.crier.call(News::Entries(Arc::clone(&entries)));
        self.commit_own(Arc::clone(&entries), Vec::new()).await?;
        self.crier.call(News::Stored(Arc::clone(&entries)));
        if !addressed.is_empty() {
            self.tell(Local::Letters(addressed)).await;
        }
        Ok(entries)
    }

    /// Signs and keeps posts.
    pub(super) async fn post(self: &Arc<Self>, posts: Vec<NewPost>) -> Result<Vec<PostedView>, Failure> {
        let (mut bodies, mut attached) = (Vec::with_capacity(posts.len()), Vec::new());
        for post in posts {
            let (body, files) = self.compose(post).await?;
            bodies.push(body);
            attached.push(files);
        }
        let mut posted = self.publish_posts(bodies).await?;
        for (view, files) in posted.iter_mut().zip(attached) {
            let words: BTreeSet<_> = files.iter().flat_map(|file| file.removed.iter().copied()).collect();
            view.removed = words.into_iter().map(ToOwned::to_owned).collect();
        }
        Ok(posted)
    }

    /// Signs and keeps the bodies of posts.
    pub(super) async fn publish_posts(
        self: &Arc<Self>,
        posts: Vec<Body>,
    ) -> Result<Vec<PostedView>, Failure> {
        // A millisecond each as far as there are any since the last post, so that posts written together stand in
        // their order; never later than now, or every node would clamp them to when it first saw them.
        let now = now_ms();
        let after_last = self.store.own_tail(LogId::PUBLIC).map_or(0, |tail| tail.timestamp + 1);
        let first = (now + 1).saturating_sub(posts.len() as u64).max(after_last.min(now));
        let time = |index| (first + index as u64).min(now);
        let bodies = posts.into_iter().enumerate().map(|(index, body)| (body, time(index))).collect();
        let entries = self.publish(LogId::PUBLIC, bodies).await?;
        Ok(entries
            .iter()
            .map(|entry| PostedView {
                id: entry.id.to_string(),
                account: entry.header.account.to_string(),
                seq: entry.header.seq,
                created_at: rfc3339(entry.header.timestamp),
                removed: Vec::new(),
            })
            .collect())
    }

    /// Takes an own entry back. With `at_once` its bytes are removed here now, not after the grace.
    pub(super) async fn delete(self: &Arc<Self>, target: &str, at_once: bool) -> Result<EntryId, Failure> {
        let id = find(target)?;
        // What is not public is not named in public: a Delete would tell of it.
        let known = self.store.entry(&id)?.filter(|known| known.entry.header.log_id.class() == LogId::PUBLIC);
        match known {
            Some(known) if known.entry.header.account != self.keys.account => {
                return Err(Failure::new(
                    "only its author can take a post back",
                    "You can stop following its author with `majlis unfollow`.",
                ));
            }
            Some(known) if known.entry.header.kind == Kind::DELETE => {
                return Err(Failure::new(
                    "a deletion cannot be taken back",
                    "Post it again with `majlis post`.",
                ));
            }
            None => {
                return Err(Failure::missing(
                    format!("{id} is not held here"),
                    "Check the id with `majlis timeline`.",
                ));
            }
            Some(_) => {}
        }
        // Each edit holds the words of the post as they were then.
        let edits = self.store.edits(&self.keys.account, &id)?;
        let targets: Vec<_> = std::iter::once(id).chain(edits.iter().map(|edit| edit.entry.id)).collect();
        let files = self.files_of(&targets)?;
        let now = now_ms();
        let bodies = targets.iter().map(|target| (Body::Delete(Delete { target: *target }), now)).collect();
        self.publish(LogId::PUBLIC, bodies).await?;
        if at_once {
            let node = Arc::clone(self);
            blocking(move || node.purge(&targets, &files)).await?;
        }
        Ok(id)
    }

    /// Gives an own post new words.
    pub(super) async fn edit(self: &Arc<Self>, target: &str, new: NewEdit) -> Result<PostView, Failure> {
        let (id, body, time, _files) = self.compose_edit(target, new).await?;
        self.publish(LogId::PUBLIC, vec![(body, time)]).await?;
        self.show(&id)
    }

    /// Sets what is given of the owner's profile and leaves the rest.
    pub(super) async fn set_profile(self: &Arc<Self>, edit: ProfileEdit) -> Result<(), Failure> {
        if edit.fields.as_ref().is_some_and(|fields| fields.len() > MAX_PROFILE_FIELDS) {
            return Err(Failure::usage(
                format!("a profile has at most {MAX_PROFILE_FIELDS} fields"),
                "Leave some out.",
            ));
        }
        let avatar = self.picture(edit.avatar).await?;
        let header = self.picture(edit.header).await?;
        self.change_profile(|profile| {
            if let Some(avatar) = &avatar {
                profile.avatar = avatar.as_ref().map(|file| file.attachment.clone());
            }
            if let Some(header) = &header {
                profile.header = header.as_ref().map(|file| file.attachment.clone());
            }
            if let Some(name) = edit.name {
                profile.name = name;
            }
            if let Some(bio) = edit.bio {
                profile.bio = bio;
            }
            if let Some(bot) = edit.bot {
                profile.bot = bot;
            }
            if let Some(fields) = edit.fields {
                let line = |field: FieldView| ProfileField { name: field.name, value: field.value };
                profile.fields = fields.into_iter().map(line).collect();
            }
        })
        .await
    }

    /// A picture for the profile, or that there is to be none; nothing where none was named.
    async fn picture(
        self: &Arc<Self>,
        new: Option<NewAttachment>,
    ) -> Result<Option<Option<Attached>>, Failure> {
        let Some(new) = new else { return Ok(None) };
        if new.file.is_empty() {
            return Ok(Some(None));
        }
        let file = new.file.clone();
        let attached = self.attach(new).await?;
        if !attached.attachment.media_type.starts_with("image/") {
            return Err(Failure::usage(
                format!("{file} is not a picture"),
                "Give a JPEG, PNG, WebP or GIF file.",
            ));
        }
        Ok(Some(Some(attached)))
    }

    /// Says what may be done with everything the owner publishes.
    pub(super) async fn set_usage(self: &Arc<Self>, statement: &str) -> Result<(), Failure> {
        let usage = super::usage::parse(statement)?;
        self.change_profile(|profile| profile.usage = usage).await
    }

    async fn change_profile(self: &Arc<Self>, change: impl FnOnce(&mut Profile)) -> Result<(), Failure> {
        let mut profile = self.profile_of(&self.keys.account)?;
        change(&mut profile);
        let time = self.register_time(self.latest_time(Kind::PROFILE)?);
        self.publish(LogId::PUBLIC, vec![(Body::Profile(profile), time)]).await?;
        Ok(())
    }

    /// When the own profile or hints in force were signed.
    pub(super) fn latest_time(&self, kind: Kind) -> Result<u64, Failure> {
        let latest = self.store.latest(&self.keys.account, kind)?;
        Ok(latest.map_or(0, |stored| stored.entry.header.timestamp))
    }

    /// The time to sign a register with, of which `latest` is the highest known: a register takes the highest, so
    /// that a clock set back does not undo the change.
    pub(super) fn register_time(&self, latest: u64) -> u64 {
        let tail = self.store.own_tail(LogId::PUBLIC).map_or(0, |tail| tail.timestamp);
        now_ms().max(latest.max(tail) + 1)
    }
}

/// The id that a link or id names.
pub(super) fn find(target: &str) -> Result<EntryId, Failure> {
    let target: Target = target.parse().map_err(|error: majlis_protocol::text::TextError| {
        Failure::usage(error.to_string(), "Copy the id from `majlis timeline`.")
    })?;
    Ok(match target {
        Target::Id(id) => id,
        Target::Link(link) => link.id,
    })
}

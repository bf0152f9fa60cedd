//! Conversations: the first post, and what answers it, each below what it answers.

use std::collections::{BTreeMap, BTreeSet};

use majlis_protocol::body::EntryRef;
use majlis_protocol::{EntryId, Payload};

use super::api::{FilterContext, MissingView, PostView, Reply};
use super::compose::root_of;
use super::conversations::Fetched;
use super::view::post;
use super::{Failure, Node};
use crate::store::{Relation, Stored, Subject};

/// A conversation as it is held here.
#[derive(Default)]
struct Thread {
    held: BTreeMap<EntryId, Stored>,
    /// Posts that are answered and not held.
    missing: BTreeMap<EntryId, EntryRef>,
    /// What answers what, the earliest first.
    children: BTreeMap<EntryId, Vec<(u64, EntryId)>>,
    /// What has a place below another.
    placed: BTreeSet<EntryId>,
}

impl Thread {
    fn place(&mut self, parent: EntryId, display_ms: u64, id: EntryId) {
        if self.placed.insert(id) {
            self.children.entry(parent).or_default().push((display_ms, id));
        }
    }
}

impl Node {
    /// The whole conversation that a post is part of, depth first, siblings in the order of their display times.
    /// What is answered and not held has its place in it.
    pub(super) fn thread(&self, target: &str, fetched: Fetched) -> Result<Vec<Reply>, Failure> {
        let (named, stored, said) = self.held_post(target)?;
        let root = root_of(&said).unwrap_or(named);
        let mut thread = Thread::default();
        let mut found = self.store.about(&Subject::Entry(root.id), Relation::Thread)?;
        found.push(stored);
        let not_fetched = self.add_fetched(&mut thread, root, &found, fetched)?;
        for stored in found {
            // What a stranger says is shown once the owner has accepted it, or asks for it by name.
            let account = stored.entry.header.account;
            if stored.entry.id == named.id || (self.is_known(&account)? && !self.is_blocked(&account)) {
                thread.held.insert(stored.entry.id, stored);
            }
        }
        self.hold_parents(&mut thread, root)?;
        let answers: Vec<_> = thread
            .held
            .iter()
            .filter(|(id, _)| **id != root.id)
            .map(|(id, stored)| (*id, stored.display_ms, post(&stored.entry).and_then(|post| post.reply_to)))
            .collect();
        for (id, display_ms, parent) in answers {
            // What was taken back no longer says what it answered.
            thread.place(parent.map_or(root.id, |parent| parent.id), display_ms, id);
        }
        for id in thread.missing.keys().copied().collect::<Vec<_>>() {
            if id != root.id {
                thread.place(root.id, 0, id);
            }
        }
        let mut replies = self.in_order(&thread, root.id, named.id)?;
        let first = replies.iter_mut().find_map(|reply| match reply {
            Reply::Post(view) => Some(view),
            _ => None,
        });
        if let Some(first) = first {
            first.missing_replies = Some(not_fetched);
        }
        Ok(replies)
    }

    /// Posts that quote a post, the latest first.
    pub(super) fn quotes(&self, target: &str) -> Result<Vec<PostView>, Failure> {
        let (named, _, _) = self.held_post(target)?;
        let sieve = self.sieve(FilterContext::Public);
        let mut views = Vec::new();
        for stored in self.store.about(&Subject::Entry(named.id), Relation::Quote)?.iter().rev() {
            let waits = post(&stored.entry)
                .map(|said| self.waits(&stored.entry.header.account, &said))
                .transpose()?;
            if let Some(view) = self.post_view(stored)?.filter(|_| waits == Some(false))
                && let Some(filtered) = sieve.sift(&view)
            {
                views.push(PostView { filtered, ..view });
            }
        }
        Ok(views)
    }

    /// The first post of the conversation that a post is part of.
    pub(super) fn root(&self, target: &str) -> Result<EntryRef, Failure> {
        let (named, _, said) = self.held_post(target)?;
        Ok(root_of(&said).unwrap_or(named))
    }

    /// Adds what peers gave of the conversation and is not held; how many posts more they have. What a stranger says
    /// to the owner waits for a decision, whoever gives it.
    fn add_fetched(
        &self,
        thread: &mut Thread,
        root: EntryRef,
        held: &[Stored],
        fetched: Fetched,
    ) -> Result<u64, Failure> {
        let mut known: BTreeSet<EntryId> = held.iter().map(|stored| stored.entry.id).collect();
        if self.store.entry(&root.id)?.is_some() {
            known.insert(root.id);
        }
        for (id, stored) in fetched.posts {
            if !known.insert(id) || self.store.entry(&id)?.is_some() {
                continue;
            }
            let account = stored.entry.header.account;
            let waits = post(&stored.entry).map(|said| self.waits(&account, &said)).transpose()?;
            if !self.is_blocked(&account) && waits != Some(true) {
                thread.held.insert(id, stored);
            }
        }
        Ok(fetched.total.saturating_sub(known.len() as u64))
    }

    /// Adds what is answered in the conversation and was not found in it: held, taken back, or missing.
    fn hold_parents(&self, thread: &mut Thread, root: EntryRef) -> Result<(), Failure> {
        let parents: Vec<EntryRef> = thread
            .held
            .values()
            .filter_map(|stored| post(&stored.entry)?.reply_to)
            .chain([root])
            .filter(|parent| !thread.held.contains_key(&parent.id))
            .collect();
        for parent in parents {
            let held = self.store.entry(&parent.id)?.filter(|held| held.entry.payload != Payload::Missing);
            match held {
                Some(stored) => drop(thread.held.insert(parent.id, stored)),
                None => drop(thread.missing.insert(parent.id, parent)),
            }
        }
        Ok(())
    }

    /// The conversation without what filters hide; the post that was named is shown whatever it says.
    fn in_order(&self, thread: &Thread, root: EntryId, named: EntryId) -> Result<Vec<Reply>, Failure> {
        let sieve = self.filters_only(FilterContext::Thread);
        let mut replies = Vec::new();
        let mut open = vec![(root, 0)];
        while let Some((id, depth)) = open.pop() {
            if let Some(view) =
                thread.held.get(&id).map(|stored| self.post_view(stored)).transpose()?.flatten()
            {
                let filtered = if id == named { Some(Vec::new()) } else { sieve.sift(&view) };
                replies.extend(filtered.map(|filtered| {
                    Reply::Post(Box::new(PostView { depth: Some(depth), filtered, ..view }))
                }));
            } else if let Some(missing) = thread.missing.get(&id) {
                let account = missing.account.to_string();
                replies.push(Reply::Missing(MissingView { missing: id.to_string(), account, depth }));
            }
            let mut answers = thread.children.get(&id).cloned().unwrap_or_default();
            answers.sort_unstable();
            open.extend(answers.into_iter().rev().map(|(_, answer)| (answer, depth + 1)));
        }
        Ok(replies)
    }
}

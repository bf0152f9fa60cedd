//! Timelines: what is shown on each, the newest first, a page at a time. A page begins below a post or repost that
//! was shown, so what arrives meanwhile moves nothing.

use std::collections::BTreeSet;

use majlis_protocol::body::{self, Body, Content, Post};
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId};

use super::api::{Feed, FilterContext, PostView, RefView, RepostView, TimelinePage, Visibility};
use super::follows::parse_account;
use super::posts::find;
use super::respond::HEART;
use super::sift::Sieve;
use super::view::{content, post, rfc3339};
use super::{Failure, Node, usage};
use crate::store::{Position, Relation, Stored, Subject, fold_tag};

/// Entries that are looked at together.
const STEP: usize = 64;

/// A post, and where it stands on a timeline.
type Placed = (Position, PostView);

/// Whether a post belongs on a timeline.
type Belongs = Box<dyn Fn(&PostView) -> bool + Send>;
/// Whether a post is shown on a timeline; which filters have found it is noted in it.
pub(super) type Shows = Box<dyn Fn(&mut PostView) -> bool + Send>;

/// What is known of a timeline while a page of it is put together, or while it grows.
pub(super) struct Page<'a> {
    node: &'a Node,
    sieve: Sieve,
    hide_ai: bool,
    /// On the home timeline: whom the owner follows, and the owner. Answers to others are left out there.
    home: Option<BTreeSet<AccountId>>,
    shown: BTreeSet<EntryId>,
    /// Leave out this post and what stands below it.
    after: Option<Position>,
    /// Leave out what strangers say to the owner.
    only_known: bool,
}

impl Page<'_> {
    /// Whether what stands at a place is left out as it was read before.
    fn was_read(&self, position: Position) -> bool {
        self.after.is_some_and(|after| position <= after)
    }

    /// A post or repost that has come just now as it is shown, if it is.
    pub(super) fn newest(&mut self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        self.shown.clear();
        self.view(stored)
    }

    /// A post or repost as it is shown, if it is.
    fn view(&mut self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        match stored.entry.header.kind {
            Kind::POST => self.post(stored),
            Kind::REPOST => self.repost(stored),
            _ => Ok(None),
        }
    }

    fn post(&mut self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        let Some(said) = post(&stored.entry) else { return Ok(None) };
        let account = &stored.entry.header.account;
        let elsewhere = |home: &BTreeSet<AccountId>| {
            said.reply_to.is_some_and(|parent| parent.account != *account && !home.contains(&parent.account))
        };
        if self.home.as_ref().is_some_and(elsewhere) {
            return Ok(None);
        }
        self.shown_post(stored, &said)
    }

    fn shown_post(&mut self, stored: &Stored, said: &Post) -> Result<Option<PostView>, Failure> {
        let (account, id) = (&stored.entry.header.account, &stored.entry.id);
        if self.only_known && self.node.waits(account, said)? {
            return Ok(None);
        }
        // Most of what is hidden is hidden for its author; nothing else of it has to be read then.
        if self.sieve.hides_account(account) {
            return Ok(None);
        }
        let Some(mut view) = self.node.post_view(stored)? else { return Ok(None) };
        if self.hide_ai && is_ai_made(&view) {
            return Ok(None);
        }
        let Some(filtered) = self.sieve.sift(&view).filter(|_| self.shown.insert(*id)) else {
            return Ok(None);
        };
        view.filtered = filtered;
        Ok(Some(view))
    }

    fn repost(&mut self, stored: &Stored) -> Result<Option<PostView>, Failure> {
        if self.sieve.hides_account(&stored.entry.header.account) {
            return Ok(None);
        }
        let Some((target, repost)) = self.node.reposted(stored)? else { return Ok(None) };
        let Some(said) = post(&target.entry) else { return Ok(None) };
        let Some(view) = self.shown_post(&target, &said)? else { return Ok(None) };
        Ok(Some(PostView { repost: Some(repost), ..view }))
    }
}

/// What a timeline is made of.
pub(super) fn kinds(feed: &Feed) -> &'static [Kind] {
    match feed {
        Feed::Home | Feed::Account(_) | Feed::List(_) => &[Kind::POST, Kind::REPOST],
        _ => &[Kind::POST],
    }
}

fn is_ai_made(view: &PostView) -> bool {
    view.source_type.as_deref().is_some_and(usage::is_ai_made)
}

impl Node {
    /// What a repost that is in force shows, where that is held and was not taken back.
    pub(super) fn reposted(&self, stored: &Stored) -> Result<Option<(Stored, RepostView)>, Failure> {
        let (header, id) = (&stored.entry.header, stored.entry.id);
        let body = stored.entry.body().map(|body| Body::decode(Kind::REPOST, body));
        let Some(Ok(Some(Body::Repost(repost)))) = body else { return Ok(None) };
        let in_force = self.store.reposts(&repost.target.id)?;
        if !repost.on || !in_force.iter().any(|known| known.id == id) {
            return Ok(None);
        }
        let Some(target) = self.store.effective_entry(&repost.target.id)? else { return Ok(None) };
        let repost = RepostView {
            id: id.to_string(),
            account: header.account.to_string(),
            name: self.profile_of(&header.account)?.name,
            created_at: rfc3339(stored.display_ms),
        };
        Ok(Some((target, repost)))
    }

    /// What the owner does not want to see on a timeline. Who asks for someone's posts by name, or for bookmarks,
    /// wants to see them.
    fn sieve_of(&self, feed: &Feed) -> Sieve {
        match feed {
            Feed::Home | Feed::List(_) => self.sieve(FilterContext::Home),
            Feed::Mentions => self.sieve(FilterContext::Notifications),
            Feed::Tag(_) | Feed::All => self.sieve(FilterContext::Public),
            Feed::Account(_) => self.filters_only(FilterContext::Account),
            Feed::Bookmarks | Feed::Favourites | Feed::Pinned => Sieve::default(),
        }
    }

    /// What a post says now, in its latest edit.
    pub(super) fn content_in_force(&self, stored: &Stored, said: &Post) -> Result<Content, Failure> {
        let edit = self.store.edits(&stored.entry.header.account, &stored.entry.id)?.pop();
        Ok(edit.and_then(|edit| content(&edit.entry)).unwrap_or_else(|| said.content.clone()))
    }

    /// A timeline of which nothing is on the page yet.
    pub(super) fn page(&self, feed: &Feed) -> Page<'_> {
        Page {
            node: self,
            sieve: self.sieve_of(feed),
            hide_ai: false,
            home: matches!(feed, Feed::Home).then(|| self.at_home()),
            shown: BTreeSet::new(),
            after: None,
            only_known: match feed {
                Feed::All | Feed::Tag(_) | Feed::Mentions => true,
                // By tags that the owner follows what strangers say may come there.
                Feed::Home => !self.followed_tags().is_empty(),
                _ => false,
            },
        }
    }

    /// Whom the owner follows, and the owner.
    fn at_home(&self) -> BTreeSet<AccountId> {
        self.at_heart().into_iter().map(|(account, _)| account).collect()
    }

    /// Of whom a timeline shows what they post and repost; none: of all.
    pub(super) fn authors(&self, feed: &Feed) -> Result<Option<BTreeSet<AccountId>>, Failure> {
        Ok(match feed {
            Feed::Home => Some(self.at_home()),
            Feed::Account(account) => Some(BTreeSet::from([parse_account(account)?])),
            Feed::List(name) => Some(self.list_members(name)?.into_iter().collect()),
            Feed::All | Feed::Tag(_) | Feed::Mentions | Feed::Bookmarks | Feed::Favourites | Feed::Pinned => {
                None
            }
        })
    }

    /// A page of a timeline.
    pub(super) fn timeline(&self, page: &TimelinePage) -> Result<Vec<PostView>, Failure> {
        let named = page.before.as_deref().map(|target| self.position(target)).transpose()?;
        let before = named.or(page.before_ms.map(|time| (time, EntryId::ZERO)));
        let mut work = self.page(&page.feed);
        work.hide_ai = page.hide_ai;
        if page.unread {
            work.after = self.feed_read(&page.feed)?;
        }
        let placed = match &page.feed {
            Feed::Home | Feed::All | Feed::Account(_) | Feed::List(_) => {
                let accounts = self.authors(&page.feed)?.map(|accounts| accounts.into_iter().collect());
                let accounts: Option<Vec<_>> = accounts;
                let kinds = kinds(&page.feed);
                let mut placed = self.of_logs(&mut work, accounts.as_deref(), kinds, before, page.limit)?;
                if matches!(page.feed, Feed::Home) {
                    // What is further down than all that fits cannot be on the page.
                    for tag in self.followed_tags() {
                        placed.extend(self.of_tag(&mut work, &tag, before, page.limit)?);
                    }
                    placed.sort_by(|(one, _), (other, _)| other.cmp(one));
                    placed.truncate(page.limit);
                }
                placed
            }
            Feed::Tag(tag) => self.of_tag(&mut work, tag, before, page.limit)?,
            Feed::Mentions => {
                let me = self.keys.account;
                let subject = Subject::Account(me);
                self.of_references(
                    &mut work,
                    (&subject, Relation::Mention),
                    before,
                    page.limit,
                    |author, post, content| {
                        let answers = post.reply_to.is_some_and(|parent| parent.account == me);
                        *author != me && (answers || content.mentions.contains(&me))
                    },
                )?
            }
            Feed::Bookmarks => return self.of_marks(&mut work, page, &self.bookmarks()),
            Feed::Pinned => return self.of_marks(&mut work, page, &self.pins()),
            Feed::Favourites => return self.of_marks(&mut work, page, &self.favourites()?),
        };
        Ok(placed.into_iter().map(|(_, view)| view).collect())
    }

    /// Listed posts with a tag.
    fn of_tag(
        &self,
        work: &mut Page<'_>,
        tag: &str,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Placed>, Failure> {
        let folded = fold_tag(tag);
        let has_tag = |content: &Content| content.tags.iter().any(|own| fold_tag(own) == folded);
        let subject = Subject::Tag(tag.to_owned());
        self.of_references(work, (&subject, Relation::Tag), before, limit, |_, post, content| {
            post.visibility == body::Visibility::Public && has_tag(content)
        })
    }

    /// Which of the posts that come from now on belong on a timeline.
    pub(super) fn live(&self, page: &TimelinePage) -> Result<Shows, Failure> {
        let me = self.keys.account.to_string();
        let names =
            |accounts: Vec<AccountId>| accounts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let belongs: Belongs = match &page.feed {
            Feed::Home => {
                let home = names(self.at_home().into_iter().collect());
                let tags = self.followed_tags();
                Box::new(move |view| {
                    let answers =
                        |parent: &RefView| parent.account == view.account || home.contains(&parent.account);
                    let is_tagged = view.visibility == Visibility::Public
                        && view.tags.iter().any(|own| tags.contains(&fold_tag(own)));
                    (home.contains(&view.account) || is_tagged) && view.reply_to.as_ref().is_none_or(answers)
                })
            }
            Feed::All => Box::new(|_| true),
            Feed::Account(account) => {
                let account = parse_account(account)?.to_string();
                Box::new(move |view| view.account == account)
            }
            Feed::List(name) => {
                let members = names(self.list_members(name)?);
                Box::new(move |view| members.contains(&view.account))
            }
            Feed::Tag(tag) => {
                let tag = fold_tag(tag);
                Box::new(move |view| {
                    view.visibility == Visibility::Public && view.tags.iter().any(|own| fold_tag(own) == tag)
                })
            }
            Feed::Mentions => Box::new(move |view| {
                let answers = view.reply_to.as_ref().is_some_and(|parent| parent.account == me);
                view.account != me && (answers || view.mentions.contains(&me))
            }),
            Feed::Bookmarks | Feed::Favourites | Feed::Pinned => {
                return Err(Failure::usage(
                    "bookmarks do not come by themselves",
                    "Leave --watch out, or watch another timeline.",
                ));
            }
        };
        let (sieve, hide_ai) = (self.sieve_of(&page.feed), page.hide_ai);
        Ok(Box::new(move |view| {
            if !belongs(view) || (hide_ai && is_ai_made(view)) {
                return false;
            }
            let filtered = sieve.sift(view);
            let is_shown = filtered.is_some();
            view.filtered = filtered.unwrap_or_default();
            is_shown
        }))
    }

    /// Where a post or repost stands that was shown.
    pub(super) fn position(&self, target: &str) -> Result<Position, Failure> {
        let id = find(target)?;
        let stored = self.store.entry(&id)?.ok_or_else(|| {
            Failure::missing(format!("{id} is not held here"), "Begin again at the top, without --before.")
        })?;
        Ok((stored.display_ms, id))
    }

    fn of_logs(
        &self,
        work: &mut Page<'_>,
        accounts: Option<&[AccountId]>,
        kinds: &[Kind],
        mut before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Placed>, Failure> {
        let mut views = Vec::new();
        while views.len() < limit {
            let step = (limit - views.len()).max(STEP);
            let found = self.store.timeline(accounts, kinds, before, step)?;
            let Some(last) = found.last() else { break };
            before = Some((last.display_ms, last.entry.id));
            for stored in &found {
                let position = (stored.display_ms, stored.entry.id);
                if work.was_read(position) {
                    return Ok(views);
                }
                views.extend(work.view(stored)?.map(|view| (position, view)));
                if views.len() == limit {
                    break;
                }
            }
            if found.len() < step {
                break;
            }
        }
        Ok(views)
    }

    /// Posts that point at something now, by display time. An edit can make an older post point there: it stands by
    /// its own time in the rows, which is at or after the post's, so a post is given once no row above it is left.
    fn of_references(
        &self,
        work: &mut Page<'_>,
        (subject, relation): (&Subject, Relation),
        before: Option<Position>,
        limit: usize,
        points: impl Fn(&AccountId, &Post, &Content) -> bool,
    ) -> Result<Vec<Placed>, Failure> {
        let (mut found, mut views, mut row) = (BTreeSet::new(), Vec::new(), None);
        loop {
            let rows = self.store.newest_about(subject, relation, row, STEP)?;
            for stored in &rows {
                let position = self.pointing(&stored.entry, &points)?;
                let is_below = |position: &Position| before.is_none_or(|before| *position < before);
                found.extend(position.filter(|at| is_below(at) && !work.was_read(*at)));
            }
            row = rows.last().map(|last| (last.entry.header.timestamp, last.entry.id));
            let is_end = rows.len() < STEP || row.is_some_and(|row| work.was_read(row));
            while let Some(position) = found.last().copied()
                && (is_end || row.is_some_and(|row| position >= row))
            {
                if views.len() == limit {
                    return Ok(views);
                }
                found.remove(&position);
                if let Some(stored) = self.store.entry(&position.1)? {
                    views.extend(work.view(&stored)?.map(|view| (position, view)));
                }
            }
            if is_end {
                return Ok(views);
            }
        }
    }

    /// The post that a post or edit is of, if it points there now.
    fn pointing(
        &self,
        entry: &Entry,
        points: impl Fn(&AccountId, &Post, &Content) -> bool,
    ) -> Result<Option<Position>, Failure> {
        let id = match entry.body().map(|body| Body::decode(entry.header.kind, body)) {
            Some(Ok(Some(Body::Post(_)))) => entry.id,
            Some(Ok(Some(Body::Edit(edit)))) => edit.target,
            _ => return Ok(None),
        };
        let Some(stored) = self.store.effective_entry(&id)? else { return Ok(None) };
        let header = &stored.entry.header;
        let Some(said) = post(&stored.entry) else { return Ok(None) };
        if header.account != entry.header.account || header.log_id.class() != LogId::PUBLIC {
            return Ok(None);
        }
        let content = self.content_in_force(&stored, &said)?;
        Ok(points(&header.account, &said, &content).then_some((stored.display_ms, id)))
    }

    /// Posts with a bookmark, the latest bookmark first. A page begins below a post with one.
    /// The posts on which the owner has put a heart that is still there, the last one first.
    fn favourites(&self) -> Result<Vec<EntryId>, Failure> {
        let me = self.keys.account;
        let mut found = Vec::new();
        for stored in self.store.timeline(Some(&[me]), &[Kind::REACTION], None, usize::MAX)? {
            let Some(Ok(Some(Body::Reaction(reaction)))) =
                stored.entry.body().map(|body| Body::decode(Kind::REACTION, body))
            else {
                continue;
            };
            let target = reaction.target.id;
            if reaction.on
                && reaction.emoji == HEART
                && self.store.reactions(&target)?.iter().any(|known| known.id == stored.entry.id)
            {
                found.push(target);
            }
        }
        Ok(found)
    }

    /// A page of posts that the owner has marked, in the order of the marks.
    fn of_marks(
        &self,
        work: &mut Page<'_>,
        page: &TimelinePage,
        marked: &[EntryId],
    ) -> Result<Vec<PostView>, Failure> {
        let last = page.before.as_deref().map(find).transpose()?;
        let from = match last {
            Some(last) => marked.iter().position(|id| *id == last).map_or(marked.len(), |at| at + 1),
            None => 0,
        };
        let mut views = Vec::new();
        for id in marked.iter().skip(from) {
            if views.len() == page.limit {
                break;
            }
            if let Some(stored) = self.store.effective_entry(id)? {
                views.extend(work.view(&stored)?);
            }
        }
        Ok(views)
    }
}

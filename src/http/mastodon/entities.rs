//! Accounts, statuses and what belongs to them, in the form that apps expect. Keys are never left out: what there is
//! nothing to say of is null. What the form has no word for stands under `majlis`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::credentials::Defaults;
use super::desk::Desk;
use super::html::{Addressed, Part, html, parts, tag_url};
use super::page::posts as posts_of;
use super::statuses::COVERED;
use crate::http::App;
use crate::http::error::Answer;
use crate::node::api::{
    AccountCard, AttachmentView, FilterMatch, FilterView, NotificationKind, NotificationView, PollView,
    PostView, ProfileView, RefView, Reply, Request, Visibility,
};
use crate::node::{Named, fold_tag};

/// What is needed to show some posts: numbers, and the accounts that stand beside them.
pub struct Shown {
    base: String,
    desk: Arc<Desk>,
    owner: String,
    numbers: HashMap<Named, u64>,
    cards: HashMap<String, AccountCard>,
    /// What those are shown as who are only named.
    names: HashMap<String, String>,
    /// The owner's, where some of them have found a post.
    filters: Vec<FilterView>,
    /// Posts that are quoted, those that are held.
    quoted: HashMap<String, PostView>,
}

fn entry(id: &str) -> Named {
    Named::Entry(id.to_owned())
}

fn account(key: &str) -> Named {
    Named::Account(key.to_owned())
}

/// A key as people write it behind an `@`.
pub fn bare(key: &str) -> &str {
    key.strip_prefix("did:key:").unwrap_or(key)
}

/// A number as apps know it; 0 is none.
fn as_id(number: u64) -> Value {
    if number > 0 { number.to_string().into() } else { Value::Null }
}

/// The names of accounts, empty while unknown, and their numbers as apps know them.
pub async fn named(app: &App, keys: &[String]) -> Answer<HashMap<String, (String, Value)>> {
    let numbers = app.numbers(keys.iter().map(|key| account(key)).collect()).await?;
    let numbers = numbers.into_iter().map(as_id);
    let names = app.node.shown_names(keys.to_vec()).await?;
    Ok(keys.iter().cloned().zip(names.into_iter().zip(numbers)).collect())
}

/// The posts that are quoted by some, those that are held.
async fn quoted(app: &App, posts: &[&PostView]) -> HashMap<String, PostView> {
    let mut held = HashMap::new();
    for quote in posts.iter().filter_map(|post| post.quote.as_ref()) {
        if !held.contains_key(&quote.id) {
            let found = app.ask(Request::Show { id: quote.id.clone() }).await.map(posts_of);
            held.extend(found.ok().and_then(|mut found| found.pop()).map(|post| (post.id.clone(), post)));
        }
    }
    held
}

impl Shown {
    /// Gathers what these posts and accounts need.
    pub async fn of(app: &App, posts: &[&PostView], accounts: &[String]) -> Answer<Self> {
        let mut names: HashSet<Named> = accounts.iter().map(|key| account(key)).collect();
        let mut keys: HashSet<String> = accounts.iter().cloned().collect();
        let mut only_named: HashSet<String> = HashSet::new();
        let quoted = quoted(app, posts).await;
        for post in posts.iter().copied().chain(quoted.values()) {
            names.insert(entry(&post.id));
            names.insert(account(&post.account));
            keys.insert(post.account.clone());
            only_named.extend(post.mentions.iter().cloned());
            only_named.extend(post.reply_to.iter().map(|target| target.account.clone()));
            for target in [&post.reply_to, &post.quote].into_iter().flatten() {
                names.extend([entry(&target.id), account(&target.account)]);
            }
            for mention in &post.mentions {
                names.insert(account(mention));
            }
            if let Some(repost) = &post.repost {
                names.extend([entry(&repost.id), account(&repost.account)]);
                keys.insert(repost.account.clone());
            }
        }
        let is_filtered = posts.iter().copied().chain(quoted.values()).any(|post| !post.filtered.is_empty());
        let filters = if is_filtered { super::filters::all(app).await? } else { Vec::new() };
        names.extend(filters.iter().flat_map(|filter| &filter.posts).map(|post| entry(&post.post)));
        let named: Vec<Named> = names.into_iter().collect();
        let numbers = app.numbers(named.clone()).await?;
        let only_named: Vec<String> = only_named.into_iter().collect();
        let names = app.node.shown_names(only_named.clone()).await?;
        let keys: Vec<String> = keys.into_iter().collect();
        let mut cards = HashMap::new();
        for (key, reply) in keys.iter().zip(app.ask(Request::Accounts { accounts: keys.clone() }).await?) {
            if let Reply::Account(card) = reply {
                cards.insert(key.clone(), *card);
            }
        }
        let (base, owner) = (app.base.to_string(), app.node.account().to_string());
        let desk = Arc::clone(&app.desk);
        Ok(Self {
            base,
            owner,
            desk,
            numbers: named.into_iter().zip(numbers).collect(),
            cards,
            names: only_named.into_iter().zip(names).collect(),
            filters,
            quoted,
        })
    }

    fn number(&self, named: &Named) -> Value {
        as_id(self.numbers.get(named).copied().unwrap_or(0))
    }

    fn account_url(&self, key: &str) -> String {
        format!("{}/@{}", self.base, bare(key))
    }

    fn post_uri(&self, id: &str) -> String {
        format!("{}/posts/{id}", self.base)
    }

    fn file_url(&self, cid: &str) -> String {
        format!("{}/media/{}/{cid}", self.base, self.desk.key_of(cid))
    }

    /// An account.
    pub fn account(&self, key: &str) -> Value {
        let Some(card) = self.cards.get(key) else { return Value::Null };
        let profile = &card.profile;
        let picture = |file: &Option<AttachmentView>, without: &str| {
            file.as_ref().map_or_else(|| format!("{}/{without}", self.base), |file| self.file_url(&file.cid))
        };
        let (avatar, header) =
            (picture(&profile.avatar, "static/avatar.png"), picture(&profile.header, "static/header.png"));
        let alt = |file: &Option<AttachmentView>| {
            file.as_ref().and_then(|file| file.alt.clone()).unwrap_or_default()
        };
        let fields: Vec<Value> = profile
            .fields
            .iter()
            .map(|field| json!({ "name": field.name, "value": html(&field.value, &self.base, &[], &[]), "verified_at": null }))
            .collect();
        let own_fields: Vec<Value> = profile
            .fields
            .iter()
            .map(|field| json!({ "name": field.name, "value": field.value, "parts": self.parts(&field.value, &[], &[]) }))
            .collect();
        let own = json!({
            "account": key, "own": key == self.owner, "petname": profile.petname, "usage": profile.usage,
            "bio": profile.bio, "bio_parts": self.parts(&profile.bio, &[], &[]), "fields": own_fields,
        });
        json!({
            "id": self.number(&account(key)),
            "username": bare(key), "acct": bare(key), "display_name": shown_name(profile),
            "note": html(&profile.bio, &self.base, &[], &[]), "url": self.account_url(key), "uri": key,
            "avatar_description": alt(&profile.avatar), "header_description": alt(&profile.header),
            "avatar": avatar, "avatar_static": avatar, "header": header, "header_static": header,
            "locked": false, "bot": profile.bot, "group": false, "discoverable": true, "indexable": false,
            "created_at": card.created_at, "last_status_at": card.last_post_at.as_deref().and_then(|at| at.get(..10)),
            "statuses_count": card.posts, "followers_count": card.followers, "following_count": card.following,
            "emojis": [], "roles": [], "fields": fields, "moved": null, "suspended": false, "limited": false,
            "noindex": true, "hide_collections": false, "memorial": false,
            "majlis": own,
        })
    }

    /// What a text is made of.
    fn parts(&self, text: &str, tags: &[String], addressed: &[Addressed]) -> Vec<Value> {
        let shown = |part: Part<'_>| match part {
            Part::Text(text) => text.into(),
            Part::Link(link) => json!({ "link": link }),
            Part::Tag(tag, text) => json!({ "tag": fold_tag(tag), "text": text }),
            Part::Mention(who, text) => {
                let key = format!("did:key:{}", who.key);
                let (id, name) = (self.number(&account(&key)), self.names.get(&key));
                json!({ "mention": who.key, "id": id, "name": name.map_or("", String::as_str), "text": text })
            }
        };
        parts(text, tags, addressed).into_iter().map(shown).collect()
    }

    /// The owner's own account, with what can be changed of it.
    pub fn credentials(&self, defaults: &Defaults) -> Value {
        let mut shown = self.account(&self.owner);
        if let Some(card) = self.cards.get(&self.owner) {
            let fields: Vec<_> = card
                .profile
                .fields
                .iter()
                .map(|field| json!({ "name": field.name, "value": field.value, "verified_at": null }))
                .collect();
            shown["source"] = json!({
                "privacy": defaults.privacy, "sensitive": defaults.sensitive, "language": defaults.language, "note": card.profile.bio, "fields": fields,
                "follow_requests_count": 0, "discoverable": true, "indexable": false, "hide_collections": false,
            });
            shown["role"] =
                json!({ "id": "-99", "name": "", "color": "", "permissions": "0", "highlighted": false });
        }
        shown
    }

    /// How the owner stands to an account.
    pub fn relationship(&self, key: &str) -> Value {
        let Some(card) = self.cards.get(key) else { return Value::Null };
        let relation = card.relation;
        json!({
            "id": self.number(&account(key)),
            "following": relation.following, "showing_reblogs": relation.following, "notifying": false, "languages": null,
            "followed_by": relation.followed_by, "blocking": relation.blocking, "blocked_by": false,
            "muting": relation.muting, "muting_notifications": relation.muting, "requested": false, "requested_by": false,
            "domain_blocking": false, "endorsed": relation.endorsed, "note": card.profile.petname.clone().unwrap_or_default(),
            "majlis": { "account": key, "private": relation.private },
        })
    }

    /// The post that a post quotes. What that one quotes is only named.
    fn quote(&self, post: &PostView, is_inner: bool) -> Value {
        let Some(quote) = &post.quote else { return Value::Null };
        let held = self.quoted.get(&quote.id);
        let state = match held {
            Some(held) if held.deleted => "deleted",
            Some(_) => "accepted",
            // It may come yet.
            None => "pending",
        };
        let held = held.filter(|held| !held.deleted);
        if is_inner {
            return json!({ "state": state, "quoted_status_id": held.map(|held| self.number(&entry(&held.id))) });
        }
        json!({ "state": state, "quoted_status": held.map(|held| self.post(held, true)) })
    }

    /// A post; where someone shows it to their followers, as theirs with the post in it.
    pub fn status(&self, post: &PostView) -> Value {
        let inner = self.post(post, false);
        let Some(repost) = &post.repost else { return inner };
        let mut outer = inner.clone();
        outer["id"] = self.number(&entry(&repost.id));
        outer["created_at"] = repost.created_at.clone().into();
        outer["account"] = self.account(&repost.account);
        outer["uri"] = self.post_uri(&repost.id).into();
        outer["content"] = "".into();
        outer["majlis"]["id"] = repost.id.clone().into();
        outer["majlis"]["text"] = "".into();
        outer["majlis"]["parts"] = json!([]);
        outer["reblog"] = inner;
        outer
    }

    fn post(&self, post: &PostView, is_quoted: bool) -> Value {
        let addressed: Vec<Addressed> = post
            .mentions
            .iter()
            .map(|key| Addressed { key: bare(key).to_owned(), url: self.account_url(key) })
            .collect();
        let number = self.numbers.get(&entry(&post.id)).copied().unwrap_or(0);
        let url = format!("{}/{number}", self.account_url(&post.account));
        let of = |target: &Option<RefView>, named: fn(&str) -> Named, part: fn(&RefView) -> &str| {
            target.as_ref().map_or(Value::Null, |target| self.number(&named(part(target))))
        };
        let heart = post.reactions.get("♥").copied().unwrap_or(0);
        let mentions: Vec<Value> = post
            .mentions
            .iter()
            .map(|key| json!({ "id": self.number(&account(key)), "username": bare(key), "acct": bare(key), "url": self.account_url(key) }))
            .collect();
        let tags: Vec<Value> =
            post.tags.iter().map(|tag| json!({ "name": tag, "url": tag_url(&self.base, tag) })).collect();
        let filtered: Vec<Value> =
            post.filtered.iter().filter_map(|found| self.filter_result(post, found)).collect();
        let own = json!({
            "id": post.id, "account": post.account, "reactions": post.reactions, "my_reactions": post.my_reactions,
            "usage": post.usage, "source_type": post.source_type, "held_by": post.held_by,
            "quote": post.quote, "missing_replies": post.missing_replies,
            "text": post.text, "parts": self.parts(&post.text, &post.tags, &addressed),
            "reply_to": post.reply_to.as_ref().map(|target| json!({
                "id": target.id, "account": target.account,
                "name": self.names.get(&target.account).map_or("", String::as_str),
            })),
        });
        json!({
            "id": self.number(&entry(&post.id)), "created_at": post.created_at, "edited_at": post.edited_at,
            "in_reply_to_id": of(&post.reply_to, entry, |target| &target.id),
            "in_reply_to_account_id": of(&post.reply_to, account, |target| &target.account),
            "sensitive": post.content_warning.is_some(),
            "spoiler_text": post.content_warning.as_deref().filter(|warning| *warning != COVERED).unwrap_or_default(),
            "visibility": if post.visibility == Visibility::Public { "public" } else { "unlisted" },
            "language": post.lang, "uri": self.post_uri(&post.id), "url": url,
            "replies_count": post.replies, "reblogs_count": post.reposts, "favourites_count": heart, "quotes_count": 0,
            "favourited": post.my_reactions.iter().any(|emoji| emoji == "♥"), "reblogged": post.reposted,
            "muted": false, "bookmarked": post.bookmarked, "pinned": post.pinned,
            "content": html(&post.text, &self.base, &post.tags, &addressed),
            "reblog": null, "application": null, "account": self.account(&post.account),
            "media_attachments": post.attachments.iter().map(|file| self.media(file)).collect::<Vec<_>>(),
            "mentions": mentions, "tags": tags, "emojis": [], "card": null, "filtered": filtered,
            "poll": post.poll.as_ref().map(|poll| self.poll(&post.id, poll)),
            "quote": self.quote(post, is_quoted),
            // Whoever can read a post can quote it.
            "quote_approval": { "automatic": ["public"], "manual": [], "current_user": "automatic" },
            "majlis": own,
        })
    }

    /// What a filter has found. One that was removed meanwhile finds nothing.
    fn filter_result(&self, post: &PostView, found: &FilterMatch) -> Option<Value> {
        let filter = self.filters.iter().find(|filter| filter.id == found.filter)?;
        let phrases = (!found.phrases.is_empty()).then_some(&found.phrases);
        Some(json!({
            "filter": super::filters::shown(filter, &self.numbers),
            "keyword_matches": phrases,
            "status_matches": found.post.then(|| vec![self.number(&entry(&post.id))]),
        }))
    }

    /// A file.
    pub fn media(&self, file: &AttachmentView) -> Value {
        let url = self.file_url(&file.cid);
        let preview = file.preview.as_ref().map_or_else(|| url.clone(), |small| self.file_url(&small.cid));
        let size = |width: Option<u32>, height: Option<u32>| match (width, height) {
            (Some(width), Some(height)) if height > 0 => json!({
                "width": width, "height": height, "size": format!("{width}x{height}"),
                "aspect": f64::from(width) / f64::from(height),
            }),
            _ => json!({}),
        };
        let small = file.preview.as_ref().map_or_else(
            || size(file.width, file.height),
            |small| size(Some(small.width), Some(small.height)),
        );
        let mut original = size(file.width, file.height);
        if let Some(duration) = file.duration_ms {
            original["duration"] = (duration as f64 / 1000.0).into();
        }
        let focus = file.focus.map_or(Value::Null, |[x, y]| json!({ "x": x, "y": y }));
        json!({
            "id": file.cid, "type": kind(&file.media_type), "url": url, "preview_url": preview, "remote_url": null,
            "preview_remote_url": null, "text_url": null, "description": file.alt, "blurhash": file.blurhash,
            "meta": { "original": original, "small": small, "focus": focus },
            "majlis": { "cid": file.cid, "media_type": file.media_type, "size": file.size, "held": file.held, "name": file.name, "source_type": file.source_type },
        })
    }

    /// A poll.
    pub fn poll(&self, post: &str, poll: &PollView) -> Value {
        let options: Vec<Value> = poll
            .options
            .iter()
            .map(|option| json!({ "title": option.text, "votes_count": option.votes }))
            .collect();
        let votes: u64 = poll.options.iter().map(|option| option.votes).sum();
        json!({
            "id": self.number(&entry(post)), "expires_at": poll.closes_at, "expired": poll.closed,
            "multiple": poll.multiple, "votes_count": votes, "voters_count": poll.voters, "options": options,
            "emojis": [], "voted": !poll.mine.is_empty(),
            "own_votes": poll.mine.iter().map(|choice| choice.saturating_sub(1)).collect::<Vec<_>>(),
        })
    }

    /// Something that concerns the owner.
    pub fn notification(&self, view: &NotificationView, id: &str) -> Value {
        let kind = type_of(view.kind);
        let about = view.post.as_ref().and_then(|post| self.numbers.get(&entry(&post.id)));
        let group = match about {
            Some(number) if ["favourite", "reblog"].contains(&kind) => format!("{kind}-{number}"),
            _ => format!("ungrouped-{id}"),
        };
        json!({
            "id": id, "type": kind, "created_at": view.created_at, "group_key": group,
            "account": self.account(&view.account),
            "status": view.post.as_ref().map(|post| self.status(post)),
            "majlis": { "id": view.id, "kind": view.kind.name(), "emoji": view.emoji, "unread": view.unread },
        })
    }
}

fn shown_name(profile: &ProfileView) -> &str {
    profile.petname.as_deref().unwrap_or(&profile.name)
}

/// How a file is shown.
fn kind(media_type: &str) -> &'static str {
    match media_type.split('/').next() {
        Some("image") if media_type == "image/gif" => "gifv",
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "unknown",
    }
}

/// What apps call a kind of notification.
pub fn type_of(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Mention | NotificationKind::Reply | NotificationKind::Request => "mention",
        NotificationKind::Reaction => "favourite",
        NotificationKind::Repost => "reblog",
        NotificationKind::Quote => "quote",
        NotificationKind::Follow => "follow",
        NotificationKind::Poll => "poll",
    }
}

//! People: who they are, what they have said, and how the owner stands to them.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entities::{Shown, bare};
use super::page::{self, Paging};
use super::timelines::{Statuses, statuses};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::api::{Feed, Muted, People, PostView, Reply, Request};
use crate::node::{Named, fold_tag};

/// The account that has a number.
pub async fn key(app: &App, number: u64) -> Answer<String> {
    match app.by_number(number).await? {
        Some(Named::Account(key)) => Ok(key),
        _ => Err(ApiError::not_found()),
    }
}

async fn shown(app: &App, keys: &[String]) -> Answer<Shown> {
    Shown::of(app, &[], keys).await
}

/// Accounts as a list.
pub async fn all(app: &App, keys: &[String]) -> Answer<Json<Vec<Value>>> {
    let shown = shown(app, keys).await?;
    Ok(Json(keys.iter().map(|key| shown.account(key)).collect()))
}

/// An account.
pub async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let key = key(&app, id).await?;
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.account(&key)))
}

/// Which of an account's posts.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub struct Posts {
    #[serde(flatten)]
    paging: Paging,
    #[serde(default, deserialize_with = "lenient::flag")]
    pinned: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    exclude_replies: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    exclude_reblogs: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    only_media: bool,
    #[serde(default)]
    tagged: Option<String>,
}

/// What an account has posted.
pub async fn posts(app: App, Path(id): Path<u64>, Input(asked): Input<Posts>) -> Answer<Statuses> {
    let key = key(&app, id).await?;
    let tagged = asked.tagged.filter(|tag| !tag.is_empty());
    let mut path = format!(
        "/api/v1/accounts/{id}/statuses?pinned={}&exclude_replies={}&exclude_reblogs={}&only_media={}&",
        asked.pinned, asked.exclude_replies, asked.exclude_reblogs, asked.only_media
    );
    if let Some(tag) = &tagged {
        path = format!("{path}tagged={}&", page::encoded(tag));
    }
    let tagged = tagged.as_deref().map(fold_tag);
    if asked.pinned {
        // What others have on top of their pages is not told.
        let is_own = key == app.node.account().to_string();
        return if is_own {
            statuses(&app, Feed::Pinned, &asked.paging, &path).await
        } else {
            Ok((HeaderMap::new(), Json(Vec::new())))
        };
    }
    let fits = |post: &PostView| {
        (!asked.exclude_replies || post.reply_to.is_none())
            && (!asked.exclude_reblogs || post.repost.is_none())
            && (!asked.only_media || !post.attachments.is_empty())
            && tagged.as_ref().is_none_or(|tag| post.tags.iter().any(|own| fold_tag(own) == *tag))
    };
    let (posts, ends) = page::fitting(&app, Feed::Account(key), &asked.paging, fits).await?;
    let views: Vec<_> = posts.iter().map(|(_, post)| post).collect();
    let shown = Shown::of(&app, &views, &[]).await?;
    Ok((page::links(&app, &path, ends), Json(views.iter().map(|post| shown.status(post)).collect())))
}

/// Whose relationships.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Whose {
    #[serde(deserialize_with = "lenient::list")]
    id: Vec<String>,
}

/// The keys of those who are known.
async fn known(app: &App, asked: &Whose) -> Vec<String> {
    let mut keys = Vec::new();
    for id in asked.id.iter().take(80).filter_map(|id| id.parse().ok()) {
        keys.extend(key(app, id).await.ok());
    }
    keys
}

/// How the owner stands to some accounts.
pub async fn relationships(app: App, Input(asked): Input<Whose>) -> Answer<Json<Vec<Value>>> {
    let keys = known(&app, &asked).await;
    let shown = shown(&app, &keys).await?;
    Ok(Json(keys.iter().map(|key| shown.relationship(key)).collect()))
}

async fn relate(app: &App, id: u64, request: impl FnOnce(String) -> Request) -> Answer<Json<Value>> {
    let key = key(app, id).await?;
    app.ask(request(key.clone())).await?;
    Ok(Json(shown(app, std::slice::from_ref(&key)).await?.relationship(&key)))
}

macro_rules! relations {
    ($($(#[$doc:meta])* $name:ident, |$key:ident| $request:expr;)*) => {$(
        $(#[$doc])*
        pub async fn $name(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
            relate(&app, id, |$key| $request).await
        }
    )*};
}

relations! {
    /// Shows someone on the owner's page.
    pin, |key| Request::Endorse { account: key, on: true };
    /// Shows them there no longer.
    unpin, |key| Request::Endorse { account: key, on: false };
    /// Keeps nothing of theirs, and shows nothing.
    block, |key| Request::Block { account: Some(key), on: true };
    /// Blocks them no longer.
    unblock, |key| Request::Block { account: Some(key), on: false };
    /// Shows nothing of theirs unasked, for good.
    unmute, |key| Request::Mute { muted: Some(Muted::Account(key)), until: None, on: false };
}

/// Follows someone, whom an invite that was looked up says where to find. What they show is shown, and nothing is told
/// of each post: the relationship says so, whatever an app asks for.
pub async fn follow(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let key = key(&app, id).await?;
    // Who is followed privately already stays so.
    let is_followed = people(&app, People::Following(app.node.account().to_string())).await?.contains(&key);
    if !is_followed {
        let target = app.desk.invite_or(key.clone());
        app.ask(Request::Follow { target, private: false }).await?;
    }
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.relationship(&key)))
}

/// Whether nobody is told of a follow.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Told {
    #[serde(deserialize_with = "lenient::flag")]
    private: bool,
}

/// Follows someone in public or in private, also who is followed already in the other way.
pub async fn follow_as(app: App, Path(id): Path<u64>, Input(told): Input<Told>) -> Answer<Json<Value>> {
    let key = key(&app, id).await?;
    let target = app.desk.invite_or(key.clone());
    app.ask(Request::Follow { target, private: told.private }).await?;
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.relationship(&key)))
}

/// Stops following; that someone is not followed is no error.
pub async fn unfollow(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let key = key(&app, id).await?;
    if people(&app, People::Following(app.node.account().to_string())).await?.contains(&key) {
        app.ask(Request::Unfollow { account: key.clone() }).await?;
    }
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.relationship(&key)))
}

/// For how long.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HowLong {
    #[serde(deserialize_with = "lenient::maybe")]
    duration: Option<i64>,
}

/// Shows nothing of someone's unasked, for a time or for good.
pub async fn mute(app: App, Path(id): Path<u64>, Input(asked): Input<HowLong>) -> Answer<Json<Value>> {
    let end = asked.duration.filter(|seconds| *seconds > 0).and_then(|seconds| {
        jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
    });
    let until = end.map(|end| end.to_string());
    relate(&app, id, |key| Request::Mute { muted: Some(Muted::Account(key)), until, on: true }).await
}

/// A note about someone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Note {
    comment: String,
}

/// The owner's own name for someone, which is what a note is here.
pub async fn note(app: App, Path(id): Path<u64>, Input(note): Input<Note>) -> Answer<Json<Value>> {
    relate(&app, id, |key| Request::Petname { account: key, name: note.comment }).await
}

/// The keys of people.
pub async fn people(app: &App, who: People) -> Answer<Vec<String>> {
    let key = |reply| match reply {
        Reply::Person(view) => Some(view.account),
        _ => None,
    };
    Ok(app.ask(Request::People { who }).await?.into_iter().filter_map(key).collect())
}

/// A page of accounts and the links beside it.
pub type Accounts = (HeaderMap, Json<Vec<Value>>);

/// Whom an account follows publicly; of the owner's whom they follow at all.
pub async fn following(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = people(&app, People::Following(key(&app, id).await?)).await?;
    page::people(&app, &paging, keys, &format!("/api/v1/accounts/{id}/following?")).await
}

/// Who follows an account publicly, as far as is known here.
pub async fn followers(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = people(&app, People::Followers(key(&app, id).await?)).await?;
    page::people(&app, &paging, keys, &format!("/api/v1/accounts/{id}/followers?")).await
}

/// Whom the owner shows on their own page.
pub async fn endorsements(app: App, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = people(&app, People::Endorsed).await?;
    page::people(&app, &paging, keys, "/api/v1/endorsements?").await
}

/// Whom an account shows on its page. Of others it is not told.
pub async fn endorsed_by(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    if key(&app, id).await? == app.node.account().to_string() {
        return endorsements(app, Input(paging)).await;
    }
    Ok((HeaderMap::new(), Json(Vec::new())))
}

/// Several accounts; those that nobody knows are left out.
pub async fn several(app: App, Input(asked): Input<Whose>) -> Answer<Json<Vec<Value>>> {
    all(&app, &known(&app, &asked).await).await
}

/// Who of those whom the owner follows follows some accounts too.
pub async fn familiar_followers(app: App, Input(asked): Input<Whose>) -> Answer<Json<Vec<Value>>> {
    let followed = people(&app, People::Following(app.node.account().to_string())).await?;
    let mut found = Vec::new();
    for key in known(&app, &asked).await {
        let mut followers = people(&app, People::Followers(key.clone())).await?;
        followers.retain(|follower| followed.contains(follower));
        let Json(accounts) = all(&app, &followers).await?;
        let id = app.numbers(vec![Named::Account(key)]).await?.pop().unwrap_or(0);
        found.push(json!({ "id": id.to_string(), "accounts": accounts }));
    }
    Ok(Json(found))
}

/// Who is looked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Who {
    acct: String,
    q: String,
    #[serde(deserialize_with = "lenient::maybe")]
    limit: Option<usize>,
    #[serde(deserialize_with = "lenient::maybe")]
    offset: Option<usize>,
    #[serde(deserialize_with = "lenient::flag")]
    following: bool,
}

/// A name as `@z6Mk…`, `did:key:z6Mk…` or an invite.
pub fn resolve(text: &str) -> Option<String> {
    let text = text.trim();
    let invite: Option<majlis_protocol::text::Invite> = text.parse().ok();
    let bare = text.trim_start_matches('@').split('@').next().unwrap_or_default();
    let key = invite.map(|invite| invite.account()).or_else(|| bare.parse().ok());
    key.map(|key: majlis_protocol::AccountId| key.to_string())
}

/// An account by its key, in which capital and small letters make no difference where it is known.
pub async fn lookup(app: App, Input(asked): Input<Who>) -> Answer<Json<Value>> {
    let key = if let Some(key) = resolve(&asked.acct) {
        key
    } else {
        let wanted = asked.acct.trim_start_matches('@').split('@').next().unwrap_or_default();
        let found = people(&app, People::Named { text: wanted.to_owned(), followed: false }).await?;
        let is_it = |key: &String| bare(key).eq_ignore_ascii_case(wanted);
        found.into_iter().find(is_it).ok_or_else(ApiError::not_found)?
    };
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.account(&key)))
}

/// Those whom the node knows whose key or name fits.
pub async fn search(app: App, Input(asked): Input<Who>) -> Answer<Json<Vec<Value>>> {
    let keys = matching(&app, &asked.q, asked.following).await?.into_iter();
    let (limit, offset) = (asked.limit.unwrap_or(40).min(80), asked.offset.unwrap_or(0));
    all(&app, &keys.skip(offset).take(limit).collect::<Vec<_>>()).await
}

/// The keys of those that fit. An invite is kept, so that whoever is followed then can be found.
pub async fn matching(app: &App, text: &str, followed: bool) -> Answer<Vec<String>> {
    if let Some(key) = resolve(text) {
        let invite: Option<majlis_protocol::text::Invite> = text.trim().parse().ok();
        if invite.is_some_and(|invite| !invite.peers().is_empty()) {
            app.desk.keep_invite(&key, text.trim());
        }
        return Ok(vec![key]);
    }
    let text = text.trim().trim_start_matches('@').split('@').next().unwrap_or_default();
    people(app, People::Named { text: text.to_owned(), followed }).await
}

/// Accounts that are blocked.
pub async fn blocks(app: App, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let key = |reply| match reply {
        Reply::Blocked(view) => Some(view.account),
        _ => None,
    };
    let replies = app.ask(Request::Block { account: None, on: true }).await?;
    let keys = replies.into_iter().filter_map(key).collect();
    page::people(&app, &paging, keys, "/api/v1/blocks?").await
}

/// Accounts that are muted.
pub async fn mutes(app: App, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let key = |reply| match reply {
        Reply::Muted(view) => match view.muted {
            Muted::Account(key) => Some(key),
            _ => None,
        },
        _ => None,
    };
    let replies = app.ask(Request::Mute { muted: None, until: None, on: true }).await?;
    let keys = replies.into_iter().filter_map(key).collect();
    page::people(&app, &paging, keys, "/api/v1/mutes?").await
}

//! People: who they are, what they have said, and how the owner stands to them.

use axum::Json;
use axum::extract::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entities::Shown;
use super::page::{self, Paging};
use super::statuses::names;
use super::timelines::{Statuses, statuses};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Files, Input, Upload, WithFiles, lenient};
use crate::node::Named;
use crate::node::api::{Feed, FieldView, Muted, NewAttachment, ProfileEdit, Reply, Request};

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

/// The owner.
pub async fn verify_credentials(app: App) -> Answer<Json<Value>> {
    Ok(Json(shown(&app, &[app.node.account().to_string()]).await?.credentials()))
}

/// What the owner changes of the profile.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Credentials {
    display_name: Option<String>,
    note: Option<String>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    bot: Option<bool>,
    #[serde(deserialize_with = "lenient::rows")]
    fields_attributes: Option<Vec<Field>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Field {
    name: String,
    value: String,
}

impl Files for Credentials {
    const FILES: &'static [&'static str] = &["avatar", "header"];
}

/// Changes the owner's profile.
pub async fn update_credentials(app: App, mut form: WithFiles<Credentials>) -> Answer<Json<Value>> {
    let (avatar, header) = (form.take("avatar"), form.take("header"));
    let picture = |upload: &Option<Upload>| {
        let file = upload.as_ref()?.path();
        Some(NewAttachment { file, ..NewAttachment::default() })
    };
    let new = form.said;
    let fields = new.fields_attributes.map(|fields| {
        let fields = fields.into_iter().filter(|field| !field.name.is_empty());
        fields.map(|field| FieldView { name: field.name, value: field.value }).collect()
    });
    let edit = ProfileEdit {
        name: new.display_name,
        bio: new.note,
        bot: new.bot,
        fields,
        avatar: picture(&avatar),
        header: picture(&header),
    };
    app.ask(Request::Profile { edit }).await?;
    Ok(Json(shown(&app, &[app.node.account().to_string()]).await?.credentials()))
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
}

/// What an account has posted.
pub async fn posts(app: App, Path(id): Path<u64>, Input(asked): Input<Posts>) -> Answer<Statuses> {
    let feed = Feed::Account(key(&app, id).await?);
    if !(asked.pinned || asked.exclude_replies || asked.exclude_reblogs || asked.only_media) {
        return statuses(&app, feed, &asked.paging, &format!("/api/v1/accounts/{id}/statuses?")).await;
    }
    let mut posts = page::timeline(&app, feed, &asked.paging).await?;
    let ends = posts.first().zip(posts.last()).map(|((first, _), (last, _))| (*first, *last));
    posts.retain(|(_, post)| {
        (!asked.pinned || post.pinned)
            && (!asked.exclude_replies || post.reply_to.is_none())
            && (!asked.exclude_reblogs || post.repost.is_none())
            && (!asked.only_media || !post.attachments.is_empty())
    });
    let views: Vec<_> = posts.iter().map(|(_, post)| post).collect();
    let shown = Shown::of(&app, &views, &[]).await?;
    let path = format!(
        "/api/v1/accounts/{id}/statuses?pinned={}&exclude_replies={}&exclude_reblogs={}&only_media={}&",
        asked.pinned, asked.exclude_replies, asked.exclude_reblogs, asked.only_media
    );
    Ok((page::links(&app, &path, ends), Json(views.iter().map(|post| shown.status(post)).collect())))
}

/// Whose relationships.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Whose {
    #[serde(deserialize_with = "lenient::list")]
    id: Vec<String>,
}

/// How the owner stands to some accounts.
pub async fn relationships(app: App, Input(asked): Input<Whose>) -> Answer<Json<Vec<Value>>> {
    let mut keys = Vec::new();
    for id in asked.id.iter().take(80).filter_map(|id| id.parse().ok()) {
        keys.extend(key(&app, id).await.ok());
    }
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
    /// Follows someone.
    follow, |key| Request::Follow { target: key, private: false };
    /// Keeps nothing of theirs, and shows nothing.
    block, |key| Request::Block { account: Some(key), on: true };
    /// Blocks them no longer.
    unblock, |key| Request::Block { account: Some(key), on: false };
    /// Shows nothing of theirs unasked, for good.
    unmute, |key| Request::Mute { muted: Some(Muted::Account(key)), until: None, on: false };
}

/// Stops following; that someone is not followed is no error.
pub async fn unfollow(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let key = key(&app, id).await?;
    let followed = app.ask(Request::Following).await?;
    if followed.iter().any(|reply| matches!(reply, Reply::Followed(view) if view.account == key)) {
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

/// Whom the owner follows; of others it is not told here.
pub async fn following(app: App, Path(id): Path<u64>) -> Answer<Json<Vec<Value>>> {
    if key(&app, id).await? != app.node.account().to_string() {
        return Ok(Json(Vec::new()));
    }
    all(&app, &followed(&app).await?).await
}

/// The keys of whom the owner follows.
async fn followed(app: &App) -> Answer<Vec<String>> {
    let key = |reply| match reply {
        Reply::Followed(view) => Some(view.account),
        _ => None,
    };
    Ok(app.ask(Request::Following).await?.into_iter().filter_map(key).collect())
}

/// Who is looked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Who {
    acct: String,
    q: String,
    #[serde(deserialize_with = "lenient::maybe")]
    limit: Option<usize>,
}

/// A name as `@z6Mk…`, `did:key:z6Mk…` or an invite.
pub fn resolve(text: &str) -> Option<String> {
    let text = text.trim();
    let invite: Option<majlis_protocol::text::Invite> = text.parse().ok();
    let bare = text.trim_start_matches('@').split('@').next().unwrap_or_default();
    let key = invite.map(|invite| invite.account()).or_else(|| bare.parse().ok());
    key.map(|key: majlis_protocol::AccountId| key.to_string())
}

/// An account by its key.
pub async fn lookup(app: App, Input(asked): Input<Who>) -> Answer<Json<Value>> {
    let key = resolve(&asked.acct).ok_or_else(ApiError::not_found)?;
    Ok(Json(shown(&app, std::slice::from_ref(&key)).await?.account(&key)))
}

/// Those of whom the owner knows whose key or name fits.
pub async fn search(app: App, Input(asked): Input<Who>) -> Answer<Json<Vec<Value>>> {
    let keys = matching(&app, &asked.q, asked.limit.unwrap_or(40).min(80)).await?;
    all(&app, &keys).await
}

/// The keys of those that fit.
pub async fn matching(app: &App, text: &str, limit: usize) -> Answer<Vec<String>> {
    if let Some(key) = resolve(text) {
        return Ok(vec![key]);
    }
    let wanted = text.trim().trim_start_matches('@').to_lowercase();
    let mut known = followed(app).await?;
    known.push(app.node.account().to_string());
    let shown = shown(app, &known).await?;
    let fits = |key: &String| {
        let account = shown.account(key);
        let name = account["display_name"].as_str().unwrap_or_default().to_lowercase();
        !wanted.is_empty() && (name.contains(&wanted) || names(key, &wanted))
    };
    Ok(known.iter().filter(|key| fits(key)).take(limit).cloned().collect())
}

/// Accounts that are blocked.
pub async fn blocks(app: App) -> Answer<Json<Vec<Value>>> {
    let key = |reply| match reply {
        Reply::Blocked(view) => Some(view.account),
        _ => None,
    };
    let replies = app.ask(Request::Block { account: None, on: true }).await?;
    all(&app, &replies.into_iter().filter_map(key).collect::<Vec<_>>()).await
}

/// Accounts that are muted.
pub async fn mutes(app: App) -> Answer<Json<Vec<Value>>> {
    let key = |reply| match reply {
        Reply::Muted(view) => match view.muted {
            Muted::Account(key) => Some(key),
            _ => None,
        },
        _ => None,
    };
    let replies = app.ask(Request::Mute { muted: None, until: None, on: true }).await?;
    all(&app, &replies.into_iter().filter_map(key).collect::<Vec<_>>()).await
}

/// What the owner's apps set by themselves.
pub async fn preferences() -> Answer<Json<Value>> {
    Ok(Json(json!({
        "posting:default:visibility": "public", "posting:default:sensitive": false, "posting:default:language": null,
        "reading:expand:media": "default", "reading:expand:spoilers": false, "reading:autoplay:gifs": false,
    })))
}

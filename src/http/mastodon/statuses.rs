//! Posts: made, shown, changed, taken back, and what people do with them.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{Accounts, people};
use super::desk::Made;
use super::entities::Shown;
use super::media;
use super::page::{self, Paging};
use super::scheduled;
use crate::http::App;
use crate::http::auth::Signed;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::Named;
use crate::node::api::{
    EditedFile, Muted, NewAttachment, NewEdit, NewPoll, NewPost, People, PostView, Reply, Request, Visibility,
};

/// A post to be made, as apps write it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewStatus {
    status: Option<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    in_reply_to_id: Option<u64>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    sensitive: Option<bool>,
    spoiler_text: Option<String>,
    visibility: Option<String>,
    language: Option<String>,
    #[serde(deserialize_with = "lenient::maybe_list")]
    media_ids: Option<Vec<String>>,
    #[serde(deserialize_with = "lenient::rows")]
    media_attributes: Option<Vec<MediaAttributes>>,
    poll: Option<NewStatusPoll>,
    scheduled_at: Option<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    quoted_status_id: Option<u64>,
    majlis: Majlis,
}

/// What is said anew of a file of a post.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct MediaAttributes {
    id: String,
    description: Option<String>,
    focus: Option<String>,
}

/// What the usual form has no word for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Majlis {
    usage: Option<String>,
    source_type: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct NewStatusPoll {
    #[serde(deserialize_with = "lenient::list")]
    options: Vec<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    expires_in: Option<u64>,
    #[serde(deserialize_with = "lenient::flag")]
    multiple: bool,
}

/// What stands in place of a warning where a post is covered and nobody has said why.
pub const COVERED: &str = "…";

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn poll(poll: NewStatusPoll) -> Option<NewPoll> {
    if poll.options.is_empty() {
        return None;
    }
    let end = poll.expires_in.and_then(|seconds| {
        let seconds = i64::try_from(seconds).ok()?;
        jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
    });
    Some(NewPoll {
        options: poll.options,
        multiple: poll.multiple,
        closes_at: end.map(|end| end.to_string()),
    })
}

/// The entry that has a number.
pub async fn entry(app: &App, number: u64) -> Answer<String> {
    match app.by_number(number).await? {
        Some(Named::Entry(id)) => Ok(id),
        _ => Err(ApiError::not_found()),
    }
}

/// The post that has a number, and the id of the post itself where the number is that of a repost.
pub async fn found(app: &App, number: u64) -> Answer<PostView> {
    let id = entry(app, number).await?;
    let post = page::posts(app.ask(Request::Show { id }).await?).pop().ok_or_else(ApiError::not_found)?;
    if post.deleted { Err(ApiError::not_found()) } else { Ok(post) }
}

/// A post as a status.
pub async fn shown(app: &App, post: &PostView) -> Answer<Json<Value>> {
    Ok(Json(Shown::of(app, &[post], &[]).await?.status(post)))
}

async fn done(app: &App, request: Request) -> Answer<Json<Value>> {
    let post = page::posts(app.ask(request).await?).pop().ok_or_else(ApiError::not_found)?;
    shown(app, &post).await
}

/// Makes a post.
pub async fn create(
    app: App,
    signed: Signed,
    headers: HeaderMap,
    Input(new): Input<NewStatus>,
) -> Answer<Json<Value>> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(ToOwned::to_owned);
    let turn = app.once(signed.app(), key).await;
    match turn.done() {
        Some(Made::Post(id)) => return done(&app, Request::Show { id }).await,
        // Once it is posted or removed it is not there any more, and is not made again either.
        Some(Made::Scheduled(number)) => return scheduled::show(app, Path(number)).await,
        None => {}
    }
    let defaults = app.defaults().await?;
    let visibility = new.visibility.filter(|visibility| !visibility.is_empty());
    let visibility = match visibility.unwrap_or(defaults.privacy).as_str() {
        "public" => Visibility::Public,
        "unlisted" => Visibility::Unlisted,
        other => {
            return Err(ApiError::unprocessable(format!("posts for {other} alone cannot be made yet")));
        }
    };
    let mut reply_to = None;
    if let Some(number) = new.in_reply_to_id {
        reply_to = Some(found(&app, number).await?.id);
    }
    let mut quote = None;
    if let Some(number) = new.quoted_status_id {
        quote = Some(found(&app, number).await?.id);
    }
    let media_ids: Vec<_> =
        new.media_ids.unwrap_or_default().into_iter().filter(|id| !id.is_empty()).collect();
    // What is covered by itself are pictures.
    let covered = new.sensitive.unwrap_or(defaults.sensitive && !media_ids.is_empty());
    let warning = said(new.spoiler_text).or_else(|| covered.then(|| COVERED.to_owned()));
    let post = NewPost {
        text: new.status.unwrap_or_default(),
        lang: said(new.language).or(defaults.language),
        reply_to,
        quote,
        content_warning: warning,
        attachments: app.uploaded(&media_ids)?,
        poll: new.poll.and_then(poll),
        visibility,
        usage: said(new.majlis.usage),
        source_type: said(new.majlis.source_type),
    };
    if let Some(at) = said(new.scheduled_at) {
        let draft = scheduled::keep(&app, post, &at).await?;
        app.forget_uploads(&media_ids);
        if let Some(number) = scheduled::number(&draft) {
            turn.finish(Made::Scheduled(number));
        }
        return Ok(Json(scheduled::shown(&app, &draft).await?));
    }
    let replies = app.ask(Request::Post { posts: vec![post] }).await?;
    let Some(Reply::Posted(posted)) = replies.into_iter().next() else { return Err(ApiError::not_found()) };
    app.forget_uploads(&media_ids);
    turn.finish(Made::Post(posted.id.clone()));
    done(&app, Request::Show { id: posted.id }).await
}

/// A post.
pub async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    shown(&app, &found(&app, id).await?).await
}

/// Several posts; those that are not here are left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Several {
    #[serde(deserialize_with = "lenient::list")]
    id: Vec<String>,
}

/// Several posts.
pub async fn several(app: App, Input(asked): Input<Several>) -> Answer<Json<Value>> {
    let mut posts = Vec::new();
    for id in asked.id.iter().take(20).filter_map(|id| id.parse().ok()) {
        posts.extend(found(&app, id).await.ok());
    }
    let views: Vec<_> = posts.iter().collect();
    let shown = Shown::of(&app, &views, &[]).await?;
    Ok(Json(views.iter().map(|post| shown.status(post)).collect()))
}

/// What a post answers, and what answers it.
pub async fn context(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    let posts = page::posts(app.ask(Request::Thread { id: post.id.clone() }).await?);
    let mut above = Vec::new();
    let mut at = post.reply_to.as_ref();
    while let Some(parent) = at.and_then(|target| posts.iter().find(|post| post.id == target.id)) {
        above.push(parent);
        at = parent.reply_to.as_ref().filter(|_| above.len() < posts.len());
    }
    above.reverse();
    // Depth first, so that what answers a post is what follows it and is further in.
    let depth = posts.iter().find(|one| one.id == post.id).and_then(|one| one.depth).unwrap_or(0);
    let behind = posts.iter().skip_while(|one| one.id != post.id).skip(1);
    let below: Vec<_> = behind.take_while(|one| one.depth.unwrap_or(0) > depth).collect();
    let all: Vec<_> = above.iter().chain(&below).copied().filter(|post| !post.deleted).collect();
    let shown = Shown::of(&app, &all, &[]).await?;
    let statuses = |posts: &[&PostView]| -> Vec<Value> {
        posts.iter().filter(|post| !post.deleted).map(|post| shown.status(post)).collect()
    };
    Ok(Json(json!({ "ancestors": statuses(&above), "descendants": statuses(&below) })))
}

/// What becomes of the files of a post that is taken back.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WithFiles {
    #[serde(deserialize_with = "lenient::flag")]
    delete_media: bool,
}

/// Takes a post back; what it said is given once more, to be written anew, with its files if they are not to go at once.
pub async fn delete(app: App, Path(id): Path<u64>, Input(asked): Input<WithFiles>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    let me = app.node.account().to_string();
    if post.repost.as_ref().is_some_and(|repost| repost.account == me) {
        let shown = shown(&app, &post).await?;
        app.ask(Request::Repost { id: post.id, on: false }).await?;
        return Ok(shown);
    }
    if post.account != me {
        return Err(ApiError::not_found());
    }
    let Json(mut status) = shown(&app, &post).await?;
    if !asked.delete_media {
        app.keep_files(&post.attachments).await?;
    }
    app.ask(Request::Delete { id: post.id, now: false }).await?;
    status["text"] = post.text.into();
    Ok(Json(status))
}

/// The warning of a post that is edited; none leaves it as it is.
fn new_warning(spoiler: Option<String>, sensitive: Option<bool>, before: Option<&str>) -> Option<String> {
    match (spoiler, sensitive) {
        (Some(spoiler), _) if !spoiler.trim().is_empty() => Some(spoiler),
        (Some(_), Some(true)) => Some(COVERED.to_owned()),
        (Some(spoiler), _) => Some(spoiler),
        (None, Some(true)) if before.is_none() => Some(COVERED.to_owned()),
        (None, Some(false)) if before == Some(COVERED) => Some(String::new()),
        (None, _) => None,
    }
}

/// The files of a post that is edited: those that are named, or all that it has, with what is said of them anew. None
/// leaves them as they are.
fn new_files(
    app: &App,
    post: &PostView,
    ids: Option<&[String]>,
    said: Option<Vec<MediaAttributes>>,
) -> Answer<Option<Vec<EditedFile>>> {
    if ids.is_none() && said.is_none() {
        return Ok(None);
    }
    let said = said.unwrap_or_default();
    let known: Vec<_> = post.attachments.iter().map(|file| file.cid.clone()).collect();
    let mut files = Vec::new();
    for id in ids.unwrap_or(&known).iter().filter(|id| !id.is_empty()) {
        let said = said.iter().find(|said| said.id == *id);
        let alt = said.and_then(|said| said.description.clone());
        let focus = media::focus(said.and_then(|said| said.focus.as_deref()))?;
        files.push(if known.contains(id) {
            EditedFile::Kept { cid: id.clone(), alt, focus }
        } else {
            let new = app.upload(id)?;
            EditedFile::New(NewAttachment { alt: alt.unwrap_or(new.alt), focus: focus.or(new.focus), ..new })
        });
    }
    Ok(Some(files))
}

/// New words for a post, new files, and what else can change. A poll cannot.
pub async fn edit(app: App, Path(id): Path<u64>, Input(new): Input<NewStatus>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    if let Some(asked) = new.poll.as_ref().filter(|poll| !poll.options.is_empty()) {
        let is_same = post.poll.as_ref().is_some_and(|poll| {
            let options = poll.options.iter().map(|option| &option.text);
            options.eq(asked.options.iter()) && poll.multiple == asked.multiple
        });
        if !is_same {
            return Err(ApiError::unprocessable("a poll stays as it was posted"));
        }
    }
    let edit = NewEdit {
        attachments: new_files(&app, &post, new.media_ids.as_deref(), new.media_attributes)?,
        content_warning: new_warning(new.spoiler_text, new.sensitive, post.content_warning.as_deref()),
        text: new.status.unwrap_or(post.text),
        lang: said(new.language),
    };
    let edited = done(&app, Request::Edit { id: post.id, edit }).await?;
    app.forget_uploads(&new.media_ids.unwrap_or_default());
    Ok(edited)
}

/// Who likes a post.
pub async fn favourited_by(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = people(&app, People::Likers(found(&app, id).await?.id)).await?;
    page::people(&app, &paging, keys, &format!("/api/v1/statuses/{id}/favourited_by?")).await
}

/// Who shows a post to their followers.
pub async fn reblogged_by(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = people(&app, People::Reposters(found(&app, id).await?.id)).await?;
    page::people(&app, &paging, keys, &format!("/api/v1/statuses/{id}/reblogged_by?")).await
}

/// What quotes a post.
pub async fn quotes(
    app: App,
    Path(id): Path<u64>,
    Input(paging): Input<Paging>,
) -> Answer<(HeaderMap, Json<Vec<Value>>)> {
    let posts = page::posts(app.ask(Request::Quotes { id: found(&app, id).await?.id }).await?);
    let page = paging.cut_in_order(page::numbered(&app, posts).await?, paging.limit());
    let ends = page.first().zip(page.last()).map(|((first, _), (last, _))| (*first, *last));
    let views: Vec<_> = page.iter().map(|(_, post)| post).collect();
    let shown = Shown::of(&app, &views, &[]).await?;
    let body = views.iter().map(|post| shown.status(post)).collect();
    Ok((page::links(&app, &format!("/api/v1/statuses/{id}/quotes?"), ends), Json(body)))
}

/// What a post says, as it was written.
pub async fn source(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    let warning = post.content_warning.filter(|warning| warning != COVERED).unwrap_or_default();
    Ok(Json(json!({ "id": id.to_string(), "text": post.text, "spoiler_text": warning })))
}

/// What a post has said so far.
pub async fn history(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    let shown = Shown::of(&app, &[&post], &[]).await?;
    let mut versions = Vec::new();
    for reply in app.ask(Request::History { id: post.id.clone() }).await? {
        let Reply::Version(version) = reply else { continue };
        let as_then = PostView {
            text: version.text,
            content_warning: version.content_warning,
            created_at: version.created_at,
            ..post.clone()
        };
        let status = shown.status(&as_then);
        let part = |name: &str| status[name].clone();
        versions.push(json!({
            "content": part("content"), "spoiler_text": part("spoiler_text"), "sensitive": part("sensitive"),
            "created_at": part("created_at"), "account": part("account"), "poll": null,
            "media_attachments": part("media_attachments"), "emojis": [],
        }));
    }
    Ok(Json(versions.into()))
}

/// What is done with a post, and back.
async fn act(app: &App, id: u64, request: impl FnOnce(String) -> Request) -> Answer<Json<Value>> {
    let post = found(app, id).await?;
    done(app, request(post.id)).await
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident, |$id:ident| $request:expr;)*) => {$(
        $(#[$doc])*
        pub async fn $name(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
            act(&app, id, |$id| $request).await
        }
    )*};
}

acts! {
    /// Likes a post.
    favourite, |id| Request::React { id, emoji: None, on: true };
    /// Likes it no longer.
    unfavourite, |id| Request::React { id, emoji: None, on: false };
    /// Puts a bookmark on a post.
    bookmark, |id| Request::Bookmark { id, on: true };
    /// Takes it away.
    unbookmark, |id| Request::Bookmark { id, on: false };
    /// Puts an own post on top of the owner's page.
    pin, |id| Request::PinPost { id, on: true };
    /// Takes it away.
    unpin, |id| Request::PinPost { id, on: false };
    /// Shows a post no longer to the owner's followers.
    unreblog, |id| Request::Repost { id, on: false };
}

/// Shows a post to the owner's followers.
pub async fn reblog(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    app.ask(Request::Repost { id: post.id.clone(), on: true }).await?;
    // As it stands on the owner's own page: as a repost.
    let feed = crate::node::api::Feed::Account(app.node.account().to_string());
    let page = crate::node::api::TimelinePage { feed, limit: 40, ..Default::default() };
    let posts = page::posts(app.ask(Request::Timeline { page, watch: false }).await?);
    let repost = posts.into_iter().find(|shown| shown.id == post.id && shown.repost.is_some());
    shown(&app, &repost.unwrap_or(post)).await
}

/// Puts an emoji on a post.
pub async fn react(app: App, Path((id, emoji)): Path<(u64, String)>) -> Answer<Json<Value>> {
    act(&app, id, |id| Request::React { id, emoji: Some(emoji), on: true }).await
}

/// Takes it away.
pub async fn unreact(app: App, Path((id, emoji)): Path<(u64, String)>) -> Answer<Json<Value>> {
    act(&app, id, |id| Request::React { id, emoji: Some(emoji), on: false }).await
}

/// Mutes the conversation that a post is part of, or no longer.
async fn mute_thread(app: &App, id: u64, on: bool) -> Answer<Json<Value>> {
    let post = found(app, id).await?;
    let root = post.root.as_ref().map_or(&post.id, |root| &root.id).clone();
    app.ask(Request::Mute { muted: Some(Muted::Thread(root)), until: None, on }).await?;
    let Json(mut status) = shown(app, &post).await?;
    status["muted"] = on.into();
    Ok(Json(status))
}

/// Mutes a conversation.
pub async fn mute(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    mute_thread(&app, id, true).await
}

/// Mutes it no longer.
pub async fn unmute(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    mute_thread(&app, id, false).await
}

/// Choices of a vote.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Choices {
    #[serde(deserialize_with = "lenient::list")]
    choices: Vec<String>,
}

/// A poll, by the number of its post.
pub async fn poll_shown(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    poll_of(&app, &found(&app, id).await?).await
}

async fn poll_of(app: &App, post: &PostView) -> Answer<Json<Value>> {
    let poll = post.poll.as_ref().ok_or_else(ApiError::not_found)?;
    Ok(Json(Shown::of(app, &[post], &[]).await?.poll(&post.id, poll)))
}

/// Votes in a poll.
pub async fn vote(app: App, Path(id): Path<u64>, Input(asked): Input<Choices>) -> Answer<Json<Value>> {
    let post = found(&app, id).await?;
    let poll = post.poll.as_ref().ok_or_else(ApiError::not_found)?;
    let chosen: Option<Vec<u64>> = asked.choices.iter().map(|choice| choice.parse().ok()).collect();
    let chosen = chosen.filter(|chosen| !chosen.is_empty());
    let chosen = chosen.ok_or_else(|| ApiError::unprocessable("a choice is the number of an answer"))?;
    if chosen.iter().any(|choice| *choice >= poll.options.len() as u64) {
        return Err(ApiError::unprocessable("The chosen vote option does not exist"));
    }
    // Apps count from 0, people from 1. Apps add choices where a poll takes several; none of theirs takes one back.
    let mut choices: Vec<u64> = poll.mine.clone();
    let is_again = chosen.iter().any(|choice| choices.contains(&(choice + 1)));
    if is_again || (!poll.multiple && choices.len() + chosen.len() > 1) {
        return Err(ApiError::unprocessable("You have already voted on this poll"));
    }
    choices.extend(chosen.iter().map(|choice| choice + 1));
    let choices = choices.iter().map(ToString::to_string).collect();
    let replies = app.ask(Request::Vote { id: post.id, choices }).await?;
    let post = page::posts(replies).pop().ok_or_else(ApiError::not_found)?;
    poll_of(&app, &post).await
}

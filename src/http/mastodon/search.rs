//! Looking for posts, people and tags.

use axum::Json;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{key, matching};
use super::entities::Shown;
use super::page;
use crate::http::App;
use crate::http::error::Answer;
use crate::http::input::{Input, lenient};
use crate::node::Named;
use crate::node::api::{PostView, Request, SearchQuery};

/// What is looked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    q: String,
    r#type: Option<String>,
    #[serde(deserialize_with = "lenient::maybe")]
    limit: Option<usize>,
    #[serde(deserialize_with = "lenient::maybe")]
    offset: Option<usize>,
    #[serde(deserialize_with = "lenient::maybe")]
    account_id: Option<u64>,
    #[serde(deserialize_with = "lenient::flag")]
    following: bool,
}

/// The post that an address, a link or an id names, where it is held.
async fn addressed(app: &App, text: &str) -> Option<PostView> {
    let text = text.trim().trim_end_matches('/');
    let id = match text.split_once("://").map(|(_, rest)| rest.rsplit_once('/')) {
        // As posts are named here and on other nodes: `…/posts/ID`, `…/@KEY/NUMBER`.
        Some(Some((path, id))) if path.ends_with("/posts") => id.to_owned(),
        Some(Some((_, number))) => match app.by_number(number.parse().ok()?).await.ok()?? {
            Named::Entry(id) => id,
            _ => return None,
        },
        Some(None) => return None,
        None => text.to_owned(),
    };
    let found = app.ask(Request::Show { id }).await.ok()?;
    page::posts(found).pop().filter(|post| !post.deleted)
}

/// Posts, people and tags that fit.
pub async fn search(app: App, Input(asked): Input<Asked>) -> Answer<Json<Value>> {
    let (limit, offset) = (asked.limit.unwrap_or(20).clamp(1, 40), asked.offset.unwrap_or(0).min(1_000));
    let wants = |kind: &str| asked.r#type.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == kind);
    let people =
        if wants("accounts") { matching(&app, &asked.q, asked.following).await? } else { Vec::new() };
    let people: Vec<_> = people.into_iter().skip(offset).take(limit).collect();
    let mut posts = Vec::new();
    if let Some(post) = addressed(&app, &asked.q).await
        && wants("statuses")
    {
        posts.extend((offset == 0).then_some(post));
    } else if wants("statuses") && !asked.q.trim().is_empty() {
        let from = match asked.account_id {
            Some(id) => Some(key(&app, id).await?),
            None => None,
        };
        // A tag alone is not looked for among words.
        let tag = asked.q.trim().strip_prefix('#').filter(|tag| !tag.contains(char::is_whitespace));
        let text = if tag.is_some() { String::new() } else { asked.q.clone() };
        let tag = tag.map(ToOwned::to_owned);
        let query = SearchQuery { text, tag, from, limit: limit + offset, ..SearchQuery::default() };
        posts = page::posts(app.ask(Request::Search { query }).await?).into_iter().skip(offset).collect();
    }
    let views: Vec<_> = posts.iter().collect();
    let shown = Shown::of(&app, &views, &people).await?;
    let tags =
        if wants("hashtags") { super::tags::like(&app, &asked.q, offset, limit).await? } else { Vec::new() };
    Ok(Json(json!({
        "accounts": people.iter().map(|key| shown.account(key)).collect::<Vec<_>>(),
        "statuses": views.iter().map(|post| shown.status(post)).collect::<Vec<_>>(),
        "hashtags": tags,
    })))
}

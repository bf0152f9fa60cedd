//! Lists of accounts.

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{Accounts, all, key};
use super::page::{self, Paging};
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::{Input, lenient};
use crate::node::Named;
use crate::node::api::{ListView, Reply, Request};

/// A list to be made.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Title {
    title: String,
}

/// Whom to put on a list, or take off.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Whom {
    #[serde(deserialize_with = "lenient::list")]
    account_ids: Vec<String>,
}

async fn ask(app: &App, request: Request) -> Answer<Vec<ListView>> {
    let list = |reply| match reply {
        Reply::List(list) => Some(list),
        _ => None,
    };
    Ok(app.ask(request).await?.into_iter().filter_map(list).collect())
}

fn of(name: Option<String>, add: Vec<String>, remove: Vec<String>, delete: bool) -> Request {
    Request::List { name, add, remove, delete, make: false }
}

async fn shown(app: &App, name: &str) -> Answer<Value> {
    let number = app.numbers(vec![Named::List(name.to_owned())]).await?.first().copied().unwrap_or(0);
    Ok(json!({ "id": number.to_string(), "title": name, "replies_policy": "list", "exclusive": false }))
}

/// The list that has a number.
pub async fn named(app: &App, id: u64) -> Answer<ListView> {
    let Some(Named::List(name)) = app.by_number(id).await? else { return Err(ApiError::not_found()) };
    ask(app, of(Some(name), vec![], vec![], false)).await?.pop().ok_or_else(ApiError::not_found)
}

/// All lists.
pub async fn lists(app: App) -> Answer<Json<Vec<Value>>> {
    let mut found = Vec::new();
    for list in ask(&app, of(None, vec![], vec![], false)).await? {
        found.push(shown(&app, &list.list).await?);
    }
    Ok(Json(found))
}

/// Makes a list.
pub async fn create(app: App, Input(new): Input<Title>) -> Answer<Json<Value>> {
    let request = Request::List {
        name: Some(new.title.clone()),
        add: vec![],
        remove: vec![],
        delete: false,
        make: true,
    };
    ask(&app, request).await?;
    Ok(Json(shown(&app, new.title.trim()).await?))
}

/// A list.
pub async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    Ok(Json(shown(&app, &named(&app, id).await?.list).await?))
}

/// Gives a list another name.
pub async fn update(app: App, Path(id): Path<u64>, Input(new): Input<Title>) -> Answer<Json<Value>> {
    let list = named(&app, id).await?.list;
    if new.title.trim().is_empty() {
        return Ok(Json(shown(&app, &list).await?));
    }
    let list = ask(&app, Request::RenameList { list, to: new.title })
        .await?
        .pop()
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(shown(&app, &list.list).await?))
}

/// The lists that an account is on.
pub async fn of_account(app: App, Path(id): Path<u64>) -> Answer<Json<Vec<Value>>> {
    let key = key(&app, id).await?;
    let mut found = Vec::new();
    for list in ask(&app, of(None, vec![], vec![], false)).await? {
        if list.accounts.contains(&key) {
            found.push(shown(&app, &list.list).await?);
        }
    }
    Ok(Json(found))
}

/// Removes a list.
pub async fn delete(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    ask(&app, of(Some(named(&app, id).await?.list), vec![], vec![], true)).await?;
    Ok(Json(json!({})))
}

/// Who is on a list; with a limit of 0 all.
pub async fn members(app: App, Path(id): Path<u64>, Input(paging): Input<Paging>) -> Answer<Accounts> {
    let keys = named(&app, id).await?.accounts;
    if paging.limit == Some(0) {
        return Ok((HeaderMap::new(), all(&app, &keys).await?));
    }
    page::people(&app, &paging, keys, &format!("/api/v1/lists/{id}/accounts?")).await
}

async fn keys(app: &App, whom: &Whom) -> Answer<Vec<String>> {
    let mut keys = Vec::new();
    for id in whom.account_ids.iter().take(200) {
        let id = id.parse().map_err(|_| ApiError::not_found())?;
        keys.push(key(app, id).await?);
    }
    Ok(keys)
}

/// Puts accounts on a list.
pub async fn add(app: App, Path(id): Path<u64>, Input(whom): Input<Whom>) -> Answer<Json<Value>> {
    let keys = keys(&app, &whom).await?;
    let list = named(&app, id).await?.list;
    // Apps know by this that someone has to be followed first.
    let cards = app.ask(Request::Accounts { accounts: keys.clone() }).await?;
    let follows = |reply: &Reply| matches!(reply, Reply::Account(card) if card.relation.following);
    if !cards.iter().all(follows) {
        return Err(ApiError::not_found());
    }
    ask(&app, of(Some(list), keys, vec![], false)).await?;
    Ok(Json(json!({})))
}

/// Takes accounts off a list.
pub async fn remove(app: App, Path(id): Path<u64>, Input(whom): Input<Whom>) -> Answer<Json<Value>> {
    let keys = keys(&app, &whom).await?;
    ask(&app, of(Some(named(&app, id).await?.list), vec![], keys, false)).await?;
    Ok(Json(json!({})))
}

//! Filters: phrases and single posts under a title, and what becomes of what they find. Older apps know phrases alone,
//! each with all that its filter says.

use std::collections::HashMap;

use axum::Json;
use axum::extract::Path;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::statuses::entry;
use crate::http::App;
use crate::http::error::{Answer, ApiError};
use crate::http::input::lenient::Given;
use crate::http::input::{Input, lenient};
use crate::http::routes::{Route, delete, get, post, put};
use crate::node::Named;
use crate::node::api::{
    FilterAction, FilterContext, FilterPhrase, FilterView, FilteredPost, NewFilter, NewPhrase, Reply, Request,
};

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (read, write) = (Some("read:filters"), Some("write:filters"));
    vec![
        get("/api/v2/filters", read, "All filters", list),
        post("/api/v2/filters", write, "Make a filter", create),
        get("/api/v2/filters/{id}", read, "A filter", show),
        put("/api/v2/filters/{id}", write, "Change a filter", update),
        delete("/api/v2/filters/{id}", write, "Remove a filter", remove),
        get("/api/v2/filters/{id}/keywords", read, "The phrases of a filter", keywords),
        post("/api/v2/filters/{id}/keywords", write, "Give a filter a phrase", add_keyword),
        get("/api/v2/filters/keywords/{id}", read, "A phrase of a filter", show_keyword),
        put("/api/v2/filters/keywords/{id}", write, "Change a phrase", update_keyword),
        delete("/api/v2/filters/keywords/{id}", write, "Remove a phrase", remove_keyword),
        get("/api/v2/filters/{id}/statuses", read, "The single posts of a filter", posts),
        post("/api/v2/filters/{id}/statuses", write, "Give a filter a single post", add_post),
        get("/api/v2/filters/statuses/{id}", read, "A single post of a filter", show_post),
        delete("/api/v2/filters/statuses/{id}", write, "Take a post from its filter", remove_post),
        get("/api/v1/filters", read, "All phrases", old_list),
        post("/api/v1/filters", write, "Make a filter of a phrase", old_create),
        get("/api/v1/filters/{id}", read, "A phrase", old_show),
        put("/api/v1/filters/{id}", write, "Change a phrase", old_update),
        delete("/api/v1/filters/{id}", write, "Remove a phrase", old_remove),
    ]
}

/// A filter to be made or changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Asked {
    title: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    context: Vec<String>,
    filter_action: Option<String>,
    expires_in: Given<i64>,
    #[serde(deserialize_with = "lenient::rows")]
    keywords_attributes: Option<Vec<Keyword>>,
}

/// A phrase to be made, changed or removed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Keyword {
    #[serde(deserialize_with = "lenient::maybe")]
    id: Option<u64>,
    #[serde(rename = "keyword")]
    text: Option<String>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    whole_word: Option<bool>,
    #[serde(rename = "_destroy", deserialize_with = "lenient::flag")]
    gone: bool,
}

/// A single post for a filter.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Single {
    #[serde(deserialize_with = "lenient::maybe")]
    status_id: Option<u64>,
}

/// A filter as older apps write it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Old {
    phrase: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    context: Vec<String>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    irreversible: Option<bool>,
    #[serde(deserialize_with = "lenient::maybe_flag")]
    whole_word: Option<bool>,
    expires_in: Given<i64>,
}

/// The number by which apps name a filter or a part of it.
fn number(id: &str) -> u64 {
    u64::from_str_radix(id, 16).unwrap_or(0)
}

fn contexts(names: &[String]) -> Answer<Vec<FilterContext>> {
    let known = |name: &String| FilterContext::ALL.into_iter().find(|context| context.name() == name);
    let found: Option<Vec<_>> = names.iter().map(known).collect();
    found
        .ok_or_else(|| ApiError::unprocessable("a context is home, notifications, public, thread or account"))
}

fn action(name: &str) -> Answer<FilterAction> {
    match name {
        // What is blurred elsewhere is folded here.
        "warn" | "blur" => Ok(FilterAction::Warn),
        "hide" => Ok(FilterAction::Hide),
        _ => Err(ApiError::unprocessable("a filter warns or hides")),
    }
}

fn end(seconds: i64) -> Answer<String> {
    let end = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds));
    end.map(|end| end.to_string()).map_err(|_| ApiError::unprocessable("the filter would never end"))
}

fn ends(given: &Given<i64>, before: Option<String>) -> Answer<Option<String>> {
    match given {
        Given::Unsaid => Ok(before),
        Given::Nothing => Ok(None),
        Given::Value(seconds) => end(*seconds).map(Some),
    }
}

/// A filter as it is, to be changed.
fn again(view: &FilterView) -> NewFilter {
    let phrase = |part: &FilterPhrase| NewPhrase {
        id: Some(part.id.clone()),
        text: part.text.clone(),
        in_words: part.in_words,
    };
    NewFilter {
        title: Some(view.title.clone()),
        phrases: view.phrases.iter().map(phrase).collect(),
        posts: view.posts.iter().map(|post| post.post.clone()).collect(),
        contexts: view.contexts.clone(),
        action: view.action,
        until: view.until.clone(),
        another: false,
    }
}

/// Makes of a phrase what is asked; of one that is new, where it has no id.
fn change(phrases: &mut Vec<NewPhrase>, asked: Keyword) -> Answer<()> {
    let named = |id: u64| move |part: &NewPhrase| part.id.as_deref().map(number) == Some(id);
    let at = asked.id.map(|id| phrases.iter().position(named(id)).ok_or_else(ApiError::not_found));
    match at.transpose()? {
        Some(at) if asked.gone => drop(phrases.remove(at)),
        Some(at) => {
            if let Some(part) = phrases.get_mut(at) {
                part.text = asked.text.unwrap_or_else(|| part.text.clone());
                part.in_words = asked.whole_word.map_or(part.in_words, |whole| !whole);
            }
        }
        None => {
            let text = asked.text.ok_or_else(|| ApiError::unprocessable("keyword can't be blank"))?;
            phrases.push(NewPhrase { id: None, text, in_words: asked.whole_word == Some(false) });
        }
    }
    Ok(())
}

/// All filters there are.
pub async fn all(app: &App) -> Answer<Vec<FilterView>> {
    let filter = |reply| match reply {
        Reply::Filter(view) => Some(view),
        _ => None,
    };
    Ok(app.ask(Request::Filters).await?.into_iter().filter_map(filter).collect())
}

/// The filter for which this holds.
async fn find(app: &App, is_it: impl Fn(&FilterView) -> bool) -> Answer<FilterView> {
    all(app).await?.into_iter().find(is_it).ok_or_else(ApiError::not_found)
}

async fn named(app: &App, id: u64) -> Answer<FilterView> {
    find(app, |filter| number(&filter.id) == id).await
}

/// The filter that has a phrase, and the phrase.
async fn with_phrase(app: &App, id: u64) -> Answer<(FilterView, FilterPhrase)> {
    let is_it = |part: &&FilterPhrase| number(&part.id) == id;
    let filter = find(app, |filter| filter.phrases.iter().any(|part| is_it(&part))).await?;
    let phrase = filter.phrases.iter().find(is_it).cloned().ok_or_else(ApiError::not_found)?;
    Ok((filter, phrase))
}

/// The filter that has a single post, and how it has it.
async fn with_post(app: &App, id: u64) -> Answer<(FilterView, FilteredPost)> {
    let is_it = |part: &&FilteredPost| number(&part.id) == id;
    let filter = find(app, |filter| filter.posts.iter().any(|part| is_it(&part))).await?;
    let post = filter.posts.iter().find(is_it).cloned().ok_or_else(ApiError::not_found)?;
    Ok((filter, post))
}

async fn made(app: &App, request: Request) -> Answer<FilterView> {
    match app.ask(request).await?.pop() {
        Some(Reply::Filter(view)) => Ok(view),
        _ => Err(ApiError::not_found()),
    }
}

async fn set(app: &App, filter: &FilterView, new: NewFilter) -> Answer<FilterView> {
    made(app, Request::SetFilter { filter: filter.id.clone(), new }).await
}

fn keyword(part: &FilterPhrase) -> Value {
    json!({ "id": number(&part.id).to_string(), "keyword": part.text, "whole_word": !part.in_words })
}

/// A filter as apps know it, with the numbers of its single posts.
pub fn shown(filter: &FilterView, numbers: &HashMap<Named, u64>) -> Value {
    let action = if filter.action == FilterAction::Hide { "hide" } else { "warn" };
    let post = |part: &FilteredPost| {
        let status = numbers.get(&Named::Entry(part.post.clone())).filter(|number| **number > 0);
        let status = status.map(ToString::to_string);
        json!({ "id": number(&part.id).to_string(), "status_id": status })
    };
    json!({
        "id": number(&filter.id).to_string(), "title": filter.title,
        "context": filter.contexts.iter().map(|context| context.name()).collect::<Vec<_>>(),
        "expires_at": filter.until, "filter_action": action,
        "keywords": filter.phrases.iter().map(keyword).collect::<Vec<_>>(),
        "statuses": filter.posts.iter().map(post).collect::<Vec<_>>(),
    })
}

async fn as_json(app: &App, filters: &[FilterView]) -> Answer<Vec<Value>> {
    let posts = filters.iter().flat_map(|filter| &filter.posts);
    let names: Vec<_> = posts.map(|post| Named::Entry(post.post.clone())).collect();
    let numbers = app.numbers(names.clone()).await?;
    let numbers = names.into_iter().zip(numbers).collect();
    Ok(filters.iter().map(|filter| shown(filter, &numbers)).collect())
}

async fn one(app: &App, filter: FilterView) -> Answer<Json<Value>> {
    as_json(app, &[filter]).await?.pop().map(Json).ok_or_else(ApiError::not_found)
}

/// All filters.
async fn list(app: App) -> Answer<Json<Vec<Value>>> {
    Ok(Json(as_json(&app, &all(&app).await?).await?))
}

/// Makes a filter.
async fn create(app: App, Input(asked): Input<Asked>) -> Answer<Json<Value>> {
    if asked.context.is_empty() {
        return Err(ApiError::unprocessable("a filter needs a context"));
    }
    let mut filter = NewFilter {
        title: Some(asked.title.unwrap_or_default()),
        contexts: contexts(&asked.context)?,
        action: asked.filter_action.as_deref().map(action).transpose()?.unwrap_or_default(),
        until: ends(&asked.expires_in, None)?,
        another: true,
        ..NewFilter::default()
    };
    for keyword in asked.keywords_attributes.unwrap_or_default().into_iter().filter(|keyword| !keyword.gone) {
        change(&mut filter.phrases, Keyword { id: None, ..keyword })?;
    }
    one(&app, made(&app, Request::AddFilter { filter }).await?).await
}

/// A filter.
async fn show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    one(&app, named(&app, id).await?).await
}

/// Changes a filter.
async fn update(app: App, Path(id): Path<u64>, Input(asked): Input<Asked>) -> Answer<Json<Value>> {
    let filter = named(&app, id).await?;
    let mut new = again(&filter);
    new.title = asked.title.or(new.title);
    if !asked.context.is_empty() {
        new.contexts = contexts(&asked.context)?;
    }
    if let Some(name) = asked.filter_action.as_deref() {
        new.action = action(name)?;
    }
    new.until = ends(&asked.expires_in, new.until)?;
    for keyword in asked.keywords_attributes.unwrap_or_default() {
        change(&mut new.phrases, keyword)?;
    }
    one(&app, set(&app, &filter, new).await?).await
}

/// Removes a filter.
async fn remove(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let filter = named(&app, id).await?;
    app.ask(Request::RemoveFilter { filter: filter.id }).await?;
    Ok(Json(json!({})))
}

/// The phrases of a filter.
async fn keywords(app: App, Path(id): Path<u64>) -> Answer<Json<Vec<Value>>> {
    Ok(Json(named(&app, id).await?.phrases.iter().map(keyword).collect()))
}

/// Gives a filter a phrase.
async fn add_keyword(app: App, Path(id): Path<u64>, Input(asked): Input<Keyword>) -> Answer<Json<Value>> {
    let filter = named(&app, id).await?;
    let mut new = again(&filter);
    change(&mut new.phrases, Keyword { id: None, gone: false, ..asked })?;
    let filter = set(&app, &filter, new).await?;
    filter.phrases.last().map(keyword).map(Json).ok_or_else(ApiError::not_found)
}

/// A phrase of a filter.
async fn show_keyword(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    Ok(Json(keyword(&with_phrase(&app, id).await?.1)))
}

/// Changes a phrase.
async fn update_keyword(app: App, Path(id): Path<u64>, Input(asked): Input<Keyword>) -> Answer<Json<Value>> {
    let (filter, _) = with_phrase(&app, id).await?;
    let mut new = again(&filter);
    change(&mut new.phrases, Keyword { id: Some(id), gone: false, ..asked })?;
    set(&app, &filter, new).await?;
    show_keyword(app, Path(id)).await
}

/// Removes a phrase.
async fn remove_keyword(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (filter, _) = with_phrase(&app, id).await?;
    let mut new = again(&filter);
    change(&mut new.phrases, Keyword { id: Some(id), gone: true, ..Keyword::default() })?;
    set(&app, &filter, new).await?;
    Ok(Json(json!({})))
}

/// The single posts of a filter.
async fn posts(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let Json(filter) = show(app, Path(id)).await?;
    Ok(Json(filter["statuses"].clone()))
}

/// How a filter has a single post.
async fn single(app: &App, filter: FilterView, id: &str) -> Answer<Json<Value>> {
    let Json(filter) = one(app, filter).await?;
    let id = number(id).to_string();
    let found = filter["statuses"].as_array().into_iter().flatten().find(|post| post["id"] == *id);
    found.cloned().map(Json).ok_or_else(ApiError::not_found)
}

/// Gives a filter a single post.
async fn add_post(app: App, Path(id): Path<u64>, Input(asked): Input<Single>) -> Answer<Json<Value>> {
    let filter = named(&app, id).await?;
    let status = asked.status_id.ok_or_else(|| ApiError::unprocessable("status_id is needed"))?;
    let post = entry(&app, status).await?;
    let mut new = again(&filter);
    new.posts.push(post.clone());
    let filter = set(&app, &filter, new).await?;
    let part = filter.posts.iter().find(|part| part.post == post).map(|part| part.id.clone());
    single(&app, filter, &part.ok_or_else(ApiError::not_found)?).await
}

/// A single post of a filter.
async fn show_post(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (filter, part) = with_post(&app, id).await?;
    single(&app, filter, &part.id).await
}

/// Takes a post from its filter.
async fn remove_post(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (filter, part) = with_post(&app, id).await?;
    let mut new = again(&filter);
    new.posts.retain(|post| *post != part.post);
    set(&app, &filter, new).await?;
    Ok(Json(json!({})))
}

fn old(filter: &FilterView, phrase: &FilterPhrase) -> Value {
    json!({
        "id": number(&phrase.id).to_string(), "phrase": phrase.text,
        "context": filter.contexts.iter().map(|context| context.name()).collect::<Vec<_>>(),
        "expires_at": filter.until, "irreversible": filter.action == FilterAction::Hide,
        "whole_word": !phrase.in_words,
    })
}

fn hides(irreversible: bool) -> FilterAction {
    if irreversible { FilterAction::Hide } else { FilterAction::Warn }
}

/// All phrases.
async fn old_list(app: App) -> Answer<Json<Vec<Value>>> {
    let filters = all(&app).await?;
    let each = filters.iter().flat_map(|filter| filter.phrases.iter().map(move |phrase| old(filter, phrase)));
    Ok(Json(each.collect()))
}

/// Makes a filter of a phrase.
async fn old_create(app: App, Input(asked): Input<Old>) -> Answer<Json<Value>> {
    if asked.context.is_empty() {
        return Err(ApiError::unprocessable("a filter needs a context"));
    }
    let text = asked.phrase.unwrap_or_default();
    let filter = NewFilter {
        title: Some(text.clone()),
        phrases: vec![NewPhrase { id: None, text, in_words: asked.whole_word == Some(false) }],
        contexts: contexts(&asked.context)?,
        action: hides(asked.irreversible == Some(true)),
        until: ends(&asked.expires_in, None)?,
        another: true,
        ..NewFilter::default()
    };
    let filter = made(&app, Request::AddFilter { filter }).await?;
    filter.phrases.first().map(|phrase| Json(old(&filter, phrase))).ok_or_else(ApiError::not_found)
}

/// A phrase.
async fn old_show(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (filter, phrase) = with_phrase(&app, id).await?;
    Ok(Json(old(&filter, &phrase)))
}

/// Changes a phrase. What its filter says of others too is not changed for one.
async fn old_update(app: App, Path(id): Path<u64>, Input(asked): Input<Old>) -> Answer<Json<Value>> {
    let (filter, phrase) = with_phrase(&app, id).await?;
    let mut new = again(&filter);
    if !asked.context.is_empty() {
        new.contexts = contexts(&asked.context)?;
    }
    new.action = asked.irreversible.map_or(new.action, hides);
    new.until = ends(&asked.expires_in, new.until)?;
    let is_same = new.contexts.iter().all(|context| filter.contexts.contains(context))
        && (&new.action, new.contexts.len(), &new.until)
            == (&filter.action, filter.contexts.len(), &filter.until);
    if !is_same && filter.phrases.len() > 1 {
        return Err(ApiError::unprocessable(
            "this filter has other phrases too, which an app of today can change",
        ));
    }
    if filter.title == phrase.text {
        new.title = asked.phrase.clone().or(new.title);
    }
    let keyword = Keyword { id: Some(id), text: asked.phrase, whole_word: asked.whole_word, gone: false };
    change(&mut new.phrases, keyword)?;
    set(&app, &filter, new).await?;
    old_show(app, Path(id)).await
}

/// Removes a phrase, and its filter where that was all it had.
async fn old_remove(app: App, Path(id): Path<u64>) -> Answer<Json<Value>> {
    let (filter, _) = with_phrase(&app, id).await?;
    if filter.phrases.len() > 1 || !filter.posts.is_empty() {
        return remove_keyword(app, Path(id)).await;
    }
    app.ask(Request::RemoveFilter { filter: filter.id }).await?;
    Ok(Json(json!({})))
}

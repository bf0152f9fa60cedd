//! Pages: which part of a list is asked for, and the links to those before and after it.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::http::App;
use crate::http::error::Answer;
use crate::http::input::lenient;
use crate::node::Named;
use crate::node::api::{Feed, PostView, Reply, Request, TimelinePage};

/// Items of a page where none is asked for, and at most.
const USUAL: usize = 20;
const MOST: usize = 40;
/// Posts that are looked through for those next after a given one.
const FAR: usize = 4_000;
const STEP: usize = 200;
/// Posts of one millisecond that are looked at to find those below a number that none of them has.
const SAME_TIME: usize = 20;

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Paging {
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub limit: Option<usize>,
    /// What is older than this number.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub max_id: Option<u64>,
    /// The newest of what is newer than this.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub since_id: Option<u64>,
    /// The oldest of what is newer than this.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub min_id: Option<u64>,
    /// So many from the beginning are left out, where pages are not named by numbers.
    #[serde(default, deserialize_with = "lenient::maybe")]
    offset: Option<usize>,
}

impl Paging {
    /// How many are wanted.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// How many people or notifications are wanted, of which a page holds more.
    pub fn limit_of_people(&self) -> usize {
        self.limit.unwrap_or(MOST).clamp(1, 2 * MOST)
    }

    /// So many from the beginning are left out.
    pub fn offset(&self) -> usize {
        self.offset.unwrap_or(0)
    }

    /// Of things in an order of their own, those that are asked for: behind the one with the number `max_id`, and before
    /// the one with `since_id` or `min_id`.
    pub fn cut_in_order<T>(&self, all: Vec<(u64, T)>, limit: usize) -> Vec<(u64, T)> {
        let place = |number: u64| all.iter().position(|(own, _)| *own == number);
        let from = self.max_id.map_or(0, |number| place(number).map_or(all.len(), |at| at + 1));
        let end = self.min_id.or(self.since_id).and_then(place).unwrap_or(all.len()).max(from);
        let (from, end) = if self.min_id.is_some() {
            (end.saturating_sub(limit).max(from), end)
        } else {
            (from, end.min(from + limit))
        };
        all.into_iter().skip(from).take(end - from).collect()
    }

    /// Of things with numbers, the highest number first, those that are asked for.
    pub fn cut<T>(&self, all: Vec<(u64, T)>) -> Vec<(u64, T)> {
        let below = |number: u64| self.max_id.is_none_or(|most| number < most);
        let above = |number: u64| self.since_id.max(self.min_id).is_none_or(|least| number > least);
        let mut found: Vec<_> =
            all.into_iter().filter(|(number, _)| below(*number) && above(*number)).collect();
        if self.min_id.is_some() {
            found.drain(..found.len().saturating_sub(self.limit()));
        }
        found.truncate(self.limit());
        found
    }
}

/// What a post on a timeline is named by: the repost by which it is there, or itself.
pub fn shown_id(post: &PostView) -> &str {
    post.repost.as_ref().map_or(&post.id, |repost| &repost.id)
}

/// A page of a timeline: posts with the numbers that they are there by, the newest first.
pub async fn timeline(app: &App, feed: Feed, paging: &Paging) -> Answer<Vec<(u64, PostView)>> {
    if matches!(feed, Feed::Bookmarks | Feed::Favourites | Feed::Pinned) {
        return of_marks(app, feed, paging).await;
    }
    let mut page = TimelinePage { feed, limit: paging.limit(), ..TimelinePage::default() };
    if let Some(most) = paging.max_id {
        if let Some(Named::Entry(id)) = app.by_number(most).await? {
            page.before = Some(id);
        } else {
            // Nothing has that number here: it says a time, to less than a millisecond.
            page.before_ms = Some((most >> 16) + 1);
            page.limit += SAME_TIME;
        }
    }
    let Some(least) = paging.min_id.or(paging.since_id) else {
        return Ok(paging.cut(numbered(app, read(app, &page).await?).await?));
    };
    let mut found = Vec::new();
    if paging.min_id.is_some() {
        page.limit = STEP;
    }
    loop {
        let step = numbered(app, read(app, &page).await?).await?;
        let is_end = step.len() < page.limit || paging.min_id.is_none() || found.len() >= FAR;
        let reached = step.iter().any(|(number, _)| *number <= least);
        page.before = step.last().map(|(_, post)| shown_id(post).to_owned());
        found.extend(step);
        if is_end || reached {
            return Ok(paging.cut(found));
        }
    }
}

/// A page of what the owner has marked, which stands in the order of the marks.
async fn of_marks(app: &App, feed: Feed, paging: &Paging) -> Answer<Vec<(u64, PostView)>> {
    let mut page = TimelinePage { feed, limit: paging.limit(), ..TimelinePage::default() };
    if paging.min_id.is_none() && paging.since_id.is_none() {
        if let Some(most) = paging.max_id {
            let Some(Named::Entry(id)) = app.by_number(most).await? else { return Ok(Vec::new()) };
            page.before = Some(id);
        }
        return numbered(app, read(app, &page).await?).await;
    }
    page.limit = FAR;
    let all = numbered(app, read(app, &page).await?).await?;
    Ok(paging.cut_in_order(all, paging.limit()))
}

/// A page of those posts of a timeline that fit, and the numbers between which posts were looked at.
pub async fn fitting(
    app: &App,
    feed: Feed,
    paging: &Paging,
    fits: impl Fn(&PostView) -> bool,
) -> Answer<(Vec<(u64, PostView)>, Option<(u64, u64)>)> {
    let (limit, mut step) = (paging.limit(), paging.clone());
    let (mut found, mut looked, mut ends) = (Vec::new(), 0, None);
    loop {
        let posts = timeline(app, feed.clone(), &step).await?;
        let (count, last) = (posts.len(), posts.last().map(|(number, _)| *number));
        if let (Some((first, _)), Some(last)) = (posts.first(), last) {
            ends = Some((ends.map_or(*first, |(first, _)| first), last));
        }
        found.extend(posts.into_iter().filter(|(_, post)| fits(post)));
        looked += count;
        let is_end = count < step.limit() || looked >= FAR || paging.min_id.is_some();
        if is_end || found.len() >= limit {
            break;
        }
        step = Paging { max_id: last, limit: Some(MOST), ..step };
    }
    if found.len() > limit {
        found.truncate(limit);
        ends = ends.zip(found.last()).map(|((first, _), (last, _))| (first, *last));
    }
    Ok((found, ends))
}

async fn read(app: &App, page: &TimelinePage) -> Answer<Vec<PostView>> {
    let replies = app.ask(Request::Timeline { page: page.clone(), watch: false }).await?;
    Ok(posts(replies))
}

/// The posts among replies.
pub fn posts(replies: Vec<Reply>) -> Vec<PostView> {
    let post = |reply| match reply {
        Reply::Post(post) | Reply::Shown(post) => Some(*post),
        _ => None,
    };
    replies.into_iter().filter_map(post).collect()
}

/// Posts with the numbers that they are there by.
pub async fn numbered(app: &App, posts: Vec<PostView>) -> Answer<Vec<(u64, PostView)>> {
    let names = posts.iter().map(|post| Named::Entry(shown_id(post).to_owned())).collect();
    Ok(app.numbers(names).await?.into_iter().zip(posts).collect())
}

/// A text as it stands in an address.
pub fn encoded(text: &str) -> impl std::fmt::Display + '_ {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
}

/// A page of people, in their order.
pub async fn people(
    app: &App,
    paging: &Paging,
    keys: Vec<String>,
    path: &str,
) -> Answer<(HeaderMap, Json<Vec<Value>>)> {
    let numbers = app.numbers(keys.iter().map(|key| Named::Account(key.clone())).collect()).await?;
    let page = paging.cut_in_order(numbers.into_iter().zip(keys).collect(), paging.limit_of_people());
    let ends = page.first().zip(page.last()).map(|((first, _), (last, _))| (*first, *last));
    let keys: Vec<_> = page.into_iter().map(|(_, key)| key).collect();
    Ok((links(app, path, ends), super::accounts::all(app, &keys).await?))
}

/// The links to the pages before and after one whose first and last items have these numbers.
pub fn links(app: &App, path: &str, first_and_last: Option<(u64, u64)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some((first, last)) = first_and_last {
        let base = &app.base;
        let text =
            format!("<{base}{path}max_id={last}>; rel=\"next\", <{base}{path}min_id={first}>; rel=\"prev\"");
        // A path and numbers are always a value of a header; what is not leaves the links out.
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header::LINK, value);
        }
    }
    headers
}

//! Pages: which part of a list is asked for, and the links to those before and after it.

use axum::http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::Deserialize;

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
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Paging {
    #[serde(default, deserialize_with = "lenient::maybe")]
    limit: Option<usize>,
    /// What is older than this number.
    #[serde(default, deserialize_with = "lenient::maybe")]
    max_id: Option<u64>,
    /// The newest of what is newer than this.
    #[serde(default, deserialize_with = "lenient::maybe")]
    since_id: Option<u64>,
    /// The oldest of what is newer than this.
    #[serde(default, deserialize_with = "lenient::maybe")]
    min_id: Option<u64>,
}

impl Paging {
    /// How many are wanted.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
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
    let mut page = TimelinePage { feed, limit: paging.limit(), ..TimelinePage::default() };
    if let Some(most) = paging.max_id {
        match app.by_number(most).await? {
            Some(Named::Entry(id)) => page.before = Some(id),
            // Nothing has that number here: it says a time, to less than a millisecond.
            _ => {
                page.before_ms = Some((most >> 16) + 1);
                page.limit += SAME_TIME;
            }
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

//! Filters: phrases under a title, and what becomes of posts that hold one of them. Each is a private item.

use std::sync::Arc;

use majlis_protocol::limits::{MAX_FILTERED_POSTS, MAX_PHRASES, MAX_SHORT};
use majlis_protocol::sealed::{self, Filter, ItemValue, Phrase};

use super::api::{FilterAction, FilterContext, FilterPhrase, FilterView, FilteredPost, NewFilter};
use super::compose::time;
use super::keys::random;
use super::posts::find;
use super::sift::comparable;
use super::view::rfc3339;
use super::{Failure, Node, now_ms};

/// The collection of their items.
pub(super) const FILTER: &str = "filter";

fn bit(context: FilterContext) -> u16 {
    match context {
        FilterContext::Home => Filter::HOME,
        FilterContext::Notifications => Filter::NOTIFICATIONS,
        FilterContext::Public => Filter::PUBLIC,
        FilterContext::Thread => Filter::THREAD,
        FilterContext::Account => Filter::ACCOUNT,
    }
}

fn view(key: &[u8], value: ItemValue) -> Option<FilterView> {
    let filter = value.filter?;
    let phrase = |part: Phrase| FilterPhrase {
        id: super::hex(&part.id.to_be_bytes()),
        text: part.text,
        in_words: part.in_words,
    };
    let post = |part: sealed::FilteredPost| FilteredPost {
        id: super::hex(&part.id.to_be_bytes()),
        post: part.post.to_string(),
    };
    Some(FilterView {
        id: super::hex(key),
        title: value.name,
        phrases: filter.phrases.into_iter().map(phrase).collect(),
        posts: filter.posts.into_iter().map(post).collect(),
        contexts: FilterContext::ALL
            .into_iter()
            .filter(|context| filter.contexts & bit(*context) != 0)
            .collect(),
        action: if filter.action == Filter::HIDE { FilterAction::Hide } else { FilterAction::Warn },
        until: value.until.map(rfc3339),
    })
}

fn phrase(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.len() > MAX_SHORT {
        return Err(Failure::usage(
            format!("a phrase of a filter has at most {MAX_SHORT} bytes"),
            "Give a word, or a short phrase.",
        ));
    }
    if comparable(text).is_empty() {
        return Err(Failure::usage(
            format!("{text:?} is nothing that could be found"),
            "Give a word, or a short phrase.",
        ));
    }
    Ok(text.to_owned())
}

/// The value of a filter's register. What is new in it has the id 0 as long as none is chosen.
fn value(new: NewFilter) -> Result<ItemValue, Failure> {
    let many = |count: usize, most: usize, of: &str| {
        let fits = count <= most;
        let why = || format!("a filter has at most {most} {of}, not {count}");
        if fits { Ok(()) } else { Err(Failure::usage(why(), "Make several filters of it.")) }
    };
    many(new.phrases.len(), MAX_PHRASES, "phrases")?;
    many(new.posts.len(), MAX_FILTERED_POSTS, "single posts")?;
    if new.phrases.is_empty() && new.title.is_none() {
        return Err(Failure::usage("the filter looks for nothing", "Give a phrase."));
    }
    let mut phrases = Vec::with_capacity(new.phrases.len());
    for part in new.phrases {
        let id = part.id.and_then(|id| u64::from_str_radix(&id, 16).ok()).unwrap_or(0);
        phrases.push(Phrase { id, text: phrase(&part.text)?, in_words: part.in_words });
    }
    let mut posts: Vec<sealed::FilteredPost> = Vec::with_capacity(new.posts.len());
    for post in new.posts {
        let post = find(&post)?;
        if !posts.iter().any(|known| known.post == post) {
            posts.push(sealed::FilteredPost { id: 0, post });
        }
    }
    let first = phrases.first().map(|first| first.text.clone()).unwrap_or_default();
    let name = new.title.map_or(first, |title| title.trim().to_owned());
    if name.is_empty() || name.len() > MAX_SHORT {
        return Err(Failure::usage(
            format!("a filter's title has 1 to {MAX_SHORT} bytes"),
            "Give it a short title.",
        ));
    }
    let until = new.until.as_deref().map(time).transpose()?;
    if until.is_some_and(|end| end <= now_ms()) {
        return Err(Failure::usage("the filter would end before it begins", "Give a time to come."));
    }
    let contexts: &[_] = if new.contexts.is_empty() { &FilterContext::ALL } else { &new.contexts };
    let contexts = contexts.iter().fold(0, |sum, context| sum | bit(*context));
    let action = if new.action == FilterAction::Hide { Filter::HIDE } else { 0 };
    let filter = Some(Filter { phrases, contexts, action, posts });
    Ok(ItemValue { until, name, filter, ..Node::set_now() })
}

/// Chooses ids for what has none.
fn name_parts(value: &mut ItemValue) -> Result<(), Failure> {
    let Some(filter) = &mut value.filter else { return Ok(()) };
    let phrases = filter.phrases.iter_mut().map(|part| &mut part.id);
    let posts = filter.posts.iter_mut().map(|part| &mut part.id);
    for id in phrases.chain(posts).filter(|id| **id == 0) {
        // Many programs take a number for a signed one.
        *id = u64::from_be_bytes(random()?) >> 1;
    }
    Ok(())
}

/// The same without what is another at each making.
fn meaning(value: &ItemValue) -> ItemValue {
    let mut value = ItemValue { at: None, ..value.clone() };
    if let Some(filter) = &mut value.filter {
        filter.phrases.iter_mut().for_each(|part| part.id = 0);
        filter.posts.iter_mut().for_each(|part| part.id = 0);
    }
    value
}

impl Node {
    /// All filters that have not ended, in the order in which they were made.
    pub(super) fn filters(&self) -> Vec<FilterView> {
        let mut all = self.kept_all(FILTER);
        all.sort_by_key(|(_, value)| value.at);
        all.into_iter().filter_map(|(key, value)| view(&key, value)).collect()
    }

    /// Makes a filter. One that is there already is not made again.
    pub(super) async fn add_filter(self: &Arc<Self>, new: NewFilter) -> Result<FilterView, Failure> {
        let another = new.another;
        let mut value = value(new)?;
        let mut titled = self.kept_all(FILTER).into_iter().filter(|(_, known)| known.name == value.name);
        if let Some((key, known)) = titled.next().filter(|_| !another) {
            let same = meaning(&known) == meaning(&value);
            return view(&key, known).filter(|_| same).ok_or_else(|| {
                Failure::new(
                    format!("there is a filter {:?} already, which is another one", value.name),
                    "Remove it first with `majlis filter remove`, or give this one another title with --title.",
                )
            });
        }
        name_parts(&mut value)?;
        let key = (u64::from_be_bytes(random()?) >> 1).to_be_bytes().to_vec();
        self.keep(FILTER, key.clone(), Some(value.clone())).await?;
        view(&key, value).ok_or_else(|| Failure::new("this is no filter", "Try again."))
    }

    /// Gives the filter with this id another form. Phrases that say which they are, and posts that it has already, keep
    /// their ids.
    pub(super) async fn set_filter(
        self: &Arc<Self>,
        id: &str,
        new: NewFilter,
    ) -> Result<FilterView, Failure> {
        let found = self.kept_all(FILTER).into_iter().find(|(key, _)| super::hex(key) == id);
        let Some((key, known)) = found else {
            return Err(Failure::missing(
                format!("there is no filter {id:?}"),
                "`majlis filter` lists them.",
            ));
        };
        let mut value = ItemValue { at: known.at, ..value(new)? };
        let before = known.filter.unwrap_or_default();
        if let Some(filter) = &mut value.filter {
            for part in &mut filter.posts {
                let same = before.posts.iter().find(|known| known.post == part.post);
                part.id = same.map_or(0, |known| known.id);
            }
            // Nobody may choose an id.
            for part in &mut filter.phrases {
                part.id = before.phrases.iter().find(|known| known.id == part.id).map_or(0, |known| known.id);
            }
        }
        name_parts(&mut value)?;
        self.keep(FILTER, key.clone(), Some(value.clone())).await?;
        view(&key, value).ok_or_else(|| Failure::new("this is no filter", "Try again."))
    }

    /// Removes the filter with this title or id; its title. Two devices can have made two of one title: both go.
    pub(super) async fn remove_filter(self: &Arc<Self>, named: &str) -> Result<String, Failure> {
        let named = named.trim();
        let mut all = self.kept_all(FILTER);
        all.retain(|(key, value)| value.name == named || super::hex(key) == named);
        let Some((_, first)) = all.first() else {
            return Err(Failure::missing(
                format!("there is no filter {named:?}"),
                "`majlis filter` lists them.",
            ));
        };
        let title = first.name.clone();
        for (key, _) in all {
            self.keep(FILTER, key, None).await?;
        }
        Ok(title)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::node::api::NewPhrase;
    use majlis_protocol::EntryId;

    fn new(phrases: &[&str]) -> NewFilter {
        let phrase = |text: &&str| NewPhrase { text: (*text).to_owned(), ..NewPhrase::default() };
        NewFilter { phrases: phrases.iter().map(phrase).collect(), ..NewFilter::default() }
    }

    /// SEAL-15.
    #[test]
    fn a_filter_is_what_was_asked_for() {
        let shown = view(&[1; 8], value(new(&[" كرة القدم ", "match"])).unwrap()).unwrap();
        assert_eq!((shown.id.as_str(), shown.title.as_str()), ("0101010101010101", "كرة القدم"));
        assert_eq!((shown.contexts.as_slice(), shown.action), (&FilterContext::ALL[..], FilterAction::Warn));
        let contexts = vec![FilterContext::Thread, FilterContext::Home];
        let shown =
            NewFilter { contexts, action: FilterAction::Hide, title: Some("T".into()), ..new(&["a"]) };
        let shown = view(&[1; 8], value(shown).unwrap()).unwrap();
        assert_eq!(shown.contexts, [FilterContext::Home, FilterContext::Thread]);
        assert_eq!((shown.title.as_str(), shown.action), ("T", FilterAction::Hide));
        // What is not known yet holds in what is known, and warns.
        let later = Filter { contexts: Filter::PUBLIC | 1 << 15, action: 9, ..Filter::default() };
        let shown = view(&[1; 8], ItemValue { filter: Some(later), ..ItemValue::default() }).unwrap();
        assert_eq!(
            (shown.contexts.as_slice(), shown.action),
            (&[FilterContext::Public][..], FilterAction::Warn)
        );
    }

    #[test]
    fn a_filter_that_could_find_nothing_is_refused() {
        let long = "a".repeat(MAX_SHORT + 1);
        let many = vec!["a"; MAX_PHRASES + 1];
        for bad in [&[][..], &[""], &["a", "\u{64e}"], &[&long], &many] {
            assert!(value(new(bad)).unwrap_err().is_usage(), "{bad:?}");
        }
        assert!(value(NewFilter { title: Some(" ".into()), ..new(&["a"]) }).is_err());
        assert!(value(NewFilter { title: Some("later".into()), ..new(&[]) }).is_ok());
        assert!(value(NewFilter { until: Some("2020-01-01T00:00:00Z".into()), ..new(&["a"]) }).is_err());
        // The longest fits a register.
        let text = "ك".repeat(MAX_SHORT / 2);
        let posts = (0..MAX_FILTERED_POSTS).map(|at| EntryId([at as u8; 32]).to_string()).collect();
        let longest =
            NewFilter { title: Some(text.clone()), posts, ..new(&vec![text.as_str(); MAX_PHRASES]) };
        assert!(value(longest).unwrap().encode().unwrap().len() < majlis_protocol::limits::MAX_ITEM_VALUE);
    }
}

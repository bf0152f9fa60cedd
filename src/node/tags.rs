//! Tags that the owner follows, so that held posts with them stand on the home timeline, and those that the owner shows
//! on their own page. Each is a register that the owner's devices share.

use std::sync::Arc;

use majlis_protocol::body;
use majlis_protocol::sealed::ItemValue;

use super::api::{TagMark, TagView};
use super::view::{post, rfc3339};
use super::{Failure, Node, text};
use crate::store::{Relation, Subject, fold_tag};

const FOLLOW: &str = "follow-tag";
const FEATURE: &str = "feature-tag";
/// Tags that can be followed, as the home timeline looks for each; and shown on a page.
const MAX_FOLLOWED: usize = 64;
const MAX_FEATURED: usize = 10;

fn collection(mark: TagMark) -> (&'static str, usize) {
    match mark {
        TagMark::Followed => (FOLLOW, MAX_FOLLOWED),
        TagMark::Featured => (FEATURE, MAX_FEATURED),
    }
}

/// A tag as people write it, without `#`.
fn tag(written: &str) -> Result<String, Failure> {
    let bare = written.trim().trim_start_matches('#');
    let mut found = text::tags(&format!("#{bare}"));
    found.pop().filter(|tag| tag == bare).ok_or_else(|| {
        Failure::usage(
            format!("{written:?} is no tag"),
            "A tag is a word of letters, digits and underscores.",
        )
    })
}

impl Node {
    /// A tag and how the owner stands to it.
    pub(super) fn tag(&self, written: &str) -> Result<TagView, Failure> {
        let written = tag(written)?;
        let key = fold_tag(&written).into_bytes();
        let of = |mark| self.kept(collection(mark).0, &key);
        let (followed, featured) = (of(TagMark::Followed), of(TagMark::Featured));
        let name =
            followed.iter().chain(&featured).map(|value| value.name.clone()).find(|name| !name.is_empty());
        let mut view = TagView {
            tag: name.unwrap_or(written),
            followed: followed.is_some(),
            featured: featured.is_some(),
            posts: 0,
            last_post_at: None,
        };
        if view.featured {
            for stored in self.store.about(&Subject::Tag(view.tag.clone()), Relation::Tag)? {
                let is_own = stored.entry.header.account == self.keys.account;
                if is_own
                    && post(&stored.entry).is_some_and(|post| post.visibility == body::Visibility::Public)
                {
                    view.posts += 1;
                    view.last_post_at = Some(rfc3339(stored.display_ms));
                }
            }
        }
        Ok(view)
    }

    /// The tags that have a mark, the latest first.
    pub(super) fn tags_with(&self, mark: TagMark) -> Vec<TagView> {
        let mut all = self.kept_all(collection(mark).0);
        all.sort_by_key(|(_, value)| std::cmp::Reverse(value.at));
        let keys = all.into_iter().filter_map(|(key, _)| String::from_utf8(key).ok());
        // What another device has written may be of another form: it is passed over.
        keys.filter_map(|key| self.tag(&key).ok()).collect()
    }

    /// The tags that the owner follows, folded.
    pub(super) fn followed_tags(&self) -> Vec<String> {
        let all = self.kept_all(FOLLOW).into_iter();
        all.filter_map(|(key, _)| String::from_utf8(key).ok()).take(MAX_FOLLOWED).collect()
    }

    /// Puts a mark on a tag, or takes it away.
    pub(super) async fn mark_tag(
        self: &Arc<Self>,
        written: &str,
        mark: TagMark,
        on: bool,
    ) -> Result<TagView, Failure> {
        let name = tag(written)?;
        let ((collection, most), key) = (collection(mark), fold_tag(&name).into_bytes());
        let known = self.kept(collection, &key);
        if on && known.is_none() && self.kept_all(collection).len() >= most {
            return Err(Failure::new(
                format!("there are {most} such tags already"),
                "End one of them first.",
            ));
        }
        // What is set keeps the form in which it was written at first.
        if on != known.is_some() {
            let value = on.then(|| ItemValue { name: name.clone(), ..Self::set_now() });
            self.keep(collection, key, value).await?;
        }
        self.tag(&name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_one_word() {
        assert_eq!(tag("#Tea").unwrap(), "Tea");
        assert_eq!(tag(" شاي ").unwrap(), "شاي");
        for bad in ["", "#", "two words", "2026", "a-b", "#a#b"] {
            assert!(tag(bad).unwrap_err().is_usage(), "{bad:?}");
        }
    }
}

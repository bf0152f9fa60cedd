//! What the owner does not want to see, asked of many posts at once.

use std::collections::BTreeSet;

use majlis_protocol::{AccountId, EntryId};

use super::Node;
use super::api::{FilterAction, FilterContext, FilterMatch, FilterView, Muted, PostView};
use crate::search::{fold, stands_alone};
use crate::store::fold_tag;

/// Blocks, mutes and filters as they are now; the default hides nothing.
#[derive(Default)]
pub(super) struct Sieve {
    /// Whose own words are never hidden: a key as it is shown.
    owner: String,
    accounts: BTreeSet<AccountId>,
    threads: BTreeSet<EntryId>,
    tags: BTreeSet<String>,
    words: Vec<Sought>,
    filters: Vec<Sifting>,
}

/// A filter at work.
struct Sifting {
    id: String,
    title: String,
    hides: bool,
    /// As they were written, and as they are looked for.
    phrases: Vec<(String, Sought)>,
    /// Single posts, by their entry ids.
    posts: BTreeSet<String>,
}

impl Sifting {
    /// What of it is found in a post that says this.
    fn finds(&self, view: &PostView, said: &str) -> Option<FilterMatch> {
        let found = self.phrases.iter().filter(|(_, sought)| sought.is_in(said));
        let phrases: Vec<_> = found.map(|(text, _)| text.clone()).collect();
        let post = self.posts.contains(&view.id);
        (post || !phrases.is_empty()).then(|| FilterMatch {
            filter: self.id.clone(),
            title: self.title.clone(),
            phrases,
            post,
        })
    }
}

/// A word or phrase, as texts are compared, and whether it may be part of a longer word.
struct Sought {
    phrase: String,
    in_words: bool,
}

impl Sieve {
    /// Whether nothing of this account is to be shown unasked.
    pub fn hides_account(&self, account: &AccountId) -> bool {
        self.accounts.contains(account)
    }

    /// Whether it depends on what a post says, or on which conversation it is part of, if it is shown.
    pub fn reads_posts(&self) -> bool {
        !(self.threads.is_empty() && self.tags.is_empty() && self.words.is_empty())
            || self.filters.iter().any(|filter| filter.hides)
    }

    /// The filters that have found a post; none if it is not to be shown at all.
    pub fn sift(&self, view: &PostView) -> Option<Vec<FilterMatch>> {
        if self.owner == view.account {
            return Some(Vec::new());
        }
        let root = view.root.as_ref().map_or(&view.id, |root| &root.id);
        // Reading a key takes longer than all the rest, so it is done where it can matter.
        if (!self.accounts.is_empty()
            && view.account.parse().is_ok_and(|account| self.hides_account(&account)))
            || (!self.threads.is_empty()
                && root.parse().is_ok_and(|root: EntryId| self.threads.contains(&root)))
            || (!self.tags.is_empty() && view.tags.iter().any(|tag| self.tags.contains(&fold_tag(tag))))
        {
            return None;
        }
        if self.words.is_empty() && self.filters.is_empty() {
            return Some(Vec::new());
        }
        let said = said(view);
        if self.words.iter().any(|word| word.is_in(&said)) {
            return None;
        }
        let found = self.filters.iter().filter_map(|filter| Some((filter.hides, filter.finds(view, &said)?)));
        found.map(|(hides, found)| (!hides).then_some(found)).collect()
    }

    /// Those of some filters that hold in a context, and nothing else.
    fn of(owner: &AccountId, filters: Vec<FilterView>, context: FilterContext) -> Self {
        let here = filters.into_iter().filter(|filter| filter.contexts.contains(&context));
        let filters = here.map(Sifting::from).collect();
        Self { owner: owner.to_string(), filters, ..Self::default() }
    }
}

impl From<FilterView> for Sifting {
    fn from(filter: FilterView) -> Self {
        let phrases = filter.phrases.into_iter();
        let phrases = phrases
            .filter_map(|part| Sought::new(&part.text, part.in_words).map(|sought| (part.text, sought)));
        Self {
            phrases: phrases.collect(),
            posts: filter.posts.into_iter().map(|post| post.post).collect(),
            hides: filter.action == FilterAction::Hide,
            title: filter.title,
            id: filter.id,
        }
    }
}

fn found_anywhere(owner: &AccountId, filters: Vec<FilterView>, view: &PostView) -> Vec<FilterMatch> {
    if filters.is_empty() || owner.to_string() == view.account {
        return Vec::new();
    }
    let said = said(view);
    filters.into_iter().filter_map(|filter| Sifting::from(filter).finds(view, &said)).collect()
}

/// All that a post says, as texts are compared, a part a line.
fn said(view: &PostView) -> String {
    let answers = view.poll.iter().flat_map(|poll| &poll.options).map(|option| option.text.as_str());
    let alts = view.attachments.iter().filter_map(|file| file.alt.as_deref());
    let said = view.content_warning.as_deref().into_iter().chain([view.text.as_str()]);
    let parts = said.chain(answers).chain(alts);
    parts.map(comparable).collect::<Vec<_>>().join("\n")
}

/// A text as it is compared: folded as search does it, without what is not seen, with single spaces.
pub(super) fn comparable(text: &str) -> String {
    let is_seen = |c: &char| !matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let seen: String = text.chars().filter(is_seen).collect();
    fold(&seen).split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Sought {
    /// None where the phrase says nothing that could be found.
    fn new(phrase: &str, in_words: bool) -> Option<Self> {
        let phrase = comparable(phrase);
        (!phrase.is_empty()).then_some(Self { phrase, in_words })
    }

    /// Whether a text, as texts are compared, holds it.
    fn is_in(&self, text: &str) -> bool {
        let ends = |at: usize| {
            let end = at + self.phrase.len();
            is_apart(text, at) && is_apart(text, end)
        };
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|rest| rest.find(&self.phrase)) {
            let at = from + found;
            if self.in_words || ends(at) {
                return true;
            }
            from = at + self.phrase.chars().next().map_or(1, char::len_utf8);
        }
        false
    }
}

/// Whether a place in a text is not in the midst of a word. In scripts without spaces every character is one.
fn is_apart(text: &str, at: usize) -> bool {
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !stands_alone(c));
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let after = text.get(at..).and_then(|after| after.chars().next());
    !(in_word(before) && in_word(after))
}

impl Node {
    /// Blocks and mutes as they are now, and the filters of a context.
    pub(super) fn sieve(&self, context: FilterContext) -> Sieve {
        let mut sieve = self.filters_only(context);
        sieve.accounts.extend(self.blocked());
        for mute in self.mutes() {
            match mute.muted {
                Muted::Account(account) => sieve.accounts.extend(account.parse::<AccountId>()),
                Muted::Thread(root) => sieve.threads.extend(root.parse::<EntryId>()),
                Muted::Tag(tag) => drop(sieve.tags.insert(tag)),
                Muted::Word(word) => sieve.words.extend(Sought::new(&word, false)),
            }
        }
        sieve
    }

    /// The filters of a context alone: for what the owner has asked for by name.
    pub(super) fn filters_only(&self, context: FilterContext) -> Sieve {
        Sieve::of(&self.keys.account, self.filters(), context)
    }

    /// All filters that find a post, wherever they hold and whatever they do there: for a post that the owner has asked
    /// for by name, which is shown all the same. Apps are told where each holds.
    pub(super) fn filters_finding(&self, view: &PostView) -> Vec<FilterMatch> {
        found_anywhere(&self.keys.account, self.filters(), view)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;
    use crate::node::api::{FilterPhrase, FilteredPost, PollOptionView, PollView};

    fn holds(text: &str, phrase: &str) -> bool {
        Sought::new(phrase, false).unwrap().is_in(&comparable(text))
    }

    #[test]
    fn a_word_is_found_whole() {
        assert!(holds("the end.", "end") && holds("نهاية الطريق", "الطريق") && holds("a b c", "b c"));
        assert!(!holds("the ending", "end") && !holds("blend", "end"));
        assert!(holds("ba a a", "a a"), "what is found in the midst of a word hides nothing behind it");
        let part = Sought::new("end", true).unwrap();
        assert!(part.is_in("blending") && !part.is_in("en d"));
    }

    #[test]
    fn letters_are_compared_as_search_does_it() {
        assert!(holds("مباراةُ كُـرَةِ القَدَم الليلة", "كرة القدم"));
        assert!(holds("كره\n\u{200f}القدم", "كُرة  القدم") && holds("Le CAFÉ noir", "cafe"));
        assert!(!holds("كرة القدمين", "كرة القدم"));
        // Signs are not part of words; characters of scripts without spaces are words.
        assert!(holds("in C++, and C++11", "c++") && !holds("see", "c++") && holds("x🎉y", "🎉"));
        assert!(holds("お茶を飲む", "茶") && holds("#football!", "football"));
        assert!(Sought::new(" \u{64e}\u{200f} ", false).is_none());
    }

    const OWNER: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    const OTHER: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

    fn filter(title: &str, phrase: &str, action: FilterAction, contexts: &[FilterContext]) -> FilterView {
        let phrases = vec![FilterPhrase { text: phrase.to_owned(), ..FilterPhrase::default() }];
        let (title, contexts) = (title.to_owned(), contexts.to_vec());
        FilterView { title, phrases, contexts, action, ..FilterView::default() }
    }

    fn sieve(filters: Vec<FilterView>, context: FilterContext) -> Sieve {
        Sieve::of(&OWNER.parse().unwrap(), filters, context)
    }

    /// The titles of the filters that find a post.
    fn found(sieve: &Sieve, view: &PostView) -> Option<Vec<String>> {
        Some(sieve.sift(view)?.into_iter().map(|found| found.title).collect())
    }

    fn by(account: &str, text: &str) -> PostView {
        PostView { account: account.into(), text: text.into(), ..PostView::default() }
    }

    #[test]
    fn a_filter_holds_in_its_contexts_alone() {
        let all = [
            filter("sport", "match", FilterAction::Warn, &[FilterContext::Home, FilterContext::Thread]),
            filter("war", "bomb", FilterAction::Hide, &[FilterContext::Public]),
            filter("nowhere", "tea", FilterAction::Hide, &[]),
        ];
        for context in FilterContext::ALL {
            let sieve = sieve(all.to_vec(), context);
            let folded = matches!(context, FilterContext::Home | FilterContext::Thread);
            let titles = if folded { vec!["sport"] } else { vec![] };
            assert_eq!(found(&sieve, &by(OTHER, "a match")).unwrap(), titles, "{context:?}");
            let hidden = context == FilterContext::Public;
            assert_eq!(sieve.sift(&by(OTHER, "a bomb")).is_none(), hidden, "{context:?}");
            assert_eq!(sieve.sift(&by(OTHER, "tea")), Some(vec![]), "{context:?}");
        }
        // Asked for by name, a post is found by each, also by what would hide it.
        let found = |view: &PostView| -> Vec<String> {
            let found = found_anywhere(&OWNER.parse().unwrap(), all.to_vec(), view);
            found.into_iter().map(|found| found.title).collect()
        };
        assert_eq!(found(&by(OTHER, "tea, a match, a bomb")), ["sport", "war", "nowhere"]);
        assert!(found(&by(OTHER, "coffee")).is_empty() && found(&by(OWNER, "a bomb")).is_empty());
    }

    #[test]
    fn filters_name_what_they_have_found_or_leave_it_out() {
        let here = [FilterContext::Home];
        let filters = vec![
            filter("sport", "match", FilterAction::Warn, &here),
            filter("news", "election", FilterAction::Warn, &here),
            filter("war", "bomb", FilterAction::Hide, &here),
        ];
        let sieve = sieve(filters, FilterContext::Home);
        assert_eq!(sieve.sift(&by(OTHER, "tea")), Some(vec![]));
        assert_eq!(
            found(&sieve, &by(OTHER, "The match of the election")),
            Some(vec!["sport".into(), "news".into()])
        );
        assert_eq!(sieve.sift(&by(OTHER, "a match, a bomb")), None);
        // One's own words are one's own.
        assert_eq!(sieve.sift(&by(OWNER, "a match, a bomb")), Some(vec![]));
        // The warning is looked at, and the answers of a poll.
        let warned = PostView { content_warning: Some("MATCH".into()), ..by(OTHER, "2:1") };
        assert_eq!(found(&sieve, &warned), Some(vec!["sport".into()]));
        assert_eq!(sieve.sift(&warned).unwrap()[0].phrases, ["match"]);
        let option = PollOptionView { text: "the bomb".into(), votes: 0 };
        let poll = PollView {
            options: vec![option],
            multiple: false,
            closes_at: None,
            closed: false,
            voters: 0,
            mine: vec![],
        };
        assert_eq!(sieve.sift(&PostView { poll: Some(poll), ..by(OTHER, "What?") }), None);
        // A single post is found whatever it says.
        let posts = vec![FilteredPost { post: "e1".into(), ..FilteredPost::default() }];
        let single = FilterView { posts, phrases: vec![], ..filter("one", "x", FilterAction::Warn, &here) };
        let single = super::Sieve::of(&OWNER.parse().unwrap(), vec![single], FilterContext::Home);
        let named = PostView { id: "e1".into(), ..by(OTHER, "tea") };
        assert!(single.sift(&named).unwrap()[0].post && single.sift(&by(OTHER, "tea")) == Some(vec![]));
        // Parts of a post are not one text.
        let parted = PostView { content_warning: Some("the".into()), ..by(OTHER, "bomb") };
        assert_eq!(super::said(&parted), "the\nbomb");
    }
}

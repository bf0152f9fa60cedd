//! What the owner does not want to see, asked of many posts at once.

use std::collections::BTreeSet;

use majlis_protocol::body::{Content, Post};
use majlis_protocol::{AccountId, EntryId};

use super::Node;
use super::api::{Muted, PostView};
use super::compose::root_of;
use crate::store::fold_tag;

/// Blocks and mutes as they are now; the default hides nothing.
#[derive(Default)]
pub(super) struct Sieve {
    /// Whose own words are never hidden.
    owner: Option<AccountId>,
    accounts: BTreeSet<AccountId>,
    threads: BTreeSet<EntryId>,
    tags: BTreeSet<String>,
    words: Vec<String>,
}

impl Sieve {
    /// Whether nothing of this account is to be shown unasked.
    pub fn hides_account(&self, account: &AccountId) -> bool {
        self.accounts.contains(account)
    }

    /// Whether a post is not to be shown unasked.
    pub fn hides(&self, account: &AccountId, id: &EntryId, post: &Post, content: &Content) -> bool {
        let root = root_of(post).map_or(*id, |root| root.id);
        self.owner.as_ref() != Some(account)
            && (self.hides_account(account)
                || self.threads.contains(&root)
                || self.hides_words(&content.tags, &content.content_warning, &content.text))
    }

    /// The same of a post as it is shown.
    pub fn hides_view(&self, view: &PostView) -> bool {
        let root = view.root.as_ref().map_or(&view.id, |root| &root.id);
        let Ok(account) = view.account.parse::<AccountId>() else { return true };
        self.owner != Some(account)
            && (self.hides_account(&account)
                || root.parse().is_ok_and(|root: EntryId| self.threads.contains(&root))
                || self.hides_words(
                    &view.tags,
                    view.content_warning.as_deref().unwrap_or_default(),
                    &view.text,
                ))
    }

    fn hides_words(&self, tags: &[String], warning: &str, text: &str) -> bool {
        if !self.tags.is_empty() && tags.iter().any(|tag| self.tags.contains(&fold_tag(tag))) {
            return true;
        }
        if self.words.is_empty() {
            return false;
        }
        let said = format!("{warning}\n{text}").to_lowercase();
        self.words.iter().any(|word| holds(&said, word))
    }
}

/// Whether a text holds a word or phrase that is not part of a longer word.
fn holds(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        apart(before) && apart(after)
    })
}

impl Node {
    /// Blocks and mutes as they are now.
    pub(super) fn sieve(&self) -> Sieve {
        let accounts = self.blocked().into_iter().collect();
        let mut sieve = Sieve { owner: Some(self.keys.account), accounts, ..Sieve::default() };
        for mute in self.mutes() {
            match mute.muted {
                Muted::Account(account) => sieve.accounts.extend(account.parse::<AccountId>()),
                Muted::Thread(root) => sieve.threads.extend(root.parse::<EntryId>()),
                Muted::Tag(tag) => drop(sieve.tags.insert(tag)),
                Muted::Word(word) => sieve.words.push(word),
            }
        }
        sieve
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_word_is_found_whole() {
        assert!(holds("the end.", "end") && holds("نهاية الطريق", "الطريق") && holds("a b c", "b c"));
        assert!(!holds("the ending", "end") && !holds("blend", "end"));
    }
}

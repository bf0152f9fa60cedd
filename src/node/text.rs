//! What is marked in a text: tags, and who is addressed by key.

use majlis_protocol::AccountId;
use majlis_protocol::limits::MAX_SHORT;
use unicode_normalization::char::is_combining_mark;

use crate::store::fold_tag;

/// Joins letters of one word in Persian and in scripts of India.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Letters, digits, their marks, and the underscore: what a tag is made of.
fn in_tag(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c) || JOINERS.contains(&c)
}

/// Places where `mark` begins a word, and the text after each.
fn marked(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.match_indices(mark).filter_map(move |(at, found)| {
        let before = text.get(..at)?.chars().next_back();
        let begins = before.is_none_or(|before| !in_tag(before) && !matches!(before, '&' | '/' | '#' | '@'));
        begins.then(|| text.get(at + found.len()..))?
    })
}

/// The hashtags of a text without `#`, each once, in order: a tag is not made of digits alone.
pub(super) fn tags(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for rest in marked(text, '#') {
        let end = rest.find(|c| !in_tag(c)).unwrap_or(rest.len());
        let tag = rest.get(..end).unwrap_or_default().trim_end_matches(JOINERS);
        let says = tag.chars().any(|c| c.is_alphanumeric() && !c.is_numeric());
        if says && tag.len() <= MAX_SHORT && !found.iter().any(|known| fold_tag(known) == fold_tag(tag)) {
            found.push(tag.to_owned());
        }
    }
    found
}

/// The accounts that a text addresses as `@did:key:…` or `@z6Mk…`, each once, in order.
pub(super) fn mentions(text: &str) -> Vec<AccountId> {
    let mut found = Vec::new();
    for rest in marked(text, '@') {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(rest.len());
        let key = rest.get(..end).unwrap_or_default().trim_end_matches(':');
        if let Ok(account) = key.parse::<AccountId>()
            && !found.contains(&account)
        {
            found.push(account);
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_after_a_hash_in_any_script() {
        assert_eq!(tags("#Tea and #coffee_2, not #2026 nor a#b nor https://x.y/#z."), ["Tea", "coffee_2"]);
        assert_eq!(tags("مرحبا #مجلس، و#شاي #مَجلِس"), ["مجلس", "مَجلِس"]);
        assert_eq!(tags("(#one)#two ##three"), ["one", "two"]);
        assert_eq!(tags("#نیم\u{200c}فاصله #tea #TEA"), ["نیم\u{200c}فاصله", "tea"]);
        assert!(tags("# #! &#39; #").is_empty());
    }

    #[test]
    fn mentions_are_whole_keys() {
        let key = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        let account: AccountId = key.parse().unwrap();
        assert_eq!(mentions(&format!("@{key}: hello, @did:key:{key}!")), [account]);
        assert!(mentions(&format!("mail@{key} @z6Mk @someone @")).is_empty());
    }
}

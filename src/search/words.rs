//! Words of a text, as they are compared: without case, accents and Arabic vowel signs, letters of one kind in one form;
//! and their stems.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TokenFilter, TokenStream as _, Tokenizer as _};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer ones are no words.
const MAX_WORD: usize = 100;

/// Scripts written without spaces: each character is a word.
pub fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The words of a text as they stand, in order.
pub fn split(text: &str) -> Vec<&str> {
    let in_word =
        |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\u{640}' | '\u{200c}');
    let mut words = Vec::new();
    for run in text.split(|c| !in_word(c)).filter(|run| !run.is_empty()) {
        let mut from = 0;
        for (at, c) in run.char_indices().filter(|(_, c)| stands_alone(*c)) {
            words.extend(run.get(from..at));
            from = at + c.len_utf8();
            words.extend(run.get(at..from));
        }
        words.extend(run.get(from..));
    }
    words.retain(|word| !word.is_empty() && word.len() <= MAX_WORD);
    words
}

/// A word as it is compared.
pub fn fold(word: &str) -> String {
    // Compatibility decomposition parts letters from their accents, vowel signs and hamzas, which are left out.
    word.nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\u{640}' | '\u{200c}'))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ى' | 'ی' => 'ي',
            'ة' => 'ه',
            'ک' => 'ك',
            '٠'..='٩' => digit(c, '٠'),
            '۰'..='۹' => digit(c, '۰'),
            other => other,
        })
        .collect()
}

fn digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}

/// Languages whose words have stems, by their subtags of BCP 47.
const STEMMED: [(&str, Language); 18] = [
    ("ar", Language::Arabic),
    ("da", Language::Danish),
    ("nl", Language::Dutch),
    ("en", Language::English),
    ("fi", Language::Finnish),
    ("fr", Language::French),
    ("de", Language::German),
    ("el", Language::Greek),
    ("hu", Language::Hungarian),
    ("it", Language::Italian),
    ("no", Language::Norwegian),
    ("pt", Language::Portuguese),
    ("ro", Language::Romanian),
    ("ru", Language::Russian),
    ("es", Language::Spanish),
    ("sv", Language::Swedish),
    ("ta", Language::Tamil),
    ("tr", Language::Turkish),
];

/// The language subtag of a BCP 47 tag, in small letters.
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// How the words of a language are brought to their stems.
pub struct Stemming(<Stemmer as TokenFilter>::Tokenizer<RawTokenizer>);

impl Stemming {
    /// By a BCP 47 tag; none where the language's words have no stems here.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = primary(tag);
        STEMMED.iter().find(|(known, _)| *known == primary).map(|(_, language)| Self::new(*language))
    }

    fn new(language: Language) -> Self {
        Self(Stemmer::new(language).transform(RawTokenizer::default()))
    }

    /// The stem of a word, folded.
    pub fn stem(&mut self, word: &str) -> String {
        // Composed, as the stemmers expect it; they know Arabic vowel signs.
        let word: String = word.nfc().flat_map(char::to_lowercase).collect();
        let mut tokens = self.0.token_stream(&word);
        let stem = if tokens.advance() { fold(&tokens.token().text) } else { String::new() };
        if stem.is_empty() { fold(&word) } else { stem }
    }
}

/// The stems that a word has in any language, each once.
pub fn stems(word: &str) -> Vec<String> {
    let mut stems: Vec<_> = STEMMED.iter().map(|(_, language)| Stemming::new(*language).stem(word)).collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        assert_eq!(fold("Café"), "cafe");
        assert_eq!(fold("ＭＡＪＬＩＳ"), "majlis");
        // Vowel signs, stretching, forms of alef and of final letters.
        assert_eq!(fold("مَجْلِسٌ"), fold("مجلس"));
        assert_eq!(fold("مجـــلس"), fold("مجلس"));
        assert_eq!(fold("أهلا"), fold("اهلا"));
        assert_eq!(fold("مدرسة"), fold("مدرسه"));
        assert_eq!(fold("١٢٣۴"), "1234");
    }

    #[test]
    fn a_text_is_split_into_words() {
        assert_eq!(split("Hello, wörld! مَجْلِس (2026)"), ["Hello", "wörld", "مَجْلِس", "2026"]);
        assert_eq!(split("茶と coffee"), ["茶", "と", "coffee"]);
        assert!(split(&"a".repeat(200)).is_empty());
    }

    #[test]
    fn words_of_one_stem_meet() {
        let stem = |word: &str, tag: &str| Stemming::of(tag).map(|mut stemming| stemming.stem(word));
        assert_eq!(stem("gardens", "en-GB").unwrap(), stem("garden", "en").unwrap());
        assert_eq!(stem("المكتبات", "ar").unwrap(), stem("مكتبة", "ar").unwrap());
        assert_eq!(stem("word", "tlh"), None);
        assert!(stems("gardens").contains(&stem("garden", "en").unwrap()));
    }
}

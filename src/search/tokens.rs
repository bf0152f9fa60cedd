//! How the index cuts texts into words and stems. It does so itself, on its own thread: texts are much shorter on their
//! way to it than their words would be.

use tantivy::Index;
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use super::words;

/// Names of the tokenizers, in the schema.
pub const WORDS: &str = "words";
pub const STEMS: &str = "stems";
/// Words of a text that are indexed.
const MAX_WORDS: usize = 10_000;

/// Makes the tokenizers known to an index that was opened.
pub fn register(index: &Index) {
    index.tokenizers().register(WORDS, TextAnalyzer::from(Words));
    index.tokenizers().register(STEMS, TextAnalyzer::from(Stems));
}

/// A text as [`STEMS`] takes it: the language, a line end, the text.
pub fn with_language(text: &str, language: &str) -> String {
    let language = language.lines().next().unwrap_or_default();
    format!("{language}\n{text}")
}

/// The words of a text, folded.
#[derive(Clone)]
struct Words;

/// The stems of its words, where the words of its language have stems.
#[derive(Clone)]
struct Stems;

/// Words that were cut already.
struct Cut {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl Cut {
    fn new(words: Vec<String>) -> Self {
        // Its first position comes next: the default is the one before 0.
        Self { words: words.into_iter(), token: Token::default() }
    }
}

impl TokenStream for Cut {
    fn advance(&mut self) -> bool {
        let Some(text) = self.words.next() else { return false };
        self.token.text = text;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = Cut;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut {
        Cut::new(words::split(text).into_iter().take(MAX_WORDS).map(words::fold).collect())
    }
}

impl Tokenizer for Stems {
    type TokenStream<'a> = Cut;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut {
        let (language, text) = text.split_once('\n').unwrap_or(("", text));
        let words = words::split(text).into_iter().take(MAX_WORDS);
        Cut::new(
            words::Stemming::of(language)
                .map_or_else(Vec::new, |mut stemming| words.map(|word| stemming.stem(word)).collect()),
        )
    }
}

//! Finding: the only door to tantivy. An index of words beside the database, which can be made again from it at any
//! time: one that is missing, damaged or of another database is begun anew.
//!
//! It knows nothing of whether a post still counts: whoever asks looks at what it names.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests;
mod tokens;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::ops::Bound;
use std::path::Path;

use parking_lot::Mutex;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
    Value as _,
};
use tantivy::{Index, IndexReader, IndexWriter, Order, ReloadPolicy, TantivyDocument, Term};

pub use words::{fold, stands_alone};

/// Raised when the meaning of the fields changes: the index is then made anew.
const VERSION: u32 = 2;
/// Memory for documents that are not written yet, in bytes: the least that tantivy takes.
const MEMORY: usize = 15_000_000;
/// How often a merge is tried.
const MERGES: usize = 3;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the search index cannot be used: {0}")]
pub struct SearchError(#[from] tantivy::TantivyError);

/// A post as it is found.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its entry id.
    pub id: [u8; 32],
    /// Its author's account.
    pub author: [u8; 32],
    /// What it says, content warning included.
    pub text: String,
    /// BCP 47 language tag; empty where it is not known.
    pub language: String,
    /// Its tags, folded.
    pub tags: Vec<String>,
    /// When it is shown to have been written, in milliseconds since 1970.
    pub display_ms: u64,
    /// Whether it has attachments.
    pub has_media: bool,
}

/// What is looked for: all that is given has to hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Words, each in any form; `"…"` one after the other as they stand; `-word` not that word.
    pub text: String,
    /// An author's account.
    pub author: Option<[u8; 32]>,
    /// A tag, folded.
    pub tag: Option<String>,
    /// BCP 47 language tag; posts in the same language, whatever the region.
    pub language: Option<String>,
    /// Milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Only with attachments.
    pub has_media: bool,
}

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    author: Field,
    words: Field,
    stems: Field,
    tag: Field,
    language: Field,
    time: Field,
    media: Field,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |tokenizer, option| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing)
    };
    let fields = Fields {
        id: builder.add_bytes_field("id", INDEXED | STORED),
        author: builder.add_bytes_field("author", INDEXED),
        words: builder.add_text_field("words", text(tokens::WORDS, IndexRecordOption::WithFreqsAndPositions)),
        stems: builder.add_text_field("stems", text(tokens::STEMS, IndexRecordOption::Basic)),
        tag: builder.add_text_field("tag", STRING),
        language: builder.add_text_field("language", STRING),
        time: builder.add_u64_field("time", INDEXED | FAST),
        media: builder.add_u64_field("media", INDEXED),
    };
    (builder.build(), fields)
}

/// An open index.
pub struct Search {
    fields: Fields,
    index: Index,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

impl Search {
    /// Opens the index of the database `name` in the directory `path`, or begins a new one; up to which mark it has
    /// come, 0 for a new one.
    pub fn open(path: &Path, name: &str) -> Result<(Self, u64), SearchError> {
        let label = format!("{VERSION} {name}");
        match Self::open_existing(path).and_then(|search| search.mark(&label).map(|mark| (search, mark))) {
            Ok((search, Some(mark))) => Ok((search, mark)),
            found => {
                if let Err(error) = &found {
                    tracing::info!(%error, "the search index is begun anew");
                }
                drop(found);
                Self::create(path).map(|search| (search, 0))
            }
        }
    }

    fn open_existing(path: &Path) -> Result<Self, SearchError> {
        Self::with(Index::open_in_dir(path)?)
    }

    fn create(path: &Path) -> Result<Self, SearchError> {
        let failed = |error: std::io::Error| SearchError(error.into());
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::create_dir_all(path).map_err(failed)?;
        Self::with(Index::create_in_dir(path, schema().0)?)
    }

    fn with(index: Index) -> Result<Self, SearchError> {
        let (schema, fields) = schema();
        if index.schema() != schema {
            return Err(tantivy::TantivyError::SchemaError("it has other fields".to_owned()).into());
        }
        tokens::register(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = Mutex::new(index.writer_with_num_threads(1, MEMORY)?);
        Ok(Self { fields, index, reader, writer })
    }

    /// The mark of the last commit, if it is of this label.
    fn mark(&self, label: &str) -> Result<Option<u64>, SearchError> {
        let payload = self.index.load_metas()?.payload.unwrap_or_default();
        Ok(payload.strip_prefix(label).and_then(|mark| mark.trim().parse().ok()))
    }

    /// Adds a post, in place of what was known of it.
    pub fn put(&self, document: &Document) -> Result<(), SearchError> {
        let Fields { id, author, words, stems, tag, language, time, media } = self.fields;
        let mut out = TantivyDocument::new();
        out.add_bytes(id, &document.id);
        out.add_bytes(author, &document.author);
        out.add_text(words, &document.text);
        out.add_text(stems, tokens::with_language(&document.text, &document.language));
        document.tags.iter().for_each(|own| out.add_text(tag, own));
        out.add_text(language, words::primary(&document.language));
        out.add_u64(time, document.display_ms);
        out.add_u64(media, u64::from(document.has_media));
        let writer = self.writer.lock();
        writer.delete_term(Term::from_field_bytes(id, &document.id));
        writer.add_document(out)?;
        Ok(())
    }

    /// Takes a post of an author out.
    pub fn forget(&self, author: &[u8; 32], id: &[u8; 32]) -> Result<(), SearchError> {
        let parts = [(self.fields.author, author), (self.fields.id, id)];
        let parts = parts.map(|(field, bytes)| (Occur::Must, exactly(Term::from_field_bytes(field, bytes))));
        self.writer.lock().delete_query(Box::new(BooleanQuery::new(parts.into())))?;
        Ok(())
    }

    /// Takes all posts of an author out.
    pub fn forget_author(&self, author: &[u8; 32]) {
        self.writer.lock().delete_term(Term::from_field_bytes(self.fields.author, author));
    }

    /// Writes what was added and taken out, and up to which mark that is. It is found from now on.
    pub fn commit(&self, name: &str, mark: u64) -> Result<(), SearchError> {
        let mut writer = self.writer.lock();
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&format!("{VERSION} {name} {mark}"));
        commit.commit()?;
        Ok(self.reader.reload()?)
    }

    /// Writes the index anew without what was taken out, so that no word of it is left in any file.
    pub fn compact(&self) -> Result<(), SearchError> {
        let mut writer = self.writer.lock();
        let mut merged = Ok(());
        for _ in 0..MERGES {
            let metas = self.index.searchable_segment_metas()?;
            if metas.iter().all(|meta| meta.num_deleted_docs() == 0) {
                break;
            }
            let segments: Vec<_> = metas.iter().map(tantivy::index::SegmentMeta::id).collect();
            // A merge that goes on in the background has some of the segments; then it is tried again.
            merged = writer.merge(&segments).wait().map(drop);
        }
        // What a reader still holds open is not collected.
        self.reader.reload()?;
        writer.garbage_collect_files().wait()?;
        Ok(merged?)
    }

    /// The ids of what is found, the newest first.
    pub fn find(&self, wanted: &Wanted, limit: usize) -> Result<Vec<[u8; 32]>, SearchError> {
        let searcher = self.reader.searcher();
        let query = self.query(wanted);
        // The collector makes room for as many as it is told.
        let limit = limit.min(usize::try_from(searcher.num_docs()).unwrap_or(limit)).max(1);
        let collector = TopDocs::with_limit(limit).order_by_u64_field("time", Order::Desc);
        let mut found = Vec::new();
        for (_, address) in searcher.search(&query, &collector)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let id =
                document.get_first(self.fields.id).and_then(|id| <[u8; 32]>::try_from(id.as_bytes()?).ok());
            found.extend(id);
        }
        Ok(found)
    }

    /// The tags that begin so, folded, the first in alphabetical order.
    pub fn tags(&self, start: &str, limit: usize) -> Result<BTreeSet<String>, SearchError> {
        let mut found = BTreeSet::new();
        for segment in self.reader.searcher().segment_readers() {
            let index = segment.inverted_index(self.fields.tag)?;
            let mut terms =
                index.terms().range().ge(start).into_stream().map_err(tantivy::TantivyError::from)?;
            let mut of_segment = 0;
            while of_segment < limit && terms.advance() {
                let Ok(tag) = std::str::from_utf8(terms.key()) else { continue };
                if !tag.starts_with(start) {
                    break;
                }
                found.insert(tag.to_owned());
                of_segment += 1;
            }
        }
        Ok(found.into_iter().take(limit).collect())
    }

    fn query(&self, wanted: &Wanted) -> BooleanQuery {
        let fields = &self.fields;
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (at, piece) in wanted.text.split('"').enumerate() {
            if at % 2 == 1 {
                parts.extend(self.phrase(piece).map(|phrase| (Occur::Must, phrase)));
                continue;
            }
            for word in piece.split_whitespace() {
                let (occur, word) = match word.strip_prefix('-') {
                    Some(word) => (Occur::MustNot, word),
                    None => (Occur::Must, word),
                };
                for word in words::split(word) {
                    parts.push((occur, self.any_form(word, wanted.language.as_deref())));
                }
            }
        }
        if let Some(author) = &wanted.author {
            parts.push((Occur::Must, exactly(Term::from_field_bytes(fields.author, author))));
        }
        if let Some(tag) = &wanted.tag {
            parts.push((Occur::Must, exactly(Term::from_field_text(fields.tag, tag))));
        }
        if let Some(language) = &wanted.language {
            let language = words::primary(language);
            parts.push((Occur::Must, exactly(Term::from_field_text(fields.language, &language))));
        }
        if wanted.has_media {
            parts.push((Occur::Must, exactly(Term::from_field_u64(fields.media, 1))));
        }
        // Always there, as a query of exclusions alone finds nothing.
        let since = Term::from_field_u64(fields.time, wanted.since_ms.unwrap_or(0));
        parts.push((Occur::Must, Box::new(RangeQuery::new(Bound::Included(since), Bound::Unbounded))));
        BooleanQuery::new(parts)
    }

    fn any_form(&self, word: &str, language: Option<&str>) -> Box<dyn Query> {
        let stems = match language.and_then(words::Stemming::of).map(|mut stemming| stemming.stem(word)) {
            Some(stem) => vec![stem],
            None => words::stems(word),
        };
        let folded = exactly(Term::from_field_text(self.fields.words, &words::fold(word)));
        let stems = stems.iter().map(|stem| exactly(Term::from_field_text(self.fields.stems, stem)));
        let forms = std::iter::once(folded).chain(stems).map(|form| (Occur::Should, form));
        Box::new(BooleanQuery::new(forms.collect()))
    }

    /// Words one after the other as they stand.
    fn phrase(&self, text: &str) -> Option<Box<dyn Query>> {
        let terms = words::split(text).into_iter().map(words::fold);
        let mut terms: Vec<_> = terms.map(|word| Term::from_field_text(self.fields.words, &word)).collect();
        match terms.len() {
            0 => None,
            1 => terms.pop().map(exactly),
            _ => Some(Box::new(PhraseQuery::new(terms))),
        }
    }
}

fn exactly(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

//! The workload: posts of 200 to 400 bytes by many authors, signed with real keys. The same at every run, but for the time
//! of day.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use majlis_protocol::body::{Body, Content, Post};
use majlis_protocol::entry::{Draft, sign};
use majlis_protocol::identity::{Device, IdDoc, IdDraft, Phrase, Roots, VerifiedId, scope};
use majlis_protocol::{AccountId, DeviceId, Entry, EntryId, LogId, LogKey, SecretKey, Verified};
use serde::Deserialize;

use crate::Result;
use crate::archive::Archive;

/// The span over which the posts were written.
const DAYS_30: u64 = 30 * 24 * 3_600 * 1_000;

/// `SplitMix64`: a stream of numbers that only its seed decides.
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.roll() as u8)
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[derive(Deserialize)]
struct Line {
    text: String,
    lang: String,
}

/// Real posts to join, or words where there are none.
struct Texts {
    lines: Vec<Line>,
    source: &'static str,
}

impl Texts {
    fn load() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let all = read("posts-en.jsonl") + &read("posts-ar.jsonl");
        let lines: Vec<Line> = all.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.is_empty() {
            return Self { lines: invented(), source: "invented words" };
        }
        Self { lines, source: "real posts joined" }
    }

    fn post(&self, dice: &mut Dice) -> Post {
        let wanted = 200 + dice.below(201);
        let first = &self.lines[dice.below(self.lines.len())];
        let mut text = first.text.clone();
        while text.len() < wanted {
            text.push(' ');
            text.push_str(&self.lines[dice.below(self.lines.len())].text);
        }
        // Up to three bytes less where the cut would part a letter.
        text.truncate(text.floor_char_boundary(wanted));
        let content = Content { text, language: first.lang.clone(), ..Content::default() };
        Post { content, ..Post::default() }
    }
}

fn invented() -> Vec<Line> {
    let mut dice = Dice(1);
    let syllables =
        ["ka", "mo", "ri", "ten", "sal", "u", "bel", "no", "shi", "dar", "el", "fi", "gos", "ham"];
    let mut word =
        |_| (0..=dice.below(4)).map(|_| syllables[dice.below(syllables.len())]).collect::<String>();
    let words: Vec<String> = (0..3_000).map(&mut word).collect();
    let mut dice = Dice(2);
    let mut line = |_| {
        let text: Vec<&str> =
            (0..8 + dice.below(20)).map(|_| words[dice.below(words.len())].as_str()).collect();
        Line { text: text.join(" "), lang: "en".to_owned() }
    };
    (0..4_000).map(&mut line).collect()
}

/// One of those who write.
#[derive(Clone)]
pub struct Author {
    pub account: AccountId,
    pub device: Arc<SecretKey>,
    pub document: Arc<VerifiedId>,
    pub log: LogKey,
    /// The newest entry of the log.
    pub seq: u64,
    pub head: EntryId,
    dice: Dice,
}

impl Author {
    fn new(number: usize) -> Self {
        let mut dice = Dice(0x6d61_6a6c_6973 + number as u64);
        let roots = Roots::derive(&Phrase::from_entropy(dice.bytes()));
        let device = Arc::new(SecretKey::from_seed(&dice.bytes()));
        let (key, ended) = (DeviceId(device.public()), None);
        let listed = Device {
            key,
            scope: scope::ALL,
            keys: Vec::new(),
            name: String::new(),
            ended,
            closed: Vec::new(),
        };
        let draft = IdDraft {
            k: 0,
            version: 1,
            timestamp: now_ms() - DAYS_30,
            blind: dice.bytes(),
            devices: vec![listed],
            ended: None,
            moved_to: None,
        };
        let document = Arc::new(IdDoc::sign(&roots, draft).expect("an identity of one device is valid"));
        let account = roots.account();
        let log_id = LogId::new(LogId::PUBLIC, dice.roll());
        let log = LogKey { account, device: key, log_id };
        Self { account, device, document, log, seq: 0, head: EntryId::ZERO, dice }
    }

    /// Signs the next post.
    fn write(&mut self, texts: &Texts, timestamp: u64) -> (Verified<Entry>, usize) {
        let post = texts.post(&mut self.dice);
        let length = post.content.text.len();
        (self.sign(&Body::Post(post), timestamp), length)
    }

    /// Signs the next entry, whatever it says.
    pub fn sign(&mut self, body: &Body, timestamp: u64) -> Verified<Entry> {
        let kind = body.kind();
        let body = body.encode().expect("what is said is of moderate length");
        let draft = Draft {
            kind,
            account: self.account,
            log_id: self.log.log_id,
            seq: self.seq + 1,
            timestamp,
            backlink: self.head,
            blind: self.dice.bytes(),
            body: &body,
        };
        let entry = sign(&draft, &self.device).expect("an honest entry can be signed");
        (self.seq, self.head) = (self.seq + 1, entry.id);
        entry
    }
}

/// All posts and their authors.
pub struct Workload {
    pub authors: Vec<Author>,
    /// All of them, to be imported.
    pub archive: PathBuf,
    /// Header and payload of all posts.
    pub logical_bytes: u64,
    pub text_bytes: u64,
    /// A post of each author, from any time.
    pub samples: Vec<EntryId>,
    /// Where the texts are from.
    pub source: &'static str,
    texts: Texts,
}

impl Workload {
    /// Signs everything and writes it into an archive in `folder`.
    pub fn make(posts: usize, authors: usize, folder: &Path) -> Result<Self> {
        let texts = Texts::load();
        let path = folder.join("posts.majlis");
        let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let mut archive = Archive::create(&path).map_err(failed)?;
        let (mut done, mut logical_bytes, mut text_bytes) = (Vec::with_capacity(authors), 0, 0);
        let (mut dice, mut samples) = (Dice(4), Vec::with_capacity(authors));
        let clock = Clock { start: now_ms() - DAYS_30, posts: posts as u64, authors: authors as u64 };
        let numbers: Vec<usize> = (0..authors).collect();
        // A few authors at a time, so that a million posts need not be held at once.
        for some in numbers.chunks(64) {
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let parts: Vec<&[usize]> = some.chunks(some.len().div_ceil(threads)).collect();
            let written: Vec<Vec<Written>> = std::thread::scope(|scope| {
                let texts = &texts;
                let start = |part: &&[usize]| {
                    let part = part.to_vec();
                    scope.spawn(move || part.into_iter().map(|number| clock.history(texts, number)).collect())
                };
                let running: Vec<_> = parts.iter().map(start).collect();
                running.into_iter().map(|thread| thread.join().expect("signing has panicked")).collect()
            });
            for author in written.into_iter().flatten() {
                archive.identity(&author.author.document).map_err(failed)?;
                archive.entries(&author.entries).map_err(failed)?;
                logical_bytes += author.entries.iter().map(|entry| entry.logical_size() as u64).sum::<u64>();
                text_bytes += author.text_bytes as u64;
                samples.push(author.entries[dice.below(author.entries.len())].id);
                done.push(author.author);
            }
        }
        archive.finish().map_err(failed)?;
        let source = texts.source;
        Ok(Self { authors: done, archive: path, logical_bytes, text_bytes, samples, source, texts })
    }

    /// `count` further posts, the authors taking turns; they are in no archive yet.
    pub fn more(&mut self, count: usize, timestamp: u64) -> Vec<Verified<Entry>> {
        let authors = self.authors.len();
        let texts = &self.texts;
        (0..count).map(|number| self.authors[number % authors].write(texts, timestamp).0).collect()
    }

    /// A post as the others are, to be signed.
    pub fn post(&self, dice: &mut Dice) -> Post {
        self.texts.post(dice)
    }

    /// Words of four letters and more that the most texts hold, the most common first.
    pub fn common_words(&self, count: usize) -> Vec<String> {
        let mut lines: HashMap<&str, usize> = HashMap::new();
        for line in &self.texts.lines {
            let words = line.text.split(|letter: char| !letter.is_alphanumeric());
            let words: BTreeSet<&str> = words.filter(|word| word.chars().count() >= 4).collect();
            for word in words {
                *lines.entry(word).or_default() += 1;
            }
        }
        let mut words: Vec<_> = lines.into_iter().map(|(word, lines)| (Reverse(lines), word)).collect();
        words.sort_unstable();
        words.into_iter().take(count).map(|(_, word)| word.to_owned()).collect()
    }
}

struct Written {
    author: Author,
    entries: Vec<Verified<Entry>>,
    text_bytes: usize,
}

/// When each post was written: the authors take turns over thirty days.
#[derive(Clone, Copy)]
struct Clock {
    start: u64,
    posts: u64,
    authors: u64,
}

impl Clock {
    fn history(self, texts: &Texts, number: usize) -> Written {
        let mut author = Author::new(number);
        let (mut entries, mut text_bytes) = (Vec::new(), 0);
        let turns = (number as u64..self.posts).step_by(self.authors as usize);
        for turn in turns {
            let (entry, length) = author.write(texts, self.start + DAYS_30 / self.posts * turn);
            entries.push(entry);
            text_bytes += length;
        }
        Written { author, entries, text_bytes }
    }
}

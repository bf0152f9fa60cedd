//! Talk: conversations of the authors, reactions, and what they say to the owner of a home, all mixed with plain posts
//! and newer than all others. It goes into one home that is thrown away, so nothing else is measured with it.

use std::path::Path;

use majlis_protocol::body::{Body, EntryRef, Post, Reaction};
use majlis_protocol::{Entry, Verified};

use crate::Result;
use crate::archive::Archive;
use crate::workload::{Dice, Workload, now_ms};

/// Long conversations, and the answers and reactions in each.
const LONG: (usize, usize, usize) = (50, 100, 200);
const SHORT: (usize, usize, usize) = (200, 3, 3);
/// Answers and reactions to each of the owner's posts.
const TO_OWNER: (usize, usize) = (20, 80);
const PLAIN: usize = 5_000;
const EMOJI: [&str; 4] = ["♥", "🎉", "👍", "😂"];

/// What was said.
pub struct Talk {
    /// The first post of each long conversation: an entry id.
    pub long: Vec<String>,
    pub short: Vec<String>,
    /// Posts of a long conversation, and of a short one.
    pub posts: (usize, usize),
    /// Answers and reactions to the owner.
    pub notices: usize,
    /// Of all kinds.
    pub entries: usize,
}

/// What is done next.
#[derive(Clone, Copy)]
enum Act {
    Plain,
    Answer(usize),
    React(usize),
}

/// What can be answered.
struct Conversation {
    posts: Vec<EntryRef>,
    /// Only its first post is answered.
    is_flat: bool,
}

impl Talk {
    /// Signs everything and writes it into an archive. `own` are the owner's posts.
    pub fn make(workload: &Workload, own: &[EntryRef], path: &Path) -> Result<Self> {
        let (mut dice, mut authors) = (Dice(11), workload.authors.clone());
        let mut said: Vec<Vec<Verified<Entry>>> = vec![Vec::new(); authors.len()];
        let mut say = |dice: &mut Dice, body: Body| {
            let who = dice.below(authors.len());
            let entry = authors[who].sign(&body, now_ms());
            let target = EntryRef { account: authors[who].account, id: entry.id };
            said[who].push(entry);
            target
        };
        let mut conversations = Vec::new();
        for _ in 0..LONG.0 + SHORT.0 {
            let post = workload.post(&mut dice);
            let posts = vec![say(&mut dice, Body::Post(post))];
            conversations.push(Conversation { posts, is_flat: false });
        }
        let first = |conversation: &Conversation| conversation.posts[0].id.to_string();
        let (long, short) = conversations.split_at(LONG.0);
        let (long, short) = (long.iter().map(first).collect(), short.iter().map(first).collect());
        conversations.extend(own.iter().map(|post| Conversation { posts: vec![*post], is_flat: true }));
        for act in acts(&mut dice, own.len()) {
            match act {
                Act::Plain => {
                    let post = workload.post(&mut dice);
                    say(&mut dice, Body::Post(post));
                }
                Act::Answer(number) => {
                    let conversation = &mut conversations[number];
                    let post = answer(workload.post(&mut dice), conversation, &mut dice);
                    let target = say(&mut dice, Body::Post(post));
                    conversation.posts.push(target);
                }
                Act::React(number) => {
                    let target = conversations[number].pick(&mut dice);
                    let emoji = EMOJI[dice.below(EMOJI.len())].to_owned();
                    say(&mut dice, Body::Reaction(Reaction { target, emoji, on: true }));
                }
            }
        }
        let failed = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let mut archive = Archive::create(path).map_err(failed)?;
        for entries in said.iter().filter(|entries| !entries.is_empty()) {
            archive.entries(entries).map_err(failed)?;
        }
        archive.finish().map_err(failed)?;
        Ok(Self {
            long,
            short,
            posts: (1 + LONG.1, 1 + SHORT.1),
            notices: own.len() * (TO_OWNER.0 + TO_OWNER.1),
            entries: said.iter().map(Vec::len).sum(),
        })
    }
}

impl Conversation {
    fn pick(&self, dice: &mut Dice) -> EntryRef {
        if self.is_flat { self.posts[0] } else { self.posts[dice.below(self.posts.len())] }
    }
}

fn answer(post: Post, conversation: &Conversation, dice: &mut Dice) -> Post {
    let (root, parent) = (conversation.posts[0], conversation.pick(dice));
    // The first answer's parent is the root; only deeper ones name both.
    Post { reply_to: Some(parent), root: (parent != root).then_some(root), ..post }
}

/// Everything that is to be done, mixed.
fn acts(dice: &mut Dice, own: usize) -> Vec<Act> {
    let mut acts = vec![Act::Plain; PLAIN];
    let kinds = [(LONG.0, LONG.1, LONG.2), (SHORT.0, SHORT.1, SHORT.2), (own, TO_OWNER.0, TO_OWNER.1)];
    let mut number = 0;
    for (conversations, answers, reactions) in kinds {
        for _ in 0..conversations {
            acts.extend([Act::Answer(number)].repeat(answers));
            acts.extend([Act::React(number)].repeat(reactions));
            number += 1;
        }
    }
    for at in (1..acts.len()).rev() {
        acts.swap(at, dice.below(at + 1));
    }
    acts
}

//! How people answer a post with less than words: a reaction, a repost, a vote.

use super::BodyError;
use super::cbor::{Reader, Writer};
use super::field::{Field, Item, Many, Need, Text, record};
use super::post::EntryRef;
use crate::limits::{MAX_EMOJI, MAX_POLL_OPTIONS};

record! {
    /// An emoji on a post, or its end: one of an account for each post and emoji.
    Reaction {
        /// The post.
        1 target: EntryRef = Need<EntryRef>,
        /// The emoji; ♥ where none was chosen.
        2 emoji: String = Need<Text<MAX_EMOJI>>,
        /// Whether it is put there or taken away.
        3 on: bool = Need<bool>,
    }
}

record! {
    /// Shows a post to one's own followers, or ceases to: one of an account for each post.
    Repost {
        /// The post.
        1 target: EntryRef = Need<EntryRef>,
        /// Whether it is shown or no longer.
        2 on: bool = Need<bool>,
    }
}

record! {
    /// A choice in a poll: one of an account for each poll. Without choices it is withdrawn.
    Vote {
        /// The post with the poll.
        1 target: EntryRef = Need<EntryRef>,
        /// The chosen answers, counted from 0, ascending.
        2 choices: Vec<u8> = Choices,
    }
}

/// The number of an answer.
struct Choice;

impl Item for Choice {
    type Value = u8;

    fn put(value: &u8, writer: &mut Writer) -> Result<(), BodyError> {
        if usize::from(*value) >= MAX_POLL_OPTIONS {
            return Err(BodyError::Range);
        }
        writer.unsigned(u64::from(*value));
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<u8, BodyError> {
        let value = reader.unsigned()?;
        u8::try_from(value)
            .ok()
            .filter(|value| usize::from(*value) < MAX_POLL_OPTIONS)
            .ok_or(BodyError::Range)
    }
}

type Numbers = Many<Choice, MAX_POLL_OPTIONS>;

/// Numbers of answers, each once and ascending, so that there is one encoding of each choice.
pub(super) struct Choices;

fn ascending(choices: &[u8]) -> Result<(), BodyError> {
    if choices.is_sorted_by(|one, next| one < next) { Ok(()) } else { Err(BodyError::Range) }
}

impl Field for Choices {
    type Value = Vec<u8>;

    fn present(value: &Vec<u8>) -> bool {
        Numbers::present(value)
    }

    fn put(value: &Vec<u8>, writer: &mut Writer) -> Result<(), BodyError> {
        ascending(value)?;
        Numbers::put(value, writer)
    }

    fn get(reader: &mut Reader<'_>) -> Result<Vec<u8>, BodyError> {
        let choices = Numbers::get(reader)?;
        ascending(&choices)?;
        Ok(choices)
    }

    fn absent(key: u64) -> Result<Vec<u8>, BodyError> {
        Numbers::absent(key)
    }
}

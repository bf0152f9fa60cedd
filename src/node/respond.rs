//! Answers with less than words: reactions, reposts, votes. Each is a register: it is written only where that changes
//! anything, and later than what it replaces.

use std::sync::Arc;

use majlis_protocol::LogId;
use majlis_protocol::body::{Body, Reaction, Repost, Vote};

use super::api::PostView;
use super::{Failure, Node};
use crate::store::Response;

/// What a reaction is where no emoji was chosen.
pub(super) const HEART: &str = "♥";

/// An emoji in the one form in which it is signed, so that spellings of one are counted together.
fn emoji(text: Option<&str>) -> Result<&str, Failure> {
    let text = text.unwrap_or(HEART).trim();
    // The heart of a card, and the emoji, each with and without the mark that asks for colour.
    if ["♥", "❤", "♥\u{fe0f}", "❤\u{fe0f}"].contains(&text) {
        return Ok(HEART);
    }
    emojis::get(text)
        .map(emojis::Emoji::as_str)
        .ok_or_else(|| Failure::usage(format!("{text:?} is not an emoji"), "Give one emoji, or none for ♥."))
}

/// The answers that are named, by their numbers from 1 or by what they say; counted from 0, ascending.
fn choices(options: &[String], named: &[String]) -> Result<Vec<u8>, Failure> {
    let mut found = Vec::with_capacity(named.len());
    for name in named {
        let by_number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let place = options
            .iter()
            .position(|option| option == name.trim())
            .or(by_number.filter(|place| *place < options.len()))
            .and_then(|place| u8::try_from(place).ok());
        found.push(place.ok_or_else(|| {
            let offered: Vec<_> =
                options.iter().enumerate().map(|(at, option)| format!("{} {option}", at + 1)).collect();
            Failure::usage(
                format!("the poll has no answer {name:?}"),
                format!("It offers: {}.", offered.join(", ")),
            )
        })?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

impl Node {
    /// The owner's own of several responses.
    pub(super) fn own<T>(&self, responses: Vec<Response<T>>) -> impl Iterator<Item = Response<T>> {
        let account = self.keys.account;
        responses.into_iter().filter(move |response| response.account == account)
    }

    /// Puts an emoji on a post, or takes it away.
    pub(super) async fn react(
        self: &Arc<Self>,
        target: &str,
        chosen: Option<&str>,
        on: bool,
    ) -> Result<PostView, Failure> {
        let emoji = emoji(chosen)?;
        let (target, _, _) = self.held_post(target)?;
        let before = self.own(self.store.reactions(&target.id)?).find(|known| known.value.0 == emoji);
        if before.as_ref().is_some_and(|known| known.value.1) != on {
            let body = Body::Reaction(Reaction { target, emoji: emoji.to_owned(), on });
            self.respond(body, before.map(|known| known.timestamp)).await?;
        }
        self.show(&target.id)
    }

    /// Shows a post to the owner's followers, or no longer.
    pub(super) async fn repost(self: &Arc<Self>, target: &str, on: bool) -> Result<PostView, Failure> {
        let (target, _, _) = self.held_post(target)?;
        let before = self.own(self.store.reposts(&target.id)?).next();
        if before.as_ref().is_some_and(|known| known.value) != on {
            self.respond(Body::Repost(Repost { target, on }), before.map(|known| known.timestamp)).await?;
        }
        self.show(&target.id)
    }

    /// Votes in a post's poll; with no choices the vote is withdrawn.
    pub(super) async fn vote(self: &Arc<Self>, target: &str, named: &[String]) -> Result<PostView, Failure> {
        let (target, _, post) = self.held_post(target)?;
        let poll = post
            .content
            .poll
            .ok_or_else(|| Failure::new("this post has no poll", "`majlis show` says what a post holds."))?;
        let choices = choices(&poll.options, named)?;
        if !poll.allows(&choices) {
            return Err(Failure::usage("this poll takes one answer", "Name one of its answers."));
        }
        let before = self.own(self.store.votes(&target.id, &poll)?).next();
        let time = self.register_time(before.as_ref().map_or(0, |known| known.timestamp));
        if !poll.is_open_at(time) {
            return Err(Failure::new("the poll has ended", "`majlis show` tells what came of it."));
        }
        if before.map(|known| known.value).unwrap_or_default() != choices {
            self.publish(LogId::PUBLIC, vec![(Body::Vote(Vote { target, choices }), time)]).await?;
        }
        self.show(&target.id)
    }

    async fn respond(self: &Arc<Self>, body: Body, before: Option<u64>) -> Result<(), Failure> {
        let time = self.register_time(before.unwrap_or(0));
        self.publish(LogId::PUBLIC, vec![(body, time)]).await?;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_an_emoji_are_one() {
        assert_eq!(emoji(None).unwrap(), "♥");
        assert_eq!(emoji(Some("❤️")).unwrap(), "♥");
        assert_eq!(emoji(Some("☹")).unwrap(), emoji(Some("☹️")).unwrap());
        assert_eq!(emoji(Some("👩🏽‍🌾")).unwrap(), "👩🏽‍🌾");
        for no in ["", "a", "hello", "♥♥", "\u{202e}"] {
            assert!(emoji(Some(no)).is_err(), "{no:?}");
        }
    }

    #[test]
    fn answers_are_named_by_number_or_word() {
        let options = ["tea".to_owned(), "2".to_owned(), "قهوة".to_owned()];
        let named =
            |names: &[&str]| choices(&options, &names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(named(&["قهوة", "1"]).unwrap(), [0, 2]);
        // What an answer says goes before its number.
        assert_eq!(named(&["2", "2"]).unwrap(), [1]);
        assert!(named(&["4"]).unwrap_err().hint.contains("3 قهوة"));
        assert!(named(&["0"]).is_err());
    }
}

//! Reading positions: up to where the owner has read a timeline, or the notifications. Each is a register of one
//! collection (spec chapter 9) that the owner's devices share.

use std::sync::Arc;

use majlis_protocol::EntryId;
use majlis_protocol::sealed::{ItemValue, PrivateItem};

use super::api::{Arrival, Feed, PositionView, Readable};
use super::notifications::NOTIFICATIONS;
use super::posts::find;
use super::view::rfc3339;
use super::{Failure, Node};
use crate::store::Position;

const READ: &str = "read";

/// Up to where something was read.
pub(super) struct Read {
    /// The time of what stands there, in milliseconds since 1970.
    pub at: u64,
    /// What stands there, where that is known.
    entry: Option<EntryId>,
}

impl Read {
    /// The place of a post: all up to it was read.
    pub fn position(&self) -> Position {
        (self.at, self.entry.unwrap_or(EntryId([u8::MAX; 32])))
    }
}

/// The name of a timeline, where it has a reading position.
fn name(feed: &Feed) -> Result<String, Failure> {
    match feed {
        Feed::Home => Ok("home".to_owned()),
        Feed::Mentions => Ok("mentions".to_owned()),
        Feed::List(list) => Ok(format!("list\0{}", list.trim())),
        Feed::Tag(_) | Feed::Bookmarks | Feed::Favourites | Feed::Pinned | Feed::All | Feed::Account(_) => {
            Err(Failure::usage(
                "this timeline has no reading position",
                "The home timeline, lists and mentions have one.",
            ))
        }
    }
}

impl Node {
    /// Up to where a timeline was read, or `notifications`; by its name.
    pub(super) fn read_up_to(&self, name: &str) -> Option<Read> {
        let value = ItemValue::decode(&self.private(READ, name.as_bytes())?).ok()?;
        Some(Read { at: value.at?, entry: value.entry })
    }

    /// Notes up to where something was read. It never goes back.
    pub(super) async fn mark_read(
        self: &Arc<Self>,
        name: &str,
        (at, entry): Position,
    ) -> Result<(), Failure> {
        if self.read_up_to(name).is_some_and(|known| (at, entry) <= known.position()) {
            return Ok(());
        }
        let value = ItemValue { at: Some(at), entry: Some(entry), ..ItemValue::default() }.encode()?;
        let key = name.as_bytes().to_vec();
        self.set_private(PrivateItem { collection: READ.to_owned(), key, value: Some(value) }).await
    }

    /// Up to which post a timeline was read, if anything of it was.
    pub(super) fn feed_read(&self, feed: &Feed) -> Result<Option<Position>, Failure> {
        Ok(self.read_up_to(&name(feed)?).map(|read| read.position()))
    }

    /// Notes that a timeline was read up to a post or repost; none leaves it as it is. The position that then holds.
    pub(super) async fn mark_feed_read(
        self: &Arc<Self>,
        feed: &Feed,
        newest: Option<&str>,
    ) -> Result<Option<PositionView>, Failure> {
        let name = name(feed)?;
        if let Some(newest) = newest {
            self.mark_read(&name, self.position(newest)?).await?;
        }
        Ok(self.position_view(&name))
    }

    /// Up to where the home timeline or the notifications were read, once that was moved to where it is asked to be.
    pub(super) async fn read_position(
        self: &Arc<Self>,
        of: Readable,
        up_to: Option<Arrival>,
    ) -> Result<Option<PositionView>, Failure> {
        let name = match of {
            Readable::Home => name(&Feed::Home)?,
            Readable::Notifications => NOTIFICATIONS.to_owned(),
        };
        if let Some(Arrival { at, id }) = up_to {
            let id = id.as_deref().map(find).transpose()?.unwrap_or(EntryId::ZERO);
            let held = if of == Readable::Home { self.store.entry(&id)? } else { None };
            self.mark_read(&name, (held.map_or(at, |stored| stored.display_ms), id)).await?;
        }
        Ok(self.position_view(&name))
    }

    fn position_view(&self, name: &str) -> Option<PositionView> {
        let Read { at, entry } = self.read_up_to(name)?;
        let changed = self.private_changed_at(READ, name.as_bytes()).unwrap_or(0);
        Some(PositionView {
            timeline: name.replace('\0', " "),
            last_read_id: entry.map(|entry| entry.to_string()),
            read_up_to: rfc3339(at),
            version: changed,
            updated_at: rfc3339(changed),
        })
    }

    /// Notes up to where a list was read by its new name too.
    pub(super) async fn move_list_read(self: &Arc<Self>, from: &str, to: &str) -> Result<(), Failure> {
        match self.feed_read(&Feed::List(from.to_owned()))? {
            Some(read) => self.mark_read(&name(&Feed::List(to.to_owned()))?, read).await,
            None => Ok(()),
        }
    }

    /// Forgets up to where a list was read.
    pub(super) async fn forget_list_read(self: &Arc<Self>, list: &str) -> Result<(), Failure> {
        let name = name(&Feed::List(list.to_owned()))?;
        self.keep(READ, name.into_bytes(), None).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    /// SEAL-14.
    #[test]
    fn timelines_have_names_of_their_own() {
        assert_eq!(name(&Feed::Home).unwrap(), "home");
        // A list may be called as it likes.
        assert_eq!(name(&Feed::List(" home ".into())).unwrap(), "list\0home");
        assert_eq!(name(&Feed::List("أصدقاء".into())).unwrap(), "list\0أصدقاء");
        for feed in [Feed::All, Feed::Bookmarks, Feed::Tag("tea".into()), Feed::Account("z".into())] {
            assert!(name(&feed).unwrap_err().is_usage());
        }
    }

    #[test]
    fn what_was_read_without_an_entry_is_all_of_that_time() {
        let read = |entry| Read { at: 5, entry }.position();
        let seen = EntryId([9; 32]);
        assert!((5, seen) <= read(None) && (6, EntryId([0; 32])) > read(None));
        assert!((5, seen) <= read(Some(seen)) && (5, EntryId([10; 32])) > read(Some(seen)));
    }
}

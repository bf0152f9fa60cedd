//! References: what points at a post, an account or a tag. A row's key is what is pointed at (32 bytes: an entry
//! id, an account, a file's hash, or the hash of a tag), how, and the timestamp and id of the entry that points.

use majlis_protocol::body::{BlobId, Body, Content};
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, Entry, EntryId, Kind, LogId};

use super::{View, effective, view_key};
use crate::store::error::StoreError;
use crate::store::log::Index;
use crate::store::log::read::Stored;
use crate::store::timeline::Position;

const NUMBER: u8 = 2;

/// How an entry points at something. The numbers are in the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A post answers it.
    Reply = 1,
    /// A post belongs to the conversation that it begins.
    Thread = 2,
    /// A post quotes it.
    Quote = 3,
    /// A reaction to it, or its end.
    Reaction = 4,
    /// A repost of it, or its end.
    Repost = 5,
    /// A vote in its poll.
    Vote = 6,
    /// A post or edit addresses the account, or a post answers it.
    Mention = 7,
    /// A post or edit carries the tag.
    Tag = 8,
    /// The account is followed, or no longer.
    Follow = 9,
    /// A post of the account has a poll.
    Poll = 10,
    /// A vote of the account.
    Voter = 11,
    /// A post, edit or profile names the file.
    File = 12,
}

/// What is pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An entry.
    Entry(EntryId),
    /// An account.
    Account(AccountId),
    /// A tag, in any case: see [`fold_tag`].
    Tag(String),
    /// A file.
    File(BlobId),
}

impl Subject {
    fn bytes(&self) -> [u8; 32] {
        match self {
            Self::Entry(id) => id.0,
            Self::Account(account) => account.0,
            Self::File(blob) => blob.0,
            Self::Tag(tag) => blake3::derive_key("majlis v1 tag", fold_tag(tag).as_bytes()),
        }
    }
}

/// A tag as it is compared: compatibility forms and case do not tell two apart, nor does the Arabic letter stretcher.
pub fn fold_tag(tag: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    const TATWEEL: char = '\u{640}';
    tag.trim_start_matches('#')
        .nfkc()
        .filter(|letter| *letter != TATWEEL)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect()
}

/// The view.
pub struct References;

impl View for References {
    fn number(&self) -> u8 {
        NUMBER
    }

    fn version(&self) -> u32 {
        2
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::POST, Kind::EDIT, Kind::REACTION, Kind::REPOST, Kind::FOLLOW, Kind::VOTE, Kind::PROFILE]
    }

    fn rows(&self, entry: &Entry) -> Vec<Vec<u8>> {
        let header = &entry.header;
        if header.log_id.class() != LogId::PUBLIC {
            return Vec::new();
        }
        let Some(Ok(Some(body))) = entry.body().map(|body| Body::decode(header.kind, body)) else {
            return Vec::new();
        };
        let place = [header.timestamp.to_be_bytes().as_slice(), &entry.id.0].concat();
        subjects(&body, header.account)
            .into_iter()
            .map(|(relation, subject)| [&prefix(relation, &subject), place.as_slice()].concat())
            .collect()
    }
}

fn prefix(relation: Relation, subject: &Subject) -> Vec<u8> {
    [subject.bytes().as_slice(), &[relation as u8]].concat()
}

/// All that a body by an account points at.
fn subjects(body: &Body, author: AccountId) -> Vec<(Relation, Subject)> {
    let said = |content: &Content| {
        let mentions = content.mentions.iter().map(|account| (Relation::Mention, Subject::Account(*account)));
        let tags = content.tags.iter().map(|tag| (Relation::Tag, Subject::Tag(tag.clone())));
        mentions.chain(tags).collect::<Vec<_>>()
    };
    let files = body.files().into_iter().map(|(blob, _)| (Relation::File, Subject::File(blob)));
    let mut found: Vec<_> = files.collect();
    found.extend(match body {
        Body::Post(post) => {
            let mut found = said(&post.content);
            let thread = post.root.or(post.reply_to);
            found.extend(post.reply_to.map(|parent| (Relation::Mention, Subject::Account(parent.account))));
            found.extend(post.reply_to.map(|parent| (Relation::Reply, Subject::Entry(parent.id))));
            found.extend(thread.map(|root| (Relation::Thread, Subject::Entry(root.id))));
            found.extend(post.quote.map(|quoted| (Relation::Quote, Subject::Entry(quoted.id))));
            found.extend(post.content.poll.is_some().then_some((Relation::Poll, Subject::Account(author))));
            found
        }
        Body::Edit(edit) => said(&edit.content),
        Body::Reaction(reaction) => vec![(Relation::Reaction, Subject::Entry(reaction.target.id))],
        Body::Repost(repost) => vec![(Relation::Repost, Subject::Entry(repost.target.id))],
        Body::Vote(vote) => {
            vec![
                (Relation::Vote, Subject::Entry(vote.target.id)),
                (Relation::Voter, Subject::Account(author)),
            ]
        }
        Body::Follow(follow) => vec![(Relation::Follow, Subject::Account(follow.account))],
        Body::Profile(_) | Body::Delete(_) | Body::Hints(_) | Body::Sealed(_) => Vec::new(),
    });
    found
}

/// The timestamps and ids of the entries that point at something so, the lowest first.
fn rows(
    index: &Index,
    subject: &Subject,
    relation: Relation,
) -> Result<impl DoubleEndedIterator<Item = Result<Position, StoreError>> + use<>, StoreError> {
    let from = view_key(NUMBER, &prefix(relation, subject));
    let len = from.len();
    Ok(index.db()?.scan(&from).filter_map(move |row| {
        let place = match row {
            Ok((row_key, _)) => row_key
                .get(len..)?
                .split_first_chunk::<8>()
                .and_then(|(time, id)| Some((u64::from_be_bytes(*time), EntryId(id.try_into().ok()?))))?,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(place))
    }))
}

/// The entries that point at something so, and count; ascending by (timestamp, id).
pub fn about(
    index: &Index,
    replica: &Replica,
    subject: &Subject,
    relation: Relation,
) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    for row in rows(index, subject, relation)? {
        found.extend(effective(index, replica, &row?.1)?);
    }
    Ok(found)
}

/// The entries that point at something so, and count, from before a place; descending by (timestamp, id), which is at
/// or after the time that each is shown at.
pub fn newest_about(
    index: &Index,
    replica: &Replica,
    subject: &Subject,
    relation: Relation,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    for row in rows(index, subject, relation)?.rev() {
        let place = row?;
        if found.len() >= limit {
            break;
        }
        if before.is_none_or(|before| place < before) {
            found.extend(effective(index, replica, &place.1)?);
        }
    }
    Ok(found)
}

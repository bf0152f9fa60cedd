//! Responses to a post that are in force: of each account the latest that counts.

use hashbrown::HashMap;
use majlis_protocol::body::{Body, Poll};
use majlis_protocol::state::Replica;
use majlis_protocol::{AccountId, EntryId};

use super::references::{Relation, Subject, about};
use crate::store::error::StoreError;
use crate::store::log::Index;

/// A response in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<T> {
    /// Whose it is.
    pub account: AccountId,
    /// The entry that says so.
    pub id: EntryId,
    /// When that was signed, in milliseconds since 1970.
    pub timestamp: u64,
    /// What it says.
    pub value: T,
}

/// Of each account and thing said, the last: `read` gives what tells the registers of an account apart, and the value.
fn in_force<K: Eq + std::hash::Hash, T>(
    index: &Index,
    replica: &Replica,
    subject: &Subject,
    relation: Relation,
    read: impl Fn(Body, u64) -> Option<(K, T)>,
) -> Result<Vec<Response<T>>, StoreError> {
    let mut registers: HashMap<(AccountId, K), Response<T>> = HashMap::new();
    for stored in about(index, replica, subject, relation)? {
        let (header, id) = (&stored.entry.header, stored.entry.id);
        let Some(Ok(Some(body))) = stored.entry.body().map(|body| Body::decode(header.kind, body)) else {
            continue;
        };
        if let Some((register, value)) = read(body, header.timestamp) {
            let response = Response { account: header.account, id, timestamp: header.timestamp, value };
            registers.insert((header.account, register), response);
        }
    }
    let mut responses: Vec<_> = registers.into_values().collect();
    responses.sort_by_key(|response| (response.timestamp, response.id));
    Ok(responses)
}

/// Reactions to a post, and those that were ended: the emoji, and whether it is there. The earliest first.
pub fn reactions(
    index: &Index,
    replica: &Replica,
    post: &EntryId,
) -> Result<Vec<Response<(String, bool)>>, StoreError> {
    in_force(index, replica, &Subject::Entry(*post), Relation::Reaction, |body, _| match body {
        Body::Reaction(reaction) => Some((reaction.emoji.clone(), (reaction.emoji, reaction.on))),
        _ => None,
    })
}

/// Reposts of a post, and those that were ended: whether it is shown. The earliest first.
pub fn reposts(index: &Index, replica: &Replica, post: &EntryId) -> Result<Vec<Response<bool>>, StoreError> {
    in_force(index, replica, &Subject::Entry(*post), Relation::Repost, |body, _| match body {
        Body::Repost(repost) => Some(((), repost.on)),
        _ => None,
    })
}

/// Votes in a post's poll that were cast in time and choose what there is: the choices. None that were withdrawn.
pub fn votes(
    index: &Index,
    replica: &Replica,
    post: &EntryId,
    poll: &Poll,
) -> Result<Vec<Response<Vec<u8>>>, StoreError> {
    let mut votes =
        in_force(index, replica, &Subject::Entry(*post), Relation::Vote, |body, at| match body {
            Body::Vote(vote) if poll.is_open_at(at) => Some(((), vote.choices)),
            _ => None,
        })?;
    votes.retain(|vote| !vote.value.is_empty() && poll.allows(&vote.value));
    Ok(votes)
}

/// Who follows an account publicly. The earliest first.
pub fn followers(
    index: &Index,
    replica: &Replica,
    account: &AccountId,
) -> Result<Vec<Response<bool>>, StoreError> {
    let mut followers =
        in_force(index, replica, &Subject::Account(*account), Relation::Follow, |body, _| match body {
            Body::Follow(follow) => Some(((), follow.on)),
            _ => None,
        })?;
    followers.retain(|follower| follower.value);
    Ok(followers)
}

//! What the usual API for apps has no word for: the node itself, what is asked of those who read, the recovery phrase,
//! the room that is taken, drafts, reactions with any emoji.

mod drafts;
mod emoji;
mod node;
mod storage;

use super::mastodon;
use super::routes::{Route, delete, get, post, put};
use crate::node::apps::OWNER;

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let (read, owner) = (Some("read"), Some(OWNER));
    let (statuses, favourites) = ("read:statuses", "write:favourites");
    vec![
        get(
            "/api/majlis/v1/node",
            read,
            "Who and how the node is, and whom it is connected with",
            node::node,
        ),
        get(
            "/api/majlis/v1/invite",
            read,
            "A link for those who want to follow, and its picture",
            node::invite,
        ),
        get("/api/majlis/v1/holders", read, "Who has said that they hold the owner's posts", node::holders),
        get(
            "/api/majlis/v1/pins",
            read,
            "Accounts held for others, and nodes asked to hold the owner's",
            node::pins,
        ),
        get("/api/majlis/v1/usage", read, "What may be done with the owner's posts", node::usage),
        put(
            "/api/majlis/v1/usage",
            Some("write:accounts"),
            "Say what may be done with them",
            node::set_usage,
        ),
        get("/api/majlis/v1/recovery", owner, "The recovery phrase, while it is kept", node::phrase),
        delete("/api/majlis/v1/recovery", owner, "It is written down: forget it", node::confirm_phrase),
        get("/api/majlis/v1/storage", read, "What takes the room", storage::show),
        post("/api/majlis/v1/storage/prune", owner, "Remove old posts and files of others", storage::prune),
        get("/api/majlis/v1/drafts", Some(statuses), "Posts that wait to be signed", drafts::list),
        post("/api/majlis/v1/drafts", Some("write:statuses"), "Keep a draft", drafts::save),
        delete("/api/majlis/v1/drafts/{id}", Some("write:statuses"), "Remove a draft", drafts::remove),
        put(
            "/api/majlis/v1/statuses/{id}/reactions/{emoji}",
            Some(favourites),
            "Put an emoji on a post",
            mastodon::react,
        ),
        delete(
            "/api/majlis/v1/statuses/{id}/reactions/{emoji}",
            Some(favourites),
            "Take it away",
            mastodon::unreact,
        ),
        post(
            "/api/majlis/v1/accounts/{id}/follow",
            Some("write:follows"),
            "Follow in public or in private",
            mastodon::follow_as,
        ),
        get("/api/majlis/v1/emoji", None, "The emoji that there are", emoji::list),
    ]
}

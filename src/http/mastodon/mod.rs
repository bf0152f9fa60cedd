//! The Mastodon client API, for apps that people have already.

mod accounts;
mod credentials;
mod desk;
mod entities;
mod filters;
mod groups;
mod html;
mod instance;
mod lists;
mod markers;
mod media;
mod notifications;
mod other;
mod page;
mod scheduled;
mod search;
mod statuses;
mod streaming;
mod tags;
mod timelines;

pub use accounts::follow_as;
pub use desk::Desk;
pub use entities::named;
pub use html::{escape, html};
pub use statuses::{react, unreact};
pub use streaming::{Hub, run as pass_on};

use super::routes::{Route, delete, get, post, put};

/// What is answered here.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = about_people();
    routes.extend(about_posts());
    routes.extend(about_lists());
    routes.extend(filters::routes());
    routes.extend(markers::routes());
    routes.extend(notifications::routes());
    routes.extend(groups::routes());
    routes.extend(credentials::routes());
    routes.extend(tags::routes());
    routes.extend(other::routes());
    routes.extend(about_the_node());
    routes.extend(streaming::routes());
    routes
}

fn about_people() -> Vec<Route> {
    let (read, follows, blocks, mutes) =
        (Some("read:accounts"), Some("write:follows"), Some("write:blocks"), Some("write:mutes"));
    vec![
        get(
            "/api/v1/accounts/relationships",
            Some("read:follows"),
            "How the owner stands to accounts",
            accounts::relationships,
        ),
        get("/api/v1/accounts/search", read, "Accounts by key or name", accounts::search),
        get("/api/v1/accounts/lookup", read, "An account by its key", accounts::lookup),
        get("/api/v1/accounts", read, "Several accounts", accounts::several),
        get(
            "/api/v1/accounts/familiar_followers",
            Some("read:follows"),
            "Who of those whom the owner follows follows accounts too",
            accounts::familiar_followers,
        ),
        get("/api/v1/accounts/{id}", read, "An account", accounts::show),
        get(
            "/api/v1/accounts/{id}/statuses",
            Some("read:statuses"),
            "What an account has posted",
            accounts::posts,
        ),
        get("/api/v1/accounts/{id}/following", read, "Whom an account follows", accounts::following),
        get("/api/v1/accounts/{id}/followers", read, "Who follows an account", accounts::followers),
        get(
            "/api/v1/accounts/{id}/lists",
            Some("read:lists"),
            "Lists that an account is on",
            lists::of_account,
        ),
        get(
            "/api/v1/accounts/{id}/endorsements",
            read,
            "Accounts on an account's page",
            accounts::endorsed_by,
        ),
        get("/api/v1/endorsements", read, "Accounts on the owner's page", accounts::endorsements),
        post("/api/v1/accounts/{id}/pin", Some("write:accounts"), "Show on the owner's page", accounts::pin),
        post("/api/v1/accounts/{id}/unpin", Some("write:accounts"), "Show there no longer", accounts::unpin),
        post(
            "/api/v1/accounts/{id}/endorse",
            Some("write:accounts"),
            "Show on the owner's page",
            accounts::pin,
        ),
        post(
            "/api/v1/accounts/{id}/unendorse",
            Some("write:accounts"),
            "Show there no longer",
            accounts::unpin,
        ),
        post("/api/v1/accounts/{id}/follow", follows, "Follow", accounts::follow),
        post("/api/v1/accounts/{id}/unfollow", follows, "Stop following", accounts::unfollow),
        post("/api/v1/accounts/{id}/block", blocks, "Block", accounts::block),
        post("/api/v1/accounts/{id}/unblock", blocks, "End a block", accounts::unblock),
        post("/api/v1/accounts/{id}/mute", mutes, "Mute", accounts::mute),
        post("/api/v1/accounts/{id}/unmute", mutes, "End a mute", accounts::unmute),
        post(
            "/api/v1/accounts/{id}/note",
            Some("write:accounts"),
            "The owner's own name for an account",
            accounts::note,
        ),
        get("/api/v1/blocks", Some("read:blocks"), "Blocked accounts", accounts::blocks),
        get("/api/v1/mutes", Some("read:mutes"), "Muted accounts", accounts::mutes),
    ]
}

fn about_posts() -> Vec<Route> {
    let (read, write) = (Some("read:statuses"), Some("write:statuses"));
    let (likes, bookmarks, media) = (Some("write:favourites"), Some("write:bookmarks"), Some("write:media"));
    vec![
        get("/api/v1/timelines/home", read, "The home timeline", timelines::home),
        get("/api/v1/timelines/public", read, "All that is held", timelines::public),
        get("/api/v1/timelines/tag/{tag}", read, "Posts with a tag", timelines::tag),
        get("/api/v1/timelines/list/{id}", Some("read:lists"), "Posts of a list", timelines::list),
        get("/api/v1/bookmarks", Some("read:bookmarks"), "Posts with a bookmark", timelines::bookmarks),
        get(
            "/api/v1/favourites",
            Some("read:favourites"),
            "Posts that the owner likes",
            timelines::favourites,
        ),
        post("/api/v1/statuses", write, "Post", statuses::create),
        get("/api/v1/scheduled_statuses", read, "Posts that wait for a time", scheduled::list),
        get("/api/v1/scheduled_statuses/{id}", read, "A post that waits", scheduled::show),
        put("/api/v1/scheduled_statuses/{id}", write, "Have it wait for another time", scheduled::change),
        delete("/api/v1/scheduled_statuses/{id}", write, "Have it never be posted", scheduled::delete),
        get("/api/v1/statuses", read, "Several posts", statuses::several),
        get("/api/v1/statuses/{id}", read, "A post", statuses::show),
        put("/api/v1/statuses/{id}", write, "New words for a post", statuses::edit),
        delete("/api/v1/statuses/{id}", write, "Take a post back", statuses::delete),
        get("/api/v1/statuses/{id}/context", read, "A conversation", statuses::context),
        get("/api/v1/statuses/{id}/source", read, "A post as it was written", statuses::source),
        get("/api/v1/statuses/{id}/history", read, "What a post has said so far", statuses::history),
        get("/api/v1/statuses/{id}/favourited_by", read, "Who likes a post", statuses::favourited_by),
        get("/api/v1/statuses/{id}/reblogged_by", read, "Who shows a post", statuses::reblogged_by),
        get("/api/v1/statuses/{id}/quotes", read, "What quotes a post", statuses::quotes),
        post("/api/v1/statuses/{id}/favourite", likes, "Like", statuses::favourite),
        post("/api/v1/statuses/{id}/unfavourite", likes, "Like no longer", statuses::unfavourite),
        post("/api/v1/statuses/{id}/reblog", write, "Show to followers", statuses::reblog),
        post("/api/v1/statuses/{id}/unreblog", write, "Show no longer", statuses::unreblog),
        post("/api/v1/statuses/{id}/bookmark", bookmarks, "Put a bookmark", statuses::bookmark),
        post("/api/v1/statuses/{id}/unbookmark", bookmarks, "Take it away", statuses::unbookmark),
        post("/api/v1/statuses/{id}/pin", Some("write:accounts"), "Pin", statuses::pin),
        post("/api/v1/statuses/{id}/unpin", Some("write:accounts"), "Unpin", statuses::unpin),
        post("/api/v1/statuses/{id}/mute", Some("write:mutes"), "Mute a conversation", statuses::mute),
        post("/api/v1/statuses/{id}/unmute", Some("write:mutes"), "Mute it no longer", statuses::unmute),
        get("/api/v1/polls/{id}", read, "A poll", statuses::poll_shown),
        post("/api/v1/polls/{id}/votes", write, "Vote", statuses::vote),
        post("/api/v1/media", media, "Hand a file over", media::upload),
        post("/api/v2/media", media, "Hand a file over", media::upload),
        get("/api/v1/media/{id}", media, "A file that waits for its post", media::show),
        put("/api/v1/media/{id}", media, "Say what a file shows", media::describe),
        delete("/api/v1/media/{id}", media, "Forget a file that waits", media::forget),
        get("/media/{key}/{cid}", None, "A file", media::file),
        get("/api/v2/search", Some("read:search"), "Posts, people and tags", search::search),
    ]
}

fn about_lists() -> Vec<Route> {
    let (read, write) = (Some("read:lists"), Some("write:lists"));
    vec![
        get("/api/v1/lists", read, "All lists", lists::lists),
        post("/api/v1/lists", write, "Make a list", lists::create),
        get("/api/v1/lists/{id}", read, "A list", lists::show),
        put("/api/v1/lists/{id}", write, "Rename a list", lists::update),
        delete("/api/v1/lists/{id}", write, "Remove a list", lists::delete),
        get("/api/v1/lists/{id}/accounts", read, "Who is on a list", lists::members),
        post("/api/v1/lists/{id}/accounts", write, "Put accounts on a list", lists::add),
        delete("/api/v1/lists/{id}/accounts", write, "Take accounts off a list", lists::remove),
    ]
}

fn about_the_node() -> Vec<Route> {
    vec![
        get("/api/v1/instance", None, "What this node is", instance::old),
        get("/api/v2/instance", None, "What this node is", instance::new),
    ]
}

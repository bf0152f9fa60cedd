//! The Mastodon client API, for apps that people have already.

mod accounts;
mod desk;
mod entities;
mod html;
mod instance;
mod lists;
mod media;
mod notifications;
mod other;
mod page;
mod scheduled;
mod search;
mod statuses;
mod streaming;
mod timelines;

pub use desk::Desk;
pub use html::{escape, html};
pub use streaming::{Hub, run as pass_on};

use super::routes::{Route, delete, get, patch, post, put};

/// What is answered here.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = about_people();
    routes.extend(about_posts());
    routes.extend(about_lists());
    routes.extend(about_the_node());
    routes.extend(streaming::routes());
    routes
}

fn about_people() -> Vec<Route> {
    let (read, follows, blocks, mutes) =
        (Some("read:accounts"), Some("write:follows"), Some("write:blocks"), Some("write:mutes"));
    vec![
        get(
            "/api/v1/accounts/verify_credentials",
            Some("profile read:accounts"),
            "The owner",
            accounts::verify_credentials,
        ),
        patch(
            "/api/v1/accounts/update_credentials",
            Some("write:accounts"),
            "Change the owner's profile",
            accounts::update_credentials,
        ),
        get(
            "/api/v1/accounts/relationships",
            Some("read:follows"),
            "How the owner stands to accounts",
            accounts::relationships,
        ),
        get("/api/v1/accounts/search", read, "Accounts by key or name", accounts::search),
        get("/api/v1/accounts/lookup", read, "An account by its key", accounts::lookup),
        get("/api/v1/accounts/{id}", read, "An account", accounts::show),
        get(
            "/api/v1/accounts/{id}/statuses",
            Some("read:statuses"),
            "What an account has posted",
            accounts::posts,
        ),
        get("/api/v1/accounts/{id}/following", read, "Whom an account follows", accounts::following),
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
        get("/api/v1/preferences", read, "What apps set by themselves", accounts::preferences),
        get(
            "/api/v1/notifications",
            Some("read:notifications"),
            "What concerns the owner",
            notifications::list,
        ),
        get(
            "/api/v1/notifications/unread_count",
            Some("read:notifications"),
            "How much of it is unread",
            notifications::unread_count,
        ),
        get(
            "/api/v1/notifications/{id}",
            Some("read:notifications"),
            "One notification",
            notifications::show,
        ),
        post(
            "/api/v1/notifications/clear",
            Some("write:notifications"),
            "Mark all as read",
            notifications::clear,
        ),
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
        delete("/api/v1/lists/{id}", write, "Remove a list", lists::delete),
        get("/api/v1/lists/{id}/accounts", read, "Who is on a list", lists::members),
        post("/api/v1/lists/{id}/accounts", write, "Put accounts on a list", lists::add),
        delete("/api/v1/lists/{id}/accounts", write, "Take accounts off a list", lists::remove),
    ]
}

fn about_the_node() -> Vec<Route> {
    let none = [
        ("/api/v1/custom_emojis", None, "Pictures as emoji: there are none"),
        ("/api/v1/announcements", Some("read"), "Announcements of a server: there is none"),
        ("/api/v1/follow_requests", Some("read:follows"), "Nobody has to ask"),
        ("/api/v1/conversations", Some("read:statuses"), "Posts for a few: there are none yet"),
        ("/api/v1/suggestions", Some("read"), "Nobody is suggested"),
        ("/api/v2/suggestions", Some("read"), "Nobody is suggested"),
        ("/api/v1/trends/tags", None, "Nothing is counted"),
        ("/api/v1/trends/statuses", None, "Nothing is counted"),
        ("/api/v1/trends/links", None, "Nothing is counted"),
        ("/api/v1/followed_tags", Some("read:follows"), "Tags are not followed"),
        ("/api/v1/featured_tags", Some("read:accounts"), "Tags are not shown on a page"),
        ("/api/v1/endorsements", Some("read:accounts"), "Nobody is shown on a page"),
        ("/api/v1/domain_blocks", Some("read:blocks"), "There are no servers to block"),
    ];
    let mut routes: Vec<Route> =
        none.into_iter().map(|(path, scope, summary)| get(path, scope, summary, other::none)).collect();
    routes.push(get("/api/v1/instance", None, "What this node is", instance::old));
    routes.push(get("/api/v2/instance", None, "What this node is", instance::new));
    routes
}

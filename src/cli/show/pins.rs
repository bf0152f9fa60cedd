//! Accounts that are held for others, and nodes that hold the owner's, in words.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{clean, row};
use crate::cli::terminal::{Style, ago, bytes, counted, grouped, person, short_key};
use crate::node::api::{HolderView, HostState, HostView, PinTokenView, PinView};

/// The day of a time.
fn day(time: &str) -> String {
    clean(time).chars().take(10).collect()
}

/// An account that is held for others.
pub fn pin(view: &PinView, style: Style) -> String {
    let who = person(&view.name, &view.account, style);
    let room = format!("{} of {}", bytes(view.used), bytes(view.quota));
    let full = if view.full { ", FULL: no more is taken" } else { "" };
    let why = match (&view.until, view.asked) {
        (Some(until), _) => format!("asked for by its owner, until {}", day(until)),
        (None, true) => "held as you said, and asked for by its owner".to_owned(),
        (None, false) => "held as you said".to_owned(),
    };
    format!(
        "{who}: {}, {room}{full}; {why}\n  {}\n",
        counted(view.posts, "post", "posts"),
        clean(&view.account)
    )
}

/// A node that was asked to hold the owner's account.
pub fn host(view: &HostView) -> String {
    let state = match view.state {
        HostState::Asked => "asked, and has not answered yet; it is asked again at each meeting",
        HostState::Held => "holds your account",
        HostState::Full => "holds your account, and takes no more of it: its room is used up",
        HostState::Refused => "does not hold your account",
        HostState::Ended => "holds your account no longer",
        HostState::Withdrawing => "is to be told that it need not hold your account any more",
    };
    let mut text = format!("Node {}: {state}", clean(&view.peer_id));
    // Writing into a string cannot fail.
    if let Some(until) = &view.until {
        let _ = write!(text, ", until {}", day(until));
    }
    if view.until.is_some() && view.quota > 0 {
        let _ = write!(text, "; {} of {}", bytes(view.used), bytes(view.quota));
    }
    text.push('\n');
    if let Some(why) = &view.why {
        let _ = writeln!(text, "  {}", clean(why));
    }
    for address in &view.addresses {
        let _ = writeln!(text, "  {}", clean(address));
    }
    text
}

/// A node that holds posts of the owner's.
pub fn holder(view: &HolderView, now: Timestamp) -> String {
    let who = view.account.as_deref().map_or_else(|| "a node".to_owned(), short_key);
    let here = if view.connected { "connected" } else { "away" };
    let latest = match &view.up_to_at {
        Some(time) if view.posts < view.of => format!(", the latest of them written {}", ago(time, now)),
        _ => String::new(),
    };
    let posts = match view.posts {
        posts if posts == view.of => format!("all {} of your posts", grouped(posts)),
        posts => format!("{} of your {} posts", grouped(posts), grouped(view.of)),
    };
    format!("Held by {who} ({here}): {posts}{latest}\n  {}\n", clean(&view.peer_id))
}

/// A token.
pub fn token(view: &PinTokenView) -> String {
    let mut text = String::new();
    if let Some(token) = &view.token {
        row(&mut text, "Token", [token.as_str(), "It is shown this once."]);
    }
    row(&mut text, "Id", [view.id.as_str()]);
    let room = view.quota.map(|quota| format!(", each with {}", bytes(quota))).unwrap_or_default();
    row(&mut text, "Lets in", [format!("{}{room}", counted(view.uses, "account", "accounts")).as_str()]);
    row(&mut text, "Until", view.expires.as_deref());
    text
}

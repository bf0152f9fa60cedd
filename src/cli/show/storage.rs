//! What takes the room, in words.

use super::row;
use crate::cli::terminal::{Style, bytes, counted, person};
use crate::node::api::{KeepView, PrunedView, StorageOf, StorageView};

/// An account's part, in a line.
pub fn account(view: &StorageOf, style: Style) -> String {
    let who = if view.own { "you".to_owned() } else { person(&view.name, &view.account, style) };
    let files = match view.files {
        0 => String::new(),
        files => format!(", {} ({})", counted(files, "file", "files"), bytes(view.file_bytes)),
    };
    let free = match view.would_free.entries {
        0 => String::new(),
        _ => format!("; {} would go", removed(view.would_free)),
    };
    format!("{who}: {} ({}){files}{free}\n", counted(view.posts, "post", "posts"), bytes(view.post_bytes))
}

fn removed(view: PrunedView) -> String {
    format!("{} ({})", counted(view.entries, "entry", "entries"), bytes(view.bytes))
}

/// All of it.
pub fn whole(view: &StorageView) -> String {
    let mut text = String::new();
    let files = |count, size| format!("{} ({})", counted(count, "file", "files"), bytes(size));
    row(&mut text, "Posts", [bytes(view.database_bytes + view.journal_bytes).as_str()]);
    row(&mut text, "Search", [bytes(view.search_bytes).as_str()]);
    row(&mut text, "Your files", [files(view.own_files, view.own_file_bytes).as_str()]);
    row(&mut text, "Others'", [files(view.others_files, view.others_file_bytes).as_str()]);
    row(&mut text, "Free", [bytes(view.free_bytes).as_str()]);
    row(&mut text, "Kept", kept(&view.keep).iter().map(String::as_str));
    let (posts, files) = (view.would_free, view.would_free_file_bytes);
    let mut free = Vec::new();
    if posts.entries > 0 {
        free.push(format!("{} of others", removed(posts)));
    }
    if files > 0 {
        free.push(format!("{} of their files", bytes(files)));
    }
    if free.is_empty() {
        free.push("nothing".to_owned());
    }
    row(&mut text, "Would go", free.iter().map(String::as_str));
    text
}

/// The bounds, a line each.
fn kept(keep: &KeepView) -> Vec<String> {
    let bounds = [
        keep.days.map(|days| counted(days, "day", "days")),
        keep.posts.map(|posts| format!("{} of an account", counted(posts, "post", "posts"))),
        keep.bytes.map(|size| format!("{} of posts of an account", bytes(size))),
        keep.bytes_of_all.map(|size| format!("{} of others' posts", bytes(size))),
    ];
    let mut lines: Vec<String> = bounds.into_iter().flatten().collect();
    if lines.is_empty() {
        lines.push("all posts".to_owned());
    }
    lines.extend(keep.media.map(|size| format!("{} of others' files", bytes(size))));
    lines
}

/// What was removed.
pub fn pruned(view: &PrunedView) -> String {
    match view.entries {
        0 => "No posts had to go.\n".to_owned(),
        _ => format!("Removed: {}\n", removed(*view)),
    }
}

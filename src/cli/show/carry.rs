//! Carrying by file, for people.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::cli::terminal::{Style, ago, bytes, counted, grouped, person};
use crate::node::api::{CarriedOf, CarriedView, HaveView};

/// What has come of an account.
pub fn of(view: &CarriedOf, style: Style) -> String {
    let what = sum(view.entries, view.files);
    format!("{}: {what} new\n", person(&view.name, &view.account, style))
}

/// What was done.
pub fn whole(view: &CarriedView) -> String {
    let accounts = counted(view.accounts, "account", "accounts");
    let mut text = format!("{} of {accounts}", sum(view.entries, view.files));
    for (count, what) in [
        (view.held, "here already"),
        (view.left, "files left out for want of room"),
        (view.refused, "refused"),
    ] {
        if count > 0 {
            // Writing into a string cannot fail.
            let _ = write!(text, ", {} {what}", grouped(count));
        }
    }
    text + "\n"
}

fn sum(entries: u64, files: u64) -> String {
    let entries = counted(entries, "entry", "entries");
    if files == 0 { entries } else { format!("{entries} and {}", counted(files, "file", "files")) }
}

/// What another node has and wants, or this one.
pub fn have(view: &HaveView, style: Style, now: Timestamp) -> String {
    let by = person(&view.name, &view.account, style);
    let sure = if view.is_of_account { "" } else { ", which nothing here confirms" };
    let files = match view.files {
        0 => String::new(),
        files => format!(" and {}", counted(files, "file", "files")),
    };
    format!(
        "Asked for by {by}{sure}: what is new of {}{files}; written {}, {}\n",
        counted(view.accounts, "account", "accounts"),
        ago(&view.created_at, now),
        bytes(view.bytes),
    )
}

//! Replies in words.

mod apps;
mod carry;
mod pins;
mod private;
mod social;
mod storage;

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::terminal::{Style, ago, bytes, counted, grouped, lines, person, short_key, span};
use crate::node::api::{
    BadView, BucketView, DoorView, FollowView, IdView, PeerView, PhraseView, PostedView, Reached, Reply,
    StatusView, SyncedView, VerifiedView,
};

/// A reply as lines for people.
pub fn reply(reply: &Reply, style: Style) -> String {
    let now = Timestamp::now();
    match reply {
        Reply::Id(view) => id(view),
        Reply::Status(view) => status(view),
        Reply::Peer(view) => peer(view),
        Reply::Synced(view) => synced(view),
        Reply::Posted(view) => posted(view),
        Reply::Deleted(view) => format!("Taken back: {}\n", clean(&view.id)),
        Reply::Followed(view) => followed(view, style, now),
        Reply::Unfollowed(view) => format!("No longer followed: {}\n", clean(&view.account)),
        Reply::Post(view) => social::post(view, style, now),
        Reply::Shown(view) => social::post_alone(view, style, now),
        Reply::Missing(view) => social::missing(view),
        Reply::Position(view) => private::position(view, now),
        Reply::Version(view) => social::version(view, style, now),
        Reply::Notification(view) => social::notification(view, style, now),
        Reply::Notifications(view) => social::unread(view),
        Reply::Blocked(view) => format!("Blocked: {}\n", clean(&view.account)),
        Reply::Person(view) => format!("{}\n", clean(&view.account)),
        Reply::Tag(view) => social::tag(view, style),
        Reply::Muted(view) => format!("Muted: {}", social::muted(view, style)),
        Reply::Filter(view) => private::filter(view, style),
        Reply::Draft(view) => private::draft(view, style, now),
        Reply::List(view) => social::list(view, style),
        Reply::Usage(view) => social::usage(view),
        Reply::File(view) => social::file(view),
        Reply::Attachment(view) => format!("{}\n", clean(&view.cid)),
        Reply::Account(view) => social::profile(&view.profile, style),
        Reply::StorageOf(view) => storage::account(view, style),
        Reply::Storage(view) => storage::whole(view),
        Reply::Pruned(view) => storage::pruned(view),
        Reply::Profile(view) => social::profile(view, style),
        Reply::Phrase(view) => phrase(view),
        Reply::CarriedOf(view) => carry::of(view, style),
        Reply::Carried(view) => carry::whole(view),
        Reply::Have(view) => carry::have(view, style, now),
        Reply::Bad(view) => bad(view),
        Reply::Verified(view) => verified(view),
        Reply::Progress(_) => String::new(),
        Reply::Login(view) => apps::login(view),
        Reply::App(view) => apps::app(view, now),
        Reply::Token(view) => apps::token(view),
        Reply::Pin(view) => pins::pin(view, style),
        Reply::Host(view) => pins::host(view),
        Reply::Holder(view) => pins::holder(view, now),
        Reply::PinToken(view) => pins::token(view),
        Reply::Done(view) => format!("{}\n", clean(&view.message)),
    }
}

/// One line, whatever it holds.
fn clean(text: &str) -> String {
    lines(text).collect::<Vec<_>>().join(" ")
}

/// `Label      value`, with further values below the first.
pub fn row<'a>(text: &mut String, label: &str, values: impl IntoIterator<Item = &'a str>) {
    let mut label = label;
    for value in values {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{label:<11}{}", clean(value));
        label = "";
    }
}

fn id(view: &IdView) -> String {
    let mut text = String::new();
    row(&mut text, "Account", [view.account.as_str()]);
    row(&mut text, "Device", [view.device.as_str()]);
    let others = view.devices.iter().map(String::as_str).filter(|device| *device != view.device);
    row(&mut text, "Others", others);
    row(&mut text, "Peer", [view.peer_id.as_str()]);
    row(&mut text, "Addresses", view.addresses.iter().map(String::as_str));
    row(&mut text, "Home", [view.home.as_str()]);
    row(&mut text, "Invite", [view.invite.as_str()]);
    if view.phrase_unconfirmed {
        text.push_str("\nThe recovery phrase waits to be written down: `majlis recovery show`.\n");
    }
    text
}

/// Where apps find the node, a line each.
pub fn places(door: &DoorView) -> Vec<String> {
    let mut places: Vec<String> = door.http.iter().chain(&door.https).cloned().collect();
    places.extend(door.fingerprint.iter().map(|print| format!("certificate SHA-256 {print}")));
    places
}

fn status(view: &StatusView) -> String {
    let mut text = String::new();
    let running = if view.running {
        format!("running for {}", span(SignedDuration::from_secs(view.uptime.try_into().unwrap_or(i64::MAX))))
    } else {
        "not running".to_owned()
    };
    row(&mut text, "Node", [running.as_str()]);
    row(&mut text, "Account", [view.account.as_str()]);
    row(&mut text, "Peer", [view.peer_id.as_str()]);
    row(&mut text, "Addresses", view.addresses.iter().map(String::as_str));
    if let Some(reached) = view.reached {
        row(&mut text, "Reached", [in_words(reached)]);
    }
    if view.running {
        let found = match view.neighbours {
            None => "by invite and by hints, not by key alone: it takes no part in the table".to_owned(),
            Some(0) => "not by key alone yet: no node is known that everyone can reach".to_owned(),
            Some(known) => format!("by key alone, through {}", counted(known as u64, "node", "nodes")),
        };
        row(&mut text, "Found", [found.as_str()]);
    }
    if view.running {
        let state = if view.synced { "nothing new" } else { "catching up" };
        let peers = counted(view.peers as u64, "peer", "peers");
        row(&mut text, "Network", [format!("{peers} connected, {state}").as_str()]);
        let places = places(&view.door);
        let closed = ["not served"];
        if places.is_empty() {
            row(&mut text, "Apps", closed);
        } else {
            row(&mut text, "Apps", places.iter().map(String::as_str));
        }
    }
    if view.clock_ahead_days != 0 {
        row(&mut text, "Clock", [clock(view.clock_ahead_days).as_str()]);
    }
    row(&mut text, "Following", [grouped(view.following as u64).as_str()]);
    if view.held_for_others > 0 {
        row(&mut text, "For others", [counted(view.held_for_others as u64, "account", "accounts").as_str()]);
    }
    if view.hosts > 0 {
        let hosts = counted(view.hosts as u64, "other node", "other nodes");
        row(
            &mut text,
            "Asleep",
            [format!("{hosts} asked to hold your account: `majlis pin hosts`").as_str()],
        );
    }
    let held = format!(
        "{} of {}",
        counted(view.entries, "entry", "entries"),
        counted(view.accounts as u64, "account", "accounts")
    );
    row(&mut text, "Held", [held.as_str()]);
    let disk = format!("{} used, {} free", bytes(view.disk_bytes), bytes(view.free_bytes));
    row(&mut text, "Disk", [disk.as_str()]);
    if let Some(view) = &view.bucket {
        row(&mut text, "Bucket", bucket(view).iter().map(String::as_str));
    }
    text
}

/// That this machine's clock may be wrong, and what comes of it. With few connected it may as well be theirs.
fn clock(ahead_days: i64) -> String {
    let by = counted(ahead_days.unsigned_abs(), "day", "days");
    let way = if ahead_days > 0 { "ahead of" } else { "behind" };
    format!("{by} {way} those of connected nodes: is this machine's date right? Posts are dated by it")
}

/// How it stands with the bucket, a line each.
fn bucket(view: &BucketView) -> Vec<String> {
    let files = |count, size| format!("{} ({})", counted(count, "file", "files"), bytes(size));
    let mut lines = vec![
        view.place.clone(),
        format!(
            "{} in it, {} of them on this disk too",
            files(view.files, view.bytes),
            bytes(view.local_bytes)
        ),
    ];
    if view.waiting_files > 0 {
        lines
            .push(format!("{} on this disk alone: they wait", files(view.waiting_files, view.waiting_bytes)));
    }
    if view.to_remove > 0 {
        lines.push(format!("{} to be removed there", counted(view.to_remove, "file", "files")));
    }
    lines.extend(view.trouble.as_ref().map(|trouble| format!("when it was last asked: {trouble}")));
    lines
}

/// How others come to the node.
fn in_words(reached: Reached) -> &'static str {
    match reached {
        Reached::Directly => "from everywhere: others come to this node directly",
        Reached::Carried => "from everywhere: another node carries connections to this one",
        Reached::Nowhere => "from nowhere yet: none of the nodes of relay_only carries connections to it",
        Reached::Nearby => "from its own network, as far as is known; it goes to others by itself",
    }
}

fn peer(view: &PeerView) -> String {
    let who = view.account.as_deref().map_or_else(|| "a node".to_owned(), short_key);
    let way = if view.direction == "in" { "came to us" } else { "dialled by us" };
    let shared = counted(view.accounts_shared as u64, "account", "accounts");
    let state = if view.synced { "nothing new" } else { "catching up" };
    let mut text = format!("{who}: {way}, {shared} shared, {state}\n  {}\n", clean(&view.peer_id));
    if !view.address.is_empty() {
        let _ = writeln!(text, "  {}", clean(&view.address));
    }
    text
}

fn synced(view: &SyncedView) -> String {
    let peers = counted(view.peers as u64, "peer", "peers");
    format!("Nothing new from {peers} (took {} ms)\n", grouped(view.elapsed_ms))
}

fn posted(view: &PostedView) -> String {
    let mut text = format!("Posted {}\n", clean(&view.id));
    if !view.removed.is_empty() {
        let _ = writeln!(text, "Taken out of the files: {}", clean(&view.removed.join(", ")));
    }
    text
}

fn followed(view: &FollowView, style: Style, now: Timestamp) -> String {
    let posts = counted(view.posts, "post", "posts");
    let synced = match &view.last_synced {
        Some(time) => format!("synced {}", ago(time, now)),
        None => "not synced yet".to_owned(),
    };
    let private = if view.private { ", privately" } else { "" };
    let who = person(&view.name, &view.account, style);
    format!("{who}: {posts}, {synced}{private}\n  {}\n", clean(&view.account))
}

/// The words in columns that are read downwards, each with its number.
fn phrase(view: &PhraseView) -> String {
    const COLUMNS: usize = 4;
    let words: Vec<_> = view.phrase.split_whitespace().collect();
    let rows = words.len().div_ceil(COLUMNS);
    let mut text = String::new();
    for row in 0..rows {
        let line: Vec<_> = (row..words.len())
            .step_by(rows.max(1))
            .filter_map(|index| words.get(index).map(|word| format!("{:>2} {word:<9}", index + 1)))
            .collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
    }
    text
}

fn bad(view: &BadView) -> String {
    format!("Bad: entry {} of {}: {}\n", view.seq, clean(&view.account), clean(&view.why))
}

fn verified(view: &VerifiedView) -> String {
    let entries = counted(view.entries, "entry", "entries");
    let logs = counted(view.logs, "log", "logs");
    let bad = match view.bad {
        0 => "all are good".to_owned(),
        bad => format!("{} bad", grouped(bad)),
    };
    let missing = match view.missing {
        0 => String::new(),
        missing => format!(", {} missing", grouped(missing)),
    };
    format!("{entries} in {logs} checked: {bad}{missing}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrase_is_read_downwards() {
        let words: Vec<_> = (1..=24).map(|n| format!("word{n}")).collect();
        let text = phrase(&PhraseView { phrase: words.join(" ") });
        assert_eq!(text.lines().count(), 6);
        assert_eq!(text.lines().next(), Some(" 1 word1       7 word7      13 word13     19 word19"));
        assert_eq!(phrase(&PhraseView { phrase: String::new() }), "");
    }

    #[test]
    fn what_others_choose_stays_on_its_line() {
        let view = PeerView {
            peer_id: "12D3\nKoo".into(),
            address: "/ip4/\x1b[2J".into(),
            direction: "in".into(),
            accounts_shared: 1,
            account: None,
            synced: true,
        };
        assert_eq!(
            peer(&view),
            "a node: came to us, 1 account shared, nothing new\n  12D3 Koo\n  /ip4/[2J\n"
        );
    }
}

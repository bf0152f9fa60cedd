//! Posts and what people do with them, in words.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{clean, row};
use crate::cli::terminal::{Style, ago, bytes, counted, isolated, lines, name, paragraph, person, short_key};
use crate::node::api::{
    AttachmentView, FileView, ListView, MissingView, MuteView, Muted, NotificationKind, NotificationView,
    NotificationsView, PollView, PostView, ProfileView, TagView, UsageView, VersionView, Visibility,
};

/// Answers that are further down than this are indented no further.
const MAX_INDENT: u64 = 8;

/// A person as the owner calls them, or as they call themselves; always with a piece of the key.
fn who(petname: Option<&str>, given: &str, account: &str, style: Style) -> String {
    match petname {
        Some(petname) if given.is_empty() => person(petname, account, style),
        Some(petname) => format!("{} “{}”", person(petname, account, style), name(given, style)),
        None => person(given, account, style),
    }
}

pub fn one_line(text: &str, style: Style) -> String {
    isolated(&clean(text), style)
}

fn indented(text: &str, depth: u64) -> String {
    let indent = "  ".repeat(depth.min(MAX_INDENT) as usize);
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") })
        .collect()
}

/// A post among others as lines for people: folded where a filter has found it.
pub fn post(view: &PostView, style: Style, now: Timestamp) -> String {
    drawn(view, style, now, false)
}

fn drawn(view: &PostView, style: Style, now: Timestamp, is_alone: bool) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    if let Some(repost) = &view.repost {
        let _ = writeln!(text, "↻ {}", person(&repost.name, &repost.account, style));
    }
    let author = who(view.petname.as_deref(), &view.name, &view.account, style);
    let _ = write!(text, "{author} · {}", ago(&view.created_at, now));
    if !view.filtered.is_empty() && !is_alone {
        let id = clean(&view.id);
        let _ = writeln!(text, " · {}; `majlis show {id}` shows it", filtered(view, style));
        return indented(&text, view.depth.unwrap_or(0));
    }
    if let Some(edited) = &view.edited_at {
        let _ = write!(text, " · edited {}", ago(edited, now));
    }
    if view.pinned {
        text.push_str(" · pinned");
    }
    text.push('\n');
    if let Some(parent) = view.reply_to.as_ref().filter(|_| view.depth.is_none()) {
        let _ = writeln!(text, "  ↳ answers {} of {}", clean(&parent.id), short_key(&parent.account));
    }
    if view.deleted {
        text.push_str("  (taken back)\n");
    } else {
        said(&mut text, view, style);
    }
    text.push_str(&foot(view));
    indented(&text, view.depth.unwrap_or(0))
}

/// A tag and whether it is followed.
pub fn tag(view: &TagView, style: Style) -> String {
    let followed = if view.followed { "" } else { ": not followed" };
    format!("#{}{followed}\n", one_line(&view.tag, style))
}

/// Which filters have found a post.
fn filtered(view: &PostView, style: Style) -> String {
    let titles: Vec<_> =
        view.filtered.iter().map(|found| format!("“{}”", name(&found.title, style))).collect();
    format!("filtered by {}", titles.join(", "))
}

fn said(text: &mut String, view: &PostView, style: Style) {
    if let Some(warning) = &view.content_warning {
        let _ = writeln!(text, "  ⚠ {}", one_line(warning, style));
    }
    if let Some(label) = view.source_type.as_deref().and_then(made) {
        let _ = writeln!(text, "  ⚙ {label}");
    }
    text.push_str(&paragraph(&view.text, style));
    for file in &view.attachments {
        text.push_str(&attachment(file, style));
    }
    if let Some(poll) = &view.poll {
        text.push_str(&self::poll(poll, style));
    }
    if let Some(quoted) = &view.quote {
        let _ = writeln!(text, "  ❝ quotes {} of {}", clean(&quoted.id), short_key(&quoted.account));
    }
    let mut tallies: Vec<String> = view
        .reactions
        .iter()
        .map(|(emoji, count)| {
            let mine = if view.my_reactions.contains(emoji) { "*" } else { "" };
            format!("{} {count}{mine}", clean(emoji))
        })
        .collect();
    if view.reposts > 0 {
        tallies.push(format!("↻ {}{}", view.reposts, if view.reposted { "*" } else { "" }));
    }
    if view.replies > 0 {
        tallies.push(counted(view.replies, "answer", "answers"));
    }
    if view.bookmarked {
        tallies.push("bookmarked".to_owned());
    }
    if !tallies.is_empty() {
        let _ = writeln!(text, "  {}", tallies.join(" · "));
    }
}

/// A file in two lines: what it is, and by which id it is fetched.
fn attachment(view: &AttachmentView, style: Style) -> String {
    let mut parts = vec![clean(&view.media_type)];
    if let (Some(width), Some(height)) = (view.width, view.height) {
        parts.push(format!("{width} × {height}"));
    }
    if let Some(duration) = view.duration_ms {
        let seconds = duration.div_ceil(1000);
        parts.push(format!("{}:{:02}", seconds / 60, seconds % 60));
    }
    parts.push(bytes(view.size));
    if !view.held {
        parts.push("not fetched".to_owned());
    }
    parts.extend(view.source_type.as_deref().and_then(made).map(ToOwned::to_owned));
    let mut text = format!("  ▣ {}", parts.join(", "));
    if let Some(name) = &view.name {
        let _ = write!(text, ": {}", one_line(name, style));
    }
    text.push('\n');
    if let Some(alt) = &view.alt {
        let _ = writeln!(text, "    {}", one_line(alt, style));
    }
    let _ = writeln!(text, "    {}", clean(&view.cid));
    text
}

/// A file that was saved.
pub fn file(view: &FileView) -> String {
    format!("Saved {} ({}, {})\n", clean(&view.path), clean(&view.media_type), bytes(view.size))
}

fn poll(view: &PollView, style: Style) -> String {
    let mut text = String::new();
    for (at, option) in view.options.iter().enumerate() {
        let mine = if view.mine.contains(&(at as u64 + 1)) { "*" } else { "" };
        let _ = writeln!(text, "  {}. {}: {}{mine}", at + 1, one_line(&option.text, style), option.votes);
    }
    let end = match (&view.closes_at, view.closed) {
        (Some(_), true) => ", ended".to_owned(),
        (Some(end), false) => format!(", ends {}", end.get(..16).unwrap_or(end).replace('T', " ")),
        (None, _) => String::new(),
    };
    let several = if view.multiple { ", several answers" } else { "" };
    let _ = writeln!(text, "  {}{several}{end}", counted(view.voters, "voter", "voters"));
    text
}

/// What is said of how a post was made, where AI had a part in it.
fn made(source_type: &str) -> Option<&'static str> {
    match source_type {
        "trainedAlgorithmicMedia" => Some("made by AI"),
        "compositeWithTrainedAlgorithmicMedia" | "compositeSynthetic" => Some("made with AI"),
        _ => None,
    }
}

fn foot(view: &PostView) -> String {
    let mut text = format!("  {}", clean(&view.id));
    if let Some(lang) = view.lang.as_deref().filter(|lang| !lang.is_empty()) {
        let _ = write!(text, " [{}]", clean(lang));
    }
    if view.visibility == Visibility::Unlisted {
        text.push_str(" unlisted");
    }
    match view.held_by.filter(|_| !view.deleted) {
        None => {}
        Some(0) => text.push_str(", held by no other node yet"),
        Some(held) => {
            let _ = write!(text, ", held by {}", counted(held, "other node", "other nodes"));
        }
    }
    text.push('\n');
    text
}

/// A post alone: whole, as it was asked for by name, and with what its author asks for.
pub fn post_alone(view: &PostView, style: Style, now: Timestamp) -> String {
    let mut text = drawn(view, style, now, true);
    let asked = statement(&view.usage);
    if !asked.is_empty() && !view.deleted {
        let _ = writeln!(text, "  use: {}", asked.join(", "));
    }
    text
}

pub fn missing(view: &MissingView) -> String {
    let text = format!("({} of {} is not held here)", clean(&view.missing), short_key(&view.account));
    indented(&text, view.depth)
}

pub fn version(view: &VersionView, style: Style, now: Timestamp) -> String {
    let mut text = format!("{}\n", ago(&view.created_at, now));
    if let Some(warning) = &view.content_warning {
        let _ = writeln!(text, "  ⚠ {}", one_line(warning, style));
    }
    text.push_str(&paragraph(&view.text, style));
    text
}

pub fn notification(view: &NotificationView, style: Style, now: Timestamp) -> String {
    let did = match view.kind {
        NotificationKind::Mention => "addressed you".to_owned(),
        NotificationKind::Reply => "answered you".to_owned(),
        NotificationKind::Reaction => format!("reacted {}", clean(view.emoji.as_deref().unwrap_or_default())),
        NotificationKind::Repost => "shows your post".to_owned(),
        NotificationKind::Quote => "quoted you".to_owned(),
        NotificationKind::Follow => "follows you".to_owned(),
        NotificationKind::Poll => "asked: the poll has ended".to_owned(),
        NotificationKind::Request => "wants to talk to you".to_owned(),
    };
    let author = who(view.petname.as_deref(), &view.name, &view.account, style);
    let new = if view.unread { "• " } else { "  " };
    let mut text = format!("{new}{author} {did} · {}\n", ago(&view.created_at, now));
    if view.kind == NotificationKind::Request {
        // What a stranger says is shown to whoever asks for it.
        text.push_str("    `majlis requests` shows what they say.\n");
    } else if let Some(post) = &view.post {
        let first = lines(&post.text).next().unwrap_or_default();
        let shown = if post.filtered.is_empty() { isolated(&first, style) } else { filtered(post, style) };
        let _ = writeln!(text, "    {shown}");
        let _ = writeln!(text, "    {}", clean(&post.id));
    }
    text
}

pub fn unread(view: &NotificationsView) -> String {
    match view.unread {
        0 => "Nothing unread.\n".to_owned(),
        count => format!("{count} unread.\n"),
    }
}

pub fn muted(view: &MuteView, style: Style) -> String {
    let what = match &view.muted {
        Muted::Account(account) => clean(account),
        Muted::Thread(id) => format!("conversation {}", clean(id)),
        Muted::Tag(tag) => format!("#{}", one_line(tag, style)),
        Muted::Word(word) => format!("“{}”", one_line(word, style)),
    };
    match &view.until {
        Some(until) => format!("{what}, until {}\n", clean(until)),
        None => format!("{what}\n"),
    }
}

pub fn list(view: &ListView, style: Style) -> String {
    let mut text = format!("{}\n", one_line(&view.list, style));
    for account in &view.accounts {
        let _ = writeln!(text, "  {}", clean(account));
    }
    text
}

pub fn profile(view: &ProfileView, style: Style) -> String {
    let given = name(&view.name, style);
    let mut text = String::new();
    row(&mut text, "Account", [view.account.as_str()]);
    let _ = writeln!(text, "{:<11}{}", "Name", if given.is_empty() { "(none)" } else { &given });
    if let Some(petname) = &view.petname {
        let _ = writeln!(text, "{:<11}{}", "Your name", name(petname, style));
    }
    if view.bot {
        row(&mut text, "Bot", ["a machine posts here"]);
    }
    for (label, picture) in [("Picture", &view.avatar), ("Header", &view.header)] {
        if let Some(picture) = picture {
            row(&mut text, label, [picture.cid.as_str()]);
        }
    }
    for field in &view.fields {
        let label = one_line(&field.name, style);
        let _ = writeln!(text, "{label:<11}{}", one_line(&field.value, style));
    }
    if !view.bio.trim().is_empty() {
        let _ = write!(text, "Bio\n{}", paragraph(&view.bio, style));
    }
    let asked = statement(&view.usage);
    if !asked.is_empty() {
        row(&mut text, "Use", asked.iter().map(String::as_str));
    }
    text
}

/// What is asked for, a part each.
fn statement(view: &UsageView) -> Vec<String> {
    let intents = [
        ("synthetic-content-generation", view.synthetic_content_generation),
        ("public-access-archive", view.public_access_archive),
        ("bulk-dataset", view.bulk_dataset),
        ("protocol-bridging", view.protocol_bridging),
    ];
    let labels = view.aipref.iter().flat_map(|aipref| aipref.split(',')).map(clean);
    let intents = intents
        .iter()
        .filter_map(|(label, allowed)| Some(format!("{label}={}", if (*allowed)? { "y" } else { "n" })));
    labels.map(|label| label.trim().to_owned()).chain(intents).collect()
}

/// What is asked for, in plain words.
pub fn usage(view: &UsageView) -> String {
    let asked = statement(view);
    if asked.is_empty() {
        return "Nothing is said about what may be done with your posts. Ask that no AI be trained on them with \
                `majlis usage train-ai=n`.\n"
            .to_owned();
    }
    let mut text = String::new();
    for part in asked {
        let (label, allowed) = part.split_once('=').unwrap_or((&part, ""));
        let what = match label {
            "train-ai" => "Training AI on your posts",
            "search" => "Showing them in search",
            "synthetic-content-generation" => "Making synthetic content from them",
            "public-access-archive" => "Keeping them in public archives",
            "bulk-dataset" => "Taking them into datasets",
            "protocol-bridging" => "Carrying them into other networks",
            other => other,
        };
        let _ = writeln!(text, "{what}: {}", if allowed == "y" { "allowed" } else { "not allowed" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::api::FilterMatch;

    const KEY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    fn by_filter(title: &str) -> FilterMatch {
        FilterMatch { title: title.to_owned(), ..FilterMatch::default() }
    }

    fn some_post() -> PostView {
        PostView {
            id: "bid".into(),
            account: KEY.into(),
            name: "ليلى".into(),
            text: "صباح الخير\nGood morning".into(),
            lang: Some("ar".into()),
            created_at: "2026-11-23T11:55:00Z".into(),
            held_by: Some(2),
            ..PostView::default()
        }
    }

    #[test]
    fn a_post_names_its_author_with_a_key() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(
            post(&some_post(), Style::Plain, now),
            "ليلى (z6MkhaXg…ta2doK) · 5 min ago\n  صباح الخير\n  Good morning\n  bid [ar], held by 2 other nodes\n"
        );
        let gone = PostView { deleted: true, lang: None, held_by: None, ..some_post() };
        let folded = PostView { filtered: ["شعر", "tea"].map(by_filter).to_vec(), ..some_post() };
        assert_eq!(
            post(&folded, Style::Plain, now),
            "ليلى (z6MkhaXg…ta2doK) · 5 min ago · filtered by “شعر”, “tea”; `majlis show bid` shows it\n"
        );
        assert_eq!(
            post(&gone, Style::Terminal, now),
            "\u{2068}ليلى\u{2069} (z6MkhaXg…ta2doK) · 5 min ago\n  (taken back)\n  bid\n"
        );
    }
}

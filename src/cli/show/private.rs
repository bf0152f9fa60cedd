//! Filters, drafts and reading positions, in words.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::clean;
use super::social::one_line;
use crate::cli::terminal::{Style, ago, paragraph};
use crate::node::api::{DraftView, FilterAction, FilterContext, FilterView, PositionView, Visibility};

pub fn filter(view: &FilterView, style: Style) -> String {
    let action = match view.action {
        FilterAction::Warn => "fold",
        FilterAction::Hide => "hide",
    };
    let contexts: Vec<_> = view.contexts.iter().map(|context| context.name()).collect();
    let everywhere = view.contexts.len() == FilterContext::ALL.len();
    let place = if everywhere { "everywhere".to_owned() } else { format!("in {}", contexts.join(", ")) };
    let until = view.until.as_deref().map(|until| format!(", until {}", clean(until))).unwrap_or_default();
    let mut text = format!("{}: {action} {place}{until}\n", one_line(&view.title, style));
    for phrase in &view.phrases {
        let part = if phrase.in_words { ", in the midst of words too" } else { "" };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  “{}”{part}", one_line(&phrase.text, style));
    }
    for post in &view.posts {
        let _ = writeln!(text, "  {}", clean(&post.post));
    }
    let _ = writeln!(text, "  {}", clean(&view.id));
    text
}

pub fn position(view: &PositionView, now: Timestamp) -> String {
    let id = view.last_read_id.as_deref().map(|id| format!(" {}", clean(id))).unwrap_or_default();
    format!("Read up to{id}, {}.\n", ago(&view.read_up_to, now))
}

pub fn draft(view: &DraftView, style: Style, now: Timestamp) -> String {
    let post = &view.post;
    let mut text = format!("Draft {} · {}\n", clean(&view.draft), ago(&view.saved_at, now));
    // Writing into a string cannot fail.
    if let Some(at) = &view.post_at {
        let _ = writeln!(text, "  is posted at {}", clean(at));
    }
    if let Some(parent) = &post.reply_to {
        let _ = writeln!(text, "  ↳ answers {}", clean(parent));
    }
    if let Some(warning) = &post.content_warning {
        let _ = writeln!(text, "  ⚠ {}", one_line(warning, style));
    }
    text.push_str(&paragraph(&post.text, style));
    for file in &post.attachments {
        let _ = writeln!(text, "  ▣ {}", clean(&file.file));
        if !file.alt.is_empty() {
            let _ = writeln!(text, "    {}", one_line(&file.alt, style));
        }
    }
    if let Some(poll) = &post.poll {
        for (at, option) in poll.options.iter().enumerate() {
            let _ = writeln!(text, "  {}. {}", at + 1, one_line(option, style));
        }
        let several = if poll.multiple { "several answers" } else { "one answer" };
        let end = poll.closes_at.as_deref().map(|end| format!(", ends {}", clean(end))).unwrap_or_default();
        let _ = writeln!(text, "  {several}{end}");
    }
    if let Some(quoted) = &post.quote {
        let _ = writeln!(text, "  ❝ quotes {}", clean(quoted));
    }
    let unlisted = (post.visibility == Visibility::Unlisted).then(|| "unlisted".to_owned());
    let rest = [
        post.lang.as_deref().map(|lang| format!("in {}", clean(lang))),
        unlisted,
        post.source_type.as_deref().map(|made| format!("made with {}", clean(made))),
        post.usage.as_deref().map(|usage| format!("use: {}", clean(usage))),
    ];
    let rest: Vec<_> = rest.into_iter().flatten().collect();
    if !rest.is_empty() {
        let _ = writeln!(text, "  {}", rest.join("; "));
    }
    text
}

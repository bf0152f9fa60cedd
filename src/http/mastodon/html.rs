//! What a post's text is made of: links, tags, those whom it addresses, and words; and the same as HTML, in paragraphs,
//! all else escaped.

use std::fmt::Write as _;

use linkify::{LinkFinder, LinkKind};

/// Someone whom a text addresses: the key as it stands behind the `@`, and the page of the account.
#[derive(Debug, PartialEq)]
pub struct Addressed {
    /// `z6Mk…`.
    pub key: String,
    /// Where the account is.
    pub url: String,
}

/// Escapes what would mean something in HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What a text is made of, in order.
#[derive(Debug, PartialEq)]
pub enum Part<'a> {
    /// Plain text; it may have several lines.
    Text(String),
    /// An address in the web, as it stands there.
    Link(&'a str),
    /// A tag that the post carries, and how it stands there.
    Tag(&'a str, &'a str),
    /// Someone whom the post addresses, and how that stands there.
    Mention(&'a Addressed, &'a str),
}

/// What a text is made of: the one place where links, tags and those whom it addresses are found. `tags` are those that
/// the post carries.
pub fn parts<'a>(text: &'a str, tags: &'a [String], addressed: &'a [Addressed]) -> Vec<Part<'a>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut parts = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            plain(&mut parts, "\n");
        }
        for span in finder.spans(line) {
            let found = span.as_str();
            let is_web = found.starts_with("https://") || found.starts_with("http://");
            if span.kind().is_some() && is_web {
                parts.push(Part::Link(found));
            } else {
                words(&mut parts, found, tags, addressed);
            }
        }
    }
    parts
}

fn plain(parts: &mut Vec<Part<'_>>, more: &str) {
    match parts.last_mut() {
        _ if more.is_empty() => {}
        Some(Part::Text(text)) => text.push_str(more),
        _ => parts.push(Part::Text(more.to_owned())),
    }
}

fn words<'a>(parts: &mut Vec<Part<'a>>, text: &'a str, tags: &'a [String], addressed: &'a [Addressed]) {
    let mut rest = text;
    while let Some(at) = rest.find(['#', '@']) {
        let (before, marked) = rest.split_at(at);
        plain(parts, before);
        let found = tag(marked, tags).or_else(|| mention(marked, addressed));
        let length = match &found {
            Some(Part::Tag(_, text) | Part::Mention(_, text)) => text.len(),
            // The mark alone.
            _ => 1,
        };
        match found {
            Some(part) => parts.push(part),
            None => plain(parts, marked.get(..length).unwrap_or_default()),
        }
        rest = marked.get(length..).unwrap_or_default();
    }
    plain(parts, rest);
}

fn tag<'a>(marked: &'a str, tags: &'a [String]) -> Option<Part<'a>> {
    let rest = marked.strip_prefix('#')?;
    let tag = tags.iter().filter(|tag| rest.starts_with(tag.as_str())).max_by_key(|tag| tag.len())?;
    Some(Part::Tag(tag, marked.get(..=tag.len())?))
}

fn mention<'a>(marked: &'a str, addressed: &'a [Addressed]) -> Option<Part<'a>> {
    let rest = marked.strip_prefix('@')?;
    let key = rest.strip_prefix("did:key:").unwrap_or(rest);
    let who = addressed.iter().find(|who| key.starts_with(&who.key))?;
    let length = 1 + rest.len() - key.len() + who.key.len();
    Some(Part::Mention(who, marked.get(..length)?))
}

/// A text as HTML: its lines in paragraphs, which empty lines part.
pub fn html(text: &str, base: &str, tags: &[String], addressed: &[Addressed]) -> String {
    let mut lines = vec![String::new()];
    for part in parts(text, tags, addressed) {
        if let Part::Text(text) = part {
            for (index, piece) in text.split('\n').enumerate() {
                if index > 0 {
                    lines.push(String::new());
                }
                lines.last_mut().into_iter().for_each(|line| line.push_str(&escape(piece)));
            }
        } else {
            lines.last_mut().into_iter().for_each(|line| line.push_str(&link(&part, base)));
        }
    }
    let mut out = String::new();
    for paragraph in lines.split(String::is_empty).filter(|paragraph| !paragraph.is_empty()) {
        let last = paragraph.len() - 1;
        let ended = |(index, line): (usize, &String)| match line.strip_suffix('\r') {
            Some(line) if index < last => line.to_owned(),
            _ => line.clone(),
        };
        let lines: Vec<_> = paragraph.iter().enumerate().map(ended).collect();
        // Writing into a string cannot fail.
        let _ = write!(out, "<p>{}</p>", lines.join("<br>"));
    }
    out
}

fn link(part: &Part<'_>, base: &str) -> String {
    match part {
        Part::Text(text) => escape(text),
        Part::Link(url) => {
            let url = escape(url);
            format!("<a href=\"{url}\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">{url}</a>")
        }
        Part::Tag(tag, _) => {
            let (name, url) = (escape(tag), tag_url(base, tag));
            format!("<a href=\"{url}\" class=\"mention hashtag\" rel=\"tag\">#<span>{name}</span></a>")
        }
        Part::Mention(who, _) => {
            let (url, name) = (escape(&who.url), escape(&who.key));
            format!(
                "<span class=\"h-card\"><a href=\"{url}\" class=\"u-url mention\">@<span>{name}</span></a></span>"
            )
        }
    }
}

/// Where posts with a tag are.
pub fn tag_url(base: &str, tag: &str) -> String {
    format!("{base}/tags/{}", percent_encoding::utf8_percent_encode(tag, percent_encoding::NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let addressed = [Addressed { key: "z6MkA".into(), url: "http://x/@z6MkA".into() }];
        html(text, "http://x", &["شاي".to_owned(), "tea".to_owned()], &addressed)
    }

    #[test]
    fn what_is_marked_becomes_links_and_all_else_is_text() {
        assert_eq!(shown("one\ntwo\n\n\nthree"), "<p>one<br>two</p><p>three</p>");
        assert_eq!(shown("<script>&'\""), "<p>&lt;script&gt;&amp;&#39;&quot;</p>");
        let tag = shown("مع #شاي");
        assert!(tag.contains("rel=\"tag\">#<span>شاي</span></a>") && tag.contains("/tags/%D8%B4"), "{tag}");
        assert!(shown("@did:key:z6MkA: hi").contains("href=\"http://x/@z6MkA\""));
        let link = shown("see https://example.org/?c=d&e#f.");
        assert!(link.contains("href=\"https://example.org/?c=d&amp;e#f\""), "{link}");
        assert_eq!(shown("javascript:alert(1) # @"), "<p>javascript:alert(1) # @</p>");
        assert_eq!(shown(""), "");
        assert_eq!(shown("\n a\r\nb\r\n\r\nc\r\n\n"), "<p> a<br>b<br><br>c\r</p>");
    }

    #[test]
    fn parts_make_up_the_text() {
        let addressed = [Addressed { key: "z6MkA".into(), url: String::new() }];
        let tags = ["tea".to_owned()];
        let text = "see #tea, @did:key:z6MkA\nand https://example.org/#tea.\n\n# @you";
        let parts = parts(text, &tags, &addressed);
        assert_eq!(
            parts,
            [
                Part::Text("see ".into()),
                Part::Tag("tea", "#tea"),
                Part::Text(", ".into()),
                Part::Mention(&addressed[0], "@did:key:z6MkA"),
                Part::Text("\nand ".into()),
                Part::Link("https://example.org/#tea"),
                Part::Text(".\n\n# @you".into()),
            ]
        );
    }
}

//! A post's text as HTML: paragraphs, links, tags, and those whom it addresses. All else is escaped.

use std::fmt::Write as _;

use linkify::{LinkFinder, LinkKind};

/// Someone whom a text addresses: the key as it stands behind the `@`, and the page of the account.
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

/// A text as HTML. `tags` are those that the post carries.
pub fn html(text: &str, base: &str, tags: &[String], addressed: &[Addressed]) -> String {
    let paragraphs = text.split("\n\n").map(|part| part.trim_matches('\n')).filter(|part| !part.is_empty());
    let mut out = String::new();
    for part in paragraphs {
        let lines: Vec<_> = part.lines().map(|line| self::line(line, base, tags, addressed)).collect();
        // Writing into a string cannot fail.
        let _ = write!(out, "<p>{}</p>", lines.join("<br>"));
    }
    out
}

fn line(text: &str, base: &str, tags: &[String], addressed: &[Addressed]) -> String {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut out = String::new();
    for span in finder.spans(text) {
        let part = span.as_str();
        let is_web = part.starts_with("https://") || part.starts_with("http://");
        if span.kind().is_some() && is_web {
            let url = escape(part);
            // Writing into a string cannot fail.
            let _ = write!(
                out,
                "<a href=\"{url}\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">{url}</a>"
            );
        } else {
            words(&mut out, part, base, tags, addressed);
        }
    }
    out
}

fn words(out: &mut String, text: &str, base: &str, tags: &[String], addressed: &[Addressed]) {
    let mut rest = text;
    while let Some(at) = rest.find(['#', '@']) {
        let (before, marked) = rest.split_at(at);
        out.push_str(&escape(before));
        let found = tag(marked, base, tags).or_else(|| mention(marked, addressed));
        let (link, len) = found.unwrap_or_else(|| (escape(marked.get(..1).unwrap_or_default()), 1));
        out.push_str(&link);
        rest = marked.get(len..).unwrap_or_default();
    }
    out.push_str(&escape(rest));
}

fn tag(marked: &str, base: &str, tags: &[String]) -> Option<(String, usize)> {
    let rest = marked.strip_prefix('#')?;
    let tag = tags.iter().filter(|tag| rest.starts_with(tag.as_str())).max_by_key(|tag| tag.len())?;
    let (name, url) = (escape(tag), tag_url(base, tag));
    let link = format!("<a href=\"{url}\" class=\"mention hashtag\" rel=\"tag\">#<span>{name}</span></a>");
    Some((link, 1 + tag.len()))
}

/// Where posts with a tag are.
pub fn tag_url(base: &str, tag: &str) -> String {
    format!("{base}/tags/{}", percent_encoding::utf8_percent_encode(tag, percent_encoding::NON_ALPHANUMERIC))
}

fn mention(marked: &str, addressed: &[Addressed]) -> Option<(String, usize)> {
    let rest = marked.strip_prefix('@')?;
    let key = rest.strip_prefix("did:key:").unwrap_or(rest);
    let who = addressed.iter().find(|who| key.starts_with(&who.key))?;
    let (url, name) = (escape(&who.url), escape(&who.key));
    let link = format!(
        "<span class=\"h-card\"><a href=\"{url}\" class=\"u-url mention\">@<span>{name}</span></a></span>"
    );
    Some((link, 1 + rest.len() - key.len() + who.key.len()))
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
    }
}

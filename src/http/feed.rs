//! The owner's public posts as an Atom feed (RFC 4287), where that is switched on.
//!
//! A post has no page yet that everybody may see, so an entry has no link to one: it is named by its key, and all of it
//! stands in the feed. What the owner allows to be done with it is said in words in `rights`, as it is in the headers.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use parking_lot::Mutex;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::App;
use super::error::{Answer, ApiError};
use super::mastodon::{escape, html};
use super::routes::{Route, get};
use crate::node::api::{
    AccountCard, AttachmentView, Feed, PostView, Reply, Request, TimelinePage, UsageView, Visibility,
};

/// Where it is.
const PATH: &str = "/feed.atom";
/// Posts in it.
const POSTS: usize = 50;
/// Posts that are looked through for them, so many at once.
const FAR: usize = 1_000;
const STEP: usize = 100;
/// Letters of a title that is taken from a post.
const TITLE: usize = 80;
/// Names under which the node is asked for its feed that are told apart.
const MAX_BASES: usize = 32;
const ATOM: &str = "http://www.w3.org/2005/Atom";
/// The time in a header is exact to the second: of what changed a moment ago none is given.
const EXACT: Duration = Duration::from_secs(1);

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![get(PATH, None, "The owner's public posts, for readers of feeds, if switched on", feed)]
}

/// Since when the feed is as it is, by the name in its links: what has become of it since cannot be told from the
/// posts' times, as one may be taken back.
#[derive(Default)]
pub struct Since(Mutex<HashMap<Arc<str>, (String, SystemTime)>>);

impl Since {
    fn of(&self, base: &Arc<str>, tag: &str, now: SystemTime) -> SystemTime {
        let mut known = self.0.lock();
        if known.len() >= MAX_BASES && !known.contains_key(base) {
            known.clear();
        }
        let (last, since) = known.entry(Arc::clone(base)).or_insert_with(|| (tag.to_owned(), now));
        if last != tag {
            (*last, *since) = (tag.to_owned(), now);
        }
        *since
    }
}

async fn feed(app: App, headers: HeaderMap) -> Answer<Response> {
    if !app.config.feed {
        return Err(ApiError::no_such_address());
    }
    let owner = app.node.account().to_string();
    let card = app.ask(Request::Accounts { accounts: vec![owner.clone()] }).await?;
    let card = card.into_iter().find_map(|reply| match reply {
        Reply::Account(card) => Some(*card),
        _ => None,
    });
    let card = card.ok_or_else(ApiError::fault)?;
    let posts = public_posts(&app, &owner).await?;
    let address = |cid: &str| format!("{}/media/{}/{cid}", app.base, app.desk.key_of(cid));
    let bytes = written(&app.base, &owner, &card, &posts, &address).map_err(|error| {
        tracing::error!(%error, "the feed could not be written");
        ApiError::fault()
    })?;
    let tag = format!("\"{}\"", &blake3::hash(&bytes).to_hex().as_str()[..32]);
    let now = SystemTime::now();
    let since = app.since.of(&app.base, &tag, now);
    let is_old = now.duration_since(since).is_ok_and(|age| age > EXACT);
    let modified = Timestamp::try_from(since).ok().filter(|_| is_old);
    let known = is_known(&headers, &tag, modified);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], bytes).into_response()
    };
    let said = modified.and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok());
    let cache = Some("no-cache".to_owned());
    for (name, value) in
        [(header::ETAG, Some(tag)), (header::LAST_MODIFIED, said), (header::CACHE_CONTROL, cache)]
    {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Whether whoever asks has it as it is (RFC 9110, section 13.2.2).
fn is_known(headers: &HeaderMap, tag: &str, modified: Option<Timestamp>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let mut tags = tags.filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(','));
        return tags.any(|known| ["*", tag].contains(&known.trim().trim_start_matches("W/")));
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|since| since.to_str().ok());
    let since = since.and_then(|since| DateTimeParser::new().parse_timestamp(since).ok());
    since.zip(modified).is_some_and(|(since, modified)| modified.as_second() <= since.as_second())
}

/// What the owner has posted for everyone, the newest first. Answers to others make no sense alone.
async fn public_posts(app: &App, owner: &str) -> Answer<Vec<PostView>> {
    let feed = Feed::Account(owner.to_owned());
    let mut page = TimelinePage { feed, limit: STEP, ..TimelinePage::default() };
    let mut found = Vec::new();
    for _ in 0..FAR / STEP {
        let replies = app.ask(Request::Timeline { page: page.clone(), watch: false }).await?;
        let posts: Vec<PostView> = replies
            .into_iter()
            .filter_map(|reply| if let Reply::Post(post) = reply { Some(*post) } else { None })
            .collect();
        let is_end = posts.len() < STEP;
        page.before =
            posts.last().map(|post| post.repost.as_ref().map_or(&post.id, |repost| &repost.id).clone());
        found.extend(posts.into_iter().filter(|post| is_for_all(post, owner)));
        if is_end || found.len() >= POSTS {
            break;
        }
    }
    found.truncate(POSTS);
    Ok(found)
}

fn is_for_all(post: &PostView, owner: &str) -> bool {
    post.account == owner
        && post.repost.is_none()
        && !post.deleted
        && post.visibility == Visibility::Public
        && post.reply_to.as_ref().is_none_or(|target| target.account == owner)
}

/// Without characters that XML has no way to write.
fn clean(text: &str) -> String {
    let is_written = |c: &char| match *c {
        '\t' | '\n' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => !c.is_control() || c > '\u{7e}',
    };
    text.chars().filter(is_written).collect()
}

/// What the owner allows, in the words of `majlis usage`.
fn rights(usage: &UsageView) -> Option<String> {
    let intents = [
        ("synthetic-content-generation", usage.synthetic_content_generation),
        ("public-access-archive", usage.public_access_archive),
        ("bulk-dataset", usage.bulk_dataset),
        ("protocol-bridging", usage.protocol_bridging),
    ];
    let intents = intents
        .into_iter()
        .filter_map(|(name, allowed)| Some(format!("{name}={}", if allowed? { "y" } else { "n" })));
    let said: Vec<_> =
        usage.aipref.clone().filter(|said| !said.is_empty()).into_iter().chain(intents).collect();
    (!said.is_empty()).then(|| format!("Content-Usage: {}", said.join(", ")))
}

/// The heading, or the first words.
fn title(post: &PostView) -> String {
    let text = post.content_warning.as_deref().unwrap_or(&post.text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut title: String = line.chars().take(TITLE).collect();
    if title.len() < line.len() {
        title.push('…');
    }
    title
}

/// What it says, as HTML. Names and tags lead nowhere, as there are no pages to lead to.
fn content(post: &PostView) -> String {
    let mut text = html(&post.text, "", &[], &[]);
    if let Some(poll) = &post.poll {
        text.push_str("<ul>");
        for option in &poll.options {
            // Writing into a string cannot fail.
            let _ = write!(text, "<li>{}</li>", escape(&option.text));
        }
        text.push_str("</ul>");
    }
    match &post.content_warning {
        Some(warning) => format!("<details><summary>{}</summary>{text}</details>", escape(warning)),
        None => text,
    }
}

struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn element(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
        let cleaned: Vec<_> = attributes.iter().map(|(name, value)| (*name, clean(value))).collect();
        let attributes = cleaned.iter().map(|(name, value)| (*name, value.as_str()));
        let element = self.0.create_element(name).with_attributes(attributes);
        if text.is_empty() {
            element.write_empty()?;
        } else {
            element.write_text_content(BytesText::new(&clean(text)))?;
        }
        Ok(())
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        let start = BytesStart::new(name).with_attributes(attributes.iter().copied());
        self.0.write_event(Event::Start(start))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }
}

fn written(
    base: &str,
    owner: &str,
    card: &AccountCard,
    posts: &[PostView],
    address: &dyn Fn(&str) -> String,
) -> io::Result<Vec<u8>> {
    let mut xml = Xml(Writer::new(Vec::new()));
    let profile = &card.profile;
    let name = Some(profile.name.as_str()).filter(|name| !clean(name).trim().is_empty()).unwrap_or(owner);
    let changed = |post: &PostView| post.edited_at.clone().unwrap_or_else(|| post.created_at.clone());
    let updated = posts.iter().map(changed).max().unwrap_or_else(|| card.created_at.clone());
    let rights_of_all = rights(&profile.usage);
    xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    xml.open("feed", &[("xmlns", ATOM)])?;
    xml.element("id", &[], owner)?;
    xml.element("title", &[], name)?;
    if !profile.bio.is_empty() {
        xml.element("subtitle", &[], &profile.bio)?;
    }
    xml.element("updated", &[], &updated)?;
    let own = format!("{base}{PATH}");
    xml.element("link", &[("rel", "self"), ("type", "application/atom+xml"), ("href", &own)], "")?;
    xml.open("author", &[])?;
    xml.element("name", &[], name)?;
    xml.element("uri", &[], owner)?;
    xml.close("author")?;
    if let Some(avatar) = &profile.avatar {
        xml.element("icon", &[], &address(&avatar.cid))?;
    }
    xml.element("generator", &[("version", env!("CARGO_PKG_VERSION"))], "Majlis")?;
    if let Some(rights) = &rights_of_all {
        xml.element("rights", &[], rights)?;
    }
    for post in posts {
        match post.lang.as_deref() {
            Some(lang) => xml.open("entry", &[("xml:lang", &clean(lang))])?,
            None => xml.open("entry", &[])?,
        }
        xml.element("id", &[], &format!("{owner}/{}", post.id))?;
        xml.element("title", &[], &title(post))?;
        xml.element("published", &[], &post.created_at)?;
        xml.element("updated", &[], &changed(post))?;
        for tag in &post.tags {
            xml.element("category", &[("term", tag)], "")?;
        }
        for file in &post.attachments {
            enclosure(&mut xml, file, &address(&file.cid))?;
        }
        if let Some(rights) = rights(&post.usage).filter(|rights| rights_of_all.as_ref() != Some(rights)) {
            xml.element("rights", &[], &rights)?;
        }
        xml.element("content", &[("type", "html")], &content(post))?;
        xml.close("entry")?;
    }
    xml.close("feed")?;
    Ok(xml.0.into_inner())
}

fn enclosure(xml: &mut Xml, file: &AttachmentView, address: &str) -> io::Result<()> {
    let size = file.size.to_string();
    let mut attributes =
        vec![("rel", "enclosure"), ("type", file.media_type.as_str()), ("length", &size), ("href", address)];
    if let Some(alt) = &file.alt {
        attributes.push(("title", alt));
    }
    xml.element("link", &attributes, "")
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::escape::unescape;

    use super::*;

    /// An element's name, attributes and text.
    type Element = (String, Vec<(String, String)>, String);

    fn read(xml: &[u8]) -> Vec<Element> {
        let mut reader = Reader::from_reader(xml);
        let (mut all, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                Event::Eof => return all,
                Event::Start(start) | Event::Empty(start) => {
                    let attributes = start.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        (attribute.key.as_ref().to_owned(), unescape(&attribute.value).unwrap().into_owned())
                    });
                    let name = start.name().as_ref().to_owned();
                    all.push((name, attributes.collect(), String::new()));
                }
                Event::Text(text) => all.last_mut().unwrap().2 += &*text,
                Event::GeneralRef(reference) => {
                    let text = format!("&{};", &*reference);
                    all.last_mut().unwrap().2 += &unescape(&text).unwrap();
                }
                _ => {}
            }
        }
    }

    fn card() -> AccountCard {
        serde_json::from_value(serde_json::json!({
            "profile": { "account": "did:key:z6MkA", "name": "سلمى </title>", "bio": "", "fields": [], "bot": false,
                         "usage": { "aipref": "train-ai=n" } },
            "posts": 1, "followers": 0, "following": 0, "created_at": "2026-01-01T00:00:00Z", "last_post_at": null,
            "relation": { "own": true, "following": false, "private": false, "followed_by": false, "blocking": false,
                          "muting": false, "endorsed": false },
        }))
        .unwrap()
    }

    #[test]
    fn whatever_is_written_the_feed_is_xml() {
        let hostile =
            "]]></content><script>alert('&amp;')</script>\u{0}\u{1b}[31m\u{fffe}\u{85} \"مرحبا\u{202e}";
        let post = PostView {
            id: "e1".into(),
            account: "did:key:z6MkA".into(),
            text: hostile.into(),
            lang: Some("ar\" x=\"".into()),
            content_warning: Some("<b>\u{8}تحذير".into()),
            created_at: "2026-01-02T00:00:00Z".into(),
            tags: vec!["شاي\u{1}\"/>".into()],
            usage: UsageView { aipref: Some("train-ai=n, search=n".into()), ..UsageView::default() },
            ..PostView::default()
        };
        let bytes = written("http://x", "did:key:z6MkA", &card(), &[post], &|cid| format!("/{cid}")).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains(|c: char| (c < ' ' && c != '\n') || c == '\u{fffe}'), "{text:?}");
        let all = read(&bytes);
        let of = |name: &str| all.iter().filter(|(known, ..)| known == name).collect::<Vec<_>>();
        assert_eq!(of("title")[0].2, "سلمى </title>");
        assert_eq!(of("title")[1].2, "<b>تحذير");
        assert_eq!(of("entry")[0].1, [("xml:lang".into(), "ar\" x=\"".into())]);
        assert_eq!(of("category")[0].1, [("term".into(), "شاي\"/>".into())]);
        assert_eq!(of("id")[1].2, "did:key:z6MkA/e1");
        let rights: Vec<_> = of("rights").iter().map(|(.., text)| text.as_str()).collect();
        assert_eq!(rights, ["Content-Usage: train-ai=n", "Content-Usage: train-ai=n, search=n"]);
        let content = &of("content")[0].2;
        assert!(content.starts_with("<details><summary>&lt;b&gt;تحذير</summary><p>]]&gt;&lt;/content&gt;"));
        assert!(content.contains("مرحبا\u{202e}"), "{content}");
        assert!(of("script").is_empty());
    }

    #[test]
    fn only_own_public_posts_are_for_all() {
        let own = || PostView { account: "me".into(), ..PostView::default() };
        let answer = |to: &str| {
            let target = serde_json::json!({ "id": "e", "account": to });
            PostView { reply_to: Some(serde_json::from_value(target).unwrap()), ..own() }
        };
        assert!(is_for_all(&own(), "me"));
        assert!(is_for_all(&answer("me"), "me"));
        for other in [
            answer("you"),
            PostView { account: "you".into(), ..own() },
            PostView { deleted: true, ..own() },
            PostView { visibility: Visibility::Unlisted, ..own() },
        ] {
            assert!(!is_for_all(&other, "me"), "{other:?}");
        }
    }

    #[test]
    fn who_has_it_as_it_is_is_told_so() {
        let now = SystemTime::now();
        let (since, base) = (Since::default(), Arc::from("http://x"));
        assert_eq!(since.of(&base, "\"a\"", now), now);
        let later = now + Duration::from_mins(1);
        assert_eq!(since.of(&base, "\"a\"", later), now);
        assert_eq!(since.of(&base, "\"b\"", later), later);
        let headers = |name, value: &str| HeaderMap::from_iter([(name, value.parse().unwrap())]);
        let at: Timestamp = "2026-11-26T10:00:00.5Z".parse().unwrap();
        let none_match = |value| is_known(&headers(header::IF_NONE_MATCH, value), "\"a\"", Some(at));
        assert!(none_match("\"a\"") && none_match("\"b\", W/\"a\"") && none_match("*"));
        assert!(!none_match("\"b\"") && !none_match("a"));
        let modified = |value, at| is_known(&headers(header::IF_MODIFIED_SINCE, value), "\"a\"", at);
        assert!(modified("Thu, 26 Nov 2026 10:00:00 GMT", Some(at)));
        assert!(!modified("Thu, 26 Nov 2026 09:59:59 GMT", Some(at)));
        assert!(!modified("Thu, 26 Nov 2026 10:00:00 GMT", None) && !modified("yesterday", Some(at)));
    }
}

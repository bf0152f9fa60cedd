//! The feed of the owner's public posts: not there if it is not switched on, and nothing in it that is not for everyone.

use std::fs;
use std::io::Cursor;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::support::eventually;
use crate::support::http::ask;
use crate::support::node::{TestNode, text};

#[test]
fn a_feed_is_there_when_it_is_switched_on() {
    let node = TestNode::started("nofeed");
    node.cli(&["post", "hello"]);
    ask(&node, "GET", "/feed.atom").send().expect(404);
    assert!(!ask(&node, "GET", "/robots.txt").send().expect(200).body.contains("Allow: /feed"));
}

#[test]
fn public_posts_are_in_the_feed_and_nothing_else_is() {
    let mut node = TestNode::new("feed");
    node.set("MAJLIS_HTTP_FEED", "true");
    node.start();
    node.cli(&["profile", "--name", "سلمى <b>"]);
    let empty = ask(&node, "GET", "/feed.atom").send().expect(200);
    assert!(
        empty.body.contains("<title>سلمى &lt;b&gt;</title>") && !empty.body.contains("<entry"),
        "{empty:?}"
    );

    let picture = node.scratch().join("door.png");
    let mut bytes = Vec::new();
    image::RgbImage::new(8, 8).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    fs::write(&picture, bytes).unwrap();
    let picture = picture.to_str().unwrap();
    let hostile = "]]></content><script>alert(1)</script>\u{1}\u{1b}[31m\u{202e} نهاية";
    let own = text(&node.one(&["post", hostile, "--lang", "ar"]), "id");
    node.cli(&["post", "باب #أزرق", "--lang", "ar", "--attach", picture, "--alt", "باب <أزرق>"]);
    node.cli(&["post", "by its link alone", "--visibility", "unlisted"]);
    let gone = text(&node.one(&["post", "taken back at once"]), "id");
    node.cli(&["delete", &gone]);
    node.cli(&["post", "more of the same", "--reply-to", &own]);

    let feed = ask(&node, "GET", "/feed.atom").send().expect(200);
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert_eq!(feed.body.matches("<entry").count(), 3, "{}", feed.body);
    assert!(!feed.body.contains("by its link") && !feed.body.contains("taken back at once"));
    assert!(feed.body.contains("xml:lang=\"ar\"") && feed.body.contains("<category term=\"أزرق\"/>"));
    assert!(!feed.body.contains("<script") && !feed.body.contains(['\u{1}', '\u{1b}']), "{}", feed.body);
    let mut reader = Reader::from_str(&feed.body);
    while !matches!(reader.read_event().unwrap(), Event::Eof) {}

    // Its file is for whoever has the feed.
    let file = feed.between("<link rel=\"enclosure\" type=\"image/png\"", "/>");
    assert!(file.contains("title=\"باب &lt;أزرق&gt;\""), "{file}");
    let address = file.split_once("/media/").unwrap().1.split_once('"').unwrap().0;
    let given = ask(&node, "GET", &format!("/media/{address}")).send().expect(200);
    assert_eq!(given.header("content-type"), Some("image/png"));

    // Who has it is not given it again, until there is something new.
    let etag = feed.header("etag").unwrap();
    let again = |name: &str, value: &str| ask(&node, "GET", "/feed.atom").header(name, value).send();
    let same = again("If-None-Match", etag).expect(304);
    assert!(same.body.is_empty() && same.header("etag") == Some(etag));
    let mut modified = None;
    eventually("it is known since when it is so", || {
        modified = ask(&node, "GET", "/feed.atom").send().header("last-modified").map(str::to_owned);
        modified.is_some()
    });
    let modified = modified.unwrap();
    again("If-Modified-Since", &modified).expect(304);
    node.cli(&["post", "news"]);
    let news = again("If-None-Match", etag).expect(200);
    assert!(news.body.contains("news") && news.header("etag") != Some(etag));
    again("If-Modified-Since", &modified).expect(200);

    let head = ask(&node, "HEAD", "/feed.atom").send().expect(200);
    assert!(head.body.is_empty() && head.header("etag") == news.header("etag"));
    let crawlers = ask(&node, "GET", "/robots.txt").send().expect(200).body;
    assert!(crawlers.contains("Allow: /feed.atom\n"), "{crawlers}");
}

//! The files of the page: which there are, as what they are served, and how a browser knows that one is unchanged.
//!
//! A release has them within the program and makes all that is said of them once. A debug build reads them from the
//! folder anew each second, so that what is edited there is seen soon.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;

/// The page itself.
pub const PAGE: &str = "index.html";
/// What answers for the page where there is no network. Its place says how far it reaches, so it is not below `/app/`.
pub const WORKER: &str = "sw.js";
/// How the page is installed.
pub const MANIFEST: &str = "manifest.webmanifest";

/// In the page: behind it stand, up to the end of the remark, the modules that the first view needs.
const MODULES: &str = "<!-- modules:";
const END: &str = "-->";
/// In the page and the worker: which edition of all files it is.
const VERSION: &str = "{{version}}";
/// In the worker: where all files are.
const ADDRESSES: &str = "\"{{files}}\"";
/// Characters that tell one edition from another.
const VERSION_LENGTH: usize = 16;
/// For how long a debug build keeps what it has read.
const FRESH: Duration = Duration::from_secs(1);
/// What is served, by the end of its name; all else in the folder is for those who work on it.
const KINDS: [(&str, &str); 7] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("webmanifest", "application/manifest+json"),
    ("png", "image/png"),
    ("woff2", "font/woff2"),
];

#[derive(rust_embed::Embed)]
#[folder = "src/http/web/app/"]
struct Folder;

/// One file.
pub struct Asset {
    media_type: &'static str,
    /// What the browser may do with it.
    policy: Option<&'static str>,
    bytes: Bytes,
    /// By which a browser knows it. A weak one, as on its way it may be packed.
    etag: String,
}

fn short_hash(hash: blake3::Hash) -> String {
    hash.to_hex().chars().take(VERSION_LENGTH).collect()
}

/// All of them, by their names within the folder.
pub struct Assets(BTreeMap<String, Asset>);

impl Assets {
    /// As they are now.
    pub fn current() -> Arc<Self> {
        static KEPT: LazyLock<Mutex<(Instant, Arc<Assets>)>> =
            LazyLock::new(|| Mutex::new((Instant::now(), Arc::new(Assets::read()))));
        let mut kept = KEPT.lock();
        if cfg!(debug_assertions) && kept.0.elapsed() > FRESH {
            *kept = (Instant::now(), Arc::new(Self::read()));
        }
        Arc::clone(&kept.1)
    }

    fn read() -> Self {
        let files = Folder::iter().filter_map(|name| {
            // On Windows a folder is parted from its files in another way.
            let name = name.replace('\\', "/");
            let file = Folder::get(&name)?;
            Some((name, Bytes::from(file.data.into_owned())))
        });
        Self::of(files.collect())
    }

    fn of(mut files: BTreeMap<String, Bytes>) -> Self {
        files.retain(|name, _| kind(name).is_some() && name.matches('/').count() <= 1);
        let mut hasher = blake3::Hasher::new();
        for (name, bytes) in &files {
            // With lengths, so that nothing can move from one to another unseen.
            hasher.update(&(name.len() as u64).to_be_bytes()).update(name.as_bytes());
            hasher.update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
        }
        let version = short_hash(hasher.finalize());
        let addresses = addresses(&files);
        let page = files.get(PAGE).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let page = page.map(|text| with_modules(text, &files)).unwrap_or_default();
        let assets = files.into_iter().filter_map(|(name, bytes)| {
            let media_type = kind(&name)?;
            let filled = |text: &str| text.replace(VERSION, &version);
            let (bytes, policy) = match (name.as_str(), std::str::from_utf8(&bytes)) {
                (PAGE, Ok(_)) => (filled(&page).into(), Some(PAGE_POLICY)),
                (WORKER, Ok(text)) => {
                    (filled(text).replace(ADDRESSES, &addresses).into(), Some(WORKER_POLICY))
                }
                // Opened by itself a drawing is a page.
                _ if ending(&name) == "svg" => (bytes, Some(DRAWING_POLICY)),
                _ => (bytes, None),
            };
            let etag = format!("W/\"{}\"", short_hash(blake3::hash(&bytes)));
            Some((name, Asset { media_type, policy, bytes, etag }))
        });
        Self(assets.collect())
    }

    /// One that has an address of its own kind.
    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.0.get(name)
    }

    /// One below `/app/`.
    pub fn below_app(&self, name: &str) -> Option<&Asset> {
        self.0.get(name).filter(|_| is_below_app(name))
    }
}

/// Scripts are the page's own; what is shown of others comes through this node, and goes nowhere else.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types majlis";
/// A worker has the policy of its own file, and fetches what it keeps.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'";
const DRAWING_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn kind(name: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == ending(name)).map(|(_, kind)| *kind)
}

/// The page is at `/` and the worker above all that it answers for.
fn is_below_app(name: &str) -> bool {
    ![PAGE, WORKER].contains(&name)
}

/// Has the browser fetch the modules of the first view at once, not each when another one names it.
fn with_modules(page: &str, files: &BTreeMap<String, Bytes>) -> String {
    let Some((before, (named, after))) =
        page.split_once(MODULES).and_then(|(before, rest)| Some((before, rest.split_once(END)?)))
    else {
        return page.to_owned();
    };
    let mut needed = BTreeSet::new();
    let mut open: Vec<String> = named.split_whitespace().map(ToOwned::to_owned).collect();
    while let Some(name) = open.pop() {
        if let Some(text) = files.get(&name).and_then(|bytes| std::str::from_utf8(bytes).ok())
            && needed.insert(name.clone())
        {
            open.extend(imports(&name, text));
        }
    }
    let links = needed.iter().map(|name| format!("<link rel=\"modulepreload\" href=\"/app/{name}\">"));
    format!("{before}{}{after}", links.collect::<Vec<_>>().join("\n"))
}

/// The modules without which one cannot begin; those that it fetches later are no `from`.
fn imports(name: &str, text: &str) -> Vec<String> {
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let paths = text.split(" from \"").skip(1).filter_map(|rest| rest.split('"').next());
    let resolved = paths.filter_map(|path| match path.strip_prefix("../") {
        Some(path) => Some(path.to_owned()),
        None if folder.is_empty() => path.strip_prefix("./").map(ToOwned::to_owned),
        None => path.strip_prefix("./").map(|path| format!("{folder}/{path}")),
    });
    resolved.collect()
}

/// Where all that the page needs is.
fn addresses(files: &BTreeMap<String, Bytes>) -> String {
    let below = files.keys().filter(|name| is_below_app(name)).map(|name| format!("/app/{name}"));
    let all: Vec<_> = std::iter::once("/".to_owned()).chain(below).collect();
    serde_json::Value::from(all).to_string()
}

impl Asset {
    /// The file, or that it is the one that the browser has.
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        let mut headers = HeaderMap::new();
        let mut say = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        say(header::ETAG, &self.etag);
        say(header::CACHE_CONTROL, "no-cache");
        // Also where nothing has changed: a browser takes over what is said there.
        if let Some(policy) = self.policy {
            say(header::CONTENT_SECURITY_POLICY, policy);
        }
        if self.policy == Some(PAGE_POLICY) {
            say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
            say(header::REFERRER_POLICY, "no-referrer");
        }
        if is_known(asked, &self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        say(header::CONTENT_TYPE, self.media_type);
        (headers, self.bytes.clone()).into_response()
    }
}

/// Whether the browser has it already.
fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    let said = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag.trim_start_matches("W/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assets(files: &[(&str, &str)]) -> Assets {
        Assets::of(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned().into())).collect())
    }

    fn text<'a>(assets: &'a Assets, name: &str) -> &'a str {
        std::str::from_utf8(&assets.get(name).unwrap().bytes).unwrap()
    }

    const FILES: [(&str, &str); 13] = [
        ("index.html", "<!-- modules: main.js parts/none.js -->|{{version}}"),
        ("sw.js", "const v = \"{{version}}\", f = \"{{files}}\";"),
        ("main.js", "import { a } from \"./parts/post.js\"; import(\"./later.js\"); // {{version}}"),
        ("parts/post.js", "import {\n  b,\n} from \"../core/b.js\";\nexport { c } from \"./c.js\";"),
        ("parts/c.js", "import { a } from \"./post.js\""),
        ("core/b.js", ""),
        ("later.js", ""),
        ("parts/post.test.ts", ""),
        ("words/ar.js", ""),
        ("style.css", ""),
        ("words.json", ""),
        ("a/b/c.js", ""),
        ("icon.svg", "<svg/>"),
    ];

    #[test]
    fn the_page_and_the_worker_know_all_files() {
        let assets = assets(&FILES);
        let (modules, version) = text(&assets, "index.html").split_once('|').unwrap();
        let links: Vec<_> = ["core/b.js", "main.js", "parts/c.js", "parts/post.js"]
            .map(|name| format!("<link rel=\"modulepreload\" href=\"/app/{name}\">"))
            .into();
        assert_eq!(modules, links.join("\n"));
        assert_eq!(version.len(), VERSION_LENGTH);
        assert_eq!(
            text(&assets, "sw.js"),
            format!(
                "const v = \"{version}\", f = [\"/\",\"/app/core/b.js\",\"/app/icon.svg\",\"/app/later.js\",\
                 \"/app/main.js\",\"/app/parts/c.js\",\"/app/parts/post.js\",\"/app/style.css\",\"/app/words/ar.js\"];"
            )
        );
        assert!(text(&assets, "main.js").ends_with("{{version}}"), "others are served as they are");
        for not_served in ["parts/post.test.ts", "words.json", "a/b/c.js", "../assets.rs", ""] {
            assert!(assets.get(not_served).is_none(), "{not_served}");
        }
        assert!(assets.below_app("sw.js").is_none() && assets.below_app("words/ar.js").is_some());
    }

    #[test]
    fn any_change_is_another_version() {
        let version = |files: &[(&str, &str)]| text(&assets(files), "index.html").to_owned();
        let page = ("index.html", "{{version}}");
        let first = version(&[page, ("a.css", "x")]);
        assert_eq!(first, version(&[page, ("a.css", "x"), ("a.ts", "not served")]));
        for other in [&[page, ("a.css", "y")][..], &[page, ("b.css", "x")], &[page]] {
            assert_ne!(first, version(other));
        }
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let assets = assets(&[("a.js", "1;"), ("b.png", "")]);
        let script = assets.get("a.js").unwrap();
        let strong = script.etag.strip_prefix("W/").unwrap();
        for (known, status) in [
            (script.etag.as_str(), 304),
            (strong, 304),
            (&format!("\"x\", {}", script.etag), 304),
            ("*", 304),
            ("\"x\"", 200),
            (&assets.get("b.png").unwrap().etag, 200),
        ] {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, known.parse().unwrap())]);
            assert_eq!(script.answer(&asked).status().as_u16(), status, "{known}");
        }
    }
}

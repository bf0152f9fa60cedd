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
use data_encoding::BASE64;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// The page itself.
pub const PAGE: &str = "index.html";
/// What answers for the page where there is no network. Its place says how far it reaches, so it is not below `/app/`.
pub const WORKER: &str = "sw.js";
/// How the page is installed.
pub const MANIFEST: &str = "manifest.webmanifest";

/// In the page: behind it stand, up to the end of the remark, the modules that the first view needs.
const MODULES: &str = "<!-- modules:";
const END: &str = "-->";
/// In the page: a file stands in this place. The first picture waits for nothing else then.
const TEXT: &str = "{{text ";
const TEXT_END: &str = "}}";
/// In the page and the worker: which edition of all files it is. Files that are below it in their address never change,
/// so a browser need not ask for them again, and those that name one another are of one edition.
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

/// With an answer: it is the same for everyone, so that its length, when it is packed, tells nothing.
#[derive(Clone, Copy)]
pub struct NoSecret;

/// One file.
pub struct Asset {
    media_type: &'static str,
    /// What the browser may do with it.
    policy: Option<String>,
    bytes: Bytes,
    /// By which a browser knows it. A weak one, as on its way it may be packed.
    etag: String,
}

fn short_hash(hash: blake3::Hash) -> String {
    hash.to_hex().chars().take(VERSION_LENGTH).collect()
}

/// All of them.
pub struct Assets {
    version: String,
    /// By their names within the folder.
    files: BTreeMap<String, Asset>,
}

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
        let page = files.get(PAGE).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let (page, within) = with_texts(&with_modules(page, &files), &files);
        files.retain(|name, _| !within.contains(name));
        let addresses = addresses(&files, &version);
        let files = files.into_iter().filter_map(|(name, bytes)| {
            let media_type = kind(&name)?;
            let filled = |text: &str| text.replace(VERSION, &version);
            let (bytes, policy) = match (name.as_str(), std::str::from_utf8(&bytes)) {
                (PAGE, Ok(_)) => {
                    let page = filled(&page);
                    let policy = page_policy(&page);
                    (page.into(), Some(policy))
                }
                (WORKER, Ok(text)) => {
                    (filled(text).replace(ADDRESSES, &addresses).into(), Some(WORKER_POLICY.to_owned()))
                }
                // Opened by itself a drawing is a page.
                _ if ending(&name) == "svg" => (bytes, Some(DRAWING_POLICY.to_owned())),
                _ => (bytes, None),
            };
            let etag = format!("W/\"{}\"", short_hash(blake3::hash(&bytes)));
            Some((name, Asset { media_type, policy, bytes, etag }))
        });
        let files = files.collect();
        Self { version, files }
    }

    /// One that has an address of its own kind.
    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.files.get(name)
    }

    /// A picture, at an address that stays: an installed app knows it by that.
    pub fn picture(&self, name: &str) -> Option<&Asset> {
        self.get(name).filter(|_| is_picture(name))
    }

    /// One below an edition, and whether that is this one. Who has an older page open gets what there is now.
    pub fn of_edition(&self, version: &str, name: &str) -> Option<(&Asset, bool)> {
        let asset = self.get(name).filter(|_| is_below_edition(name))?;
        Some((asset, version == self.version))
    }
}

/// Scripts are the page's own; what is shown of others comes through this node, and goes nowhere else. What stands within
/// the page is known by its hash, so that nothing else can be put there.
fn page_policy(page: &str) -> String {
    let scripts = hashes_within(page, "script");
    let styles = hashes_within(page, "style");
    format!(
        "default-src 'none'; script-src{scripts} 'self'; style-src{styles} 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types majlis"
    )
}

/// What each element of this kind holds, as a Content-Security-Policy names it (CSP level 3, section 2.3.1).
fn hashes_within(page: &str, element: &str) -> String {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let within = page.split(&start).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0));
    let hashes = within.map(|text| [" 'sha256-", &BASE64.encode(&Sha256::digest(text)), "'"].concat());
    hashes.collect()
}

/// A worker has the policy of its own file, and fetches what it keeps.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'";
const DRAWING_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn kind(name: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == ending(name)).map(|(_, kind)| *kind)
}

fn is_picture(name: &str) -> bool {
    ["svg", "png"].contains(&ending(name))
}

/// All but those that are known by an address of their own.
fn is_below_edition(name: &str) -> bool {
    ![PAGE, WORKER, MANIFEST].contains(&name) && !is_picture(name)
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
    let links =
        needed.iter().map(|name| format!("<link rel=\"modulepreload\" href=\"/app/{VERSION}/{name}\">"));
    format!("{before}{}{after}", links.collect::<Vec<_>>().join("\n"))
}

/// Puts files into their places in the page, and names them.
fn with_texts(page: &str, files: &BTreeMap<String, Bytes>) -> (String, BTreeSet<String>) {
    let mut parts = page.split(TEXT);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    let mut within = BTreeSet::new();
    for part in parts {
        let Some((name, after)) = part.split_once(TEXT_END) else { continue };
        let text = files.get(name).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        filled.extend([&text, after]);
        within.insert(name.to_owned());
    }
    (filled, within)
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
fn addresses(files: &BTreeMap<String, Bytes>, version: &str) -> String {
    let below = files.keys().filter_map(|name| match name.as_str() {
        PAGE => Some("/".to_owned()),
        WORKER => None,
        MANIFEST => Some(format!("/{name}")),
        picture if is_picture(picture) => Some(format!("/app/{name}")),
        _ => Some(format!("/app/{version}/{name}")),
    });
    serde_json::Value::from(below.collect::<Vec<_>>()).to_string()
}

impl Asset {
    /// The file, or that it is the one that the browser has, for which it asks each time if it is not `lasting`.
    pub fn answer(&self, asked: &HeaderMap, lasting: bool) -> Response {
        let mut headers = HeaderMap::new();
        let mut say = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        say(header::ETAG, &self.etag);
        say(header::CACHE_CONTROL, if lasting { "public, max-age=31536000, immutable" } else { "no-cache" });
        // Also where nothing has changed: a browser takes over what is said there.
        if let Some(policy) = &self.policy {
            say(header::CONTENT_SECURITY_POLICY, policy);
        }
        let is_page = self.media_type.starts_with("text/html");
        if is_page {
            say(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
            say(header::REFERRER_POLICY, "no-referrer");
        }
        if is_known(asked, &self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        say(header::CONTENT_TYPE, self.media_type);
        let mut response = (headers, self.bytes.clone()).into_response();
        if is_page {
            response.extensions_mut().insert(NoSecret);
        }
        response
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

    const FILES: [(&str, &str); 15] = [
        (
            "index.html",
            "<!-- modules: main.js parts/none.js -->|{{version}}|<style>{{text style/a.css}}</style>\
             <script>{{text early.js}}</script><script>1;{{text none.js}}</script>",
        ),
        ("early.js", "early();"),
        ("style/a.css", "a { b: c }"),
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
        let [modules, version, within] =
            text(&assets, "index.html").split('|').collect::<Vec<_>>().try_into().unwrap();
        let links: Vec<_> = ["core/b.js", "main.js", "parts/c.js", "parts/post.js"]
            .map(|name| format!("<link rel=\"modulepreload\" href=\"/app/{version}/{name}\">"))
            .into();
        assert_eq!(modules, links.join("\n"));
        assert_eq!(version.len(), VERSION_LENGTH);
        assert_eq!(
            text(&assets, "sw.js"),
            format!(
                "const v = \"{version}\", f = [\"/app/{version}/core/b.js\",\"/app/icon.svg\",\"/\",\
                 \"/app/{version}/later.js\",\"/app/{version}/main.js\",\"/app/{version}/parts/c.js\",\
                 \"/app/{version}/parts/post.js\",\"/app/{version}/style.css\",\"/app/{version}/words/ar.js\"];"
            )
        );
        assert!(text(&assets, "main.js").ends_with("{{version}}"), "others are served as they are");
        assert_eq!(
            within, "<style>a { b: c }</style><script>early();</script><script>1;</script>",
            "and what stands within it has no address"
        );
        let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
        let policy = assets.get("index.html").unwrap().policy.as_deref().unwrap();
        for allowed in [
            format!("script-src {} {} 'self';", hash("early();"), hash("1;")),
            format!("style-src {} 'self';", hash("a { b: c }")),
        ] {
            assert!(policy.contains(&allowed), "{policy}");
        }
        for not_served in
            ["early.js", "style/a.css", "parts/post.test.ts", "words.json", "a/b/c.js", "../assets.rs", ""]
        {
            assert!(assets.get(not_served).is_none(), "{not_served}");
        }
        let is_current = |version, name| assets.of_edition(version, name).map(|(_, current)| current);
        assert_eq!(is_current(version, "words/ar.js"), Some(true));
        assert_eq!(is_current("older", "words/ar.js"), Some(false));
        for elsewhere in ["sw.js", "index.html", "icon.svg"] {
            assert_eq!(is_current(version, elsewhere), None, "{elsewhere}");
        }
        assert!(assets.picture("icon.svg").is_some() && assets.picture("main.js").is_none());
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
            assert_eq!(script.answer(&asked, false).status().as_u16(), status, "{known}");
        }
    }
}

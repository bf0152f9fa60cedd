//! The page of the node: a program for the browser that asks for all by the API, as every app does, with a token of its
//! own. Which view is shown is its own affair; here it is one page at every address that it has a view for.

mod assets;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::error::{Answer, ApiError};
use super::routes::{Route, get};
use assets::{Asset, Assets, MANIFEST, PAGE, WORKER};

pub use assets::NoSecret;

/// The picture for browsers that ask for one without being told where it is.
const ICON: &str = "icon-32.png";

/// The addresses at which the page is.
const VIEWS: [&str; 24] = [
    "/",
    "/home",
    "/welcome",
    "/mentions",
    "/notifications",
    "/requests",
    "/lists",
    "/lists/{id}",
    "/tags",
    "/tags/{tag}",
    "/bookmarks",
    "/favourites",
    "/search",
    "/people",
    "/local",
    "/drafts",
    "/write",
    "/data",
    "/network",
    "/settings",
    "/help",
    "/posts/{id}",
    "/@{key}",
    "/@{key}/{number}",
];

/// What is answered here.
pub fn routes() -> Vec<Route> {
    let views = VIEWS.iter().map(|path| get(path, None, "The page of the node", page));
    let files = [
        get("/app/{picture}", None, "A picture of the page", picture),
        get("/app/{edition}/{file}", None, "A file of the page", file),
        get("/app/{edition}/{folder}/{file}", None, "A file of the page", file_in_folder),
        get("/sw.js", None, "What answers for the page without a network", async |asked: HeaderMap| {
            one(WORKER, &asked)
        }),
        get("/manifest.webmanifest", None, "How the page is installed", async |asked: HeaderMap| {
            one(MANIFEST, &asked)
        }),
        get("/favicon.ico", None, "A small picture of the page", async |asked: HeaderMap| one(ICON, &asked)),
    ];
    views.chain(files).collect()
}

fn answer(asset: Option<&Asset>, asked: &HeaderMap) -> Answer<Response> {
    asset.map(|asset| asset.answer(asked, false)).ok_or_else(ApiError::no_such_address)
}

fn answer_of(edition: &str, name: &str, asked: &HeaderMap) -> Answer<Response> {
    let assets = Assets::current();
    let (asset, is_current) = assets.of_edition(edition, name).ok_or_else(ApiError::no_such_address)?;
    Ok(asset.answer(asked, is_current))
}

fn one(name: &str, asked: &HeaderMap) -> Answer<Response> {
    answer(Assets::current().get(name), asked)
}

/// The page, for a browser that was led to an address at which nothing is: it says so in its words.
pub fn nowhere(asked: &HeaderMap) -> Option<Response> {
    let accepted = asked.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        return None;
    }
    // It is sent whole: what is not there cannot be unchanged.
    let page = Assets::current().get(PAGE)?.answer(&HeaderMap::new(), false);
    Some((StatusCode::NOT_FOUND, page).into_response())
}

async fn page(asked: HeaderMap) -> Answer<Response> {
    one(PAGE, &asked)
}

async fn picture(Path(picture): Path<String>, asked: HeaderMap) -> Answer<Response> {
    answer(Assets::current().picture(&picture), &asked)
}

async fn file(Path((edition, file)): Path<(String, String)>, asked: HeaderMap) -> Answer<Response> {
    answer_of(&edition, &file, &asked)
}

async fn file_in_folder(
    Path((edition, folder, file)): Path<(String, String, String)>,
    asked: HeaderMap,
) -> Answer<Response> {
    answer_of(&edition, &format!("{folder}/{file}"), &asked)
}

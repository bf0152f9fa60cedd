//! OAuth 2 with one owner: apps register, the owner consents on a page of the node's own, and an app gets a token.
//!
//! The owner consents anew for each app, by a code that `majlis login` shows or by the home's secret: there is no
//! session in a browser that another page could use: the page of the node has a token as apps do, got with such a code and
//! sent by its own scripts alone. Apps and tokens live in the node; what is under way lives here, in memory.

mod authorize;
mod consents;
mod grants;
mod metadata;
mod page;
mod register;
mod session;
mod signed;
mod words;

use super::routes::{Route, delete, get, post};
use crate::node::apps::OWNER;

pub use signed::{Identity, Signed, identify, required};

/// What is under way.
#[derive(Default)]
pub struct Auth {
    consents: consents::Consents,
    codes: consents::Codes,
}

/// What is answered here.
pub fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/apps", None, "Register an app", register::register),
        get("/api/v1/apps/verify_credentials", None, "The app that a token is of", register::verify),
        get("/oauth/authorize", None, "The page on which the owner consents", authorize::ask),
        post("/oauth/authorize", None, "The owner's decision", authorize::decide),
        post("/api/majlis/v1/session", None, "Sign a browser in", session::begin),
        delete("/api/majlis/v1/session", Some(OWNER), "Sign it out", session::end),
        post("/oauth/token", None, "Give an app a token", grants::token),
        post("/oauth/revoke", None, "End a token", grants::revoke),
        get(
            "/.well-known/oauth-authorization-server",
            None,
            "Where apps find what is here, with HTTPS only",
            metadata::metadata,
        ),
    ]
}

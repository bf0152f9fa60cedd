//! Programs that act for the owner, in words.

use jiff::Timestamp;

use super::{clean, row};
use crate::cli::terminal::{ago, counted};
use crate::node::api::{AppView, LoginView, TokenView};

/// What to type, or to open.
pub fn login(view: &LoginView) -> String {
    let mut text = String::new();
    if let Some(code) = &view.code {
        let minutes = view.valid_seconds.unwrap_or_default() / 60;
        row(&mut text, "Code", [code.as_str(), &format!("It holds once, for {minutes} minutes.")]);
    }
    if let Some(link) = &view.link {
        row(&mut text, "Open", [link.as_str(), "This link signs your browser in, once, within a day."]);
    }
    if let Some(secret) = &view.secret {
        row(&mut text, "Secret", [secret.as_str(), "Whoever knows it can connect apps to your node."]);
    }
    row(&mut text, "Apps", view.http.as_deref());
    text
}

/// An app, and what it may do.
pub fn app(view: &AppView, now: Timestamp) -> String {
    let tokens = match view.tokens {
        0 | 1 => String::new(),
        tokens => format!(", {}", counted(tokens, "token", "tokens")),
    };
    let from = view.website.as_deref().map(|site| format!(" of {}", clean(site))).unwrap_or_default();
    let since = ago(&view.created_at, now);
    format!("{}{from}: {}{tokens}\n  {}, {since}\n", clean(&view.name), clean(&view.scopes), clean(&view.id))
}

/// A new token, which is not shown again.
pub fn token(view: &TokenView) -> String {
    let mut text = String::new();
    row(&mut text, "Token", [view.token.as_str(), "It is shown this once."]);
    row(&mut text, "May", [view.scopes.as_str()]);
    row(&mut text, "App", [view.id.as_str()]);
    text
}

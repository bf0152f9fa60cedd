//! Programs that act for the owner: what is asked about them, and what is answered.

use std::fmt;

use serde::{Deserialize, Serialize};

/// With what the owner shows who they are, to an app's consent page or to the page of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginWith {
    /// A code that holds once and for a short time, and a link. Both live in the running node.
    Code,
    /// A link that signs in the browser that opens it, once and within a day. It lives in the running node.
    Link,
    /// The lasting secret of this home.
    Secret,
    /// The same, made anew: the one before no longer holds.
    NewSecret,
}

/// What to type where the node asks who it is, or to open.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoginView {
    /// Holds once.
    pub code: Option<String>,
    /// Holds until it is made anew.
    pub secret: Option<String>,
    /// For how long it holds.
    pub valid_seconds: Option<u64>,
    /// Signs in the browser that opens it, once, while the door for apps and browsers is open.
    pub link: Option<String>,
    /// Where apps find the node, while its door for them is open.
    pub http: Option<String>,
}

impl fmt::Debug for LoginView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginView(…)")
    }
}

/// An app that may act for the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppView {
    /// Its id, by which it is revoked.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// Where it says that it is from.
    pub website: Option<String>,
    /// What it may do, parted by spaces.
    pub scopes: String,
    /// RFC 3339: since when it has been known here.
    pub created_at: String,
    /// Tokens with which it may act.
    pub tokens: u64,
}

/// A token, shown this once: only its hash is kept.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenView {
    /// The id of the app that was made for it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do, parted by spaces.
    pub scopes: String,
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
}

impl fmt::Debug for TokenView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenView({})", self.id)
    }
}

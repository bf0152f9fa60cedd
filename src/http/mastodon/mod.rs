//! The Mastodon client API, for apps that people have already.

use super::routes::Route;

/// What is answered here.
pub(super) fn routes() -> Vec<Route> {
    Vec::new()
}

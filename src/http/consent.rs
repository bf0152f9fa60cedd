//! What the owner allows to be done with what is shown here, in the words of those who read answers' headers.
//!
//! `Content-Usage` is the AIPREF statement as it was signed, `tdm-reservation` the W3C community's, `X-Robots-Tag` what
//! crawlers have agreed on among themselves. Nothing is said where the owner has said nothing.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::node::Node;
use crate::node::api::UsageView;

const CONTENT_USAGE: HeaderName = HeaderName::from_static("content-usage");
const TDM_RESERVATION: HeaderName = HeaderName::from_static("tdm-reservation");
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// The headers that say what the owner allows now.
pub async fn headers(node: &Arc<Node>) -> HeaderMap {
    match node.own_usage().await {
        Ok(usage) => of(&usage),
        Err(error) => {
            tracing::warn!(%error, "what the owner allows could not be read");
            HeaderMap::new()
        }
    }
}

fn of(usage: &UsageView) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(value) = usage.aipref.as_deref().and_then(|aipref| HeaderValue::from_str(aipref).ok()) {
        headers.insert(CONTENT_USAGE, value);
    }
    if refuses_training(usage) {
        headers.insert(TDM_RESERVATION, HeaderValue::from_static("1"));
        headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noai, noimageai"));
    }
    headers
}

/// Whether models may not be trained on it.
pub fn refuses_training(usage: &UsageView) -> bool {
    says_no(usage, "train-ai") || usage.synthetic_content_generation == Some(false)
}

/// Whether the AIPREF statement answers a label with no.
pub fn says_no(usage: &UsageView, label: &str) -> bool {
    let statement = usage.aipref.as_deref().unwrap_or_default();
    statement.split(',').any(|member| {
        let value = member.split(';').next().unwrap_or_default();
        value.split_once('=').is_some_and(|(name, value)| name.trim() == label && value.trim() == "n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(aipref: &str, synthetic: Option<bool>) -> Vec<String> {
        let aipref = Some(aipref.to_owned()).filter(|aipref| !aipref.is_empty());
        let usage = UsageView { aipref, synthetic_content_generation: synthetic, ..UsageView::default() };
        let mut said: Vec<_> =
            of(&usage).iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        said.sort();
        said
    }

    #[test]
    fn a_decision_is_said_in_each_readers_words() {
        assert!(said("", None).is_empty());
        assert_eq!(said("search=y", Some(true)), ["content-usage: search=y"]);
        assert_eq!(
            said("search=y, train-ai=n", None),
            ["content-usage: search=y, train-ai=n", "tdm-reservation: 1", "x-robots-tag: noai, noimageai"]
        );
        assert_eq!(said("", Some(false)), ["tdm-reservation: 1", "x-robots-tag: noai, noimageai"]);
        assert_eq!(said("train-ai=y", None), ["content-usage: train-ai=y"]);
    }
}

//! Why something could not be done.

use serde::{Deserialize, Serialize};

/// Why a request could not be carried out: what was wrong, and what to do next.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What was wrong and where.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// What programs go by: the words are for people, and may hold anything that people have written.
    pub kind: FailureKind,
}

/// What kind of failure something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request could not be carried out as things are.
    Refused,
    /// The request itself was malformed (exit code 2).
    Usage,
    /// What the request names is not here.
    Missing,
}

impl Failure {
    /// The request could not be carried out.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), kind: FailureKind::Refused }
    }

    /// The request itself was malformed.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: FailureKind::Usage, ..Self::new(message, hint) }
    }

    /// What the request names is not here.
    pub fn missing(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: FailureKind::Missing, ..Self::new(message, hint) }
    }

    /// Whether the request itself was malformed.
    pub fn is_usage(&self) -> bool {
        self.kind == FailureKind::Usage
    }
}

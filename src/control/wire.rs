//! What the two sides of the door say to each other.

use serde::{Deserialize, Serialize};

use crate::node::Failure;
use crate::node::api::Reply;

/// Raised when a client could no longer make sense of the answers.
pub const VERSION: u32 = 1;

/// The client's first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    pub token: String,
}

/// Any line of the node.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Welcome { welcome: u32 },
    Reply(Reply),
    End(End),
}

/// The node's last line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    Ok,
    Failed(Failure),
}

impl From<Result<(), Failure>> for End {
    fn from(result: Result<(), Failure>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(failure) => Self::Failed(failure),
        }
    }
}

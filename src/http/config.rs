//! What can be set about the door for apps and browsers. The configuration file holds these fields under `[http]`.

use serde::{Deserialize, Serialize};

/// Settings of the HTTP door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to serve apps and browsers at; "off" for none. If the port is taken, the next free one is used.
    pub listen: String,
    /// The name under which the node is reached from outside, as "majlis.example"; without it only this machine's own
    /// names are answered.
    pub public_name: String,
    /// Bytes of a file that an app may hand over.
    pub max_upload: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:7411".to_owned(), public_name: String::new(), max_upload: 200_000_000 }
    }
}

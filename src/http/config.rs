//! What can be set about the door for apps and browsers. The configuration file holds these fields under `[http]`.

use serde::{Deserialize, Serialize};

/// Where the door is if nobody has said otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7411";

/// Settings of the HTTP door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to serve apps and browsers at; "off" for none. If the default port is taken, the next free one
    /// is used; any other has to be free.
    pub listen: String,
    /// The name under which a proxy with HTTPS makes the node reachable from outside, as "majlis.example"; with
    /// "http://" before it where there is no HTTPS, as behind an onion service. Without it only this machine's own
    /// names are answered.
    pub public_name: String,
    /// Bytes of a file that an app may hand over.
    pub max_upload: usize,
    /// Give the figures of /metrics to other machines too, and under the public name.
    pub open_metrics: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN.to_owned(),
            public_name: String::new(),
            max_upload: 200_000_000,
            open_metrics: false,
        }
    }
}

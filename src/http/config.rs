//! What can be set about the door for apps and browsers. The configuration file holds these fields under `[http]`.

use serde::{Deserialize, Serialize};

/// Where the door is if nobody has said otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7411";
/// In place of an address: nowhere.
pub const OFF: &str = "off";

/// Settings of the HTTP door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port to serve apps and browsers at; "off" for none. If the default port is taken, the next free one
    /// is used; any other has to be free.
    pub listen: String,
    /// Address and port to serve the same at with HTTPS, as "0.0.0.0:7443" for the devices of one's own network; "off"
    /// for none.
    pub tls_listen: String,
    /// The certificate for HTTPS, a PEM file with its chain; a relative path starts at the home. It is taken anew when
    /// the file changes. Without it the node makes a certificate for itself, and says its fingerprint.
    pub tls_certificate: String,
    /// The key of that certificate, a PEM file.
    pub tls_key: String,
    /// The name under which the node is reached from outside with HTTPS, as "majlis.example" or "majlis.example:7443":
    /// by a proxy, which has to pass on the name that it was asked for (Host), or by the port for HTTPS. With "http://"
    /// before it where there is no HTTPS, as behind an onion service. Without it only this machine's own names are
    /// answered.
    pub public_name: String,
    /// Further names of this machine that are answered, as "mybox.local".
    pub names: Vec<String>,
    /// Give anyone who asks a feed of the owner's public posts, at /feed.atom, and their files with it.
    pub feed: bool,
    /// Bytes of a file that an app may hand over.
    pub max_upload: usize,
    /// Give the figures of /metrics to other machines too, and under the public name.
    pub open_metrics: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN.to_owned(),
            tls_listen: OFF.to_owned(),
            tls_certificate: String::new(),
            tls_key: String::new(),
            public_name: String::new(),
            names: Vec::new(),
            feed: false,
            max_upload: 200_000_000,
            open_metrics: false,
        }
    }
}

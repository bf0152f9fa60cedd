//! What can be set about where files lie. The configuration file holds these fields under `[blobs]`.

use serde::{Deserialize, Serialize};

/// Settings of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlobsConfig {
    /// Name of a bucket in S3-compatible storage in which the files of posts lie, with a bounded part of them on this
    /// disk as well; "": all of them lie on this disk. The keys are in the environment,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (and `AWS_SESSION_TOKEN`, if there is one), or in the file that
    /// `credentials` names.
    pub bucket: String,
    /// Where the storage is: `https://s3.example.org`; "": at Amazon, in that region.
    pub endpoint: String,
    /// Its region; most storage that is not Amazon's takes any.
    pub region: String,
    /// The folder in the bucket. One is for one node: of two nodes in one, each would remove what the other needs.
    pub prefix: String,
    /// A file with lines such as `AWS_ACCESS_KEY_ID=…` that nobody else may read (mode 0600), in the home directory or
    /// anywhere; "": the keys are in the environment.
    pub credentials: String,
    /// Whether the endpoint may be one without encryption, http://, although it is on another machine.
    pub plain_http: bool,
    /// Bytes on this disk that files may take of which the bucket has a copy. The longest unused are then only there.
    pub cache: u64,
}

impl Default for BlobsConfig {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            prefix: "majlis".to_owned(),
            credentials: String::new(),
            plain_http: false,
            cache: 10_000_000_000,
        }
    }
}

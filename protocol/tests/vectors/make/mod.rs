//! Makes the committed vectors, deterministically. `cargo run -p majlis-protocol --example make_vectors` writes
//! them; the `vectors` test makes them again in memory and compares.

pub mod archives;
pub mod blobs;
pub mod bodies;
pub mod chunks;
pub mod entries;
pub mod fingerprints;
pub mod forks;
pub mod haves;
pub mod identities;
pub mod json;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod messages;
pub mod nodes;
pub mod numbers;
pub mod packs;
pub mod refusals;
pub mod sealed;
pub mod sessions;
pub mod texts;
pub mod torsion;
pub mod view;
pub mod world;

use serde_json::{Value, json};

/// One file of vectors.
pub struct File {
    name: &'static str,
    about: &'static str,
    cases: Vec<Value>,
}

impl File {
    /// An empty file.
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, cases: Vec::new() }
    }

    /// A case whose operation succeeds and yields `out`.
    pub fn ok(&mut self, op: &str, name: impl Into<String>, ids: &[&str], input: Value, out: Value) {
        self.push(op, name.into(), ids, input, "out", out);
    }

    /// A case whose operation fails with the named error.
    pub fn err(
        &mut self,
        op: &str,
        name: impl Into<String>,
        ids: &[&str],
        input: Value,
        error: impl std::fmt::Debug,
    ) {
        self.push(op, name.into(), ids, input, "error", json!(format!("{error:?}")));
    }

    /// A case that succeeds or fails as the code did, its value shown by `show`.
    pub fn either<T, E: std::fmt::Debug>(
        &mut self,
        op: &str,
        name: impl Into<String>,
        ids: &[&str],
        input: Value,
        result: Result<T, E>,
        show: impl FnOnce(T) -> Value,
    ) {
        match result {
            Ok(value) => self.ok(op, name, ids, input, show(value)),
            Err(error) => self.err(op, name, ids, input, error),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "every caller has made them for this")]
    fn push(&mut self, op: &str, name: String, ids: &[&str], input: Value, key: &str, value: Value) {
        assert!(self.cases.iter().all(|case| case["name"] != name), "{}: {name} twice", self.name);
        let mut case = json!({ "name": name, "op": op, "ids": ids, "in": input });
        case[key] = value;
        self.cases.push(case);
    }

    fn text(&self) -> String {
        json::file(self.about, &self.cases)
    }
}

/// All files: name and content.
pub fn files() -> Vec<(String, String)> {
    let files = [
        numbers::file(),
        keys::file(),
        torsion::file(),
        entries::file(),
        bodies::cbor(),
        bodies::file(),
        identities::phrases(),
        identities::file(),
        forks::file(),
        packs::file(),
        chunks::file(),
        messages::file(),
        fingerprints::file(),
        texts::file(),
        archives::file(),
        haves::file(),
        sessions::file(),
        refusals::file(),
        sealed::file(),
        blobs::file(),
    ];
    files.iter().map(|file| (format!("{}.json", file.name), file.text())).collect()
}

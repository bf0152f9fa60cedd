//! The committed vectors and the specification, held to the code: the vectors are made again and compared, each
//! of them is read and checked, and every requirement of the specification is cited.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod behaviour;
mod case;
mod check;
mod make;
mod spec;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use case::Input;
use serde_json::Value;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/v1")
}

/// Every file that is there.
fn committed() -> BTreeMap<String, String> {
    let files = fs::read_dir(vectors()).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    assert_eq!(file["version"], 1);
    file["cases"].as_array().unwrap().clone()
}

#[test]
fn committed_vectors_are_those_the_code_makes() {
    let (made, there): (BTreeMap<_, _>, _) = (make::files().into_iter().collect(), committed());
    assert_eq!(made.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>(), "the same files");
    for (name, text) in &made {
        let stale = made[name] != there[name];
        assert!(
            !stale,
            "{name} is stale: cargo run -p majlis-protocol --example make_vectors ({} bytes)",
            text.len()
        );
    }
}

#[test]
fn each_committed_vector_holds() {
    let (mut checked, mut errors) = (0, BTreeSet::new());
    for (name, text) in committed() {
        let cases = cases(&text);
        assert!(!cases.is_empty(), "{name} has no cases");
        for case in cases {
            let title = format!("{name}: {}", case["name"].as_str().unwrap());
            let op = case["op"].as_str().unwrap();
            let input = Input::new(case["in"].clone());
            match check::run(op, &input) {
                Ok(out) => assert_eq!(out, case["out"], "{title}"),
                Err(error) => {
                    assert_eq!(Value::from(error.as_str()), case["error"], "{title}");
                    errors.insert((op.to_string(), error));
                }
            }
            assert_eq!(input.left(), Vec::<String>::new(), "{title}: fields that nothing reads");
            let known = ["name", "op", "ids", "in", "out", "error"];
            assert!(case.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{title}");
            checked += 1;
        }
    }
    assert!(checked > 900, "{checked}");
    for (op, names) in ERRORS {
        for name in *names {
            let named = errors
                .iter()
                .any(|(of, error)| of == op && (error == name || error.starts_with(&format!("{name}("))));
            assert!(named, "no vector of {op} fails with {name}");
        }
    }
}

/// The closed lists of errors: each name has a negative vector.
const ERRORS: &[(&str, &[&str])] = &[
    ("key", &["NotCanonical", "SmallOrder", "Torsion"]),
    (
        "entry",
        &[
            "Truncated",
            "TrailingBytes",
            "Version",
            "PayloadLength",
            "Sequence",
            "Timestamp",
            "Backlink",
            "Extension",
            "IdentityLog",
            "AccountKey",
            "DeviceKey",
            "Signature",
            "PayloadHash",
        ],
    ),
    (
        "body",
        &[
            "Truncated",
            "TrailingBytes",
            "NotShortest",
            "Indefinite",
            "MapOrder",
            "Forbidden",
            "Utf8",
            "Type",
            "Missing",
            "Default",
            "TooLong",
            "Length",
            "Range",
            "TooLarge",
        ],
    ),
    ("cbor", &["Depth"]),
    ("phrase", &["WordCount", "UnknownWord", "Checksum"]),
    (
        "identity",
        &[
            "NotIdentity",
            "NoPayload",
            "Inert",
            "Body",
            "Signer",
            "Inception",
            "RootKey",
            "DeviceKey",
            "Order",
            "TooManyClosed",
        ],
    ),
    ("identity/sign", &["NoSuchRoot", "Entry"]),
    ("fork", &["DifferentPlace", "SameEntry", "Identity"]),
    ("varint", &["Number"]),
    ("pack", &["Truncated", "Number", "Count", "State", "Entry"]),
    ("chunk", &["Field", "Trailing", "Limit", "Inflate"]),
    ("message", &["UnknownType", "Field", "Trailing", "Limit", "Version"]),
    ("text/key", &["KeyForm", "KeyType", "Key"]),
    ("text/entry", &["EntryForm"]),
    ("text/blob", &["CidForm", "CidType"]),
    ("text/target", &["TargetForm"]),
    ("text/invite", &["InvitesPost", "Address", "TooManyPeers"]),
    ("archive", &["Magic", "Truncated", "Limit", "UnknownType", "Count"]),
    (
        "have",
        &["Magic", "Truncated", "Number", "Limit", "Order", "Run", "Trailing", "DeviceKey", "Signature"],
    ),
    ("seal", &["Recipients", "Key"]),
    ("open", &["Truncated", "Recipients", "Order", "Key", "Content"]),
    ("value", &["Truncated", "TrailingBytes", "Type", "Default", "Length", "Range"]),
    ("item", &["Truncated", "TrailingBytes", "Type", "Missing", "Default", "TooLong", "Characters"]),
];

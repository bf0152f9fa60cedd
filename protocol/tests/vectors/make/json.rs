//! The form of the files: keys in order, one case after the other, bytes in hex.

use serde_json::{Value, json};

/// Runs of one byte at least this long are written as a pair of byte and count.
const RUN: usize = 96;

/// Bytes as JSON: a hex string; where long runs of one byte occur, an array of hex strings and of pairs of a
/// byte in hex and how often it stands.
pub fn hex(bytes: &[u8]) -> Value {
    let mut parts = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| **byte == bytes[at]).count();
        if run >= RUN {
            if plain < at {
                parts.push(json!(data_encoding::HEXLOWER.encode(&bytes[plain..at])));
            }
            parts.push(json!([data_encoding::HEXLOWER.encode(&bytes[at..=at]), run]));
            plain = at + run;
        }
        at += run;
    }
    if parts.is_empty() {
        return json!(data_encoding::HEXLOWER.encode(bytes));
    }
    if plain < bytes.len() {
        parts.push(json!(data_encoding::HEXLOWER.encode(&bytes[plain..])));
    }
    json!(parts)
}

/// A number: as such where every JSON reader takes it exactly, in decimal text beyond 2^53.
pub fn number(value: u64) -> Value {
    if value < 1 << 53 { json!(value) } else { json!(value.to_string()) }
}

/// The text of a file.
pub fn file(about: &str, cases: &[Value]) -> String {
    let mut out = format!("{{\n\"about\": {},\n\"version\": 1,\n\"cases\": [\n", json!(about));
    for (at, case) in cases.iter().enumerate() {
        out.push_str(if at == 0 { "{" } else { ",\n{" });
        for (at, key) in ["name", "op", "ids", "in", "out", "error"]
            .iter()
            .filter(|key| case.get(key).is_some())
            .enumerate()
        {
            out.push_str(if at == 0 { "" } else { ",\n " });
            out.extend(["\"", *key, "\": "]);
            write(&mut out, &case[*key], if *key == "ids" { usize::MAX } else { 1 });
        }
        out.push('}');
    }
    out.push_str("\n]\n}\n");
    out
}

/// Writes a value with the keys of objects in order of their bytes, whatever order the map keeps. Objects and
/// arrays that are short stand in one line.
fn write(out: &mut String, value: &Value, depth: usize) {
    let inline = flat(value);
    if depth >= 8 || inline.len() <= 100 {
        out.push_str(&inline);
        return;
    }
    let pad = format!("\n{}", " ".repeat(depth + 1));
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&pad);
                out.extend([json!(key).to_string().as_str(), ": "]);
                write(out, &map[key], depth + 1);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&pad);
                write(out, item, depth + 1);
            }
            out.push(']');
        }
        _ => out.push_str(&inline),
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            let pairs: Vec<_> =
                keys.into_iter().map(|key| format!("{}: {}", json!(key), flat(&map[key]))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

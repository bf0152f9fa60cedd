//! Every pair of encodings of small order as key and R, with S of zero: all hold under ZIP 215, and most under
//! no other rule.

use majlis_protocol::keys::verify;
use serde_json::json;

use super::File;
use super::json::hex;
use super::keys::small_order;

/// The file.
pub fn file() -> File {
    let mut file = File::new(
        "small_order",
        "All 196 pairs of a key and an R of small order, S zero: ZIP 215 accepts each (chapter 1).",
    );
    let encodings = small_order();
    for (a, key) in encodings.iter().enumerate() {
        for (b, r) in encodings.iter().enumerate() {
            let signature: [u8; 64] = std::array::from_fn(|at| if at < 32 { r[at] } else { 0 });
            let input = json!({ "key": hex(key), "signature": hex(&signature), "message": hex(b"Zcash") });
            let out = json!(verify(key, &signature, b"Zcash"));
            file.ok("verify", format!("key {a}, R {b}"), &["KEY-1", "KEY-3"], input, out);
        }
    }
    file
}

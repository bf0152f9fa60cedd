//! Where an app may have its code sent: what it has named when it was registered, and nothing that runs in a page.

use crate::node::Failure;

/// In place of an address: the code is shown to the person, who types it into the app.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const MAX_LENGTH: usize = 2_000;
/// Schemes whose addresses are programs or files.
const REFUSED: [&str; 7] = ["javascript", "data", "vbscript", "file", "blob", "about", "urn"];

/// Refuses what is no address to send a code to.
pub fn check(uri: &str) -> Result<(), Failure> {
    if uri == OUT_OF_BAND {
        return Ok(());
    }
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_plain = uri.len() <= MAX_LENGTH && uri.bytes().all(|byte| byte.is_ascii_graphic());
    if is_scheme && is_plain && !uri.contains('#') && !REFUSED.contains(&scheme.as_str()) {
        return Ok(());
    }
    Err(Failure::usage(
        "Redirect URI must be an absolute URI without a fragment",
        "Give an address such as https://app.example/callback, or urn:ietf:wg:oauth:2.0:oob.",
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_code_is_sent_to_addresses_only() {
        for right in [
            "urn:ietf:wg:oauth:2.0:oob",
            "https://app.example/cb?x=1",
            "http://127.0.0.1:5000/",
            "icecubesapp://",
            "org.app.x:/oauth",
        ] {
            assert!(check(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "/callback",
            "app.example",
            "https://app.example/#x",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://app.example/\r\nSet-Cookie: x",
            "https://app.example/ x",
            "urn:other",
            "1a:/",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}

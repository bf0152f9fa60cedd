//! Secrets: made of the system's randomness, kept as hashes, compared without telling how far they agree.

use blake3::Hash;
use data_encoding::BASE64URL_NOPAD;

use crate::node::Failure;
use crate::node::keys::random;

/// Letters and digits that cannot be taken for one another, 32 of them.
const PLAIN: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A new secret of 256 bits for programs, and its hash.
pub fn secret() -> Result<(String, Hash), Failure> {
    let text = BASE64URL_NOPAD.encode(&random::<32>()?);
    let hash = hash(&text);
    Ok((text, hash))
}

/// A new secret for people, of so many characters, 5 bits each, at most 32; without the dashes that it is shown with.
pub fn typed_secret(characters: usize) -> Result<String, Failure> {
    let bytes = random::<32>()?;
    // 32 characters divide the 256 values of a byte evenly.
    Ok(bytes.iter().take(characters).map(|byte| char::from(PLAIN[usize::from(byte % 32)])).collect())
}

/// In groups of four, with dashes between.
pub fn grouped(secret: &str) -> String {
    let groups: Vec<_> = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// What somebody has typed, as it was made: without dashes and spaces, in capitals, with digits of any of the scripts
/// that are typed here.
pub fn as_made(typed: &str) -> String {
    let plain = |c: char| match c {
        '٠'..='٩' => char::from_digit(u32::from(c) - u32::from('٠'), 10).unwrap_or(c),
        '۰'..='۹' => char::from_digit(u32::from(c) - u32::from('۰'), 10).unwrap_or(c),
        _ => c.to_ascii_uppercase(),
    };
    typed.chars().map(plain).filter(char::is_ascii_alphanumeric).collect()
}

/// What is kept of a secret. Two hashes are compared in constant time.
pub fn hash(secret: &str) -> Hash {
    hash_of(secret.as_bytes())
}

/// The same of what was shown, which may be anything.
pub fn hash_of(shown: &[u8]) -> Hash {
    blake3::hash(shown)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_as_people_type() {
        let code = typed_secret(8).unwrap();
        assert_eq!(code.len(), 8);
        let shown = grouped(&code);
        assert_eq!(shown.len(), 9);
        assert_eq!(as_made(&shown), code);
        assert_eq!(as_made(&format!(" {} ", shown.to_lowercase().replace('-', " "))), code);
        assert_eq!(as_made("ab٢٣-۴"), "AB234");
    }

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, hash_of_one) = secret().unwrap();
        let (other, _) = secret().unwrap();
        assert_eq!((one.len(), one == other), (43, false));
        assert_eq!(hash(&one), hash_of_one);
    }
}

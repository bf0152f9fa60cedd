//! Tokens: who has one may have their account held here. Only hashes are kept.

use serde::{Deserialize, Serialize};

/// Tokens that there are at most.
pub const MAX_TOKENS: usize = 1_024;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Of what was given out.
    hash: [u8; 32],
    /// How many accounts it still lets in.
    pub uses: u64,
    /// Bytes that each may take; none: as it is set.
    pub quota: Option<u64>,
    /// When it ends, in milliseconds since 1970.
    pub expires: Option<u64>,
}

impl Token {
    /// For what is given out, of which the hash is this.
    pub fn new(hash: blake3::Hash, uses: u64, quota: Option<u64>, expires: Option<u64>) -> Self {
        Self { hash: *hash.as_bytes(), uses, quota, expires }
    }

    /// Whether nobody gets in by it any more.
    pub fn is_over(&self, now: u64) -> bool {
        self.uses == 0 || self.expires.is_some_and(|end| end <= now)
    }

    /// Whether it is the one that was shown. How far two hashes agree is not told by the time that this takes.
    pub fn is(&self, shown: &blake3::Hash) -> bool {
        blake3::Hash::from(self.hash) == *shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lets_in_as_many_as_it_says_as_long_as_it_says() {
        let hash = blake3::hash(b"given out");
        let token = |uses, expires| Token::new(hash, uses, None, expires);
        assert!(token(1, None).is(&hash) && !token(1, None).is(&blake3::hash(b"guessed")));
        assert!(!token(1, None).is_over(u64::MAX) && token(0, None).is_over(0));
        assert!(!token(1, Some(10)).is_over(9) && token(1, Some(10)).is_over(10));
    }
}

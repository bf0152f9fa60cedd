//! The recovery phrase and the chain of root keys that it gives (spec chapter 4).

use bip39::Language;
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::context;
use crate::ids::AccountId;
use crate::keys::SecretKey;
use crate::limits::ROOTS;

/// Words of a phrase.
pub const WORDS: usize = 24;
/// Bits that a word stands for.
const WORD_BITS: usize = 11;
/// What HKDF is told; the index of the root follows in decimal.
const ROOT_INFO: &str = "majlis v1 root ";

/// Why words are not a recovery phrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// More or fewer words than 24.
    #[error("a recovery phrase has {WORDS} words, this has {0}")]
    WordCount(usize),
    /// A word that is not in the BIP39 English list.
    #[error(
        "word {position} of the recovery phrase, \"{word}\", is not in the word list: look for a typing error"
    )]
    UnknownWord {
        /// Which word, from 1.
        position: usize,
        /// The word as given, in lower case.
        word: String,
    },
    /// All words are known, but the last does not agree with the others.
    #[error("the recovery phrase has a wrong word or words in the wrong order: its checksum does not fit")]
    Checksum,
}

/// A recovery phrase: 24 words of the BIP39 English list, which stand for 32 bytes of entropy. Wiped when
/// dropped.
pub struct Phrase {
    entropy: Zeroizing<[u8; 32]>,
}

/// BIP39's checksum of 32 bytes: the first byte of their SHA-256.
fn checksum(entropy: &[u8; 32]) -> u8 {
    let [first, ..]: [u8; 32] = Sha256::digest(entropy).into();
    first
}

impl Phrase {
    /// The phrase of 32 random bytes.
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self { entropy: Zeroizing::new(entropy) }
    }

    /// The 32 bytes.
    pub fn entropy(&self) -> &[u8; 32] {
        &self.entropy
    }

    /// Reads words separated by white space, in upper or lower case.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let count = text.split_whitespace().count();
        if count != WORDS {
            return Err(PhraseError::WordCount(count));
        }
        let mut entropy = Zeroizing::new([0u8; 32]);
        let mut sum = 0;
        for (at, word) in text.split_whitespace().enumerate() {
            let word = Zeroizing::new(word.to_lowercase());
            let index = Language::English
                .find_word(&word)
                .ok_or_else(|| PhraseError::UnknownWord { position: at + 1, word: word.to_string() })?;
            for bit in 0..WORD_BITS {
                let place = at * WORD_BITS + bit;
                // The last eight of the 264 bits are the checksum.
                let byte = entropy.get_mut(place / 8).unwrap_or(&mut sum);
                *byte = (*byte << 1) | (index >> (WORD_BITS - 1 - bit) & 1) as u8;
            }
        }
        if checksum(&entropy) == sum { Ok(Self { entropy }) } else { Err(PhraseError::Checksum) }
    }

    /// The 24 words.
    pub fn words(&self) -> [&'static str; WORDS] {
        let list = Language::English.word_list();
        let sum = [checksum(&self.entropy)];
        std::array::from_fn(|at| {
            let index = (0..WORD_BITS).fold(0usize, |index, bit| {
                let place = at * WORD_BITS + bit;
                let byte = self.entropy.iter().chain(&sum).nth(place / 8).copied().unwrap_or_default();
                (index << 1) | usize::from(byte >> (7 - place % 8) & 1)
            });
            list.get(index).copied().unwrap_or_default()
        })
    }

    /// The words in a line, separated by single spaces.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.words().join(" "))
    }
}

impl std::fmt::Debug for Phrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phrase(…)")
    }
}

/// The seventeen root keys of a phrase. Root 0 is the account; root k signs the identity documents that name k
/// roots. Wiped when dropped.
pub struct Roots {
    seeds: Zeroizing<[[u8; 32]; ROOTS]>,
    public: [[u8; 32]; ROOTS],
    /// At place i - 1 the commitment cᵢ.
    commitments: [[u8; 32]; ROOTS],
}

impl Roots {
    /// The index of the last root.
    pub const LAST: u8 = ROOTS as u8 - 1;

    /// Derives the roots: seed i is HKDF-SHA256 of the entropy without salt, info `majlis v1 root ` and i in
    /// decimal.
    pub fn derive(phrase: &Phrase) -> Self {
        let (prk, _) = Hkdf::<Sha256>::extract(None, phrase.entropy());
        let prk = Zeroizing::new(<[u8; 32]>::from(prk));
        let mut seeds = Zeroizing::new([[0; 32]; ROOTS]);
        for (index, seed) in seeds.iter_mut().enumerate() {
            *seed = expand(&prk, &format!("{ROOT_INFO}{index}"));
        }
        let public = seeds.each_ref().map(|seed| SecretKey::from_seed(seed).public());
        let mut commitments = [[0; 32]; ROOTS];
        let mut next = [0; 32];
        // The last place stays zero: c₁₇.
        let [chain @ .., _] = &mut commitments;
        let [_, rest @ ..] = &public;
        for (commitment, root) in chain.iter_mut().zip(rest).rev() {
            next = link(root, &next);
            *commitment = next;
        }
        Self { seeds, public, commitments }
    }

    /// The account: root 0's public key.
    pub fn account(&self) -> AccountId {
        let [first, ..] = self.public;
        AccountId(first)
    }

    /// Root `k`, for k of 0 to [`LAST`](Self::LAST).
    pub fn key(&self, k: u8) -> Option<SecretKey> {
        self.seeds.get(usize::from(k)).map(SecretKey::from_seed)
    }

    /// Public keys of root 1 to root `k`.
    pub(super) fn public(&self, k: u8) -> Option<&[[u8; 32]]> {
        self.public.get(1..=usize::from(k))
    }

    /// The commitment cₖ to root k and all after it, for k of 1 to 17: c₁₇ is zero, cᵢ the hash of root i's
    /// public key and cᵢ₊₁.
    pub fn commitment(&self, k: u8) -> Option<[u8; 32]> {
        self.commitments.get(usize::from(k).checked_sub(1)?).copied()
    }
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Roots").field(&self.account()).finish()
    }
}

/// One link of the chain of commitments: cᵢ from root i's public key and cᵢ₊₁.
pub(super) fn link(root: &[u8; 32], next: &[u8; 32]) -> [u8; 32] {
    context::hash(context::ROOT_CHAIN, &[root, next])
}

/// The first 32 bytes of HKDF-Expand: HMAC of `info` and the byte 1 under `prk`. Extracting is the same HMAC,
/// with the salt as its key, and cannot fail for a wrong length.
fn expand(prk: &[u8; 32], info: &str) -> [u8; 32] {
    Hkdf::<Sha256>::extract(Some(prk), &[info.as_bytes(), &[1]].concat()).0.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entropy(hex: &str) -> [u8; 32] {
        data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
    }

    /// The 24-word vectors of the BIP39 reference implementation (trezor/python-mnemonic vectors.json).
    const VECTORS: [(&str, &str); 8] = [
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
             abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art",
        ),
        (
            "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
            "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth \
             useful legal winner thank year wave sausage worth title",
        ),
        (
            "8080808080808080808080808080808080808080808080808080808080808080",
            "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor \
             acoustic avoid letter advice cage absurd amount doctor acoustic bless",
        ),
        (
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
        ),
        (
            "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
            "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy \
             gospel tennis maple dilemma loan word shrug inflict delay length",
        ),
        (
            "9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
            "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed \
             nation flash devote level hobby quick inner drive ghost inside",
        ),
        (
            "066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
            "all hour make first leader extend hole alien behind guard gospel lava path output census museum \
             junior mass reopen famous sing advance salt reform",
        ),
        (
            "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
            "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen \
             patrol group space point ten exist slush involve unfold",
        ),
    ];

    #[test]
    fn official_vectors_hold_both_ways() {
        for (hex, words) in VECTORS {
            assert_eq!(Phrase::from_entropy(entropy(hex)).text().as_str(), words);
            assert_eq!(Phrase::parse(words).unwrap().entropy(), &entropy(hex));
        }
    }

    #[test]
    fn case_and_spacing_do_not_matter() {
        let (hex, words) = VECTORS[7];
        let shouted = format!("\n  {}\t", words.to_uppercase().replace(' ', "  \n"));
        assert_eq!(Phrase::parse(&shouted).unwrap().entropy(), &entropy(hex));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let words = VECTORS[4].1;
        assert_eq!(Phrase::parse("").unwrap_err(), PhraseError::WordCount(0));
        assert_eq!(Phrase::parse(&format!("{words} zoo")).unwrap_err(), PhraseError::WordCount(25));
        let typo = Phrase::parse(&words.replace("private dutch", "private ducth")).unwrap_err();
        assert_eq!(typo, PhraseError::UnknownWord { position: 4, word: "ducth".into() });
        assert!(typo.to_string().contains("word 4"));
        assert_eq!(
            Phrase::parse(&words.replace("hamster diagram", "diagram hamster")).unwrap_err(),
            PhraseError::Checksum
        );
    }

    #[test]
    fn debug_tells_no_secret() {
        assert_eq!(format!("{:?}", Phrase::from_entropy([7; 32])), "Phrase(…)");
    }

    #[test]
    fn roots_are_hkdf_of_the_entropy() {
        let phrase = Phrase::from_entropy([7; 32]);
        let roots = Roots::derive(&phrase);
        let hkdf = Hkdf::<Sha256>::new(None, phrase.entropy());
        for k in 0..=Roots::LAST {
            let mut seed = [0; 32];
            hkdf.expand(format!("majlis v1 root {k}").as_bytes(), &mut seed).unwrap();
            assert_eq!(*roots.key(k).unwrap().seed(), seed);
        }
        assert!(roots.key(17).is_none());
        assert_eq!(roots.account().0, roots.key(0).unwrap().public());
    }

    #[test]
    fn commitments_chain_down_from_zero() {
        let roots = Roots::derive(&Phrase::from_entropy([7; 32]));
        assert_eq!(roots.commitment(17), Some([0; 32]));
        assert_eq!((roots.commitment(0), roots.commitment(18)), (None, None));
        for k in 1..=16 {
            let root = roots.key(k).unwrap().public();
            let expected = context::hash("majlis v1 root chain", &[&root, &roots.commitment(k + 1).unwrap()]);
            assert_eq!(roots.commitment(k), Some(expected));
        }
    }

    proptest! {
        #[test]
        fn phrase_and_entropy_are_one(entropy: [u8; 32]) {
            let phrase = Phrase::from_entropy(entropy);
            let reference = bip39::Mnemonic::from_entropy(&entropy).unwrap().to_string();
            let text = phrase.text();
            prop_assert_eq!(text.as_str(), &reference);
            let parsed = Phrase::parse(&reference).unwrap();
            prop_assert_eq!(parsed.entropy(), &entropy);
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = Phrase::parse(&text);
        }
    }
}

//! How an account presents itself, and what may be done with what it publishes.

use super::field::{Many, Opt, Plain, Text, record};
use super::media::Attachment;
use crate::limits::{MAX_BIO, MAX_DATE, MAX_LANG, MAX_LIST, MAX_SHORT};

record! {
    /// Usage preference. Unset stays unset; of several that apply, the most restrictive wins.
    #[derive(Default)]
    Usage {
        /// A dictionary of the IETF AIPREF vocabulary, verbatim, as `train-ai=n, search=y`.
        1 aipref: String = Plain<Text<MAX_SHORT>>,
        /// The date of the AIPREF draft that the dictionary follows, as `2026-01-31`.
        2 draft: String = Plain<Text<MAX_DATE>>,
        /// User intent `syntheticContentGeneration`: allowed or not.
        3 synthetic_content_generation: Option<bool> = Opt<bool>,
        /// User intent `publicAccessArchive`: allowed or not.
        4 public_access_archive: Option<bool> = Opt<bool>,
        /// User intent `bulkDataset`: allowed or not.
        5 bulk_dataset: Option<bool> = Opt<bool>,
        /// User intent `protocolBridging`: allowed or not.
        6 protocol_bridging: Option<bool> = Opt<bool>,
    }
}

record! {
    /// One line of a profile: a name and what stands beside it.
    #[derive(Default)]
    ProfileField {
        /// The name.
        1 name: String = Plain<Text<MAX_SHORT>>,
        /// What stands beside it.
        2 value: String = Plain<Text<MAX_SHORT>>,
    }
}

record! {
    /// A profile; the latest replaces those before it as a whole.
    #[derive(Default)]
    Profile {
        /// The name to show.
        1 name: String = Plain<Text<MAX_SHORT>>,
        /// A few words about oneself, plain text.
        2 bio: String = Plain<Text<MAX_BIO>>,
        /// The picture beside each post.
        3 avatar: Option<Attachment> = Opt<Attachment>,
        /// The wide picture at the top of the page.
        4 header: Option<Attachment> = Opt<Attachment>,
        /// Lines of name and value.
        5 fields: Vec<ProfileField> = Many<ProfileField, MAX_LIST>,
        /// Whether a machine posts here.
        6 bot: bool = Plain<bool>,
        /// The language that posts are in unless they say otherwise, a BCP 47 tag.
        7 language: String = Plain<Text<MAX_LANG>>,
        /// What may be done with everything this account publishes.
        8 usage: Usage = Plain<Usage>,
    }
}

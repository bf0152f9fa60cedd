//! Usage preference: the words of a person, of the IETF AIPREF vocabulary and of user intents, and what several
//! statements mean together.
//!
//! A statement is a list of `label=y` and `label=n`, parted by commas. The four user intents (Bluesky proposal 0008)
//! go into fields of their own; every other label is AIPREF's and is kept as it stands (RFC 9651, a dictionary).

use std::sync::Arc;

use majlis_protocol::body::Usage;

use super::api::UsageView;
use super::{Failure, Node, blocking};

/// The date of the AIPREF vocabulary whose labels are written: draft-ietf-aipref-vocab-05.
const DRAFT: &str = "2025-12-01";

const HINT: &str = "Write for example `train-ai=n, search=y`; the user intents are synthetic-content-generation, \
                    public-access-archive, bulk-dataset and protocol-bridging.";

type Intent = fn(&mut Usage) -> &mut Option<bool>;

const INTENTS: [(&str, Intent); 4] = [
    ("synthetic-content-generation", |usage| &mut usage.synthetic_content_generation),
    ("public-access-archive", |usage| &mut usage.public_access_archive),
    ("bulk-dataset", |usage| &mut usage.bulk_dataset),
    ("protocol-bridging", |usage| &mut usage.protocol_bridging),
];

/// Reads a statement. An empty one asks for nothing.
pub(super) fn parse(text: &str) -> Result<Usage, Failure> {
    let mut usage = Usage::default();
    let mut labels: Vec<String> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (label, value) = part
            .split_once('=')
            .map(|(label, value)| (label.trim(), value.trim()))
            .ok_or_else(|| Failure::usage(format!("{part:?} is not a preference"), HINT))?;
        let allowed = match value {
            "y" => true,
            "n" => false,
            _ => return Err(Failure::usage(format!("{value:?} is neither y nor n"), HINT)),
        };
        if let Some((_, intent)) = INTENTS.iter().find(|(name, _)| *name == label) {
            *intent(&mut usage) = Some(allowed);
            continue;
        }
        let is_key = label.starts_with(|c: char| c.is_ascii_lowercase() || c == '*')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte));
        if !is_key {
            return Err(Failure::usage(format!("{label:?} is not a label"), HINT));
        }
        labels.retain(|known| known.split('=').next() != Some(label));
        labels.push(format!("{label}={value}"));
    }
    usage.aipref = labels.join(", ");
    if !usage.aipref.is_empty() {
        DRAFT.clone_into(&mut usage.draft);
    }
    Ok(usage)
}

/// What two statements ask for together: where both speak, no wins over yes; where one is silent, the other stands.
pub(super) fn most_restrictive(one: &Usage, other: &Usage) -> Usage {
    let mut both = Usage { draft: one.draft.clone().max(other.draft.clone()), ..Usage::default() };
    let mut labels: Vec<(&str, &str)> = Vec::new();
    for (label, value) in dictionary(&one.aipref).chain(dictionary(&other.aipref)) {
        match labels.iter_mut().find(|(known, _)| *known == label) {
            Some((_, known)) if value == "n" => *known = value,
            Some(_) => {}
            None => labels.push((label, value)),
        }
    }
    both.aipref =
        labels.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(", ");
    let (mut one, mut other) = (one.clone(), other.clone());
    for (_, intent) in INTENTS {
        *intent(&mut both) = match (*intent(&mut one), *intent(&mut other)) {
            (Some(one), Some(other)) => Some(one && other),
            (one, other) => one.or(other),
        };
    }
    both
}

/// Labels and values of an AIPREF dictionary. Parameters, and values that mean nothing, are left out.
fn dictionary(aipref: &str) -> impl Iterator<Item = (&str, &str)> {
    aipref.split(',').filter_map(|member| {
        let (label, value) = member.split(';').next()?.split_once('=')?;
        let (label, value) = (label.trim(), value.trim());
        ["y", "n"].contains(&value).then_some((label, value))
    })
}

pub(super) fn view(usage: &Usage) -> UsageView {
    UsageView {
        aipref: Some(usage.aipref.clone()).filter(|aipref| !aipref.is_empty()),
        synthetic_content_generation: usage.synthetic_content_generation,
        public_access_archive: usage.public_access_archive,
        bulk_dataset: usage.bulk_dataset,
        protocol_bridging: usage.protocol_bridging,
    }
}

impl Node {
    /// What the owner allows to be done with everything that they publish.
    pub async fn own_usage(self: &Arc<Self>) -> Result<UsageView, Failure> {
        let node = Arc::clone(self);
        blocking(move || Ok(view(&node.profile_of(&node.keys.account)?.usage))).await
    }
}

/// A statement as [`parse`] reads it.
pub(super) fn statement(usage: &Usage) -> String {
    let mut usage = usage.clone();
    let labels = Some(usage.aipref.clone()).filter(|labels| !labels.is_empty());
    let intents = INTENTS.into_iter().filter_map(|(name, intent)| {
        let allowed = (*intent(&mut usage))?;
        Some(format!("{name}={}", if allowed { "y" } else { "n" }))
    });
    labels.into_iter().chain(intents).collect::<Vec<_>>().join(", ")
}

/// The IPTC digital source types that may be written: <http://cv.iptc.org/newscodes/digitalsourcetype/>.
const SOURCE_TYPES: [&str; 17] = [
    "digitalCapture",
    "computationalCapture",
    "screenCapture",
    "negativeFilm",
    "positiveFilm",
    "print",
    "digitalCreation",
    "humanEdits",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "dataDrivenMedia",
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "compositeSynthetic",
    "composite",
    "compositeCapture",
    "virtualRecording",
];

/// Words that people use, and the source types they stand for.
const MADE_WITH: [(&str, &str); 4] = [
    ("ai", "trainedAlgorithmicMedia"),
    ("ai-assisted", "compositeWithTrainedAlgorithmicMedia"),
    ("hand", "digitalCreation"),
    ("camera", "digitalCapture"),
];

/// The source type that a word or a name of the vocabulary stands for.
pub(super) fn source_type(word: &str) -> Result<String, Failure> {
    let named = MADE_WITH.iter().find(|(plain, _)| *plain == word).map(|(_, name)| *name);
    let known = named.or_else(|| SOURCE_TYPES.into_iter().find(|name| *name == word));
    known.map(str::to_owned).ok_or_else(|| {
        Failure::usage(
            format!("{word:?} says nothing about how a post was made"),
            "Say ai, ai-assisted, hand or camera, or a name of the IPTC digital source type vocabulary.",
        )
    })
}

/// Whether something of this source type was made by AI, wholly or in part.
pub(super) fn is_ai_made(source_type: &str) -> bool {
    ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"]
        .contains(&source_type)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_or_refused() {
        let usage = parse("train-ai=n, bulk-dataset=n ,search=y, train-ai=y").unwrap();
        assert_eq!((usage.aipref.as_str(), usage.bulk_dataset), ("search=y, train-ai=y", Some(false)));
        assert_eq!(usage.draft, DRAFT);
        assert_eq!(parse(" ").unwrap(), Usage::default());
        for bad in ["train-ai", "train-ai=no", "Train=n", "a b=n"] {
            assert!(parse(bad).unwrap_err().is_usage(), "{bad}");
        }
    }

    #[test]
    fn the_more_restrictive_wins_and_what_is_unset_stays_unset() {
        let one = parse("train-ai=y, search=y, protocol-bridging=y").unwrap();
        let other = parse("train-ai=n, bulk-dataset=n, protocol-bridging=n").unwrap();
        for both in [most_restrictive(&one, &other), most_restrictive(&other, &one)] {
            let view = view(&both);
            assert!(["train-ai=n, search=y"].contains(&view.aipref.as_deref().unwrap()));
            assert_eq!((view.bulk_dataset, view.protocol_bridging), (Some(false), Some(false)));
            assert_eq!((view.public_access_archive, view.synthetic_content_generation), (None, None));
        }
        assert_eq!(most_restrictive(&Usage::default(), &Usage::default()), Usage::default());
    }

    #[test]
    fn a_word_stands_for_a_source_type() {
        assert_eq!(source_type("ai").unwrap(), "trainedAlgorithmicMedia");
        assert_eq!(source_type("humanEdits").unwrap(), "humanEdits");
        assert!(source_type("digitalArt").is_err());
        assert!(is_ai_made("compositeSynthetic") && !is_ai_made("humanEdits"));
    }
}

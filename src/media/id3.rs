//! ID3 tags: title, artist, album, number and copyright are read, and a new tag is written with nothing else.
//!
//! Sources: ID3 2.2.0, 2.3.0 and 2.4.0 (structure and native frames); ID3 1.1; C2PA, "Embedding manifests into ID3".

use super::plan::{Plan, words};

/// What stays, as version 2.4 and 2.2 name it, in its order.
const CREDIT: [(&[u8], &[u8]); 5] =
    [(b"TIT2", b"TT2"), (b"TPE1", b"TP1"), (b"TALB", b"TAL"), (b"TRCK", b"TRK"), (b"TCOP", b"TCR")];
const HEADER: usize = 10;
/// Flags of the tag.
const UNSYNCHRONISED: u8 = 0x80;
const EXTENDED: u8 = 0x40;
const FOOTER: u8 = 0x10;
/// A text is as long, in characters, at most.
const MAX_TEXT: usize = 1_000;

/// Texts that stay, in the order of [`CREDIT`].
pub(super) type Texts = [Option<String>; 5];

/// Bytes of the tag that a file begins with.
pub(super) fn length(first: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', 2..=4, _, flags, size @ ..] = first else { return None };
    let footer = if flags & FOOTER == 0 { 0 } else { HEADER as u64 };
    Some(HEADER as u64 + u64::from(spread(*size.first_chunk()?)?) + footer)
}

/// A number of which each byte holds seven bits.
fn spread(bytes: [u8; 4]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum, byte| (*byte < 0x80).then_some(sum << 7 | u32::from(*byte)))
}

fn to_spread(number: u32) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (number >> shift) as u8 & 0x7F)
}

/// What a tag says, and whether it says more. Content credentials among it are noted.
fn read(tag: &[u8], plan: &mut Plan) -> (Texts, bool) {
    let mut texts = Texts::default();
    let [_, _, _, version, _, flags, _, _, _, _, body @ ..] = tag else { return (texts, true) };
    let (version, flags) = (*version, *flags);
    // Later versions mark each frame instead.
    let synchronised = (version < 4 && flags & UNSYNCHRONISED != 0).then(|| synchronise(body));
    let mut rest = synchronised.as_deref().unwrap_or(body);
    if version > 2 && flags & EXTENDED != 0 {
        let size = rest.first_chunk::<4>().copied().unwrap_or_default();
        let skipped =
            if version == 4 { spread(size).unwrap_or(0) } else { u32::from_be_bytes(size).saturating_add(4) };
        rest = rest.get(skipped as usize..).unwrap_or_default();
    }
    let mut more = false;
    while let Some(Frame { name, marks, data, end }) = frame(rest, version) {
        rest = rest.get(end..).unwrap_or_default();
        let known = CREDIT.iter().position(|(long, short)| name == *long || name == *short);
        match known {
            Some(at) if texts[at].is_none() => texts[at] = text(data, marks),
            _ if data.windows(4).any(|window| window == b"c2pa") => plan.credentials = true,
            _ => more = true,
        }
    }
    (texts, more)
}

/// A part of a tag.
struct Frame<'a> {
    name: &'a [u8],
    /// Flags of how the data is written.
    marks: u8,
    data: &'a [u8],
    /// Where the next one is.
    end: usize,
}

fn frame(rest: &[u8], version: u8) -> Option<Frame<'_>> {
    let (name, size, head) = match version {
        2 => {
            let [a, b, c] = *rest.get(3..)?.first_chunk()?;
            (rest.get(..3)?, u32::from_be_bytes([0, a, b, c]), 6)
        }
        3 => (rest.get(..4)?, u32::from_be_bytes(*rest.get(4..)?.first_chunk()?), HEADER),
        _ => (rest.get(..4)?, spread(*rest.get(4..)?.first_chunk()?)?, HEADER),
    };
    if !name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return None;
    }
    let end = head.checked_add(size as usize)?;
    let marks = if version == 4 { *rest.get(9)? } else { 0 };
    Some(Frame { name, marks, data: rest.get(head..end)?, end })
}

/// Takes the zero out that was put after each 0xFF, so that no decoder takes it for sound.
fn synchronise(bytes: &[u8]) -> Vec<u8> {
    let mut before = 0;
    let mut keep = |byte: &u8| {
        let keep = !(before == 0xFF && *byte == 0);
        before = *byte;
        keep
    };
    bytes.iter().copied().filter(|byte| keep(byte)).collect()
}

/// The first text of a frame.
fn text(data: &[u8], marks: u8) -> Option<String> {
    // Compressed or encrypted.
    if marks & 0x0C != 0 {
        return None;
    }
    // Its length may stand before it.
    let data = if marks & 0x01 == 0 { data } else { data.get(4..)? };
    let synchronised = (marks & 0x02 != 0).then(|| synchronise(data));
    let (encoding, rest) = synchronised.as_deref().unwrap_or(data).split_first()?;
    let wide = |rest: &[u8], from: fn([u8; 2]) -> u16| {
        String::from_utf16_lossy(&rest.as_chunks().0.iter().map(|unit| from(*unit)).collect::<Vec<_>>())
    };
    let text = match (encoding, rest) {
        (0, rest) => rest.iter().map(|byte| char::from(*byte)).collect(),
        (1, [0xFE, 0xFF, rest @ ..]) | (2, rest) => wide(rest, u16::from_be_bytes),
        (1, [0xFF, 0xFE, rest @ ..] | rest) => wide(rest, u16::from_le_bytes),
        _ => String::from_utf8_lossy(rest).into_owned(),
    };
    clean(&text)
}

fn clean(text: &str) -> Option<String> {
    let text: String = text.split('\0').next()?.chars().take(MAX_TEXT).collect();
    (!text.trim().is_empty()).then_some(text)
}

/// The tag to stand in place of one, and of the older tag at the end of the file: empty where there is no credit. A tag
/// with content credentials that says nothing else stays as it is, if they are to be kept.
pub(super) fn filter(tag: &[u8], old: Option<&[u8]>, keep_credentials: bool, plan: &mut Plan) -> Vec<u8> {
    let (mut texts, more) = if tag.is_empty() { (Texts::default(), false) } else { read(tag, plan) };
    if plan.credentials && plan.credentials(keep_credentials) && !more && old.is_none() {
        return tag.to_vec();
    }
    if let Some(old) = old {
        for (text, range) in texts.iter_mut().zip([3..33, 33..63, 63..93]) {
            let latin = || {
                old.get(range).unwrap_or_default().iter().map(|byte| char::from(*byte)).collect::<String>()
            };
            *text = text.take().or_else(|| clean(latin().trim_end()));
        }
    }
    let new = write(&texts);
    if more || old.is_some() || (new != tag && !plan.credentials) {
        plan.remove(words::TAGS);
    }
    new
}

fn write(texts: &Texts) -> Vec<u8> {
    let mut frames = Vec::new();
    for ((name, _), text) in CREDIT.iter().zip(texts) {
        let Some(text) = text else { continue };
        frames.extend(*name);
        frames.extend(to_spread(text.len() as u32 + 1));
        // No flags; UTF-8.
        frames.extend([0, 0, 3]);
        frames.extend(text.as_bytes());
    }
    if frames.is_empty() {
        return frames;
    }
    let mut out = b"ID3\x04\0\0".to_vec();
    out.extend(to_spread(frames.len() as u32));
    out.extend(frames);
    out
}

//! FLAC: blocks about the sound, and the sound.
//!
//! Source: RFC 9639, 8.

use super::comments::Comments;
use super::plan::{Plan, words};
use super::source::Source;
use super::{MediaError, id3, mp3};

pub(super) const STREAM_INFO: u8 = 0;
pub(super) const PADDING: u8 = 1;
pub(super) const SEEK_TABLE: u8 = 3;
pub(super) const COMMENTS: u8 = 4;
const PICTURE: u8 = 6;
/// Marks the last block, beside its kind.
pub(super) const LAST: u8 = 0x80;
/// As much of an ID3 tag is looked at, in bytes.
const MAX_TAG: u64 = 16 << 20;
const MAX_BLOCKS: u32 = 10_000;

/// Plans what stays of a piece. Content credentials stay if `keep_credentials`.
pub(super) fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let mut plan = Plan::default();
    let start = id3::length(&source.up_to(0, 10)?).unwrap_or(0);
    let tag = source.read(0..start.min(MAX_TAG))?;
    let new = id3::filter(&tag, None, keep_credentials, &mut plan);
    // FLAC has comments of its own, so a tag stays only for its content credentials.
    if plan.credentials {
        plan.rope.bytes(&new);
    }
    let mut blocks: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut at = start + 4;
    for count in 0.. {
        let [kind, size @ ..] = source.array::<4>(at)?;
        let [a, b, c] = size;
        let (body, end) = (at + 4, at + 4 + u64::from(u32::from_be_bytes([0, a, b, c])));
        if end > source.length || count == MAX_BLOCKS {
            return Err(source.damaged("it ends too early"));
        }
        at = end;
        match kind & !LAST {
            STREAM_INFO if blocks.is_empty() => {
                let info = source.read(body..end)?;
                plan.duration_ms = duration(&info);
                blocks.push((STREAM_INFO, info));
            }
            SEEK_TABLE => blocks.push((SEEK_TABLE, source.read(body..end)?)),
            COMMENTS => {
                let bytes = source.read(body..end)?;
                let comments = Comments::read(&bytes).filter(|comments| !comments.is_empty());
                let kept = comments.map(|comments| comments.write(0));
                if kept.as_ref() != Some(&bytes) {
                    plan.remove(words::TAGS);
                }
                blocks.extend(kept.map(|kept| (COMMENTS, kept)));
            }
            PADDING => {}
            PICTURE => plan.remove(words::THUMBNAIL),
            _ => plan.remove(words::OTHER),
        }
        if kind & LAST != 0 {
            break;
        }
    }
    if blocks.first().is_none_or(|(kind, _)| *kind != STREAM_INFO) {
        return Err(source.damaged("it does not tell how it is coded"));
    }
    plan.rope.bytes(b"fLaC");
    let last = blocks.len() - 1;
    for (index, (kind, body)) in blocks.iter().enumerate() {
        let [_, a, b, c] = (body.len() as u32).to_be_bytes();
        plan.rope.bytes(&[if index == last { kind | LAST } else { *kind }, a, b, c]);
        plan.rope.bytes(body);
    }
    let (end, _) = mp3::tags_behind(source, at)?;
    if end < source.length {
        plan.remove(words::TAGS);
    }
    plan.rope.copy(at..end);
    Ok(plan)
}

/// Milliseconds, by the description of the stream. 20 bits of samples a second, 36 bits of samples.
pub(super) fn duration(info: &[u8]) -> Option<u64> {
    let bits = u64::from_be_bytes(*info.get(10..)?.first_chunk()?);
    let (rate, samples) = (bits >> 44, bits & ((1 << 36) - 1));
    (samples * 1_000).checked_div(rate).filter(|duration| *duration > 0)
}

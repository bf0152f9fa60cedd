//! WAV: RIFF chunks. How the sound is coded and the sound itself stay.
//!
//! Sources: Microsoft and IBM, Multimedia Programming Interface 1.0, "WAVE"; C2PA, "Embedding manifests into RIFF-based
//! assets".

use super::MediaError;
use super::plan::{Plan, Rope, words};
use super::source::Source;

const MAX_CHUNKS: u32 = 10_000;

/// Plans what stays of a piece. Content credentials stay if `keep_credentials`.
pub(super) fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let end = u64::from(u32::from_le_bytes(source.array(4)?)) + 8;
    let (mut plan, mut body) = (Plan::default(), Rope::default());
    let (mut at, mut bytes_a_second, mut length) = (12, 0, 0);
    let mut left = MAX_CHUNKS;
    while at < end {
        left = left.checked_sub(1).ok_or_else(|| source.damaged("it has too many parts"))?;
        let [a, b, c, d, size @ ..] = source.array::<8>(at)?;
        let size = u64::from(u32::from_le_bytes(size));
        let data = at + 8;
        let after = (data + size).next_multiple_of(2);
        if data + size > end || end > source.length {
            return Err(source.damaged("it ends too early"));
        }
        let keep = match &[a, b, c, d] {
            b"fmt " => {
                bytes_a_second = u64::from(u32::from_le_bytes(source.array(data + 8)?));
                true
            }
            b"data" => {
                length += size;
                true
            }
            b"fact" => true,
            b"C2PA" => plan.credentials(keep_credentials),
            kind => {
                plan.remove(if kind == b"LIST" || kind == b"id3 " { words::TAGS } else { words::OTHER });
                false
            }
        };
        if keep {
            body.copy(at..data + size);
            body.zeros(size % 2);
        }
        at = after;
    }
    if at < source.length {
        plan.remove(words::TRAILER);
    }
    if length == 0 {
        return Err(source.damaged("it holds no sound"));
    }
    plan.rope.bytes(b"RIFF");
    plan.rope.bytes(&(body.length() as u32 + 4).to_le_bytes());
    plan.rope.bytes(b"WAVE");
    plan.rope.append(body);
    plan.duration_ms = (length * 1_000).checked_div(bytes_a_second);
    Ok(plan)
}

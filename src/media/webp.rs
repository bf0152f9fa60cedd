//! WebP: RIFF chunks. Those that are pixels, colours and time stay, as they are.
//!
//! Sources: RFC 9649; C2PA, "Embedding manifests into RIFF-based assets".

use std::ops::Range;

use super::plan::{Plan, Rope, words};
use super::{MediaError, exif, xmp};

/// Flags of `VP8X` for what is taken out, or written anew.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
/// Flags that stay: ICC profile, transparency, animation.
const STAY: u8 = 0x20 | 0x10 | 0x02;
/// Bytes of an animation's frame before its chunks.
const FRAME: u64 = 16;

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
pub(super) fn walk(bytes: &[u8], keep_credentials: bool) -> Result<Plan, MediaError> {
    let size = bytes.get(4..).and_then(|size| size.first_chunk()).map_or(0, |size| u32::from_le_bytes(*size));
    let end = u64::from(size) + 8;
    if end > bytes.len() as u64 {
        return Err(ended());
    }
    let mut plan = Plan::default();
    let (mut features, mut flags, mut body) = (None, 0, Rope::default());
    for (kind, range) in chunks(bytes, 12..end)? {
        let data = part(bytes, &range);
        match &kind {
            b"VP8X" if features.is_none() => features = data.first_chunk::<10>().copied(),
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ICCP" => chunk(&mut body, kind, range),
            b"ANMF" => frame(bytes, range, &mut body, &mut plan)?,
            b"EXIF" if flags & HAS_EXIF == 0 && features.is_some() => {
                // Some programs put the prefix of JPEG before it.
                if let Some(kept) = exif::filter(data.strip_prefix(b"Exif\0\0").unwrap_or(data), &mut plan) {
                    flags |= HAS_EXIF;
                    fresh_chunk(&mut body, kind, &kept);
                }
            }
            b"XMP " if flags & HAS_XMP == 0 && features.is_some() => {
                if let Some(kept) = xmp::filter(data, &mut plan) {
                    flags |= HAS_XMP;
                    fresh_chunk(&mut body, kind, &kept);
                }
            }
            b"C2PA" => {
                if plan.credentials(keep_credentials) {
                    chunk(&mut body, kind, range);
                }
            }
            _ => plan.remove(words::OTHER),
        }
    }
    if end.next_multiple_of(2) < bytes.len() as u64 {
        plan.remove(words::TRAILER);
    }
    let mut head = b"WEBP".to_vec();
    if let Some(mut features) = features {
        features[0] = features[0] & STAY | flags;
        head.extend(b"VP8X\x0A\0\0\0");
        head.extend(features);
    }
    plan.rope.bytes(b"RIFF");
    plan.rope.bytes(&((head.len() as u64 + body.length()) as u32).to_le_bytes());
    plan.rope.bytes(&head);
    plan.rope.append(body);
    Ok(plan)
}

fn ended() -> MediaError {
    MediaError::damaged("WebP picture", "it ends too early")
}

fn part<'a>(bytes: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// A chunk's name, and where its data is.
type Chunk = ([u8; 4], Range<u64>);

fn chunks(bytes: &[u8], within: Range<u64>) -> Result<Vec<Chunk>, MediaError> {
    let (mut found, mut at) = (Vec::new(), within.start);
    while at < within.end {
        let head = part(bytes, &(at..at + 8)).first_chunk::<8>().ok_or_else(ended)?;
        let [a, b, c, d, size @ ..] = *head;
        let end = at + 8 + u64::from(u32::from_le_bytes(size));
        if end > within.end {
            return Err(ended());
        }
        found.push(([a, b, c, d], at + 8..end));
        // Chunks begin at even places.
        at = end.next_multiple_of(2);
    }
    Ok(found)
}

/// A frame, with nothing but its pixels.
fn frame(bytes: &[u8], range: Range<u64>, body: &mut Rope, plan: &mut Plan) -> Result<(), MediaError> {
    let start = range.start + FRAME;
    if start > range.end {
        return Err(ended());
    }
    let mut pixels = Rope::default();
    for (kind, range) in chunks(bytes, start..range.end)? {
        match &kind {
            b"VP8 " | b"VP8L" | b"ALPH" => chunk(&mut pixels, kind, range),
            _ => plan.remove(words::OTHER),
        }
    }
    body.bytes(b"ANMF");
    body.bytes(&((FRAME + pixels.length()) as u32).to_le_bytes());
    body.copy(range.start..start);
    body.append(pixels);
    Ok(())
}

/// A chunk of the source.
fn chunk(rope: &mut Rope, kind: [u8; 4], range: Range<u64>) {
    let size = (range.end - range.start) as u32;
    rope.bytes(&kind);
    rope.bytes(&size.to_le_bytes());
    rope.copy(range);
    rope.zeros(u64::from(size % 2));
}

/// A chunk that is not in the source.
fn fresh_chunk(rope: &mut Rope, kind: [u8; 4], data: &[u8]) {
    rope.bytes(&kind);
    rope.bytes(&(data.len() as u32).to_le_bytes());
    rope.bytes(data);
    rope.zeros(data.len() as u64 % 2);
}

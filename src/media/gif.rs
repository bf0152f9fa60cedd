//! GIF: blocks. Pictures, their timing and how often they repeat stay, as they are.
//!
//! Sources: GIF, version 89a; Adobe XMP part 3, 1.1.2; ICC.1, annex B; C2PA, "Embedding manifests into GIF".

use super::plan::{Plan, words};
use super::{MediaError, xmp};

/// What follows XMP, which is not in sub-blocks: wherever a reader of sub-blocks comes out of the text, this leads it
/// to the end.
const MAGIC: usize = 257;
/// Extensions that say how often an animation repeats are as long, at most.
const MAX_REPEAT: usize = 32;

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
pub(super) fn walk(bytes: &[u8], keep_credentials: bool) -> Result<Plan, MediaError> {
    let ended = || MediaError::damaged("GIF picture", "it ends too early");
    let mut plan = Plan::default();
    let mut at = 13 + table(*bytes.get(10).ok_or_else(ended)?);
    plan.rope.copy(0..at as u64);
    loop {
        let start = at;
        match *bytes.get(at).ok_or_else(ended)? {
            0x3B => {
                plan.rope.copy(start as u64..start as u64 + 1);
                at += 1;
                break;
            }
            0x2C => {
                // A descriptor, a colour table, the size of codes, the codes.
                at = blocks_end(bytes, at + 11 + table(*bytes.get(at + 9).ok_or_else(ended)?))
                    .ok_or_else(ended)?;
                plan.rope.copy(start as u64..at as u64);
            }
            0x21 => {
                at = blocks_end(bytes, at + 2).ok_or_else(ended)?;
                let block = bytes.get(start..at).ok_or_else(ended)?;
                extension(block, start as u64, keep_credentials, &mut plan);
            }
            _ => return Err(MediaError::damaged("GIF picture", "a block is of no known kind")),
        }
    }
    if at < bytes.len() {
        plan.remove(words::TRAILER);
    }
    Ok(plan)
}

/// Bytes of a colour table, by the flags that announce it.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// The end of sub-blocks: each has its length before it, the last is empty.
fn blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}

/// An extension, from its introducer on.
fn extension(block: &[u8], start: u64, keep_credentials: bool, plan: &mut Plan) {
    let range = start..start + block.len() as u64;
    match block {
        [_, 0xF9, 4, ..] if block.len() == 8 => plan.rope.copy(range),
        [_, 0xFE, ..] => plan.remove(words::COMMENTS),
        [_, 0xFF, 11, rest @ ..] if rest.len() > 11 => match &rest[..11] {
            b"NETSCAPE2.0" | b"ANIMEXTS1.0" if block.len() <= MAX_REPEAT => plan.rope.copy(range),
            b"ICCRGBG1012" => plan.rope.copy(range),
            id if id.starts_with(b"C2PA_GIF") => {
                if plan.credentials(keep_credentials) {
                    plan.rope.copy(range);
                }
            }
            b"XMP DataXMP" => {
                let packet = rest.get(11..rest.len().saturating_sub(MAGIC + 1)).unwrap_or_default();
                if let Some(kept) = xmp::filter(packet, plan) {
                    plan.rope.bytes(&block[..14]);
                    plan.rope.bytes(&kept);
                    plan.rope.bytes(&magic());
                }
            }
            _ => plan.remove(words::OTHER),
        },
        _ => plan.remove(words::OTHER),
    }
}

/// A one, all bytes downwards, and the empty block.
fn magic() -> Vec<u8> {
    std::iter::once(1).chain((0..=255).rev()).chain([0]).collect()
}

//! EBML elements, of which `WebM` and Matroska are made.
//!
//! Source: RFC 8794, 4 to 6.

use std::ops::Range;

use super::MediaError;
use super::plan::Rope;
use super::source::Source;

/// An element that means nothing.
pub(super) const VOID: u32 = 0xEC;

/// Where an element is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    /// With its marker bits.
    pub id: u32,
    /// After its id and size.
    pub body: u64,
    /// `None` where its size is not known: then what it is in, or what may not be in it, ends it.
    pub end: Option<u64>,
}

impl Element {
    /// The element at a place inside another, which ends at `limit`.
    pub fn read(source: &mut Source<'_>, start: u64, limit: u64) -> Result<Self, MediaError> {
        let head = source.up_to(start, 12)?;
        let broken = || source.damaged("an element has no size");
        let id_width = head.first().map_or(9, |byte| byte.leading_zeros() as usize + 1);
        if id_width > 4 {
            return Err(source.damaged("an element has no name"));
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let id = number(head.get(..id_width).ok_or_else(broken)?) as u32;
        let size_width = head.get(id_width).map_or(9, |byte| byte.leading_zeros() as usize + 1);
        if size_width > 8 {
            return Err(broken());
        }
        let size = number(head.get(id_width..id_width + size_width).ok_or_else(broken)?);
        // The marker bit is not part of the size; all other bits set mean that it is not known.
        let mask = (1_u64 << (7 * size_width)) - 1;
        let body = start + (id_width + size_width) as u64;
        let end = (size & mask != mask).then(|| body.checked_add(size & mask).filter(|end| *end <= limit));
        match end {
            Some(None) => Err(source.damaged("an element is longer than what it is in")),
            end => Ok(Self { id, body, end: end.flatten() }),
        }
    }

    /// An unsigned number that an element of a known size holds.
    pub fn unsigned(&self, source: &mut Source<'_>) -> Result<u64, MediaError> {
        let end = self.end.unwrap_or(self.body).min(self.body + 8);
        Ok(source.read(self.body..end)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// A floating point number that an element of a known size holds.
    pub fn float(&self, source: &mut Source<'_>) -> Result<f64, MediaError> {
        let bytes = source.read(self.body..self.end.unwrap_or(self.body).min(self.body + 8))?;
        Ok(match bytes.len() {
            4 => bytes.try_into().map_or(0.0, |bytes| f64::from(f32::from_be_bytes(bytes))),
            8 => bytes.try_into().map_or(0.0, f64::from_be_bytes),
            _ => 0.0,
        })
    }
}

/// Writes an element that means nothing, as long as a range of at least two bytes.
pub(super) fn void(rope: &mut Rope, range: &Range<u64>) {
    let length = range.end - range.start;
    rope.bytes(&[VOID as u8]);
    // What a size of one byte cannot tell gets one of eight.
    if length <= 128 {
        rope.bytes(&[0x80 | (length - 2) as u8]);
        rope.zeros(length - 2);
    } else {
        rope.bytes(&((1 << 56) | (length - 9)).to_be_bytes());
        rope.zeros(length - 9);
    }
}

//! Boxes, of which MP4, `QuickTime` and AVIF are made.
//!
//! Source: ISO/IEC 14496-12, 4.2.

use std::ops::Range;

use super::MediaError;
use super::plan::Rope;
use super::source::Source;

/// Boxes in one file, at most.
const MAX_BOXES: u32 = 200_000;

/// Where a box is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub kind: [u8; 4],
    pub start: u64,
    /// After its size and type.
    pub body: u64,
    pub end: u64,
}

/// How many more boxes may be looked at.
pub(super) struct Budget(u32);

impl Budget {
    pub fn new() -> Self {
        Self(MAX_BOXES)
    }

    /// The boxes in a range, one after the other, and where they end: up to seven bytes that are no box may follow
    /// inside another box.
    pub fn boxes(
        &mut self,
        source: &mut Source<'_>,
        range: Range<u64>,
    ) -> Result<(Vec<Header>, u64), MediaError> {
        let (mut found, mut at) = (Vec::new(), range.start);
        while at < range.end {
            if range.end - at < 8 && range.start > 0 {
                break;
            }
            self.0 = self.0.checked_sub(1).ok_or_else(|| source.damaged("it has too many boxes"))?;
            let [a, b, c, d, kind @ ..] = source.array::<8>(at)?;
            let (length, body) = match u32::from_be_bytes([a, b, c, d]) {
                0 if range.end == source.length => (range.end - at, at + 8),
                1 => (u64::from_be_bytes(source.array(at + 8)?), at + 16),
                length => (u64::from(length), at + 8),
            };
            let end = at.checked_add(length).filter(|end| *end <= range.end && *end >= body);
            let end = end.ok_or_else(|| source.damaged("a box is longer than what it is in"))?;
            found.push(Header { kind, start: at, body, end });
            at = end;
        }
        Ok((found, at))
    }
}

impl Header {
    pub fn whole(&self) -> Range<u64> {
        self.start..self.end
    }

    /// Makes it a box that means nothing, of the same length, so that nothing else moves.
    pub fn blank(&self, rope: &mut Rope) {
        rope.copy(self.start..self.start + 4);
        rope.bytes(b"free");
        rope.copy(self.start + 8..self.body);
        rope.zeros(self.end - self.body);
    }
}

//! AVIF: a picture in boxes. Metadata are items of it like its parts, and their places are told by offsets, so that they
//! cannot be taken out simply: a picture that has some is only taken as it is.
//!
//! Sources: ISO/IEC 23008-12 (HEIF), 6.5 and 9.3; ISO/IEC 14496-12, 8.11; AV1 Image File Format.

use super::MediaError;
use super::boxes::Header;
use super::mp4::{Level, Walk};
use super::plan::Plan;
use super::source::Source;

/// Kinds of items that are parts of the picture.
const PARTS: [&[u8; 4]; 6] = [b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"];
const STUBBORN: &str = "an AVIF picture with metadata";

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
pub(super) fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let length = source.length;
    let mut walk = Walk::new(source, keep_credentials);
    walk.is_picture = true;
    walk.level(Level::Top, 0..length)?;
    let Walk { mut plan, source, tracks, .. } = walk;
    plan.size = plan.size.or_else(|| tracks.iter().find_map(|track| track.size));
    if plan.size.is_none() {
        return Err(source.damaged("it does not tell its size"));
    }
    Ok(plan)
}

impl Walk<'_, '_> {
    /// What the items are.
    pub fn items(&mut self, header: &Header) -> Result<(), MediaError> {
        let is_short = self.source.array::<1>(header.body)? == [0];
        let start = (header.body + if is_short { 6 } else { 8 }).min(header.end);
        let (entries, _) = self.budget.boxes(self.source, start..header.end)?;
        for entry in entries {
            // Version, flags, a number of 2 or 4 bytes, protection, the kind.
            let at = match self.source.array(entry.body)? {
                [2] => entry.body + 8,
                [3] => entry.body + 10,
                _ => {
                    self.plan.stubborn = Some(STUBBORN);
                    continue;
                }
            };
            if !PARTS.contains(&&self.source.array::<4>(at)?) {
                self.plan.stubborn = Some(STUBBORN);
            }
        }
        self.plan.rope.copy(header.whole());
        Ok(())
    }

    /// The largest size is that of the whole: parts of a grid have their own.
    pub fn properties(&mut self, header: &Header) -> Result<(), MediaError> {
        let (mut largest, mut is_turned) = ((0, 0), false);
        let (boxes, _) = self.budget.boxes(self.source, header.body..header.end)?;
        for container in boxes.iter().filter(|inner| inner.kind == *b"ipco") {
            let (properties, _) = self.budget.boxes(self.source, container.body..container.end)?;
            for property in properties {
                match &property.kind {
                    b"ispe" => {
                        let width = u32::from_be_bytes(self.source.array(property.body + 4)?);
                        let height = u32::from_be_bytes(self.source.array(property.body + 8)?);
                        let area = |(width, height)| u64::from(width) * u64::from(height);
                        largest =
                            std::cmp::max_by_key(largest, (width, height), |size: &(u32, u32)| area(*size));
                    }
                    // Quarters of a turn.
                    b"irot" => is_turned |= self.source.array::<1>(property.body)?[0] % 2 == 1,
                    b"udes" | b"uuid" => self.plan.stubborn = Some(STUBBORN),
                    _ => {}
                }
            }
        }
        let (width, height) = largest;
        if width > 0 && height > 0 {
            self.plan.size = Some(if is_turned { (height, width) } else { (width, height) });
        }
        self.plan.rope.copy(header.whole());
        Ok(())
    }
}

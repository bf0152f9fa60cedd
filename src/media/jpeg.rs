//! JPEG: a sequence of marker segments. Those that decoding needs stay, as they are.
//!
//! Sources: ITU-T T.81, annex B; T.871 (JFIF); T.872 (Adobe); ICC.1, annex B.4; Adobe XMP part 3; C2PA, "Embedding
//! manifests into JPEG".

use super::plan::{Plan, words};
use super::{MediaError, exif, iptc, xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Bytes of a JFIF header before its thumbnail, and of an Adobe header.
const JFIF_LENGTH: usize = 14;
const ADOBE_LENGTH: usize = 12;

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
pub(super) fn walk(bytes: &[u8], keep_credentials: bool) -> Result<Plan, MediaError> {
    let ended = || MediaError::damaged("JPEG picture", "it ends too early");
    let mut walk = Walk { plan: Plan::default(), keep_credentials, boxes: Vec::new(), seen: Vec::new() };
    walk.plan.rope.copy(0..2);
    let mut at = 2;
    loop {
        // Any number of 0xFF may stand before a marker. Other bytes are not part of the picture.
        let (start, marker) = next_marker(bytes, at).ok_or_else(ended)?;
        at = start + 2;
        match marker {
            0xD9 => {
                walk.plan.rope.copy(start as u64..at as u64);
                break;
            }
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length =
            bytes.get(at..at + 2).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        let length = length.filter(|length| *length >= 2).ok_or_else(ended)?;
        let payload = bytes.get(at + 2..at + length).ok_or_else(ended)?;
        let mut end = at + length;
        if marker == 0xDA {
            end = scan_end(bytes, end).ok_or_else(ended)?;
        }
        walk.segment(marker, payload, start..end);
        at = end;
    }
    if at < bytes.len() {
        walk.plan.remove(words::TRAILER);
    }
    Ok(walk.plan)
}

/// Where the next marker is, and which.
fn next_marker(bytes: &[u8], from: usize) -> Option<(usize, u8)> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))?;
    Some((from + at, *rest.get(at + 1)?))
}

/// Where the coded data of a scan ends, in which 0xFF is followed by zero, or by the number of a restart.
fn scan_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF))
        .map(|at| from + at)
}

struct Walk {
    plan: Plan,
    keep_credentials: bool,
    /// Numbers of the JUMBF boxes that are content credentials.
    boxes: Vec<[u8; 2]>,
    /// Blocks that there may be several of: programs take the first.
    seen: Vec<&'static [u8]>,
}

impl Walk {
    fn segment(&mut self, marker: u8, payload: &[u8], range: std::ops::Range<usize>) {
        let is_credentials = marker == 0xEB && self.is_credentials(payload);
        let plan = &mut self.plan;
        let range = range.start as u64..range.end as u64;
        match marker {
            0xC8 => plan.remove(words::OTHER),
            0xC0..=0xCF | 0xDA..=0xDF => plan.rope.copy(range),
            // Its thumbnail is cut off.
            0xE0 if payload.starts_with(b"JFIF\0") && payload.len() >= JFIF_LENGTH => {
                if payload.len() > JFIF_LENGTH {
                    plan.remove(words::THUMBNAIL);
                }
                write(plan, marker, &[&payload[..JFIF_LENGTH - 2], &[0, 0]]);
            }
            0xEE if payload.starts_with(b"Adobe") && payload.len() >= ADOBE_LENGTH => {
                write(plan, marker, &[&payload[..ADOBE_LENGTH]]);
            }
            0xE2 if payload.starts_with(b"ICC_PROFILE\0") => plan.rope.copy(range),
            0xE1 if payload.starts_with(EXIF) && !self.seen.contains(&EXIF) => {
                self.seen.push(EXIF);
                if let Some(kept) = exif::filter(&payload[EXIF.len()..], plan) {
                    write(plan, marker, &[EXIF, &kept]);
                }
            }
            0xE1 if payload.starts_with(XMP) && !self.seen.contains(&XMP) => {
                self.seen.push(XMP);
                if let Some(kept) = xmp::filter(&payload[XMP.len()..], plan) {
                    write(plan, marker, &[XMP, &kept]);
                }
            }
            0xE1 if payload.starts_with(b"http://ns.adobe.com/") => plan.remove(words::XMP),
            0xED if payload.starts_with(iptc::PHOTOSHOP) && !self.seen.contains(&iptc::PHOTOSHOP) => {
                self.seen.push(iptc::PHOTOSHOP);
                if let Some(kept) = iptc::filter(payload, plan) {
                    write(plan, marker, &[&kept]);
                }
            }
            _ if is_credentials => {
                if plan.credentials(self.keep_credentials) {
                    plan.rope.copy(range);
                }
            }
            0xFE => plan.remove(words::COMMENTS),
            _ => plan.remove(words::OTHER),
        }
    }

    /// A box may be spread over several segments of one number; only the first shows what it is.
    fn is_credentials(&mut self, payload: &[u8]) -> bool {
        let [b'J', b'P', high, low, ..] = *payload else { return false };
        let number = [high, low];
        if payload.windows(4).any(|window| window == b"c2pa") {
            self.boxes.push(number);
        }
        self.boxes.contains(&number)
    }
}

/// Writes a segment anew. What does not fit into one is left out.
fn write(plan: &mut Plan, marker: u8, payload: &[&[u8]]) {
    let payload = payload.concat();
    if let Ok(length) = u16::try_from(payload.len() + 2) {
        plan.rope.bytes(&[0xFF, marker]);
        plan.rope.bytes(&length.to_be_bytes());
        plan.rope.bytes(&payload);
    }
}

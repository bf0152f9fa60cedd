//! IPTC IIM inside Photoshop's resources, as JPEG carries it in APP13: by-line, credit and copyright notice stay.
//!
//! Sources: IPTC IIM 4.2, 1.5 and 6; Adobe Photoshop File Formats Specification, "Image Resource Blocks".

use super::plan::{Plan, words};

/// What such a segment begins with.
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
const RESOURCE: &[u8] = b"8BIM";
/// The resource that holds IIM.
const IIM: [u8; 2] = [4, 4];
/// A dataset's value may be as long, in bytes. IIM allows 128.
const MAX_VALUE: usize = 512;

/// Takes a segment's payload down to the credit, and notes what goes. `None` where nothing is left.
pub(super) fn filter(payload: &[u8], plan: &mut Plan) -> Option<Vec<u8>> {
    let kept = resource(payload).and_then(rebuild);
    if kept.as_deref() != Some(payload) {
        plan.remove(words::IPTC);
    }
    kept
}

/// Finds the resource that holds IIM.
fn resource(payload: &[u8]) -> Option<&[u8]> {
    let mut rest = payload.strip_prefix(PHOTOSHOP)?;
    loop {
        rest = rest.strip_prefix(RESOURCE)?;
        let id: [u8; 2] = *rest.first_chunk()?;
        // A name with its length before it, padded together to an even number of bytes.
        let name = (1 + usize::from(*rest.get(2)?)).next_multiple_of(2);
        rest = rest.get(2 + name..)?;
        let size = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let data = rest.get(4..4_usize.checked_add(size)?)?;
        if id == IIM {
            return Some(data);
        }
        rest = rest.get(4 + size.next_multiple_of(2)..)?;
    }
}

fn rebuild(mut rest: &[u8]) -> Option<Vec<u8>> {
    let (mut kept, mut credit) = (Vec::new(), false);
    while let [0x1C, record, number, high, low, ..] = *rest {
        let size = usize::from(u16::from_be_bytes([high, low]));
        let Some(whole) = rest.get(..5 + size) else { break };
        let is_credit = matches!((record, number), (2, 80 | 110 | 116));
        // Which characters the texts are in is told by record 1.
        if size <= MAX_VALUE && (is_credit || (record, number) == (1, 90)) {
            kept.extend(whole);
            credit |= is_credit;
        }
        rest = rest.get(5 + size..).unwrap_or_default();
    }
    if !credit {
        return None;
    }
    let mut out = [PHOTOSHOP, RESOURCE, &IIM, &[0, 0], &(kept.len() as u32).to_be_bytes()].concat();
    out.extend(&kept);
    out.resize(out.len() + kept.len() % 2, 0);
    Some(out)
}

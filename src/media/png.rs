//! PNG, also animated: a sequence of chunks. Those that are pixels, colours and time stay, as they are.
//!
//! Sources: W3C PNG, third edition; C2PA, "Embedding manifests into PNG".

use super::plan::{Plan, words};
use super::{MediaError, exif, xmp};

const SIGNATURE: usize = 8;
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
pub(super) fn walk(bytes: &[u8], keep_credentials: bool) -> Result<Plan, MediaError> {
    let ended = || MediaError::damaged("PNG picture", "it ends too early");
    let mut plan = Plan::default();
    plan.rope.copy(0..SIGNATURE as u64);
    let mut at = SIGNATURE;
    let (mut has_exif, mut has_xmp) = (false, false);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = u32::from_be_bytes(*rest.first_chunk().ok_or_else(ended)?) as usize;
        let whole = rest.get(..length.saturating_add(12)).ok_or_else(ended)?;
        let (kind, data) = (&whole[4..8], &whole[8..8 + length]);
        let range = at as u64..(at + whole.len()) as u64;
        at += whole.len();
        match kind {
            b"IEND" => {
                plan.rope.copy(range);
                break;
            }
            b"IHDR" | b"PLTE" | b"IDAT" | b"tRNS" | b"cHRM" | b"gAMA" | b"iCCP" | b"sBIT" | b"sRGB"
            | b"cICP" | b"mDCV" | b"cLLI" | b"bKGD" | b"pHYs" | b"acTL" | b"fcTL" | b"fdAT" => {
                plan.rope.copy(range);
            }
            b"eXIf" if !has_exif => {
                has_exif = true;
                if let Some(kept) = exif::filter(data, &mut plan) {
                    write(&mut plan, *b"eXIf", &kept);
                }
            }
            b"iTXt" if !has_xmp && data.starts_with(XMP) => {
                has_xmp = true;
                if let Some(kept) =
                    plain_text(&data[XMP.len()..]).and_then(|packet| xmp::filter(packet, &mut plan))
                {
                    // Not compressed, in no language, without a translated keyword.
                    write(&mut plan, *b"iTXt", &[XMP, &[0; 4], &kept].concat());
                } else {
                    plan.remove(words::XMP);
                }
            }
            b"caBX" => {
                if plan.credentials(keep_credentials) {
                    plan.rope.copy(range);
                }
            }
            b"tEXt" | b"zTXt" | b"iTXt" => plan.remove(words::COMMENTS),
            b"tIME" => plan.remove(words::DATES),
            _ => plan.remove(words::OTHER),
        }
    }
    if at < bytes.len() {
        plan.remove(words::TRAILER);
    }
    Ok(plan)
}

/// The text of an `iTXt` chunk after its keyword, unless it is compressed, which XMP should not be.
fn plain_text(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(&[0, 0])?;
    let mut parts = rest.splitn(3, |byte| *byte == 0);
    parts.nth(2)
}

fn write(plan: &mut Plan, kind: [u8; 4], data: &[u8]) {
    plan.rope.bytes(&(data.len() as u32).to_be_bytes());
    let chunk = [&kind, data].concat();
    plan.rope.bytes(&chunk);
    plan.rope.bytes(&checksum(&chunk).to_be_bytes());
}

/// CRC-32 of ISO 3309, bit by bit, as what is written anew is short.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
}

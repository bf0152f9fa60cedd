//! EXIF: which way up a picture is, and who made it. All else says more than the picture, and is left out.
//!
//! Source: CIPA DC-008 (Exif 3.0), 4.5 to 4.6; TIFF 6.0, section 2.

use exif::{Context, In, Reader, Tag, Value};

use super::plan::{Plan, words};

/// What is longer is not looked at: it is left out as a whole.
const MAX_BLOCK: usize = 1 << 20;
/// Tags of IFD 0 that are kept, in their order.
const ORIENTATION: u16 = 0x112;
const ARTIST: u16 = 0x13B;
const COPYRIGHT: u16 = 0x8298;
/// Types of values.
const ASCII: u16 = 2;
const SHORT: u16 = 3;

/// Takes a block (TIFF, from its byte order on) down to orientation, artist and copyright, and notes what goes.
/// `None` where nothing is left.
pub(super) fn filter(block: &[u8], plan: &mut Plan) -> Option<Vec<u8>> {
    let before = plan.removed.len();
    let kept = rebuild(block, plan);
    if kept.as_deref() != Some(block) && plan.removed.len() == before {
        plan.remove(words::EXIF);
    }
    kept
}

fn rebuild(block: &[u8], plan: &mut Plan) -> Option<Vec<u8>> {
    let block = block.get(..MAX_BLOCK.min(block.len()))?;
    let read = Reader::new().continue_on_error(true).read_raw(block.to_vec());
    let read = read.or_else(|error| error.distill_partial_result(|_| ())).ok()?;
    let (mut orientation, mut artist, mut copyright) = (None, None, None);
    for field in read.fields() {
        let is_main = field.ifd_num == In::PRIMARY && field.tag.context() == Context::Tiff;
        match (field.tag.number(), &field.value) {
            (ORIENTATION, value) if is_main => {
                orientation = value.get_uint(0).filter(|turn| (2..=8).contains(turn));
            }
            (ARTIST, Value::Ascii(lines)) if is_main => artist = text(lines),
            (COPYRIGHT, Value::Ascii(lines)) if is_main => copyright = text(lines),
            _ => plan.remove(if field.ifd_num == In::THUMBNAIL { words::THUMBNAIL } else { word(field.tag) }),
        }
    }
    plan.orientation = orientation.map(|turn| turn as u8);
    let mut entries = Vec::new();
    entries.extend(orientation.map(|turn| (ORIENTATION, SHORT, (turn as u16).to_le_bytes().to_vec())));
    entries.extend(artist.map(|artist| (ARTIST, ASCII, artist)));
    entries.extend(copyright.map(|copyright| (COPYRIGHT, ASCII, copyright)));
    if entries.is_empty() { None } else { Some(write(&entries)) }
}

/// The parts of a text of EXIF (a copyright may have two), each with the zero that ends it.
fn text(lines: &[Vec<u8>]) -> Option<Vec<u8>> {
    let text: Vec<u8> = lines.iter().flat_map(|line| line.iter().copied().chain([0])).collect();
    text.iter().any(|byte| !matches!(byte, 0 | b' ')).then_some(text)
}

/// A little-endian TIFF header and one directory. Entries are of bytes, texts or one SHORT.
fn write(entries: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"II\x2A\0\x08\0\0\0".to_vec();
    out.extend((entries.len() as u16).to_le_bytes());
    let mut beyond = Vec::new();
    let data_at = 8 + 2 + entries.len() * 12 + 4;
    for (tag, kind, value) in entries {
        let count = if *kind == SHORT { 1 } else { value.len() };
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((count as u32).to_le_bytes());
        if value.len() <= 4 {
            let mut inline = value.clone();
            inline.resize(4, 0);
            out.extend(inline);
        } else {
            out.extend(((data_at + beyond.len()) as u32).to_le_bytes());
            beyond.extend(value);
            // Offsets of values are even.
            beyond.resize(beyond.len().next_multiple_of(2), 0);
        }
    }
    out.extend([0; 4]);
    out.extend(beyond);
    out
}

/// What a tag tells, in plain words.
fn word(tag: Tag) -> &'static str {
    match (tag.context(), tag.number()) {
        (Context::Gps, _) | (_, 0x8825) => words::POSITION,
        (_, 0x10F | 0x110 | 0xA433 | 0xA434) => words::CAMERA,
        (_, 0xA431 | 0xA435 | 0xA420) => words::SERIAL,
        (_, 0xA430) => words::OWNER,
        (_, 0x132 | 0x9003 | 0x9004 | 0x9010..=0x9012 | 0x9290..=0x9292) => words::DATES,
        (_, 0x0B | 0x131 | 0x13C) => words::SOFTWARE,
        (_, 0x927C) => words::MAKER,
        _ => words::EXIF,
    }
}

//! Ogg with Vorbis, Opus or FLAC: comments are made empty in place, so that pages stay as they are but for their
//! checksums.
//!
//! Sources: RFC 3533, 6; Xiph.Org, Vorbis I, 4.2; RFC 7845, 5; RFC 9639, 10.1.

use super::MediaError;
use super::comments::Comments;
use super::flac;
use super::plan::{Plan, words};
use super::source::Source;

/// Bytes of a page before the table of its segments.
const HEAD: usize = 27;
/// Flags of a page: the first of a stream, the last of a stream.
const FIRST: u8 = 2;
const LAST: u8 = 4;
/// The packets before the sound are as long together, in bytes, at most.
const MAX_HEADERS: usize = 16 << 20;
/// Several streams at once are not taken apart.
const STUBBORN: &str = "an Ogg file of several streams";

#[derive(Clone, Copy, PartialEq)]
enum Codec {
    Vorbis,
    Opus,
    Flac,
}

/// Plans what stays of a piece.
pub(super) fn walk(source: &mut Source<'_>) -> Result<Plan, MediaError> {
    let (mut plan, mut at) = (Plan::default(), 0);
    let mut stream: Option<Stream> = None;
    let mut total_ms = 0;
    while at < source.length {
        let head = source.up_to(at, HEAD as u64)?;
        if !head.starts_with(b"OggS\0") {
            if at == 0 || stream.is_some() {
                return Err(source.damaged("a page is missing"));
            }
            plan.remove(words::TRAILER);
            break;
        }
        let page = Page::read(source, at, &head)?;
        at = page.end;
        if stream.is_none() {
            if page.flags & FIRST == 0 {
                return Err(source.damaged("a stream has no beginning"));
            }
            stream = Some(Stream::begin(source, &page)?);
        }
        let Some(current) = stream.as_mut() else { continue };
        if page.serial != current.serial {
            plan.stubborn = Some(STUBBORN);
            plan.rope.copy(page.start..source.length);
            return Ok(plan);
        }
        current.page(source, &page, &mut plan)?;
        if page.flags & LAST != 0 {
            total_ms += current.duration_ms();
            current.finish(source)?;
            stream = None;
        }
    }
    if let Some(current) = stream {
        current.finish(source)?;
        total_ms += current.duration_ms();
    }
    plan.duration_ms = Some(total_ms).filter(|duration| *duration > 0);
    Ok(plan)
}

struct Page {
    start: u64,
    body: u64,
    end: u64,
    flags: u8,
    /// Samples up to the end of the page, if a packet ends in it.
    position: u64,
    serial: [u8; 4],
    table: Vec<u8>,
}

impl Page {
    fn read(source: &mut Source<'_>, start: u64, head: &[u8]) -> Result<Self, MediaError> {
        let [_, _, _, _, _, flags, rest @ ..] = head else { return Err(source.damaged("it ends too early")) };
        let (Some(position), Some(serial), Some(count)) =
            (rest.first_chunk(), rest.get(8..).and_then(|rest| rest.first_chunk()), head.get(HEAD - 1))
        else {
            return Err(source.damaged("it ends too early"));
        };
        let table_start = start + HEAD as u64;
        let body = table_start + u64::from(*count);
        let table = source.read(table_start..body)?;
        let end = body + table.iter().map(|size| u64::from(*size)).sum::<u64>();
        if end > source.length {
            return Err(source.damaged("it ends too early"));
        }
        Ok(Self {
            start,
            body,
            end,
            flags: *flags,
            position: u64::from_le_bytes(*position),
            serial: *serial,
            table,
        })
    }
}

/// A stream, of which several may follow one another.
struct Stream {
    serial: [u8; 4],
    codec: Codec,
    /// Samples a second, and samples before the sound begins.
    rate: u64,
    skipped: u64,
    position: u64,
    /// Pages before the sound, with the packets in them; `None` once they are planned.
    headers: Option<Headers>,
}

#[derive(Default)]
struct Headers {
    pages: Vec<(u64, Vec<u8>, usize)>,
    bytes: Vec<u8>,
    /// Where packets end.
    ends: Vec<usize>,
}

impl Stream {
    fn begin(source: &mut Source<'_>, page: &Page) -> Result<Self, MediaError> {
        let first = source.read(page.body..page.end)?;
        let number = |at: usize| {
            first.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four))
        };
        let (codec, rate, skipped) = match first.as_slice() {
            [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => (Codec::Vorbis, number(12), 0),
            [b'O', b'p', b'u', b's', b'H', ..] => (Codec::Opus, 48_000, number(10) & 0xFFFF),
            [0x7F, b'F', b'L', b'A', b'C', ..] => {
                // The description of the stream is after a header of its own.
                let rate = first
                    .get(27..)
                    .and_then(|rest| rest.first_chunk())
                    .map_or(0, |four| u32::from_be_bytes(*four) >> 12);
                (Codec::Flac, rate, 0)
            }
            _ => return Err(source.damaged("its sound is of an unknown kind")),
        };
        let (rate, skipped) = (u64::from(rate), u64::from(skipped));
        Ok(Self { serial: page.serial, codec, rate, skipped, position: 0, headers: Some(Headers::default()) })
    }

    fn duration_ms(&self) -> u64 {
        self.position.saturating_sub(self.skipped).saturating_mul(1_000).checked_div(self.rate).unwrap_or(0)
    }

    fn page(&mut self, source: &mut Source<'_>, page: &Page, plan: &mut Plan) -> Result<(), MediaError> {
        // All ones where no packet ends.
        if page.position != u64::MAX {
            self.position = page.position;
        }
        let Some(headers) = self.headers.as_mut() else {
            plan.rope.copy(page.start..page.end);
            return Ok(());
        };
        let bytes = source.read(page.start..page.end)?;
        let body = (page.body - page.start) as usize;
        let mut at = headers.bytes.len();
        headers.bytes.extend(bytes.get(body..).unwrap_or_default());
        if headers.bytes.len() > MAX_HEADERS {
            return Err(source.damaged("its comments are too long"));
        }
        for size in &page.table {
            at += usize::from(*size);
            if *size < u8::MAX {
                headers.ends.push(at);
            }
        }
        headers.pages.push((page.start, bytes, body));
        if headers.are_complete(self.codec) {
            headers.clear(self.codec, plan);
            headers.write(plan);
            self.headers = None;
        }
        Ok(())
    }

    /// Checks that nothing was left to be planned.
    fn finish(&self, source: &Source<'_>) -> Result<(), MediaError> {
        if self.headers.is_some() { Err(source.damaged("it ends too early")) } else { Ok(()) }
    }
}

impl Headers {
    fn packet(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        Some(start..*self.ends.get(index)?)
    }

    fn are_complete(&self, codec: Codec) -> bool {
        match codec {
            Codec::Vorbis => self.ends.len() >= 3,
            Codec::Opus => self.ends.len() >= 2,
            Codec::Flac => (1..self.ends.len()).any(|index| {
                let first = self.packet(index).and_then(|packet| self.bytes.get(packet.start));
                first.is_some_and(|kind| kind & flac::LAST != 0)
            }),
        }
    }

    /// Takes comments down to the credit, each packet as long as it was.
    fn clear(&mut self, codec: Codec, plan: &mut Plan) {
        let before = self.bytes.clone();
        match codec {
            Codec::Vorbis => self.comments(1, 7),
            Codec::Opus => self.comments(1, 8),
            Codec::Flac => {
                for index in 1..self.ends.len() {
                    let Some(packet) = self.packet(index).filter(|packet| !packet.is_empty()) else {
                        continue;
                    };
                    let kind = self.bytes[packet.start];
                    match kind & !flac::LAST {
                        flac::COMMENTS => self.comments(index, 4),
                        flac::SEEK_TABLE => {}
                        _ => {
                            self.bytes[packet.start] = kind & flac::LAST | flac::PADDING;
                            self.zero(packet.start + 4..packet.end);
                        }
                    }
                    if kind & flac::LAST != 0 {
                        break;
                    }
                }
            }
        }
        if self.bytes != before {
            plan.remove(words::TAGS);
        }
    }

    /// Clears the comments that stand after a prefix in a packet.
    fn comments(&mut self, index: usize, prefix: usize) {
        let Some(packet) = self.packet(index) else { return };
        let range = packet.start + prefix..packet.end;
        let old = self.bytes.get(range.clone()).unwrap_or_default();
        let Some((new, length)) =
            Comments::read(old).map(|comments| (comments.write_in_place(), comments.length))
        else {
            // What cannot be read tells nothing that can be kept.
            return self.zero(range);
        };
        // A bit of Vorbis after its comments says that they are whole.
        let end = match old.get(length) {
            Some(bit) if prefix == 7 => Some(bit & 1),
            _ => None,
        };
        if let Some(place) = self.bytes.get_mut(range.start..range.start + length) {
            place.copy_from_slice(&new);
        }
        self.zero(range.start + length..range.end);
        if let Some((place, bit)) = self.bytes.get_mut(range.start + length).zip(end) {
            *place = bit;
        }
    }

    fn zero(&mut self, range: std::ops::Range<usize>) {
        if let Some(part) = self.bytes.get_mut(range) {
            part.fill(0);
        }
    }

    /// Puts the packets back into their pages. Checksums are made anew only where something has changed.
    fn write(&self, plan: &mut Plan) {
        let mut at = 0;
        for (start, page, body) in &self.pages {
            let end = at + page.len() - body;
            let new = self.bytes.get(at..end).unwrap_or_default();
            at = end;
            if page.get(*body..) == Some(new) {
                plan.rope.copy(*start..*start + page.len() as u64);
                continue;
            }
            let mut page = [page.get(..*body).unwrap_or_default(), new].concat();
            page[22..26].fill(0);
            let sum = checksum(&page);
            page[22..26].copy_from_slice(&sum.to_le_bytes());
            plan.rope.bytes(&page);
        }
    }
}

/// CRC-32 with the polynomial 0x04C11DB7, from the highest bit down.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| if crc >> 31 == 1 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 };
    bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| shift(crc)))
}

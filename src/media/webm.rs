//! `WebM` and Matroska: elements that say more than the film are made empty in place, as tables hold the offsets of what
//! comes after them. The film itself is not read.
//!
//! Source: RFC 9559, 5.

use std::ops::Range;

use super::MediaError;
use super::ebml::{Element, VOID, void};
use super::plan::{Plan, words};
use super::source::Source;

/// Elements in one file, at most. Only those of films of unknown length are counted one by one.
const MAX_ELEMENTS: u32 = 2_000_000;
/// Elements inside one another.
const MAX_DEPTH: u32 = 8;

const HEADER: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114D_9B74;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const CUES: u32 = 0x1C53_BB6B;
const TAGS: u32 = 0x1254_C367;
const ATTACHMENTS: u32 = 0x1941_A469;
const CHAPTERS: u32 = 0x1043_A770;
const CHECKSUM: u32 = 0xBF;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const DATE: u32 = 0x4461;
const TITLE: u32 = 0x7BA9;
const MUXING_APP: u32 = 0x4D80;
const WRITING_APP: u32 = 0x5741;
const TRACK: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const TRACK_NAME: u32 = 0x536E;
const CODEC_NAME: u32 = 0x25_8688;
const VIDEO: u32 = 0xE0;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;
/// Types of tracks that are seen or heard: video, audio, subtitles.
const TYPES: [u64; 3] = [1, 2, 17];
const SEEN: u64 = 1;

/// Plans what stays of a film, or of sound.
pub(super) fn walk(source: &mut Source<'_>) -> Result<Plan, MediaError> {
    let length = source.length;
    let mut walk = Walk {
        source,
        plan: Plan::default(),
        left: MAX_ELEMENTS,
        scale: 1_000_000,
        duration: 0.0,
        width: 0,
        height: 0,
        is_audio: true,
    };
    let header = walk.element(0, length)?;
    let Some(start) = header.end.filter(|_| header.id == HEADER) else {
        return Err(walk.source.damaged("its header is not known"));
    };
    walk.plan.rope.copy(0..start);
    let segment = walk.element(start, length)?;
    if segment.id != SEGMENT {
        return Err(walk.source.damaged("it has no content"));
    }
    walk.plan.rope.copy(start..segment.body);
    let end = segment.end.unwrap_or(length);
    walk.inside(segment.body..end, 0, Walk::top)?;
    if end < length {
        walk.plan.remove(words::TRAILER);
    }
    let Walk { mut plan, scale, duration, width, height, is_audio, .. } = walk;
    let duration_ms = duration * scale as f64 / 1e6;
    // A cast of what is not a number gives zero.
    plan.duration_ms = Some(duration_ms.round() as u64).filter(|duration| (1..1 << 48).contains(duration));
    plan.size = (width > 0 && height > 0).then_some((width, height));
    plan.is_audio = is_audio;
    Ok(plan)
}

struct Walk<'w, 's> {
    source: &'w mut Source<'s>,
    plan: Plan,
    left: u32,
    /// Nanoseconds that the duration is counted in.
    scale: u64,
    duration: f64,
    width: u32,
    height: u32,
    is_audio: bool,
}

/// What is done with an element of a known size.
type Visit<'w, 's> = fn(&mut Walk<'w, 's>, &Element, Range<u64>, u32) -> Result<(), MediaError>;

impl<'w, 's> Walk<'w, 's> {
    fn element(&mut self, at: u64, limit: u64) -> Result<Element, MediaError> {
        self.left =
            self.left.checked_sub(1).ok_or_else(|| self.source.damaged("it has too many elements"))?;
        Element::read(self.source, at, limit)
    }

    /// The elements in a range, one after the other.
    fn inside(&mut self, range: Range<u64>, depth: u32, visit: Visit<'w, 's>) -> Result<(), MediaError> {
        if depth == MAX_DEPTH {
            return Err(self.source.damaged("its elements are too deep"));
        }
        let mut at = range.start;
        while at < range.end {
            let element = self.element(at, range.end)?;
            let end = match element.end {
                Some(end) => end,
                None if element.id == CLUSTER => self.cluster_end(element.body, range.end)?,
                None => return Err(self.source.damaged("an element has no size")),
            };
            match element.id {
                // Padding, which may hide something, and checksums of what may be changed.
                VOID | CHECKSUM => void(&mut self.plan.rope, &(at..end)),
                _ => visit(self, &element, at..end, depth + 1)?,
            }
            at = end;
        }
        Ok(())
    }

    /// A cluster of unknown size ends where something begins that cannot be in it.
    fn cluster_end(&mut self, mut at: u64, limit: u64) -> Result<u64, MediaError> {
        while at < limit {
            let element = self.element(at, limit)?;
            if matches!(
                element.id,
                SEEK_HEAD | INFO | TRACKS | CLUSTER | CUES | TAGS | ATTACHMENTS | CHAPTERS
            ) {
                break;
            }
            at = element.end.ok_or_else(|| self.source.damaged("an element has no size"))?;
        }
        Ok(at)
    }

    fn top(&mut self, element: &Element, range: Range<u64>, depth: u32) -> Result<(), MediaError> {
        match element.id {
            SEEK_HEAD | CLUSTER | CUES => self.plan.rope.copy(range),
            INFO => {
                self.plan.rope.copy(range.start..element.body);
                self.inside(element.body..range.end, depth, Walk::info)?;
            }
            TRACKS => {
                self.plan.rope.copy(range.start..element.body);
                self.inside(element.body..range.end, depth, Walk::tracks)?;
            }
            TAGS => return self.blank(&range, words::TAGS),
            ATTACHMENTS => return self.blank(&range, words::ATTACHMENTS),
            CHAPTERS => return self.blank(&range, words::CHAPTERS),
            _ => return self.blank(&range, words::OTHER),
        }
        Ok(())
    }

    fn info(&mut self, element: &Element, range: Range<u64>, _: u32) -> Result<(), MediaError> {
        match element.id {
            TIMESTAMP_SCALE => self.scale = element.unsigned(self.source)?,
            DURATION => self.duration = element.float(self.source)?,
            // They have to be there.
            MUXING_APP | WRITING_APP => {
                let length = (range.end - element.body) as usize;
                if length > 1 << 16 {
                    return Err(self.source.damaged("the name of a program is too long"));
                }
                let blank = vec![b' '; length];
                if self.source.read(element.body..range.end)? != blank {
                    self.plan.remove(words::SOFTWARE);
                }
                self.plan.rope.copy(range.start..element.body);
                self.plan.rope.bytes(&blank);
                return Ok(());
            }
            DATE => return self.blank(&range, words::DATES),
            TITLE => return self.blank(&range, words::TAGS),
            _ => return self.blank(&range, words::OTHER),
        }
        self.plan.rope.copy(range);
        Ok(())
    }

    fn tracks(&mut self, element: &Element, range: Range<u64>, depth: u32) -> Result<(), MediaError> {
        match element.id {
            TRACK | VIDEO => {
                self.plan.rope.copy(range.start..element.body);
                return self.inside(element.body..range.end, depth, Walk::tracks);
            }
            TRACK_NAME | CODEC_NAME => return self.blank(&range, words::NAMES),
            TRACK_TYPE => {
                let kind = element.unsigned(self.source)?;
                self.is_audio &= kind != SEEN;
                if !TYPES.contains(&kind) {
                    self.plan.stubborn = Some("a film with a track of data (such as positions or times)");
                }
            }
            PIXEL_WIDTH if self.width == 0 => self.width = element.unsigned(self.source)? as u32,
            PIXEL_HEIGHT if self.height == 0 => self.height = element.unsigned(self.source)? as u32,
            _ => {}
        }
        self.plan.rope.copy(range);
        Ok(())
    }

    // It cannot fail, and is the last thing that is done with an element.
    #[allow(clippy::unnecessary_wraps, reason = "as above")]
    fn blank(&mut self, range: &Range<u64>, what: &'static str) -> Result<(), MediaError> {
        self.plan.remove(what);
        void(&mut self.plan.rope, range);
        Ok(())
    }
}

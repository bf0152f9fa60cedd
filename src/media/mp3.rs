//! MP3: frames of sound, with tags before and behind them.
//!
//! Sources: ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3; `APEv2` and Lyrics3 2.00 as their authors describe them.

use super::plan::{Plan, words};
use super::source::Source;
use super::{MediaError, id3};

/// Frames one after the other that make bytes MP3.
const SURE: usize = 3;
/// As much is read at once, in bytes.
const WINDOW: u64 = 1 << 20;
/// As much of a tag is looked at, in bytes.
const MAX_TAG: u64 = 16 << 20;
/// Kilobits a second of layer III, by index: MPEG 1, and the later versions.
const RATES: [[u32; 14]; 2] = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// What a frame's header says.
#[derive(Clone, Copy)]
struct Frame {
    /// Bytes, header included.
    length: usize,
    samples: u64,
    /// Samples a second.
    rate: u32,
    /// What does not change within a file: version and layer.
    constant: u8,
}

/// Reads the four bytes that a frame begins with. Layer III alone, of a bit rate that is told.
fn frame(bytes: &[u8]) -> Option<Frame> {
    let [0xFF, second, third, _, ..] = *bytes else { return None };
    if second & 0xE6 != 0xE2 {
        return None;
    }
    let (is_first, divisor) = match second >> 3 & 3 {
        3 => (true, 1),
        2 => (false, 2),
        0 => (false, 4),
        _ => return None,
    };
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
    let kilobits = RATES[usize::from(!is_first)].get(usize::from(third >> 4).checked_sub(1)?)?;
    let samples: u32 = if is_first { 1_152 } else { 576 };
    let length = samples / 8 * kilobits * 1_000 / rate + u32::from(third >> 1 & 1);
    Some(Frame { length: length as usize, samples: samples.into(), rate, constant: second & 0xFE })
}

/// Whether whole frames follow one another: several of them, or all there are up to the end, but at least two.
pub(super) fn is_frames(bytes: &[u8]) -> bool {
    let (mut rest, mut constant) = (bytes, None);
    for count in 0..SURE {
        let Some(found) = frame(rest) else { return count > 1 && rest.is_empty() };
        if *constant.get_or_insert(found.constant) != found.constant {
            return false;
        }
        let Some(after) = rest.get(found.length..) else { return count > 1 };
        rest = after;
    }
    true
}

/// Plans what stays of a piece. Content credentials stay if `keep_credentials`.
pub(super) fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let mut plan = Plan::default();
    let start = id3::length(&source.up_to(0, 10)?).unwrap_or(0);
    let tag = source.read(0..start.min(MAX_TAG))?;
    let (tags_start, old) = tags_behind(source, start)?;
    let new = id3::filter(&tag, old.as_deref(), keep_credentials, &mut plan);
    plan.rope.bytes(&new);
    let (audio, duration) = sound(source, start..tags_start)?;
    plan.rope.copy(audio.clone());
    if audio.end < tags_start {
        plan.remove(words::TRAILER);
    }
    if tags_start < source.length {
        plan.remove(words::TAGS);
    }
    plan.duration_ms = duration;
    Ok(plan)
}

/// Where the tags at the end begin, and the oldest kind of them, if it is there.
pub(super) fn tags_behind(source: &mut Source<'_>, start: u64) -> Result<(u64, Option<Vec<u8>>), MediaError> {
    let (mut end, mut old) = (source.length, None);
    loop {
        let last = source.up_to(end.saturating_sub(128).max(start), end.saturating_sub(start).min(128))?;
        let tail =
            |count: usize| last.len().checked_sub(count).and_then(|at| last.get(at..)).unwrap_or_default();
        let length = if last.len() == 128 && last.starts_with(b"TAG") && old.is_none() {
            old = Some(last);
            128
        } else if tail(32).starts_with(b"APETAGEX") {
            // Its size counts this footer, and not the header that a flag announces.
            let number = |at: usize| {
                tail(32)
                    .get(at..)
                    .and_then(|rest| rest.first_chunk())
                    .map_or(0, |four| u32::from_le_bytes(*four))
            };
            u64::from(number(12)).max(32) + if number(20) >> 31 == 1 { 32 } else { 0 }
        } else if tail(9) == b"LYRICS200" {
            let digits = tail(15).get(..6).and_then(|digits| std::str::from_utf8(digits).ok());
            digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0) + 15
        } else {
            break;
        };
        end = end.saturating_sub(length).max(start);
    }
    Ok((end, old))
}

/// Where the sound is between tags, and how long it plays, in milliseconds. Between its frames there may be bytes that
/// decoders skip; what no frame follows is not part of it.
fn sound(
    source: &mut Source<'_>,
    range: std::ops::Range<u64>,
) -> Result<(std::ops::Range<u64>, Option<u64>), MediaError> {
    let (mut first, mut at, mut end) = (None, range.start, range.start);
    let (mut samples, mut rate) = (0, 0);
    while at < range.end {
        let window = source.up_to(at, WINDOW.min(range.end - at))?;
        let is_last = at + window.len() as u64 == range.end;
        let (mut here, mut in_step) = (0, first.is_some());
        while let Some(rest) = window.get(here..).filter(|rest| rest.len() >= if is_last { 4 } else { 8_192 })
        {
            match frame(rest).filter(|_| in_step || is_frames(rest)) {
                Some(found) if here + found.length <= window.len() => {
                    // A first frame may hold numbers about the rest instead of sound.
                    let head = rest.get(..found.length).unwrap_or_default();
                    let is_sound =
                        first.is_some() || !head.windows(4).any(|four| four == b"Xing" || four == b"Info");
                    samples += if is_sound { found.samples } else { 0 };
                    rate = found.rate;
                    first = first.or(Some(at + here as u64));
                    here += found.length;
                    end = at + here as u64;
                    in_step = true;
                }
                _ => {
                    in_step = false;
                    here += 1;
                }
            }
        }
        at += if is_last { window.len() } else { here } as u64;
    }
    let start = first.ok_or_else(|| source.damaged("it holds no sound"))?;
    Ok((start..end, (samples * 1_000).checked_div(u64::from(rate))))
}

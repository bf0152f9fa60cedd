//! What an MP4 tells of a track and of the whole film, and what of that goes: times, names, and all user data but the
//! credit.
//!
//! Sources: ISO/IEC 14496-12, 8.2 to 8.10; Apple, `QuickTime` File Format, "User data atoms".

use super::MediaError;
use super::boxes::Header;
use super::mp4::Walk;
use super::plan::words;

/// A track, as far as it is told.
#[derive(Default)]
pub(super) struct Track {
    /// What kind: `vide`, `soun` and others.
    pub handler: [u8; 4],
    /// As displayed, in pixels.
    pub size: Option<(u32, u32)>,
}

/// Kinds of tracks that are seen or heard. All others are data over time: positions, times of day, movements.
const KINDS: [&[u8; 4]; 8] = [b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"auxv", b"pict"];
/// Items of an `ilst` that stay: title, artist, album, number, copyright.
const CREDIT: [&[u8; 4]; 5] = [b"\xA9nam", b"\xA9ART", b"\xA9alb", b"trkn", b"cprt"];
/// Bytes of a `hdlr` before the name.
const HANDLER: u64 = 24;
/// Where the name of the encoder is in the description of pictures, and where it ends.
const ENCODER: (u64, u64) = (50, 82);

impl Walk<'_, '_> {
    /// The times of making and changing are made zero. Time scale and duration, which follow them.
    pub fn times(&mut self, header: &Header) -> Result<(u64, u64), MediaError> {
        let is_long = self.source.array::<1>(header.body)? == [1];
        let start = header.body + 4;
        let length = if is_long { 16 } else { 8 };
        let after = start + length;
        let (timescale, duration) = if is_long {
            (self.source.array(after)?, u64::from_be_bytes(self.source.array(after + 4)?))
        } else {
            let duration = u32::from_be_bytes(self.source.array(after + 4)?);
            // All ones mean that it is not known.
            (self.source.array(after)?, if duration == u32::MAX { 0 } else { u64::from(duration) })
        };
        if after + 8 > header.end {
            return Err(self.source.damaged("a box is too short"));
        }
        self.plan.rope.copy(header.start..start);
        self.zero(start..after, words::DATES)?;
        self.plan.rope.copy(after..header.end);
        Ok((u64::from(u32::from_be_bytes(timescale)), duration))
    }

    /// Width and height are at the end, after the matrix that turns the picture.
    pub fn track_header(&mut self, header: &Header) -> Result<(), MediaError> {
        let is_long = self.source.array::<1>(header.body)? == [1];
        let matrix = header.body + if is_long { 52 } else { 40 };
        if matrix + 44 > header.end {
            return Err(self.source.damaged("a box is too short"));
        }
        self.times(header)?;
        let bytes = self.source.array::<44>(matrix)?;
        let word = |at: usize| {
            bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_be_bytes(*word))
        };
        // Fixed point, of 16 bits each before and after it.
        let (width, height) = (word(36) >> 16, word(40) >> 16);
        let is_turned = word(0) == 0 && word(16) == 0 && word(4) != 0;
        if let Some(track) = self.tracks.last_mut()
            && width > 0
            && height > 0
        {
            track.size = Some(if is_turned { (height, width) } else { (width, height) });
        }
        Ok(())
    }

    /// Notes the kind of the track.
    pub fn handler(&mut self, header: &Header) -> Result<(), MediaError> {
        let kind = self.source.array::<4>(header.body + 8)?;
        if !KINDS.contains(&&kind) {
            self.plan.stubborn = Some("a film with a track of data (such as positions or times)");
        }
        if let Some(track) = self.tracks.last_mut() {
            track.handler = kind;
        }
        Ok(())
    }

    /// A `hdlr`, without its name, which tells of the program or the camera.
    pub fn name(&mut self, header: &Header) -> Result<(), MediaError> {
        let name = (header.body + HANDLER).min(header.end);
        self.plan.rope.copy(header.start..name);
        self.zero(name..header.end, words::NAMES)
    }

    /// Where the data is: only in the file itself, without a path.
    pub fn references(&mut self, header: &Header) -> Result<(), MediaError> {
        let start = (header.body + 8).min(header.end);
        self.plan.rope.copy(header.start..start);
        let (entries, end) = self.budget.boxes(self.source, start..header.end)?;
        for entry in entries {
            let location = (entry.body + 4).min(entry.end);
            self.plan.rope.copy(entry.start..location);
            self.zero(location..entry.end, words::OTHER)?;
        }
        self.plan.rope.zeros(header.end - end);
        Ok(())
    }

    /// How samples are coded; pictures name their encoder there.
    pub fn samples(&mut self, header: &Header) -> Result<(), MediaError> {
        let start = (header.body + 8).min(header.end);
        self.plan.rope.copy(header.start..start);
        let (entries, end) = self.budget.boxes(self.source, start..header.end)?;
        let is_seen = self.tracks.last().is_some_and(|track| track.handler == *b"vide");
        for entry in entries {
            let (from, to) = (entry.start + ENCODER.0, entry.start + ENCODER.1);
            if is_seen && to <= entry.end {
                self.plan.rope.copy(entry.start..from);
                self.zero(from..to, words::NAMES)?;
                self.plan.rope.copy(to..entry.end);
            } else {
                self.plan.rope.copy(entry.whole());
            }
        }
        self.plan.rope.copy(end..header.end);
        Ok(())
    }

    /// User data: the credit stays where it is a list of items, as in music. All of it goes where there is none.
    pub fn user_data(&mut self, header: &Header) -> Result<(), MediaError> {
        let Ok((boxes, end)) = self.budget.boxes(self.source, header.body..header.end) else {
            return self.blank(header);
        };
        let mut lists = Vec::new();
        for inner in boxes.iter().filter(|inner| inner.kind == *b"meta") {
            lists.extend(self.list(inner).map(|list| (inner.start, list)));
        }
        let has_credit = |items: &[Header]| items.iter().any(|item| CREDIT.contains(&&item.kind));
        if !lists.iter().any(|(_, list)| has_credit(&list.items))
            && !boxes.iter().any(|inner| inner.kind == *b"cprt")
        {
            return self.blank(header);
        }
        self.plan.rope.copy(header.start..header.body);
        for inner in boxes {
            match lists.iter().find(|(start, _)| *start == inner.start) {
                _ if inner.kind == *b"cprt" => self.plan.rope.copy(inner.whole()),
                Some((_, list)) => self.credit(&inner, list)?,
                None if inner.kind == *b"free" => inner.blank(&mut self.plan.rope),
                None => self.blank(&inner)?,
            }
        }
        self.plan.rope.zeros(header.end - end);
        Ok(())
    }

    /// The list in a `meta`, if it has one that can be read. Some programs leave its version out.
    fn list(&mut self, meta: &Header) -> Option<List> {
        let versioned = self.source.array::<4>(meta.body + 4).ok()? != *b"hdlr";
        let start = meta.body + if versioned { 4 } else { 0 };
        if start > meta.end {
            return None;
        }
        let (boxes, end) = self.budget.boxes(self.source, start..meta.end).ok()?;
        let list = *boxes.iter().find(|inner| inner.kind == *b"ilst")?;
        let (items, items_end) = self.budget.boxes(self.source, list.body..list.end).ok()?;
        // A list of other keys does not name its items.
        let is_plain =
            boxes.iter().any(|inner| inner.kind == *b"hdlr") && end == meta.end && items_end == list.end;
        is_plain.then_some(List { start, boxes, items })
    }

    fn credit(&mut self, meta: &Header, list: &List) -> Result<(), MediaError> {
        self.plan.rope.copy(meta.start..list.start);
        for inner in &list.boxes {
            match &inner.kind {
                b"hdlr" => self.name(inner)?,
                b"ilst" => {
                    self.plan.rope.copy(inner.start..inner.body);
                    for item in &list.items {
                        if CREDIT.contains(&&item.kind) {
                            self.plan.rope.copy(item.whole());
                        } else {
                            if item.kind != *b"free" {
                                self.plan.remove(words::TAGS);
                            }
                            item.blank(&mut self.plan.rope);
                        }
                    }
                }
                b"free" => inner.blank(&mut self.plan.rope),
                _ => self.blank(inner)?,
            }
        }
        Ok(())
    }
}

/// A list of tags, the boxes beside it, and where they begin.
struct List {
    start: u64,
    boxes: Vec<Header>,
    items: Vec<Header>,
}

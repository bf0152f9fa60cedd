//! MP4 and `QuickTime`: boxes that say more than the film are made empty in place, as tables hold the offsets of what
//! comes after them. The film itself is not read.
//!
//! Sources: ISO/IEC 14496-12; Apple, `QuickTime` File Format; C2PA, "Embedding manifests into BMFF-based assets".

use std::ops::Range;

use super::MediaError;
use super::boxes::{Budget, Header};
use super::plan::{Plan, words};
use super::source::Source;
use super::tracks::Track;

/// The type of the `uuid` box that holds content credentials.
const CREDENTIALS: [u8; 16] =
    [0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81];
/// Where it is known that private metadata names a position.
const POSITIONS: [&[u8]; 3] = [b"\xA9xyz", b"loci", b"quicktime.location"];
/// As much of a box is looked through for that, in bytes.
const MAX_LOOKED: u64 = 64 << 10;

/// Which box something is in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Level {
    Top,
    Movie,
    Extends,
    Track,
    Media,
    Information,
    Data,
    Table,
    Fragment,
    TrackFragment,
    /// `meta` of a picture.
    Items,
}

/// What is done with a box.
pub(super) enum Fate {
    Copy,
    Blank,
    /// It is padding: made empty, which is nothing to tell of.
    Empty,
    Enter(Level),
    /// A function of its own looks at it.
    Own,
}

/// Plans what stays of a film, or of sound. Content credentials stay if `keep_credentials`.
pub(super) fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let length = source.length;
    let mut walk = Walk::new(source, keep_credentials);
    walk.level(Level::Top, 0..length)?;
    let Walk { mut plan, duration, timescale, has_movie, tracks, source, .. } = walk;
    if !has_movie {
        return Err(source.damaged("it has no list of tracks"));
    }
    plan.size = tracks.iter().find_map(|track| track.size.filter(|_| track.handler == *b"vide"));
    plan.is_audio = !tracks.iter().any(|track| track.handler == *b"vide");
    plan.duration_ms = duration.saturating_mul(1_000).checked_div(timescale).filter(|duration| *duration > 0);
    Ok(plan)
}

pub(super) struct Walk<'w, 's> {
    pub source: &'w mut Source<'s>,
    pub plan: Plan,
    pub budget: Budget,
    pub tracks: Vec<Track>,
    /// Whether it is a picture, with items.
    pub is_picture: bool,
    pub has_movie: bool,
    keep_credentials: bool,
    /// In units of the time scale.
    duration: u64,
    timescale: u64,
}

impl<'w, 's> Walk<'w, 's> {
    pub fn new(source: &'w mut Source<'s>, keep_credentials: bool) -> Self {
        Self {
            source,
            keep_credentials,
            plan: Plan::default(),
            budget: Budget::new(),
            tracks: Vec::new(),
            is_picture: false,
            has_movie: false,
            duration: 0,
            timescale: 0,
        }
    }

    /// The boxes in a box.
    pub fn level(&mut self, level: Level, range: Range<u64>) -> Result<(), MediaError> {
        let (boxes, end) = self.budget.boxes(self.source, range.clone())?;
        if level == Level::Media
            && let Some(handler) = boxes.iter().find(|header| header.kind == *b"hdlr")
        {
            // Known before the tables are looked at, whatever their order.
            self.handler(handler)?;
        }
        for header in &boxes {
            match self.fate(level, header.kind) {
                Fate::Copy => self.plan.rope.copy(header.whole()),
                Fate::Blank => self.blank(header)?,
                Fate::Empty => header.blank(&mut self.plan.rope),
                Fate::Enter(inner) => self.enter(inner, header)?,
                Fate::Own => self.own(header)?,
            }
        }
        self.plan.rope.zeros(range.end - end);
        Ok(())
    }

    fn enter(&mut self, level: Level, header: &Header) -> Result<(), MediaError> {
        match level {
            Level::Movie => self.has_movie = true,
            Level::Track => self.tracks.push(Track::default()),
            _ => {}
        }
        // The `meta` of a picture has a version before its boxes.
        let start = if level == Level::Items { header.body + 4 } else { header.body };
        if start > header.end {
            return Err(self.source.damaged("a box is too short"));
        }
        self.plan.rope.copy(header.start..start);
        self.level(level, start..header.end)
    }

    /// What is done with a box: whatever is not known to be harmless is made empty.
    fn fate(&self, level: Level, kind: [u8; 4]) -> Fate {
        use Level::{
            Data, Extends, Fragment, Information, Items, Media, Movie, Table, Top, Track, TrackFragment,
        };
        match (level, &kind) {
            (_, b"free" | b"skip") => Fate::Empty,
            (Top, b"ftyp" | b"styp" | b"mdat" | b"sidx" | b"ssix" | b"mfra" | b"pdin" | b"wide")
            | (Movie, b"iods" | b"pssh")
            | (Extends, b"trex" | b"leva")
            | (Track, b"edts" | b"tref" | b"trgr" | b"tapt" | b"load" | b"clip" | b"matt")
            | (Media, b"elng")
            | (Information, b"vmhd" | b"smhd" | b"nmhd" | b"sthd" | b"gmhd")
            | (
                Table,
                b"stts" | b"ctts" | b"cslg" | b"stsc" | b"stsz" | b"stz2" | b"stco" | b"co64" | b"stss"
                | b"stsh" | b"stps" | b"padb" | b"stdp" | b"sdtp" | b"sbgp" | b"sgpd" | b"subs" | b"saiz"
                | b"saio",
            )
            | (Fragment, b"mfhd" | b"pssh")
            | (
                TrackFragment,
                b"tfhd" | b"tfdt" | b"trun" | b"sdtp" | b"sbgp" | b"sgpd" | b"subs" | b"saiz" | b"saio"
                | b"senc",
            )
            | (Items, b"pitm" | b"iloc" | b"iref" | b"idat" | b"grpl" | b"dinf") => Fate::Copy,
            (Top, b"moov") => Fate::Enter(Movie),
            (Top, b"moof") => Fate::Enter(Fragment),
            (Top, b"meta") if self.is_picture => Fate::Enter(Items),
            (Movie, b"trak") => Fate::Enter(Track),
            (Movie, b"mvex") => Fate::Enter(Extends),
            (Track, b"mdia") => Fate::Enter(Media),
            (Media, b"minf") => Fate::Enter(Information),
            (Information, b"dinf") => Fate::Enter(Data),
            (Information, b"stbl") => Fate::Enter(Table),
            (Fragment, b"traf") => Fate::Enter(TrackFragment),
            (_, b"uuid")
            | (Movie, b"mvhd" | b"udta")
            | (Extends, b"mehd")
            | (Track, b"tkhd" | b"udta")
            | (Media, b"mdhd" | b"hdlr")
            | (Information, b"hdlr")
            | (Data, b"dref")
            | (Table, b"stsd")
            | (Items, b"hdlr" | b"iinf" | b"iprp") => Fate::Own,
            _ => Fate::Blank,
        }
    }

    fn own(&mut self, header: &Header) -> Result<(), MediaError> {
        match &header.kind {
            b"uuid" => self.uuid(header),
            b"mvhd" => {
                let (timescale, duration) = self.times(header)?;
                (self.timescale, self.duration) = (timescale, duration.max(self.duration));
                Ok(())
            }
            // Fragments are not counted in the header.
            b"mehd" => {
                let duration = if self.source.array(header.body)? == [1] {
                    u64::from_be_bytes(self.source.array(header.body + 4)?)
                } else {
                    u64::from(u32::from_be_bytes(self.source.array(header.body + 4)?))
                };
                self.duration = self.duration.max(duration);
                self.plan.rope.copy(header.whole());
                Ok(())
            }
            b"mdhd" => self.times(header).map(drop),
            b"tkhd" => self.track_header(header),
            b"hdlr" => self.name(header),
            b"dref" => self.references(header),
            b"stsd" => self.samples(header),
            b"udta" => self.user_data(header),
            b"iinf" => self.items(header),
            b"iprp" => self.properties(header),
            _ => self.blank(header),
        }
    }

    fn uuid(&mut self, header: &Header) -> Result<(), MediaError> {
        let kind = self.source.up_to(header.body, 16)?;
        if header.end - header.body < 16 || kind != CREDENTIALS {
            return self.blank(header);
        }
        if self.plan.credentials(self.keep_credentials) {
            self.plan.rope.copy(header.whole());
        } else {
            header.blank(&mut self.plan.rope);
        }
        Ok(())
    }

    /// Makes a box empty, and notes what it told.
    pub fn blank(&mut self, header: &Header) -> Result<(), MediaError> {
        let looked = self.source.up_to(header.body, MAX_LOOKED.min(header.end - header.body))?;
        let has = |sign: &[u8]| looked.windows(sign.len()).any(|window| window == sign);
        let is_position = POSITIONS.iter().any(|sign| has(sign)) || POSITIONS.contains(&&header.kind[..]);
        self.plan.remove(match &header.kind {
            _ if is_position => words::POSITION,
            b"udta" | b"meta" => words::TAGS,
            _ => words::OTHER,
        });
        header.blank(&mut self.plan.rope);
        Ok(())
    }

    /// Makes a part of a box zero, and notes what was there, if anything was.
    pub fn zero(&mut self, range: Range<u64>, what: &'static str) -> Result<(), MediaError> {
        let looked = self.source.up_to(range.start, MAX_LOOKED.min(range.end - range.start))?;
        if looked.iter().any(|byte| *byte != 0) {
            self.plan.remove(what);
        }
        self.plan.rope.zeros(range.end - range.start);
        Ok(())
    }
}

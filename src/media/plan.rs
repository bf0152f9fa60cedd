//! What is to be written: pieces of the source, and what stands in their place where something is taken out.
//!
//! So a file of gigabytes is never in memory, and whether anything changes can be known before anything is written.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// Words for what is taken out.
pub(super) mod words {
    pub const POSITION: &str = "GPS position";
    pub const SERIAL: &str = "camera serial number";
    pub const CAMERA: &str = "camera make and model";
    pub const DATES: &str = "dates";
    pub const SOFTWARE: &str = "software";
    pub const THUMBNAIL: &str = "embedded thumbnail";
    pub const MAKER: &str = "maker notes";
    pub const OWNER: &str = "owner's name";
    pub const EXIF: &str = "other EXIF metadata";
    pub const XMP: &str = "XMP metadata";
    pub const IPTC: &str = "IPTC metadata";
    pub const COMMENTS: &str = "comments";
    pub const TAGS: &str = "tags";
    pub const NAMES: &str = "names of tracks and encoders";
    pub const ATTACHMENTS: &str = "attached files";
    pub const CHAPTERS: &str = "chapters";
    pub const OTHER: &str = "data of programs";
    pub const PADDING: &str = "padding";
    pub const TRAILER: &str = "data after the end";
    pub const CREDENTIALS: &str = "content credentials";
}

/// One piece of what is to be written.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// A part of the source.
    Copy(Range<u64>),
    /// Something else.
    Bytes(Vec<u8>),
    /// As many zero bytes.
    Zeros(u64),
}

/// The pieces, in their order.
#[derive(Debug, Default)]
pub(super) struct Rope(Vec<Piece>);

impl Rope {
    /// Adds a part of the source.
    pub fn copy(&mut self, range: Range<u64>) {
        match self.0.last_mut() {
            _ if range.is_empty() => {}
            Some(Piece::Copy(last)) if last.end == range.start => last.end = range.end,
            _ => self.0.push(Piece::Copy(range)),
        }
    }

    /// Adds bytes that are not in the source.
    pub fn bytes(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Piece::Bytes(last)) => last.extend_from_slice(bytes),
            _ => self.0.push(Piece::Bytes(bytes.to_vec())),
        }
    }

    /// Adds zero bytes.
    pub fn zeros(&mut self, count: u64) {
        if count > 0 {
            self.0.push(Piece::Zeros(count));
        }
    }

    /// Adds all of another.
    pub fn append(&mut self, other: Self) {
        for piece in other.0 {
            match piece {
                Piece::Copy(range) => self.copy(range),
                Piece::Bytes(bytes) => self.bytes(&bytes),
                Piece::Zeros(count) => self.zeros(count),
            }
        }
    }

    /// Bytes that would be written.
    pub fn length(&self) -> u64 {
        self.0.iter().map(Piece::length).sum()
    }

    /// Whether what would be written is not what the source of that many bytes is. A piece that moved counts as
    /// changed without a look.
    pub fn differs(&self, source: &mut (impl Read + Seek), length: u64) -> io::Result<bool> {
        let mut at = 0;
        for piece in &self.0 {
            let same = match piece {
                Piece::Copy(range) => range.start == at,
                Piece::Bytes(bytes) => {
                    at + bytes.len() as u64 <= length && {
                        source.seek(SeekFrom::Start(at))?;
                        is_equal(source, &mut bytes.as_slice(), bytes.len() as u64)?
                    }
                }
                Piece::Zeros(count) => {
                    at + count <= length && {
                        source.seek(SeekFrom::Start(at))?;
                        is_equal(source, &mut io::repeat(0), *count)?
                    }
                }
            };
            if !same {
                return Ok(true);
            }
            at += piece.length();
        }
        Ok(at != length)
    }

    /// Writes all pieces.
    pub fn write(&self, source: &mut (impl Read + Seek), target: &mut impl Write) -> io::Result<()> {
        for piece in &self.0 {
            let written = match piece {
                Piece::Copy(range) => {
                    source.seek(SeekFrom::Start(range.start))?;
                    io::copy(&mut source.by_ref().take(range.end - range.start), target)?
                }
                Piece::Bytes(bytes) => io::copy(&mut bytes.as_slice(), target)?,
                Piece::Zeros(count) => io::copy(&mut io::repeat(0).take(*count), target)?,
            };
            if written != piece.length() {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it became shorter while it was read",
                ));
            }
        }
        Ok(())
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Copy(range) => range.end - range.start,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(count) => *count,
        }
    }
}

/// Whether the next so many bytes of both are the same.
fn is_equal(one: &mut impl Read, other: &mut impl Read, mut count: u64) -> io::Result<bool> {
    let (mut left, mut right) = ([0; 4_096], [0; 4_096]);
    while count > 0 {
        let length = count.min(4_096) as usize;
        let (left, right) = (&mut left[..length], &mut right[..length]);
        one.read_exact(left)?;
        other.read_exact(right)?;
        if left != right {
            return Ok(false);
        }
        count -= length as u64;
    }
    Ok(true)
}

/// What a walk through a file has found, and what is to be written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What is to be written.
    pub rope: Rope,
    /// What is taken out, in plain words, each once.
    pub removed: Vec<&'static str>,
    /// Whether it holds content credentials.
    pub credentials: bool,
    /// What holds metadata that cannot be taken out.
    pub stubborn: Option<&'static str>,
    /// How the picture is turned for display, as EXIF numbers it (1 to 8); `None` for 1.
    pub orientation: Option<u8>,
    /// IPTC digital source type that XMP names.
    pub source_type: Option<String>,
    /// As displayed, in pixels.
    pub size: Option<(u32, u32)>,
    /// In milliseconds.
    pub duration_ms: Option<u64>,
    /// Whether it has nothing to be seen, only to be heard.
    pub is_audio: bool,
}

impl Plan {
    /// Notes that something is taken out.
    pub fn remove(&mut self, what: &'static str) {
        if !self.removed.contains(&what) {
            self.removed.push(what);
        }
    }

    /// Notes content credentials, and whether they stay.
    pub fn credentials(&mut self, keep: bool) -> bool {
        self.credentials = true;
        if !keep {
            self.remove(words::CREDENTIALS);
        }
        keep
    }
}

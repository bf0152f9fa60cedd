//! Pictures, sound and video that a body names. The bytes travel apart from the log.

use std::fmt;

use super::BodyError;
use super::cbor::{Reader, Writer};
use super::field::{Item, Need, Opt, Plain, Text, name, record};
use crate::limits::{MAX_MEDIUM, MAX_SHORT};

/// A file, by the BLAKE3 hash of its bytes. Text form: a CID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub [u8; 32]);

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

name!(BlobId);

/// The point of a picture that cropping must keep, from the centre, in 1/10,000 of half its width and height:
/// x to the right, y upward, each -10,000 to 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// To the right.
    pub x: i16,
    /// Upward.
    pub y: i16,
}

impl Focus {
    /// The edge of the picture.
    pub const EDGE: i16 = 10_000;

    fn check(self) -> Result<Self, BodyError> {
        let inside = -Self::EDGE..=Self::EDGE;
        if inside.contains(&self.x) && inside.contains(&self.y) { Ok(self) } else { Err(BodyError::Range) }
    }
}

impl Item for Focus {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        let Self { x, y } = value.check()?;
        writer.array(2);
        writer.signed(x);
        writer.signed(y);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.tuple(2)?;
        Self { x: reader.signed()?, y: reader.signed()? }.check()
    }
}

record! {
    /// A small picture that stands for a file.
    Preview {
        /// The picture.
        1 blob: BlobId = Need<BlobId>,
        /// Its media type.
        2 media_type: String = Need<Text<MAX_SHORT>>,
        /// Its length in bytes.
        3 size: u64 = Need<u64>,
        /// Width in pixels.
        4 width: u32 = Need<u32>,
        /// Height in pixels.
        5 height: u32 = Need<u32>,
    }
}

record! {
    /// A file and what there is to know of it before it is fetched.
    Attachment {
        /// The file.
        1 blob: BlobId = Need<BlobId>,
        /// Its media type, as `image/webp`.
        2 media_type: String = Need<Text<MAX_SHORT>>,
        /// Its length in bytes.
        3 size: u64 = Need<u64>,
        /// Width in pixels, of pictures and video.
        4 width: Option<u32> = Opt<u32>,
        /// Height in pixels, of pictures and video.
        5 height: Option<u32> = Opt<u32>,
        /// Length in milliseconds, of sound and video.
        6 duration_ms: Option<u64> = Opt<u64>,
        /// A blurred stand-in (blurha.sh).
        7 blurhash: String = Plain<Text<MAX_SHORT>>,
        /// What it shows or says, for those who do not see or hear it.
        8 alt: String = Plain<Text<MAX_MEDIUM>>,
        /// What cropping must keep.
        9 focus: Option<Focus> = Opt<Focus>,
        /// How it came about: a name of the IPTC digital source type vocabulary, as `digitalCapture`.
        10 source_type: String = Plain<Text<MAX_SHORT>>,
        /// A small picture of it, which is shown until the file is wanted.
        11 preview: Option<Preview> = Opt<Preview>,
        /// What to call it where it is saved.
        12 name: String = Plain<Text<MAX_SHORT>>,
    }
}

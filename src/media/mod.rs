//! Media: looks at a file that is to be attached to a post, and makes it fit to be published. The only door to the
//! decoders of pictures.
//!
//! What a file is, is told by its content alone. Pictures have to decode; nothing is ever encoded anew. Metadata that
//! says more than the picture, the film or the sound is taken out of the container, with everything that is not known
//! to be harmless; credit, licence and orientation stay. Content credentials (C2PA) hold only for the file as it was
//! signed: whether they or the metadata go is asked.

mod apart;
mod avif;
mod blank;
mod boxes;
mod comments;
mod ebml;
mod error;
mod exif;
mod flac;
mod gif;
mod id3;
mod iptc;
mod jpeg;
mod mp3;
mod mp4;
mod ogg;
mod picture;
mod plan;
mod png;
mod sniff;
mod source;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail loudly")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "names of boxes are written as they are in the file")]
mod tests;
mod tracks;
mod wav;
mod webm;
mod webp;
mod xmp;

use std::fs::{self, OpenOptions};
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apart::apart;
pub use blank::{nothing, somebody};
pub use error::MediaError;
use picture::Seen;
use plan::{Plan, Rope, words};
pub use sniff::{SNIFFED, Type, sniff};
use source::Source;

/// What is to be done with metadata that says more than the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// Take it out; refuse where that would break content credentials, or cannot be done.
    Strip,
    /// Leave the file as it is, byte for byte.
    Keep,
    /// Take it out, and content credentials as well.
    DropCredentials,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture, also one that moves.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Anything else: offered for download.
    File,
}

/// How much a file may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Size of any file, in bytes.
    pub max_bytes: u64,
    /// Size of a picture, in bytes: it is held in memory.
    pub max_image_bytes: u64,
    /// Longer side of a picture, in pixels.
    pub max_side: u32,
    /// Width times height of a picture.
    pub max_pixels: u64,
    /// What a picture's pixels may take in memory, in bytes.
    pub max_memory: u64,
    /// How long decoding a picture may take.
    pub max_decode: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_image_bytes: 64 << 20,
            max_side: 16_384,
            max_pixels: 100_000_000,
            max_memory: 512 << 20,
            max_decode: Duration::from_secs(20),
        }
    }
}

/// What was prepared.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// How it is shown.
    pub kind: Kind,
    /// The media type to serve it as.
    pub media_type: &'static str,
    /// Width as displayed, in pixels.
    pub width: Option<u32>,
    /// Height as displayed, in pixels.
    pub height: Option<u32>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u64>,
    /// What a picture looks like until it is there: `BlurHash` of 4 by 3 components.
    pub blurhash: Option<String>,
    /// The picture made smaller; `None` where it is small itself, and for what is no picture.
    pub preview: Option<Preview>,
    /// What was taken out, in plain words.
    pub removed: Vec<&'static str>,
    /// Name of the IPTC digital source type that the picture declares, such as `trainedAlgorithmicMedia`.
    pub source_type: Option<String>,
}

/// A picture made smaller, turned as it is displayed.
#[derive(Clone, Debug)]
pub struct Preview {
    /// A whole file.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub media_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// Reads `source`, writes what may be published to `target`, and says what it is. `target` must not exist, is made
/// readable by its owner alone, is gone again where this fails, and is not forced to the disk.
///
/// Pictures are decoded, of animations the first frame; AVIF is not, nor are films and sound, of which only the
/// containers are read.
pub fn prepare(
    source: &Path,
    target: &Path,
    metadata: Metadata,
    limits: &Limits,
) -> Result<Prepared, MediaError> {
    let mut file = Source::open(source, limits.max_bytes)?;
    let (kind, length) = (file.kind, file.length);
    if kind.kind() == Kind::Image {
        file.check_size(limits.max_image_bytes)?;
    }
    if !matches!(kind, Type::Jpeg | Type::Png | Type::WebP | Type::Gif) {
        let plan = settle(metadata, length, |keep| {
            let plan = walk(&mut file, keep)?;
            let differs =
                plan.rope.differs(&mut file.file, length).map_err(MediaError::io("read", source))?;
            Ok((plan, differs))
        })?;
        publish(&plan, &mut file.file, source, target)?;
        return Ok(describe(kind, plan, None));
    }
    // A picture is decoded and written from memory, so that both are of the same bytes.
    let bytes: Arc<[u8]> = file.read(0..length)?.into();
    let mut reader = Cursor::new(Arc::clone(&bytes));
    let mut bare = Vec::new();
    let plan = settle(metadata, length, |keep| {
        let held = Arc::clone(&bytes);
        let plan = apart(kind.name(), limits.max_decode, move || walk_picture(kind, &held, keep))?;
        plan.rope.write(&mut reader, &mut bare).map_err(MediaError::io("read", source))?;
        let differs = bare[..] != bytes[..];
        Ok((plan, differs))
    })?;
    // Without its metadata even if they stay: those that are odd do not keep anyone from seeing it.
    let seen = picture::look(bare, kind, plan.orientation, limits)?;
    publish(&plan, &mut reader, source, target)?;
    Ok(describe(kind, plan, Some(seen)))
}

/// Plans what stays of a picture. Content credentials stay if `keep_credentials`.
fn walk_picture(kind: Type, bytes: &[u8], keep_credentials: bool) -> Result<Plan, MediaError> {
    match kind {
        Type::Jpeg => jpeg::walk(bytes, keep_credentials),
        Type::Png => png::walk(bytes, keep_credentials),
        Type::WebP => webp::walk(bytes, keep_credentials),
        _ => gif::walk(bytes, keep_credentials),
    }
}

/// Plans what stays of a file that is not held in memory. Content credentials stay if `keep_credentials`.
fn walk(source: &mut Source<'_>, keep_credentials: bool) -> Result<Plan, MediaError> {
    let stubborn = match source.kind {
        Type::Avif => return avif::walk(source, keep_credentials),
        Type::Mp4 | Type::QuickTime | Type::M4a => return mp4::walk(source, keep_credentials),
        Type::WebM | Type::Matroska => return webm::walk(source),
        Type::Mp3 => return mp3::walk(source, keep_credentials),
        Type::Ogg => return ogg::walk(source),
        Type::Flac => return flac::walk(source, keep_credentials),
        Type::Wav => return wav::walk(source, keep_credentials),
        Type::Text => None,
        Type::Pdf => Some("a PDF document"),
        Type::Zip => Some("an archive or an office document"),
        _ => Some("a file of a kind that is not looked into"),
    };
    let mut plan = Plan { stubborn, ..Plan::default() };
    plan.rope.copy(0..source.length);
    Ok(plan)
}

/// Makes a plan that fits what is wanted. `make` says what is to stay, with content credentials or without, and whether
/// that differs from the source.
fn settle(
    metadata: Metadata,
    length: u64,
    make: impl FnOnce(bool) -> Result<(Plan, bool), MediaError>,
) -> Result<Plan, MediaError> {
    let (mut plan, differs) = make(metadata != Metadata::DropCredentials)?;
    if differs && plan.removed.is_empty() {
        plan.remove(words::PADDING);
    }
    if metadata == Metadata::Keep {
        plan.rope = Rope::default();
        plan.rope.copy(0..length);
    } else if let Some(what) = plan.stubborn {
        return Err(MediaError::CannotStrip { what });
    } else if differs && plan.credentials && metadata == Metadata::Strip {
        return Err(MediaError::Credentials { removed: plan.removed.join(", ") });
    }
    // Padding that is taken for something, and is there again, is nothing to tell of.
    if metadata == Metadata::Keep || !differs {
        plan.removed.clear();
    }
    Ok(plan)
}

/// Writes what stays to a new file.
fn publish(
    plan: &Plan,
    reader: &mut (impl Read + Seek),
    source: &Path,
    target: &Path,
) -> Result<(), MediaError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(target).map_err(MediaError::io("write", target))?;
    let written = plan.rope.write(reader, &mut file);
    written.map_err(|error| {
        // What has failed is told; that the rest is still there cannot be helped.
        let _ = fs::remove_file(target);
        MediaError::io("write what may be published of", source)(error)
    })
}

fn describe(kind: Type, plan: Plan, seen: Option<Seen>) -> Prepared {
    let (kind, media_type) = match (kind, kind.kind(), plan.is_audio) {
        (Type::WebM, _, true) => (Kind::Audio, "audio/webm"),
        (Type::Matroska, _, true) => (Kind::Audio, "audio/matroska"),
        (Type::Mp4 | Type::QuickTime, _, true) => (Kind::Audio, Type::M4a.media_type()),
        (_, shown, _) => (shown, kind.media_type()),
    };
    let (size, blurhash, preview) = match seen {
        Some(seen) => (Some(seen.size), seen.blurhash, seen.preview),
        None => (plan.size, None, None),
    };
    Prepared {
        kind,
        media_type,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        duration_ms: plan.duration_ms,
        blurhash,
        preview,
        removed: plan.removed,
        source_type: plan.source_type,
    }
}

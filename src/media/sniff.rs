//! What a file is, by its first bytes. Its name is never asked.
//!
//! Sources: the formats' own specifications, and the MIME Sniffing Standard of the WHATWG for the order of tests.

use super::{Kind, mp3};

/// As many first bytes as make [`sniff`] sure.
pub const SNIFFED: usize = 8_192;

/// Types that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// JPEG.
    Jpeg,
    /// PNG, animated or not.
    Png,
    /// WebP, animated or not.
    WebP,
    /// GIF, animated or not.
    Gif,
    /// AVIF, a still or a sequence.
    Avif,
    /// MP4 with pictures, or of unknown content.
    Mp4,
    /// `QuickTime`, which is built like MP4.
    QuickTime,
    /// `WebM`.
    WebM,
    /// Matroska, of which `WebM` is a part.
    Matroska,
    /// MPEG audio, layer III.
    Mp3,
    /// Vorbis, Opus or FLAC in Ogg.
    Ogg,
    /// MP4 that says it is audio.
    M4a,
    /// FLAC in its own container.
    Flac,
    /// RIFF WAVE.
    Wav,
    /// PDF.
    Pdf,
    /// ZIP, and what is built on it: office documents, books, programs.
    Zip,
    /// UTF-8 text that no program takes for markup or a script.
    Text,
    /// Everything else. Markup (HTML, SVG, XML) and scripts are among it, so that nothing renders or runs them.
    Unknown,
}

impl Type {
    /// The media type to serve it as.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Avif => "image/avif",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::WebM => "video/webm",
            Self::Matroska => "video/matroska",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::M4a => "audio/mp4",
            Self::Flac => "audio/flac",
            Self::Wav => "audio/wav",
            Self::Pdf => "application/pdf",
            Self::Zip => "application/zip",
            Self::Text => "text/plain",
            Self::Unknown => "application/octet-stream",
        }
    }

    /// How it is shown.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Jpeg | Self::Png | Self::WebP | Self::Gif | Self::Avif => Kind::Image,
            Self::Mp4 | Self::QuickTime | Self::WebM | Self::Matroska => Kind::Video,
            Self::Mp3 | Self::Ogg | Self::M4a | Self::Flac | Self::Wav => Kind::Audio,
            Self::Pdf | Self::Zip | Self::Text | Self::Unknown => Kind::File,
        }
    }

    /// What a message calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG picture",
            Self::Png => "PNG picture",
            Self::WebP => "WebP picture",
            Self::Gif => "GIF picture",
            Self::Avif => "AVIF picture",
            Self::Mp4 => "MP4 file",
            Self::QuickTime => "QuickTime film",
            Self::WebM => "WebM file",
            Self::Matroska => "Matroska file",
            Self::Mp3 => "MP3 file",
            Self::Ogg => "Ogg file",
            Self::M4a => "M4A file",
            Self::Flac => "FLAC file",
            Self::Wav => "WAV file",
            Self::Pdf => "PDF document",
            Self::Zip => "ZIP archive or office document",
            Self::Text => "text",
            Self::Unknown => "file of an unknown kind",
        }
    }
}

/// The type by the first bytes alone; [`SNIFFED`] of them are enough.
pub fn sniff(first: &[u8]) -> Type {
    match first {
        [0xFF, 0xD8, 0xFF, ..] => Type::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Type::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Type::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Type::WebP,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Type::Wav,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => branded(first),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => matroska(first),
        [b'f', b'L', b'a', b'C', ..] => Type::Flac,
        [b'O', b'g', b'g', b'S', ..] => ogg(first),
        [b'%', b'P', b'D', b'F', b'-', ..] => Type::Pdf,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Type::Zip,
        [b'I', b'D', b'3', ..] => tagged(first),
        [] => Type::Unknown,
        _ if mp3::is_frames(first) => Type::Mp3,
        _ if is_plain_text(first) => Type::Text,
        _ => Type::Unknown,
    }
}

/// The brands of `ftyp` (ISO/IEC 14496-12, 4.3) tell what the boxes hold.
fn branded(first: &[u8]) -> Type {
    let size = first.first_chunk().map_or(0, |size| u32::from_be_bytes(*size)) as usize;
    let body = first.get(8..size.min(first.len())).unwrap_or_default();
    let brands =
        || body.as_chunks::<4>().0.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| brand);
    match body {
        [b'q', b't', b' ', b' ', ..] => return Type::QuickTime,
        [b'M', b'4', b'A' | b'B', b' ', ..] => return Type::M4a,
        // Pictures of other codecs, and raw pictures of cameras, also name brands of MP4.
        [b'h', b'e', b'i' | b'v', ..] | [b'c', b'r', b'x', ..] | [b'm', b's', b'f', b'1', ..] => {
            return Type::Unknown;
        }
        _ => {}
    }
    if brands().any(|brand| matches!(brand, b"avif" | b"avis")) {
        return Type::Avif;
    }
    let is_mp4 = |brand: &[u8; 4]| {
        matches!(brand, b"avc1" | b"dash" | b"M4V " | b"MSNV" | b"mmp4")
            || matches!(brand, [b'i', b's', b'o', b'm' | b'2'..=b'9'] | [b'm', b'p', b'4', b'1' | b'2'])
            || matches!(brand, [b'3', b'g', b'p' | b'2', _])
    };
    if brands().any(is_mp4) { Type::Mp4 } else { Type::Unknown }
}

/// The `DocType` of the EBML header (RFC 8794) is near its start, as text.
fn matroska(first: &[u8]) -> Type {
    let head = first.get(..first.len().min(80)).unwrap_or_default();
    let says = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    match (says(b"\x42\x82\x84webm"), says(b"\x42\x82\x88matroska")) {
        (true, _) => Type::WebM,
        (_, true) => Type::Matroska,
        _ => Type::Unknown,
    }
}

/// The first packet of the first page (RFC 3533) names the codec. Pictures in Ogg are not taken.
fn ogg(first: &[u8]) -> Type {
    let segments = first.get(26).map_or(0, |count| usize::from(*count));
    match first.get(27 + segments..).unwrap_or_default() {
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..]
        | [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..]
        | [0x7F, b'F', b'L', b'A', b'C', ..] => Type::Ogg,
        _ => Type::Unknown,
    }
}

/// What follows an ID3 tag; MP3 where the tag is longer than what is at hand.
fn tagged(first: &[u8]) -> Type {
    match super::id3::length(first).map(|length| first.get(length as usize..).unwrap_or_default()) {
        Some([]) => Type::Mp3,
        Some([b'f', b'L', b'a', b'C', ..]) => Type::Flac,
        Some(rest) if mp3::is_frames(rest) => Type::Mp3,
        _ => Type::Unknown,
    }
}

/// Whether it is UTF-8 without control characters, and has nothing that a program takes for markup or a script.
fn is_plain_text(first: &[u8]) -> bool {
    let text = match std::str::from_utf8(first) {
        Ok(text) => text,
        // A character that is cut in two at the end of what is at hand.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(first.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    if text.is_empty() || text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0C')) {
        return false;
    }
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    let lower = text.to_ascii_lowercase();
    let marks = ["<!doctype", "<html", "<head", "<body", "<script", "<svg", "<iframe", "<?xml", "<?php"];
    !start.starts_with(['<', '%'])
        && !start.starts_with("#!")
        && !marks.iter().any(|mark| lower.contains(mark))
}

//! A picture's pixels: whether they decode, how large they are, what they look like from afar.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, ImageResult};

use super::apart::apart;
use super::{Limits, MediaError, Preview, Type};

/// A preview is as long on its longer side, in pixels, at most.
const PREVIEW_SIDE: u32 = 640;
/// A picture of at most as many bytes, no longer than a preview, needs none.
const SMALL: usize = 64 << 10;
/// JPEG's scale of 1 to 100.
const QUALITY: u8 = 80;
/// The longer side, in pixels, of what the blur is made of: it has so few components that more would not show.
const BLUR_SIDE: u32 = 64;
/// Components of the blur, across and down.
const BLUR: (u32, u32) = (4, 3);
/// A longer colour profile, in bytes, is not put into a preview.
const MAX_PROFILE: usize = 16 << 10;

/// What is seen of a picture.
pub(super) struct Seen {
    /// As displayed, in pixels.
    pub size: (u32, u32),
    pub blurhash: Option<String>,
    pub preview: Option<Preview>,
}

/// Decodes a picture (of an animation, its first frame). `orientation` is as EXIF numbers it.
pub(super) fn look(
    bytes: Vec<u8>,
    kind: Type,
    orientation: Option<u8>,
    limits: &Limits,
) -> Result<Seen, MediaError> {
    let format = match kind {
        Type::Jpeg => ImageFormat::Jpeg,
        Type::Png => ImageFormat::Png,
        Type::WebP => ImageFormat::WebP,
        _ => ImageFormat::Gif,
    };
    let (what, own) = (kind.name(), limits.clone());
    apart(what, limits.max_decode, move || {
        let damaged = |error| MediaError::damaged(what, error);
        let (image, profile) = decode(&bytes, format, what, &own)?;
        let turn = orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms);
        show(image, profile, turn, bytes.len()).map_err(damaged)
    })
}

/// Decodes the pixels, once the header has told that they are not too many.
fn decode(
    bytes: &[u8],
    format: ImageFormat,
    what: &'static str,
    limits: &Limits,
) -> Result<(DynamicImage, Option<Vec<u8>>), MediaError> {
    let damaged = |error| MediaError::damaged(what, error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.max_memory);
    reader.limits(bounds.clone());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > limits.max_side
        || pixels > limits.max_pixels
        || decoder.total_bytes() > limits.max_memory
    {
        return Err(MediaError::TooManyPixels { what, width, height });
    }
    decoder.set_limits(bounds).map_err(damaged)?;
    // Where there is none that can be read, the picture is shown as if there were none.
    let profile = decoder.icc_profile().unwrap_or_default();
    Ok((DynamicImage::from_decoder(decoder).map_err(damaged)?, profile))
}

/// Makes the preview and the blur. They are made smaller before they are turned, as then there is less to turn.
fn show(
    image: DynamicImage,
    profile: Option<Vec<u8>>,
    turn: Orientation,
    length: usize,
) -> ImageResult<Seen> {
    let is_long = image.width().max(image.height()) > PREVIEW_SIDE;
    let (width, height) = (image.width(), image.height());
    let colours = image.color();
    let mut small = if is_long { image.thumbnail(PREVIEW_SIDE, PREVIEW_SIDE) } else { image };
    small.apply_orientation(turn);
    let is_lying = matches!(
        turn,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let size = if is_lying { (height, width) } else { (width, height) };
    let is_tiny = small.width().max(small.height()) <= BLUR_SIDE;
    let tiny = if is_tiny { small.to_rgba8() } else { small.thumbnail(BLUR_SIDE, BLUR_SIDE).to_rgba8() };
    let blurhash = blurhash::encode(BLUR.0, BLUR.1, tiny.width(), tiny.height(), &tiny).ok();
    let preview = if is_long || length > SMALL {
        // The profile of the colours fits only if decoding has left them as they were.
        let fits = |profile: &Vec<u8>| {
            profile.len() <= MAX_PROFILE && colours.has_color() && profile.get(16..20) == Some(b"RGB ")
        };
        Some(encode(&small, profile.filter(fits))?)
    } else {
        None
    };
    Ok(Seen { size, blurhash, preview })
}

/// JPEG, or PNG if there is something to see through.
fn encode(image: &DynamicImage, profile: Option<Vec<u8>>) -> ImageResult<Preview> {
    let (width, height) = (image.width(), image.height());
    let mut bytes = Vec::new();
    let clear = image
        .color()
        .has_alpha()
        .then(|| image.to_rgba8())
        .filter(|image| image.pixels().any(|pixel| pixel.0[3] < u8::MAX));
    let media_type = if let Some(image) = clear {
        let mut encoder = PngEncoder::new(&mut bytes);
        // An encoder that takes no profile writes the picture without one.
        let _ = profile.map(|profile| encoder.set_icc_profile(profile));
        image.write_with_encoder(encoder)?;
        Type::Png.media_type()
    } else {
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        let _ = profile.map(|profile| encoder.set_icc_profile(profile));
        image.to_rgb8().write_with_encoder(encoder)?;
        Type::Jpeg.media_type()
    };
    Ok(Preview { bytes, media_type, width, height })
}

use image::GenericImageView as _;

use super::super::{Kind, Limits, MediaError, Metadata, Prepared};
use super::sample_pictures::{self as sample, LATITUDE};
use super::{AUTHOR, SECRET, has, run, run_with, strip};

fn is_same_picture(one: &[u8], other: &[u8]) -> bool {
    image::load_from_memory(one).unwrap() == image::load_from_memory(other).unwrap()
}

/// What holds for every format whose metadata are looked into: credit is kept, all else goes, pixels stay.
fn check(source: &[u8], media_type: &str) -> (Prepared, Vec<u8>) {
    let (prepared, target) = strip(source);
    assert_eq!((prepared.kind, prepared.media_type), (Kind::Image, media_type));
    assert!(is_same_picture(source, &target));
    assert!(!has(&target, &LATITUDE));
    assert_eq!(prepared.source_type.as_deref(), Some("trainedAlgorithmicMedia"));
    assert!(has(&target, AUTHOR.as_bytes()));
    let kept = [
        "rdf:li>Ada Example<",
        "<dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">© A &lt; &lt;da&gt;</rdf:li>",
    ];
    let more = [
        "DMI-PROHIBITED",
        "<photoshop:Credit>Ada &amp; Co<",
        "plus:LicensorURL>https",
        "xmpRights:WebStatement",
    ];
    assert!(
        kept.iter().chain(&more).all(|text| has(&target, text.as_bytes())),
        "{}",
        String::from_utf8_lossy(&target)
    );
    (prepared, target)
}

#[test]
fn a_jpeg_keeps_its_pixels_colours_and_credit_alone() {
    let source = sample::jpeg(900, 300);
    assert!(has(&source, &LATITUDE));
    let (prepared, target) = check(&source, "image/jpeg");
    for word in ["GPS position", "camera serial number", "camera make and model", "dates", "software"] {
        assert!(prepared.removed.contains(&word), "{word}");
    }
    for word in ["embedded thumbnail", "maker notes", "IPTC metadata", "comments", "data after the end"] {
        assert!(prepared.removed.contains(&word), "{word}");
    }
    assert!(
        has(&target, &sample::icc())
            && has(&target, b"(c) Ada\0")
            && has(&target, b"\x1C\x02\x6E\x00\x05Ada's")
    );
    assert!(target.ends_with(&[0xFF, 0xD9]));
    // It lies on its side.
    assert_eq!((prepared.width, prepared.height), (Some(300), Some(900)));
    let preview = prepared.preview.unwrap();
    assert_eq!((preview.media_type, preview.width, preview.height), ("image/jpeg", 213, 640));
    let shown = image::load_from_memory(&preview.bytes).unwrap();
    assert_eq!(shown.dimensions(), (213, 640));
    // Turned to the right, the lower left corner is the upper left one.
    let (corner, wanted) =
        (shown.get_pixel(1, 1), image::load_from_memory(&source).unwrap().get_pixel(1, 298));
    assert!(
        corner.0.iter().zip(wanted.0).all(|(one, other)| one.abs_diff(other) < 24),
        "{corner:?} {wanted:?}"
    );
    assert!(has(&preview.bytes, &sample::icc()) && !has(&preview.bytes, SECRET.as_bytes()));
    assert_eq!(prepared.blurhash.unwrap().len(), 28);
}

#[test]
fn a_png_keeps_its_pixels_and_credit_alone() {
    let (prepared, target) = check(&sample::png(700, 40), "image/png");
    assert_eq!((prepared.width, prepared.height), (Some(40), Some(700)));
    assert!(
        has(&target, b"iCCP") && has(&target, b"eXIf") && target[target.len() - 8..].starts_with(b"IEND")
    );
    // There is something to see through.
    let preview = prepared.preview.unwrap();
    assert_eq!((preview.media_type, preview.height), ("image/png", 640));
    assert_eq!(image::load_from_memory(&preview.bytes).unwrap().get_pixel(2, 2).0[3], 0);
}

#[test]
fn a_webp_keeps_its_pixels_and_credit_alone() {
    let (prepared, target) = check(&sample::webp(41, 23), "image/webp");
    assert_eq!((prepared.width, prepared.height, prepared.preview.is_none()), (Some(23), Some(41), true));
    assert_eq!(u32::from_le_bytes(*target[4..].first_chunk().unwrap()) as usize + 8, target.len());
    // Without credit, the flags say that there is none.
    let (_, target) = strip(&sample::webp_of(40, 20, &sample::riff(b"EXIF", SECRET.as_bytes())));
    assert!(!has(&target, b"EXIF") && target[20] == 0x10);
}

#[test]
fn a_gif_keeps_its_pictures_and_credit_alone() {
    let (prepared, target) = check(&sample::gif(40, 20), "image/gif");
    assert_eq!((prepared.width, prepared.preview.is_none()), (Some(40), true));
    assert!(has(&target, b"NETSCAPE2.0") && !has(&target, b"MGK") && target.ends_with(b";"));
}

#[test]
fn a_clean_picture_stays_as_it_is() {
    for source in [sample::plain_jpeg(64, 64), sample::plain_png(64, 64), sample::plain_gif(64, 64)] {
        let (prepared, target) = run(&source, Metadata::Strip).unwrap();
        assert!(target == source && prepared.removed.is_empty() && prepared.preview.is_none());
        assert_eq!(prepared.source_type, None);
    }
    let (prepared, _) = run(&sample::plain_png(1, 1), Metadata::Strip).unwrap();
    assert_eq!((prepared.width, prepared.blurhash.unwrap().len()), (Some(1), 28));
}

#[test]
fn too_many_pixels_are_refused_before_they_are_decoded() {
    let mut png = sample::plain_png(8, 8);
    let size = [60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat();
    png.splice(8..33, sample::chunk(b"IHDR", &[&size[..], &[8, 6, 0, 0, 0]].concat()));
    let mut gif = sample::plain_gif(8, 8);
    gif[6..10].fill(0xFF);
    let mut jpeg = sample::plain_jpeg(8, 8);
    let at = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[at + 5..at + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    for bomb in [png, gif, jpeg] {
        let started = std::time::Instant::now();
        let error = run(&bomb, Metadata::Keep).unwrap_err();
        assert!(matches!(error, MediaError::TooManyPixels { .. }), "{error}");
        assert!(started.elapsed() < std::time::Duration::from_secs(1));
    }
    // Sides and their product each have a limit.
    for limits in [
        Limits { max_pixels: 63 * 64, ..Limits::default() },
        Limits { max_side: 63, ..Limits::default() },
        Limits { max_memory: 64 * 64 * 3, ..Limits::default() },
    ] {
        let error = run_with(&sample::plain_png(64, 64), Metadata::Strip, &limits).unwrap_err();
        assert!(matches!(error, MediaError::TooManyPixels { width: 64, height: 64, .. }), "{error}");
    }
}

#[test]
fn what_takes_too_long_is_given_up() {
    let limits = Limits { max_decode: std::time::Duration::ZERO, ..Limits::default() };
    let error = run_with(&sample::plain_jpeg(400, 400), Metadata::Strip, &limits).unwrap_err();
    assert!(matches!(error, MediaError::TooSlow { .. }), "{error}");
}

#[test]
fn what_is_no_picture_is_refused_though_it_begins_like_one() {
    for bytes in
        [&b"GIF89a/*\0\0\0\0*/=1;alert(1)//"[..], b"\xFF\xD8\xFF\xE0 text", b"\x89PNG\r\n\x1A\n<script>"]
    {
        for metadata in [Metadata::Strip, Metadata::Keep] {
            let error = run(bytes, metadata).unwrap_err();
            assert!(matches!(error, MediaError::Damaged { .. }), "{error}");
        }
    }
}

/// Thumbnails of JFIF, several blocks of a kind, and bytes between segments are no part of the picture.
#[test]
fn a_jpeg_has_no_other_place_to_hide_something() {
    let plain = sample::plain_jpeg(16, 16);
    let start = [0xFF, 0xD8];
    let header = sample::segment(0xE0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01\x04\x01", SECRET.as_bytes()]);
    let exif = sample::segment(0xE1, &[b"Exif\0\0", SECRET.as_bytes()]);
    let source =
        [&start, &header[..], SECRET.as_bytes(), &exif, &exif, &[0xFF, 0xFF, 0xFF], &plain[3..]].concat();
    let (_, target) = strip(&source);
    assert!(is_same_picture(&source, &target));
    assert!(!has(&target, b"Exif"));
}

/// What was written is read as it was meant, wherever characters stand for themselves or not.
#[test]
fn credit_that_was_written_anew_stays_the_same() {
    let mut chance = super::garbage::Chance(7);
    let packet = sample::xmp();
    for round in 0..3_000 {
        let mut changed = packet.clone().into_bytes();
        for _ in 0..=round % 3 {
            let at = chance.below(changed.len());
            changed[at] = b"<>&\"'; \n\r\t]a:/="[chance.below(15)];
        }
        let mut plan = super::super::plan::Plan::default();
        let Some(once) = super::super::xmp::filter(&changed, &mut plan) else { continue };
        let mut plan = super::super::plan::Plan::default();
        let twice = super::super::xmp::filter(&once, &mut plan).unwrap();
        assert!(once == twice, "{}\n{}", String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    }
}

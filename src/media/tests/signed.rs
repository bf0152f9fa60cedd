use super::super::{MediaError, Metadata};
use super::sample_films::{container, mp4_of, track};
use super::sample_pictures as sample;
use super::{SECRET, has, run};

/// A manifest store as JUMBF, as far as it is looked at.
const MANIFEST: &[u8] = b"\0\0\0\x40jumb\0\0\0\x20jumdc2pa the manifest";

/// The name of a format, a file of it with content credentials alone (nothing where that is not made here), and one with
/// private metadata as well.
type Signed = (&'static str, Option<Vec<u8>>, Vec<u8>);

fn signed() -> Vec<Signed> {
    let jpeg = sample::with_segments(
        &sample::plain_jpeg(20, 20),
        &[
            sample::segment(0xEB, &[b"JP\0\x01\0\0\0\x01", MANIFEST]),
            sample::segment(0xEB, &[b"JP\0\x01\0\0\0\x02", b"the rest of the manifest"]),
        ]
        .concat(),
    );
    let png = sample::with_chunks(&sample::plain_png(20, 20), &sample::chunk(b"caBX", MANIFEST));
    let gif = sample::with_blocks(
        &sample::plain_gif(20, 20),
        &[&b"\x21\xFF\x0BC2PA_GIF\x01\0\0"[..], &sample::sub_blocks(MANIFEST)].concat(),
    );
    let secret = SECRET.as_bytes();
    let dirty = [
        sample::with_segments(&jpeg, &sample::segment(0xFE, &[secret])),
        sample::with_chunks(&png, &sample::chunk(b"tEXt", &[b"Comment\0", secret].concat())),
        sample::with_blocks(&gif, &[&[0x21, 0xFE][..], &sample::sub_blocks(secret)].concat()),
    ];
    let [dirty_jpeg, dirty_png, dirty_gif] = dirty;
    // Flags that are not right would change by themselves.
    let mut webp = sample::webp_of(20, 20, &sample::riff(b"C2PA", MANIFEST));
    webp[20] = 0x10;
    let dirty_webp =
        sample::webp_of(20, 20, &[sample::riff(b"C2PA", MANIFEST), sample::riff(b"EXIF", secret)].concat());
    let kind =
        [0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81];
    let store = container(b"uuid", &[kind.to_vec(), MANIFEST.to_vec()]);
    let avif = container(b"mdat", &[MANIFEST.to_vec()]);
    let avif = [super::sample_films::avif(&[]), avif, store.clone()].concat();
    let audio = |more: &[(&[u8; 4], Vec<u8>)]| {
        let store = [b"\0application/c2pa\0\0\0", MANIFEST].concat();
        let tag = super::sample_sounds::id3(&[&[(b"GEOB", store)], more].concat());
        [tag, super::sample_sounds::mp3_frames(9)].concat()
    };
    vec![
        ("jpeg", Some(jpeg), dirty_jpeg),
        ("png", Some(png), dirty_png),
        ("gif", Some(gif), dirty_gif),
        ("webp", Some(webp), dirty_webp),
        ("avif", None, avif),
        ("mp4", None, mp4_of(&[track(b"vide", b"avc1")], &store)),
        ("mp3", Some(audio(&[])), audio(&[(b"COMM", SECRET.into())])),
    ]
}

#[test]
fn credentials_stay_where_nothing_else_has_to_go() {
    for (name, clean, _) in signed() {
        let Some(clean) = clean else { continue };
        let (prepared, target) = run(&clean, Metadata::Strip).unwrap();
        assert!(target == clean && prepared.removed.is_empty(), "{name}");
        let (prepared, target) = run(&clean, Metadata::DropCredentials).unwrap();
        assert!(!has(&target, b"manifest"), "{name}");
        assert_eq!(prepared.removed, ["content credentials"], "{name}");
    }
}

#[test]
fn it_is_asked_whether_credentials_or_metadata_go() {
    for (name, _, dirty) in signed() {
        let error = run(&dirty, Metadata::Strip).unwrap_err();
        assert!(
            matches!(&error, MediaError::Credentials { removed } if !removed.is_empty()),
            "{name}: {error}"
        );
        let (_, target) = run(&dirty, Metadata::Keep).unwrap();
        assert!(target == dirty, "{name}");
        let (prepared, target) = run(&dirty, Metadata::DropCredentials).unwrap();
        assert!(name == "avif" || !has(&target, b"the manifest"), "{name}");
        assert!(!has(&target, SECRET.as_bytes()), "{name}");
        assert!(prepared.removed.contains(&"content credentials"), "{name}");
        let (_, again) = run(&target, Metadata::Strip).unwrap();
        assert!(again == target, "{name}");
    }
}

/// Only content credentials are spared, not all that is in such a box.
#[test]
fn other_boxes_of_jpeg_go() {
    let other = sample::segment(0xEB, &[b"JP\0\x01\0\0\0\x01\0\0\0\x40jumb", SECRET.as_bytes()]);
    super::strip(&sample::with_segments(&sample::plain_jpeg(20, 20), &other));
}

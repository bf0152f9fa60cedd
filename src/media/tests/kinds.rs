use std::fs;

use super::super::{Kind, Limits, MediaError, Metadata, Type, prepare, sniff};
use super::{run, run_with, sample_sounds, samples};

#[test]
fn a_type_is_told_by_content() {
    let expected = [
        Type::Jpeg,
        Type::Png,
        Type::WebP,
        Type::Gif,
        Type::Avif,
        Type::Mp4,
        Type::M4a,
        Type::WebM,
        Type::WebM,
        Type::Mp3,
        Type::Flac,
        Type::Ogg,
        Type::Ogg,
        Type::Ogg,
        Type::Wav,
    ];
    for ((name, sample), expected) in samples().iter().zip(expected) {
        assert_eq!(sniff(sample), expected, "{name}");
    }
    for (first, expected) in [
        (&b"%PDF-1.7"[..], Type::Pdf),
        (b"PK\x03\x04", Type::Zip),
        (b"plain \xC3\xA4 text\r\n\twith lines", Type::Text),
        ("\u{FEFF}text that is cut in the mi\u{20AC}".as_bytes().split_last().unwrap().1, Type::Text),
        (b"text\0with a zero", Type::Unknown),
        (b"\xFF\xFE\x41\x00", Type::Unknown),
        (b"", Type::Unknown),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Type::Unknown),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Type::QuickTime),
        (b"\x1A\x45\xDF\xA3\x8B\x42\x82\x88matroska", Type::Matroska),
    ] {
        assert_eq!(sniff(first), expected, "{}", String::from_utf8_lossy(first));
    }
    // One header alone is found in many files.
    assert_eq!(sniff(&sample_sounds::mp3_frames(5)), Type::Mp3);
    assert_eq!(sniff(&sample_sounds::mp3_frames(1)), Type::Unknown);
    assert_eq!(sniff(&[&sample_sounds::mp3_frames(2), &[0; 500][..]].concat()), Type::Unknown);
}

/// Nothing that a browser renders or runs passes as text.
#[test]
fn markup_and_scripts_are_only_downloads() {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let html = "\n  <!-- --><HTML><body onload=alert(1)>";
    for text in
        [svg, html, "<?xml version=\"1.0\"?><a/>", "#!/bin/sh\nrm", "hello <ScRiPt>alert(1)</script>", "%!PS"]
    {
        assert_eq!(sniff(text.as_bytes()), Type::Unknown, "{text}");
        let error = run(text.as_bytes(), Metadata::Strip).unwrap_err();
        assert!(matches!(error, MediaError::CannotStrip { .. }), "{error}");
        let (prepared, target) = run(text.as_bytes(), Metadata::Keep).unwrap();
        assert_eq!((prepared.kind, prepared.media_type), (Kind::File, "application/octet-stream"));
        assert!(target == text.as_bytes());
    }
}

#[test]
fn files_that_are_not_looked_into_are_only_taken_as_they_are() {
    for (bytes, media_type) in [(&b"%PDF-1.7 x"[..], "application/pdf"), (b"PK\x03\x04x", "application/zip")]
    {
        let error = run(bytes, Metadata::Strip).unwrap_err();
        assert!(error.to_string().contains("--keep-metadata"), "{error}");
        let (prepared, target) = run(bytes, Metadata::Keep).unwrap();
        assert_eq!((prepared.kind, prepared.media_type), (Kind::File, media_type));
        assert!(target == bytes && prepared.removed.is_empty());
    }
    let text = "ä text\n".repeat(40_000);
    let (prepared, target) = run(text.as_bytes(), Metadata::Strip).unwrap();
    assert_eq!((prepared.kind, prepared.media_type), (Kind::File, "text/plain"));
    assert!(target == text.as_bytes());
    // Beyond what is sniffed, it is no text.
    let (prepared, _) = run(&[text.as_bytes(), &[0xFF]].concat(), Metadata::Keep).unwrap();
    assert_eq!(prepared.media_type, "application/octet-stream");
}

#[test]
fn what_is_no_file_of_a_fair_size_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("target");
    let try_it =
        |source: &std::path::Path| prepare(source, &target, Metadata::Keep, &Limits::default()).unwrap_err();
    assert!(matches!(try_it(home.path()), MediaError::NotAFile { .. }));
    assert!(matches!(try_it(&home.path().join("none")), MediaError::Io { .. }));
    #[cfg(unix)]
    {
        let pipe = home.path().join("pipe");
        // Made without another process: one that is forked holds, for a moment, what other tests have locked.
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        assert!(matches!(try_it(&pipe), MediaError::NotAFile { .. }));
    }
    assert!(matches!(run(b"", Metadata::Keep), Err(MediaError::Empty { .. })));
    let limits = Limits { max_bytes: 10, max_image_bytes: 5, ..Limits::default() };
    let error = run_with(b"eleven byte", Metadata::Keep, &limits).unwrap_err();
    assert!(matches!(error, MediaError::TooLarge { bytes: 11, limit: 10, .. }));
    let error = run_with(b"GIF89a12", Metadata::Keep, &limits).unwrap_err();
    assert!(matches!(error, MediaError::TooLarge { bytes: 8, limit: 5, .. }));
}

#[test]
fn the_target_is_new_and_private() {
    let home = tempfile::tempdir().unwrap();
    let (source, target) = (home.path().join("source"), home.path().join("target"));
    fs::write(&source, "text").unwrap();
    prepare(&source, &target, Metadata::Strip, &Limits::default()).unwrap();
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&target).unwrap().permissions()) & 0o777,
        0o600
    );
    // What is there already is neither overwritten nor removed.
    fs::write(&target, "mine").unwrap();
    let error = prepare(&source, &target, Metadata::Strip, &Limits::default()).unwrap_err();
    assert!(matches!(error, MediaError::Io { .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"mine");
}

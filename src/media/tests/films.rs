use super::super::{Kind, MediaError, Metadata};
use super::sample_films::{self as sample, FRAMES};
use super::{AUTHOR, has, run, strip};

/// What holds for all: the length stays, and so does the film at its place.
fn check(source: &[u8]) -> (super::Prepared, Vec<u8>) {
    let (prepared, target) = strip(source);
    assert_eq!(target.len(), source.len());
    let place = |bytes: &[u8]| bytes.windows(FRAMES.len()).position(|window| window == FRAMES);
    assert_eq!(place(&target), place(source));
    assert!(place(&target).is_some() || prepared.kind == Kind::Image);
    (prepared, target)
}

#[test]
fn an_mp4_is_blanked_in_place() {
    let (prepared, target) = check(&sample::mp4());
    assert_eq!(
        (prepared.kind, prepared.media_type, prepared.duration_ms),
        (Kind::Video, "video/mp4", Some(2_500))
    );
    // Turned by 90 degrees.
    assert_eq!((prepared.width, prepared.height), (Some(360), Some(640)));
    assert!(!has(&target, b"+48.8583") && !has(&target, &[0xAA; 8]) && !has(&target, b"udta"));
    for word in ["GPS position", "dates", "names of tracks and encoders"] {
        assert!(prepared.removed.contains(&word), "{word}");
    }
}

#[test]
fn music_in_mp4_keeps_its_credit() {
    let (prepared, target) = check(&sample::m4a());
    assert_eq!(
        (prepared.kind, prepared.media_type, prepared.duration_ms),
        (Kind::Audio, "audio/mp4", Some(2_500))
    );
    assert!(has(&target, AUTHOR.as_bytes()) && has(&target, b"A Song"));
    assert!(!has(&target, b"covr") && !has(&target, b"chpl"));
}

#[test]
fn tracks_of_data_are_only_taken_as_they_are() {
    for kind in [b"meta", b"tmcd", b"camm"] {
        let film = sample::mp4_of(&[sample::track(b"vide", b"avc1"), sample::track(kind, b"gpmd")], &[]);
        let error = run(&film, Metadata::Strip).unwrap_err();
        assert!(matches!(error, MediaError::CannotStrip { .. }), "{error}");
        let error = run(&film, Metadata::DropCredentials).unwrap_err();
        assert!(matches!(error, MediaError::CannotStrip { .. }), "{error}");
        let (prepared, target) = run(&film, Metadata::Keep).unwrap();
        assert!(target == film && prepared.kind == Kind::Video);
    }
}

#[test]
fn a_webm_is_blanked_in_place() {
    for sized in [true, false] {
        let source = sample::webm(sized);
        let (prepared, target) = strip(&source);
        assert_eq!(
            (prepared.kind, prepared.media_type, prepared.duration_ms),
            (Kind::Video, "video/webm", Some(2_500))
        );
        assert_eq!((prepared.width, prepared.height), (Some(640), Some(360)));
        assert_eq!(target.len() + if sized { super::SECRET.len() } else { 0 }, source.len());
        assert_eq!(target.windows(FRAMES.len()).filter(|window| *window == FRAMES).count(), 2);
        for word in ["dates", "software", "tags", "attached files"] {
            assert!(prepared.removed.contains(&word), "{word}");
        }
    }
}

#[test]
fn an_avif_tells_its_size_and_is_only_stripped_of_what_is_simple() {
    let (prepared, _) = check(&sample::avif(&[]));
    assert_eq!((prepared.kind, prepared.media_type), (Kind::Image, "image/avif"));
    assert_eq!((prepared.width, prepared.height), (Some(256), Some(128)));
    assert!(prepared.preview.is_none() && prepared.blurhash.is_none());
    for item in [b"Exif", b"mime"] {
        let source = sample::avif(&[item]);
        let error = run(&source, Metadata::Strip).unwrap_err();
        assert!(matches!(error, MediaError::CannotStrip { .. }), "{error}");
        assert!(run(&source, Metadata::Keep).unwrap().1 == source);
    }
}

#[test]
fn a_film_that_is_cut_short_is_refused() {
    for film in [sample::mp4(), sample::m4a(), sample::webm(true)] {
        let error = run(&film[..film.len() - 60], Metadata::Keep).unwrap_err();
        assert!(matches!(error, MediaError::Damaged { .. }), "{error}");
    }
}

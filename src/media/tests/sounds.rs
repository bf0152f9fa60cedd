use super::super::Kind;
use super::sample_sounds as sample;
use super::{AUTHOR, has, strip};

fn check(source: &[u8], media_type: &str, duration_ms: u64) -> Vec<u8> {
    let (prepared, target) = strip(source);
    assert_eq!((prepared.kind, prepared.media_type), (Kind::Audio, media_type));
    assert_eq!(prepared.duration_ms, Some(duration_ms));
    assert!(prepared.width.is_none() && prepared.preview.is_none());
    target
}

#[test]
fn an_mp3_keeps_its_sound_and_credit() {
    let target = check(&sample::mp3(), "audio/mpeg", 40 * 1_152 * 1_000 / 44_100);
    for text in ["A Söng", AUTHOR, "Record"] {
        assert!(has(&target, text.as_bytes()), "{text}");
    }
    assert!(target.ends_with(&sample::mp3_frames(40)) && target.starts_with(b"ID3\x04"));
}

#[test]
fn a_flac_keeps_its_sound_and_credit() {
    let target = check(&sample::flac(), "audio/flac", 2_500);
    assert!(has(&target, AUTHOR.as_bytes()) && has(&target, b"A Song") && target.ends_with(b" sound"));
}

#[test]
fn ogg_keeps_its_pages_and_credit() {
    for source in [sample::vorbis(), sample::opus(), sample::ogg_flac()] {
        let target = check(&source, "audio/ogg", 2_500);
        assert!(has(&target, AUTHOR.as_bytes()) && has(&target, b"A Song"));
        // Every page still has the checksum of what is in it.
        let (mut at, mut pages) = (0, 0);
        while at < target.len() {
            let table = &target[at + 27..at + 27 + usize::from(target[at + 26])];
            let end = at + 27 + table.len() + table.iter().map(|size| usize::from(*size)).sum::<usize>();
            let mut page = target[at..end].to_vec();
            page[22..26].fill(0);
            let sum = super::super::ogg::checksum(&page);
            assert_eq!(target[at + 22..at + 26], sum.to_le_bytes());
            (at, pages) = (end, pages + 1);
        }
        assert!(pages >= 3);
    }
}

#[test]
fn a_wav_keeps_its_sound() {
    let target = check(&sample::wav(), "audio/wav", 500);
    assert!(has(&target, &[0x80; 4_001]) && !has(&target, b"LIST"));
}

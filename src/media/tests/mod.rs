//! Samples are made here: pictures with the `image` crate, and all else by hand.

mod films;
mod garbage;
mod kinds;
mod pictures;
mod sample_films;
mod sample_pictures;
mod sample_sounds;
mod signed;
mod sounds;

use std::fs;

use super::{Limits, MediaError, Metadata, Prepared, prepare};

/// What no target may hold.
const SECRET: &str = "SECRET-4815162342";
/// What the credit in all samples says.
const AUTHOR: &str = "Ada Example";

/// Prepares bytes under a misleading name.
fn run_with(bytes: &[u8], metadata: Metadata, limits: &Limits) -> Result<(Prepared, Vec<u8>), MediaError> {
    let home = tempfile::tempdir().unwrap();
    let (source, target) = (home.path().join("note.txt"), home.path().join("target"));
    fs::write(&source, bytes).unwrap();
    match prepare(&source, &target, metadata, limits) {
        Ok(prepared) => Ok((prepared, fs::read(&target).unwrap())),
        Err(error) => {
            assert!(!target.exists(), "{error}");
            assert_eq!(error.to_string().matches("; ").count(), 1, "{error}");
            Err(error)
        }
    }
}

fn run(bytes: &[u8], metadata: Metadata) -> Result<(Prepared, Vec<u8>), MediaError> {
    run_with(bytes, metadata, &Limits::default())
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Strips, and checks what holds for all files: the secret goes, it is told that something went, and doing it again
/// changes nothing.
fn strip(bytes: &[u8]) -> (Prepared, Vec<u8>) {
    assert!(has(bytes, SECRET.as_bytes()));
    let (prepared, target) = run(bytes, Metadata::Strip).unwrap();
    assert!(!has(&target, SECRET.as_bytes()), "{prepared:?}");
    assert!(!prepared.removed.is_empty());
    let (again, same) = run(&target, Metadata::Strip).unwrap();
    assert!(same == target, "it changed once more: {again:?}");
    assert!(again.removed.is_empty(), "{again:?}");
    assert_eq!(
        (again.width, again.height, again.duration_ms),
        (prepared.width, prepared.height, prepared.duration_ms)
    );
    assert_eq!(
        (again.kind, again.media_type, &again.blurhash),
        (prepared.kind, prepared.media_type, &prepared.blurhash)
    );
    assert_eq!(again.source_type, prepared.source_type);
    let (kept, same) = run(bytes, Metadata::Keep).unwrap();
    assert!(same == bytes && kept.removed.is_empty());
    (prepared, target)
}

/// All samples, by name.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("jpeg", sample_pictures::jpeg(40, 24)),
        ("png", sample_pictures::png(40, 24)),
        ("webp", sample_pictures::webp(40, 24)),
        ("gif", sample_pictures::gif(40, 24)),
        ("avif", sample_films::avif(&[])),
        ("mp4", sample_films::mp4()),
        ("m4a", sample_films::m4a()),
        ("webm", sample_films::webm(true)),
        ("webm of unknown size", sample_films::webm(false)),
        ("mp3", sample_sounds::mp3()),
        ("flac", sample_sounds::flac()),
        ("vorbis", sample_sounds::vorbis()),
        ("opus", sample_sounds::opus()),
        ("flac in ogg", sample_sounds::ogg_flac()),
        ("wav", sample_sounds::wav()),
    ]
}

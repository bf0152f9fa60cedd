//! Damaged files, and files made to do damage: they are taken or refused, and that is all.

use std::fs;
use std::io::Cursor;

use super::super::source::Source;
use super::super::{Kind, MediaError, Type, sniff, walk, walk_picture};
use super::samples;

/// Numbers that look as if by chance, the same each time.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Walks bytes in this thread, where a panic fails the test, and writes what stays. Where there is something, it has to
/// be stable.
fn walked(path: &std::path::Path, bytes: &[u8], keep: bool) -> Option<Vec<u8>> {
    let kind = sniff(bytes);
    let mut out = Vec::new();
    let plan = if matches!(kind, Type::Jpeg | Type::Png | Type::WebP | Type::Gif) {
        let plan = walk_picture(kind, bytes, keep).ok()?;
        plan.rope.write(&mut Cursor::new(bytes), &mut out).unwrap();
        assert_eq!(plan.rope.differs(&mut Cursor::new(bytes), bytes.len() as u64).unwrap(), out != bytes);
        plan
    } else {
        // A new file each time: one that is cut and written again is forced to the disk by some file systems.
        let _ = fs::remove_file(path);
        fs::write(path, bytes).unwrap();
        let mut source = match Source::open(path, 1 << 20) {
            Ok(source) => source,
            Err(MediaError::Empty { .. }) => return None,
            Err(error) => panic!("{error}"),
        };
        let plan = walk(&mut source, keep).ok()?;
        plan.rope.write(&mut source.file, &mut out).unwrap();
        if kind.kind() == Kind::Video {
            assert!(out.len() <= bytes.len());
        }
        plan
    };
    assert!(out.len() <= bytes.len() + 4_096);
    (plan.stubborn.is_none() && !plan.credentials).then_some(out)
}

fn check(path: &std::path::Path, name: &str, bytes: &[u8]) {
    if let Some(once) = walked(path, bytes, true) {
        assert!(walked(path, &once, true).is_some_and(|twice| twice == once), "{name} is not stable");
    }
}

#[test]
fn every_piece_of_a_file_is_taken_or_refused() {
    let home = tempfile::tempdir().unwrap();
    for (name, sample) in samples() {
        let step = (sample.len() / 200).max(1);
        for length in (0..sample.len()).step_by(step) {
            check(&home.path().join("part"), name, &sample[..length]);
        }
    }
}

#[test]
fn every_change_of_a_file_is_taken_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut chance = Chance(0x4D41_4A4C_4953);
    for (name, sample) in samples() {
        for round in 0..2_000 {
            let mut changed = sample.clone();
            for _ in 0..=chance.below(4) {
                let at = chance.below(changed.len());
                match chance.below(5) {
                    0 => changed[at] = 0xFF,
                    1 => changed[at] = 0,
                    2 => drop(changed.remove(at)),
                    3 => {
                        let end = (at + chance.below(16)).min(changed.len());
                        changed[at..end].fill(chance.below(256) as u8);
                    }
                    _ => changed[at] = chance.below(256) as u8,
                }
            }
            check(&home.path().join("changed"), &format!("{name}, round {round}"), &changed);
        }
    }
}

/// The same through the front door, with decoding, of fewer.
#[test]
fn damaged_pictures_are_decoded_or_refused() {
    let mut chance = Chance(0x004D_4544_4941);
    for (_, sample) in samples().into_iter().take(4) {
        for _ in 0..150 {
            let mut changed = sample.clone();
            let at = chance.below(changed.len());
            changed[at] = chance.below(256) as u8;
            let _ = super::run(&changed, super::Metadata::Strip);
            let _ = super::run(&sample[..at], super::Metadata::DropCredentials);
        }
    }
}

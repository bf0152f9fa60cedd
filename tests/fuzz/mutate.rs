//! Changes to valid input: the kinds that find decoders' mistakes.

#[path = "../support/random.rs"]
mod random;

pub use random::Random;

/// Numbers at which lengths and counts go wrong.
const EDGES: [u8; 12] = [0, 1, 0x17, 0x18, 0x1b, 0x3f, 0x40, 0x7f, 0x80, 0x9f, 0xfe, 0xff];

/// One of the seeds, changed one to six times.
pub fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
    for _ in 0..=random.below(6) {
        change(random, &mut bytes, seeds);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let place = |random: &mut Random, bytes: &[u8]| random.below(bytes.len() as u64 + 1) as usize;
    let at = place(random, bytes);
    match random.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = EDGES[random.below(EDGES.len() as u64) as usize];
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(if random.below(2) == 0 { 1 } else { 0xff });
            }
        }
        3 => bytes.truncate(at),
        4 => {
            let len = random.below(12) as usize;
            let more = random.bytes(len);
            bytes.splice(at..at, more);
        }
        5 => {
            let end = (at + 1 + random.below(16) as usize).min(bytes.len());
            bytes.drain(at.min(end)..end);
        }
        6 => {
            // A part of it once more.
            let from = place(random, bytes);
            let end = (from + random.below(64) as usize).min(bytes.len());
            let part = bytes[from..end].to_vec();
            bytes.splice(at..at, part);
        }
        7 => {
            // The end of another seed.
            let other = &seeds[random.below(seeds.len() as u64) as usize];
            let from = place(random, other);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            // A number of the longest kind.
            let end = (at + 8).min(bytes.len());
            bytes[at.min(end)..end].fill(0xff);
        }
    }
}

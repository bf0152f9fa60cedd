//! Pieces with all kinds of metadata.

use super::super::ogg;
use super::sample_pictures::riff;
use super::{AUTHOR, SECRET};

/// An ID3 tag of version 2.3.
pub fn id3(frames: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let frame = |(name, data): &(&[u8; 4], Vec<u8>)| {
        [&name[..], &(data.len() as u32).to_be_bytes(), &[0, 0], data].concat()
    };
    let body: Vec<u8> = frames.iter().flat_map(frame).chain([0; 30]).collect();
    let size = body.len() as u32;
    let size = [21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7F);
    [b"ID3\x03\0\0", &size[..], &body].concat()
}

/// So many frames of 128 kilobits and 44.1 kHz.
pub fn mp3_frames(count: usize) -> Vec<u8> {
    let mut frame = vec![0x55; 417];
    frame[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x64]);
    frame.repeat(count)
}

pub fn mp3() -> Vec<u8> {
    let wide: Vec<u8> =
        [1, 0xFF, 0xFE].into_iter().chain("A Söng".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let tag = id3(&[
        (b"TIT2", wide),
        (b"TPE1", [&[0], AUTHOR.as_bytes()].concat()),
        (b"TXXX", [&[0], SECRET.as_bytes()].concat()),
        (b"APIC", SECRET.into()),
    ]);
    let mut old = [b"TAG", SECRET.as_bytes()].concat();
    old.resize(128, 0);
    old[63..69].copy_from_slice(b"Record");
    [tag, mp3_frames(40), SECRET.into(), old].concat()
}

/// Comments, with something of a program's own.
fn comments(with_end: bool) -> Vec<u8> {
    let counted = |text: String| [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    let all = [
        format!("artist={AUTHOR}"),
        format!("LOCATION={SECRET}"),
        "TITLE=A Song".into(),
        format!("ENCODER={SECRET}"),
    ];
    let mut out = [counted(SECRET.into()), 4_u32.to_le_bytes().to_vec()].concat();
    out.extend(all.map(counted).concat());
    out.extend(with_end.then_some(1));
    out
}

fn block(kind: u8, data: &[u8]) -> Vec<u8> {
    [&[kind], &(data.len() as u32).to_be_bytes()[1..], data].concat()
}

/// 44.1 kHz, two channels, 16 bits, two and a half seconds.
fn stream_info() -> Vec<u8> {
    let mut info = vec![0; 34];
    info[10..18].copy_from_slice(&((44_100_u64 << 44) + (1 << 41) + (15 << 36) + 110_250).to_be_bytes());
    info
}

pub fn flac() -> Vec<u8> {
    let blocks = [
        block(0, &stream_info()),
        block(4, &comments(false)),
        block(6, SECRET.as_bytes()),
        block(2, SECRET.as_bytes()),
        block(0x81, &[0; 50]),
    ];
    [b"fLaC", &blocks.concat()[..], b"\xFF\xF8\xC9\x18 sound"].concat()
}

fn page(flags: u8, position: u64, number: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut table = Vec::new();
    for packet in packets {
        table.extend(std::iter::repeat_n(255, packet.len() / 255));
        table.push((packet.len() % 255) as u8);
    }
    let head =
        [b"OggS\0", &[flags][..], &position.to_le_bytes(), b"demo", &number.to_le_bytes(), &[0; 4]].concat();
    let mut out = [&head, &[table.len() as u8][..], &table, &packets.concat()].concat();
    let sum = ogg::checksum(&out);
    out[22..26].copy_from_slice(&sum.to_le_bytes());
    out
}

pub fn vorbis() -> Vec<u8> {
    let first = [&b"\x01vorbis\0\0\0\0\x02"[..], &44_100_u32.to_le_bytes(), &[0; 14]].concat();
    let second = [b"\x03vorbis", &comments(true)[..]].concat();
    let pages = [
        page(2, 0, 0, &[&first]),
        page(0, 0, 1, &[&second, b"\x05vorbis setup"]),
        page(4, 110_250, 2, &[b"sound", b"sound"]),
    ];
    [pages.concat(), SECRET.into()].concat()
}

pub fn opus() -> Vec<u8> {
    let first =
        [b"OpusHead\x01\x02", &312_u16.to_le_bytes()[..], &48_000_u32.to_le_bytes(), &[0; 3]].concat();
    let second = [b"OpusTags", &comments(false)[..], &[0; 10], SECRET.as_bytes()].concat();
    [page(2, 0, 0, &[&first]), page(0, 0, 1, &[&second]), page(4, 120_312, 2, &[b"sound"])].concat()
}

pub fn ogg_flac() -> Vec<u8> {
    let first = [b"\x7FFLAC\x01\0\0\x02fLaC", &block(0, &stream_info())[..]].concat();
    let pages = [
        page(2, 0, 0, &[&first]),
        page(0, 0, 1, &[&block(4, &comments(false))]),
        page(0, 0, 2, &[&block(0x86, SECRET.as_bytes())]),
        page(4, 110_250, 3, &[b"sound"]),
    ];
    pages.concat()
}

pub fn wav() -> Vec<u8> {
    let format =
        [&[1, 0, 1, 0][..], &8_000_u32.to_le_bytes(), &8_000_u32.to_le_bytes(), &[1, 0, 8, 0]].concat();
    let list = riff(b"LIST", &[b"INFO", &riff(b"ICMT", SECRET.as_bytes())[..]].concat());
    let body = [b"WAVE", &riff(b"fmt ", &format)[..], &list, &riff(b"data", &[0x80; 4_001])].concat();
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

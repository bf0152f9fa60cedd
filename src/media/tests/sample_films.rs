//! Films, and pictures in boxes, with all kinds of metadata. Nothing in them can be decoded.

use super::{AUTHOR, SECRET};

/// What must never change.
pub const FRAMES: &[u8] = b"these are the frames of the film";

pub fn container(kind: &[u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes(), &kind[..], &body].concat()
}

fn leaf(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    container(kind, &[parts.concat()])
}

/// `mvhd` and `mdhd`: times of making and changing, a thousand units a second, two and a half seconds.
fn times(kind: &[u8; 4]) -> Vec<u8> {
    leaf(kind, &[&[0; 4], &[0xAA; 8], &1_000_u32.to_be_bytes(), &2_500_u32.to_be_bytes(), &[0; 80]])
}

/// Turned by 90 degrees.
fn track_header(width: u32, height: u32) -> Vec<u8> {
    let matrix: Vec<u8> = [0, 1 << 16, 0, 0xFFFF_0000, 0, 0, 0, 0, 1 << 30]
        .iter()
        .flat_map(|n: &u32| n.to_be_bytes())
        .collect();
    let size = [(width << 16).to_be_bytes(), (height << 16).to_be_bytes()].concat();
    leaf(b"tkhd", &[&[0, 0, 0, 7], &[0xAA; 8], &[0, 0, 0, 1], &[0; 24], &matrix, &size])
}

fn handler(kind: &[u8; 4]) -> Vec<u8> {
    leaf(b"hdlr", &[&[0; 8], kind, b"appl", &[0; 8], SECRET.as_bytes(), &[0]])
}

pub fn track(kind: &[u8; 4], entry: &[u8; 4]) -> Vec<u8> {
    let mut sample = vec![0; 78];
    sample[43..43 + SECRET.len()].copy_from_slice(SECRET.as_bytes());
    let entry = leaf(entry, &[if kind == b"vide" { &sample } else { &sample[..28] }]);
    let table = container(
        b"stbl",
        &[
            container(b"stsd", &[vec![0, 0, 0, 0, 0, 0, 0, 1], entry]),
            leaf(b"stts", &[&[0; 8]]),
            leaf(b"stco", &[&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 40]]),
        ],
    );
    let data = container(
        b"dinf",
        &[container(b"dref", &[vec![0, 0, 0, 0, 0, 0, 0, 1], leaf(b"url ", &[&[0, 0, 0, 1]])])],
    );
    let media = container(
        b"mdia",
        &[times(b"mdhd"), handler(kind), container(b"minf", &[leaf(b"vmhd", &[&[0; 12]]), data, table])],
    );
    let user = container(b"udta", &[leaf(b"name", &[SECRET.as_bytes()])]);
    container(b"trak", &[track_header(640, 360), media, user])
}

pub fn mp4_of(tracks: &[Vec<u8>], more: &[u8]) -> Vec<u8> {
    let position = leaf(b"\xA9xyz", &[&[0, 17, 0x15, 0xC7], b"+48.8583+002.2944/", SECRET.as_bytes()]);
    let keys =
        leaf(b"meta", &[&handler(b"mdta"), b"com.apple.quicktime.location.ISO6709", SECRET.as_bytes()]);
    let movie = [vec![times(b"mvhd")], tracks.to_vec(), vec![container(b"udta", &[position]), keys]].concat();
    [
        leaf(b"ftyp", &[b"isom\0\0\x02\0isommp41"]),
        leaf(b"mdat", &[FRAMES]),
        container(b"moov", &movie),
        leaf(b"uuid", &[&[7; 16], SECRET.as_bytes()]),
        leaf(b"free", &[SECRET.as_bytes()]),
        more.to_vec(),
    ]
    .concat()
}

pub fn mp4() -> Vec<u8> {
    mp4_of(&[track(b"vide", b"avc1"), track(b"soun", b"mp4a")], &[])
}

pub fn m4a() -> Vec<u8> {
    let item = |kind: &[u8; 4], text: &str| {
        container(kind, &[leaf(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()])])
    };
    let list = container(
        b"ilst",
        &[
            item(b"\xA9nam", "A Song"),
            item(b"\xA9ART", AUTHOR),
            item(b"\xA9cmt", SECRET),
            item(b"covr", SECRET),
        ],
    );
    let meta = container(b"meta", &[vec![0; 4], handler(b"mdir"), list, leaf(b"free", &[&[1; 20]])]);
    let user = container(b"udta", &[meta, leaf(b"chpl", &[SECRET.as_bytes()])]);
    let movie = container(b"moov", &[times(b"mvhd"), track(b"soun", b"mp4a"), user]);
    [leaf(b"ftyp", &[b"M4A \0\0\x02\0isommp42"]), movie, leaf(b"mdat", &[FRAMES])].concat()
}

/// An item of each kind beside the picture.
pub fn avif(items: &[&[u8; 4]]) -> Vec<u8> {
    let entry = |kind: &&[u8; 4]| leaf(b"infe", &[&[2, 0, 0, 0, 0, 1, 0, 0], *kind, &[0]]);
    let entries: Vec<_> = [b"av01"].iter().chain(items).map(entry).collect();
    let count = (entries.len() as u16).to_be_bytes();
    let sizes = [
        leaf(b"ispe", &[&[0; 4], &[0, 0, 0, 64, 0, 0, 0, 64]]),
        leaf(b"ispe", &[&[0; 4], &[0, 0, 1, 0, 0, 0, 0, 128]]),
    ];
    let properties = container(b"iprp", &[container(b"ipco", &sizes), leaf(b"ipma", &[&[0; 8]])]);
    let meta = [
        vec![0; 4],
        handler(b"pict"),
        container(b"iinf", &[[&[0, 0, 0, 0], &count[..]].concat(), entries.concat()]),
        properties,
    ];
    [
        leaf(b"ftyp", &[b"avif\0\0\0\0mif1avif"]),
        container(b"meta", &meta),
        leaf(b"mdat", &[FRAMES]),
        leaf(b"free", &[SECRET.as_bytes()]),
    ]
    .concat()
}

pub fn element(id: &[u8], data: &[u8]) -> Vec<u8> {
    [id, &(1_u64 << 56 | data.len() as u64).to_be_bytes(), data].concat()
}

pub fn webm(sized: bool) -> Vec<u8> {
    let header = [b"\x1A\x45\xDF\xA3\x8B\x42\x82\x84webm\x42\x87\x81\x04".to_vec()].concat();
    let info = element(
        b"\x15\x49\xA9\x66",
        &[
            element(&[0xBF], &[1, 2, 3, 4]),
            element(b"\x2A\xD7\xB1", &1_000_000_u32.to_be_bytes()),
            element(b"\x44\x89", &2_500.0_f64.to_be_bytes()),
            element(b"\x44\x61", &[0xAA; 8]),
            element(b"\x7B\xA9", SECRET.as_bytes()),
            element(b"\x4D\x80", SECRET.as_bytes()),
            element(b"\x57\x41", SECRET.as_bytes()),
        ]
        .concat(),
    );
    let video = element(&[0xE0], &[element(&[0xB0], &[2, 0x80]), element(&[0xBA], &[1, 0x68])].concat());
    let entry = [element(&[0x83], &[1]), element(b"\x53\x6E", SECRET.as_bytes()), video].concat();
    let tracks = element(b"\x16\x54\xAE\x6B", &element(&[0xAE], &entry));
    let block = element(&[0xA3], FRAMES);
    let cluster = if sized {
        element(b"\x1F\x43\xB6\x75", &block)
    } else {
        [&b"\x1F\x43\xB6\x75\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF"[..], &block].concat()
    };
    let tags = element(b"\x12\x54\xC3\x67", &element(b"\x73\x73", SECRET.as_bytes()));
    let files = element(b"\x19\x41\xA4\x69", &[SECRET.as_bytes(); 20].concat());
    let body =
        [info, tracks, cluster.clone(), cluster, tags, files, element(&[0xEC], SECRET.as_bytes())].concat();
    if sized {
        return [header, element(b"\x18\x53\x80\x67", &body), SECRET.into()].concat();
    }
    [header, b"\x18\x53\x80\x67\xFF".to_vec(), body].concat()
}

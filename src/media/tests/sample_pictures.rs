//! Pictures with all kinds of metadata.

use ::exif::experimental::Writer;
use ::exif::{Field, In, Rational, Tag, Value};
use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Frame, ImageEncoder as _, Rgba, RgbaImage};

use super::super::png;
use super::{AUTHOR, SECRET};

/// The latitude, as EXIF has it in little-endian order.
pub const LATITUDE: [u8; 24] =
    [48, 0, 0, 0, 1, 0, 0, 0, 51, 0, 0, 0, 1, 0, 0, 0, 0xB1, 0x0B, 0, 0, 100, 0, 0, 0];

/// A gradient. The left half can be seen through, if that is wanted.
pub fn pixels(width: u32, height: u32, clear: bool) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let alpha = if clear && x < width / 2 { 0 } else { 255 };
        Rgba([(x * 255 / width) as u8, (y * 255 / height) as u8, (x * 7 + y * 13) as u8, alpha])
    })
}

/// EXIF with everything in it, turned by 90 degrees.
pub fn exif() -> Vec<u8> {
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let degrees = [(48, 1), (51, 1), (2_993, 100)].map(|(num, denom)| Rational { num, denom });
    let fields = [
        (Tag::Make, ascii("Acme")),
        (Tag::Orientation, Value::Short(vec![6])),
        (Tag::Software, ascii(SECRET)),
        (Tag::DateTime, ascii("2026:01:02 03:04:05")),
        (Tag::Artist, ascii(AUTHOR)),
        (Tag::Copyright, ascii("(c) Ada")),
        (Tag::BodySerialNumber, ascii(SECRET)),
        (Tag::MakerNote, Value::Undefined(SECRET.as_bytes().to_vec(), 0)),
        (Tag::GPSLatitudeRef, ascii("N")),
        (Tag::GPSLatitude, Value::Rational(degrees.to_vec())),
    ];
    let fields = fields.map(|(tag, value)| Field { tag, ifd_num: In::PRIMARY, value });
    let mut writer = Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let thumbnail = [&[0xFF, 0xD8], SECRET.as_bytes()].concat();
    writer.set_jpeg(&thumbnail, In::THUMBNAIL);
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, true).unwrap();
    out.into_inner()
}

/// XMP with credit, licence, source type, position, program and faces.
pub fn xmp() -> String {
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{SECRET}"><!-- {SECRET} -->
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="{SECRET}"
          xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
          xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:mwg="http://www.metadataworkinggroup.com/schemas/regions/"
          xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"
          xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:r="http://ns.adobe.com/xap/1.0/rights/"
          xmp:CreatorTool="{SECRET}" exif:GPSLatitude="{SECRET}" photoshop:Credit="Ada &amp; Co" photoshop:City="{SECRET}"
          ext:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia">
          <dc:creator><rdf:Seq><rdf:li mwg:Name="{SECRET}">{AUTHOR}</rdf:li></rdf:Seq></dc:creator>
          <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">&#169; A &lt; &lt;da&gt;</rdf:li></rdf:Alt></dc:rights>
          <dc:description>{SECRET}</dc:description>
          <plus:DataMining rdf:resource="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/>
          <plus:Licensor><rdf:Bag><rdf:li rdf:parseType="Resource"><plus:LicensorURL>https://example.org</plus:LicensorURL>
            <mwg:Area>{SECRET}</mwg:Area></rdf:li></rdf:Bag></plus:Licensor>
          <r:WebStatement>https://example.org/licence</r:WebStatement>
          <mwg:Regions rdf:parseType="Resource"><mwg:Name>{SECRET}</mwg:Name></mwg:Regions>
        </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#
    )
}

/// Photoshop's resources with IPTC IIM, after one of another kind.
pub fn iptc() -> Vec<u8> {
    let set = |number: u8, value: &str| {
        [&[0x1C, 2, number], &(value.len() as u16).to_be_bytes()[..], value.as_bytes()].concat()
    };
    let data = [set(80, AUTHOR), set(90, SECRET), set(110, "Ada's"), set(116, "(c) Ada")].concat();
    let resource = |id: u16, data: &[u8]| {
        let mut out =
            [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &(data.len() as u32).to_be_bytes(), data].concat();
        out.resize(out.len() + data.len() % 2, 0);
        out
    };
    [b"Photoshop 3.0\0".to_vec(), resource(0x0425, SECRET.as_bytes()), resource(0x0404, &data)].concat()
}

/// The first bytes of a colour profile, which is all that is looked at.
pub fn icc() -> Vec<u8> {
    let mut profile = vec![0; 300];
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

pub fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&[0xFF, marker], &(payload.len() as u16 + 2).to_be_bytes()[..], &payload].concat()
}

/// A JPEG with a colour profile and nothing else.
pub fn plain_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 90);
    encoder.set_icc_profile(icc()).unwrap();
    let picture = image::DynamicImage::from(pixels(width, height, false)).to_rgb8();
    encoder.write_image(&picture, width, height, image::ExtendedColorType::Rgb8).unwrap();
    out
}

/// Puts bytes after the first two.
pub fn with_segments(jpeg: &[u8], segments: &[u8]) -> Vec<u8> {
    [&jpeg[..2], segments, &jpeg[2..]].concat()
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let segments = [
        segment(0xE1, &[b"Exif\0\0", &exif()]),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", xmp().as_bytes()]),
        segment(0xE1, &[b"http://ns.adobe.com/xmp/extension/\0", &[b'A'; 32], &[0; 8], SECRET.as_bytes()]),
        segment(0xED, &[&iptc()]),
        segment(0xE2, &[b"MPF\0", SECRET.as_bytes()]),
        segment(0xFE, &[SECRET.as_bytes()]),
    ];
    [with_segments(&plain_jpeg(width, height), &segments.concat()), SECRET.into()].concat()
}

pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    [&(data.len() as u32).to_be_bytes(), &body[..], &png::checksum(&body).to_be_bytes()].concat()
}

/// Puts bytes after the first chunk.
pub fn with_chunks(png: &[u8], chunks: &[u8]) -> Vec<u8> {
    [&png[..33], chunks, &png[33..]].concat()
}

pub fn plain_png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    encoder.set_icc_profile(icc()).unwrap();
    pixels(width, height, true).write_with_encoder(encoder).unwrap();
    out
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    let chunks = [
        chunk(b"eXIf", &exif()),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", xmp().as_bytes()].concat()),
        chunk(b"tEXt", &[b"parameters\0", SECRET.as_bytes()].concat()),
        chunk(b"tIME", &[7, 234, 1, 2, 3, 4, 5]),
        chunk(b"prVt", SECRET.as_bytes()),
    ];
    [with_chunks(&plain_png(width, height), &chunks.concat()), b"PK\x03\x04".to_vec(), SECRET.into()].concat()
}

pub fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = [kind, &(data.len() as u32).to_le_bytes()[..], data].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// A WebP of chunks before and behind the pixels.
pub fn webp_of(width: u32, height: u32, behind: &[u8]) -> Vec<u8> {
    let mut simple = Vec::new();
    pixels(width, height, true).write_with_encoder(WebPEncoder::new_lossless(&mut simple)).unwrap();
    let (wide, high) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    let features = riff(b"VP8X", &[&[0x10 | 0x08 | 0x04, 0, 0, 0], &wide[..3], &high[..3]].concat());
    let body = [b"WEBP", &features[..], &simple[12..], behind].concat();
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

pub fn webp(width: u32, height: u32) -> Vec<u8> {
    let behind = [riff(b"EXIF", &exif()), riff(b"XMP ", xmp().as_bytes()), riff(b"JUNK", SECRET.as_bytes())];
    [webp_of(width, height, &behind.concat()), SECRET.into()].concat()
}

/// An animation without metadata.
pub fn plain_gif(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    encoder.encode_frames([true, false].map(|clear| Frame::new(pixels(width, height, clear)))).unwrap();
    drop(encoder);
    out
}

/// Puts bytes before the first block. The encoder makes no table of colours for all.
pub fn with_blocks(gif: &[u8], blocks: &[u8]) -> Vec<u8> {
    let at = 13 + if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    [&gif[..at], blocks, &gif[at..]].concat()
}

pub fn sub_blocks(data: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = data.chunks(255).flat_map(|part| [&[part.len() as u8], part].concat()).collect();
    out.push(0);
    out
}

pub fn gif(width: u32, height: u32) -> Vec<u8> {
    let magic = [&[1][..], &(0..=255).rev().collect::<Vec<u8>>(), &[0]].concat();
    let blocks = [
        [&[0x21, 0xFE][..], &sub_blocks(SECRET.as_bytes())].concat(),
        [b"\x21\xFF\x0BXMP DataXMP", xmp().as_bytes(), &magic].concat(),
        [&b"\x21\xFF\x0BMGKFFFF1012"[..], &sub_blocks(SECRET.as_bytes())].concat(),
    ];
    [with_blocks(&plain_gif(width, height), &blocks.concat()), SECRET.into()].concat()
}

//! Pictures for where there is none, as PNG, which every program shows.

use std::io::Cursor;

use image::imageops::{FilterType, resize};
use image::{ImageFormat, Rgb, RgbImage};

const GROUND: Rgb<u8> = Rgb([0xd9, 0xd4, 0xcb]);
const FIGURE: Rgb<u8> = Rgb([0x8a, 0x83, 0x78]);
/// Pixels of the sides.
const AVATAR: u32 = 256;
const HEADER: (u32, u32) = (600, 200);
/// It is drawn so many times as large, and made small, so that edges are smooth.
const FINER: u32 = 4;

/// Somebody: head and shoulders.
pub fn somebody() -> Vec<u8> {
    let figure = RgbImage::from_fn(AVATAR * FINER, AVATAR * FINER, |x, y| {
        let place = |at: u32| f64::from(at) / f64::from(AVATAR * FINER);
        // Inside an ellipse with this centre and these half axes, of a picture with sides of 1.
        let within = |(cx, cy): (f64, f64), (rx, ry): (f64, f64)| {
            ((place(x) - cx) / rx).powi(2) + ((place(y) - cy) / ry).powi(2) <= 1.0
        };
        let is_figure = within((0.5, 0.4), (0.18, 0.18)) || within((0.5, 1.0), (0.36, 0.36));
        if is_figure { FIGURE } else { GROUND }
    });
    png(&resize(&figure, AVATAR, AVATAR, FilterType::Triangle))
}

/// A wide ground, and nothing on it.
pub fn nothing() -> Vec<u8> {
    png(&RgbImage::from_pixel(HEADER.0, HEADER.1, GROUND))
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    if let Err(error) = picture.write_to(&mut bytes, ImageFormat::Png) {
        tracing::error!(%error, "a picture cannot be drawn: this is a fault of Majlis");
    }
    bytes.into_inner()
}

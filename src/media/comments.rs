//! Comments as FLAC and the codecs in Ogg have them: title, artist, album, number, copyright and licence stay.
//!
//! Source: Xiph.Org, "Ogg Vorbis I format specification: comment field and header specification".

/// Names that stay.
const CREDIT: [&str; 6] = ["TITLE", "ARTIST", "ALBUM", "TRACKNUMBER", "COPYRIGHT", "LICENSE"];

/// Comments, as far as they stay.
pub(super) struct Comments<'a> {
    kept: Vec<&'a [u8]>,
    /// Bytes that they were read from.
    pub length: usize,
}

impl<'a> Comments<'a> {
    /// Reads comments: the program that wrote them, and `NAME=value`, each with its length before it. `None` where that
    /// is not what they are.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (_, mut rest) = counted(bytes)?;
        let (count, after) = rest.split_first_chunk()?;
        rest = after;
        let mut kept = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let (comment, after) = counted(rest)?;
            rest = after;
            let name = comment.split(|byte| *byte == b'=').next().unwrap_or_default();
            if CREDIT.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) {
                kept.push(comment);
            }
        }
        Some(Self { kept, length: bytes.len() - rest.len() })
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Writes what stays, with a program's name of as many spaces.
    pub fn write(&self, spaces: usize) -> Vec<u8> {
        let mut out = (spaces as u32).to_le_bytes().to_vec();
        out.resize(out.len() + spaces, b' ');
        out.extend((self.kept.len() as u32).to_le_bytes());
        for comment in &self.kept {
            out.extend((comment.len() as u32).to_le_bytes());
            out.extend(*comment);
        }
        out
    }

    /// Writes what stays, as long as it was. What goes leaves room for the spaces.
    pub fn write_in_place(&self) -> Vec<u8> {
        let least = self.write(0).len();
        self.write(self.length.saturating_sub(least))
    }
}

/// Bytes with their count before them, and what follows.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*count) as usize)
}

//! A file that is read piece by piece, as it may be too large for memory.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::{MediaError, SNIFFED, Type, id3, sniff};

/// An open file, its size in bytes when it was opened, and what it turned out to be.
pub(super) struct Source<'a> {
    pub file: File,
    pub length: u64,
    pub kind: Type,
    path: &'a Path,
}

impl<'a> Source<'a> {
    /// Opens a regular file of at most so many bytes, and recognises it by its content.
    pub fn open(path: &'a Path, max_bytes: u64) -> Result<Self, MediaError> {
        let not_a_file = || MediaError::NotAFile { path: path.to_path_buf() };
        // Asked before it is opened, as opening a pipe waits for someone to write to it.
        if !fs::metadata(path).map_err(MediaError::io("read", path))?.is_file() {
            return Err(not_a_file());
        }
        let file = File::open(path).map_err(MediaError::io("read", path))?;
        let about = file.metadata().map_err(MediaError::io("read", path))?;
        if !about.is_file() {
            return Err(not_a_file());
        }
        if about.len() == 0 {
            return Err(MediaError::Empty { path: path.to_path_buf() });
        }
        let mut source = Self { file, length: about.len(), kind: Type::Unknown, path };
        source.check_size(max_bytes)?;
        source.kind = source.recognise()?;
        Ok(source)
    }

    /// Refuses a file of more bytes.
    pub fn check_size(&self, limit: u64) -> Result<(), MediaError> {
        if self.length <= limit {
            return Ok(());
        }
        Err(MediaError::TooLarge { path: self.path.to_path_buf(), bytes: self.length, limit })
    }

    /// A part of the file, which has to be there.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>, MediaError> {
        if range.end > self.length || range.start > range.end {
            return Err(self.damaged("it ends too early"));
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        let read =
            self.file.seek(SeekFrom::Start(range.start)).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(MediaError::io("read", self.path))?;
        Ok(bytes)
    }

    /// A part of the file of a size that is known, which has to be there.
    pub fn array<const N: usize>(&mut self, at: u64) -> Result<[u8; N], MediaError> {
        let bytes = self.read(at..at.saturating_add(N as u64))?;
        bytes.try_into().map_err(|_| self.damaged("it ends too early"))
    }

    /// As many bytes from a place on as there are, up to a number.
    pub fn up_to(&mut self, at: u64, count: u64) -> Result<Vec<u8>, MediaError> {
        let start = at.min(self.length);
        self.read(start..start.saturating_add(count).min(self.length))
    }

    /// That the file is not what it claims to be.
    pub fn damaged(&self, why: &'static str) -> MediaError {
        MediaError::damaged(self.kind.name(), why)
    }

    fn recognise(&mut self) -> Result<Type, MediaError> {
        let first = self.up_to(0, SNIFFED as u64)?;
        match sniff(&first) {
            Type::Mp3 if first.starts_with(b"ID3") => {
                // What the tag stands before may be further on than what was read.
                let after = self.up_to(id3::length(&first).unwrap_or_default(), SNIFFED as u64)?;
                Ok(Some(sniff(&after))
                    .filter(|kind| matches!(kind, Type::Mp3 | Type::Flac))
                    .unwrap_or(Type::Unknown))
            }
            Type::Text if !self.is_text()? => Ok(Type::Unknown),
            kind => Ok(kind),
        }
    }

    /// Whether all of it is UTF-8 without a zero.
    fn is_text(&mut self) -> Result<bool, MediaError> {
        const PART: u64 = 64 << 10;
        let mut at = 0;
        while at < self.length {
            let part = self.up_to(at, PART)?;
            let whole = match std::str::from_utf8(&part) {
                Ok(_) => part.len(),
                // A character that is cut in two is read again with what follows it.
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                Err(_) => 0,
            };
            if whole == 0 || part.contains(&0) {
                return Ok(false);
            }
            at += whole as u64;
        }
        Ok(true)
    }
}

//! Deterministic CBOR (RFC 8949 §4.2.1), the part of it that bodies may use: integers, byte and text strings,
//! arrays, maps, false, true and null. Integers and lengths are in their shortest form, lengths are definite,
//! map keys ascend strictly in the order of their encodings, text is UTF-8. Tags, floats, undefined and other
//! simple values have no place in a body.

use super::BodyError;
use crate::limits::MAX_CBOR_DEPTH;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

const FALSE: u64 = 20;
const TRUE: u64 = 21;
const NULL: u64 = 22;

/// Checks that `bytes` are exactly one item in deterministic form, nested at most [`MAX_CBOR_DEPTH`] deep (a
/// lone number is 1 deep). What the item means is not looked at.
///
/// Errors: [`Truncated`](BodyError::Truncated), [`TrailingBytes`](BodyError::TrailingBytes),
/// [`NotShortest`](BodyError::NotShortest), [`Indefinite`](BodyError::Indefinite),
/// [`MapOrder`](BodyError::MapOrder), [`Forbidden`](BodyError::Forbidden), [`Utf8`](BodyError::Utf8),
/// [`Depth`](BodyError::Depth).
pub fn check(bytes: &[u8]) -> Result<(), BodyError> {
    let mut reader = Reader::new(bytes);
    reader.skip()?;
    if reader.rest.is_empty() { Ok(()) } else { Err(BodyError::TrailingBytes) }
}

/// Reads items off the front of a slice.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn slice(&mut self, len: u64) -> Result<&'a [u8], BodyError> {
        let len = usize::try_from(len).map_err(|_| BodyError::Truncated)?;
        let (head, rest) = self.rest.split_at_checked(len).ok_or(BodyError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// The `len` bytes of a big-endian number whose shorter forms end at `shorter`.
    fn argument(&mut self, len: u64, shorter: u64) -> Result<u64, BodyError> {
        let value = self.slice(len)?.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte));
        if value < shorter { Err(BodyError::NotShortest) } else { Ok(value) }
    }

    /// Major type and argument of the next item.
    fn head(&mut self) -> Result<(u8, u64), BodyError> {
        let (&first, rest) = self.rest.split_first().ok_or(BodyError::Truncated)?;
        self.rest = rest;
        let (major, low) = (first >> 5, first & 0x1f);
        if major == TAG || (major == SIMPLE && !(FALSE..=NULL).contains(&u64::from(low))) {
            return Err(BodyError::Forbidden);
        }
        let argument = match low {
            0..24 => u64::from(low),
            24 => self.argument(1, 24)?,
            25 => self.argument(2, 1 << 8)?,
            26 => self.argument(4, 1 << 16)?,
            27 => self.argument(8, 1 << 32)?,
            31 if (BYTES..=MAP).contains(&major) => return Err(BodyError::Indefinite),
            _ => return Err(BodyError::Forbidden),
        };
        Ok((major, argument))
    }

    fn expect(&mut self, major: u8) -> Result<u64, BodyError> {
        match self.head()? {
            (found, argument) if found == major => Ok(argument),
            _ => Err(BodyError::Type),
        }
    }

    /// An unsigned integer.
    pub(crate) fn unsigned(&mut self) -> Result<u64, BodyError> {
        self.expect(UNSIGNED)
    }

    /// An integer of either sign that 16 bits hold.
    pub(crate) fn signed(&mut self) -> Result<i16, BodyError> {
        let (major, argument) = self.head()?;
        let magnitude = i16::try_from(argument).map_err(|_| BodyError::Range);
        match major {
            UNSIGNED => magnitude,
            NEGATIVE => magnitude.map(|magnitude| !magnitude),
            _ => Err(BodyError::Type),
        }
    }

    /// False or true.
    pub(crate) fn bool(&mut self) -> Result<bool, BodyError> {
        match self.expect(SIMPLE)? {
            FALSE => Ok(false),
            TRUE => Ok(true),
            _ => Err(BodyError::Type),
        }
    }

    /// A byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], BodyError> {
        let len = self.expect(BYTES)?;
        self.slice(len)
    }

    /// A text string.
    pub(crate) fn text(&mut self) -> Result<&'a str, BodyError> {
        let len = self.expect(TEXT)?;
        std::str::from_utf8(self.slice(len)?).map_err(|_| BodyError::Utf8)
    }

    /// The head of an array: how many items follow.
    pub(crate) fn array(&mut self) -> Result<u64, BodyError> {
        self.expect(ARRAY)
    }

    /// The head of an array of exactly `len` items.
    pub(crate) fn tuple(&mut self, len: u64) -> Result<(), BodyError> {
        if self.array()? == len { Ok(()) } else { Err(BodyError::Length) }
    }

    /// The head of a map: how many pairs follow.
    pub(crate) fn map(&mut self) -> Result<u64, BodyError> {
        self.expect(MAP)
    }

    /// Passes over one item of any type, checking all of it.
    pub(crate) fn skip(&mut self) -> Result<(), BodyError> {
        self.walk(1)
    }

    fn walk(&mut self, depth: usize) -> Result<(), BodyError> {
        if depth > MAX_CBOR_DEPTH {
            return Err(BodyError::Depth);
        }
        let (major, argument) = self.head()?;
        match major {
            BYTES => self.slice(argument).map(drop),
            TEXT => std::str::from_utf8(self.slice(argument)?).map(drop).map_err(|_| BodyError::Utf8),
            ARRAY => (0..argument).try_for_each(|_| self.walk(depth + 1)),
            MAP => {
                let mut last: &[u8] = &[];
                for _ in 0..argument {
                    let before = self.rest;
                    self.walk(depth + 1)?;
                    let key = before.get(..before.len() - self.rest.len()).unwrap_or_default();
                    if last >= key {
                        return Err(BodyError::MapOrder);
                    }
                    last = key;
                    self.walk(depth + 1)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Writes items in deterministic form; the caller puts map keys in order.
#[derive(Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// Starts behind a version byte.
    pub(crate) fn versioned(version: u8) -> Self {
        Self { out: vec![version] }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    fn head(&mut self, major: u8, argument: u64) {
        let bytes = argument.to_be_bytes();
        let (low, kept) = match argument {
            0..24 => (argument as u8, 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        self.out.push((major << 5) | low);
        self.out.extend_from_slice(bytes.get(8 - kept..).unwrap_or_default());
    }

    pub(crate) fn unsigned(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    pub(crate) fn signed(&mut self, value: i16) {
        if value < 0 {
            self.head(NEGATIVE, !value as u64);
        } else {
            self.head(UNSIGNED, value as u64);
        }
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.head(SIMPLE, if value { TRUE } else { FALSE });
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.head(TEXT, value.len() as u64);
        self.out.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn array(&mut self, len: u64) {
        self.head(ARRAY, len);
    }

    pub(crate) fn map(&mut self, pairs: u64) {
        self.head(MAP, pairs);
    }
}

//! How the fields of a body are written: each record is a map from small unsigned integers to values, declared
//! once by [`record!`] as a table of key, name, type and coding, from which reading and writing both follow.
//!
//! There is one encoding of each value: what is empty, false or none is left out of the map, and a map that
//! holds it all the same is refused.

use std::marker::PhantomData;

use super::cbor::{self, Reader, Writer};
use super::{BodyError, VERSION};
use crate::ids::{AccountId, DeviceId, EntryId};
use crate::limits::{BLIND, MAX_PAYLOAD, MAX_TIMESTAMP};

/// Coding of one value.
pub(crate) trait Item {
    type Value;

    fn put(value: &Self::Value, writer: &mut Writer) -> Result<(), BodyError>;
    fn get(reader: &mut Reader<'_>) -> Result<Self::Value, BodyError>;
}

/// Coding of a value under a key of a map.
pub(crate) trait Field {
    type Value;

    /// Whether the value is written at all.
    fn present(value: &Self::Value) -> bool;
    fn put(value: &Self::Value, writer: &mut Writer) -> Result<(), BodyError>;
    fn get(reader: &mut Reader<'_>) -> Result<Self::Value, BodyError>;
    /// What it means that `key` is not in the map.
    fn absent(key: u64) -> Result<Self::Value, BodyError>;
}

/// A field that is always there.
pub(crate) struct Need<I>(PhantomData<I>);

impl<I: Item> Field for Need<I> {
    type Value = I::Value;

    fn present(_: &I::Value) -> bool {
        true
    }

    fn put(value: &I::Value, writer: &mut Writer) -> Result<(), BodyError> {
        I::put(value, writer)
    }

    fn get(reader: &mut Reader<'_>) -> Result<I::Value, BodyError> {
        I::get(reader)
    }

    fn absent(key: u64) -> Result<I::Value, BodyError> {
        Err(BodyError::Missing(key))
    }
}

/// A field that may be there.
pub(crate) struct Opt<I>(PhantomData<I>);

impl<I: Item> Field for Opt<I> {
    type Value = Option<I::Value>;

    fn present(value: &Self::Value) -> bool {
        value.is_some()
    }

    fn put(value: &Self::Value, writer: &mut Writer) -> Result<(), BodyError> {
        value.as_ref().map_or(Ok(()), |value| I::put(value, writer))
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self::Value, BodyError> {
        I::get(reader).map(Some)
    }

    fn absent(_: u64) -> Result<Self::Value, BodyError> {
        Ok(None)
    }
}

/// A field that is left out at its default: empty, zero, false.
pub(crate) struct Plain<I>(PhantomData<I>);

impl<I: Item<Value: Default + PartialEq>> Field for Plain<I> {
    type Value = I::Value;

    fn present(value: &I::Value) -> bool {
        *value != I::Value::default()
    }

    fn put(value: &I::Value, writer: &mut Writer) -> Result<(), BodyError> {
        I::put(value, writer)
    }

    fn get(reader: &mut Reader<'_>) -> Result<I::Value, BodyError> {
        let value = I::get(reader)?;
        if Self::present(&value) { Ok(value) } else { Err(BodyError::Default) }
    }

    fn absent(_: u64) -> Result<I::Value, BodyError> {
        Ok(I::Value::default())
    }
}

/// A list of at least `MIN` and at most `MAX` items, left out when empty.
pub(crate) struct Many<I, const MAX: usize, const MIN: usize = 0>(PhantomData<I>);

impl<I: Item, const MAX: usize, const MIN: usize> Field for Many<I, MAX, MIN> {
    type Value = Vec<I::Value>;

    fn present(value: &Self::Value) -> bool {
        MIN > 0 || !value.is_empty()
    }

    fn put(value: &Self::Value, writer: &mut Writer) -> Result<(), BodyError> {
        if value.len() > MAX {
            return Err(BodyError::TooLong);
        }
        if value.len() < MIN {
            return Err(BodyError::Length);
        }
        writer.array(value.len() as u64);
        value.iter().try_for_each(|item| I::put(item, writer))
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self::Value, BodyError> {
        let len = usize::try_from(reader.array()?).map_err(|_| BodyError::TooLong)?;
        if len > MAX {
            return Err(BodyError::TooLong);
        }
        if len < MIN {
            return Err(BodyError::Length);
        }
        if len == 0 {
            return Err(BodyError::Default);
        }
        (0..len).map(|_| I::get(reader)).collect()
    }

    fn absent(key: u64) -> Result<Self::Value, BodyError> {
        if MIN > 0 { Err(BodyError::Missing(key)) } else { Ok(Vec::new()) }
    }
}

/// Text of 1 to `MAX` bytes.
pub(crate) struct Text<const MAX: usize>;

impl<const MAX: usize> Item for Text<MAX> {
    type Value = String;

    fn put(value: &String, writer: &mut Writer) -> Result<(), BodyError> {
        check_len(value.len(), MAX)?;
        writer.text(value);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<String, BodyError> {
        let value = reader.text()?;
        check_len(value.len(), MAX)?;
        Ok(value.to_owned())
    }
}

/// A byte string of 1 to `MAX` bytes.
pub(crate) struct Bytes<const MAX: usize>;

impl<const MAX: usize> Item for Bytes<MAX> {
    type Value = Vec<u8>;

    fn put(value: &Vec<u8>, writer: &mut Writer) -> Result<(), BodyError> {
        check_len(value.len(), MAX)?;
        writer.bytes(value);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Vec<u8>, BodyError> {
        let value = reader.bytes()?;
        check_len(value.len(), MAX)?;
        Ok(value.to_vec())
    }
}

fn check_len(len: usize, max: usize) -> Result<(), BodyError> {
    match len {
        0 => Err(BodyError::Default),
        len if len > max => Err(BodyError::TooLong),
        _ => Ok(()),
    }
}

/// Milliseconds since 1970, below [`MAX_TIMESTAMP`].
pub(crate) struct Millis;

impl Item for Millis {
    type Value = u64;

    fn put(value: &u64, writer: &mut Writer) -> Result<(), BodyError> {
        if *value >= MAX_TIMESTAMP {
            return Err(BodyError::Range);
        }
        writer.unsigned(*value);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<u64, BodyError> {
        let value = reader.unsigned()?;
        if value < MAX_TIMESTAMP { Ok(value) } else { Err(BodyError::Range) }
    }
}

impl Item for bool {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.bool(*value);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.bool()
    }
}

impl<const N: usize> Item for [u8; N] {
    type Value = Self;

    fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
        writer.bytes(value);
        Ok(())
    }

    fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
        reader.bytes()?.try_into().map_err(|_| BodyError::Length)
    }
}

macro_rules! unsigned {
    ($($name:ty),*) => {$(
        impl Item for $name {
            type Value = Self;

            fn put(value: &Self, writer: &mut Writer) -> Result<(), BodyError> {
                writer.unsigned(u64::from(*value));
                Ok(())
            }

            fn get(reader: &mut Reader<'_>) -> Result<Self, BodyError> {
                Self::try_from(reader.unsigned()?).map_err(|_| BodyError::Range)
            }
        }
    )*};
}

unsigned!(u16, u32, u64);

/// Coding of a 32-byte name as its bytes.
macro_rules! name {
    ($($name:ident),*) => {$(
        impl $crate::body::field::Item for $name {
            type Value = Self;

            fn put(
                value: &Self,
                writer: &mut $crate::body::cbor::Writer,
            ) -> Result<(), $crate::body::BodyError> {
                writer.bytes(&value.0);
                Ok(())
            }

            fn get(
                reader: &mut $crate::body::cbor::Reader<'_>,
            ) -> Result<Self, $crate::body::BodyError> {
                <[u8; 32] as $crate::body::field::Item>::get(reader).map(Self)
            }
        }
    )*};
}

pub(crate) use name;

name!(AccountId, DeviceId, EntryId);

/// Declares a struct that is coded as a map. Keys are listed in ascending order.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $key:literal $field:ident: $type:ty = $coding:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::body::field::Item for $name {
            type Value = Self;

            fn put(
                value: &Self,
                writer: &mut $crate::body::cbor::Writer,
            ) -> Result<(), $crate::body::BodyError> {
                use $crate::body::field::Field;
                let present = [$(<$coding as Field>::present(&value.$field)),*];
                writer.map(present.into_iter().map(u64::from).sum());
                $(if <$coding as Field>::present(&value.$field) {
                    writer.unsigned($key);
                    <$coding as Field>::put(&value.$field, writer)?;
                })*
                Ok(())
            }

            fn get(
                reader: &mut $crate::body::cbor::Reader<'_>,
            ) -> Result<Self, $crate::body::BodyError> {
                use $crate::body::field::Field;
                $(let mut $field: Option<$type> = None;)*
                for _ in 0..reader.map()? {
                    match reader.unsigned()? {
                        $($key => $field = Some(<$coding as Field>::get(reader)?),)*
                        _ => reader.skip()?,
                    }
                }
                Ok(Self {
                    $($field: $field.map_or_else(|| <$coding as Field>::absent($key), Ok)?,)*
                })
            }
        }
    };
}

pub(crate) use record;

/// Bytes of a body: its version and its map.
pub(crate) fn encode<I: Item>(value: &I::Value) -> Result<Vec<u8>, BodyError> {
    let mut writer = Writer::versioned(VERSION);
    I::put(value, &mut writer)?;
    let body = writer.finish();
    check_size(&body)?;
    Ok(body)
}

/// Reads a body whose bytes are all in deterministic form; none if its version is not known.
pub(crate) fn decode<I: Item>(body: &[u8]) -> Result<Option<I::Value>, BodyError> {
    let (version, map) = body.split_first().ok_or(BodyError::Truncated)?;
    if *version != VERSION {
        return Ok(None);
    }
    check_size(body)?;
    cbor::check(map)?;
    I::get(&mut Reader::new(map)).map(Some)
}

fn check_size(body: &[u8]) -> Result<(), BodyError> {
    if body.len() + BLIND > MAX_PAYLOAD as usize { Err(BodyError::TooLarge) } else { Ok(()) }
}

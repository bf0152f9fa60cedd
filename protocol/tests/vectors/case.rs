//! Cases as they stand in the files. What a case gives has to be taken, all of it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

/// The object `in` of a case, and which of its fields have been taken.
pub struct Input {
    fields: Value,
    taken: RefCell<BTreeSet<String>>,
}

impl Input {
    /// None of them taken.
    pub fn new(fields: Value) -> Self {
        Self { fields, taken: RefCell::default() }
    }

    /// A field.
    pub fn get(&self, name: &str) -> &Value {
        self.taken.borrow_mut().insert(name.into());
        &self.fields[name]
    }

    /// Fields that nothing has asked for.
    pub fn left(&self) -> Vec<String> {
        let all = self.fields.as_object().unwrap().keys();
        all.filter(|name| !self.taken.borrow().contains(*name)).cloned().collect()
    }

    /// A field of bytes.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        bytes(self.get(name))
    }

    /// A field of so many bytes.
    pub fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    /// A field of text.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap()
    }

    /// A field with a number.
    pub fn number(&self, name: &str) -> u64 {
        number(self.get(name))
    }

    /// A field that is true or false.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).as_bool().unwrap()
    }

    /// A field with a list of byte strings.
    pub fn list(&self, name: &str) -> Vec<Vec<u8>> {
        self.get(name).as_array().unwrap().iter().map(bytes).collect()
    }
}

/// Bytes: hex, or an array of hex and of pairs of hex and count.
pub fn bytes(value: &Value) -> Vec<u8> {
    let unhex = |text: &Value| data_encoding::HEXLOWER.decode(text.as_str().unwrap().as_bytes()).unwrap();
    match value {
        Value::Array(parts) => parts
            .iter()
            .flat_map(|part| match part {
                Value::Array(pair) => unhex(&pair[0]).repeat(number(&pair[1]) as usize),
                plain => unhex(plain),
            })
            .collect(),
        plain => unhex(plain),
    }
}

/// A number, as such or in decimal text.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

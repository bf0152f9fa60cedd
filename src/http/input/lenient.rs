//! Values as apps write them: numbers and booleans as text or as themselves, one where a list is meant, nothing where
//! nothing is said. For `#[serde(deserialize_with = "…")]`.

use std::fmt::Display;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What counts as no.
const NO: [&str; 6] = ["0", "f", "false", "n", "no", "off"];

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn read<T: FromStr<Err: Display>, E: Error>(value: &Value) -> Result<T, E> {
    let text = text(value).ok_or_else(|| E::custom("a value was expected"))?;
    text.parse().map_err(|error| E::custom(format!("{text:?}: {error}")))
}

/// A value, or nothing: also where it is empty.
pub fn maybe<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    if value.is_null() || text(&value).is_some_and(|text| text.is_empty()) {
        return Ok(None);
    }
    read(&value).map(Some)
}

/// What is said of a value that can be set and removed. For a field with a default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Nothing is said of it.
    #[default]
    Unsaid,
    /// There is to be none.
    Nothing,
    /// It is to be this.
    Value(T),
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(maybe(from)?.map_or(Self::Nothing, Self::Value))
    }
}

/// It is written as a value or nothing.
impl<T: JsonSchema> JsonSchema for Given<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Yes or no; nothing is no.
pub fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(maybe_flag(from)?.unwrap_or(false))
}

/// Yes, no or nothing.
pub fn maybe_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    let text: Option<String> = maybe(from)?;
    Ok(text.map(|text| !NO.contains(&text.to_ascii_lowercase().as_str())))
}

/// Any number of values: a list, one alone, or an object whose keys only number them.
pub fn list<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values.iter().map(read).collect(),
        Value::Object(values) => values.values().map(read).collect(),
        value => read(&value).map(|one| vec![one]),
    }
}

/// Any number of values, or nothing where nothing is named.
pub fn maybe_list<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    from: D,
) -> Result<Option<Vec<T>>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        value => list(value).map(Some).map_err(D::Error::custom),
    }
}

/// Objects: a list of them, or an object whose keys only number them.
pub fn rows<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<Vec<T>>, D::Error> {
    let rows: Vec<Value> = match Value::deserialize(from)? {
        Value::Null => return Ok(None),
        Value::Array(rows) => rows,
        Value::Object(rows) => rows.into_iter().map(|(_, row)| row).collect(),
        _ => return Err(D::Error::custom("a list was expected")),
    };
    let rows = rows.into_iter().map(|row| serde_json::from_value(row).map_err(D::Error::custom));
    rows.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_be_text() {
        for value in [json!("40"), json!(40), json!(" 40 ")] {
            assert_eq!(maybe::<_, usize>(value).unwrap(), Some(40));
        }
        for nothing in [json!(null), json!(""), json!(" ")] {
            assert_eq!(maybe::<_, usize>(nothing).unwrap(), None);
        }
        for wrong in [json!("many"), json!(-1), json!([1]), json!({}), json!("1.5")] {
            assert!(maybe::<_, usize>(wrong).is_err());
        }
        assert_eq!(maybe::<_, u64>(json!("9223372036854775807")).unwrap(), Some(i64::MAX as u64));
    }

    #[test]
    fn yes_and_no_have_many_names() {
        for yes in [json!(true), json!("true"), json!("1"), json!(1), json!("on"), json!("T")] {
            assert!(flag(yes).unwrap());
        }
        for no in [json!(false), json!("false"), json!("0"), json!(0), json!("OFF"), json!(""), json!(null)] {
            assert!(!flag(no).unwrap());
        }
        assert_eq!(maybe_flag(json!("")).unwrap(), None);
        assert_eq!(maybe_flag(json!("no")).unwrap(), Some(false));
    }

    #[test]
    fn nothing_is_not_the_same_as_not_said() {
        #[derive(Deserialize)]
        struct Asked {
            #[serde(default)]
            end: Given<u64>,
        }
        let end = |form| serde_json::from_value::<Asked>(form).unwrap().end;
        assert_eq!((end(json!({})), end(json!({ "end": "" }))), (Given::Unsaid, Given::Nothing));
        assert_eq!(
            (end(json!({ "end": null })), end(json!({ "end": "5" }))),
            (Given::Nothing, Given::Value(5))
        );
        assert!(maybe_list::<_, String>(json!(null)).unwrap().is_none());
        assert_eq!(maybe_list::<_, String>(json!([])).unwrap(), Some(vec![]));
    }

    #[test]
    fn one_may_stand_for_a_list() {
        assert_eq!(list::<_, String>(json!(["a", 1])).unwrap(), ["a", "1"]);
        assert_eq!(list::<_, String>(json!("a")).unwrap(), ["a"]);
        assert_eq!(list::<_, u64>(json!({"0": "7", "1": 8})).unwrap(), [7, 8]);
        assert!(list::<_, String>(json!(null)).unwrap().is_empty());
        assert!(list::<_, String>(json!([["a"]])).is_err());
        let by_number = json!({"0": {"a": 1}, "1": {"a": 2}});
        assert_eq!(rows::<_, Value>(by_number).unwrap().unwrap(), [json!({"a": 1}), json!({"a": 2})]);
        assert_eq!(rows::<_, Value>(json!(null)).unwrap(), None);
    }
}

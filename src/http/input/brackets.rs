//! Forms whose keys say where a value belongs: `poll[options][]=tea`.

use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// Nesting of keys.
const MAX_DEPTH: usize = 6;
/// Values in one form: each takes many times its bytes.
const MAX_VALUES: usize = 2_000;

/// Puts all that a query or form says among the fields.
pub fn put_all(fields: &mut Map<String, Value>, encoded: &[u8]) -> Result<(), ApiError> {
    for (count, (name, value)) in form_urlencoded::parse(encoded).enumerate() {
        if count == MAX_VALUES {
            return Err(ApiError::too_large());
        }
        put(fields, &name, value.into_owned())?;
    }
    Ok(())
}

/// Puts `a[b][]=value` where it belongs: into a list under `b` in an object under `a`. A number between brackets is a
/// key; who reads the type takes an object with numbers for a list.
pub fn put(fields: &mut Map<String, Value>, name: &str, value: String) -> Result<(), ApiError> {
    let (first, rest) = name.split_once('[').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let path: Vec<&str> =
        rest.map_or_else(Vec::new, |rest| rest.strip_suffix(']').unwrap_or(rest).split("][").collect());
    if path.len() >= MAX_DEPTH {
        return Err(ApiError::bad_request("A parameter is nested too deeply"));
    }
    let mut at = fields.entry(first).or_insert(Value::Null);
    let mut parts = path.iter().peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let Value::Array(list) = at else { return Ok(()) };
            // `a[][x]=1&a[][y]=2` is one object: the next begins when a key comes again.
            let goes_on = parts.peek().is_some_and(|next| {
                list.last().and_then(Value::as_object).is_some_and(|last| !last.contains_key(**next))
            });
            if !goes_on {
                list.push(Value::Null);
            }
            let Some(last) = list.last_mut() else { return Ok(()) };
            at = last;
        } else {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(object) = at else { return Ok(()) };
            at = object.entry(*part).or_insert(Value::Null);
        }
    }
    *at = Value::String(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(form: &str) -> Value {
        let mut fields = Map::new();
        put_all(&mut fields, form.as_bytes()).unwrap();
        Value::Object(fields)
    }

    #[test]
    fn brackets_say_where_a_value_belongs() {
        assert_eq!(read("a=1&b=x%20y"), json!({"a": "1", "b": "x y"}));
        assert_eq!(read("id[]=1&id[]=2"), json!({"id": ["1", "2"]}));
        assert_eq!(
            read("poll[options][]=tea&poll[options][]=%D8%B4%D8%A7%D9%8A&poll[multiple]=true"),
            json!({"poll": {"options": ["tea", "شاي"], "multiple": "true"}})
        );
        assert_eq!(
            read("f[0][name]=a&f[0][value]=b&f[1][name]=c"),
            json!({"f": {"0": {"name": "a", "value": "b"}, "1": {"name": "c"}}})
        );
        assert_eq!(
            read("m[][id]=1&m[][alt]=a&m[][id]=2"),
            json!({"m": [{"id": "1", "alt": "a"}, {"id": "2"}]})
        );
    }

    #[test]
    fn what_makes_no_sense_does_no_harm() {
        for form in ["", "&&", "=", "[", "[]=1", "a[=1", "a]=1", "a[b=1", "a=1&a[]=2&a[x]=3", "%ff[]=%fe"] {
            assert!(read(form).is_object(), "{form}");
        }
        let mut fields = Map::new();
        assert!(put(&mut fields, "a[b][c][d][e][f][g]", String::new()).is_err());
        let many = "a[]=1&".repeat(MAX_VALUES + 1);
        assert!(put_all(&mut fields, many.as_bytes()).is_err());
    }
}

//! Times as people type them.

use jiff::{SignedDuration, Timestamp};

use crate::node::Failure;

/// A time as RFC 3339: given so already, or as how long from now: `30m`, `12h`, `3d`, `2w`.
pub fn rfc3339(text: &str, now: Timestamp) -> Result<String, Failure> {
    let text = text.trim();
    if let Some(time) = from_now(text).and_then(|length| now.checked_add(length).ok()) {
        return Ok(time.to_string());
    }
    text.parse::<Timestamp>().map(|time| time.to_string()).map_err(|_| {
        Failure::usage(
            format!("{text:?} is not a time"),
            "Write how long from now, as 30m, 12h, 3d or 2w, or a time as 2026-12-31T18:00:00Z.",
        )
    })
}

/// A time that has passed as RFC 3339: given so already, or as how long ago.
pub fn since(text: &str, now: Timestamp) -> Result<String, Failure> {
    match from_now(text.trim()).and_then(|length| now.checked_sub(length).ok()) {
        Some(time) => Ok(time.to_string()),
        None => rfc3339(text, now),
    }
}

fn from_now(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return None,
    };
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count > 0)?;
    Some(SignedDuration::from_mins(count.checked_mul(minutes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_length_from_now_or_itself() {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        assert_eq!(rfc3339("90m", now).unwrap(), "2026-11-26T13:30:00Z");
        assert_eq!(since("2w", now).unwrap(), "2026-11-12T12:00:00Z");
        assert_eq!(rfc3339(" 2w ", now).unwrap(), "2026-12-10T12:00:00Z");
        assert_eq!(rfc3339("2026-12-31T18:00:00+02:00", now).unwrap(), "2026-12-31T16:00:00Z");
        for bad in ["", "m", "-3d", "0h", "tomorrow", "3x", "9223372036854775807w"] {
            assert!(rfc3339(bad, now).unwrap_err().is_usage(), "{bad}");
        }
    }
}

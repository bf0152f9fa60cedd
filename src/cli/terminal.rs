//! Text from others, made safe for a terminal, and figures made easy to read.

use jiff::{SignedDuration, Timestamp};

/// Characters of a name that are shown.
const MAX_NAME: usize = 40;

/// How text is written for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// To a terminal: each line from elsewhere is set apart, so that its direction does not spill over.
    Terminal,
    /// Into a file or a pipe.
    Plain,
}

/// Whether a character could drive the terminal or reorder the text around it: controls, and all of Unicode's
/// explicit directional formatting and line breaking. Plain directional marks are harmless and stay.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{2028}' | '\u{2029}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{feff}'
            | '\u{e0001}')
}

/// The lines of a text, each without what could drive the terminal.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.split(['\n', '\u{2028}', '\u{2029}', '\u{85}']).map(|line| {
        let line = line.replace('\t', "    ");
        line.chars().filter(|c| !is_unsafe(*c)).collect()
    })
}

/// Sets a line from elsewhere apart from what stands around it.
pub fn isolated(line: &str, style: Style) -> String {
    match style {
        Style::Terminal if !line.is_empty() => format!("\u{2068}{line}\u{2069}"),
        _ => line.to_owned(),
    }
}

/// A text from elsewhere, indented.
pub fn paragraph(text: &str, style: Style) -> String {
    lines(text.trim_end())
        .map(
            |line| {
                if line.trim().is_empty() {
                    "\n".to_owned()
                } else {
                    format!("  {}\n", isolated(&line, style))
                }
            },
        )
        .collect()
}

/// A name as one short line; empty if there is nothing to show.
pub fn name(name: &str, style: Style) -> String {
    let line = lines(name).collect::<Vec<_>>().join(" ");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match line.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    };
    isolated(&short, style)
}

/// A person: the name they gave themselves, and always a piece of the key, which nobody can choose.
pub fn person(given: &str, account: &str, style: Style) -> String {
    let (name, key) = (name(given, style), short_key(account));
    if name.is_empty() { key } else { format!("{name} ({key})") }
}

/// The beginning and the end of a key: `z6MkhaXg…2doK`.
pub fn short_key(account: &str) -> String {
    const HEAD: usize = 8;
    const TAIL: usize = 6;
    let key: String =
        account.strip_prefix("did:key:").unwrap_or(account).chars().filter(|c| !is_unsafe(*c)).collect();
    let count = key.chars().count();
    if count <= HEAD + TAIL {
        return key;
    }
    let (head, tail): (String, String) =
        (key.chars().take(HEAD).collect(), key.chars().skip(count - TAIL).collect());
    format!("{head}…{tail}")
}

/// How long ago a time (RFC 3339) was, or the time itself where it is not of the last week.
pub fn ago(time: &str, now: Timestamp) -> String {
    let Ok(then) = time.parse::<Timestamp>() else {
        return name(time, Style::Plain);
    };
    let passed = now.duration_since(then);
    match passed.as_secs() {
        -60..60 => "just now".to_owned(),
        60..604_800 => format!("{} ago", span(passed)),
        _ => then.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    }
}

/// A length of time in its two largest units.
pub fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) if minutes % 60 == 0 => format!("{hours} h"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} d"),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// `12.3 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 post`, `2 posts`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_cannot_drive_the_terminal() {
        let hostile = "a\x1b[2J\u{9b}31m\rb\u{202e}c\u{2066}d\x07\n\u{feff}e\u{200f}\tf";
        assert_eq!(paragraph(hostile, Style::Plain), "  a[2J31mbcd\n  e\u{200f}    f\n");
    }

    #[test]
    fn each_line_is_isolated_on_a_terminal_only() {
        assert_eq!(
            paragraph("سلام\n\nhello\n", Style::Terminal),
            "  \u{2068}سلام\u{2069}\n\n  \u{2068}hello\u{2069}\n"
        );
        assert_eq!(paragraph("سلام", Style::Plain), "  سلام\n");
    }

    #[test]
    fn a_name_is_one_short_line_beside_a_key() {
        let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        assert_eq!(person("Ali\n  \x1b[1mx", key, Style::Plain), "Ali [1mx (z6MkhaXg…ta2doK)");
        assert_eq!(person(" \n ", key, Style::Terminal), "z6MkhaXg…ta2doK");
        assert_eq!(name(&"ا".repeat(100), Style::Plain).chars().count(), MAX_NAME + 1);
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        for (time, said) in [
            ("2026-11-23T12:00:30Z", "just now"),
            ("2026-11-23T11:59:01Z", "just now"),
            ("2026-11-23T11:55:00Z", "5 min ago"),
            ("2026-11-23T09:00:00Z", "3 h ago"),
            ("2026-11-21T09:30:00Z", "2 d 2 h ago"),
            ("2025-01-02T03:04:05.678Z", "2025-01-02 03:04 UTC"),
            ("2026-11-23T12:02:00Z", "2026-11-23 12:02 UTC"),
            ("soon\x1b", "soon"),
        ] {
            assert_eq!(ago(time, now), said);
        }
    }

    #[test]
    fn figures_are_easy_to_read() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 kB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "post", "posts"), "1 post");
    }
}

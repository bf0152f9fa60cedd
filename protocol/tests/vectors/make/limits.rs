//! The table of limits in chapter 0, from the source that defines them.

use std::collections::BTreeMap;

/// Marks where the table stands.
pub const BEGIN: &str = "<!-- limits: made from protocol/src/limits.rs by make_vectors -->\n";
/// Marks its end.
pub const END: &str = "<!-- end of limits -->\n";

const SOURCE: &str = include_str!("../../../src/limits.rs");

/// The table, as Markdown.
pub fn table() -> String {
    let mut known = BTreeMap::new();
    let mut words: Vec<&str> = Vec::new();
    let mut out = String::from("| limit | value | meaning |\n|---|---|---|\n");
    for line in SOURCE.lines() {
        if let Some(word) = line.strip_prefix("/// ") {
            words.push(word);
        } else if let Some(item) = line.strip_prefix("pub const ") {
            let (name, rest) = item.split_once(':').unwrap();
            let (_, expression) = rest.trim_end_matches(';').split_once(" = ").unwrap();
            let value = evaluate(expression, &known);
            known.insert(name, value);
            let meaning = words.join(" ").replace("[`", "`").replace("`]", "`");
            out.extend(["| `", name, "` | ", grouped(value).as_str(), " | ", meaning.as_str(), " |\n"]);
            words.clear();
        }
    }
    out
}

/// Sums of products of shifts of numbers and of names defined before.
fn evaluate(expression: &str, known: &BTreeMap<&str, u64>) -> u64 {
    expression
        .split(" + ")
        .map(|sum| {
            sum.split(" * ")
                .map(|factor| {
                    let mut shifts = factor.split(" << ").map(|atom| {
                        let atom = atom.trim();
                        known.get(atom).copied().unwrap_or_else(|| atom.replace('_', "").parse().unwrap())
                    });
                    let first = shifts.next().unwrap();
                    shifts.fold(first, |value, by| value << by)
                })
                .product::<u64>()
        })
        .sum()
}

/// Digits in groups of three.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<_> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

/// The chapter with its table made anew.
pub fn refreshed(chapter: &str) -> String {
    let (before, rest) = chapter.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{BEGIN}{}{END}{after}", table())
}

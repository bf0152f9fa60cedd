//! The table: every figure with what it reaches for.

use crate::Options;
use crate::base::Base;
use crate::workload::Workload;

struct Line {
    figure: String,
    measured: String,
    reach: String,
    reached: Option<bool>,
    absolute: String,
}

/// What was measured, in the order in which it was.
#[derive(Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// A figure with a goal.
    pub fn goal(&mut self, figure: &str, measured: &str, reach: &str, reached: bool, absolute: &str) {
        self.line(figure, measured, reach, Some(reached), absolute);
    }

    /// A figure that is there to explain others.
    pub fn note(&mut self, figure: &str, measured: &str, absolute: &str) {
        self.line(figure, measured, "", None, absolute);
    }

    fn line(&mut self, figure: &str, measured: &str, reach: &str, reached: Option<bool>, absolute: &str) {
        let (figure, measured, reach) = (figure.to_owned(), measured.to_owned(), reach.to_owned());
        crate::say(&format!("{figure}: {measured} ({absolute})"));
        self.0.push(Line { figure, measured, reach, reached, absolute: absolute.to_owned() });
    }

    /// Prints it, as Markdown.
    pub fn print(&self, machine: &str, options: &Options, base: &Base, workload: &Workload) {
        println!("machine    {machine}");
        println!("           {base}");
        println!(
            "workload   {} posts by {} authors, {} bytes of text each on average, {} of header and payload; {}",
            options.scale,
            options.authors,
            workload.text_bytes / options.scale as u64,
            workload.logical_bytes / options.scale as u64,
            workload.source,
        );
        println!();
        let rows: Vec<[&str; 5]> = self.0.iter().map(Line::cells).collect();
        let head = ["figure", "measured", "reach for", "", "in absolute terms"];
        let widths: [usize; 5] = std::array::from_fn(|column| {
            rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0).max(3)
        });
        print_row(&head, &widths);
        let rule: [String; 5] = widths.map(|width| "-".repeat(width));
        print_row(&rule.each_ref().map(String::as_str), &widths);
        for row in &rows {
            print_row(row, &widths);
        }
    }
}

impl Line {
    fn cells(&self) -> [&str; 5] {
        let reached = match self.reached {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        [&self.figure, &self.measured, &self.reach, reached, &self.absolute]
    }
}

fn print_row(cells: &[&str; 5], widths: &[usize; 5]) {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    println!("| {} |", padded.join(" | "));
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that this share of all lies at or below.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Of a few runs: the middle, and the span.
pub fn span(values: &[f64], digits: usize) -> String {
    let (low, high) = (quantile(values, 0.0), quantile(values, 1.0));
    format!("{:.digits$} ({low:.digits$} to {high:.digits$})", median(values))
}

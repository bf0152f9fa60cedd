//! `majlis storage`.

use clap::Args;

use super::app::{App, Stop};
use crate::node::api::{KeepView, Request};

/// Show what takes the room on the disk, and what would be freed by keeping less of what others said.
#[derive(Args)]
#[command(after_help = "\
Your own posts, posts that you have bookmarked and their files are never removed.
To have it done by itself, set keep_days and the like in config.toml: see `majlis config --sample`.

Examples:
  majlis storage
  majlis storage --keep-days 365                 what would go
  majlis storage --keep-days 365 --prune         and now it goes
  majlis storage --keep-media 500MB --prune")]
pub struct StorageArgs {
    /// Keep others' posts of so many days; 0: all.
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u64>,
    /// Keep so many posts of each account; 0: all.
    #[arg(long, value_name = "COUNT")]
    keep_posts: Option<u64>,
    /// Keep so many bytes of posts of each account, as 20MB; 0: all.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    keep_bytes: Option<u64>,
    /// Keep so many bytes of others' posts in all, the latest; 0: all.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    keep_bytes_of_all: Option<u64>,
    /// Keep so many bytes of others' files.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    keep_media: Option<u64>,
    /// Remove it now.
    #[arg(long)]
    prune: bool,
}

impl StorageArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let keep = KeepView {
            days: self.keep_days,
            posts: self.keep_posts,
            bytes: self.keep_bytes,
            bytes_of_all: self.keep_bytes_of_all,
            media: self.keep_media,
        };
        let request = if self.prune { Request::Prune { keep } } else { Request::Storage { keep } };
        app.print(request).await.map(drop)
    }
}

/// Bytes, as `500`, `20kB`, `1.5 GB` or `2GiB`.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err("write it as 500MB, 20 GB or 1000000".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "write it as 500MB, 20 GB or 1000000".to_owned())?;
    Ok((number * factor as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in
            [("0", 0), ("500", 500), ("20kB", 20_000), ("1.5 GB", 1_500_000_000), ("2GiB", 2 << 30)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "much", "5 PB", "-1", "1.2.3", "MB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}

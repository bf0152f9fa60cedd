//! `majlis export`, `import` and `verify`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::app::{App, Stop};
use super::input;
use crate::node::Failure;
use crate::node::api::{Reply, Request};

/// Write signed posts and identities into one file, which anyone can check.
#[derive(Args)]
#[command(after_help = "\
Keys are not in the file: the recovery phrase brings the account back, and the file its posts.

Examples:
  majlis export everything.majlis
  majlis export mine.majlis --account did:key:z6Mk… --since 2026-01-01")]
pub struct ExportArgs {
    /// The file, which must not exist.
    file: PathBuf,
    /// Only of this account.
    #[arg(long, value_name = "KEY")]
    account: Option<String>,
    /// Only posts signed since then: 2026-01-31, or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<u64>,
}

impl ExportArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let file = input::absolute(&self.file)?;
        app.print(Request::Export { file, account: self.account, since: self.since }).await?;
        Ok(())
    }
}

/// Take such a file in: everything in it is verified, like what comes from any peer.
#[derive(Args)]
#[command(after_help = "\
Examples:
  majlis import everything.majlis")]
pub struct ImportArgs {
    /// The file.
    file: PathBuf,
}

impl ImportArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let file = input::absolute(&self.file)?;
        let mut is_refused = false;
        app.dispatch(Request::Import { file }, |out, reply| {
            if let Reply::Carried(carried) = &reply {
                is_refused = carried.entries == 0 && carried.refused > 0;
            }
            out.reply(&reply)
        })
        .await?;
        if is_refused {
            return Err(Stop::Failed(Failure::new(
                "nothing of the file was taken in: no signature in it holds, or it is of devices that are not known",
                "Ask for the file again; `majlis export` writes the identities along with the posts.",
            )));
        }
        Ok(())
    }
}

/// Checks everything stored again.
pub async fn verify(app: &mut App) -> Result<(), Stop> {
    app.print(Request::Verify).await?;
    Ok(())
}

/// Milliseconds since 1970.
fn since(text: &str) -> Result<u64, String> {
    let time = text.parse::<Timestamp>().or_else(|error| match text.parse::<Date>() {
        // A date with a time but without a zone also reads as a date; it is not known where that time was.
        Ok(date) if text.len() == 10 => {
            TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|error| error.to_string())
        }
        _ => {
            Err(format!("{error}; write a date (2026-01-31) or a time with its zone (2026-01-31T12:00:00Z)"))
        }
    })?;
    u64::try_from(time.as_millisecond()).map_err(|_| "there were no posts before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_or_has_a_zone() {
        assert_eq!(since("1970-01-02"), Ok(86_400_000));
        assert_eq!(since("1970-01-01T00:00:01.5Z"), Ok(1_500));
        assert_eq!(since("1970-01-01T03:00:00+03:00"), Ok(0));
        for wrong in ["", "yesterday", "2026-13-01", "2026-01-31T12:00:00", "1969-12-31"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}

//! `majlis export`, `import` and `verify`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::app::{App, Stop};
use super::input;
use super::storage::size;
use crate::node::Failure;
use crate::node::api::{Reply, Request};

/// Write signed posts, identities and files into one file, which anyone can check.
#[derive(Args)]
#[command(after_help = "\
Keys are not in the file: the recovery phrase brings the account back, and the file its posts.
Without --for it is of all that is held here, private follows too: such a file is for yourself.

Two nodes that never meet exchange what is new by two small files and two larger ones. Each writes
what it has, which is a few kilobytes; each answers that of the other, and takes the answer in:

  majlis export --have mine.have           what I hold of whom; private follows are not in it
  majlis export --for theirs.have new.majlis
  majlis import new.majlis

What is broken off, by Ctrl-C, a full disk or a stick that is pulled out, stays beside the file
under its name with .partial; the same command goes on with it.

Examples:
  majlis export everything.majlis
  majlis export mine.majlis --account did:key:z6Mk… --since 2026-01-01 --no-files
  majlis export --for theirs.have new.majlis --files-below 20MB")]
pub struct ExportArgs {
    /// The file, which must not exist.
    file: PathBuf,
    /// Write what is held and wanted here, for another node to answer with --for.
    #[arg(long, conflicts_with_all = ["lacked_by", "accounts", "since", "no_files", "files_below"])]
    have: bool,
    /// Only what the node lacks that has written this, and only what is public.
    #[arg(long = "for", value_name = "HAVE")]
    lacked_by: Option<PathBuf>,
    /// Only of this account; once for each.
    #[arg(long = "account", value_name = "KEY")]
    accounts: Vec<String>,
    /// Only posts signed since then: 2026-01-31, or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<u64>,
    /// Leave pictures, sound, video and other files out.
    #[arg(long, conflicts_with = "files_below")]
    no_files: bool,
    /// Only files of fewer bytes, as 20MB.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    files_below: Option<u64>,
}

impl ExportArgs {
    pub async fn run(self, app: &mut App) -> Result<(), Stop> {
        let file = input::absolute(&self.file)?;
        let request = if self.have {
            Request::Have { file }
        } else {
            let lacked_by = self.lacked_by.map(|path| input::absolute(&path)).transpose()?;
            let files_below = if self.no_files { Some(0) } else { self.files_below };
            Request::Export { file, accounts: self.accounts, since: self.since, lacked_by, files_below }
        };
        app.print(request).await?;
        Ok(())
    }
}

/// Take such a file in: everything in it is verified, like what comes from any peer.
#[derive(Args)]
#[command(after_help = "\
What is held already is passed over, so that an import that was broken off goes on when it is given
again. Of a file that ends early or is damaged, what comes before the fault is taken in; the command
says so, and fails. Files come where a post that is held names them and node.media_quota has room.

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
                let useful = carried.entries + carried.files + carried.held;
                is_refused = useful == 0 && carried.refused > 0;
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

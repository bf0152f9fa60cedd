//! Installs the tracing subscriber: the only place that does.

use std::env;
use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::node::Failure;

/// Names the environment variable that says what is logged.
pub const LOG_VARIABLE: &str = "MAJLIS_LOG";
/// What is logged where the variable is not set.
pub const DEFAULT_FILTER: &str = "warn";

/// Logs to standard error what `MAJLIS_LOG` selects, for example `info` or `warn,majlis::net=debug`.
pub fn install() -> Result<(), Failure> {
    let wrong = |what: String| {
        Failure::usage(
            format!("{LOG_VARIABLE} is not a filter: {what}"),
            "Set it to a level (error, warn, info, debug, trace), or to `warn,majlis::net=debug`, or unset it.",
        )
    };
    let text = match env::var(LOG_VARIABLE) {
        Ok(text) => text,
        Err(env::VarError::NotPresent) => DEFAULT_FILTER.to_owned(),
        Err(env::VarError::NotUnicode(_)) => return Err(wrong("it is not UTF-8".to_owned())),
    };
    let filter = EnvFilter::builder().parse(text).map_err(|error| wrong(error.to_string()))?;
    // Only fails where one is installed already, which then stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none())
        .try_init();
    Ok(())
}

//! The `majlis` program: parses, runs, sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    majlis::cli::main()
}

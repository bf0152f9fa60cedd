//! The targets of `cargo fuzz run TARGET` (nightly, for as long as one likes). `tests/fuzz` of the workspace takes the
//! same files in and runs them for a moment, on stable and without libFuzzer.

pub mod machine;
pub mod seeds;
pub mod targets;

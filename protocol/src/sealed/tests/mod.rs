//! What is sealed, who opens it, and which of several items counts.

#![allow(clippy::unwrap_used)]

mod envelope;
mod registers;

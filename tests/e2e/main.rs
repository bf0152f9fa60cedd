//! Real nodes over real sockets: each test draws who knows whom, does what people do, and waits for what they would
//! see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    missing_docs,
    reason = "a test ends at the first surprise, and says so"
)]

mod asleep;
mod backup;
mod breaks;
mod bucket;
mod carry;
mod catch_up;
mod clocks;
mod damage;
mod delete;
mod finding;
mod follow;
mod gateway;
mod hints;
mod host;
mod hostile;
mod http_api;
mod http_door;
mod http_filters;
mod http_login;
mod http_notifications;
mod http_people;
mod http_posts;
mod http_streaming;
mod http_tags;
mod http_web;
mod lan;
mod letters;
mod lifecycle;
mod many;
mod media;
mod nat;
mod places;
mod presence;
mod private;
mod recovery;
mod s3;
mod schedule;
mod social;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod transcript;
mod words;

//! Majlis: a peer-to-peer social network. Each person runs a node; the node signs their posts with its own key,
//! keeps them, and gossips them to the nodes of the people who follow them.
//!
//! The floors, from the top: [`cli`], [`daemon`] with [`config`] and [`telemetry`], [`control`] and [`http`], [`node`], then
//! [`store`], [`blobs`], [`search`] and [`net`] side by side, and the protocol crate below all. A module imports only from floors below
//! its own; `tests/floors.rs` holds it to that.

pub mod blobs;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod http;
pub mod media;
pub mod net;
pub mod node;
pub mod search;
pub mod store;
pub mod telemetry;

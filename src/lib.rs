//! PG Atlas: which public goods of an open-source ecosystem matter, which are at risk, and the proof of it.
//!
//! [`service`] holds every use case; the command line is a front that parses, calls and renders.
#![cfg_attr(feature = "ingest", doc = include_str!("example.md"))]

mod cli;
mod embedded;
#[cfg(feature = "serve")]
mod http;
mod owner;
pub mod service;

pub use cli::{command, main};

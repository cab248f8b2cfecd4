//! PG Atlas: which public goods of an open-source ecosystem matter, which are at risk, and the proof of it.
//!
//! [`service`] holds every use case; the command line is a front that parses, calls and renders.

mod cli;
mod embedded;
pub mod service;

pub use cli::main;

//! Use cases: what can be asked of an atlas, done to it, and kept running. Every front calls these and decides nothing.
//!
//! Nothing here reads a command line, a request or a terminal: questions come as values, answers are typed, what is odd
//! on the way is a [`watch::Notice`], and what cannot be answered an [`Error`]. A few texts still advise in words of
//! the command line (`doctor` most of all); `tests/architecture/fronts.rs` counts them.

pub mod act;
mod acting;
pub mod answer;
#[cfg(feature = "serve")]
pub mod aside;
pub mod ask;
#[cfg(feature = "serve")]
pub mod atlases;
pub mod bench;
pub mod configuration;
mod database_url;
pub mod deps;
pub(crate) mod environment;
pub mod error;
mod nearest;
#[cfg(feature = "serve")]
pub mod places;
#[cfg(feature = "serve")]
mod plain_http;
mod pools;
pub mod run;
#[cfg(feature = "ingest")]
mod signing;
pub mod slow;
pub mod tenant;
pub mod watch;
mod ways;

pub use configuration::Configuration;
pub use deps::{Deps, Settings};
pub use error::{Error, Result};
/// Version of the schema that this program reads.
#[cfg(feature = "serve")]
pub(crate) use replay::SCHEMA as SCHEMA_VERSION;

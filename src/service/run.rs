//! Work that goes on beside questions and deeds.

#[cfg(feature = "serve")]
pub mod keeper;
mod listener;
mod outage;
pub mod parts;
pub mod project;
mod projector;
#[cfg(feature = "ingest")]
mod sequencer;
#[cfg(feature = "ingest")]
mod signer;
pub mod supervisor;

pub use replay::stop::Stop;

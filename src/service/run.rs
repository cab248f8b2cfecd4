//! Work that goes on beside questions and deeds.

mod listener;
mod outage;
mod parts;
pub mod project;
mod projector;
#[cfg(feature = "ingest")]
mod sequencer;
mod standby;
pub mod supervisor;

//! Deeds: what changes an atlas. Each appends to the log, or changes what stands beside it, or leaves all as it was.

#[cfg(feature = "ingest")]
pub mod artifact;
#[cfg(feature = "ingest")]
pub mod checkpoint;
#[cfg(feature = "ingest")]
pub mod curate;
#[cfg(feature = "ingest")]
pub mod erase;
#[cfg(feature = "ingest")]
pub mod formula;
#[cfg(feature = "ingest")]
pub mod import;
#[cfg(feature = "ingest")]
pub mod migrate;
#[cfg(feature = "ingest")]
pub(crate) mod new_key;
#[cfg(feature = "ingest")]
pub mod placed;
#[cfg(feature = "ingest")]
pub mod publish;
#[cfg(feature = "ingest")]
pub mod quarantine;
pub mod rebuild;
pub mod rollback;

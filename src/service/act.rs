//! Deeds: what changes an atlas. Each appends to the log, or changes what stands beside it, or leaves all as it was.

pub mod checkpoint;
pub mod curate;
pub mod erase;
pub mod formula;
pub mod import;
pub mod migrate;
pub(crate) mod new_key;
pub mod placed;
pub mod publish;
pub mod quarantine;

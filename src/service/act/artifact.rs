//! Raw documents in another place.

use domain::digest::Digest;
use ingest::artifact::{Store, migrate};
use ingest::place::Place;

use crate::service::{Deps, Result};

/// Documents that were copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many were copied.
    pub copied: u64,
    /// Their size together, in bytes.
    pub copied_bytes: u64,
    /// How many were there before.
    pub present: u64,
    /// Those that are damaged here and were not copied.
    pub damaged: Vec<Digest>,
}

/// Copies every document to another place: a folder, or `s3://BUCKET[/PREFIX]` in a program with the feature `s3`.
///
/// # Errors
/// When there is no such place, or either cannot be used.
pub async fn copy(deps: &Deps, to: &str) -> Result<Copied> {
    let done = migrate(&deps.store()?, &Store::at(&Place::open(to)?)?).await?;
    Ok(Copied { copied: done.copied, copied_bytes: done.copied_bytes, present: done.present, damaged: done.damaged })
}

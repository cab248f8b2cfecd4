//! Raw documents in another place.

use std::path::Path;

use domain::digest::Digest;
use ingest::artifact::{Store, migrate};

use crate::service::{Deps, Error, Result};

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
    let done = migrate(&deps.store()?, &place(to)?).await?;
    Ok(Copied { copied: done.copied, copied_bytes: done.copied_bytes, present: done.present, damaged: done.damaged })
}

/// The place that is copied to.
fn place(to: &str) -> Result<Store> {
    if let Some((scheme, _)) = to.split_once("://") {
        #[cfg(feature = "s3")]
        if scheme == "s3" {
            return Ok(Store::s3(to)?);
        }
        let reason = format!(
            "no place of scheme `{scheme}`: expected a folder, or s3:// in a program built with the feature s3"
        );
        return Err(Error::invalid("to", reason));
    }
    Ok(Store::local(Path::new(to))?)
}

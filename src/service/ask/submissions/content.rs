//! What the content of a document is told by. It takes the whole document to find out, so what was found is remembered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::digest::Digest;
use ingest::source::sbom::contract;

use super::KeptDocument;
use crate::service::{Deps, Error, Result};

/// Most documents whose content is remembered: 64 bytes each.
const REMEMBERED: usize = 65_536;

/// The content of documents by their digests, which tell it for ever.
static KNOWN: Mutex<BTreeMap<Digest, Digest>> = Mutex::new(BTreeMap::new());

/// What tells the content of a bill of materials from that of others, whatever the order of what it lists; the
/// document's own digest where it is not there. None where neither is.
///
/// # Errors
/// When the place of documents cannot be opened.
pub async fn content_hash(deps: &Deps, kept: &KeptDocument) -> Result<Option<Digest>> {
    let Some(digest) = kept.digest.filter(|_| kept.content.is_none()) else { return Ok(kept.content) };
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(content) = known().get(&digest) {
        return Ok(Some(*content));
    }
    let Ok(document) = deps.store()?.get(&digest).await else { return Ok(Some(digest)) };
    let content = tokio::task::spawn_blocking(move || contract::content_hash(&document)).await;
    let content = content.map_err(|_| Error::refused("the document cannot be read"))?;
    let mut known = known();
    if known.len() >= REMEMBERED {
        known.pop_first();
    }
    known.insert(digest, content);
    Ok(Some(content))
}

//! `ingest grants`.

use ::ingest::source::grants;
use serde_json::json;

use super::Many;
use crate::cli::failure::{Failure, Result};

/// Reads grants files.
pub(crate) fn read(files: &[(String, Vec<u8>)]) -> Result<Many> {
    let parsed = grants::parse_files(files).map_err(Failure::refused)?;
    let (places, events) = parsed.records.into_iter().map(|(place, facts)| (place, facts.into())).unzip();
    Ok(Many {
        events,
        places,
        documents: parsed.documents,
        refused: parsed.refused.into_iter().map(|refused| (json!(refused.row), refused.reason)).collect(),
        warnings: parsed.warnings,
    })
}

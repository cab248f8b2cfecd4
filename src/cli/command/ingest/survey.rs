//! `ingest survey`.

use ::ingest::source::survey;
use serde_json::json;

use super::Many;
use crate::cli::failure::{Failure, Result};

/// Reads a survey file.
pub(crate) fn read(bytes: &[u8]) -> Result<Many> {
    let parsed = survey::parse(bytes).map_err(Failure::refused)?;
    let (places, events) = parsed.rows.into_iter().map(|(row, facts)| (format!("row {row}"), facts.into())).unzip();
    Ok(Many {
        events,
        places,
        documents: vec![parsed.document],
        refused: parsed.refused.into_iter().map(|refused| (json!(refused.row), refused.reason)).collect(),
        warnings: parsed.warnings,
    })
}

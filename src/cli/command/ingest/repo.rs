//! `ingest repo`.

use ::ingest::source::repo;
use domain::facts::Subject;
use serde_json::json;

use super::Single;
use crate::cli::failure::{Failure, Result};
use crate::cli::output::object;

/// Reads host facts.
pub(crate) fn read(bytes: &[u8], subject: Subject) -> Result<Single> {
    let parsed = repo::parse(bytes, subject).map_err(Failure::refused)?;
    let facts = &parsed.facts;
    Ok(Single {
        answer: object(json!({
            "format": facts.document.format,
            "full_name": facts.full_name,
            "stars": facts.stars,
            "forks": facts.forks,
            "archived": facts.archived,
        })),
        event: parsed.facts.into(),
        document: parsed.cleaned,
        people: Vec::new(),
        warnings: parsed.warnings.iter().map(ToString::to_string).collect(),
    })
}

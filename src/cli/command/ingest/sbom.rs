//! `ingest sbom`.

use ::ingest::source::sbom;
use domain::facts::Subject;
use serde_json::json;

use super::Single;
use crate::cli::failure::{Failure, Result};
use crate::cli::output::object;

/// Reads a bill of materials.
pub(crate) fn read(bytes: &[u8], subject: Subject) -> Result<Single> {
    let parsed = sbom::parse(bytes, subject).map_err(Failure::refused)?;
    Ok(Single {
        answer: object(json!({
            "format": parsed.format,
            "format_version": parsed.format_version,
            "packages": parsed.packages,
            "dependencies": parsed.dependencies,
            "root_dependencies": parsed.root_dependencies,
            "vertices": parsed.vertices,
            "edges": parsed.edges,
        })),
        event: parsed.facts.into(),
        document: bytes.to_vec(),
        people: Vec::new(),
        warnings: parsed.warnings.iter().map(ToString::to_string).collect(),
    })
}

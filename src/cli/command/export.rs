//! `export`: the graph and the scores for other tools.
//!
//! An export of now shows the live builds at their position, an export of then a replay. Nodes and edges are sorted, so
//! equal states give equal files.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::draft::{self, FileDraft};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{ExportCommand, ExportTo, GraphFormat, ScoreFormat};
use crate::cli::output::{Output, csv, object, objects, pretty};
use crate::service::Deps;
use crate::service::answer::columns;
use crate::service::ask::edges::EdgeRow;
use crate::service::ask::export::{node_columns, snapshot};

/// `export`.
pub(crate) async fn run(deps: &Deps, what: ExportCommand) -> Result<Output> {
    let (ExportTo { out, .. }, text) = match what {
        ExportCommand::Graph { format, to } => {
            let snapshot = snapshot(deps, &to.at.clone().into()).await?;
            let text = match format {
                GraphFormat::Graphml => snapshot.graphml()?,
                GraphFormat::Csv => csv(columns::<EdgeRow>(), &objects(&snapshot.edges)?)?,
                GraphFormat::Json => {
                    pretty(&json!({"directed": true, "nodes": snapshot.nodes, "edges": snapshot.edges}))?
                }
            };
            (to, text)
        }
        ExportCommand::Scores { format, to } => {
            let snapshot = snapshot(deps, &to.at.clone().into()).await?;
            let text = match format {
                ScoreFormat::Csv => {
                    let nodes = snapshot.objects()?;
                    csv(&node_columns(&nodes), &nodes)?
                }
                ScoreFormat::Json => pretty(&snapshot.nodes)?,
            };
            (to, text)
        }
    };
    let Some(path) = out.filter(|path| !draft::is_stdout(path)) else { return Ok(Output::Text(text)) };
    let bytes = write(&path, &text).with_context(|| path.display().to_string()).map_err(Failure::refused)?;
    Ok(Output::Object(object(json!({"file": path.display().to_string(), "bytes": bytes}))))
}

fn write(path: &Path, text: &str) -> std::io::Result<u64> {
    let mut draft = FileDraft::shared(path)?;
    draft.write_all(text.as_bytes())?;
    draft.end()
}

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
use crate::cli::flags::{Common, ExportCommand, GraphFormat, ScoreFormat};
use crate::cli::output::{self, Output, csv, looks, object, objects, pretty};
use crate::cli::session;
use crate::service::answer::columns;
use crate::service::ask::edges::EdgeRow;
use crate::service::ask::export::{node_columns, snapshot};

/// `export`.
pub(crate) async fn run(common: &Common, what: ExportCommand) -> Result<Output> {
    let (ExportCommand::Graph { to, .. } | ExportCommand::Scores { to, .. }) = &what;
    let file = to.out.clone().filter(|path| !draft::is_stdout(path));
    if file.is_none() {
        output::as_it_is(common.format, "an export is written as it is, in the format that --as says")?;
    }
    let deps = &session::deps(common)?;
    let raw = looks().show.raw;
    let text = match what {
        ExportCommand::Graph { format, to } => {
            let snapshot = snapshot(deps, &to.at.into()).await?;
            match format {
                GraphFormat::Graphml => snapshot.graphml()?,
                GraphFormat::Csv => csv(columns::<EdgeRow>(), &objects(&snapshot.edges)?, raw)?,
                GraphFormat::Json => {
                    pretty(&json!({"directed": true, "nodes": snapshot.nodes, "edges": snapshot.edges}))?
                }
            }
        }
        ExportCommand::Scores { format, to } => {
            let snapshot = snapshot(deps, &to.at.into()).await?;
            match format {
                ScoreFormat::Csv => {
                    let nodes = snapshot.objects()?;
                    csv(&node_columns(&nodes), &nodes, raw)?
                }
                ScoreFormat::Json => pretty(&snapshot.nodes)?,
            }
        }
    };
    let Some(path) = file else { return Ok(Output::Text(text)) };
    let bytes = write(&path, &text).with_context(|| path.display().to_string()).map_err(Failure::refused)?;
    Ok(Output::Object(object(json!({"file": path.display().to_string(), "bytes": bytes}))))
}

fn write(path: &Path, text: &str) -> std::io::Result<u64> {
    let mut draft = FileDraft::shared(path)?;
    draft.write_all(text.as_bytes())?;
    draft.end()
}

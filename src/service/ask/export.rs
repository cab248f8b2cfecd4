//! The graph and the scores for other tools.
//!
//! An export of now shows the live builds at their position, an export of then a replay. Nodes and edges are sorted, so
//! equal states give equal files.

use domain::formula::Formula;
use projections::graph::Graph;
use projections::metrics::{Level, Scores};
use projections::store::query;
use replay::snapshot;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::edges::EdgeRow;
use super::lag;
use super::point::{self, PointQuery, Shown};
#[cfg(feature = "serve")]
use super::resident::Resident;
use super::scores::Scored;
use crate::service::{Deps, Error, Result};

#[cfg(feature = "serve")]
mod formats;
mod graphml;

#[cfg(feature = "serve")]
pub use formats::{ExportFormat, ExportKind, exported, rows};

/// Columns of a node, under every formula.
const NODE: &[&str] = &[
    "id",
    "level",
    "name",
    "project_id",
    "activity_status",
    "criticality_score",
    "pony_factor",
    "adoption_score",
    "pg_score",
];

/// A vertex with its scores.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraphNode {
    /// `project`, `repo` or `external`.
    pub level: &'static str,
    /// Its scores.
    #[serde(flatten)]
    pub scored: Scored,
}

/// All vertices and edges at one point.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraphSnapshot {
    /// Projects, then repositories, then packages, each by id.
    pub nodes: Vec<GraphNode>,
    /// By (dependent, dependency).
    pub edges: Vec<EdgeRow>,
}

impl GraphSnapshot {
    /// The nodes as objects, whose keys are [`node_columns`].
    ///
    /// # Errors
    /// When one cannot be written as an object.
    pub fn objects(&self) -> Result<Vec<Map<String, Value>>> {
        let object = |node: &GraphNode| match serde_json::to_value(node).map_err(Error::refused)? {
            Value::Object(object) => Ok(object),
            other => Err(Error::refused(format!("{other} is no node"))),
        };
        self.nodes.iter().map(object).collect()
    }

    /// The graph as GraphML.
    ///
    /// # Errors
    /// As [`GraphSnapshot::objects`].
    pub fn graphml(&self) -> Result<String> {
        Ok(graphml::graphml(self, &self.objects()?))
    }
}

/// The columns that nodes have, those of every formula first.
#[must_use]
pub fn node_columns(nodes: &[Map<String, Value>]) -> Vec<&str> {
    let further = nodes.first().into_iter().flat_map(|node| node.keys().map(String::as_str));
    let further = further.filter(|name| !NODE.contains(name));
    NODE.iter().copied().chain(further).collect()
}

/// Answers everything at a point.
///
/// # Errors
/// When the point does not exist, or the database fails.
pub async fn snapshot(deps: &Deps, at: &PointQuery) -> Result<GraphSnapshot> {
    let mut conn = deps.read_long().await?;
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let Shown { position, formula, lag } = point::shown(deps, conn, at).await?;
        Ok((point::fold_to(deps, conn, position, formula).await?, lag))
    });
    let (fold, lag) = read.await?;
    lag::note(deps, lag);
    let view = fold.world.view();
    Ok(of_graph(&view.graph, &view.scores(fold.formula()), fold.formula()))
}

/// Everything of a graph under a formula.
fn of_graph(graph: &Graph, scores: &Scores, formula: &Formula) -> GraphSnapshot {
    let mut nodes = Vec::new();
    for level in [Level::Project, Level::Repo, Level::External] {
        let lines = query::scores_of(graph, scores, level);
        nodes.extend(lines.into_iter().map(|line| GraphNode { level: level.name(), scored: line.into() }));
    }
    let edges = query::edges_of(graph, formula.graph.edges);
    GraphSnapshot { nodes, edges: edges.into_iter().map(EdgeRow::from).collect() }
}

/// Everything of a snapshot.
#[cfg(feature = "serve")]
#[must_use]
pub fn of_resident(atlas: &Resident) -> GraphSnapshot {
    of_graph(atlas.graph(), atlas.scores(), &atlas.formula)
}

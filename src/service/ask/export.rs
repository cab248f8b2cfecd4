//! The graph and the scores for other tools.
//!
//! An export of now shows the live builds at their position, an export of then a replay. Nodes and edges are sorted, so
//! equal states give equal files.

use projections::metrics::Level;
use projections::store::{self, query};
use projections::tables::Projection;
use replay::snapshot;
use schemars::JsonSchema;
use serde::Serialize;

use super::edges::Edge;
use super::lag;
use super::point::{self, At};
use super::scores::Scored;
use crate::service::{Deps, Result};

/// A vertex with its scores.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Node {
    /// `project`, `repo` or `external`.
    pub level: &'static str,
    /// Its scores.
    #[serde(flatten)]
    pub scored: Scored,
}

/// All vertices and edges at one point.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Snapshot {
    /// Projects, then repositories, then packages, each by id.
    pub nodes: Vec<Node>,
    /// By (dependent, dependency).
    pub edges: Vec<Edge>,
}

/// Answers everything at a point.
///
/// # Errors
/// When the point does not exist, or the database fails.
pub async fn snapshot(deps: &Deps, at: &At) -> Result<Snapshot> {
    let mut conn = deps.read_long().await?;
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let live = store::live_builds(conn).await?;
        let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
        // Without a point or a formula: what is live, where it stands.
        if let Some(metrics) = metrics.filter(|_| at.is_now()) {
            let at = At { as_of: Some(metrics.position.to_string()), formula: metrics.formula.clone() };
            let lag = lag::of(conn, &live).await?;
            return Ok((point::fold(deps, conn, &at).await?, lag));
        }
        Ok((point::fold(deps, conn, at).await?, 0))
    });
    let (fold, lag) = read.await?;
    lag::note(deps, lag);
    let view = fold.world.view();
    let found = view.scores(fold.formula());
    let mut nodes = Vec::new();
    for level in [Level::Project, Level::Repo, Level::External] {
        let lines = query::scores_of(&view.graph, &found, level);
        nodes.extend(lines.into_iter().map(|line| Node { level: level.name(), scored: line.into() }));
    }
    let edges = query::edges_of(&view.graph, fold.formula().graph.edges);
    Ok(Snapshot { nodes, edges: edges.into_iter().map(Edge::from).collect() })
}

//! The graph and the scores for other tools.
//!
//! An export of now shows the live builds at their position, an export of then a replay. Nodes and edges are sorted, so
//! equal states give equal files.

use projections::metrics::Level;
use projections::store::{self, query};
use projections::tables::Projection;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Connection as _;

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
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(replay::SNAPSHOT).await?;
    let live = store::live_builds(&mut conn).await?;
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
    let mut at = at.clone();
    // Without a point or a formula: what is live, where it stands.
    if let Some(metrics) = metrics.filter(|_| at.is_now()) {
        lag::note(deps, &mut conn, &live).await?;
        at = At { as_of: Some(metrics.position.to_string()), formula: metrics.formula.clone() };
    }
    let fold = point::fold(deps, &mut conn, &at).await?;
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

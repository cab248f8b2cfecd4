//! `edges`: resolved dependencies.

use std::collections::{BTreeMap, BTreeSet};

use projections::graph::evidence;
use projections::store::{self, query};
use serde_json::json;

use super::{point, project};
use crate::cli::failure::Result;
use crate::cli::flags::{AsOf, EdgeLevel};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// Columns of an edge, in the order of the contract.
const COLUMNS: &[&str] = &["in_vertex", "out_vertex", "version_range", "confidence"];

/// `edges`.
pub(crate) async fn run(
    session: &Session,
    of: Option<&str>,
    level: EdgeLevel,
    why: Option<&[String]>,
    as_of: Option<&str>,
) -> Result<Output> {
    let mut conn = session.connect().await?;
    if let Some([from, to]) = why {
        let at = AsOf { as_of: as_of.map(str::to_owned), formula: None };
        let fold = point::fold(session, &mut conn, &at).await?;
        return Ok(reasons(&fold, from, to));
    }
    let live = store::live_builds(&mut conn).await?;
    let (mut lines, projects) = if as_of.is_some() {
        let at = AsOf { as_of: as_of.map(str::to_owned), formula: None };
        let fold = point::fold(session, &mut conn, &at).await?;
        let graph = fold.world.view().graph;
        let lines = query::edges_of(&graph, fold.formula().graph.edges);
        let members = graph
            .vertices
            .iter()
            .filter_map(|vertex| Some((vertex.id.clone(), graph.projects[vertex.project? as usize].id.clone())));
        (lines, members.collect())
    } else {
        project::say_lag(session, &mut conn, &live).await?;
        match live.is_empty() {
            true => (Vec::new(), BTreeMap::new()),
            false => (query::edges(&mut conn).await?, query::projects_of_repos(&mut conn, &live).await?),
        }
    };
    if level == EdgeLevel::Project {
        lines = between_projects(&lines, &projects);
    }
    let matching = lines.into_iter().filter(|line| of.is_none_or(|id| line.in_vertex == id || line.out_vertex == id));
    let rows = matching.map(|line| {
        object(json!({
            "in_vertex": line.in_vertex,
            "out_vertex": line.out_vertex,
            "version_range": line.version_range,
            "confidence": line.confidence,
        }))
    });
    Ok(Output::Rows(COLUMNS.to_vec(), rows.collect()))
}

/// Edges between two different projects: verified if any of their edges is; versions belong to repositories.
fn between_projects(lines: &[query::EdgeLine], projects: &BTreeMap<String, String>) -> Vec<query::EdgeLine> {
    let mut between: BTreeMap<(&String, &String), &String> = BTreeMap::new();
    for line in lines {
        if let (Some(from), Some(to)) = (projects.get(&line.in_vertex), projects.get(&line.out_vertex))
            && from != to
        {
            let confidence = between.entry((from, to)).or_insert(&line.confidence);
            // `verified_sbom` is the greater word of the two.
            *confidence = (*confidence).max(&line.confidence);
        }
    }
    let line = |((from, to), confidence): ((&String, &String), &String)| query::EdgeLine {
        in_vertex: from.clone(),
        out_vertex: to.clone(),
        version_range: None,
        confidence: confidence.clone(),
    };
    between.into_iter().map(line).collect()
}

/// The claims behind an edge, then what binds the names that they use to its ends.
fn reasons(fold: &projections::Fold, from: &str, to: &str) -> Output {
    const COLUMNS: &[&str] = &["id", "kind", "reason", "position", "version"];
    let state = &fold.world.graph;
    let claims = evidence::of(state, from, to);
    let named: BTreeSet<&str> = claims.iter().flat_map(|claim| [claim.from.as_str(), claim.to.as_str()]).collect();
    let bindings = evidence::bindings(state, named.into_iter());
    let claims = claims.iter().map(|claim| {
        object(json!({
            "id": format!("{} -> {}", claim.from, claim.to),
            "kind": claim.kind,
            "reason": format!("claimed by the {} of {}", claim.source, claim.subject),
            "position": claim.position,
            "version": claim.version,
        }))
    });
    let bindings = bindings.iter().map(|binding| {
        let says = if binding.kind == "rename" { "is now" } else { "is published from" };
        object(json!({
            "id": binding.id,
            "kind": binding.kind,
            "reason": format!("{says} {}: {}", binding.to, binding.source),
            "position": binding.position,
            "version": null,
        }))
    });
    Output::Rows(COLUMNS.to_vec(), claims.chain(bindings).collect())
}

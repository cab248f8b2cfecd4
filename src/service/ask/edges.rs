//! Resolved dependencies, and why each stands.

use std::collections::{BTreeMap, BTreeSet};

use domain::recorded::Position;
use projections::World;
use projections::graph::evidence;
use projections::store::{self, Build, few, query};
use replay::snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

#[cfg(feature = "serve")]
use super::page::{PageQuery, RowsPage};
use super::point::{self, PointQuery};
#[cfg(feature = "serve")]
use super::resident::Resident;
use super::{forms_of, kept_form, known, lag};
use crate::service::{Deps, Error, Result};

/// A dependency, dependent first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct EdgeRow {
    /// The dependent.
    pub in_vertex: String,
    /// The dependency.
    pub out_vertex: String,
    /// Version or requirement, where one is known.
    pub version_range: Option<String>,
    /// `verified_sbom` or `inferred_shadow`.
    pub confidence: String,
}

/// What edges run between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// Repositories and packages.
    #[default]
    Repos,
    /// Projects.
    Projects,
}

/// Which edges.
#[derive(Clone, Debug, Default)]
pub struct EdgesQuery {
    /// Only those with this end.
    pub of: Option<String>,
    /// What they run between.
    pub ends: Ends,
    /// When.
    pub at: PointQuery,
}

/// Answers edges, by (dependent, dependency).
///
/// # Errors
/// [`Error::NotFound`] for an end that nothing is; when the point does not exist, or the database fails.
pub async fn edges(deps: &Deps, asked: &EdgesQuery) -> Result<Vec<EdgeRow>> {
    let (mut lines, projects, ids) = if asked.at.is_now() {
        let mut conn = deps.read().await?;
        let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
            let live = store::live_builds(conn).await?;
            let lag = lag::of(conn, &live).await?;
            if live.is_empty() {
                return Ok((Vec::new(), BTreeMap::new(), None, lag));
            }
            let (lines, projects) = live_edges(conn, &live, asked).await?;
            // What has an edge is known.
            let missed = asked.of.is_some() && lines.is_empty();
            let ids = if missed { Some(known::live(conn, &live).await?) } else { None };
            Ok((lines, projects, ids, lag))
        });
        let (lines, projects, ids, lag) = read.await?;
        lag::note(deps, lag);
        (lines, projects, ids)
    } else {
        let mut conn = deps.read_long().await?;
        let fold = snapshot::read(&mut conn, async |conn| point::fold(deps, conn, &asked.at).await).await?;
        let graph = fold.world.view().graph;
        let lines = query::edges_of(&graph, fold.formula().graph.edges);
        let members = graph.vertices.iter().filter_map(|vertex| {
            Some((vertex.id.to_string(), graph.projects[vertex.project? as usize].id.to_string()))
        });
        (lines, members.collect(), Some(known::of(&graph)))
    };
    if asked.ends == Ends::Projects {
        lines = between_projects(&lines, &projects);
    }
    let has_end = |line: &query::EdgeLine, id: &str| line.in_vertex == id || line.out_vertex == id;
    let of = asked.of.as_deref().map(|id| kept_form(id, |form| lines.iter().any(|line| has_end(line, form))));
    let matching = lines.into_iter().filter(|line| of.as_ref().is_none_or(|id| has_end(line, id)));
    let found: Vec<EdgeRow> = matching.map(EdgeRow::from).collect();
    if let (Some(given), true) = (&asked.of, found.is_empty()) {
        if let Some(unknown) = ids.and_then(|ids| known::unknown(given, &ids)) {
            return Err(unknown);
        }
        deps.note(format!("no dependency is known that begins or ends at {given}"));
    }
    Ok(found)
}

/// Reads what is shown and no more: the edges, and the projects of their ends where those are shown.
async fn live_edges(
    conn: &mut PgConnection,
    live: &[Build],
    asked: &EdgesQuery,
) -> Result<(Vec<query::EdgeLine>, BTreeMap<String, String>)> {
    let lines = match (&asked.of, asked.ends) {
        (None, _) => query::edges(conn, live).await?,
        (Some(id), Ends::Repos) => few::edges(conn, live, &forms_of(id)).await?,
        (Some(project), Ends::Projects) => {
            let repos = few::repos(conn, live, project).await?;
            few::edges(conn, live, &repos).await?
        }
    };
    let projects = match (&asked.of, asked.ends) {
        (_, Ends::Repos) => BTreeMap::new(),
        (None, Ends::Projects) => query::projects_of_repos(conn, live).await?,
        (Some(_), Ends::Projects) => {
            let ends: BTreeSet<&String> = lines.iter().flat_map(|line| [&line.in_vertex, &line.out_vertex]).collect();
            let ends: Vec<String> = ends.into_iter().cloned().collect();
            few::projects(conn, live, &ends).await?
        }
    };
    Ok((lines, projects))
}

/// A page of the edges of a snapshot, by (dependent, dependency): all, or those with an end.
///
/// # Errors
/// [`Error::NotFound`] for an end that nothing is; as [`PageQuery::cut`].
#[cfg(feature = "serve")]
pub fn listed(atlas: &Resident, of: Option<&str>, ends: Ends, page: &PageQuery) -> Result<RowsPage<EdgeRow>> {
    let graph = atlas.graph();
    let id = |vertex: u32| graph.vertices[vertex as usize].id.to_string();
    let known = |found: bool| match of.filter(|_| !found) {
        Some(given) => known::unknown(given, &known::of(graph)).map_or(Ok(()), Err),
        None => Ok(()),
    };
    if ends == Ends::Projects {
        let made = atlas.made.get(|| BetweenProjects(projects_of_resident(atlas)));
        let all = &made.0;
        let key = |row: &EdgeRow| (row.in_vertex.clone(), row.out_vertex.clone());
        let Some(given) = of else { return page.cut(all, key, EdgeRow::clone) };
        let has_end = |row: &EdgeRow, id: &str| row.in_vertex == id || row.out_vertex == id;
        let id = kept_form(given, |form| all.iter().any(|row| has_end(row, form)));
        let rows: Vec<EdgeRow> = all.iter().filter(|row| has_end(row, &id)).cloned().collect();
        known(!rows.is_empty())?;
        return page.cut(&rows, key, EdgeRow::clone);
    }
    let key = |edge: &u32| (id(graph.edges[*edge as usize].from), id(graph.edges[*edge as usize].to));
    let row = |edge: &u32| {
        let edge = &graph.edges[*edge as usize];
        let claim = edge.under(atlas.formula.graph.edges);
        EdgeRow {
            in_vertex: id(edge.from),
            out_vertex: id(edge.to),
            version_range: claim.and_then(|claim| claim.version.as_deref().map(str::to_owned)),
            confidence: claim.map_or_else(String::new, |claim| claim.confidence.name().to_owned()),
        }
    };
    let Some(given) = of else { return page.cut(atlas.edges(), key, row) };
    let vertices = forms_of(given).into_iter().filter_map(|form| graph.vertex(&form));
    let edges = vertices.map(|vertex| atlas.edges_at(vertex)).find(|edges| !edges.is_empty()).unwrap_or_default();
    known(!edges.is_empty())?;
    page.cut(&edges, key, row)
}

/// Every edge of a snapshot between projects.
#[cfg(feature = "serve")]
struct BetweenProjects(Vec<EdgeRow>);

/// The edges of a snapshot between projects, by (dependent, dependency).
#[cfg(feature = "serve")]
fn projects_of_resident(atlas: &Resident) -> Vec<EdgeRow> {
    let graph = atlas.graph();
    let project = |repo: u32| Some(graph.projects[graph.vertices[repo as usize].project? as usize].id.to_string());
    let members = atlas.repos().filter_map(|repo| Some((graph.vertices[repo as usize].id.to_string(), project(repo)?)));
    let lines = query::edges_of(graph, atlas.formula.graph.edges);
    between_projects(&lines, &members.collect()).into_iter().map(EdgeRow::from).collect()
}

impl From<query::EdgeLine> for EdgeRow {
    fn from(line: query::EdgeLine) -> Self {
        let query::EdgeLine { in_vertex, out_vertex, version_range, confidence } = line;
        Self { in_vertex, out_vertex, version_range, confidence }
    }
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

/// Something that an edge rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeReason {
    /// What is claimed, or the id that is bound.
    pub id: String,
    /// Kind of the claim, or of the evidence.
    pub kind: String,
    /// In words.
    pub reason: String,
    /// The event behind it.
    pub position: Position,
    /// The version claimed.
    pub version: Option<String>,
}

/// Why the edge from one vertex to another stands: the claims behind it, then what binds the names that they use to its
/// ends.
///
/// # Errors
/// [`Error::NotFound`] where no such edge stands; when the point does not exist, or the database fails.
pub async fn why(deps: &Deps, from: &str, to: &str, at: &PointQuery) -> Result<Vec<EdgeReason>> {
    let mut conn = deps.read_long().await?;
    let fold = snapshot::read(&mut conn, async |conn| point::fold(deps, conn, at).await).await?;
    why_in(&fold.world, from, to)
}

/// The same in a state.
///
/// # Errors
/// [`Error::NotFound`] where no such edge stands.
pub(crate) fn why_in(world: &World, from: &str, to: &str) -> Result<Vec<EdgeReason>> {
    let pairs = forms_of(from).into_iter().flat_map(|from| forms_of(to).into_iter().map(move |to| (from.clone(), to)));
    let mut found = pairs.map(|(from, to)| reasons(world, &from, &to));
    if let Some(reasons) = found.find(|reasons| !reasons.is_empty()) {
        return Ok(reasons);
    }
    let ids = known::of(&world.view().graph);
    let unknown = [from, to].into_iter().find_map(|end| known::unknown(end, &ids));
    let complaint = || format!("nothing says that {from} depends on {to} directly");
    Err(unknown.unwrap_or_else(|| Error::not_found("edge", format!("{from} -> {to}"), complaint())))
}

fn reasons(world: &World, from: &str, to: &str) -> Vec<EdgeReason> {
    let state = &world.graph;
    let claims = evidence::of(state, from, to);
    let named: BTreeSet<&str> = claims.iter().flat_map(|claim| [claim.from.as_str(), claim.to.as_str()]).collect();
    let bindings = evidence::bindings(state, named.into_iter());
    let claims = claims.iter().map(|claim| EdgeReason {
        id: format!("{} -> {}", claim.from, claim.to),
        kind: claim.kind.to_string(),
        reason: format!("claimed by the {} of {}", claim.source, claim.subject),
        position: claim.position,
        version: claim.version.clone(),
    });
    let bindings = bindings.iter().map(|binding| {
        let says = if binding.kind == "rename" { "is now" } else { "is published from" };
        EdgeReason {
            id: binding.id.clone(),
            kind: binding.kind.to_string(),
            reason: format!("{says} {}: {}", binding.to, binding.source),
            position: binding.position,
            version: None,
        }
    });
    claims.chain(bindings).collect()
}

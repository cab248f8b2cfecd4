//! Reading the live tables.

use domain::formula::EdgePolicy;
use domain::number::fit;
use domain::time::Day;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::load::inconsistent;
use super::statement::{self, Statement};
use super::{Build, StoreError};
use crate::graph::Confidence;
use crate::graph::Graph;
use crate::metrics::{Level, Scores};
use crate::tables::Projection;

/// A score as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreLine {
    /// Canonical id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Activity status, where known.
    pub activity_status: Option<String>,
    /// Transitive active dependents.
    pub criticality_score: Option<u64>,
    /// Fewest people behind half of the commits.
    pub pony_factor: Option<u64>,
    /// Adoption as decimal text.
    pub adoption_score: Option<String>,
    /// The composite as decimal text.
    pub pg_score: Option<String>,
    /// The project, for repositories.
    pub project_id: Option<String>,
    /// The formula's further terms and its raised flags, by name, as in a digest.
    pub further: serde_json::Map<String, serde_json::Value>,
}

/// An edge as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EdgeLine {
    /// The dependent.
    pub in_vertex: String,
    /// The dependency.
    pub out_vertex: String,
    /// Version or requirement.
    pub version_range: Option<String>,
    /// How sure.
    pub confidence: String,
}

/// A number that is never negative, of a table of ours.
fn unsigned(build: &Build, table: &'static str, row: &str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| inconsistent(build, table, row))
}

pub(super) fn of(builds: &[Build], projection: Projection) -> Result<&Build, StoreError> {
    let found = builds.iter().find(|build| build.projection == projection);
    found.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
}

/// The live scores of a level, by id.
///
/// # Errors
/// When the database refuses.
pub async fn scores(conn: &mut PgConnection, builds: &[Build], level: Level) -> Result<Vec<ScoreLine>, StoreError> {
    let statement = match level {
        Level::Project => statement::SCORES_OF_PROJECTS,
        _ => statement::SCORES,
    };
    let sql = on_scores(statement, builds)?;
    let rows = sqlx::query(&sql).bind(level.name()).fetch_all(conn).await?;
    rows.iter().map(|row| score_line(of(builds, Projection::Metrics)?, row)).collect()
}

/// The statement on the live builds that scores are read from.
pub(super) fn on_scores(statement: Statement, builds: &[Build]) -> Result<String, StoreError> {
    Ok(statement.on(&[("graph", of(builds, Projection::Graph)?), ("metrics", of(builds, Projection::Metrics)?)]))
}

/// A score of the live builds.
pub(super) fn score_line(build: &Build, row: &PgRow) -> Result<ScoreLine, StoreError> {
    let id: String = row.try_get("id")?;
    let unsigned = |value: Option<i64>| value.map(|n| unsigned(build, "score", &id, n)).transpose();
    Ok(ScoreLine {
        name: row.try_get("display_name")?,
        activity_status: row.try_get("activity_status")?,
        criticality_score: unsigned(row.try_get("criticality_score")?)?,
        pony_factor: unsigned(row.try_get("pony_factor")?)?,
        adoption_score: row.try_get("adoption_score")?,
        pg_score: row.try_get("pg_score")?,
        project_id: row.try_get("project")?,
        further: further(row)?,
        id,
    })
}

/// Further terms and flags as stored.
fn further(row: &PgRow) -> Result<serde_json::Map<String, serde_json::Value>, StoreError> {
    let undecodable = |error: serde_json::Error| StoreError::Database(sqlx::Error::Decode(error.into()));
    let mut further = match row.try_get::<Option<&str>, _>("terms")? {
        Some(terms) => serde_json::from_str(terms).map_err(undecodable)?,
        None => serde_json::Map::new(),
    };
    if let Some(flags) = row.try_get::<Option<&str>, _>("flags")? {
        further.insert("flags".to_owned(), serde_json::from_str(flags).map_err(undecodable)?);
    }
    Ok(further)
}

/// The scores of a level as a fold gives them, in the same shape.
#[must_use]
pub fn scores_of(graph: &Graph, scores: &Scores, level: Level) -> Vec<ScoreLine> {
    let project = |id: &str| {
        let found = graph.projects.binary_search_by(|project| project.id.as_ref().cmp(id));
        graph.projects[found.expect("scores are of the projects of their graph")].name.clone()
    };
    let of_level = scores.rows.iter().filter(|row| row.level == level);
    of_level
        .map(|row| {
            let vertex = graph.vertex(&row.id).map(|n| &graph.vertices[n as usize]).filter(|_| level != Level::Project);
            ScoreLine {
                id: row.id.to_string(),
                name: vertex.map_or_else(|| project(&row.id), |vertex| vertex.details.name.clone()),
                activity_status: row.activity_status.map(|status| status.name().to_owned()),
                criticality_score: row.criticality,
                pony_factor: row.pony_factor.map(u64::from),
                adoption_score: row.adoption.map(crate::metrics::exact::hundredths),
                pg_score: row.pg_score.map(crate::metrics::exact::hundredths),
                project_id: vertex.and_then(|v| Some(graph.projects[v.project? as usize].id.to_string())),
                further: scores.further(row),
            }
        })
        .collect()
}

/// The live edges under the live formula's policy, by (dependent, dependency).
///
/// # Errors
/// When the database refuses.
pub async fn edges(conn: &mut PgConnection, builds: &[Build]) -> Result<Vec<EdgeLine>, StoreError> {
    // Not through the view: it always points at the newest builds, also for a snapshot that knows only the ones before.
    let sql = on_edges(statement::EDGES, builds)?;
    let rows = sqlx::query(&sql).fetch_all(conn).await?;
    rows.iter().map(edge_line).collect()
}

/// The statement on the live builds that edges are read from, under the live formula's policy.
pub(super) fn on_edges(statement: Statement, builds: &[Build]) -> Result<String, StoreError> {
    let policy = of(builds, Projection::Metrics)?.read_formula()?.graph.edges;
    Ok(statement.on_edges(policy, &[("graph", of(builds, Projection::Graph)?)]))
}

/// An edge of the live builds.
pub(super) fn edge_line(row: &PgRow) -> Result<EdgeLine, StoreError> {
    Ok(EdgeLine {
        in_vertex: row.try_get("in_vertex")?,
        out_vertex: row.try_get("out_vertex")?,
        version_range: row.try_get("version_range")?,
        confidence: row.try_get("confidence")?,
    })
}

/// The edges of a graph under a policy, in the same shape.
#[must_use]
pub fn edges_of(graph: &Graph, policy: EdgePolicy) -> Vec<EdgeLine> {
    let id = |vertex: u32| graph.vertices[vertex as usize].id.clone();
    let known = graph.edges.iter().filter_map(|edge| {
        let claim = edge.under(policy)?;
        Some(EdgeLine {
            in_vertex: id(edge.from).to_string(),
            out_vertex: id(edge.to).to_string(),
            version_range: claim.version.as_deref().map(str::to_owned),
            confidence: claim.confidence.name().to_owned(),
        })
    });
    known.collect()
}

/// The project of every live Repo that has one.
///
/// # Errors
/// When the database refuses.
pub async fn projects_of_repos(
    conn: &mut PgConnection,
    builds: &[Build],
) -> Result<std::collections::BTreeMap<String, String>, StoreError> {
    let sql = statement::PROJECTS_OF_REPOS.on(&[("graph", of(builds, Projection::Graph)?)]);
    let rows = sqlx::query(&sql).fetch_all(conn).await?;
    let pair = |row: &PgRow| Ok((row.try_get("canonical_id")?, row.try_get("project")?));
    rows.iter().map(pair).collect()
}

/// A value that held for a while, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanLine {
    /// Kind of vertex.
    pub level: String,
    /// Which value.
    pub metric: String,
    /// First tick that saw it.
    pub from: u64,
    /// First tick that saw another.
    pub to: Option<u64>,
    /// World day of the first tick that saw it.
    pub from_day: Option<Day>,
    /// World day of the first tick that saw another.
    pub to_day: Option<Day>,
    /// The value, as JSON text.
    pub value: String,
}

/// The values of one vertex over time, by (metric, position).
///
/// # Errors
/// When the database refuses.
pub async fn spans(
    conn: &mut PgConnection,
    build: &Build,
    id: &str,
    metric: Option<&str>,
) -> Result<Vec<SpanLine>, StoreError> {
    let sql = statement::HISTORY_OF_ONE.on(&[("history", build)]);
    let levels: Vec<&str> = [Level::Project, Level::Repo, Level::External].into_iter().map(Level::name).collect();
    let rows = sqlx::query(&sql).bind(id).bind(levels).bind(metric).fetch_all(conn).await?;
    let unsigned = |value: i64| unsigned(build, "span", id, value);
    let day = |text: Option<&str>| {
        let day = text.map(Day::parse).transpose();
        day.map_err(|_| inconsistent(build, "tick", text.unwrap_or_default()))
    };
    let line = |row: &PgRow| {
        Ok(SpanLine {
            level: row.try_get("level")?,
            metric: row.try_get("metric")?,
            from: unsigned(row.try_get("from_position")?)?,
            to: row.try_get::<Option<i64>, _>("to_position")?.map(unsigned).transpose()?,
            from_day: day(row.try_get("from_day")?)?,
            to_day: day(row.try_get("to_day")?)?,
            value: row.try_get("value")?,
        })
    };
    rows.iter().map(line).collect()
}

/// The labels that were published, each list with the tick that saw them, in order.
///
/// # Errors
/// When the database refuses.
pub async fn labels(conn: &mut PgConnection, build: &Build) -> Result<Vec<(u64, Vec<String>)>, StoreError> {
    let sql = statement::LABELS.on(&[("history", build)]);
    let rows = sqlx::query(&sql).fetch_all(conn).await?;
    let line = |row: &PgRow| {
        let number: i64 = row.try_get("position")?;
        let labels = serde_json::from_str(row.try_get("labels")?);
        let labels = labels.map_err(|_| inconsistent(build, "tick", &number.to_string()))?;
        Ok((unsigned(build, "tick", &number.to_string(), number)?, labels))
    };
    rows.iter().map(line).collect()
}

/// A value that held at some position: kind of vertex, id, metric, the value as JSON text.
pub type ValueHeld = (String, String, String, String);

/// The values that held at a position, by (level, id, metric).
///
/// # Errors
/// When the database refuses.
pub async fn values_at(conn: &mut PgConnection, build: &Build, position: u64) -> Result<Vec<ValueHeld>, StoreError> {
    let sql = statement::VALUES_AT.on(&[("history", build)]);
    Ok(sqlx::query_as(&sql).bind(i64::try_from(position).unwrap_or(i64::MAX)).fetch_all(conn).await?)
}

/// Open questions: (kind, id, reason), sorted.
///
/// # Errors
/// When the database refuses.
pub async fn findings(conn: &mut PgConnection, builds: &[Build]) -> Result<Vec<(String, String, String)>, StoreError> {
    let sql = statement::FINDINGS.on(&[("graph", of(builds, Projection::Graph)?)]);
    let rows = sqlx::query(&sql).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get("kind")?, row.try_get("id")?, row.try_get("reason")?))).collect()
}

/// Number of live rows: projects, Repos, ExternalRepos, edges.
///
/// # Errors
/// When the database refuses.
pub async fn counts(conn: &mut PgConnection) -> Result<[i64; 4], StoreError> {
    let row = sqlx::query(statement::COUNTS.sql).fetch_one(conn).await?;
    Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?])
}

/// Size of the database, in bytes.
///
/// # Errors
/// When the database refuses.
pub async fn database_bytes(conn: &mut PgConnection) -> Result<u64, StoreError> {
    let bytes = sqlx::query_file_scalar!("sql/database_bytes.sql").fetch_one(conn).await?;
    Ok(fit(bytes, "bytes of a database"))
}

/// Live edges of Repos that have a bill of materials in which no such dependency is listed: only a registry claims
/// them. By (dependent, dependency).
///
/// # Errors
/// When the database refuses.
pub async fn undeclared(conn: &mut PgConnection, builds: &[Build]) -> Result<Vec<EdgeLine>, StoreError> {
    let repos = statement::REPOS.on(&[("graph", of(builds, Projection::Graph)?)]);
    let lines = edges(&mut *conn, builds).await?;
    let repos: std::collections::BTreeSet<String> =
        sqlx::query_scalar(&repos).fetch_all(conn).await?.into_iter().collect();
    Ok(only_claimed(lines, &repos))
}

/// Of these edges those of Repos that have a bill of materials in which no such dependency is listed.
#[must_use]
pub fn only_claimed(mut lines: Vec<EdgeLine>, repos: &std::collections::BTreeSet<String>) -> Vec<EdgeLine> {
    let verified = Confidence::VerifiedSbom.name();
    let listing: std::collections::BTreeSet<String> =
        lines.iter().filter(|line| line.confidence == verified).map(|line| line.in_vertex.clone()).collect();
    lines.retain(|line| {
        line.confidence != verified && repos.contains(&line.in_vertex) && listing.contains(&line.in_vertex)
    });
    lines
}

/// The ids of every project, Repo and ExternalRepo of the live builds, in no order.
///
/// # Errors
/// When the database refuses.
pub async fn ids(conn: &mut PgConnection, builds: &[Build]) -> Result<Vec<String>, StoreError> {
    let sql = statement::IDS.on(&[("graph", of(builds, Projection::Graph)?)]);
    Ok(sqlx::query_scalar(&sql).fetch_all(conn).await?)
}

//! Which ids there are: what a question about another one is answered with.

use projections::graph::Graph;
#[cfg(feature = "ingest")]
use projections::store;
use projections::store::{Build, query};
#[cfg(feature = "ingest")]
use replay::snapshot;
use sqlx::PgConnection;

use super::forms_of;
#[cfg(feature = "ingest")]
use crate::service::Deps;
use crate::service::nearest::did_you_mean;
use crate::service::{Error, Result};

/// The ids of the live builds; none where nothing is projected.
pub(crate) async fn live(conn: &mut PgConnection, live: &[Build]) -> Result<Vec<String>> {
    Ok(if live.is_empty() { Vec::new() } else { query::ids(conn, live).await? })
}

/// The ids of the live builds, of one moment.
#[cfg(feature = "ingest")]
pub(crate) async fn all(deps: &Deps) -> Result<Vec<String>> {
    let mut conn = deps.read().await?;
    snapshot::read(&mut conn, async |conn| {
        let builds = store::live_builds(conn).await?;
        live(conn, &builds).await
    })
    .await
}

/// The ids near one, as what is said behind a complaint.
pub(crate) fn near(given: &str, ids: &[String]) -> String {
    did_you_mean(given, ids.iter().map(String::as_str).filter(|id| *id != given))
}

/// The ids of a graph.
pub(crate) fn of(graph: &Graph) -> Vec<String> {
    let vertices = graph.vertices.iter().map(|vertex| vertex.id.to_string());
    vertices.chain(graph.projects.iter().map(|project| project.id.to_string())).collect()
}

/// That nothing has an id, with those that are near; `None` where one of its forms is there.
pub(crate) fn unknown(given: &str, ids: &[String]) -> Option<Error> {
    let there = forms_of(given).iter().any(|form| ids.contains(form));
    (!there).then(|| nothing("vertex", given, &format!("no project, repository or package has the id `{given}`"), ids))
}

/// A complaint about an id, with those that are near.
pub(crate) fn nothing(what: &'static str, given: &str, complaint: &str, ids: &[String]) -> Error {
    Error::not_found(what, given, format!("{complaint}{}", near(given, ids)))
}

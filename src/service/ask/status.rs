//! How far everything is: head of the log, builds and their lag, sizes.

use domain::digest::Digest;
use domain::recorded::Position;
use projections::store::{self, Manifest, query};
use replay::{log, snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::service::{Deps, Result};

/// Where a live build stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveBuild {
    /// `graph`, `people`, `metrics` or `history`.
    pub name: String,
    /// Its number.
    pub build: i64,
    /// The last position folded in.
    pub position: Position,
    /// Events that it lacks.
    pub lag: u64,
    /// Name of the formula, where one decides its rows.
    pub formula: Option<String>,
}

/// Where the live builds stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LiveBuilds {
    /// The last position of the log.
    pub head: Position,
    /// Each live build.
    pub projections: Vec<LiveBuild>,
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Status {
    /// Where the live builds stand.
    #[serde(flatten)]
    pub standing: LiveBuilds,
    /// Every build, by number.
    pub builds: Vec<Manifest>,
    /// Events of the log.
    pub tree_size: u64,
    /// Root of the log.
    pub root: Digest,
    /// Size of the database, in bytes.
    pub database_bytes: u64,
}

/// Where everything stands.
///
/// # Errors
/// When the database fails.
pub async fn status(deps: &Deps) -> Result<Status> {
    let mut conn = deps.read().await?;
    snapshot::read(&mut conn, async |conn| {
        let head = log::head(conn).await?;
        Ok(Status {
            standing: standing_at(conn, head.position).await?,
            builds: store::manifests(conn).await?,
            tree_size: head.position,
            root: head.root,
            database_bytes: query::database_bytes(conn).await?,
        })
    })
    .await
}

/// Where the live builds stand.
pub(crate) async fn standing(conn: &mut PgConnection) -> Result<LiveBuilds> {
    let head = log::head(conn).await?.position;
    standing_at(conn, head).await
}

/// Where the live builds stand, of a log that ends at `head`.
async fn standing_at(conn: &mut PgConnection, head: Position) -> Result<LiveBuilds> {
    let live = store::live_builds(conn).await?;
    let projections = live.iter().map(|build| LiveBuild {
        name: build.projection.name().to_owned(),
        build: build.id,
        position: build.position,
        lag: head.saturating_sub(build.position),
        formula: build.formula.clone(),
    });
    Ok(LiveBuilds { head, projections: projections.collect() })
}

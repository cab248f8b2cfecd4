//! `project`, `status`, `migrate`: the live builds.

mod follow;

use std::time::Duration;

use ::replay::catch_up::Projector;
use ::replay::{ReplayError, log};
use projections::store::{self, StoreError, query};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::cli::failure::Result;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// Pause of one that met another projector and only wants the builds at the head.
const MET: Duration = Duration::from_millis(20);

/// `project`.
pub(crate) async fn run(session: &Session, follow: bool) -> Result<Output> {
    if follow {
        return follow::run(session).await;
    }
    let mut conn = session.connect_to_write().await?;
    sequence(session).await?;
    catch_up(session, &mut conn).await?;
    Ok(Output::Object(builds(&mut conn).await?))
}

/// Brings the live builds to the head as it stands now. Another projector doing the same is no failure.
pub(crate) async fn catch_up(session: &Session, conn: &mut PgConnection) -> Result<Projector> {
    loop {
        if let Some(projector) = attempt(session, conn).await? {
            return Ok(projector);
        }
        tokio::time::sleep(MET).await;
    }
}

/// One try to bring the live builds to the head as it stands now. `None`: another projector was faster.
async fn attempt(session: &Session, conn: &mut PgConnection) -> Result<Option<Projector>> {
    let Some(mut projector) = settle(Projector::open(conn).await)? else { return Ok(None) };
    let head = log::head(conn).await?.position;
    if projector.is_stale(conn).await? {
        return Ok(None);
    }
    let mut progress = session.progress("projecting", head.saturating_sub(projector.position()));
    let moved = projector.catch_up(conn, head, &mut |event| progress.event(event)).await;
    Ok((!fenced(moved)?).then_some(projector))
}

/// Whether another projector was faster, which is no failure.
fn fenced(moved: std::result::Result<(), ReplayError>) -> Result<bool> {
    Ok(settle(moved)?.is_none())
}

/// What came of it; `None` where another projector was faster, which is no failure.
fn settle<T>(tried: std::result::Result<T, ReplayError>) -> Result<Option<T>> {
    match tried {
        Err(ReplayError::Store(StoreError::Fenced { .. })) => Ok(None),
        tried => Ok(Some(tried?)),
    }
}

/// Gives positions to what killed clients left behind.
#[cfg(feature = "ingest")]
async fn sequence(session: &Session) -> Result<()> {
    let log = session.log().await?;
    match log.drain().await {
        // A projector's login may follow the log without the right to order it.
        Err(error) if is_denied(&error) => tracing::debug!("this login does not sequence"),
        drained => drop(drained.map_err(::ingest::AppendError::from)?),
    }
    Ok(())
}

/// Whether the database refused for want of a right.
#[cfg(feature = "ingest")]
fn is_denied(error: &(dyn std::error::Error + 'static)) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let denied = |error: &sqlx::Error| {
        error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code == INSUFFICIENT_PRIVILEGE)
    };
    error.downcast_ref::<sqlx::Error>().is_some_and(denied) || error.source().is_some_and(is_denied)
}

/// A program without the append path sequences nothing.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn sequence(_: &Session) -> Result<()> {
    Ok(())
}

async fn builds(conn: &mut PgConnection) -> Result<Map<String, Value>> {
    let head = log::head(conn).await?;
    let live = store::live_builds(conn).await?;
    let each = live.iter().map(|build| {
        json!({
            "name": build.projection.name(),
            "build": build.id,
            "position": build.position,
            "lag": head.position.saturating_sub(build.position),
            "formula": build.formula,
        })
    });
    Ok(object(json!({"head": head.position, "projections": each.collect::<Vec<_>>()})))
}

/// `status`.
pub(crate) async fn status(session: &Session) -> Result<Output> {
    let mut conn = session.connect().await?;
    let head = log::head(&mut conn).await?;
    let mut status = builds(&mut conn).await?;
    status.insert("builds".into(), json!(store::manifests(&mut conn).await?));
    status.insert("tree_size".into(), json!(head.position));
    status.insert("root".into(), json!(head.root));
    status.insert("database_bytes".into(), json!(query::database_bytes(&mut conn).await?));
    Ok(Output::Object(status))
}

/// `migrate`.
#[cfg(feature = "ingest")]
pub(crate) async fn migrate(session: &Session, roles: bool) -> Result<Output> {
    session.migrate().await?;
    if roles {
        session.grant_roles().await?;
    }
    let roles = roles.then_some(::ingest::roles::ALL);
    Ok(Output::Object(object(json!({"migrated": true, "roles": roles}))))
}

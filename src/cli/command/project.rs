//! `project`, `status`, `migrate`: the live builds.

mod follow;

use ::replay::catch_up::{self, Ended};
use ::replay::stop::Stop;
use ::replay::{log, snapshot};
use anyhow::anyhow;
use projections::store::{self, query};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::cli::failure::{Failure, Result};
use crate::cli::interrupt::Stopping;
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

/// `project`. Asked to stop, it keeps what is folded by then.
pub(crate) async fn run(session: &Session, follow: bool) -> Result<Output> {
    if follow {
        return follow::run(session).await;
    }
    let mut conn = session.connect_to_write().await?;
    sequence(session).await?;
    let common = session.common.clone();
    let stopping = Stopping::begin(move |asked| {
        session::say(&common, &format!("{}: saving what is folded; once more stops at once", asked.name()));
    })?;
    if bring(session, &mut conn, &stopping.stop).await? == Ended::Stopped {
        // The connection may be in the middle of something.
        let mut conn = session.connect().await?;
        let (live, head) = (store::live_builds(&mut conn).await?, log::head(&mut conn).await?.position);
        let position = live.iter().map(|build| build.position).min().unwrap_or(0);
        let reason = anyhow!("interrupted at position {position} of {head}; `pg-atlas project` goes on from there");
        let code = stopping.came().map_or(crate::cli::failure::REFUSED, crate::cli::interrupt::Asked::exit_code);
        return Err(Failure { code, error: reason });
    }
    Ok(Output::Object(builds(&mut conn).await?))
}

/// Brings the live builds to the head as it stands now.
#[cfg(feature = "ingest")]
pub(crate) async fn catch_up(session: &Session, conn: &mut PgConnection) -> Result<()> {
    bring(session, conn, &Stop::default()).await.map(drop)
}

async fn bring(session: &Session, conn: &mut PgConnection, stop: &Stop) -> Result<Ended> {
    let head = log::head(conn).await?.position;
    let live = store::live_builds(conn).await?;
    let position = live.iter().map(|build| build.position).min().unwrap_or(0);
    let mut progress = session.progress("projecting", head.saturating_sub(position));
    Ok(catch_up::bring(conn, head, stop, &mut |event| progress.event(event)).await?)
}

/// Gives positions to what killed clients left behind.
#[cfg(feature = "ingest")]
async fn sequence(session: &Session) -> Result<()> {
    let log = session.log().await?;
    // A projector's login may follow the log without the right to order it.
    if log.may_sequence().await.map_err(::ingest::AppendError::from)? {
        log.drain().await.map_err(::ingest::AppendError::from)?;
    }
    Ok(())
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
    let status = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let head = log::head(conn).await?;
        let mut status = builds(conn).await?;
        status.insert("builds".into(), json!(store::manifests(conn).await?));
        status.insert("tree_size".into(), json!(head.position));
        status.insert("root".into(), json!(head.root));
        status.insert("database_bytes".into(), json!(query::database_bytes(conn).await?));
        Ok(status)
    });
    Ok(Output::Object(status.await?))
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

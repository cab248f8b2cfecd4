//! The live builds are brought to the head of the log.

use projections::store;
use replay::catch_up::{self, Ended};
use replay::log;
use replay::stop::Stop;
use sqlx::PgConnection;

use crate::service::ask::lag;
use crate::service::ask::status::{self, LiveBuilds};
use crate::service::{Deps, Error, Result};

/// Brings the live builds to the head as it stands now. Asked to stop, it keeps what is folded by then.
///
/// # Errors
/// [`Error::Interrupted`] when it was stopped before the head; as [`Deps::write`].
pub async fn project(deps: &Deps, stop: &Stop) -> Result<LiveBuilds> {
    // Of its own: where builds are made anew, the connection is their maker's.
    let mut conn = deps.write().await?.detach();
    sequence(deps).await?;
    if bring(deps, &mut conn, stop).await? == Ended::Stopped {
        // The connection may be in the middle of something.
        let mut conn = deps.read_long().await?;
        let (live, head) = (store::live_builds(&mut conn).await?, log::head(&mut conn).await?.position);
        let position = lag::position(&live);
        return Err(Error::Interrupted(format!("interrupted at position {position} of {head}").into()));
    }
    status::standing(&mut conn).await
}

/// Brings the live builds to the head as it stands now, on a connection of one's own.
#[cfg(feature = "ingest")]
pub(crate) async fn catch_up(deps: &Deps, conn: &mut PgConnection) -> Result<()> {
    bring(deps, conn, &Stop::default()).await.map(drop)
}

async fn bring(deps: &Deps, conn: &mut PgConnection, stop: &Stop) -> Result<Ended> {
    let head = log::head(conn).await?.position;
    let live = store::live_builds(conn).await?;
    let mut progress = deps.begin("projecting", head.saturating_sub(lag::position(&live)));
    Ok(catch_up::bring(conn, head, stop, &mut |_| progress.step()).await?)
}

/// Gives positions to what killed clients left behind.
#[cfg(feature = "ingest")]
async fn sequence(deps: &Deps) -> Result<()> {
    let log = deps.log().await?;
    // A projector's login may follow the log without the right to order it.
    if log.may_sequence().await.map_err(ingest::AppendError::from)? {
        log.drain().await.map_err(ingest::AppendError::from)?;
    }
    Ok(())
}

/// A program without the append path sequences nothing.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn sequence(_: &Deps) -> Result<()> {
    Ok(())
}

//! The live builds, moved by the library alone.

use replay::log::{self, Stored};
use replay::projector::Projector;
use replay::{ReplayError, catch_up};
use sqlx::PgConnection;

/// Brings the live builds to the head, or to wherever it stood when this began.
pub(crate) async fn to_head(
    conn: &mut PgConnection,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Projector, ReplayError> {
    // The head first: what is opened afterwards passes over all that was decided up to it.
    let head = log::head(&mut *conn).await?.position;
    let mut projector = catch_up::open(&mut *conn).await?;
    projector.catch_up(&mut *conn, head, progress).await?;
    Ok(projector)
}

//! The fence: who is still the projector of its builds.

use domain::number::fit;
use projections::store::{Build, StoreError};
use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;
use crate::quarantine::Quarantine;
use crate::snapshot::is_replaced;

/// Locks the builds that are about to be moved, in the order of their numbers, if they still are what this projector
/// takes them for. The cursor alone does not tell a live build from one that was replaced where it stood.
pub(crate) async fn fence(
    conn: &mut PgConnection,
    builds: &[Build],
    quarantine: &Quarantine,
) -> Result<(), ReplayError> {
    let held = sqlx::query_file_scalar!(
        "sql/fence.sql",
        &builds.iter().map(|build| build.id).collect::<Vec<_>>(),
        &builds.iter().map(|build| fit::<i64>(build.position, "position")).collect::<Vec<_>>(),
        &builds.iter().map(|build| build.status.as_str()).collect::<Vec<_>>() as &[&str],
        &quarantine.digest().0
    )
    .fetch_all(conn)
    .await?;
    match builds.iter().find(|build| !held.contains(&build.id)) {
        Some(build) => Err(StoreError::Fenced { build: build.id, position: build.position }.into()),
        None => Ok(()),
    }
}

/// Notes the quarantined set with builds that it does not touch, if they stand where they stood.
pub(crate) async fn note_quarantine(
    conn: &mut PgConnection,
    builds: &[Build],
    now: &Quarantine,
) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    for build in builds {
        let position = fit::<i64>(build.position, "position");
        let noted = sqlx::query_file!("sql/note_quarantine.sql", build.id, position, &now.digest().0)
            .execute(&mut *transaction)
            .await?;
        if noted.rows_affected() != 1 {
            return Err(StoreError::Fenced { build: build.id, position: build.position }.into());
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// A build that was replaced and dropped while it was read.
pub(crate) fn replaced(build: &Build, error: StoreError) -> ReplayError {
    let error = ReplayError::from(error);
    if is_replaced(&error) {
        return StoreError::Fenced { build: build.id, position: build.position }.into();
    }
    error
}

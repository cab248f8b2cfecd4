//! Builds that hold what must be forgotten.

use domain::recorded::Position;
use projections::store::schema;
use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;

/// Drops retired builds that had folded the event at a position. There is no way back to them: a rollback would bring
/// back what was erased.
///
/// # Errors
/// When the database refuses.
pub async fn retired(conn: &mut PgConnection, position: Position) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    sqlx::query("LOCK TABLE atlas.live IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
    let builds: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM atlas.build WHERE status = 'retired' AND position >= $1 ORDER BY id")
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .fetch_all(&mut *transaction)
            .await?;
    sqlx::query("UPDATE atlas.live SET former = NULL WHERE former = ANY($1)")
        .bind(&builds)
        .execute(&mut *transaction)
        .await?;
    for build in builds {
        schema::drop(&mut transaction, build).await?;
    }
    transaction.commit().await?;
    Ok(())
}

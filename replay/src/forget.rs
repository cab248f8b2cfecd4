//! Builds that hold what must be forgotten.

use domain::number::fit;
use domain::recorded::Position;
use projections::store::schema;
use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;
use crate::switch::lock_switches;

/// Drops retired builds that had folded the event at a position. There is no way back to them: a rollback would bring
/// back what was erased.
///
/// # Errors
/// When the database refuses.
pub async fn retired(conn: &mut PgConnection, position: Position) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    lock_switches(&mut transaction).await?;
    let position = fit::<i64>(position, "position");
    let builds = sqlx::query_file_scalar!("sql/retired_past.sql", position).fetch_all(&mut *transaction).await?;
    sqlx::query_file!("sql/forget_former.sql", &builds).execute(&mut *transaction).await?;
    for build in builds {
        schema::drop(&mut transaction, build).await?;
    }
    transaction.commit().await?;
    Ok(())
}

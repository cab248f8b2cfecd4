//! Builds that hold what must be forgotten.

use domain::number::fit;
use domain::recorded::Position;
use projections::store::schema;
use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;
use crate::snapshot::is_deadlock;
use crate::switch::lock_switches;

/// Times that builds are dropped while readers go from one of their tables to the next.
const TRIES: u32 = 20;

/// Drops retired builds that had folded the event at a position. There is no way back to them: a rollback would bring
/// back what was erased. Who still reads them is waited for; where a reader asks for a table that is dropped while
/// another is waited for that the reader holds, the server ends one of both, and if it is not the reader, this gives
/// back what it took and tries again.
///
/// # Errors
/// When the database refuses.
pub async fn retired(conn: &mut PgConnection, position: Position) -> Result<(), ReplayError> {
    let mut tries = 1;
    loop {
        match try_retired(&mut *conn, position).await {
            Err(error) if tries < TRIES && is_deadlock(&error) => tries += 1,
            done => return done,
        }
    }
}

async fn try_retired(conn: &mut PgConnection, position: Position) -> Result<(), ReplayError> {
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

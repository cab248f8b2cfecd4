//! The stable views over the live builds: the tables and columns of the working group's storage document.

use domain::formula::EdgePolicy;
use sqlx::PgConnection;

use super::{StoreError, live_builds, statement};
use crate::tables::Projection;

/// Longest wait for one view, in milliseconds: less than the server takes to look for a deadlock.
const LOCK_MILLISECONDS: u32 = 100;
/// Pause between two tries, in seconds: time for readers to come to an end.
const PAUSE_SECONDS: f64 = 0.005;
/// Tries; the last waits as long as the connection waits for any lock.
const TRIES: u32 = 50;

/// Points the views at the live builds. To be called in the transaction that switches them.
///
/// # Errors
/// When the database refuses, or fewer than four projections are live (then nothing changes).
pub async fn point_at_live(conn: &mut PgConnection) -> Result<(), StoreError> {
    let live = live_builds(&mut *conn).await?;
    let schema_of = |projection| live.iter().find(|build| build.projection == projection).map(super::Build::schema);
    let (Some(graph), Some(people), Some(metrics)) =
        (schema_of(Projection::Graph), schema_of(Projection::People), schema_of(Projection::Metrics))
    else {
        return Ok(());
    };
    let metrics_build = live.iter().find(|build| build.projection == Projection::Metrics);
    let policy = metrics_build.map_or(Ok(EdgePolicy::Flat), |build| build.read_formula().map(|f| f.graph.edges))?;
    let edge = match policy {
        EdgePolicy::Flat => "flat",
        EdgePolicy::Nested => "nested",
    };
    let sql = statement::VIEWS.sql.replace("{edge}", edge);
    let sql = [("{graph}", graph), ("{people}", people), ("{metrics}", metrics)]
        .iter()
        .fold(sql, |sql, (name, schema)| sql.replace(name, schema));
    replace(conn, &sql).await
}

/// Replaces the views while others read them. A reader holds some and waits for others, so whoever waited for all of
/// them in turn would wait in a circle: instead what was taken is given back after a moment, and tried again.
async fn replace(conn: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    let patient = format!("SAVEPOINT views; SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'; {sql}");
    for _ in 1..TRIES {
        match sqlx::raw_sql(&patient).execute(&mut *conn).await {
            Ok(_) => {
                sqlx::raw_sql("SET LOCAL lock_timeout TO DEFAULT; RELEASE SAVEPOINT views").execute(conn).await?;
                return Ok(());
            }
            Err(error) if is_lock_timeout(&error) => {
                let pause = format!("ROLLBACK TO SAVEPOINT views; SELECT pg_sleep({PAUSE_SECONDS})");
                sqlx::raw_sql(&pause).execute(&mut *conn).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some(LOCK_NOT_AVAILABLE)
}

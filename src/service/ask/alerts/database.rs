//! What the database tells: how long its live builds have lacked events, and how far its standbys are behind.

use projections::store;
use replay::log;
use sqlx::PgConnection;

use super::{AlertsReport, DISK, PROJECTION, REPLICATION};
use crate::service::ask::lag;
use crate::service::{Deps, Result};

/// What the live builds are called.
const BUILDS: &str = "live builds";

/// Looks at the database.
pub(super) async fn look(report: &mut AlertsReport, deps: Result<Deps>) {
    let looked = async {
        let deps = deps?;
        if deps.settings().database_url.is_some() {
            report.unknown(DISK.name, "database", "its server does not say: look at it there");
        }
        let mut conn = deps.read().await?;
        match unprojected(&mut conn).await {
            Ok(seconds) => report.measured(PROJECTION, BUILDS, seconds),
            Err(error) => report.unknown(PROJECTION.name, BUILDS, error.to_string()),
        }
        replication(report, &mut conn).await
    };
    if let Err(error) = looked.await {
        report.is_partial = true;
        for (name, of) in [(PROJECTION.name, BUILDS), (REPLICATION.name, "standbys")] {
            report.unknown(name, of, error.to_string());
        }
    }
}

/// For how many seconds the first event that the live builds lack has been there; 0 where they lack none.
async fn unprojected(conn: &mut PgConnection) -> Result<f64> {
    let position = lag::position(&store::live_builds(&mut *conn).await?);
    if log::head(&mut *conn).await?.position <= position {
        return Ok(0.0);
    }
    let next = domain::number::fit::<i64>(position + 1, "position");
    Ok(sqlx::query_file_scalar!("sql/recorded_before.sql", next).fetch_one(conn).await?)
}

/// How far standbys are behind this server, or this one is, where it is a standby.
async fn replication(report: &mut AlertsReport, conn: &mut PgConnection) -> Result<()> {
    let found = sqlx::query_file!("sql/replication_lag.sql").fetch_all(conn).await?;
    if found.is_empty() {
        report.unknown(REPLICATION.name, "standbys", "none is connected, and no slot waits for one");
    }
    for standby in found {
        match standby.seconds {
            Some(seconds) => report.measured(REPLICATION, standby.name, seconds),
            None => report.unknown(REPLICATION.name, standby.name, standby.reason),
        }
    }
    Ok(())
}

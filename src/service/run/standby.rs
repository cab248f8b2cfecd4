//! Standing by: another projector moves the builds, and this one watches it.

use std::time::{Duration, Instant};

use projections::store;
use replay::log;
use sqlx::PgConnection;

use crate::service::Result;

/// How long one that stands by waits before it looks at the builds again.
const WATCH: Duration = Duration::from_millis(250);
/// How long builds that are behind must stand still before one that stands by takes over.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches the live builds until they are behind the log and stand still.
pub(super) async fn stand_by(conn: &mut PgConnection) -> Result<()> {
    let mut seen: (Vec<(i64, u64)>, Instant) = (Vec::new(), Instant::now());
    loop {
        tokio::time::sleep(WATCH).await;
        let head = log::head(conn).await?.position;
        let live = store::live_builds(conn).await?;
        let now: Vec<(i64, u64)> = live.iter().map(|build| (build.id, build.position)).collect();
        let behind = now.iter().any(|(_, position)| *position < head);
        if !behind || now != seen.0 {
            seen = (now, Instant::now());
        } else if seen.1.elapsed() >= PATIENCE {
            return Ok(());
        }
    }
}

//! Standing by: another projector moves the live builds, and this one watches it.

use std::time::Duration;

use domain::recorded::Position;
use projections::store;
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{ReplayError, log};

/// Pause between two looks of one who waits for a position.
const LOOK: Duration = Duration::from_millis(20);
/// Pause between two looks of one who stands by.
const WATCH: Duration = Duration::from_millis(250);
/// How long builds that are behind must stand still before one who stands by takes over.
const PATIENCE: Duration = Duration::from_secs(2);

/// The live builds, by number and position, as they stand since when.
struct Watched {
    builds: Vec<(i64, Position)>,
    since: Instant,
}

impl Watched {
    fn new() -> Self {
        Self { builds: Vec::new(), since: Instant::now() }
    }

    /// Looks at the builds after a pause.
    async fn look(&mut self, conn: &mut PgConnection, pause: Duration) -> Result<(), ReplayError> {
        tokio::time::sleep(pause).await;
        let live = store::live_builds(conn).await?;
        let now: Vec<(i64, Position)> = live.iter().map(|build| (build.id, build.position)).collect();
        if now != self.builds {
            *self = Self { builds: now, since: Instant::now() };
        }
        Ok(())
    }

    fn reach(&self, position: Position) -> bool {
        self.builds.iter().all(|(_, stand)| *stand >= position)
    }
}

/// Waits until the builds are at `to`, or have stood still for a while.
pub(crate) async fn stand_aside(conn: &mut PgConnection, to: Position, patience: Duration) -> Result<(), ReplayError> {
    let mut watched = Watched::new();
    loop {
        watched.look(&mut *conn, LOOK).await?;
        if watched.reach(to) || watched.since.elapsed() >= patience {
            return Ok(());
        }
    }
}

/// Watches the builds until they are behind the log and stand still, so that somebody else has to move them.
///
/// # Errors
/// When the database refuses.
pub async fn stand_by(conn: &mut PgConnection) -> Result<(), ReplayError> {
    let mut watched = Watched::new();
    loop {
        let head = log::head(&mut *conn).await?.position;
        watched.look(&mut *conn, WATCH).await?;
        if watched.reach(head) {
            watched.since = Instant::now();
        } else if watched.since.elapsed() >= PATIENCE {
            return Ok(());
        }
    }
}

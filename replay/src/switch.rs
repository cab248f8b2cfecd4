//! The switch: builds become the live ones, in one short transaction.

use projections::families::ATLAS;
use projections::store::schema;
use projections::store::{self, Build, StoreError, switch};
use sqlx::{Connection as _, PgConnection};

use crate::ReplayError;
use crate::projector::Projector;
use crate::rebuild::{self, Keep};

/// Advisory lock, of a tenant, under which its live builds are made or switched. An arbitrary number of our own.
const LIVE_LOCK: i32 = 0x7067_6103;

/// Keeps others from switching builds of this tenant until the end of the transaction.
pub(crate) async fn lock_switches(conn: &mut PgConnection) -> Result<(), ReplayError> {
    sqlx::query_file!("sql/lock_live.sql", LIVE_LOCK).execute(conn).await?;
    Ok(())
}

/// Keeps others from switching, and the live projector of the set from moving on, until the end of the transaction.
pub(crate) async fn lock_live(conn: &mut PgConnection) -> Result<(), ReplayError> {
    // One switch at a time, so that the set cannot change under the row locks that follow.
    lock_switches(&mut *conn).await?;
    sqlx::query_file!("sql/lock_live_builds.sql", ATLAS).fetch_all(conn).await?;
    Ok(())
}

impl Projector {
    /// Whether a build is of a projection that this one has no build of.
    pub(crate) fn lacks(&self, build: &Build) -> bool {
        self.builds.iter().all(|mine| mine.projection != build.projection)
    }

    /// Makes these builds the live ones, if no live build is further on and all live ones end at one position.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the live builds stand elsewhere: catch up and try again. [`StoreError::Held`] when
    /// somebody reads the views on and on.
    pub async fn switch(&mut self, conn: &mut PgConnection) -> Result<(), ReplayError> {
        self.switch_within(conn, switch::LOOKS).await
    }

    /// As [`Projector::switch`], after so many looks at who reads.
    pub(crate) async fn switch_within(&mut self, conn: &mut PgConnection, looks: u32) -> Result<(), ReplayError> {
        switch::await_readers(&mut *conn, looks).await?;
        self.switch_now(conn).await
    }

    /// As [`Projector::switch`], when the long readers are gone.
    pub(crate) async fn switch_now(&mut self, conn: &mut PgConnection) -> Result<(), ReplayError> {
        let mut transaction = conn.begin().await?;
        lock_live(&mut transaction).await?;
        let live = store::live_builds(&mut transaction).await?;
        for build in &live {
            let replaced = self.builds.iter().any(|mine| mine.projection == build.projection);
            let fits = if replaced { build.position <= self.position() } else { build.position == self.position() };
            if !fits {
                return Err(StoreError::Fenced { build: build.id, position: self.position() }.into());
            }
        }
        schema::make_live(&mut transaction, &self.builds).await?;
        transaction.commit().await?;
        for build in &mut self.builds {
            "live".clone_into(&mut build.status);
        }
        rebuild::release(&mut *conn, &self.builds).await?;
        // The switch is done; what is left over is taken by the next one.
        if let Err(error) = rebuild::tidy(conn, &self.quarantine, Keep::Nothing).await {
            tracing::warn!(%error, "builds that nobody returns to are still there");
        }
        Ok(())
    }
}

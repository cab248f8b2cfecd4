//! Promotion: builds that stand ready take the place of the live ones.

use domain::recorded::Position;
use projections::store::schema;
use projections::store::{self, Build, StoreError};
use sqlx::{Connection as _, PgConnection};

use crate::catch_up::Projector;
use crate::rebuild::{self, Keep};
use crate::{ReplayError, log};

/// Times that a switch is tried while the live projector moves on.
pub const SWITCH_TRIES: u32 = 20;

/// Follows the log with shadow builds until they can take the place of the live ones, and switches.
///
/// # Errors
/// When the live builds keep moving for [`SWITCH_TRIES`] tries, or the database refuses.
pub async fn promote(conn: &mut PgConnection, shadow: &mut Projector) -> Result<(), ReplayError> {
    let mut tries = 0;
    loop {
        match try_promote(&mut *conn, shadow).await {
            Err(ReplayError::Store(StoreError::Fenced { .. })) if tries < SWITCH_TRIES => tries += 1,
            done => return done,
        }
    }
}

/// One try. The builds that stay live must stand where the new ones stand.
async fn try_promote(conn: &mut PgConnection, shadow: &mut Projector) -> Result<(), ReplayError> {
    let live = store::live_builds(&mut *conn).await?;
    let stay: Vec<Build> = live.into_iter().filter(|build| shadow.lacks(build)).collect();
    let position = stay.iter().map(|build| build.position).max().unwrap_or(0);
    shadow.catch_up(&mut *conn, position, &mut |_| {}).await?;
    let holds_their_state = shadow.fold().history.is_some() && stay.iter().all(|b| !b.projection.needs_formula());
    if holds_their_state {
        return together(conn, shadow, position).await;
    }
    let head = log::head(&mut *conn).await?.position;
    shadow.catch_up(&mut *conn, head, &mut |_| {}).await?;
    let mut live = Projector::open(&mut *conn).await?;
    live.catch_up(&mut *conn, head, &mut |_| {}).await?;
    shadow.switch(conn).await
}

/// In one transaction: nobody else moves the live builds, those that stay are moved to the head together with the new
/// ones, whose fold holds their state too, and the switch is made.
async fn together(conn: &mut PgConnection, shadow: &mut Projector, position: Position) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    lock_live(&mut transaction).await?;
    let live = store::live_builds(&mut transaction).await?;
    let stay: Vec<Build> = live.into_iter().filter(|build| shadow.lacks(build)).collect();
    if let Some(build) = stay.iter().find(|build| build.position != shadow.position()) {
        return Err(StoreError::Fenced { build: build.id, position }.into());
    }
    let head = log::head(&mut transaction).await?.position;
    let stays: Vec<i64> = stay.iter().map(|build| build.id).collect();
    shadow.builds.extend(stay);
    shadow.builds.sort_by_key(|build| build.projection);
    shadow.catch_up(&mut transaction, head, &mut |_| {}).await?;
    shadow.builds.retain(|build| !stays.contains(&build.id));
    shadow.switch(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Keeps others from switching, and the live projector from moving on, until the end of the transaction.
async fn lock_live(conn: &mut PgConnection) -> Result<(), ReplayError> {
    // One switch at a time, so that the set cannot change under the row locks that follow.
    sqlx::query("LOCK TABLE atlas.live IN SHARE ROW EXCLUSIVE MODE").execute(&mut *conn).await?;
    sqlx::query("SELECT b.id FROM atlas.live l JOIN atlas.build b ON b.id = l.build ORDER BY b.id FOR UPDATE OF b")
        .fetch_all(conn)
        .await?;
    Ok(())
}

impl Projector {
    /// Whether a build is of a projection that this one has no build of.
    fn lacks(&self, build: &Build) -> bool {
        self.builds.iter().all(|mine| mine.projection != build.projection)
    }

    /// Makes these builds the live ones, if no live build is further on and all live ones end at one position.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the live builds stand elsewhere: catch up and try again.
    pub async fn switch(&mut self, conn: &mut PgConnection) -> Result<(), ReplayError> {
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

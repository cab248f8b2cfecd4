//! Promotion: builds that stand ready take the place of the live ones.

use domain::recorded::Position;
use projections::store::{self, Build, StoreError, switch, write};
use sqlx::{Connection as _, PgConnection};

use crate::projector::{Projector, cursor};
use crate::switch::lock_live;
use crate::{ReplayError, catch_up, log};

/// Times that a switch is tried while the live projector moves on.
pub const SWITCH_TRIES: u32 = 20;

/// Whether shadow builds may become live, once nobody has been reading the views for long. To be asked before the log
/// says that they are promoted.
///
/// # Errors
/// [`ReplayError::OtherQuarantine`] when they may not; [`StoreError::Held`] when somebody reads on and on; when the
/// database refuses.
pub async fn ready(conn: &mut PgConnection, shadow: &Projector) -> Result<(), ReplayError> {
    fits(&mut *conn, shadow).await?;
    Ok(switch::await_readers(conn, switch::LOOKS).await?)
}

/// The live builds would be folded anew at once if another set of events were quarantined there.
async fn fits(conn: &mut PgConnection, shadow: &Projector) -> Result<(), ReplayError> {
    if shadow.is_stale(conn).await? { Err(ReplayError::OtherQuarantine) } else { Ok(()) }
}

/// Follows the log with shadow builds until they can take the place of the live ones, and switches. After an error the
/// shadow's fold may be ahead of its tables: it is not to be promoted again.
///
/// # Errors
/// As [`ready`]; when the live builds keep moving for [`SWITCH_TRIES`] tries, when somebody has cancelled the builds,
/// or when the database refuses.
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
    fits(&mut *conn, shadow).await?;
    let mut live = store::live_builds(&mut *conn).await?;
    if live.iter().any(|build| shadow.lacks(build) && !build.is_ours()) {
        // Builds of another code are not to be moved by this fold.
        catch_up::open(&mut *conn).await?;
        live = store::live_builds(&mut *conn).await?;
    }
    let stay: Vec<Build> = live.into_iter().filter(|build| shadow.lacks(build)).collect();
    let position = stay.iter().map(|build| build.position).max().unwrap_or(0);
    follow(&mut *conn, shadow, position).await?;
    let holds_their_state = shadow.fold().history.is_some() && stay.iter().all(|b| !b.projection.needs_formula());
    if holds_their_state {
        return together(conn, shadow, position).await;
    }
    let head = log::head(&mut *conn).await?.position;
    follow(&mut *conn, shadow, head).await?;
    let mut live = catch_up::open(&mut *conn).await?;
    live.catch_up(&mut *conn, head, &mut |_| {}).await?;
    shadow.switch(conn).await
}

/// In one transaction: nobody else moves the live builds, those that stay are moved to the head together with the new
/// ones, whose fold holds their state too, and the switch is made.
async fn together(conn: &mut PgConnection, shadow: &mut Projector, position: Position) -> Result<(), ReplayError> {
    switch::await_readers(&mut *conn, switch::LOOKS).await?;
    let mut transaction = conn.begin().await?;
    lock_live(&mut transaction).await?;
    let live = store::live_builds(&mut transaction).await?;
    let stay: Vec<Build> = live.into_iter().filter(|build| shadow.lacks(build)).collect();
    if let Some(build) = stay.iter().find(|build| build.position != shadow.position()) {
        return Err(StoreError::Fenced { build: build.id, position }.into());
    }
    fits(&mut transaction, shadow).await?;
    let head = log::head(&mut transaction).await?.position;
    let stays: Vec<i64> = stay.iter().map(|build| build.id).collect();
    shadow.builds.extend(stay);
    shadow.builds.sort_by_key(|build| build.projection);
    let followed = follow(&mut transaction, shadow, head).await;
    let stay: Vec<Build> = shadow.builds.extract_if(.., |build| stays.contains(&build.id)).collect();
    followed?;
    // Digests that are noted with them may be of what another formula gives.
    write::move_cursors(&mut transaction, &stay, &cursor(&shadow.fold)).await?;
    shadow.switch_now(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Follows the log. Nobody else moves what is moved here, so a fence that falls means that the builds are gone; trying
/// again would promote tables that lag behind their fold.
async fn follow(conn: &mut PgConnection, shadow: &mut Projector, to: Position) -> Result<(), ReplayError> {
    let here = shadow.position();
    shadow.catch_up(conn, to, &mut |_| {}).await.map_err(|error| match error {
        ReplayError::Store(StoreError::Fenced { .. }) => ReplayError::Cancelled(here),
        ReplayError::Erased { .. } => ReplayError::OtherQuarantine,
        other => other,
    })
}

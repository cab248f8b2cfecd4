//! Rebuilding beside the live tables: fold from the beginning, copy into fresh builds, compare, switch.

use domain::digest::Digest;
use domain::recorded::Position;
use projections::store;
use projections::store::schema::{self, FormulaDocument};
use projections::tables::Projection;
use sqlx::{Connection as _, PgConnection};

use crate::as_of::FoldDigests;
use crate::log::Stored;
use crate::projector::Projector;
use crate::quarantine::Quarantine;
use crate::{ReplayError, SNAPSHOT, verify};

mod lane;
mod unfinished;

use unfinished::Unfinished;
pub(crate) use unfinished::{folded_to, is_made_under, own, release};

/// Times that a comparison is tried while the live projector moves on.
const TRIES: u32 = 20;

/// Advisory locks that say: the maker of an unfinished build is alive, with the build's number. Arbitrary numbers of
/// our own, as the next.
const MAKER_LOCK: i32 = 0x7067_6102;
/// Advisory lock under which builds are dropped.
const TIDY_LOCK: i32 = 0x7067_6104;

/// Builds `which` from position 0 to `to`, as shadows of the live builds.
///
/// Nothing of it is visible to readers. What is done is saved as it grows: after an interruption the next call for the
/// same projections, formula, code and quarantined set goes on where the last one saved. While this connection is open
/// nobody else takes the builds over.
///
/// # Errors
/// When the log cannot be read or the database refuses; what was saved stays. [`ReplayError::Cancelled`] when somebody
/// has cancelled it meanwhile.
pub async fn build(
    conn: &mut PgConnection,
    which: &[Projection],
    formula: &FormulaDocument,
    to: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Projector, ReplayError> {
    loop {
        match attempt(&mut *conn, which, formula, to, progress).await {
            // A payload that was still to be folded was erased meanwhile. What is passed over is decided before a fold
            // starts, so it starts again; every further time takes another erasure.
            Err(ReplayError::Erased { position }) => {
                tracing::info!(replay.position = position, "erased meanwhile; building again");
                unfinished::give_up(&mut *conn).await?;
            }
            built => return built,
        }
    }
}

async fn attempt(
    conn: &mut PgConnection,
    which: &[Projection],
    formula: &FormulaDocument,
    to: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Projector, ReplayError> {
    let quarantine = Quarantine::read(&mut *conn).await?;
    tidy(&mut *conn, &quarantine, Keep::Resumable).await?;
    let unfinished = match Unfinished::take(&mut *conn, which, formula, &quarantine, progress).await? {
        Some(unfinished) => unfinished,
        None => Unfinished::begin(&mut *conn, which, formula, quarantine).await?,
    };
    unfinished.advance(&mut *conn, to, progress).await?.finish(conn).await
}

/// Compares shadow builds with the live ones, both at the position of the live ones: followed to there if those have
/// moved on. `None` where they answer to another formula or another quarantine, or never stand still.
///
/// # Errors
/// When the log cannot be read or the database refuses.
pub async fn equal_to_live(conn: &mut PgConnection, shadow: &mut Projector) -> Result<Option<bool>, ReplayError> {
    for _ in 0..TRIES {
        let mut snapshot = conn.begin_with(SNAPSHOT).await?;
        let live = store::live_builds(&mut snapshot).await?;
        let Some(metrics) = live.iter().find(|build| build.projection == Projection::Metrics) else { return Ok(None) };
        if metrics.formula_hash != Some(shadow.fold().formula().hash()) {
            return Ok(None);
        }
        if metrics.position > shadow.position() {
            let position = metrics.position;
            snapshot.rollback().await?;
            match shadow.catch_up(&mut *conn, position, &mut |_| {}).await {
                // The live ones are folded anew under another quarantine.
                Err(ReplayError::Erased { .. }) => return Ok(None),
                followed => followed?,
            }
            continue;
        }
        let same_quarantine = shadow.builds().iter().all(|mine| mine.quarantine_digest == metrics.quarantine_digest);
        if metrics.position < shadow.position() || !same_quarantine {
            return Ok(None);
        }
        // Where the live ones were made to here, what came out is noted with them.
        let noted = metrics.notes_digests();
        let (found, digests) = verify::compare(&mut snapshot, &mut shadow.fold, &live, noted).await?;
        let is_noted = |noted: Option<Digest>, of: fn(FoldDigests) -> Digest| {
            noted.is_none_or(|noted| digests.is_some_and(|digests| of(digests) == noted))
        };
        let digests =
            is_noted(metrics.output_digest, |d| d.digest) && is_noted(metrics.state_digest, |d| d.state_digest);
        return Ok(Some(digests && found.is_empty()));
    }
    Ok(None)
}

/// Drops builds that are not to become live.
///
/// # Errors
/// When the database refuses.
pub async fn discard(conn: &mut PgConnection, shadow: &Projector) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    for build in shadow.builds() {
        schema::drop(&mut transaction, build.id).await?;
    }
    transaction.commit().await?;
    unfinished::release(conn, shadow.builds()).await
}

/// Drops every build that is not live and was never live, whoever makes it; that maker is told when it saves next.
/// Answers how many there were.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(conn: &mut PgConnection) -> Result<u64, ReplayError> {
    let mut transaction = conn.begin().await?;
    let unfinished = sqlx::query_file_scalar!("sql/lock_unfinished.sql").fetch_all(&mut *transaction).await?;
    for id in &unfinished {
        schema::drop(&mut transaction, *id).await?;
    }
    transaction.commit().await?;
    Ok(unfinished.len() as u64)
}

/// Which builds of dead makers stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Those that can be resumed.
    Resumable,
    /// None.
    Nothing,
}

/// Drops what nobody returns to: builds whose maker died before they were live, and retired ones beyond those kept.
pub(crate) async fn tidy(conn: &mut PgConnection, quarantine: &Quarantine, keep: Keep) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    let mine = sqlx::query_file_scalar!("sql/try_tidy.sql", TIDY_LOCK).fetch_one(&mut *transaction).await?;
    if mine {
        let resumable = match keep {
            Keep::Resumable => store::unfinished_sets(&mut transaction, &quarantine.digest()).await?,
            Keep::Nothing => std::collections::BTreeMap::new(),
        };
        let resumable: Vec<i64> = resumable.into_values().flatten().map(|build| build.id).collect();
        let abandoned = sqlx::query_file_scalar!("sql/abandoned_builds.sql", MAKER_LOCK, &resumable)
            .fetch_all(&mut *transaction)
            .await?;
        for id in abandoned {
            schema::drop_unread(&mut transaction, id).await?;
        }
        schema::drop_old(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

//! Rebuilding beside the live tables: fold from the beginning, copy into fresh builds, compare, switch.

use domain::recorded::Position;
use projections::history::History;
use projections::store::schema::{self, FormulaDocument};
use projections::store::{self, StoreError, write};
use projections::tables::rows::{HISTORY_TABLES, derived, span_row, tick_rows};
use projections::tables::{Projection, Row};
use sqlx::{Connection as _, PgConnection};

use crate::catch_up::{Projector, fact_rows, moved};
use crate::log::Stored;
use crate::quarantine::Quarantine;
use crate::{ReplayError, SNAPSHOT, as_of, log, verify};

/// Times that a switch is tried while the live projector moves on.
pub const SWITCH_TRIES: u32 = 20;

/// Advisory locks that say: the maker of an unfinished build is alive, with the build's number. Arbitrary numbers of
/// our own, as the next.
const MAKER_LOCK: i32 = 0x7067_6102;
/// Advisory lock under which builds are dropped.
const TIDY_LOCK: i64 = 0x7067_6174_6c61_7303;

/// Builds `which` from position 0 to `to`, as shadows of the live builds.
///
/// Nothing is visible before the end: the builds and their rows are made in one transaction. They belong to this
/// connection until they are live: when it ends before, the next rebuild drops them.
///
/// # Errors
/// When the log cannot be read or the database refuses; then nothing is left behind.
pub async fn build(
    conn: &mut PgConnection,
    which: &[Projection],
    formula: &FormulaDocument,
    to: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Projector, ReplayError> {
    let quarantine = Quarantine::read(&mut *conn).await?;
    let history = which.contains(&Projection::History).then(History::default);
    let mut fold = as_of::fold(&mut *conn, formula.clone(), to, history, progress).await?;
    let changes = fold.take_changes();
    let facts = fact_rows(&fold.world, changes.rows())?;
    let closed = fold.history.as_mut().map(History::take_closed).unwrap_or_default();
    let moved = moved(&fold);
    let tables = {
        let view = fold.world.view();
        let scores = view.scores(fold.formula());
        derived(&view, &scores)
    };

    tidy(&mut *conn).await?;
    let mut transaction = conn.begin().await?;
    let mut builds = Vec::new();
    for projection in which {
        let mut build = schema::create(&mut transaction, *projection, formula, &quarantine.digest()).await?;
        // Held by the session, not the transaction.
        sqlx::query("SELECT pg_advisory_lock($1, $2::bigint::int)")
            .bind(MAKER_LOCK)
            .bind(build.id)
            .execute(&mut *transaction)
            .await?;
        let name = build.schema();
        for rows in tables.iter().filter(|rows| rows.table.projection == *projection) {
            write::copy(&mut transaction, &name, rows.table, &rows.rows).await?;
        }
        for (table, rows) in facts.iter().filter(|(table, _)| table.projection == *projection) {
            write::copy(&mut transaction, &name, table, rows).await?;
        }
        if let (Projection::History, Some(history)) = (*projection, &fold.history) {
            let [span, tick] = HISTORY_TABLES;
            let mut spans: Vec<Row> = closed.iter().map(|(key, span)| span_row(key, span)).collect();
            spans.extend(history.open.iter().map(|(key, span)| span_row(key, span)));
            write::copy(&mut transaction, &name, span, &spans).await?;
            write::copy(&mut transaction, &name, tick, &tick_rows(history, 0)).await?;
        }
        schema::index(&mut transaction, &build).await?;
        write::move_cursor(&mut transaction, &build, &moved).await?;
        sqlx::query("UPDATE atlas.build SET status = 'shadow' WHERE id = $1")
            .bind(build.id)
            .execute(&mut *transaction)
            .await?;
        build.position = moved.position;
        build.output_digest = Some(moved.output_digest);
        build.state_digest = Some(moved.state_digest);
        build.status = "shadow".to_owned();
        builds.push(build);
    }
    transaction.commit().await?;
    Ok(Projector::fresh(builds, fold, quarantine))
}

/// Compares shadow builds with the live ones, both at the position of the live ones: followed to there if those have
/// moved on. `None` where they answer to another formula or another quarantine, or never stand still.
///
/// # Errors
/// When the log cannot be read or the database refuses.
pub async fn equal_to_live(conn: &mut PgConnection, shadow: &mut Projector) -> Result<Option<bool>, ReplayError> {
    for _ in 0..SWITCH_TRIES {
        let mut snapshot = conn.begin_with(SNAPSHOT).await?;
        let live = store::live_builds(&mut snapshot).await?;
        let Some(metrics) = live.iter().find(|build| build.projection == Projection::Metrics) else { return Ok(None) };
        if metrics.formula_hash != Some(shadow.fold().formula().hash()) {
            return Ok(None);
        }
        if metrics.position > shadow.position() {
            let position = metrics.position;
            snapshot.rollback().await?;
            shadow.catch_up(&mut *conn, position, &mut |_| {}).await?;
            continue;
        }
        let same_quarantine = shadow.builds().iter().all(|mine| mine.quarantine_digest == metrics.quarantine_digest);
        if metrics.position < shadow.position() || !same_quarantine {
            return Ok(None);
        }
        let outcome = shadow.outcome();
        let digests = metrics.position == 0
            || (metrics.output_digest == Some(outcome.digest) && metrics.state_digest == Some(outcome.state_digest));
        let rows = verify::against_live(&mut snapshot, shadow.fold(), &live).await?;
        return Ok(Some(digests && rows.is_empty()));
    }
    Ok(None)
}

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

async fn try_promote(conn: &mut PgConnection, shadow: &mut Projector) -> Result<(), ReplayError> {
    let head = log::head(&mut *conn).await?.position;
    shadow.catch_up(&mut *conn, head, &mut |_| {}).await?;
    if shadow.builds().len() < Projection::ALL.len() {
        // The builds that stay live must stand where the new ones stand.
        let mut live = Projector::open(&mut *conn).await?;
        live.catch_up(&mut *conn, head, &mut |_| {}).await?;
    }
    shadow.switch(conn).await
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
    Ok(())
}

/// Drops what nobody returns to: builds whose maker died before they were live, and retired ones beyond those kept.
pub(crate) async fn tidy(conn: &mut PgConnection) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    let mine: bool =
        sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(TIDY_LOCK).fetch_one(&mut *transaction).await?;
    if mine {
        let abandoned: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM atlas.build b WHERE status IN ('building', 'shadow') \
                AND NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted \
                                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                                   AND classid = $1::int::oid AND objid = b.id::int::oid AND objsubid = 2) \
              ORDER BY id",
        )
        .bind(MAKER_LOCK)
        .fetch_all(&mut *transaction)
        .await?;
        for id in abandoned {
            schema::drop(&mut transaction, id).await?;
        }
        schema::drop_old(&mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

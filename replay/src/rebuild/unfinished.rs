//! A build under way: what is saved of it as it grows, and how it goes on after an interruption.
//!
//! Folding is cheap, evaluating at every tick is not. So only the history is saved as it grows, segment by segment;
//! whoever resumes folds the state again without ticks to where that ends, reads what holds there, and goes on with
//! ticks.

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::recorded::Position;
use projections::fold::{Fold, World};
use projections::history::History;
use projections::store::growing::Final;
use projections::store::schema::{self, FormulaDocument};
use projections::store::write::{self, BuildOutput};
use projections::store::{self, Build, StoreError, load};
use projections::table::text::CopyText;
use projections::tables::{Materialized, Projection, Table, TableDiff};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc::{self, UnboundedSender};

use super::MAKER_LOCK;
use super::lane::{Chunks, FoldedChunk, Lane, SAVE_POSITIONS};
use crate::ReplayError;
use crate::as_of::{FoldDigests, advance};
use crate::fence::fence;
use crate::log::Stored;
use crate::projector::{Projector, add_facts, cursor, fact_tables};
use crate::quarantine::Quarantine;
use crate::threads::joined;

/// What a fold came to: itself, its tables and its digests.
type Image = (Fold, Materialized, FoldDigests);

/// A set of builds on its way from position 0.
pub(super) struct Unfinished {
    builds: Vec<Build>,
    fold: Fold,
    quarantine: Quarantine,
    /// Over the leaves of what was folded.
    frontier: Frontier,
}

impl Unfinished {
    /// Registers a new set with its empty tables.
    pub(super) async fn begin(
        conn: &mut PgConnection,
        which: &[Projection],
        formula: &FormulaDocument,
        quarantine: Quarantine,
    ) -> Result<Self, ReplayError> {
        let mut transaction = conn.begin().await?;
        let mut builds = Vec::new();
        for projection in which {
            let build = schema::create(&mut transaction, *projection, formula, &quarantine.digest()).await?;
            // Held by the session, not the transaction.
            sqlx::query_file!("sql/lock_maker.sql", MAKER_LOCK, build.id).execute(&mut *transaction).await?;
            builds.push(build);
        }
        schema::join(&mut transaction, &builds).await?;
        transaction.commit().await?;
        let mut fold = stateless(formula, &quarantine);
        fold.note_changes();
        fold.history = which.contains(&Projection::History).then(History::default);
        Ok(Self { builds, fold, quarantine, frontier: Frontier::default() })
    }

    /// Takes over a set of the same kind whose maker is gone, if there is one.
    pub(super) async fn take(
        conn: &mut PgConnection,
        which: &[Projection],
        formula: &FormulaDocument,
        quarantine: &Quarantine,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<Option<Self>, ReplayError> {
        let fits = |builds: &[Build]| {
            builds.iter().map(|build| build.projection).eq(which.iter().copied())
                && builds.iter().filter_map(|build| build.formula_hash).all(|hash| hash == formula.formula.hash())
                && builds.iter().all(|build| build.position == builds[0].position)
        };
        for (set, builds) in store::unfinished_sets(&mut *conn, &quarantine.digest()).await? {
            if !fits(&builds) || !own(&mut *conn, &builds).await? {
                continue;
            }
            // The former maker may have gone on, or somebody have cancelled, before the lock was ours.
            match store::unfinished_sets(&mut *conn, &quarantine.digest()).await?.remove(&set) {
                Some(builds) if fits(&builds) => {
                    return Self::resume(conn, builds, formula, quarantine, progress).await.map(Some);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    async fn resume(
        conn: &mut PgConnection,
        builds: Vec<Build>,
        formula: &FormulaDocument,
        quarantine: &Quarantine,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<Self, ReplayError> {
        let position = builds.first().map_or(0, |build| build.position);
        tracing::info!(replay.from = position + 1, "resuming a rebuild");
        let mut frontier = Frontier::default();
        let mut each = |stored: &Stored| {
            frontier.push(stored.leaf_hash);
            progress(stored);
        };
        let mut fold = stateless(formula, quarantine);
        // All that is touched is written at the end.
        fold.note_changes();
        // What is saved ends before the last event: a tick at its position is of the next segment. So that event is
        // folded with the history.
        if let Some(build) = builds.iter().find(|build| build.projection == Projection::History) {
            advance(&mut *conn, &mut fold, position.max(1) - 1, &mut each).await?;
            fold.history = Some(load::history(&mut *conn, build).await?);
        }
        advance(&mut *conn, &mut fold, position, &mut each).await?;
        Ok(Self { builds, fold, quarantine: quarantine.clone(), frontier })
    }

    /// Goes on to a position, saving every [`SAVE_POSITIONS`]. What comes after the last of these stays in the fold.
    ///
    /// The connection reads ahead of the fold and writes behind it. `progress` sees an event once it is folded, and
    /// everything that was to be saved before it is saved.
    pub(super) async fn advance(
        self,
        conn: &mut PgConnection,
        to: Position,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<Self, ReplayError> {
        let Self { mut builds, fold, quarantine, mut frontier } = self;
        let mut chunks = Chunks::from(fold.world.position + 1);
        let page_end = |position: Position| to.min((position / SAVE_POSITIONS + 1) * SAVE_POSITIONS);
        let mut lane = Lane::open(fold);
        loop {
            while lane.has_room() && chunks.next() <= to {
                let end = page_end(chunks.next() - 1);
                if !lane.give(chunks.read(&mut *conn, end).await?).await {
                    break;
                }
            }
            let Some(told) = lane.told().await else { break };
            let FoldedChunk { events, history } = told?;
            for stored in &events {
                frontier.push(stored.leaf_hash);
                progress(stored);
            }
            if let (Some(history), Some(last)) = (history, events.last()) {
                save(&mut *conn, &mut builds, &quarantine, &history, last.position).await?;
            }
        }
        Ok(Self { builds, fold: lane.close().await, quarantine, frontier })
    }

    /// Writes the tables and makes the builds shadows that can be compared and switched. The database takes in what is
    /// written while a thread writes on.
    pub(super) async fn finish(self, conn: &mut PgConnection) -> Result<Projector, ReplayError> {
        let Self { mut builds, mut fold, quarantine, frontier } = self;
        let saved = builds.first().map_or(0, |build| build.position);
        let rest = fold.history.as_mut().map(|history| Final::take(history, saved..Position::MAX)).unwrap_or_default();
        let (give, mut written) = mpsc::unbounded_channel();
        let image = tokio::task::spawn_blocking(move || image(fold, &give));
        let mut transaction = conn.begin().await?;
        hold(&mut transaction, &builds, &quarantine).await?;
        if let Some(build) = builds.iter().find(|build| build.projection == Projection::History) {
            rest.write(&mut transaction, build).await?;
            schema::index(&mut transaction, build).await?;
        }
        while let Some((table, rows)) = written.recv().await {
            if let Some(build) = builds.iter().find(|build| build.projection.holds(table)) {
                write::copy(&mut transaction, &build.schema(), table, &rows).await?;
            }
        }
        for build in builds.iter().filter(|build| build.projection != Projection::History) {
            schema::index(&mut transaction, build).await?;
        }
        let (fold, tables, FoldDigests { digest, state_digest }) = joined(image).await?;
        let moved = cursor(&fold);
        let output = BuildOutput { log_root: frontier.root(), output_digest: digest, state_digest };
        for build in &mut builds {
            write::move_cursors(&mut transaction, std::slice::from_ref(&*build), &moved).await?;
            write::complete(&mut transaction, build, moved.position, &output).await?;
            build.position = moved.position;
            (build.output_digest, build.state_digest) = (Some(digest), Some(state_digest));
            "shadow".clone_into(&mut build.status);
        }
        transaction.commit().await?;
        Ok(Projector::with(builds, fold, quarantine, tables))
    }
}

/// Writes what a fold looks like: the rows of every table, table by table, and the digests of all. Nobody may ask for
/// the rows any more.
fn image(mut fold: Fold, give: &UnboundedSender<(&'static Table, CopyText)>) -> Result<Image, ReplayError> {
    let changes = fold.take_changes();
    for (projection, table) in fact_tables() {
        let mut rows = CopyText::default();
        add_facts(&fold.world, projection, changes.rows(), &mut rows)?;
        let _ = give.send((table, rows));
    }
    let mut tables = Materialized::default();
    for TableDiff { table, changed, .. } in tables.advance_to(&mut fold, &changes) {
        let _ = give.send((table, changed));
    }
    let formula = fold.formula().clone();
    let digests = fold.read(|view, scores, _| FoldDigests::of_view(view, scores, &formula));
    Ok((fold, tables, digests))
}

/// Writes what became final and notes how far the builds have come.
async fn save(
    conn: &mut PgConnection,
    builds: &mut [Build],
    quarantine: &Quarantine,
    history: &Final,
    position: Position,
) -> Result<(), ReplayError> {
    let mut transaction = conn.begin().await?;
    hold(&mut transaction, builds, quarantine).await?;
    for build in &*builds {
        if build.projection == Projection::History {
            history.write(&mut transaction, build).await?;
        }
        write::save_position(&mut transaction, build, position).await?;
    }
    transaction.commit().await?;
    builds.iter_mut().for_each(|build| build.position = position);
    Ok(())
}

/// The fence of builds that somebody may have cancelled.
async fn hold(conn: &mut PgConnection, builds: &[Build], quarantine: &Quarantine) -> Result<(), ReplayError> {
    let here = builds.first().map_or(0, |build| build.position);
    fence(conn, builds, quarantine).await.map_err(|error| match error {
        ReplayError::Store(StoreError::Fenced { .. }) => ReplayError::Cancelled(here),
        other => other,
    })
}

/// A fold of nothing, without a history.
fn stateless(formula: &FormulaDocument, quarantine: &Quarantine) -> Fold {
    Fold::new(World::default(), formula.formula.clone(), quarantine.positions.clone(), None)
}

/// Whether somebody is at work on builds under the formula of this digest: making them, or about to make them live.
pub(crate) async fn is_made_under(conn: &mut PgConnection, formula: &Digest) -> Result<bool, ReplayError> {
    Ok(sqlx::query_file_scalar!("sql/is_made.sql", MAKER_LOCK, &formula.0).fetch_one(conn).await?)
}

/// Locks builds for this session, if nobody holds them.
pub(crate) async fn own(conn: &mut PgConnection, builds: &[Build]) -> Result<bool, ReplayError> {
    for build in builds {
        let mine = sqlx::query_file_scalar!("sql/try_maker.sql", MAKER_LOCK, build.id).fetch_one(&mut *conn).await?;
        if !mine {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives up whatever this session makes: the next who tidies drops it, or goes on with it.
pub(super) async fn give_up(conn: &mut PgConnection) -> Result<(), ReplayError> {
    sqlx::query_file!("sql/give_up.sql", MAKER_LOCK).fetch_all(conn).await?;
    Ok(())
}

/// Gives up the locks that say who makes builds. Those of builds that this session never made are no loss.
pub(crate) async fn release(conn: &mut PgConnection, builds: &[Build]) -> Result<(), ReplayError> {
    let ids: Vec<i64> = builds.iter().map(|build| build.id).collect();
    sqlx::query_file!("sql/release_makers.sql", MAKER_LOCK, &ids).fetch_all(conn).await?;
    Ok(())
}

/// The fold that complete builds at `position` hold: the state folded again, the history as they have it.
pub(crate) async fn folded_to(
    conn: &mut PgConnection,
    builds: &[Build],
    formula: &FormulaDocument,
    quarantine: &Quarantine,
    position: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Fold, ReplayError> {
    let mut fold = stateless(formula, quarantine);
    advance(&mut *conn, &mut fold, position, progress).await?;
    if let Some(history) = builds.iter().find(|build| build.projection == Projection::History) {
        fold.history = Some(load::history(conn, history).await?);
    }
    Ok(fold)
}

//! A build under way: what is saved of it as it grows, and how it goes on after an interruption.
//!
//! Folding is cheap, evaluating at every tick is not. So only the history is saved as it grows; whoever resumes folds
//! the state again without ticks to where that ends, and goes on with them.

use domain::merkle::Frontier;
use domain::recorded::Position;
use projections::fold::{Fold, World};
use projections::history::History;
use projections::store::schema::{self, FormulaDocument};
use projections::store::{self, Build, StoreError, load, write};
use projections::tables::{Kept, Projection};
use sqlx::{Connection as _, PgConnection};

use super::MAKER_LOCK;
use crate::ReplayError;
use crate::as_of::advance;
use crate::catch_up::{Projector, fact_rows, turn, write_history};
use crate::fence::fence;
use crate::log::Stored;
use crate::quarantine::Quarantine;

/// Positions folded between two savings.
pub(super) const SAVE_POSITIONS: u64 = 5_000;

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
            sqlx::query("SELECT pg_advisory_lock($1, $2::bigint::int)")
                .bind(MAKER_LOCK)
                .bind(build.id)
                .execute(&mut *transaction)
                .await?;
            if *projection == Projection::History {
                schema::index(&mut transaction, &build).await?;
            }
            builds.push(build);
        }
        schema::join(&mut transaction, &builds).await?;
        transaction.commit().await?;
        let history = which.contains(&Projection::History).then(History::default);
        let fold = Fold::new(World::default(), formula.formula.clone(), quarantine.positions.clone(), history);
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
        let fold = folded_to(conn, &builds, formula, quarantine, position, &mut |stored| {
            frontier.push(stored.leaf_hash);
            progress(stored);
        })
        .await?;
        Ok(Self { builds, fold, quarantine: quarantine.clone(), frontier })
    }

    /// Goes on to a position, saving every [`SAVE_POSITIONS`].
    pub(super) async fn advance(
        &mut self,
        conn: &mut PgConnection,
        to: Position,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<(), ReplayError> {
        while self.fold.world.position < to {
            let before = self.fold.world.position;
            let page = to.min(before + SAVE_POSITIONS);
            let Self { fold, frontier, .. } = self;
            advance(&mut *conn, fold, page, &mut |stored| {
                frontier.push(stored.leaf_hash);
                progress(stored);
            })
            .await?;
            self.save(&mut *conn, before).await?;
        }
        Ok(())
    }

    async fn save(&mut self, conn: &mut PgConnection, before: Position) -> Result<(), ReplayError> {
        let position = self.fold.world.position;
        let mut transaction = conn.begin().await?;
        self.fence(&mut transaction).await?;
        for build in &mut self.builds {
            if let (Projection::History, Some(history)) = (build.projection, &mut self.fold.history) {
                write_history(&mut transaction, &build.schema(), history, before).await?;
            }
            write::save_position(&mut transaction, build, position).await?;
        }
        transaction.commit().await?;
        for build in &mut self.builds {
            build.position = position;
        }
        Ok(())
    }

    async fn fence(&self, conn: &mut PgConnection) -> Result<(), ReplayError> {
        let here = self.builds.first().map_or(0, |build| build.position);
        fence(conn, &self.builds, &self.quarantine).await.map_err(|error| match error {
            ReplayError::Store(StoreError::Fenced { .. }) => ReplayError::Cancelled(here),
            other => other,
        })
    }

    /// Writes the tables and makes the builds shadows that can be compared and switched.
    pub(super) async fn finish(mut self, conn: &mut PgConnection) -> Result<Projector, ReplayError> {
        let changes = self.fold.take_changes();
        let facts = fact_rows(&self.fold.world, changes.rows())?;
        let mut tables = Kept::default();
        let (all, moved) = turn(&mut tables, &self.fold);
        let mut transaction = conn.begin().await?;
        self.fence(&mut transaction).await?;
        for build in &mut self.builds {
            let name = build.schema();
            for rows in all.iter().filter(|rows| rows.table.projection == build.projection) {
                write::copy(&mut transaction, &name, rows.table, &rows.changed).await?;
            }
            for (table, rows) in facts.iter().filter(|(table, _)| table.projection == build.projection) {
                write::copy(&mut transaction, &name, table, rows).await?;
            }
            if build.projection != Projection::History {
                schema::index(&mut transaction, build).await?;
            }
            write::move_cursors(&mut transaction, std::slice::from_ref(&*build), &moved).await?;
            write::complete(&mut transaction, build, &moved, &self.frontier.root()).await?;
            build.output_digest = Some(moved.output_digest);
            build.state_digest = Some(moved.state_digest);
            "shadow".clone_into(&mut build.status);
        }
        transaction.commit().await?;
        Ok(Projector::with(self.builds, self.fold, self.quarantine, tables, moved))
    }
}

/// Locks builds for this session, if nobody holds them.
async fn own(conn: &mut PgConnection, builds: &[Build]) -> Result<bool, ReplayError> {
    for build in builds {
        let mine: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2::bigint::int)")
            .bind(MAKER_LOCK)
            .bind(build.id)
            .fetch_one(&mut *conn)
            .await?;
        if !mine {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives up the locks that say who makes builds. Those of builds that this session never made are no loss.
pub(crate) async fn release(conn: &mut PgConnection, builds: &[Build]) -> Result<(), ReplayError> {
    let ids: Vec<i64> = builds.iter().map(|build| build.id).collect();
    sqlx::query(
        "SELECT pg_advisory_unlock($1, made.id::int) FROM unnest($2::bigint[]) AS made (id) \
          WHERE EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() \
                           AND classid = $1::int::oid AND objid = made.id::int::oid AND objsubid = 2)",
    )
    .bind(MAKER_LOCK)
    .bind(ids)
    .execute(conn)
    .await?;
    Ok(())
}

/// The fold that builds at `position` hold: the state folded again, the history as they have it.
pub(crate) async fn folded_to(
    conn: &mut PgConnection,
    builds: &[Build],
    formula: &FormulaDocument,
    quarantine: &Quarantine,
    position: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Fold, ReplayError> {
    let mut fold = Fold::new(World::default(), formula.formula.clone(), quarantine.positions.clone(), None);
    advance(&mut *conn, &mut fold, position, progress).await?;
    if let Some(history) = builds.iter().find(|build| build.projection == Projection::History) {
        fold.history = Some(load::history(conn, history).await?);
    }
    Ok(fold)
}

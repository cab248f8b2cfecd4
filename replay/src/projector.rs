//! The live projector: one fold, four builds, moved together in one transaction a page.

use domain::recorded::Position;
use domain::time::Timestamp;
use projections::changes::Changes;
use projections::fold::{Fold, World};
use projections::history::family::{SPAN, TICK};
use projections::history::table_rows::{add_segment, add_ticks};
use projections::history::{History, segment_of};
use projections::store::schema::FormulaDocument;
use projections::store::write::{self, CursorMove};
use projections::store::{self, Build, StoreError, load};
use projections::table::text::CopyText;
use projections::table::{RowSink, TableDiff};
use projections::tables::{Materialized, Projection, Row, Table};
use sqlx::{Connection as _, PgConnection};

use crate::as_of::{FoldOutcome, outcome, take_in};
use crate::fence::{fence, note_quarantine, replaced};
use crate::log::Stored;
use crate::quarantine::Quarantine;
use crate::stop::Stop;
use crate::{ReplayError, SNAPSHOT, formulas, log};

/// Positions folded between two transactions.
pub const PAGE_POSITIONS: u64 = 10_000;

/// Longest silence inside a projector's transaction, in seconds. A stopped process loses its locks after this, and the
/// next projector goes on.
pub const IDLE_IN_TRANSACTION_SECONDS: u32 = 10;

/// How the live builds stand to a projector that moves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveStanding {
    /// They are its own, where it left them.
    Mine,
    /// Another projector has moved them.
    Moved,
    /// Others were made live in their place.
    Replaced,
}

/// What opening the live builds came to.
#[derive(Debug)]
pub enum Opened {
    /// They can be moved on from where they stand.
    Ready(Box<Projector>),
    /// They are worth nothing as things are: whoever wants them builds them anew.
    Stale(Box<Stale>),
}

/// Live builds to be built anew.
#[derive(Clone, Debug)]
pub struct Stale {
    /// What is wrong with them.
    pub why: Why,
    /// The formula they answer to.
    pub formula: FormulaDocument,
    /// The position the furthest of them stands at.
    pub position: Position,
}

/// Why builds are stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another version of a family folded one of them, or one of a family is not there: it is new.
    OtherCode,
    /// Other events were passed over when they were folded.
    OtherQuarantine,
}

impl Stale {
    /// What is wrong with builds that do not stand as this program would have folded them; `None` where only what comes
    /// after their position is quarantined, or let in again.
    fn of(builds: &[Build], quarantine: &Quarantine) -> Result<Option<Self>, ReplayError> {
        let position = builds.iter().map(|build| build.position).max().unwrap_or(0);
        // The builds say under which set they were folded only by its digest. Where nothing at or before their
        // position is quarantined now or was then, they stand as they are.
        let nothing = Quarantine::default().digest();
        let folded = quarantine.positions.range(..=position).next().is_some();
        let why = if !all_ours(builds) {
            Why::OtherCode
        } else if folded || builds.iter().any(|build| build.quarantine_digest != nothing) {
            Why::OtherQuarantine
        } else {
            return Ok(None);
        };
        Ok(Some(Self { why, formula: formulas::of_builds(builds)?, position }))
    }
}

/// Whether there is a build of every family, each folded by this version of it.
pub(crate) fn all_ours(builds: &[Build]) -> bool {
    let is_ours = |projection| builds.iter().any(|build| build.projection == projection && build.is_ours());
    Projection::ALL.into_iter().all(is_ours)
}

/// Why a page ended before its end.
enum Halt {
    Asked,
    Failed(ReplayError),
}

impl From<ReplayError> for Halt {
    fn from(error: ReplayError) -> Self {
        Self::Failed(error)
    }
}

/// The projector of a set of builds that stand at one position.
#[derive(Debug)]
pub struct Projector {
    pub(crate) builds: Vec<Build>,
    pub(crate) fold: Fold,
    pub(crate) quarantine: Quarantine,
    /// The derived tables as they stand in the database.
    tables: Materialized,
    /// World time where they stand.
    world_time: Option<Timestamp>,
}

impl Projector {
    /// Opens the live builds, which must have been made by now ([`crate::catch_up::ensure_live`]).
    ///
    /// A quarantine that touches what is already folded makes the builds worthless, and so does another version of a
    /// family that folded them, whose rows and values are not ours: then the answer is [`Opened::Stale`]. Whichever
    /// program folded them, at equal versions they are moved on.
    ///
    /// # Errors
    /// When the database refuses or stored rows are not readable. [`StoreError::Fenced`] when others moved or replaced
    /// the builds meanwhile: open again.
    pub async fn open(conn: &mut PgConnection) -> Result<Opened, ReplayError> {
        let silence = format!("SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_SECONDS}s'");
        sqlx::query(&silence).execute(&mut *conn).await?;
        loop {
            // What is checked is what is loaded: both are of one snapshot.
            let mut snapshot = conn.begin_with(SNAPSHOT).await?;
            let quarantine = Quarantine::read(&mut snapshot).await?;
            let builds = store::live_builds(&mut snapshot).await?;
            if all_ours(&builds) && builds.iter().all(|build| build.quarantine_digest == quarantine.digest()) {
                let projector = Self::load(&mut snapshot, builds, quarantine).await?;
                snapshot.commit().await?;
                return Ok(Opened::Ready(Box::new(projector)));
            }
            snapshot.rollback().await?;
            if let Some(stale) = Stale::of(&builds, &quarantine)? {
                return Ok(Opened::Stale(Box::new(stale)));
            }
            note_quarantine(&mut *conn, &builds, &quarantine).await?;
        }
    }

    /// Loads builds that were folded under this quarantine.
    async fn load(conn: &mut PgConnection, builds: Vec<Build>, quarantine: Quarantine) -> Result<Self, ReplayError> {
        let of = |projection| builds.iter().find(|build| build.projection == projection).ok_or(ReplayError::NoBuild);
        let first = builds.first().ok_or(ReplayError::NoBuild)?;
        if let Some(other) = builds.iter().find(|build| build.position != first.position) {
            let reason = format!("stands at {}, build {} at {}", other.position, first.id, first.position);
            let row = other.id.to_string();
            return Err(StoreError::Inconsistent { build: other.id, table: "atlas.build", row, reason }.into());
        }
        let world = load::world(&mut *conn, &builds).await.map_err(|error| replaced(first, error))?;
        let history = of(Projection::History)?;
        let history = load::history(&mut *conn, history).await.map_err(|error| replaced(history, error))?;
        let formula = of(Projection::Metrics)?.read_formula()?;
        let fold = Fold::new(world, formula, quarantine.positions.clone(), Some(history));
        Ok(Self::at(builds, fold, quarantine))
    }

    /// A projector of builds that hold what `fold` holds.
    pub(crate) fn at(builds: Vec<Build>, mut fold: Fold, quarantine: Quarantine) -> Self {
        let mut tables = Materialized::default();
        // The database has them: nobody looks at the rows.
        tables.advance_to::<()>(&mut fold, &Changes::default());
        Self::with(builds, fold, quarantine, tables)
    }

    /// A projector of builds that hold what `fold` holds, of which these are the tables.
    pub(crate) fn with(builds: Vec<Build>, mut fold: Fold, quarantine: Quarantine, tables: Materialized) -> Self {
        fold.note_changes();
        let world_time = fold.world.graph.world_time();
        Self { builds, fold, quarantine, tables, world_time }
    }

    /// The builds it moves.
    #[must_use]
    pub fn builds(&self) -> &[Build] {
        &self.builds
    }

    /// The position it stands at.
    #[must_use]
    pub fn position(&self) -> Position {
        self.fold.world.position
    }

    /// Scores and digests where it stands.
    #[must_use]
    pub fn outcome(&self) -> FoldOutcome {
        outcome(&self.fold)
    }

    /// The fold it moves.
    #[must_use]
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Follows the log to `to`, a page a transaction. `progress` sees each event as stored.
    ///
    /// After an error the projector must be opened anew: its fold may be ahead of its tables.
    ///
    /// # Errors
    /// When the log cannot be read, the database refuses, or another projector has moved the cursor; when an event
    /// cannot be decoded, then what comes before it is projected.
    pub async fn catch_up(
        &mut self,
        conn: &mut PgConnection,
        to: Position,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<(), ReplayError> {
        self.catch_up_until(conn, to, &Stop::default(), progress).await
    }

    /// As [`Self::catch_up`], and no further than `stop` allows: what is folded when it is asked for is written, then
    /// this ends before `to`.
    ///
    /// # Errors
    /// As [`Self::catch_up`].
    pub async fn catch_up_until(
        &mut self,
        conn: &mut PgConnection,
        to: Position,
        stop: &Stop,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<(), ReplayError> {
        while self.position() < to && !stop.is_asked() {
            let page = to.min(self.position() + PAGE_POSITIONS);
            let before = self.position();
            let read = self.fold_page(&mut *conn, page, stop, progress).await;
            let readable = matches!(read, Ok(()) | Err(ReplayError::Poison { .. }));
            if readable && self.position() > before {
                self.write(&mut *conn, before).await?;
                tracing::debug!(replay.from = before + 1, replay.to = self.position(), "projected");
            }
            read?;
        }
        Ok(())
    }

    /// Folds on to `to`, or to the event at which a stop is asked for.
    async fn fold_page(
        &mut self,
        conn: &mut PgConnection,
        to: Position,
        stop: &Stop,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<(), ReplayError> {
        let from = self.position() + 1;
        let read = log::decoded(conn, from, to, |read| {
            if stop.is_asked() {
                return Err(Halt::Asked);
            }
            progress(&read.stored);
            Ok(take_in(&mut self.fold, read.stored.position, read.recorded)?)
        });
        match read.await {
            Ok(()) | Err(Halt::Asked) => Ok(()),
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    /// How the live builds stand to this projector.
    ///
    /// # Errors
    /// [`ReplayError::OtherCode`] when another version has replaced them; when the database refuses.
    pub async fn standing(&self, conn: &mut PgConnection) -> Result<LiveStanding, ReplayError> {
        let live = store::live_builds(conn).await?;
        let mine = |build: &Build| self.builds.iter().any(|mine| mine.id == build.id);
        // Two versions that follow at once would replace each other's builds for ever.
        if let Some(other) = live.iter().find(|build| !mine(build) && !build.is_ours()) {
            return Err(ReplayError::OtherCode(other.code.clone()));
        }
        Ok(if !live.iter().all(mine) {
            LiveStanding::Replaced
        } else if live.iter().any(|build| build.position != self.position()) {
            LiveStanding::Moved
        } else {
            LiveStanding::Mine
        })
    }

    /// Whether the quarantined set has changed since the builds were opened: then they must be opened anew. To be asked
    /// after the head was read to which they are to follow.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn is_stale(&self, conn: &mut PgConnection) -> Result<bool, ReplayError> {
        Ok(Quarantine::read(conn).await? != self.quarantine)
    }

    /// Writes what changed since `before` and moves the cursors.
    async fn write(&mut self, conn: &mut PgConnection, before: Position) -> Result<(), ReplayError> {
        let changes = self.fold.take_changes();
        // The log's own affairs touch no vertex: what was computed before still holds.
        let quiet = changes.only("clock") && self.fold.world.graph.world_time() == self.world_time;
        let differences: Vec<TableDiff> =
            if quiet { Vec::new() } else { self.tables.advance_to(&mut self.fold, &changes) };
        let moved = cursor(&self.fold);
        let mut facts = Vec::new();
        for (projection, table) in fact_tables() {
            let mut rows: Vec<Row> = Vec::new();
            add_facts(&self.fold.world, projection, changes.rows(), &mut rows)?;
            facts.push((table, rows));
        }
        // Everything is computed by now: the locks are held as long as the database writes.
        let mut transaction = conn.begin().await?;
        let conn = &mut *transaction;
        fence(&mut *conn, &self.builds, &self.quarantine).await?;
        write::move_cursors(&mut *conn, &self.builds, &moved).await?;
        for build in &mut self.builds {
            let schema = build.schema();
            for difference in differences.iter().filter(|difference| build.projection.holds(difference.table)) {
                write::difference(&mut *conn, &schema, difference).await?;
            }
            for (table, rows) in &facts {
                if build.projection.holds(table) {
                    write::upsert(&mut *conn, &schema, table, &rows.iter().collect::<Vec<_>>()).await?;
                }
            }
            if let (Projection::History, Some(history)) = (build.projection, &mut self.fold.history) {
                write_history(&mut *conn, &schema, history, before).await?;
            }
            build.position = moved.position;
            (build.output_digest, build.state_digest) = (None, None);
        }
        transaction.commit().await?;
        self.world_time = self.fold.world.graph.world_time();
        Ok(())
    }
}

/// What is noted with builds that hold what a fold holds.
pub(crate) fn cursor(fold: &Fold) -> CursorMove {
    CursorMove { position: fold.world.position, recorded_at: fold.world.graph.recorded_at() }
}

/// Writes what of a history moved since `before`.
async fn write_history(
    conn: &mut PgConnection,
    schema: &str,
    history: &mut History,
    before: Position,
) -> Result<(), ReplayError> {
    let (mut new, mut old): (_, Vec<Row>) = (CopyText::default(), Vec::new());
    history.take_moves(Position::MAX, |segment| {
        // Only of the segment in which the last page ended there may be rows already.
        let rows: &mut dyn RowSink = if segment.number > segment_of(before) { &mut new } else { &mut old };
        add_segment(segment, rows);
    });
    write::extend(&mut *conn, schema, &SPAN, &old.iter().collect::<Vec<_>>()).await?;
    write::copy(&mut *conn, schema, &SPAN, &new).await?;
    let mut ticks: Vec<Row> = Vec::new();
    add_ticks(history, before..Position::MAX, &mut ticks);
    write::upsert(&mut *conn, schema, &TICK, &ticks.iter().collect::<Vec<_>>()).await?;
    Ok(())
}

/// The tables that hold the states of families.
pub(crate) fn fact_tables() -> impl Iterator<Item = (Projection, &'static Table)> {
    Projection::ALL.into_iter().filter_map(|projection| Some((projection, projection.family().facts?)))
}

/// Adds the stored rows of one family's state that have these kinds and keys.
pub(crate) fn add_facts<'a>(
    world: &World,
    projection: Projection,
    keys: impl Iterator<Item = (&'static str, &'a str)>,
    rows: &mut dyn RowSink,
) -> Result<(), ReplayError> {
    let mut value = Vec::new();
    for (kind, key) in keys {
        let unwritable =
            |reason: String| StoreError::Inconsistent { build: 0, table: "fact", row: key.to_owned(), reason };
        value.clear();
        if world.write_value(projection, kind, key, &mut value).map_err(|error| unwritable(error.to_string()))? {
            let value = std::str::from_utf8(&value).map_err(|error| unwritable(error.to_string()))?;
            rows.add(&[Some(&kind), Some(&key), Some(&value)]);
        }
    }
    Ok(())
}

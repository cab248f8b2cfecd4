//! The live projector: one fold, four builds, moved together in one transaction a page.

use domain::formula;
use domain::recorded::Position;
use domain::time::Timestamp;
use projections::fold::{Fold, World};
use projections::history::{History, Span};
use projections::store::schema::{self, FormulaDocument};
use projections::store::write::{self, CursorMove};
use projections::store::{self, Build, StoreError, load};
use projections::tables::spans::{span_row, tick_rows};
use projections::tables::{Advanced, Difference, FACT, LOG, Materialized, Projection, Row, SPAN, TICK};
use sqlx::{Connection as _, PgConnection};

use crate::as_of::{Outcome, advance, outcome};
use crate::fence::{fence, note_quarantine, replaced};
use crate::log::Stored;
use crate::quarantine::Quarantine;
use crate::rebuild;
use crate::{ReplayError, SNAPSHOT, formulas, log};

/// Positions folded between two transactions.
pub const PAGE_POSITIONS: u64 = 10_000;

/// Longest silence inside a projector's transaction, in seconds. A stopped process loses its locks after this, and the
/// next projector goes on.
pub const IDLE_IN_TRANSACTION_SECONDS: u32 = 10;

/// Advisory lock under which the first builds are made. An arbitrary number of our own.
const FIRST_BUILDS_LOCK: i64 = 0x7067_6174_6c61_7301;

/// How the live builds stand to a projector that moves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are its own, where it left them.
    Mine,
    /// Another projector has moved them.
    Moved,
    /// Others were made live in their place.
    Replaced,
}

/// The projector of a set of builds that stand at one position.
#[derive(Debug)]
pub struct Projector {
    pub(crate) builds: Vec<Build>,
    fold: Fold,
    pub(crate) quarantine: Quarantine,
    /// The derived tables as they stand in the database.
    tables: Materialized,
    /// What is noted with the builds where they stand.
    noted: CursorMove,
    /// World time where they stand.
    world_time: Option<Timestamp>,
}

impl Projector {
    /// Opens the live builds, making empty ones on the first run.
    ///
    /// A quarantine that touches what is already folded makes the builds worthless, and so does another code that
    /// folded them, whose rows and values are not ours: they are built anew.
    ///
    /// # Errors
    /// When the database refuses or stored rows are not readable. [`StoreError::Fenced`] when others moved or replaced
    /// the builds meanwhile: open again.
    pub async fn open(conn: &mut PgConnection) -> Result<Self, ReplayError> {
        let silence = format!("SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_SECONDS}s'");
        sqlx::query(&silence).execute(&mut *conn).await?;
        ensure_live(conn).await?;
        let mut snapshot = conn.begin_with(SNAPSHOT).await?;
        let quarantine = Quarantine::read(&mut snapshot).await?;
        let builds = store::live_builds(&mut snapshot).await?;
        if builds.iter().all(|build| build.quarantine_digest == quarantine.digest() && build.is_ours()) {
            let projector = Self::load(&mut snapshot, builds, quarantine).await?;
            snapshot.commit().await?;
            return Ok(projector);
        }
        snapshot.rollback().await?;
        Self::reopen(conn, builds, quarantine).await
    }

    /// Loads builds that were folded under this quarantine.
    async fn load(conn: &mut PgConnection, builds: Vec<Build>, quarantine: Quarantine) -> Result<Self, ReplayError> {
        let of = |projection| builds.iter().find(|build| build.projection == projection).ok_or(ReplayError::NoBuild);
        let (graph, people) = (of(Projection::Graph)?, of(Projection::People)?);
        if let Some(other) = builds.iter().find(|build| build.position != graph.position) {
            let reason = format!("stands at {}, build {} at {}", other.position, graph.id, graph.position);
            let row = other.id.to_string();
            return Err(StoreError::Inconsistent { build: other.id, table: "atlas.build", row, reason }.into());
        }
        let world = load::world(&mut *conn, graph, people).await.map_err(|error| replaced(graph, error))?;
        let history = of(Projection::History)?;
        let history = load::history(&mut *conn, history).await.map_err(|error| replaced(history, error))?;
        let formula = of(Projection::Metrics)?.read_formula()?;
        let fold = Fold::new(world, formula, quarantine.positions.clone(), Some(history));
        Ok(Self::at(builds, fold, quarantine))
    }

    /// Opens builds that were folded under another quarantine or by another code.
    async fn reopen(conn: &mut PgConnection, builds: Vec<Build>, quarantine: Quarantine) -> Result<Self, ReplayError> {
        let position = builds.iter().map(|build| build.position).max().unwrap_or(0);
        // The builds say under which set they were folded only by its digest. Where nothing at or before their
        // position is quarantined now or was then, they stand as they are.
        let folded: std::collections::BTreeSet<Position> =
            quarantine.positions.iter().copied().filter(|at| *at <= position).collect();
        let untouched = Quarantine { positions: folded }.digest() == Quarantine::default().digest()
            && builds.iter().all(|build| build.quarantine_digest == Quarantine::default().digest() && build.is_ours());
        let metrics =
            builds.iter().find(|build| build.projection == Projection::Metrics).ok_or(ReplayError::NoBuild)?;
        let formula = FormulaDocument {
            formula: metrics.read_formula()?,
            document: metrics.formula_document.clone().unwrap_or_default(),
        };
        if untouched {
            note_quarantine(conn, &builds, &quarantine).await?;
            let mut snapshot = conn.begin_with(SNAPSHOT).await?;
            let builds = store::live_builds(&mut snapshot).await?;
            let projector = Self::load(&mut snapshot, builds, quarantine).await?;
            snapshot.commit().await?;
            return Ok(projector);
        }
        let mut anew = rebuild::build(conn, &Projection::ALL, &formula, position, &mut |_| {}).await?;
        match anew.switch(conn).await {
            Ok(()) => Ok(anew),
            Err(error) => {
                rebuild::discard(conn, &anew).await?;
                Err(error)
            }
        }
    }

    /// A projector of builds that hold what `fold` holds.
    pub(crate) fn at(builds: Vec<Build>, fold: Fold, quarantine: Quarantine) -> Self {
        let mut tables = Materialized::default();
        let (_, noted) = turn(&mut tables, &fold);
        Self::with(builds, fold, quarantine, tables, noted)
    }

    /// A projector of builds that hold what `fold` holds, of which these are the tables.
    pub(crate) fn with(
        builds: Vec<Build>,
        fold: Fold,
        quarantine: Quarantine,
        tables: Materialized,
        noted: CursorMove,
    ) -> Self {
        let world_time = fold.world.graph.world_time();
        Self { builds, fold, quarantine, tables, noted, world_time }
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
    pub fn outcome(&self) -> Outcome {
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
        while self.position() < to {
            let page = to.min(self.position() + PAGE_POSITIONS);
            let before = self.position();
            let read = advance(&mut *conn, &mut self.fold, page, progress).await;
            let readable = matches!(read, Ok(()) | Err(ReplayError::Poison { .. }));
            if readable && self.position() > before {
                self.write(&mut *conn, before).await?;
                tracing::debug!(replay.from = before + 1, replay.to = self.position(), "projected");
            }
            read?;
        }
        Ok(())
    }

    /// How the live builds stand to this projector.
    ///
    /// # Errors
    /// [`ReplayError::OtherCode`] when another code has replaced them; when the database refuses.
    pub async fn standing(&self, conn: &mut PgConnection) -> Result<Standing, ReplayError> {
        let live = store::live_builds(conn).await?;
        let mine = |build: &Build| self.builds.iter().any(|mine| mine.id == build.id);
        // Two codes that follow at once would replace each other's builds for ever.
        if let Some(other) = live.iter().find(|build| !mine(build) && !build.is_ours()) {
            return Err(ReplayError::OtherCode(other.code.clone()));
        }
        Ok(if !live.iter().all(mine) {
            Standing::Replaced
        } else if live.iter().any(|build| build.position != self.position()) {
            Standing::Moved
        } else {
            Standing::Mine
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
        let (differences, moved) = if quiet {
            let (position, recorded_at) = (self.position(), self.fold.world.graph.recorded_at());
            (Vec::new(), CursorMove { position, recorded_at, ..self.noted })
        } else {
            turn(&mut self.tables, &self.fold)
        };
        let facts = fact_rows(&self.fold.world, changes.rows())?;
        // Everything is computed by now: the locks are held as long as the database writes.
        let mut transaction = conn.begin().await?;
        let conn = &mut *transaction;
        fence(&mut *conn, &self.builds, &self.quarantine).await?;
        write::move_cursors(&mut *conn, &self.builds, &moved).await?;
        for build in &mut self.builds {
            let schema = build.schema();
            for difference in differences.iter().filter(|d| d.table.projection == build.projection) {
                write::difference(&mut *conn, &schema, difference).await?;
            }
            for (table, rows) in &facts {
                if table.projection == build.projection {
                    write::upsert(&mut *conn, &schema, table, &rows.iter().collect::<Vec<_>>()).await?;
                }
            }
            if let (Projection::History, Some(history)) = (build.projection, &mut self.fold.history) {
                write_history(&mut *conn, &schema, history, before).await?;
            }
            build.position = moved.position;
            build.output_digest = Some(moved.output_digest);
            build.state_digest = Some(moved.state_digest);
        }
        transaction.commit().await?;
        self.noted = moved;
        self.world_time = self.fold.world.graph.world_time();
        Ok(())
    }
}

/// Turns tables to what a fold gives where it stands, from one evaluation. Answers by how much they differ from what
/// they were, and what is noted with a build.
pub(crate) fn turn(tables: &mut Materialized, fold: &Fold) -> (Vec<Difference>, CursorMove) {
    let Advanced { differences, output_digest, state_digest } = tables.advance_to(fold.world.view(), fold.formula());
    let (position, recorded_at) = (fold.world.position, fold.world.graph.recorded_at());
    (differences, CursorMove { position, recorded_at, output_digest, state_digest })
}

/// Writes what of a history began or ended since `before`.
async fn write_history(
    conn: &mut PgConnection,
    schema: &str,
    history: &mut History,
    before: Position,
) -> Result<(), ReplayError> {
    let ended = history.take_news().ended;
    // Only what began at or before the last page may stand there already.
    let (new, old): (Vec<Span>, Vec<Span>) =
        ended.into_iter().chain(history.holding(before)).partition(|span| span.from > before);
    let rows = |spans: Vec<Span>| spans.iter().map(span_row).collect();
    let (new, old): (Vec<Row>, Vec<Row>) = (rows(new), rows(old));
    write::upsert(&mut *conn, schema, &SPAN, &old.iter().collect::<Vec<_>>()).await?;
    write::copy(&mut *conn, schema, &SPAN, &new).await?;
    let ticks = tick_rows(history, before);
    write::upsert(&mut *conn, schema, &TICK, &ticks.iter().collect::<Vec<_>>()).await?;
    Ok(())
}

/// The stored rows of the state, of the kinds and keys given.
pub(crate) fn fact_rows<'a>(
    world: &World,
    keys: impl Iterator<Item = (&'static str, &'a str)>,
) -> Result<[(&'static projections::tables::Table, Vec<Row>); 2], ReplayError> {
    let (mut graph, mut people) = (Vec::new(), Vec::new());
    let unwritable = |key: &str, error: serde_json::Error| StoreError::Inconsistent {
        build: 0,
        table: "fact",
        row: key.to_owned(),
        reason: error.to_string(),
    };
    for (kind, key) in keys {
        let row = |value: String| vec![Some(kind.to_owned()), Some(key.to_owned()), Some(value)];
        graph.extend(world.graph.row(kind, key).map_err(|e| unwritable(key, e))?.map(row));
        people.extend(world.people.row(kind, key).map_err(|e| unwritable(key, e))?.map(row));
    }
    Ok([(&FACT, graph), (&LOG, people)])
}

/// Makes the first, empty builds, once, whoever comes first.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_live(conn: &mut PgConnection) -> Result<(), ReplayError> {
    if !store::live_builds(&mut *conn).await?.is_empty() {
        return Ok(());
    }
    let mut transaction = conn.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(FIRST_BUILDS_LOCK).execute(&mut *transaction).await?;
    if store::live_builds(&mut transaction).await?.is_empty() {
        let quarantine = Quarantine::read(&mut transaction).await?.digest();
        let formula = formulas::named(&mut transaction, formula::DEFAULT, 0).await?;
        let mut builds = Vec::new();
        for projection in Projection::ALL {
            let build = schema::create(&mut transaction, projection, &formula, &quarantine).await?;
            schema::index(&mut transaction, &build).await?;
            builds.push(build);
        }
        schema::make_live(&mut transaction, &builds).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Brings the live builds to the head, or to wherever it stood when this began.
///
/// # Errors
/// As [`Projector::catch_up`].
pub async fn to_head(conn: &mut PgConnection, progress: &mut dyn FnMut(&Stored)) -> Result<Projector, ReplayError> {
    let mut projector = Projector::open(&mut *conn).await?;
    let head = log::head(&mut *conn).await?.position;
    projector.catch_up(conn, head, progress).await?;
    Ok(projector)
}

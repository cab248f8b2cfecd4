//! The live history beside that of a fold, compared as the fold goes on: in memory are the moves of one segment.

use std::sync::Arc;

use domain::recorded::Position;
use projections::history::family::{SPAN, TICK};
use projections::history::table_rows::{segment_row, tick_rows};
use projections::history::{History, HistorySegment, Metric, Move};
use projections::metrics::Level;
use projections::store::Build;
use projections::tables::Row;
use sqlx::PgConnection;

use super::Divergence;
use super::ordered::{LiveRows, OrderedTable, in_order_of};
use crate::ReplayError;

/// The columns of a span in the order in which a fold ends them: segment, id, metric, level.
const AS_THEY_END: [usize; 4] = [3, 0, 1, 2];

/// A live history under comparison.
#[derive(Debug)]
pub(crate) struct LiveHistory {
    build: Build,
    cursor: String,
    spans: OrderedTable,
}

impl LiveHistory {
    /// Begins to read a history. To be called in a transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn open(conn: &mut PgConnection, build: &Build) -> Result<Self, ReplayError> {
        let cursor = format!("compared_{}_{}", build.id, SPAN.name);
        let declared = in_order_of(build, &SPAN, &AS_THEY_END);
        sqlx::raw_sql(&format!("DECLARE {cursor} NO SCROLL CURSOR FOR {declared}")).execute(conn).await?;
        Ok(Self { build: build.clone(), cursor, spans: OrderedTable::of(&SPAN, AS_THEY_END.to_vec()) })
    }

    /// Compares what ended next, see [`ended_before`].
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn meet(
        &mut self,
        conn: &mut PgConnection,
        ended: Vec<EndedSegment>,
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        self.spans.meet(&mut LiveRows::Cursor(conn, &self.cursor), &rows_as_they_end(ended), found).await
    }

    /// Compares what is left, and the ticks.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn end(
        mut self,
        conn: &mut PgConnection,
        history: &mut History,
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        self.meet(&mut *conn, ended_before(history, Position::MAX), found).await?;
        let Self { build, cursor, spans } = self;
        spans.end(&mut LiveRows::Cursor(&mut *conn, &cursor), found).await?;
        sqlx::raw_sql(&format!("CLOSE {cursor}")).execute(&mut *conn).await?;
        let mut ticks = OrderedTable::of(&TICK, vec![0]);
        let sql = in_order_of(&build, &TICK, &[0]);
        let mut live = LiveRows::of(conn, &sql);
        ticks.meet(&mut live, &tick_rows(history, 0..Position::MAX), found).await?;
        ticks.end(&mut live, found).await
    }
}

/// A segment on its own: what it looks like as a row is not for the thread that folds to find out.
#[derive(Debug)]
pub(crate) struct EndedSegment {
    level: Level,
    id: Arc<str>,
    metric: Metric,
    number: u64,
    moves: Vec<Move>,
}

impl EndedSegment {
    fn row(&self) -> Row {
        let Self { level, id, metric, number, moves } = self;
        segment_row(HistorySegment { level: *level, id, metric: *metric, number: *number, moves })
    }
}

/// Takes out of a fold's history what ended before the first position of a segment.
pub(crate) fn ended_before(history: &mut History, before: Position) -> Vec<EndedSegment> {
    let mut ended = Vec::new();
    history.take_moves(before, |HistorySegment { level, id, metric, number, moves }| {
        ended.push(EndedSegment { level, id: Arc::clone(id), metric, number, moves: moves.to_vec() });
    });
    ended
}

/// The rows of segments in the order in which a live history is read.
fn rows_as_they_end(mut ended: Vec<EndedSegment>) -> Vec<Row> {
    // They come by level, and those of a level are next to sorted: a stable sort merges them.
    ended.sort_by(|a, b| {
        let names = |one: &EndedSegment| (one.metric.name(), one.level.name());
        (a.number, &a.id).cmp(&(b.number, &b.id)).then_with(|| names(a).cmp(&names(b)))
    });
    ended.iter().map(EndedSegment::row).collect()
}

//! The live history beside that of a fold, compared as the fold goes on: in memory are the moves of one segment.

use std::ops::Range;
use std::sync::Arc;

use domain::number::fit;
use domain::recorded::Position;
use projections::history::family::{SPAN, TICK};
use projections::history::table_rows::{SegmentText, add_segment, add_ticks};
use projections::history::{History, HistorySegment, Metric, Move, SEGMENT_POSITIONS};
use projections::metrics::Level;
use projections::store::Build;
use projections::tables::Row;
use sqlx::PgConnection;

use super::Divergence;
use super::cell::{Cells, DAYS};
use super::ordered::{OrderedTable, in_order_of};
use crate::ReplayError;

/// The columns of a span in the order in which a fold ends them: segment, id, metric, level.
const AS_THEY_END: [usize; 4] = [3, 0, 1, 2];

/// A live history under comparison.
#[derive(Debug)]
pub(crate) struct LiveHistory {
    build: Build,
    /// The first number of a segment that is still to be compared.
    from: i64,
}

impl LiveHistory {
    /// A history of which nothing is compared yet.
    pub(crate) fn of(build: &Build) -> Self {
        Self { build: build.clone(), from: i64::MIN }
    }

    /// Compares what ended next. To be called in the transaction of those before, which sees one moment.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn meet(
        &mut self,
        conn: &mut PgConnection,
        mut ended: EndedSegments,
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        let to = ended.last.map_or(i64::MAX, |number| fit::<i64>(number, "segments"));
        let sql = in_order_of(&self.build, &SPAN, &AS_THEY_END, " WHERE segment BETWEEN $1 AND $2");
        let live = sqlx::query(&sql).bind(self.from).bind(to).persistent(false).fetch(conn);
        let mut spans = OrderedTable::of(&SPAN, AS_THEY_END.to_vec(), live);
        ended.sort();
        let mut row = SegmentText::default();
        for segment in &ended.segments {
            add_segment(ended.whole(segment), &mut row);
            spans.meet(&row, found).await?;
        }
        spans.end(found).await?;
        self.from = to.saturating_add(1);
        Ok(())
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
        self.meet(&mut *conn, EndedSegments::all(history), found).await?;
        sqlx::raw_sql(DAYS).execute(&mut *conn).await?;
        let sql = in_order_of(&self.build, &TICK, &[0], "");
        let mut ticks = OrderedTable::of(&TICK, vec![0], sqlx::query(&sql).persistent(false).fetch(conn));
        let mut held: Vec<Row> = Vec::new();
        add_ticks(history, 0..Position::MAX, &mut held);
        for row in &held {
            ticks.meet(row, found).await?;
        }
        ticks.end(found).await
    }
}

/// What of a history has ended, in one piece: there are millions of segments, most of them with one move.
#[derive(Debug)]
pub(crate) struct EndedSegments {
    /// The number of the last segment that has ended; `None` where all have.
    last: Option<u64>,
    segments: Vec<EndedSegment>,
    moves: Vec<Move>,
}

/// One of them. What it looks like as a row is not for the thread that folds to find out.
#[derive(Debug)]
struct EndedSegment {
    level: Level,
    id: Arc<str>,
    metric: Metric,
    number: u64,
    /// Where its moves are among all.
    moves: Range<usize>,
}

impl EndedSegments {
    /// Takes out of a fold's history the segments up to one that has ended.
    pub(crate) fn up_to(history: &mut History, number: u64) -> Self {
        Self { last: Some(number), ..Self::before(history, (number + 1) * SEGMENT_POSITIONS) }
    }

    /// Takes out all that is left.
    fn all(history: &mut History) -> Self {
        Self::before(history, Position::MAX)
    }

    fn before(history: &mut History, position: Position) -> Self {
        let mut ended = Self { last: None, segments: Vec::new(), moves: Vec::new() };
        history.take_moves(position, |HistorySegment { level, id, metric, number, moves }| {
            let first = ended.moves.len();
            ended.moves.extend_from_slice(moves);
            let moves = first..ended.moves.len();
            ended.segments.push(EndedSegment { level, id: Arc::clone(id), metric, number, moves });
        });
        ended
    }

    /// Brings them into the order in which a live history is read. They come by level, and those of a level are next
    /// to sorted: a stable sort merges them.
    fn sort(&mut self) {
        self.segments.sort_by(|a, b| {
            let names = |one: &EndedSegment| (one.metric.name(), one.level.name());
            (a.number, &a.id).cmp(&(b.number, &b.id)).then_with(|| names(a).cmp(&names(b)))
        });
    }

    fn whole<'a>(&'a self, segment: &'a EndedSegment) -> HistorySegment<'a> {
        let EndedSegment { level, id, metric, number, moves } = segment;
        HistorySegment { level: *level, id, metric: *metric, number: *number, moves: &self.moves[moves.clone()] }
    }
}

impl Cells for SegmentText {
    fn cell(&self, n: usize) -> Option<&str> {
        Some(self.cell(n))
    }
}

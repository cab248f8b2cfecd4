//! The live history beside that of a fold, compared as the fold goes on: in memory are the moves of one segment.

use domain::recorded::Position;
use projections::history::family::{SPAN, TICK};
use projections::history::table_rows::{segment_row, tick_rows};
use projections::history::{History, SEGMENT_POSITIONS, segment_of};
use projections::store::Build;
use sqlx::PgConnection;

use super::Divergence;
use super::ordered::{OrderedTable, in_order};
use crate::ReplayError;

/// The columns of a span in the order in which a fold ends them: segment, id, metric, level.
const AS_THEY_END: [usize; 4] = [3, 0, 1, 2];

/// A live history under comparison.
#[derive(Debug)]
pub(crate) struct LiveHistory {
    build: Build,
    spans: OrderedTable,
}

impl LiveHistory {
    /// Begins to read a history. To be called in a transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn open(conn: &mut PgConnection, build: &Build) -> Result<Self, ReplayError> {
        let spans = OrderedTable::open(conn, build, &SPAN, AS_THEY_END.to_vec()).await?;
        Ok(Self { build: build.clone(), spans })
    }

    /// Compares what ended before the segment of a position, and takes it out of the fold's history.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn meet(
        &mut self,
        conn: &mut PgConnection,
        history: &mut History,
        next: Position,
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        self.take(conn, history, segment_of(next) * SEGMENT_POSITIONS, found).await
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
        self.take(&mut *conn, history, Position::MAX, found).await?;
        self.spans.end(&mut *conn, found).await?;
        let mut ticks = OrderedTable::open(&mut *conn, &self.build, &TICK, vec![0]).await?;
        ticks.meet(&mut *conn, &tick_rows(history, 0..Position::MAX), found).await?;
        ticks.end(conn, found).await
    }

    async fn take(
        &mut self,
        conn: &mut PgConnection,
        history: &mut History,
        before: Position,
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        let mut rows = Vec::new();
        history.take_moves(before, |segment| rows.push(segment_row(segment)));
        rows.sort_unstable_by(|a, b| in_order(&SPAN, &AS_THEY_END, a, b));
        self.spans.meet(conn, &rows, found).await
    }
}

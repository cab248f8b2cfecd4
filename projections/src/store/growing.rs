//! The history of a build under way. What is final is written as it grows, into tables without an index.

use std::ops::Range;

use domain::recorded::Position;
use sqlx::PgConnection;

use super::copy::send;
use super::{Build, StoreError};
use crate::history::History;
use crate::history::table_rows::{tick_rows, write_segment};
use crate::table::text::CopyText;

/// What is final, as text.
#[derive(Debug, Default)]
pub struct Final {
    spans: CopyText,
    ticks: CopyText,
}

impl Final {
    /// Takes what is final out of a history: its ticks at these positions. What was before them was taken earlier.
    pub fn take(history: &mut History, at: Range<Position>) -> Self {
        let mut taken = Self::default();
        history.take_moves(at.end, |segment| write_segment(segment, &mut taken.spans));
        tick_rows(history, at).iter().for_each(|row| taken.ticks.row(row));
        taken
    }

    /// Writes it to a build.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, conn: &mut PgConnection, build: &Build) -> Result<(), StoreError> {
        let schema = build.schema();
        send(&self.spans, &mut *conn, &format!("{schema}.span")).await?;
        send(&self.ticks, &mut *conn, &format!("{schema}.tick")).await
    }
}

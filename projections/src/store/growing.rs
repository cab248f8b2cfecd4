//! The history of a build under way. What is final is written as it grows, into tables without an index.

use std::ops::Range;

use domain::recorded::Position;
use sqlx::PgConnection;

use super::{Build, StoreError, write};
use crate::history::History;
use crate::history::family::{SPAN, TICK};
use crate::history::table_rows::{add_segment, add_ticks};
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
        history.take_moves(at.end, |segment| add_segment(segment, &mut taken.spans));
        add_ticks(history, at, &mut taken.ticks);
        taken
    }

    /// Writes it to a build.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, conn: &mut PgConnection, build: &Build) -> Result<(), StoreError> {
        let schema = build.schema();
        write::copy(&mut *conn, &schema, &SPAN, &self.spans).await?;
        write::copy(&mut *conn, &schema, &TICK, &self.ticks).await
    }
}

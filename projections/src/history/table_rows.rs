//! The rows of the family's tables: few at a time as cells, many as text for COPY.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use domain::recorded::Position;
use serde_json::json;

use super::{History, HistorySegment, MetricValue, Move, Tick};
use crate::metrics::value::TermValue;
use crate::table::{Array, RowSink, ShownCell, known};

/// Adds the row of a segment.
pub fn add_segment(segment: HistorySegment<'_>, rows: &mut dyn RowSink) {
    rows.add(&[
        Some(&segment.id),
        Some(&segment.metric.name()),
        Some(&segment.level.name()),
        Some(&segment.number),
        Some(&Array(segment.moves.iter().map(|(position, _)| position))),
        Some(&ValueArray(segment.moves)),
    ]);
}

/// A segment's row in one text, which is written anew for each: where millions are only looked at.
#[derive(Clone, Debug, Default)]
pub struct SegmentText {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl RowSink for SegmentText {
    fn add(&mut self, cells: &[ShownCell<'_>]) {
        let Self { text, ends } = self;
        text.clear();
        ends.clear();
        for cell in cells {
            // Writing to a String cannot fail.
            let _ = cell.map_or(Ok(()), |cell| write!(text, "{cell}"));
            ends.push(text.len());
        }
    }
}

impl SegmentText {
    /// The cell of a column.
    #[must_use]
    pub fn cell(&self, n: usize) -> &str {
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[n]]
    }
}

/// The values of moves, as Postgres writes an array of texts.
struct ValueArray<'a>(&'a [Move]);

impl Display for ValueArray<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (_, value)) in self.0.iter().enumerate() {
            f.write_char(if n == 0 { '{' } else { ',' })?;
            match value {
                // Most are counts, and need no quotes.
                MetricValue::Number(TermValue::Count(count)) => write!(f, "{count}")?,
                value => {
                    f.write_char('"')?;
                    write!(Quoted(f), "{value}")?;
                    f.write_char('"')?;
                }
            }
        }
        f.write_char('}')
    }
}

/// Takes text and writes it such that none of it ends the quotes around it.
struct Quoted<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Quoted<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['"', '\\']) {
            let plain = part.strip_suffix(['"', '\\']).unwrap_or(part);
            self.0.write_str(plain)?;
            if plain.len() < part.len() {
                self.0.write_char('\\')?;
                self.0.write_str(&part[plain.len()..])?;
            }
        }
        Ok(())
    }
}

/// Adds the rows of the ticks at these positions.
pub fn add_ticks(history: &History, at: Range<Position>, rows: &mut dyn RowSink) {
    for (position, Tick { day, recorded_at, labels, .. }) in history.ticks.range(at) {
        rows.add(&[Some(position), Some(day), known(recorded_at), Some(&json!(labels))]);
    }
}

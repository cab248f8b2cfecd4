//! The rows of the family's tables: few at a time as cells, many as text for COPY.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use domain::recorded::Position;
use serde_json::json;

use super::family::SPAN;
use super::{History, HistorySegment, MetricValue, Move, Tick};
use crate::metrics::value::TermValue;
use crate::table::Row;
use crate::table::text::CopyText;

/// The cells of a segment, in the order of its table's columns.
fn cells(segment: HistorySegment<'_>, mut cell: impl FnMut(&dyn Display)) {
    cell(&segment.id);
    cell(&segment.metric.name());
    cell(&segment.level.name());
    cell(&segment.number);
    cell(&PositionArray(segment.moves));
    cell(&ValueArray(segment.moves));
}

/// The row of a segment.
#[must_use]
pub fn segment_row(segment: HistorySegment<'_>) -> Row {
    let mut row = Row::with_capacity(SPAN.columns.len());
    cells(segment, |cell| {
        // There are millions of them, and most are as short.
        let mut text = String::with_capacity(32);
        // Writing to a String cannot fail.
        let _ = write!(text, "{cell}");
        row.push(Some(text));
    });
    row
}

/// A segment's row in one text, which is written anew for each: where millions are only looked at.
#[derive(Clone, Debug, Default)]
pub struct SegmentText {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl SegmentText {
    /// Becomes the row of this segment.
    pub fn write(&mut self, segment: HistorySegment<'_>) {
        let Self { text, ends } = self;
        text.clear();
        ends.clear();
        cells(segment, |cell| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell}");
            ends.push(text.len());
        });
    }

    /// The cell of a column.
    #[must_use]
    pub fn cell(&self, n: usize) -> &str {
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[n]]
    }
}

/// The same row as text: there are many.
pub fn write_segment(segment: HistorySegment<'_>, text: &mut CopyText) {
    cells(segment, |cell| text.cell(Some(cell)));
    text.end();
}

/// The positions of moves, as Postgres writes an array.
struct PositionArray<'a>(&'a [Move]);

impl Display for PositionArray<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (position, _)) in self.0.iter().enumerate() {
            write!(f, "{}{position}", if n == 0 { '{' } else { ',' })?;
        }
        f.write_char('}')
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

/// The rows of the ticks at these positions.
#[must_use]
pub fn tick_rows(history: &History, at: Range<Position>) -> Vec<Row> {
    let ticks = history.ticks.range(at);
    let row = |(position, tick): (&u64, &Tick)| {
        vec![
            Some(position.to_string()),
            Some(tick.day.to_string()),
            tick.recorded_at.map(|time| time.to_string()),
            Some(json!(tick.labels).to_string()),
        ]
    };
    ticks.map(row).collect()
}

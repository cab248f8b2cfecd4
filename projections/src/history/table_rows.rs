//! The rows of the family's tables: few at a time as cells, many as text for COPY.

use std::fmt::Display;

use domain::recorded::Position;
use serde_json::json;

use super::{Birth, History, HistorySpan, Tick};
use crate::table::Row;
use crate::table::text::CopyText;

/// The cells of a value over time, in the order of its table's columns.
fn cells(span: &HistorySpan, mut cell: impl FnMut(Option<&dyn Display>)) {
    cell(Some(&span.id));
    cell(Some(&span.from));
    cell(Some(&span.metric.name()));
    cell(Some(&span.level.name()));
    cell(span.to.as_ref().map(|position| position as &dyn Display));
    cell(Some(&span.value));
}

/// The row of a value over time.
#[must_use]
pub fn span_row(span: &HistorySpan) -> Row {
    let mut row = Row::new();
    cells(span, |cell| row.push(cell.map(ToString::to_string)));
    row
}

/// The same row as text: there are many.
pub fn write_span(span: &HistorySpan, text: &mut CopyText) {
    cells(span, |cell| text.cell(cell));
    text.end();
}

/// A vertex and the first tick that saw it, as text.
pub fn write_birth(birth: &Birth, text: &mut CopyText) {
    text.cell(Some(birth.level.name()));
    text.cell(Some(&birth.id));
    text.cell(Some(birth.at));
    text.end();
}

/// The rows of the ticks from a position on.
#[must_use]
pub fn tick_rows(history: &History, from: Position) -> Vec<Row> {
    let ticks = history.ticks.range(from..);
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

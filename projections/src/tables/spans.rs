//! Rows of the history: few at a time as cells, many as text for COPY.

use domain::recorded::Position;
use serde_json::json;

use super::Row;
use crate::history::{Birth, History, Span};
use crate::store::copy::Text;

/// The row of a value over time.
#[must_use]
pub fn span_row(span: &Span) -> Row {
    vec![
        Some(span.id.to_string()),
        Some(span.from.to_string()),
        Some(span.metric.name().to_owned()),
        Some(span.level.name().to_owned()),
        span.to.map(|position| position.to_string()),
        Some(span.value.to_string()),
    ]
}

/// The same row as text.
pub fn write_span(span: &Span, text: &mut Text) {
    text.cell(&span.id);
    text.cell(span.from);
    text.cell(span.metric.name());
    text.cell(span.level.name());
    match span.to {
        Some(position) => text.cell(position),
        None => text.null(),
    }
    text.cell(&span.value);
    text.end();
}

/// A vertex and the first tick that saw it, as text.
pub fn write_birth(birth: &Birth, text: &mut Text) {
    text.cell(birth.level.name());
    text.cell(&birth.id);
    text.cell(birth.at);
    text.end();
}

/// The rows of the ticks from a position on.
#[must_use]
pub fn tick_rows(history: &History, from: Position) -> Vec<Row> {
    let ticks = history.ticks.range(from..);
    let row = |(position, tick): (&u64, &crate::history::Tick)| {
        vec![
            Some(position.to_string()),
            Some(tick.day.to_string()),
            tick.recorded_at.map(|time| time.to_string()),
            Some(json!(tick.labels).to_string()),
        ]
    };
    ticks.map(row).collect()
}

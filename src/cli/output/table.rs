//! Rows for people: columns that fit the terminal, numbers to the right, an ellipsis where something is cut.

use std::borrow::Cow;

use anyhow::anyhow;
use serde_json::{Map, Value};

use super::cell::{self, TextExtent};
use super::looks::{Looks, Tone};
use crate::cli::failure::{Failure, Result};

/// Blanks between columns.
const GAP: usize = 2;
/// Columns of the terminal that a name or an id gets at least, where it needs them.
const MIN_NAME: usize = 12;
const MIN_ID: usize = 16;
/// Blanks before a sentence that stands below its row.
const INDENT: usize = 4;

/// What a table may show.
#[derive(Clone, Debug)]
pub(crate) struct TableColumns {
    /// Every field, in the order of the contract.
    pub(crate) all: Vec<&'static str>,
    /// What people see unless they ask for more, the most important first; none: every field.
    pub(crate) shown: Vec<&'static str>,
}

impl TableColumns {
    /// The fields that are asked for, by name or by short name; every field where none is.
    pub(crate) fn asked(&self, names: &[String]) -> Result<Vec<&'static str>> {
        if names.is_empty() { Ok(self.all.clone()) } else { picked(&self.all, names) }
    }

    /// The rows as a table of what is asked for, or else of what people see.
    pub(crate) fn table(&self, rows: &[Map<String, Value>], looks: &Looks) -> Result<String> {
        if !looks.show.columns.is_empty() {
            return Ok(laid_out(&self.asked(&looks.show.columns)?, rows, looks, false));
        }
        if looks.show.wide {
            let further = self.all.iter().filter(|field| !self.shown.contains(field));
            let fields: Vec<&str> = self.shown.iter().chain(further).copied().collect();
            return Ok(laid_out(&fields, rows, looks, false));
        }
        Ok(table(if self.shown.is_empty() { &self.all } else { &self.shown }, rows, looks))
    }
}

/// Rows as a table, without the columns in which nothing stands.
pub(crate) fn table(fields: &[&str], rows: &[Map<String, Value>], looks: &Looks) -> String {
    let says = |field: &&str| rows.is_empty() || rows.iter().any(|row| holds(row.get(*field)));
    let fields: Vec<&str> = fields.iter().copied().filter(says).collect();
    laid_out(&fields, rows, looks, !looks.show.wide)
}

/// Fields by name or by short name.
pub(crate) fn picked<'a>(fields: &[&'a str], names: &[String]) -> Result<Vec<&'a str>> {
    let one = |name: &String| {
        let found = fields.iter().find(|field| **field == name || cell::header(field) == name);
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = fields.iter().map(|field| cell::header(field)).collect();
            Failure::environment(anyhow!("--columns: no column `{name}`: there are {}", known.join(", ")))
        })
    };
    names.iter().map(one).collect()
}

fn holds(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// Rows under a header.
fn laid_out(fields: &[&str], rows: &[Map<String, Value>], looks: &Looks, may_leave_out: bool) -> String {
    let mut layout = Layout::of(fields, rows, looks);
    let left_out = if looks.show.wide { Vec::new() } else { layout.fit(looks.width, may_leave_out) };
    let mut text = layout.header(looks) + &layout.body(looks);
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|column| column.header).collect();
        let said = format!("no room for {}: --wide, or --columns", names.join(", "));
        text.push_str(&looks.paint(Tone::Faint, &said));
        text.push('\n');
    }
    text
}

/// A table of which the rows come page by page: the first says how wide the columns are.
#[derive(Debug)]
pub(crate) struct TablePages {
    fields: Vec<&'static str>,
    widths: Option<Vec<usize>>,
}

impl TablePages {
    /// A table of what is asked for, or else of what people see.
    pub(crate) fn new(columns: &TableColumns, looks: &Looks) -> Result<Self> {
        let asked = &looks.show.columns;
        let fields = if asked.is_empty() && !looks.show.wide { columns.shown.clone() } else { columns.asked(asked)? };
        Ok(Self { fields, widths: None })
    }

    /// The next rows; before the first the header.
    pub(crate) fn next(&mut self, rows: &[Map<String, Value>], looks: &Looks) -> String {
        let mut layout = Layout::of(&self.fields, rows, looks);
        if let Some(widths) = &self.widths {
            layout.take(widths);
            return layout.body(looks);
        }
        if !looks.show.wide {
            layout.fit(looks.width, false);
        }
        self.widths = Some(layout.columns.iter().map(|column| column.width).collect());
        layout.header(looks) + &layout.body(looks)
    }
}

/// Where the cells of a table stand.
struct Layout<'a> {
    rows: usize,
    columns: Vec<Column<'a>>,
    /// Sentences that have no room beside the others: each under its row.
    below: Vec<Column<'a>>,
}

/// A column of a table.
struct Column<'a> {
    header: &'a str,
    cells: Vec<(String, Option<Tone>)>,
    kind: ColumnKind,
    width: usize,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Number,
    /// A word, a digest, a time: nothing to cut.
    Word,
    Name,
    Id,
    Prose,
}

impl<'a> Column<'a> {
    fn of(field: &'a str, rows: &[Map<String, Value>], looks: &Looks) -> Self {
        let extent = if looks.show.wide { TextExtent::Full } else { TextExtent::Short };
        let is_numeric = cell::is_numeric(field, rows);
        let values = || rows.iter().map(|row| row.get(field).unwrap_or(&Value::Null));
        let decimals = values().map(cell::decimals).max().unwrap_or(0);
        let decimals = if values().any(Value::is_f64) { decimals.max(1) } else { 0 };
        let shown = |value: &Value| {
            let text = if value.is_f64() { cell::decimal(value, decimals) } else { cell::text(value, extent) };
            (text, cell::tone(field, value))
        };
        let cells: Vec<_> = values().map(shown).collect();
        let header = cell::header(field);
        let width = cells.iter().map(|(text, _)| cell::width(text)).max().unwrap_or(0).max(cell::width(header));
        let kind = match field {
            _ if is_numeric => ColumnKind::Number,
            field if cell::is_id(field) => ColumnKind::Id,
            field if cell::is_prose(field) => ColumnKind::Prose,
            _ if width > MIN_ID => ColumnKind::Name,
            _ => ColumnKind::Word,
        };
        Self { header, cells, kind, width }
    }

    /// What it cannot be narrower than.
    fn least(&self) -> usize {
        let least = match self.kind {
            ColumnKind::Number | ColumnKind::Word => self.width,
            ColumnKind::Name | ColumnKind::Prose => MIN_NAME,
            ColumnKind::Id => MIN_ID,
        };
        least.max(cell::width(self.header)).min(self.width)
    }

    /// A cell in the columns that it has.
    fn cell(&self, row: usize) -> (Cow<'_, str>, Option<Tone>) {
        let (text, tone) = &self.cells[row];
        let cut = if self.kind == ColumnKind::Id { cell::cut_start } else { cell::cut_end };
        (cut(text, self.width), *tone)
    }
}

impl<'a> Layout<'a> {
    fn of(fields: &[&'a str], rows: &[Map<String, Value>], looks: &Looks) -> Self {
        let columns = fields.iter().map(|field| Column::of(field, rows, looks)).collect();
        Self { rows: rows.len(), columns, below: Vec::new() }
    }

    /// How wide a line is, by the width of a column.
    fn width(&self, of: fn(&Column<'a>) -> usize) -> usize {
        self.columns.iter().map(of).sum::<usize>() + GAP * self.columns.len().saturating_sub(1)
    }

    /// Makes a line fit: sentences go below, then whatever is widest gets narrower. Answers the last ones, those that
    /// there is no room for.
    fn fit(&mut self, room: usize, may_leave_out: bool) -> Vec<Column<'a>> {
        let natural = |column: &Column<'a>| column.width;
        if self.width(natural) > room && self.columns.len() > 1 {
            let columns = std::mem::take(&mut self.columns);
            (self.below, self.columns) = columns.into_iter().partition(|column| column.kind == ColumnKind::Prose);
        }
        let mut left_out = Vec::new();
        while may_leave_out && self.columns.len() > 1 && self.width(Column::least) > room {
            left_out.extend(self.columns.pop());
        }
        left_out.reverse();
        while self.width(natural) > room {
            let narrowed = self.columns.iter_mut().filter(|column| column.width > column.least());
            let Some(widest) = narrowed.max_by_key(|column| column.width) else { break };
            widest.width -= 1;
        }
        left_out
    }

    /// Takes over the widths of the page before, but cuts no number.
    fn take(&mut self, widths: &[usize]) {
        for (column, width) in self.columns.iter_mut().zip(widths) {
            let least = if column.kind == ColumnKind::Number { column.width } else { 0 };
            column.width = least.max(*width);
        }
    }

    fn header(&self, looks: &Looks) -> String {
        let name = |column: &Column<'a>| (Cow::Borrowed(column.header), Some(Tone::Heading));
        self.line(self.columns.iter().map(name), looks)
    }

    fn body(&self, looks: &Looks) -> String {
        let row = |row| self.line(self.columns.iter().map(|column| column.cell(row)), looks) + &self.under(row, looks);
        (0..self.rows).map(row).collect()
    }

    /// The sentences of a row.
    fn under(&self, row: usize, looks: &Looks) -> String {
        let lines = |column: &Column<'_>| cell::wrapped(&column.cells[row].0, looks.width.saturating_sub(INDENT));
        self.below.iter().flat_map(lines).map(|line| format!("{:INDENT$}{line}\n", "")).collect()
    }

    /// A line of cells, each in its column, without blanks at the end.
    fn line<'b>(&self, cells: impl Iterator<Item = (Cow<'b, str>, Option<Tone>)>, looks: &Looks) -> String {
        let mut line = String::new();
        let mut blanks = 0;
        for (column, (text, tone)) in self.columns.iter().zip(cells) {
            let room = column.width.saturating_sub(cell::width(&text));
            let (before, after) = if column.kind == ColumnKind::Number { (room, 0) } else { (0, room) };
            line.extend(std::iter::repeat_n(' ', blanks + before));
            line.push_str(&tone.map_or_else(|| text.clone().into_owned(), |tone| looks.paint(tone, &text)));
            blanks = after + GAP;
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

//! Rows for people: columns that fit the terminal, numbers to the right, an ellipsis where something is cut.

use std::borrow::Cow;

use anyhow::anyhow;
use serde_json::{Map, Value};

use super::cell::{self, Extent};
use super::looks::{Looks, Tone};
use crate::cli::failure::{Failure, Result};

/// Blanks between columns.
const GAP: usize = 2;
/// Columns of the terminal that a name, an id or a sentence gets at least, where it needs them.
const MIN_NAME: usize = 12;
const MIN_ID: usize = 16;
const MIN_PROSE: usize = 24;

/// What a table may show.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// Every field, in the order of the contract.
    pub(crate) all: Vec<&'static str>,
    /// What people see unless they ask for more, the most important first; none: every field.
    pub(crate) shown: Vec<&'static str>,
}

impl Columns {
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
    let mut columns: Vec<Column<'_>> = fields.iter().map(|field| Column::of(field, rows, looks)).collect();
    let left_out = if looks.show.wide { Vec::new() } else { fit(&mut columns, looks.width, may_leave_out) };
    let mut text = header(&columns, looks) + &body(&columns, rows.len(), looks);
    if !left_out.is_empty() {
        let names: Vec<&str> = left_out.iter().map(|column| column.header).collect();
        let said = format!("no room for {}: --wide, or --columns", names.join(", "));
        text.push_str(&looks.paint(Tone::Faint, &said));
        text.push('\n');
    }
    text
}

fn header(columns: &[Column<'_>], looks: &Looks) -> String {
    let names = columns.iter().map(|column| (Cow::Borrowed(column.header), Some(Tone::Heading)));
    line(columns, names, looks)
}

fn body(columns: &[Column<'_>], rows: usize, looks: &Looks) -> String {
    (0..rows).flat_map(|row| row_lines(columns, row, looks)).collect()
}

/// A table of which the rows come page by page: the first says how wide the columns are.
#[derive(Debug)]
pub(crate) struct Pages {
    fields: Vec<&'static str>,
    widths: Option<Vec<usize>>,
}

impl Pages {
    /// A table of what is asked for, or else of what people see.
    pub(crate) fn new(columns: &Columns, looks: &Looks) -> Result<Self> {
        let asked = &looks.show.columns;
        let fields = if asked.is_empty() && !looks.show.wide { columns.shown.clone() } else { columns.asked(asked)? };
        Ok(Self { fields, widths: None })
    }

    /// The next rows; before the first the header.
    pub(crate) fn next(&mut self, rows: &[Map<String, Value>], looks: &Looks) -> String {
        let mut columns: Vec<Column<'_>> = self.fields.iter().map(|field| Column::of(field, rows, looks)).collect();
        if let Some(widths) = &self.widths {
            for (column, width) in columns.iter_mut().zip(widths) {
                let least = if column.kind == Kind::Number { column.width } else { 0 };
                column.width = least.max(*width);
            }
            return body(&columns, rows.len(), looks);
        }
        if !looks.show.wide {
            fit(&mut columns, looks.width, false);
        }
        self.widths = Some(columns.iter().map(|column| column.width).collect());
        header(&columns, looks) + &body(&columns, rows.len(), looks)
    }
}

/// A column of a table.
struct Column<'a> {
    header: &'a str,
    cells: Vec<(String, Option<Tone>)>,
    kind: Kind,
    width: usize,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    /// A word, a digest, a time: nothing to cut.
    Word,
    Name,
    Id,
    Prose,
}

impl<'a> Column<'a> {
    fn of(field: &'a str, rows: &'a [Map<String, Value>], looks: &Looks) -> Self {
        let extent = if looks.show.wide { Extent::Full } else { Extent::Short };
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
            _ if is_numeric => Kind::Number,
            field if cell::is_id(field) => Kind::Id,
            field if cell::is_prose(field) => Kind::Prose,
            _ if width > MIN_ID => Kind::Name,
            _ => Kind::Word,
        };
        Self { header, cells, kind, width }
    }

    /// What it cannot be narrower than.
    fn least(&self) -> usize {
        let least = match self.kind {
            Kind::Number | Kind::Word => self.width,
            Kind::Name => MIN_NAME,
            Kind::Id => MIN_ID,
            Kind::Prose => MIN_PROSE,
        };
        least.max(cell::width(self.header)).min(self.width)
    }

    /// The lines of a cell.
    fn lines(&self, row: usize) -> Vec<Cow<'_, str>> {
        let text = &self.cells[row].0;
        match self.kind {
            Kind::Id => vec![cell::cut_start(text, self.width)],
            Kind::Prose if cell::width(text) > self.width => {
                let cut = |line: String| Cow::Owned(cell::cut_end(&line, self.width).into_owned());
                cell::wrapped(text, self.width).into_iter().map(cut).collect()
            }
            _ => vec![cell::cut_end(text, self.width)],
        }
    }
}

/// Narrows columns until a line fits: sentences first, which go on on the next line, then whatever is widest. Answers
/// the last ones, those that there is no room for.
fn fit<'a>(columns: &mut Vec<Column<'a>>, room: usize, may_leave_out: bool) -> Vec<Column<'a>> {
    let total = |widths: usize, count: usize| widths + GAP * count.saturating_sub(1);
    let needs = |columns: &[Column<'_>]| total(columns.iter().map(Column::least).sum(), columns.len());
    let mut left_out = Vec::new();
    while may_leave_out && columns.len() > 1 && needs(columns) > room {
        left_out.extend(columns.pop());
    }
    left_out.reverse();
    loop {
        let over = total(columns.iter().map(|column| column.width).sum(), columns.len()).saturating_sub(room);
        let narrowed = columns.iter_mut().filter(|column| column.width > column.least());
        let widest = narrowed.max_by_key(|column| (column.kind == Kind::Prose, column.width));
        let Some(widest) = widest.filter(|_| over > 0) else { return left_out };
        // One by one beside others: they share what there is.
        let step = if widest.kind == Kind::Prose { over.min(widest.width - widest.least()) } else { 1 };
        widest.width -= step;
    }
}

/// The lines of a row: one, unless sentences go on.
fn row_lines(columns: &[Column<'_>], row: usize, looks: &Looks) -> Vec<String> {
    let cells: Vec<Vec<Cow<'_, str>>> = columns.iter().map(|column| column.lines(row)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let nth = |n: usize| {
        let cell = |(column, lines): (&Column<'_>, &Vec<Cow<'_, str>>)| {
            (Cow::Owned(lines.get(n).cloned().unwrap_or_default().into_owned()), column.cells[row].1)
        };
        line(columns, columns.iter().zip(&cells).map(cell), looks)
    };
    (0..height).map(nth).collect()
}

/// A line of cells, each in its column, without blanks at the end.
fn line<'a>(
    columns: &[Column<'_>],
    cells: impl Iterator<Item = (Cow<'a, str>, Option<Tone>)>,
    looks: &Looks,
) -> String {
    let mut line = String::new();
    let mut blanks = 0;
    for (column, (text, tone)) in columns.iter().zip(cells) {
        let room = column.width.saturating_sub(cell::width(&text));
        let (before, after) = if column.kind == Kind::Number { (room, 0) } else { (0, room) };
        if !text.is_empty() {
            line.extend(std::iter::repeat_n(' ', blanks + before));
            line.push_str(&tone.map_or_else(|| text.clone().into_owned(), |tone| looks.paint(tone, &text)));
            blanks = 0;
        } else {
            blanks += before;
        }
        blanks += after + GAP;
    }
    line.push('\n');
    line
}

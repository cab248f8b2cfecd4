//! A table of a build, its rows, and by what one content of it differs from another.
//!
//! Cells are text in the form Postgres casts to the column's type, so one writer serves every table.

use std::cmp::Ordering;
use std::fmt::{self, Display, Write as _};
use std::sync::Arc;

use domain::digest::Digest;

pub mod difference;
pub mod text;

pub use difference::TableDiff;

/// A table of a build.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the family whose builds hold it.
    pub family: &'static str,
    /// Name within the build's schema.
    pub name: &'static str,
    /// Columns: (name, type with constraints). The first `key` of them are the primary key.
    pub columns: &'static [(&'static str, &'static str)],
    /// Number of key columns.
    pub key: usize,
}

impl Table {
    /// The table of a family that keeps its state as rows: the newest fact of every source.
    #[must_use]
    pub const fn of_facts(family: &'static str) -> Self {
        Self { family, name: "fact", columns: &[("kind", "text"), ("key", "text"), ("value", "text")], key: 2 }
    }
}

/// One row: a cell per column, `None` for null.
pub type Row = Vec<Option<String>>;

/// A cell that is written; `None` for null.
pub type ShownCell<'a> = Option<&'a dyn Display>;

/// Takes rows of a table, in whatever form they are wanted.
pub trait RowSink {
    /// Takes a row: a cell per column.
    fn add(&mut self, cells: &[ShownCell<'_>]);
}

impl RowSink for Vec<Row> {
    fn add(&mut self, cells: &[ShownCell<'_>]) {
        self.push(cells.iter().map(|cell| cell.map(ToString::to_string)).collect());
    }
}

/// What takes rows that nobody looks at.
impl RowSink for () {
    fn add(&mut self, _: &[ShownCell<'_>]) {}
}

/// The row that is added.
pub(crate) fn one(add: impl FnOnce(&mut dyn RowSink)) -> Row {
    let mut rows: Vec<Row> = Vec::with_capacity(1);
    add(&mut rows);
    rows.pop().unwrap_or_default()
}

/// A cell of what may be unknown.
pub(crate) fn known(value: &Option<impl Display>) -> ShownCell<'_> {
    value.as_ref().map(|value| value as &dyn Display)
}

/// A cell that is a list of what needs no quotes, as Postgres writes an array.
pub(crate) struct Array<Items>(pub(crate) Items);

impl<Items: Iterator<Item: Display> + Clone> Display for Array<Items> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (n, item) in self.0.clone().enumerate() {
            if n > 0 {
                f.write_char(',')?;
            }
            item.fmt(f)?;
        }
        f.write_char('}')
    }
}

/// A table with its rows, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// The table.
    pub table: &'static Table,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// The order of ids, bytewise. Most often both are one text.
pub(crate) fn by_id(a: &Arc<str>, b: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

/// Puts what is new in its places among what is there, both in order.
pub(crate) fn insert<T>(held: &mut Vec<T>, new: Vec<(usize, T)>) {
    if new.is_empty() {
        return;
    }
    let mut all = Vec::with_capacity(held.len() + new.len());
    let mut rest = std::mem::take(held).into_iter();
    let mut taken = 0;
    for (place, value) in new {
        all.extend(rest.by_ref().take(place - taken));
        all.push(value);
        taken = place;
    }
    all.extend(rest);
    *held = all;
}

/// The integer by which the API shows a canonical id: the first 53 bits of SHA-256(kind class || id).
#[must_use]
pub fn surrogate(class: &str, id: &str) -> u64 {
    let digest = Digest::of_parts(&[class.as_bytes(), id.as_bytes()]);
    let mut head = [0u8; 8];
    head.copy_from_slice(&digest.0[..8]);
    u64::from_be_bytes(head) >> 11
}

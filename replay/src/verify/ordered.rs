//! One live table beside what a fold gives, read once in the order of its key: in memory is what is on its way.

use std::cmp::Ordering;
use std::pin::Pin;

use futures_util::stream::{BoxStream, Peekable};
use futures_util::{StreamExt as _, TryStreamExt as _};
use projections::store::Build;
use projections::tables::Table;
use sqlx::postgres::PgRow;

use super::cell::{self, Cells};
use super::{Divergence, MAX_REPORTED};
use crate::ReplayError;

/// Longest text of a cell that a divergence shows, in bytes.
const SHOWN_BYTES: usize = 400;

/// The statement that reads a table in the order of these of its columns, all of it or what a clause leaves.
pub(super) fn in_order_of(build: &Build, table: &Table, order: &[usize], clause: &str) -> String {
    // Named otherwise than the columns, which the order is to be of.
    let each = table.columns.iter().enumerate();
    let asked: Vec<String> = each.map(|(n, (name, kind))| format!("{} AS cell_{n}", cell::asked(name, kind))).collect();
    let by = order.iter().map(|n| {
        let (name, kind) = table.columns[*n];
        format!("\"{name}\"{}", if kind == "text" { " COLLATE \"C\"" } else { "" })
    });
    let (asked, by) = (asked.join(", "), by.collect::<Vec<_>>().join(", "));
    format!("SELECT {asked} FROM {}.{}{clause} ORDER BY {by}", build.schema(), table.name)
}

/// A live table under comparison. To be had in a transaction, which sees one moment.
pub(super) struct OrderedTable<'a> {
    table: &'static Table,
    /// By which columns it is read, in their order: those of its key.
    order: Vec<usize>,
    /// The server goes on while what it gave is compared.
    live: Peekable<BoxStream<'a, sqlx::Result<PgRow>>>,
}

impl<'a> OrderedTable<'a> {
    /// A table that a statement reads in the order of these of its columns.
    pub(super) fn of(table: &'static Table, order: Vec<usize>, live: BoxStream<'a, sqlx::Result<PgRow>>) -> Self {
        Self { table, order, live: live.peekable() }
    }

    /// Waits for the first row.
    pub(super) async fn begin(&mut self) {
        Pin::new(&mut self.live).peek().await;
    }

    /// Meets the next row that a fold gives; they come in the order of the table.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn meet(&mut self, row: &impl Cells, found: &mut Vec<Divergence>) -> Result<(), ReplayError> {
        loop {
            let order = match Pin::new(&mut self.live).peek().await {
                Some(Ok(held)) => in_order(self.table, &self.order, held, row),
                Some(Err(_)) => Ordering::Less,
                None => Ordering::Greater,
            };
            if order.is_gt() {
                tell(found, || self.row(row, Some("present"), None));
                return Ok(());
            }
            let Some(held) = self.live.try_next().await? else { continue };
            if order.is_eq() {
                self.cells(row, &held, found);
                return Ok(());
            }
            tell(found, || self.row(&held, None, Some("present")));
        }
    }

    /// No more rows come: what is left in the table is too much.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn end(mut self, found: &mut Vec<Divergence>) -> Result<(), ReplayError> {
        while let Some(held) = self.live.try_next().await? {
            tell(found, || self.row(&held, None, Some("present")));
        }
        Ok(())
    }

    fn cells(&self, row: &impl Cells, held: &PgRow, found: &mut Vec<Divergence>) {
        for (n, (name, kind)) in self.table.columns.iter().enumerate() {
            let (replayed, live) = (row.cell(n), held.cell(n));
            if !cell::same(kind, replayed, live) {
                tell(found, || self.divergence(row, name, replayed, live));
            }
        }
    }

    fn row(&self, row: &impl Cells, replayed: Option<&str>, live: Option<&str>) -> Divergence {
        self.divergence(row, "row", replayed, live)
    }

    fn divergence(&self, row: &impl Cells, metric: &str, replayed: Option<&str>, live: Option<&str>) -> Divergence {
        let key: Vec<&str> = (0..self.table.key).map(|n| row.cell(n).unwrap_or_default()).collect();
        Divergence {
            table: Some(format!("{}.{}", self.table.family, self.table.name)),
            id: key.join(" "),
            metric: metric.to_owned(),
            replayed: replayed.map(shown),
            live: live.map(shown),
        }
    }
}

/// Tells a divergence, unless there are enough: a table may hold any number of rows that no fold gives.
fn tell(found: &mut Vec<Divergence>, divergence: impl FnOnce() -> Divergence) {
    if found.len() < MAX_REPORTED {
        found.push(divergence());
    }
}

/// Two rows in the order of these columns: numbers by value, texts and days bytewise, nothing last.
pub(super) fn in_order(table: &Table, order: &[usize], a: &impl Cells, b: &impl Cells) -> Ordering {
    let mut each = order.iter().map(|n| match (a.cell(*n), b.cell(*n)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if a == b => Ordering::Equal,
        (Some(a), Some(b)) if table.columns[*n].1 == "bigint" => a.parse::<i64>().ok().cmp(&b.parse::<i64>().ok()),
        (Some(a), Some(b)) => a.cmp(b),
    });
    each.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A cell as a person is shown it: the states of large histories are megabytes.
fn shown(text: &str) -> String {
    if text.len() <= SHOWN_BYTES {
        return text.to_owned();
    }
    let end = (0..=SHOWN_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}... ({} bytes, SHA-256 {})", &text[..end], text.len(), domain::digest::Digest::of(text.as_bytes()))
}

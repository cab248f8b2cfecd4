//! One live table beside what a fold gives, read once in the order of its key: in memory is one page of it.

use std::cmp::Ordering;
use std::collections::VecDeque;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use projections::store::Build;
use projections::tables::{Row, Table};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::{Divergence, cell};
use crate::ReplayError;

/// Rows taken in at once, and asked for at once where the connection has other work in between.
const PAGE_ROWS: usize = 2_000;
/// Longest text of a cell that a divergence shows, in bytes.
const SHOWN_BYTES: usize = 400;

/// The statement that reads a table in the order of these of its columns.
pub(super) fn in_order_of(build: &Build, table: &Table, order: &[usize]) -> String {
    // Named otherwise than the columns, which the order is to be of.
    let each = table.columns.iter().enumerate();
    let asked: Vec<String> = each.map(|(n, (name, kind))| format!("{} AS cell_{n}", cell::asked(name, kind))).collect();
    let by = order.iter().map(|n| {
        let (name, kind) = table.columns[*n];
        format!("\"{name}\"{}", if kind == "text" { " COLLATE \"C\"" } else { "" })
    });
    let (asked, by) = (asked.join(", "), by.collect::<Vec<_>>().join(", "));
    format!("SELECT {asked} FROM {}.{} ORDER BY {by}", build.schema(), table.name)
}

/// Where the rows of a live table come from. To be had in a transaction, which sees one moment.
pub(super) enum LiveRows<'a> {
    /// From a cursor: the connection does other work between two pages.
    Cursor(&'a mut PgConnection, &'a str),
    /// From a statement: the server goes on while what it gave is compared.
    Stream(BoxStream<'a, sqlx::Result<PgRow>>),
}

impl<'a> LiveRows<'a> {
    /// The rows of a statement.
    pub(super) fn of(conn: &'a mut PgConnection, sql: &'a str) -> Self {
        Self::Stream(sqlx::query(sql).persistent(false).fetch(conn))
    }

    /// The next rows; fewer than a page at the end.
    async fn next(&mut self) -> Result<Vec<PgRow>, ReplayError> {
        Ok(match self {
            Self::Cursor(conn, cursor) => {
                let sql = format!("FETCH {PAGE_ROWS} FROM {cursor}");
                sqlx::query(&sql).persistent(false).fetch_all(&mut **conn).await?
            }
            Self::Stream(rows) => rows.take(PAGE_ROWS).try_collect().await?,
        })
    }
}

/// A live table under comparison.
#[derive(Debug)]
pub(super) struct OrderedTable {
    table: &'static Table,
    /// By which columns it is read, in their order: those of its key.
    order: Vec<usize>,
    page: VecDeque<Row>,
    ended: bool,
}

impl OrderedTable {
    /// A table that is read in the order of these of its columns.
    pub(super) fn of(table: &'static Table, order: Vec<usize>) -> Self {
        Self { table, order, page: VecDeque::new(), ended: false }
    }

    /// Meets the next rows that a fold gives, which come in the order of the table.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn meet(
        &mut self,
        live: &mut LiveRows<'_>,
        rows: &[Row],
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        for row in rows {
            loop {
                if self.page.is_empty() && !self.ended {
                    self.fill(live).await?;
                }
                let order = self.page.front().map_or(Ordering::Greater, |held| self.compare(held, row));
                if order.is_le() {
                    let held = self.page.pop_front().unwrap_or_default();
                    if order.is_eq() {
                        self.cells(row, &held, found);
                        break;
                    }
                    found.push(self.row(&held, None, Some("present")));
                } else {
                    found.push(self.row(row, Some("present"), None));
                    break;
                }
            }
        }
        Ok(())
    }

    /// No more rows come: what is left in the table is too much.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn end(mut self, live: &mut LiveRows<'_>, found: &mut Vec<Divergence>) -> Result<(), ReplayError> {
        loop {
            let left: Vec<Row> = self.page.drain(..).collect();
            found.extend(left.iter().map(|held| self.row(held, None, Some("present"))));
            if self.ended {
                return Ok(());
            }
            self.fill(live).await?;
        }
    }

    /// Takes in the next page.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn fill(&mut self, live: &mut LiveRows<'_>) -> Result<(), ReplayError> {
        for row in live.next().await? {
            let cells = (0..self.table.columns.len()).map(|n| row.try_get(n));
            self.page.push_back(cells.collect::<Result<_, _>>()?);
        }
        self.ended = self.page.len() < PAGE_ROWS;
        Ok(())
    }

    /// The order in which the database gives rows.
    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        in_order(self.table, &self.order, a, b)
    }

    fn cells(&self, row: &Row, live: &Row, found: &mut Vec<Divergence>) {
        for (n, (name, kind)) in self.table.columns.iter().enumerate() {
            if !cell::same(kind, row[n].as_deref(), live[n].as_deref()) {
                found.push(self.divergence(row, name, row[n].as_deref(), live[n].as_deref()));
            }
        }
    }

    fn row(&self, row: &Row, replayed: Option<&str>, live: Option<&str>) -> Divergence {
        self.divergence(row, "row", replayed, live)
    }

    fn divergence(&self, row: &Row, metric: &str, replayed: Option<&str>, live: Option<&str>) -> Divergence {
        let key: Vec<&str> = row[..self.table.key].iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
        Divergence {
            table: Some(format!("{}.{}", self.table.family, self.table.name)),
            id: key.join(" "),
            metric: metric.to_owned(),
            replayed: replayed.map(shown),
            live: live.map(shown),
        }
    }
}

/// Two rows in the order of these columns: numbers by value, texts and days bytewise, nothing last.
pub(super) fn in_order(table: &Table, order: &[usize], a: &Row, b: &Row) -> Ordering {
    let mut each = order.iter().map(|n| match (a[*n].as_deref(), b[*n].as_deref()) {
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

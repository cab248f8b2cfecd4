//! One live table beside what a fold gives, read once in the order of its key: in memory is one page of it.

use std::cmp::Ordering;
use std::collections::VecDeque;

use projections::store::Build;
use projections::tables::{Row, Table};
use sqlx::{PgConnection, Row as _};

use super::{Divergence, cell};
use crate::ReplayError;

/// Rows asked for at once.
const PAGE_ROWS: usize = 2_000;
/// Longest text of a cell that a divergence shows, in bytes.
const SHOWN_BYTES: usize = 400;

/// A live table under comparison.
#[derive(Debug)]
pub(crate) struct OrderedTable {
    table: &'static Table,
    /// By which columns it is read, in their order: those of its key.
    order: Vec<usize>,
    cursor: String,
    page: VecDeque<Row>,
    ended: bool,
}

impl OrderedTable {
    /// Begins to read a table in the order of these of its columns. To be called in a transaction, which sees one
    /// moment.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn open(
        conn: &mut PgConnection,
        build: &Build,
        table: &'static Table,
        order: Vec<usize>,
    ) -> Result<Self, ReplayError> {
        let cursor = format!("compared_{}_{}", build.id, table.name);
        // Named otherwise than the columns, which the order is to be of.
        let each = table.columns.iter().enumerate();
        let asked: Vec<String> =
            each.map(|(n, (name, kind))| format!("{} AS cell_{n}", cell::asked(name, kind))).collect();
        let by = order.iter().map(|n| {
            let (name, kind) = table.columns[*n];
            format!("\"{name}\"{}", if kind == "text" { " COLLATE \"C\"" } else { "" })
        });
        let sql = format!(
            "DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {} FROM {}.{} ORDER BY {}",
            asked.join(", "),
            build.schema(),
            table.name,
            by.collect::<Vec<_>>().join(", "),
        );
        sqlx::raw_sql(&sql).execute(conn).await?;
        Ok(Self { table, order, cursor, page: VecDeque::new(), ended: false })
    }

    /// Meets the next rows that a fold gives, which come in the order of the table.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) async fn meet(
        &mut self,
        conn: &mut PgConnection,
        rows: &[Row],
        found: &mut Vec<Divergence>,
    ) -> Result<(), ReplayError> {
        for row in rows {
            loop {
                if self.page.is_empty() && !self.ended {
                    self.fetch(&mut *conn).await?;
                }
                let order = self.page.front().map_or(Ordering::Greater, |live| self.compare(live, row));
                if order.is_le() {
                    let live = self.page.pop_front().unwrap_or_default();
                    if order.is_eq() {
                        self.cells(row, &live, found);
                        break;
                    }
                    found.push(self.row(&live, None, Some("present")));
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
    pub(crate) async fn end(mut self, conn: &mut PgConnection, found: &mut Vec<Divergence>) -> Result<(), ReplayError> {
        loop {
            let left: Vec<Row> = self.page.drain(..).collect();
            found.extend(left.iter().map(|live| self.row(live, None, Some("present"))));
            if self.ended {
                sqlx::raw_sql(&format!("CLOSE {}", self.cursor)).execute(conn).await?;
                return Ok(());
            }
            self.fetch(&mut *conn).await?;
        }
    }

    async fn fetch(&mut self, conn: &mut PgConnection) -> Result<(), ReplayError> {
        let sql = format!("FETCH {PAGE_ROWS} FROM {}", self.cursor);
        for row in sqlx::query(&sql).persistent(false).fetch_all(conn).await? {
            let cells = (0..self.table.columns.len()).map(|n| row.try_get(n));
            self.page.push_back(cells.collect::<Result<_, _>>()?);
        }
        self.ended = self.page.len() < PAGE_ROWS;
        Ok(())
    }

    /// The order in which the database gives rows.
    pub(crate) fn compare(&self, a: &Row, b: &Row) -> Ordering {
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
pub(crate) fn in_order(table: &Table, order: &[usize], a: &Row, b: &Row) -> Ordering {
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

//! What makes one content of a table another. Both are sorted by key, and of each row only what decides is looked at:
//! text is made for rows that differ alone.

use std::cmp::Ordering;

use super::{Row, Table, TableRows};

/// The rows by which one content of a table differs from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDiff {
    /// The table.
    pub table: &'static Table,
    /// Rows that are there no more.
    pub gone: Vec<Row>,
    /// Rows that are new or have changed.
    pub changed: Vec<Row>,
}

impl TableDiff {
    /// Whether nothing differs.
    pub(crate) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.changed.is_empty()
    }

    /// The rows by which `after` differs from `before`: `order` compares keys, `same` the rest.
    pub(crate) fn between<T>(
        table: &'static Table,
        before: impl Iterator<Item = T>,
        after: impl Iterator<Item = T>,
        order: impl Fn(&T, &T) -> Ordering,
        same: impl Fn(&T, &T) -> bool,
        row: impl Fn(T) -> Row,
    ) -> Self {
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        side_by_side(before, after, order, |old, new| match (old, new) {
            (Some(old), None) => gone.push(row(old)),
            (Some(old), Some(new)) if same(&old, &new) => {}
            (_, new) => changed.extend(new.map(&row)),
        });
        Self { table, gone, changed }
    }
}

/// Walks two sorted lists; what is equal in `order` is met together.
pub(crate) fn side_by_side<A, B>(
    before: impl Iterator<Item = A>,
    after: impl Iterator<Item = B>,
    order: impl Fn(&A, &B) -> Ordering,
    mut meet: impl FnMut(Option<A>, Option<B>),
) {
    let (mut before, mut after) = (before.peekable(), after.peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => order(old, new),
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        meet(old, new);
    }
}

/// By how much a table differs from what it held before, where it is among these; each is sorted by key, and of no row
/// more is known.
pub(crate) fn between_rows(table: &Table, before: &[TableRows], after: &[TableRows]) -> Option<TableDiff> {
    let rows = after.iter().find(|rows| rows.table == table)?;
    let held = before.iter().find(|held| held.table == table).map_or(&[][..], |held| &held.rows);
    let order = |a: &&Row, b: &&Row| a[..table.key].cmp(&b[..table.key]);
    Some(TableDiff::between(rows.table, held.iter(), rows.rows.iter(), order, |a, b| a == b, Row::clone))
}

#[cfg(test)]
mod tests {
    use super::*;
    static NOTES: Table = Table::of_facts("notes");

    #[test]
    fn only_what_differs_is_written() {
        let row = |(key, value): (&str, &str)| vec![Some(key.to_owned()), Some(value.to_owned())];
        let (before, after) = ([("a", "1"), ("b", "1"), ("d", "1")], [("a", "1"), ("c", "1"), ("d", "2"), ("e", "1")]);
        let difference = TableDiff::between(
            &NOTES,
            before.into_iter(),
            after.into_iter(),
            |a, b| a.0.cmp(b.0),
            |a, b| a.1 == b.1,
            row,
        );
        assert_eq!(difference.gone, [row(before[1])]);
        assert_eq!(difference.changed, [row(after[1]), row(after[2]), row(after[3])]);
    }
}
